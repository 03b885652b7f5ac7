"""Words, phones and cues with times as text files: SRT, WebVTT, GRID ``.align``, Praat TextGrid, HTK ``.lab``.

A file becomes tiers: name to cues. Times are seconds, intervals are half-open.
Silence is the absence of a cue: ``sil`` of ``.align`` and the empty intervals of
a TextGrid are dropped on reading and put back on writing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

ALIGN_UNITS = 25_000  # a second, GRID corpus (Cooke et al. 2006)
HTK_UNITS = 10_000_000  # 100 ns, The HTK Book, section 6.2
SILENCE = frozenset({"sil", "sp"})


@final
@dataclass(frozen=True)
class Cue:
    """``text`` in [start, end) s; a mark of no length has ``end == start``."""

    start: float
    end: float
    text: str


Tiers = dict[str, list[Cue]]


def decoded(data: bytes) -> str:
    """The text of a file: UTF-16 with its mark, else UTF-8 with or without.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8-sig")


def parse(text: str, ext: str) -> Tiers:
    """The tiers of a file with this ending (``srt``, ``vtt``, ``align``, ``textgrid`` or ``lab``).

    Raises:
        ValueError: the text is not in that format; says which line.
    """
    return _PARSERS[ext.lower()](text)


def dump(tiers: Mapping[str, Sequence[Cue]], ext: str, end: float = 0.0) -> str:
    """The file of these tiers; all but TextGrid hold one tier. ``end`` (s) is where the recording ends."""
    if ext.lower() == "textgrid":
        return _dump_textgrid(tiers, end)
    return _WRITERS[ext.lower()]([cue for cues in tiers.values() for cue in cues], end)


def _clock(text: str) -> float:
    match = re.fullmatch(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})", text.strip())
    if not match:
        raise ValueError(f"{text.strip()!r} is not a time like 00:01:02,345")
    hours, minutes, seconds, fraction = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _cues(text: str) -> list[Cue]:
    """SRT and WebVTT: blocks apart by blank lines, each with one line ``a --> b``."""
    cues = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if at is None:
            continue
        start, _, rest = lines[at].partition("-->")
        words = rest.split()
        cues.append(Cue(_clock(start), _clock(words[0] if words else ""), "\n".join(lines[at + 1 :]).strip()))
    return cues


def _parse_srt(text: str) -> Tiers:
    cues = _cues(text)
    if text.strip() and not cues:
        raise ValueError("there is no line like '00:00:01,000 --> 00:00:02,000'")
    return {"subtitles": cues}


def _parse_vtt(text: str) -> Tiers:
    if not text.startswith("WEBVTT"):
        raise ValueError("the first line of WebVTT must begin with WEBVTT")
    plain = [Cue(c.start, c.end, html.unescape(re.sub(r"</?[a-zA-Z0-9:.][^>]*>", "", c.text))) for c in _cues(text)]
    return {"subtitles": plain}


def _lines(text: str, units: float) -> list[Cue]:
    cues = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        fields = line.split(None, 2)
        try:
            start, end = float(fields[0]) / units, float(fields[1]) / units
        except (ValueError, IndexError) as e:
            raise ValueError(f"line {number} ({line!r}) is not 'start end word'") from e
        cues.append(Cue(start, end, fields[2].strip() if len(fields) > 2 else ""))
    return cues


def _parse_align(text: str) -> Tiers:
    return {"words": [c for c in _lines(text, ALIGN_UNITS) if c.text not in SILENCE]}


def _parse_lab(text: str) -> Tiers:
    units = 1.0 if re.search(r"^\s*\d+\.\d", text, re.M) else HTK_UNITS
    return {"words": [c for c in _lines(text, units) if c.text not in SILENCE]}


