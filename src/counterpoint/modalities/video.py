"""Film: frames of one camera on the clock, without their sound (which is a part of its own).

Frame ``i`` is on screen during ``[start + i / fps, start + (i + 1) / fps)``. Frames are uint8
RGB, ``(frames, height, width, 3)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.meaning import Sides
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig

Frames = NDArray[np.uint8]


@final
@dataclass(frozen=True, eq=False)
class Video(Modality):
    """A film of one camera.

    It keeps its frames a second under every map of the clock: output frame ``i`` is the source frame that was
    on screen at the moment to which the middle of frame ``i`` maps back. A shift or a crop moves no frame
    against the clock; under a tempo an event lands within half a frame.

    Attributes:
        data: ``(frames, height, width, 3)`` uint8 RGB, or a file that is decoded when frames are first needed.
        fps: frames a second.
        start: moment of the first frame on the clock, s.
        camera: name of its plane in the rig.
        frame_count, canvas: how many frames, and (width, height) in px, where that is known without decoding.
    """

    data: Frames | Blob
    fps: float
    start: float = 0.0
    camera: str = "camera"
    frame_count: int | None = None
    canvas: tuple[int, int] | None = None

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.TIME, Axis.ENVIRONMENT, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, Sides, TimeMap, TimeMask, Blend, Splice)
    signals: ClassVar[frozenset[str]] = frozenset({"pixels", "frames"})
    heavy: ClassVar[bool] = True

    @classmethod
    def read(cls, blob: Blob, camera: str = "camera") -> Video:
        """The film in a file; no frame is decoded.

        Raises:
            UnreadableInputError: not a film.
        """
        from counterpoint.signal import film

        facts = film.facts(blob)
        return cls(blob, facts.fps, facts.start, camera, facts.frames, facts.size)

    @cached_property
    def frames(self) -> Frames:
        """``(frames, height, width, 3)`` uint8 RGB.

        Raises:
            UnreadableInputError: the file is broken, or shorter than its entry says.
        """
        if not isinstance(self.data, Blob):
            return self.data
        from counterpoint.signal import film

        return film.decode(self.data, self.fps, self.frame_count, self.canvas)

    @cached_property
    def _known(self) -> tuple[int, tuple[int, int]]:
        """Number of frames and canvas; reads a header at most."""
        if not isinstance(self.data, Blob):
            return len(self.data), (self.data.shape[2], self.data.shape[1])
        if self.frame_count is not None and self.canvas is not None:
            return self.frame_count, (self.canvas[0], self.canvas[1])
        from counterpoint.signal import film

        facts = film.facts(self.data)
        return (facts.frames if self.frame_count is None else self.frame_count), self.canvas or facts.size

    @property
    def plane(self) -> str:
        return self.camera

    def size(self) -> tuple[int, int]:
        return self._known[1]

    def span(self) -> tuple[float, float]:
        return self.start, self.start + self._known[0] / self.fps

    def check(self) -> None:
        if not (np.isfinite(self.fps) and self.fps > 0 and np.isfinite(self.start)):
            raise self.invalid(f"fps={self.fps}, start={self.start}; needs finite numbers and fps above 0")
        if not isinstance(self.data, Blob):
            shape = self.data.shape
            if len(shape) != 4 or shape[3] != 3 or self.data.dtype != np.uint8:
                raise self.invalid(f"needs uint8 (frames, height, width, 3), got {self.data.dtype} of shape {shape}")
        if self._known[0] == 0:
            raise self.invalid("it has no frames; leave the part out, or make it absent")
        if min(self._known[1]) < 1:
            raise self.invalid(f"its canvas is {self._known[1]} px; needs at least 1 x 1")

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Medium):
            return "how far things in it are is known at one moment at most, and its frames show many"
        return super().refuses(move, rig)

    def _moved(self, move: Move, rig: Rig) -> Video:
        match move:
            case PlaneMap():
                from counterpoint.signal.warp import warp

                return self._each([warp(frame, move) for frame in self.frames], move.size_out)
            case Sides():
                return replace(self, camera=rig.across(self.camera))
            case TimeMap():
                return self._at_times(move)
            case TimeMask():
                middles = self.start + (np.arange(len(self.frames)) + 0.5) / self.fps
                frames = self.frames.copy()
                frames[(middles >= move.start) & (middles < move.end)] = 0
                return self._with(frames)
            case Appearance(signal="frames"):
                return self._with(self.frames[np.asarray(move.render(len(self.frames)), int)])
            case Appearance():
                return self._each([move.render(frame, "frame", i) for i, frame in enumerate(self.frames)], self.size())
        raise TypeError(f"video has no rule for {move}")

    def _each(self, frames: list[Frames], size: tuple[int, int]) -> Video:
        """These frames of ``size``; a film that a crop left empty has none."""
        none = np.zeros((0, size[1], size[0], 3), np.uint8)
        return self._with(np.stack(frames).astype(np.uint8, copy=False) if frames else none)

    def _at_times(self, move: TimeMap) -> Video:
        count = len(self.frames)
        start, end = move.span(*self.span())
        if move.rigid:
            moved = float(move.forward(self.start))
            first = max(int(np.floor((start - moved) * self.fps + 1e-6)), 0)
            last = min(int(np.ceil((end - moved) * self.fps - 1e-6)), count)
            return self._with(self.frames[first : max(last, first)], moved + first / self.fps)
        wanted = max(int(np.ceil((end - start) * self.fps - 1e-6)), 0)
        old = move.backward(start + (np.arange(wanted) + 0.5) / self.fps)
        shown = np.clip(np.floor((old - self.start) * self.fps + 1e-6).astype(int), 0, max(count - 1, 0))
        return self._with(self.frames[shown], start)

    def blend(self, other: Video, weight: float) -> Video:
        """Frame by frame at the same moment of the clock; the first and last frame of the other stand still."""
        out = np.empty_like(self.frames)
        for i, theirs in enumerate(self._fitted(other)):
            mixed = np.float32(weight) * self.frames[i] + np.float32(1 - weight) * theirs
            out[i] = np.clip(np.rint(mixed), 0, 255)
        return self._with(out)

    def splice(self, other: Video, move: Splice) -> Video:
        """A region of every frame, a window of the film, or a region during a window."""
        width, height = self.size()
        x0, y0, x1, y1 = move.region or (0.0, 0.0, 1.0, 1.0)
        columns, rows = slice(round(x0 * width), round(x1 * width)), slice(round(y0 * height), round(y1 * height))
        a, b = (round(share * len(self.frames)) for share in move.window or (0.0, 1.0))
        frames = self.frames.copy()
        for i, theirs in enumerate(self._fitted(other)):
            if a <= i < b:
                frames[i, rows, columns] = theirs[rows, columns]
        return self._with(frames)

    def _fitted(self, other: Video) -> list[Frames]:
        """The other's frames at the moments of these frames, on this canvas; black if it has none."""
        import cv2

        if not len(other.frames):
            return list(np.zeros_like(self.frames))
        middles = self.start + (np.arange(len(self.frames)) + 0.5) / self.fps
        shown = np.clip(np.floor((middles - other.start) * other.fps + 1e-6).astype(int), 0, len(other.frames) - 1)
        same = other.size() == self.size()
        return [
            other.frames[i] if same else cv2.resize(other.frames[i], self.size(), interpolation=cv2.INTER_AREA)
            for i in shown
        ]

    def _with(self, frames: Frames, start: float | None = None) -> Video:
        canvas = (frames.shape[2], frames.shape[1])
        return replace(
            self, data=frames, start=self.start if start is None else start, frame_count=len(frames), canvas=canvas
        )

    def encode(self) -> Encoded:
        """The file that it came from, else H.264 in MP4 (``signal.film.encode``)."""
        from counterpoint.signal import film

        blob = self.data if isinstance(self.data, Blob) else film.encode(self.data, self.fps)
        count, canvas = self._known
        facts: dict[str, Any] = {"fps": self.fps, "start": self.start, "camera": self.camera}
        return Encoded(blob, facts | {"frame_count": count, "canvas": list(canvas)})

    @classmethod
    def decode(cls, encoded: Encoded) -> Video:
        facts = dict(encoded.facts)
        canvas = facts.pop("canvas", None)
        return cls(encoded.blob, **facts, canvas=(canvas[0], canvas[1]) if canvas else None)

    def preview(self) -> Preview:
        from counterpoint.signal import film

        blob = self.data if isinstance(self.data, Blob) else None
        if blob is not None and film.plays_in_browsers(blob):
            return Preview("film", blob.read(), self.camera)
        return Preview("film", film.encode(film.even(self.frames), self.fps).read(), self.camera)
