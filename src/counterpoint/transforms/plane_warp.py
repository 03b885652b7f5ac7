"""Turned, sheared and tilted planes.

Positive degrees turn counter-clockwise as the picture is seen. A camera that is
calibrated follows: a turned plane is a rolled camera. A turn of more than 45
degrees also changes what "left" and "above" mean, so the change carries
``Directions``, and a text that names directions on that plane refuses. What counts
is the turn since the sample was read: twice 40 degrees is 80.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Directions, Sides
from counterpoint.core.plane import PlaneMap
from counterpoint.core.ranges import Range, around, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.transforms.planes import Matrix, Size, about, chosen, colour, named

_ROUNDING = 1e-6
WORDS_BEAR = 45.0  # degrees; a direction word still points into its own quarter of the circle


@final
@dataclass(frozen=True)
class Rotate(Transform):
    """Turn every plane about its middle by one angle.

    Attributes:
        degrees: angle, counter-clockwise; a range is drawn uniformly.
        expand: widen the canvas so that every corner stays in; multiples of 90 degrees then copy pixels exactly.
        fill: grey level or (red, green, blue) of what the picture does not cover, 0 to 255.
        planes: names of the planes; all if empty.
    """

    degrees: Range = (-90.0, 90.0)
    expand: bool = False
    fill: int | tuple[int, int, int] = 0
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        checked(self, degrees=(-360, 360, "degrees"))
        _settled(self, "degrees")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        degrees = drawn(self.degrees, key.stream())

        def one(name: str, size: Size) -> PlaneMap:
            linear = turned(degrees)
            out = _around(linear, size) if self.expand else size
            return PlaneMap.of(name, size, about(linear, size, (out[0] / 2, out[1] / 2)), out, colour(self))

        return _turning(self, sample, degrees, one)

    @classmethod
    def at(cls, magnitude: float) -> Rotate:
        return cls((-30.0 * magnitude, 30.0 * magnitude))


@final
@dataclass(frozen=True)
class Affine(Transform):
    """Scale, shear, turn and shift every plane about its middle, in this order.

    Attributes:
        degrees: turn, counter-clockwise; one number ``d`` means (-d, d).
        translate: largest shift to each side, as a share of width and of height.
        scale: zoom; above 1 enlarges.
        shear: degrees by which uprights lean to the right; one number ``d`` means (-d, d).
        fill: grey level or (red, green, blue) of what the picture does not cover, 0 to 255.
        planes: names of the planes; all if empty.
    """

    degrees: Range = (-15.0, 15.0)
    translate: float = 0.1
    scale: Range = (0.8, 1.2)
    shear: Range = (-10.0, 10.0)
    fill: int | tuple[int, int, int] = 0
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        checked(self, degrees=(-360, 360, "degrees"), translate=(0, 1, "of the canvas"), scale=(0.01, 100, ""))
        checked(self, shear=(-80, 80, "degrees"))
        _settled(self, "degrees", "scale", "shear")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        degrees, scale, shear = (drawn(r, stream) for r in (around(self.degrees), self.scale, around(self.shear)))
        shift = stream.uniform(-self.translate, self.translate, 2)
        lean = np.array([[1.0, -math.tan(math.radians(shear))], [0.0, 1.0]])
        linear = turned(degrees) @ lean * scale

        def one(name: str, size: Size) -> PlaneMap:
            middle = ((0.5 + shift[0]) * size[0], (0.5 + shift[1]) * size[1])
            return PlaneMap.of(name, size, about(linear, size, middle), size, colour(self))

        return _turning(self, sample, degrees, one)

    @classmethod
    def at(cls, magnitude: float) -> Affine:
        zoom = 1 + 0.4 * magnitude
        return cls((-20.0 * magnitude, 20.0 * magnitude), 0.2 * magnitude, (1 / zoom, zoom), 15.0 * magnitude)


@final
@dataclass(frozen=True)
class Perspective(Transform):
    """Look at every plane from slightly aside: its four corners are drawn inwards and pulled back to the canvas.

    Each corner moves by the absolute value of a normal number along width and
    height, cut at 0.45 so that corners never meet.

    Attributes:
        scale: standard deviation of a corner's move, as a share of width and height; a range is drawn uniformly.
        planes: names of the planes; all if empty.
    """

    scale: Range = (0.05, 0.1)
    planes: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})

    def __post_init__(self) -> None:
        checked(self, scale=(0, 0.3, "of the canvas"))
        ordered(self, "scale")
        named(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        sigma = drawn(self.scale, stream)
        inwards = np.minimum(np.abs(stream.standard_normal((4, 2))) * sigma, 0.45)
        corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        share = projective(corners + inwards * np.where(corners > 0, -1, 1), corners)

        def one(name: str, size: Size) -> PlaneMap:
            unit = np.diag([size[0], size[1], 1.0])
            return PlaneMap.of(name, size, unit @ share @ np.linalg.inv(unit))

        return _turning(self, sample, 0.0, one)

    @classmethod
    def at(cls, magnitude: float) -> Perspective:
        return cls(0.12 * magnitude)


def turned(degrees: float) -> Matrix:
    """2 x 2 that turns counter-clockwise as seen (y points down); exact at multiples of 90 degrees."""
    quarter, rest = divmod(degrees, 90)
    c, s = (1.0, 0.0) if rest == 0 else (math.cos(math.radians(rest)), math.sin(math.radians(rest)))
    return np.linalg.matrix_power(np.array([[0.0, 1.0], [-1.0, 0.0]]), int(quarter) % 4) @ np.array([[c, s], [-s, c]])


def projective(start: Matrix, goal: Matrix) -> Matrix:
    """3 x 3 that takes four points to four points, both ``(4, 2)``.

    Source: Hartley and Zisserman, "Multiple View Geometry", 2nd ed., section 4.1, inhomogeneous solution.
    """
    x, y = start.T
    u, v = goal.T
    zero, one = np.zeros(4), np.ones(4)
    above = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 1)
    below = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 1)
    solved = np.linalg.solve(np.concatenate([above, below]), np.concatenate([u, v]))
    return np.append(solved, 1.0).reshape(3, 3)


def _around(linear: Matrix, size: Size) -> Size:
    """The smallest canvas in whole pixels that holds the turned picture."""
    w, h = np.ceil(np.abs(linear) @ np.array(size) - 1e-6).astype(int).tolist()
    return w, h


def _turning(step: Any, sample: Sample, degrees: float, one: Any) -> Change | None:
    """The change of every chosen plane, with ``Directions`` where words no longer bear the turn."""
    planes = chosen(sample, step.planes)
    if not planes:
        return None
    turns = {n: math.remainder(_turned_before(sample, n) + degrees, 360) for n in planes}
    words = [Directions(n, math.radians(turn)) for n, turn in turns.items() if abs(turn) > WORDS_BEAR + _ROUNDING]
    return Change(type(step).__name__, (*(one(n, size) for n, size in planes.items()), *words))


def _turned_before(sample: Sample, plane: str) -> float:
    """Degrees by which the lineage of a sample has turned what hung down on the plane that is now called ``plane``."""
    moves = []
    for change in reversed(sample.lineage.changes):
        for move in reversed(change.moves):
            plane = sample.rig.across(plane) if isinstance(move, Sides) else plane
            if isinstance(move, PlaneMap) and move.plane == plane and move.matrix is not None:
                moves.append(move)
    down = np.array([0.0, 1.0])
    for move in reversed(moves):
        middle = np.array(move.size_in) / 2
        ends = move.forward([middle - down, middle + down])
        down = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    return math.degrees(math.atan2(down[0], down[1]))


def _settled(step: Rotate | Affine, *ranges: str) -> None:
    ordered(step, *ranges)
    named(step)
    object.__setattr__(step, "fill", colour(step))
    if isinstance(step, Affine) and not isinstance(step.translate, float | int):
        raise RecipeError(f"Affine(translate={step.translate!r}): give one share of the canvas, 0 to 1.")
