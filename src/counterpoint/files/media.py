"""Files to parts and back, by the ending of their names.

Nothing is decoded here: a part keeps a ``Blob`` and reads it when somebody looks.
Of films only the header is read, for the frame rate and the sound track.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Modality
from counterpoint.core.sample import Sample
from counterpoint.errors import UnreadableInputError
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.image import Image
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Link, Text
from counterpoint.modalities.video import Video
from counterpoint.signal.subtitles import Cue, decoded, dump, parse, timed_lab
from counterpoint.signal.ustar import tar_key

IMAGES = frozenset(["jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp", "pgm", "ppm"])
SOUNDS = frozenset(["wav", "flac", "ogg", "oga", "mp3", "opus", "aif", "aiff", "au", "m4a", "aac", "wma"])
FILMS = frozenset(["mp4", "m4v", "mov", "mpg", "mpeg", "mkv", "webm", "avi"])
SPANS = frozenset(["srt", "vtt", "align", "textgrid", "lab"])
TEXTS = frozenset(["txt"])
_KIND = {
    e: k
    for k, es in {"image": IMAGES, "audio": SOUNDS, "video": FILMS, "spans": SPANS, "text": TEXTS}.items()
    for e in es
}
_SPOKEN = ("words", "phones", "subtitles")


def ending(name: str) -> str:
    """File ending in lower case, without the dot."""
    return PurePosixPath(name).suffix[1:].lower()


def kind_of(name: str) -> str:
    """``image``, ``audio``, ``video``, ``spans`` or ``text`` by the ending of a file name; empty if it is none."""
    return _KIND.get(ending(name), "")


def inside(root: Path, name: str, what: str) -> Path:
    """The file ``name`` under ``root``.

    Raises:
        UnreadableInputError: it is missing, or the name leads out of ``root``.
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise UnreadableInputError(
            f"{what}: the path {name!r} leads out of {root}; paths must be relative and stay inside. Correct the entry."
        )
    path = root / parts
    if not path.is_file():
        raise UnreadableInputError(f"{what}: the file {name!r} is not in {root}. Restore the file or remove the entry.")
    return path


def parts_of(blob: Blob, name: str, camera: str = "camera") -> dict[str, Modality]:
    """The parts in one file: the one called ``name``, and for a film with sound also its sound.

    The sound of the part ``video`` is called ``audio``, that of any other film ``<name>_audio``. The tiers of a
    file of times become one part each: the first is called ``name``, others by their tier.

    Raises:
        UnreadableInputError: the file is not what its ending says, or the ending is not known.
    """
    kind = kind_of(f"x.{blob.ext}")
    if kind == "image":
        return {name: Image(blob if blob.ext in ("jpg", "jpeg", "png", "webp") else _bitmap(blob), camera)}
    if kind == "audio":
        return {name: _heard(blob)}
    if kind == "video":
        from counterpoint.signal import film

        known = film.facts(blob)
        seen: dict[str, Modality] = {name: Video(blob, known.fps, known.start, camera, known.frames, known.size)}
        if known.sound:
            seen["audio" if name == "video" else f"{name}_audio"] = _heard(blob)
        return seen
    if kind in ("spans", "text"):
        return written(_text_of(blob), blob.ext, name, blob.label)
    raise UnreadableInputError(
        f"{blob.label or blob.path}: no part is known for a file that ends in {blob.ext!r}. Leave the file out."
    )


def _bitmap(blob: Blob) -> NDArray[Any]:
    """Pixels of a BMP, TIFF, PGM or PPM, which are written again as PNG."""
    import cv2

    data = np.frombuffer(blob.read(), np.uint8)
    raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if raw is None or raw.dtype not in (np.uint8, np.uint16):
        raise UnreadableInputError(f"{blob.label or blob.path}: cannot be decoded as {blob.ext}. Restore the file.")
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
    pixels = raw[..., None] if raw.ndim == 2 else raw[..., order[raw.shape[2]]]
    return pixels if raw.dtype == np.uint8 else (pixels / np.float32(65535)).astype(np.float32)


def _heard(blob: Blob) -> Audio:
    sound = Audio.read(blob)
    if sound.span()[1] <= sound.span()[0]:
        raise UnreadableInputError(f"{blob.label or blob.path}: the sound has no samples. Restore or remove the file.")
    return sound


def _text_of(blob: Blob) -> str:
    try:
        return decoded(blob.read())
    except UnicodeDecodeError as e:
        raise UnreadableInputError(f"{blob.label or blob.path}: it is not UTF-8 text ({e}). Convert the file.") from e


