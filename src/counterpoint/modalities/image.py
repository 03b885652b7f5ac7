"""One picture of one camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.signal import haze, pack, picture
from counterpoint.signal.scatter import Drops
from counterpoint.signal.warp import resized, warp


@final
@dataclass(frozen=True, eq=False)
class Image(Modality):
    """Pixels ``(H, W, C)``: grey, RGB or RGBA; uint8 or float32 in [0, 1].

    It follows every map of its plane with one resampling. Colour and noise are appearance: a float32 picture is
    rounded to uint8 for those moves, and only for those. An opacity channel is moved with the colours and left
    alone by appearance; what a map brings in from outside the picture is opaque. It follows a medium where another part
    tells how far everything in it is.

    Attributes:
        data: the pixels, or a JPEG, PNG or WebP file that is decoded when the pixels are first needed.
        camera: on whose plane it lies.
        quality: of the JPEG that is written where the source was a JPEG; other pixels are written without loss.
        ext: what changed pixels are written as: ``jpg``, or ``png`` (``npy`` for float32).
    """

    data: NDArray[Any] | Blob
    camera: str = "camera"
    quality: int = 95
    ext: str = ""

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.ENVIRONMENT, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, Blend, Splice)
    signals: ClassVar[frozenset[str]] = frozenset({"pixels"})
    veils: ClassVar[bool] = True
    heavy: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.ext:
            lossy = isinstance(self.data, Blob) and self.data.ext in ("jpg", "jpeg")
            object.__setattr__(self, "ext", "jpg" if lossy else "png")

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """``(H, W, C)``, C = 1, 3 or 4; uint8, or float32 in [0, 1] (also from files of 16 bits a channel).

        Raises:
            UnreadableInputError: the file cannot be decoded.
        """
        if not isinstance(self.data, Blob):
            return self.data if self.data.ndim == 3 else self.data[..., None]
        if self.data.ext == "npy":
            return pack.unflat(self.data.read(), self.data.label)
        pixels = picture.decode(self._file, self.data.label)
        return pixels if pixels.dtype == np.uint8 else (pixels / np.float32(65535)).astype(np.float32)

    @cached_property
    def _file(self) -> bytes:
        # Kept between the look at the size and the decoding: to open a small file twice costs as much as to decode it.
        assert isinstance(self.data, Blob)
        return self.data.read()

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        if isinstance(self.data, Blob) and self.data.ext != "npy" and "pixels" not in self.__dict__:
            return picture.size(self._file, self.data.label)
        height, width = self.pixels.shape[:2]
        return width, height

    def check(self) -> None:
        p = self.pixels
        if p.ndim != 3 or p.shape[2] not in (1, 3, 4) or 0 in p.shape:
            raise self.invalid(f"pixels must be (H, W, 1, 3 or 4) with H, W >= 1; found {p.shape}. Reshape them.")
        if p.dtype not in (np.uint8, np.float32):
            raise self.invalid(f"pixels must be uint8 or float32 in [0, 1]; found {p.dtype}. Convert them.")
        if p.dtype == np.float32 and not (np.isfinite(p).all() and p.min() >= 0 and p.max() <= 1):
            raise self.invalid(
                f"float32 pixels must be finite and in [0, 1]; found {p.min():g} to {p.max():g}. "
                "Scale them, or pass uint8."
            )

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        if isinstance(move, Medium):
            return "how far things in it are is not known: it needs a depth map, or a LiDAR and a calibrated camera"
        return super().refuses(move, rig)

    def encode(self) -> Encoded:
        facts = {"camera": self.camera, "quality": self.quality, "ext": self.ext}
        return Encoded(self.data if isinstance(self.data, Blob) else self._written(), facts)

    @classmethod
    def decode(cls, encoded: Encoded) -> Image:
        return cls(encoded.blob, **encoded.facts)

    def preview(self) -> Preview:
        blob = self.encode().blob
        shown = blob.ext in ("jpg", "jpeg", "png", "webp")
        return Preview("picture", blob.read() if shown else picture.png(_bytes(self.pixels)), self.camera)

    def blend(self, other: Image, weight: float) -> Image:
        mine = self.pixels
        theirs = _like(resized(other.pixels, self.size()), mine)
        mixed = cv2.addWeighted(mine, weight, theirs, 1 - weight, 0).reshape(mine.shape)
        return replace(self, data=mixed)

    def splice(self, other: Image, move: Splice) -> Image:
        x0, y0, x1, y1 = move.pixels(self.size())
        if x1 <= x0 or y1 <= y0:
            return self
        mixed = self.pixels.copy()
        mixed[y0:y1, x0:x1] = _like(resized(other.pixels, self.size()), mixed)[y0:y1, x0:x1]
        return replace(self, data=mixed)

    def veiled(self, ranges: NDArray[np.float32], move: Medium, rig: Rig) -> Image:
        """The picture through the air: what is far is veiled, and what falls near the camera is drawn."""
        old, size = self.pixels, self.size()
        ranges = resized(ranges, size, nearest=True)
        new = haze.veil(old[..., :3], ranges, move.extinction, move.colour)
        if move.kind in ("rain", "snow") and move.rate > 0:
            known = rig.cameras.get(self.camera)
            focal = float(known.k[0, 0]) if known is not None and known.intrinsics else float(size[0])
            drops = Drops.of(move.kind, move.rate)
            stream = Key(move.stream).at("camera", self.camera).stream()
            new = haze.streaks(new, ranges, drops, move.kind, focal, move.colour, stream)
        return replace(self, data=new if old.shape[2] < 4 else np.concatenate([new, old[..., 3:]], 2))

    def _moved(self, move: Move, rig: Rig) -> Image:
        if isinstance(move, PlaneMap):
            return replace(self, data=warp(self.pixels, move))
        if isinstance(move, Sides):
            return replace(self, camera=rig.across(self.camera))
        assert isinstance(move, Appearance)
        old = _bytes(self.pixels)
        new = move.render(old[..., :3])
        new = new if old.shape[2] < 4 else np.concatenate([new, old[..., 3:]], 2)
        return replace(self, data=new if self.pixels.dtype == np.uint8 else (new / np.float32(255)).astype(np.float32))

    def _written(self) -> Blob:
        if self.pixels.dtype != np.uint8:
            return Blob("npy", pack.flat(self.pixels))
        if self.ext == "jpg" and self.pixels.shape[2] < 4:
            return Blob("jpg", picture.jpeg(self.pixels, self.quality))
        return Blob("png", picture.png(self.pixels))


def _bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    return pixels if pixels.dtype == np.uint8 else np.rint(pixels * 255).astype(np.uint8)


def _like(pixels: NDArray[Any], model: NDArray[Any]) -> NDArray[Any]:
    """The same picture with the channels and the number type of ``model``."""
    have, want = pixels.shape[2], model.shape[2]
    if have != want:
        codes = {
            (1, 3): cv2.COLOR_GRAY2RGB,
            (1, 4): cv2.COLOR_GRAY2RGBA,
            (3, 1): cv2.COLOR_RGB2GRAY,
            (3, 4): cv2.COLOR_RGB2RGBA,
            (4, 1): cv2.COLOR_RGBA2GRAY,
            (4, 3): cv2.COLOR_RGBA2RGB,
        }
        pixels = cv2.cvtColor(pixels, codes[have, want]).reshape(*pixels.shape[:2], want)
    if pixels.dtype == model.dtype:
        return pixels
    return _bytes(pixels) if model.dtype == np.uint8 else (pixels / np.float32(255)).astype(np.float32)
