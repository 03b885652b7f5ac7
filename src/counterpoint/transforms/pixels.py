"""What every change of pixel values shares. Pixels are uint8 ``(H, W, C)``, RGB or grey, and keep their shape.

Each part with pixels gets the same drawn parameters and a random stream of its
own, so two cameras share the light but not the noise. All frames of a film share
the parameters too; only noise differs from frame to frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.appearance import Appearance
from counterpoint.core.contracts import Change
from counterpoint.core.keys import Key
from counterpoint.core.meaning import ColourShift
from counterpoint.core.sample import Sample
from counterpoint.errors import UnknownNameError

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float64]
"""What each of the values 0 to 255 becomes, ``(256,)``."""


def painted(
    step: Any, sample: Sample, key: Key, params: Mapping[str, Any], hue: float = 0.0, grey: bool = False
) -> Change | None:
    """The change of the chosen parts with pixels; None where there is none.

    Args:
        step: transform with a field ``parts``; all parts with pixels are chosen if it is empty.
        key: names the streams; each part has its own.
        params: what was drawn, as ``render`` takes it.
        hue: turn on the hue circle, rad; with ``grey`` it says which words about the planes no longer hold.

    Raises:
        UnknownNameError: the sample has no part with pixels of that name.
    """
    able = sample.having("pixels")
    for name in step.parts:
        if name not in able:
            raise UnknownNameError(f"part with pixels in sample {sample.key!r}", name, able)
    parts = list(step.parts) or able
    if not parts:
        return None
    name = type(step).__name__
    looks = [Appearance.of(name, "pixels", params, key.at(part), part) for part in parts]
    planes = dict.fromkeys(sample.plane(part) for part in parts) if hue or grey else {}
    return Change(name, (*looks, *(ColourShift(p, hue, grey) for p in planes if p is not None)))


def named(step: Any) -> None:
    """Let ``parts`` be one name or a list of names."""
    object.__setattr__(step, "parts", (step.parts,) if isinstance(step.parts, str) else tuple(step.parts))


def looked_up(values: Pixels, levels: Levels) -> Pixels:
    """Every value replaced by its entry in 256 levels, rounded and cut to 0 to 255; one pass."""
    slope, base = float(levels[1] - levels[0]), float(levels[0])
    if np.abs(levels - (slope * LEVELS + base)).max() < 1e-9:
        return scaled(values, slope, base)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return like(cv2.LUT(values, table), values)


def scaled(values: Pixels, factor: float, shift: float) -> Pixels:
    """``factor`` x value + ``shift``, rounded and cut to 0 to 255; one pass, twice as fast as a table."""
    if shift >= 0:  # OpenCV takes the absolute value here, so nothing may become negative
        return like(cv2.convertScaleAbs(values, alpha=factor, beta=shift), values)
    return like(cv2.addWeighted(values, factor, values, 0, shift), values)


def like(out: Any, values: Pixels) -> Pixels:
    """OpenCV's answer with the trailing axis that it drops from grey pixels."""
    return out.reshape(values.shape)


LEVELS: Levels = np.arange(256, dtype=float)
