"""A sample as it is about to be shown: previews are made once and bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any, final

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.contracts import Absent, Modality, Preview
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError
from counterpoint.run.html import data_uri

WIDEST = 640
"""Pictures are shrunk to this width, px; drawings over them keep the units of the full canvas."""
LONGEST = 12.0
"""Players hold at most so much of a part, s."""


@final
@dataclass(frozen=True, eq=False)
class Shown:
    """One sample, its previews and its clock. ``role`` is how the page calls it."""

    sample: Sample
    role: str = "Sample"

    @cached_property
    def parts(self) -> Mapping[str, Modality]:
        """Parts that are there and can be read."""
        found: dict[str, Modality] = {}
        for name in self.sample:
            try:
                found[name] = self.sample[name]
            except CounterpointError as e:
                found[name] = Absent(self.sample.kind(name).modality(), f"cannot be read: {e}")
        return found

    @cached_property
    def previews(self) -> Mapping[str, Preview]:
        found: dict[str, Preview] = {}
        for name, part in self.parts.items():
            try:
                found[name] = part.preview()
            except CounterpointError as e:
                found[name] = Preview("text", f"(cannot be shown: {e})")
        return found

    def of(self, *kinds: str) -> dict[str, Preview]:
        """Previews of these kinds by name of part."""
        return {n: p for n, p in self.previews.items() if p.kind in kinds and not self.absent(n)}

    def absent(self, name: str) -> bool:
        return isinstance(self.parts[name], Absent)

    @cached_property
    def clock(self) -> tuple[float, float] | None:
        """From the first start to the last end of any part, s."""
        spans = [s for p in self.parts.values() if (s := p.span()) is not None and s[1] > s[0]]
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None

    @cached_property
    def sounds(self) -> Mapping[str, tuple[NDArray[np.float32], int]]:
        """Waves ``(samples, channels)`` and rates of everything that can be heard."""
        import soundfile

        return {
            n: soundfile.read(BytesIO(p.data), dtype="float32", always_2d=True) for n, p in self.of("sound").items()
        }

    @cached_property
    def films(self) -> Mapping[str, list[NDArray[np.uint8]]]:
        """Eight frames, evenly apart, of everything that is a film."""
        return {n: evenly(p.data, 8) for n, p in self.of("film").items()}


def evenly(film: bytes, count: int) -> list[NDArray[np.uint8]]:
    """``count`` frames of an encoded film in the middles of equal stretches; fewer if it has fewer."""
    import av

    with av.open(BytesIO(film)) as box:
        stream = box.streams.video[0]
        total = stream.frames or sum(1 for _ in box.decode(stream))
        wanted = sorted({int((i + 0.5) * total / count) for i in range(count)})
        box.seek(0)
        return [f.to_ndarray(format="rgb24") for i, f in enumerate(box.decode(stream)) if i in wanted]


def jpeg(pixels: NDArray[Any], widest: int = WIDEST) -> str:
    """RGB or grey uint8 pixels as a small data URI."""
    flat = pixels[..., :3] if pixels.ndim == 3 and pixels.shape[2] > 1 else pixels.reshape(pixels.shape[:2])
    bgr = cv2.cvtColor(flat, cv2.COLOR_RGB2BGR) if flat.ndim == 3 else flat
    return data_uri(
        "image/jpeg", cv2.imencode(".jpg", _shrunk(bgr, widest), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()
    )


def small_picture(payload: bytes, widest: int = WIDEST) -> str:
    """An encoded picture as a data URI that is not wider than ``widest``; transparency is kept."""
    raw = cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_UNCHANGED)
    if raw is None:
        return data_uri("image/png", payload)
    if raw.ndim == 3 and raw.shape[2] == 4:
        return data_uri("image/png", cv2.imencode(".png", _shrunk(raw, widest, cv2.INTER_NEAREST))[1].tobytes())
    eight = raw if raw.dtype == np.uint8 else (raw / (raw.max() or 1) * 255).astype(np.uint8)
    return data_uri(
        "image/jpeg", cv2.imencode(".jpg", _shrunk(eight, widest), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()
    )


def player_sound(wave: NDArray[np.float32], rate: int) -> bytes:
    """FLAC (16 bit, at most two channels, 24 kHz and ``LONGEST`` seconds): small, and to the sample on its clock."""
    import soundfile
    import soxr

    kept = wave[: int(LONGEST * rate), :2]
    if rate > 24000:
        kept, rate = soxr.resample(kept, rate, 24000), 24000
    out = BytesIO()
    soundfile.write(out, np.clip(kept, -1, 1), rate, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def _shrunk(pixels: NDArray[Any], widest: int, how: int = cv2.INTER_AREA) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    if width <= widest:
        return pixels
    return cv2.resize(pixels, (widest, max(1, round(height * widest / width))), interpolation=how)
