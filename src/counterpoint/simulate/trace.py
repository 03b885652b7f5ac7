"""Exact rays against placed shapes, for cameras: bundles in tiles, so that a shape only meets the rays near it.

The same shapes and the same hits as ``World.cast`` has (planes are seen from their front only), but the cost grows
with the pixels that a shape covers instead of with all of them, and every row may have its own moment.
Vectors are three arrays x, y, z, which broadcast against each other; lengths are metres, all float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate.scene import Geom

Array = NDArray[np.float64]
Triple = tuple[Any, Any, Any]
"""x, y, z: numbers or arrays that broadcast."""

TINY = 1e-12


@final
@dataclass(frozen=True, eq=False)
class Shapes:
    """Shapes at R moments (rows of a rolling shutter; one for a global one).

    Attributes:
        geoms: G shapes.
        positions: (R, G, 3) m in the world.
        turns: (R, G, 3, 3) world from shape.
    """

    geoms: list[Geom]
    positions: Array
    turns: Array

    @cached_property
    def radii(self) -> Array:
        """(G,) m: of balls around the shapes; infinite for planes without end."""
        return np.array([_radius(g) for g in self.geoms])

    @cached_property
    def sizes(self) -> Array:
        """(G, 3) m, as the shapes have them."""
        return np.array([g.size for g in self.geoms], float).reshape(-1, 3)

    @cached_property
    def halves(self) -> Array:
        """(G, 3) m: half extents of boxes around the shapes in their own axes; infinite for planes without end."""
        return np.array([_half(g) for g in self.geoms]).reshape(-1, 3)

    @property
    def middle(self) -> Array:
        """(G, 3) m: positions at the moment in the middle."""
        return self.positions[len(self.positions) // 2]

    @cached_property
    def drift(self) -> Array:
        """(G,) m: how far the shapes get from there at the other moments."""
        return np.asarray(np.linalg.norm(self.positions - self.middle, axis=2).max(0))


def _radius(geom: Geom) -> float:
    a, b, c = geom.size
    if geom.shape == "plane":
        return np.inf if endless(geom) else float(np.hypot(a, b))
    return {
        "box": float(np.sqrt(a * a + b * b + c * c)),
        "sphere": a,
        "cylinder": float(np.hypot(a, b)),
        "capsule": a + b,
        "ellipsoid": max(geom.size),
    }[geom.shape]


def _half(geom: Geom) -> tuple[float, float, float]:
    a, b, c = geom.size
    if geom.shape == "plane":
        return (a, b, 0.0) if not endless(geom) else (np.inf, np.inf, 0.0)
    return {
        "box": (a, b, c),
        "sphere": (a, a, a),
        "cylinder": (a, a, b),
        "capsule": (a, a, a + b),
        "ellipsoid": (a, b, c),
    }[geom.shape]


def endless(geom: Geom) -> bool:
    """Whether a shape is a plane without an edge."""
    return geom.shape == "plane" and not (geom.size[0] > 0 and geom.size[1] > 0)


def turned(turn: Array, v: Any) -> Triple:
    """``turn`` (..., 3, 3) times a vector."""
    x, y, z = v
    if turn.size == 9:  # plain numbers spare the arrays a broadcast
        t = turn.reshape(3, 3).tolist()
    else:
        t = np.moveaxis(turn, (-2, -1), (0, 1))  # type: ignore[assignment]
    a, b, c = (t[i][0] * x + t[i][1] * y + t[i][2] * z for i in range(3))
    return a, b, c


def within(turn: Array, v: Triple) -> Triple:
    """A vector of the world in the axes of shapes: ``turn`` (..., 3, 3) is world from shape."""
    return turned(np.swapaxes(turn, -1, -2), v)


def outward(turn: Array, v: Triple) -> Triple:
    """A vector in the axes of shapes in the world; the inverse of ``within``."""
    return turned(turn, v)


def dot(a: Any, b: Any) -> Any:
    """Scalar product of vectors of three arrays."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def hit(geom: Geom, o: Triple, d: Triple) -> Array:
    """Smallest length >= 0 at which the ray ``o + length * d`` meets a shape in its own axes; inf where it misses."""
    return hits(geom.shape, o, d, geom.size)


