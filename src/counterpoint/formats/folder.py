"""A folder of media with a table: the Hugging Face folder convention, and any table whose columns point at files.

With ``metadata.csv|jsonl|parquet`` (``file_name``, ``X_file_name``) or another table
that points at files, a row is a sample. Without a table every file is a sample and
the name of its folder is its label. ``train``, ``test`` … folders are splits. What
looking cannot tell stands in ``counterpoint.yaml`` (``files.settings``).

Columns become parts: paths become media, ``caption``, ``transcript``, ``notes`` …
become texts, ``label``, ``class`` … the label, and all others one ``record``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, final

from counterpoint.core.blob import Blob
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Absent, Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.cells import LABELS, cell_of, label_of, role_of, text_of
from counterpoint.files.columns import columns_of
from counterpoint.files.cutouts import Cutouts
from counterpoint.files.index import Pointer, keys_of, pointers, table_in
from counterpoint.files.media import ending, inside, kind_of, losses, on_clock, parts_of, plain, spans_file
from counterpoint.files.place import new_folder
from counterpoint.files.settings import NAME, ROLES, Settings, licence_beside
from counterpoint.files.source import Listed, keyed
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.signal.tables import Rows, read_table
from counterpoint.signal.ustar import tar_key

SPLITS = frozenset(["train", "training", "test", "testing", "validation", "valid", "val", "dev", "eval"])
LICENCES = ("license", "licence")
MEDIA: tuple[type[Modality], ...] = (Image, Video, Audio)
HELD: tuple[type[Modality], ...] = (*MEDIA, Text, Spans, Label, Record)


@final
class Folder(Format):
    """A folder of media with `metadata.csv`, `.jsonl` or `.parquet`, or any table whose columns point at files."""

    @classmethod
    def detect(cls, path: Path) -> float:
        if not path.is_dir():
            return 0.7 if path.name == NAME else 0.0
        if (path / NAME).is_file() or any(path.glob("metadata.*")):
            return 0.9
        try:
            settings = Settings()
            if any(table_in(p, settings) for p in (path, *_splits(path))):
                return 0.8
        except FormatError:
            return 0.8
        return 0.3 if _loose(path, first=True) else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is the folder, or a ``counterpoint.yaml`` that names it as ``root``.

        Raises:
            FormatError: there is nothing to read, or several tables could be meant.
        """
        beside = path if path.is_file() else path / NAME
        settings = Settings.load(beside)
        root = (beside.parent / settings.root) if path.is_file() else path
        licence = settings.licence or licence_beside(root)
        entries: dict[str, Row | Loose] = {}
        for folder in (root, *_splits(root)):
            prefix = "" if folder == root else f"{folder.name}/"
            index = Index.of(folder, settings, licence)
            if index is not None:
                named = zip(index.keys, (Row(index, i) for i in range(index.rows.count)), strict=True)
                entries |= keyed(((prefix + k, row) for k, row in named), str(folder))
        entries = entries or _loose(root, licence)
        if not entries:
            raise FormatError(f"{root}: there is neither a table that points at files nor a medium. Check the path.")
        return Listed(entries, {"format": "folder", "licence": licence, "attribution": settings.attribution})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = losses(sample, HELD, "a folder with metadata.jsonl")
        calibrated = [n for n, c in sample.rig.cameras.items() if c.intrinsics is not None]
        said += [f"a folder with metadata.jsonl has no place for the calibration of camera {n!r}" for n in calibrated]
        for name in sample.present():
            part, kind = sample.cells[name], sample.kind(name)
            if kind is Record and name != "record":
                said.append(f"a folder with metadata.jsonl holds one record, called 'record'; {name!r} would be lost")
            if kind is Text and (sample[name].protected or any(k.instance for k in sample[name].links)):
                said.append(f"the links of words to instances and the protected words of {name!r} would be lost")
            start = (part.span() or (0.0, 0.0))[0]
            if kind in (Video, Audio) and abs(start) > 1e-9:
                said.append(f"{name!r} starts at {start:.6g} s of the clock; a media file alone would start at 0")
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """Media as ``PART/KEY.EXT``, one line of ``metadata.jsonl`` a sample, and a ``counterpoint.yaml``.

        Raises:
            FormatError: the folder exists, a key stands twice, or two parts need the same column.
        """
        with new_folder(path) as root:
            seen: set[str] = set()
            said: dict[str, Any] = {"key": "key", "files": {}, "columns": {}}
            with (root / "metadata.jsonl").open("w", encoding="utf-8") as table:
                for sample in samples:
                    if sample.key in seen:
                        raise FormatError(f"{path}: the key {sample.key!r} comes twice. Give every sample its own key.")
                    seen.add(sample.key)
                    row = _row(root, sample, said)
                    table.write(json.dumps(row, ensure_ascii=False) + "\n")
            (root / NAME).write_text(_yaml(said), encoding="utf-8")


