"""Non-rigid planes: smooth bends that never fold.

Both are cubic B-splines of displacements (``core.plane.Bend``). A spline whose
control points move by less than 0.48 of the spacing between them is one-to-one
(Choi and Lee, "Injectivity conditions of 2D and 3D uniform cubic B-spline
functions", Graphical Models 62(6), 2000); moves are cut at 0.4, so every point
keeps exactly one place and labels follow to 1e-6 px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.plane import Bend, PlaneMap, PlaneStep
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.transforms.planes import Matrix, Size, chosen, colour, moved, named

FOLD_FREE = 0.4  # of the spacing of the control points


@final
@dataclass(frozen=True)
class Elastic(Transform):
    """Bend every plane like rubber: random displacements of a chosen smoothness.

    The usual recipe smooths white noise with a Gaussian. Here a cubic B-spline does
    it: control points ``sqrt(3) * sigma`` apart have the same variance of the
    kernel. ``alpha`` is the largest move of a control point; what is seen in the
    picture is smaller, as in the usual recipe. Moves are cut at 0.4 of the spacing.

    Attributes:
        alpha: largest displacement of a control point, px of the first plane; a range is drawn uniformly.
        sigma: smoothness, px of the first plane; the other planes bend by the same shares of their canvas.
        fill: grey level or (red, green, blue) of what the picture does not cover, 0 to 255.
        planes: names of the planes; all if empty.

    Source of the usual recipe: Simard et al., "Best practices for convolutional neural networks", ICDAR 2003, sec. 2.
    """

    alpha: Range = (4.0, 12.0)
    sigma: Range = 50.0
    fill: int | tuple[int, int, int] = 0
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        checked(self, alpha=(0, 10_000, "px"), sigma=(1, 10_000, "px"))
        _settled(self, "alpha", "sigma")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        alpha, sigma = drawn(self.alpha, stream), drawn(self.sigma, stream)
        planes = chosen(sample, self.planes)
        if not planes:
            return None
        first = np.array(next(iter(planes.values())), float)
        cells = np.clip(np.round(first / (math.sqrt(3) * sigma)), 1, 32).astype(int)
        moves = stream.uniform(-1, 1, (2, cells[1] + 3, cells[0] + 3)) * alpha / first[:, None, None]
        return _bent(self, sample, moves)

    @classmethod
    def at(cls, magnitude: float) -> Elastic:
        return cls(24.0 * magnitude)


@final
@dataclass(frozen=True)
class GridDistortion(Transform):
    """Bend every plane by moving the crossings of a grid.

    Attributes:
        steps: cells of the grid along width and along height.
        limit: largest move of a crossing as a share of a cell, below 0.4.
        fill: grey level or (red, green, blue) of what the picture does not cover, 0 to 255.
        planes: names of the planes; all if empty.
    """

    steps: int = 5
    limit: Range = 0.3
    fill: int | tuple[int, int, int] = 0
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        checked(self, steps=(1, 32, "cells"), limit=(0, FOLD_FREE, "of a cell"))
        _settled(self, "limit")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        limit = drawn(self.limit, stream)
        moves = stream.uniform(-1, 1, (2, self.steps + 3, self.steps + 3)) * limit / self.steps
        return _bent(self, sample, moves)

    @classmethod
    def at(cls, magnitude: float) -> GridDistortion:
        return cls(limit=FOLD_FREE * magnitude)


def _bent(step: Any, sample: Sample, moves: Matrix) -> Change | None:
    """One spline for every chosen plane; ``moves`` ``(2, rows, columns)`` are dx and dy in shares of the canvas."""
    rows, columns = moves.shape[1:]
    spacing = np.array([1 / (columns - 3), 1 / (rows - 3)])[:, None, None]
    dx, dy = np.clip(moves, -FOLD_FREE * spacing, FOLD_FREE * spacing)

    def one(name: str, size: Size) -> PlaneMap:
        w, h = size
        flat = (tuple((dx * w).ravel().tolist()), tuple((dy * h).ravel().tolist()))
        return PlaneMap(name, size, (PlaneStep(Bend(float(w), float(h), rows, columns, *flat), size, colour(step)),))

    return moved(step, sample, one)


def _settled(step: Elastic | GridDistortion, *ranges: str) -> None:
    ordered(step, *ranges)
    named(step)
    object.__setattr__(step, "fill", colour(step))
