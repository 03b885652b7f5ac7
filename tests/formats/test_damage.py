"""Whatever a file is turned into, reading it gives samples or an error of ours, never another one."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.errors import CounterpointError

WRITTEN = Path(__file__).parent / "golden" / "written"
ENDINGS = {"parquet": ".parquet", "table": ".csv", "webdataset": ".tar"}
ROUNDS = int(os.environ.get("COUNTERPOINT_DAMAGE", "12"))


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut, doubled, with other bytes, or with a number or a word in the place of another."""
    at, length = (int(rng.integers(0, len(data) + 1)) for _ in range(2))
    swaps = [
        (b"[", b"{"),
        (b"1", b"-"),
        (b'"', b""),
        (b":", b","),
        (b"2", b"99999999999"),
        (b"0", b"nan"),
        (b"k1", b""),
    ]
    match rng.integers(0, 5):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes(rng.integers(0, 256, 4, np.uint8)) + data[at + 4 :]
        case 2:
            return data[:at] + data[length:]
        case 3:
            old, new = swaps[int(rng.integers(0, len(swaps)))]
            return data.replace(old, new, int(rng.integers(1, 4)))
        case _:
            return b""


@pytest.mark.parametrize("layout", sorted(set(TABLES["formats"]) - {"native"}))
def test_damage_is_told_and_never_crashes(tmp_path: Path, layout: str) -> None:
    name = f"{layout}{ENDINGS.get(layout, '')}"
    for seed in range(ROUNDS):
        rng = np.random.default_rng(seed)
        place = tmp_path / str(seed) / name
        place.parent.mkdir()
        (shutil.copytree if (WRITTEN / name).is_dir() else shutil.copy)(WRITTEN / name, place)
        files = [p for p in sorted(place.rglob("*")) if p.is_file()] if place.is_dir() else [place]
        hit = files[int(rng.integers(0, len(files)))]
        hit.write_bytes(damaged(hit.read_bytes(), rng))
        find("formats", layout).detect(place)
        with contextlib.suppress(CounterpointError):
            source = find("formats", layout).read(place)
            for key in source.keys():  # noqa: SIM118
                with contextlib.suppress(CounterpointError):
                    for part in source.sample(key).parts.values():
                        part.check()
