"""Programs as English: noun phrases that are tied to the things they mean.

Sides are always "to the left of" and "leftmost", never a bare "left of": those read as sides in every
sentence, so that a mirror rewrites exactly them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

from counterpoint.core.serial import Recorded
from counterpoint.modalities.text import Link, Role, Text
from counterpoint.simulate.outlook import Outlook, Seen
from counterpoint.simulate.program import Call, IllPosed, execute

RELATIONS = {
    "left_of": "to the left of",
    "right_of": "to the right of",
    "in_front_of": "in front of",
    "behind": "behind",
}
EXTREMES = {"leftmost": "leftmost", "rightmost": "rightmost", "nearest": "nearest", "farthest": "farthest"}
_PLURALS = {
    "person": "people",
    "bus": "buses",
    "box": "boxes",
    "man": "men",
    "thing": "things",
    "ellipsoid": "ellipsoids",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ALL = Call("scene")


@final
@dataclass(frozen=True)
class Phrase(Recorded):
    """Words with links; phrases join with ``+`` and strings."""

    text: str
    links: tuple[Link, ...] = ()

    def __add__(self, other: Phrase | str) -> Phrase:
        if isinstance(other, str):
            return Phrase(self.text + other, self.links)
        by = len(self.text)
        moved = tuple(replace(k, start=k.start + by, end=k.end + by) for k in other.links)
        return Phrase(self.text + other.text, self.links + moved)

    def __radd__(self, before: str) -> Phrase:
        return Phrase(before) + self

    def linked(self, instance: str | None = None, time: tuple[float, float] | None = None) -> Phrase:
        """The phrase with one more link over all of it."""
        return Phrase(self.text, (Link(0, len(self.text), instance, time), *self.links))

    def sentence(self, end: str = ".") -> Phrase:
        """With a capital letter and a full stop."""
        return Phrase(self.text[:1].upper() + self.text[1:], self.links) + end

    def written(self, role: Role, camera: str | None) -> Text:
        return Text(self.text, role, self.links, camera=camera)


def joined(phrases: Iterable[Phrase], last: str = " and ") -> Phrase:
    """``a, b and c``."""
    listed = list(phrases)
    out = Phrase("")
    for i, phrase in enumerate(listed):
        out = out + ("" if i == 0 else last if i == len(listed) - 1 else ", ") + phrase
    return out


def spaced(phrases: Iterable[Phrase]) -> Phrase:
    """Sentences one after the other."""
    out = Phrase("")
    for phrase in phrases:
        out = out + (" " if out.text else "") + phrase
    return out


def number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def metres(distance: float) -> str:
    """``4.2 m``, ``57 m``, ``1230 m``: two digits, from 1 km on three."""
    if distance < 10:
        return f"{distance:.1f} m"
    return f"{float(f'{distance:.3g}' if distance >= 1000 else f'{distance:.0f}'):.0f} m"


def plural(noun: str) -> str:
    """Of the last word."""
    *before, last = noun.split(" ")
    ends = last + ("es" if last.endswith(("s", "x", "ch", "sh")) else "s")
    if last.endswith("y") and last[-2] not in "aeiou":
        ends = last[:-1] + "ies"
    return " ".join([*before, _PLURALS.get(last, ends)])


def article(words: str) -> str:
    return ("an " if words[0] in "aeio" else "a ") + words


def title(one: Seen, many: bool = False) -> str:
    """Attributes and noun of a thing, without an article."""
    words = [one.word(k) for k in ("size", "colour", "material") if one.word(k)]
    return " ".join([*words, plural(one.noun) if many else one.noun])


def narrowed(keys: Iterable[tuple[str, str]], among: Call = ALL) -> Call:
    """The things of a set with these attributes."""
    kept = tuple(keys)
    return Call("filter", (among,), kept) if kept else among


def referring(outlook: Outlook, one: Seen, relations: bool = True) -> Call | None:
    """A program of which ``one`` is the only value: the fewest attributes that do, else an extreme, else a relation.

    None if nothing tells it from the others. By construction it is executed before it is given out.
    """
    noun = ("noun", one.noun)
    words = [(k, one.word(k)) for k in ("colour", "size", "material") if one.word(k)]
    chosen = [(*extra, noun) for n in range(len(words) + 1) for extra in combinations(words, n)]
    for keys in chosen:
        if _is(program := Call("unique", (narrowed(keys),)), outlook, one):
            return program
    for keys in chosen:
        for extreme in EXTREMES:
            if _is(program := Call(extreme, (narrowed(keys),)), outlook, one):
                return program
    return _related(outlook, one, (noun, *words)) if relations else None


def _related(outlook: Outlook, one: Seen, keys: tuple[tuple[str, str], ...]) -> Call | None:
    for other in outlook.seen:
        anchor = None if other is one else referring(outlook, other, relations=False)
        for relation in RELATIONS if anchor is not None else ():
            assert anchor is not None
            program = Call("unique", (narrowed(keys, Call(relation, (anchor,))),))
            if _is(program, outlook, one):
                return program
    return None


def _is(program: Call, outlook: Outlook, one: Seen) -> bool:
    try:
        return execute(program, outlook) is one
    except IllPosed:
        return False


def the(program: Call, outlook: Outlook) -> Phrase:
    """A program whose value is one thing, as a noun phrase that is linked to it."""
    extreme = EXTREMES.get(program.op)
    words = f"{extreme} " if extreme else ""
    one: Seen = execute(program, outlook)
    return ("the " + words + those(program.inputs[0], outlook, many=False)).linked(one.name)


def those(program: Call, outlook: Outlook, many: bool = True) -> Phrase:
    """A program whose value is a set, as a noun phrase without an article."""
    keys, behind = dict(program.keys), Phrase("")
    inner = program.inputs[0] if program.op == "filter" else program
    moving = inner.op == "moving"
    if moving:
        inner = inner.inputs[0]
    if inner.op in RELATIONS:
        behind = f" {RELATIONS[inner.op]} " + the(inner.inputs[0], outlook)
    elif inner.op != "scene":
        raise IllPosed(f"{program} has no words")
    noun = keys.get("noun", "thing")
    words = ["moving"] * moving + [keys[k] for k in ("size", "colour", "material") if k in keys]
    return Phrase(" ".join([*words, plural(noun) if many else noun])) + behind
