"""Films: containers to frames and sound, and frames to H.264.

The clock of a film begins where its earliest stream begins, so that picture and sound stay as the container
ties them. Where there are several pictures or sounds, the largest picture and the sound of the highest rate
are taken. Frames are uint8 RGB, ``(frames, height, width, 3)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any, final

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from counterpoint.core.blob import Blob
from counterpoint.errors import UnreadableInputError
from counterpoint.signal.sound import MOST_SAMPLES, SoundFacts

Frames = NDArray[np.uint8]

CONTAINERS = frozenset({"mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "3gp", "m4a", "aac", "wma"})
DEMUXERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,aac,ogg,flv"  # none that opens further files, as playlists do
GAP = 0.03  # s; shorter ones are the rounding of time stamps
MOST_BYTES = 8 << 30  # of decoded frames
EXACT = Interpolation.BILINEAR | Interpolation.BITEXACT  # without ACCURATE_RND, which makes grey 128 to 126
BT601, SRGB = 6, 1  # matrix of SMPTE 170M; primaries and curve of BT.709, which are those of RGB pictures (H.273)
# superfast takes half the time of veryfast for 6 % more bytes at the same PSNR (GRID, 39.2 dB), and it has no mbtree:
# that reads memory that nobody wrote where the processor has AVX-512, so one film in a thousand had other bytes
X264 = {"crf": "20", "preset": "superfast", "threads": "1"}


@final
@dataclass(frozen=True)
class FilmFacts:
    """What a container says of its picture.

    Attributes:
        fps: frames a second.
        frames: how many.
        size: (width, height), px.
        start: moment of the first frame on the clock of the file, s.
        codec: e.g. ``h264``.
        sound: whether there is a sound track.
    """

    fps: float
    frames: int
    size: tuple[int, int]
    start: float
    codec: str
    sound: bool


def facts(blob: Blob) -> FilmFacts:
    """What the container says. Its packets are counted and one frame is decoded, to see how it must be turned.

    Raises:
        UnreadableInputError: not a film.
    """
    with _opened(blob) as box:
        stream, times, turns = _picture(box, blob), [], None
        for packet in box.demux(stream):
            if packet.pts is not None and not packet.is_discard:
                times.append(float(packet.pts * packet.time_base))
            for frame in packet.decode() if turns is None else ():
                turns = _turns(frame)
        if turns is None or not times:
            raise _unreadable(blob, "its picture has no frames")
        fps, codec = _fps(stream), stream.codec_context
        count = max(round((max(times) - min(times)) * fps) + 1, 1)
        size = (codec.height, codec.width) if turns % 2 else (codec.width, codec.height)
        return FilmFacts(fps, count, size, min(times) - _zero(box), codec.name, bool(box.streams.audio))


def _turns(frame: Any) -> int:
    """Quarter turns against the clock by which a player shows the frame upright."""
    return round(frame.rotation / 90) % 4


def decode(blob: Blob, fps: float, count: int | None = None, size: tuple[int, int] | None = None) -> Frames:
    """The film as frames at an even rate: frame ``i`` is the one on screen at ``(i + 0.5) / fps`` after the first.

    Args:
        fps: frames a second.
        count: how many there must be; by the length of the film if None.
        size: (width, height) that they must have.

    Raises:
        UnreadableInputError: not a film, broken, truncated, of another size, or above 8 GiB decoded.
    """
    with _opened(blob) as box:
        times: list[float] = []
        pictures: list[Frames] = []
        convert = VideoReformatter()
        for frame in box.decode(_picture(box, blob)):
            picture = np.rot90(_as(frame, "rgb24", convert).to_ndarray(), _turns(frame))
            wanted = tuple(size) if size is not None else pictures[0].shape[1::-1] if pictures else picture.shape[1::-1]
            if picture.shape[1::-1] != wanted:
                raise _unreadable(
                    blob,
                    f"frame {len(pictures)} is {picture.shape[1]} x {picture.shape[0]} px, "
                    f"but the film was said to be {wanted[0]} x {wanted[1]}",
                )
            if (len(pictures) + 1) * picture.size > MOST_BYTES:
                raise _unreadable(blob, f"it decodes to more than {MOST_BYTES >> 30} GiB")
            times.append(frame.time if frame.time is not None else len(times) / fps)
            pictures.append(picture)
    if not pictures:
        raise _unreadable(blob, "its picture has no frames")
    return _even_rate(blob, pictures, np.asarray(times) - times[0], fps, count)


def _even_rate(blob: Blob, pictures: list[Frames], times: NDArray[np.float64], fps: float, count: int | None) -> Frames:
    found = round(float(times[-1]) * fps) + 1
    if count is not None and found < count - 2:  # a container may announce one or two that no player shows
        raise _unreadable(blob, f"it ends after {found} of {count} frames; it is truncated")
    middles = (np.arange(found if count is None else count) + 0.5) / fps
    shown = np.clip(np.searchsorted(times, middles, "right") - 1, 0, len(pictures) - 1)
    return np.stack([pictures[i] for i in shown])


def sound_facts(blob: Blob) -> SoundFacts:
    """Rate, channels, samples and begin of the sound track. The number of samples is by packets, and exact only
    to one block of the codec.

    Raises:
        UnreadableInputError: not a film, or a film without sound.
    """
    with _opened(blob) as box:
        stream, begin = _track(box, blob), _zero(box)
        spans = [
            (float(p.pts * p.time_base), float((p.pts + (p.duration or 0)) * p.time_base))
            for p in box.demux(stream)
            if p.pts is not None
        ]
        if not spans:
            raise _unreadable(blob, "its sound track is empty")
        first = _seconds(stream.start_time, stream)  # later than the first packet where an encoder had to run in
        rate, start = int(stream.rate), min(a for a, _ in spans) if first is None else first
        return SoundFacts(rate, stream.channels, round((max(b for _, b in spans) - start) * rate), start - begin)


def decode_sound(blob: Blob) -> tuple[NDArray[np.float32], int, float]:
    """The sound track: ``(samples, channels)`` float32, rate, and the moment of its first sample on the clock, s.

    Where blocks are missing there is silence, so that what comes after keeps its time.

    Raises:
        UnreadableInputError: not a film, without sound, broken, or above 2^30 samples.
    """
    with _opened(blob) as box:
        stream, begin = _track(box, blob), _zero(box)
        rate, start = int(stream.rate), None
        to_float = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        blocks: list[NDArray[np.float32]] = []
        held = 0
        for frame in box.decode(stream):
            start = frame.time if start is None else start
            late = 0 if frame.time is None or start is None else round((frame.time - start) * rate) - held
            if late > GAP * rate:
                blocks.append(np.zeros((stream.channels, late), np.float32))
                held += late
            blocks += [one.to_ndarray() for one in to_float.resample(frame)]
            held += frame.samples
            if held * stream.channels > MOST_SAMPLES:
                raise _unreadable(blob, f"its sound is longer than {MOST_SAMPLES} samples")
        blocks += [one.to_ndarray() for one in to_float.resample(None)]
    if not blocks:
        raise _unreadable(blob, "its sound track is empty")
    wave = np.ascontiguousarray(np.concatenate(blocks, 1).T, np.float32)
    return wave, rate, (start or 0.0) - begin


def encode(frames: Frames, fps: float) -> Blob:
    """H.264 in MP4: the same frames give the same bytes.

    yuv420p, which every browser plays; a canvas with an odd side is stored as yuv444p, because that alone
    keeps its exact size (Chromium plays it, Firefox does not).
    """
    height, width = frames.shape[1:3]
    out = BytesIO()
    options = {"fflags": "+bitexact"}
    with av.open(out, "w", format="mp4", options=options) as box:
        stream: Any = box.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.options = X264
        codec = stream.codec_context  # colours are said in full, because players guess others for large pictures
        codec.colorspace, codec.color_primaries, codec.color_trc = BT601, SRGB, SRGB
        convert = VideoReformatter()
        for i, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = i
            box.mux(stream.encode(_as(frame, stream.pix_fmt, convert)))
        box.mux(stream.encode(None))
    return Blob("mp4", out.getvalue())


def _as(frame: Any, pixels: str, convert: VideoReformatter) -> Any:
    """The frame with other pixels; one converter for all frames and one thread are six times as fast as the default."""
    return convert.reformat(frame, format=pixels, interpolation=EXACT, threads=1)


def even(frames: Frames) -> Frames:
    """The frames with the last column and row repeated where a side is odd, for players that need it."""
    return np.pad(frames, ((0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)), "edge")


def plays_in_browsers(blob: Blob) -> bool:
    """Whether it is H.264 in MP4 with halved colour."""
    if blob.ext != "mp4":
        return False
    with _opened(blob) as box:
        codec = _picture(box, blob).codec_context
        return codec.name == "h264" and codec.pix_fmt in ("yuv420p", "yuvj420p")


@contextmanager
def _opened(blob: Blob) -> Iterator[Any]:
    try:
        with av.open(BytesIO(blob.read()), "r", options={"format_whitelist": DEMUXERS}) as box:
            yield box
    except FFmpegError as e:
        raise _unreadable(blob, e.strerror or str(e)) from e


def _picture(box: Any, blob: Blob) -> Any:
    if not box.streams.video:
        raise _unreadable(blob, "it has no picture")
    best = max(box.streams.video, key=lambda s: s.codec_context.width * s.codec_context.height)
    best.codec_context.thread_count = 1
    return best


def _track(box: Any, blob: Blob) -> Any:
    if not box.streams.audio:
        raise _unreadable(blob, "it has no sound track")
    return max(box.streams.audio, key=lambda s: s.rate or 0)


def _fps(stream: Any) -> float:
    return float(stream.average_rate or stream.guessed_rate or stream.base_rate or 25)


def _zero(box: Any) -> float:
    return (box.start_time or 0) / 1_000_000


def _seconds(ticks: int | None, stream: Any) -> float | None:
    return None if ticks is None else float(ticks * stream.time_base)


def _unreadable(blob: Blob, why: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"{blob.label or blob.path or 'film'}: cannot be read as film ({blob.ext}): {why}. "
        "Restore the file or remove the entry."
    )
