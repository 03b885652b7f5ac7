"""Writing under a temporary name: a layout appears whole under its final name or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from counterpoint.errors import FormatError


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it gets its name when the block ends without an error, and is removed otherwise.

    Raises:
        FormatError: something is already there.
    """
    _must_be_free(path)
    draft = _draft(path)
    draft.mkdir(parents=True)
    try:
        yield draft
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A path to write to; the file gets its name when the block ends without an error, and is removed otherwise.

    Raises:
        FormatError: something is already there.
    """
    _must_be_free(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        yield draft
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _must_be_free(path: Path) -> None:
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise FormatError(f"{path} exists already and nothing is overwritten. Choose another name or remove it.")


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")
