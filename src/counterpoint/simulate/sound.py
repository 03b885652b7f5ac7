"""What is heard when things touch: blows, the modes that ring after them, and the click of the blow itself.

A blow is a fresh contact or a jump of the impulse between two things that already touch; a thing that only rests is
silent. Each blow lasts as long as Hertz says (a half sine of force), begins at the moment at which the surfaces met and
rings in closed form, so nothing depends on how steps and samples fall together.

Bodies ring as closed shells whose walls are a tenth of their smallest half width thick: solid bodies of the size of a
hand ring above hearing.

Sources: bars and plates, Rossing and Fletcher, Principles of Vibration and Sound, 2004; spheres, Baker, Axisymmetric
modes of vibration of thin spherical shell, JASA 33 (1961); damping of Rayleigh; the blow, Hertz (Johnson, Contact
Mechanics, 1985, ch. 11); the click, Koss and Alfredson, Transient sound radiated by spheres, JSV 27 (1973).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, pi
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate.scene import MATERIALS, Geom
from counterpoint.simulate.world import World

Array = NDArray[np.float64]

AIR = 1.204
"""kg/m^3."""
HEARD = 20.0, 20_000.0
"""Hz: lowest and highest mode that is kept."""
_MODES = 10
_POISSON = 0.3
_CLICK = 0.05
"""Share of the click of a sphere in free air that is heard: what it strikes mirrors it upside down."""
_RADIATED = 0.05
"""Share of the surface velocity that becomes sound; walls bend in parts that cancel each other."""
_SLOW = 0.03
"""m/s: slower touches are a body that settles, and not heard."""
_QUIET = 1e-4
"""A mode has died away when this share of it is left."""


@final
@dataclass(frozen=True)
class Blow:
    """One impact.

    Attributes:
        time: at which the surfaces met, s.
        first, second: indices of geoms.
        point, normal: (3,) in the world, m; the normal points from first to second.
        impulse: N s, of the whole blow.
        speed: at which the two came closer, m/s.
        distance: overlap when it was noticed, m.
    """

    time: float
    first: int
    second: int
    point: Array
    normal: Array
    impulse: float
    speed: float


def blows(world: World) -> tuple[Blow, ...]:
    """The impacts of a world, in the order of time."""
    c = world.contacts
    if not len(c.time):
        return ()
    step = np.rint(c.time / world.scene.timestep).astype(np.int64)
    pair = c.first.astype(np.int64) * len(world.owners) + c.second
    found: list[Blow] = []
    for key in np.unique(pair):
        found += _blows_of(world, np.flatnonzero(pair == key), step)
    return tuple(sorted(found, key=lambda b: (b.time, b.first, b.second)))


def _blows_of(world: World, rows: NDArray[np.int64], step: NDArray[np.int64]) -> list[Blow]:
    """The impacts of one pair of geoms, whose rows of the contacts are given."""
    c, last = world.contacts, world.times.size - 1
    steps, at = np.unique(step[rows], return_inverse=True)
    impulse = np.zeros(last + 2)
    np.add.at(impulse, steps[at] + 1, c.impulse[rows])
    before = impulse[steps]
    now = impulse[steps + 1]
    rest = _weight(world, rows[0]) * world.scene.timestep
    starts = steps[(before == 0) | (now > 2 * before + rest)]
    out, free_from = [], -1
    length = world.blow_steps
    for start in starts.tolist():
        if start < free_from:
            continue
        free_from = start + length
        mine = rows[step[rows] == start]
        whole = float(impulse[start + 1 : start + 1 + length].sum() - length * impulse[start])
        speed = float(c.closing[mine].max())
        if whole <= 0 or speed <= _SLOW:
            continue
        deep = mine[np.argmin(c.onset[mine])]
        share = c.impulse[mine] / c.impulse[mine].sum()
        out.append(
            Blow(
                float(c.onset[deep]),
                int(c.first[deep]),
                int(c.second[deep]),
                share @ c.point[mine],
                c.normal[deep],
                whole,
                speed,
            )
        )
    return out


def _weight(world: World, row: int) -> float:
    """N: of the lighter of the two that touch in a row."""
    c = world.contacts
    return min(mass(world, int(c.first[row])), mass(world, int(c.second[row]))) * abs(world.scene.gravity)


def mass(world: World, geom: int) -> float:
    """kg of the thing of a geom; infinite if it cannot be pushed."""
    thing = world.scene.thing(world.names[world.owners[geom]])
    if thing.motion in ("fixed", "path"):
        return float("inf")
    return float(world.mujoco[1].body_mass[world.owners[geom] + 1])


def duration(world: World, blow: Blow) -> float:
    """s that a blow lasts: Hertz, ``2.87 (m^2 / (R E^2 v)) ^ (1/5)``."""
    a, b = world.geoms[blow.first], world.geoms[blow.second]
    heavy = 1 / (1 / mass(world, blow.first) + 1 / mass(world, blow.second)) if blow.impulse else 0.0
    soft = (1 - _POISSON**2) * (1 / MATERIALS[a.material].stiffness + 1 / MATERIALS[b.material].stiffness)
    curved = 1 / (1 / _radius(a) + 1 / _radius(b))
    if not np.isfinite(heavy):
        return 1e-4
    return float(np.clip(2.87 * (heavy**2 * soft**2 / (curved * blow.speed)) ** 0.2, 4e-5, 2e-2))


def _radius(geom: Geom) -> float:
    """m: of the curve with which a shape meets another; edges and corners are rounded by a fifth of its half width."""
    if geom.shape == "plane":
        return 1e6
    return geom.size[0] if geom.shape in ("sphere", "capsule", "cylinder") else 0.2 * min(geom.size)


@final
@dataclass(frozen=True)
class Modes:
    """How a body rings: ``frequency`` (K,) Hz, ``decay`` (K,) 1/s, and ``area`` m^2 that moves the air."""

    frequency: Array
    decay: Array
    area: float

    @property
    def poles(self) -> NDArray[np.complex128]:
        """(K,) 1/s."""
        return -self.decay + 2j * pi * self.frequency


@cache
def modes(geom: Geom) -> Modes:
    """The modes of one shape, lowest first, at most ten.

    Decay is of Rayleigh, ``(alpha + beta omega^2) / 2``, with the loss of the material at the lowest mode, shared
    evenly between the two terms.
    """
    stuff = MATERIALS[geom.material]
    pace = np.sqrt(stuff.stiffness / stuff.density)
    if geom.shape == "plane":
        return Modes(np.zeros(0), np.zeros(0), 0.0)
    if geom.shape == "box":
        f, area = _box(geom, pace)
    elif geom.shape in ("cylinder", "capsule"):
        f, area = _tube(geom, pace)
    else:
        radius = geom.size[0] if geom.shape == "sphere" else float(np.prod(geom.size)) ** (1 / 3)
        f, area = _ball(radius, pace), 4 * pi * radius**2
    f = np.unique(np.round(f[(f > HEARD[0]) & (f < HEARD[1])], 6))[:_MODES]
    if not len(f):
        return Modes(f, f, area)
    omega = 2 * pi * f
    decay = 0.25 * stuff.loss * (omega[0] + omega**2 / omega[0]) + 2.0
    return Modes(f, decay, area)


def _box(geom: Geom, pace: float) -> tuple[Array, float]:
    """Hinged plates: the largest wall of a closed box, or the whole of a flat one."""
    short, middle, long = sorted(2 * s for s in geom.size)
    wall = short if short < middle / 8 else short / 20
    m, n = np.meshgrid(np.arange(1, 6), np.arange(1, 6))
    bend = wall * pace / np.sqrt(12 * (1 - _POISSON**2))
    return (pi / 2 * bend * ((m / long) ** 2 + (n / middle) ** 2)).ravel(), long * middle


def _tube(geom: Geom, pace: float) -> tuple[Array, float]:
    """A free tube: it bends as a bar, and its wall as rings."""
    radius, length = geom.size[0], 2 * geom.size[1] + (2 * geom.size[0] if geom.shape == "capsule" else 0.0)
    wall = min(radius, geom.size[1]) / 10
    slender = np.array([1, 2.756, 5.404, 8.933, 13.344]) * 3.5608 * radius / np.sqrt(2) * pace / length**2
    n = np.arange(2, 8)
    rings = wall * pace / (2 * pi * np.sqrt(12) * radius**2) * n * (n**2 - 1) / np.sqrt(n**2 + 1)
    stiff = pace / (2 * length)
    return np.concatenate([slender[slender < stiff], rings]), 2 * pi * radius * length


def _ball(radius: float, pace: float) -> Array:
    """Baker's lower branch of a thin spherical shell, n = 2, 3, ..."""
    n = np.arange(2, 12)
    b = 1 + 3 * _POISSON + n * (n + 1)
    square = (b - np.sqrt(b**2 - 4 * (1 - _POISSON**2) * (n * (n + 1) - 2))) / 2
    return np.sqrt(square) * pace / np.sqrt(1 - _POISSON**2) / (2 * pi * radius)


