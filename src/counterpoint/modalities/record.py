"""One row of a table that belongs to the whole sample.

A cell is a number, a string, true, false or None (missing). A record is on the
clock only with columns that say so (``order`` other than 0).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, final

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import Rig
from counterpoint.core.serial import dump, load

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
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD, Axis.MEANING, Axis.APPEARANCE})
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
        text = json.dumps(dict(self.values), ensure_ascii=False)
        return Encoded(Blob("json", text.encode("utf-8", "surrogatepass")), {"columns": dump(self.columns)})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        return cls(json.loads(encoded.blob.read()), load(encoded.facts["columns"]))

    def preview(self) -> Preview:
        return Preview("table", [[n, v] for n, v in self.values.items()])

    def _moved(self, move: Move, rig: Rig) -> Self:
        return self


def _inferred(name: str, value: Cell) -> Column:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Column(name) if number else Column(name, kind="category")
