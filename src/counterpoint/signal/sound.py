"""Waveforms: files, sampling rates and time.

A waveform is float32 ``(samples, channels)`` in [-1, 1]. Nothing here knows of parts. Events keep their
time: a click is found within 0.4 ms of where the map of the clock puts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import final

import numpy as np
import python_stretch
import soundfile
import soxr
from numpy.typing import NDArray

from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap
from counterpoint.errors import UnreadableInputError

Wave = NDArray[np.float32]

MOST_SAMPLES = 1 << 30  # of all channels: 4 GiB decoded
WAV_BELOW = 1 << 20  # bytes of PCM
# s; events within 0.33 ms, tones pure to 85 dB, in 1.4 x the time of the library's preset (1.2 ms, 52 dB)
BLOCK, INTERVAL = 0.1, 1 / 60
SLOWEST = 0.6  # factor of one pass
FADE = 0.01  # s, of the joins between pieces of different speed
CONTEXT = 0.2  # s of source around a piece, so that its edges sound like its middle


@final
@dataclass(frozen=True)
class SoundFacts:
    """What the header of a sound says; ``start`` is the moment of the first sample on the clock of its file, s."""

    rate: int
    channels: int
    samples: int
    start: float = 0.0


def facts(blob: Blob) -> SoundFacts:
    """Rate, channels and number of samples; nothing is decoded.

    Raises:
        UnreadableInputError: not a sound, or shorter than its header says.
    """
    with _opened(blob) as f:
        return SoundFacts(int(f.samplerate), int(f.channels), int(f.frames))


def decode(blob: Blob) -> tuple[Wave, int]:
    """Samples ``(samples, channels)`` float32 and rate, of anything that libsndfile reads.

    Raises:
        UnreadableInputError: not a sound, broken, truncated, or above 2^30 samples.
    """
    with _opened(blob) as f:
        if f.frames * f.channels > MOST_SAMPLES:
            raise _unreadable(
                blob, f"it declares {f.frames} samples of {f.channels} channels; the most is {MOST_SAMPLES}"
            )
        try:
            wave = f.read(dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as e:
            raise _unreadable(blob, _said(e)) from e
        if len(wave) < f.frames:
            raise _unreadable(blob, f"it ends after {len(wave)} of {f.frames} samples")
        if not np.isfinite(wave).all():
            raise _unreadable(blob, f"{np.count_nonzero(~np.isfinite(wave))} of its values are not finite")
        return wave, int(f.samplerate)


def _opened(blob: Blob) -> soundfile.SoundFile:
    data = blob.read()
    if data[:4] == b"RIFF" and len(data) >= 8:
        declared = int.from_bytes(data[4:8], "little") + 8
        if len(data) + 1 < declared < 0x7FFF0000:  # a recorder that streams leaves the largest number that it knows
            raise _unreadable(blob, f"it ends after {len(data)} of {declared} bytes")
    try:
        return soundfile.SoundFile(BytesIO(data))
    except soundfile.LibsndfileError as e:
        raise _unreadable(blob, _said(e)) from e


def _said(error: soundfile.LibsndfileError) -> str:
    """Why, without the address of the stream, so that the same file gives the same words."""
    return str(error.error_string).strip(" .")


def _unreadable(blob: Blob, why: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"{blob.label or blob.path or 'sound'}: cannot be read as sound ({blob.ext}): {why}. "
        "Restore the file or remove the entry."
    )


def encode(wave: Wave, rate: int) -> Blob:
    """16-bit WAV if that is below 1 MiB, else FLAC. Same samples, same bytes; clipped at full scale."""
    small = wave.size * 2 < WAV_BELOW or wave.shape[1] > 8 or rate > 655350  # FLAC ends at 8 channels, 655.35 kHz
    return Blob("wav", encode_wav(wave, rate)) if small else Blob("flac", _packed(wave, rate, "FLAC"))


def encode_wav(wave: Wave, rate: int) -> bytes:
    """16-bit PCM WAV."""
    return _packed(wave, rate, "WAV")


def _packed(wave: Wave, rate: int, kind: str) -> bytes:
    out = BytesIO()
    pcm = np.clip(np.rint(wave * np.float32(32768)), -32768, 32767).astype(np.int16)
    soundfile.write(out, pcm, rate, subtype="PCM_16", format=kind)
    return out.getvalue()


def resample(wave: Wave, old: float, new: float) -> Wave:
    """The same sound at another rate; ``round(samples * new / old)`` samples, the first at the same moment."""
    wanted = round(len(wave) * new / old)
    if old == new or not wave.size:
        return wave
    return _exactly(np.asarray(soxr.resample(wave, old, new), np.float32), wanted)


def stretch(wave: Wave, factor: float, rate: float, semitones: float = 0.0) -> Wave:
    """Play ``factor`` x faster and ``semitones`` higher: ``round(samples / factor)`` samples.

    Signalsmith Stretch (Luff 2022); pitch and speed are independent of each other. Beyond 2 x slower the
    library draws random phases, so that is done in steps of less.
    """
    wanted = round(len(wave) / factor)
    if not wave.size or (factor == 1.0 and semitones == 0.0):
        return wave
    while factor < SLOWEST:
        wave, factor = stretch(wave, SLOWEST, rate), factor / SLOWEST
    engine = python_stretch.Signalsmith.Stretch()
    engine.configure(wave.shape[1], max(round(BLOCK * rate), 16), max(round(INTERVAL * rate), 2))
    engine.setTimeFactor(factor)
    engine.setTransposeSemitones(semitones)
    done = engine.process(np.ascontiguousarray(wave.T, np.float32))
    return _exactly(np.ascontiguousarray(done.T), wanted)


def _exactly(wave: Wave, count: int) -> Wave:
    """Cut, or filled with silence, to ``count`` samples: resamplers round lengths each in their own way."""
    if len(wave) >= count:
        return wave[:count]
    return np.concatenate([wave, np.zeros((count - len(wave), wave.shape[1]), np.float32)])


def apply_time_map(wave: Wave, rate: int, start: float, move: TimeMap) -> tuple[Wave, float]:
    """A sound that begins at ``start`` on the old clock, and its begin on the new clock, after the whole map.

    Where the map only shifts and crops, samples are taken as they are and ``start`` carries what is left below one
    sample. Otherwise each piece of even speed is rendered once, with the source around it, and pieces are joined
    with a fade of 10 ms. What the map shows of a time before or after the source stays outside: no silence
    is added.
    """
    begin, end = move.span(start, start + len(wave) / rate)
    if move.rigid:
        moved = float(move.forward(start))
        first = max(int(np.floor((begin - moved) * rate + 1e-6)), 0)
        last = min(int(np.ceil((end - moved) * rate - 1e-6)), len(wave))
        return wave[first : max(last, first)], moved + first / rate
    out = np.zeros((max(round((end - begin) * rate), 0), wave.shape[1]), np.float32)
    for piece in _pieces(move, begin, end):
        _render(out, wave, rate, start, begin, piece, move.pitch)
    return out, begin


@final
@dataclass(frozen=True)
class _Piece:
    """[``begin``, ``end``) of the new clock at one speed; ``old`` is where ``begin`` lies on the old clock."""

    begin: float
    end: float
    old: float
    speed: float
    fades: tuple[float, float]


def _pieces(move: TimeMap, begin: float, end: float) -> Iterator[_Piece]:
    speeds = move.rates
    inner = [t for i, t in enumerate(move.new[1:-1]) if abs(speeds[i + 1] - speeds[i]) > 1e-9 and begin < t < end]
    edges = [begin, *inner, end]
    halves = [
        0.0,
        *(min(FADE, (c - a) / 2, (d - c) / 2) / 2 for a, c, d in zip(edges, edges[1:], edges[2:], strict=False)),
        0.0,
    ]
    for i, (a, b) in enumerate(pairwise(edges)):
        old = float(move.backward(a))
        yield _Piece(a, b, old, float(move.rate(move.backward((a + b) / 2))), (halves[i], halves[i + 1]))


def _render(out: Wave, wave: Wave, rate: int, start: float, begin: float, piece: _Piece, pitch: str) -> None:
    """Add one piece to ``out``, whose first sample is at ``begin``; its fades are linear and sum to one."""
    before, after = piece.fades
    first = max(int(np.floor((piece.old - (before * piece.speed) - CONTEXT - start) * rate)), 0)
    reach = piece.old + (piece.end - piece.begin + after) * piece.speed + CONTEXT
    source = wave[first : max(int(np.ceil((reach - start) * rate)), first)]
    done = stretch(source, piece.speed, rate) if pitch == "kept" else resample(source, rate * piece.speed, rate)
    at = piece.begin + (start + first / rate - piece.old) / piece.speed  # where the first rendered sample belongs
    lo = max(round((piece.begin - before - begin) * rate), 0)
    hi = min(round((piece.end + after - begin) * rate), len(out))
    skip = round((begin - at) * rate) + lo
    lo, skip = lo + max(-skip, 0), max(skip, 0)
    part = done[skip : skip + max(hi - lo, 0)]
    times = begin + (lo + np.arange(len(part)) + 0.5) / rate
    out[lo : lo + len(part)] += part * _faded(times, piece)[:, None]


def _faded(times: NDArray[np.float64], piece: _Piece) -> Wave:
    weight = np.ones(len(times))
    for edge, half, sign in ((piece.begin, piece.fades[0], 1), (piece.end, piece.fades[1], -1)):
        if half > 0:
            weight *= np.clip(0.5 + sign * (times - edge) / (2 * half), 0, 1)
    return weight.astype(np.float32)
