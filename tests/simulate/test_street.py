"""A street keeps its rules: nobody touches anybody, who must wait waits, and a near miss is as near as asked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError
from counterpoint.modalities.text import Text
from counterpoint.simulate import footprint, path, traffic
from counterpoint.simulate.happenings import closest, happenings, tracked
from counterpoint.simulate.layouts.street import LANE, Street
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.world import World


def _key(seed: int) -> Key:
    return Key.of(seed, "street", "scene")


@pytest.mark.parametrize("seed", range(4))
def test_nobody_touches_anybody(seed: int) -> None:
    scene = Street().draw(_key(seed)).scene
    movers, times = [t for t in scene.things if t.motion == "path"], np.arange(0, 4.01, 0.02)
    room = {t.name: footprint.corners(t, *path.motion(t.path, times)[:2]) for t in movers}
    for i, a in enumerate(movers):
        for b in movers[i + 1 :]:
            assert footprint.gap(room[a.name], room[b.name]).min() > 0.3, (a.name, b.name)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("by", ["time to collision", "gap"])
def test_a_near_miss_is_as_near_as_asked(seed: int, by: str) -> None:
    """Measured anew on a grid five times as fine: it is up to 5 % smaller between the looks of the search."""
    asked = (0.6, 1.2)
    scene = Street(near_miss=True, near_by=by, nearness=asked).draw(_key(seed)).scene  # type: ignore[arg-type]
    world, times = World(scene), np.arange(0, 4.001, 0.01)
    pair = scene.thing("ego"), scene.thing("stepping_out")
    near = closest(pair, (tracked(world, pair[0], times), tracked(world, pair[1], times)))
    measured = near.gap if by == "gap" else near.time
    assert asked[0] * 0.95 <= measured <= asked[1]
    told = [h for h in happenings(world, 4.0) if h.kind == "near miss"]
    assert [h.who for h in told] == [("ego", "stepping_out")]


def test_vehicles_keep_their_distance_and_stop_before_a_closed_line() -> None:
    lane = [traffic.Driver(20.0, 8.0, 4.4), traffic.Driver(0.0, 12.0, 4.4)]
    runs = traffic.driven(lane, traffic.Line(60.0, lambda t: t < 20), 0.0, 30.0)
    first, second = (np.array(r) for r in runs)
    assert first[first[:, 0] <= 20, 1].max() <= 60 - 1 - 2.2 + 0.3, "the nose stays a metre before the line"
    assert first[-1, 1] > 70, "and goes on once it is open"
    assert (first[:, 1] - second[:, 1]).min() > 4.4 + 1
    for rows in (first, second):
        assert all(b[1] >= a[1] - 1e-9 for a, b in pairwise(rows)), "nobody drives backwards"


def test_vehicles_drive_on_the_right_and_people_face_where_they_go() -> None:
    scene = Street(pedestrians=5).draw(_key(3)).scene
    for thing in scene.things:
        if thing.motion != "path":
            continue
        _, turn, velocity = path.motion(thing.path, np.array([1.0]))[:3]
        if np.linalg.norm(velocity) > 0.3:
            assert velocity[0] @ turn[0, :, 0] > 0
        if thing.cls in ("car", "van"):
            assert thing.path[0].position[1] == pytest.approx(-LANE * np.sign(turn[0, 0, 0]))


def test_words_of_a_mirrored_street_are_the_mirrored_words() -> None:
    staged = Street().draw(_key(5))
    narrator = next(s for s in staged.sensors if isinstance(s, Narrator))
    scenes = staged.scene, staged.scene.moved(WorldMap.mirror("y"))
    one, other = (narrator.sense(World(s), staged.clock, Key.of(1)).parts for s in scenes)
    assert one.keys() == other.keys()
    for name, part in one.items():
        if isinstance(part, Text):
            moved = part.follow(Sides(), Rig())
            assert isinstance(moved, Text) and moved.text == other[name].text  # type: ignore[attr-defined]


def test_wrong_settings_fail_before_work() -> None:
    with pytest.raises(RecipeError, match="at least 3 s"):
        Street(near_miss=True, seconds=1.0)
    with pytest.raises(RecipeError, match="visibility must lie in 5 to 5000 m"):
        Street(weather="fog", visibility=1.0)
    with pytest.raises(RecipeError, match="can be reached"):
        Street(near_miss=True, nearness=(4.0, 5.0)).draw(_key(0))
