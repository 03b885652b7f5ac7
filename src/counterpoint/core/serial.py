"""Frozen values to JSON and back, without pickle.

A value is a frozen dataclass that derives from ``Recorded``. It is written as an
object with the class name under ``"@"``. Only classes that are already imported
can come back, so an untrusted file can name nothing that runs code.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from counterpoint.errors import UnknownNameError

_PLAIN = frozenset({str, int, float, bool, type(None)})


class Recorded:
    """Base of every value that is stored in lineage."""

    __slots__ = ()


def dump(value: Any) -> Any:
    """A value made of JSON types that ``load`` turns back into an equal one."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {str(k): dump(v) for k, v in value.items()}
    if kind is tuple or kind is list:
        return [dump(v) for v in value]
    if isinstance(value, Recorded) and is_dataclass(value):
        return {"@": kind.__name__} | {name: dump(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, (dict, list, tuple)):
        return dump(dict(value) if isinstance(value, dict) else list(value))
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    if isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"dump({value!r}): {kind.__name__} is not JSON; use numbers, strings, tuples or Recorded values.")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def load(value: Any) -> Any:
    """The inverse of ``dump``; lists come back as tuples.

    Raises:
        UnknownNameError: the text names a class that is not a known ``Recorded``.
    """
    if isinstance(value, dict):
        inner = {k: load(v) for k, v in value.items() if k != "@"}
        return _class(value["@"])(**inner) if "@" in value else inner
    if isinstance(value, list):
        return tuple(load(v) for v in value)
    return value


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no blanks."""
    return json.dumps(dump(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """32 hex digits that name a value by its content (BLAKE2b, 128 bit)."""
    return blake2b(canonical(value).encode(), digest_size=16).hexdigest()


def _class(name: str) -> type:
    known: dict[str, type] = {}
    pending: list[type] = [Recorded]
    while pending:
        below: list[type] = pending.pop().__subclasses__()
        known |= {sub.__name__: sub for sub in below}
        pending += below
    if name not in known:
        raise UnknownNameError("recorded value", name, known)
    return known[name]
