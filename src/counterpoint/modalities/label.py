"""What the whole sample is: one class, several classes, or shares of classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, final

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused, swapped
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import Rig
from counterpoint.core.weather import weather_words


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
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.ENVIRONMENT, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (Sides, ColourShift, Medium, Blend, Splice)

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
        return Encoded(Blob.of_json([list(pair) for pair in self.scores]), {"kind": self.kind})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        pairs = encoded.blob.json()
        return cls(tuple((n, s) for n, s in pairs), **encoded.facts)

    def preview(self) -> Preview:
        return Preview("table", [[n, s] for n, s in self.scores])

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Medium):
            told = [n for n, _ in self.scores if weather_words(n.replace("_", " "))]
            return f"its class {told[0]!r} tells of the weather, and nobody knows which holds now" if told else None
        return refused((n for n, _ in self.scores), move) or super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Self:
        if isinstance(move, Sides):
            names = swapped(n for n, _ in self.scores)
            return replace(self, scores=tuple((n, s) for n, (_, s) in zip(names, self.scores, strict=True)))
        return self

    def blend(self, other: Self, weight: float) -> Self:
        """The weighted scores of both (Zhang et al., mixup, 2018); one class in both stays one class."""
        shares: dict[str, float] = {}
        for scores, part in ((self.scores, weight), (other.scores, 1 - weight)):
            for name, score in scores:
                shares[name] = shares.get(name, 0.0) + part * score
        if self.kind == other.kind == "class" and len(shares) == 1:
            return self
        kind: Literal["multi", "soft"] = "multi" if "multi" in (self.kind, other.kind) else "soft"
        return replace(self, scores=tuple(shares.items()), kind=kind)

    def splice(self, other: Self, move: Splice) -> Self:
        """Classes by the share of what is seen of each (Yun et al., CutMix, 2019)."""
        return self.blend(other, 1 - move.share)
