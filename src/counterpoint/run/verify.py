"""Finding any byte of a data set that is not what was written.

Every file is covered by a digest: a manifest by its own seal, the tar and the index
by the manifest, the list of manifests by the version. Where a tar differs, the index
tells which sample and part lie there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, final

from counterpoint.core.blob import fingerprint
from counterpoint.errors import FormatError, IntegrityError
from counterpoint.formats.native import Native, manifest_seal
from counterpoint.run.plan import Plan
from counterpoint.signal.store import Manifest, committed, hashed, load_manifest, read_index, stem, unsealed
from counterpoint.signal.ustar import BLOCK, END, header, member_name, padding, tar_key


@final
@dataclass(frozen=True)
class Finding:
    """One place that is not as it was written; ``sample`` and ``part`` where it lies in one."""

    file: str
    what: str
    sample: str | None = None
    part: str | None = None

    def __str__(self) -> str:
        where = f"sample {self.sample!r}, {_part(self.part)}: " if self.sample is not None else ""
        return f"{self.file}: {where}{self.what}"


def verify(folder: Path, tell: Callable[[int], None] = lambda shards: None) -> list[Finding]:
    """Every change since the folder was written; empty if there is none.

    Args:
        folder: a native data set, finished or not.
        tell: called after each shard.

    Raises:
        FormatError: it is no native data set.
    """
    if not Native.detect(folder) and not (folder / "manifests").is_dir():
        raise FormatError(f"verify {str(folder)!r}: this is no native data set. Give a folder with dataset.json.")
    findings = [f for name in ("dataset.json", "plan.json") for f in _sealed(folder, name)]
    findings += _version(folder)
    for number in committed(folder):
        findings += _shard(folder, number)
        tell(1)
    return findings


def _sealed(folder: Path, name: str) -> Iterator[Finding]:
    if name == "plan.json" and not (folder / name).exists() and not _of_a_run(folder):
        return
    try:
        unsealed(folder / name)
    except IntegrityError:
        yield Finding(name, "missing or changed since it was written")


def _of_a_run(folder: Path) -> bool:
    """Whether a run made the shards; it notes its recipe in each manifest."""
    for number in committed(folder)[:1]:
        with suppress(IntegrityError):
            return "recipe" in load_manifest(folder, number).notes
    return False


def _unfinished(folder: Path) -> bool:
    """Whether shards are still to be made, so that there cannot be a version."""
    try:
        return bool(Plan.load(folder).left())
    except FormatError:
        return False
    except IntegrityError:
        return True


def _version(folder: Path) -> Iterator[Finding]:
    name = "versions/0001.json"
    if not (folder / name).exists():
        if not _unfinished(folder):
            yield Finding(name, "is missing although every shard is there; a run writes it anew with --resume")
        return
    try:
        named = unsealed(folder / name)["manifests"]
    except IntegrityError:
        yield Finding(name, "changed since it was written")
        return
    there = {stem(n): n for n in committed(folder)}
    for missing in sorted(set(named) - set(there)):
        yield Finding(f"manifests/{missing}.json", "is missing, so the samples of its shard are not read")
    for extra in sorted(set(there) - set(named)):
        yield Finding(f"manifests/{extra}.json", f"is not part of the finished data set ({name})")
    for shard in sorted(set(named) & set(there)):
        try:
            seal: str | None = manifest_seal(folder, there[shard])
        except (ValueError, KeyError, TypeError):
            seal = None
        if seal != named[shard]:
            yield Finding(f"manifests/{shard}.json", f"is not the manifest that {name} names")


def _shard(folder: Path, number: int) -> Iterator[Finding]:
    try:
        manifest = load_manifest(folder, number)
    except IntegrityError:
        yield Finding(f"manifests/{stem(number)}.json", "changed since it was written")
        return
    tar = folder / f"{stem(number)}.tar"
    try:
        rows: dict[str, list[Any]] | None = read_index(folder, manifest)
    except IntegrityError:
        rows = None
        yield Finding(f"{stem(number)}.parquet", "the index is missing or changed since it was written")
    if not tar.exists():
        yield Finding(tar.name, f"is missing with {manifest.samples} samples")
    elif hashed(tar) != manifest.tar_sha256:
        places = list(_places(tar, manifest, rows)) if rows else []
        yield from places or [Finding(tar.name, "changed since it was written; the index cannot say where")]


def _places(tar: Path, manifest: Manifest, rows: dict[str, list[Any]]) -> Iterator[Finding]:
    """Where a tar differs from its index, member by member."""
    size = tar.stat().st_size
    if size != manifest.tar_size:
        yield Finding(tar.name, f"has {size} bytes instead of {manifest.tar_size}")
    with tar.open("rb") as f:
        for key, part, ext, offset, length, digest in zip(
            *(rows[name] for name in ("key", "part", "ext", "offset", "length", "xxh3")), strict=True
        ):
            f.seek(offset - BLOCK)
            if f.read(BLOCK) != header(member_name(tar_key(key), part, ext), length):
                yield Finding(tar.name, "the tar header before it changed; the part itself is intact", key, part)
            if _fingerprint(f, length) != digest:
                yield Finding(tar.name, "its bytes changed", key, part)
            gap = padding(length)
            if f.read(gap) != bytes(gap):
                yield Finding(tar.name, "the padding after it changed; the part itself is intact", key, part)
        if f.read() != END:
            yield Finding(tar.name, "the end of the tar changed; every sample before it was compared")


def _fingerprint(f: BinaryIO, length: int) -> str:
    return fingerprint(f.read(length))


def _part(part: str | None) -> str:
    return f"part {part!r}" if part else "its record"
