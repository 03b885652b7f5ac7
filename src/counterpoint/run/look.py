"""``counterpoint look``: what is in a data set, found by looking, whatever its layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from counterpoint.core.contracts import Absent, Modality, Source
from counterpoint.core.dataset import detected
from counterpoint.core.dataset import source as opened
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError
from counterpoint.run.measures import spans_over_the_end
from counterpoint.run.words import listed, number_of

_MOST = 200


@final
@dataclass(frozen=True)
class PartFound:
    """One part over the samples that were looked at.

    Attributes:
        modality: names of its modalities (one, in a healthy set).
        there: in how many samples it is.
        facts: what is said of it: canvas, rate, duration, columns … each with its values, most frequent first.
    """

    name: str
    modality: tuple[str, ...]
    there: int
    facts: Mapping[str, tuple[str, ...]]


@final
@dataclass(frozen=True)
class Found:
    """What was found; prints itself with rich."""

    path: str
    format: str
    total: int
    looked: int
    facts: Mapping[str, str]
    parts: tuple[PartFound, ...]
    cameras: Mapping[str, str]
    frames: tuple[str, ...]
    first: tuple[Mapping[str, str], ...]
    warnings: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        return asdict(self)

    def __rich__(self) -> RenderableType:
        head = Line(f"{self.path}\n", style="bold")
        head.append(f"{self.format}, {number_of(self.total, 'sample')}", style="default")
        if self.looked < self.total:
            head.append(f" ({self.looked} looked at)", style="dim")
        lines: list[RenderableType] = [head, *[Line(f"{k}: {v}", style="dim") for k, v in self.facts.items()]]
        lines += [Line(), self._parts()]
        if self.cameras or self.frames:
            named = [f"{n} ({said})" for n, said in self.cameras.items()]
            lines += [Line(), Line("cameras: " + (listed(named) or "none"))]
            lines += [Line("frames: " + listed(self.frames))] if self.frames else []
        lines += [Line(), self._first()]
        return Group(*lines, *[Line(f"! {w}", style="yellow") for w in self.warnings])

    def _parts(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("part", "modality", "in", "what is known"):
            table.add_column(name, overflow="fold")
        for part in self.parts:
            said = "; ".join(f"{n} {_short(values)}" for n, values in part.facts.items())
            row = (part.name, "/".join(part.modality), f"{part.there}/{self.looked}", said)
            table.add_row(*map(Line, row))
        return table

    def _first(self) -> Table:
        """A column for each of the first samples, a row for each part."""
        names = list(dict.fromkeys(n for row in self.first for n in row if n != "key"))
        table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
        table.add_column("", no_wrap=True, width=max(map(len, names), default=0))
        for row in self.first:
            table.add_column(Line(row["key"]), overflow="ellipsis", no_wrap=True, ratio=1)
        for name in names:
            table.add_row(Line(name, style="dim"), *[Line(row.get(name, "–")) for row in self.first])
        return table


def look(path: Path, format: str | None = None, first: int = 3) -> Found:
    """Look at a data set of any format.

    Args:
        path: folder or file.
        format: name of the layout where looking is not enough.
        first: how many samples to show.

    Raises:
        FormatError: nothing there is a data set.
    """
    return found(opened(path, format), str(path), format or detected(path), first)


def found(source: Source, path: str = "", format: str = "", first: int = 3) -> Found:
    """What is in a source. Pixels and sound are not decoded."""
    keys = source.keys()
    chosen = keys if len(keys) <= _MOST else [keys[i * len(keys) // _MOST] for i in range(_MOST)]
    seen = _Seen()
    rows: list[Mapping[str, str]] = []
    for key in chosen:
        try:
            sample = source.sample(key)
            seen.note(sample)
            if len(rows) < first:
                rows.append({"key": key} | {n: _glance(sample, n) for n in sample})
        except CounterpointError as e:
            seen.warnings[f"{key}: {e}"] += 1
    said = {k: str(v) for k, v in source.facts().items() if k in ("licence", "attribution", "source", "name") and v}
    parts = tuple(_part(name, seen, len(chosen)) for name in seen.kinds)
    warnings = tuple(_warnings(seen, len(chosen), said))
    cameras = {n: ", ".join(c) for n, c in seen.cameras.items()}
    return Found(path, format, len(keys), len(chosen), said, parts, cameras, tuple(seen.frames), tuple(rows), warnings)


@final
@dataclass
class _Seen:
    """What was gathered over the samples."""

    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    facts: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    spans: dict[str, list[float]] = field(default_factory=dict)
    cameras: dict[str, dict[str, None]] = field(default_factory=dict)
    frames: dict[str, None] = field(default_factory=dict)
    warnings: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)

    def note(self, sample: Sample) -> None:
        for name, part in sample.parts.items():
            if isinstance(part, Absent):
                self.kinds.setdefault(name, Counter())
                continue
            self.kinds.setdefault(name, Counter())[part.modality()] += 1
            facts = self.facts.setdefault(name, {})
            for what, value in details(part):
                facts.setdefault(what, Counter())[value] += 1
            span = part.span()
            if span is not None:
                self.spans.setdefault(name, []).append(span[1] - span[0])
            try:
                part.check()
            except CounterpointError as e:
                self.warnings[f"{sample.key}, {name}: {e}"] += 1
        for name, camera in sample.rig.cameras.items():
            how = "calibrated" if camera.intrinsics is not None else "not calibrated"
            self.cameras.setdefault(name, {})[how] = None
        self.frames |= dict.fromkeys(sample.rig.frames)
        self.licences[sample.lineage.licence] += 1
        over = max(spans_over_the_end(sample), default=0.0)
        if over > 0.02:
            self.warnings[f"{sample.key}: spans reach {over:.2f} s beyond every picture and sound"] += 1


def details(part: Modality) -> Iterator[tuple[str, str]]:
    """What a part says of itself without decoding its content, as (what, value)."""
    size = part.size()
    if size:
        yield "canvas", f"{size[0]} × {size[1]} px"
    elif part.plane:
        yield "camera", part.plane
    for name, unit in (("fps", "frames/s"), ("rate", "Hz")):
        if getattr(part, name, None):
            yield "rate", f"{getattr(part, name):g} {unit}"
    for name in ("layout", "kind", "role", "frame"):
        if isinstance(getattr(part, name, None), str):
            yield name, getattr(part, name)
    columns = getattr(part, "columns", ())
    if columns:
        yield "columns", ", ".join(_column(c) for c in columns[:12]) + (" …" if len(columns) > 12 else "")
    for what, name in (("classes", "names"), ("scores", "scores")):
        for value in dict.fromkeys(getattr(part, name, ())):
            yield what, str(value if isinstance(value, str) else value[0])
    if hasattr(part, "ids"):
        yield "instances", str(len(part.ids))


def _column(column: Any) -> str:
    if isinstance(column, str):
        return column
    kind = "" if column.kind == "scalar" else f" {column.kind}"
    return f"{column.name}{f' [{column.unit}]' if column.unit else ''}{kind}"


def _part(name: str, seen: _Seen, looked: int) -> PartFound:
    facts = {what: tuple(v for v, _ in values.most_common()) for what, values in seen.facts.get(name, {}).items()}
    lengths = seen.spans.get(name)
    if lengths:
        low, high = min(lengths), max(lengths)
        facts["duration"] = (f"{low:.2f} s" if high - low < 0.005 else f"{low:.2f} to {high:.2f} s",)
    return PartFound(name, tuple(seen.kinds[name]), seen.kinds[name].total(), facts)


def _warnings(seen: _Seen, looked: int, said: Mapping[str, str]) -> Iterator[str]:
    for name, kinds in seen.kinds.items():
        if len(kinds) > 1:
            yield f"{name} is not of one modality: {listed(f'{n} {k}' for k, n in kinds.items())}"
        if kinds.total() < looked:
            yield f"{name} is missing in {looked - kinds.total()} of {looked} samples"
    if "licence" not in said and set(seen.licences) <= {""}:
        yield "no licence is stated"
    shown = seen.warnings.most_common(8)
    yield from (w for w, _ in shown)
    if len(seen.warnings) > len(shown):
        yield f"… and {len(seen.warnings) - len(shown)} more"


def _glance(sample: Sample, name: str) -> str:
    """A part of one sample in a few words."""
    part = sample[name]
    if isinstance(part, Absent):
        return "absent"
    if isinstance(getattr(part, "text", None), str):
        return str(part.text)
    said: list[str] = []
    size, span = part.size(), part.span()
    if size:
        said.append(f"{size[0]} × {size[1]}")
    if span:
        said.append(f"{span[0]:.2f}–{span[1]:.2f} s")
    said += [
        number_of(len(getattr(part, n)), one) for n, one in (("texts", "span"), ("ids", "instance")) if hasattr(part, n)
    ]
    if isinstance(getattr(part, "values", None), Mapping):
        said.append(", ".join(f"{k}={v}" for k, v in list(part.values.items())[:4]))
    elif hasattr(part, "values"):
        said.append(number_of(len(part.values), "row"))
    if hasattr(part, "scores"):
        said.append(_short([n for n, _ in part.scores]))
    return ", ".join(said)


def _short(values: Sequence[str] | Iterable[str], most: int = 5) -> str:
    every = list(values)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
