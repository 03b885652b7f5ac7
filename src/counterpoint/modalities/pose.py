"""Where a body was, over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap, reflection


@final
@dataclass(frozen=True, eq=False)
class Pose(Modality):
    """Rigid poses ``frame_from_body`` at ``T`` times; none at all is legal.

    A map of the world moves the track, and turns stay proper: ``T' = L T F``, where ``F`` undoes the scale in the
    body and, under a mirror, reflects the body's own sideways axis. A map of the clock moves the times; rows
    outside what it keeps are dropped, none is invented at the edges.

    Attributes:
        times: ``(T,)`` float64 s on the clock of the sample, increasing.
        poses: ``(T, 4, 4)`` float64, metres.
        frame: the frame in which the poses are given.
        lateral: axis of the body that points sideways.
    """

    times: NDArray[np.float64]
    poses: NDArray[np.float64]
    frame: str = "world"
    lateral: str = "y"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD, Axis.TIME, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (WorldMap, TimeMap, TimeMask, Sides, ColourShift)

    def __post_init__(self) -> None:
        poses = np.asarray(self.poses, np.float64)
        object.__setattr__(self, "times", np.asarray(self.times, np.float64))
        object.__setattr__(self, "poses", poses if poses.size else np.zeros((0, 4, 4)))

    def check(self) -> None:
        if self.times.ndim != 1 or self.poses.shape != (len(self.times), 4, 4):
            raise self.invalid(
                f"needs times (T,) and poses (T, 4, 4); found {self.times.shape} and {self.poses.shape}."
            )
        if self.lateral not in ("x", "y", "z"):
            raise self.invalid(f"lateral is {self.lateral!r}; needed the sideways axis of the body: 'x', 'y' or 'z'.")
        if not (np.isfinite(self.times).all() and (np.diff(self.times) > 0).all()):
            raise self.invalid("times must be finite and increasing. Sort the rows and leave out doubles.")
        turns = self.poses[:, :3, :3]
        off = np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max((1, 2)) if len(turns) else np.zeros(0)
        bad = np.flatnonzero(~((off < 1e-5) & (np.linalg.det(turns) > 0) & np.isfinite(self.poses).all((1, 2))))
        if len(bad):
            raise self.invalid(
                f"row {bad[0]} at {self.times[bad[0]]:.3f} s is no pose: its turn must be orthonormal with "
                "determinant +1. Give frame_from_body with unit axes."
            )

    def span(self) -> tuple[float, float] | None:
        return (float(self.times[0]), float(self.times[-1])) if len(self.times) else None

    def _moved(self, move: Move, rig: Rig) -> Pose:
        if isinstance(move, WorldMap):
            local = rig.local(move, self.frame)
            body = np.eye(4)
            body[:3, :3] = (reflection(self.lateral) if move.mirrored else np.eye(3)) / move.scale
            return replace(self, poses=local @ self.poses @ body)
        if isinstance(move, Sides):
            return replace(self, frame=rig.across(self.frame))
        if isinstance(move, TimeMap):
            times = move.forward(self.times)
            kept = (times >= move.keep[0]) & (times < move.keep[1]) if move.keep else np.ones(len(times), bool)
            return replace(self, times=times[kept], poses=self.poses[kept])
        return self

    def encode(self) -> Encoded:
        rows = {"times": self.times.tolist(), "poses": self.poses.tolist()}
        return Encoded(Blob.of_json(rows), {"frame": self.frame, "lateral": self.lateral})

    @classmethod
    def decode(cls, encoded: Encoded) -> Pose:
        rows, facts = encoded.blob.json(), encoded.facts
        return cls(np.array(rows["times"], float), np.array(rows["poses"], float), facts["frame"], facts["lateral"])

    def preview(self) -> Preview:
        """A chart of ``x``, ``y``, ``z`` in m of ``frame`` over ``t`` in s."""
        x, y, z = self.poses[:, :3, 3].T.tolist() if len(self.poses) else ([], [], [])
        return Preview("chart", {"t": self.times.tolist(), "x": x, "y": y, "z": z})
