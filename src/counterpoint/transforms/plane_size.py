"""Other canvases for the whole plane: nothing of the scene is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.plane import PlaneMap
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.transforms.planes import Size, colour, moved, named, shifted, whole


@final
@dataclass(frozen=True)
class Resize(Transform):
    """Scale every plane to a size; width and height may scale differently.

    Attributes:
        size: (width, height) in px, or the length of the shorter side, which keeps the shape.
        planes: names of the planes; all if empty.
    """

    size: int | tuple[int, int] = (224, 224)
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        named(self)
        if not isinstance(self.size, int) or isinstance(self.size, bool):
            whole(self, "size")
        elif not 1 <= self.size <= 65535:
            raise RecipeError(f"Resize(size={self.size}): the shorter side must have 1 to 65535 px.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        def one(name: str, size: Size) -> PlaneMap:
            w, h = self._size(size)
            return PlaneMap.of(name, size, np.diag([w / size[0], h / size[1], 1.0]), (w, h))

        return moved(self, sample, one)

    def _size(self, size: Size) -> Size:
        if isinstance(self.size, tuple):
            return self.size
        zoom = self.size / min(size)
        return max(1, round(size[0] * zoom)), max(1, round(size[1] * zoom))


@final
@dataclass(frozen=True)
class Letterbox(Transform):
    """Scale every plane until it just fits a canvas, keep its shape, and fill the rest evenly on both sides.

    Attributes:
        size: (width, height) of the canvas, px.
        fill: grey level or (red, green, blue) of the bars, 0 to 255; 114 as in the YOLO family.
        planes: names of the planes; all if empty.
    """

    size: tuple[int, int] = (640, 640)
    fill: int | tuple[int, int, int] = 114
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        whole(self, "size")
        named(self)
        object.__setattr__(self, "fill", colour(self))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        def one(name: str, size: Size) -> PlaneMap:
            zoom = min(self.size[0] / size[0], self.size[1] / size[1])
            w, h = max(1, round(size[0] * zoom)), max(1, round(size[1] * zoom))
            place = shifted((self.size[0] - w) // 2, (self.size[1] - h) // 2)
            return PlaneMap.of(name, size, place @ np.diag([w / size[0], h / size[1], 1.0]), self.size, colour(self))

        return moved(self, sample, one)


@final
@dataclass(frozen=True)
class Pad(Transform):
    """Widen the canvas.

    Attributes:
        pixels: px added on every side, or (left, top, right, bottom).
        size: (width, height) that the canvas has at least, px, with the picture in its middle; added after ``pixels``.
        fill: grey level or (red, green, blue) of the new border, 0 to 255.
        planes: names of the planes; all if empty.
    """

    pixels: int | tuple[int, int, int, int] = 0
    size: tuple[int, int] | None = None
    fill: int | tuple[int, int, int] = 0
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        named(self)
        object.__setattr__(self, "fill", colour(self))
        if self.size is not None:
            whole(self, "size")
        sides = (self.pixels,) * 4 if isinstance(self.pixels, int) else tuple(self.pixels)
        if len(sides) != 4 or not all(isinstance(v, int) and 0 <= v <= 65535 for v in sides):
            raise RecipeError(
                f"Pad(pixels={self.pixels!r}): give one whole number of px for every side, "
                "or (left, top, right, bottom), each 0 to 65535."
            )
        object.__setattr__(self, "pixels", sides)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        def one(name: str, size: Size) -> PlaneMap:
            left, top, right, bottom = self.pixels if isinstance(self.pixels, tuple) else (self.pixels,) * 4
            w, h = size[0] + left + right, size[1] + top + bottom
            more = (max(0, self.size[0] - w), max(0, self.size[1] - h)) if self.size else (0, 0)
            place = shifted(left + more[0] // 2, top + more[1] // 2)
            return PlaneMap.of(name, size, place, (w + more[0], h + more[1]), colour(self))

        return moved(self, sample, one)
