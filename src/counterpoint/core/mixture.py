"""Moves that bring in a second sample, and the move that takes a part away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from counterpoint.core.axes import Axis, Move


@final
@dataclass(frozen=True)
class Blend(Move):
    """``weight`` x this sample + ``(1 - weight)`` x the sample called ``partner``.

    Only ``parts`` take part (all with a partner of the same name and modality if empty).
    """

    partner: str
    weight: float
    parts: tuple[str, ...] = ()
    axis: ClassVar[Axis] = Axis.MEANING


@final
@dataclass(frozen=True)
class Splice(Move):
    """One window comes from the sample called ``partner``.

    ``region`` is (x0, y0, x1, y1) in shares of the canvas, ``window`` (start, end)
    in shares of the clock; ``share`` is the true part of the whole that was replaced.
    """

    partner: str
    share: float
    region: tuple[float, float, float, float] | None = None
    window: tuple[float, float] | None = None
    parts: tuple[str, ...] = ()
    axis: ClassVar[Axis] = Axis.MEANING

    def misses(self, axis: Axis) -> str | None:
        """Why a part of which this axis is the only one that can be cut has no piece to replace; None if it has."""
        if axis is Axis.PLANE and self.region is None:
            return "it holds for the whole clock, so no window of the clock can replace a piece of it"
        if axis is Axis.TIME and self.window is None:
            return "it has no place in a picture, so no region of a picture can replace a piece of it"
        return None

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """``region`` in whole pixels of a canvas (width, height), the same for everything on it; empty without one."""
        x0, y0, x1, y1 = self.region or (0.0, 0.0, 0.0, 0.0)
        w, h = size
        return round(x0 * w), round(y0 * h), round(x1 * w), round(y1 * h)


@final
@dataclass(frozen=True)
class Removal(Move):
    """These parts become absent."""

    parts: tuple[str, ...]
    axis: ClassVar[Axis] = Axis.MEANING
