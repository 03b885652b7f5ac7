"""Named random streams.

Every random number comes from a stream that is named by what it is for (seed,
sample key, copy, step), never by the order of calls. Workers, resumes and
subsets therefore see the same numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import final

import numpy as np


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
        text = json.dumps(self.path, ensure_ascii=False)
        return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")

    def stream(self) -> np.random.Generator:
        """A fresh generator (Philox 4x64, counter-based) at the start of this stream."""
        return np.random.Generator(np.random.Philox(key=self.seed))
