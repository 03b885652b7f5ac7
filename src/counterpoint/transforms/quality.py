"""What lenses, sensors and codecs do to pixels. Nothing moves: a blob stays where it was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, final

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.transforms.pixels import Pixels, like, named, painted


@final
@dataclass(frozen=True)
class GaussianBlur(Transform):
    """Blur as a lens out of focus does.

    Attributes:
        sigma: standard deviation of the kernel, px; a range is drawn uniformly.
        parts: names of the parts; all with pixels if empty.
    """

    sigma: Range = (0.5, 3.0)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, sigma=(0, 100, "px"))
        ordered(self, "sigma")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"sigma": drawn(self.sigma, key.stream())})

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        sigma = params["sigma"]
        return like(cv2.GaussianBlur(values, (0, 0), sigma), values) if sigma > 0 else values

    @classmethod
    def at(cls, magnitude: float) -> GaussianBlur:
        return cls(3.0 * magnitude)


@final
@dataclass(frozen=True)
class MotionBlur(Transform):
    """Blur along one straight line, symmetric about each pixel so that nothing shifts.

    Attributes:
        size: length of the line, an odd number of px; from a range, odd numbers are drawn. The direction is uniform.
        parts: names of the parts; all with pixels if empty.
    """

    size: int | tuple[int, int] = (3, 7)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, size=(1, 255, "px"))
        ordered(self, "size")
        named(self)
        if not self._lengths():
            raise RecipeError(f"MotionBlur(size={self.size!r}): there is no odd number of px in it; give e.g. (3, 7).")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        lengths = self._lengths()
        params = {"length": lengths[stream.integers(len(lengths))], "direction": math.pi * stream.random()}
        return painted(self, sample, key, params)

    def _lengths(self) -> range:
        low, high = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        return range(low + (low + 1) % 2, high + 1, 2)

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        return like(cv2.filter2D(values, -1, line(params["length"], params["direction"])), values)

    @classmethod
    def at(cls, magnitude: float) -> MotionBlur:
        return cls(1 + 2 * round(6 * magnitude))


@final
@dataclass(frozen=True)
class GaussianNoise(Transform):
    """Add independent normal noise to every channel of every pixel.

    The default is what a camera in poor light shows; albumentations draws 0.2 to 0.44, which leaves less than
    10 dB. The numbers come from OpenCV's generator, seeded from the sample's own stream just before: three times
    as fast as numpy's. Noise is rounded to whole levels.

    Attributes:
        std: standard deviation as a share of the range 0 to 255; a range is drawn uniformly.
        parts: names of the parts; all with pixels if empty.
    """

    std: Range = (0.02, 0.1)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, std=(0, 1, "of the range"))
        ordered(self, "std")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"std": drawn(self.std, key.stream())})

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        noise = np.empty((len(values), values[0].size), np.int16)  # one channel: a number would serve the first only
        cv2.setRNGSeed(int(stream.integers(1, 2**31)))  # OpenCV keeps one generator a thread
        cv2.randn(noise, 0.0, 255 * params["std"])
        return like(cv2.add(values.reshape(noise.shape), noise, dtype=cv2.CV_8U), values)

    @classmethod
    def at(cls, magnitude: float) -> GaussianNoise:
        return cls(0.15 * magnitude)


@final
@dataclass(frozen=True)
class Jpeg(Transform):
    """Show what a JPEG of some quality leaves.

    Attributes:
        quality: 1 to 100; a range is drawn uniformly, whole numbers.
        parts: names of the parts; all with pixels if empty.
    """

    quality: int | tuple[int, int] = (50, 95)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, quality=(1, 100, ""))
        ordered(self, "quality")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        low, high = self.quality if isinstance(self.quality, tuple) else (self.quality, self.quality)
        return painted(self, sample, key, {"quality": int(key.stream().integers(low, high + 1))})

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        colour = values.shape[2] == 3
        bgr = cv2.cvtColor(values, cv2.COLOR_RGB2BGR) if colour else values
        _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, params["quality"]])
        out = cv2.imdecode(coded, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
        return cv2.cvtColor(out, cv2.COLOR_BGR2RGB, dst=out) if colour else like(out, values)

    @classmethod
    def at(cls, magnitude: float) -> Jpeg:
        return cls(95 - round(80 * magnitude))


@final
@dataclass(frozen=True)
class Downscale(Transform):
    """Show what a smaller picture, blown up again, leaves; the canvas stays.

    Attributes:
        scale: width and height of the smaller picture as a share; a range is drawn uniformly.
        parts: names of the parts; all with pixels if empty.
    """

    scale: Range = (0.25, 0.5)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, scale=(0.01, 1, "of the canvas"))
        ordered(self, "scale")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"scale": drawn(self.scale, key.stream())})

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        height, width = values.shape[:2]
        small = (max(1, round(width * params["scale"])), max(1, round(height * params["scale"])))
        less = cv2.resize(values, small, interpolation=cv2.INTER_AREA)
        return like(cv2.resize(less, (width, height), interpolation=cv2.INTER_LINEAR), values)

    @classmethod
    def at(cls, magnitude: float) -> Downscale:
        return cls(1 - 0.8 * magnitude)


@final
@dataclass(frozen=True)
class CutOut(Transform):
    """Paint rectangles over the pixels, in the same place in every frame and in every part.

    Labels stay: they state what is there, not what is seen. A box under a hole is
    still a true box.

    Attributes:
        holes: how many; a range is drawn uniformly, whole numbers.
        share: width and height of a hole as shares of the canvas, each drawn uniformly.
        fill: grey level of the holes, 0 to 255.
        parts: names of the parts; all with pixels if empty.

    Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with Cutout",
    arXiv:1708.04552; holes lie inside the canvas, ranges as in albumentations' CoarseDropout.
    """

    holes: int | tuple[int, int] = (1, 2)
    share: Range = (0.1, 0.2)
    fill: int = 0
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, holes=(0, 1000, "holes"), share=(0, 1, "of the canvas"), fill=(0, 255, ""))
        ordered(self, "holes", "share")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        low, high = self.holes if isinstance(self.holes, tuple) else (self.holes, self.holes)
        found = []
        for _ in range(int(stream.integers(low, high + 1))):
            w, h = drawn(self.share, stream), drawn(self.share, stream)
            x, y = (1 - w) * stream.random(), (1 - h) * stream.random()
            found.append((x, y, x + w, y + h))
        return painted(self, sample, key, {"holes": tuple(found), "fill": self.fill})

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        out = values.copy()
        height, width = values.shape[:2]
        for hole in params["holes"]:
            x0, y0, x1, y1 = np.rint(np.multiply(hole, (width, height, width, height))).astype(int)
            out[y0:y1, x0:x1] = params["fill"]
        return out

    @classmethod
    def at(cls, magnitude: float) -> CutOut:
        return cls(1, 0.4 * magnitude)


def line(length: int, direction: float) -> NDArray[np.float32]:
    """A kernel of odd size: ``length`` px (odd) in a row through the middle, ``direction`` in rad; its sum is 1.

    Each px of the line counts for the nearest cell, so the kernel stays sparse and is the same turned by half a turn.
    """
    reach = length // 2
    along = np.arange(-reach, reach + 1)
    columns = np.rint(along * math.cos(direction)).astype(int) + reach
    rows = np.rint(along * math.sin(direction)).astype(int) + reach
    kernel = np.zeros((length, length), np.float32)
    np.add.at(kernel, (rows, columns), np.float32(1 / length))
    return kernel
