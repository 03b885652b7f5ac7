"""Parquet that ``datasets`` reads: media as ``struct<bytes, path>``, words, numbers and lists as they are.

Read: columns that the schema calls Image, Audio or Video, or whose bytes begin like
one, become media; words and labels are recognised by the names of their columns;
everything else becomes one ``record``. A table without media is one record a row.

Written: one row a sample. Pictures, sound and films are media columns, texts and class
labels strings, records a column a cell, and every other part the bytes of its own
encoding (npy, json, npz). The column ``counterpoint`` holds what these do not say
(key, rig, lineage and the facts of each part, as JSON), so nothing is lost and what is
written reads back equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, final

import pyarrow as pa
from pyarrow import parquet as pq

from counterpoint.catalog import find
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Absent, Encoded, Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.rig import Rig
from counterpoint.core.sample import Sample
from counterpoint.core.serial import dump, load
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.cells import LABELS, cell_of, label_of, role_of, text_of
from counterpoint.files.index import KEYS
from counterpoint.files.media import ending, inside, kind_of, on_clock, parts_of, plain
from counterpoint.files.place import new_file, new_folder
from counterpoint.files.settings import licence_beside
from counterpoint.files.source import BROKEN, Listed, keyed
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video

OWN = "counterpoint"
GROUP = 100  # rows a row group
MEDIA = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_FEATURES = {"Image": "image", "Audio": "audio", "Video": "video"}
_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG", "png"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"\x1aE\xdf\xa3", "mkv"),
    (b"BM", "bmp"),
)


@final
class Parquet(Format):
    """Parquet that `datasets` reads; keeps every part, the rig and the lineage exactly."""

    @classmethod
    def detect(cls, path: Path) -> float:
        if path.is_file():
            return 0.85 if path.suffix == ".parquet" else 0.0
        found = False
        for file in path.rglob("*"):
            if file.suffix == ".parquet":
                found = True
            elif file.suffix not in (".md", ".txt") and file.is_file():
                return 0.0
        return 0.85 if found else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is a file, or a folder of files with the same columns.

        Raises:
            FormatError: there is no file, one is broken, or a key stands twice.
        """
        files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
        if not files:
            raise FormatError(f"{path}: there is no .parquet file here. Check the path.")
        home = path if path.is_dir() else path.parent
        licence = licence_beside(home)
        entries = keyed((pair for file in files for pair in _rows(file, len(files) > 1, licence)), str(path))
        return Listed(entries, {"format": "parquet", "licence": licence})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        """Nothing is lost; only names that would meet in one column are told."""
        names = [n for n in sample.present() if sample.kind(n) is not Record]
        cells = [c for n in sample.present() if sample.kind(n) is Record for c in _cells_of(n, sample[n])]
        twice = sorted({c for c in cells if c in (*names, OWN) or cells.count(c) > 1})
        return [f"two things of this sample need the column {c!r}; rename one" for c in twice]

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """One file, or ``data.parquet`` in a folder where ``path`` does not end in ``.parquet``.

        The rows are kept beside it until all columns are known, so memory stays flat.

        Raises:
            FormatError: the file exists, a key stands twice, or two things need the same column.
        """
        if path.suffix == ".parquet":
            with new_file(path) as draft:
                _fill(draft, samples)
            return
        with new_folder(path) as root:
            _fill(root / "data.parquet", samples)


def _fill(path: Path, samples: Iterator[Sample]) -> None:
    spool, notes = path.with_suffix(".bytes"), path.with_suffix(".rows")
    try:
        with spool.open("wb") as media, notes.open("w", encoding="utf-8") as rows:
            schema = _gathered(samples, media, rows)
        _assembled(path, schema, spool, notes)
    finally:
        spool.unlink(missing_ok=True)
        notes.unlink(missing_ok=True)


@final
@dataclass(frozen=True)
class RowOf:
    """One row of a file."""

    file: Path
    group: int
    number: int
    licence: str

    def sample(self, key: str) -> Sample:
        table = _group(self.file, self.file.stat().st_mtime_ns, self.group)
        row = {name: table.column(name)[self.number].as_py() for name in table.column_names}
        if isinstance(row.get(OWN), str) and row[OWN].startswith('{"key"'):
            return _restored(row, key)
        features = _features(table.schema)
        parts = _recognised(row, features, self.file.parent, f"sample {key!r}")
        return Sample.of(key, on_clock(parts), lineage=Lineage(parents=(key,), licence=self.licence))


def _rows(file: Path, several: bool, licence: str) -> Iterator[tuple[str, RowOf]]:
    """Key and entry of every row; only the column of keys is read."""
    try:
        with pq.ParquetFile(file) as f:
            names = f.schema_arrow.names
            column = next((n for n in names if n.lower() in KEYS), None)
            for group in range(f.metadata.num_row_groups):
                count = f.metadata.row_group(group).num_rows
                if OWN in names:
                    told = f.read_row_group(group, columns=[OWN], use_threads=False).column(OWN).to_pylist()
                    keys = [_own_key(t) for t in told]
                else:
                    keys = (
                        f.read_row_group(group, columns=[column], use_threads=False).column(0).to_pylist()
                        if column
                        else [None] * count
                    )
                begin = sum(f.metadata.row_group(g).num_rows for g in range(group))
                for i, key in enumerate(keys):
                    plain_key = str(begin + i) if key is None else str(key)
                    prefix = f"{file.stem}/" if several and (key is None or column) and OWN not in names else ""
                    yield prefix + plain_key, RowOf(file, group, i, licence)
    except (pa.ArrowException, *BROKEN) as e:
        raise FormatError(f"{file}: it is not a Parquet file ({e}). Restore it.") from e


