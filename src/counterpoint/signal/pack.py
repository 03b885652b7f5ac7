"""Arrays as bytes: zipped ``npy`` members with fixed headers, so that equal arrays give equal bytes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.errors import UnreadableInputError

MAX_BYTES = 1 << 31
"""No archive is unpacked to more than this: what claims more is a bomb or a mistake."""

_BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, OSError, NotImplementedError, RuntimeError)


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``npz`` that ``numpy.load`` reads; members in sorted order, no clock and no user in its headers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            archive.writestr(member, flat(arrays[name]), compresslevel=1)
    return out.getvalue()


def unpack(data: bytes, label: str, *names: str) -> dict[str, NDArray[Any]]:
    """The arrays called ``names`` of an ``npz``.

    Raises:
        UnreadableInputError: broken, truncated, pickled, larger than ``MAX_BYTES``, or without one of them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(m.file_size for m in archive.infolist())
            if size > MAX_BYTES:
                raise ValueError(f"it unpacks to {size} bytes, more than {MAX_BYTES}")
            return {name: _array(archive.read(f"{name}.npy")) for name in names}
    except _BROKEN as e:
        raise _unreadable(label, "npz", e) from e


def flat(array: NDArray[Any]) -> bytes:
    """One array as ``npy`` bytes."""
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def unflat(data: bytes, label: str) -> NDArray[Any]:
    """The array in ``npy`` bytes.

    Raises:
        UnreadableInputError: broken, truncated or pickled.
    """
    try:
        return _array(data)
    except _BROKEN as e:
        raise _unreadable(label, "npy", e) from e


def _array(data: bytes) -> NDArray[Any]:
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def _unreadable(label: str, kind: str, why: Exception) -> UnreadableInputError:
    return UnreadableInputError(
        f"{label or 'an array'}: the bytes cannot be read as {kind} ({why}). Restore the file or remove the entry."
    )
