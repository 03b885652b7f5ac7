"""Whether this machine can do the work: each library is used once, not just imported."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import final

import numpy as np

from counterpoint.run.local import cores


@final
@dataclass(frozen=True)
class Examined:
    """One thing that was tried: whether it works, and what was found."""

    name: str
    well: bool
    said: str


def examined() -> Iterator[Examined]:
    """Every examination in turn; a failure of one does not stop the others."""
    trials: list[tuple[str, Callable[[], str]]] = [
        ("python", lambda: f"{sys.version.split()[0]}, {cores()} cores"),
        ("counterpoint", lambda: _installed("counterpoint")),
        ("pictures", _pictures),
        ("films", _films),
        ("sounds", _sounds),
        ("stretching", _stretching),
        ("tables", _tables),
        ("disk", _disk),
        ("simulation", _simulation),
    ]
    for name, trial in trials:
        try:
            yield Examined(name, True, trial())
        except Exception as e:
            yield Examined(name, False, f"{type(e).__name__}: {e}. Reinstall with: pip install --force-reinstall .")


def _installed(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name}, not installed as a package"


def _pictures() -> str:
    import cv2

    ok, data = cv2.imencode(".jpg", np.full((8, 8, 3), 128, np.uint8))
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if not ok or back is None or back.shape != (8, 8, 3):
        raise RuntimeError("a JPEG did not come back")
    return f"OpenCV {cv2.__version__} writes and reads JPEG"


def _films() -> str:
    import av

    missing = [name for name in ("libx264", "aac", "flac") if name not in av.codecs_available]
    if missing:
        raise RuntimeError(f"PyAV {av.__version__} lacks {', '.join(missing)}")
    return f"PyAV {av.__version__} has libx264, aac and flac"


def _sounds() -> str:
    import io

    import soundfile
    import soxr

    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((100, 1), np.float32), 8000, format="FLAC")
    buffer.seek(0)
    back, rate = soundfile.read(buffer)
    if len(soxr.resample(back, rate, 16000)) != 200:
        raise RuntimeError("resampling gave another length")
    return f"soundfile {soundfile.__version__} and soxr {soxr.__version__} write, read and resample"


def _stretching() -> str:
    import python_stretch

    return f"{_installed('python-stretch')} is there ({python_stretch.__name__})"


def _tables() -> str:
    import pyarrow as pa

    if pa.table({"a": [1, 2]}).num_rows != 2:
        raise RuntimeError("a table lost rows")
    return f"pyarrow {pa.__version__}"


def _disk() -> str:
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        one.write_bytes(b"1")
        os.link(one, two)
        free = shutil.disk_usage(folder).free
    return f"hard links work, {free / 1e9:.1f} GB free in {tempfile.gettempdir()}"


def _simulation() -> str:
    if find_spec("mujoco") is None:
        return "not installed; for simulation: pip install 'counterpoint[simulate]'"
    from counterpoint.simulate.scene import Geom, Scene, Thing
    from counterpoint.simulate.world import World

    ball = Thing("ball", "ball", (Geom("sphere", (0.1, 0.1, 0.1)),), position=(0.0, 0.0, 10.0))
    fallen = 10 - World(Scene(1.0, (ball,))).pose("ball", 1.0)[0][2]
    if abs(fallen - 9.81 / 2) > 0.02:
        raise RuntimeError(f"a ball fell {fallen:.3f} m in a second instead of 4.905 m")
    return f"mujoco-core {version('mujoco-core')} lets things fall"
