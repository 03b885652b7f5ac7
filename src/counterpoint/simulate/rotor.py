"""A rotating machine: what its shaft, its bearing and its failures shake, as functions of geometry and speed.

A thing is a machine if its ``sound`` has these (name, value) pairs:

- ``shaft``: Hz. ``balls``: how many, ``ball`` and ``pitch``: diameters of the balls and of the circle that they run on,
  m; ``angle``: of contact, rad.
- ``outer``, ``inner`` (damage of a race), ``imbalance``, ``looseness``: severity, 0 to 1; ``since``: s, when it begins
  (it grows to its full within a fifth of a second). ``seed``: names the slip of the balls.

Characteristic frequencies: Randall and Antoni, Rolling element bearing diagnostics, MSSP 25 (2011), eq. 1-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, pi
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.serial import Recorded
from counterpoint.simulate.scene import Thing

Array = NDArray[np.float64]

NAMES = frozenset(
    {"shaft", "balls", "ball", "pitch", "angle", "outer", "inner", "imbalance", "looseness", "since", "seed"}
)
FAILURES = ("outer", "inner", "imbalance", "looseness")
RATE = 96_000
LINE = 50.0
"""Hz of the mains."""
_RESONANCE, _DECAY = 3200.0, 900.0
_SLIP = 0.002
_GROWTH = 0.2
_LEAD = 1.0


@final
@dataclass(frozen=True)
class Rotor(Recorded):
    """One machine. Severities are 0 to 1; lengths in m, ``shaft`` in Hz, ``angle`` in rad."""

    shaft: float
    balls: float = 9.0
    ball: float = 0.0079
    pitch: float = 0.0385
    angle: float = 0.0
    outer: float = 0.0
    inner: float = 0.0
    imbalance: float = 0.0
    looseness: float = 0.0
    since: float = 0.0
    seed: float = 0.0

    @property
    def outer_pass(self) -> float:
        """BPFO, Hz: how often balls pass a place of the outer race."""
        return self.balls / 2 * self.shaft * (1 - self.ball / self.pitch * cos(self.angle))

    @property
    def inner_pass(self) -> float:
        """BPFI, Hz: of the inner race, which turns with the shaft."""
        return self.balls / 2 * self.shaft * (1 + self.ball / self.pitch * cos(self.angle))

    @property
    def failures(self) -> tuple[tuple[str, float], ...]:
        """Those that there are, with their severity."""
        return tuple((name, getattr(self, name)) for name in FAILURES if getattr(self, name) > 0)

    def grown(self, times: Array) -> Array:
        """(T,) share of the severity that has come, 0 to 1."""
        return np.clip((times - self.since) / _GROWTH, 0.0, 1.0)

    def current(self, times: Array) -> Array:
        """(T,) A in one winding: the mains, with sidebands at what shakes the load."""
        grown, turns = self.grown(times), 2 * pi * times
        load = 1 + 0.01 * np.sin(turns * self.shaft)
        load += grown * (0.06 * self.imbalance + 0.03 * self.looseness) * np.sin(turns * self.shaft)
        load += grown * 0.04 * self.looseness * np.sin(turns * 2 * self.shaft)
        load += grown * 0.03 * self.outer * np.sin(turns * self.outer_pass)
        load += grown * 0.03 * self.inner * np.sin(turns * self.inner_pass)
        return 4.0 * np.sqrt(2) * load * np.sin(turns * LINE)

    def temperature(self, times: Array, air: float) -> Array:
        """(T,) °C of the housing: warm from long running, and on the way to what friction of a failure makes of it."""
        friction = 25 * max(self.outer, self.inner) + 10 * self.looseness + 5 * self.imbalance
        late = np.maximum(times - self.since, 0.0)
        return air + 22 + 0.3 * self.shaft + friction * (1 - np.exp(-late / 30.0))


def rotor(thing: Thing) -> Rotor | None:
    """The machine that a thing is, or None."""
    given = {k: float(v) for k, v in thing.sound if k in NAMES}
    return Rotor(**given) if "shaft" in given else None


@cache
def shaking(machine: Rotor, seconds: float) -> Array:
    """(S, 3) m/s^2 of the housing along the shaft (x), sideways (y) and up (z), at ``RATE``, from 1 s before 0 s."""
    times = np.arange(int((seconds + _LEAD + 0.1) * RATE)) / RATE - _LEAD
    turn, grown = 2 * pi * machine.shaft * times, machine.grown(times)
    # Forces of imbalance grow with the square of the speed; every real rotor has some.
    push = (0.15 + 6.0 * machine.imbalance * grown) * (machine.shaft / 30) ** 2
    out = np.stack([0.1 * push * np.sin(turn), push * np.cos(turn), push * np.sin(turn)], 1)
    out[:, 2] += 0.05 * np.sin(2 * turn + 0.7)
    if machine.looseness:
        orders = ((0.5, 0.8), (1.5, 0.5), (2, 1.6), (3, 1.2), (4, 0.9), (5, 0.6), (6, 0.4), (7, 0.3), (8, 0.2))
        shake = sum(a * np.sin(k * turn + k * k) for k, a in orders)
        out[:, 2] += 2.0 * machine.looseness * grown * shake
        out[:, 1] += 0.8 * machine.looseness * grown * shake
    for name, rate in (("outer", machine.outer_pass), ("inner", machine.inner_pass)):
        severity = getattr(machine, name)
        if severity:
            ring = _hits(machine, name, rate, times, grown * severity)
            out += ring[:, None] * np.array([0.3, 0.6, 1.0])
    return out


def _hits(machine: Rotor, name: str, rate: float, times: Array, strength: Array) -> Array:
    """(S,) m/s^2: a ball that meets the damage makes the housing ring; the inner race passes the load once a turn."""
    from scipy.signal import lfilter

    stream = Key.of("slip of the balls", name, int(machine.seed)).stream()
    count = int((times[-1] - times[0]) * rate)
    at = times[0] + (np.arange(count) + 0.3 + _SLIP * np.cumsum(stream.standard_normal(count))) / rate
    at = at[(at > times[0]) & (at < times[-1] - 1 / RATE)]
    index = ((at - times[0]) * RATE).astype(int)
    hard = np.ones(len(at)) if name == "outer" else (1 + np.cos(2 * pi * machine.shaft * at)) / 2
    train = np.zeros(len(times))
    # A hit between two samples is shared between them, so that its time is kept.
    part = (at - times[0]) * RATE - index
    np.add.at(train, index, hard * (1 - part))
    np.add.at(train, index + 1, hard * part)
    pole = np.exp((-_DECAY + 2j * pi * _RESONANCE) / RATE)
    # The impulse response is exp(-decay t) sin(2 pi resonance t).
    ring = lfilter([0.0, pole.imag], [1, -2 * pole.real, abs(pole) ** 2], train)
    return 40.0 * strength * np.asarray(ring)


def shaken(machine: Rotor, seconds: float, times: Array) -> Array:
    """(T, 3) m/s^2 at some times (T,) s."""
    wave = shaking(machine, seconds)
    grid = np.arange(len(wave)) / RATE - _LEAD
    return np.stack([np.interp(times, grid, wave[:, k]) for k in range(3)], 1)
