"""Noise on and gaps in numbers: cells of a record, rows of a series. Missing is None or NaN, never a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.transforms.signals import listed, touched

_Cell = float | int | str | bool | None


@final
@dataclass(frozen=True)
class RecordNoise(Transform):
    """Add normal noise to every number of a record.

    The noise is relative to the number, for headings in rad. Whole numbers stay whole; true, false, categories, texts
    and missing cells stay as they are.

    Attributes:
        sigma: standard deviation as a share of the number.
        parts: names of the parts; all records if empty.
    """

    sigma: Range = 0.05
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, sigma=(0, 10, ""))
        ordered(self, "sigma")
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "cells", {"sigma": drawn(self.sigma, key.stream())})

    @staticmethod
    def render(values: Mapping[str, _Cell], stream: np.random.Generator, **params: Any) -> dict[str, _Cell]:
        kinds, noise = params["kinds"], {n: float(stream.normal()) for n in sorted(values)}
        return {n: _shaken(v, kinds[n], params["sigma"] * noise[n]) for n, v in values.items()}

    @classmethod
    def at(cls, magnitude: float) -> RecordNoise:
        return cls(0.2 * magnitude)


@final
@dataclass(frozen=True)
class MissingCells(Transform):
    """Lose cells of a record, each with the same chance; they become None.

    Attributes:
        share: chance of each cell, 0 to 1.
        parts: names of the parts; all records if empty.
    """

    share: Range = 0.1
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, share=(0, 1, ""))
        ordered(self, "share")
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "cells", {"share": drawn(self.share, key.stream())})

    @staticmethod
    def render(values: Mapping[str, _Cell], stream: np.random.Generator, **params: Any) -> dict[str, _Cell]:
        lost = {n: stream.random() < params["share"] for n in sorted(values)}
        return {n: None if lost[n] else v for n, v in values.items()}

    @classmethod
    def at(cls, magnitude: float) -> MissingCells:
        return cls(0.5 * magnitude)


@final
@dataclass(frozen=True)
class SeriesNoise(Transform):
    """Add normal noise to every row of a series. A column that never changes gets none.

    Attributes:
        sigma: standard deviation as a share of the standard deviation of the column.
        parts: names of the parts; all series if empty.

    Source: Um et al., "Data augmentation of wearable sensor data", ICMI 2017, jittering.
    """

    sigma: Range = 0.05
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, sigma=(0, 10, ""))
        ordered(self, "sigma")
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "columns", {"sigma": drawn(self.sigma, key.stream())})

    @staticmethod
    def render(values: NDArray[np.float64], stream: np.random.Generator, **params: Any) -> NDArray[np.float64]:
        return values + params["sigma"] * _spread(values) * stream.normal(size=values.shape)

    @classmethod
    def at(cls, magnitude: float) -> SeriesNoise:
        return cls(0.3 * magnitude)


@final
@dataclass(frozen=True)
class SeriesGaps(Transform):
    """Lose values of a series in bursts, in every column at other times; they become NaN.

    Attributes:
        share: of the values that is lost on average, 0 to 1.
        seconds: mean length of a burst, s; lengths are exponential, at least one row.
        parts: names of the parts; all series if empty.
    """

    share: Range = 0.1
    seconds: float = 0.1
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, share=(0, 1, ""), seconds=(0, 1e9, "s"))
        ordered(self, "share")
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        share = drawn(self.share, key.stream())
        return touched(self, sample, key, "columns", {"share": share, "seconds": self.seconds})

    @staticmethod
    def render(values: NDArray[np.float64], stream: np.random.Generator, **params: Any) -> NDArray[np.float64]:
        out, times = values.copy(), params["times"]
        for column in range(values.shape[1]):
            left = round(params["share"] * len(times))
            while left > 0:
                start = int(stream.integers(len(times)))
                end = max(int(np.searchsorted(times, times[start] + stream.exponential(params["seconds"]))), start + 1)
                known = start + np.flatnonzero(np.isfinite(out[start:end, column]))[:left]
                out[known, column] = np.nan
                left -= max(len(known), 1)
        return out

    @classmethod
    def at(cls, magnitude: float) -> SeriesGaps:
        return cls(0.5 * magnitude)


def _shaken(value: _Cell, kind: str, noise: float) -> _Cell:
    if value is None or isinstance(value, (str, bool)) or kind in ("category", "text"):
        return value
    moved = value + noise * (1.0 if kind == "angle" else value)
    return round(moved) if isinstance(value, int) else moved


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(D,) standard deviation of what is known of each column; 0 where nothing is known."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0).sum(0) / count
    return np.sqrt((np.where(known, values - mean, 0) ** 2).sum(0) / count)
