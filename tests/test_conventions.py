"""The conventions, each with its usual misreading. ``docs/conventions.md`` names every test here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.clock import TimeMap
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Absent, Change
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Directions, Sides, swapped_name
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.video import Video
from counterpoint.transforms.plane_warp import Rotate
from counterpoint.transforms.time import Tempo

DOCS = Path(__file__).parents[1] / "docs"
MIRROR = PlaneMap.mirror("camera", (8, 6))


def test_every_sentence_names_its_test_and_every_test_its_sentence() -> None:
    text = (DOCS / "conventions.md").read_text("utf-8")
    sentences = [line for line in text.splitlines() if line.startswith("- ")]
    named = re.findall(r"`(test_convention_\w+)`", text)
    assert len(named) == len(sentences)
    assert sorted(named) == sorted(n for n in globals() if n.startswith("test_convention_"))


def test_convention_intervals_are_half_open() -> None:
    words = Spans(np.array([0.0, 0.5]), np.array([0.5, 1.0]), ("one", "two"))
    kept = words.follow(TimeMap.affine(keep=(0.0, 0.5)), Rig())
    assert isinstance(kept, Spans)
    assert kept.texts == ("one",)  # closed intervals would keep "two" as well


def test_convention_a_frame_is_shown_from_its_own_moment() -> None:
    film = Video(np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8), 2.0, 1.0)
    assert film.span() == (1.0, 3.0)  # not 2.5, where frame 3 begins
    cut = film.follow(TimeMap.affine(keep=(1.5, 2.0)), Rig())
    assert isinstance(cut, Video)
    assert cut.frames[:, 0, 0, 0].tolist() == [
        1
    ]  # frames that stand for the middle of their time would give 0 or 2 too


def test_convention_tempo_divides_times() -> None:
    change = Tempo(1.25).draw(Sample.of("s", {"series": _series()}), Key.of(0), {})
    assert change is not None
    move = change.moves[0]
    assert isinstance(move, TimeMap)
    assert move.forward(1.0) == pytest.approx(0.8)  # not 1.25


def test_convention_rates_grow_with_the_tempo() -> None:
    columns = (Column("position", "m"), Column("speed", "m/s", order=1), Column("force", "m/s^2", order=2))
    series = Series(np.array([0.0, 1.0]), np.ones((2, 3)), columns)
    faster = series.follow(TimeMap.affine(2.0), Rig())
    assert isinstance(faster, Series)
    np.testing.assert_allclose(faster.values[0], [1, 2, 4])  # not [1, 1, 1], as if only times moved


def test_convention_the_first_pixel_has_its_centre_at_one_half() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, 0] = 255
    twice = PlaneMap.of("camera", (4, 4), np.diag([2, 2, 1]), (8, 8))
    np.testing.assert_allclose(twice.forward([0.5, 0.5]), [1, 1])  # the middle of the 2 x 2 block, not (1, 1) + 0.5
    big = Image(pixels).follow(twice, Rig())
    assert isinstance(big, Image)
    y, x = np.mgrid[:8, :8] + 0.5
    weight = big.pixels[..., 0].astype(float)
    centre = [(x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()]
    np.testing.assert_allclose(centre, [1, 1], atol=0.35)  # the edge clips the blob; index coordinates would give 0.5


def test_convention_a_mirror_keeps_the_canvas() -> None:
    np.testing.assert_allclose(MIRROR.forward([[0, 0], [8, 0], [0.5, 0.5]]), [[8, 0], [0, 0], [7.5, 0.5]])
    flipped = Image(np.arange(48, dtype=np.uint8).reshape(6, 8, 1)).follow(MIRROR, Rig())
    assert isinstance(flipped, Image)
    np.testing.assert_array_equal(flipped.pixels[0, :, 0], np.arange(8)[::-1])


def test_convention_boxes_are_two_corners() -> None:
    moved = Boxes(np.array([[1.0, 1, 3, 4]]), ("a",), ("thing",)).follow(MIRROR, Rig())
    assert isinstance(moved, Boxes)
    np.testing.assert_allclose(moved.xyxy, [[5, 1, 7, 4]])  # corner and size would give x 7, width 3


def test_convention_positive_turns_are_counter_clockwise() -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((8, 8, 3), np.uint8))})
    change = Rotate(90).draw(sample, Key.of(0), {})
    assert change is not None
    move = change.moves[0]
    assert isinstance(move, PlaneMap)
    np.testing.assert_allclose(move.forward([7, 4]), [4, 1], atol=1e-9)  # right goes up, and y points down


def test_convention_a_canvas_is_width_then_height() -> None:
    image = Image(np.zeros((6, 8, 3), np.uint8))
    assert image.size() == (8, 6)
    assert Sample.of("s", {"image": image}).rig.cameras["camera"].size == (8, 6)


def test_convention_colours_are_rgb() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    back = Image.decode(Image(red).encode())
    assert back.pixels[8, 8, 0] > 250
    assert back.pixels[8, 8, 2] < 5  # blue, green, red would put it here


def test_convention_an_absent_keypoint_is_nowhere() -> None:
    seen = np.array([[2, 0]], np.uint8)
    joints = Keypoints(np.array([[[2.0, 2], [0, 0]]]), seen, ("left_eye", "right_eye"), ("a",))
    moved = joints.follow(PlaneMap.of("camera", (8, 6), [[1, 0, 1], [0, 1, 1], [0, 0, 1]]), Rig())
    assert isinstance(moved, Keypoints)
    assert moved.visible.tolist() == [[2, 0]]  # (0, 0) moved onto the canvas would look visible


def test_convention_frames_stay_right_handed() -> None:
    frame = Frame.of(np.eye(4)).follow(WorldMap.mirror("y"))
    assert np.linalg.det(frame.pose[:3, :3]) == pytest.approx(1)  # a reflected pose would have -1


def test_convention_a_pose_is_named_to_from() -> None:
    world_from_frame = np.eye(4)
    world_from_frame[:3, 3] = [5, 0, 0]
    rig = Rig({}, {"lidar": Frame.of(world_from_frame)})
    assert (rig.frame("lidar").pose @ [1, 0, 0, 1])[0] == 6  # its inverse would give -4


def test_convention_a_camera_looks_along_z() -> None:
    camera = Camera.of((8, 6), [[10, 0, 4], [0, 10, 3], [0, 0, 1]])
    pixels, depth = camera.project([[0.1, 0.1, 1.0], [0, 0, -1]])
    np.testing.assert_allclose(pixels[0], [5, 4])  # +x is right, +y is down
    np.testing.assert_allclose(depth, [1, -1])  # behind the camera is negative, as it looks along +z


def test_convention_depth_is_along_z() -> None:
    camera = Camera.of((8, 6), [[1, 0, 4], [0, 1, 3], [0, 0, 1]])
    _, depth = camera.project([[3.0, 0, 4.0]])
    assert depth[0] == 4  # not 5, the length of the ray
    assert Depth(np.full((6, 8), 4, np.float32)).metres[0, 0] == 4


def test_convention_a_mirrored_camera_keeps_a_positive_focal_length() -> None:
    camera = Camera.of((8, 6), [[10, 0, 4], [0, 10, 3], [0, 0, 1]])
    mirrored = camera.follow(WorldMap.mirror("x")).follow(MIRROR)
    assert mirrored.k[0, 0] > 0
    assert np.linalg.det(mirrored.pose[:3, :3]) == pytest.approx(1)
    point = np.array([0.2, 0.1, 2.0])
    before, after = camera.project(point)[0], mirrored.project(point * [-1, 1, 1])[0]
    np.testing.assert_allclose(after, MIRROR.forward(before), atol=1e-12)


def test_convention_a_3d_box_is_length_width_height_about_its_centre() -> None:
    box = Boxes3d(np.array([[0.0, 0, 1]]), np.array([[4.0, 2, 1.5]]), np.eye(3)[None], ("a",), ("car",))
    assert box.contains(np.array([[1.9, 0, 1], [0, 1.9, 1], [0, 0, 1.7], [0, 0, 2.4]])).tolist() == [
        [True, False, True, False]  # 1.9 m ahead is in, 1.9 m aside is not; z counts from the middle, not the bottom
    ]


def test_convention_axial_vectors_negate_the_other_two() -> None:
    columns = [Column(f"a_{c}", kind="polar", vector="a", component=c) for c in "xyz"]
    columns += [Column(f"w_{c}", kind="axial", vector="w", component=c) for c in "xyz"]
    series = Series(np.array([0.0]), np.ones((1, 6)), tuple(columns))
    moved = series.follow(WorldMap.mirror("y"), Rig())
    assert isinstance(moved, Series)
    np.testing.assert_allclose(moved.values[0], [1, -1, 1, -1, 1, -1])  # negating y of both is the misreading


def test_convention_sound_is_samples_by_channels() -> None:
    sound = Audio(np.zeros((100, 2), np.float32), 50)
    assert sound.span() == (0.0, 2.0)
    assert sound.wave[:, 1].shape == (100,)
    loud = Audio(np.array([[1.0], [-1.0], [0.5]], np.float32), 50)
    np.testing.assert_allclose(Audio.decode(loud.encode()).wave[:, 0], [1, -1, 0.5], atol=1e-4)
    with pytest.raises(InvalidPartError, match="int16"):  # numbers from -32768 to 32767 are those of a file
        Audio(np.array([[32767]], np.int16), 50).check()  # type: ignore[arg-type]


def test_convention_ambisonic_channels_are_acn() -> None:
    wave = np.tile(np.array([[0.1, 0.2, 0.3, 0.4]], np.float32), (10, 1))
    change = Change("Mirror", (WorldMap.mirror("y"), Sides()))
    moved = Sample.of("s", {"audio": Audio(wave, 10, layout="ambisonic")}).changed(change)
    np.testing.assert_allclose(moved["audio"].wave[5], [0.1, -0.2, 0.3, 0.4], atol=1e-6)  # W X Y Z would negate 0.3


def test_convention_people_write_degrees() -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((8, 8, 3), np.uint8))})
    change = Rotate(90).draw(sample, Key.of(0), {})
    assert change is not None
    move = change.moves[0]
    assert isinstance(move, PlaneMap)
    assert move.matrix is not None
    assert abs(move.matrix[0, 0]) < 1e-9  # the cosine of 90 rad is -0.45
    turns = [m.turn for m in change.moves if isinstance(m, Directions)]
    assert turns == pytest.approx([np.pi / 2])  # inside, 90 would be 14 turns and a bit


def test_convention_a_missing_value_is_not_a_number() -> None:
    series = Series(np.array([0.0, 1.0]), np.array([[1.0], [np.nan]]), (Column("pulse"),))
    series.check()
    back = Series.decode(series.encode())
    assert np.isnan(back.values[1, 0])  # not 0, not -1, not 999
    row = Record({"pulse": None, "age": 40.0}, (Column("pulse"),))
    row.check()
    assert Record.decode(row.encode()).values["pulse"] is None
    with pytest.raises(InvalidPartError, match="None"):
        Record({"pulse": float("nan")}).check()


def test_convention_a_missing_part_is_absent() -> None:
    sample = Sample.of("s", {"image": Image(np.zeros((6, 8, 3), np.uint8))}).dropping(("image",), "was off")
    assert isinstance(sample["image"], Absent)
    assert sample.present() == []
    assert sample["image"].of == "image"


def test_convention_an_instance_has_one_name() -> None:
    masks = np.zeros((2, 6, 8), bool)
    masks[0, :, :2], masks[1, :, 6:] = True, True
    boxes = Boxes(np.array([[0.0, 0, 2, 6], [6, 0, 8, 6]]), ("a", "b"), ("thing", "thing"))
    sample = Sample.of("s", {"masks": InstanceMasks(masks, ("a", "b"), ("thing", "thing")), "boxes": boxes})
    left = PlaneMap.of("camera", (8, 6), np.eye(3), (4, 6))
    cut = sample.changed(Change("Crop", (left,))).settled(sample)
    assert cut["boxes"].instances() == cut["masks"].instances() == {"a"}  # by position, mask 1 would take box 1


def test_convention_names_change_sides() -> None:
    assert swapped_name("left_eye") == "right_eye"
    assert swapped_name(swapped_name("hip_l")) == "hip_l"
    assert swapped_name("copyright") == "copyright"  # not "copyleft"


def test_convention_random_streams_have_names() -> None:
    key = Key.of(7, "clip", 1)
    first = key.at("Rotate").stream().random()
    key.at("Crop").stream().random()
    assert key.at("Rotate").stream().random() == first  # a shared generator would have moved on


def _series() -> Series:
    return Series(np.array([0.0, 1.0]), np.zeros((2, 1)), (Column("x"),))
