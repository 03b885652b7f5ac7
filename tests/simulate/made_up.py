"""A small layout with a sensor that only says where things are; also a plugin for runs in other processes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.ranges import Range, checked, drawn
from counterpoint.core.rig import Frame
from counterpoint.errors import RecipeError
from counterpoint.modalities.label import Label
from counterpoint.modalities.series import Column, Series
from counterpoint.modalities.text import Text
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.props import prop
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

PLUGIN = "tests.simulate.made_up"


@final
@dataclass(frozen=True)
class Probe(Sensor):
    """Where one thing is, with noise; ``seconds`` is how long it takes over it."""

    name: str = "probe"
    mount: Mount = Mount("ball")
    rate: float = 50.0
    noise: bool = True
    seconds: float = 0.0

    @property
    def period(self) -> float | None:
        return 1 / self.rate

    def check(self, scene: Scene) -> None:
        if scene.gravity > 0:
            raise RecipeError("probe: things fall up here; choose a gravity below 0.")

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        time.sleep(self.seconds)
        times = np.arange(round(clock.seconds * self.rate)) / self.rate
        at = world.motion(self.mount.on, times).position
        if self.noise:
            at = at + 0.001 * key.stream().standard_normal(at.shape)
        columns = tuple(Column(axis, "m", "scalar") for axis in "xyz")
        parts = {self.name: Series(times, at, columns, rate=self.rate)}
        return Sensed(parts, frames={self.name: Frame()})


@final
@dataclass(frozen=True)
class Air(Sensor):
    """The weather and the time of the day in words."""

    name: str = "air"

    def check(self, scene: Scene) -> None:
        return None

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        kind = world.scene.medium.kind if world.scene.medium else "clear"
        return Sensed({"label": Label(((kind, 1.0),)), "light": Text(str(dict(world.scene.facts)["light"]))})


@final
@dataclass(frozen=True)
class Dropped(Layout):
    """A ball that falls beside a cube."""

    height: Range = (0.5, 1.0)
    light: Literal["day", "night"] = "day"
    weather: Literal["clear", "fog"] = "clear"
    visibility: Range = (50.0, 100.0)
    rare: bool = False
    rate: float = 50.0
    on: str = "ball"
    air: bool = True
    pause: float = 0.0
    colour: str = "red"

    def __post_init__(self) -> None:
        checked(self, height=(0.1, 5, "m"), visibility=(1, 1000, "m"))

    def draw(self, key: Key) -> Staged:
        height = drawn(self.height, key.at("height").stream())
        far = drawn(self.visibility, key.at("visibility").stream())
        ball = prop("ball", "ball", "small", "rubber", self.colour, position=(0.0, 0.0, height))
        cube = prop("cube", "cube", "large", "wood", "blue", position=(0.5, 0.0, 0.3))
        ground = Thing("table", "ground", (Geom("plane", (0.0, 0.0, 1.0)),), motion="fixed")
        scene = Scene(
            0.4,
            (ground, ball, cube),
            medium=Medium("fog", float(np.log(20) / far)) if self.weather == "fog" else None,
            layout=self.name(),
            facts=(("light", self.light), ("height", height), ("rare", "yes" if self.rare else "no")),
        )
        probe = Probe("probe", Mount(self.on), self.rate, seconds=self.pause)
        beside = Probe("beside", Mount("cube"), 100.0)
        air = (Air(),) if self.air else ()
        return Staged(scene, (probe, *air, beside), Clock(0.4, 0.2))


def recipe(folder: Path, name: str = "recipe.yaml", n: int = 6, make: tuple[Any, ...] = (), **settings: Any) -> Path:
    """A recipe that simulates; JSON is YAML."""
    values = {
        "title": "made up",
        "seed": 5,
        "plugins": [PLUGIN],
        "make": [{"simulate": {"layout": "dropped", "n": n, "set": settings}}, *make],
        "write": {"path": "out", "samples_per_shard": 2},
    }
    path = folder / name
    path.write_text(json.dumps(values, indent=1))
    return path
