"""Quotas: how many samples of a set get which value of a setting, exactly, and which ones.

A setting that is given as a mapping is a quota::

    light: {day: 70 %, night: 30 %}        shares; what they leave over keeps the default of the layout
    failure: {bearing: 200, imbalance: 200}   whole numbers count samples
    near_miss: 0.05                        of a setting that is true or false: how many are true
    visibility: {30..60: 0.5, 200..400: 0.5}  ranges

Which sample gets which value depends on the seed, the setting and the number of samples alone, so any subset in any
order is the same; two quotas are independent of each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, final, get_type_hints

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.kinds import fits, plain, said
from counterpoint.errors import RecipeError
from counterpoint.simulate.layout import Layout

_RANGE = re.compile(r"\s*(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)\s*")


@final
@dataclass(frozen=True)
class Quota:
    """How one setting is shared out.

    Attributes:
        setting: its name.
        values: what is given out.
        wanted: for each value a share (float) or a count (int).

    Raises:
        RecipeError: a negative share, or shares above the whole.
    """

    setting: str
    values: tuple[Any, ...]
    wanted: tuple[float | int, ...]

    def __post_init__(self) -> None:
        if any(w < 0 for w in self.wanted):
            raise RecipeError(f"quota of {self.setting}: a share is 0 or more, found {list(self.wanted)}.")
        shares = sum(w for w in self.wanted if isinstance(w, float))
        if shares > 1 + 1e-9:
            raise RecipeError(f"quota of {self.setting}: the shares sum to {shares:.4g}; they must sum to at most 1.")

    def counts(self, n: int) -> list[int]:
        """How many of ``n`` samples get each value: shares are rounded by the largest remainder.

        Raises:
            RecipeError: more samples are asked for than there are.
        """
        exact = [w * n if isinstance(w, float) else float(w) for w in self.wanted]
        whole = [int(np.floor(e + 1e-9)) for e in exact]
        total = min(round(sum(exact)), n) if sum(exact) <= n + 1e-6 else n + 1
        for i in sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))[: max(total - sum(whole), 0)]:
            whole[i] += 0 if isinstance(self.wanted[i], int) else 1
        if sum(whole) > n or total > n:
            raise RecipeError(
                f"quota of {self.setting}: {sum(exact):g} samples are asked for, but n is {n}. Raise n or ask for less."
            )
        return whole

    def place(self, index: int, n: int, seed: int) -> int | None:
        """Which of ``values`` sample ``index`` of ``n`` gets; None if it keeps the default."""
        place = int(_order(self.setting, n, seed)[index])
        for i, end in enumerate(np.cumsum(self.counts(n))):
            if place < end:
                return i
        return None


def shared_out(cls: type[Layout], settings: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Quota, ...]]:
    """Settings apart from quotas, and the quotas.

    Raises:
        RecipeError: a value of a quota is nothing that the setting takes, or its share is no share.
    """
    hints = get_type_hints(cls)
    fixed: dict[str, Any] = {}
    quotas = []
    for name, value in settings.items():
        hint = hints.get(name) if name in {f.name for f in fields(cls)} else None  # type: ignore[arg-type]
        if hint is bool and not isinstance(value, bool) and isinstance(value, int | float | str):
            value = {True: value}
        if hint is None or not isinstance(value, Mapping) or fits(hint, value):
            fixed[name] = value
            continue
        where = f"quota of {name}"
        values = tuple(_value(hint, key, where) for key in value)
        quotas.append(Quota(name, values, tuple(_share(w, where) for w in value.values())))
    return fixed, tuple(quotas)


def _value(hint: Any, key: Any, where: str) -> Any:
    value = plain(key)
    found = _RANGE.fullmatch(key) if isinstance(key, str) else None
    if found and not fits(hint, value):
        value = (float(found[1]), float(found[2]))
    if not fits(hint, value):
        raise RecipeError(f"{where}: {key!r} is not {said(hint)}. Write {{value: share}}, with ranges as low..high.")
    return value


def _share(wanted: Any, where: str) -> float | int:
    if isinstance(wanted, str) and wanted.strip().endswith("%"):
        try:
            return float(wanted.strip()[:-1]) / 100
        except ValueError:
            pass
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise RecipeError(f"{where}: {wanted!r} is no share. Write 0.3 or '30 %', or a whole number of samples.")
    return wanted


@lru_cache(maxsize=64)
def _order(setting: str, n: int, seed: int) -> NDArray[np.int64]:
    """(n,) the place of every sample in the queue for values; stable sort of one draw each."""
    draws = Key.of(seed, "quota", setting).stream().random(n)
    order = np.empty(n, np.int64)
    order[np.argsort(draws, kind="stable")] = np.arange(n)
    return order
