"""Policies without parameters to tune: steps drawn from the whole catalogue at one strength.

The pool of an axis holds every transform of the catalogue that moves the axis and
says in ``at`` what a strength means for it. Each draw first takes an axis, then a
transform of that axis, uniformly among those that would change this very sample:
one that has nothing to move there is passed over. So a table row is not left alone
because pictures have more transforms than tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import final

from counterpoint.catalog import TABLES, find
from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Context, Step, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, UnknownNameError


@final
@dataclass(frozen=True)
class RandAugment(Step):
    """``n`` transforms in a row, all at one strength.

    Attributes:
        n: how many.
        magnitude: strength on the scale 0 to ``bins - 1``.
        bins: how many strengths there are.
        axes: names of the axes that may move; all if None. A transform is in the pool if it moves no other axis.

    Source: Cubuk et al., "RandAugment", NeurIPS 2020, section 3; here over all axes instead of pictures alone.
    """

    n: int = 2
    magnitude: int = 9
    bins: int = 31
    axes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        checked(self, n=(0, 100, "transforms"), bins=(2, 10_000, ""))
        checked(self, magnitude=(0, self.bins - 1, f"with {self.bins} bins"))
        object.__setattr__(self, "axes", _axes(self))

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        for i in range(self.n):
            sample = _one(sample, key.at(i), context, self.magnitude / (self.bins - 1), self.axes)
        return sample


@final
@dataclass(frozen=True)
class TrivialAugment(Step):
    """One transform at a strength that is drawn anew for every sample.

    Attributes:
        bins: how many strengths there are, from 0 to the largest.
        axes: names of the axes that may move; all if None. A transform is in the pool if it moves no other axis.

    Source: Müller and Hutter, "TrivialAugment", ICCV 2021, algorithm 1; here over all axes instead of pictures alone.
    """

    bins: int = 31
    axes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        checked(self, bins=(2, 10_000, ""))
        object.__setattr__(self, "axes", _axes(self))

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        strength = int(key.at("strength").stream().integers(self.bins)) / (self.bins - 1)
        return _one(sample, key, context, strength, self.axes)


@cache
def pools(axes: tuple[str, ...] | None) -> dict[Axis, tuple[type[Transform], ...]]:
    """For each axis the transforms with strengths that move it and no axis outside ``axes``, by name."""
    allowed = frozenset(Axis) if axes is None else frozenset(map(Axis, axes))
    classes = [find("transforms", name) for name in sorted(TABLES["transforms"])]
    graded = [c for c in classes if issubclass(c, Transform) and "at" in vars(c) and not c.mixes and c.axes <= allowed]
    found = {axis: tuple(c for c in graded if axis in c.axes) for axis in Axis}
    return {axis: pool for axis, pool in found.items() if pool}


def _one(sample: Sample, key: Key, context: Context, strength: float, axes: tuple[str, ...] | None) -> Sample:
    """The sample after the first transform, in a drawn order of axes and of transforms, that changes it."""
    by_axis = pools(axes)
    order = key.at("choice").stream()
    names = sorted(by_axis)
    for i in order.permutation(len(names)):
        pool = by_axis[names[i]]
        for j in order.permutation(len(pool)):
            change = pool[j].at(strength).draw(sample, key.at(pool[j].__name__), context.pool)
            if change is not None:
                return sample.changed(change, context)
    return sample


def _axes(step: RandAugment | TrivialAugment) -> tuple[str, ...] | None:
    if step.axes is None:
        return None
    if isinstance(step.axes, str) or not isinstance(step.axes, Iterable) or not step.axes:
        raise RecipeError(f"{type(step).__name__}(axes={step.axes!r}): give a list of axes: {', '.join(Axis)}.")
    known = [a.value for a in Axis]
    for name in step.axes:
        if name not in known:
            raise UnknownNameError("axis", str(name), known)
    return tuple(sorted(str(Axis(name)) for name in set(step.axes)))
