"""Shards on disk: a tar, its index and the manifest that makes both count.

A shard is written under a temporary name, synced, moved into place and *committed*
by creating its manifest exclusively. Readers look at manifests only, so whatever a
killed writer left behind is invisible. JSON files here are *sealed*: they carry a
digest of themselves and have one spelling, so any changed byte shows.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b, file_digest, sha256
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, final

from counterpoint.core.blob import fingerprint
from counterpoint.errors import FormatError, IntegrityError
from counterpoint.signal.ustar import BLOCK, END, header, member_name, padding, tar_key

WORK = ".work"
COLUMNS = (
    "key", "part", "modality", "ext", "offset", "length", "xxh3", "start", "end", "parents", "changes", "licence",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Member:
    """One part of one sample as bytes; ``span`` is what it covers of the clock, s."""

    part: str
    modality: str
    ext: str
    payload: bytes
    span: tuple[float, float] | None = None


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """One sample as bytes: its parts, then its record, and what the index says about the whole."""

    key: str
    members: Sequence[Member]
    parents: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    licence: str = ""


@final
@dataclass(frozen=True)
class Manifest:
    """What a shard holds. ``notes`` is the writer's own, e.g. inputs that were set aside; JSON types."""

    shard: int
    samples: int
    members: int
    tar_size: int
    tar_sha256: str
    index_size: int
    index_sha256: str
    notes: Mapping[str, Any] = field(default_factory=dict)


def stem(number: int) -> str:
    return f"shard-{number:05d}"


def manifest_path(folder: Path, number: int) -> Path:
    return folder / "manifests" / f"{stem(number)}.json"


def committed(folder: Path) -> list[int]:
    """Numbers of the shards that count, in order."""
    names = (p.stem.removeprefix("shard-") for p in (folder / "manifests").glob("shard-*.json"))
    return sorted(int(name) for name in names if name.isdecimal())


def load_manifest(folder: Path, number: int) -> Manifest:
    """The manifest of a shard.

    Raises:
        IntegrityError: it is not what was written.
    """
    return Manifest(**unsealed(manifest_path(folder, number)))


def write_shard(
    folder: Path, number: int, entries: Iterable[Entry], notes: Mapping[str, Any] | None = None
) -> Manifest:
    """Write and commit one shard; ``notes`` may be filled while ``entries`` is consumed.

    Raises:
        FormatError: two samples have one key.
        IntegrityError: the shard was committed before with other bytes.
    """
    prefix = f"{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=_work(folder), ignore_cleanup_errors=True) as work:
        tar, index = Path(work, "tar"), Path(work, "index")
        tar_sha256, rows = _write_tar(tar, entries)
        _write_index(index, rows)
        manifest = Manifest(
            number,
            rows["part"].count(""),
            len(rows["part"]),
            tar.stat().st_size,
            tar_sha256,
            index.stat().st_size,
            hashed(index),
            dict(notes or {}),
        )
        _commit(folder, manifest, tar, index)
    return manifest


def _write_tar(path: Path, entries: Iterable[Entry]) -> tuple[str, dict[str, list[Any]]]:
    """The tar; gives back its SHA-256 and the columns of its index."""
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    add = [rows[name].append for name in COLUMNS]
    seen: set[str] = set()
    digest = sha256()
    at = 0
    with path.open("wb", buffering=0) as out:
        for entry in entries:
            name = tar_key(entry.key)
            if name in seen:
                raise FormatError(f"two samples are called {entry.key!r}; keys must differ. Rename one of them.")
            seen.add(name)
            pieces: list[bytes] = []
            for m in entry.members:
                size = len(m.payload)
                gap = padding(size)
                pieces += (header(member_name(name, m.part, m.ext), size), m.payload, END[:gap])
                start, end = m.span or (None, None)
                lineage = (None, None, None) if m.part else (entry.parents, entry.changes, entry.licence)
                row = (entry.key, m.part, m.modality, m.ext, at + BLOCK, size, fingerprint(m.payload), start, end)
                for put, value in zip(add, row + lineage, strict=True):
                    put(value)
                at += BLOCK + size + gap
            _append(out, digest, b"".join(pieces))
        _append(out, digest, END)
        os.fsync(out.fileno())
    return digest.hexdigest(), rows


