"""Pieces of the clock with words: word times, subtitles, sound events, phones.

Times are seconds on the clock of the sample, intervals are half-open. Rows keep
their order; they may overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.colours import shift_colours
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.language import apply_edits
from counterpoint.core.meaning import ColourShift, Directions, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import Rig
from counterpoint.core.sides import swap_sides, tells_directions, tells_sides


@final
@dataclass(frozen=True, eq=False)
class Spans(Modality):
    """Intervals of the clock, each with a text.

    Attributes:
        starts, ends: (N,) float64, s.
        texts: N strings.
        kind: what the rows are.
        spoken: whether the texts are heard in the sound.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    texts: tuple[str, ...]
    kind: Literal["words", "subtitles", "events", "phones"] = "words"
    spoken: bool = False
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (TimeMap, Sides, ColourShift, Directions, Blend)
    phrases: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("starts", "ends"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64).reshape(-1))

    def span(self) -> tuple[float, float] | None:
        return (float(self.starts.min()), float(self.ends.max())) if len(self.starts) else None

    def check(self) -> None:
        if not len(self.starts) == len(self.ends) == len(self.texts):
            raise self.invalid(f"{len(self.starts)} starts, {len(self.ends)} ends and {len(self.texts)} texts")
        bad = ~(np.isfinite(self.starts) & np.isfinite(self.ends) & (self.starts <= self.ends))
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise self.invalid(
                f"row {i} ({self.texts[i]!r}) goes from {self.starts[i]} s to {self.ends[i]} s; "
                "both must be finite, the end not before the start. Correct the row"
            )

    def encode(self) -> Encoded:
        rows = [[a, b, t] for a, b, t in zip(self.starts.tolist(), self.ends.tolist(), self.texts, strict=True)]
        return Encoded(Blob.of_json(rows), {"kind": self.kind, "spoken": self.spoken})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        rows = encoded.blob.json()
        starts, ends = (np.array([row[i] for row in rows], np.float64) for i in (0, 1))
        return cls(starts, ends, tuple(row[2] for row in rows), **encoded.facts)

    def preview(self) -> Preview:
        return Preview(
            "spans", [list(r) for r in zip(self.starts.tolist(), self.ends.tolist(), self.texts, strict=True)]
        )

    def concerns(self, move: Move) -> bool:
        """Spoken words are no description, so other colours and a turned picture leave them; so does lost signal."""
        if isinstance(move, TimeMask) or (self.spoken and isinstance(move, (ColourShift, Directions))):
            return False
        return super().concerns(move)

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Sides) and self.spoken:
            said = next((t for t in self.texts if tells_sides(t)), None)
            return f"{said!r} is heard, and a sound that names a side cannot say the other one" if said else None
        if isinstance(move, Directions):
            said = next((t for t in self.texts if tells_directions(t)), None)
            return None if said is None else f"{said!r} says where things are, and the picture is turned on its side"
        if isinstance(move, (Sides, ColourShift)):
            done = self._reworded(move)
            return done if isinstance(done, str) else None
        if isinstance(move, (Blend, Splice)) and self.kind != "events":
            return f"two rows of {self.kind} cannot be heard as one"
        if isinstance(move, Splice):
            return move.misses(Axis.TIME) or "events do not know of what clock the window is a share"
        return super().refuses(move, rig)

    def _reworded(self, move: Sides | ColourShift) -> tuple[str, ...] | str:
        texts = []
        for text in self.texts:
            done = swap_sides(text) if isinstance(move, Sides) else shift_colours(text, move.hue, move.grey, move.words)
            if isinstance(done, str):
                return done
            texts.append(apply_edits(text, done)[0])
        return tuple(texts)

    def _moved(self, move: Move, rig: Rig) -> Self:
        if isinstance(move, TimeMap):
            return self._on_clock(move)
        if isinstance(move, (Sides, ColourShift)) and not self.spoken:
            texts = self._reworded(move)
            return self if isinstance(texts, str) else replace(self, texts=texts)
        return self

    def _on_clock(self, move: TimeMap) -> Self:
        """Rows of which less than half is kept are dropped; the others are clipped."""
        starts, ends = move.forward(self.starts), move.forward(self.ends)
        if move.keep is None:
            return replace(self, starts=starts, ends=ends)
        low, high = move.keep
        a, b = np.maximum(starts, low), np.minimum(ends, high)
        moment = ends == starts
        kept = np.where(moment, (low <= starts) & (starts < high), b - a >= (ends - starts) / 2)
        texts = tuple(t for t, k in zip(self.texts, kept.tolist(), strict=True) if k)
        return replace(self, starts=a[kept], ends=b[kept], texts=texts)

    def blend(self, other: Self, weight: float) -> Self:
        """The events of both, ordered by their start."""
        starts = np.concatenate([self.starts, other.starts])
        order = np.argsort(starts, kind="stable")
        texts = self.texts + other.texts
        ends = np.concatenate([self.ends, other.ends])[order]
        return replace(self, starts=starts[order], ends=ends, texts=tuple(texts[i] for i in order.tolist()))
