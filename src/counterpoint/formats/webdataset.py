"""WebDataset tars of any make: members of one key are one sample, endings say what they are.

The key is the name up to the first dot of its last piece; between it and the ending a
name of the part may stand (``0001.left.jpg``). ``jpg``, ``wav``, ``mp4``, ``txt``, ``srt`` … become
what they are, ``cls`` a label, ``json`` a record, ``npy`` a picture (bytes, three axes)
or a series (one row a second unless a ``json`` gives its ``rate``). What no part is known
for is absent with the reason.

Nothing is ever unpacked onto the disk and nothing is ever unpickled: names that lead
out of the archive, links, devices and pickles make their sample unreadable. Written
are plain USTAR tars with fixed headers, the same bytes every time.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, final
from urllib.parse import unquote

import numpy as np

from counterpoint.core.blob import Blob
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Absent, Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.cells import cell_of, label_of
from counterpoint.files.columns import columns_of, unsaid
from counterpoint.files.media import kind_of, losses, on_clock, parts_of, plain, shortened, spans_file
from counterpoint.files.place import new_file, new_folder
from counterpoint.files.settings import licence_beside
from counterpoint.files.source import Listed
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.signal.ustar import END, header, member_name, padding, tar_key

HELD: tuple[type[Modality], ...] = (Image, Audio, Video, Text, Spans, Label, Record)
PICKLES = frozenset({"pkl", "pickle", "pyd", "pt", "pth", "ckpt", "joblib"})
SHARD = 1 << 30
_USUAL = {"cls": "label", "json": "record", "npy": "series"}


@final
class Webdataset(Format):
    """WebDataset tars of any make; read in place, never unpacked, never unpickled."""

    @classmethod
    def detect(cls, path: Path) -> float:
        return 0.8 if any(_is_tar(p) for p in _tars(path)) else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is a tar, or a folder of tars.

        Raises:
            FormatError: there is no tar, or it is compressed.
        """
        tars = _tars(path)
        if not tars:
            raise FormatError(f"{path}: there is no .tar here. Check the path.")
        found = [(tar, key, group) for tar in tars for key, group in _scanned(tar).items()]
        keys = [key for _, key, _ in found]
        twice = {k for k in keys if keys.count(k) > 1} if len(set(keys)) < len(keys) else set()
        home = path if path.is_dir() else path.parent
        licence = licence_beside(home)
        entries = {
            (f"{tar.stem}/{key}" if key in twice else key): Group(str(tar), tuple(g.members), g.refused, licence)
            for tar, key, g in found
        }
        return Listed(entries, {"format": "webdataset", "licence": licence})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        layout = "a plain WebDataset (the native store is one, too, and keeps everything)"
        said = [*shortened(sample, "a plain WebDataset"), *losses(sample, HELD, layout)]
        said += [
            f"{layout} has no place for the calibration of camera {n!r}"
            for n, c in sample.rig.cameras.items()
            if c.intrinsics is not None
        ]
        for name in sample.present():
            part, kind = sample.cells[name], sample.kind(name)
            if kind is Record:
                odd = [c.name for c in sample[name].columns if unsaid(c)]
                said += [f"{layout} has no place for the kind of column {c!r}" for c in odd]
            if kind is Text and (sample[name].links or sample[name].role != _role(name)):
                said.append(f"{layout} has no place for the role and the links of the words of {name!r}")
            start = (part.span() or (0.0, 0.0))[0]
            if kind in (Audio, Video) and abs(start) > 1e-9:
                said.append(f"{name!r} starts at {start:.6g} s of the clock; a media file alone would start at 0")
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """One tar where ``path`` ends in ``.tar``; else a folder of tars of about 1 GiB.

        Raises:
            FormatError: something is there, or a key stands twice.
        """
        seen: set[str] = set()
        if path.suffix == ".tar":
            with new_file(path) as draft, draft.open("wb") as out:
                _fill(out, samples, seen, None)
            return
        with new_folder(path) as root:
            number, more = 0, True
            while more:
                with (root / f"{number:06d}.tar").open("wb") as out:
                    more = _fill(out, samples, seen, SHARD)
                number += 1


