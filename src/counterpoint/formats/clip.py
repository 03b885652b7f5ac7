"""A recording with files of times beside it, of the same stem: subtitles, words, phones, a transcript.

``talk.mp4`` with ``talk.srt``, ``talk.vtt``, ``talk.align``, ``talk.TextGrid``, ``talk.lab`` or
``talk.txt``; one such group or a folder of them. Each tier is a part: ``words``,
``phones``, ``subtitles`` or as the file calls it. Where words have times, a
``transcript`` is built from them and each of its words is linked to its time.

Times are seconds from the begin of the recording. A cue that reaches beyond its end
is legal and is kept; ``counterpoint look`` tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final
from urllib.parse import unquote

from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError
from counterpoint.files.media import ending, kind_of, losses, on_clock, parts_of, shortened, spans_file, transcript
from counterpoint.files.place import new_folder
from counterpoint.files.settings import NAME, Settings, licence_beside
from counterpoint.files.source import Listed, keyed
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.signal.ustar import tar_key

HELD: tuple[type[Modality], ...] = (Video, Audio, Spans, Text)
RECORDED = ("video", "audio")


@final
class Clip(Format):
    """A recording with `.srt`, `.vtt`, `.align`, `.TextGrid`, `.lab` or `.txt` of the same stem beside it."""

    @classmethod
    def detect(cls, path: Path) -> float:
        if path.is_file():
            return 0.8 if kind_of(path.name) in RECORDED else 0.0
        files = [p.name for p in path.iterdir() if p.is_file()] if path.is_dir() else []
        stems = {n.rsplit(".", 1)[0] for n in files if kind_of(n) in RECORDED}
        beside = any(n.rsplit(".", 1)[0] in stems for n in files if kind_of(n) in ("spans", "text"))
        return 0.7 if beside else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is a recording, or a folder of recordings.

        Raises:
            FormatError: there is no recording.
        """
        home = path if path.is_dir() else path.parent
        settings = Settings.load(home / NAME)
        licence = settings.licence or licence_beside(home)
        groups: dict[str, list[Path]] = {}
        for file in sorted(home.iterdir()):
            if file.is_file() and kind_of(file.name) in (*RECORDED, "spans", "text"):
                groups.setdefault(file.stem, []).append(file)
        if path.is_file():
            groups = {path.stem: groups.get(path.stem, [])}
        named = {s: fs for s, fs in groups.items() if any(kind_of(f.name) in RECORDED for f in fs)}
        if not named:
            raise FormatError(f"{path}: there is no recording here (video or sound). Check the path.")
        entries = keyed(((unquote(s), Files(tuple(map(str, fs)), licence)) for s, fs in named.items()), str(path))
        return Listed(entries, {"format": "clip", "licence": licence, "attribution": settings.attribution})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = [*shortened(sample, "a clip"), *losses(sample, HELD, "a clip with side files")]
        names = {k: [n for n in sample.present() if sample.kind(n) is k] for k in HELD}
        if not names[Video] and not names[Audio]:
            said.append("a clip needs a recording; the sample has neither video nor sound")
        said += [
            f"a clip has no place for a second {k.modality()}, {n!r}" for k in (Video, Audio) for n in names[k][1:]
        ]
        words = any(sample[n].kind == "words" for n in names[Spans])
        told = [n for n in names[Text] if not (words and sample[n].role == "transcript")]
        said += [f"a clip holds one text without its role; {n!r} would be lost" for n in told[1:]]
        for name in (*names[Video], *names[Audio]):
            start = sample.cells[name].span()
            if start is not None and abs(start[0]) > 1e-9:
                said.append(f"{name!r} starts at {start[0]:.6g} s of the clock; a file of its own would start at 0")
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """``KEY.mp4``, ``KEY.flac`` …, with ``KEY.TextGrid`` for words and phones and ``KEY.vtt`` for subtitles.

        Raises:
            FormatError: the folder exists, a key stands twice, or a sample has no recording.
        """
        with new_folder(path) as root:
            for sample in samples:
                for name, data in _written(sample).items():
                    if (root / name).exists():
                        raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
                    (root / name).write_bytes(data)


@final
@dataclass(frozen=True)
class Files:
    """The files of one stem."""

    files: tuple[str, ...]
    licence: str

    def sample(self, key: str) -> Sample:
        parts: dict[str, Modality] = {}
        for file in sorted(self.files, key=lambda f: (kind_of(f) not in RECORDED, kind_of(f) != "video", f)):
            blob = Blob(ending(file), path=file, label=f"sample {key!r}, file {Path(file).name!r}")
            kind = kind_of(file)
            name = kind if kind in RECORDED else "transcript" if ending(file) == "txt" else ""
            for called, part in parts_of(blob, name).items():
                as_said = Text(part.text, "transcript") if isinstance(part, Text) else part
                taken = called in parts and not (kind == "audio" and called == "audio")
                parts[f"{called}_{ending(file)}" if taken else called] = as_said
        words = next((p for p in parts.values() if isinstance(p, Spans) and p.kind == "words" and len(p.texts)), None)
        if words is not None and "transcript" not in parts:
            parts["transcript"] = transcript(words)
        return Sample.of(key, on_clock(parts), lineage=Lineage(parents=(key,), licence=self.licence))


def _written(sample: Sample) -> dict[str, bytes]:
    """Files of a sample by name. Sound that lies in the very file of the picture is not written again."""
    stem = tar_key(sample.key)
    parts = {n: sample[n] for n in sample.present()}
    video = next((p for p in parts.values() if isinstance(p, Video)), None)
    audio = next((p for p in parts.values() if isinstance(p, Audio)), None)
    if video is None and audio is None:
        raise FormatError(
            f"sample {sample.key!r} has neither video nor sound, so it is no clip. Choose another format."
        )
    files: dict[str, bytes] = {}
    blobs = [p.encode().blob for p in (video, audio) if p is not None]
    for blob in blobs:
        data = blob.read()
        if data not in files.values():
            files[f"{stem}.{blob.ext}"] = data
    end = max((s[1] for s in sample.spans().values()), default=0.0)
    tiers = {n: p for n, p in parts.items() if isinstance(p, Spans)}
    apart = {n: p for n, p in tiers.items() if p.kind != "subtitles" and bool((p.starts[1:] >= p.ends[:-1]).all())}
    if apart:
        files[f"{stem}.TextGrid"] = spans_file(apart, "textgrid", end)
    rest = {n: p for n, p in tiers.items() if n not in apart}
    if rest:
        files[f"{stem}.vtt"] = spans_file(rest, "vtt", end)
    texts = [p for p in parts.values() if isinstance(p, Text)]
    if texts:
        files[f"{stem}.txt"] = (texts[0].text + "\n").encode()
    return files
