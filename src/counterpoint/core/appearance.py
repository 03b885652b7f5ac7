"""Moves that touch the signal of one part alone: noise, blur, gain, lost words.

The move is only a name, parameters and the name of a random stream; what it does
stands in ``render`` of the transform of that name, so it is written once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis, Move
from counterpoint.core.keys import Key


@final
@dataclass(frozen=True)
class Appearance(Move):
    """One drawn change of a signal.

    Attributes:
        transform: name of the transform whose ``render`` does it.
        signal: what it works on: ``pixels``, ``frames``, ``waveform``, ``points``, ``text``, ``columns`` or ``cells``.
        part: the only part that it touches, or None for every part with that signal.
        params: what was drawn, as (name, value) pairs.
        stream: path of the random stream that ``render`` may use.
        before: changes of levels that this one continues: all of them become one table, rounded once.
    """

    transform: str
    signal: str
    params: tuple[tuple[str, Any], ...] = ()
    stream: tuple[str | int, ...] = ()
    part: str | None = None
    before: tuple[Appearance, ...] = ()
    axis: ClassVar[Axis] = Axis.APPEARANCE

    @classmethod
    def of(
        cls, transform: str, signal: str, params: Mapping[str, Any], key: Key, part: str | None = None
    ) -> Appearance:
        return cls(transform, signal, tuple(params.items()), key.path, part)

    def render(self, values: Any, *where: str | int, **facts: Any) -> Any:
        """The changed values; ``where`` names the frame or channel so that each has noise of its own."""
        if self.before:
            levels = np.arange(256.0)
            for one in self.before:
                levels = np.clip(one._does.curve(levels, **dict(one.params)), 0, 255)
            facts["levels"] = levels
        stream = Key(self.stream).at(*where).later()
        return self._does.render(values, stream, **dict(self.params), **facts)

    def fused(self, later: Move) -> Appearance | None:
        if not isinstance(later, Appearance) or (self.signal, self.part) != (later.signal, later.part):
            return None
        if not (self._does.pointwise and later._does.pointwise):
            return None
        return replace(later, before=(*self.before, replace(self, before=()), *later.before))

    @property
    def _does(self) -> Any:
        from counterpoint.catalog import find

        return find("transforms", self.transform)
