"""What the labels say of falling, driving and resting things, against what mechanics says."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.simulate.scene import Geom, Scene, Thing, Waypoint, heading
from counterpoint.simulate.sensor import Clock, Sensed
from counterpoint.simulate.sensors.labels import Labels
from counterpoint.simulate.world import World

CLOCK = Clock(1.0, 0.3)


def scene() -> Scene:
    floor = Thing("floor", "ground", (Geom("plane", (0, 0, 1), "wood"),), motion="fixed")
    ball = Thing("ball", "ball", (Geom("sphere", (0.1, 0, 0), "rubber"),), (1, 2, 0.6))
    car = Thing(
        "car", "car", (Geom("box", (1.0, 0.5, 0.2), "metal", position=(0.3, 0, 0.4)),), (0, 0, 0), motion="path",
        path=(Waypoint(0, (0, -3, 0), np.pi / 2), Waypoint(1, (0, 1, 0), np.pi / 2)),
    )  # fmt: skip
    return Scene(1.0, (floor, ball, car))


def sensed(given: Scene, **settings: object) -> Sensed:
    return Labels(**settings).sense(World(given), CLOCK, Key.of(1))  # type: ignore[arg-type]


def test_boxes_stand_around_the_shapes_of_things_and_move_with_them() -> None:
    boxes = sensed(scene()).parts["boxes3d"]
    boxes.check()
    assert boxes.ids == ("ball", "car")  # the floor is no instance
    assert boxes.names == ("ball", "car")
    # The car drives at 4 m/s along y; its box is 0.3 m ahead of its origin, which is at -3 + 4 * 0.3.
    np.testing.assert_allclose(boxes.centres[1], (0, -1.5, 0.4), atol=1e-9)
    np.testing.assert_allclose(boxes.sizes, [(0.2, 0.2, 0.2), (2, 1, 0.4)])
    np.testing.assert_allclose(boxes.yaws()[1], np.pi / 2)
    # The ball falls freely; semi-implicit steps of 2 ms are up to one step of gravity off.
    np.testing.assert_allclose(boxes.velocities, [(0, 0, -9.81 * 0.3), (0, 4, 0)], atol=0.02)


def test_tracks_say_the_same_as_poses_and_their_speeds_are_the_slopes_of_the_ways() -> None:
    parts = sensed(scene(), rate=100.0).parts
    tracks, pose = parts["tracks"], parts["track_ball"]
    names = [c.name for c in tracks.columns]
    z, speed = (tracks.values[:, names.index(f"ball.{n}_z")] for n in ("way", "speed"))
    np.testing.assert_allclose(z, pose.poses[:, 2, 3] - 0.6, atol=1e-12)
    before = tracks.times < 0.3  # in free fall
    np.testing.assert_allclose(np.gradient(z, tracks.times)[1:][before[1:]], speed[1:][before[1:]], atol=0.03)
    np.testing.assert_allclose(tracks.values[:, names.index("car.heading")], np.pi / 2)


def test_contacts_begin_when_the_ball_has_fallen() -> None:
    contacts = sensed(scene()).parts["contacts"]
    assert contacts.texts[0] == "ball touches floor"
    assert contacts.starts[0] == pytest.approx(np.sqrt(2 * 0.5 / 9.81), abs=0.003)  # one step and a half
    assert (contacts.ends > contacts.starts).all()
    assert (contacts.ends <= 1.0).all()


@pytest.mark.parametrize(
    "move",
    [
        WorldMap.mirror("y"),
        WorldMap.similarity(np.diag([1, 1, 1]), (3, -2, 0)),
        WorldMap.similarity([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]], (1, 0, 0)),
    ],
    ids=["mirror", "shift", "turn"],
)
def test_labels_of_a_moved_scene_are_the_moved_labels(move: WorldMap) -> None:
    one, other = sensed(scene()).parts, sensed(scene().moved(move)).parts
    assert one.keys() == other.keys()
    for name, arrays in {
        "boxes3d": ("centres", "sizes", "turns", "velocities"),
        "tracks": ("values",),
        "track_ball": ("poses",),
        "track_car": ("poses",),
    }.items():
        followed = one[name].follow(move, Rig())
        for array in arrays:
            # Physics in a moved world is the same to 1e-8 m; headings may differ by a whole turn.
            gap = getattr(followed, array) - getattr(other[name], array)
            assert np.abs((gap + np.pi) % (2 * np.pi) - np.pi if name == "tracks" else gap).max() < 1e-8, (name, array)
    np.testing.assert_allclose(one["contacts"].starts, other["contacts"].starts, atol=1e-9)


def test_a_turned_thing_has_a_turned_box() -> None:
    crate = Thing("crate", "crate", (Geom("box", (0.3, 0.2, 0.1)),), (1, 1, 0.1), heading(0.4), motion="fixed")
    boxes = sensed(Scene(1.0, (crate,))).parts["boxes3d"]
    assert boxes.yaws() == pytest.approx(0.4)
    assert boxes.velocities == pytest.approx(np.zeros((1, 3)))