def hits(kind: str, o: Triple, d: Triple, size: Any) -> Array:
    """``hit`` for shapes of one kind and of sizes (three numbers or arrays)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _HITS[kind](o, d, size)


def _plane(o: Triple, d: Triple, size: Any) -> Array:
    t = -o[2] / d[2]
    ok = (d[2] < -1e-15) & (t >= 0)
    edged = (np.asarray(size[0]) > 0) & (np.asarray(size[1]) > 0)
    if edged.any():
        for i in (0, 1):
            ok &= ~edged | (np.abs(o[i] + t * d[i]) <= size[i])
    return np.where(ok, t, np.inf)


def _slabs(o: Triple, d: Triple, half: Any) -> tuple[Any, Any]:
    """Where rays enter and leave a box; the entry comes after the exit where they miss it (Kay and Kajiya 1986)."""
    near: Any = -np.inf
    far: Any = np.inf
    for i in range(3):
        inverse = 1 / np.where(d[i] == 0, 1e-300, d[i])
        middle, reach = -o[i] * inverse, np.abs(half[i] * inverse)
        near, far = np.maximum(near, middle - reach), np.minimum(far, middle + reach)
    return near, far


def _box(o: Triple, d: Triple, size: Any) -> Array:
    near, far = _slabs(o, d, size)
    t = np.where(near >= 0, near, far)
    return np.where((near <= far) & (far >= 0), t, np.inf)


def crosses(o: Triple, d: Triple, half: Any, limit: float) -> NDArray[np.bool_]:
    """Whether rays (...) pass through boxes of half extents (3, ...) before a length."""
    with np.errstate(over="ignore", invalid="ignore"):
        near, far = _slabs(o, d, half)
    return np.asarray((near <= far) & (far >= 0) & (near <= limit))


def _first(low: Any, high: Any) -> Array:
    t = np.where(low >= 0, low, high)
    return np.where(t >= 0, t, np.inf)


def _ball(o: Triple, d: Triple, radius: Any) -> tuple[Any, Any]:
    # The discriminant from the foot of the perpendicular: no large squares are subtracted for a far ball.
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    along = -(o[0] * d[0] + o[1] * d[1] + o[2] * d[2]) / a
    x, y, z = o[0] + along * d[0], o[1] + along * d[1], o[2] + along * d[2]
    half = np.sqrt((radius * radius - (x * x + y * y + z * z)) / a)
    return along - half, along + half


def _sphere(o: Triple, d: Triple, size: Any) -> Array:
    return _first(*_ball(o, d, size[0]))


def _ellipsoid(o: Triple, d: Triple, size: Any) -> Array:
    scaled = [tuple(v[i] / size[i] for i in range(3)) for v in (o, d)]
    return _first(*_ball(scaled[0], scaled[1], 1.0))


def _tube(o: Triple, d: Triple, radius: Any) -> tuple[Any, Any]:
    a = d[0] * d[0] + d[1] * d[1]
    along = -(o[0] * d[0] + o[1] * d[1]) / a
    x, y = o[0] + along * d[0], o[1] + along * d[1]
    half = np.sqrt((radius * radius - (x * x + y * y)) / a)
    return along - half, along + half


def _cylinder(o: Triple, d: Triple, size: Any) -> Array:
    low, high = _tube(o, d, size[0])
    inside = o[0] * o[0] + o[1] * o[1] <= size[0] * size[0]
    straight = d[0] * d[0] + d[1] * d[1] < TINY
    low = np.where(straight, np.where(inside, -np.inf, np.nan), low)
    high = np.where(straight, np.where(inside, np.inf, np.nan), high)
    inverse = 1 / np.where(d[2] == 0, 1e-300, d[2])
    middle, half = -o[2] * inverse, np.abs(size[1] * inverse)
    near, far = np.maximum(low, middle - half), np.minimum(high, middle + half)
    t = np.where(near >= 0, near, far)
    return np.where((near <= far) & (far >= 0), t, np.inf)


def _capsule(o: Triple, d: Triple, size: Any) -> Array:
    low, high = _tube(o, d, size[0])
    best: Any = np.inf
    for t in (low, high):
        best = np.minimum(best, np.where((t >= 0) & (np.abs(o[2] + t * d[2]) <= size[1]), t, np.inf))
    for end in (-size[1], size[1]):
        for t in _ball((o[0], o[1], o[2] - end), d, size[0]):
            beyond = (o[2] + t * d[2]) * np.sign(end) >= size[1]
            best = np.minimum(best, np.where((t >= 0) & beyond, t, np.inf))
    return best


_HITS = {
    "plane": _plane,
    "box": _box,
    "sphere": _sphere,
    "ellipsoid": _ellipsoid,
    "cylinder": _cylinder,
    "capsule": _capsule,
}
SHAPES = tuple(_HITS)


def normal(geom: Geom, p: Triple) -> Triple:
    """Outward unit normals in the axes of a shape at points on its surface (plain numbers for a plane)."""
    x, y, z = p
    a, b, c = geom.size
    if geom.shape == "plane":
        return 0.0, 0.0, 1.0
    if geom.shape == "box":
        deep = [np.abs(v) * (1 / half) for v, half in zip(p, geom.size, strict=True)]
        front = (deep[0] >= deep[1]) & (deep[0] >= deep[2])
        side = ~front & (deep[1] >= deep[2])
        return front * np.sign(x), side * np.sign(y), ~(front | side) * np.sign(z)
    if geom.shape == "sphere":
        return x / a, y / a, z / a
    if geom.shape == "cylinder":
        cap = np.abs(z) / b > np.sqrt(x * x + y * y) / a
        return np.where(cap, 0.0, x / a), np.where(cap, 0.0, y / a), np.where(cap, np.sign(z), 0.0)
    if geom.shape == "capsule":
        return x / a, y / a, (z - np.clip(z, -b, b)) / a
    x, y, z = x / (a * a), y / (b * b), z / (c * c)
    length = np.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length
