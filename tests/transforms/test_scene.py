"""The scene mirror on two cameras: names change sides, and everything later finds the right plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.semantic_mask import SemanticMask
from counterpoint.modalities.video import Video
from counterpoint.transforms.plane_crop import Crop
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.scene import Mirror

RNG = np.random.default_rng(1)
RIGHT = RNG.integers(0, 256, (30, 40, 3), np.uint8)
LEFT = RNG.integers(0, 256, (20, 60, 3), np.uint8)


def part_of(kind: str, pixels: Any, camera: str) -> Any:
    bright = pixels[..., 0] > 128
    match kind:
        case "image":
            return Image(pixels, camera)
        case "depth":
            return Depth(pixels[..., 0].astype(np.float32) + 1, camera)
        case "labels":
            return SemanticMask(bright.astype(np.uint8), {0: "dark", 1: "bright"}, camera)
        case "masks":
            return InstanceMasks(bright[None], (camera,), ("thing",), camera)
        case "film":
            return Video(pixels[None], 10.0, camera=camera)
        case _:
            return Boxes([[1, 2, *np.subtract(pixels.shape[1::-1], 4)]], (camera,), ("thing",), camera)  # type: ignore[arg-type]


def stereo(kind: str) -> Sample:
    rig = Rig({"left": Camera((60, 20)), "right": Camera((40, 30))})
    parts = {"x_left": part_of(kind, LEFT, "left"), "x_right": part_of(kind, RIGHT, "right")}
    return Sample.of("s", parts, rig)


def values(part: Any) -> Any:
    for name in ("pixels", "metres", "labels", "masks", "frames", "xyxy"):
        if hasattr(part, name):
            return getattr(part, name)
    raise AssertionError


KINDS = ["image", "depth", "labels", "masks", "film", "boxes"]


@pytest.mark.parametrize("kind", KINDS)
def test_two_cameras_exchange_their_parts(kind: str) -> None:
    before = stereo(kind)
    once = Mirror()(before)
    assert once.rig.cameras["left"].size == (40, 30)
    assert once["x_left"].camera == "left"
    if kind != "boxes":
        width_axis = 2 if kind in ("film", "masks") else 1
        np.testing.assert_array_equal(values(once["x_left"]), np.flip(values(before["x_right"]), width_axis))
    twice = Mirror()(once)
    for name in before:
        np.testing.assert_array_equal(values(twice[name]), values(before[name]))
        assert twice[name].camera == before[name].camera


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("looked", [False, True])
def test_a_crop_after_the_mirror_finds_the_camera_under_its_new_name(kind: str, looked: bool) -> None:
    once = Mirror()(stereo(kind))
    if looked:
        _ = once.parts
    done = Crop((10, 30), planes=("left",))(once)
    assert done.planes() == {"left": (10, 30), "right": (60, 20)}
    if kind == "boxes":
        assert done["x_left"].xyxy[0, 2] <= 10
    else:
        shape = values(done["x_left"]).shape
        assert {10, 30} <= set(shape)
        np.testing.assert_array_equal(values(done["x_right"]), values(once["x_right"]))


def test_a_mirror_and_a_crop_of_one_camera_wait_as_one_map() -> None:
    sample = Compose((Mirror(), Crop(0.5), Mirror()))(Sample.of("s", {"image": Image(RIGHT)}))
    assert len(sample.cells["image"].queue) == 1
