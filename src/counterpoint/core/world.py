"""Maps of the reference frame: metres, right-handed.

A ``WorldMap`` is a similarity: rotation or reflection, one scale, a translation.
Parts that are given in the reference frame move by it. The frame of a sensor
keeps a proper pose: its own coordinates change only by the scale and, under a
mirror, by a reflection across its own lateral axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Axis, Move

Matrix = NDArray[np.float64]


@final
@dataclass(frozen=True)
class WorldMap(Move):
    """``p -> A p``; ``matrix`` is the 4 x 4 ``A`` row by row, new from old."""

    matrix: tuple[float, ...]
    axis: ClassVar[Axis] = Axis.WORLD

    @classmethod
    def of(cls, matrix: ArrayLike) -> WorldMap:
        return cls(tuple(float(v) for v in np.asarray(matrix, float).reshape(16)))

    @classmethod
    def similarity(cls, linear: ArrayLike, shift: ArrayLike = (0.0, 0.0, 0.0)) -> WorldMap:
        a = np.eye(4)
        a[:3, :3], a[:3, 3] = linear, shift
        return cls.of(a)

    @classmethod
    def mirror(cls, axis: str = "y") -> WorldMap:
        """Reflection across the plane through the origin that is normal to ``axis``."""
        return cls.similarity(reflection(axis))

    @cached_property
    def array(self) -> Matrix:
        return np.asarray(self.matrix, float).reshape(4, 4)

    @property
    def scale(self) -> float:
        return float(abs(np.linalg.det(self.array[:3, :3])) ** (1 / 3))

    @property
    def mirrored(self) -> bool:
        return bool(np.linalg.det(self.array[:3, :3]) < 0)

    def forward(self, points: ArrayLike) -> Matrix:
        return carried(points, self.array)

    def inverse(self) -> WorldMap:
        return WorldMap.of(np.linalg.inv(self.array))

    def fused(self, later: Move) -> WorldMap | None:
        return WorldMap.of(later.array @ self.array) if isinstance(later, WorldMap) else None


def carried(points: ArrayLike, matrix: Matrix) -> Matrix:
    """Points ``(..., 3)`` after an affine 4 x 4 (or its first three rows).

    Written out, because for three columns the threads of a BLAS cost ten times the sum, and the order of its sums
    is another on another machine.
    """
    points, matrix = np.asarray(points, float), np.asarray(matrix, float)
    along = np.diagonal(matrix[:3])
    if np.array_equal(matrix[:3], np.eye(3, 4) * along[:, None]):
        return points * along  # keeps the sign of a zero, so that two mirrors give back every byte
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix[:3]], -1)


def reflection(axis: str) -> Matrix:
    """3 x 3 that negates one of ``x``, ``y``, ``z``."""
    return np.diag([-1.0 if name == axis else 1.0 for name in "xyz"])
