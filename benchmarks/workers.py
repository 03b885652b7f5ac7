"""Two workers against one, on the same run: whole processes, start-up included."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from benchmarks.measure import Row
from benchmarks.pictures import photograph

SOURCES, COPIES = 24, 100
RECIPE = """
read: {{path: {source}}}
make:
  - augment:
      copies: {copies}
      with:
        - rotate: {{degrees: [-15, 15]}}
        - color_jitter: {{}}
        - gaussian_noise: {{}}
write: {{path: {target}, samples_per_shard: 20}}
seed: 3
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder / "in", SOURCES)
        times: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(2):
            for workers in times:
                times[workers].append(run(folder, COPIES, workers, f"out-{turn}-{workers}"))
    gain = statistics.median(a / b for a, b in zip(times[1], times[2], strict=True))
    rate = SOURCES * COPIES / statistics.median(times[2])
    return [Row("two workers", rate, "samples/s", "one worker", gain, ">= 1.8", gain >= 1.8)]


def pictures(folder: Path, count: int) -> None:
    """A folder of JPEGs with a ``metadata.jsonl``."""
    folder.mkdir(parents=True)
    lines = []
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:05d}.jpg"), photograph(512, i % 8), [cv2.IMWRITE_JPEG_QUALITY, 90])
        lines.append(json.dumps({"file_name": f"{i:05d}.jpg", "text": f"picture {i}"}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))


def run(folder: Path, copies: int, workers: int, target: str) -> float:
    """Seconds of one whole run of the command line."""
    recipe = folder / f"{target}.yaml"
    recipe.write_text(RECIPE.format(source=folder / "in", target=folder / target, copies=copies))
    call = [sys.executable, "-m", "counterpoint.cli", "run", str(recipe), "--workers", str(workers), "--no-report"]
    start = time.perf_counter()
    subprocess.run(call, check=True, capture_output=True)
    return time.perf_counter() - start
