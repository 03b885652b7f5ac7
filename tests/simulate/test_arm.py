"""The arm reaches what it is told to, and lifts or pushes the cube that was chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError
from counterpoint.modalities.text import Text
from counterpoint.simulate.commute import moved_mount
from counterpoint.simulate.happenings import happenings
from counterpoint.simulate.layouts.arm import HAND, Arm, reached
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.world import World


def _world(task: str, seed: int) -> World:
    return World(Arm(task=task).draw(Key.of(seed, "arm", "scene")).scene)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
def test_a_chosen_cube_is_lifted_and_held(seed: int) -> None:
    world = _world("lift", seed)
    before, after = (world.pose("cube_1", t)[0] for t in (0.0, 4.0))
    assert after[2] - before[2] == pytest.approx(0.215, abs=0.02), "the plan lifts it by 0.215 m; servos sag"
    others = [t.name for t in world.scene.things if t.cls == "cube" and t.name != "cube_1"]
    for name in others:
        assert np.linalg.norm(world.pose(name, 4.0)[0] - world.pose(name, 0.0)[0]) < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_a_chosen_cube_is_pushed_outwards(seed: int) -> None:
    world = _world("push", seed)
    before, after = (world.pose("cube_1", t)[0] for t in (0.0, 4.0))
    assert np.hypot(*after[:2]) - np.hypot(*before[:2]) > 0.03
    assert any(h.kind == "hit" and h.who == ("arm", "cube_1") for h in happenings(world, 4.0))


def test_the_hand_is_where_the_angles_put_it() -> None:
    """At rest the servos sag by some mm under the weight of the arm."""
    world = _world("lift", 0)
    at, turn = world.pose("hand", 4.0)
    target = world.scene.thing("cube_1").position
    assert np.allclose((at + turn @ np.array([HAND, 0, 0]))[:2], target[:2], atol=0.01)
    assert turn[2, 0] == pytest.approx(-1, abs=0.01), "it points down"
    with pytest.raises(RecipeError, match="cannot reach"):
        reached((2.0, 0.0, 0.1))


def test_a_mirrored_arm_does_the_mirrored_thing() -> None:
    """Servos, limits and axes of joints are mirrored with the scene; 1e-8 m as for all physics."""
    mirror, staged = WorldMap.mirror("y"), Arm().draw(Key.of(1, "arm", "scene"))
    worlds = World(staged.scene), World(staged.scene.moved(mirror))
    for time in (0.5, 2.0):
        for name in ("hand", "cube_1"):
            one, other = (w.pose(name, time)[0] for w in worlds)
            assert np.allclose(mirror.forward(one), other, atol=1e-8), (name, time)


def test_words_of_a_mirrored_arm_from_a_mirrored_camera_are_the_mirrored_words() -> None:
    """The camera stands to one side, so its mount is mirrored too; what happens is told in the same order."""
    mirror, staged = WorldMap.mirror("y"), Arm(objects=4).draw(Key.of(2, "arm", "scene"))
    narrator = next(s for s in staged.sensors if isinstance(s, Narrator))
    other = replace(narrator, mount=moved_mount(narrator.mount, mirror))
    one = narrator.sense(World(staged.scene), staged.clock, Key.of(1)).parts
    two = other.sense(World(staged.scene.moved(mirror)), staged.clock, Key.of(1)).parts
    assert one.keys() == two.keys()
    for name, part in one.items():
        if isinstance(part, Text):
            moved = part.follow(Sides(), Rig())
            assert isinstance(moved, Text) and moved.text == two[name].text  # type: ignore[attr-defined]
