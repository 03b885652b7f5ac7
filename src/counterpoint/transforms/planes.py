"""What every change of a camera's plane shares: which planes move, and the change made of one map for each.

A plane transform draws once, in shares of the canvas, and applies the same shares
to every plane of the sample in pixels of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.contracts import Change
from counterpoint.core.plane import PlaneMap
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, UnknownNameError

Size = tuple[int, int]
Matrix = NDArray[np.float64]


def chosen(sample: Sample, names: tuple[str, ...]) -> dict[str, Size]:
    """Canvases (width, height) of the named planes, or of all planes of the sample.

    Raises:
        UnknownNameError: the sample has no plane of that name.
    """
    planes = sample.planes()
    for name in names:
        if name not in planes:
            raise UnknownNameError(f"plane of sample {sample.key!r}", name, planes)
    return {n: planes[n] for n in names} if names else planes


def moved(step: Any, sample: Sample, one: Callable[[str, Size], PlaneMap]) -> Change | None:
    """The change that moves every chosen plane by ``one(name, canvas)``; None where there is no plane."""
    planes = chosen(sample, step.planes)
    if not planes:
        return None
    return Change(type(step).__name__, tuple(one(name, size) for name, size in planes.items()))


def shifted(x: float, y: float) -> Matrix:
    """3 x 3 that moves the origin to (x, y)."""
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def about(linear: Matrix, size: Size, to: tuple[float, float] | None = None) -> Matrix:
    """3 x 3 that applies a 2 x 2 about the middle of the canvas, and moves the middle to ``to``."""
    middle = np.array(size) / 2
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = (middle if to is None else np.asarray(to, float)) - linear @ middle
    return out


def colour(step: Any) -> tuple[int, int, int]:
    """The ``fill`` of a step, a grey level or RGB, as RGB; lists become tuples."""
    fill = step.fill
    rgb = (fill,) * 3 if isinstance(fill, int) else tuple(fill)
    if len(rgb) != 3 or not all(isinstance(v, int) and 0 <= v <= 255 for v in rgb):
        raise RecipeError(
            f"{type(step).__name__}(fill={fill!r}): give one grey level or (red, green, blue), "
            "whole numbers from 0 to 255."
        )
    return (rgb[0], rgb[1], rgb[2])


def whole(step: Any, name: str, low: int = 1) -> None:
    """Check that a field is a (width, height) in whole pixels; lists become tuples."""
    value = getattr(step, name)
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(pair) != 2 or any(isinstance(v, bool) or not isinstance(v, int) or not low <= v <= 65535 for v in pair):
        raise RecipeError(
            f"{type(step).__name__}({name}={value!r}): give (width, height) in whole pixels, {low} to 65535."
        )
    object.__setattr__(step, name, pair)


def named(step: Any) -> None:
    """Let ``planes`` be one name or a list of names."""
    planes = (step.planes,) if isinstance(step.planes, str) else tuple(step.planes)
    object.__setattr__(step, "planes", planes)
