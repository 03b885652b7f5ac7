"""The native store: tar shards that WebDataset readers take as they are, with an index and checksums.

A data set is a folder with ``dataset.json`` (what the whole is), ``shard-*.tar`` and
``shard-*.parquet`` (index) and ``manifests/`` (which shards count). Parts that nothing
changed are stored as the very bytes that were read. Every byte that is read back is
compared with its checksum.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, final

from counterpoint.catalog import find
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Format, Source
from counterpoint.core.sample import Sample
from counterpoint.core.serial import digest, dump, load
from counterpoint.errors import FormatError, UnknownNameError
from counterpoint.signal.store import (
    Entry,
    Member,
    committed,
    create,
    load_manifest,
    manifest_path,
    read_index,
    sealed,
    stem,
    sweep,
    unsealed,
    write_shard,
)

LAYOUT = {"format": "counterpoint", "layout": 1}
_PER_SHARD = 1000


@final
class Native(Format):
    """Folder of ``shard-*.tar`` with a Parquet index and a manifest each."""

    @classmethod
    def detect(cls, path: Path) -> float:
        try:
            head = json.loads((path / "dataset.json").read_bytes())
        except (OSError, ValueError):
            return 0.0
        return 1.0 if isinstance(head, dict) and head.get("format") == LAYOUT["format"] else 0.0

    @classmethod
    def read(cls, path: Path) -> NativeSource:
        if not cls.detect(path):
            raise FormatError(f"{path} is no native data set: it has no dataset.json. Give the folder that holds it.")
        return NativeSource(path)

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        return ()

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        if path.exists():
            raise FormatError(f"{path} exists already and nothing is overwritten. Choose another place or remove it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            number = 0
            while batch := tuple(islice(samples, _PER_SHARD)):
                write_shard(work, number, map(entry_of, batch))
                number += 1
            describe(work, {"name": path.name})
            seal_version(work)
            work.chmod(0o755)
            work.rename(path)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@final
@dataclass(frozen=True)
class NativeSource(Source):
    """The committed shards of one folder; any sample is found without scanning."""

    path: Path

    def keys(self) -> Sequence[str]:
        return list(self._places)

    def sample(self, key: str) -> Sample:
        if key not in self._places:
            raise UnknownNameError(f"sample in {self.path}", key, self._places)
        blobs = self.members(key)
        record = json.loads(blobs[""].read())
        parts = {}
        for part in record["parts"]:
            encoded = Encoded(blobs[part["name"]], part["facts"])
            parts[part["name"]] = find("modalities", part["modality"]).decode(encoded)
        return Sample.of(key, parts, load(record["rig"]), load(record["lineage"]))

    def members(self, key: str) -> dict[str, Blob]:
        """The stored bytes of a sample by part; the record of the sample itself is called ``""``."""
        shard, first, last = self._places[key]
        tar, rows = str(self.path / f"{stem(shard)}.tar"), self._rows[shard]
        return {
            rows["part"][i]: Blob(
                rows["ext"][i],
                path=tar,
                offset=rows["offset"][i],
                length=rows["length"][i],
                digest=rows["xxh3"][i],
                label=f"sample {key!r}, " + (f"part {rows['part'][i]!r}" if rows["part"][i] else "its record"),
            )
            for i in range(first, last)
        }

    def facts(self) -> Mapping[str, Any]:
        return unsealed(self.path / "dataset.json")

    @cached_property
    def _rows(self) -> dict[int, dict[str, list[Any]]]:
        return {n: read_index(self.path, load_manifest(self.path, n)) for n in committed(self.path)}

    @cached_property
    def _places(self) -> dict[str, tuple[int, int, int]]:
        places: dict[str, tuple[int, int, int]] = {}
        for shard, rows in self._rows.items():
            first = 0
            for i, part in enumerate(rows["part"]):
                if not part:
                    places[rows["key"][i]] = (shard, first, i + 1)
                    first = i + 1
        return places

    def __reduce__(self) -> tuple[type[NativeSource], tuple[Path]]:
        return NativeSource, (self.path,)


def entry_of(sample: Sample) -> Entry:
    """A sample as bytes: every part, then the record that ties them together."""
    members, parts = [], []
    for name, cell in sample.cells.items():
        part = cell.part
        encoded = part.encode()
        modality = part.modality()
        members.append(Member(name, modality, encoded.blob.ext, encoded.blob.read(), part.span()))
        parts.append({"name": name, "modality": modality, "facts": dump(encoded.facts)})
    record = {"key": sample.key, "rig": dump(sample.rig), "lineage": dump(sample.lineage), "parts": parts}
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    members.append(Member("", "", "json", text))
    lineage = sample.lineage
    return Entry(sample.key, members, lineage.parents, tuple(map(digest, lineage.changes)), lineage.licence)


def describe(folder: Path, facts: Mapping[str, Any]) -> bool:
    """Write ``dataset.json``; False if it is there already."""
    return create(folder, "dataset.json", sealed({**LAYOUT, **facts}))


def seal_version(folder: Path) -> bool:
    """Write ``versions/0001.json``: which manifests make up the finished whole; False if it is there already.

    What killed writers left behind is removed.
    """
    manifests = {n: load_manifest(folder, n) for n in committed(folder)}
    names = {stem(n): manifest_seal(folder, n) for n in manifests}
    whole = {"manifests": names, "samples": sum(m.samples for m in manifests.values())}
    fresh = create(folder, "versions/0001.json", sealed(whole))
    sweep(folder)
    return fresh


def manifest_seal(folder: Path, number: int) -> str:
    """The digest by which a version names a manifest."""
    return str(json.loads(manifest_path(folder, number).read_bytes())["seal"])
