"""The axes that parts share, and the base of every move along one."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from counterpoint.core.serial import Recorded


class Axis(StrEnum):
    """What the parts of a sample may have in common."""

    TIME = "time"
    PLANE = "plane"
    WORLD = "world"
    ENVIRONMENT = "environment"
    MEANING = "meaning"
    APPEARANCE = "appearance"


class Move(Recorded):
    """A drawn, frozen, JSON-serialisable map along one axis.

    Subclasses are frozen dataclasses whose fields are numbers, strings,
    booleans, tuples of those, or other ``Recorded`` values.
    """

    axis: ClassVar[Axis]

    def fused(self, later: Move) -> Move | None:
        """One move that equals this one and then ``later``, or None if there is none."""
        return None
