"""Where a sample comes from: enough to make it again, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from counterpoint.core.contracts import Change, Refusal
from counterpoint.core.serial import Recorded


@final
@dataclass(frozen=True)
class Lineage(Recorded):
    """History of one sample.

    Attributes:
        parents: keys of the real samples that it was made from, itself first.
        engine: ``read``, ``augment``, ``simulate`` or ``learn``.
        changes: what was done, in order; applying them to the parents gives the sample.
        refusals: what was drawn but refused.
        dropped: for each change, the parts that were dropped because they could not follow.
        seed, copy: names of the random streams.
        licence: of the parents' data.
    """

    parents: tuple[str, ...] = ()
    engine: str = "read"
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    dropped: tuple[tuple[str, ...], ...] = ()
    seed: int = 0
    copy: int = 0
    licence: str = ""
