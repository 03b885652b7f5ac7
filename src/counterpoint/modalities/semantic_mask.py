"""What kind of thing every pixel of one camera shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.sides import across
from counterpoint.signal import pack, picture
from counterpoint.signal.warp import resized, warp


@final
@dataclass(frozen=True, eq=False)
class SemanticMask(Modality):
    """Class numbers ``(H, W)`` uint8 or int32 and the names of the classes.

    Maps of the plane move numbers to the nearest pixel and never mix them; what comes in from outside has the
    number ``outside``. Under a mirror the pixels of ``left arm`` become ``right arm``: the numbers are exchanged, so
    that a number means the same in every sample. A class whose other side has no number is renamed.

    Attributes:
        data: the numbers, or a file: PNG of 8 or 16 bits or ``npz``, read when the numbers are first needed.
        classes: name of every number that occurs.
        camera: on whose plane it lies.
        outside: number of what no map knows (the field's usual choices are 0 and 255).
        canvas: (width, height) of an ``npz`` file, so that it need not be read to know.
    """

    data: NDArray[Any] | Blob
    classes: Mapping[int, str]
    camera: str = "camera"
    outside: int = 0
    canvas: tuple[int, int] | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, ColourShift, Splice)
    heavy: ClassVar[bool] = True

    @cached_property
    def labels(self) -> NDArray[Any]:
        """``(H, W)`` uint8 or int32.

        Raises:
            UnreadableInputError: the file cannot be decoded.
        """
        if not isinstance(self.data, Blob):
            return self.data
        data, label = self.data.read(), self.data.label
        if self.data.ext == "npz":
            return pack.unpack(data, label, "labels")["labels"]
        counts = picture.decode_indices(data, label)
        return counts if counts.dtype == np.uint8 else counts.astype(np.int32)

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        if isinstance(self.data, Blob) and "labels" not in self.__dict__:
            if self.canvas:
                return self.canvas
            if self.data.ext == "png":
                return picture.size_of(self.data)
        height, width = self.labels.shape[:2]
        return width, height

    def check(self) -> None:
        m = self.labels
        if m.ndim != 2 or m.dtype not in (np.uint8, np.int32) or 0 in m.shape:
            raise self.invalid(
                f"labels must be (H, W) uint8 or int32, H, W >= 1; found {m.shape} {m.dtype}. Convert them."
            )
        unnamed = sorted(set(np.unique(m).tolist()) - set(self.classes) - {self.outside})
        if unnamed:
            raise self.invalid(f"the numbers {unnamed[:8]} have no name in classes; name them or map them to another.")

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        return refused(self.classes.values(), move) or super().refuses(move, rig)

    def encode(self) -> Encoded:
        blob = self.data if isinstance(self.data, Blob) else self._written()
        facts = {
            "classes": {str(number): name for number, name in self.classes.items()},
            "camera": self.camera,
            "outside": self.outside,
            "canvas": list(self.size()) if blob.ext == "npz" else None,
        }
        return Encoded(blob, facts)

    @classmethod
    def decode(cls, encoded: Encoded) -> SemanticMask:
        facts = dict(encoded.facts)
        classes = {int(number): name for number, name in facts.pop("classes", {}).items()}
        canvas = facts.pop("canvas", None)
        return cls(encoded.blob, classes, canvas=tuple(canvas) if canvas else None, **facts)

    def preview(self) -> Preview:
        numbers = sorted(set(self.classes) | set(np.unique(self.labels).tolist()))
        table = np.concatenate([picture.colours(len(numbers)), np.full((len(numbers), 1), 140, np.uint8)], 1)
        if self.outside in numbers:
            table[numbers.index(self.outside)] = 0
        shown = table[np.searchsorted(numbers, self.labels)]
        return Preview("mask", picture.png(shown), self.camera)

    def splice(self, other: SemanticMask, move: Splice) -> SemanticMask:
        x0, y0, x1, y1 = move.pixels(self.size())
        if x1 <= x0 or y1 <= y0:
            return self
        theirs, classes = self._renumbered(other)
        theirs = resized(theirs, self.size(), nearest=True)[y0:y1, x0:x1]
        mixed = self.labels.astype(np.promote_types(self.labels.dtype, theirs.dtype))
        mixed[y0:y1, x0:x1] = theirs
        return replace(self, data=mixed, classes=classes, canvas=None)

    def _renumbered(self, other: SemanticMask) -> tuple[NDArray[Any], dict[int, str]]:
        """The labels of other in the numbers of self, which learns the classes that it lacks."""
        classes, numbers = dict(self.classes), {name: number for number, name in self.classes.items()}
        changed = {} if other.outside == self.outside else {other.outside: self.outside}
        for number, name in other.classes.items():
            if name not in numbers:
                free = number not in classes and number != self.outside
                numbers[name] = number if free else max(*classes, *numbers.values(), *other.classes, self.outside) + 1
                classes[numbers[name]] = name
            if numbers[name] != number:
                changed[number] = numbers[name]
        if not changed:
            return other.labels, classes
        labels = other.labels.astype(np.int32 if max(changed.values()) > 255 else other.labels.dtype)
        for number, to in changed.items():
            labels[other.labels == number] = to
        return labels, classes

    def _moved(self, move: Move, rig: Rig) -> SemanticMask:
        if isinstance(move, Sides):
            return replace(self._mirrored(), camera=rig.across(self.camera))
        if isinstance(move, ColourShift):
            return self
        assert isinstance(move, PlaneMap)
        return replace(self, data=warp(self.labels, move, nearest=True, fill=self.outside), canvas=None)

    def _mirrored(self) -> SemanticMask:
        numbers = {name: number for number, name in self.classes.items()}
        other = {name: across(name) or name for name in numbers}
        swapped = {n: numbers.get(other[name], n) for n, name in self.classes.items()}
        names = {n: name if swapped[n] != n else other[name] for n, name in self.classes.items()}
        pairs = {n: to for n, to in swapped.items() if n != to}
        if not pairs:
            return self if names == self.classes else replace(self, classes=names)
        labels = self.labels.copy()
        for number, to in pairs.items():
            labels[self.labels == number] = to
        return replace(self, data=labels, classes=names, canvas=None)

    def _written(self) -> Blob:
        m = self.labels
        if m.dtype == np.uint8:
            return Blob("png", picture.png(m))
        if m.min() >= 0 and m.max() < 65536:
            return Blob("png", picture.png(m.astype(np.uint16)))
        return Blob("npz", pack.pack({"labels": m}))
