"""What one camera sees at one moment: which shape, how far, which way it faces and how bright, without film."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate import shade, texture
from counterpoint.simulate.lens import TILE, Lens
from counterpoint.simulate.scene import Geom, Scene
from counterpoint.simulate.trace import Shapes, Triple, dot, endless, hit, normal, outward, turned, within

Array = NDArray[np.float64]
OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
"""Mount (x forward, y left, z up) from optical axes (x right, y down, z forward)."""
CLOSE = 1e-4
"""m along the axis: boxes are cut off here before their corners are projected; nothing is seen closer than this."""
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
_EDGES = np.array([[a, b] for a in range(8) for b in range(a) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 2]).T


@final
@dataclass(frozen=True, eq=False)
class Eye:
    """A lens and where it is at R moments: ``position`` (R, 3) m, ``turn`` (R, 3, 3) world from optical axes."""

    lens: Lens
    position: Array
    turn: Array

    @property
    def rows(self) -> NDArray[np.int64] | None:
        """Moment of each ray, or None where all have one."""
        return self.lens.rows if len(self.position) > 1 else None


@final
@dataclass(frozen=True, eq=False)
class View:
    """Rasters (H, W) of one moment.

    Attributes:
        geom: index of the shape, -1 for the sky.
        distance: length of the ray, m; inf for the sky.
        depth: m along the axis of the camera; inf for the sky.
        radiance: (3, H, W) linear, or None if not asked for.
        normals: (3, H, W) unit, in the axes of the camera, 0 for the sky; None if not asked for.
    """

    geom: NDArray[np.int16]
    distance: Array
    depth: Array
    radiance: NDArray[np.float32] | None = None
    normals: NDArray[np.float32] | None = None


def seen(
    eye: Eye, shapes: Shapes, scene: Scene | None = None, beyond: Collection[int] = (), normals: bool = False
) -> View:
    """Cast every ray of an eye.

    Args:
        eye: where from.
        shapes: at the same moments as the eye.
        scene: with lights and air, if brightness is asked for.
        beyond: shapes that the rays pass through (what carries the camera); they still throw shadows.
        normals: whether to give them.
    """
    distance, geom = first(eye, shapes, beyond)
    raster = eye.lens.raster
    light = facing = None
    if scene is not None or normals:
        order = np.argsort(geom, kind="stable")
        colours, ways = _surfaces(eye, shapes, scene, distance[order], geom[order], order)
        if scene is not None:
            light = raster(colours, order)
        if normals:
            turn = eye.turn[0] if eye.rows is None else eye.turn[eye.rows[order]]
            facing = raster(np.stack(within(turn, tuple(ways))).astype(np.float32), order)
    return View(raster(geom), raster(distance), raster(distance * eye.lens.directions[2]), light, facing)


def first(eye: Eye, shapes: Shapes, beyond: Collection[int] = ()) -> tuple[Array, NDArray[np.int16]]:
    """Length (N,) m and shape (N,) of the first hit of every ray of the lens; inf and -1 where there is none."""
    directions, rows = eye.lens.directions, eye.rows
    count = directions.shape[1]
    tiled = directions.reshape(3, -1, TILE * TILE)
    best = np.full(tiled.shape[1:], np.inf)
    geom = np.full(tiled.shape[1:], -1, np.int16)
    origin, turn = _relative(eye, shapes)
    near = _near(eye, shapes)
    for g, shape in enumerate(shapes.geoms):
        tiles = np.flatnonzero(near[:, g])
        if g in beyond or not len(tiles):
            continue
        all_of_them = len(tiles) == len(best)
        d = directions if all_of_them else tiled[:, tiles].reshape(3, -1)
        pick: Any = 0
        if rows is not None:
            pick = rows if all_of_them else rows.reshape(best.shape)[tiles].ravel()
        t = hit(shape, tuple(origin[pick, g].T), _ways(shape, turn[pick, g], d)).reshape(len(tiles), -1)
        old = best[tiles]
        nearer = t < old
        best[tiles] = np.where(nearer, t, old)
        geom[tiles] = np.where(nearer, np.int16(g), geom[tiles])
    return best.reshape(count), geom.reshape(count)


def _ways(shape: Geom, turn: Array, d: Array) -> Triple:
    """Directions (3, N) of a camera in the axes of a shape, as far as they matter; see ``_relative``."""
    if shape.shape == "sphere":
        return d[0], d[1], d[2]
    if endless(shape):
        row = np.moveaxis(turn, -1, 0)[..., 2]
        return 0.0, 0.0, row[0] * d[0] + row[1] * d[1] + row[2] * d[2]
    return turned(turn, d)


def _relative(eye: Eye, shapes: Shapes) -> tuple[Array, Array]:
    """Origin (R, G, 3) of the rays in the axes of each shape, and (R, G, 3, 3) shape from camera.

    A ball has the axes of the camera, which spares a turn of every ray.
    """
    gap = eye.position[:, None] - shapes.positions
    round_ = np.array([g.shape == "sphere" for g in shapes.geoms], bool)[:, None, None]
    turns = np.where(round_, eye.turn[:, None], shapes.turns)
    return np.einsum("rgji,rgj->rgi", turns, gap), np.einsum("rgji,rjk->rgik", turns, eye.turn)


def _near(eye: Eye, shapes: Shapes) -> NDArray[np.bool_]:
    """(T, G): whether the ball around a shape reaches into the cone around a tile, and its box into its window."""
    axis, wide = eye.lens.axes
    centre = np.einsum("rji,rgj->rgi", eye.turn, shapes.positions - eye.position[:, None])
    middle = centre[len(centre) // 2]
    radius = shapes.radii + np.linalg.norm(centre - middle, axis=2).max(0)
    far = np.linalg.norm(middle, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = axis @ (middle / np.maximum(far, 1e-12)[:, None]).T
        own = np.arcsin(np.clip(radius / far, 0, 1))
    near = (far <= radius) | (np.arccos(np.clip(cosine, -1, 1)) <= wide[:, None] + own + 1e-9)
    return near & _overlap(eye, shapes, middle) if len(eye.position) == 1 else near


def _overlap(eye: Eye, shapes: Shapes, middle: Array) -> NDArray[np.bool_]:
    """(T, G): whether the box around a shape, cut off close before the camera, reaches into what a tile shows."""
    arms = _CORNERS * np.minimum(shapes.halves, 1e9)[:, None]
    corners = middle[:, None] + np.einsum("gij,gkj->gki", np.einsum("ji,gjk->gik", eye.turn[0], shapes.turns[0]), arms)
    one, other = corners[:, _EDGES[0]], corners[:, _EDGES[1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (CLOSE - one[..., 2:]) / (other[..., 2:] - one[..., 2:])
        cuts = np.where((share > 0) & (share < 1), one + share * (other - one), np.nan)
        cuts[..., 2] = np.where(np.isnan(cuts[..., 0]), np.nan, CLOSE)
        points = np.concatenate([np.where(corners[..., 2:] >= CLOSE, corners, np.nan), cuts], 1)
        at = points[..., :2] / points[..., 2:]
    seen = ~np.isnan(at)
    low, high = np.where(seen, at, np.inf).min(1).T, np.where(seen, at, -np.inf).max(1).T
    left, top, right, bottom = eye.lens.windows[..., None]
    return np.asarray((left <= high[0]) & (right >= low[0]) & (top <= high[1]) & (bottom >= low[1]))


def _surfaces(
    eye: Eye, shapes: Shapes, scene: Scene | None, distance: Array, geom: NDArray[np.int16], order: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Radiance and normals in the world, (3, N), of rays that are sorted by shape, the sky first."""
    rows = None if eye.rows is None else eye.rows[order]
    w = turned(eye.turn[0] if rows is None else eye.turn[rows], [d[order] for d in eye.lens.directions])
    edges = np.searchsorted(geom, np.arange(len(shapes.geoms) + 1))
    start, reach = int(edges[0]), distance[int(edges[0]) :]
    way, normals, albedo = (np.zeros((3, len(geom)), np.float32) for _ in range(3))
    points = np.empty((3, len(reach)))
    for i in range(3):
        way[i] = w[i]
        np.multiply(reach, w[i][start:], out=points[i])
        points[i] += eye.position[0, i] if rows is None else eye.position[rows[start:], i]
    pixel = np.float32(1 / float(eye.lens.directions[2].size) ** 0.5)
    for g, shape in enumerate(shapes.geoms):
        a, b = int(edges[g]), int(edges[g + 1])
        if a == b:
            continue
        pick: Any = slice(0, 1) if rows is None else rows[a:b]
        turn, n = shapes.turns[pick, g], normals[:, a:b]
        x, y, z = (points[i, a - start : b - start] - shapes.positions[pick, g, i] for i in range(3))
        plain = shape.texture == "plain" or scene is None
        if plain and shape.shape in ("sphere", "plane"):
            facing = (
                outward(turn, (0.0, 0.0, 1.0)) if shape.shape == "plane" else [v / shape.size[0] for v in (x, y, z)]
            )
            p = None
        else:
            p = within(turn, (x, y, z))
            facing = outward(turn, normal(shape, p))
        n[0], n[1], n[2] = facing
        bright: Any = np.float32(1)
        if p is not None and scene is not None and not plain:
            cosine = np.abs(dot(way[:, a:b], n))
            spread = distance[a:b].astype(np.float32) * pixel / np.maximum(cosine, np.float32(1e-3))
            bright = texture.shade(shape, (p[0], scene.handed * p[1], p[2]), spread)
        for channel, value in zip(albedo[:, a:b], shape.colour, strict=True):
            channel[:] = bright * np.float32(value**2.2)
    if scene is None:
        return albedo, normals
    out = np.empty_like(albedo)
    out[:, :start] = shade.sunlit(scene, way[:, :start])
    moments = None if rows is None else rows[start:]
    found = shade.Surfaces(shapes, geom[start:], points, normals[:, start:], way[:, start:], albedo[:, start:], moments)
    out[:, start:] = shade.lit(scene, found)
    return shade.veiled(scene.medium, scene, out, distance), normals
