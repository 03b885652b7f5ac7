"""Optical flow as a part: a map of the plane moves both ends of every vector."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.flow import Flow
from counterpoint.testing.modality import check_modality

SIZE = (32, 24)


def flow() -> Flow:
    v, u = np.mgrid[:24, :32].astype(np.float32)
    values = np.stack([0.1 * u - 1, 0.05 * v + 0.02 * u, (u > 20).astype(np.float32)], -1)
    values[:3, :5] = np.nan
    return Flow(values)


def test_a_flow_keeps_the_contract() -> None:
    check_modality(flow())


@pytest.mark.parametrize(
    "move",
    [
        PlaneMap.mirror("camera", SIZE),
        PlaneMap.of("camera", SIZE, [[2, 0, 0], [0, 2, 0], [0, 0, 1]], (64, 48)),
        PlaneMap.of("camera", SIZE, [[0, -1, 24], [1, 0, 0], [0, 0, 1]], (24, 32)),
        PlaneMap.of("camera", SIZE, [[1, 0, -4], [0, 1, -3], [0, 0, 1]], (20, 15)),
        PlaneMap.of("camera", SIZE, [[1, 0.1, 0], [0, 1, 0], [0.002, 0.001, 1]]),
    ],
    ids=["mirror", "zoom", "quarter turn", "crop", "projective"],
)
def test_both_ends_of_every_vector_follow_a_map_of_the_plane(move: PlaneMap) -> None:
    part = flow()
    moved = part.follow(move, Rig())
    assert isinstance(moved, Flow)
    assert moved.size() == move.size_out
    v, u = np.mgrid[: move.size_out[1], : move.size_out[0]]
    to = np.stack([u, v], -1).reshape(-1, 2) + 0.5
    start = move.backward(to)
    column, row = np.clip(np.floor(start).astype(int), 0, [31, 23]).T
    expected = move.forward(start + part.vectors[row, column]) - to
    got = moved.vectors.reshape(-1, 2)
    known = ~np.isnan(got).any(1)
    assert known.mean() > 0.5
    # Where a start lies on the border of two pixels, either is the nearest; such vectors are left out.
    inner = (np.abs(start - np.round(start)) > 1e-3).all(1) & known
    assert inner.sum() > 50
    np.testing.assert_allclose(got[inner], expected[inner], atol=1e-4)


def test_flow_stays_under_moves_of_the_world() -> None:
    part = flow()
    assert part.follow(WorldMap.mirror(), Rig()) is part


def test_a_spliced_piece_of_a_smaller_picture_keeps_its_share_of_the_width() -> None:
    small = Flow(np.full((12, 16, 3), (2.0, 1.0, 0.0), np.float32))
    mixed = flow().splice(small, Splice("p", 0.5, region=(0.5, 0.0, 1.0, 1.0)))
    np.testing.assert_allclose(mixed.vectors[:, 16:], [[(4.0, 2.0)] * 16] * 24)
    np.testing.assert_array_equal(mixed.values[:, :16], flow().values[:, :16])


def test_what_is_no_flow_is_told() -> None:
    with pytest.raises(InvalidPartError, match="float32"):
        Flow(np.zeros((4, 4, 2), np.float32)).check()
    with pytest.raises(InvalidPartError, match="0 or 1"):
        Flow(np.full((4, 4, 3), 0.5, np.float32)).check()
