"""Things of a street from few shapes, that a person still recognises.

Every figure stands on the ground at the origin of its frame, x ahead, y to its left, m.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import pi
from typing import Any

import numpy as np

from counterpoint.simulate.scene import Geom, Quaternion, Thing, Vector

PAINTS: dict[str, Vector] = {
    "red": (0.72, 0.08, 0.07),
    "blue": (0.08, 0.22, 0.62),
    "white": (0.88, 0.88, 0.86),
    "black": (0.05, 0.05, 0.06),
    "grey": (0.42, 0.43, 0.45),
    "green": (0.09, 0.36, 0.16),
    "yellow": (0.92, 0.72, 0.08),
    "orange": (0.88, 0.38, 0.06),
}
SKINS: tuple[Vector, ...] = ((0.87, 0.68, 0.55), (0.72, 0.5, 0.36), (0.45, 0.3, 0.2))
FACADES: tuple[Vector, ...] = (
    (0.66, 0.4, 0.3),
    (0.75, 0.68, 0.55),
    (0.6, 0.6, 0.58),
    (0.8, 0.74, 0.66),
    (0.5, 0.33, 0.27),
)
_GLASS, _RUBBER = (0.1, 0.13, 0.17), (0.045, 0.045, 0.05)
_LIT, _TAIL = (1.0, 0.97, 0.85), (0.75, 0.03, 0.03)
LYING: Quaternion = (0.5**0.5, 0.5**0.5, 0.0, 0.0)
"""Turns the axis of a cylinder from z to y."""
VEHICLES: dict[str, tuple[float, float, float]] = {
    "car": (4.4, 1.8, 1.48),
    "van": (5.2, 1.95, 2.2),
    "bus": (10.5, 2.5, 3.0),
}
"""Length, width and height, m."""


def limb(a: Vector, b: Vector, radius: float, **more: Any) -> Geom:
    """A capsule from one point to another."""
    start, end = np.array(a), np.array(b)
    along = end - start
    long = float(np.linalg.norm(along))
    x, y, z = along / long
    # The shortest turn of z onto the limb.
    four = np.array([1 + z, -y, x, 0.0]) if z > -1 + 1e-9 else np.array([0.0, 1.0, 0, 0])
    four = four / np.linalg.norm(four)
    turn: Quaternion = (float(four[0]), float(four[1]), float(four[2]), float(four[3]))
    middle = (start + end) / 2
    at: Vector = (float(middle[0]), float(middle[1]), float(middle[2]))
    return Geom("capsule", (radius, long / 2, 0.0), position=at, quaternion=turn, **more)


def _three(values: Iterable[float]) -> Vector:
    x, y, z = (float(v) for v in values)
    return (x, y, z)


def block(low: Vector, high: Vector, material: str, colour: Vector, **more: Any) -> Geom:
    """A box from its lowest to its highest corner."""
    size, at = (_three((b + s * a) / 2 for a, b in zip(low, high, strict=True)) for s in (-1, 1))
    return Geom("box", size, material, colour, at, **more)  # three numbers each


def vehicle(name: str, kind: str, colour: str, lights: bool = False, **more: Any) -> Thing:
    """A car, van or bus. ``lights``: whether its lamps are on."""
    long, wide, high = VEHICLES[kind]
    shapes = {"car": _car, "van": _van, "bus": _van}[kind](long, wide, high, PAINTS[colour])
    bright = 1.0 if lights else 0.75
    front, back, side = long / 2, -long / 2, wide / 2
    head = _three(c * bright for c in _LIT)
    z = 0.66 if kind == "car" else 0.8
    for y in (side - 0.42, -side + 0.1):
        shapes.append(block((front - 0.05, y, z - 0.09), (front + 0.02, y + 0.32, z + 0.09), "glass", head))
        shapes.append(block((back - 0.02, y, z), (back + 0.05, y + 0.32, z + 0.16), "plastic", _TAIL))
    shapes.append(block((back - 0.03, -0.28, 0.45), (back, 0.28, 0.57), "plastic", (0.9, 0.9, 0.85)))
    words = (("colour", colour), ("noun", kind))
    return Thing(name, kind, tuple(shapes), words=words, sound=_motor(kind), **more)


def _motor(kind: str) -> tuple[tuple[str, float], ...]:
    base, level = {"car": (32.0, 70.0), "van": (27.0, 73.0), "bus": (20.0, 78.0)}[kind]
    return (("engine", base), ("engine_per_speed", 3.0), ("engine_level", level), ("noise", level - 12))


def _wheels(long: float, wide: float, radius: float) -> list[Geom]:
    found = []
    for x in (long * 0.3, -long * 0.3):
        for y in (wide / 2 - 0.1, -wide / 2 + 0.1):
            found.append(Geom("cylinder", (radius, 0.11, 0), "rubber", _RUBBER, (x, y, radius), LYING))
    return found


def _car(long: float, wide: float, high: float, paint: Vector) -> list[Geom]:
    front, side, belt = long / 2, wide / 2, 0.88
    shiny = "metal"
    return [
        *_wheels(long, wide, 0.33),
        block((-front, -side, 0.3), (front, side, 0.76), shiny, paint),
        block((-front + 0.04, -side + 0.05, 0.76), (front - 0.25, side - 0.05, belt), shiny, paint),
        block((-1.75, -side + 0.1, belt), (0.95, side - 0.1, 1.14), "glass", _GLASS),
        block((-1.5, -side + 0.17, 1.14), (0.6, side - 0.17, high - 0.06), "glass", _GLASS),
        block((-1.4, -side + 0.19, high - 0.06), (0.45, side - 0.19, high), shiny, paint),
        block((0.62, -side - 0.12, 0.9), (0.8, side + 0.12, 1.04), "plastic", paint),
    ]


def _van(long: float, wide: float, high: float, paint: Vector) -> list[Geom]:
    """A box with a window band in front and along the sides; the mirrors stand out."""
    front, side, belt = long / 2, wide / 2, high * 0.5
    wheel = 0.36 if long < 8 else 0.48
    return [
        *_wheels(long, wide, wheel),
        block((-front, -side, 0.32), (front, side, belt), "metal", paint),
        block((-front, -side, high * 0.84), (front - 0.35, side, high), "metal", paint),
        block((-front + 0.02, -side + 0.02, belt), (front - 0.15, side - 0.02, high * 0.84), "glass", _GLASS),
        *(
            block((x, -side, belt), (x + 0.16, side, high * 0.84), "metal", paint)
            for x in np.arange(-front, front - 1.2, 2.4)
        ),
        block((front - 0.4, -side - 0.14, belt + 0.1), (front - 0.25, side + 0.14, belt + 0.4), "plastic", _RUBBER),
    ]


def person(name: str, shirt: str, trousers: Vector, skin: Vector, height: float = 1.75, **more: Any) -> Thing:
    """Somebody in mid-stride, with keypoints of the joints as COCO names them."""
    s = height / 1.75
    points: dict[str, Vector] = {
        "nose": (0.13, 0, 1.63),
        "left_shoulder": (0, 0.19, 1.42),
        "left_elbow": (-0.12, 0.25, 1.16),
        "left_wrist": (-0.06, 0.24, 0.92),
        "left_hip": (0, 0.1, 0.92),
        "left_knee": (0.2, 0.1, 0.53),
        "left_ankle": (0.22, 0.1, 0.09),
        "right_shoulder": (0, -0.19, 1.42),
        "right_elbow": (0.03, -0.25, 1.15),
        "right_wrist": (0.2, -0.22, 0.99),
        "right_hip": (0, -0.1, 0.92),
        "right_knee": (0.02, -0.1, 0.5),
        "right_ankle": (-0.3, -0.1, 0.16),
    }
    p = {n: (x * s, y * s, z * s) for n, (x, y, z) in points.items()}
    cloth, hair = PAINTS[shirt], _three(0.25 * c for c in skin)
    shapes = [
        Geom("ellipsoid", (0.13 * s, 0.2 * s, 0.31 * s), "plastic", cloth, (0, 0, 1.2 * s)),
        limb(p["left_shoulder"], p["right_shoulder"], 0.075 * s, colour=cloth),
        Geom("ellipsoid", (0.105 * s, 0.085 * s, 0.125 * s), "skin", skin, (0.015, 0, 1.62 * s)),
        Geom("ellipsoid", (0.11 * s, 0.092 * s, 0.09 * s), "skin", hair, (-0.015 * s, 0, 1.68 * s)),
    ]
    for side in ("left", "right"):
        hip, knee, ankle = (p[f"{side}_{n}"] for n in ("hip", "knee", "ankle"))
        shapes += [limb(hip, knee, 0.085 * s, colour=trousers), limb(knee, ankle, 0.06 * s, colour=trousers)]
        shoulder, elbow, wrist = (p[f"{side}_{n}"] for n in ("shoulder", "elbow", "wrist"))
        shapes.append(limb(shoulder, elbow, 0.05 * s, colour=cloth))
        shapes.append(limb(elbow, wrist, 0.04 * s, material="skin", colour=skin))
    words = (("colour", shirt), ("noun", "pedestrian"))
    return Thing(name, "pedestrian", tuple(shapes), words=words, keypoints=tuple(p.items()), rcs=0.4, **more)


def cyclist(name: str, shirt: str, frame: str, skin: Vector, **more: Any) -> Thing:
    """Somebody on a bicycle."""
    cloth, paint = PAINTS[shirt], PAINTS[frame]
    back, front, pedal, saddle, bar = (
        (-0.52, 0, 0.34),
        (0.52, 0, 0.34),
        (-0.05, 0, 0.3),
        (-0.22, 0, 0.92),
        (0.38, 0, 0.98),
    )
    shapes = []
    for hub in (back, front):
        shapes += [
            Geom("cylinder", (0.34, 0.018, 0), "rubber", _RUBBER, hub, LYING),
            Geom("cylinder", (0.29, 0.02, 0), "metal", (0.62, 0.63, 0.64), hub, LYING),
        ]
    for a, b in ((pedal, saddle), (pedal, (0.36, 0, 0.8)), (saddle, (0.36, 0, 0.82)), (back, pedal), (front, bar)):
        shapes.append(limb(a, b, 0.022, material="metal", colour=paint))
    shapes.append(limb((0.38, -0.22, 1.0), (0.38, 0.22, 1.0), 0.018, material="metal", colour=_RUBBER))
    shapes.append(limb((-0.22, 0, 1.02), (0.08, 0, 1.42), 0.15, colour=cloth))
    shapes.append(Geom("ellipsoid", (0.11, 0.09, 0.12), "skin", skin, (0.2, 0, 1.66)))
    shapes.append(Geom("ellipsoid", (0.14, 0.11, 0.08), "plastic", PAINTS["white"], (0.18, 0, 1.74)))
    for y, knee, foot in ((0.11, (0.18, 0.68), (0.0, 0.18)), (-0.11, (0.2, 0.86), (0.02, 0.46))):
        mid, end = (knee[0], y, knee[1]), (foot[0], y, foot[1])
        shapes += [
            limb((-0.2, y, 0.98), mid, 0.08, colour=(0.1, 0.1, 0.14)),
            limb(mid, end, 0.055, colour=(0.1, 0.1, 0.14)),
        ]
        shapes.append(limb((0.06, 1.6 * y, 1.38), (0.38, 1.9 * y, 1.02), 0.045, colour=cloth))
    words = (("colour", shirt), ("noun", "cyclist"))
    return Thing(name, "cyclist", tuple(shapes), words=words, rcs=1.0, **more)


def tree(name: str, height: float, **more: Any) -> Thing:
    bark, leaf, dark = (0.3, 0.21, 0.14), (0.19, 0.4, 0.13), (0.14, 0.33, 0.1)
    r = height * 0.25
    return Thing(
        name,
        "tree",
        (
            Geom("cylinder", (0.13, height * 0.3, 0), "wood", bark, (0, 0, height * 0.3)),
            Geom("ellipsoid", (r, r, r * 1.05), "plastic", leaf, (0, 0, height * 0.72), texture="noise"),
            Geom(
                "ellipsoid",
                (r * 0.75, r * 0.7, r * 0.7),
                "plastic",
                dark,
                (r * 0.5, 0.2, height * 0.6),
                texture="noise",
            ),
            Geom(
                "ellipsoid",
                (r * 0.7, r * 0.75, r * 0.65),
                "plastic",
                leaf,
                (-r * 0.4, -0.3, height * 0.84),
                texture="noise",
            ),
        ),
        motion="fixed",
        **more,
    )


def lamp_post(name: str, lit: bool, **more: Any) -> Thing:
    """A post whose arm reaches over its left side."""
    steel = (0.25, 0.27, 0.28)
    return Thing(
        name,
        "lamp_post",
        (
            Geom("cylinder", (0.07, 2.75, 0), "metal", steel, (0, 0, 2.75)),
            limb((0, 0, 5.5), (0, 1.5, 5.7), 0.045, material="metal", colour=steel),
            block((-0.12, 1.3, 5.6), (0.12, 1.9, 5.72), "glass", _LIT if lit else (0.7, 0.7, 0.68), seen_only=True),
        ),
        motion="fixed",
        words=(("noun", "lamp post"),),
        **more,
    )


def building(name: str, length: float, depth: float, storeys: int, wall: Vector, **more: Any) -> Thing:
    """A house whose front is at y = 0 and that reaches back to -depth: windows, a door, a roof edge."""
    high, half = 3.1 * storeys + 0.4, length / 2
    shapes = (
        block((-half, -depth, 0), (half, 0, high), "ceramic", wall, texture="windows"),
        block((-half - 0.15, -depth, high), (half + 0.15, 0.2, high + 0.3), "ceramic", (0.33, 0.31, 0.3)),
        block((-0.6, 0, 0), (0.6, 0.07, 2.4), "wood", (0.24, 0.15, 0.1)),
    )
    return Thing(name, "building", shapes, motion="fixed", **more)


def turned(angle: float) -> Quaternion:
    """Facing the other way round: pi turns the front of a house to the other side of the street."""
    return (float(np.cos(angle / 2)), 0.0, 0.0, float(np.sin(angle / 2)))


HALF_TURN = turned(pi)
