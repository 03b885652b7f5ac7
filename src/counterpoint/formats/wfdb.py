"""WFDB records of PhysioNet: ``.hea`` with ``.dat``, and ``.atr`` with what was marked in it.

A record is a ``series`` in physical units at an even rate and, where there are
annotations, ``beats``: marks without length that are called by their symbol (N, A, V
…; rhythm changes and comments by their text). Formats 212 and 16 are read and 16 is
written, with a gain that keeps every value that 16 bits can keep (WFDB Applications
Guide, pages header(5), signal(5) and annot(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.media import inside, losses
from counterpoint.files.place import new_folder
from counterpoint.files.settings import licence_beside
from counterpoint.files.source import Listed
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans

HELD: tuple[type[Modality], ...] = (Series, Spans)
SYMBOLS = dict(zip([*range(1, 15), 16, *range(18, 42)], 'NLRaVFJASEj/Q~|sT*D"=pB^t+u?![]en@xf()r', strict=True))
_GAINS = (1.0, 10.0, 100.0, 200.0, 1000.0, 2000.0, 10000.0, 20000.0)
_SKIP, _NUMBER, _SUB, _CHANNEL, _AUX = 59, 60, 61, 62, 63


@final
class Wfdb(Format):
    """PhysioNet records: signals in physical units with the marks in them."""

    @classmethod
    def detect(cls, path: Path) -> float:
        if path.is_file():
            return 0.9 if path.suffix == ".hea" else 0.0
        return 0.9 if any(path.glob("*.hea")) else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is a header, or a folder of records.

        Raises:
            FormatError: there is no header.
        """
        heads = [path] if path.is_file() else sorted(path.glob("*.hea"))
        if not heads:
            raise FormatError(f"{path}: there is no .hea file here. Check the path.")
        licence = licence_beside(heads[0].parent)
        return Listed({h.stem: RecordFiles(h, licence) for h in heads}, {"format": "wfdb", "licence": licence})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = losses(sample, HELD, "WFDB")
        if _name(sample.key) != sample.key:
            said.append(f"WFDB allows letters, digits, - and _ in names; {sample.key!r} becomes {_name(sample.key)!r}")
        names = {k: [n for n in sample.present() if sample.kind(n) is k] for k in HELD}
        said += [f"WFDB has no place for a second {k.modality()}, {n!r}" for k in HELD for n in names[k][1:]]
        for name in names[Series][:1]:
            series: Series = sample[name]
            said += ["WFDB needs evenly spaced rows; this series is not"] if series.rate is None else []
            fine = [c.name for i, c in enumerate(series.columns) if _exact_gain(series.values[:, i]) is None]
            said += [f"WFDB keeps 16 bits a value; finer differences in {n!r} are lost" for n in fine]
            said += (
                [f"WFDB starts at 0; the series starts at {series.times[0]:.6g} s"] if series.times[:1].any() else []
            )
        for name in names[Spans][:1]:
            spans: Spans = sample[name]
            odd = sorted(set(spans.texts) - set(SYMBOLS.values()))
            said += [f"WFDB has no beat symbol {odd[0]!r}; it is written as a note"] if odd else []
            said += ["WFDB marks have no length; ends are lost"] if (spans.ends > spans.starts).any() else []
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """``KEY.hea``, ``KEY.dat`` in format 16 and ``KEY.atr``.

        Raises:
            FormatError: the folder exists, a key is no record name or stands twice, or there is no even series.
        """
        with new_folder(path) as root:
            for sample in samples:
                _write(root, sample)


