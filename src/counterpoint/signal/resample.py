"""Interpolation: pixels of the output looked up where a map says that they were.

OpenCV places pixel centres at whole numbers; here they lie at halves, so every
matrix and every coordinate is shifted by 0.5 at its border and nowhere else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.plane import Bend, Homography, PlaneMap

Array = NDArray[Any]
Matrix = NDArray[Any]
Colour = tuple[float, ...]
Window = tuple[int, int, int, int]

LIMIT = 32000
"""px: OpenCV looks up no coordinate above 32767; larger pictures are done in tiles."""
_TILE = 1 << 23  # px of one tile of a bend: its coordinates take 64 MB
_KEPT = 1 << 21  # px: coordinates of larger outputs are not kept for the next raster
_SHRINK = 1.5  # from this factor on, pixels are averaged before they are looked up


def resized(array: Array, size: tuple[int, int], nearest: bool = False) -> Array:
    """``array`` ``(H, W[, C])`` on a canvas of another size (width, height), edge to edge.

    An axis that shrinks is averaged over whole pixels as often as they fit; what then remains of the factor, at most
    1.5, is interpolated linearly, and averaged over parts of pixels above that. An axis that grows is interpolated.
    """
    height, width = array.shape[:2]
    if (width, height) == size:
        return array
    if nearest:
        values = array.view(np.uint8) if array.dtype == bool else array
        out = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT).view(array.dtype)
    else:
        out = _smooth(array, width, height, size)
    return out if out.ndim == array.ndim else out[..., None]


def _smooth(array: Array, width: int, height: int, size: tuple[int, int]) -> Array:
    fx, fy = max(width / size[0], 1.0), max(height / size[1], 1.0)
    if fx > _SHRINK or fy > _SHRINK:
        # Averages over whole pixels are ten times faster than over parts of them.
        kx, ky = int(fx), int(fy)
        whole = width % kx == 0 and height % ky == 0 and fx <= _SHRINK * kx and fy <= _SHRINK * ky
        small = (width // kx, height // ky) if whole else (round(width / fx), round(height / fy))
        array = cv2.resize(array, small, interpolation=cv2.INTER_AREA)
        if small == size:
            return array
    return cv2.resize(array, size, interpolation=cv2.INTER_LINEAR)


Nine = tuple[float, ...]
"""A 3 x 3 matrix row by row: at this size, numbers are ten times faster than arrays."""


def projected(array: Array, matrix: Nine, size: tuple[int, int], nearest: bool, colour: Colour) -> Array:
    """``array`` under a 3 x 3 ``matrix`` (input to output) on a canvas ``size``."""
    back = inverse(matrix)
    g, h, i = back[6:]
    affine = g == 0 and h == 0
    if not nearest:
        factors = _factors(back[0] / i, back[1] / i, back[3] / i, back[4] / i) if affine else _middling(back, size)
        if factors != (1.0, 1.0):
            window = _seen(back, size, array, 2 * max(factors))
            array, back = _shrunk(array, back, window, factors)
    out = _looked_up(array, back, size, nearest, colour)
    if not affine and min(i, g * size[0] + i, h * size[1] + i, g * size[0] + h * size[1] + i) <= 0:
        out = painted(out, _rows([np.array(back[6:])], size), colour)
    return out


def inverse(m: Nine) -> Nine:
    """The inverse of a 3 x 3 matrix by its adjugate; that of an affine map is exactly affine."""
    a, b, c, d, e, f, g, h, i = m
    p, q, r = e * i - f * h, f * g - d * i, d * h - e * g
    det = a * p + b * q + c * r
    adjugate = (p, c * h - b * i, b * f - c * e, q, a * i - c * g, c * d - a * f, r, b * g - a * h, a * e - b * d)
    return tuple(v / det for v in adjugate)


def within(others: list[tuple[Matrix, tuple[int, int]]], canvas: tuple[int, int]) -> NDArray[np.bool_]:
    """``(H, W)`` of ``canvas``: whether each matrix puts the centre of a pixel onto the canvas of its size."""
    lines = []
    for (x, y, z), (w, h) in others:
        lines += [x, w * z - x, y, h * z - y, z]
    return _rows(lines, canvas)


def _rows(lines: list[NDArray[np.float64]], canvas: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centres lie on the positive side of every line ``a x + b y + c >= 0``: one interval a row."""
    width, height = canvas
    ys = np.arange(height) + 0.5
    low, high = np.zeros(height), np.full(height, float(width))
    for a, b, c in lines:
        rest = b * ys + c + 1e-7 * (abs(a) + abs(b))
        if abs(a) * width < 1e-12:
            high[rest < 0] = -1
        elif a > 0:
            low = np.maximum(low, -rest / a)
        else:
            high = np.minimum(high, -rest / a)
    # Compared as 16-bit numbers of pixels: eight times as many at once as 64-bit coordinates.
    kind: type[np.int16] | type[np.int32] = np.int16 if width < 32000 else np.int32
    first: Array = np.clip(np.ceil(low - 0.5), 0, width).astype(kind)
    last: Array = np.clip(np.floor(high - 0.5), -1, width).astype(kind)
    xs: Array = np.arange(width, dtype=kind)
    return (xs >= first[:, None]) & (xs <= last[:, None])