@final
class Struck:
    """One blow as one of its two bodies sounds: pressure at 1 m, for any delay and Doppler factor."""

    def __init__(self, world: World, blow: Blow, geom: int, length: float, tables: dict[Any, Array], rate: int) -> None:
        self._rate, self._tables, self._length = rate, tables, length
        self._modes = modes(world.geoms[geom])
        self._geom, self._heavy = geom, mass(world, geom)
        stuff = MATERIALS[world.geoms[geom].material]
        force, omega, poles = blow.impulse * pi / (2 * length), pi / length, self._modes.poles
        heavy = self._heavy
        if not np.isfinite(heavy):
            heavy = 50 * blow.impulse  # What cannot be pushed still has walls: about as much as a blow can reach.
        weight = _RADIATED * AIR * self._modes.area / (4 * pi) * force / heavy * _excited(world, blow, geom, poles)
        spring = np.abs(poles) ** 2
        # Partial fractions of s^2 / ((s^2 + omega^2) (s - p) (s - p*)), the acceleration under a sine that begins.
        ring = omega * poles**2 / ((poles**2 + omega**2) * 2j * poles.imag)
        steady = -(omega**3) / (2j * omega * (spring - omega**2 + 2j * self._modes.decay * omega))
        self._ring = 2 * weight * ring
        click = 0.0
        if np.isfinite(self._heavy):
            click = _CLICK * 1.5 * AIR / stuff.density / (4 * pi * 343.0) * force * omega / np.sqrt(3)
        self._pulse = complex(np.sum(2 * weight * steady)) + click
        self._omega = omega

    def add(self, out: Array, arrival: float, gain: float, doppler: float = 1.0) -> None:
        """Add the sound that arrives at ``arrival`` s to samples (S,) that begin at 0 s."""
        self._push(out, arrival, gain, doppler)
        if len(self._ring):
            table = self._table(round((doppler - 1) / 5e-4))
            for begin in (arrival, arrival + self._length / doppler):
                first = max(ceil(begin * self._rate), 0)
                count = min(len(out) - first, table.shape[1])
                if count > 0:
                    c = gain * self._ring * np.exp(self._modes.poles * doppler * (first / self._rate - begin))
                    out[first : first + count] += np.concatenate([c.real, -c.imag]) @ table[:, :count]

    def _push(self, out: Array, arrival: float, gain: float, doppler: float) -> None:
        """While the bodies touch: the click, and the part of the ringing that follows the force."""
        first = max(ceil(arrival * self._rate), 0)
        last = min(ceil((arrival + self._length / doppler) * self._rate), len(out))
        if last > first:
            since = np.arange(first, last) / self._rate - arrival
            out[first:last] += gain * (self._pulse * np.exp(1j * self._omega * doppler * since)).real

    def _table(self, shift: int) -> Array:
        """(2 K, N): real and imaginary parts of ``exp(pole * n / rate)``, until the last mode has died away."""
        key = (self._geom, shift)
        if key not in self._tables:
            poles = self._modes.poles * (1 + shift * 5e-4)
            count = ceil(-np.log(_QUIET) / self._modes.decay.min() * self._rate)
            count = min(count, 2 * self._rate)
            # Two short tables multiply to the long one, so few exponentials are worked out.
            fine = np.exp(np.outer(poles / self._rate, np.arange(256)))
            coarse = np.exp(np.outer(poles / self._rate, 256 * np.arange(-(-count // 256))))
            z = (coarse[:, :, None] * fine[:, None]).reshape(len(poles), -1)[:, :count]
            self._tables[key] = np.concatenate([z.real, z.imag])
        return self._tables[key]


def _excited(world: World, blow: Blow, geom: int, poles: NDArray[np.complex128]) -> Array:
    """(K,) how much each mode takes of a blow: by where it falls on the body, the same on both sides of it."""
    at, turn = world.pose(world.names[world.owners[geom]], blow.time)
    place = np.abs((blow.point - at) @ turn) / max(max(world.geoms[geom].size), 1e-9)
    k = np.arange(1, len(poles) + 1)
    return (0.3 + 0.7 * np.abs(np.cos(0.5 * pi * k * float(place.sum())))) / k
