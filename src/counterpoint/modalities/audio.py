"""Sound: a waveform on the clock, heard from a frame of the rig.

Sample ``k`` covers ``[start + k / rate, start + (k + 1) / rate)`` of the clock. Samples are
float32 in [-1, 1], shape ``(samples, channels)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import Sides, swapped_name
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import WORLD, Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import UnreadableInputError

Layout = Literal["mono", "stereo", "ambisonic", "array"]
Wave = NDArray[np.float32]

CHANNELS = {"mono": 1, "stereo": 2, "ambisonic": 4}


@final
@dataclass(frozen=True, eq=False)
class Audio(Modality):
    """A sound of one or more channels.

    It follows the clock (``TimeMap`` with the pitch kept or not, ``TimeMask`` as silence) and the world: under
    a mirror stereo channels swap and ambisonic Y changes its sign, under a turn the ambisonic field turns.
    An ``array`` of microphones refuses a mirror, because nobody knows which microphone stands opposite which.

    Attributes:
        data: ``(samples, channels)`` float32, or a file that is decoded when the sound is first needed: anything
            that libsndfile reads, or a film, whose sound track is taken.
        rate: samples a second.
        start: moment of the first sample on the clock, s.
        layout: ``mono``, ``stereo`` (left, right), ``ambisonic`` (first order, ACN order W, Y, Z, X, SN3D; x
            forward, y left, z up in ``frame``) or ``array``; by the number of channels if None (1 mono, 2 stereo,
            else array: ambisonic must be said).
        frame: frame of the rig in which directions are given.
        samples: how many there are, where it is known without decoding.
    """

    data: Wave | Blob
    rate: int
    start: float = 0.0
    layout: Layout | None = None
    frame: str = WORLD
    samples: int | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME, Axis.WORLD, Axis.ENVIRONMENT, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (TimeMap, TimeMask, WorldMap, Sides, Medium, Blend, Splice)
    signals: ClassVar[frozenset[str]] = frozenset({"waveform"})
    heavy: ClassVar[bool] = True

    @classmethod
    def read(cls, blob: Blob, layout: Layout | None = None, frame: str = WORLD) -> Audio:
        """The sound of a file; only its header is read.

        Raises:
            UnreadableInputError: not a sound, or a film without sound.
        """
        from counterpoint.signal import film, sound

        if blob.ext in film.CONTAINERS:
            track = film.sound_facts(blob)
            return cls(blob, track.rate, track.start, layout or _layout(track.channels), frame)
        facts = sound.facts(blob)
        return cls(blob, facts.rate, 0.0, layout or _layout(facts.channels), frame, facts.samples)

    @cached_property
    def wave(self) -> Wave:
        """``(samples, channels)`` float32.

        Raises:
            UnreadableInputError: the file is broken, or is not what the part says of it.
        """
        if not isinstance(self.data, Blob):
            return self.data
        wave, rate = self._decoded(self.data)
        wanted = CHANNELS.get(self.layout or "", wave.shape[1])
        found = f"{len(wave)} samples, {wave.shape[1]} channels, {rate} Hz"
        if rate != self.rate or wave.shape[1] != wanted or self.samples not in (None, len(wave)):
            raise UnreadableInputError(
                f"{self.data.label or self.data.path or 'sound'}: the file holds {found}, but its entry says "
                f"{self.samples if self.samples is not None else 'any number of'} samples, {self.rate} Hz, "
                f"layout {self.layout} ({wanted} channels). Correct the entry or restore the file."
            )
        return wave

    def _decoded(self, blob: Blob) -> tuple[Wave, int]:
        from counterpoint.signal import film, sound

        if blob.ext in film.CONTAINERS:
            wave, rate, _ = film.decode_sound(blob)
            return wave, rate
        return sound.decode(blob)

    @cached_property
    def _shape(self) -> tuple[int, int | None]:
        """Samples, and channels where they are known; reads a header at most."""
        if not isinstance(self.data, Blob):
            return len(self.data), self.data.shape[1]
        if self.samples is not None and self.layout in CHANNELS:
            return self.samples, CHANNELS[self.layout]
        from counterpoint.signal import film, sound

        facts = film.sound_facts(self.data) if self.data.ext in film.CONTAINERS else sound.facts(self.data)
        return (facts.samples if self.samples is None else self.samples), facts.channels

    @cached_property
    def heard_as(self) -> Layout:
        """The layout, worked out from the channels where it was not said."""
        return self.layout or _layout(self._shape[1] or 1)

    def check(self) -> None:
        if self.rate <= 0:
            raise self.invalid(f"a rate of {self.rate} Hz; give samples a second, above 0")
        if not np.isfinite(self.start):
            raise self.invalid(f"it starts at {self.start} s; give a finite time on the clock")
        if not isinstance(self.data, Blob):
            self._check_array(self.data)
        if self._shape[0] == 0:
            raise self.invalid("it has zero length (0 samples); leave the part out, or make it absent")

    def _check_array(self, wave: Wave) -> None:
        if wave.ndim != 2 or wave.dtype != np.float32:
            raise self.invalid(f"needs float32 (samples, channels), got {wave.dtype} of shape {wave.shape}")
        wanted = CHANNELS.get(self.heard_as, wave.shape[1])
        if wave.shape[1] != wanted:
            raise self.invalid(
                f"layout {self.layout!r} needs {wanted} channels, got {wave.shape[1]}; "
                f"say layout={_layout(wave.shape[1])!r} or give the missing channels"
            )
        if not np.isfinite(wave).all():
            raise self.invalid("it has samples that are not finite; replace them before making the part")

    def span(self) -> tuple[float, float]:
        return self.start, self.start + self._shape[0] / self.rate

    def concerns(self, move: Move) -> bool:
        if isinstance(move, Sides):  # of two microphones, left and right, each takes the name of the other
            return swapped_name(self.frame) != self.frame
        return super().concerns(move)

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, WorldMap) and move.mirrored and self.heard_as == "array":
            return "nobody said which microphone of this array stands opposite which, so it cannot be mirrored"
        if isinstance(move, Medium) and move.kind == "rain":
            return "rain is heard, and there is no rule for its sound on what is near"
        if isinstance(move, Splice) and (reason := move.misses(Axis.TIME)):
            return reason
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Audio:
        match move:
            case TimeMap():
                from counterpoint.signal import sound

                wave, start = sound.apply_time_map(self.wave, self.rate, self.start, move)
                return self._with(wave, start)
            case TimeMask():
                wave = self.wave.copy()
                wave[self._window(move.start, move.end)] = 0
                return self._with(wave)
            case WorldMap():
                return self._turned(rig.local(move, self.frame)[:3, :3] / move.scale)
            case Sides():
                return replace(self, frame=rig.across(self.frame))
            case Medium():  # fog, snow and dust take less than 0.1 dB in 100 m
                return self
            case Appearance():
                return self._with(np.asarray(move.render(self.wave, rate=self.rate), np.float32))
        raise TypeError(f"audio has no rule for {move}")

    def _turned(self, turn: NDArray[np.float64]) -> Audio:
        """``turn`` is the 3 x 3 rotation or reflection of directions in ``frame``."""
        if self.heard_as == "stereo" and np.linalg.det(turn) < 0:
            return self._with(np.ascontiguousarray(self.wave[:, ::-1]))
        if self.heard_as != "ambisonic" or np.allclose(turn, np.eye(3), rtol=0, atol=1e-12):
            return self
        wave = self.wave.copy()
        wave[:, [3, 1, 2]] = self.wave[:, [3, 1, 2]] @ turn.T.astype(np.float32)
        return self._with(wave)

    def blend(self, other: Audio, weight: float) -> Audio:
        """Both are laid on one clock; where the other is silent or has ended, only ``weight`` x self is heard."""
        mixed = np.float32(weight) * self.wave + np.float32(1 - weight) * self._fitted(other)
        return self._with(mixed.astype(np.float32))

    def splice(self, other: Audio, move: Splice) -> Audio:
        """``move.window`` is in shares of this sound; the other is taken at the same times of the clock."""
        if move.window is None:
            return self
        start, end = self.span()
        cut = self._window(*(start + (end - start) * share for share in move.window))
        wave = self.wave.copy()
        wave[cut] = self._fitted(other)[cut]
        return self._with(wave)

    def _fitted(self, other: Audio) -> Wave:
        """The other at this rate, with these channels, cut or padded with silence to these samples."""
        from counterpoint.signal import sound

        theirs = sound.resample(other.wave, other.rate, self.rate)
        if theirs.shape[1] != self.wave.shape[1]:
            theirs = np.repeat(theirs.mean(1, keepdims=True), self.wave.shape[1], 1)
        out = np.zeros_like(self.wave)
        at = round((other.start - self.start) * self.rate)
        first, last = max(at, 0), min(at + len(theirs), len(out))
        if last > first:
            out[first:last] = theirs[first - at : last - at]
        return out

    def _window(self, start: float, end: float) -> slice:
        """The samples that begin in ``[start, end)`` of the clock."""
        first, last = (int(np.ceil((t - self.start) * self.rate - 1e-6)) for t in (start, end))
        return slice(max(first, 0), max(last, 0))

    def _with(self, wave: Wave, start: float | None = None) -> Audio:
        return replace(
            self, data=wave, start=self.start if start is None else start, layout=self.heard_as, samples=len(wave)
        )

    def encode(self) -> Encoded:
        """The file that it came from, else 16-bit PCM: WAV below 1 MiB (fast), FLAC above (half the size)."""
        from counterpoint.signal import film, sound

        blob = self.data if isinstance(self.data, Blob) else None
        if blob is None or blob.ext in film.CONTAINERS:
            blob = sound.encode(self.wave, self.rate)
        return Encoded(blob, self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "start": self.start,
            "layout": self.heard_as,
            "frame": self.frame,
            "samples": self._shape[0],
        }

    @classmethod
    def decode(cls, encoded: Encoded) -> Audio:
        return cls(encoded.blob, **encoded.facts)

    def preview(self) -> Preview:
        from counterpoint.signal import sound

        wave = self.wave
        if self.heard_as == "ambisonic":  # two cardioids that look left and right
            wave = np.stack([wave[:, 0] + wave[:, 1], wave[:, 0] - wave[:, 1]], 1) * np.float32(0.5)
        elif self.heard_as == "array":
            wave = wave[:, :1]
        return Preview("sound", sound.encode_wav(wave, self.rate))


def _layout(channels: int) -> Layout:
    return {1: "mono", 2: "stereo"}.get(channels, "array")  # type: ignore[return-value]
