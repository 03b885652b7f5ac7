"""What every change of words, rows and cells shares: which parts it touches, and a stream of its own for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoint.core.appearance import Appearance
from counterpoint.core.contracts import Change
from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.errors import UnknownNameError


def touched(step: Any, sample: Sample, key: Key, signal: str, params: Mapping[str, Any]) -> Change | None:
    """The change of the parts with a signal that ``step.parts`` names, or of all of them; None where there is none.

    Raises:
        UnknownNameError: the sample has no part with that signal of that name.
    """
    able = sample.having(signal)
    for name in step.parts:
        if name not in able:
            raise UnknownNameError(f"part with {signal} in sample {sample.key!r}", name, able)
    parts = list(step.parts) or able
    name = type(step).__name__
    moves = tuple(Appearance.of(name, signal, params, key.at(part), part) for part in parts)
    return Change(name, moves) if moves else None


def listed(step: Any) -> None:
    """Let ``parts`` be one name or a list of names."""
    object.__setattr__(step, "parts", (step.parts,) if isinstance(step.parts, str) else tuple(step.parts))
