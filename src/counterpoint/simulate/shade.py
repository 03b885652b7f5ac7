"""Light: the sun and lamps with hard shadows, the sky, matt and shiny surfaces, and what hangs in the air.

Radiances are linear, 1 = a white surface under an irradiance of 1 (full daylight of the main light). Colours of
shapes are as a screen shows them. A surface mirrors the sky but no other shape, so what a thing looks like depends on
nothing but itself, the lights and what shades it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.medium import Medium
from counterpoint.simulate.scene import Lamp, Scene
from counterpoint.simulate.trace import Shapes, Triple, hit, within

Array = NDArray[np.float64]
Colours = NDArray[np.float32]
CHUNK = 256
DAY = 1.35
"""Light on a white surface that faces the sun of a clear day: sun and sky."""
_HORIZON, _ZENITH, _GROUND = (np.array(c) ** 2.2 for c in ((0.80, 0.88, 0.97), (0.28, 0.50, 0.86), (0.42, 0.41, 0.4)))
_SKYLIGHT = np.array([0.93, 0.99, 1.1], np.float32)
DIM = 1e-3
"""A lamp that gives a surface less than this is left out."""


def level(scene: Scene) -> float:
    """All light of the sky and the sun, relative to full daylight."""
    return scene.ambient + sum(lamp.power for lamp in scene.lamps if lamp.position is None)


def sky(scene: Scene, z: Any) -> Colours:
    """Radiance (N, 3) of the sky in directions with these z of their unit vectors; below the horizon, of the ground."""
    up = np.sqrt(np.clip(z, 0, 1)).astype(np.float32)[:, None]
    light = level(scene)
    sun = next((lamp for lamp in scene.lamps if lamp.position is None), None)
    warm = np.array(sun.colour) if sun else np.ones(3)
    low, high, ground = (
        (c * t * light).astype(np.float32) for c, t in ((_HORIZON, warm), (_ZENITH, 0.5 + 0.5 * warm), (_GROUND, warm))
    )
    above = low + (high - low) * up
    below = np.clip(-8 * np.asarray(z, np.float32), 0, 1)[:, None]
    return above + (ground - above) * below


def sunlit(scene: Scene, d: Triple) -> Colours:
    """Radiance (N, 3) of the sky with the sun in it, in unit directions x, y, z (N,)."""
    out = sky(scene, d[2])
    for lamp in scene.lamps:
        if lamp.position is None and lamp.power > 0:
            to = _towards(lamp)
            cosine = (d[0] * to[0] + d[1] * to[1] + d[2] * to[2]).astype(np.float32)
            bright = np.clip(cosine, 0, 1) ** 48 * np.float32(0.35) + np.where(cosine > 0.9994, np.float32(3), 0)
            out += bright[:, None] * np.array(lamp.colour, np.float32) * np.float32(lamp.power)
    return out


def _towards(lamp: Lamp) -> Array:
    v = -np.array(lamp.direction, float)
    return v / np.linalg.norm(v)


def lights(scene: Scene, shapes: Shapes, geom: NDArray[np.int16], p: Array, n: Array, rows: Any) -> list[Any]:
    """What reaches some points from each light.

    Args:
        scene: with the lamps.
        shapes: what throws shadows.
        geom: (N,) shape on which a point lies, sorted so that neighbours stand together.
        p, n: (3, N) points and unit normals in the world.
        rows: (N,) moment of each point, or None where there is only one.

    Returns:
        For each light: index (K,) of the points that it reaches, irradiance (K,) relative to full daylight, and the
        unit vectors (3, K) or (3, 1) towards it, and its colour.
    """
    out = []
    for lamp in scene.lamps:
        if lamp.position is None:
            to = _towards(lamp)[:, None]
            cosine = n[0] * to[0] + n[1] * to[1] + n[2] * to[2]
            power = lamp.power * cosine
        else:
            to = np.array(lamp.position)[:, None] - p
            square = to[0] * to[0] + to[1] * to[1] + to[2] * to[2]
            to = to / np.sqrt(square)
            power = lamp.power * (n[0] * to[0] + n[1] * to[1] + n[2] * to[2]) / np.maximum(square, 1e-4)
        facing = np.flatnonzero(power > (0 if lamp.position is None else DIM))
        shaded = _shaded(shapes, geom[facing], p[:, facing], None if rows is None else rows[facing], lamp)
        kept = facing[~shaded]
        out.append((kept, power[kept].astype(np.float32), to if to.shape[1] == 1 else to[:, kept], lamp.colour))
    return out


def _shaded(shapes: Shapes, geom: NDArray[np.int16], p: Array, rows: Any, lamp: Lamp) -> NDArray[np.bool_]:
    """Whether a shape stands between points (3, N) and a light.

    All shapes are convex, so none shades the side of itself that faces the light, and no offset is needed.
    """
    count = p.shape[1]
    out = np.zeros(count, bool)
    if not count:
        return out
    chunks = -(-count // CHUNK)
    every = np.minimum(np.arange(chunks * CHUNK), count - 1).reshape(chunks, CHUNK)
    spread = p[:, every]
    low, high = spread.min(2), spread.max(2)
    middle, reach = (low + high).T / 2, np.linalg.norm(high - low, axis=0) / 2
    first, last = geom[every[:, 0]], geom[every[:, -1]]
    near = _near(shapes, middle, reach, lamp)
    for g, shape in enumerate(shapes.geoms):
        found = np.flatnonzero(near[g] & ~((first == g) & (last == g)))
        if not len(found):
            continue
        at = every[found].ravel()
        pick = slice(0, 1) if rows is None else rows[at]
        turn, place = shapes.turns[pick, g], shapes.positions[pick, g].T
        q = p[:, at]
        o = within(turn, (q[0] - place[0], q[1] - place[1], q[2] - place[2]))
        if lamp.position is None:
            to, limit = _towards(lamp), np.inf
            d = within(turn, (to[0], to[1], to[2]))
        else:
            x, y, z = lamp.position
            d, limit = within(turn, (x - q[0], y - q[1], z - q[2])), 1.0
        if shape.shape == "plane":
            # Light comes through the back of a plane as rays do: only its front throws shadows.
            d, o = (d[0], d[1], -d[2]), (o[0], o[1], -o[2])
            o = (o[0], o[1], np.where(o[2] > 1e-6, o[2], -1.0))
        out[at] |= (hit(shape, o, d) < limit) & (geom[at] != g)
    return out


def _near(shapes: Shapes, middle: Array, reach: Array, lamp: Lamp) -> NDArray[np.bool_]:
    """(G, C): whether the ball around a shape comes near the rays from balls of points to a light."""
    centres, radii = shapes.swept
    gap = centres[:, None] - middle
    if lamp.position is None:
        to = np.broadcast_to(_towards(lamp), middle.shape)
        along = np.maximum(np.einsum("gcx,cx->gc", gap, to), 0)
    else:
        to = np.array(lamp.position) - middle
        far = np.linalg.norm(to, axis=1)
        to = to / np.maximum(far, 1e-9)[:, None]
        along = np.clip(np.einsum("gcx,cx->gc", gap, to), 0, far)
    distance = np.linalg.norm(gap - along[..., None] * to, axis=2)
    return distance <= radii[:, None] + reach


def veiled(medium: Medium | None, scene: Scene, radiance: Colours, distance: Array) -> Colours:
    """``I = J T + A (1 - T)`` with ``T = exp(-extinction * length of the ray)`` (Koschmieder 1924), in place."""
    if medium is None or medium.extinction == 0:
        return radiance
    through = np.exp(-medium.extinction * distance).astype(np.float32)[:, None]
    air = (np.array(medium.colour) ** 2.2 * level(scene)).astype(np.float32)
    radiance *= through
    radiance += air * (1 - through)
    return radiance
