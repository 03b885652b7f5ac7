"""What is fixed to a machine: accelerometer, current clamp, thermometer; and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Modality
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.errors import AlignmentError
from counterpoint.modalities.label import Label
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.simulate import rotor
from counterpoint.simulate.scene import Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

HEALTHY = "healthy"
NAMED = {
    "outer": "bearing, outer race",
    "inner": "bearing, inner race",
    "imbalance": "imbalance",
    "looseness": "looseness",
}
"""What a failure is called in labels and events."""


@final
@dataclass(frozen=True)
class MachineMonitor(Sensor):
    """Watches one machine (a thing whose ``sound`` says how it turns: ``simulate.rotor``).

    Parts: ``NAME_vibration`` (m/s^2 in the frame of the machine, x along the shaft; without gravity), ``NAME_current``
    (A), ``NAME_temperature`` (°C), ``NAME_failure`` (label: healthy, or what is wrong), ``NAME_events`` (from when it
    is wrong).

    Attributes:
        name: of the sensor, and of its frame.
        on: the machine.
        rate: rows a second of the vibration.
        current_rate, temperature_rate: rows a second.
        vibration_noise, current_noise, temperature_noise: standard deviation of a row.
        noise: whether there is any.
    """

    name: str = "machine"
    on: str = "machine"
    rate: float = 25_600.0
    current_rate: float = 10_000.0
    temperature_rate: float = 10.0
    vibration_noise: float = 0.2
    current_noise: float = 0.02
    temperature_noise: float = 0.1
    noise: bool = True

    def __post_init__(self) -> None:
        checked(
            self,
            rate=(1, 96_000, "rows/s"),
            current_rate=(1, 96_000, "rows/s"),
            temperature_rate=(0.01, 1000, "rows/s"),
            vibration_noise=(0, 100, "m/s^2"),
            current_noise=(0, 100, "A"),
            temperature_noise=(0, 100, "°C"),
        )

    def check(self, scene: Scene) -> None:
        """
        Raises:
            UnknownNameError: the thing does not exist.
            AlignmentError: it is no machine.
        """
        if rotor.rotor(scene.thing(self.on)) is None:
            machines = [t.name for t in scene.things if rotor.rotor(t) is not None]
            raise AlignmentError(
                f"sensor {self.name!r} watches {self.on!r}, which does not turn: its sound has no 'shaft'. "
                f"Machines in this scene: {', '.join(machines) or 'none'}."
            )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        thing, air = world.scene.thing(self.on), float(dict(world.scene.facts).get("temperature", 20.0))
        machine = rotor.rotor(thing)
        assert machine is not None, "checked before"
        at, turn = world.pose(self.on, clock.moment)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = turn, at
        times = self._times(clock, self.rate)
        shaken = rotor.shaken(machine, world.scene.seconds, times)
        shaken[:, 1] *= world.scene.handed
        axes = tuple(Column(a, "m/s^2", "polar", "vibration", a, 2) for a in ("x", "y", "z"))
        parts: dict[str, Modality] = {
            f"{self.name}_vibration": self._series(times, shaken, axes, self.rate, "vibration", key, self.name)
        }
        for what, rate, unit in (("current", self.current_rate, "A"), ("temperature", self.temperature_rate, "°C")):
            times = self._times(clock, rate)
            values = machine.current(times) if what == "current" else machine.temperature(times, air)
            part = self._series(times, values[:, None], (Column(what, unit),), rate, what, key)
            parts[f"{self.name}_{what}"] = part
        return Sensed(parts | self._truth(machine, clock), frames={self.name: Frame.of(pose)})

    def _times(self, clock: Clock, rate: float) -> NDArray[np.float64]:
        return np.arange(max(int(clock.seconds * rate + 1e-9), 1)) / rate

    def _series(
        self,
        times: Any,
        values: Any,
        columns: tuple[Column, ...],
        rate: float,
        what: str,
        key: Key,
        frame: str = "world",
    ) -> Series:
        if self.noise:
            values = values + getattr(self, f"{what}_noise") * key.at(what).stream().standard_normal(values.shape)
        return Series(times, values, columns, rate, frame)

    def _truth(self, machine: rotor.Rotor, clock: Clock) -> dict[str, Modality]:
        wrong = [NAMED[name] for name, _ in machine.failures if machine.since < clock.seconds]
        scores = tuple((name, 1.0) for name in wrong)
        label = Label(scores, "class" if len(wrong) == 1 else "multi") if wrong else Label.of(HEALTHY)
        begin = max(machine.since, 0.0)
        events = Spans(np.full(len(wrong), begin), np.full(len(wrong), clock.seconds), tuple(wrong), "events")
        return {f"{self.name}_failure": label} | ({f"{self.name}_events": events} if wrong else {})
