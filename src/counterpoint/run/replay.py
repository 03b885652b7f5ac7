"""Making a stored sample again from its lineage, and comparing every byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from counterpoint.core.blob import fingerprint
from counterpoint.core.contracts import Context
from counterpoint.core.sample import Sample
from counterpoint.errors import IntegrityError
from counterpoint.formats.native import entry_of
from counterpoint.run.shard import Job


@final
@dataclass(frozen=True)
class Replay:
    """A sample made again; ``differing`` names the parts whose bytes are not the stored ones."""

    sample: Sample
    differing: tuple[str, ...]


def replay(work: Job, key: str) -> Replay:
    """The sample called ``key`` of a run's folder from its parent and its recorded changes; nothing is drawn.

    Raises:
        UnknownNameError: there is no such sample.
        IntegrityError: its parent in the source is not the one that it was made from.
    """
    store = work.written
    stored = store.sample(key)
    again = _again(work, stored)
    fresh = {m.part: fingerprint(m.payload) for m in entry_of(again).members}
    kept = {name: blob.digest for name, blob in store.members(key).items()}
    names = sorted({*fresh, *kept})
    return Replay(again, tuple(name or "record" for name in names if fresh.get(name) != kept.get(name)))


def _again(work: Job, stored: Sample) -> Sample:
    parent_key, copy = work.plan.parent(stored.key)
    parent = work.parent(parent_key)
    if not copy:
        return parent
    past, lineage = parent.lineage, stored.lineage
    if lineage.changes[: len(past.changes)] != past.changes:
        raise IntegrityError(
            f"replay {stored.key!r}: the source sample {parent_key!r} has another history than when it was read. "
            "Restore the source that the recipe names."
        )
    new = replace(
        lineage,
        changes=lineage.changes[len(past.changes) :],
        dropped=lineage.dropped[len(past.dropped) :],
        refusals=lineage.refusals[len(past.refusals) :],
    )
    done = parent.replayed(new, Context(pool=work.pool))
    return replace(done, key=stored.key, lineage=lineage)