def timed_lab(text: str) -> bool:
    """Whether a ``.lab`` holds times; otherwise it is a plain transcript."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and all(re.match(r"\s*\d+(\.\d+)?\s+\d+(\.\d+)?(\s|$)", line) for line in lines)


_TOKEN = re.compile(r'"((?:[^"]|"")*)"|\[\d*\]|<(exists|absent)>|(?<![\w.])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)')


def _parse_textgrid(text: str) -> Tiers:
    """Long and short form alike: strings, flags and free-standing numbers in the same order (Praat manual)."""
    head, body = text.split("\n", 2)[:2], text.split("\n", 2)[2:]
    if "ooTextFile" not in head[0] or not body:
        raise ValueError("the first line of a TextGrid must be 'File type = \"ooTextFile\"'")
    found = (m for m in _TOKEN.finditer(body[0]) if not m.group().startswith("["))
    tokens = iter([m[1].replace('""', '"') if m[1] is not None else m[2] or float(m[3]) for m in found])

    def number() -> float:
        token = next(tokens)
        if not isinstance(token, float):
            raise ValueError(f"a number was expected where {token!r} stands")
        return token

    try:
        number(), number()
        tiers: Tiers = {}
        if next(tokens) != "exists":
            return tiers
        for _ in range(int(number())):
            kind, name = next(tokens), str(next(tokens))
            number(), number()
            cues = []
            for _ in range(int(number())):
                start = number()
                end = number() if kind == "IntervalTier" else start
                cues.append(Cue(start, end, str(next(tokens))))
            label = name if name not in tiers else f"{name} {len(tiers) + 1}"
            tiers[label] = [c for c in cues if c.text.strip()]
        return tiers
    except StopIteration as e:
        raise ValueError("the TextGrid ends before all its intervals were given; it is truncated") from e


def _stamp(seconds: float, comma: str) -> str:
    total = max(0, round(seconds * 1000))
    return f"{total // 3_600_000:02d}:{total // 60_000 % 60:02d}:{total // 1000 % 60:02d}{comma}{total % 1000:03d}"


def _block(text: str) -> str:
    """A cue must hold no blank line and no arrow, or it would end there."""
    return "\n".join(line for line in text.splitlines() if line.strip()).replace("-->", "->")


def _dump_srt(cues: Sequence[Cue], end: float) -> str:
    blocks = (
        f"{i}\n{_stamp(c.start, ',')} --> {_stamp(c.end, ',')}\n{_block(c.text)}\n" for i, c in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def _dump_vtt(cues: Sequence[Cue], end: float) -> str:
    said = (
        f"{_stamp(c.start, '.')} --> {_stamp(c.end, '.')}\n{html.escape(_block(c.text), quote=False)}\n" for c in cues
    )
    return "\n".join(["WEBVTT\n", *said])


def _filled(cues: Sequence[Cue], end: float, silence: str) -> list[Cue]:
    """The cues with silence between them, as the formats that know no gaps need it."""
    whole: list[Cue] = []
    now = 0.0
    for cue in sorted(cues, key=lambda c: c.start):
        if cue.start > now:
            whole.append(Cue(now, cue.start, silence))
        whole.append(cue)
        now = max(now, cue.end)
    return [*whole, Cue(now, end, silence)] if end > now else whole


def _dump_align(cues: Sequence[Cue], end: float) -> str:
    rows = ((round(c.start * ALIGN_UNITS), round(c.end * ALIGN_UNITS), c.text) for c in _filled(cues, end, "sil"))
    return "".join(f"{a} {b} {'_'.join(t.split())}\n" for a, b, t in rows)


def _dump_lab(cues: Sequence[Cue], end: float) -> str:
    rows = ((round(c.start * HTK_UNITS), round(c.end * HTK_UNITS), c.text) for c in cues)
    return "".join(f"{a} {b} {' '.join(t.split())}\n" for a, b, t in rows)


def _dump_textgrid(tiers: Mapping[str, Sequence[Cue]], end: float) -> str:
    end = max([end, *(c.end for cues in tiers.values() for c in cues)])
    out = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", f"{end!r}", "<exists>", str(len(tiers))]
    for name, cues in tiers.items():
        marks = any(c.end <= c.start for c in cues)
        rows = list(cues) if marks else _filled(cues, end, "")
        out += ['"TextTier"' if marks else '"IntervalTier"', _quoted(name), "0", f"{end!r}", str(len(rows))]
        for cue in rows:
            out += [f"{cue.start!r}", *([] if marks else [f"{cue.end!r}"]), _quoted(cue.text)]
    return "\n".join(out) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


_PARSERS: dict[str, Callable[[str], Tiers]] = {
    "srt": _parse_srt,
    "vtt": _parse_vtt,
    "align": _parse_align,
    "lab": _parse_lab,
    "textgrid": _parse_textgrid,
}
_WRITERS: dict[str, Callable[[Sequence[Cue], float], str]] = {
    "srt": _dump_srt,
    "vtt": _dump_vtt,
    "align": _dump_align,
    "lab": _dump_lab,
}
