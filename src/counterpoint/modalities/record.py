"""One row of a table that belongs to the whole sample.

A cell is a number, a string, true, false or None (missing). A record is on the
clock only with columns that say so (``order`` other than 0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap
from counterpoint.core.colours import shift_colours
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.language import apply_edits
from counterpoint.core.meaning import ColourShift, Directions, Sides, swapped_name
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import WORLD, Rig
from counterpoint.core.serial import dump, load
from counterpoint.core.sides import swap_sides, tells_directions
from counterpoint.core.vectors import VectorMap
from counterpoint.core.weather import weather_words
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError

Cell = float | int | str | bool | None


@final
@dataclass(frozen=True, eq=False)
class Record(Modality):
    """Named cells.

    Attributes:
        values: cell by column name; None = missing.
        columns: what they mean, in any order; columns that are not named are inferred: numbers are ``scalar``,
            everything else ``category``.
    """

    values: Mapping[str, Cell]
    columns: tuple[Column, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD, Axis.ENVIRONMENT, Axis.MEANING, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (WorldMap, TimeMap, Sides, ColourShift, Directions, Blend, Splice)
    phrases: ClassVar[bool] = True
    signals: ClassVar[frozenset[str]] = frozenset({"cells"})

    def __post_init__(self) -> None:
        told = {c.name: c for c in self.columns}
        known = [told.pop(n) if n in told else _inferred(n, v) for n, v in self.values.items()]
        object.__setattr__(self, "columns", (*known, *told.values()))

    def check(self) -> None:
        for column in self.columns:
            if column.name not in self.values:
                raise self.invalid(f"column {column.name!r} has no cell; cells are {list(self.values)}")
            value = self.values[column.name]
            number = isinstance(value, (int, float))
            if value is not None and column.kind not in ("category", "text") and not number:
                raise self.invalid(
                    f"cell {column.name!r} is {value!r}, which is no number, but its kind is {column.kind}"
                )
            if isinstance(value, float) and value != value:
                raise self.invalid(f"cell {column.name!r} is NaN; a missing cell is None")

    def encode(self) -> Encoded:
        rows = [[n, v] for n, v in self.values.items()]
        return Encoded(Blob.of_json(rows), {"columns": dump(self.columns)})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        return cls(dict(encoded.blob.json()), load(encoded.facts["columns"]))

    def preview(self) -> Preview:
        return Preview("table", [[n, v] for n, v in self.values.items()])

    def concerns(self, move: Move) -> bool:
        """A record is on the clock if one of its columns changes with the pace (``order`` other than 0)."""
        if isinstance(move, TimeMap):
            return any(c.order for c in self.columns)
        if isinstance(move, Medium):
            return bool(self._weather())
        return super().concerns(move)

    def _weather(self) -> str:
        """Name of the first cell whose name or text tells of weather, or an empty text."""
        told = (
            n
            for n, v in self.values.items()
            if weather_words(f"{n.replace('_', ' ')} {v if isinstance(v, str) else ''}")
        )
        return next(told, "")

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, TimeMap) and max(move.rates) - min(move.rates) > 1e-9 * max(move.rates):
            return "one row holds for the whole clock, and the pace changes on the way"
        if isinstance(move, Medium):
            return f"its cell {self._weather()!r} tells of the weather, and nobody knows what it would say now"
        if isinstance(move, WorldMap):
            return VectorMap.of(self.columns, move, rig, WORLD).refuses()
        if isinstance(move, Directions):
            said = next((n for n in self._words() if self._places_things(n)), None)
            return (
                None if said is None else f"cell {said!r} says where things are, and the picture is turned on its side"
            )
        if isinstance(move, (Sides, ColourShift)):
            done = self._reworded(move)
            return done if isinstance(done, str) else None
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Self:
        if isinstance(move, WorldMap):
            return self._with_numbers(VectorMap.of(self.columns, move, rig, WORLD).forward(self._numbers()[None])[0])
        if isinstance(move, TimeMap):
            return self._with_numbers(self._numbers() * move.rates[0] ** np.array([c.order for c in self.columns]))
        if isinstance(move, Appearance):
            cells = move.render(dict(self.values), kinds={c.name: c.kind for c in self.columns})
            return replace(self, values=cells)
        if isinstance(move, (Sides, ColourShift)):
            values = self._reworded(move)
            moved = self if isinstance(values, str) else replace(self, values=values)
            return moved._across() if isinstance(move, Sides) else moved
        return self

    def _numbers(self) -> NDArray[np.float64]:
        """(D,) in the order of ``columns``; NaN where a cell is missing or no number."""
        cells = [self.values[c.name] if _is_number(c) else None for c in self.columns]
        return np.array([np.nan if v is None else float(v) for v in cells])

    def _with_numbers(self, numbers: NDArray[np.float64]) -> Self:
        """Cells that changed become the new numbers; the others stay as they are, whole numbers whole."""
        old = self._numbers()
        changed = {c.name: n for c, n, o in zip(self.columns, numbers.tolist(), old.tolist(), strict=True) if n != o}
        cells = {n: changed[n] if n in changed and v is not None else v for n, v in self.values.items()}
        return replace(self, values={**cells, **{n: self.values[n] for n in self._words()}})

    def _words(self) -> list[str]:
        return [c.name for c in self.columns if not _is_number(c)]

    def _places_things(self, name: str) -> bool:
        """Whether a cell is a sentence with a direction; one word alone is a class, and those stay."""
        text = self.values[name]
        return isinstance(text, str) and re.search(r"\s", text) is not None and tells_directions(text)

    def _reworded(self, move: Sides | ColourShift) -> dict[str, Cell] | str:
        values = dict(self.values)
        for name in self._words():
            text = values[name]
            if not isinstance(text, str):
                continue
            if isinstance(move, ColourShift):
                done = shift_colours(text, move.hue, move.grey, move.words)
            elif re.search(r"\s", text):
                done = swap_sides(text)
            else:
                values[name] = swapped_name(text)
                continue
            if isinstance(done, str):
                return f"cell {name!r}: {done}"
            values[name] = apply_edits(text, done)[0]
        return values

    def _across(self) -> Self:
        """Cells of columns such as ``left_wheel`` and ``right_wheel`` change places, or the column its name."""
        names = list(self.values)
        new = {n: swapped_name(n) for n in names}
        pairs = {n: o if o in self.values else n for n, o in new.items()}
        columns = tuple(
            replace(c, name=new[c.name] if new[c.name] not in self.values else c.name) for c in self.columns
        )
        values = {(n if pairs[n] != n else new[n]): self.values[pairs[n]] for n in names}
        return replace(self, values=values, columns=columns)

    def mismatch(self, other: Self) -> str | None:
        odd = sorted(set(self.values) ^ set(other.values))
        return f"the records have different columns: {odd} stand in one of them only" if odd else None

    def blend(self, other: Self, weight: float) -> Self:
        """Numbers are weighted, everything else is that of the heavier sample; a cell missing in one is missing.

        Raises:
            AlignmentError: the records have different columns.
        """
        if why := self.mismatch(other):
            raise AlignmentError(f"{why}. Mix records of one table, or name the parts that shall be mixed.")
        cells = dict(self.values)
        for column in self.columns:
            a, b = self.values[column.name], other.values[column.name]
            if a is None or b is None:
                cells[column.name] = None
            elif _is_number(column) and not isinstance(a, str) and not isinstance(b, str):
                cells[column.name] = weight * a + (1 - weight) * b
            else:
                cells[column.name] = a if weight >= 0.5 else b
        return replace(self, values=cells)

    def splice(self, other: Self, move: Splice) -> Self:
        """A row cannot be cut: the cells are blended by the share that was replaced."""
        return self.blend(other, 1 - move.share)


def _is_number(column: Column) -> bool:
    return column.kind not in ("category", "text")


def _inferred(name: str, value: Cell) -> Column:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Column(name) if number else Column(name, kind="category")
