"""Samples: named parts that share axes.

A change is offered to every part before anything moves. If one refuses, none
moves. Moves of heavy parts wait in a queue, where neighbours of one axis fuse;
they are applied when somebody looks. Nothing here is ever altered in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.clock import TimeMap
from counterpoint.core.contracts import Absent, CannotFollow, Change, Context, Modality, Refusal
from counterpoint.core.lineage import Lineage
from counterpoint.core.meaning import Sides, swapped_keys
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Removal, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.errors import AlignmentError, CounterpointError, RefusedError, UnknownNameError


@final
@dataclass(frozen=True)
class Queued:
    """A move that waits, the rig before it, and the partner's part for a mixture."""

    move: Move
    rig: Rig
    partner: Modality | None = None


@final
@dataclass(frozen=True)
class Cell:
    """A part and the moves that it has still to follow."""

    base: Modality
    queue: tuple[Queued, ...] = ()

    @cached_property
    def part(self) -> Modality:
        """The part as it is now."""
        part = self.base
        for step in self.queue:
            part = _followed(part, step)
        return part

    def pushed(self, step: Queued) -> Cell:
        """This cell with one more move, fused with the last one of its axis where that is exact.

        Moves of the plane, the clock and the world do not disturb each other, so a move may reach back past
        those of other axes; anything that touches content stops it.
        """
        queue = list(self.queue)
        for i in range(len(queue) - 1, -1, -1):
            one = queue[i].move.fused(step.move)
            if one is not None:
                queue[i] = Queued(one, queue[i].rig, queue[i].partner)
                return Cell(self.base, tuple(queue))
            if not {queue[i].move.axis, step.move.axis} <= _APART or queue[i].move.axis == step.move.axis:
                break
        if "part" in self.__dict__:
            return Cell(self.part, (step,))
        return Cell(self.base, (*self.queue, step))

    def concerns(self, move: Move) -> bool:
        """Whether the part as it is now lives on what moves; the camera may have changed its name on the way."""
        if not self.base.heavy:
            return self.part.concerns(move)
        if isinstance(move, PlaneMap):
            return Axis.PLANE in self.base.axes and self.plane == move.plane
        return self.base.concerns(move)

    def refuses(self, step: Queued) -> str | None:
        part = self.base if self.base.heavy else self.part
        if self.base.heavy and isinstance(step.move, TimeMap) and self._emptied(step.move):
            return "nothing of it lies in the part of the clock that is kept"
        if isinstance(step.move, Medium) and step.partner is not None:
            return None
        reason = part.refuses(step.move, step.rig)
        return reason if reason or step.partner is None else part.mismatch(step.partner)

    @property
    def plane(self) -> str | None:
        """The camera on whose plane the part lives now, without computing the part."""
        if not self.base.heavy:
            return self.part.plane
        name = self.base.plane
        for step in self.queue:
            if isinstance(step.move, Sides) and name is not None:
                name = step.rig.across(name)
        return name

    def _emptied(self, move: TimeMap) -> bool:
        """Whether a signal that lasts some time would last none: no silence and no frame is made up for it."""
        before = self.span()
        if before is None or before[1] <= before[0] or move.keep is None:
            return False
        start, end = move.span(*before)
        return end - start < _LEAST

    def span(self) -> tuple[float, float] | None:
        """The interval of the clock that the part covers, without computing the part."""
        span = self.base.span() if self.base.heavy else self.part.span()
        for step in self.queue if self.base.heavy and span is not None else ():
            if isinstance(step.move, TimeMap) and span is not None:
                span = step.move.span(*span)
        return span


_LEAST = 1e-3  # s of a signal that a cut must leave; the product's tolerance of time, and above one sample of sound
_CONTINUOUS = {"pixels", "waveform", "columns"}
_APART = {Axis.PLANE, Axis.TIME, Axis.WORLD}


def _followed(part: Modality, step: Queued) -> Modality:
    match step.move, step.partner:
        case Blend(weight=weight), Modality() as other:
            return part.blend(other, weight)
        case Splice() as move, Modality() as other:
            return part.splice(other, move)
        case Medium() as move, Modality() as other:
            return part.veiled(other.ranges(part.plane or "", step.rig), move, step.rig)
        case move, _:
            done = part.follow(move, step.rig)
    if isinstance(done, CannotFollow):
        raise CounterpointError(f"{type(part).__name__} accepted {step.move} and then could not follow: {done.reason}")
    return done


