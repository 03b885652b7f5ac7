"""A made-up world with known answers: at each event a film flashes, a sound clicks, and a mark stands on the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.video import Video

FPS, RATE, SECONDS = 25.0, 16000, 4.0
EVENTS = np.array([0.4, 1.0, 1.72, 2.2, 2.92, 3.4])  # s, each at the begin of a frame


@final
@dataclass(frozen=True, eq=False)
class Ticks(Modality):
    """Times on the clock; the truth by which film and sound are judged."""

    times: Any
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME})
    follows: ClassVar[tuple[type[Move], ...]] = (TimeMap, TimeMask)

    def check(self) -> None: ...

    def encode(self) -> Encoded:
        return Encoded(Blob("npy", np.asarray(self.times).tobytes()))

    @classmethod
    def decode(cls, encoded: Encoded) -> Ticks:
        return cls(np.frombuffer(encoded.blob.read()))

    def preview(self) -> Preview:
        return Preview("text", "ticks")

    def _moved(self, move: Move, rig: Rig) -> Ticks:
        if not isinstance(move, TimeMap):
            return self
        times = move.forward(self.times)
        low, high = move.keep or (-np.inf, np.inf)
        return replace(self, times=times[(times >= low) & (times < high)])


def film(start: float = 0.0) -> Video:
    """Grey 40 with three white frames from each event on, so that a tempo up to 2 loses none."""
    frames = np.full((int(SECONDS * FPS), 12, 16, 3), 40, np.uint8)
    for t in EVENTS:
        first = round(t * FPS)
        frames[first : first + 3] = 255
    return Video(frames, FPS, start)


def sound(start: float = 0.0) -> Audio:
    wave = np.zeros((int(SECONDS * RATE), 1), np.float32)
    wave[np.round(EVENTS * RATE).astype(int)] = 0.9
    return Audio(wave, RATE, start)


def world(key: str = "s", start: float = 0.0) -> Sample:
    return Sample.of(key, {"film": film(start), "sound": sound(start), "ticks": Ticks(EVENTS + start)})


def flashes(video: Video) -> np.ndarray:
    """Moments, s, at which the picture turns white."""
    white = video.frames[:, 6, 8, 0] > 150
    onsets = np.flatnonzero(white & ~np.concatenate([[False], white[:-1]]))
    return video.start + onsets / video.fps


def off_by(sample: Sample) -> tuple[float, float, int]:
    """Largest distance, s, from a tick to its flash and to its click, and how many ticks were judged.

    Ticks less than 0.13 s from an end of the film or the sound are not judged: their flash may be cut.
    """
    video, audio = sample["film"], sample["sound"]
    low = max(video.span()[0], audio.span()[0]) + 0.13
    high = min(video.span()[1], audio.span()[1]) - 0.13
    ticks = sample["ticks"].times
    judged = ticks[(ticks > low) & (ticks < high)]
    seen, heard = flashes(video), []
    for t in judged:
        at = (t - audio.start) * audio.rate
        first = int(at - 0.04 * audio.rate)
        window = np.abs(audio.wave[first : int(at + 0.04 * audio.rate), 0])
        assert window.max() > 0.08, f"no click near {t:.3f} s"
        heard.append(abs(np.argmax(window) + first - at) / audio.rate)
    sight = [np.abs(seen - t).min() for t in judged]
    return max(sight, default=0.0), max(heard, default=0.0), len(judged)
