"""Light and colour of the pixels.

Changes that a person would name differently (another hue, no colour) carry a
``ColourShift``: a text about that picture rewrites its colour words or refuses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, final

import cv2
import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, around, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.transforms.pixels import LEVELS, Levels, Pixels, like, looked_up, named, painted, scaled

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as OpenCV and Pillow turn RGB into grey
MIDDLE = 127.5


@final
@dataclass(frozen=True)
class ColorJitter(Transform):
    """Change brightness, contrast and saturation, then the hue, in this order.

    Brightness multiplies, contrast spreads around the middle level 127.5 (the same in every frame, so films do not
    flicker), saturation spreads around the grey of the pixel. The three are one affine map of the colours: one pass,
    and nothing is cut or rounded in between. One number ``x`` stands for the factors (1 - x, 1 + x).

    Attributes:
        brightness, contrast, saturation: factors; 1 changes nothing.
        hue: turn on the hue circle in turns, -0.5 to 0.5; one number ``x`` stands for (-x, x).
        parts: names of the parts; all with pixels if empty.
    """

    brightness: Range = 0.2
    contrast: Range = 0.2
    saturation: Range = 0.2
    hue: Range = 0.0
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE, Axis.MEANING})

    def __post_init__(self) -> None:
        checked(self, brightness=(0, 10, ""), contrast=(0, 10, ""), saturation=(0, 10, ""), hue=(-0.5, 0.5, "turns"))
        ordered(self, "brightness", "contrast", "saturation", "hue")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        names = ("brightness", "contrast", "saturation")
        params = {n: drawn(factors(getattr(self, n)), stream) for n in names}
        params["turn"] = drawn(around(self.hue), stream) * math.tau
        return painted(self, sample, key, params, hue=params["turn"])

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        scale = params["brightness"] * params["contrast"]
        shift = (1 - params["contrast"]) * MIDDLE
        if values.shape[2] == 1 or params["saturation"] == 1:
            out = scaled(values, scale, shift)
        else:
            spread = params["saturation"]
            colours = spread * np.eye(3) + (1 - spread) * np.tile(LUMA, (3, 1))
            out = cv2.transform(values, np.column_stack([scale * colours, np.full(3, shift)]))
        return turned(out, params["turn"])

    @classmethod
    def at(cls, magnitude: float) -> ColorJitter:
        return cls(0.6 * magnitude, 0.6 * magnitude, 0.9 * magnitude)


@final
@dataclass(frozen=True)
class Brightness(Transform):
    """Multiply all levels by one factor.

    Attributes:
        factor: one number ``x`` stands for (1 - x, 1 + x).
        parts: names of the parts; all with pixels if empty.
    """

    factor: Range = 0.2
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})
    pointwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, factor=(0, 10, ""))
        ordered(self, "factor")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"factor": drawn(factors(self.factor), key.stream())})

    @staticmethod
    def curve(levels: Levels, **params: Any) -> Levels:
        return params["factor"] * levels

    @staticmethod
    def render(values: Pixels, stream: Any, levels: Levels = LEVELS, **params: Any) -> Pixels:
        return looked_up(values, Brightness.curve(levels, **params))

    @classmethod
    def at(cls, magnitude: float) -> Brightness:
        return cls(0.7 * magnitude)


@final
@dataclass(frozen=True)
class Contrast(Transform):
    """Spread all levels around the middle level 127.5 by one factor.

    Attributes:
        factor: one number ``x`` stands for (1 - x, 1 + x).
        parts: names of the parts; all with pixels if empty.
    """

    factor: Range = 0.2
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})
    pointwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, factor=(0, 10, ""))
        ordered(self, "factor")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"factor": drawn(factors(self.factor), key.stream())})

    @staticmethod
    def curve(levels: Levels, **params: Any) -> Levels:
        return params["factor"] * (levels - MIDDLE) + MIDDLE

    @staticmethod
    def render(values: Pixels, stream: Any, levels: Levels = LEVELS, **params: Any) -> Pixels:
        return looked_up(values, Contrast.curve(levels, **params))

    @classmethod
    def at(cls, magnitude: float) -> Contrast:
        return cls(0.8 * magnitude)


@final
@dataclass(frozen=True)
class Gamma(Transform):
    """Raise all levels, as shares of white, to a power; black and white stay.

    Attributes:
        percent: the power in per cent; below 100 brightens.
        parts: names of the parts; all with pixels if empty.
    """

    percent: Range = (80.0, 120.0)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})
    pointwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, percent=(1, 1000, "%"))
        ordered(self, "percent")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {"power": drawn(self.percent, key.stream()) / 100})

    @staticmethod
    def curve(levels: Levels, **params: Any) -> Levels:
        return 255 * (levels / 255) ** params["power"]

    @staticmethod
    def render(values: Pixels, stream: Any, levels: Levels = LEVELS, **params: Any) -> Pixels:
        return looked_up(values, Gamma.curve(levels, **params))

    @classmethod
    def at(cls, magnitude: float) -> Gamma:
        return cls((100 / (1 + magnitude), 100 * (1 + magnitude)))


@final
@dataclass(frozen=True)
class HueShift(Transform):
    """Turn the hue of every pixel. Grey pixels stay; grey pictures have no hue.

    Words about the picture follow by the same turn: small turns leave them true,
    larger ones rename the colour or make the text refuse.

    Attributes:
        degrees: turn on the hue circle, positive from red to yellow; one number ``d`` means (-d, d).
        parts: names of the parts; all with pixels if empty.
    """

    degrees: Range = (-20.0, 20.0)
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE, Axis.MEANING})

    def __post_init__(self) -> None:
        checked(self, degrees=(-180, 180, "degrees"))
        ordered(self, "degrees")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        turn = math.radians(drawn(around(self.degrees), key.stream()))
        return painted(self, sample, key, {"turn": turn}, hue=turn)

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        return turned(values, params["turn"])

    @classmethod
    def at(cls, magnitude: float) -> HueShift:
        return cls(30.0 * magnitude)


@final
@dataclass(frozen=True)
class Grayscale(Transform):
    """Take the colour away; three channels stay three. Texts that name colours of the picture refuse.

    Attributes:
        parts: names of the parts; all with pixels if empty.
    """

    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE, Axis.MEANING})

    def __post_init__(self) -> None:
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return painted(self, sample, key, {}, grey=True)

    @staticmethod
    def render(values: Pixels, stream: Any, **params: Any) -> Pixels:
        if values.shape[2] == 1:
            return values
        return cv2.cvtColor(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)

    @classmethod
    def at(cls, magnitude: float) -> Grayscale:
        return cls()


def factors(value: Range) -> tuple[float, float]:
    """``0.2`` as the factors (0.8, 1.2), never below 0; a range stays as it is."""
    return value if isinstance(value, tuple) else (max(0.0, 1 - value), 1 + value)


def turned(values: Pixels, turn: float) -> Pixels:
    """RGB with the hue turned by ``turn`` rad, in steps of 360 / 256 degrees."""
    steps = round(turn / math.tau * 256) % 256
    if values.shape[2] == 1 or not steps:
        return values
    hsv = cv2.cvtColor(values, cv2.COLOR_RGB2HSV_FULL)
    cv2.insertChannel(cv2.LUT(cv2.extractChannel(hsv, 0), np.roll(np.arange(256, dtype=np.uint8), -steps)), hsv, 0)
    return like(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL), values)
