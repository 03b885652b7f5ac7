"""Windows of the plane.

The window is drawn once in shares of the canvas and cut at whole pixels of every
plane, so a crop alone copies pixels and never blurs them. What lies outside is
gone: boxes are clipped, and instances that the window no longer shows die in every
part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.plane import PlaneMap
from counterpoint.core.ranges import checked, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import AlignmentError, RecipeError
from counterpoint.transforms.planes import Size, chosen, moved, named, shifted, whole


@final
@dataclass(frozen=True)
class Crop(Transform):
    """Keep one window at a random place, the same share of the canvas in every plane.

    Attributes:
        size: (width, height) in whole pixels, or one share of width and height, above 0 and at most 1.
        planes: names of the planes; all if empty.

    Raises:
        AlignmentError: a plane is smaller than ``size``.
    """

    size: float | tuple[int, int] = 0.8
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        _check_size(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        u, v = key.stream().random(2).tolist()
        return moved(self, sample, lambda name, size: _window(self, sample, name, size, u, v))


@final
@dataclass(frozen=True)
class CenterCrop(Transform):
    """Keep the window in the middle of every plane.

    Attributes:
        size: (width, height) in whole pixels, or one share of width and height, above 0 and at most 1.
        planes: names of the planes; all if empty.

    Raises:
        AlignmentError: a plane is smaller than ``size``.
    """

    size: float | tuple[int, int] = 0.8
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        _check_size(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return moved(self, sample, lambda name, size: _window(self, sample, name, size, 0.5, 0.5))


@final
@dataclass(frozen=True)
class RandomResizedCrop(Transform):
    """Keep a window of random area and shape, and resize it.

    Area and shape are drawn on the first plane; the same shares are cut from the
    others. Ten windows are tried; if none fits, the largest window in the middle
    whose shape is allowed is taken.

    Attributes:
        size: (width, height) of the result, px.
        scale: area of the window as a share of the canvas; above 0, at most 1.
        ratio: width to height of the window in pixels of the first plane; log-uniform.
        planes: names of the planes; all if empty.

    Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 6; default ranges as in torchvision.
    """

    size: tuple[int, int] = (224, 224)
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        whole(self, "size")
        named(self)
        checked(self, scale=(1e-4, 1, "of the canvas"), ratio=(0.01, 100, "width to height"))
        ordered(self, "scale", "ratio")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        planes = chosen(sample, self.planes)
        if not planes:
            return None
        left, top, width, height = self._shares(next(iter(planes.values())), key.stream())

        def one(name: str, size: Size) -> PlaneMap:
            w, h = max(1, round(width * size[0])), max(1, round(height * size[1]))
            x, y = min(round(left * size[0]), size[0] - w), min(round(top * size[1]), size[1] - h)
            zoom = np.diag([self.size[0] / w, self.size[1] / h, 1.0])
            return PlaneMap.of(name, size, zoom @ shifted(-x, -y), self.size)

        return moved(self, sample, one)

    def _shares(self, size: Size, stream: np.random.Generator) -> tuple[float, float, float, float]:
        """Left, top, width and height of the window in shares of the canvas."""
        low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
        shape = size[0] / size[1]
        for _ in range(10):
            area, ratio = stream.uniform(*self.scale), math.exp(stream.uniform(low, high)) / shape
            w, h = math.sqrt(area * ratio), math.sqrt(area / ratio)
            if w <= 1 and h <= 1:
                return stream.uniform(0, 1 - w), stream.uniform(0, 1 - h), w, h
        ratio = min(max(shape, self.ratio[0]), self.ratio[1]) / shape
        w, h = min(1.0, ratio), min(1.0, 1 / ratio)
        return (1 - w) / 2, (1 - h) / 2, w, h


def _window(step: Crop | CenterCrop, sample: Sample, name: str, size: Size, u: float, v: float) -> PlaneMap:
    """The crop of one plane; ``u`` and ``v`` say where between the first and the last place the window starts."""
    if isinstance(step.size, tuple):
        w, h = step.size
    else:
        w, h = max(1, round(step.size * size[0])), max(1, round(step.size * size[1]))
    if w > size[0] or h > size[1]:
        raise AlignmentError(
            f"{type(step).__name__}(size={step.size}) does not fit sample {sample.key!r}: its plane {name!r} has "
            f"{size[0]} x {size[1]} px. Crop a share instead, or put Pad(size={step.size}) before it."
        )
    x, y = round(u * (size[0] - w)), round(v * (size[1] - h))
    return PlaneMap.of(name, size, shifted(-x, -y), (w, h))


def _check_size(step: Crop | CenterCrop) -> None:
    named(step)
    if isinstance(step.size, (tuple, list)):
        whole(step, "size")
    elif not (isinstance(step.size, float | int) and 0 < step.size <= 1):
        raise RecipeError(
            f"{type(step).__name__}(size={step.size!r}): give (width, height) in whole pixels, or one share of the "
            "canvas above 0 and at most 1."
        )
