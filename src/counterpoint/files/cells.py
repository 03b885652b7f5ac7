"""Cells of a table to parts: which columns are words or labels, and what single values become."""

from __future__ import annotations

import json
from typing import Any

from counterpoint.core.contracts import Absent, Modality
from counterpoint.modalities.label import Label
from counterpoint.modalities.text import Text

LABELS = ("label", "labels", "class_name", "class", "category", "target")
_ROLES = {
    "caption": ("caption", "captions", "description", "text", "sentence", "prompt"),
    "transcript": ("transcript", "transcription"),
    "note": ("note", "notes", "report", "findings"),
    "question": ("question",),
    "answer": ("answer",),
}


def role_of(column: str, heard: bool) -> str:
    """Role of the words in a column of this name; empty if it is none of words.

    Args:
        heard: whether the sample has sound; ``text`` and ``sentence`` are then what is said in it.
    """
    name = column.lower()
    role = next((r for r, names in _ROLES.items() if name in names), "note" if name.endswith("_notes") else "")
    return "transcript" if heard and name in ("text", "sentence") else role


def cell_of(value: Any) -> Any:
    """A cell of a record: nested values are kept as JSON, NaN is missing."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return None if isinstance(value, float) and value != value else value
    return json.dumps(value, ensure_ascii=False, default=str)


def label_of(value: Any) -> Label:
    """A label from a name, a list of names, or names with scores."""
    if isinstance(value, dict):
        scores = tuple((str(n), float(s)) for n, s in value.items())
        return Label(scores, "soft" if abs(sum(s for _, s in scores) - 1) < 1e-6 else "multi")
    if isinstance(value, list):
        return Label(tuple((str(n), 1.0) for n in value), "multi")
    return Label.of(str(value).lower() if isinstance(value, bool) else str(value))


def text_of(value: Any, role: str) -> Modality:
    """Words in a role; absent where there are none."""
    if value is None:
        return Absent("text", "no text")
    return Text(value if isinstance(value, str) else str(cell_of(value)), role)  # type: ignore[arg-type]
