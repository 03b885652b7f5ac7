"""A made-up part with known answers: marks on one plane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import Sides
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample


@final
@dataclass(frozen=True, eq=False)
class Marks(Modality):
    """Points ``(N, 2)`` in px that count how often the sides changed."""

    xy: Any
    camera: str = "camera"
    turns: int = 0
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides)

    @property
    def plane(self) -> str:
        return self.camera

    def check(self) -> None: ...

    def encode(self) -> Encoded:
        return Encoded(Blob("npy", np.asarray(self.xy).tobytes()), {"camera": self.camera})

    @classmethod
    def decode(cls, encoded: Encoded) -> Marks:
        raise NotImplementedError

    def preview(self) -> Preview:
        return Preview("text", "marks")

    def _moved(self, move: Move, rig: Rig) -> Marks:
        if isinstance(move, PlaneMap):
            return replace(self, xy=move.forward(self.xy))
        return replace(self, turns=self.turns + 1)


CORNERS = [[0.0, 0.0], [120.0, 80.0], [60.0, 40.0]]


def marked(key: str = "s", **cameras: tuple[int, int]) -> Sample:
    """Marks at both corners and in the middle of every camera; one camera of 120 x 80 px if none is named."""
    sizes = cameras or {"camera": (120, 80)}
    parts = {f"marks_{n}": Marks(np.array(CORNERS) / [120, 80] * size, n) for n, size in sizes.items()}
    return Sample.of(key, parts, Rig({n: Camera(s) for n, s in sizes.items()}))
