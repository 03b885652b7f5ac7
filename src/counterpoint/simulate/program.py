"""A small functional language over what a camera sees: every question is a program, every answer its value.

``count(left_of(unique(filter(scene(), colour=red, noun=car))))``: how many things are to the left of the red car?
Sets of things, single things, numbers, words and yes or no; in the spirit of CLEVR (Johnson et al., 2017). The text
of a program follows a mirror like any sentence: ``left_of`` becomes ``right_of``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from counterpoint.core.serial import Recorded
from counterpoint.errors import CounterpointError, UnknownNameError
from counterpoint.simulate.outlook import Outlook, Seen

SIDE = 0.04
"""Least distance of two middles in the picture, in half widths, that is called left or right."""
DEPTH = 0.1
"""Least share of the nearer distance by which one thing is behind another."""


@final
class IllPosed(CounterpointError):
    """A program asks for the one thing that is not there, or is there more than once."""


@final
@dataclass(frozen=True)
class Call(Recorded):
    """One operation: its inputs, and for ``filter`` and ``query`` the attributes."""

    op: str
    inputs: tuple[Call, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        given = [str(c) for c in self.inputs] + [f"{k}={v.replace(' ', '_')}" for k, v in self.keys]
        return f"{self.op}({', '.join(given)})"

    def json(self) -> dict[str, Any]:
        """As JSON types: ``op``, ``inputs`` and, where there are any, ``keys``."""
        tree: dict[str, Any] = {"op": self.op, "inputs": [c.json() for c in self.inputs]}
        return tree | {"keys": dict(self.keys)} if self.keys else tree

    @classmethod
    def of_json(cls, tree: Any) -> Call:
        """The inverse of ``json``."""
        inputs = tuple(cls.of_json(t) for t in tree["inputs"])
        return cls(tree["op"], inputs, tuple(tree.get("keys", {}).items()))

    @classmethod
    def parse(cls, text: str) -> Call:
        """The inverse of ``str``.

        Raises:
            UnknownNameError: an operation that does not exist.
            CounterpointError: no program.
        """
        try:
            return _call(ast.parse(text, mode="eval").body)
        except (SyntaxError, TypeError) as e:
            raise CounterpointError(f"{text!r} is no program. Write calls such as count(scene()).") from e


def _call(node: ast.AST) -> Call:
    match node:
        case ast.Call(func=ast.Name(id=op), args=args, keywords=keywords):
            if op not in OPERATIONS:
                raise UnknownNameError("operation", op, OPERATIONS)
            keys = tuple((k.arg or "", _name(k.value).replace("_", " ")) for k in keywords)
            return Call(op, tuple(_call(a) for a in args), keys)
    raise TypeError(node)


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name
    raise TypeError(node)


Value = Any
"""A tuple of ``Seen`` (a set), a ``Seen``, a number, a word, or True or False."""


def execute(program: Call, outlook: Outlook) -> Value:
    """The value of a program.

    Raises:
        IllPosed: ``unique`` and the like of a set without exactly one such thing, or an attribute that it lacks.
    """
    values = [execute(c, outlook) for c in program.inputs]
    if program.op not in OPERATIONS:
        raise UnknownNameError("operation", program.op, OPERATIONS)
    return OPERATIONS[program.op](outlook, dict(program.keys), *values)


def answer(program: Call, outlook: Outlook) -> str:
    """The value of a program, as people say it."""
    value = execute(program, outlook)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.name if isinstance(value, Seen) else str(value)


Things = tuple[Seen, ...]


def _filter(_: Outlook, keys: dict[str, str], among: Things) -> Things:
    return tuple(s for s in among if all(s.word(k) == v for k, v in keys.items()))


def _unique(_: Outlook, __: dict[str, str], among: Things) -> Seen:
    if len(among) != 1:
        raise IllPosed(f"there are {len(among)} such things, not one: {[s.name for s in among]}")
    return among[0]


def _query(_: Outlook, keys: dict[str, str], one: Seen) -> str:
    (name,) = keys.values()
    if not one.word(name):
        raise IllPosed(f"{one.name!r} has no {name}")
    return one.word(name)


def _beside(sign: int) -> Callable[..., Things]:
    return lambda o, _, one: tuple(s for s in o.seen if s is not one and sign * (s.column - one.column) > SIDE)


def _beyond(sign: int) -> Callable[..., Things]:
    def related(o: Outlook, _: dict[str, str], one: Seen) -> Things:
        return tuple(
            s
            for s in o.seen
            if s is not one and sign * (s.distance - one.distance) > DEPTH * min(s.distance, one.distance)
        )

    return related


def _most(value: Callable[[Seen], float], least: float) -> Callable[..., Seen]:
    """The thing with the highest value, if it leads by more than a margin."""

    def most(_: Outlook, __: dict[str, str], among: Things) -> Seen:
        ranked = sorted(among, key=value, reverse=True)
        if not ranked or (len(ranked) > 1 and value(ranked[0]) - value(ranked[1]) <= least):
            raise IllPosed(f"nobody can tell which of {[s.name for s in among]} it is")
        return ranked[0]

    return most


def _struck(o: Outlook, _: dict[str, str], one: Seen) -> Things:
    pairs = [h.who for h in o.happenings if h.kind == "hit" and one.name in h.who]
    return tuple(s for s in o.seen if s is not one and any(s.name in pair for pair in pairs))


def _times(o: Outlook, keys: dict[str, str], one: Seen) -> int:
    return sum(h.kind == keys["kind"] and one.name in h.who for h in o.happenings)


def _moving(_: Outlook, __: dict[str, str], among: Things) -> Things:
    return tuple(s for s in among if (s.rightward**2 + s.away**2) ** 0.5 > 0.2)


OPERATIONS: dict[str, Callable[..., Value]] = {
    "scene": lambda o, _: o.seen,
    "filter": _filter,
    "moving": _moving,
    "unique": _unique,
    "leftmost": _most(lambda s: -s.column, SIDE),
    "rightmost": _most(lambda s: s.column, SIDE),
    "nearest": _most(lambda s: -s.distance, 0.1),
    "farthest": _most(lambda s: s.distance, 0.1),
    "left_of": _beside(-1),
    "right_of": _beside(1),
    "in_front_of": _beyond(-1),
    "behind": _beyond(1),
    "both": lambda _, __, a, b: tuple(s for s in a if s in b),
    "either": lambda o, _, a, b: tuple(s for s in o.seen if s in a or s in b),
    "struck_by": _struck,
    "happens": _times,
    "count": lambda _, __, among: len(among),
    "exist": lambda _, __, among: bool(among),
    "query": _query,
    "same": lambda _, __, a, b: a == b,
    "more": lambda _, __, a, b: a > b,
    "weather": lambda o, _: o.weather,
    "light": lambda o, _: o.light,
}
