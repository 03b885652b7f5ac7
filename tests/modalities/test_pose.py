"""Poses: a body goes where its points go."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.clock import TimeMap
from counterpoint.core.rig import Frame, Rig
from counterpoint.core.world import WorldMap, reflection
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.pose import Pose

RIG = Rig(frames={"lidar": Frame()})


def track(lateral: str = "y", frame: str = "world") -> Pose:
    poses = np.tile(np.eye(4), (5, 1, 1))
    for i, angle in enumerate(np.linspace(0, 1, 5)):
        c, s = np.cos(angle), np.sin(angle)
        poses[i, :3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
            [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]
        )
        poses[i, :3, 3] = [i, i**2, 0.1 * i]
    return Pose(np.arange(5) * 0.5, poses, frame, lateral)


@pytest.mark.parametrize("lateral", ["x", "y"])
@pytest.mark.parametrize("move", [WorldMap.mirror(), WorldMap.similarity(-1.2 * np.eye(3), (1, 2, 3))])
def test_points_of_the_body_go_where_the_world_takes_them(move: WorldMap, lateral: str) -> None:
    part = track(lateral)
    done = part.follow(move, RIG)
    done.check()  # proper turns
    body = np.random.default_rng(0).normal(size=(7, 3))
    own = body @ reflection(lateral) * move.scale  # the body is mirrored and grows with its world
    for before, after in zip(part.poses, done.poses, strict=True):
        seen = move.forward(body @ before[:3, :3].T + before[:3, 3])
        np.testing.assert_allclose(own @ after[:3, :3].T + after[:3, 3], seen, atol=1e-12)


@pytest.mark.parametrize("frame", ["world", "lidar"])
def test_a_mirror_twice_is_the_identity(frame: str) -> None:
    move = WorldMap.mirror()
    done = track(frame=frame).follow(move, RIG).follow(move, RIG)
    np.testing.assert_allclose(done.poses, track().poses, atol=1e-12)


def test_times_follow_the_clock_and_rows_outside_go() -> None:
    done = track().follow(TimeMap.affine(2.0, 0.25, keep=(0.5, 1.0)), RIG)
    assert done.times.tolist() == [0.5, 0.75]
    assert done.poses[:, 0, 3].tolist() == [1, 2]
    assert done.span() == (0.5, 0.75)


def test_bytes_come_back() -> None:
    assert Pose.decode(track("x").encode()).encode() == track("x").encode()
    assert track().preview().data["x"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Pose([0, 0], [np.eye(4)] * 2), "increasing"),
        (Pose([0, 1], [np.eye(4), np.diag([1, -1, 1, 1])]), "row 1 at 1.000 s"),
        (Pose([0], [np.eye(3)]), r"poses \(T, 4, 4\)"),
        (Pose([0], [np.eye(4)], lateral="left"), "sideways axis"),
    ],
)
def test_what_is_wrong_is_named(part: Pose, said: str) -> None:
    with pytest.raises(InvalidPartError, match=said):
        part.check()


def test_no_poses_go_everywhere() -> None:
    empty = Pose([], [])
    for done in (
        empty.follow(WorldMap.mirror(), RIG),
        empty.follow(TimeMap.affine(2.0, keep=(0, 1)), RIG),
        Pose.decode(empty.encode()),
        track().follow(TimeMap.affine(keep=(80, 90)), RIG),
    ):
        done.check()
        assert done.span() is None
    assert empty.preview().data == {"t": [], "x": [], "y": [], "z": []}
