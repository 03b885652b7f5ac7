"""Where the larger real data sets are, when they are there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("COUNTERPOINT_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """A folder of the larger data sets by name; the test is skipped where they are not installed."""

    def find(name: str) -> Path:
        if not (SHARED / name).is_dir():
            pytest.skip(f"the data set {name!r} is not on this machine (set COUNTERPOINT_DATA)")
        return SHARED / name

    return find
