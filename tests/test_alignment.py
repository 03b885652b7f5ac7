"""Every axis moved at once: what showed one landmark and one moment still does."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.core.sample import Sample
from counterpoint.testing.alignment import apart, landmarks, moments
from counterpoint.testing.transform import check_transform
from counterpoint.testing.worlds import everything
from counterpoint.transforms.build import step_from

PLANE = ["rotate(-20, 20)", "affine", "crop(0.85)", "pad(9)", "mirror", "resize(300, 220)", "elastic"]
TIME = ["tempo(0.8, 1.25)", "time_shift(-0.2, 0.2)", "time_crop(1.2)", "time_warp", "speed"]
WORLD = ["world_yaw", "world_scale", "world_translate", "view_point_noise"]
LOOKS = ["brightness", "gain", "color_jitter", "polarity", "record_noise", "jpeg"]

WITHOUT_DEFAULTS = {"compose", "one_of", "some_of", "sometimes"}


def without_depth(key: str = "made-up") -> Sample:
    """The made-up world; depth along a camera's axis cannot follow a map that turns the camera."""
    sample = everything(key)
    return Sample.of(key, {n: p for n, p in sample.parts.items() if n != "depth"}, sample.rig)


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_over_every_axis_keeps_the_landmark_and_the_moment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = [str(s) for pool in (PLANE, TIME, WORLD, LOOKS) for s in rng.choice(pool, 2, replace=False)]
    plan = step_from({"compose": [chosen[i] for i in rng.permutation(len(chosen))]})
    done = plan(without_depth(), seed=seed, on_refusal="error")
    assert len(done.lineage.changes) == 8
    found = landmarks(done)
    # Centres of small masks are rough: whole pixels of a disc of 9 px, and enlarged with it. The exact bounds of
    # each transform are pinned on larger masks in tests/transforms/test_landmark.py.
    fine = {n: at for n, at in found.items() if n not in ("mask", "semantic")}
    assert not fine or apart(fine) <= (0.25 if "elastic" in chosen else 0.1), (chosen, fine)
    assert not found or apart(found) <= 0.6, (chosen, found)
    when = moments(done)
    assert len(when) == 0 or max(when.values()) - min(when.values()) <= 1 / 25 + 1e-3, (chosen, when)
    exact = [t for n, t in when.items() if n in ("click", "word", "transcript")]
    assert not exact or max(exact) - min(exact) <= 1e-3, (chosen, when)


@pytest.mark.parametrize("name", sorted(set(TABLES["transforms"]) - WITHOUT_DEFAULTS))
def test_every_step_of_the_catalogue_keeps_its_contract_by_default(name: str) -> None:
    others = {key: without_depth(key) for key in ("b", "c")}
    check_transform(find("transforms", name)(), without_depth(), others)
