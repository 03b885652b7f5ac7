"""Policies over the whole catalogue: what is in the pools, and what they choose for a sample."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from counterpoint.core.axes import Axis
from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical
from counterpoint.errors import RecipeError
from counterpoint.modalities.image import Image
from counterpoint.transforms.randaugment import RandAugment, TrivialAugment, pools
from tests.transforms.made_up import marked

PICTURE = Sample.of("s", {"image": Image(np.full((24, 32, 3), 99, np.uint8))})


def test_every_transform_of_a_pool_moves_its_axis_and_builds_at_every_strength() -> None:
    for axis, pool in pools(None).items():
        for cls in pool:
            assert axis in cls.axes
            assert [isinstance(cls.at(m), cls) for m in (0.0, 0.3, 1.0)] == [True] * 3


def test_pools_of_some_axes_move_no_other() -> None:
    found = pools(("appearance", "plane"))
    assert set(found) == {Axis.APPEARANCE, Axis.PLANE}
    assert all(c.axes <= {Axis.APPEARANCE, Axis.PLANE} for pool in found.values() for c in pool)


def test_a_sample_gets_only_what_changes_it() -> None:
    for seed in range(30):
        done = RandAugment(2, 9)(marked(), seed)
        assert len(done.lineage.changes) + len(done.lineage.refusals) >= 2
        assert all(m.axis is not Axis.APPEARANCE for c in done.lineage.changes for m in c.moves)


def test_all_axes_are_used_evenly() -> None:
    policy = TrivialAugment(axes=("appearance", "plane"))
    seen = Counter(policy(PICTURE, seed).lineage.changes[0].moves[0].axis for seed in range(400))
    assert set(seen) == {Axis.APPEARANCE, Axis.PLANE}
    assert 150 <= seen[Axis.PLANE] <= 250  # 200 expected, 5 standard deviations each side


def test_nothing_to_move_is_no_error() -> None:
    assert RandAugment(axes=("time",))(marked()).lineage.changes == ()


def test_the_same_seed_gives_the_same_changes() -> None:
    for policy in (RandAugment(3, 20), TrivialAugment()):
        one, two = (canonical(policy(PICTURE, 4).lineage.changes) for _ in range(2))
        assert one == two


def test_strength_zero_leaves_the_marks_of_a_plane_in_place() -> None:
    before = marked()
    for seed in range(20):
        after = RandAugment(2, 0, axes=("plane",))(before, seed)
        np.testing.assert_allclose(after["marks_camera"].xy, before["marks_camera"].xy, atol=1e-9)


def test_strength_must_lie_on_the_scale() -> None:
    with pytest.raises(RecipeError, match="magnitude must lie in 0 to 30 with 31 bins"):
        RandAugment(2, 31)
