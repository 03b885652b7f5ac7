"""Light: the sun and lamps with hard shadows, the sky, matt and shiny surfaces, and what hangs in the air.

Radiances are linear, 1 = a white surface under an irradiance of 1 (full daylight of the main light). Colours of
shapes are as a screen shows them. A surface mirrors the sky but no other shape, so what a thing looks like depends on
nothing but itself, the lights and what shades it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.medium import Medium
from counterpoint.simulate.scene import MATERIALS, Lamp, Scene
from counterpoint.simulate.trace import SHAPES, Shapes, Triple, crosses, dot, hits, within

Array = NDArray[np.float64]
Colours = NDArray[np.float32]
CHUNK = 64
BATCH = 256
"""Pairs of a chunk and a shape that are asked together: as many as a cache holds."""
DAY = 1.35
"""Light on a white surface that faces the sun of a clear day: sun and sky."""
_HORIZON, _ZENITH, _GROUND = (np.array(c) ** 2.2 for c in ((0.80, 0.88, 0.97), (0.28, 0.50, 0.86), (0.42, 0.41, 0.4)))
_SKYLIGHT = np.array([0.93, 0.99, 1.1], np.float32)
DIM = 1e-3
"""A lamp that gives a surface less than this is left out."""
GLOSSY = 0.1
"""What shines no more than this has no highlight."""


def level(scene: Scene) -> float:
    """All light of the sky and the sun, relative to full daylight."""
    return scene.ambient + sum(lamp.power for lamp in scene.lamps if lamp.position is None)


def brightness(scene: Scene) -> float:
    """What a white surface gets under all lights at their best, relative to full daylight: what a film is set to.

    It follows from the lights alone, so that no thing alters the look of another.
    """
    ground = min((t.position[2] for t in scene.things if t.cls == "ground"), default=0.0)
    lamps = [lamp.power / max(lamp.position[2] - ground, 0.5) ** 2 for lamp in scene.lamps if lamp.position is not None]
    return level(scene) + max(lamps, default=0.0)


def sky(scene: Scene, z: Any) -> Colours:
    """Radiance (3, N) of the sky in directions with these z of their unit vectors; below the horizon, of the ground."""
    z = np.asarray(z, np.float32)
    up, down = np.sqrt(np.clip(z, 0, 1)), np.clip(-8 * z, 0, 1)
    light = level(scene)
    sun = next((lamp for lamp in scene.lamps if lamp.position is None), None)
    warm = np.array(sun.colour) if sun else np.ones(3)
    low, high, ground = (c * t * light for c, t in ((_HORIZON, warm), (_ZENITH, 0.5 + 0.5 * warm), (_GROUND, warm)))
    out = np.empty((3, len(z)), np.float32)
    for i in range(3):
        above = np.float32(low[i]) + np.float32(high[i] - low[i]) * up
        out[i] = above + (np.float32(ground[i]) - above) * down
    return out


def sunlit(scene: Scene, w: Colours) -> Colours:
    """Radiance (3, N) of the sky with the sun in it, in unit directions (3, N)."""
    out = sky(scene, w[2])
    for lamp in scene.lamps:
        if lamp.position is None and lamp.power > 0:
            cosine = dot(w, _towards(lamp).astype(np.float32))
            bright = np.clip(cosine, 0, 1) ** 48 * np.float32(0.35) + np.where(cosine > 0.9994, np.float32(3), 0)
            for channel, colour in zip(out, lamp.colour, strict=True):
                channel += bright * np.float32(colour * lamp.power)
    return out


def _towards(lamp: Lamp) -> Array:
    v = -np.array(lamp.direction, float)
    return v / np.linalg.norm(v)


@final
@dataclass(frozen=True, eq=False)
class Surfaces:
    """Points that are seen, sorted by shape so that neighbours stand together.

    Attributes:
        shapes: all that throw shadows.
        geom: (N,) shape of each point.
        points: (3, N) m in the world, float64.
        normals, ways: (3, N) unit vectors in the world; the way of the ray that sees the point.
        albedo: (3, N).
        rows: (N,) moment of each point, or None where there is only one.
    """

    shapes: Shapes
    geom: NDArray[np.int16]
    points: Array
    normals: Colours
    ways: Colours
    albedo: Colours
    rows: NDArray[np.int64] | None


def lit(scene: Scene, found: Surfaces) -> Colours:
    """Radiance (3, N) of surfaces: Lambert under sky and lights, Blinn's highlight, and the sky in what shines."""
    ambient = (np.float32(0.7) + np.float32(0.3) * found.normals[2]) * np.float32(scene.ambient)
    light = ambient * _SKYLIGHT[:, None]
    shine = np.array([MATERIALS[g.material].shine for g in found.shapes.geoms] or [0.0], np.float32)[found.geom]
    glossy = np.flatnonzero(shine > GLOSSY)
    n, w, shine = found.normals[:, glossy], found.ways[:, glossy], shine[glossy]
    along = dot(n, w)
    gloss = np.zeros((3, len(glossy)), np.float32)
    points = _chunked(found.points) if len(found.geom) else found.points
    for lamp in scene.lamps:
        power, to = _reaching(found, points, lamp)
        bright = _highlights(n, w, shine, along, power[glossy], to if to.shape[1] == 1 else to[:, glossy])
        for i, colour in enumerate(lamp.colour):
            light[i] += power * np.float32(colour)
            gloss[i] += bright * np.float32(colour)
    light *= found.albedo
    if len(glossy):
        share = shine * (np.float32(0.35) + np.float32(0.65) * (1 - np.abs(along)) ** 3)
        mirrored = sky(scene, w[2] - 2 * along * n[2])
        albedo = found.albedo[:, glossy]
        # Metals tint what they mirror.
        tint = np.where(shine > 0.55, 0.25 + 0.75 * albedo / np.maximum(albedo.max(0), 0.05), 1).astype(np.float32)
        light[:, glossy] = light[:, glossy] * (1 - share) + share * mirrored * tint + gloss
    return light


