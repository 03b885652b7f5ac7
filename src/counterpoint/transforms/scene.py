"""Changes of the whole scene: every axis that it touches moves in one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.plane import PlaneMap
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap


@final
@dataclass(frozen=True)
class Mirror(Transform):
    """Show the scene as a mirror would: left becomes right in every part.

    Every plane is turned over (``x -> width - x``), the world is reflected across
    the plane normal to the rig's lateral axis, and names, words and stereo channels
    change sides. Nothing is drawn: to mirror some samples only, put it into
    ``Sometimes``. Twice is the identity on every part.

    A part in which a mirror would be untrue (speech that says "left", writing that
    is read in the picture) refuses, and then nothing moves.
    """

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.WORLD, Axis.MEANING})

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change:
        # Cameras of which the sample has no picture too: a world mirrored without their plane leaves a negative fx.
        planes = tuple(PlaneMap.mirror(name, camera.size) for name, camera in sample.rig.cameras.items())
        return Change("Mirror", (*planes, WorldMap.mirror(sample.rig.lateral), Sides()))

    @classmethod
    def at(cls, magnitude: float) -> Mirror:
        return cls()
