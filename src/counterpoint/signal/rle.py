"""Run lengths of masks as COCO writes them: column by column, background first.

The compressed form is a string of 6-bit characters from ``'0'`` on: 5 bits a
character, the sixth says that more follow, numbers are signed, and from the third
on each is the difference to the one two places before (COCO mask API).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 1 << 28


def mask_of(segmentation: dict[str, Any]) -> NDArray[np.bool_]:
    """``(H, W)`` bool of ``{"size": [h, w], "counts": list or string}``.

    Raises:
        ValueError: the runs do not fill the size, or the size is beyond all reason.
    """
    height, width = (int(n) for n in segmentation["size"])
    counts = segmentation["counts"]
    runs = np.asarray(unpacked(counts) if isinstance(counts, str) else counts, np.int64)
    if height < 0 or width < 0 or height * width > MOST_PIXELS:
        raise ValueError(f"a mask of {height} x {width} pixels")
    if runs.min(initial=0) < 0 or runs.sum() != height * width:
        raise ValueError(f"run lengths fill {runs.sum()} of {height} x {width} pixels")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def runs_of(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """The compressed form of ``(H, W)`` bool."""
    flat = np.asarray(mask, bool).T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist() if flat.size else []
    if flat.size and flat[0]:
        runs = [0, *runs]
    return {"size": [int(mask.shape[0]), int(mask.shape[1])], "counts": packed(runs)}


def unpacked(text: str) -> list[int]:
    """Run lengths of the compressed form."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            if at >= len(text):
                raise ValueError("the run lengths end in the middle of a number")
            code = ord(text[at]) - 48
            if not 0 <= code < 64 or shift > 60:
                raise ValueError(f"{text[at]!r} is no character of run lengths")
            value |= (code & 31) << shift
            more, shift, at = bool(code & 32), shift + 5, at + 1
            if not more and code & 16:
                value |= -1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    return counts


def packed(counts: Sequence[int]) -> str:
    """The inverse of ``unpacked``."""
    out = []
    for i, count in enumerate(counts):
        value = count - (counts[i - 2] if i > 2 else 0)
        more = True
        while more:
            code = value & 31
            value >>= 5
            more = value != (-1 if code & 16 else 0)
            out.append(chr((code | 32 if more else code) + 48))
    return "".join(out)
