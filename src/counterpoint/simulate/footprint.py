"""How much room things take, how far apart they are, and when they would touch.

Extents are boxes in the frame of a thing, m. Footprints are their rectangles on the ground,
(4, 2) corners counter-clockwise. Gap and time to collision are exact for rectangles.
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate.scene import Geom, Thing, rotation

Array = NDArray[np.float64]


def extent(thing: Thing) -> tuple[Array, Array]:
    """Lowest and highest corner (3,) of the shapes of a thing, in its frame; planes take no room."""
    boxes = [_box(g) for g in thing.geoms if g.shape != "plane"]
    if not boxes:
        return np.zeros(3), np.zeros(3)
    return np.min([low for low, _ in boxes], 0), np.max([high for _, high in boxes], 0)


def _box(geom: Geom) -> tuple[Array, Array]:
    turn, size, at = rotation(geom.quaternion), np.array(geom.size), np.array(geom.position)
    along = np.abs(turn[:, 2])
    match geom.shape:
        case "box":
            half = np.abs(turn) @ size
        case "ellipsoid":
            half = np.sqrt((turn * size) ** 2 @ np.ones(3))
        case "cylinder":
            half = along * size[1] + size[0] * np.sqrt(np.maximum(1 - along**2, 0))
        case "capsule":
            half = along * size[1] + size[0]
        case _:
            half = np.full(3, size[0])
    return at - half, at + half


def corners(thing: Thing, position: Array, turn: Array) -> Array:
    """Footprints (T, 4, 2) of an upright thing at positions (T, 3) and rotations (T, 3, 3)."""
    (x0, y0, _), (x1, y1, _) = extent(thing)
    flat = np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]])
    return np.asarray(position[:, None] + np.einsum("tij,kj->tki", turn, flat))[..., :2]


def gap(a: Array, b: Array) -> Array:
    """Distance (T,) m between rectangles (T, 4, 2); 0 where they overlap."""
    apart = np.full(len(a), -inf)
    near = np.full(len(a), inf)
    for one, other in ((a, b), (b, a)):
        edge = np.roll(one, -1, 1) - one
        length = np.linalg.norm(edge, axis=2)
        out = np.stack([edge[..., 1], -edge[..., 0]], 2) / length[..., None]
        # Separation along the outward normal of each edge, and distance of each corner to each edge.
        arm = other[:, None] - one[:, :, None]
        apart = np.maximum(apart, np.einsum("tekx,tex->tek", arm, out).min(2).max(1))
        along = np.clip(np.einsum("tekx,tex->tek", arm, edge) / length[..., None] ** 2, 0, 1)
        near = np.minimum(near, np.linalg.norm(arm - along[..., None] * edge[:, :, None], axis=3).min((1, 2)))
    return np.where(apart <= 0, 0.0, near)


def time_to_collision(a: Array, b: Array, speed_a: Array, speed_b: Array) -> Array:
    """Time (T,) s until rectangles (T, 4, 2) touch if both go on at velocities (T, 2) m/s; inf: never; 0: they touch.

    Moving convex shapes touch while their shadows on every edge normal overlap (separating axes; Ericson,
    "Real-Time Collision Detection", 2005, 5.5.8).
    """
    relative = speed_b - speed_a
    first, last = np.zeros(len(a)), np.full(len(a), inf)
    for one in (a, b):
        for i in (0, 1):
            axis = one[:, i + 1] - one[:, i]
            axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
            pa, pb = np.einsum("tkx,tx->tk", a, axis), np.einsum("tkx,tx->tk", b, axis)
            v = np.einsum("tx,tx->t", relative, axis)
            # b's shadow overlaps a's while low <= v t <= high.
            low, high = pa.min(1) - pb.max(1), pa.max(1) - pb.min(1)
            with np.errstate(divide="ignore", invalid="ignore"):
                t0, t1 = np.where(v > 0, low / v, high / v), np.where(v > 0, high / v, low / v)
            inside = (low <= 0) & (high >= 0)
            still = np.abs(v) < 1e-12
            first = np.maximum(first, np.where(still, np.where(inside, -inf, inf), t0))
            last = np.minimum(last, np.where(still, np.where(inside, inf, -inf), t1))
    return np.where(first <= last, first, inf)
