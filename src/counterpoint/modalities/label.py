"""What the whole sample is: one class, several classes, or shares of classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, final

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import Rig


@final
@dataclass(frozen=True)
class Label(Modality):
    """Classes with scores from 0 to 1.

    Attributes:
        scores: (class, score) pairs; no class twice.
        kind: ``class`` (one class with score 1), ``multi`` (each class by itself) or ``soft`` (shares, sum 1).
    """

    scores: tuple[tuple[str, float], ...]
    kind: Literal["class", "multi", "soft"] = "class"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})

    @classmethod
    def of(cls, name: str) -> Self:
        """One class."""
        return cls(((name, 1.0),))

    def check(self) -> None:
        names = [n for n, _ in self.scores]
        total = sum(s for _, s in self.scores)
        if len(set(names)) < len(names):
            raise self.invalid(f"a class stands twice in {names}")
        if any(not 0 <= s <= 1 for _, s in self.scores):
            raise self.invalid(f"scores must lie from 0 to 1: {self.scores}")
        if self.kind == "class" and (len(names) != 1 or total != 1):
            raise self.invalid(f"kind 'class' needs one class with score 1, not {self.scores}")
        if self.kind == "soft" and abs(total - 1) > 1e-6:
            raise self.invalid(f"kind 'soft' needs shares with sum 1; these have {total}")

    def encode(self) -> Encoded:
        text = json.dumps([list(pair) for pair in self.scores], ensure_ascii=False)
        return Encoded(Blob("json", text.encode("utf-8", "surrogatepass")), {"kind": self.kind})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        pairs = json.loads(encoded.blob.read())
        return cls(tuple((n, s) for n, s in pairs), **encoded.facts)

    def preview(self) -> Preview:
        return Preview("table", [[n, s] for n, s in self.scores])

    def _moved(self, move: Move, rig: Rig) -> Self:
        return self
