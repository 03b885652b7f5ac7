"""Stretch: clicks every 0.5 s after a tempo, against where the map of the clock puts them."""

from __future__ import annotations

import numpy as np

from benchmarks.measure import Row
from counterpoint.core.clock import TimeMap
from counterpoint.core.contracts import Change
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio

RATE, SECONDS = 16_000, 6


def rows() -> list[Row]:
    clicks = np.arange(1, 2 * SECONDS) * 0.5
    wave = np.zeros((RATE * SECONDS, 1), np.float32)
    wave[np.rint(clicks * RATE).astype(int)] = 0.9
    found = []
    for rate in (0.8, 0.9, 1.1, 1.25):
        move = TimeMap.affine(rate)
        audio = Sample.of("s", {"audio": Audio(wave, RATE)}).changed(Change("Tempo", (move,)))["audio"]
        worst = 1000 * max(_error(audio, t) for t in move.forward(clicks))
        found.append(Row(f"tempo x {rate}", worst, "ms worst", asked="<= 1 ms", ok=worst <= 1))
    return found


def _error(audio: Audio, expected: float) -> float:
    """Distance in s from ``expected`` to the loudest moment within 0.2 s of it."""
    energy = np.abs(audio.wave[:, 0])
    low = max(0, round((expected - audio.start - 0.2) * audio.rate))
    peak = low + int(np.argmax(energy[low : round((expected - audio.start + 0.2) * audio.rate)]))
    return abs(audio.start + peak / audio.rate - expected)
