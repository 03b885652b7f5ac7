"""Changes of the shared clock.

Every class here but ``FrameDrop`` moves axis ``time`` (seconds, sample clock) of every part that has one and
leaves the others untouched. One draw serves all parts, so whatever coincided before still coincides. A sample
without a clock is left as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import AlignmentError, RecipeError

Pitch = Literal["kept", "follows"]


@final
@dataclass(frozen=True)
class TimeCrop(Transform):
    """Keep one window of the clock, the same in every part; it begins at 0 afterwards.

    The start is uniform over all positions at which the window fits into the
    overlap of the parts. Elements cut by an edge are kept, so a part may
    exceed the window by less than one element at each end.

    Attributes:
        seconds: length of the window in s; above 0.

    Raises:
        AlignmentError: the parts do not share ``seconds`` of clock.
    """

    seconds: float = 1.0
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        checked(self, seconds=(1e-3, 1e6, "s"))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        if not sample.spans():
            return None
        start, end = sample.shared_span()
        if end - start < self.seconds - 1e-9:
            said = ", ".join(f"{name} {a:.3f}-{b:.3f} s" for name, (a, b) in sample.spans().items())
            raise AlignmentError(
                f"TimeCrop(seconds={self.seconds:g}) does not fit sample {sample.key!r}: its parts share "
                f"{end - start:.3f} s ({said}). Crop to at most the shared span, or drop the shortest part first."
            )
        at = start + (end - start - self.seconds) * key.stream().random()
        return Change("TimeCrop", (TimeMap.affine(shift=-at, keep=(0.0, float(self.seconds))),))


@final
@dataclass(frozen=True)
class TimeShift(Transform):
    """Move everything along the clock; the window of the sample stays where it is.

    What leaves the window is cut away. Where nothing comes in, a part begins later or ends earlier: no silence
    and no frame is made up.

    Attributes:
        seconds: later if above 0, in s; a number is always taken, a range drawn from.
    """

    seconds: Range = (-0.5, 0.5)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        checked(self, seconds=(-1e6, 1e6, "s"))
        ordered(self, "seconds")

    @classmethod
    def at(cls, magnitude: float) -> TimeShift:
        return cls((-0.5 * magnitude, 0.5 * magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        spans = sample.spans().values()
        if not spans:
            return None
        window = (min(a for a, _ in spans), max(b for _, b in spans))
        length = window[1] - window[0]
        by = drawn(self.seconds, key.stream())
        if abs(by) >= length:
            raise AlignmentError(
                f"TimeShift(seconds={self.seconds}) moves sample {sample.key!r} by {by:.3f} s, out of its window of "
                f"{length:.3f} s. Shift by less than the sample lasts."
            )
        return Change("TimeShift", (TimeMap.affine(shift=by, keep=window),))


@final
@dataclass(frozen=True)
class Tempo(Transform):
    """Play faster or slower; the pitch of sound stays.

    ``t -> t / rate`` for every part, nothing is cut: a window [0, d) becomes [0, d / rate).

    Attributes:
        rate: 1.25 plays 1.25 x faster; a number is always taken, a range drawn from.
    """

    rate: Range = (0.8, 1.25)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        _check_rate(self)

    @classmethod
    def at(cls, magnitude: float) -> Tempo:
        return cls((0.8**magnitude, 1.25**magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _played(self, sample, drawn(self.rate, key.stream()), "kept")


@final
@dataclass(frozen=True)
class Speed(Transform):
    """Play faster or slower as a tape does: the pitch of sound follows.

    Attributes:
        rate: 1.1 plays 1.1 x faster and 1.65 semitones higher; a number is always taken, a range drawn from.

    Source: Ko et al., "Audio augmentation for speech recognition", Interspeech 2015 (rates 0.9 to 1.1).
    """

    rate: Range = (0.9, 1.1)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        _check_rate(self)

    @classmethod
    def at(cls, magnitude: float) -> Speed:
        return cls((1 - 0.1 * magnitude, 1 + 0.1 * magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _played(self, sample, drawn(self.rate, key.stream()), "follows")


@final
@dataclass(frozen=True)
class TimeWarp(Transform):
    """Play some stretches of the sample faster and others slower; begin, end and order stay.

    The shared clock is cut into ``knots + 1`` equal pieces. Each gets a speed, log-uniform, and the speeds are
    scaled so that the whole lasts as long as before.

    Attributes:
        knots: how often the speed changes.
        max_ratio: the fastest piece plays at most this much faster than the slowest; at least 1. 1.5 keeps speech
            natural; warps of sensor data go up to 3 (``tsaug``).
        pitch: of sound, ``kept`` or ``follows``.
    """

    knots: int = 3
    max_ratio: float = 1.5
    pitch: Pitch = "kept"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        checked(self, knots=(1, 1000, "changes of speed"), max_ratio=(1, 4, "x"))
        if not isinstance(self.knots, int) or isinstance(self.max_ratio, tuple):
            raise RecipeError(
                f"TimeWarp(knots={self.knots!r}, max_ratio={self.max_ratio!r}): give one number for each."
            )
        if self.pitch not in ("kept", "follows"):
            raise RecipeError(f"TimeWarp(pitch={self.pitch!r}): say 'kept' or 'follows'.")

    @classmethod
    def at(cls, magnitude: float) -> TimeWarp:
        return cls(max_ratio=2.0**magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        if not sample.spans():
            return None
        start, end = sample.shared_span()
        half = math.log(self.max_ratio) / 2
        slowness = np.exp(key.stream().uniform(-half, half, self.knots + 1))
        old = np.linspace(start, end, self.knots + 2)
        new = start + (end - start) * np.concatenate([[0], np.cumsum(slowness)]) / slowness.sum()
        return Change("TimeWarp", (TimeMap(tuple(old.tolist()), tuple(new.tolist()), None, self.pitch),))


@final
@dataclass(frozen=True)
class TimeMasking(Transform):
    """Lose one interval of the clock in every signal: silence, black frames, missing rows.

    What is known of the interval (words, boxes, labels) stays, because it is still true.

    Attributes:
        share: length as a share of the shared clock, 0 to 0.5; not used where ``seconds`` is given.
        seconds: length in s; cut to the shared clock.

    Source: Park et al., "SpecAugment", Interspeech 2019, section 2 (time masking).
    """

    share: Range = (0.05, 0.2)
    seconds: Range | None = None
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})

    def __post_init__(self) -> None:
        checked(self, share=(0, 0.5, "of the shared clock"), seconds=(0, 1e6, "s"))
        ordered(self, "share", "seconds")

    @classmethod
    def at(cls, magnitude: float) -> TimeMasking:
        return cls((0.0, 0.2 * magnitude))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        if not sample.spans():
            return None
        start, end = sample.shared_span()
        stream = key.stream()
        length = (end - start) * drawn(self.share, stream) if self.seconds is None else drawn(self.seconds, stream)
        length = min(length, end - start)
        at = start + (end - start - length) * stream.random()
        return Change("TimeMasking", (TimeMask(at, at + length),))


@final
@dataclass(frozen=True)
class FrameDrop(Transform):
    """Lose frames of films, as a slow network does: the last frame that came stands still.

    The clock does not move, so nothing else changes. Films of the same length lose the same frames.

    Attributes:
        share: probability of each frame but the first to be lost.
    """

    share: Range = 0.1
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        checked(self, share=(0, 0.95, "of the frames"))
        ordered(self, "share")

    @classmethod
    def at(cls, magnitude: float) -> FrameDrop:
        return cls(0.5 * magnitude)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        if not sample.having("frames"):
            return None
        params = {"share": drawn(self.share, key.stream())}
        return Change("FrameDrop", (Appearance.of("FrameDrop", "frames", params, key.at("frames")),))

    @staticmethod
    def render(values: int, stream: np.random.Generator, *, share: float, **facts: Any) -> np.ndarray:  # type: ignore[override]
        """For each of ``values`` frames the number of the frame that is shown instead."""
        lost = stream.random(values) < share
        return np.maximum.accumulate(np.where(lost, 0, np.arange(values)))


def _played(step: Tempo | Speed, sample: Sample, rate: float, pitch: Pitch) -> Change | None:
    if not sample.spans():
        return None
    return Change(type(step).__name__, (TimeMap.affine(rate, pitch=pitch),))


def _check_rate(step: Tempo | Speed) -> None:
    checked(step, rate=(0.25, 4, "x"))
    ordered(step, "rate")
