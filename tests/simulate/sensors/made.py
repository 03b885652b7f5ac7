"""A small scene with a thing that drives, one that falls and turns, and a wall."""

from __future__ import annotations

from counterpoint.core.medium import Medium
from counterpoint.simulate.scene import Geom, Scene, Thing, Waypoint, heading

GROUND = Thing("ground", "ground", (Geom("plane", (60, 60, 1), "asphalt"),), motion="fixed")
EGO = Thing(
    "ego",
    "car",
    (Geom("box", (2, 0.9, 0.6), "metal"),),
    motion="path",
    path=(Waypoint(0, (0, 0, 0.8)), Waypoint(1, (9, 1, 0.8), 0.3), Waypoint(2, (18, 5, 0.8), 0.7)),
)
BALL = Thing(
    "ball",
    "ball",
    (Geom("sphere", (0.4, 0, 0), "rubber"),),
    position=(8, 4, 1.5),
    velocity=(1.0, -0.5, 0.4),
    spin=(2.0, 1.0, 3.0),
)
CRATE = Thing(
    "crate",
    "crate",
    (Geom("box", (0.5, 0.4, 0.3), "wood"),),
    position=(7, -5, 1.2),
    quaternion=heading(0.4),
    velocity=(0.5, 0.2, 0.0),
    spin=(1.0, 0.4, -2.0),
)
WALL = Thing(
    "wall",
    "wall",
    (Geom("box", (0.2, 30, 4), "ceramic"),),
    position=(40, 3, 4),
    quaternion=heading(0.1),
    motion="fixed",
)


def scene(*more: Thing, seconds: float = 2.0, medium: Medium | None = None) -> Scene:
    return Scene(seconds, (GROUND, EGO, BALL, CRATE, WALL, *more), medium=medium, layout="made up")