@dataclass
class _Found:
    """Members of one key as they are found."""

    members: list[tuple[str, int, int]] = field(default_factory=list)
    refused: str = ""


def _tars(path: Path) -> list[Path]:
    return sorted(path.glob("*.tar")) if path.is_dir() else [path] if ".tar" in path.name else []


def _is_tar(path: Path) -> bool:
    with path.open("rb") as f:
        return f.read(512)[257:262] == b"ustar"


def _scanned(path: Path) -> dict[str, _Found]:
    """Members by key: (rest of the name, offset, length); no content is read.

    Raises:
        FormatError: it is no plain tar.
    """
    groups: dict[str, _Found] = {}
    size, at = path.stat().st_size, 0
    try:
        with tarfile.open(path, "r:") as tar:
            while (member := _next(tar, path, at, groups)) is not None:
                at = member.offset
                if member.isdir():
                    continue
                key, rest = _split(member.name)
                group = groups.setdefault(key, _Found())
                group.refused = group.refused or _why_not(member, size)
                if any(rest == r for r, _, _ in group.members):
                    group.refused = f"{rest!r} stands twice under this key, so two samples would be mixed"
                group.members.append((rest, member.offset_data, member.size))
    except tarfile.ReadError as e:
        raise FormatError(f"{path}: it is no plain tar ({e}). Decompress or restore it.") from e
    return groups


def _next(tar: tarfile.TarFile, path: Path, at: int, groups: dict[str, _Found]) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except tarfile.TarError as e:
        if not groups:
            raise
        groups[f"{path.name} after byte {at}"] = _Found(refused=f"the archive is torn there ({e})")
        return None


def _split(name: str) -> tuple[str, str]:
    base = name.rpartition("/")[2]
    stem, _, rest = base.partition(".")
    key = (name.removesuffix(base) + stem).removeprefix("./")
    plain_key = unquote(key)
    return (plain_key if plain_key and tar_key(plain_key) == key else key or name), rest


def _why_not(member: tarfile.TarInfo, size: int) -> str:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        return f"the member {member.name!r} leads out of the archive"
    if not member.isreg():
        return f"the member {member.name!r} is a link or a device, not a file"
    if member.offset_data + member.size > size:
        return f"the archive ends inside the member {member.name!r}"
    return ""


@final
@dataclass(frozen=True)
class Group:
    """The members of one sample."""

    tar: str
    members: tuple[tuple[str, int, int], ...]
    refused: str
    licence: str

    def sample(self, key: str) -> Sample:
        label = f"sample {key!r} in {os.path.basename(self.tar)}"
        if self.refused:
            raise UnreadableInputError(f"{label}: {self.refused}. Repack the archive without it.")
        parts: dict[str, Modality] = {}
        told: dict[str, Any] = {}
        blobs = {
            rest: Blob(rest.rsplit(".", 1)[-1].lower(), None, self.tar, at, n, label=label)
            for rest, at, n in self.members
        }
        pictures = sum(kind_of(f"x.{b.ext}") in ("image", "video") for b in blobs.values())
        # what others say comes first, so that sound in a file of its own replaces the sound track of a film
        order = {"json": 0, "video": 2}
        for rest, blob in sorted(blobs.items(), key=lambda b: order.get(kind_of(f"x.{b[1].ext}") or b[1].ext, 1)):
            name = plain(rest.rpartition(".")[0]) if "." in rest else _usual(blob.ext)
            for called, part in _read(blob, name, "camera" if pictures == 1 else name, told).items():
                if called not in parts:
                    parts[called] = part
                elif called == name:
                    parts[plain(rest)] = part
        return Sample.of(key, on_clock(parts), lineage=Lineage(parents=(key,), licence=self.licence))


def _usual(ext: str) -> str:
    """What a part is called by its ending alone."""
    kind = kind_of(f"x.{ext}")
    return _USUAL.get(ext) or ("text" if kind == "text" else "" if kind == "spans" else kind) or plain(ext)


