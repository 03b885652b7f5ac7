"""A rolled-out scene: where everything is at any time, what touched, and what a ray hits.

The roll-out is computed once, at the fixed timestep of the scene, and every sensor
reads it; no sensor can alter it. Between two steps poses are continued with the
velocities of the step before, so a time is never rounded to a step.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.errors import AlignmentError, MissingDependencyError, UnknownNameError
from counterpoint.simulate import model, path
from counterpoint.simulate.scene import Geom, Mount, Scene, rotation

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
class Contacts:
    """Every step of every touch: (K,) arrays, and (K, 3) for vectors in the world.

    Attributes:
        time: s, at the end of the step.
        first, second: indices of geoms; the normal points from first to second.
        point: m.
        normal: unit vectors.
        impulse: of this step along the normal, N s.
        slip: relative speed along the surface, m/s.
        fresh: whether the two did not touch in the step before.
    """

    time: Array
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    point: Array
    normal: Array
    impulse: Array
    slip: Array
    fresh: NDArray[np.bool_]


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
        states: (S, nq + nv) positions and velocities of MuJoCo.
        accelerations: (S, nv).
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

    def motion(self, name: str, times: ArrayLike) -> Motion:
        """Position, velocity and acceleration of a thing at some times (T,), s."""
        times = np.asarray(times, float)
        thing = self.scene.thing(name)
        if thing.motion == "path":
            return Motion(*path.motion(thing.path, times))
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
        self._mj.mj_forward(m, d)
        rows: list[tuple[Any, ...]] = []
        before: set[tuple[int, int]] = set()
        for step in range(count + 1):
            self._drive(float(self.times[step]), d)
            self.states[step] = np.concatenate([d.qpos, d.qvel])
            if step == count:
                self._mj.mj_forward(m, d)
                self.accelerations[step] = d.qacc
                break
            self._mj.mj_step(m, d)
            self.accelerations[step] = d.qacc
            before = self._note(float(self.times[step]), rows, before)
        self.contacts = _contacts(rows)

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
                knots = np.array(thing.joint.target or ((0.0, 0.0),))
                data.ctrl[self._mj.mj_name2id(self._model, self._mj.mjtObj.mjOBJ_ACTUATOR, thing.name)] = np.interp(
                    time, knots[:, 0], knots[:, 1]
                )

    def _note(self, time: float, rows: list[tuple[Any, ...]], before: set[tuple[int, int]]) -> set[tuple[int, int]]:
        m, d, six = self._model, self._data, np.zeros(6)
        now = set()
        for i in range(d.ncon):
            c = d.contact[i]
            self._mj.mj_contactForce(m, d, i, six)
            if six[0] <= 0:
                continue
            pair = (int(c.geom1), int(c.geom2))
            now.add(pair)
            frame = c.frame.reshape(3, 3)
            slip = self._slip(c, frame)
            rows.append((time, *pair, c.pos.copy(), frame[0].copy(), six[0] * m.opt.timestep, slip, pair not in before))
        return now

    def _slip(self, contact: Any, frame: Array) -> float:
        speeds = []
        for geom in (contact.geom1, contact.geom2):
            body = self._model.geom_bodyid[geom]
            six = np.zeros(6)
            self._mj.mj_objectVelocity(self._model, self._data, self._mj.mjtObj.mjOBJ_XBODY, body, six, 0)
            speeds.append(six[3:] + np.cross(six[:3], contact.pos - self._data.xpos[body]))
        tangential = frame[1:] @ (speeds[1] - speeds[0])
        return float(np.hypot(*tangential))

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
            self._mj.mj_integratePos(m, d.qpos, d.qvel, rest)
        self._drive(time, d)
        self._mj.mj_kinematics(m, d)
        if accelerations:
            d.qacc[:] = self.accelerations[step]
            self._mj.mj_comPos(m, d)
            self._mj.mj_comVel(m, d)
            self._mj.mj_rnePostConstraint(m, d)
        self._shown = (time, accelerations)


def _contacts(rows: list[tuple[Any, ...]]) -> Contacts:
    if not rows:
        none, vectors = np.zeros(0), np.zeros((0, 3))
        return Contacts(
            none, none.astype(np.int32), none.astype(np.int32), vectors, vectors, none, none, none.astype(bool)
        )
    t, a, b, p, n, j, s, f = (np.array(v) for v in zip(*rows, strict=True))
    return Contacts(t, a.astype(np.int32), b.astype(np.int32), p, n, j, s, f.astype(bool))


def _mujoco() -> Any:
    os.environ.setdefault("MUJOCO_GL", "disable")
    try:
        import mujoco
    except ImportError as e:
        raise MissingDependencyError(
            "simulation needs mujoco-core 4 or newer: pip install 'counterpoint[simulate]'."
        ) from e
    return mujoco