@final
@dataclass(frozen=True)
class Index:
    """One table, what it points at and what its columns become."""

    root: Path
    rows: Rows
    keys: list[str]
    parts: dict[str, Pointer]
    settings: Settings
    licence: str

    @classmethod
    def of(cls, root: Path, settings: Settings, licence: str) -> Index | None:
        table = table_in(root, settings)
        if table is None:
            return None
        rows = read_table(table)
        parts = pointers(root, rows, settings)
        return cls(root, rows, keys_of(rows, settings.key, parts), parts, settings, licence)

    @cached_property
    def purposes(self) -> dict[str, str]:
        """What each column that names no file becomes."""
        used = {c for p in self.parts.values() for c in p.columns if p.pattern.endswith("{" + c + "}")}
        rest = [c for c in self.rows.columns if c not in used and c != self.settings.key]
        found = {c: self.settings.purpose(c) or self._guessed(c) for c in rest}
        if not any(self.settings.purpose(c) == "label" for c in rest):
            label = next((c for name in LABELS for c in rest if c.lower() == name), None)
            if label and self.settings.purpose(label) is None:
                found[label] = "label"
        return found

    def _guessed(self, column: str) -> str:
        if not any(isinstance(v, str) for v in self.rows.columns[column]):
            return "record"
        return role_of(column, any(p.kind in ("audio", "video") for p in self.parts.values())) or "record"

    @cached_property
    def meanings(self) -> dict[str, Column]:
        table = {c: self.rows.columns[c] for c, p in self.purposes.items() if p == "record"}
        said = {c: self.settings.meaning(c) for c in table}
        return dict(zip(table, columns_of(table, said), strict=True))

    @cached_property
    def cutouts(self) -> Cutouts | None:
        return Cutouts.beside(self.root, self.settings.masks)


@final
@dataclass(frozen=True)
class Row:
    """A sample that is a row of a table."""

    index: Index
    number: int

    def sample(self, key: str) -> Sample:
        index, licence = self.index, self.index.licence
        if self.number in index.rows.broken:
            raise UnreadableInputError(
                f"sample {key!r}: row {self.number + 1} of the table cannot be used: "
                f"{index.rows.broken[self.number]}. Correct the row."
            )
        row = index.rows.row(self.number)
        parts = self._media(key, row)
        split = {"split": index.root.name} if index.root.name.lower() in SPLITS and "split" not in row else {}
        record: dict[str, Any] = {}
        for column, purpose in index.purposes.items():
            value = row[column]
            if purpose == "record":
                record[index.meanings[column].name] = cell_of(value)
            elif purpose == "label":
                name = column if index.settings.purpose(column) else "label"
                parts[name] = Absent("label", "no value") if value is None else label_of(value)
            elif purpose in ROLES:
                parts[plain(column)] = text_of(value, purpose)
            if column.lower() in LICENCES and isinstance(value, str):
                licence = value
        if record or split:
            parts["record"] = Record(record | split, tuple(index.meanings.values()))
        return Sample.of(key, on_clock(parts), lineage=Lineage(parents=(key,), licence=licence))

    def _media(self, key: str, row: Mapping[str, Any]) -> dict[str, Modality]:
        parts: dict[str, Modality] = {}
        pictures = [n for n, p in self.index.parts.items() if p.kind in ("image", "video")]
        for name, pointer in self.index.parts.items():
            file = pointer.path(row)
            if file is None:
                parts[name] = Absent(pointer.kind, "the table names no file")
                continue
            camera = "camera" if len(pictures) == 1 else name
            label = f"sample {key!r}, part {name!r}"
            blob = Blob(ending(file), path=str(inside(self.index.root, file, label)), label=label)
            spans = pointer.kind == "spans" and not pointer.named
            found = parts_of(blob, "" if spans else name, camera)
            parts |= {n: p for n, p in found.items() if n not in self.index.parts or n == name}
            size = parts[name].size() if pointer.kind == "image" and self.index.cutouts else None
            if size and self.index.cutouts:
                masks = self.index.cutouts.of(file, size, camera, blob.label)
                parts |= {"masks": masks} if masks else {}
        return parts


