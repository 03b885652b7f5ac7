"""A motor that drives a shaft in a ball bearing, healthy or failing, to be felt, heard and seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.props import known, one
from counterpoint.simulate.rotor import FAILURES
from counterpoint.simulate.scene import Geom, Lamp, Mount, Quaternion, Scene, Thing, Vector, looking
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.machine_monitor import NAMED, MachineMonitor
from counterpoint.simulate.sensors.microphone import Microphone

_KINDS = ("healthy", *FAILURES)
_ALONG: Quaternion = (0.5**0.5, 0.0, 0.5**0.5, 0.0)
"""Turns a cylinder from z to x."""
_EYE: Vector = (0.9, -1.3, 1.0)
BEARINGS = ((9.0, 0.0079, 0.0385), (8.0, 0.0119, 0.0523), (12.0, 0.0083, 0.0655))
"""Balls, their diameter and that of their circle, m: of common deep-groove bearings (6205, 6305, 6208 or near them)."""


@final
@dataclass(frozen=True)
class Machine(Layout):
    """A machine that runs, with accelerometer, current clamp, thermometer, microphone and camera.

    Where it fails, the failure begins while it is watched: label and event say which and when. What it does to every
    signal follows from the geometry of the bearing and the speed (``simulate.rotor``).

    Attributes:
        failures: what is drawn from, all as likely: ``healthy``, ``outer`` and ``inner`` (race of the bearing),
            ``imbalance``, ``looseness``.
        severity: of the failure, 0 to 1.
        since: when it begins, as a share of the clock.
        speed: of the shaft, Hz.
        seconds: of the clock.
        noise: whether sensors are noisy.
        size: of the picture, px.
    """

    failures: tuple[str, ...] = _KINDS
    severity: Range = (0.3, 1.0)
    since: Range = (0.2, 0.5)
    speed: Range = (20.0, 40.0)
    seconds: float = 4.0
    noise: bool = True
    size: tuple[int, int] = (256, 192)

    def __post_init__(self) -> None:
        checked(
            self,
            severity=(0.01, 1, ""),
            since=(0, 0.95, "of the clock"),
            speed=(1, 200, "Hz"),
            seconds=(0.2, 60, "s"),
            size=(16, 4096, "px"),
        )
        ordered(self, "severity", "since", "speed")
        known(self.name(), "failures", self.failures, _KINDS)

    def draw(self, key: Key) -> Staged:
        seconds = round(self.seconds * 500) / 500
        failure = one(key.at("failure"), self.failures)
        balls, ball, pitch = one(key.at("bearing"), BEARINGS)
        speed = drawn(self.speed, key.at("speed").stream())
        severity = drawn(self.severity, key.at("severity").stream())
        since = drawn(self.since, key.at("since").stream()) * seconds
        seed = float(key.at("slip").stream().integers(2**31))
        sound: list[tuple[str, float]] = [("shaft", speed), ("balls", balls), ("ball", ball), ("pitch", pitch)]
        sound += [("seed", seed), ("noise", 45.0)]
        if failure != "healthy":
            sound += [(failure, severity), ("since", since)]
        colour = one(key.at("colour"), ((0.1, 0.3, 0.6), (0.15, 0.45, 0.25), (0.6, 0.35, 0.1), (0.45, 0.45, 0.5)))
        facts: tuple[tuple[str, str | float], ...] = (
            ("failure", NAMED.get(failure, failure)),
            ("severity", 0.0 if failure == "healthy" else severity),
            ("speed", speed),
            ("temperature", 15 + 15 * float(key.at("air").stream().random())),
        )
        scene = Scene(
            seconds,
            _hall(tuple(sound), colour, pitch),
            lamps=(Lamp((-0.4, 0.5, -1.0), power=0.9),),
            ambient=0.45,
            layout=self.name(),
            facts=facts,
        )
        return Staged(scene, self._sensors(), Clock(seconds, 0.0))

    def _sensors(self) -> tuple[Sensor, ...]:
        mount = Mount("world", _EYE, looking(_EYE, (0.05, 0.0, 0.35)))
        return (
            MachineMonitor("machine", "machine", noise=self.noise),
            Microphone("microphone", Mount("world", (0.0, -1.0, 0.5)), full_scale=2.0, noise=self.noise),
            RayCamera("camera", mount, self.size, field_of_view=46.0, noise=self.noise),
        )


def _hall(sound: tuple[tuple[str, float], ...], colour: Vector, pitch: float) -> tuple[Thing, ...]:
    """Floor, motor, coupling, bearing block and flywheel on one shaft along x."""
    floor = Geom("plane", (0.0, 0.0, 1.0), "asphalt", (0.55, 0.55, 0.53), texture="noise")
    steel, axle = (0.7, 0.71, 0.73), 0.35

    def along(radius: float, half: float, x: float, tint: Vector) -> Geom:
        return Geom("cylinder", (radius, half, 0.0), "metal", tint, (x, 0.0, 0.0), _ALONG)

    machine = Thing(
        "machine",
        "machine",
        (
            along(0.15, 0.2, -0.3, colour),
            along(0.16, 0.02, -0.08, (0.2, 0.2, 0.22)),
            *(
                Geom("box", (0.2, 0.005, 0.012), "metal", colour, (-0.3, y, z))
                for y, z in ((0.155, 0.0), (-0.155, 0.0))
            ),
            Geom("box", (0.18, 0.13, 0.08), "metal", (0.25, 0.25, 0.28), (-0.3, 0.0, -0.2)),
            Geom("box", (0.05, 0.09, 0.14), "metal", (0.35, 0.36, 0.4), (0.25, 0.0, -0.1)),
            along(pitch + 0.05, 0.052, 0.25, (0.35, 0.36, 0.4)),
            Geom("box", (0.62, 0.2, 0.035), "metal", (0.22, 0.24, 0.26), (0.05, 0.0, -0.31)),
        ),
        position=(0.0, 0.0, axle),
        motion="fixed",
        words=(("shape", "motor"), ("material", "metal")),
        sound=sound,
    )
    wheel = Thing(
        "flywheel",
        "flywheel",
        (along(0.02, 0.32, 0.25, steel), along(0.17, 0.03, 0.48, steel)),
        position=(0.0, 0.0, axle),
        motion="fixed",
        words=(("shape", "flywheel"), ("material", "metal"), ("turns", f"{dict(sound)['shaft'] * 60:.0f} rpm")),
    )
    return Thing("ground", "ground", (floor,), motion="fixed"), machine, wheel
