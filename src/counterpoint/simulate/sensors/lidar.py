"""A turning LiDAR: every ray from the pose, and with the stamp, of its own firing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import tau
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Frame
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.points import Points
from counterpoint.signal import scatter
from counterpoint.simulate.rolling import Rays, rolled
from counterpoint.simulate.scene import MATERIALS, Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World

Array = NDArray[np.float64]

RESOLUTION = 0.09
"""Range resolution dR, m: noise is ``dR / sqrt(2 SNR)`` (LISA, Kilic et al. 2021)."""

GRAIN = 0.02
"""Noise of the intensity, as a share of it."""

_APART = 0.3  # m, by which two echoes of one pulse must differ to be two
_CONE = 0.35  # of the divergence: radius of the ring of sub-rays that stand for a beam


@final
@dataclass(frozen=True)
class Beams:
    """What a device fires.

    Attributes:
        elevations: of every laser in the order of firing, degrees.
        columns: firings of all lasers in one turn at 10 turns a second.
        interval: between two lasers, s; 0: all at once.
        reach: range in m at which a surface of reflectivity 0.9 is just seen.
    """

    elevations: tuple[float, ...]
    columns: int
    interval: float
    reach: float


MODELS = {
    # VLP-16 User Manual 63-9243: 2.304 us between lasers, 55.296 us a cycle.
    "vlp-16": Beams(
        tuple(float(e) for pair in zip(range(-15, 0, 2), range(1, 16, 2), strict=True) for e in pair),
        1808,
        2.304e-6,
        100.0,
    ),
    # HDL-64E S2: an upper block with lasers every third of a degree, a lower one every half.
    "hdl-64e": Beams((*np.linspace(2, -8.33, 32).tolist(), *np.linspace(-8.83, -24.33, 32).tolist()), 2083, 0.0, 120.0),
    "generic": Beams(tuple(np.linspace(-24.8, 10.0, 64).tolist()), 1024, 0.0, 120.0),
}
"""Beam tables by name."""


@final
@dataclass(frozen=True)
class Lidar(Sensor):
    """Points of every sweep of the clock, in the frame ``world``.

    A target of reflectivity ``rho`` at incidence ``i`` and range ``r`` gives the power ``rho cos(i) exp(-2 a r) / r^2``
    with the extinction ``a`` of the medium; it is seen above ``0.9 / reach^2``. Fog, rain and snow throw light back
    themselves; the strongest echo wins (``signal.scatter``).

    Columns: ``x y z`` m; ``intensity``, ``rho cos(i) exp(-2 a r)``, 0 to 1; ``time`` s; ``ring``, 0 lowest;
    ``label``, 0 of a target, 1 of the air, 2 lost; ``thing``, index into ``World.names`` or -1; with dual return
    ``echo``, 0 strongest and 1 last.

    Attributes:
        name: of the part and the frame.
        mount: where it sits; x is azimuth 0.
        model: ``vlp-16``, ``hdl-64e`` or ``generic``.
        rate: turns a second.
        columns: firings a turn, or None for those of the model.
        spin: -1 clockwise from above, 1 the other way.
        echoes: which echo is reported where a beam meets several surfaces: ``strongest``, ``last`` or both (``dual``).
        subrays: rays that stand for one beam: 1, or 5 to have echoes of two surfaces at edges.
        divergence: full angle of a beam, rad.
        drop: share of echoes that is lost at random.
        lost: whether what cannot be seen is reported (at its true place, with label 2 and intensity 0).
        block: s, for which one pose of the world is traced; see ``simulate.rolling``.
        noise: of range, intensity and drop-outs. The drops of rain are part of the world and stay.
    """

    name: str = "lidar"
    mount: Mount = Mount(position=(0.0, 0.0, 1.8))
    model: str = "generic"
    rate: float = 10.0
    columns: int | None = None
    spin: Literal[-1, 1] = -1
    echoes: Literal["strongest", "last", "dual"] = "strongest"
    subrays: Literal[1, 5] = 1
    divergence: float = 0.003
    drop: float = 0.0
    lost: bool = False
    block: float = 0.01
    noise: bool = True

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise UnknownNameError("LiDAR model", self.model, MODELS)
        checked(
            self,
            rate=(0.1, 100, "1/s"),
            columns=(1, 100_000, ""),
            drop=(0, 1, ""),
            divergence=(0, 0.1, "rad"),
            block=(1e-4, 0.1, "s"),
        )
        for field, allowed in (("echoes", ("strongest", "last", "dual")), ("subrays", (1, 5)), ("spin", (-1, 1))):
            if getattr(self, field) not in allowed:
                raise RecipeError(f"Lidar({field}={getattr(self, field)!r}): choose one of {allowed}.")

    @property
    def beams(self) -> Beams:
        return MODELS[self.model]

    def check(self, scene: Scene) -> None:
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        if self.rate * scene.seconds < 1 - 1e-9:
            raise RecipeError(
                f"Lidar(rate={self.rate:g}) needs {1 / self.rate:g} s for a sweep; the scene lasts {scene.seconds:g} s."
                f" Choose a rate of at least {1 / scene.seconds:g}, or a longer scene."
            )

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        rows = [self._rows(k, rays, world, key.at(self.name, k)) for k, rays in enumerate(self.sweeps(world, clock))]
        frame = np.eye(4)
        frame[:3, 3], frame[:3, :3] = world.mounted(self.mount, clock.moment)
        names: tuple[str, ...] = ("x", "y", "z", "intensity", "time", "ring", "label", "thing")
        names = (*names, "echo") if self.echoes == "dual" else names
        values = np.concatenate(rows, 1).T if rows else np.zeros((0, len(names)), np.float32)
        return Sensed({self.name: Points(values, names)}, frames={self.name: Frame.of(frame)})

    def sweeps(self, world: World, clock: Clock) -> Iterator[Rays]:
        """The true rays of every sweep, one after another, in the order of firing."""
        times, directions = self._firings
        for k in range(int(clock.seconds * self.rate + 1e-9)):
            yield rolled(world, self.mount, k / self.rate + times, directions, self.block)

    @cached_property
    def _firings(self) -> tuple[Array, Array]:
        """(N,) times after the start of a sweep and (N, 3) directions in the frame of the sensor."""
        beams = self.beams
        count = self.columns or round(beams.columns * 10 / self.rate)
        lasers = len(beams.elevations)
        within = np.arange(lasers) * beams.interval
        times = np.arange(count)[:, None] / (count * self.rate) + within
        azimuth = self.spin * tau * self.rate * times
        elevation = np.radians(beams.elevations)
        if self.subrays > 1:
            around = tau * np.arange(self.subrays - 1) / (self.subrays - 1)
            radius = np.array([0.0, *[_CONE * self.divergence] * (self.subrays - 1)])
            angle = np.array([0.0, *around])
            elevation = elevation[:, None] + radius * np.sin(angle)
            azimuth = azimuth[..., None] + radius * np.cos(angle)
            times = np.broadcast_to(times[..., None], azimuth.shape)
        flat = np.cos(elevation)
        up = np.broadcast_to(np.sin(elevation), azimuth.shape)
        d = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), up])
        return np.ascontiguousarray(times).ravel(), d.reshape(3, -1).T

    def _rows(self, sweep: int, rays: Rays, world: World, key: Key) -> NDArray[np.float32]:
        """The columns (F, R) of one sweep."""
        air, drops = world.scene.medium, key.at("air").stream()
        floor = 0.9 / self.beams.reach**2
        tables: list[NDArray[np.float32]] = []
        first: Array | None = None
        for echo, (ranges, intensity, thing) in enumerate(self._surfaces(rays, world)):
            if air is not None and echo == 0:
                seen = scatter.returns(
                    air.kind, air.extinction, air.rate, ranges, intensity, drops, floor, self.divergence
                )
            else:
                seen = scatter.through(0.0 if air is None else air.extinction, ranges, intensity, floor)
            keep = np.isfinite(seen.ranges) & (self.lost | (seen.label != scatter.LOST))
            if first is not None:
                with np.errstate(invalid="ignore"):
                    keep &= np.abs(seen.ranges - first) > _APART
            first = seen.ranges
            tables.append(self._table(sweep, rays, seen, thing, keep, echo, floor, key.at("noise", echo)))
        return np.concatenate(tables, 1) if len(tables) > 1 else tables[0]

    def _surfaces(self, rays: Rays, world: World) -> list[tuple[Array, Array, NDArray[np.int32]]]:
        """Range, intensity without air, and thing of what a beam meets: one or two of (N,) each."""
        bright = np.array([MATERIALS[g.material].reflectivity for g in world.geoms] + [0.0])
        intensity = bright[rays.geom] * rays.cosine
        thing = np.append(world.owners, np.int32(-1))[rays.geom]
        ranges, k = rays.distance, self.subrays
        if k == 1:
            return [(ranges, intensity, thing)] * (2 if self.echoes == "dual" else 1)
        ranges, intensity, thing = ranges.reshape(-1, k), intensity.reshape(-1, k) / k, thing.reshape(-1, k)
        near = _group(ranges, intensity, thing, ranges.min(1))
        finite = np.where(np.isfinite(ranges), ranges, -np.inf).max(1)
        far = _group(ranges, intensity, thing, np.where(np.isfinite(finite), finite, np.inf))
        if self.echoes == "last":
            return [far]
        with np.errstate(invalid="ignore"):
            nearer = near[1] / near[0] ** 2 >= far[1] / far[0] ** 2
        nearer |= ~np.isfinite(near[0])
        strongest = (
            np.where(nearer, near[0], far[0]),
            np.where(nearer, near[1], far[1]),
            np.where(nearer, near[2], far[2]),
        )
        return [strongest, far] if self.echoes == "dual" else [strongest]

    def _table(
        self,
        sweep: int,
        rays: Rays,
        seen: scatter.Echoes,
        thing: NDArray[np.int32],
        keep: NDArray[np.bool_],
        echo: int,
        floor: float,
        key: Key,
    ) -> NDArray[np.float32]:
        ranges, intensity, label = seen.ranges, seen.intensity, seen.label
        if self.noise:
            stream = key.stream()
            n = len(ranges)
            if self.drop:
                keep = keep & (stream.random(n) >= self.drop)
            with np.errstate(divide="ignore", invalid="ignore"):
                sigma = RESOLUTION * np.sqrt(floor / 2) * ranges / np.sqrt(intensity)
            sigma[label == scatter.LOST] = 0.0
            ranges = ranges + sigma * stream.standard_normal(n, np.float32)
            intensity = intensity * (1 + GRAIN * stream.standard_normal(n, np.float32))
        rows = np.flatnonzero(keep)
        beam = rows * self.subrays
        lasers = len(self.beams.elevations)
        out = np.empty((9 if self.echoes == "dual" else 8, len(rows)), np.float32)
        np.add(rays.origin.T[:, beam], rays.direction.T[:, beam] * ranges[rows], out=out[:3], casting="same_kind")
        told = label[rows]
        out[3] = np.where(told == scatter.LOST, 0.0, np.clip(intensity[rows], 0.0, 1.0))
        out[4] = sweep / self.rate + self._firings[0][beam]
        out[5] = np.argsort(np.argsort(self.beams.elevations))[rows % lasers]
        out[6] = told
        out[7] = np.where(told == scatter.SCATTERED, -1, thing[rows])
        if self.echoes == "dual":
            out[8] = echo
        return out


def _group(
    ranges: Array, intensity: Array, thing: NDArray[np.int32], at: Array
) -> tuple[Array, Array, NDArray[np.int32]]:
    """The sub-rays (N, K) that make one echo with the range ``at`` (N,): mean range, summed intensity, one thing."""
    with np.errstate(invalid="ignore"):
        one = np.abs(ranges - at[:, None]) <= _APART
    share = np.where(one, intensity + 1e-12, 0.0)
    total = share.sum(1)
    mean = np.where(one, ranges, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(total > 0, (mean * share).sum(1) / total, np.inf)
    which = share.argmax(1)
    return middle, total, thing[np.arange(len(thing)), which]
