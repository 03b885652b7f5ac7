"""The weather in English descriptions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log

from counterpoint.core.language import quoted, touches
from counterpoint.core.meaning import Edit

_OF = {
    "fog": r"fog(?:gy|s)?|mist(?:y|s)?|haz[ey]|murky",
    "rain": r"rain(?:y|ing|s|ed|fall|drops?|storms?)?|drizzl(?:e|ing|y)|shower(?:s|y)?|downpours?|pouring",
    "snow": r"snow(?:y|ing|s|ed|fall|flakes?|storms?)?|blizzards?|sleet",
    "dust": r"dust(?:y|s)?|sandstorms?",
    "other": r"sun(?:ny|shine|light|lit|s|set|rise|beams?)?|clear|cloudless|bright|blue\s+sk(?:y|ies)|clouds?|cloudy|"
    r"overcast|weather|visib(?:le|ility)|shadows?|storm(?:s|y)?|thunder\w*|lightning|hail\w*|dry",
}
_WORDS = {kind: re.compile(rf"\b(?:{source})\b", re.IGNORECASE) for kind, source in _OF.items()}
_ENGLISH = re.compile(r"\b(?:a|an|the|in|on|of|with|and|is|are|at|to|two|near|by)\b", re.IGNORECASE)
_END = re.compile(r"[\s.!…]*$")


def weather_words(text: str) -> tuple[str, ...]:
    """Words of ``text`` that tell of weather or light, as they are written."""
    return tuple(m.group() for pattern in _WORDS.values() for m in pattern.finditer(text))


def phrase(kind: str, extinction: float, rate: float) -> str:
    """``in thick fog``, ``in heavy rain`` …: fog is thick below 60 m of sight; rain is heavy above 7.6 mm/h (AMS)."""
    if kind in ("rain", "snow"):
        much = "light " if rate < 2.5 else "heavy " if rate > 7.6 else ""
        return f"in {much}{'snowfall' if kind == 'snow' else 'rain'}"
    return f"in {'thick ' if extinction > log(20) / 60 else ''}{kind}"


def tell_weather(
    text: str, kind: str, extinction: float, rate: float, protected: Sequence[tuple[int, int]] = ()
) -> tuple[Edit, ...] | str:
    """Edits that make a caption tell of the weather, or why that cannot be done.

    A caption that names this weather already says it. One that names another, or light that it would not leave, is
    contradicted: nobody knows what else of it rests on that.
    """
    marks = quoted(text)
    named = {k: [m for m in p.finditer(text) if not touches(m.span(), marks)] for k, p in _WORDS.items()}
    against = [m.group() for k, found in named.items() if k != kind for m in found]
    if against:
        return f"it says {against[0]!r}, which {kind} contradicts"
    if named[kind]:
        return ()
    if not _ENGLISH.search(text) or not text.isascii():
        return "its language is not known to be English, so no word for the weather can be added"
    end = _END.search(text)
    at = end.start() if end else len(text)
    if any(start < at < stop for start, stop in protected):
        return "its last words are protected, so none can be added"
    return (Edit(at, at, f" {phrase(kind, extinction, rate)}"),)
