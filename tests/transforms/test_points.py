"""Damage to clouds: how much is lost, what never changes."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.contracts import Transform
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.points import Points
from counterpoint.testing.transform import check_transform
from counterpoint.transforms.points import BeamDrop, PointDrop, PointJitter
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.world import WorldYaw

ALL: list[Transform] = [PointDrop(0.3), PointJitter(0.02), BeamDrop(0.25), BeamDrop(0.25, beams=16)]


def spun(beams: int = 16, per_beam: int = 250, ring: bool = True) -> Points:
    """A spinning LiDAR: every beam at an elevation of its own; ``label`` is the number of the row."""
    number = np.repeat(np.arange(beams), per_beam)
    stream = np.random.default_rng(2)
    up, around = np.radians(number * 2 - 15), stream.uniform(0, 2 * np.pi, len(number))
    reach = stream.uniform(4, 60, len(number))
    xyz = reach[:, None] * np.stack([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)], 1)
    extra = [number, np.arange(len(number))] if ring else [np.arange(len(number))]
    return Points(np.c_[xyz, np.stack(extra, 1)], ("x", "y", "z", *(["ring"] if ring else []), "label"))


def scene(**clouds: Points) -> Sample:
    box = Boxes3d.upright([[0, 0, 0]], [[9, 9, 9]], [0], ("a",), ("car",))
    return Sample.of("s", {"boxes3d": box, **(clouds or {"points": spun()})})


@pytest.mark.parametrize("step", ALL, ids=repr)
def test_point_changes_keep_their_promises(step: Transform) -> None:
    done = check_transform(step, scene())
    assert done["boxes3d"].encode() == scene()["boxes3d"].encode()
    check_transform(type(step).at(0.7), scene())


def test_a_share_of_the_points_is_lost_with_all_their_columns() -> None:
    before, after = spun(), PointDrop(0.3)(scene())["points"]
    rows = after.column("label").astype(int)
    assert (np.diff(rows) > 0).all()
    assert (after.values == before.values[rows]).all()
    assert len(rows) / 4000 == pytest.approx(0.7, abs=0.03)  # 4 standard errors


def test_jitter_shakes_places_alone_and_never_beyond_its_clip() -> None:
    before, after = spun(), PointJitter(0.1, clip=0.15)(scene())["points"]
    shift = after.xyz - before.xyz
    assert (after.values[:, 3:] == before.values[:, 3:]).all()
    assert np.abs(shift).max() < 0.15 + 1e-5  # float32 at 60 m
    # a normal of 0.1 m cut off at 1.5 sigma: variance 1 - 2 (1.5 phi(1.5) + Q(1.5) (1 - 1.5²)) = 0.7785
    assert shift.std() == pytest.approx(0.1 * np.sqrt(0.7785), rel=0.02)


@pytest.mark.parametrize("ring", [True, False])
def test_whole_beams_are_lost(ring: bool) -> None:
    before = spun(ring=ring)
    after = BeamDrop(0.25, beams=16)(scene(points=before))["points"]
    beam = after.column("label").astype(int) // 250
    numbers, counts = np.unique(beam, return_counts=True)
    assert len(numbers) == 12
    assert (counts == 250).all()


def test_two_clouds_lose_the_same_share_of_different_points() -> None:
    after = PointDrop((0.1, 0.9))(scene(front=spun(), rear=spun()))
    front, rear = (set(after[n].column("label").astype(int)) for n in ("front", "rear"))
    assert len(front) == pytest.approx(len(rear), abs=130)  # 3 standard errors of the difference
    assert front != rear


def test_damage_waits_for_the_world() -> None:
    after = Compose([WorldYaw(20), PointJitter(0.0), WorldYaw(20)])(scene())
    np.testing.assert_allclose(
        np.linalg.norm(after["points"].xyz, axis=1), np.linalg.norm(spun().xyz, axis=1), rtol=1e-6
    )


def test_a_sample_without_points_is_left_alone() -> None:
    flat = Sample.of("s", {"boxes3d": Boxes3d([], [], [], (), ())})
    assert all(step(flat).lineage.changes == () for step in ALL)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PointDrop(1.2), "share must lie in 0 to 1"),
        (lambda: PointDrop((0.5, 0.2)), "low <= high"),
        (lambda: PointJitter(-0.1), "sigma must lie in"),
        (lambda: PointJitter(clip=(0.1, 0.2)), "one number"),
        (lambda: BeamDrop(beams=0), "beams must lie in"),
        (lambda: BeamDrop(beams=1.5), "whole number"),
    ],
)
def test_a_parameter_out_of_range_is_refused_at_once(make: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()  # type: ignore[operator]
