"""Tables that point at files: which table, which columns, which keys.

A column points at files if most of its values end like a known medium and exist in
the folder or in one folder below it. Where no column does, names that are made
from an id are looked for: ``dev-{identifier}-0.png``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from counterpoint.errors import FormatError
from counterpoint.files.media import ending, kind_of, plain
from counterpoint.files.settings import Settings
from counterpoint.signal.tables import ENDINGS, Rows, peek

KEYS = frozenset(
    ["key", "id", "identifier", "uid", "sample_id", "clip_id", "image_id", "utterance_id", "index", "_index"]
)
_TIERS = {"align": "words", "srt": "subtitles", "vtt": "subtitles"}
_FILE = re.compile(r"(.*?)[ _]?(file_?name|file|path)$", re.I)
_LOOKED_AT = 50
_TABLES = 20  # a folder with more tables has one a sample
_MOST = 0.8


@final
@dataclass(frozen=True)
class Pointer:
    """Where the file of one part is named.

    Attributes:
        pattern: path under the root, with columns in braces.
        kind: of the files: ``image``, ``audio``, ``video``, ``spans`` or ``text``.
        named: whether the part is called so on purpose; otherwise tiers of times keep their own names.
    """

    pattern: str
    kind: str
    named: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{([^{}]+)}", self.pattern))

    def path(self, row: Mapping[str, Any]) -> str | None:
        """The path for a row, or None if the row names no file."""
        path = self.pattern
        for column in self.columns:
            value = row.get(column)
            if value in (None, ""):
                return None
            path = path.replace("{" + column + "}", str(value))
        return path


def table_in(root: Path, settings: Settings) -> Path | None:
    """The table of a folder whose rows are samples: ``metadata.*``, or the one that points at files.

    Raises:
        FormatError: several could be meant, or the one that is named is not there.
    """
    if settings.table:
        if not (root / settings.table).is_file():
            raise FormatError(f"{root}: counterpoint.yaml names the table {settings.table!r}, which is not there.")
        return root / settings.table
    tables = [p for p in sorted(root.iterdir()) if p.suffix[1:].lower() in ENDINGS and p.is_file()]
    for path in tables:
        if path.stem == "metadata":
            return path
    rows = {path: peek(path) for path in tables} if len(tables) <= _TABLES else {}
    found = [path for path, r in rows.items() if r and pointers(root, r, settings)]
    if len(found) > 1:
        raise FormatError(
            f"{root}: {', '.join(p.name for p in found)} all point at files. Say which one has a row a sample: "
            "write a counterpoint.yaml beside them with the line 'table: NAME'."
        )
    return found[0] if found else None


def pointers(root: Path, rows: Rows, settings: Settings) -> dict[str, Pointer]:
    """The parts of which a table names the files."""
    said = {part: _said(root, rows, part, pattern) for part, pattern in settings.files.items()}
    if said:
        return said
    found = {c: p for c, values in rows.columns.items() if (p := _pointing(root, c, values))}
    kinds = [p.kind for p in found.values()]
    named = {}
    for column, pointer in found.items():
        name, meant = _part_name(column, pointer.kind, kinds.count(pointer.kind) == 1)
        if pointer.kind == "spans" and not meant:
            tier = _TIERS.get(next(ending(v) for v in rows.columns[column] if v))
            name, meant = tier or name, tier is not None
        named[name if name not in named else plain(column)] = Pointer(pointer.pattern, pointer.kind, meant)
    return named or _made_of_ids(root, rows)


def _said(root: Path, rows: Rows, part: str, pattern: str) -> Pointer:
    if pattern in rows.columns:
        found = _pointing(root, pattern, rows.columns[pattern])
        values = [str(v) for v in rows.columns[pattern] if v]
        return found or Pointer("{" + pattern + "}", kind_of(values[0]) if values else "")
    pointer = Pointer(pattern, kind_of(pattern))
    unknown = [c for c in pointer.columns if c not in rows.columns]
    if unknown or not pointer.columns:
        raise FormatError(
            f"{root}: counterpoint.yaml names {pattern!r} for part {part!r}, which is neither a column nor a pattern "
            f"over columns. Columns: {', '.join(rows.columns)}."
        )
    return pointer


def _part_name(column: str, kind: str, alone: bool) -> tuple[str, bool]:
    """``X_file_name`` is part X; otherwise a part is called by its kind if it is the only one of it."""
    match = re.fullmatch(r"(.+)_file_name", column)
    if match:
        return match[1], True
    match = _FILE.fullmatch(column)
    if alone or (match and not match[1]):
        return kind, False
    return plain(match[1] if match else column), True


def _pointing(root: Path, column: str, values: Sequence[Any]) -> Pointer | None:
    some = [v for v in values if isinstance(v, str)][:_LOOKED_AT]
    likely = [v for v in some if kind_of(v) and "://" not in v and len(v) < 500]
    if not likely or len(likely) < _MOST * len(some):
        return None
    kinds = [kind_of(v) for v in likely]
    kind = max(sorted(set(kinds)), key=kinds.count)
    below = [p.name for p in sorted(root.iterdir()) if p.is_dir()]
    for base in ("", *(f"{b}/" for b in below)):
        if any((root / (base + v)).is_file() for v in likely):
            return Pointer(base + "{" + column + "}", kind)
    return Pointer("{" + column + "}", kind) if re.fullmatch(r"(.+_)?file_name", column) else None


def _made_of_ids(root: Path, rows: Rows) -> dict[str, Pointer]:
    """Patterns like ``images/dev-{identifier}-0.png`` that give a file for (almost) every row."""
    ids = [c for c, v in rows.columns.items() if _unique(v) and c.lower() in KEYS]
    if not ids or rows.count < 2:
        return {}
    files = {p.relative_to(root).as_posix() for p in root.rglob("*") if kind_of(p.name) in ("image", "audio", "video")}
    best: dict[str, tuple[int, Pointer]] = {}
    for column in ids:
        values = [str(v) for v in rows.columns[column]]
        edge = re.compile(rf"(?<![A-Za-z0-9]){re.escape(values[0])}(?![A-Za-z0-9])")
        for file in sorted(files):
            if not edge.search(file):
                continue
            pattern = edge.sub("{" + column + "}", file, count=1)
            hits = sum(pattern.replace("{" + column + "}", v) in files for v in values)
            kind = kind_of(file)
            if hits >= _MOST * len(values) and hits > best.get(kind, (0,))[0]:
                best[kind] = (hits, Pointer(pattern, kind))
    return {kind: pointer for kind, (_, pointer) in best.items()}


def _unique(values: Sequence[Any]) -> bool:
    return all(isinstance(v, (str, int)) and v != "" for v in values) and len(set(map(str, values))) == len(values)


def keys_of(rows: Rows, chosen: str | None, parts: Mapping[str, Pointer]) -> list[str]:
    """One key a row: the key column, else the path of a file without its ending, else the number of the row.

    Raises:
        FormatError: the chosen column is not there.
    """
    if chosen is not None and chosen not in rows.columns:
        raise FormatError(f"counterpoint.yaml names the key column {chosen!r}; columns: {', '.join(rows.columns)}.")
    fine = [i for i in range(rows.count) if i not in rows.broken]
    named = [chosen] if chosen else [c for c in rows.columns if c.lower() in KEYS]
    for column in named:
        values = rows.columns[column]
        if _unique([values[i] for i in fine]) or (chosen and fine):
            return [f"row {i}" if i in rows.broken or values[i] is None else str(values[i]) for i in range(rows.count)]
    for pointer in parts.values():
        paths = [pointer.path(rows.row(i)) for i in range(rows.count)]
        stems = [p.rsplit("/", 1)[-1].rsplit(".", 1)[0] for p in paths if p]
        if len(set(stems)) == len(fine):
            return [p.rsplit("/", 1)[-1].rsplit(".", 1)[0] if p else f"row {i}" for i, p in enumerate(paths)]
        if len(set(filter(None, paths))) == len(fine):
            return [p or f"row {i}" for i, p in enumerate(paths)]
    return [str(i) for i in range(rows.count)]
