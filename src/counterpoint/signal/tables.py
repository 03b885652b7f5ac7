"""Tables of text as columns of typed values: CSV, TSV, JSON lines, JSON lists, Parquet.

Separators are sniffed, a blank after a separator is dropped, ``?``, ``NA`` and
blanks are missing (None). A column is whole numbers, numbers, booleans or text,
whichever all its values allow. A row that cannot be read is kept as a broken row
with its reason, so that one bad line does not stop the others.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, final

from counterpoint.errors import UnreadableInputError

ENDINGS = frozenset({"csv", "tsv", "jsonl", "ndjson", "json", "parquet"})
MISSING = frozenset({"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"})
_JSON = frozenset({"jsonl", "ndjson", "json"})
_SEPARATORS = ",;\t|"


@final
@dataclass(frozen=True)
class Rows:
    """A table in memory, column by column.

    Attributes:
        columns: name to one value (or None) a row, in the order of the file.
        count: number of rows.
        broken: row number (from 0) to why it cannot be used.
    """

    columns: dict[str, Sequence[Any]]
    count: int
    broken: dict[int, str] = field(default_factory=dict)

    def row(self, number: int) -> dict[str, Any]:
        return {name: values[number] for name, values in self.columns.items()}


def read_table(path: Path) -> Rows:
    """The table in ``path``.

    Raises:
        UnreadableInputError: there is no header, no file, or it is not in the format of its ending.
    """
    ext = path.suffix[1:].lower()
    try:
        if ext == "parquet":
            return _parquet(path, None)
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        return _json(text) if ext in _JSON else _csv(text)
    except (OSError, ValueError, RecursionError, csv.Error) as e:
        raise UnreadableInputError(f"{path}: cannot be read as a table ({e}). Repair or remove the file.") from e


def peek(path: Path, size: int = 1 << 18) -> Rows | None:
    """The first rows of a table; None if it is none, or if its first row is longer than ``size`` bytes."""
    ext = path.suffix[1:].lower()
    try:
        if ext == "parquet":
            return _parquet(path, 100)
        with path.open("rb") as f:
            data = f.read(size)
        if b"\x00" in data:
            return None
        data = data if len(data) < size else data[: data.rfind(b"\n") + 1]
        text = data.decode("utf-8-sig", "surrogateescape")
        rows = _json(text) if ext in _JSON else _csv(text)
        return rows if rows.count else None
    except (OSError, ValueError, RecursionError, csv.Error):
        return None


def separator(text: str) -> str:
    """The one of ``, ; tab |`` that cuts the first lines into the same number of cells, at least two."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    best, score = ",", 0
    for mark in _SEPARATORS:
        widths = [len(row) for row in _cells(lines, mark)]
        if widths and widths[0] > 1:
            agreed = sum(w == widths[0] for w in widths) * 100 // len(widths) * 100 + widths[0]
            best, score = (mark, agreed) if agreed > score else (best, score)
    return best


def _cells(lines: Iterable[str], mark: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=mark, skipinitialspace=True) if row]
    except csv.Error:
        return []


def _csv(text: str) -> Rows:
    csv.field_size_limit(1 << 27)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text[:65536]), skipinitialspace=True)
    rows = [row for row in reader if row]
    if not rows:
        raise ValueError("it is empty")
    names = [n.strip() for n in rows[0]]
    if all(_number(n) is not None for n in names):
        names, rows = [f"column_{i}" for i in range(len(names))], [[], *rows]
    names = _unique(names)
    broken = {i: _fault(row, len(names)) for i, row in enumerate(rows[1:]) if _fault(row, len(names))}
    blank = [""] * len(names)
    cells = [blank if i in broken else row for i, row in enumerate(rows[1:])]
    return Rows({n: typed([row[i] for row in cells]) for i, n in enumerate(names)}, len(cells), broken)


def _fault(row: list[str], width: int) -> str:
    if len(row) != width:
        return f"it has {len(row)} cells where the header has {width}"
    if any("\udc80" <= c <= "\udcff" for cell in row for c in cell):
        return "it is not UTF-8 text"
    return ""


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for i, name in enumerate(names):
        name = name or f"column_{i}"
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out


def typed(cells: Sequence[str]) -> Sequence[Any]:
    """Text cells as whole numbers, numbers, booleans or text, whichever all of them allow; None where missing."""
    values = [None if c.strip() in MISSING else c.strip() for c in cells]
    present = [v for v in values if v is not None]
    for cast in (_whole, _number, _truth):
        if present and all(cast(v) is not None for v in present):
            return [None if v is None else cast(v) for v in values]
    return values


def _whole(text: str) -> int | None:
    # 007 is a name, not the number 7
    digits = text.removeprefix("-")
    return (
        int(text) if digits.isascii() and digits.isdigit() and len(digits) < 19 and str(int(digits)) == digits else None
    )


def _number(text: str) -> float | None:
    if (
        not text
        or not text[-1].isascii()
        or "_" in text
        or (text[-1].isalpha() and text.lower() not in ("inf", "-inf"))
    ):
        return None
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _json(text: str) -> Rows:
    rows: list[Any] = []
    broken: dict[int, str] = {}
    if text.lstrip().startswith("["):
        rows = json.loads(text)
    else:
        for line in filter(str.strip, text.split("\n")):
            try:
                rows.append(json.loads(line))
            except ValueError as e:
                broken[len(rows)] = f"it is not JSON ({e})"
                rows.append({})
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            broken[i], rows[i] = f"it is a {type(row).__name__}, not an object", {}
        elif any("\udc80" <= c <= "\udcff" for v in row.values() if isinstance(v, str) for c in v):
            broken[i], rows[i] = "it is not UTF-8 text", {}
    if rows and len(broken) == len(rows):
        raise ValueError(f"no row can be used; of the first: {broken[0]}")
    names = list(dict.fromkeys(str(n) for row in rows for n in row))
    return Rows({n: [row.get(n) for row in rows] for n in names}, len(rows), broken)


def _parquet(path: Path, count: int | None) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        if count is None:
            table = parquet.read_table(path, use_threads=False)  # see signal.store.read_index
        else:
            with parquet.ParquetFile(path) as f:
                table = pa.Table.from_batches(list(islice(f.iter_batches(count, use_threads=False), 1)), f.schema_arrow)
    except (pa.ArrowException, OSError) as e:
        raise ValueError(str(e)) from e
    return Rows({n: table.column(n).to_pylist() for n in table.column_names}, table.num_rows)
