"""Numbers over time: IMU, steering, ECG, weather, sensors of a machine, visits of a patient.

Times are seconds on the clock of the sample; a missing value is NaN. What a column
means (``core.columns``) decides how it follows the world and the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import WORLD, Rig
from counterpoint.core.serial import dump, load
from counterpoint.errors import UnreadableInputError


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
        np.save(out, np.column_stack([self.times, self.values]), allow_pickle=False)
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

    def _moved(self, move: Move, rig: Rig) -> Self:
        return self
