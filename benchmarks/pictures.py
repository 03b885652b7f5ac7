"""Pictures to measure with, made from numbers alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def photograph(size: int = 512, seed: int = 0) -> NDArray[np.uint8]:
    """(size, size, 3) uint8 with the spectrum of a photograph: about 70 kB as a JPEG of quality 90 at 512."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size, size, 3), np.float32)
    for octave in range(2, 9):
        n = 2**octave
        coarse = rng.normal(size=(n, n, 3)).astype(np.float32) / n**0.8
        total += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    low, high = np.percentile(total, [1, 99])
    return np.clip((total - low) / (high - low) * 255, 0, 255).astype(np.uint8)