def _role(name: str) -> str:
    return "transcript" if name == "transcript" else "caption"


def _read(blob: Blob, name: str, camera: str, told: dict[str, Any]) -> dict[str, Modality]:
    """The parts in one member; ``told`` gathers what the json members say."""
    if blob.ext in PICKLES:
        raise UnreadableInputError(
            f"{blob.label}: the member .{blob.ext} is a pickle, which could run any code; pickles are never loaded. "
            "Repack it as npy or json."
        )
    if blob.ext == "json":
        value = json.loads(blob.read())
        told |= value if isinstance(value, dict) else {}
        if name == "label":
            return {name: label_of(value)}
        cells = value if isinstance(value, dict) else {"value": value}
        return {name: Record({str(n): cell_of(v) for n, v in cells.items()}, _columns(cells))}
    if blob.ext == "cls":
        return {name: Label.of(blob.read().decode().strip())}
    if blob.ext == "npy":
        return {name: _array(blob, camera, told)}
    if not kind_of(f"x.{blob.ext}"):
        return {name: Absent("file", f"no part is known for .{blob.ext}")}
    found = parts_of(blob, name, camera)
    return {
        n: Text(p.text, "transcript") if isinstance(p, Text) and _role(n) == "transcript" else p
        for n, p in found.items()
    }


def _columns(cells: Mapping[str, Any]) -> tuple[Column, ...]:
    return tuple(c for c in columns_of({str(n): [cell_of(v)] for n, v in cells.items()}) if c.name in cells)


def _array(blob: Blob, camera: str, told: Mapping[str, Any]) -> Modality:
    array = np.load(BytesIO(blob.read()), allow_pickle=False)
    if array.ndim == 3 and array.dtype == np.uint8:
        return Image(array, camera)
    if array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise UnreadableInputError(
            f"{blob.label}: an array of {array.dtype} with {array.ndim} axes is neither a picture nor a series. "
            "Repack it as the file that it stands for."
        )
    table = array.reshape(len(array), -1).astype(np.float64)
    rate = float(told.get("rate", 1.0))
    columns = tuple(Column(f"column_{i}") for i in range(table.shape[1]))
    return Series(np.arange(len(table)) / rate, table, columns, rate)


def _fill(out: IO[bytes], samples: Iterator[Sample], seen: set[str], most: int | None) -> bool:
    """Members of the next samples until ``most`` bytes; whether there may be more."""
    for sample in samples:
        if sample.key in seen:
            raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
        seen.add(sample.key)
        members = list(_members(sample))
        if not members:
            raise FormatError(
                f"sample {sample.key!r} has nothing that a plain WebDataset holds. Choose another format."
            )
        for name, data in members:
            out.write(header(name, len(data)) + data + bytes(padding(len(data))))
        if most is not None and out.tell() >= most:
            out.write(END)
            return True
    out.write(END)
    return False


def _members(sample: Sample) -> Iterator[tuple[str, bytes]]:
    key = tar_key(sample.key)
    end = max((s[1] for s in sample.spans().values()), default=0.0)
    for name in sample.present():
        part = sample[name]
        if not isinstance(part, HELD):
            continue
        ext, data = _bytes(part, end)
        yield (f"{key}.{ext}" if _usual(ext) == name else member_name(key, name, ext)), data


def _bytes(part: Modality, end: float) -> tuple[str, bytes]:
    if isinstance(part, Label):
        if part.kind == "class":
            return "cls", part.scores[0][0].encode()
        return "json", json.dumps(dict(part.scores), ensure_ascii=False).encode()
    if isinstance(part, Record):
        return "json", json.dumps(dict(part.values), ensure_ascii=False).encode()
    if isinstance(part, Spans):
        apart = part.kind != "subtitles" and bool((part.starts[1:] >= part.ends[:-1]).all())
        ext = "textgrid" if apart else "vtt"
        return ext, spans_file({part.kind: part}, ext, end)
    blob = part.encode().blob
    return blob.ext, blob.read()
