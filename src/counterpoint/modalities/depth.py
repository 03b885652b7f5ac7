"""How far away everything is that one camera sees."""

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
from counterpoint.core.plane import Homography, PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.signal import pack, picture
from counterpoint.signal.haze import filled
from counterpoint.signal.warp import resized, warp


@final
@dataclass(frozen=True, eq=False)
class Depth(Modality):
    """Metres along the camera's +z axis ``(H, W)`` float32; NaN = unknown.

    Maps of the plane move values to the nearest pixel and never mix them: between a near and a far thing there is
    nothing at the mean of both. Crops, flips, in-plane turns, scalings and bends leave the camera's axis where it
    is, so values stay. A projective map turns the axis, which would change every value: refused. A scale of the
    world scales the metres.

    Attributes:
        data: the metres, or a file: 16-bit PNG (0 = unknown) or ``npz``, read when the values are first needed.
        camera: on whose plane it lies.
        step: metres a count of a PNG (KITTI 1/256, TUM 1/5000, millimetres 1/1000).
        canvas: (width, height) of an ``npz`` file, so that it need not be read to know.
    """

    data: NDArray[Any] | Blob
    camera: str = "camera"
    step: float = 1 / 256
    canvas: tuple[int, int] | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.WORLD})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, WorldMap, Sides, Splice)
    heavy: ClassVar[bool] = True

    @cached_property
    def metres(self) -> NDArray[np.float32]:
        """``(H, W)`` float32, NaN where nothing is known.

        Raises:
            UnreadableInputError: the file cannot be decoded.
        """
        if not isinstance(self.data, Blob):
            return self.data
        data, label = self.data.read(), self.data.label
        if self.data.ext == "npz":
            return pack.unpack(data, label, "metres")["metres"]
        counts = picture.decode(data, label)[..., 0]
        return np.where(counts > 0, counts * np.float32(self.step), np.float32(np.nan))

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        if isinstance(self.data, Blob) and "metres" not in self.__dict__:
            if self.canvas:
                return self.canvas
            if self.data.ext == "png":
                return picture.size_of(self.data)
        height, width = self.metres.shape[:2]
        return width, height

    def check(self) -> None:
        m = self.metres
        if m.ndim != 2 or m.dtype != np.float32 or 0 in m.shape:
            raise self.invalid(
                f"metres must be (H, W) float32 with H, W >= 1; found {m.shape} {m.dtype}. Convert them."
            )
        if (m < 0).any() or np.isinf(m).any():
            raise self.invalid("metres must be >= 0 and finite; mark what is unknown with NaN.")

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        turned = isinstance(move, PlaneMap) and any(
            isinstance(s.map, Homography) and not s.map.affine for s in move.steps
        )
        if turned:
            return "a projective map turns the camera's axis, along which depth is measured"
        return Modality.refuses(self, move, rig)

    def encode(self) -> Encoded:
        blob = self.data if isinstance(self.data, Blob) else Blob("npz", pack.pack({"metres": self.metres}))
        canvas = list(self.size()) if blob.ext == "npz" else None
        return Encoded(blob, {"camera": self.camera, "step": self.step, "canvas": canvas})

    @classmethod
    def decode(cls, encoded: Encoded) -> Depth:
        canvas = encoded.facts.get("canvas")
        return cls(encoded.blob, **{**encoded.facts, "canvas": tuple(canvas) if canvas else None})

    def preview(self) -> Preview:
        """Near is bright; black is unknown."""
        m = self.metres
        known = np.isfinite(m)
        near = 1 / np.maximum(np.where(known, m, 1), 1e-3)
        low, high = np.percentile(near[known], [2, 98]) if known.any() else (0.0, 1.0)
        grey = (np.clip((near - low) / max(high - low, 1e-9), 0, 1) * 254 + 1).astype(np.uint8)
        shown = cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
        shown[~known] = 0
        return Preview("picture", picture.png(shown), self.camera)

    def sees(self, camera: str, rig: Rig) -> bool:
        """Depth becomes the length of a ray only where the camera is calibrated."""
        known = rig.cameras.get(camera)
        calibrated = self.camera == camera and known is not None and known.intrinsics is not None
        return calibrated and bool(np.isfinite(self.metres).any())

    def ranges(self, camera: str, rig: Rig) -> NDArray[np.float32]:
        """Unknown values take the nearest one that is known."""
        height, width = self.metres.shape
        k = rig.camera(camera).k
        ray = np.linalg.inv(k) @ np.stack(
            [*(v.ravel() + 0.5 for v in np.meshgrid(np.arange(width), np.arange(height))), np.ones(width * height)]
        )
        stretch = np.linalg.norm(ray / ray[2], axis=0).reshape(height, width)
        return filled((self.metres * stretch).astype(np.float32))

    def splice(self, other: Depth, move: Splice) -> Depth:
        x0, y0, x1, y1 = move.pixels(self.size())
        if x1 <= x0 or y1 <= y0:
            return self
        mixed = self.metres.copy()
        mixed[y0:y1, x0:x1] = resized(other.metres, self.size(), nearest=True)[y0:y1, x0:x1]
        return self._with(mixed)

    def _moved(self, move: Move, rig: Rig) -> Depth:
        if isinstance(move, WorldMap):
            return self if abs(move.scale - 1) < 1e-12 else self._with(self.metres * np.float32(move.scale))
        if isinstance(move, Sides):
            return replace(self, camera=rig.across(self.camera))
        assert isinstance(move, PlaneMap)
        return self._with(warp(self.metres, move, nearest=True, fill=float("nan")))

    def _with(self, metres: NDArray[np.float32]) -> Depth:
        return replace(self, data=metres, canvas=None)
