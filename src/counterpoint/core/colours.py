"""Colour words after the colours of a picture have changed.

A colour word is rewritten only if every thing of that colour would now be called by
one other basic name; kinds named after a colour ("red wine", "orange juice"), colours
of hair and metals, and quotations are refused. Proper names and figures of speech stay.
Black, white and grey have no hue and keep their names. A turn of the hue keeps different
colours different, so counts and negations stay true; the loss of colour does not, so it
refuses sentences that count, compare or negate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from counterpoint.core.language import Range, quoted, touches, words
from counterpoint.core.meaning import Edit

HUES = {
    "red": 0,
    "orange": 30,
    "yellow": 60,
    "green": 120,
    "cyan": 180,
    "turquoise": 174,
    "blue": 240,
    "violet": 270,
    "purple": 285,
    "magenta": 300,
}
"""Degrees on the hue circle of HSV that a person calls by these names."""
_TARGETS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "magenta")
_ISH = {"reddish": "red", "orangish": "orange", "yellowish": "yellow", "greenish": "green", "bluish": "blue"}
_ISH |= {"purplish": "purple"}
_ISH_OF = {base: ish for ish, base in _ISH.items()}
_HUELESS = frozenset(("black", "white", "grey", "gray", "greyish", "grayish", "blackish", "whitish", "silver"))
_UNNAMED = frozenset(
    re.findall(
        r"\S+",
        "pink pinkish brown brownish beige tan maroon scarlet crimson burgundy navy indigo teal aqua lime olive lilac "
        "lavender fuchsia fucshia peach coral salmon rose khaki amber bronze copper gold golden blonde blond brunette "
        "ginger redhead redheads auburn rusty rosy reds oranges yellows greens blues purples pinks browns "
        "redder reddest bluer bluest greener greenest yellower yellowest",
    )
)
_MANY = frozenset(
    ("multi", "rainbow", "colorful", "colourful", "multicolored", "multicoloured", "colors", "colours", "hues")
)
_WEAK = frozenset(("pink", "brown", "beige", "maroon", "navy", "teal", "aqua", "turquoise"))
_SELECTS = re.compile(
    r"\b(not|\w+n['’]t|non|no|none|only|exactly|except|without|same|different|twice|more|fewer|less|most|least|many|"
    r"number|how|count|all|every|each|which|what|one|two|three|four|five|six|seven|eight|nine|ten|\d+)\b|\?",
    re.IGNORECASE,
)
_KINDS = re.compile(
    r"(red|green|blue|orange|yellow|purple|violet)[\s-]+(wines?|onions?|cabbages?|peppers?|beans?|teas?|peas?|meat|cheese|"
    r"juices?|salad|olives?|apples?|grapes?|whales?|jays?|pandas?|fox(es)?|squirrels?|kites?|hair(ed)?|heads?|cedar|"
    r"soda|zest|peels?|slices?|segments?|marmalade|sauce|curry|snapper|blood|light district)\b",
    re.IGNORECASE,
)
_FIGURES = re.compile(
    r"\b(blue[\s-]+(chips?|collar|print|moon|tooth)|red[\s-]+(tape|alert|herring|handed)|green[\s-]+(cards?|energy|party|"
    r"thumb|washing)|yellow[\s-]+pages|(out of the|feel(s|ing)?|felt) blue|in the red|"
    r"see(s|ing)? red)\b",
    re.IGNORECASE,
)
_PALE, _DEEP = frozenset(("red", "orange", "magenta")), frozenset(("orange", "yellow"))
_BENT = {"light": _PALE, "pale": _PALE, "soft": _PALE, "pastel": _PALE, "baby": _PALE, "dark": _DEEP, "deep": _DEEP}
"""Hues that have another name in this shade: light red is pink, dark orange is brown."""
_NAMED_SHADES = frozenset(
    re.findall(
        r"\w+", "sky royal blood powder midnight ocean sea forest grass cherry brick fire lemon mustard cobalt mint"
    )
)
_TITLES = frozenset(("mr", "mrs", "ms", "dr", "st", "prof", "miss", "sir"))
_NEAR = 20.0
_UNNOTICED = 15.0


class _Word(NamedTuple):
    start: int
    end: int
    said: str
    low: str


def shift_colours(
    text: str, hue: float, grey: bool = False, mode: str = "rewrite", protected: Sequence[Range] = ()
) -> tuple[Edit, ...] | str:
    """The edits that make a sentence true after a change of colour, or a reason why nobody can write them.

    Args:
        text: English.
        hue: turn on the hue circle, rad, positive from red to yellow; under 15 degrees nobody notices.
        grey: whether all colours become grey.
        mode: ``rewrite``, or ``refuse`` as soon as a colour is named.
        protected: characters that must not be altered; a colour among them is a reason to refuse.
    """
    turn = math.degrees(hue)
    if not grey and abs((turn + 180) % 360 - 180) < _UNNOTICED:
        return ()
    edits: list[Edit] = []
    marks, figures = quoted(text), [m.span() for m in _FIGURES.finditer(text)]
    kinds = [m.span() for m in _KINDS.finditer(text)]
    found = [_Word(a, b, text[a:b], text[a:b].lower()) for a, b in words(text)]
    for i, word in enumerate(found):
        if not _is_colour(word.low, grey) or touches(word[:2], figures) or _is_name(text, found, i):
            continue
        said = f"{word.said!r} in {text[max(word.start - 20, 0) : word.end + 20]!r}"
        if touches(word[:2], marks):
            return f"{said} is a quotation, and what was said or written stays as it was"
        if touches(word[:2], protected):
            return f"{said} is protected"
        if mode != "rewrite":
            return f"{said} names a colour, and colour words are not to be rewritten"
        if touches(word[:2], kinds):
            return f"{said} may be a kind and not a colour"
        new = _name(text, found, i, turn, grey)
        if new is None:
            return f"{said} has no basic name after {'the loss of colour' if grey else f'a turn of {turn:.0f} degrees'}"
        edits += _replaced(text, found, i, new)
    return tuple(edits)


def names_colours(text: str) -> bool:
    """Whether a word of the text, which may be an identifier, is a colour with a hue."""
    return any(_is_colour(w, True) for w in re.split(r"[\W_]+", text.lower()))


def _is_colour(low: str, grey: bool) -> bool:
    low = re.sub("['’]s$", "", low)
    return low in HUES or low in _ISH or low in _UNNAMED or (grey and low in _MANY)


def _is_colour_or_grey(low: str) -> bool:
    return _is_colour(low, False) or low in _HUELESS


def _is_name(text: str, found: Sequence[_Word], i: int) -> bool:
    """Whether the word is part of a proper name: capital letters on it and on a neighbour, inside a sentence."""
    word = found[i]
    if not word.said[0].isupper() or text.isupper() or text.istitle():
        return False
    if i and found[i - 1].low in _TITLES:
        return True
    begins = i == 0 or re.search(r"[.!?:]\W*$", text[: word.start]) is not None
    near = [found[j] for j in (i - 1, i + 1) if 0 <= j < len(found)]
    joined = [n for n in near if re.fullmatch(r"[\s-]+", text[min(n.end, word.end) : max(n.start, word.start)])]
    return not begins and any(n.said[0].isupper() for n in joined)


def _name(text: str, found: Sequence[_Word], i: int, turn: float, grey: bool) -> str | None:
    """What the colour of word ``i`` is called then, in lower case; None if that has no name."""
    word = found[i]
    capital = word.said[0].isupper() and not text.isupper()
    begins = i == 0 or re.search(r"[.!?:]\W*$", text[: word.start]) is not None
    if (capital and not begins) or _is_thing(text, found, i) or (i and found[i - 1].low in _NAMED_SHADES):
        return None
    if capital and i + 1 < len(found) and found[i + 1].said[0].isupper():
        return None
    american = re.search(r"\b(gray|colors?|colored|colorful)\b", text, re.IGNORECASE) is not None
    plain = "gray" if american else "grey"
    if grey:
        if _SELECTS.search(text) or _compound(text, found, i):
            return None
        if word.low in HUES or word.low in _WEAK:
            return plain
        return plain + "ish" if word.low in (*_ISH, "pinkish", "brownish") else None
    base = _ISH.get(word.low, word.low)
    if base not in HUES or _compound(text, found, i):
        return None
    new = _nearest(HUES[base] + turn)
    if new is None or new == base:
        return None
    if i and {base, new} & _BENT.get(found[i - 1].low, frozenset()):
        return None
    return _ISH_OF.get(new) if word.low in _ISH else new


def _nearest(hue: float) -> str | None:
    away = {name: abs((hue - HUES[name] + 180) % 360 - 180) for name in _TARGETS}
    best = min(away, key=away.__getitem__)
    return best if away[best] <= _NEAR else None


def _compound(text: str, found: Sequence[_Word], i: int) -> bool:
    """Whether the word and a neighbour are one colour: ``blue-green``, ``red orange``."""
    for a, b in ((i - 1, i), (i, i + 1)):
        if a >= 0 and b < len(found) and re.fullmatch(r"\s|-", text[found[a].end : found[b].start]):
            other = found[a if b == i else b].low
            if other in HUES or other in _ISH or other in _UNNAMED | _HUELESS:
                return True
    return False


_FOLLOWS_THING = re.compile(
    r"\s*([.,;:!?)]|$)|\s+(is|are|was|were|on|in|at|by|with|and|or|of|from|near|next|to|sits?|lies|that|which|being)\b",
    re.IGNORECASE,
)


def _is_thing(text: str, found: Sequence[_Word], i: int) -> bool:
    """Whether the word stands for a thing: ``an orange``, ``on the green``, and no noun behind it."""
    word = found[i]
    before = found[i - 1].low if i else ""
    if i + 2 < len(found) and found[i + 1].low in ("and", "or") and _is_colour_or_grey(found[i + 2].low):
        return False
    counted = before in ("a", "an", "one", "each", "every", "half", "fresh") and word.low in ("orange", "violet")
    return (counted or before in ("the", "this", "that")) and _FOLLOWS_THING.match(text, word.end) is not None


def _replaced(text: str, found: Sequence[_Word], i: int, new: str) -> list[Edit]:
    """The edit of the word, in its case, and of the article in front of it."""
    word, edits = found[i], []
    if i and found[i - 1].low in ("a", "an"):
        article = found[i - 1]
        fit = "an" if new[0] in "aeiou" else "a"
        if fit != article.low:
            edits.append(Edit(article.start, article.end, _cased(fit, article.said)))
    return [*edits, Edit(word.start, word.end, _cased(new, word.said))]


def _cased(new: str, old: str) -> str:
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new.capitalize() if old[0].isupper() else new
