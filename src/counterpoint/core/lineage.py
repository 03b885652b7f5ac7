"""Where a sample comes from: enough to make it again, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from counterpoint.core.contracts import Change, Refusal
from counterpoint.core.serial import Recorded


@final
@dataclass(frozen=True)
class Origin(Recorded):
    """What a sample that was never recorded was made from; with the seed and the key it is made again.

    Attributes:
        maker: name of the layout.
        settings: all of them, as JSON types.
        facts: what came out, by name: weather, number of cars, time to collision …
    """

    maker: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Lineage(Recorded):
    """History of one sample.

    Attributes:
        parents: keys of the samples that it was made from, itself first.
        engine: ``read``, ``augment``, ``simulate`` or ``learn``.
        changes: what was done, in order; applying them to the parents gives the sample.
        refusals: what was drawn but refused.
        dropped: for each change, the parts that were dropped because they could not follow.
        seed, copy: names of the random streams.
        licence: of the parents' data.
        origin: of a sample that was simulated.
    """

    parents: tuple[str, ...] = ()
    engine: str = "read"
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    dropped: tuple[tuple[str, ...], ...] = ()
    seed: int = 0
    copy: int = 0
    licence: str = ""
    origin: Origin | None = None
