"""Extents, gaps and times to collision against shapes that one can work out."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.simulate.footprint import corners, extent, gap, time_to_collision
from counterpoint.simulate.scene import Geom, Thing, heading, rotation


def _rectangle(x: float, y: float, length: float, width: float, angle: float = 0.0) -> np.ndarray:
    thing = Thing("t", "t", (Geom("box", (length / 2, width / 2, 1)),))
    return corners(thing, np.array([[x, y, 0.0]]), rotation(heading(angle))[None])


def test_extent_of_turned_shapes() -> None:
    lying = (0.7071067811865476, 0.7071067811865476, 0.0, 0.0)  # 90 degrees about x: the axis of a cylinder lies in y
    wheel = Geom("cylinder", (0.3, 0.1, 0), position=(1, 0, 0.3), quaternion=lying)
    low, high = extent(Thing("t", "t", (wheel, Geom("sphere", (0.2, 0, 0)), Geom("plane", (9, 9, 1)))))
    assert np.allclose(low, [-0.2, -0.2, -0.2]) and np.allclose(high, [1.3, 0.2, 0.6])


def test_gap_of_rectangles() -> None:
    one = _rectangle(0, 0, 4, 2)
    assert gap(one, _rectangle(5, 0, 4, 2))[0] == pytest.approx(1)
    assert gap(one, _rectangle(7, 5, 4, 2))[0] == pytest.approx(np.hypot(3, 3))
    assert gap(one, _rectangle(1, 0.5, 4, 2, 0.3))[0] == 0
    # A square on its corner, 2 m to the right of the edge: its half diagonal is taken off.
    assert gap(one, _rectangle(4, 0, 1, 1, np.pi / 4))[0] == pytest.approx(2 - np.sqrt(0.5))


def test_time_to_collision_is_the_gap_over_the_closing_speed() -> None:
    one, ahead = _rectangle(0, 0, 4, 2), _rectangle(10, 0, 4, 2)
    assert time_to_collision(one, ahead, np.array([[8.0, 0]]), np.array([[2.0, 0]]))[0] == pytest.approx(1)
    assert time_to_collision(one, ahead, np.array([[2.0, 0]]), np.array([[8.0, 0]]))[0] == np.inf
    beside = _rectangle(10, 2.5, 4, 2)
    assert time_to_collision(one, beside, np.array([[8.0, 0]]), np.array([[0.0, 0]]))[0] == np.inf


@pytest.mark.parametrize("seed", range(20))
def test_time_to_collision_is_when_the_gap_closes(seed: int) -> None:
    """Against a march in small steps; the tolerance is the step."""
    s = np.random.default_rng(seed)
    a, b = (_rectangle(*s.uniform(-8, 8, 2), *s.uniform(1, 4, 2), s.uniform(0, 6)) for _ in range(2))
    va, vb = s.uniform(-5, 5, (2, 1, 2))
    times = np.arange(0, 8, 0.005)
    moved = b + (vb - va)[:, None] * times[:, None, None]
    touching = np.flatnonzero(gap(np.repeat(a, len(times), 0), moved) == 0)
    found = time_to_collision(a, b, va, vb)[0]
    assert found == pytest.approx(times[touching[0]], abs=0.006) if len(touching) else found > 7.99
