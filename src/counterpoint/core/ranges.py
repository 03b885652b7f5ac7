"""Parameters of transforms: one number, or a range from which each draw takes one."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoint.errors import RecipeError

Range = float | tuple[float, float]
"""A number that is always taken, or ``(low, high)`` of a uniform draw."""


def drawn(value: Range, stream: np.random.Generator) -> float:
    """One number of the range; a number is taken as it is, and the stream advances either way."""
    low, high = value if isinstance(value, tuple) else (value, value)
    return float(low + (high - low) * stream.random())


def around(value: Range) -> tuple[float, float]:
    """``0.2`` as (-0.2, 0.2); a range stays as it is."""
    return value if isinstance(value, tuple) else (-abs(value), abs(value))


def checked(step: Any, **limits: tuple[float, float, str]) -> None:
    """Check numbers and ranges of a frozen step in its ``__post_init__``; lists become tuples.

    Args:
        step: the step; every keyword names one of its fields, which may be a number, a tuple of numbers or None.
        limits: lowest and highest value that is allowed, and the unit as text.

    Raises:
        RecipeError: a value is no number, is outside its limits, or a range is the wrong way round.
    """
    for name, (low, high, unit) in limits.items():
        value = getattr(step, name)
        if value is None:
            continue
        many = isinstance(value, (tuple, list))
        numbers = tuple(value) if many else (value,)
        what, must = (
            f"{type(step).__name__}({name}={value!r})",
            f"{name} must lie in {low:g} to {high:g} {unit}".rstrip(),
        )
        if not numbers or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in numbers):
            raise RecipeError(f"{what} is not a number or a (low, high) range: {must}.")
        if not all(low <= v <= high for v in numbers):
            raise RecipeError(f"{what} is out of range: {must}.")
        if many:
            object.__setattr__(step, name, numbers)


def ordered(step: Any, *names: str) -> None:
    """Check that each of these fields is a number or a (low, high) pair with low <= high.

    Raises:
        RecipeError: a range has not two ends, or is the wrong way round.
    """
    for name in names:
        value = getattr(step, name)
        if isinstance(value, tuple) and (len(value) != 2 or value[0] > value[1]):
            raise RecipeError(
                f"{type(step).__name__}({name}={value!r}) is no range: give one number, "
                "or (low, high) with low <= high."
            )
