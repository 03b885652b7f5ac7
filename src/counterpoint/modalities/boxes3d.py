"""Boxes around things in space.

The frame of a box is right-handed: x forward, y left, z up, origin in the middle.
It stays so under a mirror, because the box is its own mirror image: its turn
becomes ``L R S`` with ``S`` the reflection of the box's own y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused, swapped
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap, carried, reflection
from counterpoint.errors import AlignmentError

_CORNERS = np.array([[x, y, z] for z in (-0.5, 0.5) for x, y in ((0.5, 0.5), (0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5))])


@final
@dataclass(frozen=True, eq=False)
class Boxes3d(Modality):
    """``N`` boxes in a named frame at one moment of the clock; none at all is legal.

    Points inside a box before a map of the world are inside after it. Velocities are polar: they turn, mirror and
    grow with the world, and grow by the rate of the clock at ``start``. A box never dies by itself.

    Attributes:
        centres: ``(N, 3)`` float64, m.
        sizes: ``(N, 3)`` float64: length (along x), width, height, m, not negative.
        turns: ``(N, 3, 3)`` ``frame_from_box``, orthonormal, determinant +1.
        ids: one name an instance, unique in the sample, shared with other parts.
        names: class of each box; left and right in it swap under a mirror.
        frame: the frame of all of it: ``world`` or one of the rig.
        velocities: ``(N, 3)`` m/s along the axes of ``frame``, NaN where unknown, or None.
        extra: further values a box that no move alters, ``N`` each.
        start: moment of the boxes, s on the clock of the sample.
    """

    centres: NDArray[np.float64]
    sizes: NDArray[np.float64]
    turns: NDArray[np.float64]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    frame: str = "world"
    velocities: NDArray[np.float64] | None = None
    extra: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    start: float = 0.0
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD, Axis.MEANING, Axis.TIME})
    follows: ClassVar[tuple[type[Move], ...]] = (WorldMap, Sides, ColourShift, TimeMap, TimeMask, Blend)

    def __post_init__(self) -> None:
        for name, tail in (("centres", (3,)), ("sizes", (3,)), ("turns", (3, 3)), ("velocities", (3,))):
            value = getattr(self, name)
            if value is not None:
                array = np.asarray(value, np.float64)
                object.__setattr__(self, name, array if array.size else np.zeros((0, *tail)))

    @classmethod
    def upright(
        cls,
        centres: ArrayLike,
        sizes: ArrayLike,
        yaws: ArrayLike,
        ids: Sequence[str],
        names: Sequence[str],
        frame: str = "world",
        velocities: ArrayLike | None = None,
        extra: Mapping[str, tuple[Any, ...]] | None = None,
    ) -> Boxes3d:
        """Boxes that stand on the x-y plane, turned by ``yaws`` (rad, from x to y)."""
        c, s = np.cos(np.asarray(yaws, float)), np.sin(np.asarray(yaws, float))
        o, i = np.zeros_like(c), np.ones_like(c)
        turns = np.stack([c, -s, o, s, c, o, o, o, i], -1).reshape(-1, 3, 3)
        speed = None if velocities is None else np.asarray(velocities, float)
        return cls(np.asarray(centres), np.asarray(sizes), turns, tuple(ids), tuple(names), frame, speed, extra or {})

    def check(self) -> None:
        n = len(self.ids)
        shapes = [self.centres.shape, self.sizes.shape, self.turns.shape]
        if shapes != [(n, 3), (n, 3), (n, 3, 3)] or len(self.names) != n:
            raise self.invalid(
                f"{n} ids need centres ({n}, 3), sizes ({n}, 3), turns ({n}, 3, 3) and {n} names; "
                f"found {shapes} and {len(self.names)} names. Give one row a box."
            )
        if self.velocities is not None and self.velocities.shape != (n, 3):
            raise self.invalid(f"velocities must be ({n}, 3) m/s or None; found {self.velocities.shape}.")
        for name, values in self.extra.items():
            if len(values) != n:
                raise self.invalid(f"extra {name!r} has {len(values)} values for {n} boxes. Give one a box.")
        if len(set(self.ids)) != n:
            raise self.invalid("ids must be unique; two boxes share one. Number them.")
        for row in range(n):
            self._check_row(row)

    def _check_row(self, row: int) -> None:
        turn, who = self.turns[row], f"row {row} (id {self.ids[row]!r})"
        if not (np.isfinite(self.centres[row]).all() and np.isfinite(self.sizes[row]).all()):
            raise self.invalid(f"{who} has a centre or a size that is not finite. Correct the row or leave it out.")
        if (self.sizes[row] < 0).any():
            raise self.invalid(f"{who} has sizes {self.sizes[row].tolist()} m; needed length, width, height >= 0.")
        if not (np.abs(turn @ turn.T - np.eye(3)).max() < 1e-5 and np.linalg.det(turn) > 0):
            raise self.invalid(f"{who} has a turn that is not orthonormal with determinant +1. Give frame_from_box.")

    def corners(self) -> NDArray[np.float64]:
        """``(N, 8, 3)`` m: the lower four, then the upper four, each round from front left."""
        return self.centres[:, None] + (_CORNERS * self.sizes[:, None]) @ self.turns.transpose(0, 2, 1)

    def yaws(self) -> NDArray[np.float64]:
        """``(N,)`` rad: direction of the box's x, seen along z of the frame, from x to y."""
        return np.arctan2(self.turns[:, 1, 0], self.turns[:, 0, 0])

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """``(N, M)``: which of ``M`` points (m, same frame) lie in which box, faces included."""
        at = np.asarray(points, float).reshape(-1, 3)
        out = np.zeros((len(self.ids), len(at)), bool)
        for row, (centre, size, turn) in enumerate(zip(self.centres, self.sizes, self.turns, strict=True)):
            own = carried(at, np.column_stack([turn.T, -centre @ turn]))
            out[row] = (np.abs(own) <= size / 2).all(1)
        return out

    def instances(self) -> frozenset[str]:
        return frozenset(self.ids)

    def without(self, instances: frozenset[str]) -> Boxes3d:
        at = [row for row, i in enumerate(self.ids) if i not in instances]
        return replace(
            self,
            centres=self.centres[at],
            sizes=self.sizes[at],
            turns=self.turns[at],
            ids=tuple(self.ids[i] for i in at),
            names=tuple(self.names[i] for i in at),
            velocities=None if self.velocities is None else self.velocities[at],
            extra={n: tuple(v[i] for i in at) for n, v in self.extra.items()},
        )

    def prefixed(self, prefix: str) -> Boxes3d:
        return replace(self, ids=tuple(f"{prefix}/{i}" for i in self.ids))

    def refuses(self, move: Move, rig: Rig) -> str | None:
        return refused(self.names, move) or super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Boxes3d:
        if isinstance(move, WorldMap):
            return self._carried(rig.local(move, self.frame), move)
        if isinstance(move, Sides):
            return replace(self, names=swapped(self.names), frame=rig.across(self.frame))
        if isinstance(move, TimeMap):
            speeds = None if self.velocities is None else self.velocities * move.rate(self.start)
            return replace(self, velocities=speeds, start=float(move.forward(self.start)))
        return self

    def _carried(self, local: NDArray[np.float64], move: WorldMap) -> Boxes3d:
        linear = local[:3, :3]
        own = reflection("y") if move.mirrored else np.eye(3)
        return replace(
            self,
            centres=self.centres @ linear.T + local[:3, 3],
            sizes=self.sizes * move.scale,
            turns=linear / move.scale @ self.turns @ own,
            velocities=None if self.velocities is None else self.velocities @ linear.T,
        )

    def blend(self, other: Boxes3d, weight: float) -> Boxes3d:
        """All boxes of both. Velocities that one of them lacks are NaN.

        Raises:
            AlignmentError: the two are given in different frames.
        """
        if other.frame != self.frame:
            raise AlignmentError(
                f"blend of boxes in frame {self.frame!r} with boxes in frame {other.frame!r}: needed one frame. "
                "Choose partners from recordings with the same rig."
            )
        speeds = [np.full((len(b.ids), 3), np.nan) if b.velocities is None else b.velocities for b in (self, other)]
        lost = self.velocities is None and other.velocities is None
        none = (None,)
        return replace(
            self,
            centres=np.concatenate([self.centres, other.centres]),
            sizes=np.concatenate([self.sizes, other.sizes]),
            turns=np.concatenate([self.turns, other.turns]),
            ids=self.ids + other.ids,
            names=self.names + other.names,
            velocities=None if lost else np.concatenate(speeds),
            extra={
                n: self.extra.get(n, none * len(self.ids)) + other.extra.get(n, none * len(other.ids))
                for n in dict.fromkeys([*self.extra, *other.extra])
            },
        )

    def encode(self) -> Encoded:
        rows: dict[str, Any] = {n: getattr(self, n).tolist() for n in ("centres", "sizes", "turns")}
        rows |= {"ids": self.ids, "names": self.names, "extra": dict(self.extra)}
        rows["velocities"] = None if self.velocities is None else self.velocities.tolist()
        return Encoded(Blob.of_json(rows), {"frame": self.frame} | ({"start": self.start} if self.start else {}))

    @classmethod
    def decode(cls, encoded: Encoded) -> Boxes3d:
        rows = encoded.blob.json()
        centres, sizes, turns = (np.array(rows[n], float) for n in ("centres", "sizes", "turns"))
        speeds = None if rows["velocities"] is None else np.array(rows["velocities"], float)
        extra = {n: tuple(v) for n, v in rows["extra"].items()}
        ids, names = tuple(rows["ids"]), tuple(rows["names"])
        facts = encoded.facts
        return cls(centres, sizes, turns, ids, names, facts["frame"], speeds, extra, float(facts.get("start", 0.0)))

    def preview(self) -> Preview:
        """The 8 corners of each box as ``corners`` orders them, m in ``frame``; projecting is up to the viewer."""
        shapes = [
            {"type": "box", "at": at.tolist(), "name": name, "frame": self.frame}
            for at, name in zip(self.corners(), self.names, strict=True)
        ]
        return Preview("shapes", shapes)
