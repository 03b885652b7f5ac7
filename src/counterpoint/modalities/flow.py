"""Where everything that one camera sees will be in its next picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import Sides
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.signal import pack, picture
from counterpoint.signal.warp import resized, warp


@final
@dataclass(frozen=True, eq=False)
class Flow(Modality):
    """Pixels to the right and down ``(H, W, 2)`` to the next picture of a camera, and what will be hidden there.

    A map of the plane moves both ends of every vector: a mirror negates x, a zoom stretches, a turn turns. Values go
    to the nearest pixel and are never mixed. Under moves of the world the vectors stay, as pictures do.

    Attributes:
        data: ``(H, W, 3)`` float32: right, down, and 1 where the point is hidden by something in the next picture,
            else 0; NaN = unknown. Or an ``npz`` file that is read when the values are first needed.
        camera: on whose plane it lies.
        canvas: (width, height) of the file, so that it need not be read to know.
    """

    data: NDArray[np.float32] | Blob
    camera: str = "camera"
    canvas: tuple[int, int] | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, Splice)
    heavy: ClassVar[bool] = True

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """``(H, W, 3)``, see ``data``.

        Raises:
            UnreadableInputError: the file cannot be decoded.
        """
        if not isinstance(self.data, Blob):
            return self.data
        return pack.unpack(self.data.read(), self.data.label, "flow")["flow"]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """``(H, W, 2)`` px to the right and down."""
        return self.values[..., :2]

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """``(H, W)``: whether something will stand in front."""
        return self.values[..., 2] > 0.5

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        if self.canvas and "values" not in self.__dict__:
            return self.canvas
        height, width = self.values.shape[:2]
        return width, height

    def check(self) -> None:
        v = self.values
        if v.ndim != 3 or v.shape[2] != 3 or v.dtype != np.float32 or 0 in v.shape:
            raise self.invalid(f"values must be (H, W, 3) float32 with H, W >= 1; found {v.shape} {v.dtype}.")
        known = np.asarray(~np.isnan(v).any(2))
        if np.isinf(v).any() or not np.isin(v[..., 2][known], (0, 1)).all():
            raise self.invalid("vectors must be finite, or NaN where unknown, and the third value 0 or 1.")

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        return super().refuses(move, rig)

    def encode(self) -> Encoded:
        blob = self.data if isinstance(self.data, Blob) else Blob("npz", pack.pack({"flow": self.values}))
        return Encoded(blob, {"camera": self.camera, "canvas": list(self.size())})

    @classmethod
    def decode(cls, encoded: Encoded) -> Flow:
        canvas = encoded.facts.get("canvas")
        return cls(encoded.blob, encoded.facts.get("camera", "camera"), tuple(canvas) if canvas else None)

    def preview(self) -> Preview:
        """Direction is hue, length is strength (the longest 2 % are full); black is unknown."""
        known = np.asarray(~np.isnan(self.values).any(2))
        x, y = np.where(known[..., None], self.vectors, 0).transpose(2, 0, 1)
        length = np.hypot(x, y)
        full = max(float(np.percentile(length[known], 98)) if known.any() else 0.0, 1e-6)
        hue = (np.arctan2(y, x) / (2 * np.pi) % 1 * 179).astype(np.uint8)
        strength = (np.clip(length / full, 0, 1) * 255).astype(np.uint8)
        bright = np.where(known, 255, 0).astype(np.uint8)
        shown = cv2.cvtColor(np.stack([hue, strength, bright], 2), cv2.COLOR_HSV2RGB)
        return Preview("picture", picture.png(shown), self.camera)

    def splice(self, other: Flow, move: Splice) -> Flow:
        x0, y0, x1, y1 = move.pixels(self.size())
        if x1 <= x0 or y1 <= y0:
            return self
        theirs = resized(other.values, self.size(), nearest=True)[y0:y1, x0:x1].copy()
        theirs[..., :2] *= np.divide(self.size(), other.size()).astype(np.float32)
        mixed = self.values.copy()
        mixed[y0:y1, x0:x1] = theirs
        return replace(self, data=mixed, canvas=None)

    def _moved(self, move: Move, rig: Rig) -> Flow:
        if isinstance(move, Sides):
            return replace(self, camera=rig.across(self.camera))
        assert isinstance(move, PlaneMap)
        moved = warp(self.values, move, nearest=True, fill=float("nan")).copy()
        moved[..., :2] = _stretched(moved[..., :2].astype(np.float64), move)
        return replace(self, data=moved, canvas=None)


def _stretched(vectors: NDArray[Any], move: PlaneMap) -> NDArray[Any]:
    """Vectors that stand on their new pixels already, with both of their ends moved."""
    m = move.matrix
    if m is not None and not np.any(m[2, :2]):
        linear = m[:2, :2] / m[2, 2]
        return np.stack([linear[i, 0] * vectors[..., 0] + linear[i, 1] * vectors[..., 1] for i in (0, 1)], -1)
    height, width = vectors.shape[:2]
    v, u = np.mgrid[:height, :width]
    pixels = np.stack([u, v], -1) + 0.5
    known = ~np.isnan(vectors).any(-1)
    out = np.full_like(vectors, np.nan)
    before = move.backward(pixels[known])
    out[known] = move.forward(before + vectors[known]) - move.forward(before)
    return out
