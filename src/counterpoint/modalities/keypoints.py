"""Named points on things in one camera's picture.

The names are a fixed list; a mirror keeps the list and exchanges the points of
the two sides, so ``left_eye`` is still the left eye of whoever is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused, swapped
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig


@final
@dataclass(frozen=True, eq=False)
class Keypoints(Modality):
    """``K`` named points of each of ``N`` instances in the plane of ``camera``.

    A point that leaves any canvas on the way becomes absent and does not come back. Absent points always stand at
    (0, 0), as in COCO; look at ``visible``, never at the place. An instance that had labelled points and has none
    left dies; one that never had any stays.

    Attributes:
        xy: ``(N, K, 2)`` float64, px.
        visible: ``(N, K)`` uint8: 0 absent, 1 labelled but hidden, 2 visible.
        names: ``K`` names, unique.
        ids: one name an instance, unique in the sample, shared with other parts.
        camera: plane on which the points lie.
        skeleton: pairs of indices into ``names`` that are joined by a line.
        canvas: (width, height) px of the picture, or None where unknown; a splice needs it.
    """

    xy: NDArray[np.float64]
    visible: NDArray[np.uint8]
    names: tuple[str, ...]
    ids: tuple[str, ...]
    camera: str = "camera"
    skeleton: tuple[tuple[int, int], ...] = ()
    canvas: tuple[int, int] | None = None
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, ColourShift, Blend, Splice)

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.names))
        xy, visible = np.asarray(self.xy, np.float64), np.asarray(self.visible)
        if not xy.size and not visible.size:
            xy, visible = np.zeros((*shape, 2)), np.zeros(shape, np.uint8)
        if xy.shape == (*visible.shape, 2):
            xy = np.where(visible[..., None] > 0, xy, 0.0)
        object.__setattr__(self, "xy", xy)
        object.__setattr__(self, "visible", visible)

    def check(self) -> None:
        shape = (len(self.ids), len(self.names))
        if self.xy.shape != (*shape, 2) or self.visible.shape != shape:
            raise self.invalid(
                f"{len(self.ids)} ids and {len(self.names)} names need xy {(*shape, 2)} and visible {shape}; "
                f"found {self.xy.shape} and {self.visible.shape}. Give one row an instance, one column a name."
            )
        for what, values in (("ids", self.ids), ("names", self.names)):
            if len(set(values)) != len(values):
                raise self.invalid(f"{what} must be unique; found {', '.join(values)}. Number them.")
        if not np.isin(self.visible, (0, 1, 2)).all():
            raise self.invalid("visible must be 0 absent, 1 hidden or 2 visible. Map other marks to these.")
        bad = np.argwhere(~np.isfinite(self.xy).all(-1))
        if len(bad):
            i, k = bad[0]
            raise self.invalid(
                f"{self.names[k]!r} of instance {self.ids[i]!r} is at {self.xy[i, k].tolist()}; needed finite pixels. "
                "Mark unknown points with visible=0."
            )
        if any(not 0 <= i < len(self.names) for line in self.skeleton for i in line):
            raise self.invalid(f"skeleton {self.skeleton} points beyond the {len(self.names)} names. Count from 0.")

    @property
    def plane(self) -> str:
        return self.camera

    def instances(self) -> frozenset[str]:
        return frozenset(self.ids)

    def without(self, instances: frozenset[str]) -> Keypoints:
        return self._rows([i not in instances for i in self.ids])

    def prefixed(self, prefix: str) -> Keypoints:
        return replace(self, ids=tuple(f"{prefix}/{i}" for i in self.ids))

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        if isinstance(move, Splice) and self.canvas is None:
            return (
                "these keypoints do not know the canvas that the region is a share of; "
                "set Keypoints(canvas=(width, height))"
            )
        if reason := refused(self.names, move):
            return reason
        if isinstance(move, Sides):
            others = dict(zip(self.names, swapped(self.names), strict=True))
            alone = next((n for n, other in others.items() if other not in others), None)
            if alone is not None:
                return f"there is a keypoint {alone!r} but no {others[alone]!r} to exchange it with"
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Keypoints:
        if isinstance(move, PlaneMap):
            moved = replace(self, xy=move.forward(self.xy), canvas=move.size_out)
            return self._seen(moved, move.shows(self.xy))
        if isinstance(move, Sides):
            other = [self.names.index(n) for n in swapped(self.names)]
            return replace(self, xy=self.xy[:, other], visible=self.visible[:, other], camera=rig.across(self.camera))
        return self

    def _seen(self, moved: Keypoints, shown: NDArray[np.bool_]) -> Keypoints:
        """``moved`` with the points that are not shown absent and the instances gone that lost their last one."""
        visible = np.where(shown, moved.visible, 0).astype(np.uint8)
        dead = (moved.visible > 0).any(1) & ~(visible > 0).any(1)
        return replace(moved, visible=visible)._rows(~dead)

    def mismatch(self, other: Keypoints) -> str | None:
        if self.canvas is None or other.canvas is None:
            return "nobody knows whether the two canvases are of one size; set Keypoints(canvas=(width, height))"
        return None

    def blend(self, other: Keypoints, weight: float) -> Keypoints:
        return self._united(other._on(self))

    def splice(self, other: Keypoints, move: Splice) -> Keypoints:
        if move.region is None or self.canvas is None:
            return self
        x0, y0, x1, y1 = np.array(move.pixels(self.canvas), float)

        def within(xy: NDArray[np.float64]) -> NDArray[np.bool_]:
            return np.all((xy >= (x0, y0)) & (xy <= (x1, y1)), -1)

        partner = other._on(self)
        return self._seen(self, ~within(self.xy))._united(partner._seen(partner, within(partner.xy)))

    def _on(self, host: Keypoints) -> Keypoints:
        """The same points in the names, the order and on the canvas of ``host``; names that it lacks are lost."""
        at = [self.names.index(n) if n in self.names else -1 for n in host.names]
        known = np.array([i >= 0 for i in at], bool)
        xy, visible = self.xy[:, at], np.where(known, self.visible[:, at], 0).astype(np.uint8)
        if host.canvas and self.canvas:
            xy = xy * np.divide(host.canvas, self.canvas)
        return replace(host, xy=xy, visible=visible, ids=self.ids)

    def _rows(self, kept: Any) -> Keypoints:
        at = np.flatnonzero(np.asarray(kept, bool))
        return replace(self, xy=self.xy[at], visible=self.visible[at], ids=tuple(self.ids[i] for i in at))

    def _united(self, other: Keypoints) -> Keypoints:
        return replace(
            self,
            xy=np.concatenate([self.xy, other.xy]),
            visible=np.concatenate([self.visible, other.visible]),
            ids=self.ids + other.ids,
        )

    def encode(self) -> Encoded:
        rows = {"xy": self.xy.tolist(), "visible": self.visible.tolist(), "names": self.names, "ids": self.ids}
        return Encoded(Blob.of_json(rows), {"camera": self.camera, "skeleton": self.skeleton, "canvas": self.canvas})

    @classmethod
    def decode(cls, encoded: Encoded) -> Keypoints:
        rows, facts = encoded.blob.json(), encoded.facts
        canvas = facts["canvas"] and (int(facts["canvas"][0]), int(facts["canvas"][1]))
        skeleton = tuple((int(a), int(b)) for a, b in facts["skeleton"])
        visible = np.array(rows["visible"], np.uint8)
        return cls(
            np.array(rows["xy"], float),
            visible,
            tuple(rows["names"]),
            tuple(rows["ids"]),
            facts["camera"],
            skeleton,
            canvas,
        )

    def preview(self) -> Preview:
        shapes: list[dict[str, Any]] = []
        for xy, seen in zip(self.xy.tolist(), self.visible, strict=True):
            lines = [(a, b) for a, b in self.skeleton if seen[a] and seen[b]]
            shapes += [{"type": "line", "at": [xy[a], xy[b]], "name": ""} for a, b in lines]
            shapes += [{"type": "point", "at": [xy[k]], "name": self.names[k]} for k in np.flatnonzero(seen)]
        return Preview("shapes", shapes, self.camera)
