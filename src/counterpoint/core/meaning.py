"""Moves of meaning: what words, names and classes must say after a change.

``Sides`` goes with every mirror, ``ColourShift`` with every change of colour that
a person would name differently. Names (of keypoints, classes, cameras, columns)
are identifiers and swap word by word; sentences are rewritten by
``core.language``, which can refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar, final

from counterpoint.core.axes import Axis, Move
from counterpoint.core.serial import Recorded

V = TypeVar("V")
_SIDED = re.compile(
    r"(?<![A-Za-z])(left|right|Left|Right)(?![a-z])|(?<=[a-z])(Left|Right)(?![a-z])|(?<![A-Za-z])(LEFT|RIGHT)(?![A-Za-z])"
)
_LETTER = re.compile(r"(?<![A-Za-z])([lLrR])(?=[_\-.])|(?<=[_\-.])([lLrR])(?![A-Za-z])")


@final
@dataclass(frozen=True)
class Sides(Move):
    """Left becomes right: in words, in names, in stereo channels."""

    axis: ClassVar[Axis] = Axis.MEANING


@final
@dataclass(frozen=True)
class ColourShift(Move):
    """The hue of the whole scene turns, or every colour becomes grey.

    Attributes:
        plane: the camera whose colours change.
        hue: turn on the hue circle, rad, positive from red to yellow.
        grey: whether saturation falls to zero.
        words: ``rewrite`` colour words where the new colour has a name, else refuse; or always ``refuse``.
    """

    plane: str
    hue: float = 0.0
    grey: bool = False
    words: str = "rewrite"
    axis: ClassVar[Axis] = Axis.MEANING


@final
@dataclass(frozen=True)
class Directions(Move):
    """A plane was turned so far that "left", "above" and "upright" point elsewhere; only sentences are concerned.

    Attributes:
        plane: the camera whose plane was turned.
        turn: rad, counter-clockwise as seen, since the sample was read.
    """

    plane: str
    turn: float
    axis: ClassVar[Axis] = Axis.MEANING


@final
@dataclass(frozen=True)
class Edit(Recorded):
    """Replace characters ``start`` to ``end`` of a text by ``new``."""

    start: int
    end: int
    new: str


def swapped_name(name: str) -> str:
    """The identifier of the other side: ``left_eye`` to ``right_eye``, ``hip_l`` to ``hip_r``.

    Applied twice it gives back the name; names without a side come back unchanged.
    """
    turned = _SIDED.sub(lambda m: _turned(m.group(0)), name)
    return turned if turned != name else _LETTER.sub(lambda m: _turned(m.group(0)), name)


def swapped_keys(named: Mapping[str, V]) -> dict[str, V]:
    """The same values in the same order of names, each pair of sides exchanged where both are there."""
    return {n: named.get(swapped_name(n), v) for n, v in named.items()}


def _turned(word: str) -> str:
    other = {"left": "right", "right": "left", "l": "r", "r": "l"}[word.lower()]
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other
