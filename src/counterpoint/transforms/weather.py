"""Weather put into real samples: one medium, one coefficient for every sensor.

The camera is veiled along the length of its rays, which a depth map or a LiDAR must tell; the LiDAR loses returns and
gets returns of the air; the caption names the weather. A sample in which a part cannot follow stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import ClassVar, Literal, final

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.signal.scatter import Drops


@final
@dataclass(frozen=True)
class Fog(Transform):
    """Let fog into the scene.

    Attributes:
        visibility: how far one sees (meteorological optical range, 5 % of the light is left), m.
        brightness: of the fog in the picture, sRGB 0 to 1.
    """

    visibility: Range = (60.0, 500.0)
    brightness: Range = (0.65, 0.85)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.ENVIRONMENT})

    def __post_init__(self) -> None:
        checked(self, visibility=(5, 100_000, "m"), brightness=(0, 1, ""))
        ordered(self, "visibility", "brightness")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        extinction = log(20) / drawn(self.visibility, stream)
        return _change(self, "fog", extinction, 0.0, drawn(self.brightness, stream), sample, key)

    @classmethod
    def at(cls, magnitude: float) -> Fog:
        return cls(1000.0 * 0.04**magnitude)


@final
@dataclass(frozen=True)
class Rain(Transform):
    """Let it rain: extinction and drops by Marshall and Palmer.

    Attributes:
        rate: mm/h; 2.5 is light, 7.6 heavy, 50 violent.
        brightness: of the drops and the haze in the picture, sRGB 0 to 1.
    """

    rate: Range = (2.0, 40.0)
    brightness: Range = (0.55, 0.75)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.ENVIRONMENT})

    def __post_init__(self) -> None:
        checked(self, rate=(0.05, 200, "mm/h"), brightness=(0, 1, ""))
        ordered(self, "rate", "brightness")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        rate = drawn(self.rate, stream)
        return _change(
            self, "rain", Drops.of("rain", rate).extinction, rate, drawn(self.brightness, stream), sample, key
        )

    @classmethod
    def at(cls, magnitude: float) -> Rain:
        return cls(1.0 + 49.0 * magnitude)


@final
@dataclass(frozen=True)
class Snow(Transform):
    """Let it snow: extinction and flakes by Gunn and Marshall.

    Attributes:
        rate: of the melted snow, mm/h.
        brightness: of the flakes and the haze in the picture, sRGB 0 to 1.
    """

    rate: Range = (0.5, 8.0)
    brightness: Range = (0.7, 0.9)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.ENVIRONMENT})

    def __post_init__(self) -> None:
        checked(self, rate=(0.05, 50, "mm/h"), brightness=(0, 1, ""))
        ordered(self, "rate", "brightness")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        rate = drawn(self.rate, stream)
        return _change(
            self, "snow", Drops.of("snow", rate).extinction, rate, drawn(self.brightness, stream), sample, key
        )

    @classmethod
    def at(cls, magnitude: float) -> Snow:
        return cls(0.2 + 9.8 * magnitude)


def _change(
    step: Transform,
    kind: Literal["fog", "rain", "snow"],
    extinction: float,
    rate: float,
    brightness: float,
    sample: Sample,
    key: Key,
) -> Change | None:
    """The medium, and for every picture the part that tells how far things in it are; None where nothing is seen."""
    if not any(Axis.ENVIRONMENT in sample.kind(n).axes for n in sample.present()):
        return None
    planes = [p for n in sample.present() if sample.kind(n).veils and (p := sample.plane(n))]
    ranges = tuple((p, told) for p in dict.fromkeys(planes) if (told := sample.ranging(p)))
    colour = (brightness * 0.97, brightness * 0.99, brightness)
    return Change(type(step).__name__, (Medium(kind, extinction, rate, colour, ranges, key.path),))
