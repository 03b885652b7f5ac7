"""Position, velocity and effort of every joint of a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.errors import RecipeError
from counterpoint.modalities.series import Series
from counterpoint.simulate.scene import Joint, Scene, Thing
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Joints(Sensor):
    """For every joint ``NAME_position``, ``NAME_velocity``, ``NAME_effort``.

    A hinge is in rad, rad/s, N m, a slide in m, m/s, N. A turn about z or x, or a slide along y, changes its sign under
    a mirror (kind ``lateral``); a turn about y, or a slide along x or z, stays. The effort is that of the servo.

    Attributes:
        name: of the part.
        things: which joints, in this order; empty: all of the scene.
        rate: rows a second.
        steps: of the encoder in one turn or 1 m; 0: not quantised.
        effort_sigma: noise of the effort, as a share of its largest value in the scene.
        noise: whether the effort has noise. Quantisation stays.
    """

    name: str = "joints"
    things: tuple[str, ...] = ()
    rate: float = 100.0
    steps: int = 0
    effort_sigma: float = 0.01
    noise: bool = True

    def __post_init__(self) -> None:
        checked(self, rate=(0.1, 100_000, "rows/s"), steps=(0, 10**9, ""), effort_sigma=(0, 1, ""))

    def check(self, scene: Scene) -> None:
        chosen = self._chosen(scene)
        if not chosen:
            raise RecipeError(
                f"Joints(name={self.name!r}): this {scene.layout or 'scene'} has no joint. Leave the sensor out, or "
                "give a thing motion='joint'."
            )
        for thing, joint in chosen:
            if np.count_nonzero(np.abs(joint.axis) > 1e-9) != 1:
                raise RecipeError(
                    f"Joints: the axis {joint.axis} of {thing.name!r} is askew, so its number has no rule under a "
                    "mirror. Give an axis along x, y or z of the thing."
                )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        columns, values = [], []
        for thing, joint in self._chosen(world.scene):
            position, velocity = self._state(world, thing.name, times)
            effort = self._effort(joint, times, position, velocity)
            if self.noise:
                stream = key.at(self.name, thing.name).stream()
                effort = effort + self.effort_sigma * np.abs(effort).max(initial=0) * stream.standard_normal(len(times))
            if self.steps:
                grain = (2 * np.pi if joint.kind == "hinge" else 1.0) / self.steps
                position = np.round(position / grain) * grain
            units = ("rad", "rad/s", "N m") if joint.kind == "hinge" else ("m", "m/s", "N")
            columns += [
                Column(f"{thing.name}_{what}", unit, _side(joint), order=order)
                for what, unit, order in zip(("position", "velocity", "effort"), units, (0, 1, 2), strict=True)
            ]
            values += [position, velocity, effort]
        return Sensed({self.name: Series(times, np.stack(values, 1), tuple(columns), self.rate)})

    def _chosen(self, scene: Scene) -> list[tuple[Thing, Joint]]:
        things = [scene.thing(n) for n in self.things] or [t for t in scene.things if t.joint is not None]
        for thing in things:
            if thing.joint is None:
                having = ", ".join(t.name for t in scene.things if t.joint) or "none"
                raise RecipeError(
                    f"Joints(things={self.things}): {thing.name!r} has no joint. Things that have: {having}."
                )
        return [(t, t.joint) for t in things if t.joint is not None]

    @staticmethod
    def _state(world: World, name: str, times: Array) -> tuple[Array, Array]:
        mj, model, _ = world.mujoco
        joint = mj.mj_name2id(model, mj.mjtObj.mjOBJ_JOINT, name)
        place, speed = model.jnt_qposadr[joint], model.nq + model.jnt_dofadr[joint]
        return np.interp(times, world.times, world.states[:, place]), np.interp(
            times, world.times, world.states[:, speed]
        )

    @staticmethod
    def _effort(joint: Joint, times: Array, position: Array, velocity: Array) -> Array:
        """Of the position servo, ``stiffness (target - position) - damping velocity``."""
        if not joint.stiffness:
            return np.zeros(len(times))
        knots = np.array(joint.target or ((0.0, 0.0),))
        goal = np.clip(np.interp(times, knots[:, 0], knots[:, 1]), *joint.limits)
        return joint.stiffness * (goal - position) - joint.damping * velocity


def _side(joint: Joint) -> Literal["scalar", "lateral"]:
    axis = int(np.argmax(np.abs(joint.axis)))
    return "lateral" if (axis != 1) == (joint.kind == "hinge") else "scalar"
