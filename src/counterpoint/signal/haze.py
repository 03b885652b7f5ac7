"""Pictures through air that scatters, and how far away things in them are.

Light falls off as ``exp(-extinction * r)`` along the length ``r`` of the ray, not along depth, and the air adds its own
(Koschmieder). It is mixed as light: pixels are sRGB (IEC 61966-2-1).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.signal.scatter import Drops

_STEPS = 1 << 14
_EXPOSURE = 0.005  # s: how long a falling drop is drawn
_SPEED = {"rain": 6.0, "snow": 1.0}  # m/s, of a drop of 2 mm and a flake
_SEEN = {"rain": 1.0, "snow": 1.5}  # mm; smaller ones are too thin for a line
_MOST = 1500
_CLEAR = 1.0  # m: what falls nearer is out of focus


def dense(pixels: NDArray[np.float64], ranges: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """Ranges (H, W) of every pixel from N points that were projected into a picture.

    Each cell of some pixels takes its nearest point, cells without one that of the next cell that has one, so what
    stands up goes on above the highest beam, and sky is as far as what stands below it. A median takes single points
    away that shine through a near thing.

    Args:
        pixels: (N, 2), continuous.
        ranges: (N,) m.
        size: (width, height).
    """
    width, height = size
    step = max(1, round(max(size) / 320))
    grid = np.full((-(-height // step), -(-width // step)), np.inf, np.float32)
    column, row = (pixels // step).astype(np.int64).T
    inside = (column >= 0) & (row >= 0) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    np.minimum.at(grid, (row[inside], column[inside]), ranges[inside].astype(np.float32))
    grid[~np.isfinite(grid)] = np.nan
    smooth = cv2.medianBlur(filled(grid), 5)
    large = cv2.resize(smooth, (grid.shape[1] * step, grid.shape[0] * step), interpolation=cv2.INTER_LINEAR)
    return large[:height, :width]


def filled(known: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W) with every NaN replaced by the nearest value that is known; there must be one."""
    there = np.isfinite(known)
    if there.all():
        return known
    _, label = cv2.distanceTransformWithLabels(
        (~there).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(int(label.max()) + 1, np.float32)
    values[label[there]] = known[there]
    out: NDArray[np.float32] = values[label]
    return out


def veil(
    pixels: NDArray[Any], ranges: NDArray[np.float32], extinction: float, colour: tuple[float, float, float]
) -> NDArray[Any]:
    """A picture (H, W, C), C = 1 or 3, uint8 or float32 in [0, 1], through fog.

    Args:
        pixels: sRGB.
        ranges: (H, W) m.
        extinction: 1/m.
        colour: of the air, sRGB 0 to 1.
    """
    through = np.exp(np.float32(-extinction) * ranges)[..., None]
    return _written(_light(pixels) * through + _air(colour, pixels.shape[2]) * (1 - through), pixels.dtype)


def streaks(
    pixels: NDArray[Any],
    ranges: NDArray[np.float32],
    drops: Drops,
    kind: str,
    focal: float,
    colour: tuple[float, float, float],
    stream: np.random.Generator,
) -> NDArray[Any]:
    """A picture (H, W, C) with the nearest drops or flakes, each as the line that it falls along in 5 ms.

    Drops are a Poisson process in front of the camera with the sizes of ``drops``; a line covers the share of the time
    that the drop spends at each of its points, and what is nearer than the drop hides it.
    """
    height, width = pixels.shape[:2]
    smallest, fall = _SEEN[kind], _SPEED[kind] * _EXPOSURE
    density = drops.number / drops.slope * float(np.exp(-drops.slope * smallest))
    solid = width * height / focal**2
    far = min(8.0, float(np.cbrt(3 * _MOST / (density * solid))))
    count = int(stream.poisson(density * solid * far**3 / 3))
    away = np.maximum(far * np.cbrt(stream.random(count)), _CLEAR)
    x, y = stream.random(count) * width, stream.random(count) * height
    size = (smallest + stream.standard_exponential(count) / drops.slope) / 1000
    thick = size * focal / away
    share = np.minimum(size / (size + fall), 1.0) * np.minimum(thick, 1.0)
    mask = np.zeros((height, width), np.float32)
    seen = away < ranges[np.minimum(y.astype(int), height - 1), np.minimum(x.astype(int), width - 1)]
    lean = 0.05 * fall * focal / away
    for i in np.argsort(share):
        if seen[i]:
            end = (round(x[i] + lean[i]), round(y[i] + fall * focal / away[i]))
            cv2.line(mask, (round(x[i]), round(y[i])), end, float(share[i]), max(1, round(thick[i])), cv2.LINE_AA)
    light, air = _light(pixels), _air(colour, pixels.shape[2])
    return _written(light + (air - light) * mask[..., None], pixels.dtype)


def _light(pixels: NDArray[Any]) -> NDArray[np.float32]:
    if pixels.dtype == np.uint8:
        return _decoding()[pixels]
    return _linear(pixels.astype(np.float32)).astype(np.float32)


def _written(light: NDArray[np.float32], kind: Any) -> NDArray[Any]:
    level = np.clip(light, 0, 1)
    if kind == np.uint8:
        return _encoding()[(level * np.float32(_STEPS - 1) + np.float32(0.5)).astype(np.uint16)]
    return np.where(level <= 0.0031308, 12.92 * level, 1.055 * level ** np.float32(1 / 2.4) - 0.055).astype(np.float32)


def _air(colour: tuple[float, float, float], channels: int) -> NDArray[np.float32]:
    light = _linear(np.array(colour, np.float32))
    return light.astype(np.float32) if channels == 3 else np.array([light @ (0.2126, 0.7152, 0.0722)], np.float32)


def _linear(c: NDArray[Any]) -> NDArray[np.float32]:
    out: NDArray[np.float32] = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return out


@cache
def _decoding() -> NDArray[np.float32]:
    return _linear(np.arange(256, dtype=np.float32) / 255).astype(np.float32)


@cache
def _encoding() -> NDArray[np.uint8]:
    x = np.arange(_STEPS) / (_STEPS - 1)
    y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.rint(255 * y).astype(np.uint8)
