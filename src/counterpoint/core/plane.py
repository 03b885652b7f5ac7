"""Maps of one camera's plane.

Points are continuous pixel coordinates ``(x, y)``: the centre of the first pixel
is (0.5, 0.5), the canvas of a ``w`` x ``h`` picture is [0, w] x [0, h]. A
``PlaneMap`` is a chain of steps; each step has a canvas of its own, because what
a crop cut away must stay cut away when a later step pads. Chains are fused by
appending, so any number of steps costs one resampling of the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.serial import Recorded

Points = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Homography(Recorded):
    """A projective map of the plane; ``matrix`` is 3 x 3, row by row, input to output."""

    matrix: tuple[float, ...]

    @classmethod
    def of(cls, matrix: ArrayLike) -> Homography:
        return cls(tuple(float(v) for v in np.asarray(matrix, float).reshape(9)))

    @cached_property
    def array(self) -> NDArray[np.float64]:
        return np.asarray(self.matrix, float).reshape(3, 3)

    @property
    def affine(self) -> bool:
        a = self.array
        return bool(abs(a[2, 0]) < 1e-15 and abs(a[2, 1]) < 1e-15)

    def forward(self, points: Points) -> Points:
        out = points @ self.array[:, :2].T + self.array[:, 2]
        return out[..., :2] / out[..., 2:]

    def backward(self, points: Points) -> Points:
        return self.inverse().forward(points)

    def inverse(self) -> Homography:
        return Homography.of(np.linalg.inv(self.array))


@final
@dataclass(frozen=True)
class Bend(Recorded):
    """A smooth non-rigid map: a uniform cubic B-spline of displacements.

    ``backward(p) = p + d(p)`` where ``d`` is the spline whose ``rows`` x ``columns``
    control points (pixels, ``dx`` then ``dy``, row by row) span the canvas
    ``width`` x ``height``. ``forward`` solves for it by Newton's method, so points
    and pixels agree to 1e-6 px. With ``inverted`` the two are exchanged.

    Source: Rueckert et al., "Nonrigid registration using free-form deformations",
    IEEE TMI 18(8), 1999, eq. 2.
    """

    width: float
    height: float
    rows: int
    columns: int
    dx: tuple[float, ...]
    dy: tuple[float, ...]
    inverted: bool = False

    def forward(self, points: Points) -> Points:
        return self._shifted(points) if self.inverted else self._solved(points)

    def backward(self, points: Points) -> Points:
        return self._solved(points) if self.inverted else self._shifted(points)

    def inverse(self) -> Bend:
        return Bend(self.width, self.height, self.rows, self.columns, self.dx, self.dy, not self.inverted)

    @cached_property
    def _knots(self) -> NDArray[np.float64]:
        return np.stack(
            [np.reshape(self.dx, (self.rows, self.columns)), np.reshape(self.dy, (self.rows, self.columns))]
        )

    def grid(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacements ``(2, len(ys), len(xs))`` on the grid ``ys`` x ``xs``."""
        down, across = self.separable(xs, ys)
        out = np.empty((2, len(ys), len(xs)))
        # In strips too small for BLAS to start threads, which cost more than they save and fight the other workers.
        step = max(200_000 // max(across.size, 1), 1)
        for y in range(0, len(ys), step):
            out[:, y : y + step] = down[:, y : y + step] @ across
        return out

    def separable(
        self, xs: NDArray[np.float64], ys: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``grid`` as a product: ``(2, len(ys), columns)`` and ``(columns, len(xs))``."""
        return _basis(ys / self.height, self.rows)[0] @ self._knots, _basis(xs / self.width, self.columns)[0].T

    def _shifted(self, points: Points) -> Points:
        flat = np.asarray(points, float).reshape(-1, 2)
        bx = _basis(flat[:, 0] / self.width, self.columns)[0]
        by = _basis(flat[:, 1] / self.height, self.rows)[0]
        moved = flat + np.einsum("ni,kij,nj->nk", by, self._knots, bx)
        return moved.reshape(np.shape(points))

    def _solved(self, points: Points) -> Points:
        goal = np.asarray(points, float).reshape(-1, 2)
        guess = goal.copy()
        for _ in range(30):
            bx, gx = _basis(guess[:, 0] / self.width, self.columns)
            by, gy = _basis(guess[:, 1] / self.height, self.rows)
            off = guess + np.einsum("ni,kij,nj->nk", by, self._knots, bx) - goal
            if not len(off) or np.abs(off).max() < 1e-9:
                break
            jx = np.einsum("ni,kij,nj->nk", by, self._knots, gx) / self.width
            jy = np.einsum("ni,kij,nj->nk", gy, self._knots, bx) / self.height
            a, b, c, d = 1 + jx[:, 0], jy[:, 0], jx[:, 1], 1 + jy[:, 1]
            det = a * d - b * c
            det = np.where(np.abs(det) < 0.1, 0.1, det)
            guess -= np.stack([(d * off[:, 0] - b * off[:, 1]) / det, (a * off[:, 1] - c * off[:, 0]) / det], 1)
        return guess.reshape(np.shape(points))


def _basis(u: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cubic B-spline weights and their derivatives by ``u``: two ``(len(u), count)`` arrays.

    The first and the last control point lie one cell outside [0, 1]; beyond that
    the spline is continued by its value at the edge.
    """
    cells = count - 3
    t = np.clip(np.asarray(u, float), 0, 1) * cells
    cell = np.minimum(t.astype(int), cells - 1)
    f = t - cell
    inside = ((u >= 0) & (u <= 1)).astype(float) * cells
    weights = np.stack([(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3], 1) / 6
    slopes = np.stack([-((1 - f) ** 2), 3 * f**2 - 4 * f, -3 * f**2 + 2 * f + 1, f**2], 1) / 2 * inside[:, None]
    rows = np.arange(len(t))[:, None]
    where = cell[:, None] + np.arange(4)
    b, g = np.zeros((len(t), count)), np.zeros((len(t), count))
    b[rows, where] = weights
    g[rows, where] = slopes
    return b, g


@final
@dataclass(frozen=True)
class PlaneStep(Recorded):
    """One map and the canvas that it draws on: ``size`` is (width, height) in pixels.

    ``fill`` is the colour (0 to 255 a channel) of what lies outside the canvas before.
    """

    map: Homography | Bend
    size: tuple[int, int]
    fill: tuple[int, int, int] = (0, 0, 0)


@final
@dataclass(frozen=True)
class PlaneMap(Move):
    """What happens to the plane of one camera: canvas ``size_in``, then the steps in order."""

    plane: str
    size_in: tuple[int, int]
    steps: tuple[PlaneStep, ...]
    axis: ClassVar[Axis] = Axis.PLANE

    @classmethod
    def of(
        cls,
        plane: str,
        size_in: tuple[int, int],
        matrix: ArrayLike,
        size_out: tuple[int, int] | None = None,
        fill: tuple[int, int, int] = (0, 0, 0),
    ) -> PlaneMap:
        """One projective step; ``matrix`` is 3 x 3 (input to output)."""
        return cls(plane, size_in, (PlaneStep(Homography.of(matrix), size_out or size_in, fill),))

    @classmethod
    def mirror(cls, plane: str, size: tuple[int, int]) -> PlaneMap:
        """``x -> width - x``."""
        flip = Homography((-1.0, 0.0, float(size[0]), 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
        return cls(plane, size, (PlaneStep(flip, size),))

    @property
    def size_out(self) -> tuple[int, int]:
        return self.steps[-1].size if self.steps else self.size_in

    @cached_property
    def matrix(self) -> NDArray[np.float64] | None:
        """3 x 3 of the whole chain, or None if a step is not projective."""
        total = np.eye(3)
        for step in self.steps:
            if not isinstance(step.map, Homography):
                return None
            total = step.map.array @ total
        return total

    @property
    def mirrored(self) -> bool:
        """Whether the chain turns left-handed into right-handed pictures."""
        signs = [np.sign(np.linalg.det(s.map.array)) for s in self.steps if isinstance(s.map, Homography)]
        return bool(np.prod(signs) < 0)

    def forward(self, points: ArrayLike) -> Points:
        """Where input points ``(..., 2)`` land, whether or not the canvas still shows them."""
        out = np.asarray(points, float)
        for step in self.steps:
            out = step.map.forward(out)
        return out

    def backward(self, points: ArrayLike) -> Points:
        """Which input points ``(..., 2)`` the output points came from."""
        out = np.asarray(points, float)
        for step in reversed(self.steps):
            out = step.map.backward(out)
        return out

    def shows(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Which input points stay inside every canvas on the way."""
        at = np.asarray(points, float)
        kept = inside(at, self.size_in)
        for step in self.steps:
            at = step.map.forward(at)
            kept &= inside(at, step.size)
        return kept

    def inverse(self) -> PlaneMap:
        """The map back. What the canvases cut away does not return."""
        sizes = [self.size_in, *(s.size for s in self.steps)]
        back = [PlaneStep(s.map.inverse(), sizes[i], s.fill) for i, s in enumerate(self.steps)]
        return PlaneMap(self.plane, self.size_out, tuple(reversed(back)))

    def fused(self, later: Move) -> PlaneMap | None:
        if isinstance(later, PlaneMap) and later.plane == self.plane:
            return PlaneMap(self.plane, self.size_in, self.steps + later.steps)
        return None


def inside(points: Points, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which points ``(..., 2)`` lie on a canvas (width, height)."""
    x, y = points[..., 0], points[..., 1]
    return (x >= 0) & (x <= size[0]) & (y >= 0) & (y <= size[1])


def outline(boxes: ArrayLike, per_side: int = 1) -> Points:
    """Points around boxes ``(N, 4)``: ``(N, 4 * per_side, 2)``, corners included, clockwise."""
    x0, y0, x1, y1 = np.asarray(boxes, float).reshape(-1, 4).T[..., None]
    t = np.arange(per_side) / per_side
    x = np.concatenate([x0 + (x1 - x0) * t, x1 + 0 * t, x1 + (x0 - x1) * t, x0 + 0 * t], 1)
    y = np.concatenate([y0 + 0 * t, y0 + (y1 - y0) * t, y1 + 0 * t, y1 + (y0 - y1) * t], 1)
    return np.stack([x, y], -1)
