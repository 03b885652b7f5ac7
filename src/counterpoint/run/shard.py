"""One shard of a plan, made by whoever is asked: the same bytes in every process."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

from counterpoint.core.contracts import Step
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError, RecipeError, RefusedError
from counterpoint.formats.native import NativeSource, entry_of
from counterpoint.run.plan import Plan, copy_key
from counterpoint.signal.store import Entry, Manifest, write_shard

Tell = Callable[[str, int], None]
"""Called with ``samples``, ``refusals`` or ``quarantined`` and how many more."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""What a library may say of an object; it would differ in every process, and so would the manifest."""

_NOT_THE_INPUT = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@final
@dataclass(frozen=True)
class SourcePool(Mapping[str, Sample]):
    """The samples of a plan as partners for mixtures, read when they are drawn."""

    plan: Plan

    def __getitem__(self, key: str) -> Sample:
        """A sample as it was read, with the licence that the recipe or the source states."""
        sample = self.plan.source.sample(key)
        licence = self.plan.recipe.samples.licence or sample.lineage.licence or self.plan.licence
        return replace(sample, lineage=replace(sample.lineage, licence=licence))

    def __iter__(self) -> Iterator[str]:
        return iter(self.plan.keys)

    def __len__(self) -> int:
        return len(self.plan.keys)


@final
@dataclass(frozen=True)
class Job:
    """A plan with what is needed to carry it out."""

    plan: Plan

    @cached_property
    def step(self) -> Step:
        return self.plan.recipe.step()

    @cached_property
    def pool(self) -> SourcePool:
        return SourcePool(self.plan)

    @cached_property
    def written(self) -> NativeSource:
        """What the folder of the plan holds when it is first asked for; its index is read once."""
        return NativeSource(self.plan.folder)

    def parent(self, key: str) -> Sample:
        """The sample that is copied; see ``SourcePool``."""
        return self.pool[key]

    def made(self, parent: Sample, copy: int) -> Sample:
        """Copy number ``copy`` of a sample; 0 is the sample itself."""
        if not copy:
            return parent
        recipe = self.plan.recipe
        new = self.step(parent, recipe.seed, copy, self.pool, recipe.on_refusal)
        lineage = replace(new.lineage, engine="augment", seed=recipe.seed, copy=copy)
        return replace(new, key=copy_key(parent.key, copy), lineage=lineage)

    def shard(self, number: int, tell: Tell, strict: bool = False) -> Manifest:
        """Make, write and commit one shard. Inputs that cannot be used are noted in its manifest.

        Raises:
            RefusedError: with ``on_refusal: error``.
            CounterpointError: with ``strict``, for the first input that cannot be used.
        """
        notes: dict[str, Any] = {"recipe": self.plan.recipe.digest, "quarantine": [], "refusals": {}}
        return write_shard(self.plan.folder, number, self._entries(number, notes, tell, strict), notes)

    def _entries(self, number: int, notes: dict[str, Any], tell: Tell, strict: bool) -> Iterator[Entry]:
        for key, copies in self.plan.jobs(number):
            try:
                parent = self.parent(key)
            except Exception as e:
                self._set_aside(notes, [copy_key(key, c) for c in copies], e, strict)
                tell("quarantined", len(copies))
                continue
            for copy in copies:
                try:
                    new = self.made(parent, copy)
                    entry = entry_of(new)
                except Exception as e:
                    self._set_aside(notes, [copy_key(key, copy)], e, strict)
                    tell("quarantined", 1)
                    continue
                refused = {f"{r.transform}: {r.part}" for r in new.lineage.refusals[len(parent.lineage.refusals) :]}
                for name in refused:
                    notes["refusals"][name] = notes["refusals"].get(name, 0) + 1
                yield entry
                tell("refusals", len(refused))
                tell("samples", 1)

    def _set_aside(self, notes: dict[str, Any], keys: list[str], error: Exception, strict: bool) -> None:
        """Note what could not be used and why; paths are told as seen from the source."""
        if isinstance(error, (MemoryError, RefusedError, RecipeError)):
            raise error
        if isinstance(error, OSError) and error.errno in _NOT_THE_INPUT:
            raise error
        if strict:
            raise CounterpointError(f"--strict: sample {keys[0]!r} cannot be used: {error}") from error
        reason, read = str(error), self.plan.recipe.read
        if read is not None:
            reason = reason.replace(read.path + "/", "").replace(read.path, "the source")
        reason = _ADDRESS.sub("", reason)
        notes["quarantine"] += [{"key": k, "error": type(error).__name__, "reason": reason} for k in keys]
