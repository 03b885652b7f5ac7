"""Counterfactual twins: the same scene with one thing about it changed, and what may differ because of it.

A twin is rendered with the same keys as its sister, so all that differs has the change as its cause. What a change
can have reached, and since when, follows from the touches of both roll-outs: before that, bodies are the same bit for
bit. Questions of the sister are put to the twin again; their answers differ where the state says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.serial import Recorded
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate.layout import Staged
from counterpoint.simulate.scene import MATERIALS, Scene, Thing, Vector
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class Cause(Recorded):
    """What is different in the twin.

    Attributes:
        what: ``colour``, ``material``, ``weather``, ``presence`` or ``position``.
        thing: which one; empty for the weather.
        moves: whether the change can alter how bodies move.
        at_once: whether it does so from the start (else from the first touch of the thing).
    """

    what: str
    thing: str
    moves: bool
    at_once: bool


@final
@dataclass(frozen=True)
class Twin(Recorded):
    """A changed scene."""

    scene: Scene
    change: Cause


def recoloured(scene: Scene, name: str, word: str, colour: Vector) -> Twin:
    """One thing in another colour, RGB 0 to 1; shapes that have its main colour change, and so does the word."""
    thing = scene.thing(name)
    main = _main(thing)
    geoms = tuple(replace(g, colour=colour) if g.colour == thing.geoms[main].colour else g for g in thing.geoms)
    words = _worded(thing, "colour", word)
    return Twin(scene.with_thing(replace(thing, geoms=geoms, words=words)), Cause("colour", name, False, False))


def remade(scene: Scene, name: str, material: str) -> Twin:
    """One thing of another material: its mass, friction, bounce, sound and reflectivity change, its colour does not.

    Raises:
        UnknownNameError: there is no such material.
    """
    if material not in MATERIALS:
        raise UnknownNameError("material", material, MATERIALS)
    thing = scene.thing(name)
    geoms = tuple(replace(g, material=material) for g in thing.geoms)
    changed = replace(thing, geoms=geoms, words=_worded(thing, "material", material))
    moves = thing.motion in ("free", "joint")
    return Twin(scene.with_thing(changed), Cause("material", name, moves, thing.motion == "joint"))


def weathered(scene: Scene, medium: Medium | None) -> Twin:
    """The same under another sky; None clears the air. Bodies do not feel it."""
    return Twin(replace(scene, medium=medium), Cause("weather", "", False, False))


def removed(scene: Scene, name: str) -> Twin:
    """The scene without one thing and what it holds.

    Raises:
        RecipeError: something else is held by it.
    """
    held = [t.name for t in scene.things if t.parent == name]
    if held:
        raise RecipeError(f"removed({name!r}): it holds {held}; remove those first, or another thing.")
    thing = scene.thing(name)
    return Twin(scene.without(name), Cause("presence", name, True, thing.motion == "joint"))


def displaced(scene: Scene, name: str, shift: Vector) -> Twin:
    """One thing, with all of its path, elsewhere by a shift, m."""
    thing = scene.thing(name)

    def there(place: Vector) -> Vector:
        return (place[0] + shift[0], place[1] + shift[1], place[2] + shift[2])

    path = tuple(replace(p, position=there(p.position)) for p in thing.path)
    moved = replace(thing, position=there(thing.position), path=path)
    return Twin(scene.with_thing(moved), Cause("position", name, True, True))


def reached(twin: Twin, one: World, other: World) -> Mapping[str, float]:
    """For every thing of either scene, the time s since when the change can have altered how it moves; inf: never.

    The change spreads by touch, in either roll-out: a free thing is reached when it touches one that was reached.
    What stands fixed or moves on a path is never reached, and passes nothing on, unless it is what was changed.
    """
    things = {t.name: t for w in (one, other) for t in w.scene.things}
    since = dict.fromkeys(things, inf)
    if not twin.change.moves:
        return since
    changed = twin.change.thing
    touches = sorted(t for w in (one, other) for t in _touches(w))
    if twin.change.at_once:
        since[changed] = 0.0
    else:
        since[changed] = next((t for t, a, b in touches if changed in (a, b)), inf)
    for time, a, b in touches:
        for here, there in ((a, b), (b, a)):
            carries = things[here].motion in ("free", "joint") or here == changed
            if since[here] <= time and carries and things[there].motion in ("free", "joint"):
                since[there] = min(since[there], time)
    return since


def asked_again(staged: Staged, twin: Twin, key: Key) -> tuple[Staged, Staged]:
    """Both scenes with narrators that put the same questions: those that make sense in both.

    Args:
        staged: the scene, its sensors and its clock.
        twin: of ``staged.scene``.
        key: of the sample, as it is given to ``engine.rendered``.
    """
    worlds = World(staged.scene), World(twin.scene)
    sensors = []
    for sensor in staged.sensors:
        if isinstance(sensor, Narrator):
            here, there = (sensor.outlook(w, staged.clock) for w in worlds)
            drawn = sensor.asked(here, key.at("sensor", sensor.name))
            posed = replace(sensor, asks=tuple((a.question.text, str(a.program)) for a in drawn))
            shared = {str(a.program) for a in posed.asked(there, key)} if posed.asks else set()
            sensor = replace(posed, asks=tuple(a for a in posed.asks if a[1] in shared), questions=0)
        sensors.append(sensor)
    same = replace(staged, sensors=tuple(sensors))
    return same, replace(same, scene=twin.scene)


def _touches(world: World) -> list[tuple[float, str, str]]:
    """(time, thing, thing) of every fresh touch, and of those that last: once a step would be enough, and is."""
    contacts, names, owners = world.contacts, world.names, world.owners
    rows = zip(contacts.time.tolist(), owners[contacts.first], owners[contacts.second], strict=True)
    return [(time, names[a], names[b]) for time, a, b in rows if a != b]


def _main(thing: Thing) -> int:
    """The shape with the largest volume among those that stand for the whole: its colour is the colour of the thing."""
    return int(np.argmax([float(np.prod(np.maximum(g.size, 1e-3))) for g in thing.geoms]))


def _worded(thing: Thing, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple((k, value if k == name else v) for k, v in thing.words)
