"""Looking and checking: what is right passes, what is moved on purpose is measured by how much it was moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from counterpoint.core.blob import Blob
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Modality, Source
from counterpoint.core.dataset import source as opened
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.run.check import Checked, Row, checked
from counterpoint.run.look import found


class Made(Source):
    """Samples in memory."""

    def __init__(self, *samples: Sample) -> None:
        self.samples = {s.key: s for s in samples}

    def keys(self) -> Sequence[str]:
        return list(self.samples)

    def sample(self, key: str) -> Sample:
        return self.samples[key]

    def facts(self) -> Mapping[str, Any]:
        return {"licence": "CC0"}


def street(shift: float = 0.0) -> Sample:
    """A car of 2 m, 10 m ahead, with a point in every 10 cm of it; its 2-D box may be shifted, px."""
    k = [[100, 0, 100], [0, 100, 75], [0, 0, 1]]
    looks_ahead = np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)
    grid = np.stack(np.meshgrid(*[np.linspace(-0.95, 0.95, 20)] * 3), -1).reshape(-1, 3) + np.array([10.0, 0, 0])
    half = 100 * 1 / 9  # px, of the near face, 9 m away
    flat = np.array([[100 - half + shift, 75 - half, 100 + half + shift, 75 + half]])
    parts = {
        "image": Image(np.zeros((150, 200, 3), np.uint8)),
        "points": Points(grid.astype(np.float32), ("x", "y", "z")),
        "boxes3d": Boxes3d(np.array([[10.0, 0, 0]]), np.full((1, 3), 2.0), np.eye(3)[None], ("7",), ("car",)),
        "boxes": Boxes(flat, ("7",), ("car",)),
    }
    return Sample.of("street", parts, Rig({"camera": Camera.of((200, 150), k, looks_ahead)}))


def person(dx: float = 0.0) -> Sample:
    """A mask, an outline, two joints and a box of one thing; the box may be shifted, px."""
    mask = np.zeros((1, 60, 80), bool)
    mask[0, 10:50, 20:40] = True
    ring = np.array([[20.0, 10], [40, 10], [40, 50], [20, 50]])
    box = np.array([[20.0 + dx, 10, 40 + dx, 50]])
    joints = Keypoints(np.array([[[25.0, 20], [35, 20]]]), np.full((1, 2), 2, np.uint8), ("l_eye", "r_eye"), ("a",))
    parts = {
        "masks": InstanceMasks(mask, ("a",), ("person",)),
        "outline": Polygons(((ring,),), ("a",), ("person",)),
        "joints": joints,
        "boxes": Boxes(box, ("a",), ("person",)),
    }
    return Sample.of("person", parts)


def speech(late: float = 0.0) -> Sample:
    """Noise during three words, silence elsewhere; the sound may come late, s."""
    rate = 8000
    words = [(0.4, 0.8, "one"), (1.1, 1.3, "two"), (1.9, 2.5, "three")]
    wave = np.random.default_rng(0).normal(0, 1e-3, (3 * rate, 1)).astype(np.float32)
    for start, end, _ in words:
        a, b = round((start + late) * rate), round((end + late) * rate)
        wave[a:b] += np.random.default_rng(1).normal(0, 0.2, (b - a, 1)).astype(np.float32)
    starts, ends, texts = zip(*words, strict=True)
    parts = {
        "audio": Audio(np.clip(wave, -1, 1), rate),
        "words": Spans(np.array(starts), np.array(ends), texts, "words", True),
        "transcript": Text("One two three.", "transcript"),
    }
    return Sample.of("speech", parts)


def row(result: Checked, name: str) -> Row:
    return next(r for r in result.rows if r.name.startswith(name))


def test_points_of_a_car_lie_in_its_box() -> None:
    figure = row(checked(Made(street())), "LiDAR")
    assert figure.worst == 1.0
    assert figure.verdict == "ok"


def test_a_box_beside_its_car_is_bad() -> None:
    result = checked(Made(street(shift=11)))  # half of the car's width
    assert row(result, "LiDAR").worst == pytest.approx(0.5, abs=0.1)
    assert result.verdict == "bad"
    assert result.problems


@pytest.mark.parametrize("name", ["mask in", "mask against", "outline", "keypoints", "instances"])
def test_what_belongs_together_measures_one(name: str) -> None:
    figure = row(checked(Made(person())), name)
    assert figure.worst == pytest.approx(1.0)
    assert figure.verdict == "ok"


def test_a_box_half_beside_its_mask_is_measured_as_that() -> None:
    result = checked(Made(person(dx=10)))
    # half of the mask is left in the box, and the 1 px of slack at its edge
    assert row(result, "mask in").worst == pytest.approx(0.55, abs=0.01)
    assert row(result, "mask against").worst == pytest.approx(1 / 3, abs=1e-9)


def test_a_part_that_lost_an_instance_shows() -> None:
    sample = person()
    bare = sample.with_parts(boxes=sample["boxes"].without(frozenset({"a"})))
    assert row(checked(Made(bare)), "instances").worst == 0.0


@pytest.mark.parametrize(("late", "verdict"), [(0.0, "ok"), (0.12, "look"), (-0.12, "look"), (0.3, "bad")])
def test_sound_that_comes_late_is_measured_in_ms(late: float, verdict: str) -> None:
    figure = row(checked(Made(speech(late))), "sound later")
    assert figure.worst == pytest.approx(late * 1000, abs=10)  # one hop of the envelope
    assert figure.verdict == verdict


def test_sound_is_louder_inside_its_words() -> None:
    # 0.2 against 0.001 is 46 dB; the words cover exactly the loud parts
    assert row(checked(Made(speech())), "sound in spans").worst == pytest.approx(46, abs=1)


def test_a_transcript_with_another_word_shows() -> None:
    sample = speech().with_parts(transcript=Text("One two four.", "transcript"))
    assert row(checked(Made(sample)), "words against").worst == pytest.approx(2 / 3)


def test_spans_and_films_that_end_elsewhere_are_measured() -> None:
    film = Video(np.zeros((40, 8, 8, 3), np.uint8), 10.0)
    late = Spans(np.array([3.0]), np.array([4.5]), ("end",), "subtitles")
    result = checked(Made(speech().with_parts(film=film, late=late)))
    assert row(result, "film against").worst == pytest.approx(1.0)
    assert row(result, "spans beyond").worst == pytest.approx(0.5)


def test_nothing_to_measure_is_said_and_not_called_well() -> None:
    result = checked(Made(Sample.of("s", {"caption": Text("hello")})))
    assert {r.verdict for r in result.rows} == {"nothing to measure"}
    assert "nothing to measure: LiDAR" in rendered(result)


def test_a_broken_part_is_named_and_the_others_are_measured() -> None:
    broken = Image(Blob("jpg", b"no picture"))
    result = checked(Made(person().with_parts(photo=broken)))
    assert [key for key, _ in result.broken] == ["person"]
    assert "photo" in result.broken[0][1]
    assert row(result, "mask in").count == 1
    assert result.verdict == "bad"


def test_times_that_go_back_are_counted() -> None:
    series = Series(np.array([0.0, 1.0, 0.5, 2.0]), np.zeros((4, 1)), (Column("x"),))
    sample = Sample.of("s", {"series": series})
    result = checked(Made(sample))
    assert "s" in [key for key, _ in result.broken]  # the part breaks its convention, which says it as well


def test_a_column_that_changes_its_type_is_named() -> None:
    rows = [Sample.of(k, {"row": Record({"age": v})}) for k, v in (("a", 4), ("b", "four"))]
    result = checked(Made(*rows))
    assert result.uneven == {"row.age": ("number in 1", "str in 1")}
    assert result.verdict == "look"


def test_a_film_that_lost_its_sound_and_its_rate_is_uneven() -> None:
    def film(key: str, fps: float) -> Sample:
        return Sample.of(key, {"film": Video(np.zeros((4, 8, 8, 3), np.uint8), fps)})

    whole = [film(k, 25.0).with_parts(audio=speech()["audio"]) for k in "ab"]
    result = checked(Made(*whole, film("c", 50.0)))
    assert result.uneven == {
        "film.fps": ("25 in 2", "50 in 1"),
        "audio": ("there in 2", "not there in 1"),
    }


def test_a_limit_takes_samples_evenly() -> None:
    samples = [replace(speech(), key=f"s{i}") for i in range(10)]
    result = checked(Made(*samples), limit=2)
    assert (result.looked, result.total) == (2, 10)


def test_results_are_json() -> None:
    sample = street().with_parts(words=speech()["words"])
    assert json.loads(json.dumps(checked(Made(sample)).json()))["verdict"] == "ok"
    assert json.loads(json.dumps(found(Made(sample)).json()))["total"] == 1


def test_looking_says_what_each_part_is_and_decodes_nothing() -> None:
    unread = Video(Blob("mp4", b"never read"), 25.0, frame_count=50, canvas=(640, 360), camera="front")
    series = Series(np.arange(4) / 2, np.zeros((4, 1)), (Column("[b]yaw[/b]", "rad", "lateral"),), rate=2.0)
    parts: dict[str, Modality] = {"film": unread, "series": series, "words": speech()["words"]}
    text = rendered(found(Made(Sample.of("s", parts), Sample.of("t", {"film": unread}))))
    for what in ("640 × 360 px", "25 frames/s", "2.00 s", "[b]yaw[/b] [rad] lateral", "CC0", "front"):
        assert what in text, what
    assert "words is missing in 1 of 2 samples" in text


def test_a_cue_after_the_end_is_warned_of() -> None:
    late = Spans(np.array([2.9]), np.array([6.5]), ("end",), "subtitles")
    text = rendered(found(Made(speech().with_parts(late=late))))
    assert "3.50 s beyond every picture and sound" in text


def test_kitti_keeps_the_share_that_its_readme_states(shared: Callable[[str], Path]) -> None:
    figure = row(checked(opened(shared("kitti"))), "LiDAR")
    assert figure.worst == pytest.approx(0.997, abs=5e-4)


def test_grid_words_lie_under_their_sound(shared: Callable[[str], Path]) -> None:
    assert row(checked(opened(shared("grid_av"))), "sound later").verdict == "ok"


def rendered(result: Any) -> str:
    out = StringIO()
    Console(width=200, file=out).print(result)
    return out.getvalue()
