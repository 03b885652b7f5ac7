"""Questions about a scene, each with the program that answers it.

A question is drawn from a family; the families share the words of ``language``. Every choice between left and
right turns with ``outlook.handed``, so that a mirrored scene is asked the mirrored questions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.serial import Recorded
from counterpoint.simulate.language import ALL, RELATIONS, Phrase, article, narrowed, plural, referring, the, those
from counterpoint.simulate.outlook import Outlook, Seen
from counterpoint.simulate.program import Call, IllPosed, answer

Stream = np.random.Generator
TRIES = 12
ATTRIBUTES = ("colour", "size", "material")


@final
@dataclass(frozen=True)
class Asked(Recorded):
    """A question, its program as text, and its answer here."""

    question: Phrase
    program: Call
    answer: str


def questions(outlook: Outlook, count: int, key: Key) -> tuple[Asked, ...]:
    """Up to ``count`` different questions that have an answer; fewer where the scene gives no more.

    Question ``i`` comes from a stream of its own name.
    """
    asked: list[Asked] = []
    for i in range(count):
        stream = key.at("question", i).stream()
        for _ in range(TRIES):
            family = FAMILIES[int(stream.integers(len(FAMILIES)))]
            found = _posed(family, outlook, stream)
            if found is not None and all(found.program != a.program for a in asked):
                asked.append(found)
                break
    return tuple(asked)


Family = Callable[[Outlook, Stream], tuple[Phrase, Call]]


def _posed(family: Family, outlook: Outlook, stream: Stream) -> Asked | None:
    try:
        words, program = family(outlook, stream)
        return Asked(words, program, answer(program, outlook))
    except IllPosed:
        return None


def again(asked: Asked, outlook: Outlook) -> Asked | None:
    """The same question put to another scene, or None if it makes no sense there."""
    try:
        return Asked(asked.question, asked.program, answer(asked.program, outlook))
    except IllPosed:
        return None


def _pick(options: tuple[str, ...], stream: Stream, handed: int = 1) -> str:
    """One of some words; in pairs of sides, which stand next to each other, the other one in a mirrored scene."""
    i = int(stream.integers(len(options)))
    turned = {"left_of": "right_of", "right_of": "left_of", "leftmost": "rightmost", "rightmost": "leftmost"}
    return turned.get(options[i], options[i]) if handed < 0 else options[i]


def _one(outlook: Outlook, stream: Stream) -> tuple[Seen, Call]:
    if not outlook.seen:
        raise IllPosed("nothing is seen")
    one = outlook.seen[int(stream.integers(len(outlook.seen)))]
    program = referring(outlook, one)
    if program is None:
        raise IllPosed(f"nothing tells {one.name!r} from the others")
    return one, program


def _attribute(outlook: Outlook, stream: Stream) -> tuple[str, str]:
    """An attribute and a value that occurs."""
    found = sorted({(k, s.word(k)) for s in outlook.seen for k in ("noun", *ATTRIBUTES) if s.word(k)})
    if not found:
        raise IllPosed("nothing is seen")
    return found[int(stream.integers(len(found)))]


def _kind(outlook: Outlook, stream: Stream, among: Call = ALL) -> Call:
    """Things of a drawn noun or colour, or of both, which need not be there."""
    keys = dict(_attribute(outlook, stream) for _ in range(int(stream.integers(1, 3))))
    return narrowed(sorted(keys.items()), among)


def _how_many(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    among = _kind(outlook, stream)
    return "How many " + those(among, outlook) + " are there?", Call("count", (among,))


def _how_many_beside(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    _, one = _one(outlook, stream)
    relation = _pick(tuple(RELATIONS), stream, outlook.handed)
    words = f"How many things are {RELATIONS[relation]} " + the(one, outlook) + "?"
    return words, Call("count", (Call(relation, (one,)),))


def _is_there(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    _, one = _one(outlook, stream)
    relation = _pick(tuple(RELATIONS), stream, outlook.handed)
    among = _kind(outlook, stream, Call(relation, (one,)))
    words = those(among, outlook, many=False)
    return "Is there " + article(words.text)[: -len(words.text)] + words + "?", Call("exist", (among,))


def _what_is(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    one, program = _one(outlook, stream)
    asked = {k for k, _ in _keys(program)}
    open_to = [k for k in ATTRIBUTES if one.word(k) and k not in asked]
    if not open_to:
        raise IllPosed(f"everything about {one.name!r} is said in the question")
    name = open_to[int(stream.integers(len(open_to)))]
    words = {"colour": "What colour is ", "size": "How big is ", "material": "What is "}[name]
    return words + the(program, outlook) + (" made of?" if name == "material" else "?"), _query(program, name)


def _what_stands(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    extreme = _pick(("leftmost", "rightmost", "nearest", "farthest"), stream, outlook.handed)
    return Phrase(f"What is the {extreme} thing?"), _query(Call(extreme, (ALL,)), "noun")


def _more(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    a, b = (_attribute(outlook, stream) for _ in range(2))
    if a == b or a[0] != b[0]:
        raise IllPosed("two kinds that cannot be compared")
    sets = [narrowed((pair,)) for pair in (a, b)]
    words = "Are there more " + those(sets[0], outlook) + " than " + those(sets[1], outlook) + "?"
    return words, Call("more", tuple(Call("count", (s,)) for s in sets))


def _same(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    (a, first), (b, second) = (_one(outlook, stream) for _ in range(2))
    shared = [k for k in ATTRIBUTES if a.word(k) and b.word(k)]
    said = {k for p in (first, second) for k, _ in _keys(p)}
    open_to = [k for k in shared if k not in said]
    if a is b or not open_to:
        raise IllPosed("nothing to compare")
    name = open_to[int(stream.integers(len(open_to)))]
    words = "Does " + the(first, outlook) + f" have the same {name} as " + the(second, outlook) + "?"
    return words, Call("same", (_query(first, name), _query(second, name)))


def _strikes(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    if not any(h.kind == "hit" for h in outlook.happenings):
        raise IllPosed("nothing hits anything")
    _, one = _one(outlook, stream)
    return "How many things collide with " + the(one, outlook) + "?", Call("count", (Call("struck_by", (one,)),))


def _lands(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    if not any(h.kind == "land" for h in outlook.happenings):
        raise IllPosed("nothing lands")
    _, one = _one(outlook, stream)
    words = "How often does " + the(one, outlook) + " hit the ground?"
    return words, Call("happens", (one,), (("kind", "land"),))


def _moves(outlook: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    noun = sorted({s.noun for s in outlook.seen})
    if not noun:
        raise IllPosed("nothing is seen")
    chosen = noun[int(stream.integers(len(noun)))]
    among = Call("filter", (Call("moving", (ALL,)),), (("noun", chosen),))
    return Phrase(f"How many {plural(chosen)} are moving?"), Call("count", (among,))


def _weather(_: Outlook, stream: Stream) -> tuple[Phrase, Call]:
    return Phrase(("What is the weather like?", "What is the weather?")[int(stream.integers(2))]), Call("weather")


def _light(_: Outlook, __: Stream) -> tuple[Phrase, Call]:
    return Phrase("Is it day, dusk or night?"), Call("light")


def _query(program: Call, name: str) -> Call:
    return Call("query", (program,), (("word", name),))


def _keys(program: Call) -> tuple[tuple[str, str], ...]:
    return program.keys + tuple(pair for c in program.inputs for pair in _keys(c))


FAMILIES: tuple[Family, ...] = (
    _how_many,
    _how_many_beside,
    _is_there,
    _is_there,
    _what_is,
    _what_is,
    _what_stands,
    _more,
    _same,
    _strikes,
    _lands,
    _moves,
    _weather,
    _light,
)
