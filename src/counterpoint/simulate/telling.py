"""Descriptions: a caption of a picture, one sentence for each thing, and what happens in order.

Things are told from the nearest to the farthest. Which of two equal wordings is taken comes from a stream that is
named after the thing, so that a thing more or less leaves the other sentences as they are.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import isfinite

from counterpoint.core.keys import Key
from counterpoint.simulate.happenings import Happening
from counterpoint.simulate.language import (
    RELATIONS,
    Phrase,
    article,
    joined,
    metres,
    number,
    plural,
    referring,
    spaced,
    the,
    title,
)
from counterpoint.simulate.outlook import Outlook, Seen, noun, roots, spoken
from counterpoint.simulate.program import Call, execute
from counterpoint.simulate.scene import Scene
from counterpoint.simulate.sensor import BACKDROP

MIDDLE = 1 / 3
STANDS = 0.2


def caption(outlook: Outlook, key: Key, told: int = 3) -> Phrase:
    """Where, the weather and the light; how many of what; and the nearest ``told`` things one by one."""
    sentences = [setting(outlook, key), counts(outlook)]
    near = by_distance(outlook)[:told]
    if near:
        sentences.append(joined([_placed(outlook, s, key) for s in near]).sentence())
    return spaced(sentences)


def setting(outlook: Outlook, key: Key) -> Phrase:
    """``A street by day in thick fog; the visibility is 48.2 m.``"""
    when = {"day": "by day", "dusk": "at dusk", "night": "at night"}[outlook.light]
    if outlook.weather == "clear":
        return Phrase(f"{article(outlook.place)} {when} in clear weather").sentence()
    far = f"; the visibility is {exactly(outlook.visibility)} m" if isfinite(outlook.visibility) else ""
    return Phrase(f"{article(outlook.place)} {when} in {outlook.weather}{far}").sentence()


def exactly(value: float) -> str:
    """Four digits, so that the extinction can be read back to 0.05 %."""
    text = f"{float(f'{value:.4g}'):.4f}".rstrip("0")
    return text.rstrip(".")


def counts(outlook: Outlook) -> Phrase:
    """``One can see two cars and a pedestrian.``"""
    found = Counter(s.noun for s in outlook.seen)
    if not found:
        return Phrase("Nothing can be made out.")
    kinds = [Phrase(article(noun) if n == 1 else f"{number(n)} {plural(noun)}") for noun, n in sorted(found.items())]
    return ("One can see " + joined(kinds)).sentence()


def by_distance(outlook: Outlook) -> list[Seen]:
    return sorted(outlook.seen, key=lambda s: (round(s.distance, 6), s.name))


def _placed(outlook: Outlook, one: Seen, key: Key) -> Phrase:
    """``a red car is on the left about 12 m away``, one of its wordings."""
    name, where, far = Phrase(article(title(one))).linked(one.name), side(one), metres(one.distance)
    wordings = (
        name + f" is {where} about {far} away",
        name + f" can be seen {where}, {far} away",
        f"{where}, {far} away, there is " + name,
    )
    return wordings[int(key.at("caption", one.name).stream().integers(len(wordings)))]


def side(one: Seen) -> str:
    if abs(one.column) <= MIDDLE:
        return "in the middle"
    return "on the left" if one.column < 0 else "on the right"


def dense(outlook: Outlook, most: int = 12) -> Phrase:
    """One sentence for each of the nearest things that words can tell from the others: where it is, by what, and how
    it moves."""
    named = ((one, referring(outlook, one)) for one in by_distance(outlook))
    listed = islice(((one, program) for one, program in named if program is not None), most)
    return spaced(_described(outlook, one, program) for one, program in listed)


def _described(outlook: Outlook, one: Seen, program: Call) -> Phrase:
    name = the(program, outlook)
    words = name + f" is {side(one)} of the picture, {metres(one.distance)} away" + _beside(outlook, one)
    return (words + _going(one)).sentence()


def _beside(outlook: Outlook, one: Seen) -> Phrase:
    """The next thing in the picture that can be named, and on which side of it this one is."""
    others = sorted(
        (s for s in outlook.seen if s is not one), key=lambda s: (round(abs(s.column - one.column), 6), s.name)
    )
    for other in others:
        program = referring(outlook, other, relations=False)
        for relation, words in RELATIONS.items() if program else ():
            assert program is not None
            if one in execute(Call(relation, (program,)), outlook):
                return f", {words} " + the(program, outlook)
    return Phrase("")


def _going(one: Seen) -> str:
    speed = (one.rightward**2 + one.away**2) ** 0.5
    if speed < STANDS:
        return ""
    if abs(one.rightward) > abs(one.away):
        where = "to the right" if one.rightward > 0 else "to the left"
    else:
        where = "away from the camera" if one.away > 0 else "towards the camera"
    return f", and moves {where} at {speed:.1f} m/s"


def references(outlook: Outlook, count: int, key: Key) -> tuple[tuple[Seen, Phrase, Call], ...]:
    """Up to ``count`` things with a noun phrase and a program that mean nothing else in the picture."""
    order = key.at("references").stream().permutation(len(outlook.seen))
    found: list[tuple[Seen, Phrase, Call]] = []
    for i in order:
        program = referring(outlook, outlook.seen[i])
        if program is not None and len(found) < count:
            found.append((outlook.seen[i], the(program, outlook), program))
    return tuple(found)


def story(scene: Scene, happenings: tuple[Happening, ...]) -> Phrase:
    """What happens, in order; every sentence is linked to its time, every name to its thing."""
    told = []
    for i, happening in enumerate(happenings):
        first = "first " if i == 0 and len(happenings) > 1 else "then " if i else ""
        time = (happening.start, happening.end)
        told.append((first + sentence(scene, happening)).sentence().linked(time=time))
    return spaced(told)


def sentence(scene: Scene, happening: Happening) -> Phrase:
    """``the red ball hits the blue box``."""
    names = [named(scene, name) for name in happening.who]
    match happening.kind:
        case "hit":
            return names[0] + " hits " + names[1]
        case "land":
            return names[0] + " hits the ground"
        case "start":
            return names[0] + " starts to move"
        case "stop":
            return names[0] + " comes to rest"
        case "near miss":
            return names[0] + " and " + names[1] + " almost collide"
        case turn:
            return names[0] + (" turns left" if turn == "turn left" else " turns right")


def named(scene: Scene, name: str) -> Phrase:
    """A thing among all things of a scene, seen or not; "a" where nothing tells it from the others."""
    every = tuple(Seen(t.name, noun(t), spoken(t), 0.0, 0.0, 0.0) for t in roots(scene) if t.cls not in BACKDROP)
    whole = Outlook("scene", every, "", "", 0.0)
    (one,) = (s for s in every if s.name == name)
    program = referring(whole, one, relations=False)
    return the(program, whole) if program else Phrase(article(title(one))).linked(name)
