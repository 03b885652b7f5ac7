"""Sounds that things make by themselves: tones, engines, noise and voices, as functions of the time at the source.

``Thing.sound`` is a tuple of (name, value) pairs:

- ``tone``: Hz, may stand several times; ``tone_level``: dB SPL at 1 m of each (70).
- ``engine``: Hz at standstill, ``engine_per_speed``: Hz for each m/s more; eight harmonics; ``engine_level`` (75).
- ``noise``: dB SPL at 1 m of tyres, fans, wind: white noise that falls by 6 dB an octave above 1 kHz.
- ``voice``: Hz, pitch of a voice that babbles; ``voice_level`` (65).
- what ``simulate.rotor`` knows: a rotating machine; ``machine_level``: Pa at 1 m for each m/s^2 (0.02).
- ``seed``: whole number that names the noise and the babble of this thing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.errors import UnknownNameError
from counterpoint.simulate import rotor
from counterpoint.simulate.acoustics import pascal
from counterpoint.simulate.scene import Thing
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
Tone = Callable[[Array], Array]
"""Times at the source (T,) s to pressure at 1 m (T,) Pa."""

NAMES = rotor.NAMES | frozenset(
    {
        "machine_level",
        "tone",
        "tone_level",
        "engine",
        "engine_per_speed",
        "engine_level",
        "noise",
        "voice",
        "voice_level",
        "seed",
    }
)
_HARMONICS = np.arange(1, 9)
_RATE = rotor.RATE
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (530, 1840, 2480), (570, 840, 2410), (300, 870, 2240))
"""Formants in Hz after Peterson and Barney, JASA 24 (1952)."""


def check(thing: Thing) -> None:
    """Raise UnknownNameError if a thing has a sound that nobody can make."""
    for name, _ in thing.sound:
        if name not in NAMES:
            raise UnknownNameError(f"sound of thing {thing.name!r}", name, NAMES)


def tones(world: World, thing: Thing) -> tuple[Tone, ...]:
    """What a thing sounds like; empty if it is silent."""
    asked = dict(thing.sound)
    out: list[Tone] = []
    loud = np.sqrt(2) * pascal(asked.get("tone_level", 70.0))
    for name, hertz in thing.sound:
        if name == "tone":
            out.append(lambda t, f=hertz: loud * np.sin(2 * np.pi * f * t))  # type: ignore[misc]
    if "engine" in asked:
        out.append(_engine(world, thing, asked))
    seed, seconds = int(asked.get("seed", 0)), world.scene.seconds
    if "noise" in asked:
        out.append(_played(_noise(seed, seconds), pascal(asked["noise"])))
    machine = rotor.rotor(thing)
    if machine is not None:
        loud = asked.get("machine_level", 0.02)
        out.append(_played(rotor.shaking(machine, seconds)[:, 2], loud))
    if "voice" in asked:
        out.append(_played(_voice(seed, float(asked["voice"]), seconds), pascal(asked.get("voice_level", 65.0))))
    return tuple(out)


def _engine(world: World, thing: Thing, asked: dict[str, float]) -> Tone:
    grid = np.arange(-1.0, world.scene.seconds + 0.0015, 0.001)
    places = world.track(thing.name, grid)
    speed = np.linalg.norm(np.gradient(places, grid, axis=0), axis=1)
    hertz = asked["engine"] + asked.get("engine_per_speed", 0.0) * speed
    turns = np.concatenate([[0.0], np.cumsum((hertz[1:] + hertz[:-1]) / 2 * np.diff(grid))])
    share = 1.0 / _HARMONICS
    share = share / np.sqrt((share**2).sum()) * np.sqrt(2) * pascal(asked.get("engine_level", 75.0))

    def tone(t: Array) -> Array:
        # Powers of one exponential are the harmonics: one sine instead of eight.
        first = np.exp(2j * np.pi * np.interp(t, grid, turns))
        power, out = np.ones_like(first), np.zeros(len(t))
        for k, a in zip(_HARMONICS, share, strict=True):
            power = power * first
            out += a * (power * np.exp(1j * k * k)).real
        return out

    return tone


def _played(wave: Array, loud: float) -> Tone:
    """A wave at ``_RATE`` that begins a second before the clock."""
    grid = np.arange(len(wave)) / _RATE - 1.0
    return lambda t: loud * np.interp(t, grid, wave)


@cache
def _noise(seed: int, seconds: float) -> Array:
    count = int((seconds + 1.1) * _RATE)
    spectrum = np.fft.rfft(Key.of("noise of a thing", seed).stream().standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / _RATE)
    wave = np.fft.irfft(spectrum * (hertz > 40) / np.sqrt(1 + (hertz / 1000) ** 2) * (hertz < 18_000), count)
    return wave / np.sqrt(np.mean(wave**2))


@cache
def _voice(seed: int, pitch: float, seconds: float) -> Array:
    """Syllables of vowels: a pulse train through three resonances, with pauses."""
    from scipy.signal import lfilter

    stream = Key.of("voice of a thing", seed).stream()
    count = int((seconds + 1.1) * _RATE)
    wave, at = np.zeros(count), 0
    while at < count:
        length = int(stream.uniform(0.12, 0.28) * _RATE)
        t = np.arange(length) / _RATE
        turns = np.cumsum(pitch * (1 + 0.1 * stream.standard_normal() + 0.1 * np.sin(2 * np.pi * 3 * t))) / _RATE
        piece: Any = np.diff(np.floor(turns), prepend=0.0) + 0.02 * stream.standard_normal(length)
        for hertz in _VOWELS[int(stream.integers(len(_VOWELS)))]:
            r = np.exp(-np.pi * 90 / _RATE)
            piece = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * hertz / _RATE), r * r], piece)
        piece = piece * np.sin(np.pi * t / t[-1]) / (np.abs(piece).max() + 1e-12)
        end = min(at + length, count)
        wave[at:end] += piece[: end - at]
        at += length + int(stream.uniform(0.0, 0.12) * _RATE)
    return wave / np.sqrt(np.mean(wave**2))