def _own_key(told: Any) -> str | None:
    value = json.loads(told) if isinstance(told, str) and told.startswith("{") else {}
    return value.get("key") if isinstance(value, dict) else None


@lru_cache(maxsize=2)
def _group(file: Path, changed: int, number: int) -> Any:
    try:
        with pq.ParquetFile(file) as f:
            return f.read_row_group(number, use_threads=False)
    except pa.ArrowException as e:
        raise UnreadableInputError(f"{file}: rows of group {number} cannot be read ({e}). Restore the file.") from e


def _features(schema: Any) -> dict[str, Any]:
    told = (schema.metadata or {}).get(b"huggingface")
    try:
        return dict(json.loads(told)["info"]["features"]) if told else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _recognised(row: Mapping[str, Any], features: Mapping[str, Any], home: Path, label: str) -> dict[str, Modality]:
    """The parts of a row that somebody else wrote."""
    media = {n: b for n, v in row.items() if (b := _medium(v, features.get(n, {}), home, f"{label}, column {n!r}"))}
    pictures = sum(kind_of(f"x.{b.ext}") in ("image", "video") for b in media.values())
    parts: dict[str, Modality] = {}
    for name, blob in media.items():
        parts |= parts_of(blob, plain(name), "camera" if pictures == 1 else plain(name))
    heard = any(isinstance(p, (Audio, Video)) for p in parts.values())
    said = next((n for name in LABELS for n in row if n.lower() == name and n not in media), None) if media else None
    record: dict[str, Any] = {}
    for name, value in row.items():
        if name in media:
            continue
        role = role_of(name, heard) if isinstance(value, str) else ""
        feature = features[name] if isinstance(features.get(name), dict) else {}
        names = feature.get("names")
        if names and isinstance(value, int) and 0 <= value < len(names):
            parts[plain(name)] = Label.of(str(names[value]))
        elif name == said and value is not None:
            parts["label"] = label_of(value)
        elif role:
            parts[plain(name)] = text_of(value, role)
        elif feature.get("_type") in _FEATURES:
            parts[plain(name)] = Absent(_FEATURES[feature["_type"]], "the row has none")
        else:
            record[name] = cell_of(value)
    if record:
        parts["record"] = Record(record)
    return parts


def _medium(value: Any, feature: Any, home: Path, label: str) -> Blob | None:
    """The file in a cell: bytes, or a path beside the table."""
    data, path = (value.get("bytes"), value.get("path")) if _is_media(value) else (value, None)
    if isinstance(data, bytes):
        ext = ending(path) if path and kind_of(path) else _sniffed(data)
        return Blob(ext, data, label=label) if ext else None
    if path and isinstance(feature, dict) and feature.get("_type") in _FEATURES:
        return Blob(ending(path), path=str(inside(home, path, label)), label=label)
    return None


def _is_media(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"bytes", "path"}


def _sniffed(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return {b"WAVE": "wav", b"WEBP": "webp", b"AVI ": "avi"}.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return "mp4"
    return next((ext for magic, ext in _MAGIC if data.startswith(magic)), "")


def _cells_of(name: str, record: Record) -> dict[str, Any]:
    """Columns of a record: by the names of its cells, or ``part.cell`` if it is not called ``record``."""
    return {(c if name == "record" else f"{name}.{c}"): v for c, v in record.values.items()}


def _gathered(samples: Iterator[Sample], media: IO[bytes], rows: IO[str]) -> Any:
    """Rows and bytes of all samples put aside; gives the schema that holds them all."""
    seen: set[str] = set()
    types: dict[str, Any] = {OWN: pa.string()}
    features: dict[str, Any] = {OWN: {"dtype": "string", "_type": "Value"}}
    for sample in samples:
        if sample.key in seen:
            raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
        seen.add(sample.key)
        clash = Parquet.cannot_hold(sample)
        if clash:
            raise FormatError(f"sample {sample.key!r}: {clash[0]}.")
        row: dict[str, Any] = {}
        notes: dict[str, Any] = {}
        for name in sample:
            part = sample[name]
            encoded = part.encode()
            notes[name] = {"modality": part.modality(), "ext": encoded.blob.ext, "facts": dict(encoded.facts)}
            if isinstance(part, Record):
                notes[name]["cells"] = list(part.values)
                for column, value in _cells_of(name, part).items():
                    _must_fit(sample.key, column, part, types, (pa.string(), pa.int64(), pa.float64(), pa.bool_()))
                    row[column] = value
                    types[column] = _wider(types.get(column), value)
                continue
            if isinstance(part, Absent):
                continue
            worded = isinstance(part, (Text, Label))
            _must_fit(sample.key, name, part, types, (pa.string(),) if worded else (MEDIA,))
            if worded:
                row[name] = _words(part)
                types[name] = pa.string()
                continue
            data = encoded.blob.read()
            row[name] = {"at": media.tell(), "length": len(data), "path": f"{name}.{encoded.blob.ext}"}
            media.write(data)
            types[name] = MEDIA
            if isinstance(part, (Image, Audio, Video)):
                features[name] = {"_type": type(part).__name__}
        told = {"key": sample.key, "parts": notes, "rig": dump(sample.rig), "lineage": dump(sample.lineage)}
        row[OWN] = json.dumps(told, ensure_ascii=False)
        rows.write(json.dumps(row, ensure_ascii=False) + "\n")
    fields = [pa.field(n, pa.string() if t == pa.null() else t) for n, t in types.items()]
    known = {f.name: features.get(f.name) or _feature(f.type) for f in fields}
    return pa.schema(fields, {b"huggingface": json.dumps({"info": {"features": known}}).encode()})


def _must_fit(key: str, column: str, part: Modality, types: Mapping[str, Any], allowed: Sequence[Any]) -> None:
    if types.get(column, pa.null()) not in (pa.null(), *allowed):
        raise FormatError(
            f"sample {key!r}: the column {column!r} is needed for a {part.modality()} and in samples before it for "
            f"{types[column]}; a column of Parquet holds one kind. Rename one of them."
        )


def _words(part: Modality) -> str:
    """A text; the name of a class; or the JSON of several classes with their scores."""
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Label) and part.kind == "class":
        return part.scores[0][0]
    return part.encode().blob.read().decode()


