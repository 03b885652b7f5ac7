"""Timing that can be trusted on a shared machine: rounds in turn, medians, ratios within a round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, what it is compared with, and what was asked of the ratio."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    asked: str = ""
    ok: bool | None = None
    notes: Mapping[str, float | str] = field(default_factory=dict)


def seconds(
    calls: Mapping[str, Callable[[], object]], rounds: int = 9, at_least: float = 0.02
) -> dict[str, list[float]]:
    """Seconds a call of each, one figure a round; the calls take turns so that drift hits all alike."""
    repeats = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        once = max(time.perf_counter() - start, 1e-7)
        repeats[name] = max(1, min(2000, round(at_least / once)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return times


def ratio(times: Mapping[str, list[float]], one: str, other: str) -> float:
    """Median over the rounds of ``one`` / ``other``."""
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))


def median(values: list[float]) -> float:
    return statistics.median(values)
