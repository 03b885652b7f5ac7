"""Images, depth and masks as parts: lazy, fused, on one plane with their annotations."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from counterpoint.core.appearance import Appearance
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import CannotFollow, Change, Context, Encoded
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import Bend, PlaneMap, PlaneStep
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.errors import InvalidPartError, UnreadableInputError
from counterpoint.modalities import image as image_module
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.semantic_mask import SemanticMask
from counterpoint.signal import picture
from counterpoint.testing.modality import check_modality

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 255, (48, 64, 3), np.uint8)
METRES = np.where(RGB[..., 0] > 40, RGB[..., 0] / np.float32(7), np.nan).astype(np.float32)
CLASSES = {0: "none", 1: "left arm", 2: "right arm", 3: "left ear"}
LABELS = (RGB[..., 1] % 4).astype(np.uint8)
MASKS = np.stack([RGB[..., 0] > 128, RGB[..., 1] > 128, RGB[..., 2] > 128])
SIZE = (64, 48)
MIRROR = PlaneMap.mirror("camera", SIZE)
RIGHT_HALF = Splice("other", 0.5, region=(0.5, 0.0, 1.0, 1.0))


def masks(ids=("a", "b", "c")):
    return InstanceMasks(MASKS, ids, ("left hand", "dog", "hip_l"))


def crop(x, y, w, h, size=SIZE):
    return PlaneMap.of("camera", size, [[1, 0, -x], [0, 1, -y], [0, 0, 1]], (w, h))


def parts():
    return {
        "rgb": Image(RGB),
        "grey": Image(RGB[..., :1]),
        "flat grey": Image(RGB[..., 0]),
        "rgba": Image(np.dstack([RGB, RGB[..., 0]])),
        "float": Image((RGB / np.float32(255)).astype(np.float32)),
        "one pixel": Image(np.full((9, 9, 3), 7, np.uint8)),
        "depth": Depth(METRES),
        "labels": SemanticMask(LABELS, CLASSES),
        "wide labels": SemanticMask(LABELS.astype(np.int32) * 1000, {k * 1000: n for k, n in CLASSES.items()}),
        "negative labels": SemanticMask(
            LABELS.astype(np.int32) - 1, {k - 1: n for k, n in CLASSES.items()}, outside=-1
        ),
        "masks": masks(),
        "no masks": InstanceMasks(np.zeros((0, 48, 64), bool), (), ()),
    }


@pytest.mark.parametrize("name", parts())
def test_a_raster_keeps_the_promises_of_a_modality(name):
    check_modality(parts()[name])


@pytest.mark.parametrize(
    ("part", "field", "values"),
    [
        (Image(RGB), "pixels", RGB),
        (Image((RGB / np.float32(255)).astype(np.float32)), "pixels", (RGB / np.float32(255)).astype(np.float32)),
        (Depth(METRES), "metres", METRES),
        (SemanticMask(LABELS, CLASSES), "labels", LABELS),
        (masks(), "masks", MASKS),
    ],
)
def test_values_survive_being_written_and_read(part, field, values):
    back = type(part).decode(part.encode())
    assert back.size() == SIZE
    np.testing.assert_array_equal(getattr(back, field), values)
    assert getattr(back, field).dtype == values.dtype


def test_a_jpeg_that_nothing_changed_keeps_its_bytes_and_a_changed_one_stays_a_jpeg():
    data = picture.jpeg(RGB, 70)
    part = Image(Blob("jpg", data), quality=70)
    assert part.encode().blob.read() == data
    moved = part.follow(MIRROR, Rig()).encode()
    assert moved.blob.ext == "jpg"
    assert moved.blob.read() == picture.jpeg(picture.decode(data)[:, ::-1], 70)
    assert Image(RGB).follow(MIRROR, Rig()).encode().blob.ext == "png"


def test_sixteen_bits_become_float_and_are_not_cut_to_eight():
    wide = RGB.astype(np.uint16) * 257
    pixels = Image(Blob("png", picture.png(wide))).pixels
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, RGB / 255, atol=1e-6)


class Counting:
    """Wraps ``warp`` and counts."""

    def __init__(self, inner):
        self.inner, self.calls = inner, 0

    def __call__(self, *args, **more):
        self.calls += 1
        return self.inner(*args, **more)


def test_mirror_turn_crop_and_resize_cost_one_warp(monkeypatch):
    counting = Counting(image_module.warp)
    monkeypatch.setattr(image_module, "warp", counting)
    sample = Sample.of("s", {"image": Image(RGB)})
    moves = [
        MIRROR,
        PlaneMap.of("camera", SIZE, [[0.96, -0.28, 15], [0.28, 0.96, -8], [0, 0, 1]]),
        crop(10, 8, 40, 30),
        PlaneMap.of("camera", (40, 30), np.diag([0.5, 0.5, 1]), (20, 15)),
    ]
    for move in moves:
        sample = sample.changed(Change("step", (move,)))
        assert counting.calls == 0
    assert sample["image"].pixels.shape == (15, 20, 3)
    assert sample["image"].size() == (20, 15)
    assert counting.calls == 1


def test_a_broken_file_is_not_read_before_its_pixels_are_needed(tmp_path):
    data = picture.jpeg(cv2.resize(RGB, (640, 480)))
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    sample = Sample.of("s", {"image": Image(Blob("jpg", path=str(tmp_path / "a.jpg"), label="s.image"))})
    assert sample.planes() == {"camera": (640, 480)}
    moved = sample.changed(Change("m", (PlaneMap.mirror("camera", (640, 480)), Sides())))
    assert moved.planes() == {"camera": (640, 480)}
    with pytest.raises(UnreadableInputError, match=r"s\.image"):
        _ = moved["image"].pixels


def test_masks_and_depth_know_their_canvas_without_being_read(tmp_path):
    for part in (Depth(METRES), masks(), SemanticMask(LABELS.astype(np.int32) - 1, CLASSES)):
        done = part.encode()
        gone = type(part).decode(Encoded(Blob(done.blob.ext, path=str(tmp_path / "gone")), done.facts))
        assert gone.size() == SIZE
        with pytest.raises(UnreadableInputError):
            gone.check()


def test_opacity_follows_maps_and_no_appearance(monkeypatch):
    rgba = np.dstack([RGB, RGB[..., 0]])
    monkeypatch.setattr(Appearance, "render", lambda self, values, *where, **facts: 255 - values)
    done = Image(rgba).follow(Appearance("invert", "pixels"), Rig())
    np.testing.assert_array_equal(done.pixels, np.dstack([255 - RGB, RGB[..., 0]]))
    exact = Image((RGB / np.float32(255)).astype(np.float32)).follow(Appearance("invert", "pixels"), Rig())
    np.testing.assert_allclose(exact.pixels, 1 - RGB / 255, atol=1e-6)
    assert exact.pixels.dtype == np.float32


def test_a_blend_is_the_weighted_mean_on_the_canvas_of_the_first():
    other = Image(np.full((10, 10, 3), 100, np.uint8))
    done = Image(np.full((48, 64, 3), 201, np.uint8)).blend(other, 0.75)
    np.testing.assert_array_equal(done.pixels, np.full((48, 64, 3), 176))  # 175.75
    grey = Image(np.full((48, 64), 200, np.uint8)).blend(Image(np.full((5, 5, 4), 100, np.uint8)), 0.5)
    assert grey.pixels.shape == (48, 64, 1)
    assert (grey.pixels == 150).all()


def test_a_splice_takes_whole_pixels_of_the_region_from_the_other():
    done = Image(RGB).splice(Image(np.full((7, 9, 1), 9, np.uint8)), RIGHT_HALF)
    np.testing.assert_array_equal(done.pixels[:, :32], RGB[:, :32])
    assert (done.pixels[:, 32:] == 9).all()
    far = Depth(METRES).splice(Depth(np.full((96, 128), 50, np.float32)), RIGHT_HALF)
    np.testing.assert_array_equal(far.metres[:, :32], METRES[:, :32])
    assert (far.metres[:, 32:] == 50).all()
    for part in (Image(RGB), Depth(METRES), SemanticMask(LABELS, CLASSES), masks()):
        assert part.splice(part, Splice("other", 0.5, window=(0.0, 0.5))) is part


def test_depth_keeps_its_metres_under_maps_that_keep_the_axis():
    turn = PlaneMap.of("camera", SIZE, [[0.96, -0.28, 15], [0.28, 0.96, -8], [0, 0, 1]])
    bend = PlaneMap("camera", SIZE, (PlaneStep(Bend(64.0, 48.0, 4, 4, (2.0,) * 16, (1.0,) * 16), SIZE),))
    for move in (MIRROR, crop(3, 4, 20, 20), turn, bend):
        moved = Depth(METRES).follow(move, Rig()).metres
        assert set(np.unique(moved[np.isfinite(moved)])) <= set(np.unique(METRES[np.isfinite(METRES)]))
    assert np.isnan(Depth(METRES).follow(turn, Rig()).metres[0, 0])  # from outside the picture: unknown, not 0 m
    tilted = Depth(METRES).follow(PlaneMap.of("camera", SIZE, [[1, 0, 0], [0, 1, 0], [0, 0.001, 1]]), Rig())
    assert isinstance(tilted, CannotFollow)
    assert "axis" in tilted.reason


def test_depth_grows_with_the_world_and_not_with_its_turns():
    np.testing.assert_allclose(Depth(METRES).follow(WorldMap.similarity(2 * np.eye(3)), Rig()).metres, METRES * 2)
    np.testing.assert_array_equal(Depth(METRES).follow(WorldMap.mirror(), Rig()).metres, METRES)


def test_depth_pngs_hold_what_their_benchmarks_say():
    counts = np.array([[0, 256, 5000]], np.uint16)
    kitti, tum = (Depth(Blob("png", picture.png(counts)), step=step) for step in (1 / 256, 1 / 5000))
    np.testing.assert_allclose(kitti.metres, [[np.nan, 1, 19.53125]])
    np.testing.assert_allclose(tum.metres, [[np.nan, 0.0512, 1]])
    assert kitti.size() == (3, 1)
    assert kitti.encode().blob.ext == "png"


def test_under_a_mirror_the_pixels_of_the_left_arm_become_right_arm():
    done = SemanticMask(LABELS, CLASSES).follow(Sides(), Rig())
    before = np.vectorize(CLASSES.get)(LABELS)
    after = np.vectorize(done.classes.get)(done.labels)
    assert set(after[before == "left arm"]) == {"right arm"}
    assert set(after[before == "right arm"]) == {"left arm"}
    assert set(after[before == "left ear"]) == {"right ear"}  # no number of its own: renamed
    assert set(after[before == "none"]) == {"none"}
    assert {done.classes[n] for n in (0, 1, 2)} == {CLASSES[n] for n in (0, 1, 2)}, "a number means what it meant"
    assert done.classes[1] == "left arm"


def test_a_splice_translates_the_numbers_of_the_other():
    other = SemanticMask(np.full((48, 64), 1, np.uint8), {1: "none", 3: "dog"})
    done = SemanticMask(LABELS, CLASSES).splice(other, RIGHT_HALF)
    assert (done.labels[:, 32:] == 0).all()
    dog = SemanticMask(LABELS, CLASSES).splice(SemanticMask(np.full((48, 64), 3, np.uint8), other.classes), RIGHT_HALF)
    assert {dog.classes[n] for n in np.unique(dog.labels[:, 32:])} == {"dog"}
    np.testing.assert_array_equal(dog.labels[:, :32], LABELS[:, :32])
    dog.check()


def test_what_comes_in_from_outside_has_the_number_for_it():
    done = SemanticMask(LABELS + np.uint8(1), {k + 1: n for k, n in CLASSES.items()}, outside=255).follow(
        crop(-5, 0, 64, 48), Rig()
    )
    assert (done.labels[:, :5] == 255).all()
    np.testing.assert_array_equal(done.labels[:, 5:], LABELS[:, :-5] + 1)
    done.check()


def test_an_instance_dies_when_no_pixel_of_it_is_left():
    two = np.zeros((2, 48, 64), bool)
    two[0, 5:20, 5:20], two[1, 30:40, 40:60] = True, True
    part = InstanceMasks(two, ("a", "b"), ("cat", "dog"))
    done = part.follow(crop(0, 0, 30, 30), Rig())
    assert done.instances() == {"a"}
    assert done.names == ("cat",)
    assert done.masks.shape == (1, 30, 30)
    hidden = part.splice(InstanceMasks(np.zeros((0, 48, 64), bool), (), ()), RIGHT_HALF)
    assert hidden.ids == ("a",)
    nothing = done.follow(crop(25, 25, 5, 5, (30, 30)), Rig())
    assert nothing.size() == (5, 5)
    assert nothing.instances() == frozenset()
    nothing.check()


def test_a_dead_mask_takes_its_other_parts_with_it():
    two = np.zeros((2, 48, 64), bool)
    two[0, 5:20, 5:20], two[1, 30:40, 40:60] = True, True
    one, more = (InstanceMasks(two, ("a", "b"), ("cat", "dog")) for _ in "xy")
    sample = Sample.of("s", {"one": one, "two": more})
    done = sample.changed(Change("crop", (crop(0, 0, 30, 30),))).settled(sample)
    assert done["one"].instances() == done["two"].instances() == {"a"}


def test_mixed_masks_are_united_and_hidden_ones_die():
    left, right = np.zeros((1, 48, 64), bool), np.zeros((1, 48, 64), bool)
    left[:, :, :10], right[:, :, 50:] = True, True
    mine, theirs = InstanceMasks(left, ("a",), ("cat",)), InstanceMasks(right, ("k/a",), ("dog",))
    assert mine.blend(theirs, 0.5).ids == ("a", "k/a")
    assert mine.splice(theirs, RIGHT_HALF).ids == ("a", "k/a")
    assert theirs.splice(mine, RIGHT_HALF).ids == ()
    np.testing.assert_array_equal(mine.splice(theirs, RIGHT_HALF).masks[1], right[0])


def test_names_of_instances_change_sides():
    assert masks().follow(Sides(), Rig()).names == ("right hand", "dog", "hip_r")
    assert masks().prefixed("p").ids == ("p/a", "p/b", "p/c")


def test_depth_and_labels_refuse_to_be_mixed_as_colours_are():
    pool = {"o": Sample.of("o", {"depth": Depth(METRES), "image": Image(RGB)})}
    sample = Sample.of("s", {"depth": Depth(METRES), "image": Image(RGB)})
    done = sample.changed(Change("mixup", (Blend("o", 0.5),)), Context("skip", pool))
    assert done.lineage.refusals[0].part == "depth"
    assert done["image"].pixels is RGB
    only = sample.changed(Change("mixup", (Blend("o", 0.5, ("image",)),)), Context("skip", pool))
    assert not only.lineage.refusals


def test_colours_of_a_scene_may_turn_without_its_masks():
    for part in (masks(), SemanticMask(LABELS, CLASSES)):
        assert part.follow(ColourShift("camera", grey=True), Rig()) is part


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Image(np.zeros((0, 4, 3), np.uint8)), "H, W >= 1"),
        (Image(np.zeros((4, 4, 2), np.uint8)), "1, 3 or 4"),
        (Image(np.zeros((4, 4, 3), np.int64)), "uint8 or float32"),
        (Image(np.full((4, 4, 3), 1.5, np.float32)), "1.5"),
        (Image(np.full((4, 4, 3), np.nan, np.float32)), "finite"),
        (Depth(np.zeros((4, 4), np.float64)), "float32"),
        (Depth(np.full((4, 4), -1, np.float32)), "NaN"),
        (Depth(np.full((4, 4), np.inf, np.float32)), "NaN"),
        (SemanticMask(LABELS, {0: "a"}), r"\[1, 2, 3\]"),
        (SemanticMask(LABELS.astype(np.int64), CLASSES), "int32"),
        (InstanceMasks(MASKS, ("a",), ("x",)), "3 masks, 1 ids"),
        (InstanceMasks(MASKS, ("a", "a", "b"), ("x", "y", "z")), "unique"),
        (InstanceMasks(MASKS.astype(np.uint8), ("a", "b", "c"), ("x", "y", "z")), "bool"),
    ],
)
def test_a_part_that_breaks_its_conventions_says_which(part, said):
    with pytest.raises(InvalidPartError, match=said):
        part.check()


def test_one_pixel_is_enough():
    for part in (
        Image(np.zeros((1, 1, 3), np.uint8)),
        Depth(np.ones((1, 1), np.float32)),
        SemanticMask(np.zeros((1, 1), np.uint8), CLASSES),
        InstanceMasks(np.ones((1, 1, 1), bool), ("a",), ("x",)),
    ):
        part.check()
        assert type(part).decode(part.encode()).size() == (1, 1)
        assert part.follow(PlaneMap.mirror("camera", (1, 1)), Rig()).size() == (1, 1)
        assert part.preview().data


def test_a_calibrated_landmark_is_where_the_moved_camera_projects_it():
    at, depth = np.array([40.3, 22.6]), 4.0
    k = np.array([[50.0, 0, 32], [0, 50, 24], [0, 0, 1]])
    point = np.array([(at[0] - 32) / 50 * depth, (at[1] - 24) / 50 * depth, depth])
    y, x = np.mgrid[:48, :64] + 0.5
    spot = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 3.0**2)).astype(np.float32)
    sample = Sample.of("s", {"image": Image(spot)}, Rig({"camera": Camera.of(SIZE, k)}))
    turned = PlaneMap.of("camera", SIZE, [[1.2, -0.3, 2], [0.3, 1.2, -16], [0, 0, 1]])
    done = sample.changed(Change("turn", (turned,))).changed(Change("crop", (crop(4, 4, 56, 40),)))
    pixels = done["image"].pixels[..., 0].astype(float)
    yy, xx = np.mgrid[:40, :56] + 0.5
    centre = [(pixels * xx).sum() / pixels.sum(), (pixels * yy).sum() / pixels.sum()]
    np.testing.assert_allclose(centre, done.rig.camera("camera").project(point)[0][0], atol=0.05)


def test_pictures_of_exchanged_cameras_change_their_names():
    rig = Rig({n: Camera.of(SIZE, np.eye(3)) for n in ("cam_left", "cam_right")})
    for part in (
        Image(RGB, "cam_left"),
        Depth(METRES, "cam_left"),
        SemanticMask(LABELS, CLASSES, "cam_left"),
        InstanceMasks(MASKS, ("a", "b", "c"), ("x", "y", "z"), "cam_left"),
    ):
        assert part.follow(Sides(), rig).plane == "cam_right"
