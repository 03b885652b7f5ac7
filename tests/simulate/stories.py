"""Small scenes with known answers, for the tests of words."""

from __future__ import annotations

import numpy as np

from counterpoint.core.medium import Medium
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing

GROUND = Thing("ground", "ground", (Geom("plane", (20, 20, 0.1)),), motion="fixed")
CAMERA = Mount(position=(0.0, 0.0, 1.0))


def ball(name: str, colour: str, at: tuple[float, float, float], **more: object) -> Thing:
    """A ball of 0.4 m across."""
    facts = {"size": "large", "colour": colour, "material": str(more.pop("material", "rubber"))}
    shape = Geom("sphere", (0.2, 0, 0), facts["material"])
    return Thing(name, "ball", (shape,), at, words=tuple(facts.items()), **more)  # type: ignore[arg-type]


def box(name: str, colour: str, at: tuple[float, float, float], **more: object) -> Thing:
    """A wooden box."""
    words = (("colour", colour), ("material", "wood"))
    return Thing(name, "box", (Geom("box", (0.2, 0.3, 0.2), "wood"),), at, words=words, **more)  # type: ignore[arg-type]


def table(*things: Thing, medium: Medium | None = None, seconds: float = 2.0, light: float = 1.0) -> Scene:
    """Things on a plane, seen from ``CAMERA``."""
    lamps = (Lamp(power=light),)
    return Scene(seconds, (GROUND, *things), layout="tabletop", medium=medium, lamps=lamps, ambient=0.35 * light)


def collision() -> Scene:
    """A red ball falls on the left, a blue one rolls from the right into a green box, a metal one stands behind."""
    return table(
        ball("a", "red", (3, 1, 1.0)),
        ball("b", "blue", (4, -1, 0.2), velocity=(0, 1.0, 0)),
        ball("c", "red", (5, 0, 0.2), material="metal"),
        box("d", "green", (4, 0.6, 0.2)),
    )


def scattered(seed: int) -> Scene:
    """Up to eight balls and boxes at random places in front of the camera."""
    stream = np.random.default_rng(seed)
    colours, made = ("red", "blue", "green", "yellow"), []
    for i in range(int(stream.integers(2, 9))):
        at = (3.0 + 0.9 * i, float(stream.uniform(-2, 2)), 0.2)
        make = ball if stream.random() < 0.5 else box
        made.append(make(f"t{i}", colours[int(stream.integers(4))], at))
    return table(*made, seconds=0.2)
