"""Sentences under a mirror: what was left is right, and "he left, right?" stays as it is.

``side_rules.RULES`` decides for every word that may be a side, first match first: it is a
side (*swap*), it is something else (*keep*), or nobody can tell (*refuse*). What no rule
knows is refused, and so is a text whose swap would not read back as itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from counterpoint.core.language import Range, apply_edits, quoted, touches
from counterpoint.core.meaning import Edit, swapped_name
from counterpoint.core.side_rules import RULES, WORDS, Verdict, is_place

_CANDIDATE = re.compile(
    r"[A-Za-z]*(?:left|right|clockwise|starboard)[A-Za-z]*|\b(?:port|rml|lml)\b|\b(?:RUL|LUL|RLL|LLL)\b"
    r"|\b[LR]\b|\b[LR]t\b",
    re.IGNORECASE | re.ASCII,
)
_WRITING = re.compile(
    r"\b(says?|saying|said|reads?|reading|written|writing|labell?ed|spell(s|ed|ing)?|spelt|letter(s|ed|ing)?|words?|text|"
    r"signs?|print(ed)?|inscri\w+|titled?|logo|brand|caption|marked|engraved|stamped|painted|number(ed)?)\b",
    re.IGNORECASE,
)
_SIGN = re.compile(
    r"\b(signs?|shirts?|banners?|labels?|posters?|logos?|boards?|plates?|billboards?|text|lettering|writing|caption|it|"
    r"(which|that))\s+(that\s+|which\s+)?(says|reads|saying|reading|spells|spelling)\b(?! (a|an|the|his|her|their) )"
    r"|\bthe\s+(words?|letters?)\s+[A-Z]|\b(what|does)\b.{0,60}\b(sign|text|label|banner|shirt|poster|plate)s?\s+(says?|reads?)\b",
    re.IGNORECASE,
)
_UPRIGHT = re.compile(
    r"\b(above|below|beneath|under|underneath|over|top|tops|topmost|bottom|upper|lower|up|upwards?|down|downwards?|"
    r"upright|upside|vertical(ly)?|horizontal(ly)?|diagonal(ly)?|standing|stands|lying|lies|tall|portrait|landscape|"
    r"higher|lowest|highest|overhead|hang(s|ing)?)\b",
    re.IGNORECASE,
)
_SHIP = re.compile(r"\bstarboard\b|\bport[\s-](side|bow|quarter|beam|tack|engine|hull|rail)|\bto port\b", re.IGNORECASE)
_IN_FRONT = re.compile(r"(left|right)\s+[A-Za-z]", re.IGNORECASE)
_BEHIND = re.compile(r"\b(\w+),?\s+(?:left|right)\Z", re.IGNORECASE)
_NO_SIDE = re.compile(
    r"(left|right)\s+(whales?|ascension|answers?|luggage|baggage|bags?|objects?|items?|things?|behind|alone|out|over|"
    r"away|on|off|in|at|the|an?|now|here|there|of|to|for|by|with)\b",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(r"anticlockwise|[rl]ml$|left(?!overs?$)|right(?!eous|ful|ly$|ed$|ing$|s$|ness$|o$)")
_OTHER = WORDS | {b: a for a, b in WORDS.items()}


def swap_sides(text: str, protected: Sequence[Range] = ()) -> tuple[Edit, ...] | str:
    """The edits that make a sentence true of the mirrored scene, or a reason why nobody can write them.

    Applying it to the edited text gives back the text, byte for byte.

    Args:
        text: English; letters and words of other languages are left as they are.
        protected: characters that must not be altered; a side among them is a reason to refuse.
    """
    if writing := shows_writing(text):
        return writing
    edits = _edits(text, protected)
    if isinstance(edits, str):
        return edits
    turned, _ = apply_edits(text, edits)
    back = _edits(turned, ())
    if isinstance(back, str) or apply_edits(turned, back)[0] != text:
        return f"{_around(text, edits[0].start)} would not read back as itself after two mirrors"
    return edits


def across(name: str) -> str | None:
    """A class of the other side; None if unclear.

    Identifiers swap word by word, phrases as sentences do. A class names a thing, so where the rules of sentences do
    not know the thing, a side in front of it ("Left Hippocampus") is a side, and so is one behind a part of a body,
    unless the two words together are something else ("right whale", "left luggage").
    """
    if not re.search(r"\s", name):
        return swapped_name(name)
    edits = swap_sides(name)
    if not isinstance(edits, str):
        return apply_edits(name, edits)[0]
    front, behind = _IN_FRONT.match(name), _BEHIND.search(name)
    if shows_writing(name) or len(_CANDIDATE.findall(name)) != 1:
        return None
    if (front and not _NO_SIDE.search(name)) or (behind and is_place(" " + behind[1], 0)):
        return swapped_name(name)
    return None


def tells_sides(text: str) -> bool:
    """Whether a word of the text is a side, or may be one."""
    return any(_verdict(text, m) != "keep" for m in _CANDIDATE.finditer(text))


def is_side_word(word: str) -> bool:
    """Whether one word by itself may name a side."""
    return word.lower() in _OTHER and not (len(word) == 1 and word.islower()) and word.lower() != "port"


def tells_directions(text: str) -> bool:
    """Whether the text says left, right, up or down of anything: untrue once the picture is turned on its side."""
    return tells_sides(text) or _UPRIGHT.search(text) is not None


def shows_writing(text: str) -> str | None:
    """A reason if the text tells of letters in the picture: a mirror would turn them."""
    marks = quoted(text)
    sign = _SIGN.search(text)
    if sign or (marks and _WRITING.search(text)):
        start = sign.start() if sign else marks[0][0]
        return f"it shows writing ({_around(text, start)}), which a mirror makes unreadable"
    return None


def _edits(text: str, protected: Sequence[Range]) -> tuple[Edit, ...] | str:
    edits: list[Edit] = []
    marks = quoted(text)
    for match in _CANDIDATE.finditer(text):
        verdict = _verdict(text, match)
        if verdict == "keep":
            continue
        where, said = match.span(), _around(text, match.start())
        if touches(where, marks):
            return f"{said} is a quotation, and what was said or written stays as it was"
        if touches(where, protected):
            return f"{match.group()!r} in {said} is protected"
        other = _other(match.group())
        if verdict == "refuse" or other is None:
            return f"nobody can tell whether {match.group()!r} in {said} is a side"
        edits.append(Edit(*where, other))
    return tuple(edits)


def _verdict(text: str, match: re.Match[str]) -> Verdict:
    token, (start, end) = match.group(), match.span()
    word = token.lower()
    if word in ("left", "right"):
        return next((rule.verdict for rule in RULES if rule.decides(text, start, end, word)), "refuse")
    if word in ("port", "starboard"):
        return "swap" if _SHIP.search(text) else "keep"
    if word in ("l", "r"):
        bracketed = text[start - 1 : start] == "(" and text[end : end + 1] == ")"
        return "swap" if token.isupper() and (bracketed or is_place(text, end)) else "keep"
    if word in ("lt", "rt"):
        return "keep" if token.isupper() or re.match(r"\.?\s+[A-Z][a-z]", text[end:]) else "refuse"
    if word in ("rul", "lul", "rll", "lll"):
        return "swap" if token.isupper() else "keep"
    if word == "clockwise":
        return "refuse" if text[:start].lower().endswith(("anti-", "counter-")) else "swap"
    if word in _OTHER or swapped_name(token) != token:
        return "swap"
    return "refuse" if _UNKNOWN.match(word) else "keep"


def _other(token: str) -> str | None:
    other = _OTHER.get(token.lower())
    if other is None:
        turned = swapped_name(token)
        return turned if turned != token else None
    if token.islower():
        return other
    if token.isupper():
        return other.upper()
    return other.capitalize() if token == token.capitalize() else None


def _around(text: str, at: int) -> str:
    start, end = max(at - 25, 0), min(at + 30, len(text))
    return repr(("…" if start else "") + text[start:end] + ("…" if end < len(text) else ""))
