"""A scene as frozen values: what there is, what it is made of, how it is lit, what hangs in the air.

Metres, seconds, kilograms, radians; the world is right-handed with x forward, y
left and z up. Quaternions are (w, x, y, z), world from thing. A scene holds nothing
drawn: equal scenes roll out to equal worlds, and a scene is JSON in the lineage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.medium import Medium
from counterpoint.core.serial import Recorded
from counterpoint.core.world import WorldMap

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Shape = Literal["box", "sphere", "cylinder", "capsule", "ellipsoid", "plane"]
UPRIGHT: Quaternion = (1.0, 0.0, 0.0, 0.0)


@final
@dataclass(frozen=True)
class Material(Recorded):
    """What a body is made of, for every sensor.

    Attributes:
        name: as in a caption.
        density: kg/m^3.
        friction: sliding coefficient.
        restitution: share of the speed that a drop keeps, 0 to 1.
        reflectivity: diffuse, at 905 nm, 0 to 1.
        shine: specular share for the camera, 0 to 1.
        stiffness: Young's modulus, Pa.
        loss: factor of internal friction at the first mode.
    """

    name: str
    density: float
    friction: float
    restitution: float
    reflectivity: float
    shine: float
    stiffness: float
    loss: float


MATERIALS = {
    m.name: m
    for m in (
        Material("rubber", 1100, 1.0, 0.75, 0.25, 0.02, 5e6, 0.3),
        Material("metal", 7800, 0.4, 0.6, 0.5, 0.6, 2.0e11, 0.006),
        Material("wood", 700, 0.5, 0.45, 0.45, 0.08, 1.1e10, 0.1),
        Material("glass", 2500, 0.3, 0.6, 0.2, 0.5, 7e10, 0.006),
        Material("ceramic", 2300, 0.4, 0.55, 0.6, 0.3, 7e10, 0.04),
        Material("plastic", 1000, 0.4, 0.6, 0.4, 0.2, 2.5e9, 0.08),
        Material("asphalt", 2300, 0.9, 0.3, 0.17, 0.02, 1e9, 0.3),
        Material("skin", 1000, 0.6, 0.1, 0.5, 0.05, 1e6, 0.5),
    )
}


@final
@dataclass(frozen=True)
class Geom(Recorded):
    """One rigid shape of a thing.

    Attributes:
        shape, size: as MuJoCo has them: half extents of a box; radius; radius and half length along z.
        material: name in ``MATERIALS``.
        colour: RGB, 0 to 1.
        position, quaternion: in the frame of the thing.
        texture: ``plain``, ``checker``, ``stripes`` or ``noise``, in the coordinates of the shape.
        seen_only: whether it is drawn but neither touches nor weighs.
    """

    shape: Shape
    size: Vector
    material: str = "plastic"
    colour: Vector = (0.6, 0.6, 0.6)
    position: Vector = (0.0, 0.0, 0.0)
    quaternion: Quaternion = UPRIGHT
    texture: str = "plain"
    seen_only: bool = False


@final
@dataclass(frozen=True)
class Waypoint(Recorded):
    """Where a thing on a path is at a time, and which way it heads (about z, rad)."""

    time: float
    position: Vector
    heading: float = 0.0


@final
@dataclass(frozen=True)
class Joint(Recorded):
    """How a thing is held by its parent, and what drives it.

    Attributes:
        kind: ``hinge`` (rad, about ``axis``) or ``slide`` (m, along it).
        axis, anchor: in the frame of the thing.
        limits: lowest and highest position.
        damping, stiffness: N m s or N s/m; gain of the position servo, N m or N/m (0: no motor).
        target: knots (time, position) of the servo, joined linearly.
    """

    kind: Literal["hinge", "slide"]
    axis: Vector
    limits: tuple[float, float]
    anchor: Vector = (0.0, 0.0, 0.0)
    damping: float = 1.0
    stiffness: float = 0.0
    target: tuple[tuple[float, float], ...] = ()


@final
@dataclass(frozen=True)
class Thing(Recorded):
    """One object, vehicle or person: an instance in every label.

    Attributes:
        name: unique; the instance id of every part.
        cls: class name.
        geoms: its shapes.
        position, quaternion: at the start; in the frame of ``parent`` if it has one.
        velocity, spin: at the start, m/s and rad/s in the world.
        motion: ``free`` (falls and collides), ``fixed``, ``path`` (pushes others, is never pushed) or ``joint``.
        path: of a thing with motion ``path``; a smooth curve runs through it.
        joint, parent: of a thing with motion ``joint``.
        words: attributes for captions, e.g. (("colour", "red"), ("material", "metal"), ("shape", "ball")).
        keypoints: named points in its frame, m.
        sound: engine or machine tones, (name, value) pairs; see the microphone.
        rcs: radar cross-section, m^2, or None for one that follows from size and material.
    """

    name: str
    cls: str
    geoms: tuple[Geom, ...]
    position: Vector = (0.0, 0.0, 0.0)
    quaternion: Quaternion = UPRIGHT
    velocity: Vector = (0.0, 0.0, 0.0)
    spin: Vector = (0.0, 0.0, 0.0)
    motion: Literal["free", "fixed", "path", "joint"] = "free"
    path: tuple[Waypoint, ...] = ()
    joint: Joint | None = None
    parent: str | None = None
    words: tuple[tuple[str, str], ...] = ()
    keypoints: tuple[tuple[str, Vector], ...] = ()
    sound: tuple[tuple[str, float], ...] = ()
    rcs: float | None = None

    def word(self, name: str) -> str:
        """One attribute for captions, or an empty text."""
        return dict(self.words).get(name, "")


@final
@dataclass(frozen=True)
class Lamp(Recorded):
    """A light: the sun (``position`` None) or a lamp.

    Attributes:
        direction: of the sun's rays, towards the ground.
        position: of a lamp, m.
        colour: RGB, 0 to 1.
        power: irradiance of a white surface that faces it, relative to full daylight; at 1 m for a lamp.
    """

    direction: Vector = (0.3, 0.2, -1.0)
    position: Vector | None = None
    colour: Vector = (1.0, 1.0, 1.0)
    power: float = 1.0


@final
@dataclass(frozen=True)
class Mount(Recorded):
    """Where a sensor sits: on a thing (or in the world), at a pose in its frame (x forward, y left, z up)."""

    on: str = "world"
    position: Vector = (0.0, 0.0, 0.0)
    quaternion: Quaternion = UPRIGHT


@final
@dataclass(frozen=True)
class Scene(Recorded):
    """Everything that decides a world.

    Attributes:
        seconds: length; the clock runs from 0.
        timestep: of the physics, s; every sensor period is a whole multiple.
        things: in a fixed order; names are unique.
        lamps: the first is the main light.
        ambient: light from everywhere, relative to full daylight.
        medium: what hangs in the air.
        gravity: m/s^2 along z.
        handed: -1 if the scene is the mirror image of one that was drawn; textures turn with it.
        layout: name of the layout that drew it.
        facts: what was asked for and holds, as (name, value) pairs: weather, light, event …
    """

    seconds: float
    things: tuple[Thing, ...]
    timestep: float = 0.002
    lamps: tuple[Lamp, ...] = (Lamp(),)
    ambient: float = 0.35
    medium: Medium | None = None
    gravity: float = -9.81
    handed: int = 1
    layout: str = ""
    facts: tuple[tuple[str, str | float], ...] = ()

    def thing(self, name: str) -> Thing:
        """The thing called ``name``; see ``errors.UnknownNameError`` for what else there is."""
        from counterpoint.errors import UnknownNameError

        found = {t.name: t for t in self.things}
        if name not in found:
            raise UnknownNameError(f"thing in this {self.layout or 'scene'}", name, found)
        return found[name]

    def with_thing(self, thing: Thing) -> Scene:
        """The scene with one thing put in the place of the one of that name: a counterfactual twin."""
        self.thing(thing.name)
        return replace(self, things=tuple(thing if t.name == thing.name else t for t in self.things))

    def without(self, name: str) -> Scene:
        """The scene without one thing."""
        self.thing(name)
        return replace(self, things=tuple(t for t in self.things if t.name != name))

    def moved(self, move: WorldMap) -> Scene:
        """The scene under a mirror, a turn about z or a shift of the world; see ``simulate.commute``."""
        from counterpoint.simulate.commute import moved

        return moved(self, move)


def rotation(q: Quaternion) -> NDArray[np.float64]:
    """3 x 3 of a unit quaternion (w, x, y, z)."""
    w, x, y, z = np.asarray(q, float) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def heading(angle: float) -> Quaternion:
    """The quaternion of a turn about z, rad."""
    return (float(np.cos(angle / 2)), 0.0, 0.0, float(np.sin(angle / 2)))


def looking(place: Vector, target: Vector) -> Quaternion:
    """The quaternion of a mount at ``place`` whose x axis points at ``target``, with its y axis level."""
    x, y, z = np.subtract(target, place)
    yaw, pitch = np.arctan2(y, x) / 2, -np.arctan2(z, np.hypot(x, y)) / 2
    (a, b), (c, d) = (np.cos(yaw), np.sin(yaw)), (np.cos(pitch), np.sin(pitch))
    return (float(a * c), float(-b * d), float(a * d), float(b * c))
