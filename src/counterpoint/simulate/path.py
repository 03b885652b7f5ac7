"""Smooth curves through waypoints: twice differentiable, so that an IMU on them feels no steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate.scene import Waypoint

Array = NDArray[np.float64]


def motion(points: tuple[Waypoint, ...], times: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Position, rotation, velocity, rate, acceleration, angular acceleration at (T,) times; see ``world.Motion``.

    A natural cubic spline runs through the waypoints; before the first and after the last it goes straight on.
    One waypoint stands still, two are a straight line at constant speed.
    """
    knots = np.array([p.time for p in points])
    values = np.array([[*p.position, p.heading] for p in points], float)
    values[:, 3] = np.unwrap(values[:, 3])
    x, v, a = _spline(knots, values, np.asarray(times, float))
    c, s, zero = np.cos(x[:, 3]), np.sin(x[:, 3]), np.zeros(len(x))
    turn = np.stack([np.stack([c, -s, zero], 1), np.stack([s, c, zero], 1), np.stack([zero, zero, zero + 1], 1)], 1)
    up = np.array([0.0, 0, 1])
    return x[:, :3], turn, v[:, :3], v[:, 3:] * up, a[:, :3], a[:, 3:] * up


def _spline(knots: Array, values: Array, t: Array) -> tuple[Array, Array, Array]:
    """Natural cubic spline and its first two derivatives, (T, D) each."""
    n = len(knots)
    if n == 1:
        still = np.zeros((len(t), values.shape[1]))
        return still + values[0], still, still
    h = np.diff(knots)[:, None]
    slope = np.diff(values, axis=0) / h
    bend = np.zeros_like(values)
    if n > 2:
        m = np.diag(2 * (h[:-1, 0] + h[1:, 0])) + np.diag(h[1:-1, 0], 1) + np.diag(h[1:-1, 0], -1)
        bend[1:-1] = np.linalg.solve(m, 6 * np.diff(slope, axis=0))
    i = np.clip(np.searchsorted(knots, t, "right") - 1, 0, n - 2)
    inside = np.clip(t, knots[0], knots[-1])
    u, w, g = (inside - knots[i])[:, None], (knots[i + 1] - inside)[:, None], h[i]
    a0, a1, y0, y1 = bend[i], bend[i + 1], values[i], values[i + 1]
    x = (a0 * w**3 + a1 * u**3) / (6 * g) + (y0 / g - a0 * g / 6) * w + (y1 / g - a1 * g / 6) * u
    v = (a1 * u**2 - a0 * w**2) / (2 * g) + (y1 - y0) / g - (a1 - a0) * g / 6
    a = (a0 * w + a1 * u) / g
    out = (t - inside)[:, None]
    return x + v * out, v, np.where(out == 0, a, 0.0)
