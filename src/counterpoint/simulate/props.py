"""Simple things for layouts: shape x size x material x colour, each with the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate.scene import MATERIALS, Geom, Thing, Vector

Form = Literal["cube", "ball", "cylinder"]
FORMS: tuple[str, ...] = get_args(Form)
SIZES = {"small": 0.035, "large": 0.07}
"""Half of the height, m."""
COLOURS: dict[str, Vector] = {
    "gray": (0.34, 0.34, 0.34),
    "red": (0.68, 0.14, 0.14),
    "blue": (0.16, 0.29, 0.84),
    "green": (0.11, 0.41, 0.08),
    "brown": (0.51, 0.29, 0.10),
    "purple": (0.51, 0.15, 0.75),
    "cyan": (0.16, 0.82, 0.82),
    "yellow": (1.0, 0.93, 0.2),
}
"""The eight colours of CLEVR (Johnson et al. 2017), RGB 0 to 1."""

T = TypeVar("T")


def prop(name: str, form: str, size: str, material: str, colour: str, **state: Any) -> Thing:
    """One simple thing; ``state`` is where and how it moves, as fields of ``Thing``.

    Its frame lies in its centre, ``SIZES[size]`` above what it stands on.
    """
    half = SIZES[size]
    shape = {"cube": "box", "ball": "sphere", "cylinder": "cylinder"}[form]
    geom = Geom(shape, (half, half, half), material, COLOURS[colour])  # type: ignore[arg-type]  # a shape by its name
    words = (("size", size), ("colour", colour), ("material", material), ("shape", form))
    return Thing(name, form, (geom,), words=words, **state)


def drawn_prop(key: Key, name: str, choice: Sequence[Sequence[str]], **state: Any) -> Thing:
    """A thing whose form, size, material and colour are drawn, each from a stream of its own.

    Args:
        key: of this thing.
        name: of the thing.
        choice: what to draw from: forms, sizes, materials, colours.
        state: as in ``prop``.
    """
    form, size, material, colour = (
        one(key.at(what), many) for what, many in zip(("form", "size", "material", "colour"), choice, strict=True)
    )
    return prop(name, form, size, material, colour, **state)


def footprint(thing: Thing) -> float:
    """Radius of the circle about its centre that it never leaves when it turns about z, m."""
    (geom,) = thing.geoms
    return geom.size[0] * (np.sqrt(2) if geom.shape == "box" else 1.0)


def one(key: Key, many: Sequence[T]) -> T:
    """One of several, all as likely."""
    return many[min(int(key.stream().random() * len(many)), len(many) - 1)]


def number(key: Key, value: int | tuple[int, int]) -> int:
    """A whole number, both ends of a range included."""
    low, high = value if isinstance(value, tuple) else (value, value)
    return min(low + int(key.stream().random() * (high - low + 1)), high)


def known(layout: str, setting: str, given: Iterable[str], names: Iterable[str]) -> None:
    """Check a setting that lists names.

    Raises:
        RecipeError: one of them is not known, or none is given.
    """
    given, names = tuple(given), tuple(names)
    for name in given:
        if name not in names:
            raise RecipeError(f"layout {layout!r}: {UnknownNameError(f'value of {setting}', name, names)}")
    if not given:
        raise RecipeError(f"layout {layout!r}: {setting} is empty; give at least one of {', '.join(names)}.")


STUFF = ("rubber", "metal")
"""What CLEVR makes its things of; any of ``MATERIALS`` will do."""
ALL_STUFF = tuple(MATERIALS)