def _highlights(n: Colours, w: Colours, shine: Colours, along: Colours, power: Colours, to: Colours) -> Colours:
    """Blinn's highlight (N,): a power of the cosine between the normal and the half-way vector (Blinn 1977)."""
    out = np.zeros(len(shine), np.float32)
    if not len(out):
        return out
    towards = np.broadcast_to(to, n.shape)
    facing = dot(n, towards)
    half = (facing - along) / np.sqrt(np.maximum(2 - 2 * dot(w, towards), np.float32(1e-6)))
    at = np.flatnonzero((power > 0) & (half > 0.7))
    sharp = half[at] ** (10 + 90 * shine[at])
    out[at] = sharp * shine[at] * power[at] / np.maximum(facing[at], np.float32(0.2))
    return out


def _reaching(found: Surfaces, points: Array, lamp: Lamp) -> tuple[Colours, Colours]:
    """Irradiance (N,) by one light, relative to full daylight, and unit vectors (3, N) or (3, 1) towards it."""
    if lamp.position is None:
        to = _towards(lamp)[:, None].astype(np.float32)
        power, least = dot(found.normals, to) * np.float32(lamp.power), 0.0
    else:
        gap = np.array(lamp.position)[:, None] - found.points
        square = dot(gap, gap)
        to = (gap / np.sqrt(square)).astype(np.float32)
        power = dot(found.normals, to) * (lamp.power / np.maximum(square, 1e-4)).astype(np.float32)
        least = DIM
    reached = power > least
    if len(reached):
        shaded = _shaded(found, points, _chunked(reached), lamp)
        np.greater(reached, shaded.ravel()[: len(reached)], out=reached)
    return power * reached, to


def _shaded(found: Surfaces, p: Array, facing: NDArray[np.bool_], lamp: Lamp) -> NDArray[np.bool_]:
    """Whether a shape stands between points (3, C, CHUNK) and a light, (C, CHUNK).

    All shapes are convex, so none shades the side of itself that faces the light, and no offset is needed. Chunks and
    shapes are paired first, and all pairs of one kind of shape are asked together.
    """
    shapes, geom = found.shapes, _chunked(found.geom)
    rows = None if found.rows is None else _chunked(found.rows)
    out = np.zeros(geom.shape, bool)
    lit = np.flatnonzero(facing.any(1))
    p = p if len(lit) == len(geom) else p[:, lit]
    low, high = _lowest(p, np.minimum), _lowest(p, np.maximum)
    chunk, shape = _pairs(shapes, (low + high) / 2, np.linalg.norm(high - low, axis=0) / 2, lamp)
    alone = np.where(geom[lit, 0] == geom[lit, -1], geom[lit, 0], -1)
    other = alone[chunk] != shape
    chunk, shape = chunk[other], shape[other]
    kinds = np.array([g.shape for g in shapes.geoms])[shape]
    for kind in SHAPES:
        of_kind = np.flatnonzero(kinds == kind)
        for batch in np.split(of_kind, range(BATCH, len(of_kind), BATCH)):
            if not len(batch):
                continue
            c, g = chunk[batch], shape[batch]
            moment = np.zeros((len(c), 1), np.int64) if rows is None else rows[lit[c]]
            turn, place = shapes.turns[moment, g[:, None]], np.moveaxis(shapes.positions[moment, g[:, None]], -1, 0)
            o, d, limit = _to_light(kind, turn, place, p[:, c], lamp)
            between = hits(kind, o, d, shapes.sizes[g].T[..., None]) < limit
            between &= geom[lit[c]] != g[:, None]
            starts = np.flatnonzero(np.diff(c, prepend=-1))
            out[lit[c[starts]]] |= np.logical_or.reduceat(between, starts, axis=0)
    return out


