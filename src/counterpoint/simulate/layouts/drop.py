"""Things that fall into a tray and hit it and each other, to be seen, measured and heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from math import cos, hypot, sin, tau
from typing import Any, final

from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.errors import RecipeError
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.props import ALL_STUFF, COLOURS, FORMS, SIZES, drawn_prop, footprint, known, number
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, Vector, looking
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.imu import Imu
from counterpoint.simulate.sensors.labels import Labels
from counterpoint.simulate.sensors.lidar import Lidar
from counterpoint.simulate.sensors.microphone import Microphone
from counterpoint.simulate.sensors.narrator import Narrator

SECONDS = 2.0
_TRAY = 0.36  # half of its side, m
_HALF = 0.22  # of the square over which things are let go, m
_VIEW = 52.0  # degrees of the width
_EYE: Vector = (-1.15, 0.32, 0.66)


@final
@dataclass(frozen=True)
class Drop(Layout):
    """Things let go above a wooden tray: they fall, spin, bounce and collide for two seconds.

    A camera films them, a LiDAR sweeps over them, a microphone hears every blow, and an IMU lies in the middle of the
    first thing.

    Attributes:
        objects: how many.
        forms, sizes, materials, colours: what is drawn from, all as likely.
        height: of the centres at the start, m; more where they would touch.
        speed: sideways at the start, m/s.
        spin: at the start, rad/s.
        meet: whether the first two things are thrown at each other so that they hit in the air.
        moment: of the picture and of everything that a sample has once, s.
        size: of the picture and the film, px.
        lidar: whether there is one; 20 sweeps of 65,536 rays cost more than everything else.

    Raises:
        RecipeError: a setting is out of range, or names what is not known.
    """

    objects: int | tuple[int, int] = (2, 5)
    forms: tuple[str, ...] = FORMS
    sizes: tuple[str, ...] = tuple(SIZES)
    materials: tuple[str, ...] = ("rubber", "metal", "wood", "glass", "ceramic", "plastic")
    colours: tuple[str, ...] = tuple(COLOURS)
    height: Range = (0.35, 0.9)
    speed: Range = (0.0, 0.4)
    spin: Range = (0.0, 8.0)
    meet: bool = False
    moment: Range = 1.0
    size: tuple[int, int] = (256, 256)
    lidar: bool = True

    def __post_init__(self) -> None:
        checked(
            self,
            objects=(1, 8, "things"),
            height=(0.15, 3, "m"),
            speed=(0, 2, "m/s"),
            spin=(0, 50, "rad/s"),
            moment=(0, SECONDS, "s"),
            size=(16, 4096, "px"),
        )
        ordered(self, "objects", "height", "speed", "spin", "moment")
        for setting, names in (("forms", FORMS), ("sizes", SIZES), ("materials", ALL_STUFF), ("colours", COLOURS)):
            known(self.name(), setting, getattr(self, setting), names)
        low = self.objects[0] if isinstance(self.objects, tuple) else self.objects
        if self.meet and low < 2:
            raise RecipeError("layout 'drop': two things can only meet where there are two; set objects to 2 or more.")

    def draw(self, key: Key) -> Staged:
        things = self._falling(key)
        facts = (("event", "meet in the air" if self.meet else "fall"), ("objects", len(things)))
        scene = Scene(
            SECONDS,
            (*_tray(), *things),
            lamps=(Lamp((0.5, -0.45, -1.0), power=0.85),),
            ambient=0.4,
            layout=self.name(),
            facts=facts,
        )
        moment = drawn(self.moment, key.at("moment").stream())
        return Staged(scene, self._sensors(things[0].name), Clock(SECONDS, moment))

    def _falling(self, key: Key) -> tuple[Thing, ...]:
        """Things in the air that do not touch at the start; begun anew, with more room above, where one finds none."""
        n = number(key.at("objects"), self.objects)
        for attempt in count():
            things: list[Thing] = []
            for i in range(n):
                thing = self._let_go(key.at("thing", i), i, attempt, things)
                if thing is None:
                    break
                things.append(thing)
            if len(things) == n:
                break
        return _thrown_together(things) if self.meet else tuple(things)

    def _let_go(self, key: Key, i: int, attempt: int, others: list[Thing]) -> Thing | None:
        choice = (self.forms, self.sizes, self.materials, self.colours)
        state = self._state(key)
        reach = 1.25 * footprint(drawn_prop(key, "", choice))  # of its corners, however it turns
        stream = key.at("place", attempt).stream()
        for _ in range(100):
            x, y = stream.uniform(-_HALF, _HALF, 2)
            z = max(drawn(self.height, stream), reach + 0.02) + stream.random() * attempt / 20
            apart = (hypot(x - o.position[0], y - o.position[1], z - o.position[2]) - 1.25 * footprint(o)
                     for o in others)  # fmt: skip
            if min(apart, default=1.0) > reach + 0.02:
                return drawn_prop(key, f"thing_{i + 1}", choice, position=(float(x), float(y), float(z)), **state)
        return None

    def _state(self, key: Key) -> dict[str, Any]:
        """How a thing is turned and moves when it is let go."""
        way = tau * key.at("way").stream().random()
        speed, spin = drawn(self.speed, key.at("speed").stream()), drawn(self.spin, key.at("spin").stream())
        axis = key.at("axis").stream().standard_normal(3)
        turn = key.at("turn").stream().standard_normal(4)
        return {
            "velocity": (speed * cos(way), speed * sin(way), 0.0),
            "spin": tuple(float(v) for v in spin * axis / hypot(*axis)),
            "quaternion": tuple(float(v) for v in turn / hypot(*turn)),
        }

    def _sensors(self, first: str) -> tuple[Sensor, ...]:
        mount = Mount("world", _EYE, looking(_EYE, (0.0, 0.0, 0.2)))
        aside: Vector = (-1.2, -0.8, 0.5)
        sensors: list[Sensor] = [
            RayCamera("camera", mount, self.size, field_of_view=_VIEW, frames=True, classes=("ground", "wall", *FORMS)),
            Microphone("microphone", Mount("world", (-0.9, 0.0, 0.5)), layout="stereo"),
            Imu("imu", Mount(first)),
            Labels("labels", poses=False),
            Narrator("narrator", "camera", mount, self.size, field_of_view=_VIEW),
        ]
        if self.lidar:
            sensors.insert(1, Lidar("lidar", Mount("world", aside, looking(aside, (0.0, 0.0, 0.4)))))
        return tuple(sensors)


def _tray() -> tuple[Thing, ...]:
    """The ground, and four low walls that keep things in."""
    ground = Thing(
        "ground",
        "ground",
        (Geom("plane", (0.0, 0.0, 1.0), "wood", (0.6, 0.57, 0.52), texture="noise"),),
        motion="fixed",
    )
    geoms = []
    for along, across, x, y in (
        (0.012, _TRAY, _TRAY, 0.0), (0.012, _TRAY, -_TRAY, 0.0), (_TRAY, 0.012, 0.0, _TRAY), (_TRAY, 0.012, 0.0, -_TRAY)
    ):  # fmt: skip
        geoms.append(Geom("box", (along, across, 0.04), "wood", (0.45, 0.3, 0.18), (x, y, 0.04)))
    return ground, Thing("tray", "wall", tuple(geoms), motion="fixed")


def _thrown_together(things: list[Thing]) -> tuple[Thing, ...]:
    """The first two on one height, each with half of the speed that closes their gap before they land.

    Both fall alike, so they meet wherever gravity has brought them by then.
    """
    one, two, *rest = things
    height = max(one.position[2], two.position[2])
    time = 0.6 * (2 * max(height - 0.15, 0.05) / 9.81) ** 0.5
    apart = [b - a for a, b in zip(one.position[:2], two.position[:2], strict=True)]
    vx, vy = (d / 2 / time for d in apart)
    return (
        replace(one, position=(*one.position[:2], height), velocity=(vx, vy, 0.0)),
        replace(two, position=(*two.position[:2], height), velocity=(-vx, -vy, 0.0)),
        *rest,
    )