def written(text: str, ext: str, name: str = "", label: str = "") -> dict[str, Modality]:
    """The parts in a file of words: a transcript, or tiers of times. Without ``name`` a tier keeps its own.

    Raises:
        UnreadableInputError: the text is not in the format of its ending.
    """
    if ext in TEXTS or (ext == "lab" and not timed_lab(text)):
        return {name or "transcript": Text(text.strip(), "transcript" if ext == "lab" else "caption")}
    try:
        tiers = parse(text, ext)
    except ValueError as e:
        raise UnreadableInputError(f"{label or name}: it is not a .{ext} file: {e}. Repair or remove it.") from e
    alone = len(tiers) == 1 and name
    return {name if alone else plain(tier): spans_of(cues, tier) for tier, cues in tiers.items()}


def spans_of(cues: Sequence[Cue], tier: str) -> Spans:
    """One tier as a part; tiers called words, phones or subtitles are heard, all others are events."""
    kind = next((k for k in _SPOKEN if re.search(rf"\b{k[:-1]}s?\b", tier.lower())), "events")
    starts, ends = (np.array([getattr(c, side) for c in cues], np.float64) for side in ("start", "end"))
    return Spans(starts, ends, tuple(c.text for c in cues), kind, kind != "events")  # type: ignore[arg-type]


def cues_of(spans: Spans) -> list[Cue]:
    return [Cue(a, b, t) for a, b, t in zip(spans.starts.tolist(), spans.ends.tolist(), spans.texts, strict=True)]


def spans_file(spans: Mapping[str, Spans], ext: str, end: float) -> bytes:
    """The file of these tiers; see ``signal.subtitles.dump``."""
    return dump({name: cues_of(part) for name, part in spans.items()}, ext, end).encode()


def transcript(words: Spans) -> Text:
    """What is said, each word tied to the time at which it is said."""
    text, links = "", []
    for cue in cues_of(words):
        text += " " if text else ""
        links.append(Link(len(text), len(text) + len(cue.text), time=(cue.start, cue.end)))
        text += cue.text
    return Text(text, "transcript", tuple(links))


def on_clock(parts: Mapping[str, Modality]) -> dict[str, Modality]:
    """The parts with every transcript put on the clock: over which recording it was taken, and its words at their
    times where a part has the times of the same words."""
    words = next((p for p in parts.values() if isinstance(p, Spans) and p.kind == "words" and len(p.texts)), None)
    recorded = next((p.span() for p in parts.values() if isinstance(p, (Audio, Video))), None)
    done = dict(parts)
    for name, part in parts.items():
        if isinstance(part, Text) and part.role == "transcript":
            part = replace(part, links=_times_of(part.text, words) or part.links if words else part.links)
            done[name] = replace(part, heard=recorded)
    return done


def _times_of(text: str, words: Spans) -> tuple[Link, ...]:
    """Each word of a text at the time of the same word. A word that only the text has is said between its neighbours.
    Nothing if more than a tenth of the words differ."""
    found, cues = list(re.finditer(r"\S+", text)), cues_of(words)
    said, heard = [_bare(m.group()) for m in found], [_bare(c.text) for c in cues]
    same = SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()
    at = {b.a + i: cues[b.b + i] for b in same for i in range(b.size)}
    if 10 * len(at) < 9 * max(len(said), len(heard)):
        return ()
    links, before = [], cues[0].start
    for i, match in enumerate(found):
        after = next((at[j].start for j in range(i, len(found)) if j in at), cues[-1].end)
        time = (at[i].start, at[i].end) if i in at else (before, max(before, after))
        links.append(Link(match.start(), match.end(), time=time))
        before = at[i].end if i in at else before
    return tuple(links)


def _bare(word: str) -> str:
    return re.sub(r"[^\w']", "", word.lower())


def plain(name: str) -> str:
    """A part name from any text."""
    return re.sub(r"\W+", "_", name).strip("_") or "part"


def losses(sample: Sample, held: tuple[type[Modality], ...], layout: str) -> list[str]:
    """One sentence for each part that a layout has no place for; what is absent needs none."""
    kinds = {name: sample.kind(name) for name in sample.present()}
    return [
        f"{layout} has no place for {name!r} ({kind.modality()})"
        for name, kind in kinds.items()
        if not issubclass(kind, held)
    ]


def shortened(sample: Sample, layout: str) -> list[str]:
    """A sentence if the name of a file cannot carry the key: names end in a digest where keys are long."""
    if unquote(tar_key(sample.key)) == sample.key:
        return []
    return [f"{layout} shortens the key {sample.key!r}; its files are called {tar_key(sample.key)}"]
