"""What stands along a street and never moves: ground, road, markings, houses, trees, lamps."""

from __future__ import annotations

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.simulate import figures
from counterpoint.simulate.scene import Geom, Lamp, Thing

LANE, BIKE, PARKED, KERB, WALKS, FRONT = 1.75, 4.3, 6.15, 7.25, (8.6, 9.8), 11.2
"""Distances from the middle of the road, m: lanes, cycle lanes, parked cars, kerb, two lines of walkers, houses."""


def road() -> tuple[Thing, ...]:
    grey, pale, white = (0.34, 0.34, 0.35), (0.52, 0.51, 0.49), (0.85, 0.85, 0.83)
    ground = Geom("plane", (0.0, 0.0, 3.0), "asphalt", (0.36, 0.42, 0.27), (0, 0, -0.02), texture="noise")
    road = figures.block((-80, -KERB, -0.3), (160, KERB, 0.0), "asphalt", grey, texture="noise")
    paths = [figures.block((-80, s * 9.2 - 2, -0.3), (160, s * 9.2 + 2, 0.12), "ceramic", pale) for s in (-1, 1)]
    kerbs = [
        figures.block((-80, s * KERB - 0.08, -0.3), (160, s * KERB + 0.08, 0.14), "ceramic", (0.66, 0.65, 0.63))
        for s in (-1, 1)
    ]
    dashes = [
        figures.block((x, -0.07, 0.0), (x + 3, 0.07, 0.006), "plastic", white, seen_only=True)
        for x in np.arange(-8, 75, 6.0)
    ]
    edges = [
        figures.block((-80, s * 3.5 - 0.06, 0.0), (160, s * 3.5 + 0.06, 0.006), "plastic", white, seen_only=True)
        for s in (-1, 1)
    ]
    return (
        Thing("ground", "ground", (ground,), motion="fixed"),
        Thing("road", "road", (road,), motion="fixed"),
        Thing("sidewalk", "sidewalk", (*paths, *kerbs), motion="fixed"),
        Thing("markings", "marking", (*dashes, *edges), motion="fixed"),
    )


def zebra(place: float) -> Thing:
    bars = [
        figures.block((-1.7, y - 0.25, 0.0), (1.7, y + 0.25, 0.008), "plastic", (0.9, 0.9, 0.88), seen_only=True)
        for y in np.arange(-6.5, 6.6, 1.0)
    ]
    return Thing("zebra", "marking", tuple(bars), position=(place, 0.0, 0.0), motion="fixed")


def houses(key: Key) -> list[Thing]:
    found: list[Thing] = []
    for side, letter in ((-1, "r"), (1, "l")):
        stream, x = key.at("houses", letter).stream(), -16.0
        while x < 80:
            long, storeys = float(stream.uniform(11, 19)), int(stream.integers(2, 5))
            wall = figures.FACADES[int(stream.integers(len(figures.FACADES)))]
            facing = figures.turned(0.0) if side < 0 else figures.HALF_TURN
            at = (x + long / 2, side * FRONT, 0.12)
            found.append(
                figures.building(
                    f"building_{len(found) + 1}", long, 10.0, storeys, wall, position=at, quaternion=facing
                )
            )
            x += long + float(stream.choice((0.4, 0.4, 5.0)))
    return found


def rows(key: Key, free: list[float], night: bool) -> list[Thing]:
    """Trees and lamp posts along the kerbs."""
    found: list[Thing] = []
    stream = key.at("trees").stream()
    for side in (-1, 1):
        for i, x in enumerate(np.arange(-10.0, 70.0, 10.0)):
            x, high = float(x + stream.uniform(-1, 1)), float(stream.uniform(4.5, 6.5))
            at = (x, side * (KERB + 0.45), 0.12)
            facing = figures.HALF_TURN if side > 0 else figures.turned(0.0)
            if any(abs(x - f) < 3 for f in free):
                continue
            if (i + (side > 0)) % 2:
                found.append(figures.lamp_post(f"lamp_post_{len(found) + 1}", night, position=at, quaternion=facing))
            else:
                found.append(figures.tree(f"tree_{len(found) + 1}", high, position=at, quaternion=facing))
    return found


def glow(post: Thing) -> Lamp:
    x, y, z = post.position
    inward = 1.6 if y < 0 else -1.6
    return Lamp((0.0, 0.0, -1.0), (x, y + inward, z + 5.5), (1.0, 0.83, 0.6), 8.0)
