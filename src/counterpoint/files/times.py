"""Columns of time: which one it is, and its values in seconds.

Names decide (``time``, ``timestamp``, ``date`` …); a unit in the name or in brackets
scales the values (``t_ms``, ``obstime [month]``, ``year``), anything else is seconds.
Texts must be ISO 8601 dates or ``hh:mm``; dates without a zone count as UTC. Dates
like 3/4/2020 are not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.files.columns import with_unit

CLOCK = frozenset({"time", "t", "timestamp", "datetime", "date", "date_time", "ts", "seconds", "time_s", "unix_time"})
VISITS = frozenset(
    {"obstime", "year", "month", "week", "day", "hour", "minute", "visit", "visit_time", "step", "cycle"}
)
IDS = frozenset(
    {"id", "patient", "subject", "entity", "unique_id", "series", "recordid", "machine", "unit_number", "udi"}
)
SECONDS = {
    "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0,
    "hour": 3600.0, "d": 86400.0, "day": 86400.0, "week": 604800.0, "month": 2629800.0,
    "year": 31557600.0, "y": 31557600.0,
}  # fmt: skip


def unit_of(column: str, said: str = "") -> str:
    """Unit of a column of times: what is said, what stands in brackets, or what the name ends in; else ``s``."""
    name, unit = with_unit(column)
    tail = re.split(r"[_ ]", name.lower())[-1]
    for word in (said, unit, tail):
        plain = word.lower()
        plain = plain.removesuffix("s") if len(plain) > 2 else plain
        if plain in SECONDS:
            return plain
    return "s"


def looks_like(column: str, names: frozenset[str]) -> bool:
    """Whether a column is called so, with or without a unit at the end."""
    name = with_unit(column)[0].lower().strip().replace(" ", "_")
    return name in names or re.sub(r"_(ns|us|ms|s|sec|min|h|days?|hours?|months?|years?)$", "", name) in names


def seconds_of(values: Sequence[Any], unit: str) -> NDArray[np.float64] | None:
    """Times in s, NaN where missing; None if these are no times. Dates are s since 1970."""
    out = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        at = _seconds(value, SECONDS[unit])
        if at is None and value is not None:
            return None
        out[i] = np.nan if at is None else at
    return out


def is_date(values: Sequence[Any]) -> bool:
    """Whether times are given as dates, so that their zero means nothing."""
    first = next((v for v in values if v is not None), None)
    return isinstance(first, datetime) or (isinstance(first, str) and "-" in first)


def _seconds(value: Any, unit: float) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) * unit
    if isinstance(value, str):
        short = re.fullmatch(r"(\d{1,3}):(\d\d)(?::(\d\d(?:\.\d+)?))?", value)
        if short:
            return int(short[1]) * 3600 + int(short[2]) * 60 + float(short[3] or 0)
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return None


def rate_of(times: NDArray[np.float64]) -> float | None:
    """Rows a second if the rows are even to one part in a million, else None."""
    steps = np.diff(times)
    if len(steps) == 0 or steps.min() <= 0:
        return None
    step = float((times[-1] - times[0]) / len(steps))
    return 1 / step if float(np.abs(steps - step).max()) <= 1e-6 * step else None
