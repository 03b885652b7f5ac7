"""Start-up: `import counterpoint` and `counterpoint --help` against `import numpy`, whole processes."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

from benchmarks.measure import Row

CALLS = {
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import counterpoint": [sys.executable, "-c", "import counterpoint"],
    "counterpoint --help": [sys.executable, "-m", "counterpoint.cli", "--help"],
}


def rows() -> list[Row]:
    cpu: dict[str, list[float]] = {name: [] for name in CALLS}
    for _ in range(9):
        for name, call in CALLS.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(call, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    base = cpu["import numpy"]
    found = []
    for name, times in cpu.items():
        ratio = statistics.median(a / b for a, b in zip(times, base, strict=True))
        found.append(Row(name, 1000 * statistics.median(times), "ms CPU", "import numpy", ratio))
    return found
