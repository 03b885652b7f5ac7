"""The beat signal of an FMCW radar, and what its processing finds in it.

``s(a, n, t) = sum A exp(2 pi i (2 fc R / c + 2 S R t / c)) exp(i pi a sine)`` with ``R = R0 + v (n Tc + t)``: the
antennas ``a`` half a wavelength apart, chirps ``n`` of slope ``S``, time ``t`` within a chirp. Hann windows, transforms
over range and speed, a threshold over the mean of the cells around, a parabola through each peak, a transform over the
antennas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LIGHT = 299_792_458.0
_GUARD, _TRAIN = (2, 3), (8, 12)  # half widths in cells of (speed, range)
_ANGLES = 256


@final
@dataclass(frozen=True, eq=False)
class Found:
    """(K,) range m, rate m/s (positive away), sine of the azimuth, amplitude, signal to noise dB."""

    range: Array
    rate: Array
    sine: Array
    amplitude: Array
    snr: Array


@final
@dataclass(frozen=True)
class Wave:
    """What is sent: ``carrier`` and ``bandwidth`` Hz, ``chirp`` s; how many samples, chirps, antennas make a frame."""

    carrier: float
    bandwidth: float
    chirp: float
    samples: int
    chirps: int
    antennas: int

    @property
    def duration(self) -> float:
        return self.chirp * self.chirps

    @property
    def cell(self) -> float:
        """Of range, m."""
        return LIGHT / 2 / self.bandwidth

    @property
    def fastest(self) -> float:
        """Speeds from minus this to this are told apart, m/s."""
        return LIGHT / self.carrier / 4 / self.chirp

    @property
    def rate_cell(self) -> float:
        """Of speed, m/s."""
        return 2 * self.fastest / self.chirps

    @property
    def farthest(self) -> float:
        """m; the low-pass before the sampler keeps out what is farther."""
        return self.cell * self.samples

    @cached_property
    def _windows(self) -> tuple[Array, Array]:
        return np.hanning(self.chirps + 1)[:-1], np.hanning(self.samples + 1)[:-1]

    def noise_for(self, rcs: float, reach: float, snr: float) -> float:
        """Noise of a sample, standard deviation, with which ``rcs`` m^2 at ``reach`` m stand ``snr`` dB above it."""
        slow, fast = self._windows
        gain = (slow.sum() * fast.sum()) ** 2 / ((slow**2).sum() * (fast**2).sum()) * self.antennas
        return float(np.sqrt(rcs / reach**4 * gain / 10 ** (snr / 10)))

    def hiss(self, stream: np.random.Generator) -> NDArray[np.complex64]:
        """Complex white noise of standard deviation 1, in the shape of a frame."""
        both = stream.standard_normal((self.antennas, self.chirps, self.samples, 2), dtype=np.float32)
        both *= np.float32(np.sqrt(0.5))
        return both.view(np.complex64)[..., 0]

    def signal(self, ranges: Array, rates: Array, sines: Array, amplitudes: Array) -> NDArray[np.complex64]:
        """A frame (antennas, chirps, samples) from K targets; ranges are those at its start."""
        near = ranges < self.farthest
        r, v, sine, amplitude = (np.asarray(x, float)[near] for x in (ranges, rates, sines, amplitudes))
        k = np.arange(self.samples) * (self.chirp / self.samples)
        slope, to = self.bandwidth / self.chirp, 4 * np.pi / LIGHT
        # Within a chirp the phase grows with range and speed; from chirp to chirp a target walks, and so does its tone.
        tone = np.exp(1j * np.outer(to * (slope * r + self.carrier * v), k)).astype(np.complex64)
        walk = np.exp(1j * np.outer(to * slope * v * self.chirp, k)).astype(np.complex64)
        n = np.arange(self.chirps)
        start = amplitude * np.exp(1j * to * self.carrier * (r + np.outer(n, v) * self.chirp))
        lean = np.exp(1j * np.pi * np.outer(np.arange(self.antennas), sine))
        weight = (start[:, None, :] * lean).astype(np.complex64)
        out = np.empty((self.chirps, self.antennas, self.samples), np.complex64)
        for i in range(self.chirps):
            np.matmul(weight[i], tone, out=out[i])
            tone *= walk
        return np.ascontiguousarray(np.swapaxes(out, 0, 1))

    def found(self, signal: NDArray[np.complex64], noise: float, threshold: float) -> Found:
        """Targets in a frame whose samples have noise of this standard deviation; ``threshold`` dB."""
        slow, fast = self._windows
        signal = signal * (slow[:, None] * fast).astype(np.float32)
        cells = np.fft.fft(np.fft.fft(signal, axis=2), axis=1)
        power = (cells.real**2 + cells.imag**2).sum(0).astype(np.float64)
        floor = noise**2 * (slow**2).sum() * (fast**2).sum() * self.antennas
        peak = _peaks(power) & (power > 10 ** (threshold / 10) * np.maximum(_around(power), floor))
        n, k = np.nonzero(peak)
        dn, dk = _parabola(power, n, k, 0), _parabola(power, n, k, 1)
        ahead = np.fft.fft(cells[:, n, k], _ANGLES, axis=0)
        level = np.abs(ahead) ** 2
        best = level.argmax(0)
        da = _parabola(level, best, np.arange(len(n)), 0)
        turns = ((best + da) / _ANGLES + 0.5) % 1 - 0.5
        rate = (((n + dn) / self.chirps + 0.5) % 1 - 0.5) * 2 * self.fastest
        peak_level = level[best, np.arange(len(n))]
        amplitude = np.sqrt(peak_level) / (slow.sum() * fast.sum() * self.antennas)
        with np.errstate(divide="ignore"):
            snr = 10 * np.log10(peak_level / max(floor, 1e-300))
        return Found((k + dk) * self.cell, rate, 2 * turns, amplitude, snr)


def _peaks(power: Array) -> NDArray[np.bool_]:
    """Cells that are higher than their eight neighbours; speed goes round, range does not."""
    inner = np.ones(power.shape, bool)
    inner[:, [0, -1]] = False
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            if i or j:
                inner &= power > np.roll(power, (i, j), (0, 1))
    return inner


def _around(power: Array) -> Array:
    """Mean of the cells between the guard and the training window around each."""
    sums: list[Any] = []
    for h, w in (_TRAIN, _GUARD):
        wide = np.pad(np.pad(power, ((h, h), (0, 0)), "wrap"), ((0, 0), (w, w)), "reflect")
        total = np.pad(wide.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        a, b = 2 * h + 1, 2 * w + 1
        sums.append((total[a:, b:] - total[:-a, b:] - total[a:, :-b] + total[:-a, :-b], a * b))
    (outer, many), (inner, few) = sums
    mean: Array = (outer - inner) / (many - few)
    return mean


def _parabola(power: Array, row: NDArray[np.intp], column: NDArray[np.intp], axis: int) -> Array:
    """Offset in cells, -0.5 to 0.5, of the top of a parabola through the logarithms of three cells."""
    at = [row, column]
    values = []
    for step in (-1, 0, 1):
        index = list(at)
        index[axis] = (at[axis] + step) % power.shape[axis]
        values.append(np.log(np.maximum(power[tuple(index)], 1e-300)))
    low, middle, high = values
    bend = low - 2 * middle + high
    return np.clip(np.where(bend < 0, 0.5 * (low - high) / np.where(bend == 0, 1, bend), 0.0), -0.5, 0.5)
