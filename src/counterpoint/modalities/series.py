"""Numbers over time: IMU, steering, ECG, weather, sensors of a machine, visits of a patient.

Times are seconds on the clock of the sample; a missing value is NaN. What a column
means (``core.columns``) decides how it follows the world and the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides, swapped_name
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import WORLD, Rig
from counterpoint.core.serial import dump, load
from counterpoint.core.vectors import VectorMap
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError, UnreadableInputError

_SAME = 1e-9


@final
@dataclass(frozen=True, eq=False)
class Series(Modality):
    """Rows of numbers, each at its time.

    Attributes:
        times: (T,) float64, s, not decreasing.
        values: (T, D) float64; NaN = missing.
        columns: D columns with unit, kind and order of the time derivative.
        rate: rows a second if the rows are evenly spaced, else None.
        frame: the frame of the rig in which vectors are given.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    columns: tuple[Column, ...]
    rate: float | None = None
    frame: str = WORLD
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME, Axis.WORLD, Axis.MEANING, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (WorldMap, TimeMap, TimeMask, Sides, Blend, Splice)
    signals: ClassVar[frozenset[str]] = frozenset({"columns"})

    def __post_init__(self) -> None:
        times = np.asarray(self.times, np.float64).reshape(-1)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "values", np.asarray(self.values, np.float64).reshape(len(times), len(self.columns)))

    def span(self) -> tuple[float, float] | None:
        if not len(self.times):
            return None
        return float(self.times[0]), float(self.times[-1]) + (1 / self.rate if self.rate else 0.0)

    def check(self) -> None:
        names = [c.name for c in self.columns]
        if len(set(names)) < len(names):
            raise self.invalid(f"two columns have the same name in {names}")
        steps = np.diff(self.times)
        bad = ~np.isfinite(self.times) | np.concatenate([[False], steps < 0])
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise self.invalid(f"row {i} is at {self.times[i]} s, after {self.times[max(i - 1, 0)]} s")
        if self.rate is not None and not (self.rate > 0 and np.isfinite(self.rate)):
            raise self.invalid(f"rate is {self.rate}; it must be above 0, or None for uneven rows")

    def encode(self) -> Encoded:
        out = BytesIO()
        table = np.ascontiguousarray(np.column_stack([self.times, self.values]))  # one layout, so one set of bytes
        np.save(out, table, allow_pickle=False)
        return Encoded(
            Blob("npy", out.getvalue()), {"columns": dump(self.columns), "rate": self.rate, "frame": self.frame}
        )

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        try:
            table = np.load(BytesIO(encoded.blob.read()), allow_pickle=False)
        except (ValueError, EOFError) as e:
            raise UnreadableInputError(f"{encoded.blob.label or 'a series'}: not a table of numbers ({e}).") from e
        return cls(table[:, 0], table[:, 1:], **load(dict(encoded.facts)))

    def preview(self) -> Preview:
        named = {c.name: self.values[:, i].tolist() for i, c in enumerate(self.columns)}
        return Preview("chart", {"t": self.times.tolist(), **named})

    def concerns(self, move: Move) -> bool:
        return not isinstance(move, ColourShift) and super().concerns(move)

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, WorldMap):
            return VectorMap.of(self.columns, move, rig, self.frame).refuses()
        if isinstance(move, Splice) and (reason := move.misses(Axis.TIME)):
            return reason
        if (
            isinstance(move, TimeMap)
            and move.keep is not None
            and len(self.times)
            and not len(self._on_clock(move).times)
        ):
            return f"none of its {len(self.times)} rows lies in the part of the clock that is kept"
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Self:
        if isinstance(move, WorldMap):
            return replace(self, values=VectorMap.of(self.columns, move, rig, self.frame).forward(self.values))
        if isinstance(move, TimeMap):
            return self._on_clock(move)
        if isinstance(move, TimeMask):
            lost = (move.start <= self.times) & (self.times < move.end)
            return replace(self, values=np.where(lost[:, None], np.nan, self.values))
        if isinstance(move, Sides):
            return self._across(rig)
        if isinstance(move, Appearance):
            kinds = tuple(c.kind for c in self.columns)
            return replace(self, values=move.render(self.values.copy(), times=self.times, kinds=kinds))
        return self

    def _on_clock(self, move: TimeMap) -> Self:
        """Rows at their new times; rates of change grow with the local pace.

        Even rows under an uneven pace are interpolated linearly onto their own rate, so that they stay even.
        """
        orders = np.array([c.order for c in self.columns])
        values = self.values * move.rate(self.times)[:, None] ** orders
        span = self.span()
        if self.rate is None or move.rigid or span is None:
            times = move.forward(self.times)
        else:
            start, end = move.forward(span).tolist()
            times = start + np.arange(max(round((end - start) * self.rate), 1)) / self.rate
            values = self._interpolated(values, move.backward(times))
        if move.keep is not None:
            kept = (times >= move.keep[0] - _SAME) & (times < move.keep[1] - _SAME)
            times, values = times[kept], values[kept]
        return replace(self, times=times, values=values)

    def _interpolated(self, values: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at other times of this clock: linear between rows, held before the first and after the last.

        Angles take the short way round. Between a value and a missing one the value is missing.
        """
        if len(self.times) < 2:
            return np.repeat(values, len(at), axis=0)
        at = np.clip(at, self.times[0], self.times[-1])
        i = np.clip(np.searchsorted(self.times, at, "right") - 1, 0, len(self.times) - 2)
        gap = self.times[i + 1] - self.times[i]
        share = np.where(gap > 0, (at - self.times[i]) / np.where(gap > 0, gap, 1), 0)[:, None]
        share = np.where(share < _SAME, 0.0, np.where(share > 1 - _SAME, 1.0, share))
        before, after = values[i], values[i + 1]
        step = after - before
        for d, column in enumerate(self.columns):
            if column.kind == "angle":
                step[:, d] = (step[:, d] + np.pi) % (2 * np.pi) - np.pi
        return np.where(share == 0, before, np.where(share == 1, after, before + share * step))

    def _across(self, rig: Rig) -> Self:
        """Columns such as ``left_wheel`` and ``right_wheel`` change their names; pairs keep their places."""
        names = [c.name for c in self.columns]
        new = [swapped_name(n) for n in names]
        order = [names.index(n) if n in names else i for i, n in enumerate(new)]
        columns = tuple(replace(self.columns[j], name=names[i] if j != i else new[i]) for i, j in enumerate(order))
        return replace(self, values=self.values[:, order], columns=columns, frame=rig.across(self.frame))

    def mismatch(self, other: Self) -> str | None:
        mine, theirs = ([(c.name, c.unit) for c in part.columns] for part in (self, other))
        return None if mine == theirs else f"the columns of the two series differ: {mine} and {theirs}"

    def blend(self, other: Self, weight: float) -> Self:
        """The weighted sum, row by row at the times of self; missing where one of both is missing or has no clock.

        Raises:
            AlignmentError: the columns differ.
        """
        self._match(other)
        theirs = self._theirs(other)
        values = weight * self.values + (1 - weight) * theirs
        for d, column in enumerate(self.columns):
            if column.kind == "angle":
                step = (theirs[:, d] - self.values[:, d] + np.pi) % (2 * np.pi) - np.pi
                values[:, d] = self.values[:, d] + (1 - weight) * step
        return replace(self, values=values)

    def splice(self, other: Self, move: Splice) -> Self:
        """The rows in ``move.window`` (shares of the clock of self) are those of the other at the same times.

        Raises:
            AlignmentError: the columns differ.
        """
        self._match(other)
        start, end = self.span() or (0.0, 0.0)
        a, b = (start + (end - start) * share for share in move.window or (0.0, 0.0))
        inside = (a <= self.times) & (self.times < b)
        values = self.values.copy()
        values[inside] = self._theirs(other)[inside]
        return replace(self, values=values)

    def _theirs(self, other: Self) -> NDArray[np.float64]:
        """The values of another series at the times of self; missing where it has no clock."""
        if not len(other.times):
            return np.full_like(self.values, np.nan)
        theirs = other._interpolated(other.values, self.times)
        start, end = other.span() or (0.0, 0.0)
        theirs[(self.times < start - _SAME) | (self.times > end + _SAME)] = np.nan
        return theirs

    def _match(self, other: Self) -> None:
        if why := self.mismatch(other):
            raise AlignmentError(f"{why}. Mix series of one kind, or name the parts that shall be mixed.")
