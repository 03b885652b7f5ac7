"""What a simulation was asked for, and what came out: read back from the lineage that was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from counterpoint.core.lineage import Origin
from counterpoint.core.serial import dump
from counterpoint.run.html import Html, tag
from counterpoint.run.recipe import Simulate
from counterpoint.run.story import Story
from counterpoint.run.tally import Tally
from counterpoint.run.words import number_of, plain

_MOST = 12


def scenes(story: Story, counts: Tally) -> Iterator[Html]:
    """The section of the report about the scenes: settings asked against got, then every fact."""
    origins = list(counts.origins.values())
    yield tag("h2", "Scenes: asked and got", tag("small", f"{number_of(len(origins), 'scene')} counted"))
    rows = list(coverage(story, origins))
    if rows:
        yield _table(["Setting", "Value", "Asked", "Got"], rows)
    yield tag("h3", "What the scenes hold")
    yield _table(["Fact", "Values"], list(facts(origins)))


def coverage(story: Story, origins: Sequence[Origin]) -> Iterator[tuple[str, str, str, str]]:
    """Setting, value, samples asked and samples got; for every setting that the recipe gives."""
    asked = story.plan.recipe.samples if story.plan else None
    if not isinstance(asked, Simulate):
        return
    from counterpoint.simulate.engine import Simulated

    source = Simulated(asked.layout, asked.n, 0, asked.settings)
    for quota in source.quotas:
        got = Counter(_got(origin, quota.setting) for origin in origins)
        for value, wanted in zip(quota.values, quota.counts(asked.n), strict=True):
            yield quota.setting, _said(dump(value)), f"{wanted:,}", f"{got.pop(_said(dump(value)), 0):,}"
        for other, count in sorted(got.items()):
            yield quota.setting, other, "the rest", f"{count:,}"
    shared = {quota.setting for quota in source.quotas}
    for name, value in asked.settings.items():
        if name not in shared and not isinstance(value, dict):
            yield name, _said(value), f"{asked.n:,}", f"{sum(_met(origin, name, value) for origin in origins):,}"


def _met(origin: Origin, setting: str, value: Any) -> bool:
    """Whether a scene is what was asked: what it says of itself lies in the range, or is the value."""
    fact = origin.facts.get(setting)
    if isinstance(fact, (int, float)) and isinstance(value, (list, tuple)) and len(value) == 2:
        return bool(value[0] <= fact <= value[1])
    return _got(origin, setting) == _said(value)


def _got(origin: Origin, setting: str) -> str:
    """What a scene says of itself, else what it was told."""
    return _said(origin.facts.get(setting, dump(origin.settings.get(setting))))


def facts(origins: Sequence[Origin]) -> Iterator[tuple[str, str]]:
    """Every fact with what it was: least, mean and greatest of numbers, counts of words."""
    for name in sorted({name for origin in origins for name in origin.facts}):
        values = [origin.facts[name] for origin in origins if name in origin.facts]
        numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(numbers) == len(values) and len(set(numbers)) > 1:
            low, mean, high = min(numbers), float(np.mean(numbers)), max(numbers)
            yield plain(name), f"{low:.4g} to {high:.4g}, mean {mean:.4g}, in {number_of(len(values), 'scene')}"
            continue
        ranked = sorted(Counter(map(_said, values)).items(), key=lambda item: (-item[1], item[0]))
        more = f" and {len(ranked) - _MOST} more" if len(ranked) > _MOST else ""
        yield plain(name), ", ".join(f"{value}: {count:,}" for value, count in ranked[:_MOST]) + more


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        numbers = len(value) == 2 and all(isinstance(v, (int, float)) for v in value)
        return " to ".join(f"{v:g}" for v in value) if numbers else ", ".join(map(_said, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    head = tag("tr", *[tag("th", h, scope="col") for h in heads])
    body = [tag("tr", *[tag("td", cell) for cell in row]) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body), class_="tally"), class_="wide")
