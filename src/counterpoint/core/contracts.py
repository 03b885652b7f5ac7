"""The contracts. A class is abstract and stands here, or it is final."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, final

from counterpoint.catalog import snake
from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.keys import Key
from counterpoint.core.meaning import ColourShift, Directions, Sides, swapped_name
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.serial import Recorded
from counterpoint.errors import InvalidPartError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from counterpoint.core.medium import Medium
    from counterpoint.core.sample import Sample


@final
@dataclass(frozen=True)
class Refusal(Recorded):
    """Why a part cannot follow a change."""

    transform: str
    part: str
    reason: str


@final
@dataclass(frozen=True)
class CannotFollow:
    """What ``follow`` gives back instead of a part; ``reason`` is a sentence for people."""

    reason: str


@final
@dataclass(frozen=True)
class Change(Recorded):
    """One draw of one transform: moves that happen together or not at all."""

    name: str
    moves: tuple[Move, ...]


@final
@dataclass(frozen=True)
class Encoded:
    """A part as bytes, and the facts about it that the bytes do not carry (JSON types)."""

    blob: Blob
    facts: Mapping[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Preview:
    """A part as a person sees it.

    ``kind`` and ``data``: ``picture`` (JPEG or PNG bytes), ``film`` (MP4 bytes), ``sound`` (WAV bytes),
    ``text`` (str), ``table`` (list of rows), ``chart`` (dict of name to list of numbers, with ``t``),
    ``shapes`` (list of dicts in pixels of ``plane``: ``type`` box|polygon|point|line, ``at`` list of
    [x, y], ``name``), ``spans`` (list of [start, end, text] in s), ``mask`` (PNG bytes, RGBA, in ``plane``),
    ``cloud`` (list of [x, y, z] in world m).
    """

    kind: Literal["picture", "film", "sound", "text", "table", "chart", "shapes", "spans", "mask", "cloud"]
    data: Any
    plane: str | None = None


class Modality(ABC):
    """The kind of a part; an instance is a part.

    Subclasses are final frozen dataclasses. A part whose axis is moved follows the move exactly
    or refuses; what it does not handle it refuses by default.
    """

    axes: ClassVar[frozenset[Axis]]
    follows: ClassVar[tuple[type[Move], ...]] = ()
    signals: ClassVar[frozenset[str]] = frozenset()
    phrases: ClassVar[bool] = False  # sentences: they may say where things are in a picture
    veils: ClassVar[bool] = False  # follows a medium by ``veiled``, with the ranges that another part tells
    heavy: ClassVar[bool] = False  # pixels or sound: moves are queued and fused before they are applied

    @classmethod
    def modality(cls) -> str:
        """Name in the catalogue: the class name in snake case."""
        return snake(cls.__name__)

    @abstractmethod
    def check(self) -> None:
        """Raise InvalidPartError if the part breaks the conventions of its modality."""

    @abstractmethod
    def encode(self) -> Encoded:
        """The part as bytes; the very bytes it was read from if nothing changed it."""

    @classmethod
    @abstractmethod
    def decode(cls, encoded: Encoded) -> Self:
        """The inverse of ``encode``; reads the bytes when they are first needed."""

    @abstractmethod
    def preview(self) -> Preview: ...

    @abstractmethod
    def _moved(self, move: Move, rig: Rig) -> Self:
        """The part after a move that concerns it and that it does not refuse; ``rig`` is the rig before the move."""

    @property
    def plane(self) -> str | None:
        """Name of the camera on whose plane the part lives."""
        return None

    def size(self) -> tuple[int, int] | None:
        """Canvas (width, height) if the part *is* a raster of its plane."""
        return None

    def span(self) -> tuple[float, float] | None:
        """The interval of the clock that the part covers, s; None if it has no time axis."""
        return None

    def instances(self) -> frozenset[str]:
        """Names of the instances that are (still) alive in this part."""
        return frozenset()

    def without(self, instances: frozenset[str]) -> Self:
        """The part after these instances died elsewhere."""
        return self

    def concerns(self, move: Move) -> bool:
        """Whether the move touches an axis (or the signal) that this part lives on."""
        if isinstance(move, Appearance):
            return move.signal in self.signals
        if isinstance(move, PlaneMap):
            return Axis.PLANE in self.axes and self.plane == move.plane
        if isinstance(move, ColourShift):
            return Axis.MEANING in self.axes and self.plane in (None, move.plane)
        if isinstance(move, Directions):
            return self.phrases and self.plane in (None, move.plane)
        if isinstance(move, Sides) and Axis.MEANING not in self.axes:
            return self.plane is not None and swapped_name(self.plane) != self.plane
        return move.axis in self.axes

    def refuses(self, move: Move, rig: Rig) -> str | None:
        """A reason if the part cannot follow; None if ``follow`` will succeed.

        Heavy parts must answer from what queued moves do not alter (layout, not content).
        """
        if isinstance(move, self.follows) or (isinstance(move, Appearance) and move.signal in self.signals):
            return None
        return f"a {self.modality()} has no rule for {type(move).__name__}"

    @final
    def follow(self, move: Move, rig: Rig) -> Self | CannotFollow:
        """The part after the move, or why that is impossible."""
        if not self.concerns(move):
            return self
        reason = self.refuses(move, rig)
        return CannotFollow(reason) if reason else self._moved(move, rig)

    def prefixed(self, prefix: str) -> Self:
        """The part with every instance renamed ``prefix/name``, so that two samples can be mixed."""
        return self

    def sees(self, camera: str, rig: Rig) -> bool:
        """Whether this part can tell how far everything is that a camera shows; see ``ranges``."""
        return False

    def ranges(self, camera: str, rig: Rig) -> NDArray[np.float32]:
        """Lengths (H, W) in m of the rays through the pixels of a camera that it ``sees``."""
        raise TypeError(f"a {self.modality()} tells no ranges")

    def veiled(self, ranges: NDArray[np.float32], move: Medium, rig: Rig) -> Self:
        """The picture through a medium; needs ``veils``."""
        raise TypeError(f"a {self.modality()} is no picture")

    def mismatch(self, other: Self) -> str | None:
        """A reason if ``other`` cannot be mixed with this part, whatever the weight; asked before anything moves."""
        return None

    def blend(self, other: Self, weight: float) -> Self:
        """``weight`` x self + ``(1 - weight)`` x other; needs ``Blend`` in ``follows``.

        ``other`` is brought to the canvas, rate and channels of self. Sets (boxes, points, words) are united.
        """
        raise TypeError(f"a {self.modality()} cannot be blended")

    def splice(self, other: Self, move: Splice) -> Self:
        """Self with the region or window of ``move`` taken from other; needs ``Splice`` in ``follows``."""
        raise TypeError(f"a {self.modality()} cannot be spliced")

    def absent(self, reason: str = "") -> Absent:
        """The marker that stands for this part when it is missing."""
        return Absent(self.modality(), reason)

    def invalid(self, why: str) -> InvalidPartError:
        return InvalidPartError(f"{type(self).__name__}: {why}")


@final
@dataclass(frozen=True)
class Absent(Modality):
    """A part that is missing: never zeros in disguise. It follows every move by staying absent."""

    of: str
    reason: str = ""
    axes: ClassVar[frozenset[Axis]] = frozenset()

    def check(self) -> None:
        return None

    def encode(self) -> Encoded:
        return Encoded(Blob("absent", b""), {"of": self.of, "reason": self.reason})

    @classmethod
    def decode(cls, encoded: Encoded) -> Absent:
        return cls(encoded.facts["of"], encoded.facts["reason"])

    def preview(self) -> Preview:
        return Preview("text", f"(no {self.of}{': ' + self.reason if self.reason else ''})")

    def _moved(self, move: Move, rig: Rig) -> Absent:
        return self


Pool = Mapping[str, "Sample"]
"""Samples by key, from which mixtures take partners; iteration order is ignored."""

OnRefusal = Literal["skip", "drop-part", "error"]


@final
@dataclass(frozen=True)
class Context:
    """What a step needs besides the sample: the policy for refusals and the partners for mixtures."""

    on_refusal: OnRefusal = "skip"
    pool: Pool = field(default_factory=dict)


class Step(ABC):
    """Anything that turns a sample into a sample: a transform or a policy over transforms."""

    @abstractmethod
    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        """The sample after this step; random numbers come from ``key`` alone."""

    @final
    def __call__(
        self, sample: Sample, seed: int = 0, copy: int = 0, pool: Pool | None = None, on_refusal: OnRefusal = "skip"
    ) -> Sample:
        """A new sample. The same arguments give the same bytes, whatever was called before.

        Args:
            sample: left as it is.
            seed: of the run.
            copy: number of this copy of the sample.
            pool: partners for mixtures.
            on_refusal: ``skip`` the change, ``drop-part`` that cannot follow, or raise an ``error``.

        Raises:
            RefusedError: with ``on_refusal='error'``, naming the transform, the part and the reason.
        """
        done = self.onto(sample, Key.of(seed, sample.key, copy), Context(on_refusal, pool or {}))
        return done.settled(sample)


class Transform(Step):
    """Looks at a sample once and draws one change. Subclasses are final frozen dataclasses.

    Attributes:
        axes: the axes that it moves.
        mixes: whether it needs a partner from the pool.
        pointwise: whether it only looks up levels; then it has ``curve(levels, **params)``, from 256 levels (0 to 255)
            to 256 levels, and ``render`` takes the levels to start from. Neighbours become one table.
    """

    axes: ClassVar[frozenset[Axis]]
    mixes: ClassVar[bool] = False
    pointwise: ClassVar[bool] = False

    @abstractmethod
    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        """One drawn change, or None where the sample has nothing that it could move."""

    @staticmethod
    def render(values: Any, stream: Any, **params: Any) -> Any:
        """Appearance transforms only: the changed signal (see ``core.appearance``)."""
        raise TypeError("this transform changes no signal")

    @classmethod
    def at(cls, magnitude: float) -> Self:
        """The transform at a strength from 0 to 1, for RandAugment and TrivialAugment."""
        return cls()

    @final
    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        change = self.draw(sample, key.at(type(self).__name__), context.pool)
        return sample if change is None else sample.changed(change, context)


class Format(ABC):
    """Reader and writer of one layout on disk. Subclasses are final and take the location."""

    @classmethod
    @abstractmethod
    def detect(cls, path: Path) -> float:
        """How surely ``path`` is in this layout, 0 to 1, from names and first bytes alone."""

    @classmethod
    @abstractmethod
    def read(cls, path: Path) -> Source:
        """A source of the samples in ``path``."""

    @classmethod
    @abstractmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        """What of this sample the layout would lose, one sentence each; asked before writing."""

    @classmethod
    @abstractmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """Write all samples; nothing is left under the final name if it fails."""


class Source(ABC):
    """Samples by key in a stable order. Reading one sample does not read the others."""

    @abstractmethod
    def keys(self) -> Sequence[str]:
        """All keys, in the order of the layout."""

    @abstractmethod
    def sample(self, key: str) -> Sample:
        """One sample.

        Raises:
            UnknownNameError: there is no such key.
            UnreadableInputError: its files are broken or missing.
        """

    def facts(self) -> Mapping[str, Any]:
        """What is known of the whole set: ``format``, ``licence``, ``attribution`` …"""
        return {}
