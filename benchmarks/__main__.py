"""``python -m benchmarks [NAME ...] [--json FILE]``: the table, and the same as JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.measure import Row

NAMES = ("image_plan", "per_transform", "video", "stretch", "workers", "memory", "start_up")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "names", nargs="*", default=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}; all by default"
    )
    parser.add_argument("--json", type=Path, default=Path("out/bench.json"))
    chosen = parser.parse_args()
    rows: list[Row] = []
    for name in chosen.names:
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        found = module.rows()
        for row in found:
            print(_line(row), flush=True)
        rows += found
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(
        json.dumps({"machine": _machine(), "rows": [asdict(r) for r in rows]}, indent=1, default=lambda v: v.item())
    )
    missed = [r.name for r in rows if r.ok is False]
    print(
        f"\n{len(rows)} figures in {chosen.json}; {'not as asked: ' + ', '.join(missed) if missed else 'all as asked'}"
    )
    return 0


def _machine() -> dict[str, str]:
    import cv2
    import numpy

    cpu = platform.processor() or platform.machine()
    return {"python": sys.version.split()[0], "cpu": cpu, "numpy": numpy.__version__, "opencv": cv2.__version__}


def _line(row: Row) -> str:
    verdict = {True: "ok", False: "MISSED", None: ""}[row.ok]
    against = f"{row.ratio:7.2f} x {row.against}" if row.ratio is not None else " " * 8 + row.against
    notes = "  ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.notes.items())
    return f"  {row.name:28} {row.value:12,.4g} {row.unit:10} {against:34} {row.asked:10} {verdict:6} {notes}"


if __name__ == "__main__":
    sys.exit(main())
