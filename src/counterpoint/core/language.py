"""Words with their places in a text, and edits that keep every place right.

Positions are characters, half-open. Edits never overlap and stand in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from counterpoint.core.meaning import Edit

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_QUOTED = re.compile(  # single quotes hold at most 200 characters, so that a text full of apostrophes stays cheap
    r"\"[^\"]*\"|“[^”]*”|«[^»]*»|‘[^‘’]{0,200}(?:’(?=\w)[^‘’]{0,200})*’|`[^`]*`"
    r"|(?<!\w)'(?!\s)[^']{0,200}(?:'(?=\w)[^']{0,200}){0,5}'(?!\w)"
)

Range = tuple[int, int]


def words(text: str) -> list[Range]:
    """Start and end of every word; an apostrophe inside belongs to it, a hyphen does not."""
    return [m.span() for m in _WORD.finditer(text)]


def quoted(text: str) -> list[Range]:
    """Start and end of every passage in quotation marks, the marks included."""
    return [m.span() for m in _QUOTED.finditer(text)]


def touches(where: Range, ranges: Iterable[Range]) -> bool:
    """Whether a character of ``where`` lies in one of the ranges."""
    return any(where[0] < end and start < where[1] for start, end in ranges)


def apply_edits(text: str, edits: Sequence[Edit], ranges: Sequence[Range] = ()) -> tuple[str, tuple[Range, ...]]:
    """The text after the edits, and where the given ranges are then.

    A range that covers a replaced passage covers the new one; what is put in at the edge of a
    range stays outside; a range whose characters are all gone is empty.
    """
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*pieces, text[at:]]), tuple(_shifted(r, edits) for r in ranges)


def _shifted(where: Range, edits: Sequence[Edit]) -> Range:
    start, end = (_moved(p, edits, is_end) for p, is_end in zip(where, (False, True), strict=True))
    return start, max(start, end)


def _moved(at: int, edits: Sequence[Edit], is_end: bool) -> int:
    grown = 0
    for edit in edits:
        if edit.start < at < edit.end:
            return edit.start + grown + (len(edit.new) if is_end else 0)
        if edit.end <= at and not (is_end and edit.start == at):
            grown += len(edit.new) - (edit.end - edit.start)
    return at + grown
