"""Which pixels of one camera belong to which thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused, swapped
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.signal import pack, picture
from counterpoint.signal.warp import resized, warp


@final
@dataclass(frozen=True, eq=False)
class InstanceMasks(Modality):
    """One mask ``(H, W)`` an instance; masks may overlap. An instance dies when no pixel of it is left.

    Attributes:
        data: ``(N, H, W)`` bool, or an ``npz`` file that is read when the masks are first needed.
        ids: of the instances, unique in the sample.
        names: class name of each instance; under a mirror sides are exchanged in it.
        camera: on whose plane they lie.
        canvas: (width, height) of the file, so that it need not be read to know.
    """

    data: NDArray[Any] | Blob
    ids: tuple[str, ...]
    names: tuple[str, ...]
    camera: str = "camera"
    canvas: tuple[int, int] | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, ColourShift, Blend, Splice)
    heavy: ClassVar[bool] = True

    @cached_property
    def masks(self) -> NDArray[np.bool_]:
        """``(N, H, W)`` bool.

        Raises:
            UnreadableInputError: the file cannot be decoded.
        """
        if not isinstance(self.data, Blob):
            return self.data
        stored = pack.unpack(self.data.read(), self.data.label, "bits", "shape")
        count, height, width = (int(v) for v in stored["shape"])
        bits = np.unpackbits(stored["bits"], count=count * height * width)
        return bits.view(bool).reshape(count, height, width)

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        if self.canvas and "masks" not in self.__dict__:
            return self.canvas
        height, width = self.masks.shape[1:]
        return width, height

    def instances(self) -> frozenset[str]:
        return frozenset(self.ids)

    def check(self) -> None:
        m = self.masks
        if m.ndim != 3 or m.dtype != bool or 0 in m.shape[1:]:
            raise self.invalid(f"masks must be (N, H, W) bool with H, W >= 1; found {m.shape} {m.dtype}. Convert them.")
        if not len(m) == len(self.ids) == len(self.names):
            raise self.invalid(f"{len(m)} masks, {len(self.ids)} ids and {len(self.names)} names; give one of each.")
        if len(set(self.ids)) < len(self.ids):
            raise self.invalid("ids must be unique in a sample; number the instances.")

    def without(self, instances: frozenset[str]) -> InstanceMasks:
        return self._kept([i not in instances for i in self.ids])

    def prefixed(self, prefix: str) -> InstanceMasks:
        return replace(self, ids=tuple(f"{prefix}/{i}" for i in self.ids))

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        return refused(self.names, move) or super().refuses(move, rig)

    def encode(self) -> Encoded:
        facts = {"ids": list(self.ids), "names": list(self.names), "camera": self.camera, "canvas": list(self.size())}
        if isinstance(self.data, Blob):
            return Encoded(self.data, facts)
        arrays: dict[str, NDArray[Any]] = {
            "bits": np.packbits(self.masks),
            "shape": np.array(self.masks.shape, np.int64),
        }
        return Encoded(Blob("npz", pack.pack(arrays)), facts)

    @classmethod
    def decode(cls, encoded: Encoded) -> InstanceMasks:
        f = encoded.facts
        return cls(encoded.blob, tuple(f["ids"]), tuple(f["names"]), f["camera"], tuple(f["canvas"]))

    def preview(self) -> Preview:
        shown = np.zeros((*self.masks.shape[1:], 4), np.uint8)
        for mask, colour in zip(self.masks, picture.colours(len(self.ids)), strict=True):
            shown[mask] = (*colour, 140)
        return Preview("mask", picture.png(shown), self.camera)

    def blend(self, other: InstanceMasks, weight: float) -> InstanceMasks:
        return self._joined(self.masks, self._theirs(other), other)

    def splice(self, other: InstanceMasks, move: Splice) -> InstanceMasks:
        x0, y0, x1, y1 = move.pixels(self.size())
        if x1 <= x0 or y1 <= y0:
            return self
        window = np.zeros(self.masks.shape[1:], bool)
        window[y0:y1, x0:x1] = True
        return self._joined(self.masks & ~window, self._theirs(other) & window, other)._alive()

    def _theirs(self, other: InstanceMasks) -> NDArray[np.bool_]:
        width, height = self.size()
        masks = [resized(m, (width, height), nearest=True) for m in other.masks]
        return np.stack(masks) if masks else np.zeros((0, height, width), bool)

    def _joined(self, mine: NDArray[Any], theirs: NDArray[Any], other: InstanceMasks) -> InstanceMasks:
        masks = np.concatenate([mine, theirs])
        return InstanceMasks(masks, self.ids + other.ids, self.names + other.names, self.camera)

    def _moved(self, move: Move, rig: Rig) -> InstanceMasks:
        if isinstance(move, Sides):
            return replace(self, names=swapped(self.names), camera=rig.across(self.camera))
        if isinstance(move, ColourShift):
            return self
        assert isinstance(move, PlaneMap)
        width, height = move.size_out
        moved = np.zeros((len(self.ids), height, width), bool)
        for i, mask in enumerate(self.masks):
            moved[i] = warp(mask, move, nearest=True, fill=0)
        return replace(self, data=moved, canvas=None)._alive()

    def _alive(self) -> InstanceMasks:
        return self._kept([bool(m.any()) for m in self.masks])

    def _kept(self, keep: list[bool]) -> InstanceMasks:
        if all(keep):
            return self
        ids = tuple(i for i, k in zip(self.ids, keep, strict=True) if k)
        names = tuple(n for n, k in zip(self.names, keep, strict=True) if k)
        return replace(self, data=self.masks[np.array(keep, bool)], ids=ids, names=names, canvas=None)
