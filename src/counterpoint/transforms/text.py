"""Other words for the same thing, slips of the keyboard, lost words.

Links follow their words. Words that carry the truth of a sentence are never touched:
sides and what stands around them ("to the left of" without "to the" is another
sentence), colours, counts, negations, names, quotations, linked and protected words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.colours import names_colours
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.language import Range as Place
from counterpoint.core.language import quoted, touches, words
from counterpoint.core.meaning import Edit
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.core.sides import is_side_word
from counterpoint.transforms.signals import listed, touched
from counterpoint.transforms.synonyms import SYNONYMS

_GUARDED = re.compile(
    r"\d|^(no|not|non|never|none|neither|nor|nothing|nobody|nowhere|without|except|but|only|all|every|each|some|any|few|"
    r"fewer|many|more|most|less|least|several|both|either|half|same|different|other|another|than|zero|one|two|three|"
    r"four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|\w+ty-?\w*|hundred|thousand|"
    r"million|once|twice|first|second|third|last|pair|dozen|black|white|gr[ae]y|above|below|top|bottom|up|down|before|"
    r"after|cannot|can't|\w+n['’]t)$",
    re.IGNORECASE,
)
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@final
@dataclass(frozen=True)
class Synonym(Transform):
    """Say some words in other words that mean the same.

    The articles "a" and "an" agree with the new word.

    Attributes:
        share: of all words of the text, 0 to 1; fewer where the table knows fewer.
        parts: names of the parts; all with text if empty.
    """

    share: Range = 0.1
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _settled(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "text", {"share": drawn(self.share, key.stream())})

    @staticmethod
    def render(values: str, stream: np.random.Generator, **params: Any) -> tuple[Edit, ...]:
        free = [w for w in _free(values, params["protected"]) if values[slice(*w)].lower() in SYNONYMS]
        edits: list[Edit] = []
        for start, end in _some(free, values, params["share"], stream):
            others = SYNONYMS[values[start:end].lower()]
            new = _cased(others[int(stream.integers(len(others)))], values[start:end])
            edits += [*_article(values, start, new, params["protected"]), Edit(start, end, new)]
        return tuple(edits)

    @classmethod
    def at(cls, magnitude: float) -> Synonym:
        return cls(0.3 * magnitude)


@final
@dataclass(frozen=True)
class Typo(Transform):
    """Slip on the keyboard: two letters exchanged, one lost, one doubled, or one of a neighbouring key.

    Words of fewer than four letters stay as they are, and so does a word whose slip would be a side, a colour or a
    count.

    Attributes:
        share: of all words of the text, 0 to 1.
        parts: names of the parts; all with text if empty.
    """

    share: Range = 0.1
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _settled(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "text", {"share": drawn(self.share, key.stream())})

    @staticmethod
    def render(values: str, stream: np.random.Generator, **params: Any) -> tuple[Edit, ...]:
        free = [w for w in _free(values, params["protected"]) if re.fullmatch("[A-Za-z]{4,}", values[slice(*w)])]
        edits = []
        for start, end in _some(free, values, params["share"], stream):
            slip = _SLIPS[int(stream.integers(len(_SLIPS)))]
            new = slip(values[start:end], int(stream.integers(1, end - start - 1)), stream)
            if not _guarded(new):
                edits.append(Edit(start, end, new))
        return tuple(edits)

    @classmethod
    def at(cls, magnitude: float) -> Typo:
        return cls(0.3 * magnitude)


@final
@dataclass(frozen=True)
class WordDrop(Transform):
    """Lose some words. At least one word is left.

    Attributes:
        share: of all words of the text, 0 to 1.
        parts: names of the parts; all with text if empty.

    Source: Wei and Zou, "EDA: easy data augmentation techniques", EMNLP 2019, random deletion.
    """

    share: Range = 0.1
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.APPEARANCE})

    def __post_init__(self) -> None:
        _settled(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return touched(self, sample, key, "text", {"share": drawn(self.share, key.stream())})

    @staticmethod
    def render(values: str, stream: np.random.Generator, **params: Any) -> tuple[Edit, ...]:
        free = [w for w in _free(values, params["protected"]) if re.match(r"\s", values[w[1] : w[1] + 1])]
        lost = _some(free, values, params["share"], stream)
        lost = lost[: max(len(words(values)) - 1, 0)]
        return tuple(Edit(start, end + 1, "") for start, end in lost)

    @classmethod
    def at(cls, magnitude: float) -> WordDrop:
        return cls(0.3 * magnitude)


def _settled(step: Any) -> None:
    checked(step, share=(0, 1, ""))
    ordered(step, "share")
    listed(step)


def _free(text: str, protected: Sequence[Place]) -> list[Place]:
    """Words that may be touched."""
    found = words(text)
    sides = [i for i, (a, b) in enumerate(found) if is_side_word(text[a:b])]
    around = [(found[max(i - 3, 0)][0], found[min(i + 2, len(found) - 1)][1]) for i in sides]
    shut = [*protected, *quoted(text), *around]
    free = []
    for start, end in found:
        word = text[start:end]
        begins = not text[:start].strip() or re.search(r"[.!?]\W*$", text[:start]) is not None
        name = word[0].isupper() and not begins
        joined = "-" in text[max(start - 1, 0) : start] + text[end : end + 1]
        if not (name or joined or word.isupper() or _guarded(word) or touches((start, end), shut)):
            free.append((start, end))
    return free


def _guarded(word: str) -> bool:
    return bool(_GUARDED.search(word)) or is_side_word(word) or names_colours(word)


def _some(free: Sequence[Place], text: str, share: float, stream: np.random.Generator) -> list[Place]:
    """Places drawn without replacement, in the order of the text: on average ``share`` of all words of the text."""
    count = int(share * len(words(text)) + stream.random())
    chosen = stream.permutation(len(free))[:count]
    return [free[i] for i in sorted(chosen.tolist())]


def _cased(new: str, old: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _article(text: str, start: int, new: str, protected: Sequence[Place]) -> list[Edit]:
    found = re.search(r"\b(an?)\s$", text[:start], re.IGNORECASE)
    if found is None or touches(found.span(1), protected):
        return []
    fit = "an" if new[0].lower() in "aeiou" else "a"
    old = found.group(1)
    return [] if fit == old.lower() else [Edit(*found.span(1), _cased(fit, old))]


def _exchanged(word: str, at: int, stream: np.random.Generator) -> str:
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _lost(word: str, at: int, stream: np.random.Generator) -> str:
    return word[:at] + word[at + 1 :]


def _doubled(word: str, at: int, stream: np.random.Generator) -> str:
    return word[: at + 1] + word[at:]


def _missed(word: str, at: int, stream: np.random.Generator) -> str:
    row = next(r for r in _KEYS if word[at].lower() in r)
    i = row.index(word[at].lower())
    near = row[max(i - 1, 0) : i] + row[i + 1 : i + 2]
    new = near[int(stream.integers(len(near)))]
    return word[:at] + (new.upper() if word[at].isupper() else new) + word[at + 1 :]


_SLIPS: tuple[Callable[[str, int, np.random.Generator], str], ...] = (_exchanged, _lost, _doubled, _missed)
