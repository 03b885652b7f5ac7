"""Where a sound comes from, as truth for microphones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from counterpoint.core.columns import Column
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.modalities.series import Series
from counterpoint.simulate import acoustics
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class Arrival(Sensor):
    """The direction from which the direct sound of one thing arrives, row by row, in the frame of the mount.

    A row tells of the sound that is heard at its time, so where the thing was when that sound left it. Columns are the
    unit vector ``x, y, z``, ``azimuth`` (rad, to the left), ``elevation`` (rad, up), ``distance`` (m). One part, NAME.

    Attributes:
        name: of the part and of its frame.
        mount: as that of the microphone.
        of: the thing that is heard.
        rate: rows a second.
    """

    name: str = "arrival"
    mount: Mount = Mount()
    of: str = "speaker"
    rate: float = 50.0

    def __post_init__(self) -> None:
        checked(self, rate=(0.1, 1e4, "rows/s"))

    def check(self, scene: Scene) -> None:
        """Raise UnknownNameError if there is no such thing."""
        scene.thing(self.of)

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        poses = [world.mounted(self.mount, float(t)) for t in times]
        places, turns = np.array([p for p, _ in poses]), np.array([r for _, r in poses])
        _, way = acoustics.left(
            lambda t: world.track(self.of, t), lambda _: places, times, acoustics.speed_of_sound(world.scene)
        )
        local = np.einsum("tji,tj->ti", turns, way)
        far = np.linalg.norm(local, axis=1)
        unit = local / np.maximum(far, 1e-9)[:, None]
        turn = np.arctan2(unit[:, 1], unit[:, 0])
        rise = np.arcsin(np.clip(unit[:, 2], -1, 1))
        columns = (
            *(Column(a, "", "polar", "direction", a) for a in ("x", "y", "z")),
            Column("azimuth", "rad", "angle"),
            Column("elevation", "rad"),
            Column("distance", "m"),
        )
        pose = np.eye(4)
        pose[:3, 3], pose[:3, :3] = world.mounted(self.mount, clock.moment)
        part = Series(times, np.column_stack([unit, turn, rise, far]), columns, self.rate, self.name)
        return Sensed({self.name: part}, frames={self.name: Frame.of(pose)})
