"""Outlines of things in one camera's picture.

Vertices are mapped exactly, bent edges are followed at most 4 px apart, and what
a canvas cuts away stays away. All rings of an instance are united.
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
from counterpoint.core.shapes import SPECK, Ring, area, clipped, covered, followed

Rings = tuple[Ring, ...]


@final
@dataclass(frozen=True, eq=False)
class Polygons(Modality):
    """One or more rings an instance in the plane of ``camera``.

    A ring may be concave; it is cut to every canvas, and an instance dies when no area is left. Rings of one
    instance are united (as in COCO: an occluded thing falls into pieces), so holes cannot be said.

    Attributes:
        rings: for each of ``N`` instances its rings, each ``(M, 2)`` float64 px, ``M >= 3``, not closed.
        ids: one name an instance, unique in the sample, shared with other parts.
        names: class of each instance; left and right in it swap under a mirror.
        camera: plane on which the rings lie.
        canvas: (width, height) px of the picture, or None where unknown; a splice needs it.
    """

    rings: tuple[Rings, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    camera: str = "camera"
    canvas: tuple[int, int] | None = None
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.MEANING})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, ColourShift, Blend, Splice)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "rings", tuple(tuple(np.asarray(ring, np.float64) for ring in rings) for rings in self.rings)
        )

    def check(self) -> None:
        if not len(self.rings) == len(self.ids) == len(self.names):
            raise self.invalid(
                f"needs one tuple of rings, one id and one name an instance; found {len(self.rings)}, "
                f"{len(self.ids)} and {len(self.names)}. Give all of the same length."
            )
        if len(set(self.ids)) != len(self.ids):
            raise self.invalid("ids must be unique; two instances share one. Number them.")
        for row, rings in enumerate(self.rings):
            for ring in rings or (np.zeros(0),):
                if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
                    raise self.invalid(
                        f"row {row} (id {self.ids[row]!r}) has a ring of shape {ring.shape}; needed at least 3 finite "
                        "vertices (x, y). Correct the row or leave it out."
                    )

    @property
    def plane(self) -> str:
        return self.camera

    def masks(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """``(N, height, width)``: the pixels of a canvas ``size`` (width, height) whose centre an instance covers."""
        out = np.zeros((len(self.rings), size[1], size[0]), bool)
        for mask, rings in zip(out, self.rings, strict=True):
            for ring in rings:
                mask |= covered(ring, size)
        return out

    def instances(self) -> frozenset[str]:
        return frozenset(self.ids)

    def without(self, instances: frozenset[str]) -> Polygons:
        return self._of([() if i in instances else rings for i, rings in zip(self.ids, self.rings, strict=True)])

    def prefixed(self, prefix: str) -> Polygons:
        return replace(self, ids=tuple(f"{prefix}/{i}" for i in self.ids))

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Splice) and (reason := move.misses(Axis.PLANE)):
            return reason
        if isinstance(move, Splice) and self.canvas is None:
            return (
                "these polygons do not know the canvas that the region is a share of; "
                "set Polygons(canvas=(width, height))"
            )
        return refused(self.names, move) or super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Polygons:
        if isinstance(move, PlaneMap):
            moved = self._of([_solid(followed(ring, move)[0] for ring in rings) for rings in self.rings])
            return replace(moved, canvas=move.size_out)
        if isinstance(move, Sides):
            return replace(self, names=swapped(self.names), camera=rig.across(self.camera))
        return self

    def mismatch(self, other: Polygons) -> str | None:
        if self.canvas is None or other.canvas is None:
            return "nobody knows whether the two canvases are of one size; set Polygons(canvas=(width, height))"
        return None

    def blend(self, other: Polygons, weight: float) -> Polygons:
        return self._united(other._on(self.canvas))

    def splice(self, other: Polygons, move: Splice) -> Polygons:
        if move.region is None or self.canvas is None:
            return self
        region = np.array(move.pixels(self.canvas), float)
        kept = self._of([_solid(p for ring in rings for p in _outside(ring, region)) for rings in self.rings])
        partner = other._on(self.canvas)
        taken = partner._of([_solid(clipped(ring, region) for ring in rings) for rings in partner.rings])
        return kept._united(taken)

    def _on(self, canvas: tuple[int, int] | None) -> Polygons:
        if canvas is None or self.canvas is None or canvas == self.canvas:
            return self
        scale = np.divide(canvas, self.canvas)
        return replace(self, rings=tuple(tuple(ring * scale for ring in rings) for rings in self.rings), canvas=canvas)

    def _of(self, rings: list[Rings]) -> Polygons:
        """The instances with these rings; those without any are gone."""
        alive = [i for i, own in enumerate(rings) if own]
        return replace(
            self,
            rings=tuple(rings[i] for i in alive),
            ids=tuple(self.ids[i] for i in alive),
            names=tuple(self.names[i] for i in alive),
        )

    def _united(self, other: Polygons) -> Polygons:
        return replace(self, rings=self.rings + other.rings, ids=self.ids + other.ids, names=self.names + other.names)

    def encode(self) -> Encoded:
        rows = {"rings": [[r.tolist() for r in rings] for rings in self.rings], "ids": self.ids, "names": self.names}
        return Encoded(Blob.of_json(rows), {"camera": self.camera, "canvas": self.canvas})

    @classmethod
    def decode(cls, encoded: Encoded) -> Polygons:
        rows, facts = encoded.blob.json(), encoded.facts
        rings = tuple(tuple(np.array(r, float) for r in own) for own in rows["rings"])
        canvas = facts["canvas"] and (int(facts["canvas"][0]), int(facts["canvas"][1]))
        return cls(rings, tuple(rows["ids"]), tuple(rows["names"]), facts["camera"], canvas)

    def preview(self) -> Preview:
        shapes: list[dict[str, Any]] = [
            {"type": "polygon", "at": ring.tolist(), "name": name}
            for rings, name in zip(self.rings, self.names, strict=True)
            for ring in rings
        ]
        return Preview("shapes", shapes, self.camera)


def _solid(rings: Any) -> Rings:
    return tuple(ring for ring in rings if area(ring) > SPECK)


def _outside(ring: Ring, region: NDArray[np.float64]) -> list[Ring]:
    """What is left of a ring without a rectangle: up to four pieces that do not overlap."""
    far = np.inf
    x0, y0, x1, y1 = region
    strips = ((-far, -far, x0, far), (x1, -far, far, far), (x0, -far, x1, y0), (x0, y1, x1, far))
    return [clipped(ring, strip) for strip in strips]
