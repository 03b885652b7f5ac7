"""Rings in the plane: cut by canvases, carried by maps, measured.

A ring is an open array ``(M, 2)`` of continuous pixel coordinates; the last vertex
joins the first. A ring may be concave; an empty ring has no vertices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.plane import Bend, Homography, PlaneMap

Ring = NDArray[np.float64]

ALIVE = 0.1
"""What is left with less than this share of its area on the canvas is dead."""

SPECK = 1e-6
"""px²; a smaller area is what rounding leaves of none."""


def area(ring: Ring) -> float:
    """Area in px²; never negative."""
    if len(ring) < 3:
        return 0.0
    x, y = (ring - ring[0]).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def bounds(ring: Ring) -> NDArray[np.float64]:
    """``x0, y0, x1, y1`` of a ring that is not empty."""
    return np.concatenate([ring.min(0), ring.max(0)])


def clipped(ring: Ring, region: ArrayLike) -> Ring:
    """The part of a ring inside the rectangle ``x0, y0, x1, y1``.

    A concave ring that falls into pieces keeps them joined by seams of no area along the edge.

    Source: Sutherland and Hodgman, "Reentrant polygon clipping", CACM 17(1), 1974.
    """
    x0, y0, x1, y1 = np.asarray(region, float)
    for normal, offset in (((1.0, 0.0), -x0), ((-1.0, 0.0), x1), ((0.0, 1.0), -y0), ((0.0, -1.0), y1)):
        ring = _kept(ring, ring @ np.array(normal) + offset)
    return ring


def _kept(ring: Ring, height: NDArray[np.float64]) -> Ring:
    """The part of a ring where ``height``, linear along every edge, is not negative."""
    inside = height >= 0
    if inside.all():
        return ring
    after, beyond = np.roll(ring, -1, 0), np.roll(height, -1)
    crossing = inside != np.roll(inside, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = ring + (after - ring) * (height / (height - beyond))[:, None]
    both = np.stack([ring, cut], 1).reshape(-1, 2)
    return both[np.stack([inside, crossing], 1).reshape(-1)]


def followed(ring: Ring, move: PlaneMap) -> tuple[Ring, float]:
    """A ring after every step of a map, cut at every canvas, and the share of its area that is left.

    The share is measured on the first canvas, of what that shows: for affine maps it is the same on the last one,
    and for others a stretched edge counts no more than what it shows. A ring without area has share 1 as long as
    anything of it is left. Bent edges are followed at points at most 4 px apart.
    """
    whole = shown = clipped(ring, (0, 0, *move.size_in))
    for step in move.steps:
        shown = clipped(_carried(shown, step.map), (0, 0, *step.size))
    if not len(shown):
        return shown, 0.0
    full = area(whole)
    bent = any(isinstance(step.map, Bend) for step in move.steps)
    return shown, area(move.backward(dense(shown) if bent else shown)) / full if full > SPECK else 1.0


def _carried(ring: Ring, step: Homography | Bend) -> Ring:
    if not len(ring):
        return ring
    if isinstance(step, Bend):
        return step.forward(dense(ring))
    if not step.affine:
        row = step.array[2] * np.sign(step.array[2, 2] or 1.0)
        height = ring @ row[:2] + row[2]
        ring = _kept(ring, height - 1e-3 * np.abs(height).max())
    return step.forward(ring) if len(ring) else ring


def dense(ring: Ring, gap: float = 4.0) -> Ring:
    """The same ring with vertices at most ``gap`` px apart."""
    edge = np.roll(ring, -1, 0) - ring
    count = np.maximum(np.ceil(np.hypot(*edge.T) / gap), 1).astype(int)
    start = np.repeat(np.cumsum(count) - count, count)
    t = (np.arange(count.sum()) - start) / np.repeat(count, count)
    return np.repeat(ring, count, 0) + t[:, None] * np.repeat(edge, count, 0)


def covered(ring: Ring, size: tuple[int, int]) -> NDArray[np.bool_]:
    """``(height, width)``: which pixels of a canvas ``size`` (width, height) have their centre inside a ring.

    A ring that crosses itself is inside where a ray crosses it an odd number of times; seams without area do not
    count. A centre on an edge belongs to the pixel right of it or below it, so neighbours share no pixel.
    """
    width, height = size
    toggles = np.zeros((height, width + 1), np.int64)
    if len(ring) >= 3:
        (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, 0).T
        rows = np.arange(height) + 0.5
        crossed = (y0[:, None] <= rows) != (y1[:, None] <= rows)
        edge, row = np.nonzero(crossed)
        x = x0[edge] + (rows[row] - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
        np.add.at(toggles, (row, np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)), 1)
    return np.cumsum(toggles, 1)[:, :width] % 2 == 1
