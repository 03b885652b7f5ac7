"""The contract of a sensor, and the clock that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from counterpoint.core.contracts import Modality
from counterpoint.core.keys import Key
from counterpoint.core.rig import Camera, Frame
from counterpoint.core.serial import Recorded

if TYPE_CHECKING:
    from counterpoint.simulate.scene import Scene
    from counterpoint.simulate.world import World

BACKDROP = ("ground", "wall", "road", "sidewalk", "marking")
"""Classes of things that are never instances."""


@final
@dataclass(frozen=True)
class Sensed:
    """What one sensor adds to a sample: parts, and what they add to the rig at the key moment."""

    parts: Mapping[str, Modality]
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    frames: Mapping[str, Frame] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Clock(Recorded):
    """Seconds from 0; ``moment`` is the time of everything that a sample holds only once (picture, boxes, rig)."""

    seconds: float
    moment: float


class Sensor(ABC, Recorded):
    """Looks at a world and gives parts. Subclasses are final frozen dataclasses of JSON types with a field ``name``.

    A sensor reads nothing but the world and draws only from its own key: leaving one out changes no byte of another.
    """

    name: str

    @property
    def period(self) -> float | None:
        """Seconds between two looks at the world, a whole multiple of the timestep; None if it looks in between."""
        return None

    @abstractmethod
    def check(self, scene: Scene) -> None:
        """Raise CounterpointError, before any work, if the sensor cannot work in this scene (and say what could)."""

    @abstractmethod
    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        """Parts named after the sensor."""
