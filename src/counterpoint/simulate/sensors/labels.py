"""Truth in space and time: boxes around things, how they move, and what touches what."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Modality
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.pose import Pose
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.simulate.footprint import extent
from counterpoint.simulate.scene import Scene, Thing
from counterpoint.simulate.sensor import BACKDROP, Clock, Sensed, Sensor
from counterpoint.simulate.world import Motion, World

GAP = 0.02
"""s: two touches of the same things that are closer than this are one."""


@final
@dataclass(frozen=True)
class Labels(Sensor):
    """What is true of every thing, without noise.

    Parts, all with the prefix ``NAME_`` unless the name is ``labels``: ``boxes3d`` (every thing but grounds and walls,
    at the key moment); ``tracks`` (Series of all things that can move: ``THING.way_x`` … the way since 0 s,
    ``THING.speed_x`` …, ``THING.rate_x`` … and ``THING.heading``, in the world); ``track_THING`` (the same things as
    Pose, where they are); ``contacts`` (who touches whom, from when to when). A part that would be empty is left out,
    but for the boxes.

    Attributes:
        name: of the sensor.
        rate: rows a second of the tracks.
        poses: whether the tracks are also given as poses.
    """

    name: str = "labels"
    rate: float = 50.0
    poses: bool = True

    def __post_init__(self) -> None:
        checked(self, rate=(0.1, 1e4, "rows/s"))

    def check(self, scene: Scene) -> None:
        """There is always something true to say."""

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        parts: dict[str, Modality] = {"boxes3d": _boxes(world, clock.moment)}
        times = np.arange(int(clock.seconds * self.rate + 1e-9)) / self.rate
        movers = [t for t in world.scene.things if t.motion != "fixed" and len(times)]
        motions = {t.name: world.motion(t.name, times) for t in movers}
        if motions:
            parts["tracks"] = _tracks(motions, times, self.rate)
        if self.poses:
            parts |= {f"track_{name}": _pose(m, times) for name, m in motions.items()}
        touches = _touches(world, clock.seconds)
        if touches is not None:
            parts["contacts"] = touches
        prefix = "" if self.name == "labels" else f"{self.name}_"
        return Sensed({prefix + name: part for name, part in parts.items()})


def _boxes(world: World, time: float) -> Boxes3d:
    rows: list[tuple[Any, ...]] = []
    for thing in world.scene.things:
        low, high = extent(thing)
        if thing.cls in BACKDROP or (high == low).all():
            continue
        middle = world.motion(thing.name, [time]).at((low + high) / 2)
        rows.append((middle.position[0], high - low, middle.rotation[0], middle.velocity[0], thing.name, thing.cls))
    centres, sizes, turns, speeds, ids, names = zip(*rows, strict=True) if rows else ((),) * 6
    return Boxes3d(
        np.array(centres), np.array(sizes), np.array(turns), tuple(ids), tuple(names), velocities=np.array(speeds)
    )


def _tracks(motions: dict[str, Motion], times: NDArray[np.float64], rate: float) -> Series:
    values, columns = [], []
    for name, m in motions.items():
        groups = (("way", "m", "polar", 0, m.position - m.position[0]), ("speed", "m/s", "polar", 1, m.velocity),
                  ("rate", "rad/s", "axial", 1, m.rate))  # fmt: skip
        for what, unit, kind, order, three in groups:
            for i, axis in enumerate("xyz"):
                columns.append(Column(f"{name}.{what}_{axis}", unit, kind, f"{name}.{what}", axis, order))  # type: ignore[arg-type]  # from the literals above
                values.append(three[:, i])
        columns.append(Column(f"{name}.heading", "rad", "angle"))
        values.append(np.arctan2(m.rotation[:, 1, 0], m.rotation[:, 0, 0]))
    return Series(times, np.array(values).T, tuple(columns), rate)


def _pose(motion: Motion, times: NDArray[np.float64]) -> Pose:
    poses = np.tile(np.eye(4), (len(times), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = motion.rotation, motion.position
    return Pose(times, poses)


def _touches(world: World, seconds: float) -> Spans | None:
    """One row for every time that two things touch, as long as they do, by start and by names."""
    contacts, owners, step = world.contacts, world.owners, world.scene.timestep
    moments: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for first, second, onset, time in zip(
        owners[contacts.first].tolist(),
        owners[contacts.second].tolist(),
        contacts.onset.tolist(),
        contacts.time.tolist(),
        strict=True,
    ):
        if first != second and onset < seconds:
            moments[min(first, second), max(first, second)].append((onset, min(time + step, seconds)))
    rows = []
    for pair, found in moments.items():
        start, end = found[0]
        for onset, after in found[1:]:
            if onset > end + GAP:
                rows.append((start, end, pair))
                start = onset
            end = max(end, after)
        rows.append((start, end, pair))
    if not rows:
        return None
    things: list[Thing] = [world.scene.thing(n) for n in world.names]
    rows.sort()
    return Spans(
        np.array([r[0] for r in rows]),
        np.array([r[1] for r in rows]),
        tuple(_sentence(things[a], things[b]) for _, _, (a, b) in rows),
        "events",
    )


def _sentence(one: Thing, other: Thing) -> str:
    """The thing that moves touches the other."""
    a, b = (other, one) if one.cls in BACKDROP or (one.motion == "fixed" and other.motion != "fixed") else (one, other)
    return f"{a.name} touches {b.name}"
