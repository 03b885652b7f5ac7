"""Maps of the plane applied to pixels: one resampling for a whole chain of steps.

Coordinates are those of ``core.plane`` (the centre of the first pixel is (0.5, 0.5)).
What needs no interpolation gets none: crops, mirrors and quarter turns keep every
value, so a picture mirrored twice is the picture. What one canvas of the chain cut
away stays cut away: there the fill of the step that read outside it is seen, the
later step first.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.plane import Homography, PlaneMap
from counterpoint.errors import AlignmentError
from counterpoint.signal.resample import bent, painted, projected, resized, within

__all__ = ["resized", "warp"]

Array = NDArray[Any]
Colour = tuple[float, ...]

_CLOSE = 1e-6  # px: nearer than this to a whole pixel is on it


def warp(array: Array, move: PlaneMap, nearest: bool = False, fill: float | None = None) -> Array:
    """``array`` ``(H, W[, C])`` after a map of its plane.

    Shrinking averages over the area that falls on a pixel, so it does not alias; other values are linear
    interpolations. The border of a cut-away region is sharp to one pixel.

    Args:
        array: bool, uint8, uint16, int16, int32 or floating point; floats of a picture lie in [0, 1].
        move: its ``size_in`` must be the size of the array.
        nearest: take the value of the nearest pixel and never mix two; always so for int32. A bool mask goes by the
            share of a pixel that it covers, which has no half-pixel error where a picture is halved.
        fill: of what lies outside, instead of the fill of each step.

    Returns:
        An array of the same type on the canvas ``move.size_out``; it may be a view of ``array`` if no value changes.

    Raises:
        AlignmentError: the array does not have the size that the map was drawn for.
    """
    if array.shape[1::-1] != move.size_in:
        raise AlignmentError(
            f"a map of plane {move.plane!r} drawn for {move.size_in[0]} x {move.size_in[1]} px was given "
            f"{array.shape[1]} x {array.shape[0]} px. All rasters of one plane must have one size: resize them, "
            "or name another plane."
        )
    channels = 0 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        some = [warp(array[..., i : i + 4], move, nearest, fill) for i in range(0, channels, 4)]
        return np.concatenate(some, 2)
    if channels == 1:
        return warp(array[..., 0], move, nearest, fill)[..., None]
    if array.dtype == bool:
        if _keeps_values(move):
            return _warped(array.view(np.uint8), move, True, fill or 0).view(bool)
        return _covered(warp(array.view(np.uint8) * np.uint8(255), move, False, 255 * (fill or 0)))
    return _warped(array, move, nearest or array.dtype == np.int32, fill)


def _keeps_values(move: PlaneMap) -> bool:
    """Whether it only crops, mirrors, turns by quarters and pads."""
    total = _total(move) if move.steps else None
    plan = None if total is None else _plan(total, *move.size_in, move.size_out)
    return plan is not None and all(s.stop - s.start == s.high - s.low for s in (plan.across, plan.down))


def _covered(share: Array) -> Array:
    """Where a mask covers at least half of a pixel (255 = all of it).

    Of a mask that nowhere covers half, as of a thin pole in a much smaller picture, stays where it covers most, so that
    shrinking kills no instance; below a sixteenth of one pixel nothing is left.
    """
    peak = share.max((0, 1), initial=0, keepdims=True)
    return (share >= np.where(peak < 128, np.maximum(peak // 2, 16), 128)) & (share > 0)


def _warped(array: Array, move: PlaneMap, nearest: bool, fill: float | None) -> Array:
    steps = move.steps
    if not steps:
        return array
    total = _total(move)
    if total is None:
        return bent(array, move, nearest, [_colour(array, s.fill, fill) for s in steps])
    base, cuts = _colour(array, steps[0].fill, fill), list[Cut]()
    if len(steps) > 1:
        base, cuts = _cuts(move, [_colour(array, s.fill, fill) for s in steps])
    plan = _plan(total, *move.size_in, move.size_out)
    if plan is None:
        out = projected(array, total, move.size_out, nearest, base)
    else:
        out = _unmixed(array, plan, move.size_out, nearest, base)
    if cuts and np.may_share_memory(out, array):
        out = out.copy()
    for colour, some in groupby(cuts, key=lambda cut: cut[2]):
        out = painted(out, within([(back, size) for back, size, _ in some], move.size_out), colour)
    return out


def _total(move: PlaneMap) -> tuple[float, ...] | None:
    """The 3 x 3 matrix of the chain, or None with a bend in it. Numbers, not arrays: a mirror takes 0.1 ms in all."""
    if len(move.steps) == 1:
        first = move.steps[0].map
        return first.matrix if isinstance(first, Homography) else None
    matrix = move.matrix
    return None if matrix is None else tuple(matrix.ravel().tolist())


def _colour(array: Array, fill: tuple[int, int, int], override: float | None) -> Colour:
    if override is not None:
        return (override,) * 4
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 1 and len(set(fill)) > 1:
        fill = (round(0.299 * fill[0] + 0.587 * fill[1] + 0.114 * fill[2]),) * 3
    return (*fill, 255) if array.dtype.kind != "f" else (fill[0] / 255, fill[1] / 255, fill[2] / 255, 1.0)


class _Span(NamedTuple):
    """Whole pixels [start, stop) of the input that fill whole pixels [low, high) of the output."""

    start: int
    stop: int
    low: int
    high: int
    turned: bool


def _span(scale: float, shift: float, count: int, canvas: int) -> _Span | None:
    """What ``x -> scale * x + shift`` does to an axis of ``count`` pixels; None if it cuts a pixel."""
    ends = (shift, scale * count + shift)
    low, high = max(0.0, min(ends)), min(float(canvas), max(ends))
    if high <= low:
        return _Span(0, 0, 0, 0, False)
    a, b = (low - shift) / scale, (high - shift) / scale
    found = _Span(round(min(a, b)), round(max(a, b)), round(low), round(high), scale < 0)
    off = abs(min(a, b) - found.start), abs(max(a, b) - found.stop), abs(low - found.low), abs(high - found.high)
    return found if max(off) <= _CLOSE else None


class _Plan(NamedTuple):
    across: _Span
    down: _Span
    swapped: bool


@lru_cache(maxsize=4096)
def _plan(m: tuple[float, ...], width: int, height: int, size: tuple[int, int]) -> _Plan | None:
    """How whole pixels become whole pixels, or None if some pixel is cut."""
    a, b, c, d, e, f, g, h, i = m
    if g or h:
        return None
    if i != 1.0:
        a, b, c, d, e, f = a / i, b / i, c / i, d / i, e / i, f / i
    swapped = abs(a) * width < _CLOSE and abs(e) * height < _CLOSE
    if not swapped and (abs(b) * height > _CLOSE or abs(d) * width > _CLOSE):
        return None
    across = _span(d, f, width, size[1]) if swapped else _span(a, c, width, size[0])
    down = _span(b, c, height, size[0]) if swapped else _span(e, f, height, size[1])
    return None if across is None or down is None else _Plan(across, down, swapped)


def _unmixed(array: Array, plan: _Plan, size: tuple[int, int], nearest: bool, base: Colour) -> Array:
    """Crops, mirrors, quarter turns and pads without touching a value, and resizes of whole pixels."""
    across, down, swapped = plan
    piece = array
    if piece.shape[:2] != (down.stop - down.start, across.stop - across.start):
        piece = array[down.start : down.stop, across.start : across.stop]
    if piece.size:
        piece = resized(piece, (across.high - across.low, down.high - down.low), nearest)
        piece = _turned(piece, across.turned, down.turned, swapped)
        if swapped:
            across, down = down, across
        if piece.shape[1::-1] == size:
            # A large crop stays a view; a small one must not keep a large picture in memory.
            small = 2 * piece.size < array.size and np.may_share_memory(piece, array)
            return piece.copy() if small else piece
    colour = base if array.ndim == 2 else base[: array.shape[2]]
    if not piece.size:
        return np.full((size[1], size[0], *array.shape[2:]), colour[0] if array.ndim == 2 else colour, array.dtype)
    edges = (down.low, size[1] - down.high, across.low, size[0] - across.high)
    return cv2.copyMakeBorder(piece, *edges, cv2.BORDER_CONSTANT, value=colour)


def _turned(piece: Array, across: bool, down: bool, swapped: bool) -> Array:
    """Mirrored along the axes that ask for it, then transposed."""
    if swapped and across != down:
        return cv2.rotate(piece, cv2.ROTATE_90_COUNTERCLOCKWISE if across else cv2.ROTATE_90_CLOCKWISE)
    if across or down:
        piece = cv2.flip(piece, -1 if across and down else int(across))
    return cv2.transpose(piece) if swapped else piece


Cut = tuple[NDArray[Any], tuple[int, int], Colour]


def _cuts(move: PlaneMap, colours: list[Colour]) -> tuple[Colour, list[Cut]]:
    """The colour outside the first canvas, and the canvases on the way that cut something away that would be seen.

    A cut is (matrix from the output back to that canvas, its size, colour of what lies outside).
    """
    base, cuts, seen, whole = colours[0], list[Cut](), {colours[0]}, True
    there = [np.eye(3)]
    for step in move.steps:
        there.append(step.map.array @ there[-1])  # type: ignore[union-attr]  # a chain with a matrix has only these
    on_the_way = np.stack(there[1:-1])
    backs = on_the_way @ np.linalg.inv(there[-1])
    images, shown = _corners(on_the_way, move.size_in), _corners(backs, move.size_out)
    sizes = np.array([step.size for step in move.steps[:-1]], float)[:, None]
    held = np.logical_and.reduce((images >= 0) & (images <= sizes), (1, 2))
    seen_whole = np.logical_and.reduce((shown >= 0) & (shown <= sizes), (1, 2))
    for i, (step, colour) in enumerate(zip(move.steps[:-1], colours[1:], strict=True)):
        holds = bool(held[i])
        whole = whole and holds and _fills(images[i], step.size)
        if seen_whole[i]:
            continue
        if whole:
            base = colour
        elif not (holds and seen == {colour}):
            cuts.append((backs[i], step.size, colour))
        seen.add(colour)
    return base, cuts


def _corners(matrices: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Where the corners of a canvas land under each matrix, ``(N, 4, 2)``; NaN if the horizon lies between them."""
    w, h = size
    out = np.array([[0, 0, 1], [w, 0, 1], [w, h, 1], [0, h, 1]], float) @ matrices.transpose(0, 2, 1)
    ahead = (out[..., 2] > 0).all(1)
    out[~ahead] = np.nan
    return np.round(out[..., :2] / out[..., 2:], 6)


def _fills(image: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Whether four corners are those of a canvas, in any order."""
    w, h = size
    return {(round(x, 6) + 0.0, round(y, 6) + 0.0) for x, y in image.tolist()} == {
        (0.0, 0.0),
        (w, 0.0),
        (w, h),
        (0.0, h),
    }
