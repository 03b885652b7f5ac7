"""A rolled-out scene: where everything is at any time, what touched, and what a ray hits.

The roll-out is computed once, at the fixed timestep of the scene, and every sensor
reads it; no sensor can alter it. Between two steps poses go on with the velocity with
which the solver reached the second of them, so a time is never rounded to a step.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.errors import AlignmentError, MissingDependencyError, UnknownNameError
from counterpoint.simulate import model, path
from counterpoint.simulate.contacts import Blows, Contacts, Touches
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, rotation

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Hits:
    """What rays hit: ``distance`` (N,) m along unit directions (inf: nothing), ``geom`` (N,) index (-1: nothing),
    ``normal`` (N, 3) in the world."""

    distance: Array
    geom: NDArray[np.int32]
    normal: Array


@final
@dataclass(frozen=True)
class Motion:
    """How a thing moves at some times (T): world frame; ``rotation`` (T, 3, 3) world from thing.

    ``position``, ``velocity``, ``acceleration`` (T, 3) of the origin of its frame in m, m/s, m/s^2;
    ``rate``, ``angular_acceleration`` (T, 3) in rad/s, rad/s^2, in the world.
    """

    position: Array
    rotation: Array
    velocity: Array
    rate: Array
    acceleration: Array
    angular_acceleration: Array

    def at(self, place: ArrayLike) -> Motion:
        """The motion of a point that is fixed in the frame of the thing (m)."""
        arm = self.rotation @ np.asarray(place, float)
        spin = np.cross(self.rate, arm)
        pull = np.cross(self.angular_acceleration, arm) + np.cross(self.rate, spin)
        return Motion(
            self.position + arm,
            self.rotation,
            self.velocity + spin,
            self.rate,
            self.acceleration + pull,
            self.angular_acceleration,
        )


@final
@dataclass(eq=False)
class World:
    """The truth of one scene. Read only, but for the scratch state that rays are cast in.

    Attributes:
        scene: what was rolled out.
        times: (S,) s, of the steps, 0 first.
        states: (S, nq + nv) positions of MuJoCo, after every blow that fell before, and velocities of that path.
        accelerations: (S, nv), its second derivative.
    """

    scene: Scene
    times: Array = field(init=False)
    states: Array = field(init=False)
    accelerations: Array = field(init=False)
    contacts: Contacts = field(init=False)

    def __post_init__(self) -> None:
        self._mj = _mujoco()
        self._model = self._mj.MjModel.from_xml_string(model.xml(self.scene))
        self._data = self._mj.MjData(self._model)
        self._owners = np.array(model.geom_owners(self.scene), np.int32)
        self._things = model._depth_first(self.scene.things)
        self._shown: tuple[float, bool] | None = None
        self._roll_out()

    @property
    def geoms(self) -> list[Geom]:
        """The geoms, as rays number them."""
        return [g for t in self._things for g in t.geoms]

    @property
    def owners(self) -> NDArray[np.int32]:
        """(G,) for every geom, the index into ``names``."""
        return self._owners

    @property
    def names(self) -> list[str]:
        """Names of the things, in the order of ``owners``."""
        return [t.name for t in self._things]

    @cached_property
    def mujoco(self) -> tuple[Any, Any, Any]:
        """Module, model and a data of its own, for sensors that read forces from the solver."""
        return self._mj, self._model, self._mj.MjData(self._model)

    def pose(self, name: str, time: float) -> tuple[Array, Array]:
        """Position (3,) m and rotation (3, 3), world from thing, at any time."""
        body = self._body(name)
        self._show(time)
        return self._data.xpos[body].copy(), self._data.xmat[body].reshape(3, 3).copy()

    def mounted(self, mount: Mount, time: float) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3), world from sensor, of a mount at any time."""
        turn = rotation(mount.quaternion)
        if mount.on == "world":
            return np.array(mount.position), turn
        at, r = self.pose(mount.on, time)
        return at + r @ np.array(mount.position), r @ turn

    def track(self, name: str, times: ArrayLike) -> Array:
        """Positions (T, 3) m of a thing at some times (T,) s; faster than ``motion``.

        Before the start and after the end a thing on a path goes on, and others stand still.
        """
        times, thing = np.asarray(times, float), self.scene.thing(name)
        if thing.motion == "path":
            return path.motion(thing.path, times)[0]
        if thing.motion == "free":
            at = self._model.jnt_qposadr[self._model.body_jntadr[self._body(name)]]
            return np.stack([np.interp(times, self.times, self.states[:, at + k]) for k in range(3)], 1)
        if thing.motion == "fixed" and thing.parent is None:
            return np.broadcast_to(np.array(thing.position, float), (len(times), 3))
        return np.array([self.pose(name, float(t))[0] for t in np.clip(times, 0, self.scene.seconds)])

    def turns(self, name: str, times: ArrayLike) -> Array:
        """Rotations (T, 3, 3), world from thing, at some times (T,) s within the scene."""
        times, thing = np.asarray(times, float), self.scene.thing(name)
        if thing.motion == "path":
            return path.motion(thing.path, times)[1]
        if thing.motion == "fixed" and thing.parent is None:
            return np.broadcast_to(rotation(thing.quaternion), (len(times), 3, 3))
        return np.array([self.pose(name, float(t))[1] for t in np.clip(times, 0, self.scene.seconds)])

    def velocity(self, name: str, time: float) -> Array:
        """m/s (3,) of the origin of a thing, in the world."""
        late = min(max(time, 0.0) + self.scene.timestep, self.scene.seconds)
        early = late - self.scene.timestep
        there, here = self.track(name, np.array([late, early]))
        return (there - here) / self.scene.timestep

    @property
    def blow_steps(self) -> int:
        """Steps after which a blow is over; see ``model.BLOW``."""
        return model.BLOW

    def motion(self, name: str, times: ArrayLike) -> Motion:
        """Position, velocity and acceleration of a thing at some times (T,), s."""
        times = np.asarray(times, float)
        thing = self.scene.thing(name)
        if thing.motion == "path":
            return Motion(*path.motion(thing.path, times))
        steps = np.rint(times / self.scene.timestep).astype(int)
        on_steps = not len(steps) or (steps.min() >= 0 and steps.max() < len(self.times))
        if thing.motion == "free" and on_steps and np.abs(self.times[steps] - times).max(initial=0) < 1e-12:
            return self._free_motion(name, steps)
        body, rows = self._body(name), []
        for time in times:
            self._show(float(time), accelerations=True)
            six = np.zeros((2, 6))
            kind = self._mj.mjtObj.mjOBJ_XBODY
            self._mj.mj_objectVelocity(self._model, self._data, kind, body, six[0], 0)
            self._mj.mj_objectAcceleration(self._model, self._data, kind, body, six[1], 0)
            # MuJoCo's acceleration is what an accelerometer feels: gravity is taken out of it.
            felt = six[1, 3:] + np.array([0, 0, self.scene.gravity])
            rows.append(
                (
                    self._data.xpos[body].copy(),
                    self._data.xmat[body].reshape(3, 3).copy(),
                    six[0, 3:],
                    six[0, :3],
                    felt,
                    six[1, :3],
                )
            )
        return Motion(*(np.array(v) for v in zip(*rows, strict=True)))

    def _free_motion(self, name: str, steps: NDArray[np.int_]) -> Motion:
        """``motion`` of a thing that flies freely, at steps (T,), without asking the solver again."""
        m, body = self._model, self._body(name)
        at, dof = m.jnt_qposadr[m.body_jntadr[body]], m.body_dofadr[body]
        state, push = self.states[steps], self.accelerations[steps, dof : dof + 6]
        w, x, y, z = state[:, at + 3 : at + 7].T
        turn = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        ).transpose(2, 0, 1)
        speed = state[:, m.nq + dof : m.nq + dof + 6]
        rate, spin_up = (np.einsum("tij,tj->ti", turn, v[:, 3:]) for v in (speed, push))
        return Motion(state[:, at : at + 3], turn, speed[:, :3], rate, push[:, :3], spin_up)

    def cast(self, time: float, origin: ArrayLike, directions: ArrayLike, beyond: str | None = None) -> Hits:
        """What rays from one point hit first, at a time.

        Args:
            time: s.
            origin: (3,) m in the world.
            directions: (N, 3) unit vectors in the world.
            beyond: thing that rays pass through: the one that carries the sensor.
        """
        self._show(time)
        d = np.ascontiguousarray(directions, float).reshape(-1, 3)
        n = len(d)
        geom, distance, normal = np.empty(n, np.int32), np.empty(n), np.zeros(3 * n)
        skip = -1 if beyond is None else self._body(beyond)
        self._mj.mj_multiRay(
            self._model, self._data, np.asarray(origin, float), d.ravel(), None, 1, skip, geom, distance, normal, n, 1e9
        )
        missed = geom < 0
        distance[missed] = np.inf
        return Hits(distance, geom, normal.reshape(n, 3))

    def placed(self, time: float) -> tuple[Array, Array]:
        """Positions (G, 3) m and rotations (G, 3, 3), world from shape, of all geoms at a time."""
        self._show(time)
        return self._data.geom_xpos.copy(), self._data.geom_xmat.reshape(-1, 3, 3).copy()

    def local(self, time: float, hits: Hits, points: Array) -> Array:
        """Points (N, 3) in the frames of the geoms that they lie on, for textures; a mirrored scene mirrors y."""
        self._show(time)
        out = np.zeros_like(points)
        for geom in np.unique(hits.geom[hits.geom >= 0]):
            on = hits.geom == geom
            turn = self._data.geom_xmat[geom].reshape(3, 3)
            out[on] = (points[on] - self._data.geom_xpos[geom]) @ turn
        out[:, 1] *= self.scene.handed
        return out

    def _body(self, name: str) -> int:
        if name not in self.names:
            raise UnknownNameError(f"thing in this {self.scene.layout or 'scene'}", name, self.names)
        return self.names.index(name) + 1

    def _roll_out(self) -> None:
        scene, m, d = self.scene, self._model, self._data
        count = round(scene.seconds / scene.timestep)
        if abs(count * scene.timestep - scene.seconds) > 1e-9:
            raise AlignmentError(
                f"a scene of {scene.seconds:g} s is no whole number of steps of {scene.timestep:g} s. "
                "Choose seconds that the timestep divides."
            )
        self.times = np.arange(count + 1, dtype=np.float64) * scene.timestep
        self.states = np.zeros((count + 1, m.nq + m.nv))
        self.accelerations = np.zeros((count + 1, m.nv))
        self._start()
        drive = self._driven()
        states, accelerations, cut = self.states, self.accelerations, m.nq
        qpos, qvel, qacc, step_once = d.qpos, d.qvel, d.qacc, self._mj.mj_step
        touches, blows = Touches(m, count), Blows(m, self._mj)
        for step in range(count):
            drive(step)
            states[step, :cut], states[step, cut:] = qpos, qvel
            step_once(m, d)
            accelerations[step] = qacc
            if d.ncon:
                lag = blows.put_in_time(d, touches.note(step, d))
                if lag is not None:
                    place = states[step, :cut].copy()
                    self._mj.mj_integratePos(m, place, lag, 1.0)
                    states[step, :cut] = place
        drive(count)
        states[count, :cut], states[count, cut:] = qpos, qvel
        self._mj.mj_forward(m, d)
        accelerations[count] = qacc
        self._centre()
        self.contacts = touches.contacts(self.times, scene.timestep, self._path_motions())

    def _centre(self) -> None:
        """Make recorded velocities and accelerations those of the recorded path, centred on each step.

        The solver moves a step with the velocity at its end, half a step ahead of the path; what integrates the
        velocities of its states drifts by g dt / 2 a second and misses when a blow fell.
        """
        m, dt, cut = self._model, self.scene.timestep, self._model.nq
        places = np.ascontiguousarray(self.states[:, :cut])
        pace = np.zeros((len(places) - 1, m.nv))
        for i, row in enumerate(pace):
            self._mj.mj_differentiatePos(m, row, dt, places[i], places[i + 1])
        self.states[1:-1, cut:] = (pace[:-1] + pace[1:]) / 2
        self.accelerations[1:-1] = np.diff(pace, axis=0) / dt
        self.states[0, cut:] = pace[0] - self.accelerations[0] * dt / 2
        self.states[-1, cut:] = pace[-1] + self.accelerations[-1] * dt / 2

    def _path_motions(self) -> dict[int, tuple[Array, ...]]:
        """By body, position, rotation, velocity and rate of things on paths at every step."""
        return {self._body(t.name): path.motion(t.path, self.times)[:4] for t in self._things if t.motion == "path"}

    def _driven(self) -> Callable[[int], None]:
        """A function that puts things on paths where they are at a step, and tells servos where to go."""
        d, m = self._data, self._model
        places, turns, goals = [], [], []
        for thing in self._things:
            if thing.motion == "path":
                i = m.body_mocapid[self._body(thing.name)]
                at, turn = path.motion(thing.path, self.times)[:2]
                half = np.arctan2(turn[:, 1, 0], turn[:, 0, 0]) / 2
                places.append((d.mocap_pos[i], at))
                turns.append((d.mocap_quat[i], np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], 1)))
            if thing.joint is not None and thing.joint.stiffness:
                goals.append((self._servo(thing.name), self._goal(thing, self.times)))
        moves, ctrl = places + turns, d.ctrl

        def drive(step: int) -> None:
            for target, values in moves:
                target[:] = values[step]
            for i, goal in goals:
                ctrl[i] = goal[step]

        return drive

    def _servo(self, name: str) -> int:
        return int(self._mj.mj_name2id(self._model, self._mj.mjtObj.mjOBJ_ACTUATOR, name))

    def _goal(self, thing: Thing, times: Any) -> Any:
        knots = np.array((thing.joint.target if thing.joint else ()) or ((0.0, 0.0),))
        return np.interp(times, knots[:, 0], knots[:, 1])

    def _start(self) -> None:
        for thing in self._things:
            if thing.motion != "free":
                continue
            body = self._body(thing.name)
            at = self._model.body_dofadr[body]
            self._data.qvel[at : at + 3] = thing.velocity
            self._data.qvel[at + 3 : at + 6] = rotation(thing.quaternion).T @ np.array(thing.spin)

    def _drive(self, time: float, data: Any) -> None:
        """Put things on paths where they are, and tell servos where to go."""
        for thing in self._things:
            if thing.motion == "path":
                i = self._model.body_mocapid[self._body(thing.name)]
                place = path.motion(thing.path, np.array([time]))
                data.mocap_pos[i] = place[0][0]
                self._mj.mju_mat2Quat(data.mocap_quat[i], place[1][0].ravel())
            if thing.joint is not None and thing.joint.stiffness:
                data.ctrl[self._servo(thing.name)] = self._goal(thing, time)

    def _show(self, time: float, accelerations: bool = False) -> None:
        """Bring the scratch state to a time."""
        if self._shown == (time, accelerations):
            return
        m, d, dt = self._model, self._data, self.scene.timestep
        if not -1e-9 <= time <= self.scene.seconds + 1e-9:
            raise AlignmentError(
                f"a sensor looked at {time:.4f} s; this scene lasts from 0 to {self.scene.seconds:g} s."
            )
        step = min(int(time / dt + 1e-9), len(self.times) - 1)
        d.qpos[:] = self.states[step, : m.nq]
        d.qvel[:] = self.states[step, m.nq :]
        rest = time - self.times[step]
        if abs(rest) > 1e-12:
            # Straight to the next state, so that poses go on smoothly into the next step.
            end = self.states[min(step + 1, len(self.times) - 1)]
            way = np.zeros(m.nv)
            self._mj.mj_differentiatePos(m, way, dt, d.qpos, end[: m.nq])
            self._mj.mj_integratePos(m, d.qpos, way, rest)
            d.qvel[:] += (end[m.nq :] - d.qvel) * (rest / dt)
        self._drive(time, d)
        self._mj.mj_kinematics(m, d)
        if accelerations:
            d.qacc[:] = self.accelerations[step]
            self._mj.mj_comPos(m, d)
            self._mj.mj_comVel(m, d)
            self._mj.mj_rnePostConstraint(m, d)
        self._shown = (time, accelerations)


def _mujoco() -> Any:
    os.environ.setdefault("MUJOCO_GL", "disable")
    try:
        import mujoco
    except ImportError as e:
        raise MissingDependencyError(
            "simulation needs mujoco-core 4 or newer: pip install 'counterpoint[simulate]'."
        ) from e
    return mujoco
