"""The contract of a layout: settings from which scenes are drawn, each with its sensors and its clock.

To add one, write one file in ``simulate/layouts/`` with one final frozen dataclass that derives from ``Layout``. Its
fields are the settings that people give (``--set weather=fog``): numbers and ranges (``core.ranges``), words
(``Literal``), yes or no. ``__post_init__`` refuses what is out of range, so that nobody waits for a wrong request.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, final, get_type_hints

from counterpoint.catalog import find, snake
from counterpoint.core.keys import Key
from counterpoint.core.kinds import fits, plain, said
from counterpoint.core.serial import Recorded, canonical
from counterpoint.errors import AlignmentError, RecipeError, UnknownNameError
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensor


@final
@dataclass(frozen=True)
class Staged(Recorded):
    """One drawn scene with the sensors that look at it and the clock that they share.

    Attributes:
        scene: what happens.
        sensors: in a fixed order; names are unique.
        clock: what is recorded of it.
    """

    scene: Scene
    sensors: tuple[Sensor, ...]
    clock: Clock

    def check(self) -> None:
        """Refuse what cannot be recorded, before anything is rolled out.

        Raises:
            RecipeError: two sensors of one name.
            UnknownNameError: a sensor that is mounted on something that the scene does not have.
            AlignmentError: a clock longer than the scene, or a sensor whose looks do not fall on steps of the physics.
        """
        scene, clock = self.scene, self.clock
        where = f"layout {scene.layout!r}" if scene.layout else "this scene"
        twice = [n for n, count in Counter(s.name for s in self.sensors).items() if count > 1]
        if twice:
            raise RecipeError(f"{where} has {len(self.sensors)} sensors, of which two are called {twice[0]!r}: rename.")
        if not 0 < clock.seconds <= scene.seconds + 1e-9 or not 0 <= clock.moment <= clock.seconds:
            raise AlignmentError(
                f"{where} is recorded for {clock.seconds:g} s with its moment at {clock.moment:g} s, but lasts "
                f"{scene.seconds:g} s. Record at most what happens, and choose a moment inside."
            )
        names = {t.name for t in scene.things}
        for sensor in self.sensors:
            for mount in _mounts(sensor):
                if mount.on != "world" and mount.on not in names:
                    raise UnknownNameError(f"thing in {where} to carry sensor {sensor.name!r}", mount.on, names)
            steps = (sensor.period or scene.timestep) / scene.timestep
            if steps < 1 - 1e-9 or abs(steps - round(steps)) > 1e-6:
                raise AlignmentError(
                    f"sensor {sensor.name!r} looks every {sensor.period:g} s, which is {steps:.3f} steps of "
                    f"{scene.timestep:g} s in {where}. Choose a rate whose period is a whole number of steps."
                )
            sensor.check(scene)


class Layout(ABC, Recorded):
    """A kind of scene. Subclasses are final frozen dataclasses; their fields are its settings, with defaults.

    Two layouts that are equal draw equal scenes from equal keys. Draw every value from a stream of its own name
    (``key.at("colour", i).stream()``), so that a change of one setting leaves the others as they were.
    """

    @abstractmethod
    def draw(self, key: Key) -> Staged:
        """One scene with its sensors; random numbers come from ``key`` alone. ``scene.layout`` is ``self.name()``."""

    @classmethod
    def name(cls) -> str:
        """Name in the catalogue: the class name in snake case."""
        return snake(cls.__name__)

    @final
    def settings(self) -> dict[str, Any]:
        """Every setting by name, as JSON types; mappings in the order of their names, however they were written."""
        return {f.name: json.loads(canonical(getattr(self, f.name))) for f in fields(self)}  # type: ignore[arg-type]


def layout_from(name: str, settings: Mapping[str, Any]) -> Layout:
    """The layout of that name with some settings, which are plain values.

    Raises:
        UnknownNameError: there is no such layout.
        RecipeError: a setting is unknown, of the wrong kind or out of range.
    """
    cls: type[Layout] = find("layouts", name)
    hints, known = get_type_hints(cls), {f.name: f for f in fields(cls)}  # type: ignore[arg-type]  # a dataclass
    values = {}
    for setting, value in settings.items():
        if setting not in known:
            raise RecipeError(str(UnknownNameError(f"setting of layout {name!r}", setting, known)))
        values[setting] = plain(value)
        if not fits(hints[setting], values[setting]):
            raise RecipeError(f"layout {name!r}: {setting}={value!r} is not {said(hints[setting])}.")
    missing = [setting for setting in required(name) if setting not in values]
    if missing:
        raise RecipeError(f"layout {name!r} needs {' and '.join(missing)}.")
    return cls(**values)


def required(name: str) -> tuple[str, ...]:
    """Settings of a layout that have no default.

    Raises:
        UnknownNameError: there is no such layout.
    """
    cls: Any = find("layouts", name)
    return tuple(f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING)


def _mounts(sensor: Sensor) -> list[Mount]:
    values = (getattr(sensor, f.name) for f in fields(sensor))  # type: ignore[arg-type]  # a dataclass
    flat = (v for value in values for v in (value if isinstance(value, tuple) else (value,)))
    return [v for v in flat if isinstance(v, Mount)]