@final
@dataclass(frozen=True)
class RecordFiles:
    """The files of one record."""

    head: Path
    licence: str

    def sample(self, key: str) -> Sample:
        label = f"sample {key!r}"
        lines = [line for line in self.head.read_text("latin-1").splitlines() if line.strip() and line[0] != "#"]
        fields = lines[0].split()
        count, rate = int(fields[1]), _leading(fields[2]) if len(fields) > 2 else 250.0
        signals = [_Signal.of(line) for line in lines[1 : 1 + count]]
        if len(signals) != count or "/" in fields[0] or len({(s.file, s.format) for s in signals}) != 1:
            raise UnreadableInputError(f"{label}: records in several pieces or files are not read; join them first.")
        file = inside(self.head.parent, signals[0].file, label)
        raw = _unpacked(file.read_bytes(), signals[0].format, label)
        raw = raw[: len(raw) // count * count].reshape(-1, count)
        wanted = int(fields[3]) if len(fields) > 3 else len(raw)
        if len(raw) < wanted:
            raise UnreadableInputError(
                f"{label}: {file.name} holds {len(raw)} of {wanted} samples; it is truncated. Restore it."
            )
        raw = raw[:wanted]
        lost = -2048 if signals[0].format == 212 else -32768
        values = np.where(raw == lost, np.nan, raw.astype(np.float64))
        values = (values - [s.baseline for s in signals]) / [s.gain for s in signals]
        columns = tuple(
            Column(name, s.unit) for name, s in zip(_unique([s.name for s in signals]), signals, strict=True)
        )
        parts: dict[str, Modality] = {"series": Series(np.arange(len(raw)) / rate, values, columns, rate)}
        marks = self.head.with_suffix(".atr")
        if marks.is_file():
            parts["beats"] = _marks(marks.read_bytes(), rate)
        return Sample.of(key, parts, lineage=Lineage(parents=(key,), licence=self.licence))


@final
@dataclass(frozen=True)
class _Signal:
    """One line of a header: ``value = (raw - baseline) / gain`` in ``unit``."""

    file: str
    format: int
    gain: float
    baseline: float
    unit: str
    name: str

    @classmethod
    def of(cls, line: str) -> _Signal:
        fields = line.split(None, 8)
        form = re.fullmatch(r"(\d+)", fields[1])
        if form is None:
            raise ValueError(f"signal format {fields[1]!r} (several samples a frame, skew or an offset) is not read")
        gain = re.fullmatch(r"([-+.\deE]+)(?:\(([-\d]+)\))?(?:/(.+))?", fields[2] if len(fields) > 2 else "200")
        if gain is None:
            raise ValueError(f"gain {fields[2]!r} is not like 200(1024)/mV")
        zero = float(fields[4]) if len(fields) > 4 else 0.0
        value = float(gain[1]) or 200.0
        return cls(
            fields[0],
            int(form[1]),
            value,
            float(gain[2]) if gain[2] else zero,
            gain[3] or "mV",
            fields[8].strip() if len(fields) > 8 else "",
        )


def _leading(text: str) -> float:
    return float(re.split(r"[/(]", text)[0])


def _unique(names: list[str]) -> list[str]:
    return [n if n and names.count(n) == 1 else f"{n or 'signal'}_{i}" for i, n in enumerate(names)]


def _unpacked(data: bytes, form: int, label: str) -> NDArray[np.int64]:
    if form == 16:
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int64)
    if form != 212:
        raise UnreadableInputError(
            f"{label}: signal format {form} is not read (only 16 and 212). Convert it with xform."
        )
    b = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3).astype(np.int64)
    pairs = np.stack([b[:, 0] | (b[:, 1] & 15) << 8, b[:, 2] | (b[:, 1] >> 4) << 8], 1).ravel()
    return np.where(pairs > 2047, pairs - 4096, pairs)


