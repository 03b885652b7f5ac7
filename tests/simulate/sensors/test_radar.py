from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, Waypoint
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.radar import Radar
from counterpoint.simulate.world import World
from tests.simulate.sensors.made import GROUND

CLOCK = Clock(0.1, 0.0)


def ball(name: str, place: tuple[float, float, float], speed: tuple[float, float, float]) -> Thing:
    end = tuple(p + v for p, v in zip(place, speed, strict=True))
    path = (Waypoint(0, place), Waypoint(1, end))  # type: ignore[arg-type]
    return Thing(name, "drone", (Geom("sphere", (0.3, 0, 0), "metal"),), motion="path", path=path, rcs=5.0)


def scene(medium: Medium | None = None) -> Scene:
    ego = Thing("ego", "car", (Geom("box", (1, 1, 0.3)),), motion="path", path=(
        Waypoint(0, (0, 0, 0.6)), Waypoint(1, (10, 0, 0.6))))  # fmt: skip
    things = (GROUND, ego, ball("a", (30, 6, 0.9), (4, 0, 0)), ball("b", (55, -20, 0.9), (-6, 2, 0)))
    return Scene(0.2, things, medium=medium)


QUIET = Radar(mount=Mount("ego", (1.0, 0, 0.3)), noise=False)


def test_every_target_is_found_within_a_cell_of_range_speed_and_azimuth() -> None:
    world = World(scene())
    points = QUIET.sense(world, CLOCK, Key.of(1)).parts["radar"]
    points.check()
    first = points.values[points.column("time") < 0.01].astype(float)
    for name, place, speed in (("a", (30, 6), (4, 0)), ("b", (55, -20), (-6, 2))):
        middle = np.array(place) + np.array(speed) * QUIET.wave.duration / 2
        rel = middle - (1 + 10 * QUIET.wave.duration / 2, 0)
        r, sight = np.hypot(*rel), rel / np.hypot(*rel)
        found = first[np.hypot(*(first[:, :2] - middle).T).argmin()]
        seen = found[:2] - (1 + 10 * QUIET.wave.duration / 2, 0)
        # The echo comes from the near side of the ball, up to 0.3 m before its middle, within a cell of 0.2 m.
        assert -0.3 - QUIET.wave.cell < np.hypot(*seen) - r < QUIET.wave.cell, name
        assert abs(found[3] - (np.array(speed) - (10, 0)) @ sight) < QUIET.wave.rate_cell, name
        assert abs(np.arctan2(seen[1], seen[0]) - np.arctan2(rel[1], rel[0])) < np.radians(1.0), name
        assert abs(found[4:6] @ sight - np.array(speed) @ sight) < QUIET.wave.rate_cell, name
        assert abs(found[7] - 10 * np.log10(5.0)) < 3, name


def test_fog_takes_nothing_and_heavy_rain_little() -> None:
    clear = QUIET.sense(World(scene()), CLOCK, Key.of(1)).parts["radar"].values
    fog = QUIET.sense(World(scene(Medium("fog", 0.1))), CLOCK, Key.of(1)).parts["radar"].values
    rain = QUIET.sense(World(scene(Medium("rain", 0.003, 25.0))), CLOCK, Key.of(1)).parts["radar"].values
    assert clear.tobytes() == fog.tobytes()
    assert clear.shape == rain.shape
    lost = clear[:, 8] - rain[:, 8]
    r = np.hypot(clear[:, 0], clear[:, 1])
    assert 0 < lost[r.argmax()] < 2.0  # 11.4 dB/km over 2 x 58 m is 1.3 dB


def test_a_hidden_target_gives_no_echo() -> None:
    wall = Thing("wall", "wall", (Geom("box", (0.1, 30, 5), "metal"),), position=(15, 0, 5), motion="fixed")
    one = scene()
    hidden = Scene(0.2, (*one.things, wall))
    there = QUIET.scatterers(World(hidden), 0.0)
    assert {World(hidden).names[i] for i in there.thing} == {"wall"}


def test_noise_needs_no_truth_and_repeats_with_its_key() -> None:
    world, loud = World(scene()), Radar(mount=QUIET.mount)
    a, b, c = (loud.sense(world, CLOCK, Key.of(k)).parts["radar"].values for k in (1, 1, 2))
    assert a.tobytes() == b.tobytes() and a.tobytes() != c.tobytes()


def test_a_frame_that_does_not_fit_is_said_at_once() -> None:
    with pytest.raises(RecipeError, match=r"at most 195\.3"):
        Radar(rate=100.0).check(Scene(0.001, ()))
    with pytest.raises(UnknownNameError):
        Radar(mount=Mount("nobody")).check(scene())
