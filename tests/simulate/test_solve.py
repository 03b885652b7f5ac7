"""Conditions reached by root-finding: against collisions whose time is known."""

from __future__ import annotations

import pytest

from counterpoint.errors import RecipeError
from counterpoint.simulate.scene import Geom, Scene, Thing, Waypoint
from counterpoint.simulate.solve import solve
from counterpoint.simulate.world import World


def chase(speed: float) -> Scene:
    """A car at 0 m drives behind a lorry at 20 m that makes 5 m/s."""
    geoms = (Geom("box", (1.0, 1.0, 0.5)),)
    lorry = Thing("lorry", "lorry", geoms, motion="path", path=drive(20.0, 5.0))
    car = Thing("car", "car", geoms, motion="path", path=drive(0.0, speed))
    return Scene(1.0, (car, lorry), timestep=0.01, gravity=0.0)


def drive(start: float, speed: float) -> tuple[Waypoint, ...]:
    return (Waypoint(0.0, (start, 0.0, 1.0)), Waypoint(1.0, (start + speed, 0.0, 1.0)))


def time_to_collision(world: World) -> float:
    (car, _), (lorry, _) = world.pose("car", 0.5), world.pose("lorry", 0.5)
    closing = float(world.motion("car", [0.5]).velocity[0, 0] - world.motion("lorry", [0.5]).velocity[0, 0])
    gap = float(lorry[0] - car[0]) - 2.0
    return gap / closing if closing > 0 else float("inf")


def test_a_speed_is_found_that_gives_the_asked_time_to_collision() -> None:
    """The gap at 0.5 s is 18 - v/2 with v the speed of closing: it takes (18 - v/2) / v = 1.25 s at 10.3 m/s."""
    found = solve(chase, time_to_collision, 5.0, 30.0, (1.24, 1.26))
    assert 1.24 <= found.measured <= 1.26
    assert found.value == pytest.approx(5 + 18 / 1.75, abs=0.1)
    assert time_to_collision(World(found.scene)) == found.measured
    assert solve(chase, time_to_collision, 5.0, 30.0, (1.24, 1.26)) == found


def test_a_narrow_target_takes_few_roll_outs() -> None:
    tried = []

    def measured(world: World) -> float:
        tried.append(world)
        return time_to_collision(world)

    solve(chase, measured, 5.0, 30.0, (1.2499, 1.2501))
    assert len(tried) < 25


def test_a_least_value_that_no_two_tries_lie_around_is_found() -> None:
    found = solve(chase, lambda w: abs(time_to_collision(w) - 1.0), 6.0, 30.0, (0.0, 0.01))
    assert found.measured <= 0.01


def test_an_impossible_condition_says_what_is_possible() -> None:
    with pytest.raises(RecipeError, match=r"a near miss: .* measures 50 to 60 in .* 0\.\d+ to .* can be reached"):
        solve(chase, time_to_collision, 10.0, 30.0, (50.0, 60.0), tries=12, what="a near miss")