def painted(array: Array, kept: NDArray[np.bool_], colour: Colour) -> Array:
    """``array`` with a colour wherever ``kept`` ``(H, W)`` is false."""
    shown = colour[: 1 if array.ndim == 2 else array.shape[2]]
    if array.dtype == np.uint8 and not any(shown):
        return cv2.bitwise_and(array, array, mask=kept.view(np.uint8)).reshape(array.shape)
    if not kept.all():
        array[~kept] = shown
    return array


def _looked_up(array: Array, back: Nine, size: tuple[int, int], nearest: bool, colour: Colour) -> Array:
    width, height = size
    x0, y0, x1, y1 = _seen(back, size, array, 2.0)
    if x1 <= x0 or y1 <= y0:
        shown = colour[: 1 if array.ndim == 2 else array.shape[2]]
        return np.full((height, width, *array.shape[2:]), shown, array.dtype)
    if max(x1 - x0, y1 - y0, width, height) > LIMIT and width * height > 1:
        return _halved(array, back, size, nearest, colour)
    index = _between_centres(back, x0, y0)
    flags = (cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    source = array[y0:y1, x0:x1]
    if back[6] == 0 and back[7] == 0:
        return cv2.warpAffine(source, index[:2] / index[2, 2], size, flags=flags, borderValue=colour)
    return cv2.warpPerspective(source, index, size, flags=flags, borderValue=colour)


def _halved(array: Array, back: Nine, size: tuple[int, int], nearest: bool, colour: Colour) -> Array:
    width, height = size
    a, b, c, d, e, f, g, h, i = back
    if height > width:
        y = height // 2
        first, later = (width, y), (width, height - y)
        shifted = (a, b, b * y + c, d, e, e * y + f, g, h, h * y + i)
    else:
        x = width // 2
        first, later = (x, height), (width - x, height)
        shifted = (a, b, a * x + c, d, e, d * x + f, g, h, g * x + i)
    parts = [_looked_up(array, m, s, nearest, colour) for m, s in ((back, first), (shifted, later))]
    return np.concatenate(parts, int(height <= width))


def _between_centres(back: Nine, x0: int, y0: int) -> Matrix:
    """``back`` from whole numbers at pixel centres of the output to those of the input without its first pixels."""
    a, b, c, d, e, f, g, h, i = back
    c, f, i = c + (a + b) / 2, f + (d + e) / 2, i + (g + h) / 2
    x, y = x0 + 0.5, y0 + 0.5
    return np.array(
        ((a - x * g, b - x * h, c - x * i), (d - y * g, e - y * h, f - y * i), (g, h, i)),
    )


def _seen(back: Nine, size: tuple[int, int], array: Array, margin: float) -> Window:
    """The window (x0, y0, x1, y1) of ``array`` that an output of ``size`` can see."""
    height, width = array.shape[:2]
    a, b, c, d, e, f, g, h, i = back
    xs, ys = [], []
    for u, v in ((0, 0), (size[0], 0), size, (0, size[1])):
        z = g * u + h * v + i
        if z <= 1e-9:
            return 0, 0, width, height
        xs.append((a * u + b * v + c) / z)
        ys.append((d * u + e * v + f) / z)
    x0, y0 = max(int(min(xs) - margin - 1), 0), max(int(min(ys) - margin - 1), 0)
    return x0, y0, min(int(max(xs) + margin + 1), width), min(int(max(ys) + margin + 1), height)


def _factors(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """By how much to shrink each axis of the input so that one step of the output is about one pixel of it.

    ``a, b, c, d`` is d input / d output, row by row. The area that is averaged is never larger than what falls on a
    pixel, so a map that shrinks one slanted direction does not blur the other.
    """
    fx, fy = max((a * a + b * b) ** 0.5, 1.0), max((c * c + d * d) ** 0.5, 1.0)
    excess = (fx * fy / max(abs(a * d - b * c), 1.0)) ** 0.5
    if excess > 1:
        fx, fy = max(fx / excess, 1.0), max(fy / excess, 1.0)
    return (fx if fx > _SHRINK else 1.0, fy if fy > _SHRINK else 1.0)


_PLACES = ((0.5, 0.5), (0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))


def _middling(back: Nine, size: tuple[int, int]) -> tuple[float, float]:
    """``_factors`` of a projective map at the median of five places of the output."""
    a, b, c, d, e, f, g, h, i = back
    each = []
    for u, v in _PLACES:
        x, y = u * size[0], v * size[1]
        z = g * x + h * y + i or 1e-9
        p, q = (a * x + b * y + c) / z, (d * x + e * y + f) / z
        each.append(_factors((a - p * g) / z, (b - p * h) / z, (d - q * g) / z, (e - q * h) / z))
    return sorted(fx for fx, _ in each)[2], sorted(fy for _, fy in each)[2]


def _footprint(move: PlaneMap) -> tuple[float, float]:
    """``_factors`` of any map at the median of five places of the output."""
    at = np.array(_PLACES) * move.size_out
    here, right, below = move.backward(at + np.array([[[0, 0]], [[0.5, 0]], [[0, 0.5]]]))
    jacobians = np.stack([(right - here) / 0.5, (below - here) / 0.5], -1).reshape(-1, 4)
    fx, fy = np.median([_factors(*j) for j in jacobians.tolist()], 0).tolist()
    return fx, fy


def _shrunk(array: Array, back: Nine, window: Window, factors: tuple[float, float]) -> tuple[Array, Nine]:
    """The window averaged down by about ``factors``, and ``back`` onto it."""
    x0, y0, x1, y1 = window
    if x1 <= x0 or y1 <= y0:
        return array, back
    height, width = array.shape[:2]
    # Averages over whole pixels are ten times faster than over parts of them; the window may grow a little for that.
    (x0, x1, kx), (y0, y1, ky) = _whole(x0, x1, width, factors[0]), _whole(y0, y1, height, factors[1])
    w, h = x1 - x0, y1 - y0
    small = cv2.resize(array[y0:y1, x0:x1], (round(w / kx), round(h / ky)), interpolation=cv2.INTER_AREA)
    small = small if small.ndim == array.ndim else small[..., None]
    fx, fy = small.shape[1] / w, small.shape[0] / h
    rows = (
        [(back[k] - x0 * back[6 + k]) * fx for k in range(3)],
        [(back[3 + k] - y0 * back[6 + k]) * fy for k in range(3)],
    )
    return small, (*rows[0], *rows[1], *back[6:])


def _whole(start: int, stop: int, length: int, factor: float) -> tuple[int, int, float]:
    """The window [start, stop) grown to a multiple of the nearest whole factor, and that factor.

    Where the axis is too short for that, the window and about the factor itself, so that it divides into whole pixels.
    """
    whole = round(factor)
    need = -(-(stop - start) // whole) * whole
    if need <= length:
        start = max(0, min(start, length - need))
        return start, start + need, whole
    return start, stop, (stop - start) / max(round((stop - start) / factor), 1)


def bent(array: Array, move: PlaneMap, nearest: bool, colours: list[Colour]) -> Array:
    """``array`` under a chain with bends: every pixel of the output is followed backwards through the steps."""
    width, height = move.size_out
    source, scale = array, (1.0, 1.0)
    if not nearest:
        factors = _footprint(move)
        small = (max(round(array.shape[1] / factors[0]), 1), max(round(array.shape[0] / factors[1]), 1))
        source = resized(array, small)
        scale = (source.shape[1] / array.shape[1], source.shape[0] / array.shape[0])
    out = np.empty((height, width, *array.shape[2:]), array.dtype)
    columns = min(width, LIMIT)
    rows = min(max(_TILE // columns, 1), LIMIT)
    for y in range(0, height, rows):
        for x in range(0, width, columns):
            window = (x, y, min(x + columns, width), min(y + rows, height))
            at, outside = (_kept if width * height <= _KEPT else _followed)(move, window)
            if scale != (1.0, 1.0):
                at = (at[0] * np.float32(scale[0]), at[1] * np.float32(scale[1]))
            tile = _remapped(source, at, nearest, colours[0])
            for i in range(1, len(colours)) if outside is not None else ():
                tile[outside == i] = colours[i][: 1 if tile.ndim == 2 else tile.shape[2]]
            out[y : y + rows, x : x + columns] = tile
    return out


Coordinates = tuple[NDArray[np.float32], NDArray[np.float32]]


def _followed(move: PlaneMap, window: Window) -> tuple[Coordinates, NDArray[np.uint8] | None]:
    """Where the pixels of a window of the output were, and the step that read outside its canvas (0: none did)."""
    grid: tuple[Matrix, Matrix] | None = (np.arange(window[0], window[2]) + 0.5, np.arange(window[1], window[3]) + 0.5)
    at: Coordinates = (np.empty(0, np.float32), np.empty(0, np.float32))
    outside: NDArray[np.uint8] | None = None
    for i in range(len(move.steps) - 1, -1, -1):
        step = move.steps[i].map
        if isinstance(step, Homography):
            back = np.array(inverse(step.matrix)).reshape(3, 3)
            back = back / back[2, 2]
            if grid is not None and not (back[[0, 1, 2, 2], [1, 0, 0, 1]]).any():
                grid = (grid[0] * back[0, 0] + back[0, 2], grid[1] * back[1, 1] + back[1, 2])
            else:
                at, grid = _dense(back, at if grid is None else grid), None
        else:
            at, grid = _shifted(step, at, grid), None
        if i and grid is None:
            outside = _noted(outside, at, move.steps[i - 1].size, i)
        elif i and grid is not None:
            full = np.meshgrid(*(g.astype(np.float32) for g in grid))
            outside = _noted(outside, (full[0], full[1]), move.steps[i - 1].size, i)
    return at, outside


_kept = lru_cache(maxsize=2)(_followed)
"""Frames of a film and masks of a picture follow one map; the coordinates are worked out once for all of them."""


def _noted(outside: NDArray[np.uint8] | None, at: Coordinates, size: tuple[int, int], step: int) -> Any:
    x, y = at
    slack = 1e-3  # px: float32 coordinates of a canvas edge
    low, high = min(x.min(), y.min()), max(float(x.max()) - size[0], float(y.max()) - size[1])
    if low >= -slack and high <= slack:
        return outside
    cut = (x < -slack) | (x > size[0] + slack) | (y < -slack) | (y > size[1] + slack)
    if outside is None:
        outside = np.zeros(x.shape, np.uint8)
    outside[cut & (outside == 0)] = step
    return outside


def _dense(back: Matrix, at: tuple[Array, Array]) -> Coordinates:
    x, y = at
    if x.ndim == 1:
        x, y = x[None], y[:, None]
    rows = [x * a + (y * b + c) for a, b, c in back.tolist()]
    if not back[2, :2].any():
        return rows[0].astype(np.float32, copy=False), rows[1].astype(np.float32, copy=False)
    return (rows[0] / rows[2]).astype(np.float32), (rows[1] / rows[2]).astype(np.float32)


@lru_cache(maxsize=2)
def _table(bend: Bend) -> tuple[Array, tuple[float, float, float, float]]:
    """The backward displacements ``(h, w, 2)`` of a bend, and the place of the first cell and the size of a cell.

    Cells are 1 px, or 2 px where the map must be solved, but at most 1024 a side: between them the spline is smooth.
    The table reaches beyond the canvas until the displacement no longer changes outwards, so its edge may be repeated.
    """
    reach = max(map(abs, (*bend.dx, *bend.dy)), default=0.0) if bend.inverted else 0.0
    (xs, x0, w), (ys, y0, h) = (_places(v, 2 if bend.inverted else 1, reach) for v in (bend.width, bend.height))
    if bend.inverted:
        at = np.stack(np.meshgrid(xs, ys), -1)
        values = (bend.backward(at) - at).astype(np.float32)
    else:
        down, across = bend.separable(xs, ys)
        values = cv2.merge([_product(d, across) for d in down])
    return values, (x0, y0, w, h)


def _places(length: float, spacing: int, reach: float) -> tuple[Matrix, float, float]:
    cell = length / min(max(np.ceil(length / spacing), 1), 1024)
    beyond = int(np.ceil(reach / cell)) + 1
    places = np.arange(-beyond, round(length / cell) + beyond + 1) * cell
    return places, -beyond * cell, cell


def _shifted(bend: Bend, at: Coordinates, grid: tuple[Matrix, Matrix] | None) -> Coordinates:
    if grid is not None and not bend.inverted:
        (dx, dy), across = bend.separable(*grid)
        ones = [np.ones(len(v)) for v in grid]
        x = _product(np.column_stack([dx, ones[1]]), np.vstack([across, grid[0]]))
        return x, _product(np.column_stack([dy, grid[1]]), np.vstack([across, ones[0]]))
    if grid is not None:
        full = np.meshgrid(*(g.astype(np.float32) for g in grid))
        at = (full[0], full[1])
    values, (x0, y0, w, h) = _table(bend)
    x, y = (at[0] - np.float32(x0)) * np.float32(1 / w), (at[1] - np.float32(y0)) * np.float32(1 / h)
    moved = cv2.remap(values, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    return at[0] + moved[..., 0], at[1] + moved[..., 1]


def _product(down: Matrix, across: Matrix) -> NDArray[np.float32]:
    """A matrix product in single precision; OpenCV's, because numpy's waits for threads longer than it computes."""
    return cv2.gemm(down.astype(np.float32), across.astype(np.float32), 1.0, None, 0.0)


def _remapped(source: Array, at: Coordinates, nearest: bool, colour: Colour) -> Array:
    x, y = at
    margin, (height, width) = 2, source.shape[:2]
    x0, y0 = (int(min(max(np.floor(v.min()) - margin, 0), n)) for v, n in ((x, width), (y, height)))
    x1, y1 = (int(max(min(np.ceil(v.max()) + margin, n), 0)) for v, n in ((x, width), (y, height)))
    if x1 <= x0 or y1 <= y0:
        return np.full(
            (*x.shape, *source.shape[2:]), colour[: 1 if source.ndim == 2 else source.shape[2]], source.dtype
        )
    if max(x1 - x0, y1 - y0) > LIMIT and x.size > 1:
        axis = int(x.shape[1] >= x.shape[0])
        halves = zip(np.array_split(x, 2, axis), np.array_split(y, 2, axis), strict=True)
        return np.concatenate([_remapped(source, half, nearest, colour) for half in halves], axis)
    flags = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    piece = source[y0:y1, x0:x1]
    return cv2.remap(
        piece, x - np.float32(x0 + 0.5), y - np.float32(y0 + 0.5), flags, None, cv2.BORDER_CONSTANT, colour
    )
