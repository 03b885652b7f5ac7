"""One tree of exceptions.

Every message repeats the request, names the sample and the part, says what was
needed and what was found (with units), and ends with the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_SHOWN = 100


class CounterpointError(Exception):
    """Anything that Counterpoint itself reports."""


class InvalidPartError(CounterpointError):
    """A part breaks the conventions of its modality."""


class AlignmentError(CounterpointError):
    """The parts of a sample do not share what a call needs of them."""


class RefusedError(CounterpointError):
    """A change was refused by a part and the caller asked for ``on_refusal='error'``."""


class UnreadableInputError(CounterpointError):
    """A file cannot be read as what it claims to be; a run sets it aside and goes on."""


class FormatError(CounterpointError):
    """A layout on disk cannot hold, or does not hold, what was asked of it."""


class IntegrityError(CounterpointError):
    """Stored bytes are not the bytes that were written."""


class RecipeError(CounterpointError):
    """A recipe asks for something that does not exist or is out of range."""


class SceneError(CounterpointError):
    """One scene of a simulated set cannot be drawn or recorded; a run sets it aside and goes on."""


class MissingDependencyError(CounterpointError):
    """An optional package is needed; the message names the extra to install."""


class UnknownNameError(CounterpointError, KeyError):
    """A name is not known; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        options = sorted(set(known))
        near = get_close_matches(name, options, n=3, cutoff=0.5)
        lowered = {option.lower(): option for option in options}
        near = near or [lowered[m] for m in get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)]
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Known: {_listed(options)}."
        super().__init__(f"There is no {kind} called {name!r}. {hint}")

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (str(self),)


def _listed(names: list[str]) -> str:
    """The names, or the first of them where there are too many to read."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "none"


def _again(message: str) -> UnknownNameError:
    """The error as it was in another process."""
    error = UnknownNameError.__new__(UnknownNameError)
    error.args = (message,)
    return error
