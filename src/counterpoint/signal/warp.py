"""Maps of the plane applied to pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.plane import PlaneMap

Array = NDArray[Any]


def warp(array: Array, move: PlaneMap, nearest: bool = False, fill: float | None = None) -> Array:
    """``array`` ``(H, W[, C])`` after a map of its plane."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    m = move.matrix
    assert m is not None
    flags = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    out = cv2.warpPerspective(
        array.astype(np.uint8) if array.dtype == bool else array,
        np.linalg.inv(half) @ m @ half,
        move.size_out,
        flags=flags,
        borderValue=move.steps[-1].fill if fill is None else [fill] * 4,
    )
    return out.reshape(*out.shape[:2], *array.shape[2:]).astype(array.dtype)


def resized(array: Array, size: tuple[int, int], nearest: bool = False) -> Array:
    """``array`` ``(H, W[, C])`` on a canvas of another size (width, height), edge to edge."""
    if array.shape[1::-1] == size:
        return array
    flags = cv2.INTER_NEAREST_EXACT if nearest else cv2.INTER_LINEAR
    values = array.view(np.uint8) if array.dtype == bool else array
    out = cv2.resize(values, size, interpolation=flags)
    return out.view(array.dtype).reshape(*out.shape[:2], *array.shape[2:])
