"""A plan of several steps on a film, against decoding once and encoding once alone.

Counts how often the codecs are really called: one decode and one encode for any plan.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np

import counterpoint as cp
from benchmarks.measure import Row, median, ratio, seconds
from benchmarks.pictures import photograph
from counterpoint.core.blob import Blob
from counterpoint.signal import film

SECONDS, FPS, SIZE = 3, 25.0, 360


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "in.mp4"
        path.write_bytes(film.encode(_frames(), FPS).read())
        calls = {
            "plan": lambda: _through(path),
            "floor": lambda: film.encode(film.decode(Blob("mp4", path=str(path)), FPS), FPS),
        }
        times = seconds(calls, rounds=5, at_least=0.2)
        counts = _counted(path)
    frames = SECONDS * FPS
    slower = ratio(times, "plan", "floor")
    once = counts == {"decode": 1, "encode": 1}
    return [
        Row("six steps on a film", frames / median(times["plan"]), "frames/s", "decode + encode", slower),
        Row(
            "codec calls",
            float(sum(counts.values())),
            "calls",
            asked="1 + 1",
            ok=once,
            notes={k: float(v) for k, v in counts.items()},
        ),
    ]


def _frames() -> np.ndarray:
    wide = photograph(512)
    return np.stack([wide[i : i + SIZE, i : i + SIZE] for i in range(round(SECONDS * FPS))])


def _through(path: Path) -> bytes:
    sample = cp.Sample.of("s", {"video": cp.Video(Blob("mp4", path=str(path)), FPS)})
    plan = cp.Compose(
        [
            cp.Mirror(),
            cp.Rotate(degrees=5),
            cp.Crop(size=(320, 320)),
            cp.Tempo(rate=1.1),
            cp.TimeCrop(seconds=2.0),
            cp.Brightness(),
        ]
    )
    return plan(sample, seed=1)["video"].encode().blob.read()


def _counted(path: Path) -> dict[str, int]:
    counts = {}
    with (
        patch.object(film, "decode", wraps=film.decode) as decode,
        patch.object(film, "encode", wraps=film.encode) as encode,
    ):
        _through(path)
        counts = {"decode": decode.call_count, "encode": encode.call_count}
    return counts
