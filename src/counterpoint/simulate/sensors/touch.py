"""What a thing feels where others touch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.errors import RecipeError
from counterpoint.modalities.series import Series
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Touch(Sensor):
    """``force_x/y/z`` N on the thing, friction included, polar, in its own frame; ``pressure`` N, all normal forces.

    A row is the mean over the period that it begins, so that rows times the period add up to the impulse.

    Attributes:
        name: of the part and the frame (that of the thing).
        on: the thing that feels.
        rate: rows a second; its period is a whole number of steps of the physics.
        sigma: white noise, N.
        grain: of the converter, N; 0: not quantised.
        noise: whether there is noise. Quantisation stays.
    """

    name: str = "touch"
    on: str = ""
    rate: float = 100.0
    sigma: float = 0.02
    grain: float = 0.0
    noise: bool = True

    def __post_init__(self) -> None:
        checked(self, rate=(0.1, 100_000, "rows/s"), sigma=(0, 1e6, "N"), grain=(0, 1e6, "N"))

    def check(self, scene: Scene) -> None:
        scene.thing(self.on)
        steps = 1 / (self.rate * scene.timestep)
        if abs(steps - round(steps)) > 1e-6 or steps < 0.5:
            raise RecipeError(
                f"Touch(rate={self.rate:g}): its period is {steps:g} steps of the physics ({scene.timestep:g} s); it "
                f"must be a whole number. Choose a rate that divides {1 / scene.timestep:g}."
            )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        impulse, normal = self.impulses(world)
        every = round(1 / (self.rate * world.scene.timestep))
        turn = world.motion(self.on, times).rotation
        mean = impulse[: len(times) * every].reshape(len(times), every, 3).sum(1) * self.rate
        pressure = normal[: len(times) * every].reshape(len(times), every).sum(1) * self.rate
        values = np.concatenate([np.einsum("tji,tj->ti", turn, mean), pressure[:, None]], 1)
        if self.noise:
            values = values + self.sigma * key.at(self.name).stream().standard_normal(values.shape)
        if self.grain:
            values = np.round(values / self.grain) * self.grain
        columns = (
            Column("force_x", "N", "polar", "force", "x", 2),
            Column("force_y", "N", "polar", "force", "y", 2),
            Column("force_z", "N", "polar", "force", "z", 2),
            Column("pressure", "N", order=2),
        )
        frame = np.eye(4)
        frame[:3, 3], frame[:3, :3] = world.mounted(Mount(self.on), clock.moment)
        return Sensed(
            {self.name: Series(times, values, columns, self.rate, self.name)}, frames={self.name: Frame.of(frame)}
        )

    def impulses(self, world: World) -> tuple[Array, Array]:
        """Of every step of the physics: (S, 3) impulse on the thing in the world, and (S,) sum of normal ones, N s."""
        c, thing = world.contacts, world.names.index(self.on)
        first, second = (world.owners[g] == thing for g in (c.first, c.second))
        step = np.rint(c.time / world.scene.timestep).astype(int)
        each = c.impulse[:, None] * c.normal + c.friction
        impulse, normal = np.zeros((len(world.times), 3)), np.zeros(len(world.times))
        np.add.at(impulse, step[second], each[second])
        np.add.at(impulse, step[first], -each[first])
        np.add.at(normal, step[first ^ second], c.impulse[first ^ second])
        return impulse, normal
