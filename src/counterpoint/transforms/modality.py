"""Parts that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.mixture import Removal
from counterpoint.core.ranges import checked
from counterpoint.core.sample import Sample
from counterpoint.errors import UnknownNameError
from counterpoint.transforms.signals import listed


@final
@dataclass(frozen=True)
class ModalityDropout(Transform):
    """Lose whole parts, each with the same chance, and mark them absent.

    Only signals (pictures, sound, words, points, rows, cells) are lost, not what is known of them (boxes, masks,
    labels), unless ``parts`` names others. At least one signal of the sample stays.

    Attributes:
        p: chance of each part, 0 to 1.
        parts: names of the parts that may be lost; all signals if empty.

    Source: Neverova et al., "ModDrop: adaptive multi-modal gesture recognition", PAMI 2016.
    """

    p: float = 0.3
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})

    def __post_init__(self) -> None:
        checked(self, p=(0, 1, ""))
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        for name in self.parts:
            if name not in sample:
                raise UnknownNameError(f"part of sample {sample.key!r}", name, sample)
        there = sample.present()
        signals = [n for n in there if sample.kind(n).signals]
        open_ = [n for n in there if n in (self.parts or signals)]
        lost = [n for n in open_ if key.at(n).stream().random() < self.p]
        if lost and not set(signals or there) - set(lost):
            last = key.at("kept").stream().permutation(len(lost))[0]
            del lost[int(last)]
        return Change("ModalityDropout", (Removal(tuple(lost)),)) if lost else None
