"""Counts over a whole data set, from the lineage that was written with every sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from counterpoint.core.contracts import Source
from counterpoint.core.lineage import Origin
from counterpoint.run.words import plain

MOST = 20_000
"""Larger sets are counted on this many samples, evenly apart; the report says so."""


@final
@dataclass(frozen=True)
class Tally:
    """What happened how often.

    Attributes:
        counted: number of samples that were looked at.
        changes: samples by name of a change that was applied to them.
        refusals: refused changes by (change, part, reason).
        children: keys of the copies by parent, in the order of the set; none if only the parent itself is there.
        modalities: modality by part.
        licences: samples by licence.
        novelty: names of what happened to a sample, by its key.
        origins: of samples that were simulated, by the key of the first parent.
    """

    counted: int
    changes: Counter[str]
    refusals: Counter[tuple[str, str, str]]
    children: dict[str, list[str]] = field(default_factory=dict)
    modalities: dict[str, str] = field(default_factory=dict)
    licences: Counter[str] = field(default_factory=Counter)
    novelty: dict[str, frozenset[str]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether no sample was made from another one."""
        return not any(self.children.values())


def tally(source: Source) -> Tally:
    """Read the lineage of every sample; no part is decoded."""
    keys = source.keys()
    every = max(1, -(-len(keys) // MOST))
    counts = Tally(len(keys[::every]), Counter(), Counter())
    for key in keys[::every]:
        sample = source.sample(key)
        lineage = sample.lineage
        names = frozenset(plain(c.name) for c in lineage.changes)
        counts.changes.update(names)
        counts.refusals.update((plain(r.transform), r.part, r.reason) for r in lineage.refusals)
        counts.licences[lineage.licence] += 1
        parent = lineage.parents[0] if lineage.parents else key
        copies = counts.children.setdefault(parent, [])
        if lineage.origin is not None:
            counts.origins.setdefault(parent, lineage.origin)
        if lineage.parents[:1] not in ((), (key,)):
            copies.append(key)
        counts.novelty[key] = names | {r.transform for r in lineage.refusals}
        for name in sample:
            counts.modalities.setdefault(name, sample.kind(name).modality())
    return counts


def spread(items: Sequence[str], count: int) -> list[str]:
    """``count`` of the items, evenly apart, the first one always; all of them if there are fewer."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def varied(keys: Sequence[str], counts: Tally, count: int) -> list[str]:
    """``count`` copies that together show as many different changes as possible; ties go to the first."""
    left, chosen, seen = list(keys), list[str](), set[str]()
    while left and len(chosen) < count:
        best = max(left, key=lambda k: len(counts.novelty[k] - seen))
        seen |= counts.novelty[best]
        left.remove(best)
        chosen.append(best)
    return sorted(chosen, key=list(keys).index)