@final
@dataclass(frozen=True)
class Loose:
    """A sample that is files of one stem; the name of their folder is its label."""

    root: Path
    files: tuple[str, ...]
    label: str = ""
    split: str = ""
    licence: str = ""

    def sample(self, key: str) -> Sample:
        parts: dict[str, Modality] = {}
        for file in self.files:
            blob = Blob(ending(file), path=str(inside(self.root, file, f"sample {key!r}")), label=f"sample {key!r}")
            parts |= parts_of(blob, kind_of(file))
        if self.label:
            parts["label"] = Label.of(self.label)
        if self.split:
            parts["record"] = Record({"split": self.split})
        return Sample.of(key, parts, lineage=Lineage(parents=(key,), licence=self.licence))


def _splits(root: Path) -> list[Path]:
    return [p for p in sorted(root.iterdir()) if p.is_dir() and p.name.lower() in SPLITS]


def _loose(root: Path, licence: str = "", first: bool = False) -> dict[str, Row | Loose]:
    """Every medium under ``root`` by its path without the ending; only the first with ``first``."""
    stems: dict[str, list[str]] = {}
    for path in root.rglob("*") if first else sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if kind_of(name) in ("image", "audio", "video") and path.is_file() and not path.name.startswith("."):
            stems.setdefault(name.rsplit(".", 1)[0], []).append(name)
            if first:
                break
    homes = {stem: _home(stem) for stem in stems}
    labelled = len({home[1] for home in homes.values()}) > 1
    entries: dict[str, Row | Loose] = {}
    for stem, names in stems.items():
        split, label = homes[stem]
        groups = {stem: tuple(names)} if len({kind_of(n) for n in names}) == len(names) else {n: (n,) for n in names}
        for key, files in groups.items():
            entries[key] = Loose(root, files, label if labelled else "", split, licence)
    return entries


def _home(stem: str) -> tuple[str, str]:
    """Split and label of a path: the folders above the file."""
    above = stem.split("/")[:-1]
    split = above[0] if above and above[0].lower() in SPLITS else ""
    inner = above[1:] if split else above
    return split, inner[-1] if inner else ""


def _row(root: Path, sample: Sample, said: dict[str, Any]) -> dict[str, Any]:
    """The line of a sample; its files are written, and what its columns mean is noted in ``said``."""
    row: dict[str, Any] = {"key": sample.key}
    end = max((s[1] for s in sample.spans().values()), default=0.0)
    for name in sample.present():
        kind = sample.kind(name)
        if not issubclass(kind, HELD) or (kind is Record and name != "record"):
            continue
        part = sample[name]
        cells: dict[str, Any]
        if isinstance(part, (Image, Video, Audio, Spans)):
            cells = {f"{name}_file_name": _file(root, sample.key, name, part, end)}
            said["files"].setdefault(name, f"{name}_file_name")
        elif isinstance(part, Text):
            cells = {name: part.text}
            said["columns"].setdefault(name, {"as": part.role})
        elif isinstance(part, Label):
            cells = {name: part.scores[0][0] if part.kind == "class" else dict(part.scores)}
            said["columns"].setdefault(name, {"as": "label"})
        else:
            cells = dict(part.values)
            for column in part.columns:
                said["columns"].setdefault(column.name, {"as": "record", **_unusual(column)})
        twice = set(cells) & set(row)
        if twice:
            raise FormatError(
                f"sample {sample.key!r}: two parts need the column {sorted(twice)[0]!r} of metadata.jsonl. Rename one."
            )
        row |= cells
    return row


def _file(root: Path, key: str, name: str, part: Modality, end: float) -> str:
    if isinstance(part, Spans):
        apart = bool((part.starts[1:] >= part.ends[:-1]).all()) and part.kind != "subtitles"
        ext = "TextGrid" if apart else "vtt"
        data = spans_file({part.kind: part}, ext, end)
    else:
        blob = part.encode().blob
        ext, data = blob.ext, blob.read()
    file = f"{name}/{tar_key(key)}.{ext}"
    (root / name).mkdir(exist_ok=True)
    (root / file).write_bytes(data)
    return file


def _unusual(column: Column) -> dict[str, Any]:
    usual = Column(column.name)
    return {
        f.name: getattr(column, f.name)
        for f in fields(column)
        if f.name != "name" and (f.name == "kind" or getattr(column, f.name) != getattr(usual, f.name))
    }


def _yaml(said: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(said), sort_keys=False, allow_unicode=True)
