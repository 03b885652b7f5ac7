"""Small data sets and recipes for the tests of runs; also a plugin with a step that takes its time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError
from counterpoint.formats.native import Native
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.text import Text
from counterpoint.testing import worlds

ROOT = Path(__file__).parents[2]
STEPS: tuple[Any, ...] = ("mirror", {"gaussian_noise": {}}, {"sometimes": {"step": "brightness", "p": 0.5}})


@final
@dataclass(frozen=True)
class Dawdle(Transform):
    """Changes nothing and takes ``seconds`` over it; breaks on the copies of ``broken``."""

    seconds: float = 0.0
    broken: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset()

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        time.sleep(self.seconds)
        if sample.key in self.broken:
            raise CounterpointError(f"sample {sample.key!r} broke")
        return None


def sample(key: str) -> Sample:
    """A small picture that depends on the key, a caption with sides, a label."""
    at = (10.0 + len(key) % 7 * 3, 9.0)
    picture = Image(worlds.blob(at, (48, 32)))
    return Sample.of(key, {"image": picture, "caption": Text("a dot on the left"), "label": Label((("dot", 1.0),))})


def source(folder: Path, keys: Iterable[str]) -> Path:
    Native.write(folder, map(sample, keys))
    return folder


def recipe(folder: Path, name: str = "recipe.yaml", **settings: Any) -> Path:
    """A recipe next to its source ``src``; JSON is YAML."""
    values = {
        "title": "made up",
        "seed": 5,
        "read": {"path": "src"},
        "make": [{"augment": {"copies": 3, "with": list(STEPS)}}],
        "write": {"path": "out", "samples_per_shard": 4},
    }
    path = folder / name
    path.write_text(json.dumps(values | settings, indent=1))
    return path


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that is part of the data set."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "report.html")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "counterpoint.cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    """What a child process needs to find the package and this plugin."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "COLUMNS": "200"}


def cli(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120)


def silent(what: str, count: int) -> None:
    """Takes the progress of a run and says nothing."""


def names(count: int) -> Iterator[str]:
    return (f"s{i:02d}" for i in range(count))
