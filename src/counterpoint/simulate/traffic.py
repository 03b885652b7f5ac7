"""Rules of the road: vehicles follow each other and wait at a crossing while somebody walks on it.

Positions are metres along the lane, in the direction of travel, of the middle of a vehicle. Acceleration follows the
intelligent driver model (Treiber, Hennecke and Helbing, Phys. Rev. E 62, 2000). The roll-out is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import final

STEP = 0.05
GENTLE, COMFORT, HARD = 1.5, 2.0, 7.0  # m/s^2: speeding up, slowing down, emergency
HEADWAY, STANDSTILL = 1.2, 2.5  # s, m


@final
@dataclass(frozen=True)
class Driver:
    """One vehicle of a lane: where it starts, how fast it wants to go, m/s, and its length, m."""

    start: float
    wanted: float
    length: float


@final
@dataclass(frozen=True)
class Line:
    """A line across a lane where vehicles wait while ``closed(time)``; they stop with their front 1 m before it."""

    place: float
    closed: Callable[[float], bool]


def driven(
    lane: Sequence[Driver], line: Line | None, begin: float, end: float, every: float = 0.25
) -> list[list[tuple[float, float]]]:
    """For every driver, (time, position) knots from 0 to ``end``.

    Args:
        lane: the foremost first.
        line: where they may have to wait.
        begin: when the roll-out begins, s, at most 0: what came before the clock.
        end: s.
        every: s between knots.
    """
    place, speed = [d.start for d in lane], [d.wanted for d in lane]
    knots: list[list[tuple[float, float]]] = [[] for _ in lane]
    stride = round(every / STEP)
    first, last = round(begin / STEP), round(end / STEP)
    for step in range(first, last + 1):
        time = step * STEP
        if step >= 0 and step % stride == 0:
            for rows, x in zip(knots, place, strict=True):
                rows.append((time, x))
        pushes = []
        for i, driver in enumerate(lane):
            ahead = [(place[i - 1] - lane[i - 1].length / 2, speed[i - 1])] if i else []
            nose = place[i] + driver.length / 2
            if line is not None and line.closed(time) and _can_stop(line.place - 1 - nose, speed[i]):
                ahead.append((line.place - 1 + STANDSTILL - 1e-3, 0.0))
            pushes.append(
                min((_push(driver, speed[i], end - nose, v) for end, v in ahead), default=_free(driver, speed[i]))
            )
        for i, push in enumerate(pushes):
            after = max(speed[i] + push * STEP, 0.0)
            place[i] += (speed[i] + after) / 2 * STEP
            speed[i] = after
    return knots


def _can_stop(room: float, speed: float) -> bool:
    return room > -0.5 and room > speed**2 / (2 * HARD) - 0.5


def _free(driver: Driver, speed: float) -> float:
    return GENTLE * (1 - (speed / driver.wanted) ** 4)


def _push(driver: Driver, speed: float, gap: float, ahead: float) -> float:
    wished = STANDSTILL + max(speed * HEADWAY + speed * (speed - ahead) / (2 * sqrt(GENTLE * COMFORT)), 0.0)
    held = GENTLE * (wished / gap) ** 2 if gap > 0.1 else inf
    return max(_free(driver, speed) - held, -HARD)


def braking(
    start: float, speed: float, notice: float, clear: Callable[[float, float], bool], end: float, every: float = 0.1
) -> list[tuple[float, float]]:
    """(time, position) knots of somebody who drives on at a speed, brakes hard from ``notice`` on, and drives on slowly
    once ``clear(time, position)``."""
    x, v, knots = start, speed, [(0.0, start)]
    for step in range(1, round(end / 0.01) + 1):
        time = step * 0.01
        push = 0.0
        if time > notice:
            push = min(GENTLE, (speed - v) / 0.5) if clear(time, x) else -HARD
        after = max(v + push * 0.01, 0.0)
        x += (v + after) / 2 * 0.01
        v = after
        if step % round(every / 0.01) == 0:
            knots.append((time, x))
    return knots
