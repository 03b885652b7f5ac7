"""Rays of a lens: one a pixel, bent as Brown and Conrady say, in tiles of neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.errors import RecipeError

Array = NDArray[np.float64]
TILE = 16


@final
@dataclass(frozen=True, eq=False)
class Lens:
    """Unit directions of all pixels of a canvas, in the axes of the camera (x right, y down, z forward).

    Rays stand tile by tile, T tiles of ``TILE`` x ``TILE`` pixels; where the canvas ends inside a tile, its edge
    pixels are repeated.

    Attributes:
        size: (width, height), px.
        pixels: (T * TILE^2,) index into the flat canvas of every ray.
        directions: (3, T * TILE^2).
    """

    size: tuple[int, int]
    pixels: NDArray[np.int64]
    directions: Array

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Row of the canvas of every ray."""
        return self.pixels // self.size[0]

    def raster(self, values: NDArray[Any], order: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Values (..., N) of the rays, in their order or in another, as (..., H, W)."""
        width, height = self.size
        where = self.pixels if order is None else self.pixels[order]
        out = np.empty((*values.shape[:-1], height * width), values.dtype)
        for plane, given in zip(out.reshape(-1, height * width), values.reshape(-1, values.shape[-1]), strict=True):
            plane[where] = given
        return out.reshape(*values.shape[:-1], height, width)

    @cached_property
    def windows(self) -> Array:
        """(4, T): what each tile shows of the plane at depth 1: lowest x and y, highest x and y."""
        x, y, z = self.directions.reshape(3, -1, TILE * TILE)
        return np.array([(x / z).min(1), (y / z).min(1), (x / z).max(1), (y / z).max(1)])

    @cached_property
    def axes(self) -> tuple[Array, Array]:
        """Of a cone around each tile: unit axes (T, 3) and half angles (T,) in rad."""
        d = self.directions.reshape(3, -1, TILE * TILE)
        middle = d.mean(2)
        middle /= np.linalg.norm(middle, axis=0)
        widest = np.einsum("it,itk->tk", middle, d).min(1)
        return middle.T.copy(), np.arccos(np.clip(widest, -1, 1)) + 1e-6


@lru_cache(16)
def lens(size: tuple[int, int], k: tuple[float, ...], distortion: tuple[float, ...]) -> Lens:
    """The rays through the centres of all pixels.

    Args:
        size: (width, height), px.
        k: 3 x 3 intrinsics row by row.
        distortion: ``k1, k2, p1, p2, k3``, or empty.

    Raises:
        RecipeError: the distortion folds the picture over before its corners.
    """
    width, height = size
    across, down = -(-width // TILE), -(-height // TILE)
    v, u = np.mgrid[: down * TILE, : across * TILE]
    pixel = np.minimum(v, height - 1) * width + np.minimum(u, width - 1)
    # Inside a tile by quarters of quarters, so that a run of rays is a small square too.
    pixels = pixel.reshape(down, 2, 2, TILE // 4, across, 2, 2, TILE // 4).transpose(0, 4, 1, 5, 2, 6, 3, 7).ravel()
    f = np.reshape(k, (3, 3))
    y = (pixels // width + 0.5 - f[1, 2]) / f[1, 1]
    x = (pixels % width + 0.5 - f[0, 2] - f[0, 1] * y) / f[0, 0]
    if any(distortion):
        x, y = unbent(x, y, distortion)
    long = np.sqrt(x * x + y * y + 1)
    return Lens(size, pixels, np.stack([x / long, y / long, 1 / long]))


def bent(x: Array, y: Array, distortion: tuple[float, ...]) -> tuple[Array, Array]:
    """Where the lens puts what a pinhole would see at (x, y), both at depth 1 (Brown 1966, as OpenCV orders it)."""
    k1, k2, p1, p2, k3 = (*distortion, 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y


def unbent(x: Array, y: Array, distortion: tuple[float, ...]) -> tuple[Array, Array]:
    """The inverse of ``bent``, by fixed-point steps.

    Raises:
        RecipeError: the steps do not settle: the lens folds the picture over.
    """
    a, b = x, y
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(60):
            s, t = bent(a, b, distortion)
            a, b = a + (x - s), b + (y - t)
        s, t = bent(a, b, distortion)
        error = float(np.hypot(s - x, t - y).max())
    if not error < 1e-9:
        raise RecipeError(
            f"distortion={distortion} folds the picture over before its corners (rays miss by {error:.2g} at depth 1). "
            "Take smaller coefficients or a narrower field of view."
        )
    return a, b
