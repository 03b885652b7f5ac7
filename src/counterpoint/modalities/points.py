"""Point clouds of LiDAR, radar and the like: a row a return, columns by name."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.keys import Key
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend
from counterpoint.core.rig import WORLD, Rig
from counterpoint.core.world import WorldMap, carried
from counterpoint.errors import AlignmentError, UnreadableInputError
from counterpoint.signal import scatter

_VECTOR = re.compile(
    r"^([vn])([xyz])(.*)$"
)  # vx vy vz: velocity; nx ny nz: surface normal; an ending names more groups
_LENGTHS = frozenset({"range", "radial_velocity"})
_SPEEDS = frozenset({"radial_velocity"})
_SHOWN = 20_000
_REACH = 120.0  # m, at which a common LiDAR just sees a surface of reflectivity 0.9
_FEWEST = 50  # points that a picture needs to know how far things are


@final
@dataclass(frozen=True, eq=False)
class Points(Modality):
    """``N`` points in a named frame; none at all is legal.

    Under a map of the world ``x, y, z`` move, velocities ``vx, vy, vz`` turn and grow with it, normals
    ``nx, ny, nz`` turn, ``range`` and ``radial_velocity`` grow with the scale, every other column stays. Under a map
    of the clock the column ``time`` moves and rows outside what is kept are dropped, and velocities grow by the
    rate. Through a medium a cloud with ``intensity`` loses returns and gets some of the air, where it is known from
    where it was seen: in the frame of its sensor, or as one look in a world with one LiDAR.
    A cloud without ``time`` is one look at the moment ``start``: it keeps all its rows.

    Attributes:
        values: ``(N, F)`` float32; metres, m/s, s.
        columns: ``F`` unique names, beginning with ``x``, ``y``, ``z``. ``time`` is s on the clock of the sample.
        frame: the frame of the coordinates: ``world`` or one of the rig.
        start: moment of the cloud, s on the clock of the sample.
        exact: ``(N, 3)`` float64 coordinates behind those of ``values`` while moves go on, so that a chain of them is
            rounded once; it is not stored, and None where nothing moved.
    """

    values: NDArray[np.float32]
    columns: tuple[str, ...] = ("x", "y", "z")
    frame: str = "world"
    start: float = 0.0
    exact: NDArray[np.float64] | None = field(default=None, repr=False)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD, Axis.TIME, Axis.ENVIRONMENT, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (WorldMap, TimeMap, TimeMask, Sides, ColourShift, Medium, Blend)
    signals: ClassVar[frozenset[str]] = frozenset({"points"})

    def __post_init__(self) -> None:
        values = np.asarray(self.values, np.float32)
        object.__setattr__(self, "values", values if values.size else np.zeros((0, len(self.columns)), np.float32))
        if self.exact is not None and not np.array_equal(self.exact.astype(np.float32), self.values[:, :3]):
            object.__setattr__(self, "exact", None)  # rows or places were changed since

    def check(self) -> None:
        if self.columns[:3] != ("x", "y", "z") or len(set(self.columns)) != len(self.columns):
            raise self.invalid(f"columns must begin with x, y, z and be unique; found {', '.join(self.columns)}.")
        if self.values.ndim != 2 or self.values.shape[1] != len(self.columns):
            raise self.invalid(
                f"{len(self.columns)} columns need values (N, {len(self.columns)}); found {self.values.shape}."
            )
        bad = np.flatnonzero(~np.isfinite(self.values[:, :3]).all(1))
        if len(bad):
            raise self.invalid(
                f"row {bad[0]} is at {self.values[bad[0], :3].tolist()} m; needed finite coordinates. "
                "Leave out rows without a return."
            )

    def column(self, name: str) -> NDArray[np.float32]:
        """``(N,)`` values of one column.

        Raises:
            ValueError: there is no such column.
        """
        return self.values[:, self.columns.index(name)]

    @property
    def xyz(self) -> NDArray[np.float64]:
        """``(N, 3)`` coordinates in m of ``frame``."""
        return self.values[:, :3].astype(np.float64) if self.exact is None else self.exact

    def span(self) -> tuple[float, float] | None:
        if "time" not in self.columns or not len(self.values):
            return None
        time = self.column("time")
        return float(time.min()), float(time.max())

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, WorldMap):
            mixes = np.abs(rig.local(move, self.frame)[:3, :3]) > 1e-9
            for at, lacking in self._vectors():
                if mixes[np.ix_(lacking, [i for i in range(3) if i not in lacking])].any():
                    lost = "xyz"[lacking[0]]
                    return f"column {self.columns[at[0]]!r} belongs to a vector without {lost}, which this map mixes in"
        if isinstance(move, Medium) and not self._is_radar:
            if "intensity" not in self.columns:
                return "without a column 'intensity' nobody knows which of its returns a medium would swallow"
            if self._origin(rig) is None:
                return (
                    "it is given in the world and nothing tells where its sensor was, so its rays have no length; give "
                    "it in the frame of its sensor"
                )
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Points:
        if isinstance(move, WorldMap):
            return self._carried(rig.local(move, self.frame), move.scale)
        if isinstance(move, TimeMap):
            return self._timed(move)
        if isinstance(move, Medium):
            return self if self._is_radar else self._through(move, rig)
        if isinstance(move, Sides):
            return replace(self, frame=rig.across(self.frame))
        if isinstance(move, Appearance):
            values, kept = move.render(self.values, columns=self.columns)
            return replace(self, values=np.asarray(values, np.float32)[np.asarray(kept, bool)])
        return self

    def _carried(self, local: NDArray[np.float64], scale: float) -> Points:
        out = self.values.copy()
        exact = carried(self.xyz, local)
        out[:, :3] = exact
        for at, lacking in self._vectors():
            own = [i for i in range(3) if i not in lacking]
            turn = local[:3, :3][np.ix_(own, own)] / (scale if self.columns[at[0]].startswith("n") else 1.0)
            out[:, at] = self.values[:, at].astype(float) @ turn.T
        for name in _LENGTHS & set(self.columns):
            out[:, self.columns.index(name)] *= scale
        return replace(self, values=out, exact=exact)

    @property
    def _is_radar(self) -> bool:
        """Whether it comes from a radar, for which fog and snow are not there and rain is thin."""
        return "rcs" in self.columns

    def _origin(self, rig: Rig) -> NDArray[np.float64] | None:
        """Where it was seen from, (3,) in its own frame; for one look in the world where the rig's LiDAR is."""
        if self.frame != WORLD:
            return np.zeros(3)
        known = [f for name, f in rig.frames.items() if "velo" in name.lower() or "lidar" in name.lower()]
        return known[0].pose[:3, 3] if len(known) == 1 and "time" not in self.columns else None

    def _through(self, move: Medium, rig: Rig) -> Points:
        """What the LiDAR gets through a medium: weaker returns, fewer, and some of the air.

        A column ``label`` (``air`` if that name is taken) says 0 of the target, 1 of the air. What the sensor can still
        see is guessed from the weakest returns that it has.
        """
        origin = self._origin(rig)
        assert origin is not None
        rays = self.xyz - origin
        ranges = np.linalg.norm(rays, axis=1)
        raw = self.column("intensity").astype(float)
        unit = 255.0 if raw.max(initial=0) > 1 else 1.0
        power = raw / unit / np.maximum(ranges, 0.1) ** 2
        weakest = min(0.9 / _REACH**2, float(np.percentile(power, 1))) if len(power) else 0.0
        stream = Key(move.stream).at("points", self.frame).stream()
        seen = scatter.returns(move.kind, move.extinction, move.rate, ranges, raw / unit, stream, weakest)
        kept, aside = seen.label != scatter.LOST, seen.label == scatter.SCATTERED
        out = self.values.copy()
        out[:, :3] = origin + rays * (seen.ranges / np.maximum(ranges, 1e-9))[:, None]
        out[:, self.columns.index("intensity")] = np.clip(seen.intensity, 0, 1) * unit
        if "range" in self.columns:
            out[:, self.columns.index("range")] = seen.ranges
        name = "label" if "label" not in self.columns else "air"
        if name in self.columns:
            out[aside, self.columns.index(name)] = scatter.SCATTERED
            return replace(self, values=out[kept])
        out = np.column_stack([out, aside.astype(np.float32)])
        return replace(self, values=out[kept], columns=(*self.columns, name))

    def sees(self, camera: str, rig: Rig) -> bool:
        """Whether the camera is calibrated, and enough points fall into its picture."""
        known = rig.cameras.get(camera)
        if known is None or known.intrinsics is None or self._is_radar or not len(self.values):
            return False
        return len(self._inside(camera, rig)[0]) >= _FEWEST

    def ranges(self, camera: str, rig: Rig) -> NDArray[np.float32]:
        """The nearest point of each cell of the picture, joined to cells without one; see ``signal.haze.dense``."""
        from counterpoint.signal.haze import dense

        return dense(*self._inside(camera, rig), rig.camera(camera).size)

    def _inside(self, camera: str, rig: Rig) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (M, 2) and lengths of rays (M,) m of the points that fall into the picture."""
        known = rig.camera(camera)
        world = carried(self.xyz, rig.frame(self.frame).pose)
        pixels, depth = known.project(world)
        length = np.linalg.norm(carried(world, known.pose), axis=1)
        width, height = known.size
        inside = (depth > 0.1) & (pixels >= 0).all(1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
        return pixels[inside], length[inside]

    def _timed(self, move: TimeMap) -> Points:
        out, kept = self.values.copy(), np.ones(len(self.values), bool)
        old = np.full(len(out), self.start)
        if "time" in self.columns:
            old = self.column("time").astype(float)
            new = move.forward(old)
            out[:, self.columns.index("time")] = new
            kept = (new >= move.keep[0]) & (new < move.keep[1]) if move.keep else kept
        fast = [i for at, _ in self._vectors() for i in at if self.columns[i].startswith("v")]
        fast += [self.columns.index(n) for n in _SPEEDS & set(self.columns)]
        out[:, fast] *= move.rate(old)[:, None]
        return replace(self, values=out[kept], start=float(move.forward(self.start)))

    def _vectors(self) -> list[tuple[list[int], list[int]]]:
        """For each vector its columns, and which of x, y, z (0, 1, 2) have none."""
        groups: dict[tuple[str, str], dict[str, int]] = {}
        for i, name in enumerate(self.columns):
            found = _VECTOR.match(name)
            if found:
                groups.setdefault((found[1], found[3]), {})[found[2]] = i
        return [
            ([g[a] for a in "xyz" if a in g], [i for i, a in enumerate("xyz") if a not in g]) for g in groups.values()
        ]

    def blend(self, other: Points, weight: float) -> Points:
        """All points of both. Columns that ``other`` lacks are NaN there.

        Raises:
            AlignmentError: the two are given in different frames.
        """
        if other.frame != self.frame:
            raise AlignmentError(
                f"blend of points in frame {self.frame!r} with points in frame {other.frame!r}: needed one frame. "
                "Choose partners from recordings with the same rig."
            )
        partner = np.full((len(other.values), len(self.columns)), np.nan, np.float32)
        for i, name in enumerate(self.columns):
            if name in other.columns:
                partner[:, i] = other.column(name)
        return replace(self, values=np.concatenate([self.values, partner]))

    def encode(self) -> Encoded:
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(self.values), allow_pickle=False)
        return Encoded(
            Blob("npy", file.getvalue()), {"columns": self.columns, "frame": self.frame, "start": self.start}
        )

    @classmethod
    def decode(cls, encoded: Encoded) -> Points:
        blob, facts = encoded.blob, encoded.facts
        try:
            values = np.load(io.BytesIO(blob.read()), allow_pickle=False)
        except (ValueError, EOFError) as e:
            raise UnreadableInputError(
                f"{blob.label or blob.path or 'points'}: expected an .npy array ({e}). "
                "Restore the file or remove the entry."
            ) from e
        return cls(values, tuple(facts["columns"]), facts["frame"], float(facts["start"]))

    def preview(self) -> Preview:
        """At most 20 000 points, evenly taken, in the part's own frame."""
        every = max(1, -(-len(self.values) // _SHOWN))
        return Preview("cloud", self.values[::every, :3].tolist())