@final
@dataclass(frozen=True)
class Sample:
    """One sample: a key, named parts, the rig that ties their frames, and its lineage.

    Parts are read like a mapping: ``sample["image"]``, ``"image" in sample``, ``for name in sample``. ``guests``
    counts for every instance that a mixture brought in the parts that it came with.
    """

    key: str
    cells: Mapping[str, Cell]
    rig: Rig = Rig()
    lineage: Lineage = Lineage()
    guests: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, key: str, parts: Mapping[str, Modality], rig: Rig | None = None, lineage: Lineage | None = None
    ) -> Sample:
        """A sample from its parts. Planes of pictures that the rig does not know become cameras without calibration."""
        rig = rig or Rig()
        cameras = dict(rig.cameras)
        for part in parts.values():
            if part.plane and part.plane not in cameras and (size := part.size()):
                cameras[part.plane] = Camera(size)
        rig = rig if len(cameras) == len(rig.cameras) else replace(rig, cameras=cameras)
        return cls(key, {n: Cell(p) for n, p in parts.items()}, rig, lineage or Lineage(parents=(key,)))

    def __getitem__(self, name: str) -> Any:
        if name not in self.cells:
            raise UnknownNameError(f"part of sample {self.key!r}", name, self.cells)
        return self.cells[name].part

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __contains__(self, name: object) -> bool:
        return name in self.cells

    @property
    def parts(self) -> dict[str, Modality]:
        """Every part as it is now, by name."""
        return {n: c.part for n, c in self.cells.items()}

    def kind(self, name: str) -> type[Modality]:
        """The modality of a part, without computing it."""
        return type(self.cells[name].base)

    def present(self) -> list[str]:
        """Names of the parts that are not absent."""
        return [n for n, c in self.cells.items() if not isinstance(c.base, Absent)]

    def having(self, signal: str) -> list[str]:
        """Names of the parts that carry a signal (``pixels``, ``waveform`` …)."""
        return [n for n, c in self.cells.items() if signal in c.base.signals]

    def plane(self, name: str) -> str | None:
        """The camera on whose plane a part lives now, without computing the part."""
        return self.cells[name].plane

    def planes(self) -> dict[str, tuple[int, int]]:
        """Canvas (width, height) of every plane on which a part lives."""
        used = {c.plane for c in self.cells.values()}
        return {n: c.size for n, c in self.rig.cameras.items() if n in used}

    def ranging(self, plane: str) -> str | None:
        """Name of a part that tells how far everything is that a camera shows, a raster of depth before a cloud."""
        found = [n for n, c in self.cells.items() if c.part.sees(plane, self.rig)]
        return min(found, key=lambda n: (self.cells[n].plane != plane, n), default=None)

    def spans(self) -> dict[str, tuple[float, float]]:
        """The interval of the clock, s, of every part that has one."""
        found = {n: c.span() for n, c in self.cells.items()}
        return {n: s for n, s in found.items() if s is not None}

    def shared_span(self) -> tuple[float, float]:
        """The interval of the clock, s, that all continuous signals share (annotations and sweeps may lie otherwise).

        Raises:
            AlignmentError: nothing has a time axis, or the parts do not overlap.
        """
        spans = {n: s for n, s in self.spans().items() if self.cells[n].base.signals & _CONTINUOUS} or self.spans()
        start = max((s[0] for s in spans.values()), default=0.0)
        end = min((s[1] for s in spans.values()), default=0.0)
        if end <= start:
            said = ", ".join(f"{n} {a:.3f}-{b:.3f} s" for n, (a, b) in spans.items()) or "no part has a time axis"
            raise AlignmentError(
                f"sample {self.key!r}: its parts share no clock ({said}). Drop the part that lies apart first."
            )
        return start, end

    def with_parts(self, **parts: Modality) -> Sample:
        """The sample with these parts added or replaced."""
        added = Sample.of(self.key, parts, self.rig)
        return replace(self, cells={**self.cells, **added.cells}, rig=added.rig)

    def changed(self, change: Change, context: Context | None = None) -> Sample:
        """The sample after a drawn change, or after what the context says of a refusal."""
        context = context or Context()
        done = self._followed(change, context)
        if isinstance(done, Sample):
            return done._noted(change, (), context)
        refused = tuple(done)
        said = replace(self, lineage=replace(self.lineage, refusals=self.lineage.refusals + refused))
        if context.on_refusal == "error":
            first = refused[0]
            raise RefusedError(
                f"{change.name} on sample {self.key!r}: part {first.part!r} cannot follow: {first.reason}. "
                "Choose on_refusal 'skip' or 'drop-part', or leave the transform out."
            )
        if context.on_refusal == "skip":
            return said
        lost = tuple(sorted({r.part for r in refused}))
        return said.dropping(lost, refused[0].reason)._dropped_and_changed(change, lost, context)

    def _dropped_and_changed(self, change: Change, lost: tuple[str, ...], context: Context) -> Sample:
        done = self._followed(change, context)
        if not isinstance(done, Sample):
            return replace(self, lineage=replace(self.lineage, refusals=self.lineage.refusals + tuple(done)))
        return done._noted(change, lost, context)

    def dropping(self, names: tuple[str, ...], reason: str) -> Sample:
        """The sample with these parts absent."""
        gone = {n: Cell(c.base.absent(reason)) if n in names else c for n, c in self.cells.items()}
        return replace(self, cells=gone)

    def replayed(self, lineage: Lineage, context: Context | None = None) -> Sample:
        """The changes of a lineage applied to this parent again, nothing drawn."""
        sample = self
        for change, lost in zip(lineage.changes, lineage.dropped, strict=True):
            if lost:  # a part is lost once, so the first refusal of this change by any of them is why
                why = (r.reason for r in lineage.refusals if r.transform == change.name and r.part in lost)
                sample = sample.dropping(lost, next(why, ""))
            sample = sample.changed(change, replace(context or Context(), on_refusal="error"))
        return sample.settled(self)

    def settled(self, before: Sample) -> Sample:
        """An instance that died in one part since ``before``, or since a mixture brought it, dies in all."""
        holders = [n for n, c in self.cells.items() if _bears_instances(c)]
        if len(self.lineage.changes) == len(before.lineage.changes) or not holders:
            return self
        then = Counter(i for n in holders if n in before.cells for i in before.cells[n].part.instances())
        now = Counter(i for n in holders for i in self.cells[n].part.instances())
        then.update({i: count for i, count in self.guests.items() if i not in before.guests})
        dead = frozenset(i for i, count in then.items() if now[i] < count)
        if not dead:
            return self
        return replace(
            self, cells={n: Cell(c.part.without(dead)) if n in holders else c for n, c in self.cells.items()}
        )

    def _noted(self, change: Change, lost: tuple[str, ...], context: Context) -> Sample:
        old = self.lineage
        mixed = tuple(m.partner for m in change.moves if isinstance(m, (Blend, Splice)))
        more = tuple(p for m in mixed for p in context.pool[m].lineage.parents if p not in old.parents)
        changes, dropped = (*old.changes, change), (*old.dropped, lost)
        licences = (old.licence, *(context.pool[m].lineage.licence for m in mixed))
        licence = _joined(*licences) if mixed else old.licence
        lineage = Lineage(
            old.parents + more, "augment", changes, old.refusals, dropped, old.seed, old.copy, licence, old.origin
        )
        return Sample(self.key, self.cells, self.rig, lineage, self.guests)

    def _followed(self, change: Change, context: Context) -> Sample | list[Refusal]:
        cells, rig, guests = dict(self.cells), self.rig, self.guests
        refused: list[Refusal] = []
        for move in change.moves:
            for name, cell in cells.items():
                step = self._step(name, cell, move, rig, context)
                if step is None:
                    continue
                reason = cell.refuses(step)
                if reason:
                    refused.append(Refusal(change.name, name, reason))
                else:
                    cells[name] = cell.pushed(step)
                    if step.partner is not None:
                        guests = Counter(guests) + Counter(step.partner.instances())
            rig = rig.follow(move)
            if isinstance(move, Sides):
                cells = swapped_keys(cells)
            if isinstance(move, Removal):
                cells = {n: Cell(c.base.absent(change.name)) if n in move.parts else c for n, c in cells.items()}
        return refused or Sample(self.key, cells, rig, self.lineage, guests)

    def _step(self, name: str, cell: Cell, move: Move, rig: Rig, context: Context) -> Queued | None:
        if isinstance(move, Removal) or isinstance(cell.base, Absent):
            return None
        if isinstance(move, (Blend, Splice)):
            partner = context.pool[move.partner]
            if name not in partner.cells or (move.parts and name not in move.parts):
                return None
            other = partner.cells[name].part
            before = sum(
                isinstance(m, (Blend, Splice)) and m.partner == move.partner
                for c in self.lineage.changes
                for m in c.moves
            )
            named = f"{partner.key}#{before + 1}" if before else partner.key  # a partner may be mixed in again
            return Queued(move, rig, other.prefixed(named)) if type(other) is type(cell.base) else None
        if isinstance(move, Appearance) and move.part not in (None, name):
            return None
        if isinstance(move, Medium) and cell.base.veils:
            source = self.cells.get(dict(move.ranges).get(cell.plane or "", ""))
            return Queued(move, rig, source.part if source else None)
        return Queued(move, rig) if cell.concerns(move) else None


def _joined(*licences: str) -> str:
    """Licences that hold together, as SPDX writes it; each once."""
    return " AND ".join(dict.fromkeys(one for said in licences for one in said.split(" AND ") if one))


def _bears_instances(cell: Cell) -> bool:
    return type(cell.base).instances is not Modality.instances
