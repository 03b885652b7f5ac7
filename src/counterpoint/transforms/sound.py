"""Changes of how sound comes out: level, noise, filters, pitch, rooms.

Nothing here moves an event: filters have no phase, a room begins with its direct sound, a pitch keeps its onsets
within 1 ms. Every part that carries a waveform gets the same parameters and noise of its own. Signal ``waveform``:
float32 ``(samples, channels)`` in [-1, 1], with the fact ``rate`` in samples a second. Louder than full scale is
clipped when the sound is written, as a recorder does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError

Wave = NDArray[np.float32]
Stream = np.random.Generator


@final
@dataclass(frozen=True)
class Gain(Transform):
    """Make the sound louder or softer.

    Attributes:
        db: change of level, dB.
    """

    db: Range = (-12.0, 12.0)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, db=(-120, 60, "dB"))
        ordered(self, "db")

    @classmethod
    def at(cls, magnitude: float) -> Gain:
        return cls((-12.0 * magnitude, 12.0 * magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key, db=drawn(self.db, key.stream()))

    @staticmethod
    def render(values: Wave, stream: Stream, *, db: float, **facts: Any) -> Wave:  # type: ignore[override]
        return values * np.float32(10 ** (db / 20))


@final
@dataclass(frozen=True)
class NoiseSnr(Transform):
    """Add Gaussian noise at a level below the sound; silence stays silent.

    Attributes:
        snr_db: mean power of the whole sound over mean power of the noise, dB.
        colour: ``white`` (flat) or ``pink`` (3 dB less an octave).
    """

    snr_db: Range = (5.0, 40.0)
    colour: Literal["white", "pink"] = "white"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, snr_db=(-60, 120, "dB"))
        ordered(self, "snr_db")
        if self.colour not in ("white", "pink"):
            raise RecipeError(f"NoiseSnr(colour={self.colour!r}): say 'white' or 'pink'.")

    @classmethod
    def at(cls, magnitude: float) -> NoiseSnr:
        return cls(40.0 - 35.0 * magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key, snr_db=drawn(self.snr_db, key.stream()), colour=self.colour)

    @staticmethod
    def render(values: Wave, stream: Stream, *, snr_db: float, colour: str, **facts: Any) -> Wave:  # type: ignore[override]
        noise = stream.standard_normal(values.shape, dtype=np.float32)
        if colour == "pink":
            noise = _filtered(noise, lambda f: 1 / np.sqrt(np.maximum(f, 20.0)), facts["rate"])  # flat below hearing
        gain = math.sqrt(_power(values) / max(_power(noise), 1e-30) / 10 ** (snr_db / 10))
        return values + noise * np.float32(gain)


@final
@dataclass(frozen=True)
class LowPass(Transform):
    """Take away what lies above a frequency; zero phase, so no event moves.

    Attributes:
        cutoff: where the level is 3 dB lower, Hz; drawn evenly in octaves.
        slope: dB an octave beyond it; a multiple of 6.
    """

    cutoff: Range = (150.0, 7500.0)
    slope: int = 12
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _check_filter(self, "cutoff")

    @classmethod
    def at(cls, magnitude: float) -> LowPass:
        return cls(7500.0 * (150 / 7500) ** magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key, cutoff=_octaves(self.cutoff, key.stream()), slope=self.slope)

    @staticmethod
    def render(values: Wave, stream: Stream, *, cutoff: float, slope: int, rate: int, **facts: Any) -> Wave:  # type: ignore[override]
        return _filtered(values, lambda f: _butter(f / cutoff, slope), rate)


@final
@dataclass(frozen=True)
class HighPass(Transform):
    """Take away what lies below a frequency; zero phase, so no event moves.

    Attributes:
        cutoff: where the level is 3 dB lower, Hz; drawn evenly in octaves.
        slope: dB an octave beyond it; a multiple of 6.
    """

    cutoff: Range = (20.0, 2400.0)
    slope: int = 12
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _check_filter(self, "cutoff")

    @classmethod
    def at(cls, magnitude: float) -> HighPass:
        return cls(20.0 * (2400 / 20) ** magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key, cutoff=_octaves(self.cutoff, key.stream()), slope=self.slope)

    @staticmethod
    def render(values: Wave, stream: Stream, *, cutoff: float, slope: int, rate: int, **facts: Any) -> Wave:  # type: ignore[override]
        return _filtered(values, lambda f: _butter(cutoff / np.maximum(f, 1e-9), slope), rate)


@final
@dataclass(frozen=True)
class BandPass(Transform):
    """Keep one band of frequencies, as a telephone does; zero phase, so no event moves.

    Attributes:
        centre: middle of the band, Hz; drawn evenly in octaves.
        octaves: width of the band between the points that are 3 dB lower.
        slope: dB an octave beyond them; a multiple of 6.
    """

    centre: Range = (200.0, 4000.0)
    octaves: Range = (1.0, 4.0)
    slope: int = 12
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _check_filter(self, "centre")
        checked(self, octaves=(0.1, 12, "octaves"))
        ordered(self, "octaves")

    @classmethod
    def at(cls, magnitude: float) -> BandPass:
        return cls(octaves=6.0 - 5.0 * magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        centre, half = _octaves(self.centre, stream), 2 ** (drawn(self.octaves, stream) / 2)
        return _sounded(self, sample, key, low=centre / half, high=centre * half, slope=self.slope)

    @staticmethod
    def render(  # type: ignore[override]
        values: Wave, stream: Stream, *, low: float, high: float, slope: int, rate: int, **facts: Any
    ) -> Wave:
        return _filtered(values, lambda f: _butter(f / high, slope) * _butter(low / np.maximum(f, 1e-9), slope), rate)


@final
@dataclass(frozen=True)
class PitchShift(Transform):
    """Make the sound higher or lower; its length and its onsets (within 1 ms) stay.

    Attributes:
        semitones: 12 is an octave higher.
    """

    semitones: Range = (-4.0, 4.0)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, semitones=(-24, 24, "semitones"))
        ordered(self, "semitones")

    @classmethod
    def at(cls, magnitude: float) -> PitchShift:
        return cls((-4.0 * magnitude, 4.0 * magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key, semitones=drawn(self.semitones, key.stream()))

    @staticmethod
    def render(values: Wave, stream: Stream, *, semitones: float, rate: int, **facts: Any) -> Wave:  # type: ignore[override]
        from counterpoint.signal.sound import stretch

        return stretch(values, 1.0, rate, semitones)


@final
@dataclass(frozen=True)
class Reverb(Transform):
    """Put the sound into a room: a made-up impulse response of decaying Gaussian noise behind the direct sound.

    The direct sound stays at its moment and its level. What rings on after the end is cut.

    Attributes:
        rt60: time in which the room falls by 60 dB, s.
        wet: energy of the room over energy of the direct sound.

    Source: Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979 (noise with
    an exponential envelope as the response of a hall).
    """

    rt60: Range = (0.1, 0.8)
    wet: Range = (0.05, 0.5)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, rt60=(0.01, 20, "s"), wet=(0, 10, "x the direct energy"))
        ordered(self, "rt60", "wet")

    @classmethod
    def at(cls, magnitude: float) -> Reverb:
        return cls(0.1 + 0.7 * magnitude, 0.5 * magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        return _sounded(self, sample, key, rt60=drawn(self.rt60, stream), wet=drawn(self.wet, stream))

    @staticmethod
    def render(values: Wave, stream: Stream, *, rt60: float, wet: float, rate: int, **facts: Any) -> Wave:  # type: ignore[override]
        t = np.arange(1, min(int(rt60 * rate), len(values)) + 1)
        tail = stream.standard_normal((len(t), values.shape[1])) * np.exp(-math.log(1000) * t / (rt60 * rate))[:, None]
        tail *= np.sqrt(wet / np.maximum(np.square(tail).sum(0), 1e-30))
        size = _fast(len(values) + len(t))
        room = np.fft.irfft(np.fft.rfft(values, size, 0) * np.fft.rfft(tail, size, 0), size, 0)
        out = values.copy()
        out[1:] += room[: len(values) - 1].astype(np.float32)
        return out


@final
@dataclass(frozen=True)
class Polarity(Transform):
    """Turn the waveform upside down, which people do not hear."""

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _sounded(self, sample, key)

    @staticmethod
    def render(values: Wave, stream: Stream, **facts: Any) -> Wave:
        return -values


def _sounded(step: Transform, sample: Sample, key: Key, **params: Any) -> Change | None:
    name = type(step).__name__
    parts = sample.having("waveform")
    moves = tuple(Appearance.of(name, "waveform", params, key.at(part), part) for part in parts)
    return Change(name, moves) if moves else None


def _power(wave: Wave) -> float:
    return float(np.mean(np.square(wave, dtype=np.float64)))


def _octaves(value: Range, stream: Stream) -> float:
    """One frequency of the range, evenly in octaves."""
    ends = tuple(map(math.log, value)) if isinstance(value, tuple) else math.log(value)
    return math.exp(drawn(ends, stream))  # type: ignore[arg-type]


def _check_filter(step: Transform, name: str) -> None:
    checked(step, **{name: (1, 96000, "Hz"), "slope": (6, 96, "dB an octave")})
    ordered(step, name)
    slope: Any = vars(step)["slope"]
    if not isinstance(slope, int) or slope % 6:
        raise RecipeError(f"{type(step).__name__}(slope={slope!r}): give a multiple of 6 dB an octave.")


def _butter(ratio: NDArray[np.float64], slope: int) -> NDArray[np.float64]:
    """Magnitude of a Butterworth low pass at ``f / cutoff``."""
    return 1 / np.sqrt(1 + ratio ** (slope / 3))


def _filtered(values: Wave, response: Any, rate: int) -> Wave:
    """``values`` with each frequency (Hz) scaled by ``response``; silence around it keeps the end out of the start."""
    pad = int(0.1 * rate)
    size = _fast(len(values) + 2 * pad)
    spectrum = np.fft.rfft(values, size, 0) * response(np.fft.rfftfreq(size, 1 / rate))[:, None]
    return np.fft.irfft(spectrum, size, 0)[: len(values)].astype(np.float32)


def _fast(size: int) -> int:
    """The next length of which all prime factors are 2, 3 or 5, for which the FFT is fast."""
    best = 1 << max(size - 1, 1).bit_length()
    fives = 1
    while fives < best:
        threes = fives
        while threes < best:
            best = min(best, threes << max(0, (-(-size // threes) - 1).bit_length()))
            threes *= 3
        fives *= 5
    return best
