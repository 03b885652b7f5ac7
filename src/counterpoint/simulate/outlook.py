"""What one camera sees at one moment, as facts that can be put into words.

Left and right are columns of the picture, in front and behind are distances from the camera.
All of it follows from rays: what no ray meets, or what the air hides, is not spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, radians, tan
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.medium import Medium
from counterpoint.core.serial import Recorded
from counterpoint.simulate.happenings import Happening
from counterpoint.simulate.scene import Mount, Scene, Thing
from counterpoint.simulate.sensor import BACKDROP
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
CONTRAST = 0.05
"""Least share of the light that must arrive for a thing to be made out (Koschmieder; defines visibility)."""


@final
@dataclass(frozen=True)
class Sight(Recorded):
    """A pinhole camera, as far as the narrator needs it.

    Attributes:
        camera: name of the camera whose picture is told.
        mount: where it sits.
        size: of the picture, px; only the ratio matters.
        field_of_view: horizontal field of view, degrees.
    """

    camera: str
    mount: Mount
    size: tuple[int, int]
    field_of_view: float

    def rays(self, columns: int) -> Array:
        """Unit directions (rows, columns, 3) in the mount's frame through the middles of equal cells."""
        rows = max(round(columns * self.size[1] / self.size[0]), 1)
        half = tan(radians(self.field_of_view) / 2)
        u = (2 * np.arange(columns) + 1 - columns) / columns * half
        v = (2 * np.arange(rows) + 1 - rows) / rows * half * self.size[1] / self.size[0]
        rays = np.stack(np.broadcast_arrays(1.0, -u[None, :], -v[:, None]), -1)
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


@final
@dataclass(frozen=True)
class Seen(Recorded):
    """One thing in the picture.

    Attributes:
        name: of the thing; the instance of every link.
        noun: what people call it.
        words: attributes, (name, value) pairs.
        column: middle of its pixels, -1 (left edge) to 1 (right edge).
        distance: to the nearest pixel, m.
        share: of the picture, 0 to 1.
        rightward, away: its velocity across and along the line of sight on the ground, m/s.
    """

    name: str
    noun: str
    words: tuple[tuple[str, str], ...]
    column: float
    distance: float
    share: float
    rightward: float = 0.0
    away: float = 0.0

    def word(self, name: str) -> str:
        if name == "noun":
            return self.noun
        return next((v for k, v in self.words if k == name), "")


@final
@dataclass(frozen=True)
class Outlook(Recorded):
    """Everything that sentences, questions and answers are made of.

    Attributes:
        place: kind of scene, as a noun.
        seen: in the order of their names.
        weather: ``fog``, ``light rain`` …, or ``clear``.
        light: ``day``, ``dusk`` or ``night``.
        visibility: m, or inf.
        handed: -1 in a mirrored scene, where every free choice between left and right falls the other way.
        happenings: what goes on over the whole clock.
    """

    place: str
    seen: tuple[Seen, ...]
    weather: str
    light: str
    visibility: float
    handed: int = 1
    happenings: tuple[Happening, ...] = ()


def look(world: World, sight: Sight, moment: float, columns: int = 160, least: float = 4e-4) -> Outlook:
    """What a camera makes out at a moment.

    Args:
        world: rolled out.
        sight: the camera.
        moment: s.
        columns: rays in a row of the picture.
        least: share of the picture that a thing must fill.
    """
    scene, mount = world.scene, sight.mount
    at, turn = world.mounted(mount, moment)
    rays = sight.rays(columns)
    carrier = None if mount.on == "world" else mount.on
    hits = world.cast(moment, at, rays.reshape(-1, 3) @ turn.T, beyond=carrier)
    owner = np.where(hits.geom >= 0, world.owners[hits.geom], -1)
    lit = np.exp(-extinction(scene) * np.where(np.isfinite(hits.distance), hits.distance, 0)) >= CONTRAST
    cells = np.broadcast_to((2 * np.arange(columns) + 1 - columns) / columns, rays.shape[:2]).ravel()
    seen = []
    for thing in sorted(roots(scene), key=lambda t: t.name):
        if thing.cls in BACKDROP or thing.name == carrier:
            continue
        mine = [world.names.index(n) for n in family(scene, thing.name)]
        on = np.isin(owner, mine) & lit
        if on.mean() < least:
            continue
        motion = world.motion(thing.name, [moment])
        forward, right = _ground_axes(turn)
        seen.append(
            Seen(
                thing.name,
                noun(thing),
                spoken(thing),
                float(cells[on].mean()),
                float(hits.distance[on].min()),
                float(on.mean()),
                float(motion.velocity[0] @ right),
                float(motion.velocity[0] @ forward),
            )
        )
    facts = dict(scene.facts)
    place = str(facts.get("place") or scene.layout or "scene").replace("_", " ")
    return Outlook(place, tuple(seen), weather(scene.medium), light(scene), visibility(scene), scene.handed)


def _ground_axes(turn: Array) -> tuple[Array, Array]:
    """Forward and right of a camera, on the ground."""
    forward = turn[:, 0] * np.array([1.0, 1.0, 0.0])
    if np.linalg.norm(forward) < 1e-6:  # It looks straight down: forward is what its top edge points to.
        forward = turn[:, 2] * np.array([1.0, 1.0, 0.0])
    forward = forward / np.linalg.norm(forward)
    return forward, np.array([forward[1], -forward[0], 0.0])


def roots(scene: Scene) -> list[Thing]:
    """Things that are not held by another one."""
    return [t for t in scene.things if t.parent is None]


def family(scene: Scene, name: str) -> list[str]:
    """A thing and everything that it holds."""
    names = {name}
    for thing in scene.things:  # A parent stands before its children.
        if thing.parent in names:
            names.add(thing.name)
    return [t.name for t in scene.things if t.name in names]


def noun(thing: Thing) -> str:
    """What people call a thing: its word ``noun``, else its shape, else its class."""
    return (thing.word("noun") or thing.word("shape") or thing.cls).replace("_", " ")


def spoken(thing: Thing) -> tuple[tuple[str, str], ...]:
    """Attributes that stand in front of the noun."""
    return tuple((k, v) for k, v in thing.words if k in ("size", "colour", "material") and v)


def extinction(scene: Scene) -> float:
    return 0.0 if scene.medium is None else scene.medium.extinction


def visibility(scene: Scene) -> float:
    """Meteorological optical range, m."""
    return log(20) / extinction(scene) if extinction(scene) > 0 else float("inf")


def weather(medium: Medium | None) -> str:
    """The weather word. Fog by visibility (WMO: below 1 km), rain and snow by rate (AMS: 2.5 and 7.6 mm/h)."""
    if medium is None or medium.extinction == 0:
        return "clear"
    if medium.kind in ("rain", "snow") and medium.rate > 0:
        how = "light " if medium.rate < 2.5 else "heavy " if medium.rate > 7.6 else ""
        return how + medium.kind
    far = log(20) / medium.extinction
    if medium.kind == "fog" and far >= 1000:
        return "haze"
    return ("thick " if far < 60 else "") + medium.kind


def light(scene: Scene) -> str:
    """Day, dusk or night, by what arrives from the sun and the sky relative to full daylight."""
    level = scene.ambient + sum(lamp.power for lamp in scene.lamps if lamp.position is None)
    return "day" if level > 1 else "dusk" if level > 0.12 else "night"
