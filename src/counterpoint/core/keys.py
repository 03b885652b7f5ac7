"""Named random streams.

Every random number comes from a stream that is named by what it is for (seed,
sample key, copy, step), never by the order of calls. Workers, resumes and
subsets therefore see the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, final

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True)
class Key:
    """The name of a random stream: a path of words and whole numbers.

    Example:
        >>> Key.of(7, "clip-3").at("copy", 0, "Rotate").stream().uniform()  # doctest: +SKIP
    """

    path: tuple[str | int, ...]

    @classmethod
    def of(cls, *names: str | int) -> Key:
        return cls(tuple(names))

    def at(self, *names: str | int) -> Key:
        """The stream of something smaller inside this one."""
        return Key(self.path + names)

    @property
    def seed(self) -> int:
        """A 128-bit whole number that depends on every word of the path."""
        # Each word with its length, so that no two paths are one text.
        text = "".join(f"{len(n)}:{n}" if isinstance(n, str) else f"i{n}:" for n in self.path)
        return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")

    def stream(self) -> np.random.Generator:
        """A fresh generator (Philox 4x64, counter-based) at the start of this stream."""
        return np.random.Generator(np.random.Philox(_Words(self.seed)))  # type: ignore[arg-type]  # the stub is narrower

    def later(self) -> Any:
        """The same generator, made when it is first used: most changes that are looked up or filtered draw nothing."""
        return _Later(self)


@final
class _Words(ISeedSequence):
    """Hands Philox its 128-bit key. The same numbers as ``Philox(key=...)``, which first draws entropy for nothing."""

    def __init__(self, key: int) -> None:
        self._key = np.array([key & 0xFFFFFFFFFFFFFFFF, key >> 64], np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        return self._key


@final
class _Later:
    def __init__(self, key: Key) -> None:
        self._key = key

    def __getattr__(self, name: str) -> Any:
        if "_stream" not in self.__dict__:
            self._stream = self._key.stream()
        return getattr(self._stream, name)
