"""CSV, TSV and JSON lines: rows as records, or series where there is a column of time.

* With a column of time, the whole file is one series, called like the file.
* With a column of ids that repeat and a column of time, every id is a series; what never changes for any id
  becomes its ``record``.
* Otherwise a row is a sample with one ``record``, called by the column ``id`` or by its number.

A folder of such files with the same columns is one set. Separators are sniffed, a
unit in brackets in the header is the unit of the column, ``?``, ``NA`` and blanks are
missing. Words in a series are numbered: the column has kind ``category`` and its unit
is the list of words with ``|`` between them. Dates become seconds since the first row;
the first date is the cell ``start`` of the record.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.cells import cell_of
from counterpoint.files.columns import columns_of, header_of, unsaid
from counterpoint.files.index import KEYS
from counterpoint.files.media import kind_of, losses
from counterpoint.files.place import new_file, new_folder
from counterpoint.files.settings import NAME, Settings, licence_beside
from counterpoint.files.source import Listed, keyed
from counterpoint.files.times import CLOCK, IDS, VISITS, is_date, looks_like, rate_of, seconds_of, unit_of
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.signal.tables import Rows, peek, read_table

ENDINGS = frozenset({"csv", "tsv", "jsonl", "ndjson"})
HELD: tuple[type[Modality], ...] = (Record, Series)
KEY = "key"  # the column of keys that is written where no cell holds the key


@final
class Table(Format):
    """CSV, TSV or JSON lines: rows as records, or series where there is a column of time."""

    @classmethod
    def detect(cls, path: Path) -> float:
        if path.is_file():
            return 0.6 if path.suffix[1:].lower() in ENDINGS and peek(path) else 0.0
        if any(kind_of(p.name) in ("image", "audio", "video") for p in path.rglob("*")):
            return 0.0
        heads = {tuple(first.columns) for p in _files(path)[:20] if (first := peek(p))}
        return 0.6 if len(heads) == 1 else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Raises:
        FormatError: there is no table, or the tables of a folder have different columns.
        """
        home = path if path.is_dir() else path.parent
        settings = Settings.load(home / NAME)
        files = [home / settings.table] if settings.table and path.is_dir() else _files(path)
        if not files:
            raise FormatError(f"{path}: there is no {', '.join(sorted(ENDINGS))} file here. Check the path.")
        licence = settings.licence or licence_beside(home)
        alone, plans, broken = len(files) == 1, list[Plan](), dict[str, Broken]()
        for file in files:
            try:
                plans.append(Plan.of(file, settings, licence))
            except UnreadableInputError as e:
                if alone:
                    raise
                broken[_named(file, home)] = Broken(str(e))
        if len({tuple(p.columns) for p in plans}) > 1:
            raise FormatError(f"{path}: the tables in this folder have different columns. Open one of them.")
        return Listed(
            keyed(chain((pair for p in plans for pair in p.entries(home, alone)), broken.items()), str(path)),
            {
                "format": "table",
                "licence": settings.licence or licence_beside(home),
                "attribution": settings.attribution,
            },
        )

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = losses(sample, HELD, "a table")
        for kind in HELD:
            names = [n for n in sample.present() if sample.kind(n) is kind]
            said += [f"a table has no place for a second {kind.modality()}, {n!r}" for n in names[1:]]
        columns = [c for n in sample.present() if sample.kind(n) in HELD for c in sample[n].columns]
        said += [f"a CSV has no place for kind {c.kind!r} of column {c.name!r}" for c in columns if unsaid(c)]
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """A line a record, or a line a moment with the cells of the record repeated.

        One CSV or TSV, or ``table.csv`` in a folder where ``path`` has neither ending.

        Raises:
            FormatError: the file exists, or the samples have different columns.
        """
        if path.suffix in (".csv", ".tsv"):
            with new_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as out:
                _write(out, samples, "\t" if path.suffix == ".tsv" else ",")
            return
        with new_folder(path) as root, (root / "table.csv").open("w", encoding="utf-8", newline="") as out:
            _write(out, samples, ",")


