"""Steps made of steps: in a row, one of several, now and then, or drawn from the catalogue.

A policy names the random stream of each child by its place, so children never
disturb each other's numbers, and the same policy gives the same samples whatever
was called before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from counterpoint.core.contracts import Context, Step
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError


@final
@dataclass(frozen=True)
class Compose(Step):
    """Every step, in order.

    Attributes:
        steps: transforms or policies; a list is accepted.
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        _settle_steps(self, least=0)

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        for i, step in enumerate(self.steps):
            sample = step.onto(sample, key.at(i), context)
        return sample


@final
@dataclass(frozen=True)
class OneOf(Step):
    """Exactly one of the steps.

    Attributes:
        steps: transforms or policies; a list is accepted.
        weights: how likely each is, relative to the others; equal if empty.
    """

    steps: tuple[Step, ...] = ()
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _settle_steps(self, least=1)
        if not self.weights:
            object.__setattr__(self, "weights", (1.0,) * len(self.steps))
        checked(self, weights=(0, 1e9, ""))
        if len(self.weights) != len(self.steps) or sum(self.weights) <= 0:
            raise RecipeError(
                f"OneOf(weights={self.weights}): give one weight for each of the {len(self.steps)} steps, "
                "at least one of them above 0."
            )

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        total = sum(self.weights)
        i = int(key.at("choice").stream().choice(len(self.steps), p=[w / total for w in self.weights]))
        return self.steps[i].onto(sample, key.at(i), context)


@final
@dataclass(frozen=True)
class SomeOf(Step):
    """``n`` different ones of the steps, in the order in which they are listed.

    Attributes:
        steps: transforms or policies; a list is accepted.
        n: how many, or (fewest, most).
    """

    steps: tuple[Step, ...] = ()
    n: int | tuple[int, int] = 1

    def __post_init__(self) -> None:
        _settle_steps(self, least=1)
        checked(self, n=(0, len(self.steps), "steps"))
        ends = self.n if isinstance(self.n, tuple) else (self.n, self.n)
        if len(ends) != 2 or ends[0] > ends[1] or not all(isinstance(v, int) for v in ends):
            raise RecipeError(f"SomeOf(n={self.n!r}): give one whole number, or (fewest, most).")

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        stream = key.at("choice").stream()
        low, high = self.n if isinstance(self.n, tuple) else (self.n, self.n)
        count = int(stream.integers(low, high + 1))
        for i in sorted(stream.permutation(len(self.steps))[:count].tolist()):
            sample = self.steps[i].onto(sample, key.at(i), context)
        return sample


@final
@dataclass(frozen=True)
class Sometimes(Step):
    """The step with a probability, else nothing.

    Attributes:
        step: a transform or a policy.
        p: probability, 0 to 1.
    """

    step: Step
    p: float = 0.5

    def __post_init__(self) -> None:
        _check_step(self, self.step)
        checked(self, p=(0, 1, ""))

    def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
        return self.step.onto(sample, key.at(0), context) if key.at("choice").stream().random() < self.p else sample


def _settle_steps(policy: Compose | OneOf | SomeOf, least: int) -> None:
    steps = policy.steps
    if isinstance(steps, Step) or not isinstance(steps, Iterable):
        raise RecipeError(f"{type(policy).__name__}(steps={steps!r}): give a list of steps.")
    object.__setattr__(policy, "steps", tuple(steps))
    for step in policy.steps:
        _check_step(policy, step)
    if len(policy.steps) < least:
        raise RecipeError(f"{type(policy).__name__}(steps=[]): give at least {least} step.")


def _check_step(policy: Step, step: object) -> None:
    if not isinstance(step, Step):
        raise RecipeError(
            f"{type(policy).__name__}: {step!r} is not a step. Give a transform with its parameters, "
            "e.g. Crop(0.8), not its class or its name."
        )
