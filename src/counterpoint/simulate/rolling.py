"""Rays that leave one after another: a turning sensor on a moving thing, in a moving world.

Rays are traced in blocks of some milliseconds, each shape against the rays near it, from the pose in the middle of the
block. Every ray has the origin and direction of its own moment, and its length is carried along: where a surface with
normal ``n`` moved by ``s`` and the sensor by ``o``, it is ``n . (s - o) / n . d`` farther along ``d``. That is exact
for flat surfaces; on round ones the error is the square of the way of half a block over the radius, and a silhouette is
up to half a block old.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate import path, trace
from counterpoint.simulate.scene import Mount, rotation
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
_GRAZING = 0.05  # |n . d| below which a surface is taken to be this steep: at a silhouette the quotient has no limit
_STILL = 1e-12


@final
@dataclass(frozen=True, eq=False)
class Rays:
    """(N, 3) ``origin`` and unit ``direction`` of every ray at its own moment, in the world; (N,) ``distance`` m (inf:
    nothing was hit), ``geom`` (-1: nothing) and ``cosine`` of the angle of incidence, 0 to 1."""

    origin: Array
    direction: Array
    distance: Array
    geom: NDArray[np.int32]
    cosine: Array


def rolled(world: World, mount: Mount, times: Array, directions: Array, block: float = 0.004) -> Rays:
    """Cast every ray at its own moment.

    Args:
        world: where.
        mount: the sensor; rays pass through the thing that carries it.
        times: (N,) s, not decreasing by more than a block.
        directions: (N, 3) unit vectors in the frame of the sensor.
        block: s, for which one pose of the world is traced.
    """
    parts = _blocks(times, block)
    middles = np.array([(times[p].min() + times[p].max()) / 2 for p in parts])
    halves = np.array([max((times[p].max() - times[p].min()) / 2, 1e-6) for p in parts])
    poses = _Poses(world, middles, halves, mount)
    n = len(times)
    # Three rows of N are several times faster than N rows of three.
    out = Rays(np.empty((3, n)).T, np.empty((3, n)).T, np.empty(n), np.empty(n, np.int32), np.empty(n))
    ways = np.ascontiguousarray(directions.T)
    for i, part in enumerate(parts):
        poses.cast(i, (times[part] - middles[i]) / halves[i], ways[:, part], out, part)
    return out


def _blocks(times: Array, block: float) -> list[slice]:
    count = np.floor((times - times[0]) / block + 1e-9).astype(int) if len(times) else np.zeros(0, int)
    cuts = np.flatnonzero(np.diff(np.maximum.accumulate(count))) + 1
    edges = [0, *cuts.tolist(), len(times)]
    return [slice(a, b) for a, b in pairwise(edges) if b > a]


@final
class _Poses:
    """Where every body and the sensor are in the middle of each block, and how they go through it.

    A position is ``middle + first * u + second * u**2`` with u from -1 to 1 across the block, a rotation the turn by
    a vector of that form, given in the world.
    """

    def __init__(self, world: World, middles: Array, halves: Array, mount: Mount) -> None:
        self._world, self._mj = world, world.mujoco
        bodies = self._mj[1].nbody
        nodes = np.clip(np.stack([middles - halves, middles, middles + halves], 1), 0, world.scene.seconds)
        self._paths = _paths(world, nodes.ravel())
        spots, turns = np.empty((nodes.size, bodies, 3)), np.empty((nodes.size, bodies, 3, 3))
        places, ways = np.empty((len(nodes), self._mj[1].ngeom, 3)), np.empty((len(nodes), self._mj[1].ngeom, 3, 3))
        for k, time in enumerate(nodes.ravel()):
            self._show(float(time), k)
            data = self._mj[2]
            spots[k], turns[k] = data.xpos, data.xmat.reshape(bodies, 3, 3)
            if k % 3 == 1:
                places[k // 3], ways[k // 3] = data.geom_xpos, data.geom_xmat.reshape(-1, 3, 3)
        at = 0 if mount.on == "world" else world.names.index(mount.on) + 1
        self._geoms, self._shapes = world.geoms, (places, ways)
        self._radii = trace.Shapes(self._geoms, places, ways).radii
        self._met = np.ones(len(self._geoms), bool) if at == 0 else self._mj[1].geom_bodyid != at
        arm, own = np.array(mount.position), rotation(mount.quaternion)
        shape = (*nodes.shape, bodies)
        sensor = (spots[:, at] + turns[:, at] @ arm).reshape(*nodes.shape, 1, 3)
        self._spots = np.concatenate([spots.reshape(*shape, 3), sensor], 2)
        every = np.concatenate([turns.reshape(*shape, 3, 3), (turns[:, at] @ own).reshape(*nodes.shape, 1, 3, 3)], 2)
        self._turn = every[:, 1, -1]
        back = np.swapaxes(every[:, 1], -1, -2)
        before, after = rotation_vector(every[:, 0] @ back), rotation_vector(every[:, 2] @ back)
        self._sway = (after - before) / 2, (after + before) / 2
        s = self._spots
        self._way = (s[:, 2] - s[:, 0]) / 2, (s[:, 2] + s[:, 0]) / 2 - s[:, 1]
        self._spots = s[:, 1]
        self._moves = np.max([np.abs(v).max(-1) for v in (*self._way, *self._sway)], 0) > _STILL
        self._turns = np.max([np.abs(v).max(-1) for v in self._sway], 0) > _STILL

    def cast(self, i: int, u: Array, directions: Array, out: Rays, part: slice) -> None:
        """Trace one block, directions (3, N), and carry its rays to their own moments."""
        d = self._turn[i] @ directions
        if self._turns[i, -1]:
            a, b = _crossing(self._sway[0][i, -1]), _crossing(self._sway[1][i, -1])
            d = d + (a @ d) * u + ((b + a @ a / 2) @ d) * (u * u)
        origin = self._spots[i, -1]
        distance, geom, normal = self._first(i, origin, d)
        steep = normal[0] * d[0] + normal[1] * d[1] + normal[2] * d[2]
        way = self._way[0][i, -1], self._way[1][i, -1]
        ahead = self._ahead(i, u, d, distance, geom, normal)
        if ahead is not None:
            safe = np.where(np.abs(steep) < _GRAZING, np.where(steep < 0, -_GRAZING, _GRAZING), steep)
            distance += ahead / safe
        out.origin.T[:, part] = origin[:, None]
        if self._moves[i, -1]:
            out.origin.T[:, part] += way[0][:, None] * u + way[1][:, None] * (u * u)
        out.direction.T[:, part], out.distance[part], out.geom[part] = d, distance, geom
        np.abs(steep, out=out.cosine[part])

    def _first(self, i: int, origin: Array, d: Array) -> tuple[Array, NDArray[np.int32], Array]:
        """Length (N,), shape (N,) and normal (3, N) of the first hit of each ray, as ``World.cast`` has them.

        A shape only meets the rays that pass the ball around it, so that the cost grows with what it covers.
        """
        n = d.shape[1]
        best, geom, normal = np.full(n, np.inf), np.full(n, -1, np.int32), np.zeros((3, n))
        gap = self._shapes[0][i] - origin
        far = np.linalg.norm(gap, axis=1)
        wide = np.arcsin(np.minimum(self._radii / np.maximum(far, 1e-12), 1))
        middle = d.sum(1)
        middle /= np.linalg.norm(middle) + 1e-12
        bundle = np.arccos(np.clip((middle @ d).min(), -1, 1))
        apart = np.arccos(np.clip(gap @ middle / np.maximum(far, 1e-12), -1, 1))
        inside = far <= self._radii
        for g in np.flatnonzero((inside | (apart <= bundle + wide)) & self._met):
            shape, turn = self._geoms[g], self._shapes[1][i, g]
            met: Any = slice(None)
            if not inside[g]:
                met = np.flatnonzero(gap[g] @ d >= np.cos(wide[g]) * far[g] - 1e-9)
            local = turn.T @ d[:, met]
            o = tuple((-gap[g] @ turn).tolist())
            t = trace.hit(shape, o, (local[0], local[1], local[2]))
            nearer = np.flatnonzero(t < best[met])
            if not len(nearer):
                continue
            rows = nearer if inside[g] else met[nearer]
            t = t[nearer]
            best[rows], geom[rows] = t, g
            if shape.shape == "plane":
                normal[:, rows] = turn[:, 2:]
                continue
            x, y, z = local[:, nearer]
            facing = trace.normal(shape, (o[0] + t * x, o[1] + t * y, o[2] + t * z))
            normal[:, rows] = turn @ np.stack(np.broadcast_arrays(*facing))
        return best, geom, normal

    def _ahead(
        self, i: int, u: Array, d: Array, distance: Array, geom: NDArray[np.int32], normal: Array
    ) -> Array | None:
        """(N,) way of the hit surface relative to the sensor, along its normal, m."""
        body = np.where(geom < 0, 0, self._mj[1].geom_bodyid[geom])
        moving = np.flatnonzero(self._moves[i, :-1][body] & (geom >= 0))
        carried = bool(self._moves[i, -1])
        if not carried and not len(moving):
            return None
        ahead = np.zeros(len(u))
        if carried:
            ahead -= (self._way[0][i, -1] @ normal) * u + (self._way[1][i, -1] @ normal) * (u * u)
        if len(moving):
            b, v = body[moving], u[moving]
            arm = self._spots[i, -1][:, None] + d[:, moving] * distance[moving] - self._spots[i, b].T
            sway = self._sway[0][i, b].T * v + self._sway[1][i, b].T * (v * v)
            turn = _cross(sway, arm)
            go = self._way[0][i, b].T * v + self._way[1][i, b].T * (v * v) + turn + _cross(sway, turn) / 2
            ahead[moving] += (normal[:, moving] * go).sum(0)
        return ahead

    def _show(self, time: float, node: int) -> None:
        """Bring the private state to a node: as ``World`` does, with paths worked out beforehand."""
        mj, m, d = self._mj
        world = self._world
        step = min(int(time / world.scene.timestep + 1e-9), len(world.times) - 1)
        d.qpos[:] = world.states[step, : m.nq]
        rest = time - world.times[step]
        if m.nv and abs(rest) > _STILL:
            end, way = world.states[min(step + 1, len(world.times) - 1)], np.zeros(m.nv)
            mj.mj_differentiatePos(m, way, world.scene.timestep, d.qpos, end[: m.nq])
            mj.mj_integratePos(m, d.qpos, way, rest)
        for slot, spots, quaternions in self._paths:
            d.mocap_pos[slot], d.mocap_quat[slot] = spots[node], quaternions[node]
        mj.mj_kinematics(m, d)


def _paths(world: World, times: Array) -> list[tuple[int, Array, Array]]:
    """For every thing on a path its slot, (K, 3) positions and (K, 4) quaternions."""
    model: Any = world.mujoco[1]
    found = []
    for thing in world.scene.things:
        if thing.motion == "path":
            spots, turns = path.motion(thing.path, times)[:2]
            half = np.arctan2(turns[:, 1, 0], turns[:, 0, 0]) / 2
            zero = np.zeros(len(half))
            slot = int(model.body_mocapid[world.names.index(thing.name) + 1])
            found.append((slot, spots, np.stack([np.cos(half), zero, zero, np.sin(half)], 1)))
    return found


def _cross(a: Array, b: Array) -> Array:
    """Of (3, N)."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _crossing(v: Array) -> Array:
    """3 x 3 that does ``v x``."""
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])


def rotation_vector(turns: Array) -> Array:
    """(..., 3) axes times angles, rad, of rotations (..., 3, 3) by less than half a turn."""
    r = turns
    axis = np.stack([r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]], -1) / 2
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (np.trace(r, axis1=-2, axis2=-1) - 1) / 2)
    return axis * np.where(sine < 1e-9, 1.0, angle / np.maximum(sine, 1e-300))[..., None]
