"""Damage to point clouds: lost and shaken returns.

A row is kept or lost with all its columns, so labels of points stay with them.
What is known of the scene (boxes, poses) does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError

Rendered = tuple[NDArray[np.float32], NDArray[np.bool_]]


@final
@dataclass(frozen=True)
class PointDrop(Transform):
    """Lose single returns, each with the same chance.

    Attributes:
        share: chance of each point to be lost, 0 to 1.
    """

    share: Range = 0.2
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, share=(0, 1, ""))
        ordered(self, "share")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _damage(self, sample, key, {"share": drawn(self.share, key.stream())})

    @staticmethod
    def render(values: NDArray[np.float32], stream: np.random.Generator, **params: Any) -> Rendered:
        return values, stream.random(len(values)) >= params["share"]

    @classmethod
    def at(cls, magnitude: float) -> PointDrop:
        return cls(0.5 * magnitude)


@final
@dataclass(frozen=True)
class PointJitter(Transform):
    """Shift every return by normal noise along each axis.

    Attributes:
        sigma: standard deviation, m.
        clip: largest shift along an axis, m.
    """

    sigma: Range = 0.01
    clip: float = 0.05
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, sigma=(0, 100, "m"), clip=(0, 100, "m"))
        ordered(self, "sigma")
        if isinstance(self.clip, tuple):
            raise RecipeError(f"PointJitter(clip={self.clip!r}): give one number in m.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _damage(self, sample, key, {"sigma": drawn(self.sigma, key.stream()), "clip": float(self.clip)})

    @staticmethod
    def render(values: NDArray[np.float32], stream: np.random.Generator, **params: Any) -> Rendered:
        noise = stream.normal(0.0, params["sigma"], (len(values), 3)).clip(-params["clip"], params["clip"])
        out = values.copy()
        out[:, :3] += noise.astype(np.float32)
        return out, np.ones(len(values), bool)

    @classmethod
    def at(cls, magnitude: float) -> PointJitter:
        return cls(0.05 * magnitude, 0.25 * magnitude)


@final
@dataclass(frozen=True)
class BeamDrop(Transform):
    """Lose whole beams of a spinning LiDAR, as a sensor with fewer of them would.

    Beams are told apart by the column ``ring`` where there is one. Otherwise the range of elevations, seen from the
    origin of the points' frame, is divided evenly into ``beams``, so the cloud must be given in the frame of its
    sensor.

    Attributes:
        share: part of the beams that is lost, 0 to 1.
        beams: number of beams of the sensor; used without a column ``ring`` only.
    """

    share: Range = (0.0, 0.5)
    beams: int = 64
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, share=(0, 1, ""), beams=(1, 4096, "beams"))
        ordered(self, "share")
        if not isinstance(self.beams, int):
            raise RecipeError(f"BeamDrop(beams={self.beams!r}): give a whole number of beams.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _damage(self, sample, key, {"share": drawn(self.share, key.stream()), "beams": self.beams})

    @staticmethod
    def render(values: NDArray[np.float32], stream: np.random.Generator, **params: Any) -> Rendered:
        columns: tuple[str, ...] = params["columns"]
        ring = values[:, columns.index("ring")] if "ring" in columns else _elevation(values, params["beams"])
        beams = np.unique(ring)
        lost = stream.permutation(beams)[: round(params["share"] * len(beams))]
        return values, ~np.isin(ring, lost)

    @classmethod
    def at(cls, magnitude: float) -> BeamDrop:
        return cls(0.75 * magnitude)


def _elevation(values: NDArray[np.float32], beams: int) -> NDArray[np.int64]:
    """Number of the beam of each point, from 0 at the bottom."""
    x, y, z = values[:, :3].astype(float).T
    angle = np.arctan2(z, np.hypot(x, y))
    low, high = (angle.min(), angle.max()) if len(angle) else (0.0, 0.0)
    share = (angle - low) / max(high - low, 1e-12)
    return np.minimum((share * beams).astype(np.int64), beams - 1)


def _damage(step: Transform, sample: Sample, key: Key, params: Mapping[str, Any]) -> Change | None:
    """One strength for all clouds; each cloud has noise of its own."""
    name = type(step).__name__
    clouds = sample.having("points")
    moves = tuple(Appearance.of(name, "points", params, key.at(cloud), cloud) for cloud in clouds)
    return Change(name, moves) if moves else None
