"""Names of classes when the meaning moves: one rule for labels, boxes, masks, outlines and named points.

A name with white space is a phrase and follows the rules of sentences, so a right whale is no left whale and is
refused; one without is an identifier and swaps word by word. A class that names a colour cannot follow a change of
colour, because its name is what trainers know it by. A turned picture leaves classes as they are: a left eye is left
of whoever is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from counterpoint.core.axes import Move
from counterpoint.core.colours import names_colours
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.sides import across


def refused(names: Iterable[str], move: Move) -> str | None:
    """A reason if a class cannot follow a move of meaning."""
    if isinstance(move, ColourShift):
        found = next((n for n in names if names_colours(n)), None)
        return None if found is None else f"the class {found!r} names a colour"
    if isinstance(move, Sides):
        found = next((n for n in names if across(n) is None), None)
        return None if found is None else f"nobody can tell whether the class {found!r} has a side"
    return None


def swapped(names: Iterable[str]) -> tuple[str, ...]:
    """The classes of the other side, in the same order; ``refused`` has been asked before."""
    return tuple(across(n) or n for n in names)
