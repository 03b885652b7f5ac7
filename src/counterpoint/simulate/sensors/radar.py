"""An FMCW radar: echoes become a beat signal, and the points are what its processing finds in that signal.

So a point has the errors of a radar, not truth plus noise: cells of range and speed, speeds beyond a quarter of a
wavelength a chirp come back from the other side, range and speed are coupled, and near targets hide weak ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.errors import RecipeError
from counterpoint.modalities.points import Points
from counterpoint.signal import beat
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]

GAIN = {"metal": 3.0, "skin": 0.6, "glass": 0.3, "ceramic": 0.3}
"""Cross-section over visible area, by material (guesses that give 10 m^2 for a car and 0.5 m^2 for a person)."""
_OTHER = 0.15
_PER_THING = 4
_MOST = 64
_FAN = (np.radians(0.5), np.radians(1.5))


@final
@dataclass(frozen=True, eq=False)
class Scatterers:
    """(K,) range m and range rate m/s at the start of a frame, azimuth and elevation rad, cross-section m^2, thing."""

    range: Array
    rate: Array
    azimuth: Array
    elevation: Array
    rcs: Array
    thing: NDArray[np.int64]


@final
@dataclass(frozen=True)
class Radar(Sensor):
    """Points of every frame of the clock, in the frame ``world`` and at the height of the radar.

    Columns: ``x y z`` m; ``radial_velocity``, as measured, m/s, positive away; ``vx vy vz``, the speed over ground
    along the line of sight; ``rcs`` dB over 1 m^2; ``snr`` dB; ``time`` s, the middle of the frame.
    Fog, dust and snow are ignored (below 0.1 dB at 100 m); rain takes ``k R^a`` dB/km (ITU-R P.838 at 77 GHz). The
    ground is not seen: at a grazing angle it is below the noise.

    Attributes:
        name: of the part and the frame.
        mount: where it sits; x is azimuth 0.
        rate: frames a second.
        carrier, bandwidth: Hz; a range cell is ``c / 2 / bandwidth``.
        chirp: s; speeds are told apart up to ``+- c / 4 / carrier / chirp``.
        samples, chirps, antennas: of a frame; farthest range is ``samples`` cells.
        fov: full angle in azimuth, degrees.
        reach: m, at which 10 m^2 stand 15 dB above the noise.
        threshold: dB above the mean of the cells around.
        noise: thermal noise, and the fluctuation of cross-sections from frame to frame (Swerling 1).
    """

    name: str = "radar"
    mount: Mount = Mount(position=(0.0, 0.0, 0.6))
    rate: float = 12.5
    carrier: float = 77e9
    bandwidth: float = 750e6
    chirp: float = 40e-6
    samples: int = 512
    chirps: int = 128
    antennas: int = 8
    fov: float = 120.0
    reach: float = 150.0
    threshold: float = 13.0
    noise: bool = True

    def __post_init__(self) -> None:
        checked(
            self,
            rate=(0.1, 100, "frames/s"),
            carrier=(1e9, 3e11, "Hz"),
            bandwidth=(1e6, 1e10, "Hz"),
            chirp=(1e-6, 1e-2, "s"),
            samples=(32, 4096, ""),
            chirps=(8, 1024, ""),
            antennas=(2, 64, ""),
            fov=(1, 175, "degrees"),
            reach=(1, 10_000, "m"),
            threshold=(3, 60, "dB"),
        )

    @cached_property
    def wave(self) -> beat.Wave:
        return beat.Wave(self.carrier, self.bandwidth, self.chirp, self.samples, self.chirps, self.antennas)

    def check(self, scene: Scene) -> None:
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        if 1 / self.rate < self.wave.duration or scene.seconds < self.wave.duration:
            raise RecipeError(
                f"Radar(rate={self.rate:g}): a frame of {self.chirps} chirps lasts {self.wave.duration:g} s, and the "
                f"scene {scene.seconds:g} s. Choose a rate of at most {1 / self.wave.duration:g}, or a longer scene."
            )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        count = int((clock.seconds - self.wave.duration) * self.rate + 1e-9) + 1
        rows = [self._frame(world, k / self.rate, key.at(self.name, k)) for k in range(count)]
        frame = np.eye(4)
        frame[:3, 3], frame[:3, :3] = world.mounted(self.mount, clock.moment)
        names = ("x", "y", "z", "radial_velocity", "vx", "vy", "vz", "rcs", "snr", "time")
        part = Points(np.concatenate(rows).astype(np.float32), names)
        return Sensed({self.name: part}, frames={self.name: Frame.of(frame)})

    def scatterers(self, world: World, time: float) -> Scatterers:
        """What the radar sees at a time: a point for every metre, at most four, of every thing that is not hidden."""
        origin, turn = world.mounted(self.mount, time)
        half = np.radians(self.fov) / 2
        azimuth, elevation = np.arange(-half, half + 1e-9, _FAN[0]), np.arange(-0.105, 0.11, _FAN[1])
        a, e = (v.ravel() for v in np.meshgrid(azimuth, elevation, indexing="ij"))
        local = np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], 1)
        d = local @ turn.T
        hits = world.cast(time, origin, d, None if self.mount.on == "world" else self.mount.on)
        own = self._velocity(world, self.mount.on, time, origin[None])[0]
        owners = np.append(world.owners, -1)[hits.geom]
        rows: list[tuple[float, ...]] = []
        for thing in np.unique(owners[owners >= 0]):
            name = world.names[thing]
            if world.scene.thing(name).cls == "ground":
                continue
            seen = np.flatnonzero(owners == thing)
            area = float((hits.distance[seen] ** 2 * np.cos(e[seen])).sum()) * _FAN[0] * _FAN[1]
            material = world.geoms[hits.geom[seen[0]]].material
            given = world.scene.thing(name).rcs
            total = GAIN.get(material, _OTHER) * area if given is None else given
            places = origin + d[seen] * hits.distance[seen, None]
            many = int(np.clip(np.round(np.ptp(places, axis=0).max()), 1, _PER_THING))
            at = seen[np.unique(np.linspace(0, len(seen) - 1, many + 2).round().astype(int)[1:-1])]
            place = origin + d[at] * hits.distance[at, None]
            rate = ((self._velocity(world, name, time, place) - own) * d[at]).sum(1)
            rows += [
                (hits.distance[i], v, a[i], e[i], total / len(at), float(thing)) for i, v in zip(at, rate, strict=True)
            ]
        rows.sort(key=lambda r: -r[4] / r[0] ** 4)
        t = np.array(rows[:_MOST]).reshape(-1, 6).T
        return Scatterers(t[0], t[1], t[2], t[3], t[4], t[5].astype(int))

    @staticmethod
    def _velocity(world: World, name: str, time: float, places: Array) -> Array:
        """(K, 3) m/s of points that are fixed to a thing."""
        if name == "world":
            return np.zeros_like(places)
        m = world.motion(name, [time])
        return m.velocity + np.cross(m.rate, places - m.position)

    def _frame(self, world: World, time: float, key: Key) -> Array:
        """Rows (R, 10) of one frame."""
        wave, there = self.wave, self.scatterers(world, time)
        rcs = there.rcs
        stream = key.stream()
        if self.noise:
            rcs = rcs * stream.standard_exponential(len(world.names))[there.thing]
        loss = 10 ** (-self._rain(world) * 2 * there.range / 1000 / 20)
        noise = wave.noise_for(10.0, self.reach, 15.0)
        signal = wave.signal(
            there.range,
            there.rate,
            np.sin(there.azimuth) * np.cos(there.elevation),
            np.sqrt(rcs) / there.range**2 * loss,
        )
        if self.noise:
            signal += noise * wave.hiss(stream)
        found = wave.found(signal, noise, self.threshold)
        middle = time + wave.duration / 2
        origin, turn = world.mounted(self.mount, middle)
        azimuth = np.arcsin(np.clip(found.sine, -1, 1))
        d = np.stack([np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth)], 1) @ turn.T
        own = self._velocity(world, self.mount.on, middle, origin[None])[0]
        over = (found.rate + d @ own)[:, None] * d
        level = 20 * np.log10(np.maximum(found.amplitude * found.range**2, 1e-12))
        rows = [origin + d * found.range[:, None], found.rate[:, None], over, level[:, None], found.snr[:, None]]
        return np.concatenate([*rows, np.full((len(d), 1), middle)], 1)

    @staticmethod
    def _rain(world: World) -> float:
        """dB/km one way: ITU-R P.838 interpolated to 77 GHz."""
        air = world.scene.medium
        return 0.94 * air.rate**0.776 if air is not None and air.kind == "rain" else 0.0
