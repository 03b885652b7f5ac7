"""Microphone: blows, engines, machines and voices as they arrive, with delay, distance, Doppler, echoes and rain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.rig import Frame
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.audio import Audio
from counterpoint.simulate import acoustics, sound, tones
from counterpoint.simulate.scene import Mount, Scene, Vector, rotation
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]

_GRID = 1e-3
_EARS = ((0.0, 0.085, 0.0), (0.0, -0.085, 0.0))
_LOOKS = np.array([[np.cos(a), np.sin(a), 0.0] for a in (np.radians(55), -np.radians(55))])


@final
@dataclass(frozen=True)
class Microphone(Sensor):
    """Hears everything in its scene, as pressure over ``full_scale``, clipped at 1.

    A sound that left at ``t`` arrives at ``t + r / c``, with ``1 / r`` of its pressure at 1 m; a moving source or
    microphone shifts its pitch by that alone. Blows are in time to a fraction of a sample. Two microphones that
    mirror each other hear the same: a mirror of the scene exchanges the channels of ``stereo``.

    Attributes:
        name: of the part, and of the frame.
        mount: x forward, y left, z up.
        layout: ``mono``; ``stereo`` (left, right: two cardioids 17 cm apart, turned outwards by 55°: ORTF); ``array``
            of omnidirectional ``capsules``; ``ambisonic`` of first order (ACN, SN3D).
        capsules: places in the frame of the mount, m; of an array.
        rate: samples a second.
        full_scale: Pa of a sample of 1; 6.325 Pa are 110 dB SPL.
        reflections: order of the echoes in a room (``acoustics.images``); 0 hears none.
        self_noise: dB SPL of the noise of each channel.
        noise: whether there is noise: its own, and the rain's.
    """

    name: str = "microphone"
    mount: Mount = Mount(position=(0.0, 0.0, 1.0))
    layout: Literal["mono", "stereo", "array", "ambisonic"] = "mono"
    capsules: tuple[Vector, ...] = ()
    rate: int = 48_000
    full_scale: float = 6.325
    reflections: int = 0
    self_noise: float = 18.0
    noise: bool = True

    def check(self, scene: Scene) -> None:
        """
        Raises:
            RecipeError: no rate, no full scale, an array without capsules or an order of echoes that never ends.
            UnknownNameError: it hangs on nothing, or a thing has a sound that nobody can make.
        """
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        if self.layout not in ("mono", "stereo", "array", "ambisonic"):
            raise UnknownNameError("layout of a microphone", self.layout, ("mono", "stereo", "array", "ambisonic"))
        if (self.layout == "array") != bool(self.capsules):
            raise RecipeError(
                f"Microphone(layout={self.layout!r}) has {len(self.capsules)} capsules; an array needs their places in "
                "m, capsules=((0, 0.05, 0), ...), and no other layout takes any."
            )
        if not (8000 <= self.rate <= 192_000 and self.full_scale > 0 and 0 <= self.reflections <= 6):
            raise RecipeError(
                f"Microphone(rate={self.rate}, full_scale={self.full_scale:g}, reflections={self.reflections}): "
                "rate must lie in 8000 to 192000 Hz, full_scale above 0 Pa and reflections in 0 to 6."
            )
        for thing in scene.things:
            tones.check(thing)

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        pressure = self.heard(world, clock)
        if self.noise:
            pressure += self._noise(pressure.shape, key) + _rain(world.scene, pressure.shape, self.rate, key)
        wave = np.clip(pressure / self.full_scale, -1, 1).astype(np.float32)
        pose = np.eye(4)
        pose[:3, 3], pose[:3, :3] = world.mounted(self.mount, clock.moment)
        part = Audio(wave, self.rate, 0.0, self.layout, self.name, len(wave))
        return Sensed({self.name: part}, frames={self.name: Frame.of(pose)})

    def heard(self, world: World, clock: Clock) -> Array:
        """(S, C) Pa, without noise."""
        ears = [_Ear(self, world, place, clock.seconds) for place in self._places()]
        out = np.zeros((round(clock.seconds * self.rate), 4 if self.layout == "ambisonic" else len(ears)))
        images = acoustics.images(world, self.reflections)
        speed = acoustics.speed_of_sound(world.scene)
        self._hear_blows(world, ears, images, speed, out)
        times = np.arange(len(out)) / self.rate
        for thing in world.scene.things:
            heard = tones.tones(world, thing)
            if not heard:
                continue
            source = _sampled(world, thing.name)
            for tone in heard:
                for image in images:
                    track = image.track(source)
                    for i, ear in enumerate(ears):
                        gone, way = acoustics.left(track, ear.track, ear.grid, speed)
                        gain = image.gain * self._taken(i, ear, way)
                        wave = tone(times - np.interp(times, ear.grid, ear.grid - gone))
                        self._put(out, i, wave, np.stack([np.interp(times, ear.grid, g) for g in gain], 1))
        return out

    def _put(self, out: Array, channel: int, wave: Array, gain: Array) -> None:
        if self.layout == "ambisonic":
            out += wave[:, None] * gain
        else:
            out[:, channel] += wave * gain[:, 0]

    def _hear_blows(
        self, world: World, ears: list[_Ear], images: tuple[acoustics.Image, ...], speed: float, out: Array
    ) -> None:
        tables: dict[Any, Array] = {}
        for blow in sound.blows(world):
            length = sound.duration(world, blow)
            for geom in (blow.first, blow.second):
                struck = sound.Struck(world, blow, geom, length, tables, self.rate)
                pace = world.velocity(world.names[world.owners[geom]], blow.time)
                for image in images:
                    place, pull = image.turn @ blow.point + image.shift, image.turn @ pace
                    for i, ear in enumerate(ears):
                        self._hear(struck, blow.time, place, pull, image.gain, i, ear, speed, out)

    def _hear(
        self,
        struck: sound.Struck,
        time: float,
        place: Array,
        pace: Array,
        share: float,
        channel: int,
        ear: _Ear,
        speed: float,
        out: Array,
    ) -> None:
        arrival = time
        for _ in range(12):
            way = place - ear.track(np.array([arrival]))[0]
            arrival = time + float(np.linalg.norm(way)) / speed
        unit = way / max(float(np.linalg.norm(way)), 1e-9)
        doppler = (1 + float(unit @ ear.pace(arrival)) / speed) / (1 + float(unit @ pace) / speed)
        gain = share * self._taken(channel, ear, way[None], arrival)[:, 0]
        if self.layout == "ambisonic":
            alone = np.zeros(len(out))
            struck.add(alone, arrival, 1.0, doppler)
            out += alone[:, None] * gain
        else:
            struck.add(out[:, channel], arrival, float(gain[0]), doppler)

    def _places(self) -> tuple[Vector, ...]:
        return {"array": self.capsules, "stereo": _EARS}.get(self.layout, ((0.0, 0.0, 0.0),))

    def _taken(self, channel: int, ear: _Ear, way: Array, time: float | None = None) -> Array:
        """(C, T) share of the pressure at 1 m that comes from ways (T, 3): by distance and direction."""
        r = np.maximum(np.linalg.norm(way, axis=1), acoustics.NEAREST)
        if self.layout in ("mono", "array"):
            return (1 / r)[None]
        local = np.einsum("tji,tj->ti", ear.turns(time), way) / r[:, None]
        if self.layout == "stereo":
            return (0.5 * (1 + local @ _LOOKS[channel]) / r)[None]
        return np.stack([np.ones(len(r)), local[:, 1], local[:, 2], local[:, 0]]) / r

    def _noise(self, shape: tuple[int, ...], key: Key) -> Array:
        return acoustics.pascal(self.self_noise) * key.at("self").stream().standard_normal(shape)


@final
class _Ear:
    """One capsule as it moves: its track, and how the microphone is turned."""

    def __init__(self, microphone: Microphone, world: World, place: Vector, seconds: float) -> None:
        self.grid = np.arange(round(seconds / _GRID) + 1) * _GRID
        mount = microphone.mount
        self._still = mount.on == "world"
        own = np.array(mount.position)
        turn = rotation(mount.quaternion)
        if mount.on == "world":
            self._turns = np.broadcast_to(turn, (len(self.grid), 3, 3))
            self._places = np.broadcast_to(own + turn @ np.array(place), (len(self.grid), 3))
        else:
            carried = world.turns(mount.on, self.grid)
            self._turns = carried @ turn
            self._places = world.track(mount.on, self.grid) + carried @ (own + turn @ np.array(place))

    def track(self, times: Array) -> Array:
        if self._still:
            return np.broadcast_to(self._places[0], (len(times), 3))
        return np.stack([np.interp(times, self.grid, self._places[:, k]) for k in range(3)], 1)

    def turns(self, time: float | None) -> Array:
        if time is None:
            return self._turns
        return self._turns[[min(round(time / _GRID), len(self.grid) - 1)]]

    def pace(self, time: float) -> Array:
        i = min(max(round(time / _GRID), 0), len(self.grid) - 2)
        return (self._places[i + 1] - self._places[i]) / _GRID


def _sampled(world: World, name: str) -> acoustics.Track:
    """The track of a thing from 1 s before the clock, straight between places 1 ms apart."""
    grid = np.arange(-1.0, world.scene.seconds + 2 * _GRID, _GRID)
    places = np.ascontiguousarray(world.track(name, grid).T)
    return lambda times: np.stack([np.interp(times, grid, p) for p in places], 1)


def _rain(scene: Scene, shape: tuple[int, ...], rate: int, key: Key) -> Array:
    """The bed of rain that falls around: noise above 500 Hz, 52 dB SPL at 5 mm/h, 10 dB more for ten times as much."""
    medium = scene.medium
    if medium is None or medium.kind != "rain" or medium.rate <= 0:
        return np.zeros(shape)
    loud = acoustics.pascal(52 + 10 * np.log10(medium.rate / 5))
    spectrum = np.fft.rfft(key.at("rain").stream().standard_normal(shape), axis=0)
    hertz = np.fft.rfftfreq(shape[0], 1 / rate)[:, None]
    shaped = np.fft.irfft(spectrum * (hertz / 500) / (1 + (hertz / 500) ** 2) ** 0.75, shape[0], axis=0)
    return loud * shaped / np.sqrt(np.mean(shaped**2))
