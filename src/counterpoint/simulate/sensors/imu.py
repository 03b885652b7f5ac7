"""An inertial measurement unit: specific force and rate where it is mounted, with the errors of a real one."""

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
from counterpoint.simulate.rolling import rotation_vector
from counterpoint.simulate.scene import Mount, Scene, rotation
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Imu(Sensor):
    """``force_x/y/z`` (m/s^2, polar; +9.81 upwards at rest) and ``rate_x/y/z`` (rad/s, axial), in its own frame.

    Truth is ``R^T (a - g)`` and ``R^T w`` at the mount, lever arm included, each row the mean over the period that it
    begins, as a unit with an anti-aliasing filter gives it: no blow falls between two rows. What is
    read is ``(1 + scale) M truth + bias + walk + white noise``; its Allan deviation is ``sqrt(N^2 / t + K^2 t / 3)``
    with the density N and the walk K.

    Attributes:
        name: of the part and the frame.
        mount: where it sits; a unit in the world feels gravity alone.
        rate: rows a second.
        force_density, rate_density: white noise N, m/s^2/sqrt(Hz) and rad/s/sqrt(Hz).
        force_walk, rate_walk: random walk K of the bias, m/s^3/sqrt(Hz) and rad/s^2/sqrt(Hz).
        force_bias, rate_bias: standard deviation of the bias at the start, m/s^2 and rad/s.
        scale: standard deviation of the scale factor error of each axis.
        skew: standard deviation of the misalignment of each pair of axes, rad.
        noise: whether any of these errors is there. Defaults are those of a 3DM-GX5 (facts of one measured set).
    """

    name: str = "imu"
    mount: Mount = Mount()
    rate: float = 500.0
    force_density: float = 2.28e-4
    rate_density: float = 1.04e-4
    force_walk: float = 6.7e-6
    rate_walk: float = 3.6e-6
    force_bias: float = 0.02
    rate_bias: float = 5e-4
    scale: float = 5e-4
    skew: float = 5e-4
    noise: bool = True

    def __post_init__(self) -> None:
        checked(self, rate=(0.1, 100_000, "rows/s"), scale=(0, 0.5, ""), skew=(0, 0.5, "rad"))
        for unit in ("force", "rate"):
            checked(self, **{f"{unit}_{what}": (0, 1e3, "") for what in ("density", "walk", "bias")})

    def check(self, scene: Scene) -> None:
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        steps = 1 / (self.rate * scene.timestep)
        if abs(steps - round(steps)) > 1e-6 or steps < 0.5:
            raise RecipeError(
                f"Imu(rate={self.rate:g}): its period is {steps:g} steps of the physics ({scene.timestep:g} s); it "
                f"must be a whole number. Choose a rate that divides {1 / scene.timestep:g}."
            )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        values = self.truth(world, times)
        if self.noise:
            values = self.errors(values, key.at(self.name))
        columns = tuple(
            Column(f"{what}_{c}", unit, kind, what, c, order)  # type: ignore[arg-type]
            for what, unit, kind, order in (("force", "m/s^2", "polar", 2), ("rate", "rad/s", "axial", 1))
            for c in "xyz"
        )
        frame = np.eye(4)
        frame[:3, 3], frame[:3, :3] = world.mounted(self.mount, clock.moment)
        part = Series(times, values, columns, self.rate, self.name)
        return Sensed({self.name: part}, frames={self.name: Frame.of(frame)})

    def truth(self, world: World, times: Array) -> Array:
        """(T, 6) mean specific force and rate, over the period that begins at each time, without errors."""
        own, dt = rotation(self.mount.quaternion), 1 / self.rate
        down = np.array([0.0, 0.0, world.scene.gravity])
        if self.mount.on == "world":
            return np.tile(np.concatenate([-down @ own, np.zeros(3)]), (len(times), 1))
        every = np.minimum(np.append(times, times[-1:] + dt), world.scene.seconds)
        motion = world.motion(self.mount.on, every).at(self.mount.position)
        turn = motion.rotation @ own
        sway = rotation_vector(np.swapaxes(turn[:-1], 1, 2) @ turn[1:])
        # Half the turn back from the middle is I - [sway / 2] up to its square, which the cross products keep.
        felt = np.einsum("tji,tj->ti", turn[:-1], np.diff(motion.velocity, axis=0) / dt - down)
        half = np.cross(felt, sway / 2)
        felt = felt + half + np.cross(half, sway / 2) / 2
        return np.concatenate([felt, sway / dt], 1)

    def errors(self, truth: Array, key: Key) -> Array:
        """What is read where ``truth`` (T, 6) is felt."""
        out = np.empty_like(truth)
        units = (
            ("force", self.force_density, self.force_walk, self.force_bias),
            ("rate", self.rate_density, self.rate_walk, self.rate_bias),
        )
        for i, (unit, density, walk, bias) in enumerate(units):
            stream = key.at(unit).stream()
            own = slice(3 * i, 3 * i + 3)
            mixing = np.eye(3) + np.diag(self.scale * stream.standard_normal(3))
            mixing += self.skew * stream.standard_normal((3, 3)) * (1 - np.eye(3))
            start = bias * stream.standard_normal(3)
            white = density * np.sqrt(self.rate) * stream.standard_normal((len(truth), 3))
            drift = np.cumsum(walk / np.sqrt(self.rate) * stream.standard_normal((len(truth), 3)), 0)
            out[:, own] = truth[:, own] @ mixing.T + start + white + drift
        return out
