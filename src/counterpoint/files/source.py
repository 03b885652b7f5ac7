"""A source over an index: keys in order, and an entry each that can read its sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, final

from counterpoint.core.contracts import Source
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError, FormatError, UnknownNameError, UnreadableInputError


class Entry(Protocol):
    """What is needed to read one sample: names and offsets, never pixels. Entries can be pickled."""

    def sample(self, key: str) -> Sample:
        """The sample; whatever a broken file makes this raise becomes an UnreadableInputError."""
        ...


E = TypeVar("E", bound=Entry)

BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What parsers raise on input that is not what it claims to be, a list in the place of a number included."""


@final
class Listed(Source):
    """Samples that are read one by one.

    Args:
        entries: by key, in the order of the layout.
        facts: what is known of the whole set.
    """

    def __init__(self, entries: Mapping[str, Entry], facts: Mapping[str, Any]) -> None:
        self._entries = dict(entries)
        self._keys = tuple(self._entries)
        self._facts = dict(facts)

    def keys(self) -> Sequence[str]:
        return self._keys

    def sample(self, key: str) -> Sample:
        if key not in self._entries:
            raise UnknownNameError("sample", key, self._keys[:10_000])
        try:
            sample = self._entries[key].sample(key)
            for cell in sample.cells.values():
                if not cell.base.heavy:
                    cell.base.check()
            return sample
        except UnreadableInputError:
            raise
        except CounterpointError as e:
            raise UnreadableInputError(f"sample {key!r}: {e}") from e
        except BROKEN as e:
            raise UnreadableInputError(
                f"sample {key!r}: its files are not what they should be ({type(e).__name__}: {e}). "
                "Repair them or take the sample out."
            ) from e

    def facts(self) -> Mapping[str, Any]:
        return self._facts


def keyed(pairs: Iterable[tuple[str, E]], where: str) -> dict[str, E]:
    """The entries by key.

    Raises:
        FormatError: a key stands twice, so one of the samples could not be reached.
    """
    found: dict[str, E] = {}
    for key, entry in pairs:
        if key in found:
            raise FormatError(
                f"{where}: the key {key!r} stands twice. Give every sample a key of its own, or name another "
                "key column in counterpoint.yaml (key: ...)."
            )
        found[key] = entry
    return found
