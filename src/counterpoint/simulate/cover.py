"""Where things lie in a picture: boxes around what is seen and around all of them, and named points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.rig import Camera
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.simulate.scene import Geom, Thing
from counterpoint.simulate.trace import Shapes, hit, within
from counterpoint.simulate.view import Eye, first

Array = NDArray[np.float64]
SLACK = 0.002
"""m: a point this far below the surface that is seen in its direction is itself seen."""


def boxes(
    camera: Camera,
    eye: Eye,
    shapes: Shapes,
    owners: NDArray[np.int32],
    instances: Sequence[tuple[int, str, str]],
    masks: NDArray[np.bool_],
    plane: str,
) -> Boxes:
    """Tight boxes around the visible pixels of instances.

    ``extra``: ``visibility`` (share of the pixels that it would cover on the canvas if nothing stood in front),
    ``full`` (x0, y0, x1, y1 of all of it, hidden and outside parts too) and ``truncated`` (share of that box outside
    the canvas).

    Args:
        camera: in the rig, at the moment.
        eye, shapes: at the moment.
        owners: (G,) thing of every shape.
        instances: N times index of the thing, id and class.
        masks: (N, H, W), none empty.
        plane: name of the camera.
    """
    width, height = camera.size
    tight = np.array([_bounds(mask) for mask in masks], float).reshape(-1, 4)
    full, share = np.empty_like(tight), []
    for row, (index, _, _) in enumerate(instances):
        own = np.flatnonzero(owners == index)
        alone = Shapes([shapes.geoms[g] for g in own], shapes.positions[:, own], shapes.turns[:, own])
        canvas = np.zeros(width * height, bool)
        canvas[eye.lens.pixels] = first(eye, alone)[1] >= 0
        share.append(float(masks[row].sum() / canvas.sum()))
        full[row] = _outline(camera, alone, tight[row])
    inside = np.clip(full, 0, np.array([width, height, width, height]))
    area, left = (np.prod(b[:, 2:] - b[:, :2], 1) for b in (full, inside))
    extra = {
        "visibility": tuple(share),
        "full": tuple(tuple(row) for row in full.tolist()),
        "truncated": tuple((1 - left / area).round(12).tolist()),
    }
    ids, names = (tuple(i[k] for i in instances) for k in (1, 2))
    return Boxes(tight, ids, names, plane, extra, camera.size)  # type: ignore[arg-type]


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    x, y = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1


def _outline(camera: Camera, alone: Shapes, tight: Array) -> Array:
    """Bounds of the picture of points all over the surface; of what lies behind the camera, nothing."""
    points = np.concatenate(
        [
            _surface(g) @ turn.T + place
            for g, turn, place in zip(alone.geoms, alone.turns[0], alone.positions[0], strict=True)
        ]
    )
    at = projected(camera, points)
    if not len(at):
        return tight
    return np.concatenate([np.minimum(at.min(0), tight[:2]), np.maximum(at.max(0), tight[2:])])


def projected(camera: Camera, points: Array) -> Array:
    """Pixels (M, 2) of the points in front of the camera. Far outside a bent lens, where its polynomial no longer
    holds, they are those of a pinhole."""
    own = points @ camera.pose[:3, :3].T + camera.pose[:3, 3]
    own = own[own[:, 2] > 1e-2]
    n = own[:, :2] / own[:, 2:]
    k = camera.k
    corners = np.array([[0, 0], camera.size, [0, camera.size[1]], [camera.size[0], 0]])
    reach = (np.abs(corners - k[:2, 2]) / np.diag(k)[:2]).max(0)
    good = (n * n).sum(1) <= 1.5 * (reach * reach).sum()
    bent = np.where(good[:, None], camera._distorted(n), n)
    return bent @ k[:2, :2].T + k[:2, 2]


def _surface(geom: Geom) -> Array:
    """Points on a shape, in its axes, dense enough that their bounds are its own within 0.2 %."""
    a, b, c = geom.size
    if geom.shape in ("box", "plane"):
        grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 5)] * 3, indexing="ij"), -1).reshape(-1, 3)
        return grid[np.abs(grid).max(1) == 1] * (a, b, c if geom.shape == "box" else 0.0)
    round_ = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    if geom.shape == "cylinder":
        ring = np.stack([a * np.cos(round_), a * np.sin(round_)], 1)
        return np.concatenate([np.column_stack([ring, np.full(64, z)]) for z in (-b, b)])
    up = np.linspace(-np.pi / 2, np.pi / 2, 33)[:, None]
    ball = np.stack([np.cos(up) * np.cos(round_), np.cos(up) * np.sin(round_), np.sin(up) + 0 * round_], -1)
    ball = ball.reshape(-1, 3)
    if geom.shape == "sphere":
        return ball * a
    if geom.shape == "capsule":
        return ball * a + np.sign(ball[:, 2:]) * (0, 0, b)
    return ball * geom.size


def keypoints(
    camera: Camera,
    eye: Eye,
    shapes: Shapes,
    beyond: set[int],
    things: Sequence[Thing],
    poses: Sequence[tuple[Array, Array]],
    owners: NDArray[np.int32],
    indices: Sequence[int],
    plane: str,
) -> Keypoints | None:
    """Named points of things that have any, hidden or visible by a ray; None if there are none.

    A point inside a shape (a joint in a limb) is visible if the ray to it first meets that shape.

    Args:
        camera, eye, shapes, beyond: as for the picture.
        things, poses: N things and where they are (position, world from thing).
        owners: (G,) thing of every shape.
        indices: of the N things, as ``owners`` counts.
        plane: name of the camera.
    """
    names = tuple(dict.fromkeys(n for t in things for n, _ in t.keypoints))
    rows = [i for i, t in enumerate(things) if t.keypoints]
    if not names or not rows:
        return None
    xy = np.zeros((len(rows), len(names), 2))
    visible = np.zeros((len(rows), len(names)), np.uint8)
    asked: list[tuple[int, int, int, Array]] = []
    for row, i in enumerate(rows):
        at, turn = poses[i]
        for name, place in things[i].keypoints:
            k = names.index(name)
            point = at + turn @ np.array(place)
            pixel, depth = camera.project(point)
            if depth[0] > 1e-2 and (pixel[0] >= 0).all() and (pixel[0] < camera.size).all():
                xy[row, k] = pixel[0]
                asked.append((row, k, indices[i], point))
    points = np.array([p for *_, p in asked]).reshape(-1, 3)
    for (row, k, *_), free in zip(
        asked, _seen(eye, shapes, beyond, points, owners, [i for *_, i, _ in asked]), strict=True
    ):
        visible[row, k] = 2 if free else 1
    return Keypoints(xy, visible, names, tuple(things[i].name for i in rows), plane, canvas=camera.size)


def _seen(
    eye: Eye, shapes: Shapes, beyond: set[int], points: Array, owners: NDArray[np.int32], own: Sequence[int]
) -> list[bool]:
    """For each point (K, 3), whether its ray meets nothing before it, or the shape of its own thing that holds it."""
    origin = eye.position[0]
    gap = points - origin
    far = np.linalg.norm(gap, axis=1)
    nearest, which = np.full(len(points), np.inf), np.full(len(points), -1)
    for g, shape in enumerate(shapes.geoms):
        if g in beyond:
            continue
        # Only rays that pass the ball around the shape are worth a closer look.
        away = shapes.positions[0, g] - origin
        along = np.clip((gap @ away) / far**2, 0, 1)
        close = np.flatnonzero(np.linalg.norm(away - along[:, None] * gap, axis=1) <= shapes.radii[g])
        if not len(close):
            continue
        turn = shapes.turns[0, g]
        o = within(turn, tuple(-away))
        d = within(turn, tuple((gap[close] / far[close, None]).T))
        t = hit(shape, (o[0], o[1], o[2]), d)
        first = t < nearest[close]
        nearest[close[first]], which[close[first]] = t[first], g
    inside = (
        w >= 0 and owners[w] == i and _inside(shapes.geoms[w], shapes.turns[0, w].T @ (p - shapes.positions[0, w]))
        for w, i, p in zip(which.tolist(), own, points, strict=True)
    )
    return [bool(t >= f - SLACK or held) for t, f, held in zip(nearest, far, inside, strict=True)]


def _inside(geom: Geom, p: Any) -> bool:
    """Whether a point in its axes lies well inside a shape."""
    x, y, z = np.abs(p) * 1.05
    a, b, c = geom.size
    if geom.shape == "box":
        return bool(x < a and y < b and z < c)
    if geom.shape == "cylinder":
        return bool(np.hypot(x, y) < a and z < b)
    if geom.shape == "capsule":
        return bool(x * x + y * y + max(z - b, 0) ** 2 < a * a)
    if geom.shape == "plane":
        return False
    b, c = (a, a) if geom.shape == "sphere" else (b, c)
    return bool((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1)
