"""A ten-step image plan, JPEG file to JPEG file, against decoding and encoding alone.

512 x 512 in, quality 90 out. The floor decodes and encodes with plain OpenCV and
does nothing in between; it writes 512 x 512, as does the plan ``same size``. The
plan ``to 224`` is the one that trainers run: it writes 224 x 224.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

import counterpoint as cp
from benchmarks.measure import Row, median, ratio, seconds
from benchmarks.pictures import photograph
from counterpoint.core.blob import Blob

ASKED = 1.5


def rows() -> list[Row]:
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "in.jpg"
        cv2.imwrite(str(source), photograph(), [cv2.IMWRITE_JPEG_QUALITY, 90])
        for size in (512, 224):
            plan = _plan(size)
            calls = {
                "plan": lambda plan=plan: _through(plan, source, folder / "out.jpg"),
                "floor": lambda: _floor(source, folder / "floor.jpg"),
            }
            times = seconds(calls, rounds=15, at_least=0.1)
            slower = ratio(times, "plan", "floor")
            label = "ten steps, same size" if size == 512 else f"ten steps, to {size}"
            rate = 1 / median(times["plan"])
            found.append(
                Row(
                    label,
                    rate,
                    "images/s",
                    "decode + encode",
                    slower,
                    f"<= {ASKED}",
                    slower <= ASKED,
                    {"floor images/s": 1 / median(times["floor"])},
                )
            )
    return found


def _plan(size: int) -> cp.Compose:
    return cp.Compose(
        [
            cp.Mirror(),
            cp.Rotate(degrees=(-15, 15)),
            cp.Affine(degrees=0, translate=0.05, scale=(0.9, 1.1), shear=3),
            cp.RandomResizedCrop(size=(size, size), scale=(0.5, 1.0)),
            cp.Pad(4),
            cp.Crop(size=(size, size)),
            cp.Brightness(),
            cp.Contrast(),
            cp.Gamma(),
            cp.ColorJitter(),
        ]
    )


def _through(plan: cp.Compose, source: Path, target: Path) -> None:
    counter = _through.__dict__.setdefault("count", [0])
    counter[0] += 1
    sample = cp.Sample.of("s", {"image": cp.Image(Blob("jpg", path=str(source)), quality=90)})
    target.write_bytes(plan(sample, seed=7, copy=counter[0])["image"].encode().blob.read())


def _floor(source: Path, target: Path) -> None:
    pixels = cv2.imdecode(np.frombuffer(source.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    target.write_bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
