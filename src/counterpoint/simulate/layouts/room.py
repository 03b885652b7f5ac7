"""Somebody who walks and speaks in a room with echoes, and an array of microphones that hears where."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin
from typing import final

from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.errors import RecipeError
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.props import known, one
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, Vector, Waypoint, looking
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.arrival import Arrival
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.microphone import Microphone

_WALLS = ("wood", "glass", "ceramic", "plastic", "rubber")
_CLOTHES: dict[str, Vector] = {"red": (0.68, 0.14, 0.14), "blue": (0.16, 0.29, 0.84), "green": (0.11, 0.41, 0.08)}
_LAYOUTS = ("array", "stereo", "ambisonic", "mono")


@final
@dataclass(frozen=True)
class Room(Layout):
    """A speaker on a walk through a shoebox room; ``arrival`` says from where the voice reaches the microphones.

    Attributes:
        length, width, height: of the room, m.
        walls: materials that are drawn from: they decide how much comes back.
        pace: of the walk, m/s.
        pitch: of the voice, Hz.
        level: of the voice, dB SPL at 1 m.
        microphone: ``array`` (a circle), ``stereo``, ``ambisonic`` or ``mono``.
        capsules, radius: of an array: how many, and of its circle, m.
        reflections: order of the echoes.
        seconds: of the clock.
        noise: whether microphones and camera are noisy.
        size: of the picture, px.
    """

    length: Range = (4.0, 8.0)
    width: Range = (3.0, 6.0)
    height: Range = (2.4, 3.5)
    walls: tuple[str, ...] = _WALLS
    pace: Range = (0.5, 1.4)
    pitch: Range = (95.0, 230.0)
    level: Range = (60.0, 70.0)
    microphone: str = "array"
    capsules: int = 4
    radius: float = 0.05
    reflections: int = 2
    seconds: float = 3.0
    noise: bool = True
    size: tuple[int, int] = (256, 192)

    def __post_init__(self) -> None:
        checked(
            self,
            length=(2.5, 40, "m"),
            width=(2.5, 40, "m"),
            height=(2.2, 15, "m"),
            pace=(0, 3, "m/s"),
            pitch=(60, 400, "Hz"),
            level=(30, 100, "dB SPL"),
            capsules=(2, 32, "capsules"),
            radius=(0.005, 0.5, "m"),
            reflections=(0, 6, ""),
            seconds=(0.2, 60, "s"),
            size=(16, 4096, "px"),
        )
        ordered(self, "length", "width", "height", "pace", "pitch", "level")
        known(self.name(), "walls", self.walls, _WALLS)
        known(self.name(), "microphone", (self.microphone,), _LAYOUTS)
        if int(self.capsules) != self.capsules or int(self.reflections) != self.reflections:
            raise RecipeError("layout 'room': capsules and reflections are whole numbers.")

    def draw(self, key: Key) -> Staged:
        seconds = round(self.seconds * 500) / 500
        size = tuple(drawn(getattr(self, n), key.at(n).stream()) for n in ("length", "width", "height"))
        material = one(key.at("walls"), self.walls)
        speaker = self._speaker(key.at("speaker"), size, seconds)
        place: Vector = (0.1 * size[0] * float(key.at("stand").stream().uniform(-1, 1)), 0.0, 1.2)
        scene = Scene(
            seconds,
            (*_shoebox(size, material), _stand(place), speaker),
            lamps=(Lamp(position=(0.0, 0.0, size[2] - 0.15), power=3.0),),
            ambient=0.5,
            layout=self.name(),
            facts=(("walls", material), ("length", size[0]), ("width", size[1]), ("height", size[2])),
        )
        return Staged(scene, self._sensors(place, size), Clock(seconds, 0.0))

    def _speaker(self, key: Key, size: tuple[float, ...], seconds: float) -> Thing:
        """A walk round the middle of the room, at a distance from walls and microphones."""
        stream = key.at("path").stream()
        pace = drawn(self.pace, key.at("pace").stream())
        a, b = size[0] / 2 - 0.7, size[1] / 2 - 0.7
        start, sense = float(stream.uniform(0, 2 * pi)), float(stream.choice([-1.0, 1.0]))
        turn = sense * pace * seconds / hypot(a, b) * 2**0.5
        count = max(3, round(seconds * 2))
        points = []
        for i in range(count + 1):
            angle = start + turn * i / count
            way = (-a * sin(angle) * sense, b * cos(angle) * sense)
            heading = atan2(way[1], way[0])
            points.append(Waypoint(seconds * i / count, (a * cos(angle), b * sin(angle), 1.5), heading))
        name, colour = one(key.at("clothes"), tuple(_CLOTHES.items()))
        geoms = (
            Geom("sphere", (0.11, 0.0, 0.0), "skin", (0.85, 0.65, 0.52)),
            Geom("capsule", (0.17, 0.3, 0.0), "skin", colour, (-0.03, 0.0, -0.55)),
            *(Geom("capsule", (0.075, 0.28, 0.0), "skin", (0.15, 0.15, 0.2), (-0.03, y, -1.14)) for y in (0.09, -0.09)),
        )
        sound = (
            ("voice", drawn(self.pitch, key.at("pitch").stream())),
            ("voice_level", drawn(self.level, key.at("level").stream())),
            ("seed", float(key.at("words").stream().integers(2**31))),
        )
        words = (("colour", name), ("shape", "person"))
        return Thing("speaker", "person", geoms, motion="path", path=tuple(points), words=words, sound=sound)

    def _sensors(self, place: Vector, size: tuple[float, ...]) -> tuple[Sensor, ...]:
        mount = Mount("world", place)
        ring: tuple[Vector, ...] = ()
        if self.microphone == "array":
            n = int(self.capsules)
            ring = tuple((self.radius * cos(2 * pi * k / n), self.radius * sin(2 * pi * k / n), 0.0) for k in range(n))
        corner: Vector = (-size[0] / 2 + 0.25, -size[1] / 2 + 0.25, size[2] - 0.35)
        eye = Mount("world", corner, looking(corner, (0.15 * size[0], 0.1 * size[1], 0.8)))
        return (
            Microphone(
                "microphone",
                mount,
                self.microphone,  # type: ignore[arg-type]  # checked in __post_init__
                ring,
                full_scale=0.6325,
                reflections=int(self.reflections),
                noise=self.noise,
            ),
            Arrival("arrival", mount, "speaker"),
            RayCamera("camera", eye, self.size, field_of_view=85.0, noise=self.noise),
        )


def _stand(place: Vector) -> Thing:
    """The thin stand that carries the microphones; they are just above it."""
    geoms = (
        Geom("cylinder", (0.022, place[2] / 2 - 0.03, 0.0), "metal", (0.1, 0.1, 0.1), (0.0, 0.0, -place[2] / 2)),
        Geom("cylinder", (0.13, 0.01, 0.0), "metal", (0.1, 0.1, 0.1), (0.0, 0.0, 0.01 - place[2])),
        Geom("sphere", (0.03, 0.0, 0.0), "metal", (0.2, 0.2, 0.2), (0.0, 0.0, -0.035)),
    )
    return Thing("stand", "stand", geoms, position=place, motion="fixed", words=(("shape", "microphone"),))


def _shoebox(size: tuple[float, ...], material: str) -> tuple[Thing, ...]:
    """Floor, ceiling and four walls; their inner faces are the room."""
    x, y, z, thick = size[0] / 2, size[1] / 2, size[2] / 2, 0.05
    tint: Vector = (0.82, 0.8, 0.74)
    floor = Geom("plane", (0.0, 0.0, 1.0), "wood", (0.5, 0.36, 0.22), texture="stripes")

    def wall(name: str, half: Vector, at: Vector) -> Thing:
        return Thing(name, "wall", (Geom("box", half, material, tint),), position=at, motion="fixed")

    return (
        Thing("ground", "ground", (floor,), motion="fixed"),
        wall("front", (thick, y + 2 * thick, z), (x + thick, 0.0, z)),
        wall("back", (thick, y + 2 * thick, z), (-x - thick, 0.0, z)),
        wall("left", (x, thick, z), (0.0, y + thick, z)),
        wall("right", (x, thick, z), (0.0, -y - thick, z)),
        wall("ceiling", (x + 2 * thick, y + 2 * thick, thick), (0.0, 0.0, size[2] + thick)),
    )
