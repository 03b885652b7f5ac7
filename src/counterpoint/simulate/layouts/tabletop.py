"""Shapes at rest on a table, to look at and to ask about."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import cos, hypot, pi, radians, sin
from typing import Literal, final

from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.props import (
    ALL_STUFF,
    COLOURS,
    FORMS,
    SIZES,
    STUFF,
    drawn_prop,
    footprint,
    known,
    number,
)
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, Vector, heading, looking
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.labels import Labels
from counterpoint.simulate.sensors.narrator import Narrator

_HALF = 0.36  # of the side of the square on which things stand, m
_VIEW = 44.0  # degrees of the width
_GAP = 0.03  # between two things, m
_LAMPS = {
    "day": (Lamp((0.4, 0.5, -1.0), power=0.85), 0.4),
    "dusk": (Lamp((0.9, 0.5, -0.6), colour=(1.0, 0.78, 0.55), power=0.7), 0.22),
    "night": (Lamp(position=(-0.3, 0.5, 1.1), colour=(1.0, 0.86, 0.7), power=0.55), 0.05),
}


@final
@dataclass(frozen=True)
class Tabletop(Layout):
    """Balls, cubes and cylinders at rest on a table, none of which touch, as in CLEVR (Johnson et al. 2017).

    One camera looks down on them; nothing moves.

    Attributes:
        objects: how many.
        forms, sizes, materials, colours: what is drawn from, all as likely.
        light: time of the day.
        elevation: of the camera above the table, degrees.
        distance: of the camera from the middle of the table, m.
        size: of the picture, px.

    Raises:
        RecipeError: a setting is out of range, or names what is not known.
    """

    objects: int | tuple[int, int] = (3, 10)
    forms: tuple[str, ...] = FORMS
    sizes: tuple[str, ...] = tuple(SIZES)
    materials: tuple[str, ...] = STUFF
    colours: tuple[str, ...] = tuple(COLOURS)
    light: Literal["day", "dusk", "night"] = "day"
    elevation: Range = (28.0, 42.0)
    distance: Range = (1.4, 1.6)
    size: tuple[int, int] = (320, 240)

    def __post_init__(self) -> None:
        checked(
            self,
            objects=(1, 12, "things"),
            elevation=(5, 85, "degrees"),
            distance=(0.8, 5, "m"),
            size=(16, 4096, "px"),
        )
        ordered(self, "objects", "elevation", "distance")
        for setting, names in (
            ("forms", FORMS),
            ("sizes", SIZES),
            ("materials", ALL_STUFF),
            ("colours", COLOURS),
        ):
            known(self.name(), setting, getattr(self, setting), names)

    def draw(self, key: Key) -> Staged:
        table = Thing(
            "table",
            "ground",
            (Geom("plane", (0.0, 0.0, 1.0), "wood", (0.72, 0.7, 0.67), texture="noise"),),
            motion="fixed",
        )
        lamp, ambient = _LAMPS[self.light]
        things = self._placed(key)
        scene = Scene(
            0.1,
            (table, *things),
            lamps=(lamp,),
            ambient=ambient,
            layout=self.name(),
            facts=(("light", self.light), ("objects", len(things))),
        )
        return Staged(scene, self._sensors(key.at("camera")), Clock(0.1, 0.0))

    def _placed(self, key: Key) -> tuple[Thing, ...]:
        """Things one after the other, each where it touches none; begun anew, with more room, where one finds none."""
        n = number(key.at("objects"), self.objects)
        for attempt in count():
            things: list[Thing] = []
            for i in range(n):
                thing = self._stood(key, i, attempt, things)
                if thing is None:
                    break
                things.append(thing)
            if len(things) == n:
                break
        return tuple(things)

    def _stood(self, key: Key, i: int, attempt: int, others: list[Thing]) -> Thing | None:
        mine = key.at("thing", i)
        thing = drawn_prop(mine, f"thing_{i + 1}", (self.forms, self.sizes, self.materials, self.colours))
        stream = mine.at("place", attempt).stream()
        half, room = thing.geoms[0].size[0], _HALF * (1 + attempt / 50)
        for _ in range(100):
            x, y, turn = stream.uniform((-room, -room, 0), (room, room, pi / 2))
            apart = (hypot(x - t.position[0], y - t.position[1]) - footprint(t) for t in others)
            if min(apart, default=_HALF) > footprint(thing) + _GAP:
                place = {"position": (float(x), float(y), half), "quaternion": heading(float(turn)), "motion": "fixed"}
                return drawn_prop(mine, thing.name, (self.forms, self.sizes, self.materials, self.colours), **place)
        return None

    def _sensors(self, key: Key) -> tuple[Sensor, ...]:
        up = radians(drawn(self.elevation, key.at("elevation").stream()))
        far = drawn(self.distance, key.at("distance").stream())
        place: Vector = (-far * cos(up), 0.0, far * sin(up))
        mount = Mount("world", place, looking(place, (0.0, 0.0, 0.0)))
        return (
            RayCamera("camera", mount, self.size, field_of_view=_VIEW, classes=("ground", *FORMS)),
            Labels("labels", poses=False),
            Narrator("narrator", "camera", mount, self.size, field_of_view=_VIEW),
        )
