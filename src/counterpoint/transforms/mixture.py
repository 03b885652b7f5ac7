"""Two samples in one: blended, spliced, joined.

The partner is drawn from the sorted keys of the pool and is never the sample itself.
It must have every part that is mixed, of the same modality. All parts are mixed at
one weight; a part that cannot be mixed (speech, depth) refuses the mixture, unless
``parts`` names the parts that shall be mixed and thereby leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Change, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.ranges import checked
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.transforms.signals import listed

_TRIES = 16  # partners that are looked at before a sample is left alone


@final
@dataclass(frozen=True)
class Mixup(Transform):
    """Weighted mean of two samples; labels become shares.

    Attributes:
        alpha: of the Beta(alpha, alpha) distribution from which the weight of the sample is drawn; above 0.
        parts: names of the parts that are mixed; all if empty.

    Source: Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    alpha: float = 1.0
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, alpha=(1e-3, 1e3, ""))
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        parts = _mixed(sample, self.parts)
        return _blend("Mixup", sample, key, pool, parts, _weight(self.alpha, key))


@final
@dataclass(frozen=True)
class CrossModalMixup(Transform):
    """Mixup of samples with several signals, all at the same weight, so that what is heard is seen as strongly.

    Samples with one signal only are left as they are.

    Attributes:
        alpha: of the Beta(alpha, alpha) distribution of the weight; above 0.

    Source: mixup (Zhang et al., ICLR 2018) on all modalities of a sample, one weight.
    """

    alpha: float = 1.0
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, alpha=(1e-3, 1e3, ""))

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        signals = {s for n in sample.present() for s in sample.kind(n).signals}
        if len(signals) < 2:
            return None
        return _blend("CrossModalMixup", sample, key, pool, _mixed(sample, ()), _weight(self.alpha, key))


@final
@dataclass(frozen=True)
class MixGen(Transform):
    """Blend the pictures at a fixed weight and join the captions.

    Attributes:
        weight: of the sample itself, 0 to 1.
        parts: names of the parts that are mixed; all if empty.

    Source: Hao et al., "MixGen: a new multi-modal data augmentation", WACV workshops 2023.
    """

    weight: float = 0.5
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, weight=(0, 1, ""))
        listed(self)

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _blend("MixGen", sample, key, pool, _mixed(sample, self.parts), self.weight)


@final
@dataclass(frozen=True)
class CutMix(Transform):
    """Replace a window of one sample by that of another; labels become shares of what is seen of each.

    ``region`` cuts a rectangle out of every plane: its area is drawn from Beta(alpha, alpha), its centre is uniform,
    and it is cut at the edges. ``window`` cuts an interval out of the clock in the same way. The rectangle lies on
    whole pixels of the first plane, and labels get its true area; on planes of another size it is rounded anew.

    Attributes:
        alpha: of the Beta(alpha, alpha) distribution of the kept share; above 0.
        over: ``region`` of the planes or ``window`` of the clock.
        parts: names of the parts that are spliced; all if empty.

    Source: Yun et al., "CutMix: regularization strategy to train strong classifiers", ICCV 2019.
    """

    alpha: float = 1.0
    over: Literal["region", "window"] = "region"
    parts: tuple[str, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING})
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked(self, alpha=(1e-3, 1e3, ""))
        listed(self)
        if self.over not in ("region", "window"):
            raise RecipeError(f"CutMix(over={self.over!r}): give 'region' of the planes or 'window' of the clock.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        parts, cut, stream = _mixed(sample, self.parts), 1 - _weight(self.alpha, key), key.at("place").stream()
        planes = [size for name, size in sample.planes().items() if any(sample.plane(p) == name for p in parts)]
        timed = any(p in sample.spans() for p in parts)
        partner = _partner(sample, key, pool, parts)
        if partner is None or not (planes if self.over == "region" else timed):
            return None
        if self.over == "window":
            window = _interval(cut, stream.random())
            move = Splice(partner, window[1] - window[0], None, window, parts)
        else:
            (w, h), side = planes[0], np.sqrt(cut)
            (x0, x1), (y0, y1) = (_interval(side, stream.random()) for _ in range(2))
            x0, x1, y0, y1 = round(x0 * w) / w, round(x1 * w) / w, round(y0 * h) / h, round(y1 * h) / h
            move = Splice(partner, (x1 - x0) * (y1 - y0), (x0, y0, x1, y1), None, parts)
        return Change("CutMix", (move,)) if move.share > 0 else None


def _weight(alpha: float, key: Key) -> float:
    return float(key.at("weight").stream().beta(alpha, alpha))


def _interval(share: float, centre: float) -> tuple[float, float]:
    return float(max(centre - share / 2, 0.0)), float(min(centre + share / 2, 1.0))


def _mixed(sample: Sample, names: tuple[str, ...]) -> tuple[str, ...]:
    """The parts that are mixed: those named, or all that are present.

    Raises:
        UnknownNameError: the sample has no such part.
    """
    for name in names:
        if name not in sample:
            raise UnknownNameError(f"part of sample {sample.key!r}", name, sample)
    return tuple(n for n in sample.present() if n in names or not names)


def _blend(name: str, sample: Sample, key: Key, pool: Pool, parts: tuple[str, ...], weight: float) -> Change | None:
    partner = _partner(sample, key, pool, parts)
    return Change(name, (Blend(partner, weight, parts),)) if partner is not None and parts else None


def _partner(sample: Sample, key: Key, pool: Pool, parts: tuple[str, ...]) -> str | None:
    """A key of the pool, not of the sample itself, whose sample has all the parts; None if none is found."""
    others = [k for k in sorted(pool) if k != sample.key]
    for i in key.at("partner").stream().permutation(len(others))[:_TRIES].tolist():
        other = pool[others[i]]
        there = set(other.present())
        if all(n in there and other.kind(n) is sample.kind(n) for n in parts):
            return others[i]
    return None
