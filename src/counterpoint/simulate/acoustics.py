"""How sound travels: its speed, the moment at which it left, and the mirror images that stand for walls.

Pressure in Pa, at 1 m from a source unless said otherwise. A sound heard at ``t`` left at ``t - r / c``, where ``r`` is
the way that it really went: from where the source was then to where the ear is now. Doppler shift and the order of
arrivals follow from that alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate.scene import Scene
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
Track = Callable[[Array], Array]
"""Times (T,) s to places (T, 3) m."""

REFERENCE = 2e-5
"""Pa, of 0 dB SPL."""
NEAREST = 0.1
"""m: nothing is heard from nearer than this."""
# Energy absorbed at 500 Hz to 1 kHz by smooth surfaces, after the tables of Vorländer, Auralization, 2008.
ABSORBED = {
    "rubber": 0.3,
    "metal": 0.02,
    "wood": 0.1,
    "glass": 0.04,
    "ceramic": 0.02,
    "plastic": 0.05,
    "asphalt": 0.05,
    "skin": 0.5,
}


def speed_of_sound(scene: Scene) -> float:
    """m/s in air of the scene's ``temperature`` (°C, among its facts; 20 if it says nothing)."""
    celsius = float(dict(scene.facts).get("temperature", 20.0))
    return float(331.3 * np.sqrt(1 + celsius / 273.15))


def pascal(level: float) -> float:
    """Effective pressure of a level in dB SPL."""
    return float(REFERENCE * 10 ** (level / 20))


def left(source: Track, ear: Track, heard: NDArray[Any], speed: float) -> tuple[Array, Array]:
    """When the sound that is heard at ``heard`` (T,) left its source, s, and the way (T, 3) from ear to source, m.

    Fixed point of ``t = heard - r(t) / c``, which contracts by the Mach number.
    """
    here = ear(heard)
    gone = heard - np.linalg.norm(source(heard) - here, axis=1) / speed
    for _ in range(40):
        before, way = gone, source(gone) - here
        gone = heard - np.sqrt((way * way).sum(1)) / speed
        if np.abs(gone - before).max() < 1e-12:
            break
    return gone, way


@final
@dataclass(frozen=True)
class Image:
    """A mirror image of a source in the walls of a room: where it stands, and the share of pressure that is left.

    ``turn`` (3, 3) and ``shift`` (3,) take places in the world to places of the image.
    """

    turn: Array
    shift: Array
    gain: float

    def track(self, source: Track) -> Track:
        return lambda times: source(times) @ self.turn.T + self.shift


DIRECT = Image(np.eye(3), np.zeros(3), 1.0)


def images(world: World, order: int) -> tuple[Image, ...]:
    """The source itself and its images after at most ``order`` reflections in a shoebox room.

    The room is what the things of class ``wall``, ``ground`` and ``ceiling`` enclose: a horizontal floor and ceiling
    and four upright walls that stand square to each other. Scenes without such a room have no reflections.

    Source: Allen and Berkley, Image method for efficiently simulating small-room acoustics, JASA 65 (1979).
    """
    walls = _walls(world) if order else None
    if walls is None:
        return (DIRECT,)
    axes, low, high, kept = walls
    out = []
    for counts in product(range(-order, order + 1), repeat=3):
        if sum(map(abs, counts)) > order:
            continue
        flips, shifts, gain = np.ones(3), np.zeros(3), 1.0
        for k, n in enumerate(counts):
            length = high[k] - low[k]
            flips[k] = -1.0 if n % 2 else 1.0
            shifts[k] = n * length + (low[k] + high[k] if n % 2 else 0.0)
            # n > 0 starts at the high wall, and walls take turns.
            first, second = (kept[k][1], kept[k][0]) if n > 0 else (kept[k][0], kept[k][1])
            gain *= first ** ((abs(n) + 1) // 2) * second ** (abs(n) // 2)
        out.append(Image(axes.T @ np.diag(flips) @ axes, axes.T @ shifts, gain))
    return tuple(out)


def _walls(world: World) -> tuple[Array, Array, Array, list[tuple[float, float]]] | None:
    """Axes (rows) of the room, its lowest and highest corner along them, and the pressure that each wall gives back."""
    faces: list[tuple[Array, float, float]] = []
    for thing in world.scene.things:
        if thing.cls not in ("wall", "ground", "ceiling") or not thing.geoms:
            continue
        geom = thing.geoms[0]
        at, turn = world.pose(thing.name, 0.0)
        thin = 2 if geom.shape == "plane" else int(np.argmin(geom.size))
        half = 0.0 if geom.shape == "plane" else geom.size[thin]
        faces.append((np.concatenate([at, turn[:, thin]]), half, float(np.sqrt(1 - ABSORBED[geom.material]))))
    upright = [f for f in faces if abs(f[0][5]) < 1e-6]
    flat = [f for f in faces if abs(f[0][5]) > 1 - 1e-6]
    if len(upright) < 4 or len(flat) < 2:
        return None
    first = upright[0][0][3:]
    # The order and sense of the axes follow the world, so that a turned room has the same images in the same order.
    axes = np.stack([first, np.cross([0.0, 0, 1], first), [0.0, 0, 1]])
    low, high, kept = np.zeros(3), np.zeros(3), []
    for k, axis in enumerate(axes):
        along = [(float(f[0][:3] @ axis), f[1], f[2]) for f in faces if abs(f[0][3:] @ axis) > 1 - 1e-6]
        if len(along) < 2:
            return None
        bottom, top = min(along), max(along)
        low[k], high[k] = bottom[0] + bottom[1], top[0] - top[1]
        kept.append((bottom[2], top[2]))
    return axes, low, high, kept
