from __future__ import annotations

import numpy as np
import pytest

from counterpoint.signal.beat import Wave

WAVE = Wave(77e9, 750e6, 40e-6, 512, 128, 8)


def test_cells_are_those_of_the_theory() -> None:
    assert WAVE.cell == pytest.approx(0.1999, abs=1e-4)
    assert WAVE.fastest == pytest.approx(24.33, abs=0.01)
    assert WAVE.rate_cell == pytest.approx(0.380, abs=1e-3)


@pytest.mark.parametrize(
    ("r", "v", "azimuth"), [(12.3, 0.0, 0.0), (35.7, 8.0, 0.3), (61.1, -17.3, -0.5), (88.0, 22.0, 0.7)]
)
def test_one_target_is_found_within_a_cell(r: float, v: float, azimuth: float) -> None:
    stream = np.random.default_rng(0)
    noise = WAVE.noise_for(10.0, 150.0, 15.0)
    signal = WAVE.signal(np.array([r]), np.array([v]), np.sin([azimuth]), np.sqrt([10.0]) / r**2)
    found = WAVE.found(signal + noise * WAVE.hiss(stream), noise, 13.0)
    i = int(found.snr.argmax())
    assert abs(found.range[i] - r) < WAVE.cell
    assert abs(found.rate[i] - v) < WAVE.rate_cell / 2
    assert abs(np.arcsin(found.sine[i]) - azimuth) < np.radians(1.0)  # 12 degrees is a cell; noise at 25 dB
    # Twelve more decibels than the noise: a 10 m^2 target is known to 1 dB where a peak falls between two cells.
    assert abs(20 * np.log10(found.amplitude[i] * r**2) - 10) < 3.0


def test_range_and_speed_are_coupled_as_in_a_real_radar() -> None:
    """The beat of a target at v is ``fc v / S`` too far, and it is seen in the middle of the frame."""
    noise = WAVE.noise_for(10.0, 150.0, 15.0)
    v = np.array([-8.0, 8.0])
    signals = [WAVE.signal(np.array([40.0]), np.array([s]), np.zeros(1), np.full(1, 1e-3)) for s in v]
    found = [WAVE.found(s, noise, 13.0) for s in signals]
    near, far = (f.range[f.snr.argmax()] for f in found)
    expected = 2 * 8.0 * (WAVE.carrier / (WAVE.bandwidth / WAVE.chirp) + WAVE.duration / 2)
    assert far - near == pytest.approx(expected, abs=0.02)


def test_too_fast_a_target_comes_back_from_the_other_side() -> None:
    noise = WAVE.noise_for(10.0, 150.0, 15.0)
    found = WAVE.found(WAVE.signal(np.array([40.0]), np.array([30.0]), np.zeros(1), np.full(1, 1e-3)), noise, 13.0)
    assert found.rate[found.snr.argmax()] == pytest.approx(30.0 - 2 * WAVE.fastest, abs=WAVE.rate_cell / 2)


def test_noise_alone_is_almost_never_a_target() -> None:
    noise = WAVE.noise_for(10.0, 150.0, 15.0)
    found = [len(WAVE.found(noise * WAVE.hiss(np.random.default_rng(i)), noise, 13.0).range) for i in range(3)]
    assert sum(found) <= 1


def test_the_signal_is_the_formula() -> None:
    small = Wave(77e9, 750e6, 40e-6, 32, 8, 4)
    r0, v, sine = 3.3, 7.0, 0.4
    a, n, k = np.meshgrid(np.arange(4), np.arange(8), np.arange(32), indexing="ij")
    t = k * small.chirp / 32
    slope = small.bandwidth / small.chirp
    walked = r0 + v * n * small.chirp
    c = 299_792_458.0
    phase = 2 * np.pi * (2 * 77e9 * (walked + v * t) / c + 2 * slope * walked * t / c) + np.pi * a * sine
    made = small.signal(np.array([r0]), np.array([v]), np.array([sine]), np.ones(1))
    assert np.abs(made - np.exp(1j * phase)).max() < 1e-4  # single precision, eight steps of a recurrence
