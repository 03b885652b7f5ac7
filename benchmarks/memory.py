"""Peak memory of a run over 10 x the samples, against the same run over 1 x; whole processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Row
from benchmarks.workers import RECIPE, pictures

FEW = 40
CODE = """
import resource, sys
from counterpoint.cli import main
sys.argv = ["counterpoint", "run", {recipe!r}, "--workers", "1", "--no-report"]
try:
    main()
except SystemExit as e:
    assert not e.code, e.code
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def rows() -> list[Row]:
    peak = {}
    with tempfile.TemporaryDirectory() as name:
        for count in (FEW, 10 * FEW):
            folder = Path(name) / str(count)
            pictures(folder / "in", count)
            recipe = folder / "recipe.yaml"
            recipe.write_text(RECIPE.format(source=folder / "in", target=folder / "out", copies=2))
            call = [sys.executable, "-c", CODE.format(recipe=str(recipe))]
            said = subprocess.run(call, check=True, capture_output=True, text=True).stdout
            peak[count] = int(said.rsplit("peak", 1)[1]) / 1024
    grown = peak[10 * FEW] / peak[FEW]
    return [
        Row("peak memory, 10 x samples", peak[10 * FEW], "MiB", f"peak at {FEW} samples", grown, "<= 1.1", grown <= 1.1)
    ]
