"""What one camera sees at one moment: which shape, how far, which way it faces and how bright, without film."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate import shade, texture
from counterpoint.simulate.lens import TILE, Lens
from counterpoint.simulate.scene import MATERIALS, Scene
from counterpoint.simulate.trace import Shapes, hit, normal, outward

Array = NDArray[np.float64]
OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
"""Mount (x forward, y left, z up) from optical axes (x right, y down, z forward)."""


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
        radiance: (H, W, 3) linear, or None if not asked for.
        normals: (H, W, 3) unit, in the axes of the camera, 0 for the sky; None if not asked for.
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
    width, height = eye.lens.size
    pixels = eye.lens.pixels

    def raster(values: NDArray[Any], like: Any = None) -> NDArray[Any]:
        out = np.empty((height * width, *values.shape[1:]), values.dtype)
        out[pixels] = values
        return out.reshape(height, width, *values.shape[1:])

    light = facing = None
    if scene is not None or normals:
        order = np.argsort(geom, kind="stable")
        colours, ways = _surfaces(eye, shapes, scene, distance[order], geom[order], order)
        if scene is not None:
            light = np.empty_like(colours)
            light[order] = colours
        if normals:
            facing = np.empty((len(order), 3), np.float32)
            facing[order] = _in_camera(eye, ways, order)
    return View(
        raster(geom),
        raster(distance),
        raster(distance * eye.lens.directions[2]),
        None if light is None else raster(light),
        None if facing is None else raster(facing),
    )


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
        t = hit(shape, tuple(origin[pick, g].T), _turned(turn[pick, g], d)).reshape(len(tiles), -1)
        old = best if all_of_them else best[tiles]
        nearer = t < old
        if all_of_them:
            best[nearer], geom[nearer] = t[nearer], g
        else:
            best[tiles] = np.where(nearer, t, old)
            geom[tiles] = np.where(nearer, np.int16(g), geom[tiles])
    return best.reshape(count), geom.reshape(count)


def _turned(turn: Array, d: Array) -> Any:
    """``turn`` (..., 3, 3) shape from camera times directions (3, N)."""
    t = np.moveaxis(turn, (-2, -1), (0, 1))
    return tuple(t[i, 0] * d[0] + t[i, 1] * d[1] + t[i, 2] * d[2] for i in range(3))


def _relative(eye: Eye, shapes: Shapes) -> tuple[Array, Array]:
    """Origin (R, G, 3) of the rays in the axes of each shape, and (R, G, 3, 3) shape from camera."""
    gap = eye.position[:, None] - shapes.positions
    return np.einsum("rgji,rgj->rgi", shapes.turns, gap), np.einsum("rgji,rjk->rgik", shapes.turns, eye.turn)


def _near(eye: Eye, shapes: Shapes) -> NDArray[np.bool_]:
    """(T, G): whether the ball around a shape reaches into the cone around a tile."""
    axis, wide = eye.lens.axes
    centre = np.einsum("rji,rgj->rgi", eye.turn, shapes.positions - eye.position[:, None])
    middle = centre[len(centre) // 2]
    radius = shapes.radii + np.linalg.norm(centre - middle, axis=2).max(0)
    far = np.linalg.norm(middle, axis=1)
    inside = far <= radius
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = axis @ (middle / np.maximum(far, 1e-12)[:, None]).T
        own = np.arcsin(np.clip(radius / far, 0, 1))
    return inside | (np.arccos(np.clip(cosine, -1, 1)) <= wide[:, None] + own + 1e-9)


def _surfaces(
    eye: Eye, shapes: Shapes, scene: Scene | None, distance: Array, geom: NDArray[np.int16], order: NDArray[np.int64]
) -> tuple[NDArray[np.float32], Array]:
    """Radiance (N, 3) and normals in the world (3, N) of rays that are sorted by shape, the sky first."""
    rows = None if eye.rows is None else eye.rows[order]
    look = eye.turn[0] if rows is None else eye.turn[rows]
    d = eye.lens.directions[:, order]
    w = np.stack(_turned(look, d))
    edges = np.searchsorted(geom, np.arange(len(shapes.geoms) + 1))
    start = int(edges[0])
    from_eye = eye.position[0][:, None] if rows is None else eye.position[rows].T
    points = np.full_like(w, np.nan)
    points[:, start:] = (from_eye if rows is None else from_eye[:, start:]) + distance[start:] * w[:, start:]
    ways = np.zeros_like(w)
    albedo = np.zeros((len(order), 3), np.float32)
    pixel = 1 / float(eye.lens.directions[2].size) ** 0.5
    for g, shape in enumerate(shapes.geoms):
        a, b = int(edges[g]), int(edges[g + 1])
        if a == b:
            continue
        pick: Any = 0 if rows is None else rows[a:b]
        turn = shapes.turns[pick, g]
        p = _own(turn, points[:, a:b] - (shapes.positions[pick, g].reshape(-1, 3).T))
        n = outward(turn, normal(shape, p))
        for i in range(3):
            ways[i, a:b] = n[i]
        if scene is not None:
            handed = (p[0], scene.handed * p[1], p[2])
            print_ = _footprint(distance[a:b], w[:, a:b], ways[:, a:b], pixel)
            bright = texture.shade(shape, handed, print_) if shape.texture != "plain" else 1.0
            albedo[a:b] = np.asarray(bright, np.float32).reshape(-1, 1) * np.power(shape.colour, 2.2).astype(np.float32)
    if scene is None:
        return albedo, ways
    out = np.empty_like(albedo)
    out[:start] = shade.sunlit(scene, tuple(w[:, :start]))
    out[start:] = _lit(
        scene,
        shapes,
        geom[start:],
        points[:, start:],
        ways[:, start:],
        w[:, start:],
        albedo[start:],
        None if rows is None else rows[start:],
        edges - start,
    )
    return shade.veiled(scene.medium, scene, out, distance), ways


def _own(turn: Array, gap: Array) -> Any:
    t = np.moveaxis(turn, (-2, -1), (0, 1))
    return tuple(t[0, i] * gap[0] + t[1, i] * gap[1] + t[2, i] * gap[2] for i in range(3))


def _footprint(distance: Array, w: Array, n: Array, pixel: float) -> NDArray[np.float32]:
    """Length (N,) m that a pixel covers on a surface, along its longer side."""
    cosine = np.abs(w[0] * n[0] + w[1] * n[1] + w[2] * n[2])
    return (distance * pixel / np.maximum(cosine, 1e-3)).astype(np.float32)


def _lit(
    scene: Scene,
    shapes: Shapes,
    geom: NDArray[np.int16],
    p: Array,
    n: Array,
    w: Array,
    albedo: NDArray[np.float32],
    rows: Any,
    edges: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Radiance (N, 3) of surfaces: Lambert under sky and lights, Blinn's highlight, and the sky in what shines."""
    ambient = (scene.ambient * (0.7 + 0.3 * n[2])).astype(np.float32)
    light = ambient[:, None] * shade._SKYLIGHT
    gloss = np.zeros((len(geom), 3), np.float32)
    shining = [(g, MATERIALS[s.material].shine) for g, s in enumerate(shapes.geoms) if edges[g + 1] > edges[g]]
    shine = np.zeros(len(geom), np.float32)
    for g, share in shining:
        shine[edges[g] : edges[g + 1]] = share
    for at, power, to, colour in shade.lights(scene, shapes, geom, p, n, rows):
        tint = np.array(colour, np.float32)
        light[at] += power[:, None] * tint
        glossy = np.flatnonzero(shine[at] > 0.03)
        if len(glossy):
            k = at[glossy]
            to_k = to if to.shape[1] == 1 else to[:, glossy]
            half = to_k - w[:, k]
            half = half / np.sqrt((half * half).sum(0))
            sharp = (np.maximum((half * n[:, k]).sum(0), 0)).astype(np.float32) ** (10 + 90 * shine[k])
            strength = power[glossy] / np.maximum((to_k * n[:, k]).sum(0), 0.2).astype(np.float32)
            gloss[k] += (sharp * shine[k] * strength)[:, None] * tint
    glossy = np.flatnonzero(shine > 0.1)
    out = albedo * light
    if len(glossy):
        along = (w[:, glossy] * n[:, glossy]).sum(0)
        up = w[2, glossy] - 2 * along * n[2, glossy]
        share = shine[glossy] * (0.35 + 0.65 * (1 - np.abs(along)) ** 3).astype(np.float32)
        metal = shine[glossy] > 0.55
        tint = np.where(
            metal[:, None], 0.25 + 0.75 * albedo[glossy] / np.maximum(albedo[glossy].max(1), 0.05)[:, None], 1
        )
        mirrored = shade.sky(scene, up) * tint
        out[glossy] = out[glossy] * (1 - share[:, None]) + share[:, None] * mirrored + gloss[glossy]
    return out


def _in_camera(eye: Eye, ways: Array, order: NDArray[np.int64]) -> NDArray[np.float32]:
    turn = eye.turn[0] if eye.rows is None else eye.turn[eye.rows[order]]
    return np.stack(_own(turn, ways), 1).astype(np.float32)
