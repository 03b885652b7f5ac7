"""What a column of numbers means, so that it can follow a change of world or clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from counterpoint.core.serial import Recorded


@final
@dataclass(frozen=True)
class Column(Recorded):
    """One column of a series or one cell of a record.

    Attributes:
        name: unique in its part.
        unit: as text, e.g. ``m/s^2``.
        kind: ``scalar`` (no direction), ``angle`` (heading about the up axis, rad), ``polar`` (component of a velocity,
            acceleration, force), ``axial`` (component of an angular rate, magnetic field, torque), ``lateral`` (signed
            towards one side: steering, lane offset, yaw rate), ``category`` or ``text``.
        vector: name of the group of three that form one vector, for polar and axial columns.
        component: ``x``, ``y`` or ``z`` in that group.
        order: order of the time derivative: 1 for velocities and rates, 2 for accelerations. Under a tempo ``r`` the
            values grow by ``r ** order``.
    """

    name: str
    unit: str = ""
    kind: Literal["scalar", "angle", "polar", "axial", "lateral", "category", "text"] = "scalar"
    vector: str = ""
    component: Literal["", "x", "y", "z"] = ""
    order: int = 0
