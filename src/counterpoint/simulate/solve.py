"""Conditions that are reached by calculation instead of luck: root-finding over deterministic roll-outs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import final

from counterpoint.errors import RecipeError
from counterpoint.simulate.scene import Scene
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class Solved:
    """A scene that meets a condition: the value that led to it, and what it measured."""

    value: float
    measured: float
    scene: Scene


def solve(
    make: Callable[[float], Scene],
    measure: Callable[[World], float],
    low: float,
    high: float,
    target: tuple[float, float],
    tries: int = 40,
    what: str = "the condition",
) -> Solved:
    """The scene whose roll-out measures a value inside ``target``.

    Nine values from ``low`` to ``high`` are tried until one hits or two neighbours lie on either side of the middle of
    ``target``; the gap between them is then halved. Where none do, the neighbourhood of the best is searched ever
    closer. An infinite measure ("they never meet") counts as far beyond. The same arguments give the same scene.

    Args:
        make: a scene from the number that is looked for, e.g. the speed of a car.
        measure: of a rolled-out world, e.g. the time to collision in s; not a number where it means nothing.
        low, high: where to look.
        target: lowest and highest measure that will do.
        tries: most roll-outs.
        what: the condition in words, for the error.

    Raises:
        RecipeError: nothing was found; says which measures can be reached.
    """
    seen: dict[float, float] = {}
    middle = (target[0] + target[1]) / 2

    def tried(value: float) -> Solved | None:
        scene = make(value)
        seen[value] = measured = measure(World(scene))
        return Solved(value, measured, scene) if target[0] <= measured <= target[1] else None

    first = [low, high, *(low + (high - low) * k / 8 for k in (4, 2, 6, 1, 3, 5, 7))]
    while len(seen) < tries:
        found = tried(first.pop(0) if first else _beside_best(seen, middle))
        found = found or _between(tried, seen, middle, tries)
        if found is not None:
            return found
    reached = [m for m in seen.values() if isfinite(m)]
    told = f"{min(reached):.3g} to {max(reached):.3g} can be reached" if reached else "nothing finite can be reached"
    raise RecipeError(
        f"{what}: no value from {low:g} to {high:g} measures {target[0]:g} to {target[1]:g} in {len(seen)} roll-outs; "
        f"{told}. Ask for that, or widen the settings of the scene."
    )


def _beside_best(seen: dict[float, float], middle: float) -> float:
    """The middle of the wider gap beside the value that comes closest."""
    known = sorted(seen)
    best = min(known, key=lambda v: (abs(seen[v] - middle) if isfinite(seen[v]) else inf, v))
    gaps = [(a, b) for a, b in pairwise(known) if best in (a, b)]
    low, high = max(gaps, key=lambda gap: gap[1] - gap[0])
    return (low + high) / 2


def _between(
    tried: Callable[[float], Solved | None], seen: dict[float, float], middle: float, tries: int
) -> Solved | None:
    """Halve the narrowest gap whose ends lie on either side of ``middle``, until it hits or is too narrow."""
    known = sorted(v for v, m in seen.items() if not isnan(m))
    gaps = [(b - a, a, b) for a, b in pairwise(known) if (seen[a] < middle) != (seen[b] < middle)]
    if not gaps:
        return None
    width, a, b = min(gaps)
    least = width * 1e-9
    while len(seen) < tries and b - a > least:
        value = (a + b) / 2
        found = tried(value)
        if found is not None:
            return found
        if isnan(seen[value]):
            return None
        a, b = (value, b) if (seen[value] < middle) == (seen[a] < middle) else (a, value)
    return None
