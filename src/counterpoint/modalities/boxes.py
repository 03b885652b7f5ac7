"""Boxes around things in one camera's picture.

Boxes are ``(x0, y0, x1, y1)`` in continuous pixels. After any move a box is the
tightest upright box around what is left of it on the canvas; it dies when less
than a tenth of its area is left there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.classes import refused, swapped
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap, outline
from counterpoint.core.rig import Rig
from counterpoint.core.shapes import ALIVE, bounds, followed


@final
@dataclass(frozen=True, eq=False)
class Boxes(Modality):
    """Upright boxes in the plane of ``camera``; none at all is legal, and so is a box without area.

    A map carries the outline of the box, cuts it at every canvas on the way and takes the bounding box of the rest,
    so a chain of turns grows a box once, not at every step. Mixtures scale the partner's boxes from its canvas to
    this one where both are known; a splice keeps own boxes whole unless more than 90 % of them is replaced.

    Attributes:
        xyxy: ``(N, 4)`` float64, px, ``x0 <= x1`` and ``y0 <= y1``.
        ids: one name an instance, unique in the sample, shared with other parts.
        names: class of each box; left and right in it swap under a mirror.
        camera: plane on which the boxes lie.
        extra: further values a box that no move alters (difficulty, occlusion …), ``N`` each; only ``truncated``, a
            share from 0 to 1 of the thing that lies outside the picture, grows where a canvas cuts the box.
        canvas: (width, height) px of the picture, or None where unknown; a splice needs it.
    """

    xyxy: NDArray[np.float64]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    camera: str = "camera"
    extra: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    canvas: tuple[int, int] | None = None
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, ColourShift, Blend, Splice)

    def __post_init__(self) -> None:
        xyxy = np.asarray(self.xyxy, np.float64)
        object.__setattr__(self, "xyxy", xyxy if xyxy.size else np.zeros((0, 4)))

    def check(self) -> None:
        n = len(self.ids)
        if self.xyxy.shape != (n, 4) or len(self.names) != n:
            raise self.invalid(
                f"needs one row (x0, y0, x1, y1), one id and one name a box; found xyxy {self.xyxy.shape}, "
                f"{n} ids and {len(self.names)} names. Give all of the same length."
            )
        for name, values in self.extra.items():
            if len(values) != n:
                raise self.invalid(f"extra {name!r} has {len(values)} values for {n} boxes. Give one a box.")
        if len(set(self.ids)) != n:
            raise self.invalid("ids must be unique; two boxes share one. Number them.")
        bad = np.flatnonzero(~(np.isfinite(self.xyxy).all(1) & (self.xyxy[:, :2] <= self.xyxy[:, 2:]).all(1)))
        if len(bad):
            raise self.invalid(
                f"row {bad[0]} (id {self.ids[bad[0]]!r}) is {self.xyxy[bad[0]].tolist()} px; needed finite numbers "
                "with x0 <= x1 and y0 <= y1. Correct the row or leave it out."
            )

    @property
    def plane(self) -> str:
        return self.camera

    def instances(self) -> frozenset[str]:
        return frozenset(self.ids)

    def without(self, instances: frozenset[str]) -> Boxes:
        return self._rows([i not in instances for i in self.ids])

    def prefixed(self, prefix: str) -> Boxes:
        return replace(self, ids=tuple(f"{prefix}/{i}" for i in self.ids))

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        if isinstance(move, Splice) and self.canvas is None:
            return "these boxes do not know the canvas that the region is a share of; set Boxes(canvas=(width, height))"
        return refused(self.names, move) or super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Boxes:
        if isinstance(move, PlaneMap):
            return self._carried(move)
        if isinstance(move, Sides):
            return replace(self, names=swapped(self.names), camera=rig.across(self.camera))
        return self

    def _carried(self, move: PlaneMap) -> Boxes:
        left = [followed(ring, move) for ring in outline(self.xyxy)]
        alive = [share >= ALIVE for _, share in left]
        xyxy = [bounds(ring) for (ring, _), lives in zip(left, alive, strict=True) if lives]
        extra = dict(self.extra)
        if "truncated" in extra:
            cut = zip(extra["truncated"], left, strict=True)
            extra["truncated"] = tuple(_truncated(old, share) for old, (_, share) in cut)
        return replace(replace(self, extra=extra)._rows(alive), xyxy=np.reshape(xyxy, (-1, 4)), canvas=move.size_out)

    def mismatch(self, other: Boxes) -> str | None:
        if self.canvas is None or other.canvas is None:
            return "nobody knows whether the two canvases are of one size; set Boxes(canvas=(width, height))"
        return None

    def blend(self, other: Boxes, weight: float) -> Boxes:
        return self._united(other._on(self.canvas))

    def splice(self, other: Boxes, move: Splice) -> Boxes:
        if move.region is None or self.canvas is None:
            return self
        region = np.array(move.pixels(self.canvas), float)
        _, replaced = _cut(self.xyxy, region)
        partner = other._on(self.canvas)
        cut, left = _cut(partner.xyxy, region)
        return self._rows(replaced <= 1 - ALIVE)._united(replace(partner, xyxy=cut)._rows(left >= ALIVE))

    def _on(self, canvas: tuple[int, int] | None) -> Boxes:
        if canvas is None or self.canvas is None or canvas == self.canvas:
            return self
        return replace(self, xyxy=self.xyxy * (np.divide(canvas, self.canvas).tolist() * 2), canvas=canvas)

    def _rows(self, kept: Any) -> Boxes:
        at = np.flatnonzero(np.asarray(kept, bool))
        return replace(
            self,
            xyxy=self.xyxy[at],
            ids=tuple(self.ids[i] for i in at),
            names=tuple(self.names[i] for i in at),
            extra={n: tuple(v[i] for i in at) for n, v in self.extra.items()},
        )

    def _united(self, other: Boxes) -> Boxes:
        known = dict.fromkeys([*self.extra, *other.extra])
        none = (None,)
        return replace(
            self,
            xyxy=np.concatenate([self.xyxy, other.xyxy]),
            ids=self.ids + other.ids,
            names=self.names + other.names,
            extra={
                n: self.extra.get(n, none * len(self.ids)) + other.extra.get(n, none * len(other.ids)) for n in known
            },
        )

    def encode(self) -> Encoded:
        rows = {"xyxy": self.xyxy.tolist(), "ids": self.ids, "names": self.names, "extra": dict(self.extra)}
        return Encoded(Blob.of_json(rows), {"camera": self.camera, "canvas": self.canvas})

    @classmethod
    def decode(cls, encoded: Encoded) -> Boxes:
        rows, facts = encoded.blob.json(), encoded.facts
        extra = {n: tuple(v) for n, v in rows["extra"].items()}
        canvas = facts["canvas"] and (int(facts["canvas"][0]), int(facts["canvas"][1]))
        return cls(
            np.array(rows["xyxy"], float), tuple(rows["ids"]), tuple(rows["names"]), facts["camera"], extra, canvas
        )

    def preview(self) -> Preview:
        shapes = [
            {"type": "box", "at": [row[:2], row[2:]], "name": name}
            for row, name in zip(self.xyxy.tolist(), self.names, strict=True)
        ]
        return Preview("shapes", shapes, self.camera)


def _truncated(old: Any, share: float) -> Any:
    """The share of a thing that lies outside the picture once ``share`` of what was inside is left; marks stay."""
    known = isinstance(old, float) and 0 <= old <= 1
    return 1 - (1 - old) * share if known and share < 1 - 1e-9 else old


def _cut(xyxy: NDArray[np.float64], region: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes cut to a region and the share of each that lies inside; a box without area is in with its centre."""
    cut = np.clip(xyxy, np.tile(region[:2], 2), np.tile(region[2:], 2))
    full, left = (np.prod(b[:, 2:] - b[:, :2], 1) for b in (xyxy, cut))
    centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    within = ((centre >= region[:2]) & (centre <= region[2:])).all(1).astype(float)
    return cut, np.where(full > 0, left / np.where(full > 0, full, 1), within)
