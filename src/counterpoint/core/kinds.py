"""Plain values against type hints: whether a value of a recipe is what a parameter or a setting takes."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin


def plain(value: Any) -> Any:
    """Lists as tuples, all the way down; mappings stay."""
    return tuple(plain(v) for v in value) if isinstance(value, list | tuple) else value


def fits(hint: Any, value: Any) -> bool:
    """Whether a plain value is of the kind that a hint names."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(h, value) for h in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple and isinstance(value, tuple):
        if len(inner) == 2 and inner[1] is Ellipsis:
            return all(fits(inner[0], v) for v in value)
        return len(inner) == len(value) and all(map(fits, inner, value))
    if hint is Any:
        return True
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint) if isinstance(hint, type) else False


def said(hint: Any) -> str:
    """What a hint names, in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(said(h) for h in inner))
    if origin is Literal:
        return " or ".join(repr(v) for v in inner)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return f"a list of {said(inner[0])}"
        return f"({', '.join(said(h) for h in inner)})"
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "nothing"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))