def _marks(data: bytes, rate: float) -> Spans:
    """Marks of an annotation file: 6 bits of kind and 10 bits of distance a word."""
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    at, i = 0, 0
    times: list[float] = []
    texts: list[str] = []
    while i < len(words):
        kind, distance = words[i] >> 10, words[i] & 1023
        i += 1
        if kind == 0 and distance == 0:
            break
        if kind == _SKIP:
            if i + 2 > len(words):
                raise ValueError("the annotations end in the middle of a mark")
            step = (words[i] << 16) | words[i + 1]
            at += step - (1 << 32) if step >= 1 << 31 else step
            i += 2
        elif kind == _AUX:
            note = data[2 * i : 2 * i + distance].split(b"\0")[0].decode("latin-1")
            if texts and note:
                texts[-1] = note
            i += (distance + 1) // 2
        elif kind not in (_NUMBER, _SUB, _CHANNEL):
            at += distance
            times.append(at / rate)
            texts.append(SYMBOLS.get(kind, f"[{kind}]"))
    starts = np.array(times, np.float64)
    return Spans(starts, starts.copy(), tuple(texts), "events")


def _write(root: Path, sample: Sample) -> None:
    series = next((sample[n] for n in sample.present() if sample.kind(n) is Series), None)
    marks = next((sample[n] for n in sample.present() if sample.kind(n) is Spans), None)
    if series is None or series.rate is None:
        raise FormatError(
            f"sample {sample.key!r} has no evenly spaced series, which WFDB needs. Choose another format."
        )
    name = _name(sample.key)
    if not name or (root / f"{name}.hea").exists():
        raise FormatError(f"the key {sample.key!r} comes twice, or is no record name. Rename the sample.")
    scales = [_scale(series.values[:, i]) for i in range(len(series.columns))]
    gain, baseline = np.array(scales, np.float64).reshape(-1, 2).T
    raw = np.rint(series.values * gain + baseline)
    (root / f"{name}.dat").write_bytes(np.where(np.isnan(raw), -32768, raw).astype("<i2").tobytes())
    lines = [f"{name} {len(series.columns)} {series.rate!r} {len(series.values)}"]
    for i, column in enumerate(series.columns):
        unit = column.unit.replace(" ", "_") or "NU"
        lines.append(f"{name}.dat 16 {float(gain[i])!r}({int(baseline[i])})/{unit} 16 0 0 0 0 {column.name}")
    (root / f"{name}.hea").write_text("\n".join(lines) + "\n", encoding="latin-1", errors="replace")
    if marks is not None:
        (root / f"{name}.atr").write_bytes(_packed(marks, series.rate))


def _name(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", key)


def _exact_gain(values: NDArray[np.float64]) -> float | None:
    """A gain with which every value is a whole number of 16 bits, if a usual one does that."""
    some = values[np.isfinite(values)]
    for gain in _GAINS:
        raw = some * gain
        if np.abs(raw - np.rint(raw)).max(initial=0.0) < 1e-6 and np.abs(raw).max(initial=0.0) < 32767:
            return gain
    return None


def _scale(values: NDArray[np.float64]) -> tuple[float, float]:
    """Gain and baseline: exact ones if there are, else those that spread the values over 16 bits."""
    gain = _exact_gain(values)
    if gain is not None:
        return gain, 0.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    gain = 32000 / max((high - low) / 2, 1e-9)
    return gain, float(np.rint(-(low + high) / 2 * gain))


def _packed(marks: Spans, rate: float) -> bytes:
    codes = {symbol: code for code, symbol in SYMBOLS.items() if symbol}
    out = bytearray()
    now = 0
    for start, text in sorted(zip(marks.starts.tolist(), marks.texts, strict=True)):
        at = round(start * rate)
        step = at - now
        if not 0 <= step < 1024:
            out += np.array([_SKIP << 10, (step >> 16) & 0xFFFF, step & 0xFFFF], "<u2").tobytes()
            step = 0
        out += np.array([codes.get(text, codes['"']) << 10 | step], "<u2").tobytes()
        if text not in codes:
            note = text.encode("latin-1", "replace")[:1023]
            out += np.array([_AUX << 10 | len(note)], "<u2").tobytes() + note + bytes(len(note) % 2)
        now = at
    return bytes(out) + b"\0\0"
