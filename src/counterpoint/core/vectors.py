"""Columns of numbers under a map of the world.

Let ``s R`` be the linear part of the map in the frame of the columns, ``s`` its scale
and ``R`` a rotation or reflection. Polar vectors become ``s R v``, axial vectors
``det(R) R v``: a mirror negates the mirrored component of an acceleration and the two
*other* components of an angular rate. Angles and lateral numbers change sign under a
mirror; a yaw is added to angles. Numbers in units of length grow by ``s``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.rig import Rig
from counterpoint.core.world import Matrix, WorldMap, reflection

_LENGTH = re.compile(r"[kcm]?m(/|\s|$)")
_EXACT = 1e-9


@final
@dataclass(frozen=True, eq=False)
class VectorMap:
    """What a world map does to the columns of one frame.

    Attributes:
        columns: the D columns.
        linear: 3 x 3, ``s R``.
        lateral: the axis of the frame that points sideways.
    """

    columns: tuple[Column, ...]
    linear: Matrix
    lateral: str

    @classmethod
    def of(cls, columns: Sequence[Column], move: WorldMap, rig: Rig, frame: str) -> VectorMap:
        return cls(tuple(columns), rig.local(move, frame)[:3, :3], rig.frame(frame).lateral)

    @property
    def scale(self) -> float:
        return float(abs(np.linalg.det(self.linear)) ** (1 / 3))

    @property
    def mirrored(self) -> bool:
        return bool(np.linalg.det(self.linear) < 0)

    @property
    def turn(self) -> Matrix:
        """3 x 3 rotation that is left once the mirror across ``lateral`` and the scale are taken out."""
        turn = self.linear / self.scale
        return turn @ reflection(self.lateral) if self.mirrored else turn

    def refuses(self) -> str | None:
        """A reason if a column cannot follow: a component that it needs is not there, or a heading is tilted."""
        for column in self.columns:
            if column.kind in ("polar", "axial"):
                if not column.component:
                    return f"column {column.name!r} is {column.kind} and does not say which component it is"
                row = "xyz".index(column.component)
                others = {c.component for c in self._group(column)}
                for i, axis in enumerate("xyz"):
                    if abs(self.linear[row, i]) > _EXACT and axis not in others:
                        return f"column {column.name!r} needs component {axis} of its vector, which is not there"
            if column.kind == "angle" and abs(self.turn[2, 2] - 1) > _EXACT:
                return f"column {column.name!r} is a heading, and the map tilts the ground"
        return None

    def forward(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values (T, D) after the map; a missing component (NaN) is missing only where it is needed."""
        moved = np.array(values, np.float64)
        for i, column in enumerate(self.columns):
            if column.kind in ("polar", "axial"):
                moved[:, i] = self._component(column, values)
            elif column.kind == "angle":
                yaw = float(np.arctan2(self.turn[1, 0], self.turn[0, 0]))
                moved[:, i] = (-values[:, i] if self.mirrored else values[:, i]) + yaw
            else:
                sign = -1.0 if column.kind == "lateral" and self.mirrored else 1.0
                moved[:, i] *= sign * (self.scale if _LENGTH.match(column.unit) else 1.0)
        return moved + 0.0  # no negative zeros

    def _component(self, column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
        matrix = self.linear / self.scale
        if column.kind == "axial":
            matrix = matrix * (-1 if self.mirrored else 1)
        elif not column.unit or _LENGTH.match(column.unit):
            matrix = self.linear
        row = matrix["xyz".index(column.component)]
        where = {c.component: i for i, c in enumerate(self.columns) if c in self._group(column)}
        terms = [row["xyz".index(c)] * values[:, i] for c, i in where.items() if abs(row["xyz".index(c)]) > _EXACT]
        return np.sum(terms, axis=0)

    def _group(self, column: Column) -> list[Column]:
        return [c for c in self.columns if (c.kind, c.vector) == (column.kind, column.vector)]
