"""What touched in a roll-out: kept as arrays while the solver steps, worked out once at the end.

Here, too, is what the solver's steps are too coarse for: the moment within a step at which a blow fell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_ROWS = np.arange(3)
_AFTER, _BEFORE = [1, 2, 0], [2, 0, 1]


@final
@dataclass(frozen=True)
class Contacts:
    """Every step of every touch: (K,) arrays, and (K, 3) for vectors in the world; in the order of time.

    The sum of ``impulse * normal + friction`` over the rows in which a free body is second, less that over the rows in
    which it is first, is the change of its momentum but for gravity.

    Attributes:
        time: s, start of the step in which the force acts.
        first, second: indices of geoms; the normal points from first to second.
        point: m.
        normal: unit vectors.
        impulse: of this step along the normal, on the second, N s.
        friction: of this step along the surface, on the second, N s.
        slip: relative speed along the surface, m/s.
        closing: speed at which the two come closer, m/s; negative while they part.
        distance: m; negative by as much as they overlap.
        fresh: whether the two did not touch in the step before.
        onset: of a fresh touch, the moment within the step before at which the surfaces met, s; else ``time``.
    """

    time: Array
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    point: Array
    normal: Array
    impulse: Array
    friction: Array
    slip: Array
    closing: Array
    distance: Array
    fresh: NDArray[np.bool_]
    onset: Array


@final
class Touches:
    """What touches in every step, kept as arrays and worked out once at the end."""

    def __init__(self, m: Any, count: int) -> None:
        self._bodies, self._roots, self._count = m.geom_bodyid, m.body_rootid, m.ngeom
        self._speeds, self._centres = np.empty((count, m.nbody, 6)), np.empty((count, m.nbody, 3))
        self._steps: list[int] = []
        self._rows: list[tuple[Array, ...]] = []

    def note(self, step: int, d: Any) -> tuple[Array, ...]:
        """The contacts of the step that was just taken; ``d`` still holds what was worked out at its start."""
        contact = d.contact
        address = contact.efc_address
        rows = (contact.geom, contact.pos, contact.frame, contact.dist, contact.solref[:, 0])
        if address.min() < 0:
            on = address >= 0
            address, rows = address[on], tuple(r[on] for r in rows)
        force = d.efc_force[address[:, None] + _ROWS]
        self._steps.append(step)
        self._speeds[step], self._centres[step] = d.cvel, d.subtree_com
        self._rows.append((force, *(r.copy() for r in rows)))
        return self._rows[-1]

    def contacts(self, times: Array, timestep: float, moving: dict[int, tuple[Array, ...]]) -> Contacts:
        if not self._rows:
            none, vectors = np.zeros(0), np.zeros((0, 3))
            index, flag = none.astype(np.int32), none.astype(bool)
            return Contacts(none, index, index, vectors, vectors, none, vectors, none, none, none, flag, none)
        step = np.repeat(self._steps, [len(r[0]) for r in self._rows])
        force, geom, point, frame, distance, _ = (np.concatenate(column) for column in zip(*self._rows, strict=True))
        pushed = force[:, 0] > 0
        step, geom, force, point, frame, distance = (
            v[pushed] for v in (step, geom, force, point, frame.reshape(-1, 3, 3), distance)
        )
        body = self._bodies[geom]
        speed, centre = self._speeds[step[:, None], body], self._centres[step[:, None], self._roots[body]]
        velocity = speed[..., 3:] + _cross(speed[..., :3], point[:, None] - centre)
        for which, (place, _, pace, rate) in moving.items():
            row, side = np.nonzero(body == which)
            at = step[row]
            velocity[row, side] = pace[at] + np.cross(rate[at], point[row] - place[at])
        apart = np.einsum("kij,kj->ki", frame, velocity[:, 1] - velocity[:, 0])
        closing = -apart[:, 0]
        fresh = _fresh(step, geom[:, 0].astype(np.int64) * self._count + geom[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            ago = np.clip(np.where(closing > 0, -distance / closing, 0.0), 0.0, timestep)
        time = times[step]
        return Contacts(
            time,
            geom[:, 0].astype(np.int32),
            geom[:, 1].astype(np.int32),
            point,
            frame[:, 0],
            force[:, 0] * timestep,
            np.einsum("ki,kij->kj", force[:, 1:], frame[:, 1:]) * timestep,
            np.hypot(apart[:, 1], apart[:, 2]),
            closing,
            distance,
            fresh,
            np.where(fresh, np.maximum(time - ago, 0.0), time),
        )


@final
class Blows:
    """Puts things where they would be if a blow had fallen when their surfaces met, not at the next step.

    A step sees a blow ``late`` after it fell, so the change of velocity also counts for that time. And the solver
    cancels the pull of gravity along the normal for the whole step, as if the thing lay still: what leaves the ground
    gets back what gravity takes from the blow to the middle of the next step, where the velocity of a step is exact.
    The impulse of the blow is less by that.
    """

    def __init__(self, m: Any, mujoco: Any) -> None:
        self._m, self._integrate, self._dt = m, mujoco.mj_integratePos, float(m.opt.timestep)
        self._gravity = float(m.opt.gravity[2])
        self._slow = 6 * abs(float(m.opt.gravity[2])) * self._dt + 1e-9
        self._bodies, self._roots = m.geom_bodyid, m.body_rootid
        self._trees = np.array([m.body_treeid[b] for b in m.geom_bodyid], int)
        self._dofs, self._count = np.array(m.dof_treeid), int(m.ntree) + 1
        # 1/kg of the lighter of two; a blow is at least twice as hard as the weight.
        moves = self._trees >= 0
        self._light = np.where(moves, 1 / np.maximum(m.body_subtreemass[m.geom_bodyid], 1e-9), 0.0)
        self._hard = self._slow / 2 / self._dt
        free = np.flatnonzero(m.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
        bodies = m.jnt_bodyid[free]
        self._free = {
            int(m.body_treeid[b]): (int(q), int(v), float(m.body_subtreemass[b]))
            for b, q, v in zip(bodies, m.jnt_qposadr[free], m.jnt_dofadr[free], strict=True)
        }

    def put_in_time(self, d: Any, rows: tuple[Array, ...]) -> Array | None:
        """Correct the state at the end of the step that was just taken, and the forces of its contacts.

        Returns:
            (nv,) By how much the positions at its start lag behind the blow; None without a blow.
        """
        force, geom, point, frame, distance, time = rows
        hit = np.flatnonzero(force[:, 0] * np.maximum(self._light[geom[:, 0]], self._light[geom[:, 1]]) > self._hard)
        if not len(hit):
            return None
        normal = frame[hit, :3]
        body = self._bodies[geom[hit]]
        speed = d.cvel[body]
        velocity = speed[..., 3:] + _cross(speed[..., :3], point[hit, None] - d.subtree_com[self._roots[body]])
        closing = ((velocity[:, 0] - velocity[:, 1]) * normal).sum(1)
        fast = closing > self._slow
        if not fast.any():
            return None
        hit, normal = hit[fast], normal[fast]
        late = np.minimum(np.maximum(-distance[hit] / closing[fast], 0.0), self._dt)
        # Slow touches are let be, little by little: a threshold would make chaos of rounding.
        sure = np.minimum((closing[fast] / self._slow - 1) / 2, 1.0)
        pull = (d.qacc - d.qacc_smooth) * self._dt
        sides = self._trees[geom[hit]].tolist()
        hard, lag = force[hit, 0].tolist(), np.zeros(self._count)
        qpos, qvel = d.qpos, d.qvel
        total = dict.fromkeys((t for pair in sides for t in pair), 0.0)
        for pair, f in zip(sides, hard, strict=True):
            for tree in pair:
                total[tree] += f
        table = zip(
            hit.tolist(), sides, hard, normal.tolist(), late.tolist(), sure.tolist(), time[hit].tolist(), strict=True
        )
        for row, pair, f, n, p, known, spring in table:
            for tree, outwards in zip(pair, (-1.0, 1.0), strict=True):
                share = known * f / total[tree] if tree >= 0 else 0.0
                lag[tree] += share * p
                if share and min(pair) < 0 and tree in self._free:
                    at, dof, mass = self._free[tree]
                    half, since = 0.5 * self._dt, self._dt + p
                    fall, bounce = share * n[2] * self._gravity, 2 * self._dt / spring - 1
                    lost = fall * (half + p - bounce * (half - p))
                    lower = fall * since * (0.5 * since - bounce * (half - p))
                    for k in range(3):
                        qvel[dof + k] += lost * n[k]
                        qpos[at + k] += lower * n[k]
                    force[row, 0] += outwards * mass * lost / self._dt
        moved = pull * lag[self._dofs]
        self._integrate(self._m, d.qpos, moved, 1.0)
        return moved


def _cross(a: Array, b: Array) -> Array:
    """``np.cross`` of (..., 3), without its overhead."""
    return a[..., _AFTER] * b[..., _BEFORE] - a[..., _BEFORE] * b[..., _AFTER]


def _fresh(step: NDArray[np.int64], pair: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the pair of a row is in no row of the step before."""
    span = int(pair.max()) + 1
    return ~np.isin(step * span + pair, np.unique((step + 1) * span + pair))
