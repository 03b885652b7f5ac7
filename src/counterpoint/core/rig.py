"""The rig: which cameras and sensors there are and how their frames are tied.

A pose is named ``a_from_b`` and turns coordinates in ``b`` into coordinates in
``a``. Cameras look along +z with x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Move
from counterpoint.core.meaning import Sides, swapped_keys, swapped_name
from counterpoint.core.plane import PlaneMap
from counterpoint.core.serial import Recorded
from counterpoint.core.world import Matrix, WorldMap, carried, reflection
from counterpoint.errors import UnknownNameError

WORLD = "world"
_IDENTITY = tuple(np.eye(4).ravel().tolist())


@final
@dataclass(frozen=True)
class Frame(Recorded):
    """A sensor's frame: its pose and which of its own axes points sideways."""

    world_from_frame: tuple[float, ...] = _IDENTITY
    lateral: str = "y"

    @classmethod
    def of(cls, world_from_frame: ArrayLike, lateral: str = "y") -> Frame:
        return cls(_flat(world_from_frame, 16), lateral)

    @cached_property
    def pose(self) -> Matrix:
        return np.asarray(self.world_from_frame).reshape(4, 4)

    def follow(self, move: WorldMap) -> Frame:
        return replace(self, world_from_frame=_flat(move.array @ self.pose @ np.linalg.inv(self.local(move)), 16))

    def local(self, move: WorldMap) -> Matrix:
        """4 x 4 by which coordinates *in this frame* change: a scale and, under a mirror, a reflection."""
        d = np.eye(4)
        d[:3, :3] = move.scale * (reflection(self.lateral) if move.mirrored else np.eye(3))
        return d


