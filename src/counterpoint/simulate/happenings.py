"""What happens in a rolled-out scene: hits, starts, stops, turns and near misses, with times.

Everything is read from the contacts of the solver and from the motions, nothing from what a layout
had in mind. Times are s; a happening is the same whatever sensors look on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.serial import Recorded
from counterpoint.simulate import footprint, path
from counterpoint.simulate.scene import Thing, rotation
from counterpoint.simulate.sensor import BACKDROP
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
Tracks = tuple[Array, Array, Array]
"""Positions (T, 3), rotations (T, 3, 3) and velocities (T, 3)."""
Kind = Literal["hit", "land", "start", "stop", "turn left", "turn right", "near miss"]
STEP = 0.02
"""Motions are looked at every so many seconds."""
IMPACT = 0.1
"""Least speed, m/s, along the normal just before a touch that makes it a hit."""
SETTLED = 0.1
"""Two touches of the same two things within this time, s, are one."""
SLOW, FAST, REST = 0.05, 0.2, 0.2
"""Speeds, m/s, below which a thing stands and above which it moves, and for how long, s, it stands if it rests."""
SOON, CLOSE, PASSING = 1.5, 0.5, 1.0
"""A near miss: a time to collision below this, s (Hayward 1972), or a gap below this, m, at more than this, m/s."""
TURN = np.radians(25)


@final
@dataclass(frozen=True)
class Happening(Recorded):
    """One event.

    Attributes:
        kind: see ``Kind``.
        start, end: s.
        who: names of the things, the one that acts first; ``land`` has one.
        size: normal impulse in N s, or the least gap in m, or 0.
    """

    kind: Kind
    start: float
    end: float
    who: tuple[str, ...]
    size: float = 0.0


def happenings(world: World, seconds: float) -> tuple[Happening, ...]:
    """Everything that happens before ``seconds``, by start, then by kind and names."""
    times = np.arange(0, seconds + STEP / 2, STEP)
    times = times[times <= seconds]
    found = [*_hits(world, seconds), *_near_misses(world, times)]
    for thing in world.scene.things:
        if thing.motion in ("free", "path"):
            _, turn, velocity = tracked(world, thing, times)
            found += _starts_and_stops(thing, times, np.linalg.norm(velocity, axis=1))
            found += _turns(thing, times, turn, velocity)
    return tuple(sorted(found, key=lambda h: (round(h.start, 6), h.kind, h.who)))


def tracked(world: World, thing: Thing, times: Array) -> Tracks:
    """Position (T, 3), rotation (T, 3, 3), velocity (T, 3) of a free thing or one on a path; free ones by step."""
    if thing.motion == "path":
        return path.motion(thing.path, times)[:3]
    _, model, _ = world.mujoco
    joint = model.joint(thing.name)
    q, v = int(joint.qposadr[0]), int(joint.dofadr[0]) + model.nq
    rows = world.states[np.minimum((times / world.scene.timestep + 0.5).astype(int), len(world.times) - 1)]
    turn = np.array([rotation(tuple(r)) for r in rows[:, q + 3 : q + 7]])
    return rows[:, q : q + 3], turn, rows[:, v : v + 3]


def _hits(world: World, seconds: float) -> list[Happening]:
    contacts, names = world.contacts, world.names
    things, touching = {t.name: t for t in world.scene.things}, (contacts.first, contacts.second)
    tops = {n: _top(things, n) for n in names}
    found: list[Happening] = []
    last: dict[tuple[str, str], float] = {}
    for i in np.argsort(contacts.time, kind="stable"):
        time = float(contacts.time[i])
        if time >= seconds:
            break
        pair = tops[names[world.owners[contacts.first[i]]]], tops[names[world.owners[contacts.second[i]]]]
        one, other = sorted(pair)
        new = bool(contacts.fresh[i]) and time - last.get((one, other), -np.inf) > SETTLED
        last[one, other] = time
        if one == other or not new:
            continue
        if contacts.closing[i] < IMPACT:
            continue
        at, before = contacts.point[i], max(time - world.scene.timestep, 0.0)
        speeds = {n: _speed(world, names[world.owners[g[i]]], before, at) for n, g in zip(pair, touching, strict=True)}
        faster = float(np.linalg.norm(speeds[other])) > float(np.linalg.norm(speeds[one])) + 1e-9
        who = (other, one) if faster else (one, other)
        ground = things[who[1]].cls in BACKDROP
        met, push = float(contacts.onset[i]), float(contacts.impulse[i])
        found.append(Happening("land" if ground else "hit", met, met, who[:1] if ground else who, push))
    return found


def _top(things: dict[str, Thing], name: str) -> str:
    while (parent := things[name].parent) is not None:
        name = parent
    return name


def _speed(world: World, name: str, time: float, place: Array) -> Array:
    """Velocity (3,) of the point of a thing that is at a place in the world."""
    motion = world.motion(name, [time])
    return motion.at(motion.rotation[0].T @ (place - motion.position[0])).velocity[0]


def _starts_and_stops(thing: Thing, times: Array, speed: Array) -> list[Happening]:
    found: list[Happening] = []
    moving = bool(speed[0] > FAST)
    for i in range(1, len(times)):
        later = times[i:] < times[i] + REST
        if (speed[i:][later] < SLOW).all() if moving else speed[i] > FAST:
            moving = not moving
            time = float(times[i])
            found.append(Happening("start" if moving else "stop", time, time, (thing.name,)))
    return found


def _turns(thing: Thing, times: Array, turn: Array, velocity: Array) -> list[Happening]:
    """Changes of heading of at least 25 degrees of something that drives or walks."""
    if thing.motion != "path" or np.linalg.norm(velocity, axis=1).max() < FAST:
        return []
    heading = np.unwrap(np.arctan2(turn[:, 1, 0], turn[:, 0, 0]))
    rate = np.gradient(heading, times) if len(times) > 2 else np.zeros(len(times))
    busy = np.abs(rate) > 0.05
    found, i = [], 0
    while i < len(times):
        j = i
        while j < len(times) and busy[j] and np.sign(rate[j]) == np.sign(rate[i]):
            j += 1
        by = heading[j - 1] - heading[i] if j > i else 0.0
        if abs(by) >= TURN:
            kind: Kind = "turn left" if by > 0 else "turn right"
            found.append(Happening(kind, float(times[i]), float(times[j - 1]), (thing.name,)))
        i = max(j, i + 1)
    return found


def _near_misses(world: World, times: Array) -> list[Happening]:
    movers = [t for t in world.scene.things if t.motion == "path"]
    places = {t.name: tracked(world, t, times) for t in movers}
    found = []
    for i, a in enumerate(movers):
        for b in movers[i + 1 :]:
            near = closest((a, b), (places[a.name], places[b.name]))
            if near.gap > 0 and (near.time < SOON or (near.gap < CLOSE and near.speed > PASSING)):
                at = float(times[near.at])
                found.append(Happening("near miss", at, at, (a.name, b.name), near.gap))
    return found


@final
@dataclass(frozen=True)
class Closest(Recorded):
    """How closely two things pass: least gap, m; least time to collision, s (inf: never on course); relative speed,
    m/s, and index of the time at the least gap."""

    gap: float
    time: float
    speed: float
    at: int


def closest(pair: tuple[Thing, Thing], places: tuple[Tracks, Tracks]) -> Closest:
    """How closely two upright things pass, from their positions, rotations and velocities at some times."""
    (a, turn_a, va), (b, turn_b, vb) = places
    relative = np.linalg.norm(va[:, :2] - vb[:, :2], axis=1)
    reach = sum(float(np.linalg.norm(np.maximum(*map(np.abs, footprint.extent(t)))[:2])) for t in pair)
    far = np.linalg.norm(a[:, :2] - b[:, :2], axis=1) - reach
    at = int(np.argmin(far))
    if (far > CLOSE + SOON * relative).all():
        return Closest(float(far[at]), np.inf, float(relative[at]), at)
    room = [footprint.corners(t, p, r) for t, p, r in zip(pair, (a, b), (turn_a, turn_b), strict=True)]
    gaps = footprint.gap(room[0], room[1])
    soon = footprint.time_to_collision(room[0], room[1], va[:, :2], vb[:, :2])
    at = int(np.argmin(gaps))
    return Closest(float(gaps[at]), float(soon.min()), float(relative[at]), at)
