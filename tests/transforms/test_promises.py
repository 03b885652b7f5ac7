"""Every transform of planes, scenes and pixels, and every policy, keeps what a step promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from counterpoint.core.contracts import Step
from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical
from counterpoint.modalities.image import Image
from counterpoint.testing.transform import check_transform, digests
from counterpoint.testing.worlds import blob, everything, parts_in_space, parts_of_meaning, rig
from counterpoint.transforms.build import step_from
from counterpoint.transforms.scene import Mirror

STEPS: list[Any] = [
    "mirror",
    "crop(0.8)",
    "center_crop(0.9)",
    "random_resized_crop(128, 96)",
    "resize(100)",
    "letterbox(200, 200)",
    "pad(7)",
    "rotate(-40, 40)",
    "affine",
    "perspective",
    "elastic",
    "grid_distortion",
    "color_jitter",
    "brightness",
    "contrast",
    "gamma",
    "hue_shift(-10, 10)",
    "gaussian_blur",
    "motion_blur",
    "gaussian_noise",
    "jpeg",
    "downscale",
    "cut_out",
    "rand_augment(3, axes=[plane, appearance])",
    "trivial_augment(axes=[plane, appearance])",
    {"compose": ["mirror", {"one_of": ["crop(0.9)", "brightness"]}, {"sometimes": "gaussian_noise"}]},
    {"some_of": {"steps": ["mirror", "gamma", "crop(0.9)"], "n": [1, 3]}},
]


def small(key: str = "s") -> Sample:
    """What lives on the plane, in the world and in words; no sound and no film, to be quick.

    Depth is left out too: along a camera's axis that a perspective turns it cannot follow, and says so.
    """
    pixels = np.repeat(blob((101.3, 74.6))[..., :1], 3, 2) + np.arange(3, dtype=np.uint8) * 7
    parts = parts_in_space() | {"image": Image(pixels)} | parts_of_meaning()
    return Sample.of(key, {n: p for n, p in parts.items() if n != "depth"}, rig())


@pytest.mark.parametrize("spec", STEPS, ids=lambda s: s if isinstance(s, str) else next(iter(s)))
def test_a_step_keeps_its_promises(spec: Any) -> None:
    step: Step = step_from(spec)
    done = check_transform(step, small())
    assert not done.lineage.refusals or isinstance(spec, dict) or "augment" in spec, done.lineage.refusals


@pytest.mark.parametrize(
    "spec", [s for s in STEPS if s not in ("mirror", "center_crop(0.9)", "resize(100)", "pad(7)")][1:12]
)
def test_copies_seeds_and_keys_differ(spec: Any) -> None:
    step = step_from(spec)
    told = {canonical(step(small(k), seed, copy).lineage.changes) for k in "ab" for seed in (1, 2) for copy in (0, 1)}
    assert len(told) == (8 if spec != "letterbox(200, 200)" else 1)


def test_the_order_of_samples_does_not_matter() -> None:
    step = step_from(["mirror", "rotate(-20,20)", {"sometimes": "gaussian_noise"}, "rand_augment"])
    keys = ["a", "b", "c"]
    forth = {k: digests(step(small(k), 5)) for k in keys}
    back = {k: digests(step(small(k), 5)) for k in reversed(keys)}
    assert forth == back


def test_a_mirror_twice_is_the_identity_on_every_part() -> None:
    before = everything(at=(101.25, 74.5))  # in quarters of a px, so that width - (width - x) is x to the last bit
    once = Mirror()(before, on_refusal="error")
    twice = Mirror()(once, on_refusal="error")
    first, last = digests(before), digests(twice)
    assert [n for n in first if first[n] != last[n]] == []
    changed = {n for n, was in first.items() if digests(once)[n] != was}
    assert {"image", "boxes", "keypoints", "masks", "caption", "points", "boxes3d", "imu", "audio"} <= changed
    assert canonical(twice.rig) == canonical(before.rig)


def test_a_picture_of_one_pixel_goes_through_every_step() -> None:
    sample = Sample.of("tiny", {"image": Image(np.full((1, 1, 3), 200, np.uint8))})
    for spec in STEPS:
        done = step_from(spec)(sample, 3)
        assert min(done["image"].pixels.shape) >= 1
