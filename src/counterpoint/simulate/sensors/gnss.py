"""A satellite receiver: fixes in the world, with an error that wanders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.modalities.points import Points
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class Gnss(Sensor):
    """A row a fix: ``x y z`` m, ``vx vy vz`` m/s, ``sigma`` m (of x and y), ``time`` s.

    The fixes are points, not a series, because places move with a shift of the world and vectors do not.

    Attributes:
        name: of the part and the frame.
        mount: where the antenna sits.
        rate: fixes a second.
        sigma: standard deviation of x and y, m; that of z is 1.7 times as large.
        wander: time in s over which the error forgets itself (Gauss and Markov); 0: white.
        speed_sigma: of every component of the velocity, m/s, white.
        noise: whether any of these errors is there.
    """

    name: str = "gnss"
    mount: Mount = Mount()
    rate: float = 10.0
    sigma: float = 1.2
    wander: float = 60.0
    speed_sigma: float = 0.05
    noise: bool = True

    def __post_init__(self) -> None:
        checked(self, rate=(0.01, 1000, "fixes/s"), sigma=(0, 1000, "m"), wander=(0, 1e6, "s"))
        checked(self, speed_sigma=(0, 100, "m/s"))

    def check(self, scene: Scene) -> None:
        if self.mount.on != "world":
            scene.thing(self.mount.on)

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        if self.mount.on == "world":
            place = np.tile(np.array(self.mount.position), (len(times), 1))
            speed = np.zeros_like(place)
        else:
            motion = world.motion(self.mount.on, times).at(self.mount.position)
            place, speed = motion.position, motion.velocity
        if self.noise:
            stream = key.at(self.name).stream()
            kept = np.exp(-1 / (self.rate * self.wander)) if self.wander else 0.0
            steps = stream.standard_normal((len(times), 3))
            error = np.empty_like(steps)
            state = steps[:1].copy() if len(steps) else steps
            for i, step in enumerate(steps):
                state = kept * state + np.sqrt(1 - kept**2) * step if i else state
                error[i] = state
            place = place + error * self.sigma * np.array([1, 1, 1.7])
            speed = speed + self.speed_sigma * stream.standard_normal((len(times), 3))
        rows = np.concatenate([place, speed, np.full((len(times), 1), self.sigma), times[:, None]], 1)
        names = ("x", "y", "z", "vx", "vy", "vz", "sigma", "time")
        frame = np.eye(4)
        frame[:3, 3], frame[:3, :3] = world.mounted(self.mount, clock.moment)
        return Sensed({self.name: Points(rows.astype(np.float32), names)}, frames={self.name: Frame.of(frame)})