def _wider(old: Any, value: Any) -> Any:
    """The type that holds what was seen before and this value."""
    try:
        new = pa.scalar(value).type
    except OverflowError:
        new = pa.string()
    if old is None or old == pa.null() or old == new:
        return new
    if new == pa.null():
        return old
    numbers = {pa.int64(), pa.float64()}
    return pa.float64() if {old, new} == numbers else pa.string()


def _feature(kind: Any) -> Any:
    if kind == MEDIA:
        return {n: {"dtype": t, "_type": "Value"} for n, t in (("bytes", "binary"), ("path", "string"))}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind)), "_type": "Value"}


def _assembled(draft: Path, schema: Any, spool: Path, notes: Path) -> None:
    with pq.ParquetWriter(draft, schema) as out, spool.open("rb") as media, notes.open(encoding="utf-8") as rows:
        batch: list[dict[str, Any]] = []
        for line in rows:
            batch.append(_row(json.loads(line), schema, media))
            if len(batch) == GROUP:
                out.write_table(pa.Table.from_pylist(batch, schema), row_group_size=GROUP)
                batch = []
        if batch:
            out.write_table(pa.Table.from_pylist(batch, schema), row_group_size=GROUP)


def _row(row: dict[str, Any], schema: Any, media: IO[bytes]) -> dict[str, Any]:
    """A row in the types of the schema; a cell that its column cannot hold as it is is noted exactly, too."""
    done: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    for name, value in row.items():
        kind = schema.field(name).type
        if kind == MEDIA:
            media.seek(value["at"])
            done[name] = {"bytes": media.read(value["length"]), "path": value["path"]}
            continue
        done[name] = value
        if value is not None and kind != _wider(None, value):
            exact[name], done[name] = value, str(value) if kind == pa.string() else float(value)
    if exact:
        done[OWN] = json.dumps(json.loads(done[OWN]) | {"exact": exact}, ensure_ascii=False)
    return done


def _restored(row: Mapping[str, Any], key: str) -> Sample:
    """A sample that was written here, part by part from its encoding."""
    told = json.loads(row[OWN])
    row = {**row, **told.get("exact", {})}
    parts: dict[str, Modality] = {}
    for name, note in told["parts"].items():
        kind = find("modalities", note["modality"])
        label = f"sample {key!r}, part {name!r}"
        if kind is Record:
            cells = {c: row[c if name == "record" else f"{name}.{c}"] for c in note["cells"]}
            parts[name] = Record(cells, load(note["facts"]["columns"]))
            continue
        if kind is Text:
            data = row[name].encode()
        elif kind is Label and isinstance(row.get(name), str):
            one = note["facts"].get("kind", "class") == "class"
            data = (json.dumps([[row[name], 1.0]], ensure_ascii=False) if one else row[name]).encode()
        elif kind is Absent:
            data = b""
        else:
            if not _is_media(row.get(name)) or row[name]["bytes"] is None:
                raise UnreadableInputError(f"{label}: its bytes are missing from the row. Restore the file.")
            data = row[name]["bytes"]
        parts[name] = kind.decode(Encoded(Blob(note["ext"], data, label=label), note["facts"]))
    rig, lineage = load(told["rig"]), load(told["lineage"])
    if not isinstance(rig, Rig) or not isinstance(lineage, Lineage):
        raise ValueError("the column 'counterpoint' does not hold a rig and a lineage")
    return Sample.of(key, parts, rig, lineage)
