"""Rings: what is left of them, and how much that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.plane import Bend, Homography, PlaneMap, PlaneStep
from counterpoint.core.shapes import area, bounds, clipped, covered, dense, followed

SQUARE = np.array([[20, 10], [60, 10], [60, 50], [20, 50]], float)


def a_bend(amplitude: float = 9.0) -> Bend:
    d = np.random.default_rng(1).uniform(-amplitude, amplitude, (2, 6, 6))
    return Bend(100, 60, 6, 6, tuple(d[0].ravel()), tuple(d[1].ravel()))


@pytest.mark.parametrize(
    "later",
    [Homography.of(np.diag([2, 0.5, 1])), Homography.of([[1, 0, 0], [0, 1, 0], [2e-3, 1e-3, 1]]), a_bend()],
    ids=["resize", "perspective", "bend"],
)
def test_the_share_that_is_left_is_what_is_shown_whatever_follows_the_crop(later: Homography | Bend) -> None:
    crop = PlaneStep(Homography.of([[1, 0, -30], [0, 1, 0], [0, 0, 1]]), (100, 60))
    out = PlaneStep(later, (400, 400))
    move = PlaneMap("camera", (100, 60), (crop, out))
    y, x = np.mgrid[10:50:0.1, 20:60:0.1] + 0.05
    seen = move.shows(np.stack([x, y], -1)).mean()
    assert seen == pytest.approx(0.75, abs=0.02)  # the bend pushes a seam of the crop over its edge
    assert followed(SQUARE, move)[1] == pytest.approx(seen, abs=1e-3)


def test_a_bend_that_cuts_a_ring_counts_what_is_shown() -> None:
    out = PlaneStep(a_bend(), (40, 60))
    y, x = np.mgrid[10:50:0.1, 20:60:0.1] + 0.05
    move = PlaneMap("camera", (100, 60), (out,))
    seen = move.shows(np.stack([x, y], -1)).mean()
    assert 0.1 < seen < 0.9
    assert followed(SQUARE, move)[1] == pytest.approx(seen, abs=5e-3)


def test_a_dense_ring_has_the_same_area_and_short_edges() -> None:
    ring = dense(SQUARE * 1.37)
    assert np.hypot(*(np.roll(ring, -1, 0) - ring).T).max() <= 4
    assert area(ring) == pytest.approx(area(SQUARE * 1.37))
    assert (bounds(ring) == bounds(SQUARE * 1.37)).all()


@given(st.lists(st.tuples(st.floats(-20, 120), st.floats(-20, 80)), min_size=3, max_size=9))
def test_a_clip_never_leaves_its_region_nor_grows(points: list[tuple[float, float]]) -> None:
    ring = np.array(points)
    cut = clipped(ring, (0, 0, 100, 60))
    assert (cut >= -1e-9).all()
    assert (cut <= (100 + 1e-9, 60 + 1e-9)).all()
    whole = clipped(clipped(ring, (-20, -20, 120, 80)), (0, 0, 100, 60))
    assert area(whole) == pytest.approx(area(cut), abs=1e-6)


@given(st.integers(0, 10_000))
def test_covered_pixels_are_those_of_a_half_plane_test(seed: int) -> None:
    angle = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, 7))
    ring = np.stack([20 + 15 * np.cos(angle), 15 + 12 * np.sin(angle)], 1)  # on an ellipse, so convex
    y, x = np.mgrid[0:30, 0:40] + 0.5
    edge = np.roll(ring, -1, 0) - ring
    side = [ex * (y - py) - ey * (x - px) for (ex, ey), (px, py) in zip(edge, ring, strict=True)]
    assert (covered(ring, (40, 30)) == (np.array(side) > 0).all(0)).all()


def test_neighbours_share_no_pixel_and_leave_none_out() -> None:
    left, right = (np.array([[a, 0], [a + 5.5, 0], [a + 5.5, 9], [a, 9]], float) for a in (0, 5.5))
    assert (covered(left, (11, 9)) ^ covered(right, (11, 9))).all()


def test_empty_rings_stay_empty() -> None:
    none = np.zeros((0, 2))
    assert area(none) == 0
    assert not covered(none, (4, 3)).any()
    assert followed(SQUARE + 500, PlaneMap.mirror("camera", (100, 60)))[1] == 0
