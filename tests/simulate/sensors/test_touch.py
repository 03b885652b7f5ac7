from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError
from counterpoint.simulate.scene import Geom, Joint, Mount, Scene, Thing
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.gnss import Gnss
from counterpoint.simulate.sensors.imu import Imu
from counterpoint.simulate.sensors.joints import Joints
from counterpoint.simulate.sensors.lidar import Lidar
from counterpoint.simulate.sensors.touch import Touch
from counterpoint.simulate.world import World
from tests.simulate.sensors.made import scene

CLOCK = Clock(2.0, 1.0)


def test_touch_impulses_balance_the_momentum_of_a_bouncing_ball() -> None:
    world = World(scene())
    part = Touch(on="ball", noise=False).sense(world, CLOCK, Key.of(1)).parts["touch"]
    impulse, _ = Touch(on="ball").impulses(world)
    model = world.mujoco[1]
    mass = float(model.body_mass[world.names.index("ball") + 1])
    speed = world.motion("ball", [0.0, 2.0]).velocity
    change = mass * (speed[1] - speed[0] - np.array([0, 0, -9.81]) * 2.0)
    assert np.abs(impulse.sum(0) - change).max() < 1e-6 * mass * 10
    assert np.linalg.norm(change) > 0.5 * mass
    # The rows are in the frame of the ball at their start; their sizes are those of the impulses of their steps.
    rows = impulse[:1000].reshape(-1, 5, 3).sum(1)
    assert np.allclose(np.linalg.norm(part.values[:, :3], axis=1) / 100, np.linalg.norm(rows, axis=1), atol=1e-12)


def test_a_crate_at_rest_feels_its_weight() -> None:
    crate = Thing("crate", "crate", (Geom("box", (0.2, 0.2, 0.2), "wood"),), position=(0, 0, 0.2))
    world = World(Scene(2.0, (scene().things[0], crate)))
    part = Touch(on="crate", noise=False).sense(world, CLOCK, Key.of(1)).parts["touch"]
    weight = 0.4**3 * 700 * 9.81
    assert part.values[100:, 2].mean() == pytest.approx(weight, rel=0.01)
    assert part.values[100:, 3].mean() == pytest.approx(weight, rel=0.01)


def test_touch_of_the_mirrored_world_is_the_mirrored_touch() -> None:
    one, move, touch = scene(), WorldMap.mirror("y"), Touch(on="ball", noise=False)
    here, there = touch.sense(World(one), CLOCK, Key.of(1)), touch.sense(World(one.moved(move)), CLOCK, Key.of(1))
    followed = here.parts["touch"].follow(move, Rig(frames=here.frames))
    assert np.abs(followed.values).max() > 10
    assert np.allclose(followed.values, there.parts["touch"].values, atol=1e-5)


def arm() -> Scene:
    base = Thing("base", "arm", (Geom("box", (0.1, 0.1, 0.1), "metal"),), position=(0, 0, 1), motion="fixed")
    link = Thing(
        "shoulder", "arm", (Geom("box", (0.2, 0.03, 0.03), position=(0.2, 0, 0)),), motion="joint", parent="base",
        joint=Joint("hinge", (0, 1, 0), (-2, 2), damping=5.0, stiffness=200.0, target=((0, 0), (1, 0.5))),
    )  # fmt: skip
    slide = Thing(
        "finger", "arm", (Geom("box", (0.02, 0.02, 0.02)),), position=(0.4, 0, 0), motion="joint", parent="shoulder",
        joint=Joint("slide", (0, 1, 0), (-0.1, 0.1), damping=2.0, stiffness=50.0, target=((0, 0), (1, 0.05))),
    )  # fmt: skip
    return Scene(2.0, (base, link, slide), layout="arm")


def test_joints_follow_their_targets_and_tell_the_effort_of_the_solver() -> None:
    world = World(arm())
    part = Joints(noise=False).sense(world, CLOCK, Key.of(1)).parts["joints"]
    names = [c.name for c in part.columns]
    assert names == [f"{t}_{w}" for t in ("shoulder", "finger") for w in ("position", "velocity", "effort")]
    assert [c.kind for c in part.columns] == ["scalar"] * 3 + ["lateral"] * 3
    assert part.values[-1, 3] == pytest.approx(0.05, abs=1e-3)
    mj, model, data = world.mujoco
    for row in (10, 60, 150):
        step = row * 5
        data.qpos[:], data.qvel[:] = world.states[step, : model.nq], world.states[step, model.nq :]
        data.ctrl[:] = [np.interp(step * 0.002, (0, 1), (0, 0.5)), np.interp(step * 0.002, (0, 1), (0, 0.05))]
        mj.mj_forward(model, data)
        assert np.allclose(part.values[row, [2, 5]], data.qfrc_actuator, atol=1e-9)


def test_encoder_steps_are_whole() -> None:
    part = Joints(noise=False, steps=1000).sense(World(arm()), CLOCK, Key.of(1)).parts["joints"]
    counts = part.values[:, 0] / (2 * np.pi / 1000)
    assert np.allclose(counts, counts.round(), atol=1e-9)


def test_a_scene_without_joints_is_refused_before_work() -> None:
    with pytest.raises(RecipeError, match="has no joint"):
        Joints().check(scene())
    with pytest.raises(RecipeError, match="Things that have: shoulder, finger"):
        Joints(things=("base",)).check(arm())
    skew = replace(arm().things[1], joint=Joint("hinge", (0, 0.7, 0.7), (-1, 1)))
    with pytest.raises(RecipeError, match="askew"):
        Joints().check(arm().with_thing(skew))


def test_fixes_move_with_the_world_and_wander_by_their_sigma() -> None:
    world = World(scene())
    clean = Gnss(mount=Mount("ego", (0, 0, 1)), noise=False).sense(world, CLOCK, Key.of(1)).parts["gnss"]
    assert np.allclose(clean.xyz, world.motion("ego", clean.column("time")).at((0, 0, 1)).position, atol=1e-5)
    moved = clean.follow(WorldMap.similarity(np.eye(3), (5, 0, 0)), Rig())
    assert np.allclose(moved.xyz - clean.xyz, (5, 0, 0), atol=1e-5)
    empty = World(Scene(2.0, ()))
    spread = np.array([Gnss(rate=1.0).sense(empty, CLOCK, Key.of(k)).parts["gnss"].xyz for k in range(400)])
    assert spread[:, :, 0].std() == pytest.approx(1.2, rel=0.1)
    # One second of a minute: the error keeps exp(-1/60) of itself.
    a, b = spread[:, 0, 0], spread[:, 1, 0]
    assert (a * b).mean() / (a * a).mean() == pytest.approx(np.exp(-1 / 60), abs=0.03)


def test_leaving_one_sensor_out_changes_no_byte_of_another() -> None:
    one, key, clock = scene(seconds=0.2), Key.of(9, "s1"), Clock(0.2, 0.1)
    sensors = (
        Lidar(mount=Mount("ego", (0, 0, 1)), columns=90),
        Imu(mount=Mount("ego")),
        Gnss(mount=Mount("ego")),
        Touch(on="ball"),
    )
    world = World(one)
    together = [s.sense(world, clock, key).parts[s.name].encode().blob.read() for s in sensors]
    alone = [s.sense(World(one), clock, key).parts[s.name].encode().blob.read() for s in reversed(sensors)]
    assert together == alone[::-1]
