"""What fog, rain and snow do to a pulse of light at 905 nm; lengths in m, extinction in 1/m, rain and snow in mm/h.

Ranges are lengths of rays. Intensities are those of a LiDAR that corrects for range: reflectivity times the cosine of
incidence, without air.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gamma, log, pi
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KEPT, SCATTERED, LOST = 0, 1, 2
"""Labels of an echo: of the target, of the air in front of it, below what the sensor can see."""

LIGHT = 299_792_458.0
_PULSE = 20e-9  # half-power width, s: Hahner et al., Fog Simulation on Real LiDAR Point Clouds, ICCV 2021
_TARGET = 1e-6 / pi  # differential reflectivity of a hard target, ibid.
_CELL = 0.1  # m, of the table over ranges
_REACH = 250.0
_WATER = ((1.328 - 1) / (1.328 + 1)) ** 2  # echo of a drop larger than the beam: Fresnel at normal incidence
_SMALLEST = 0.05  # mm
_NEAREST = 12


@final
@dataclass(frozen=True)
class Drops:
    """Sizes of falling drops: ``number * exp(-slope * D)`` for each m^3 and mm of diameter D."""

    number: float
    slope: float

    @classmethod
    def of(cls, kind: Literal["rain", "snow"], rate: float) -> Drops:
        """Marshall and Palmer 1948 for rain, Gunn and Marshall 1958 for snow; ``rate`` in mm/h, above 0."""
        return cls(8000.0, 4.1 * rate**-0.21) if kind == "rain" else cls(7600.0 * rate**-0.87, 2.55 * rate**-0.48)

    @property
    def density(self) -> float:
        """Drops a m^3 that are larger than the smallest."""
        return self.number / self.slope * float(np.exp(-self.slope * _SMALLEST))

    @property
    def extinction(self) -> float:
        """1/m: a drop takes twice its shadow (geometric optics), ``1e-6 pi / 4 * integral of 2 N D^2 dD``."""
        return 1e-6 * pi / 4 * 2 * self.number * gamma(3) / self.slope**3


@final
@dataclass(frozen=True, eq=False)
class Echoes:
    """What a sensor that reports the strongest echo gets: (N,) range m, intensity (as above), label."""

    ranges: Array
    intensity: Array
    label: NDArray[np.uint8]


def returns(
    kind: str,
    extinction: float,
    rate: float,
    ranges: Array,
    intensity: Array,
    stream: np.random.Generator,
    threshold: float | None = None,
    divergence: float = 0.003,
    closest: float = 1.5,
) -> Echoes:
    """Echoes through a medium.

    Args:
        kind: ``fog``, ``dust``, ``rain`` or ``snow``.
        extinction: 1/m.
        rate: mm/h, of rain and snow.
        ranges: (N,) of the targets; inf where there is none.
        intensity: (N,) without air, any unit in which a white surface that is met head-on gives 1.
        stream: for the places and sizes of drops.
        threshold: least power ``intensity * exp(-2 extinction r) / r**2`` that is seen, or None for everything.
        divergence: full angle of the beam, rad.
        closest: nearest range at which drops are seen, m.
    """
    hit = np.isfinite(ranges)
    through = np.where(hit, intensity * np.exp(-2 * extinction * np.where(hit, ranges, 0.0)), 0.0)
    if kind in ("fog", "dust"):
        where, echo = soft_echo(extinction, np.where(hit, ranges, _REACH))
        aside = np.where(hit, intensity * np.where(hit, ranges, 0.0) ** 2 * echo, 0.0)
        won = aside > through
        power = np.where(won, aside, through)  # the published model compares at the range of the target,
        # and knows no threshold for the echo of the air.
        seen = np.where(won, np.inf, through / np.where(hit, ranges, np.inf) ** 2)
    else:
        where, power_drop = (
            drop_echo(
                Drops.of("rain" if kind == "rain" else "snow", rate), extinction, ranges, stream, divergence, closest
            )
            if rate > 0
            else (ranges, np.zeros(len(ranges)))
        )
        hard = through / np.where(hit, ranges, np.inf) ** 2
        won = power_drop > hard
        seen = np.where(won, power_drop, hard)
        power = np.where(won, power_drop * where**2, through)
    label = np.where(won, SCATTERED, KEPT).astype(np.uint8)
    label[(seen <= 0) | (seen < (threshold or 0.0))] = LOST
    return Echoes(np.where(won, where, ranges), power, label)


def through(extinction: float, ranges: Array, intensity: Array, threshold: float | None = None) -> Echoes:
    """Echoes of the targets alone: attenuated, and lost below the threshold."""
    hit = np.isfinite(ranges)
    power = np.where(hit, intensity, 0.0)
    if extinction:
        power = power * np.exp(-2 * extinction * np.where(hit, ranges, 0.0))
    lost = (power <= 0) | (power < (threshold or 0.0) * np.where(hit, ranges, 0.0) ** 2)
    return Echoes(ranges, power, np.where(lost, LOST, KEPT).astype(np.uint8))


def soft_echo(extinction: float, ranges: Array) -> tuple[Array, Array]:
    """Range (N,) of the strongest echo of fog in front of a target, and its strength over ``intensity * range**2``.

    Hahner et al. 2021: with ``beta = 0.046 / MOR`` and ``beta0 = 1e-6 / pi`` the strength is ``beta / beta0`` times the
    largest integral of ``sin^2(pi t / 2 tau) exp(-2 a (R - ct/2)) xi(R - ct/2) / (R - ct/2)^2`` over the
    pulse, where ``xi`` grows from 0 to 1 between 0.9 and 1 m.
    """
    place, strength = _soft_table(float(extinction))
    i = np.clip((ranges / _CELL).astype(np.int64), 0, len(place) - 1)
    return place[i], strength[i]


@lru_cache(maxsize=8)
def _soft_table(extinction: float) -> tuple[Array, Array]:
    grid = np.arange(1.0, round(_REACH / _CELL) + 1, dtype=np.float64) * _CELL
    t = np.linspace(0, 2 * _PULSE, 201)
    r = grid[:, None] - LIGHT * t / 2
    open_ = np.clip((r - 0.9) / 0.1, 0, 1)
    shape = np.sin(pi * t / (2 * _PULSE)) ** 2
    inner = np.where(open_ > 0, shape * np.exp(-2 * extinction * r) * open_ / np.maximum(r, 0.5) ** 2, 0.0)
    strength = np.trapezoid(inner, t, axis=1) * (0.046 * extinction / log(20)) / _TARGET
    best: Array = np.maximum.accumulate(strength)
    peak = np.maximum.accumulate(np.where(strength >= best, np.arange(len(grid)), 0))
    return grid[peak], best


def drop_echo(
    drops: Drops, extinction: float, ranges: Array, stream: np.random.Generator, divergence: float, closest: float
) -> tuple[Array, Array]:
    """Range (N,) and power (N,) of the strongest of the nearest twelve drops in each beam before its target.

    After LISA (Kilic et al. 2021): places uniform in the cone, sizes by the law of the drops, echo
    ``|(n-1)/(n+1)|^2 min((D / beam)^2, 1) exp(-2 a r) / r^2``. The places are those of a Poisson process, so no count
    has to be rounded; farther drops are weaker by ``r^-4``.
    """
    n = len(ranges)
    cone = pi / 12 * divergence**2 * drops.density
    steps = stream.standard_exponential((_NEAREST, n))
    place = np.cbrt(np.cumsum(steps, 0) / cone + closest**3)
    size = _SMALLEST + stream.standard_exponential((_NEAREST, n)) / drops.slope
    share = np.minimum((size / 1000 / (place * divergence)) ** 2, 1.0)
    power = _WATER * share * np.exp(-2 * extinction * place) / place**2
    power[place >= np.where(np.isfinite(ranges), ranges, np.inf)] = 0.0
    best = power.argmax(0)
    every = np.arange(n)
    return place[best, every], power[best, every]
