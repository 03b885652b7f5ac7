"""Maps of the shared clock.

Times are seconds on the one clock of a sample, intervals are half-open. A
``TimeMap`` is piecewise linear and strictly increasing, so nothing changes order
and every map has an inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Axis, Move


@final
@dataclass(frozen=True)
class TimeMap(Move):
    """Knots of the old clock go to knots of the new clock; between them it is linear.

    Attributes:
        old: knots on the old clock, s, at least two, strictly increasing.
        new: the same knots on the new clock, s, strictly increasing.
        keep: the interval of the new clock that is kept, or None for all of it.
        pitch: ``kept`` (sound is stretched) or ``follows`` (sound is resampled).
    """

    old: tuple[float, ...]
    new: tuple[float, ...]
    keep: tuple[float, float] | None = None
    pitch: Literal["kept", "follows"] = "kept"
    axis: ClassVar[Axis] = Axis.TIME

    @classmethod
    def affine(
        cls,
        rate: float = 1.0,
        shift: float = 0.0,
        keep: tuple[float, float] | None = None,
        pitch: Literal["kept", "follows"] = "kept",
    ) -> TimeMap:
        """``t -> t / rate + shift``."""
        return cls((0.0, float(rate)), (float(shift), float(shift) + 1.0), keep, pitch)

    def forward(self, times: ArrayLike) -> NDArray[np.float64]:
        return _piecewise(times, self.old, self.new)

    def backward(self, times: ArrayLike) -> NDArray[np.float64]:
        return _piecewise(times, self.new, self.old)

    def rate(self, times: ArrayLike) -> NDArray[np.float64]:
        """d old / d new at times of the *old* clock: 1.25 plays 1.25 x faster."""
        old, new = np.asarray(self.old), np.asarray(self.new)
        cell = np.clip(np.searchsorted(old, np.asarray(times, float), "right") - 1, 0, len(old) - 2)
        return (np.diff(old) / np.diff(new))[cell]

    @property
    def rates(self) -> tuple[float, ...]:
        return tuple((np.diff(self.old) / np.diff(self.new)).tolist())

    @property
    def rigid(self) -> bool:
        """Whether it only shifts and crops."""
        return bool(np.allclose(self.rates, 1.0, rtol=0, atol=1e-12))

    def span(self, start: float, end: float) -> tuple[float, float]:
        """What an old interval becomes, cut to ``keep``; empty intervals have ``end <= start``."""
        a, b = self.forward([start, end]).tolist()
        return (max(a, self.keep[0]), min(b, self.keep[1])) if self.keep else (a, b)

    def inverse(self) -> TimeMap:
        """The map back. What ``keep`` cut away does not return."""
        return TimeMap(self.new, self.old, None, self.pitch)

    def fused(self, later: Move) -> TimeMap | None:
        if not isinstance(later, TimeMap):
            return None
        if not (self.rigid or later.rigid or self.pitch == later.pitch):
            return None
        if self.keep and self.keep[1] <= self.keep[0]:
            return None
        knots = np.unique(np.concatenate([self.old, self.backward(later.old)]))
        knots = knots[np.concatenate([[True], np.diff(knots) > 1e-9])]
        new = later.forward(self.forward(knots))
        bends = np.abs(np.diff(np.diff(new) / np.diff(knots))) > 1e-12
        needed = np.concatenate([[True], bends, [True]])
        knots, new = knots[needed], new[needed]
        keep = later.span(*self.keep) if self.keep else later.keep
        return TimeMap(tuple(knots.tolist()), tuple(new.tolist()), keep, later.pitch if self.rigid else self.pitch)


@final
@dataclass(frozen=True)
class TimeMask(Move):
    """The interval [start, end) of the clock is lost to every signal; what is *known* of it stays."""

    start: float
    end: float
    axis: ClassVar[Axis] = Axis.TIME


def _piecewise(x: ArrayLike, xs: tuple[float, ...], ys: tuple[float, ...]) -> NDArray[np.float64]:
    """Linear interpolation that continues with the slope of the first and the last piece."""
    x, a, b = np.asarray(x, float), np.asarray(xs), np.asarray(ys)
    cell = np.clip(np.searchsorted(a, x, "right") - 1, 0, len(a) - 2)
    return b[cell] + (x - a[cell]) * (np.diff(b) / np.diff(a))[cell]
