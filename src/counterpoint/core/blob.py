"""Bytes that are read when they are needed, and checked when they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import xxhash

from counterpoint.core.serial import canonical
from counterpoint.errors import IntegrityError, UnreadableInputError


@final
@dataclass(frozen=True)
class Blob:
    """An encoded payload: in memory, a file, or a range of a file.

    Attributes:
        ext: file ending without the dot, lower case; names the encoding.
        payload: the bytes, or None if they are at ``path``.
        path: file that holds them.
        offset, length: range inside ``path``; the whole file if ``length`` is None.
        digest: xxh3-64 in hex of the bytes, or None if not known.
        label: what to call it in an error: sample and part.
    """

    ext: str
    payload: bytes | None = None
    path: str | None = None
    offset: int = 0
    length: int | None = None
    digest: str | None = None
    label: str = ""

    @classmethod
    def of_json(cls, value: Any) -> Blob:
        """The one JSON text of a value; NaN is written as null."""
        return cls("json", canonical(_nulled(value)).encode())

    def json(self) -> Any:
        """The value that ``of_json`` wrote.

        Raises:
            UnreadableInputError: the bytes are not JSON.
        """
        try:
            return json.loads(self.read())
        except ValueError as e:
            raise UnreadableInputError(
                f"{self.label or self.path or 'a part'}: expected JSON, found something else ({e}). "
                "Restore the file or remove the entry."
            ) from e

    def read(self) -> bytes:
        """The bytes.

        Raises:
            UnreadableInputError: the file is missing or too short.
            IntegrityError: the bytes do not have ``digest``.
        """
        data = self._raw()
        if self.digest is not None and fingerprint(data) != self.digest:
            raise IntegrityError(
                f"{self.label or self.path}: the stored bytes were changed since they were written "
                f"(xxh3 {fingerprint(data)}, index says {self.digest}). Restore {self.path}, or delete "
                "the manifest of its shard and run the recipe with --resume."
            )
        return data

    def head(self, count: int) -> bytes:
        """At most the first ``count`` bytes, unchecked: enough for a size, never for content.

        Raises:
            UnreadableInputError: the file is missing.
        """
        if self.payload is not None:
            return self.payload[:count]
        return self._bytes(count if self.length is None else min(count, self.length))

    def _raw(self) -> bytes:
        if self.payload is not None:
            return self.payload
        path, data = self.path, self._bytes(self.length)
        if self.length is not None and len(data) < self.length:
            raise IntegrityError(
                f"{self.label or path}: {path} ends after {len(data)} of {self.length} bytes "
                f"at offset {self.offset}; it is truncated. Restore the file."
            )
        return data

    def _bytes(self, count: int | None) -> bytes:
        path = Path(str(self.path))
        try:
            with path.open("rb") as f:
                f.seek(self.offset)
                return f.read() if count is None else f.read(count)
        except OSError as e:
            raise UnreadableInputError(
                f"{self.label or path}: cannot read {path} ({e.strerror}). Restore the file or remove the entry."
            ) from e


def _nulled(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _nulled(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nulled(v) for v in value]
    return None if isinstance(value, float) and value != value else value


def fingerprint(data: bytes) -> str:
    """xxh3-64 as 16 hex digits."""
    return xxhash.xxh3_64_hexdigest(data)
