"""The second law: a part on a moved axis follows or refuses; nothing is passed through in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.classes import refused, swapped
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Change, Context, Modality, Step
from counterpoint.core.meaning import ColourShift, Directions, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.core.sides import across
from counterpoint.core.world import WorldMap
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.label import Label
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.modalities.record import Record
from counterpoint.modalities.semantic_mask import SemanticMask
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.testing import worlds
from counterpoint.testing.table import follow_table
from counterpoint.transforms.colour import Brightness
from counterpoint.transforms.mixture import CutMix, Mixup
from counterpoint.transforms.plane_bend import Elastic
from counterpoint.transforms.plane_crop import Crop
from counterpoint.transforms.plane_size import Letterbox
from counterpoint.transforms.plane_warp import Affine, Rotate
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.scene import Mirror
from counterpoint.transforms.time import TimeShift

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (80, 60)
SQUARE = np.array([[10.0, 10], [30, 10], [30, 30], [10, 30]])


def classed(name: str) -> dict[str, Modality]:
    """Every modality that names classes, with one instance of that class."""
    mask = np.zeros((60, 80), bool)
    mask[10:30, 10:30] = True
    points = np.array([[[12.0, 14.0], [20.0, 20.0]]])
    pair = (name, across(name) or "other")
    return {
        "boxes": Boxes(np.array([[10.0, 10, 30, 30]]), ("1",), (name,), canvas=SIZE),
        "polygons": Polygons(((SQUARE,),), ("1",), (name,), canvas=SIZE),
        "masks": InstanceMasks(mask[None], ("1",), (name,)),
        "semantic": SemanticMask(mask.astype(np.uint8), {0: "road", 1: name}),
        "keypoints": Keypoints(points, np.full((1, 2), 2, np.uint8), pair, ("1",), canvas=SIZE),
        "boxes3d": Boxes3d.upright(np.zeros((1, 3)), np.ones((1, 3)), np.zeros(1), ("1",), (name,)),
        "label": Label.of(name),
    }


@pytest.mark.parametrize("kind", sorted(classed("x")))
def test_a_class_that_names_a_colour_refuses_other_colours_in_every_modality(kind: str) -> None:
    move = ColourShift("camera", grey=True)
    assert "names a colour" in str(classed("red light")[kind].refuses(move, Rig()))
    assert classed("light")[kind].refuses(move, Rig()) is None


@pytest.mark.parametrize("kind", sorted(classed("x")))
def test_a_right_whale_is_no_left_whale_in_any_modality(kind: str) -> None:
    assert "right whale" in str(classed("right whale")[kind].refuses(Sides(), Rig()))
    assert classed("left eye")[kind].refuses(Sides(), Rig()) is None


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Left Hippocampus", "Right Hippocampus"),
        ("right small toe", "left small toe"),
        ("Lung Left", "Lung Right"),
        ("COVID-19 Left Lung", "COVID-19 Right Lung"),
        ("left_big_toe", "right_big_toe"),
        ("right angle", "right angle"),
        ("nose", "nose"),
        ("right whale", None),
        ("left luggage", None),
        ("right ascension", None),
        ("car left", None),
    ],
)
def test_classes_change_sides_or_say_that_nobody_can_tell(name: str, other: str | None) -> None:
    assert across(name) == other
    if other is None:
        assert refused([name], Sides())
    else:
        assert across(other) == name
        assert swapped([name]) == (other,)


@pytest.mark.parametrize(
    "steps",
    [
        [Rotate(40), Rotate(40)],
        [Rotate(40), Crop(0.9), Rotate(6)],
        [Rotate(40), Mirror(), Rotate(-40)],
        [Affine(degrees=(30, 30), translate=0.0, scale=1.0, shear=0.0), Rotate(30)],
    ],
)
def test_small_turns_that_add_up_make_directions_untrue(steps: list[Step]) -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8)), "text": Text("A dog above a cat.")})
    done = Compose(steps)(sample)
    assert [r.transform for r in done.lineage.refusals] == ["Rotate"]
    assert [c.name for c in done.lineage.changes] == [type(s).__name__ for s in steps[:-1]]


@pytest.mark.parametrize("steps", [[Rotate(40), Rotate(-40)], [Rotate(40), Mirror(), Rotate(40)], [Rotate(45)]])
def test_turns_that_undo_each_other_leave_directions_true(steps: list[Step]) -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8)), "text": Text("A dog above a cat.")})
    assert not Compose(steps)(sample).lineage.refusals


def test_turns_are_those_of_one_plane_even_after_it_changed_its_name() -> None:
    still = np.zeros((60, 80, 3), np.uint8)
    rig = Rig({"left": Camera(SIZE), "right": Camera(SIZE)})
    sample = Sample.of("s", {"a": Image(still, "left"), "b": Image(still, "right")}, rig)
    sample = sample.with_parts(said=Text("A dog above a cat.", camera="left"))
    once = Compose([Rotate(40, planes=("left",)), Mirror()])(sample)
    assert once["said"].camera == "right"
    assert not Compose([Rotate(-40, planes=("left",))])(once).lineage.refusals
    assert Compose([Rotate(-40, planes=("right",))])(once).lineage.refusals


def test_drawn_turns_never_turn_a_sentence_about_above_by_more_than_it_bears() -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8)), "text": Text("A dog above a cat.")})
    turns = []
    for seed in range(30):
        down = np.array([0.0, 1.0])
        for change in Compose([Rotate((-30, 30))] * 4)(sample, seed).lineage.changes:
            (move,) = change.moves
            assert isinstance(move, PlaneMap) and move.matrix is not None
            down = move.matrix[:2, :2] @ down
        turns.append(abs(np.degrees(np.arctan2(down[0], down[1]))))
    assert 35 < max(turns) < 45


@pytest.mark.parametrize(
    ("part", "refuses"),
    [
        (Spans(np.zeros(1), np.ones(1), ("a dog above a cat",), "events"), True),
        (Spans(np.zeros(1), np.ones(1), ("bark",), "events"), False),
        (Record({"note": "a dog above a cat", "n": 1.0}), True),
        (Record({"side": "left", "n": 1.0}), False),
    ],
)
def test_every_sentence_about_a_picture_minds_that_it_is_turned(part: Modality, refuses: bool) -> None:
    move = Directions("camera", np.pi / 2)
    assert part.concerns(move)
    assert (part.refuses(move, Rig()) is not None) == refuses


def test_heard_words_do_not_mind_a_turned_picture() -> None:
    spoken = Spans(np.zeros(1), np.ones(1), ("a dog above a cat",), "words", spoken=True)
    assert not spoken.concerns(Directions("camera", np.pi / 2))


def test_a_window_of_the_clock_cannot_replace_a_piece_of_what_has_no_clock() -> None:
    window, region = Splice("p", 0.5, window=(0.0, 0.5)), Splice("p", 0.5, region=(0.0, 0.0, 0.5, 1.0))
    space, time = worlds.parts_in_space(), worlds.parts_in_time()
    for name in ("image", "depth", "semantic", "masks", "boxes", "keypoints", "polygons"):
        assert "whole clock" in str(space[name].refuses(window, Rig())), name
        assert space[name].refuses(region, Rig()) is None, name
    for name in ("audio", "imu"):
        assert "no place in a picture" in str(time[name].refuses(region, Rig())), name
        assert time[name].refuses(window, Rig()) is None, name
    assert time["video"].refuses(region, Rig()) is time["video"].refuses(window, Rig()) is None


def test_a_label_never_says_more_of_the_partner_than_every_part_shows() -> None:
    def made(key: str) -> Sample:
        sound = Audio(np.full((800, 1), 0.1, np.float32), 8000)
        return Sample.of(key, {"image": Image(np.zeros((60, 80, 3), np.uint8)), "sound": sound, "label": Label.of(key)})

    pool = {k: made(k) for k in "ab"}
    for over in ("region", "window"):
        done = CutMix(over=over)(pool["a"], 3, pool=pool)  # type: ignore[arg-type]
        assert done["label"] == Label.of("a")
        assert len(done.lineage.refusals) == 1


def test_boxes_of_unknown_canvases_are_not_laid_on_each_other() -> None:
    pool = {
        k: Sample.of(
            k, {"image": Image(np.zeros((n, n, 3), np.uint8)), "boxes": Boxes(np.ones((1, 4)), ("1",), ("x",))}
        )
        for k, n in (("a", 40), ("b", 80))
    }
    assert {r.part for r in Mixup()(pool["a"], pool=pool).lineage.refusals} == {"boxes"}
    known = {
        k: s.with_parts(boxes=replace(s["boxes"], canvas=s["image"].size(), xyxy=np.full((1, 4), 10.0)))
        for k, s in pool.items()
    }
    assert Mixup()(known["a"], pool=known)["boxes"].xyxy.tolist() == [[10.0] * 4, [5.0] * 4]


def test_a_partner_without_a_named_part_is_refused_by_nobody_but_never_drawn() -> None:
    pool = {"a": Sample.of("a", {"label": Label.of("x")}), "b": Sample.of("b", {"row": Record({"n": 1.0})})}
    assert Mixup()(pool["a"], pool=pool) is pool["a"]


@pytest.mark.parametrize("by", [-0.5, -0.1])
def test_a_signal_that_would_be_cut_away_whole_refuses(by: float) -> None:
    rows = Series(np.arange(100) / 10, np.zeros((100, 1)), (Column("x"),), 10.0)
    short: dict[str, Modality] = {
        "audio": Audio(np.full((800, 1), 0.1, np.float32), 8000),
        "video": Video(np.zeros((2, 16, 16, 3), np.uint8), 20.0),
    }
    sample = Sample.of("s", {**short, "rows": rows})
    done = TimeShift(by)(sample)
    assert {r.part for r in done.lineage.refusals} == {"audio", "video"}
    for name in short:
        done[name].check()
    assert not TimeShift(by / 100)(sample).lineage.refusals
    # A queue of moves counts as a whole: the second shift leaves nothing of what the first one left.
    near = Compose([TimeShift(-0.06), TimeShift(-0.06)])(sample)
    assert len(near.lineage.changes) == 1


def test_light_after_a_wider_canvas_falls_on_its_border_too() -> None:
    sample = Sample.of("s", {"image": Image(np.full((60, 80, 3), 100, np.uint8))})
    half = Brightness((0.5, 0.5))
    done = Compose([half, Letterbox((100, 100), fill=114), half])(sample)["image"].pixels
    assert done[0, 0].tolist() == [57] * 3
    assert done[50, 50].tolist() == [25] * 3


def test_what_a_canvas_cuts_off_a_box_is_truncated() -> None:
    boxes = Boxes(
        np.array([[0.0, 0, 20, 20], [40, 0, 60, 20]]), ("a", "b"), ("car",) * 2, extra={"truncated": (0.5, 0.0)}
    )
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8)), "boxes": boxes})
    cut = PlaneMap.of("camera", SIZE, [[1, 0, -10], [0, 1, 0], [0, 0, 1]], (70, 60))
    done = sample.changed(Change("Cut", (cut,)), Context())
    assert done["boxes"].extra["truncated"] == pytest.approx((0.75, 0.0))
    assert Mirror()(sample)["boxes"].extra["truncated"] == (0.5, 0.0)


def test_the_table_of_who_follows_what_is_that_of_the_code() -> None:
    examples = dict(worlds.examples())
    examples |= {"text": Text("A dog."), "spans": Spans(np.zeros(1), np.ones(1), ("bark",), "events")}
    table = follow_table(examples, worlds.everything().rig)
    assert table in (DOCS / "concepts.md").read_text(), f"paste this into docs/concepts.md:\n{table}"


def test_a_blend_is_refused_where_the_two_cannot_be_one() -> None:
    assert Text("say", "transcript").refuses(Blend("p", 0.5), Rig())


def test_a_mirror_turns_over_the_planes_of_cameras_without_a_picture_too() -> None:
    k = [[50, 0, 41], [0, 50, 29], [0, 0, 1]]
    rig = Rig({n: Camera.of(SIZE, k, distortion=(0.1, 0.01, 0.02, 0.03)) for n in ("shown", "blind")})
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8), "shown")}, rig)
    point = np.array([[0.3, 0.1, 2.0]])
    done = Mirror()(sample).rig
    for name, camera in done.cameras.items():
        assert camera.k[0, 0] > 0, name
        (pixel,), _ = camera.project(WorldMap.mirror("y").forward(point))
        (before,), _ = rig.camera(name).project(point)
        np.testing.assert_allclose(pixel, [SIZE[0] - before[0], before[1]], atol=1e-9)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_mirror_behind_a_bend_keeps_a_positive_focal_length_too(times: int) -> None:
    rig = Rig({"camera": Camera.of(SIZE, [[50, 0, 41], [0, 50, 29], [0, 0, 1]])})
    sample = Sample.of("s", {"image": Image(np.zeros((60, 80, 3), np.uint8))}, rig)
    bent = Elastic(5.0)(sample, 3)
    done = Compose([Mirror()] * times)(bent)
    point, world = np.array([[0.3, 0.1, 2.0], [-0.5, 0.4, 2.0]]), WorldMap.mirror("y")
    before, _ = bent.rig.camera("camera").project(point)
    after, _ = done.rig.camera("camera").project(world.forward(point) if times % 2 else point)
    expected = np.column_stack([SIZE[0] - before[:, 0], before[:, 1]]) if times % 2 else before
    assert done.rig.camera("camera").k[0, 0] > 0
    np.testing.assert_allclose(after, expected, atol=1e-6)


def test_two_mirrors_give_back_every_byte_of_a_cloud_signed_zeros_too() -> None:
    cloud = Points(np.array([[1.0, -0.0, 0.0], [-0.0, 0.0, -0.0], [0.1, -0.2, 0.3]], np.float32))
    sample = Sample.of("s", {"points": cloud})
    twice = Compose([Mirror(), Mirror()])(sample)
    assert twice["points"].encode().blob.read() == cloud.encode().blob.read()


def test_what_a_mixture_brings_dies_in_all_parts_or_in_none() -> None:
    def made(key: str) -> Sample:
        masks = np.zeros((2, 40, 40), bool)
        masks[0, :10, :10] = masks[1, 35:, 35:] = True  # a small piece of each box is covered
        boxes = Boxes(np.array([[0.0, 0, 30, 30], [30, 30, 40, 40]]), ("1", "2"), ("x", "y"), canvas=(40, 40))
        parts = {"boxes": boxes, "masks": InstanceMasks(masks, ("1", "2"), ("x", "y"))}
        return Sample.of(key, {"image": Image(np.zeros((40, 40, 3), np.uint8)), **parts})

    pool = {k: made(k) for k in "ab"}
    kept = set()
    for steps in ([CutMix()], [CutMix(), Crop(0.6)], [Mixup(), Crop(0.5)], [CutMix(), CutMix()]):
        for seed in range(20):
            done = Compose(steps)(pool["a"], seed, pool=pool)
            assert done["boxes"].instances() == done["masks"].instances()
            again = Mirror()(done)  # nothing dies for having been mixed in before
            assert again["boxes"].instances() == done["boxes"].instances()
            kept |= done["boxes"].instances()
    assert {"1", "2", "b/1", "b/2", "b#2/1"} <= kept