@final
@dataclass(frozen=True)
class Plan:
    """How one file is read."""

    path: Path
    columns: tuple[Column, ...]
    headers: tuple[str, ...]
    key: str | None
    time: str | None
    unit: str
    static: frozenset[str]
    licence: str

    @classmethod
    def of(cls, path: Path, settings: Settings, licence: str) -> Plan:
        rows = _table(path)
        said = {c: settings.meaning(c) for c in rows.columns}
        columns = columns_of(rows.columns, said)
        key = settings.key or _id_column(rows)
        groups = _groups(rows, key)
        time = None if settings.time == "none" else settings.time or _time_column(rows, groups, key)
        if time is not None and time not in rows.columns:
            raise FormatError(f"{path}: counterpoint.yaml names the time {time!r}; columns: {', '.join(rows.columns)}.")
        static = _static(rows, groups) - {time} if time and key else frozenset()
        unit = unit_of(time or "", str(said.get(time or "", {}).get("unit", "")))
        return cls(path, tuple(columns), tuple(rows.columns), key, time, unit, static, licence)

    def entries(self, home: Path, alone: bool) -> Iterator[tuple[str, Group | Line | Broken]]:
        """Key and entry of every sample in the file; a file among others gives its name to the keys."""
        rows = _table(self.path)
        name = _named(self.path, home)
        prefix = "" if alone else f"{name}/"
        if self.time is None:
            for i in range(rows.count):
                value = rows.columns[self.key][i] if self.key else i
                yield prefix + (f"row {i}" if value is None else str(value)), Line(self, i)
        elif self.key is None:
            yield name, Group(self, None)
        else:
            for one in _groups(rows, self.key):
                yield prefix + one, Group(self, one)


@final
@dataclass(frozen=True)
class Broken:
    """A file among others that is no table."""

    why: str

    def sample(self, key: str) -> Sample:
        raise UnreadableInputError(f"sample {key!r}: {self.why}")


@final
@dataclass(frozen=True)
class Line:
    """A sample that is one row."""

    plan: Plan
    number: int

    def sample(self, key: str) -> Sample:
        rows = _table(self.plan.path)
        _must_be_whole(rows, [self.number], key)
        cells = rows.row(self.number)
        known = [(h, c) for h, c in zip(self.plan.headers, self.plan.columns, strict=True) if h != KEY]
        values = {c.name: cell_of(cells[h]) for h, c in known}
        lineage = Lineage(parents=(key,), licence=self.plan.licence)
        return Sample.of(key, {"record": Record(values, tuple(c for _, c in known))}, lineage=lineage)


@final
@dataclass(frozen=True)
class Group:
    """A sample that is the rows of one id, or all rows."""

    plan: Plan
    name: str | None

    def sample(self, key: str) -> Sample:
        plan, rows = self.plan, _table(self.plan.path)
        at = (
            list(range(rows.count))
            if self.name is None
            else _grouped(plan.path, plan.path.stat().st_mtime_ns, plan.key)[self.name]
        )
        _must_be_whole(rows, at, key)
        told = [rows.columns[plan.time or ""][i] for i in at]
        times = seconds_of(told, plan.unit)
        if times is None or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            row = int(np.argmax(~np.isfinite(times))) if times is not None and not np.isfinite(times).all() else 0
            raise UnreadableInputError(
                f"sample {key!r}: column {plan.time!r} of {plan.path.name} must hold times that do not go back; "
                f"row {at[row] + 1} says {told[row]!r}. Correct the rows."
            )
        static: dict[str, Any] = {}
        known: list[Column] = []
        if is_date(told):
            static["start"] = str(told[0])
            times = times - times[0]
        series, values = [], []
        for header, column in zip(plan.headers, plan.columns, strict=True):
            if header == plan.time or header == plan.key:
                continue
            cells = [rows.columns[header][i] for i in at]
            if header in plan.static:
                static[column.name] = cell_of(cells[0])
                known.append(column)
            else:
                column, numbers = _numbered(column, cells, rows.columns[header])
                series.append(column)
                values.append(numbers)
        table = np.stack(values, 1) if values else np.zeros((len(at), 0))
        parts: dict[str, Modality] = {"series": Series(times, table, tuple(series), rate_of(times))}
        if static:
            parts["record"] = Record(static, tuple(known))
        return Sample.of(key, parts, lineage=Lineage(parents=(key,), licence=plan.licence))


def _named(file: Path, home: Path) -> str:
    return file.relative_to(home).with_suffix("").as_posix()


def _files(path: Path) -> list[Path]:
    """The file itself, the tables in a folder, or those in the folders below it."""
    if path.is_file():
        return [path]
    for found in (path.iterdir(), path.rglob("*")):
        files = [p for p in sorted(found) if p.is_file() and p.suffix[1:].lower() in ENDINGS]
        if files:
            return files
    return []


def _table(path: Path) -> Rows:
    return _cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _cached(path: Path, changed: int) -> Rows:
    return read_table(path)


@lru_cache(maxsize=2)
def _grouped(path: Path, changed: int, key: str | None) -> dict[str, list[int]]:
    return _groups(_cached(path, changed), key)


def _must_be_whole(rows: Rows, at: Sequence[int], key: str) -> None:
    for i in at:
        if i in rows.broken:
            raise UnreadableInputError(
                f"sample {key!r}: row {i + 1} cannot be used: {rows.broken[i]}. Correct the row."
            )


