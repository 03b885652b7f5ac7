"""What a run was, read back from what it wrote: its recipe, its manifests, its parents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, final

from counterpoint.core.contracts import Source
from counterpoint.errors import CounterpointError
from counterpoint.run.shown import Shown
from counterpoint.run.tally import Tally
from counterpoint.run.words import listed, number_of, plain, size_in_words


@final
@dataclass(frozen=True)
class Story:
    """Facts about a run for people.

    Attributes:
        name: title of the page.
        facts: of the data set, as its format gives them.
        parents: where the real samples are, or None if they cannot be read any more.
        size: bytes on disk; shards: how many.
        set_aside: (key, reason) of inputs that could not be read.
        rejected: samples by the reason for which a gate rejected them.
    """

    name: str
    facts: Mapping[str, Any]
    parents: Source | None
    size: int
    shards: int
    set_aside: tuple[tuple[str, str], ...] = ()
    rejected: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, folder: Path, source: Source) -> Story:
        """The story of the native data set in ``folder``."""
        facts = source.facts()
        shards = sorted(folder.glob("shard-*.tar"))
        name = str(facts.get("name") or folder.name)
        return cls(name, facts, None, sum(p.stat().st_size for p in shards), len(shards))

    @property
    def version(self) -> str:
        try:
            return version("counterpoint")
        except PackageNotFoundError:
            return str(self.facts.get("version", ""))

    @property
    def origin(self) -> dict[str, str]:
        return {k.capitalize(): str(self.facts[k]) for k in ("source", "attribution") if self.facts.get(k)}

    def sentence(self, counts: Tally) -> str:
        """The recipe in one sentence."""
        made = number_of(counts.counted, "sample")
        real = number_of(len(counts.children), "real sample")
        steps = listed(sorted(name.lower() for name in counts.changes)) or "no change"
        return f"{real} became {made} whose parts still belong together, by {steps}."

    def figures(self, counts: Tally) -> dict[str, str]:
        """The numbers at the top of the page."""
        parts = listed(plain(n).lower() for n in counts.modalities)
        return {
            "samples": f"{counts.counted:,}",
            "real parents": f"{len(counts.children):,}",
            f"parts a sample: {parts}": f"{len(counts.modalities)}",
            f"in {number_of(self.shards, 'shard')}": size_in_words(self.size),
            "refused changes": f"{sum(counts.refusals.values()):,}",
            "inputs set aside": f"{len(self.set_aside):,}",
        }

    def parent(self, key: str) -> Shown | None:
        """The real sample of that key, or None if it cannot be read."""
        if self.parents is None:
            return None
        try:
            return Shown(self.parents.sample(key), "Parent")
        except CounterpointError:
            return None