def _append(out: RawIOBase, digest: Any, data: bytes) -> None:
    """Write all of ``data``; a raw file may take less than it is given."""
    digest.update(data)
    left = memoryview(data)
    while left:
        left = left[out.write(left) or 0 :]


def _schema() -> Any:
    import pyarrow as pa

    text, names = pa.string(), pa.list_(pa.string())
    types = (text, text, text, text, pa.int64(), pa.int64(), text, pa.float64(), pa.float64(), names, names, text)
    return pa.schema(list(zip(COLUMNS, types, strict=True)))


def _write_index(path: Path, rows: Mapping[str, list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("wb") as out:
        pq.write_table(pa.table(rows, schema=_schema()), out, compression="zstd", write_statistics=False)
        _sync(out)


def read_index(folder: Path, manifest: Manifest) -> dict[str, list[Any]]:
    """The columns of the index of a shard.

    Raises:
        IntegrityError: it is missing or not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{stem(manifest.shard)}.parquet"
    data = path.read_bytes() if path.exists() else b""
    if sha256(data).hexdigest() != manifest.index_sha256:
        raise IntegrityError(
            f"{path}: the index was changed or lost since it was written (SHA-256 differs from its manifest). "
            f"Restore it, or delete {manifest_path(folder, manifest.shard)} and run the recipe with --resume."
        )
    # Threads of Arrow that are still alive when a process ends may abort it (4 of 60 times, pyarrow 26.0.1).
    return pq.read_table(pa.BufferReader(data), schema=_schema(), use_threads=False).to_pydict()


def _commit(folder: Path, manifest: Manifest, tar: Path, index: Path) -> None:
    """Move tar and index into place, then create the manifest; the first committer wins."""
    text = sealed(asdict(manifest))
    final = manifest_path(folder, manifest.shard)
    if not final.exists():
        for temporary, ending in ((tar, ".tar"), (index, ".parquet")):
            os.replace(temporary, folder / (stem(manifest.shard) + ending))
        _sync_folder(folder)
    if create(folder, str(final.relative_to(folder)), text):
        return
    if final.read_bytes() != text:
        raise IntegrityError(
            f"{final} was committed by another process with other bytes. The same recipe must give the same bytes: "
            "look for versions that differ, or write to another folder."
        )


def create(folder: Path, name: str, data: bytes) -> bool:
    """Create a file of a data set whole or not at all; False if it is there already. Works on local disks and NFS."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f"{os.getpid()}-", dir=_work(folder))
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            _sync(out)
        os.chmod(temporary, 0o644)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    finally:
        os.unlink(temporary)
    _sync_folder(path.parent)
    return True


def sweep(folder: Path) -> None:
    """Remove what killed writers left behind; those that still write are left alone."""
    work = folder / WORK
    for left in work.glob("*"):
        if not _alive(left.name.partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    with suppress(OSError):
        work.rmdir()


def _work(folder: Path) -> Path:
    (folder / WORK).mkdir(parents=True, exist_ok=True)
    return folder / WORK


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    # Where nobody reaps them, killed processes stay in the table as zombies; they write no more.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def sealed(value: Mapping[str, Any]) -> bytes:
    """JSON that carries a digest of itself."""
    return _spelt({**value, "seal": _seal(value)})


def unsealed(path: Path) -> dict[str, Any]:
    """What ``sealed`` wrote to ``path``.

    Raises:
        IntegrityError: the file is missing or any byte of it was changed.
    """
    try:
        data = path.read_bytes()
        value = json.loads(data)
        seal = value.pop("seal")
    except (OSError, ValueError, KeyError, AttributeError) as e:
        raise IntegrityError(f"{path}: missing or damaged ({e}). Restore it from a copy.") from e
    if seal != _seal(value) or _spelt({**value, "seal": seal}) != data:
        raise IntegrityError(f"{path}: its bytes were changed since they were written. Restore it from a copy.")
    return dict(value)


def _seal(value: Mapping[str, Any]) -> str:
    return blake2b(_spelt(value), digest_size=16).hexdigest()


def _spelt(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode()


def hashed(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as f:
        return file_digest(f, "sha256").hexdigest()


def _sync(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