@final
@dataclass(frozen=True)
class Camera(Recorded):
    """A plane of ``size`` (width, height) pixels and, where it is calibrated, how the world falls on it.

    Attributes:
        size: canvas, px.
        intrinsics: 3 x 3 ``K`` row by row for continuous pixels (centre of the first pixel = 0.5),
            or None where the camera is not calibrated.
        distortion: ``k1, k2, p1, p2, k3`` of Brown and Conrady as OpenCV orders them, or empty.
        camera_from_world: 4 x 4 extrinsics row by row.
        after: maps of the plane that ``K`` cannot express (non-rigid, or projective behind a distorted lens).
    """

    size: tuple[int, int]
    intrinsics: tuple[float, ...] | None = None
    distortion: tuple[float, ...] = ()
    camera_from_world: tuple[float, ...] = _IDENTITY
    after: tuple[PlaneMap, ...] = ()

    @classmethod
    def of(
        cls,
        size: tuple[int, int],
        k: ArrayLike | None = None,
        camera_from_world: ArrayLike | None = None,
        distortion: ArrayLike = (),
    ) -> Camera:
        pose = np.eye(4) if camera_from_world is None else camera_from_world
        return cls(size, None if k is None else _flat(k, 9), tuple(map(float, np.ravel(distortion))), _flat(pose, 16))

    @cached_property
    def k(self) -> Matrix:
        """3 x 3 intrinsics.

        Raises:
            ValueError: the camera is not calibrated.
        """
        if self.intrinsics is None:
            raise ValueError("this camera has a size but no intrinsics: give Camera(intrinsics=...) to project onto it")
        return np.asarray(self.intrinsics).reshape(3, 3)

    @cached_property
    def pose(self) -> Matrix:
        return np.asarray(self.camera_from_world).reshape(4, 4)

    def project(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """World points ``(N, 3)`` in m to pixels ``(N, 2)`` and depth ``(N,)`` in m along +z."""
        p = carried(np.asarray(points, float).reshape(-1, 3), self.pose)
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = self._distorted(p[:, :2] / p[:, 2:]).T
            pixels = np.stack([row[0] * x + row[1] * y + row[2] for row in self.k[:2]], 1)
        for extra in self.after:
            pixels = extra.forward(pixels)
        return pixels, p[:, 2]

    def _distorted(self, n: NDArray[np.float64]) -> NDArray[np.float64]:
        if not any(self.distortion):
            return n
        k1, k2, p1, p2, k3 = (*self.distortion, 0.0, 0.0, 0.0, 0.0, 0.0)[:5]
        x, y = n.T
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return np.stack(
            [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y],
            1,
        )

    def follow(self, move: Move) -> Camera:
        """The camera after a move: projection of the moved world is the moved projection.

        Under a mirror of world and plane together this is ``K' = F K M_c`` and
        ``[R|t]' = M_c [R|t] M``; half of it alone leaves a negative ``fx``.
        """
        if isinstance(move, WorldMap):
            return self._in_world(move)
        if isinstance(move, PlaneMap):
            if self.intrinsics is None:
                return Camera(move.size_out, None, self.distortion, self.camera_from_world, self.after)
            return replace(self._in_plane(move), size=move.size_out)
        return self

    def _in_world(self, move: WorldMap) -> Camera:
        if self.intrinsics is None:
            return self
        d = np.eye(4)
        d[:3, :3] *= move.scale
        moved = self
        if move.mirrored:
            flip = reflection("x")
            d[:3, :3] = d[:3, :3] @ flip
            k, after = self.k @ flip, self.after
            if after:  # the plane was turned over behind its bends: turn K over as well, and back in front of them
                front = PlaneMap.mirror(after[0].plane, after[0].size_in)
                k = np.asarray(front.matrix) @ k
                after = after[1:] if after[0] == front else (front, *after)
            bent = tuple(-v if i == 3 else v for i, v in enumerate(self.distortion))
            moved = replace(self, intrinsics=_flat(k, 9), distortion=bent, after=after)
        return replace(moved, camera_from_world=_flat(d @ self.pose @ np.linalg.inv(move.array), 16))

    def _in_plane(self, move: PlaneMap) -> Camera:
        if self.after or move.matrix is None:
            return replace(self, after=(*self.after, move))
        k = move.matrix @ self.k
        if np.abs(np.tril(k, -1)).max() <= 1e-12 * np.abs(k).max():
            return replace(self, intrinsics=_flat(np.triu(k) / k[2, 2], 9))
        if any(self.distortion):
            return replace(self, after=(move,))
        k, turn = rq(k)
        pose = np.eye(4)
        pose[:3, :3] = turn
        return replace(self, intrinsics=_flat(k, 9), camera_from_world=_flat(pose @ self.pose, 16))


@final
@dataclass(frozen=True)
class Rig(Recorded):
    """Every camera and every sensor frame of a sample, by name, tied through the frame ``world``.

    ``lateral`` is the axis of ``world`` that points sideways: a scene mirror negates it.
    """

    cameras: Mapping[str, Camera] = field(default_factory=dict)
    frames: Mapping[str, Frame] = field(default_factory=dict)
    lateral: str = "y"

    def camera(self, name: str) -> Camera:
        if name not in self.cameras:
            raise UnknownNameError("camera", name, self.cameras)
        return self.cameras[name]

    def frame(self, name: str) -> Frame:
        """The frame called ``name``; the reference frame is ``world``."""
        if name == WORLD:
            return Frame(lateral=self.lateral)
        if name not in self.frames:
            raise UnknownNameError("frame", name, [*self.frames, WORLD])
        return self.frames[name]

    def local(self, move: WorldMap, frame: str) -> Matrix:
        """4 x 4 by which coordinates given in ``frame`` change."""
        return move.array if frame == WORLD else self.frame(frame).local(move)

    def across(self, name: str) -> str:
        """What the camera or frame ``name`` is called once left and right are exchanged."""
        other = swapped_name(name)
        return other if any({name, other} <= group.keys() for group in (self.cameras, self.frames)) else name

    def follow(self, move: Move) -> Rig:
        if isinstance(move, PlaneMap):
            if move.plane not in self.cameras:
                return self
            cameras = {n: c.follow(move) if n == move.plane else c for n, c in self.cameras.items()}
            return Rig(cameras, self.frames, self.lateral)
        if isinstance(move, WorldMap):
            cameras = {n: c.follow(move) for n, c in self.cameras.items()}
            return Rig(cameras, {n: f.follow(move) for n, f in self.frames.items()}, self.lateral)
        if isinstance(move, Sides):
            return Rig(swapped_keys(self.cameras), swapped_keys(self.frames), self.lateral)
        return self


def rq(m: Matrix) -> tuple[Matrix, Matrix]:
    """``m ~ K R`` with K upper triangular, ``K[1,1] > 0``, ``K[2,2] = 1`` and det R = +1."""
    p = np.eye(3)[::-1]
    q, r = np.linalg.qr((p @ m).T)
    k, turn = p @ r.T @ p, p @ q.T
    signs = np.diag(np.where(np.diag(k) < 0, -1.0, 1.0))
    k, turn = k @ signs, signs @ turn
    if np.linalg.det(turn) < 0:
        k[:, 0], turn[0] = -k[:, 0], -turn[0]
    return k / k[2, 2], turn


def _flat(values: ArrayLike, count: int) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(values, float).reshape(count))
