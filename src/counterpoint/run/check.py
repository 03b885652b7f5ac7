"""``counterpoint check``: whether a data set keeps the conventions, and how well its parts agree, measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from counterpoint.core.contracts import Source
from counterpoint.core.dataset import source as opened
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError
from counterpoint.run import measures
from counterpoint.run.words import number_of

Verdict = Literal["ok", "look", "bad", "nothing to measure"]
_CONTENTS = ("pixels", "frames", "wave", "metres", "labels", "masks")  # what is decoded only when it is asked for
_COLOURS = {"ok": "green", "look": "yellow", "bad": "red bold", "nothing to measure": "dim"}


@final
@dataclass(frozen=True)
class Gauge:
    """One thing that can be measured.

    Attributes:
        name, unit: for people.
        good, bad: up to where a figure is fine, and from where it is surely wrong; between them one should look.
        measure: from a sample to figures.
    """

    name: str
    unit: str
    good: float
    bad: float
    measure: Callable[[Sample], list[float]]

    @property
    def high(self) -> bool:
        """Whether more is better."""
        return self.good > self.bad

    @property
    def expected(self) -> str:
        return f"{'≥' if self.high else '≤'} {_figure(self.good, self.unit)}"

    def worse(self, figures: Sequence[float]) -> float:
        return min(figures) if self.high else max(figures, key=abs)

    def verdict(self, figure: float) -> Verdict:
        distance = figure if self.high else -abs(figure)
        good, bad = (self.good, self.bad) if self.high else (-self.good, -self.bad)
        return "ok" if distance >= good else "look" if distance > bad else "bad"


GAUGES = (
    Gauge("LiDAR of a 3-D box in its 2-D box", "share", 0.95, 0.8, measures.points_in_boxes),
    Gauge("mask in its box", "share", 0.97, 0.8, measures.masks_in_boxes),
    Gauge("mask against its box", "IoU", 0.7, 0.3, measures.masks_on_boxes),
    Gauge("outline against its box", "IoU", 0.7, 0.3, measures.polygons_on_boxes),
    Gauge("keypoints in their box", "share", 0.95, 0.7, measures.keypoints_in_boxes),
    Gauge("instances shared by parts", "share", 1.0, 0.0, measures.instances_agree),
    Gauge("sound later than its words", "ms", 80.0, 250.0, measures.speech_lag),
    Gauge("sound in spans over outside", "dB", 3.0, 0.0, measures.speech_contrast),
    Gauge("film against sound at the end", "s", 0.1, 1.0, measures.film_and_sound),
    Gauge("spans beyond every signal", "s", 0.05, 5.0, measures.spans_over_the_end),
    Gauge("words against transcript", "share", 1.0, 0.5, measures.words_and_transcript),
    Gauge("rows that do not move on", "rows", 0.0, 0.5, measures.steps_back),
)


@final
@dataclass(frozen=True)
class Row:
    """What came out of one gauge over the whole set."""

    name: str
    unit: str
    expected: str
    count: int
    mean: float | None
    worst: float | None
    sample: str
    verdict: Verdict


@final
@dataclass(frozen=True)
class Checked:
    """The result of a check; prints itself with rich.

    Attributes:
        looked, total: samples that were measured, and that there are.
        broken: (sample, reason) of samples or parts that cannot be read or break their conventions.
        uneven: what changes within the set and should not, with what was found: the type of a column, a rate, whether
            a part is there at all.
        rows: one a gauge.
    """

    path: str
    looked: int
    total: int
    broken: tuple[tuple[str, str], ...]
    uneven: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        found: list[Verdict] = [r.verdict for r in self.rows]
        found += ["bad"] if self.broken else ["look"] if self.uneven else ["ok"]
        return next(v for v in ("bad", "look", "ok") if v in found)

    @property
    def problems(self) -> list[str]:
        """What is surely wrong, a sentence each."""
        said = [f"{key}: {reason}" for key, reason in self.broken]
        return said + [f"{r.name}: {r.worst:g} {r.unit} in {r.sample}" for r in self.rows if r.verdict == "bad"]

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}

    def __rich__(self) -> RenderableType:
        head = f"{number_of(self.looked, 'sample')} of {self.total:,} in {self.path}"
        lines: list[RenderableType] = [Line(head), Line("schema: ").append(*self._schema())]
        lines += [Line(f"  {key}: {reason}", style="red") for key, reason in self.broken[:10]]
        lines += [Line(f"  … and {len(self.broken) - 10} more", style="red")] if len(self.broken) > 10 else []
        for name, kinds in self.uneven.items():
            lines.append(Line(f"  {name} is not the same in all samples: {', '.join(kinds)}", style="yellow"))
        return Group(
            *lines, self._table(), *self._silent(), Line("all in all: ").append(self.verdict, _COLOURS[self.verdict])
        )

    def _schema(self) -> tuple[str, str]:
        if not self.broken:
            return "ok", _COLOURS["ok"]
        return f"bad ({number_of(len(self.broken), 'fault')})", _COLOURS["bad"]

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("measured", "n", "mean", "worst", "in", "expected", ""):
            table.add_column(name, justify="right" if name in ("n", "mean", "worst") else "left")
        for row in self.rows:
            if row.mean is not None and row.worst is not None:
                figures = (str(row.count), _figure(row.mean, row.unit), _figure(row.worst, row.unit))
                cells = map(Line, (row.name, *figures, row.sample, row.expected))
                table.add_row(*cells, Line(row.verdict, style=_COLOURS[row.verdict]))
        return table

    def _silent(self) -> list[RenderableType]:
        names = [r.name for r in self.rows if not r.count]
        return [Line(f"nothing to measure: {'; '.join(names)}", style="dim")] if names else []


def check(path: Path, format: str | None = None, limit: int | None = None) -> Checked:
    """Check a data set of any format.

    Args:
        path: folder or file.
        format: name of the layout where looking is not enough.
        limit: measure at most so many samples, evenly apart.

    Raises:
        FormatError: nothing there is a data set.
    """
    return checked(opened(path, format), str(path), limit)


def checked(source: Source, name: str = "", limit: int | None = None) -> Checked:
    """Check the samples of a source; a sample that cannot be read is noted, and the check goes on."""
    keys = source.keys()
    chosen = keys if limit is None or limit >= len(keys) else [keys[i * len(keys) // limit] for i in range(limit)]
    broken: list[tuple[str, str]] = []
    kinds: dict[str, Counter[str]] = {}
    count = 0
    figures: dict[str, list[tuple[float, str]]] = {g.name: [] for g in GAUGES}
    for key in chosen:
        try:
            sample = source.sample(key)
            faults = dict(_faults(sample))
        except CounterpointError as e:
            broken.append((key, str(e)))
            continue
        broken += [(key, f"{name}: {fault}") for name, fault in faults.items()]
        sound = sample.dropping(tuple(faults), "broken")
        count += 1
        for what, said in _traits(sound):
            kinds.setdefault(what, Counter())[said] += 1
        for gauge in GAUGES:
            figures[gauge.name] += [(value, key) for value in gauge.measure(sound)]
    rows = tuple(_row(g, figures[g.name]) for g in GAUGES)
    return Checked(name, len(chosen), len(keys), tuple(broken), _uneven(kinds, count), rows)


def _faults(sample: Sample) -> Iterator[tuple[str, str]]:
    for name in sample:
        try:
            part = sample[name]
            part.check()
            for content in _CONTENTS:
                getattr(part, content, None)
        except CounterpointError as e:
            yield name, str(e)


def _traits(sample: Sample) -> Iterator[tuple[str, str]]:
    """What should be the same in every sample of a set, as (what, value)."""
    for name, part in sample.parts.items():
        yield name, "there"
        for rate in ("fps", "rate"):
            if getattr(part, rate, None):
                yield f"{name}.{rate}", f"{getattr(part, rate):g}"
        if part.modality() == "record":
            for column, value in part.values.items():  # type: ignore[attr-defined]
                if value is not None:
                    number = isinstance(value, (int, float)) and not isinstance(value, bool)
                    yield f"{name}.{column}", "number" if number else type(value).__name__


def _uneven(kinds: Mapping[str, Counter[str]], count: int) -> dict[str, tuple[str, ...]]:
    found = {n: tuple(f"{said} in {m:,}" for said, m in k.most_common()) for n, k in kinds.items() if len(k) > 1}
    partly = {n: k["there"] for n, k in kinds.items() if 0 < k["there"] < count}
    return found | {n: (f"there in {m:,}", f"not there in {count - m:,}") for n, m in partly.items()}


def _row(gauge: Gauge, figures: list[tuple[float, str]]) -> Row:
    if not figures:
        return Row(gauge.name, gauge.unit, gauge.expected, 0, None, None, "", "nothing to measure")
    values = [v for v, _ in figures]
    worst = gauge.worse(values)
    where = next(key for value, key in figures if value == worst)
    mean = float(np.mean(values))
    return Row(gauge.name, gauge.unit, gauge.expected, len(values), mean, worst, where, gauge.verdict(worst))


def _figure(value: float, unit: str) -> str:
    return f"{value:.3f}" if unit in ("share", "IoU") else f"{value:.2f} s" if unit == "s" else f"{value:.0f} {unit}"
