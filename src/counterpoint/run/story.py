"""What a run was, read back from what it wrote: its plan, its manifests, its parents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import counterpoint
from counterpoint.core.contracts import Source
from counterpoint.errors import CounterpointError
from counterpoint.run.local import outcome
from counterpoint.run.plan import Plan
from counterpoint.run.recipe import Simulate
from counterpoint.run.shown import Shown
from counterpoint.run.tally import Tally
from counterpoint.run.words import listed, number_of, plain, size_in_words, step_in_words


@final
@dataclass(frozen=True)
class Timing:
    """What only the one who ran it knows; it is never written into the data.

    Attributes:
        seconds: that the run took.
        samples: that were made in them (fewer than there are, if a run was resumed).
        workers: processes.
    """

    seconds: float
    samples: int
    workers: int


@final
@dataclass(frozen=True)
class Story:
    """Facts about a data set for people.

    Attributes:
        name: title of the page.
        facts: of the data set, as its format gives them.
        plan: of the run that wrote it, or None if no run did.
        parents: where the real samples are, or None if they cannot be read any more.
        size: bytes on disk; shards: how many.
        set_aside: (key, reason) of what could not be used.
        timing: of the run, where it is known.
    """

    name: str
    facts: Mapping[str, Any]
    plan: Plan | None
    parents: Source | None
    size: int
    shards: int
    set_aside: tuple[tuple[str, str], ...] = ()
    timing: Timing | None = None

    @classmethod
    def of(cls, folder: Path, source: Source, timing: Timing | None = None) -> Story:
        """The story of the native data set in ``folder``."""
        facts = source.facts()
        size = [p.stat().st_size for p in folder.glob("shard-*.tar")]
        plan = Plan.load(folder) if (folder / "plan.json").is_file() else None
        aside = tuple((q["key"], f"{q['error']}: {q['reason']}") for q in outcome(plan).quarantined) if plan else ()
        name = str(facts.get("name") or folder.name)
        return cls(name, facts, plan, _parents(plan), sum(size), len(size), aside, timing)

    @property
    def version(self) -> str:
        return counterpoint.__version__

    @property
    def simulated(self) -> bool:
        """Whether the samples were simulated, not recorded."""
        return self.plan is not None and self.plan.recipe.read is None

    def origin(self) -> dict[str, str]:
        """Where the data come from, as far as the data set says."""
        said = {"Attribution": str(self.facts.get("attribution", ""))}
        if self.plan is not None:
            recipe = self.plan.recipe
            asked = recipe.samples
            said |= {"Simulated": plain(asked.layout)} if isinstance(asked, Simulate) else {}
            said |= {"Read from": recipe.resolved()["read"]["path"]} if recipe.read else {}
            said |= {"Seed": str(recipe.seed), "Recipe": recipe.digest}
            said["Versions"] = ", ".join(f"{n} {v}" for n, v in self.plan.versions)
        return said

    def sentence(self, counts: Tally) -> str:
        """The recipe in one sentence."""
        what = f"{'simulated' if self.simulated else 'real'} sample"
        made, real = number_of(counts.counted, "sample"), number_of(len(counts.children), what)
        augment = self.plan.recipe.augment if self.plan else None
        if self.plan is None or augment is None:
            return f"{real}." if self.simulated else f"{made} of {real}, written as they are."
        steps = [step_in_words(s) for s in getattr(self.plan.recipe.step(), "steps", ())]
        kept = ", with the originals kept" if augment.keep_originals else ""
        every = number_of(augment.copies, "copy", "copies")
        how = f"by {listed(steps)}" if steps else "without any change"
        return f"{real} became {made}, {every} of each{kept}, {how}."

    def figures(self, counts: Tally) -> dict[str, str]:
        """The numbers at the top of the page, by what they count."""
        named = [plain(n).lower() for n in counts.modalities]
        parts = listed(named if len(named) <= 8 else [*named[:6], f"{len(named) - 6} more"])
        parents = f"{len(counts.children):,}"
        figures = {
            "samples": f"{counts.counted:,}",
            **({} if counts.alone else {"simulated parents" if self.simulated else "real parents": parents}),
            f"parts a sample: {parts}": f"{len(counts.modalities)}",
            f"in {number_of(self.shards, 'shard')}": size_in_words(self.size),
        }
        if self.timing is not None and self.timing.samples:
            figures[f"for {number_of(self.timing.samples, 'sample')}"] = f"{self.timing.seconds:.1f} s"
            rate = self.timing.samples / max(self.timing.seconds, 1e-9)
            figures[f"a second, {number_of(self.timing.workers, 'worker')}"] = f"{rate:.1f}"
        figures["refused changes"] = f"{sum(counts.refusals.values()):,}"
        return figures | {"set aside": f"{len(self.set_aside):,}"}

    def parent(self, key: str) -> Shown | None:
        """The real sample of that key, or None if it cannot be read."""
        if self.parents is None:
            return None
        try:
            return Shown(self.parents.sample(key), "Parent")
        except CounterpointError:
            return None


def _parents(plan: Plan | None) -> Source | None:
    try:
        return plan.source if plan else None
    except CounterpointError:
        return None