def _pairs(shapes: Shapes, middle: Array, reach: Array, lamp: Lamp) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Balls of points (centres (3, C) m, radii (C,)) and shapes that may stand between one of them and a light.

    Asked of the ray from the middle, first with the balls around the shapes, then with the boxes, grown by the radius
    and by what a shape moves. Sorted by the ball of points.
    """
    m, centres = middle.T, shapes.middle
    to = _towards(lamp)[None] if lamp.position is None else np.array(lamp.position) - m
    far = np.linalg.norm(to, axis=1)
    way = to / np.maximum(far, 1e-9)[:, None]
    level_of = np.einsum("cx,gx->cg", way, centres)
    along = np.maximum(level_of - (m * way).sum(1)[:, None], 0)
    if lamp.position is not None:
        along = np.minimum(along, far[:, None])
    # |c - m - along way|^2, multiplied out: C x G numbers instead of three times as many.
    apart = (m * m).sum(1)[:, None] + (centres * centres).sum(1)
    square = apart - 2 * np.einsum("cx,gx->cg", m, centres)
    square += along * (along - 2 * (level_of - (m * way).sum(1)[:, None]))
    grown = shapes.radii + shapes.drift + reach[:, None]
    chunk, shape = np.nonzero(square <= grown * grown + 1e-9 * (apart + 1))
    turn, gap = shapes.turns[len(shapes.turns) // 2][shape], (m[chunk] - centres[shape]).T
    o = within(turn, (gap[0], gap[1], gap[2]))
    t = to[chunk].T if lamp.position is not None else to[0]
    d = within(turn, (t[0], t[1], t[2]))
    # A shape that turns during the picture is as wide as its ball.
    half = shapes.halves if len(shapes.turns) == 1 else np.minimum(shapes.radii, 1e9)[:, None] + np.zeros(3)
    spread = reach[chunk]
    if lamp.position is not None:
        # The rays of a ball of points run together in the lamp, so a shape close to it meets a narrow beam.
        ahead = (along[chunk, shape] - (shapes.radii + shapes.drift)[shape] - spread) / far[chunk]
        spread = spread * (1 - np.clip(ahead, 0, 1))
    box = half[shape].T + shapes.drift[shape] + spread
    between = crosses(o, d, box, np.inf if lamp.position is None else 1.0)
    return chunk[between], shape[between]


def _to_light(kind: str, turn: Array, place: Array, q: Array, lamp: Lamp) -> tuple[Triple, Triple, float]:
    """Origins, ways and length of the rays from points (3, P, CHUNK) to a light, in the axes of shapes of one kind.

    ``turn`` (P, 1 or CHUNK, 3, 3) and ``place`` (3, P, 1 or CHUNK) are those of the shape of each pair.
    """
    o: Triple = (q[0] - place[0], q[1] - place[1], q[2] - place[2])
    limit = np.inf if lamp.position is None else 1.0
    if lamp.position is None:
        to = _towards(lamp)
        d: Triple = (to[0], to[1], to[2])
    else:
        x, y, z = lamp.position
        d = (x - q[0], y - q[1], z - q[2])
    if kind == "sphere":  # looks the same from everywhere
        return o, d, limit
    o, d = within(turn, o), within(turn, d)
    if kind == "plane":
        # Light comes through the back of a plane as rays do: only its front throws shadows.
        return (o[0], o[1], np.where(o[2] < -1e-6, -o[2], -1.0)), (d[0], d[1], -d[2]), limit
    return o, d, limit


def _chunked(values: NDArray[Any]) -> NDArray[Any]:
    """(..., N) as (..., C, CHUNK), the last value repeated at the end."""
    count = values.shape[-1]
    out = np.empty((*values.shape[:-1], -(-count // CHUNK) * CHUNK), values.dtype)
    out[..., :count] = values
    out[..., count:] = values[..., -1:]
    return out.reshape(*values.shape[:-1], -1, CHUNK)


def _lowest(p: Array, least: Any) -> Array:
    """Least (or most) of (..., CHUNK) along the last axis; halving is several times faster than a reduction there."""
    while p.shape[-1] > 4:
        half = p.shape[-1] // 2
        p = least(p[..., :half], p[..., half:])
    return np.asarray(least.reduce(p, -1))


def veiled(medium: Medium | None, scene: Scene, radiance: Colours, distance: Array) -> Colours:
    """``I = J T + A (1 - T)`` with ``T = exp(-extinction * length of the ray)`` (Koschmieder 1924), in place."""
    if medium is None or medium.extinction == 0:
        return radiance
    through = np.exp(-medium.extinction * distance).astype(np.float32)
    for channel, colour in zip(radiance, medium.colour, strict=True):
        air = np.float32(colour**2.2 * level(scene))
        channel *= through
        channel += air * (1 - through)
    return radiance
