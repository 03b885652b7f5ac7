"""Rays that leave one after another: a turning sensor on a moving thing, in a moving world.

Rays are cast in blocks of a few milliseconds from the pose in the middle of the block. Every ray has the origin
and direction of its own moment, and its length is carried along: where a surface with normal ``n`` moved by ``s`` and
the sensor by ``o``, it is ``n . (s - o) / n . d`` farther along ``d``. That is exact for flat surfaces; on round ones
the error is the square of the way of half a block over the radius, and a silhouette is up to half a block old.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulate import path
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
    out = Rays(np.empty((n, 3)), np.empty((n, 3)), np.empty(n), np.empty(n, np.int32), np.empty(n))
    for i, part in enumerate(parts):
        poses.cast(i, (times[part] - middles[i]) / halves[i], directions[part], out, part)
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
        self._times = nodes[:, 1]
        self._paths = _paths(world, nodes.ravel())
        spots, turns = np.empty((nodes.size, bodies, 3)), np.empty((nodes.size, bodies, 3, 3))
        for k, time in enumerate(nodes.ravel()):
            self._show(float(time), k)
            data = self._mj[2]
            spots[k], turns[k] = data.xpos, data.xmat.reshape(bodies, 3, 3)
        at = 0 if mount.on == "world" else world.names.index(mount.on) + 1
        self._beyond = at if at else -1
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
        """Trace one block and carry its rays to their own moments."""
        mj, model, data = self._mj
        self._show(float(self._times[i]), 3 * i + 1)
        d = directions @ self._turn[i].T
        if self._turns[i, -1]:
            sway = self._sway[0][i, -1] * u[:, None] + self._sway[1][i, -1] * (u * u)[:, None]
            first = np.cross(sway, d)
            d = d + first + np.cross(sway, first) / 2
        n = len(d)
        geom, distance, flat = np.empty(n, np.int32), np.empty(n), np.zeros(3 * n)
        origin = np.ascontiguousarray(self._spots[i, -1])
        mj.mj_multiRay(model, data, origin, d.ravel(), None, 1, self._beyond, geom, distance, flat, n, 1e9)
        normal = flat.reshape(n, 3)
        distance[geom < 0] = np.inf
        steep = np.einsum("ij,ij->i", normal, d)
        ahead = self._ahead(i, u, d, distance, geom, normal)
        if ahead is not None:
            safe = np.where(np.abs(steep) < _GRAZING, np.where(steep < 0, -_GRAZING, _GRAZING), steep)
            distance += ahead / safe
        way = self._way[0][i, -1], self._way[1][i, -1]
        out.origin[part] = origin + u[:, None] * way[0] + (u * u)[:, None] * way[1] if self._moves[i, -1] else origin
        out.direction[part], out.distance[part], out.geom[part] = d, distance, geom
        np.abs(steep, out=out.cosine[part])

    def _ahead(
        self, i: int, u: Array, d: Array, distance: Array, geom: NDArray[np.int32], normal: Array
    ) -> Array | None:
        """(N,) way of the hit surface relative to the sensor, along its normal, m."""
        body = np.where(geom < 0, 0, self._mj[1].geom_bodyid[geom])
        moving = self._moves[i, :-1][body] & (geom >= 0)
        carried = bool(self._moves[i, -1])
        if not carried and not moving.any():
            return None
        ahead = np.zeros(len(d))
        if carried:
            ahead -= (normal @ self._way[0][i, -1]) * u + (normal @ self._way[1][i, -1]) * (u * u)
        if moving.any():
            b, v = body[moving], u[moving, None]
            arm = self._spots[i, -1] + d[moving] * distance[moving, None] - self._spots[i, b]
            sway = self._sway[0][i, b] * v + self._sway[1][i, b] * v * v
            turn = np.cross(sway, arm)
            go = self._way[0][i, b] * v + self._way[1][i, b] * v * v + turn + np.cross(sway, turn) / 2
            ahead[moving] += np.einsum("ij,ij->i", normal[moving], go)
        return ahead

    def _show(self, time: float, node: int) -> None:
        """Bring the private state to a node: as ``World`` does, with paths worked out beforehand."""
        mj, m, d = self._mj
        world = self._world
        step = min(int(time / world.scene.timestep + 1e-9), len(world.times) - 1)
        d.qpos[:] = world.states[step, : m.nq]
        rest = time - world.times[step]
        if m.nv and abs(rest) > _STILL:
            # The solver moves a step with the velocity at its end.
            end = world.states[min(step + 1, len(world.times) - 1), m.nq :]
            mj.mj_integratePos(m, d.qpos, end, rest)
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


def rotation_vector(turns: Array) -> Array:
    """(..., 3) axes times angles, rad, of rotations (..., 3, 3) by less than half a turn."""
    r = turns
    axis = np.stack([r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]], -1) / 2
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (np.trace(r, axis1=-2, axis2=-1) - 1) / 2)
    return axis * np.where(sine < 1e-9, 1.0, angle / np.maximum(sine, 1e-300))[..., None]
