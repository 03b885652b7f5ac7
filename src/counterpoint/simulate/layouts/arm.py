"""A gripper arm on a table that lifts one thing, or pushes it away; its joints are servos that follow a plan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count as counted
from itertools import pairwise
from math import acos, atan2, cos, hypot, pi, sin
from typing import Literal, final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked, ordered
from counterpoint.errors import RecipeError
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.scene import Geom, Joint, Lamp, Mount, Scene, Thing, Vector, looking
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.joints import Joints
from counterpoint.simulate.sensors.labels import Labels
from counterpoint.simulate.sensors.microphone import Microphone
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.sensors.touch import Touch

SHOULDER, UPPER, FORE, HAND = 0.32, 0.34, 0.32, 0.14
"""Height of the shoulder, lengths of the upper arm and the forearm, and from the wrist to between the fingertips, m."""
OPEN, SHUT = 0.055, 0.018
"""Place of a finger, m from the middle: open, and where its servo pulls to when it grips."""
_COLOURS: dict[str, Vector] = {
    "red": (0.75, 0.1, 0.08),
    "blue": (0.1, 0.25, 0.7),
    "green": (0.1, 0.5, 0.2),
    "yellow": (0.9, 0.75, 0.1),
    "purple": (0.45, 0.15, 0.55),
}
_WHITE, _DARK = (0.85, 0.85, 0.86), (0.15, 0.16, 0.18)
Place = tuple[float, float, float]


@final
@dataclass(frozen=True)
class Arm(Layout):
    """Three joints turn the arm, two more hold the hand upright, two fingers grip.

    With ``lift`` it takes a cube between its fingers, lifts it and holds it; with ``push`` it shuts its hand behind
    the cube and pushes it outwards. Cubes lie around it, one is chosen.

    Attributes:
        task: what it does.
        objects: how many cubes lie there; four find room.
        material: of the chosen one.
        size: of the picture, px.
        film: whether the camera films.
    """

    task: Literal["lift", "push"] = "lift"
    objects: int | tuple[int, int] = (1, 4)
    material: Literal["wood", "plastic", "rubber"] = "wood"
    size: tuple[int, int] = (320, 240)
    film: bool = True

    def __post_init__(self) -> None:
        checked(self, objects=(1, 4, "cubes"), size=(16, 4096, "px"))
        ordered(self, "objects")

    def draw(self, key: Key) -> Staged:
        stream = key.at("cubes").stream()
        low, high = self.objects if isinstance(self.objects, tuple) else (self.objects, self.objects)
        count, names = int(stream.integers(low, high + 1)), list(_COLOURS)
        spots = _spots(stream, count)
        colours = [names[i] for i in stream.permutation(len(names))[:count]]
        stuff = [self.material, *(str(stream.choice(("wood", "plastic", "rubber"))) for _ in spots[1:])]
        cubes = [_cube(f"cube_{i + 1}", colours[i], stuff[i], spot) for i, spot in enumerate(spots)]
        seconds, plan = 4.0, (_lifting if self.task == "lift" else _pushing)(spots[0])
        scene = Scene(
            seconds,
            (*_table(), *_arm(plan), *cubes),
            lamps=(Lamp((-0.4, 0.6, -1.0), power=0.85),),
            ambient=0.45,
            layout=self.name(),
            facts=(("task", self.task), ("place", "workshop"), ("chosen", "cube_1")),
        )
        eye = (1.35, -0.75, 0.8)
        return Staged(scene, _sensors(Mount("world", eye, looking(eye, (0.2, 0.0, 0.22))), self), Clock(seconds, 3.0))


def _spots(stream: np.random.Generator, count: int) -> list[tuple[float, float]]:
    """Places on the table in reach of the hand, 0.2 m apart; drawn anew until all find room."""
    spots: list[tuple[float, float]] = []
    for tried in counted():
        if len(spots) == count:
            break
        if tried % 100 == 99:
            spots = []
        far, way = float(stream.uniform(0.36, 0.5)), float(stream.uniform(-1.1, 1.1))
        spot = (far * cos(way), far * sin(way))
        if all(hypot(spot[0] - x, spot[1] - y) > 0.2 for x, y in spots):
            spots.append(spot)
    return spots


def _sensors(mount: Mount, arm: Arm) -> tuple[Sensor, ...]:
    return (
        RayCamera("camera", mount, arm.size, 50.0, frames=arm.film, fps=10.0),
        Microphone("microphone", Mount("world", (0.8, 0.0, 0.5)), rate=16_000),
        Joints("joints"),
        Touch("touch_near", "finger_near"),
        Touch("touch_far", "finger_far"),
        Labels("labels"),
        Narrator("narrator", "camera", mount, arm.size, 50.0),
    )


def reached(place: Place) -> tuple[float, float, float, float]:
    """Angles (base, shoulder, elbow, wrist) that put the middle between the fingertips at a place, hand downwards.

    A turn of the shoulder or the elbow lowers the hand; both at 0 stretch the arm out level.

    Raises:
        RecipeError: the place is out of reach.
    """
    x, y, z = place
    far, up = hypot(x, y), z + HAND - SHOULDER
    long = hypot(far, up)
    if not abs(UPPER - FORE) < long < UPPER + FORE:
        raise RecipeError(
            f"the arm cannot reach {place}: {long:.3f} m from the shoulder, at most {UPPER + FORE:.3f} m."
        )
    bend = pi - acos((UPPER**2 + FORE**2 - long**2) / (2 * UPPER * FORE))
    rise = atan2(up, far) + acos((UPPER**2 + long**2 - FORE**2) / (2 * UPPER * long))
    return atan2(y, x), -rise, bend, pi / 2 + rise - bend


Plan = tuple[tuple[float, Place, float], ...]
"""Knots (time s, place between the fingertips, place of the fingers)."""


def _lifting(spot: tuple[float, float]) -> Plan:
    x, y = spot
    home, above, at, high = (0.4, 0.0, 0.3), (x, y, 0.16), (x, y, 0.035), (x, y, 0.25)
    return (
        (0.6, home, OPEN),
        (1.1, above, OPEN),
        (1.5, at, OPEN),
        (1.8, at, OPEN),
        (2.1, at, SHUT),
        (3.1, high, SHUT),
        (4.0, high, SHUT),
    )


def _pushing(spot: tuple[float, float]) -> Plan:
    x, y = spot
    far = hypot(x, y)
    near, past = (far - 0.1) / far, (far + 0.02) / far
    behind, down, end = (x * near, y * near, 0.16), (x * near, y * near, 0.035), (x * past, y * past, 0.035)
    return ((0.6, (0.4, 0.0, 0.3), SHUT), (1.1, behind, SHUT), (1.5, down, SHUT), (3.0, end, SHUT), (4.0, end, SHUT))


def _targets(plan: Plan) -> list[tuple[tuple[float, float], ...]]:
    """Knots of the four hinges and of the fingers; between knots of the plan the hand goes straight, in 0.1 s steps."""
    rows = [(0.0, (0.0,) * 5)]  # The arm starts stretched out.
    for (t0, a, f0), (t1, b, f1) in pairwise(plan):
        steps = max(round((t1 - t0) / 0.1), 1)
        for i in range(steps):
            w = (1 - cos(pi * i / steps)) / 2
            place = (a[0] + w * (b[0] - a[0]), a[1] + w * (b[1] - a[1]), a[2] + w * (b[2] - a[2]))
            rows.append((t0 + (t1 - t0) * i / steps, (*reached(place), f0 + w * (f1 - f0))))
    rows.append((plan[-1][0], (*reached(plan[-1][1]), plan[-1][2])))
    return [tuple((t, values[k]) for t, values in rows) for k in range(5)]


def _arm(plan: Plan) -> tuple[Thing, ...]:
    base, shoulder, elbow, wrist, finger = _targets(plan)
    down, gain = (0.0, 1.0, 0.0), 900.0

    def link(name: str, parent: str, geoms: tuple[Geom, ...], at: Vector, joint: Joint) -> Thing:
        return Thing(name, "robot_arm", geoms, at, motion="joint", joint=joint, parent=parent)

    def hinge(target: tuple[tuple[float, float], ...], axis: Vector, stiffness: float = gain) -> Joint:
        return Joint("hinge", axis, (-3.1, 3.1), damping=stiffness / 15, stiffness=stiffness, target=target)

    def slide(axis: Vector) -> Joint:
        return Joint("slide", axis, (0.0, 0.07), damping=60.0, stiffness=900.0, target=finger)

    foot = (
        Geom("cylinder", (0.11, 0.03, 0), "plastic", _DARK, (0, 0, 0.03)),
        Geom("cylinder", (0.07, 0.1, 0), "plastic", _WHITE, (0, 0, 0.16)),
    )
    root = Thing("arm", "robot_arm", foot, motion="fixed", words=(("noun", "robot arm"), ("colour", "white")))
    turret = (Geom("cylinder", (0.06, 0.03, 0), "plastic", _DARK, (0, 0, -0.02)),)
    return (
        root,
        link("turret", "arm", turret, (0, 0, SHOULDER), hinge(base, (0.0, 0.0, 1.0))),
        link("upper_arm", "turret", _bone(UPPER, 0.045), (0, 0, 0), hinge(shoulder, down)),
        link("forearm", "upper_arm", _bone(FORE, 0.036), (UPPER, 0, 0), hinge(elbow, down)),
        link("hand", "forearm", _palm(), (FORE, 0, 0), hinge(wrist, down, 300.0)),
        link("finger_near", "hand", _finger(1.0), (0.09, 0, 0), slide((0.0, 1.0, 0.0))),
        link("finger_far", "hand", _finger(-1.0), (0.09, 0, 0), slide((0.0, -1.0, 0.0))),
    )


def _bone(long: float, radius: float) -> tuple[Geom, ...]:
    level = (0.5**0.5, 0.0, 0.5**0.5, 0.0)
    across = (0.5**0.5, 0.5**0.5, 0.0, 0.0)
    return (
        Geom("capsule", (radius, long / 2 - 0.05, 0), "plastic", _WHITE, (long / 2, 0, 0), level),
        Geom("cylinder", (radius * 1.25, radius * 1.3, 0), "plastic", _DARK, (0, 0, 0), across, seen_only=True),
    )


def _palm() -> tuple[Geom, ...]:
    return (
        Geom("box", (0.025, 0.03, 0.03), "plastic", _WHITE, (0.02, 0, 0)),
        Geom("box", (0.012, 0.08, 0.025), "plastic", _DARK, (0.055, 0, 0)),
    )


def _finger(side: float) -> tuple[Geom, ...]:
    """Its inner face is at y = 0 when its joint is at 0; it reaches along x, past the middle between the tips."""
    return (Geom("box", (0.034, 0.007, 0.014), "rubber", (0.2, 0.2, 0.22), (0.026, side * 0.007, 0)),)


def _cube(name: str, colour: str, material: str, spot: tuple[float, float]) -> Thing:
    half, turn = 0.025, atan2(spot[1], spot[0])
    words = (("colour", colour), ("material", material), ("shape", "cube"))
    return Thing(
        name,
        "cube",
        (Geom("box", (half, half, half), material, _COLOURS[colour]),),
        (spot[0], spot[1], half),
        (cos(turn / 2), 0.0, 0.0, sin(turn / 2)),
        words=words,
    )


def _table() -> tuple[Thing, ...]:
    top = Geom("plane", (0.0, 0.0, 0.6), "wood", (0.62, 0.58, 0.5), texture="checker")
    return (Thing("table", "ground", (top,), motion="fixed"),)
