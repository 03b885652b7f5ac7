"""A layout without code: a YAML file of ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import count
from math import dist, log, radians
from pathlib import Path
from typing import Any, Literal, final, get_type_hints

from counterpoint.catalog import find
from counterpoint.core.keys import Key
from counterpoint.core.kinds import fits, plain, said
from counterpoint.core.medium import Medium
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate.layout import Layout, Staged, layout_from
from counterpoint.simulate.props import ALL_STUFF, COLOURS, FORMS, known, number, one
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, Vector, heading, looking
from counterpoint.simulate.sensor import Clock, Sensor

_LIGHT = {"day": (0.85, 0.4), "dusk": (0.3, 0.15), "night": (0.06, 0.03)}
_SHAPES = {"cube": "box", "ball": "sphere", "cylinder": "cylinder"}
_THING: dict[str, Any] = {
    "cls": "", "count": 1, "form": FORMS, "size": 0.05, "material": ("plastic",), "colour": tuple(COLOURS),
    "position": (0.0, 0.0, 1.0), "velocity": (0.0, 0.0, 0.0), "spin": (0.0, 0.0, 0.0), "yaw": (0.0, 360.0),
    "motion": "free",
}  # fmt: skip
_MOUNT = ("carried_by", "at", "look_at")


@final
@dataclass(frozen=True)
class Declared(Layout):
    """Simple things at drawn places on level ground, and any sensors, from a YAML file of ranges.

    Every thing has ``cls``, ``count``, ``form``, ``size`` (half of its height, m), ``material``, ``colour``,
    ``position``, ``velocity``, ``spin`` (three numbers or ranges each: m, m/s, rad/s), ``yaw`` (degrees) and ``motion``
    (free or fixed); words may be lists to draw from. Things never overlap at the start. A sensor is its name in the
    catalogue with its settings, and for its mount ``at``, ``look_at`` (m) and ``carried_by`` (say ``thing_1``).

    Attributes:
        things: kinds of things, each a mapping of ranges.
        sensors: each a mapping of one name to settings.
        seconds: length of the scene.
        moment: of everything that a sample has once, s.
        timestep: of the physics, s.
        light: time of the day.
        weather, visibility: what hangs in the air, and how far one sees through it, m.

    Raises:
        RecipeError: a setting is unknown, of the wrong kind or out of range.
    """

    things: tuple[Mapping, ...]
    sensors: tuple[Mapping, ...]
    seconds: float = 2.0
    moment: Range = 0.0
    timestep: float = 0.002
    light: Literal["day", "dusk", "night"] = "day"
    weather: Literal["clear", "fog", "dust"] = "clear"
    visibility: Range = (20.0, 200.0)

    def __post_init__(self) -> None:
        checked(self, seconds=(0.01, 600, "s"), moment=(0, self.seconds, "s"), timestep=(1e-5, 0.02, "s"),
                visibility=(1, 1e5, "m"))  # fmt: skip
        ordered(self, "moment", "visibility")
        if not self.things or not self.sensors:
            raise RecipeError("layout 'declared' needs at least one thing and one sensor.")
        for spec in self.things:
            _check_thing(spec)
        for spec in self.sensors:
            _sensor(spec)

    def draw(self, key: Key) -> Staged:
        ground = Thing("ground", "ground", (Geom("plane", (0.0, 0.0, 1.0), texture="noise"),), motion="fixed")
        power, ambient = _LIGHT[self.light]
        far = drawn(self.visibility, key.at("visibility").stream())
        scene = Scene(
            self.seconds,
            (ground, *self._drawn_things(key)),
            timestep=self.timestep,
            lamps=(Lamp((0.4, 0.3, -1.0), power=power),),
            ambient=ambient,
            medium=None if self.weather == "clear" else Medium(self.weather, log(20) / far),
            layout=self.name(),
            facts=(("light", self.light), ("weather", self.weather)),
        )
        moment = drawn(self.moment, key.at("moment").stream())
        return Staged(scene, tuple(_sensor(spec) for spec in self.sensors), Clock(self.seconds, moment))

    def _drawn_things(self, key: Key) -> list[Thing]:
        things: list[Thing] = []
        for s, spec in enumerate(self.things):
            for i in range(number(key.at("count", s), plain(spec.get("count", 1)))):
                mine = key.at("thing", s, i)
                for attempt in count():
                    thing = _thing(mine, attempt, spec, len(things) + 1)
                    gap = min((dist(thing.position, t.position) - _reach(thing) - _reach(t) for t in things), default=1)
                    if gap > 0:
                        things.append(thing)
                        break
                    if attempt > 1000:
                        raise RecipeError(f"layout 'declared': {thing.cls} {i + 1} finds no room; widen its position.")
        return things


def from_yaml(path: Path) -> Layout:
    """The layout in a YAML file.

    Raises:
        RecipeError: it cannot be read, or a setting is wrong.
    """
    return layout_from(Declared.name(), read_ranges(path))


def read_ranges(path: Path) -> dict[str, Any]:
    """The settings in a YAML file, not yet checked."""
    import yaml

    if not path.is_file():
        raise RecipeError(f"there is no such layout file: {path}.")
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise RecipeError(f"{path.name} is not valid YAML: {e}") from e
    if not isinstance(found, dict):
        raise RecipeError(f"{path.name} holds no settings; write things: and sensors:, see examples/layouts/.")
    return found


def _check_thing(spec: Mapping[str, Any]) -> None:
    for name, value in spec.items():
        if name not in _THING:
            raise RecipeError(str(UnknownNameError("setting of a thing", str(name), _THING)))
        value = plain(value)
        if name in ("position", "velocity", "spin"):
            hint: Any = tuple[Range, Range, Range]
        else:
            hint = {"count": int | tuple[int, int], "size": Range, "yaw": Range}.get(name, str | tuple[str, ...])
        if not fits(hint, value):
            raise RecipeError(f"thing {dict(spec)!r}: {name}={value!r} is not {said(hint)}.")
    for name, options in (("form", FORMS), ("material", ALL_STUFF), ("colour", tuple(COLOURS))):
        known("declared", name, _listed(spec.get(name, _THING[name])), options)
    known("declared", "motion", (spec.get("motion", "free"),), ("free", "fixed"))
    size = plain(spec.get("size", 0.05))
    if min(size if isinstance(size, tuple) else (size,)) <= 0:
        raise RecipeError(f"thing {dict(spec)!r}: size={size!r} must be above 0 m.")


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _thing(key: Key, attempt: int, spec: Mapping[str, Any], index: int) -> Thing:
    given = {**_THING, **spec}
    form, material, colour = (one(key.at(n), _listed(given[n])) for n in ("form", "material", "colour"))
    size = drawn(plain(given["size"]), key.at("size").stream())
    x, y, z = _three(given["position"], key.at("position", attempt))
    geom = Geom(_SHAPES[form], (size, size, size), material, COLOURS[colour])  # type: ignore[arg-type]
    return Thing(
        f"thing_{index}",
        given["cls"] or form,
        (geom,),
        position=(x, y, max(z, size)),
        quaternion=heading(radians(drawn(plain(given["yaw"]), key.at("yaw").stream()))),
        velocity=_three(given["velocity"], key.at("velocity")),
        spin=_three(given["spin"], key.at("spin")),
        motion=given["motion"],
        words=(("colour", colour), ("material", material), ("shape", form)),
    )


def _three(value: Any, key: Key) -> Vector:
    x, y, z = (drawn(plain(v), key.at(axis).stream()) for v, axis in zip(value, "xyz", strict=True))
    return (x, y, z)


def _reach(thing: Thing) -> float:
    """Radius of the ball about its centre that holds a thing, m."""
    geom = thing.geoms[0]
    return geom.size[0] * {"box": 3**0.5, "sphere": 1.0}.get(geom.shape, 2**0.5)


def _sensor(spec: Mapping[str, Any]) -> Sensor:
    if len(spec) != 1:
        raise RecipeError(f"{dict(spec)!r} is no sensor; write its name and then its settings: - imu: {{on: thing_1}}.")
    (name, given), *_ = spec.items()
    cls: type[Sensor] = find("sensors", str(name))
    hints = get_type_hints(cls)
    names = [f.name for f in fields(cls) if f.name != "mount"]  # type: ignore[arg-type]  # a dataclass
    values: dict[str, Any] = {}
    for setting, value in dict(given or {}).items():
        if setting not in (*names, *(_MOUNT if "mount" in hints else ())):
            raise RecipeError(str(UnknownNameError(f"setting of sensor {name!r}", str(setting), [*names, *_MOUNT])))
        values[setting] = plain(value)
        hint = {"carried_by": str, "at": tuple[float, float, float], "look_at": tuple[float, float, float]}.get(
            setting, hints.get(setting)
        )
        if not fits(hint, values[setting]):
            raise RecipeError(f"sensor {name!r}: {setting}={value!r} is not {said(hint)}.")
    if any(m in values for m in _MOUNT):
        on, at, to = values.pop("carried_by", "world"), values.pop("at", (0.0, 0.0, 0.0)), values.pop("look_at", None)
        values["mount"] = Mount(on, at, looking(at, to)) if to else Mount(on, at)
    return cls(**values)
