"""Procedural textures: how bright a shape is at a point in its own axes, relative to its colour.

Patterns are given in the axes of the shape (a mirrored scene hands mirrored ones), so they turn, shift and mirror
with it. Where a period is smaller than what a pixel covers, a pattern fades to its mean instead of glittering.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.errors import UnknownNameError
from counterpoint.simulate.scene import Geom
from counterpoint.simulate.trace import Triple

TEXTURES = ("plain", "checker", "stripes", "noise", "windows")
_WINDOW, _STOREY = 2.6, 3.1  # m from window to window, and from storey to storey
# So that no face of a shape lies on a border of its own pattern, where rounding would choose the colour.
PHASE = 0.1371


def shade(geom: Geom, p: Triple, footprint: NDArray[np.float32]) -> NDArray[np.float32] | float:
    """Factor (N,) on the colour of a shape.

    Args:
        geom: the shape; a plane has its period in ``size[2]``, others repeat about twice along their longest side;
            windows have their own measure, from the foot of the shape.
        p: x, y, z (N,) m in the axes of the shape.
        footprint: (N,) m that a pixel covers there.

    Raises:
        UnknownNameError: there is no such texture.
    """
    if geom.texture == "plain":
        return 1.0
    if geom.texture not in TEXTURES:
        raise UnknownNameError("texture", geom.texture, TEXTURES)
    if geom.texture == "windows":
        return _windows(geom, p, footprint)
    period = geom.size[2] if geom.shape == "plane" else _longest(geom)
    period = period if period > 0 else 1.0
    if geom.texture == "noise":
        return _noise(geom, p, footprint, period)
    used = p[:1] if geom.texture == "stripes" else p[:2] if geom.shape == "plane" else p
    odd = _cell(used[0], period)
    for v in used[1:]:
        odd = odd ^ _cell(v, period)
    sharp = np.clip(np.float32(1.6) - np.float32(2.2 / period) * footprint, 0, 1)
    return np.float32(0.8) + sharp * (np.float32(0.2) - np.float32(0.4) * (odd & 1).astype(np.float32))


def _cell(v: NDArray[np.float64], period: float) -> NDArray[np.int32]:
    """Number of the cell that coordinates lie in; beyond half a million cells, where all has faded, just any."""
    return np.clip(v * (1 / period) + (PHASE + (1 << 19)), 0, 1 << 20).astype(np.int32)


def _windows(geom: Geom, p: Triple, footprint: NDArray[np.float32]) -> NDArray[np.float32]:
    """Dark panes in rows, on the sides of a box."""
    across = np.abs(np.mod((p[0] + p[1]) / _WINDOW + PHASE, 1) - 0.5) < 0.22
    height = np.mod((p[2] + geom.size[2]) / _STOREY, 1)
    pane = (across & (np.abs(height - 0.58) < 0.24)).astype(np.float32)
    sharp = np.clip(1.6 - 1.6 / _WINDOW * footprint, 0, 1).astype(np.float32)
    mean = np.float32(0.44 * 0.48)
    return 1 - np.float32(0.72) * (mean + (pane - mean) * sharp)


def _longest(geom: Geom) -> float:
    a, b, c = geom.size
    return {"sphere": a, "cylinder": max(a, b), "capsule": a + b}.get(geom.shape, max(a, b, c))


def _noise(geom: Geom, p: Triple, footprint: NDArray[np.float32], period: float) -> NDArray[np.float32]:
    """Irregular: grain along x for wood, grit for asphalt, blots for the rest."""
    # One shear for all shapes: on every face of a box the pattern runs along both edges.
    u, v = (p[0], p[1]) if geom.shape == "plane" else (p[0] + 0.61 * p[2], p[1] + 0.37 * p[2])
    along, octaves = _GRAIN.get(geom.material, (1.0, ((4.0, 0.3), (0.6, 0.2))))
    out = np.full(len(u), np.float32(0.85))
    table = _table()
    size = len(table)
    for bumps, weight in octaves:
        scale = 8 * bumps / period
        sharp = np.clip(np.float32(1.6) - footprint * np.float32(2 * bumps / period), 0, 1) * np.float32(weight)
        if sharp.any():
            x, y = _wrapped(u * (scale * along) + 0.3, size), _wrapped(v * scale + 0.7, size)
            out += _looked_up(table, x, y) * sharp
    return out


_GRAIN = {
    "wood": (0.07, ((40.0, 0.22), (9.0, 0.28))),
    "asphalt": (1.0, ((24.0, 0.3), (5.0, 0.12), (0.3, 0.12))),
}
"""By material: how much longer bumps are along x (as a factor on x), and (bumps a period, weight) of each octave."""


def _wrapped(x: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """``x`` modulo a power of two, several times faster than ``np.mod``."""
    return (x - np.floor(x * (1 / size)) * size).astype(np.float32)


def _looked_up(table: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    # ``remap`` takes at most 32767 rows or columns.
    width = 256
    rows = -(-len(x) // width)
    maps = []
    for v in (x, y):
        padded = np.zeros(rows * width, np.float32)
        padded[: len(v)] = v
        maps.append(padded.reshape(rows, width))
    return cv2.remap(table, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).ravel()[: len(x)]


@cache
def _table() -> NDArray[np.float32]:
    """Smooth periodic noise (256, 256) in -0.5 to 0.5 with eight samples a bump; the same on every machine."""
    mixed = (np.arange(32 * 32, dtype=np.uint64) * np.uint64(2654435761) ^ np.uint64(0x9E3779B9)) * np.uint64(40503)
    coarse = ((mixed >> np.uint64(7)) & np.uint64(1023)).astype(np.float64).reshape(32, 32) / 1023
    t = np.arange(256) / 8
    i, f = t.astype(int), t % 1
    f = f * f * (3 - 2 * f)
    rows = coarse[i] * (1 - f)[:, None] + coarse[(i + 1) % 32] * f[:, None]
    return (rows[:, i] * (1 - f) + rows[:, (i + 1) % 32] * f - 0.5).astype(np.float32)