def _groups(rows: Rows, key: str | None) -> dict[str, list[int]]:
    """Row numbers by id; all rows under one name where there is no id."""
    groups: dict[str, list[int]] = {}
    for i in range(rows.count):
        value = rows.columns[key][i] if key else ""
        if value is not None:
            groups.setdefault(str(value), []).append(i)
    return groups


def _id_column(rows: Rows) -> str | None:
    """A column of ids: by its name, complete but for broken rows."""
    for column, values in rows.columns.items():
        name = column.lower().strip().replace(" ", "_")
        named = name in IDS or name in KEYS
        if named and all(v is not None for i, v in enumerate(values) if i not in rows.broken):
            return column
    return None


def _time_column(rows: Rows, groups: Mapping[str, list[int]], key: str | None) -> str | None:
    """The first column with a name of times that never goes back inside an id, and does go on in some."""
    repeated = key is not None and len(groups) < rows.count - len(rows.broken)
    if key is not None and not repeated:
        return None
    for column, values in rows.columns.items():
        if column == key or not (looks_like(column, CLOCK) or (repeated and looks_like(column, VISITS))):
            continue
        times = seconds_of(values, "s")
        if times is None or rows.count < 2:
            continue
        steps = [np.diff(t[np.isfinite(t)]) for t in (times[at] for at in groups.values())]
        if all((s >= 0).all() for s in steps) and any((s > 0).any() for s in steps):
            return column
    return None


def _static(rows: Rows, groups: Mapping[str, list[int]]) -> frozenset[str]:
    """Columns that never change inside any id."""
    return frozenset(c for c, v in rows.columns.items() if all(len({v[i] for i in at}) == 1 for at in groups.values()))


def _numbered(column: Column, cells: Sequence[Any], whole: Sequence[Any]) -> tuple[Column, NDArray[np.float64]]:
    """Cells as numbers, NaN where missing; words by their place in the sorted list of all words of the column."""
    if column.kind in ("category", "text"):
        if all(isinstance(v, bool) for v in whole if v is not None):
            column = replace(column, kind="scalar")
        else:
            words = sorted({str(v).replace("|", "/") for v in whole if v is not None})
            place = {w: float(i) for i, w in enumerate(words)}
            cells = [None if v is None else place[str(v).replace("|", "/")] for v in cells]
            column = replace(column, kind="category", unit="|".join(words))
    return column, np.array([np.nan if v is None else float(v) for v in cells], np.float64)


def _write(out: TextIO, samples: Iterator[Sample], mark: str) -> None:
    """The lines of all samples; they are put aside until it is known whether keys need a column of their own."""
    header: list[str] | None = None
    apart = False
    seen: set[str] = set()
    with TemporaryFile("w+", encoding="utf-8") as spool:
        for sample in samples:
            if sample.key in seen:
                raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
            seen.add(sample.key)
            names, lines, named = _lines(sample)
            if header is None:
                header = names
            if names != header:
                raise FormatError(
                    f"sample {sample.key!r} has the columns {names}, those before it {header}; a table needs the "
                    "same for all. Write them apart, or choose Parquet."
                )
            apart = apart or not named
            spool.writelines(json.dumps([sample.key, *line]) + "\n" for line in lines)
        spool.seek(0)
        writer, first = csv.writer(out, delimiter=mark, lineterminator="\n"), 0 if apart else 1
        if header is not None:
            own = next((n for n in (KEY, *sorted(KEYS)) if n not in header), KEY)
            writer.writerow([own, *header][first:])
        writer.writerows(line[first:] for line in map(json.loads, spool))


def _lines(sample: Sample) -> tuple[list[str], list[list[Any]], bool]:
    """Header and lines of a sample, and whether a cell of it is its key."""
    record = next((sample[n] for n in sample.present() if sample.kind(n) is Record), Record({}))
    series = next((sample[n] for n in sample.present() if sample.kind(n) is Series), None)
    known = {c.name: c for c in record.columns}
    names = [header_of(known[n]) for n in record.values]
    cells = [_text(v) for v in record.values.values()]
    if series is None:
        called = next((n for n in names if n.lower() in KEYS | IDS), None)
        return names, [cells], called is not None and cells[names.index(called)] == sample.key
    words = [c.unit.split("|") if c.kind == "category" else None for c in series.columns]
    names += ["time [s]", *(c.name if w else header_of(c) for c, w in zip(series.columns, words, strict=True))]
    lines = []
    for t, row in zip(series.times.tolist(), series.values.tolist(), strict=True):
        told = ["" if v != v else w[int(v)] if w else _text(v) for v, w in zip(row, words, strict=True)]
        lines.append([*cells, _text(t), *told])
    return names, lines, False


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
