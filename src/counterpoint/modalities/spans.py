"""Pieces of the clock with words: word times, subtitles, sound events, phones.

Times are seconds on the clock of the sample, intervals are half-open. Rows keep
their order; they may overlap.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import Rig


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
            raise self.invalid(f"row {i} ({self.texts[i]!r}) goes from {self.starts[i]} s to {self.ends[i]} s")

    def encode(self) -> Encoded:
        rows = [[a, b, t] for a, b, t in zip(self.starts.tolist(), self.ends.tolist(), self.texts, strict=True)]
        return Encoded(Blob("json", json.dumps(rows).encode()), {"kind": self.kind, "spoken": self.spoken})

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        rows = json.loads(encoded.blob.read())
        starts, ends = (np.array([row[i] for row in rows], np.float64) for i in (0, 1))
        return cls(starts, ends, tuple(row[2] for row in rows), **encoded.facts)

    def preview(self) -> Preview:
        return Preview(
            "spans", [list(r) for r in zip(self.starts.tolist(), self.ends.tolist(), self.texts, strict=True)]
        )

    def _moved(self, move: Move, rig: Rig) -> Self:
        return self
