"""Points: coordinates, directions and times follow; rows stay whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.appearance import Appearance
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Encoded
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.rig import Frame, Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError, InvalidPartError, UnreadableInputError
from counterpoint.modalities.points import Points

POSE = np.array([[0, -1, 0, 3], [1, 0, 0, -2], [0, 0, 1, 1.5], [0, 0, 0, 1.0]])
RIG = Rig(frames={"lidar": Frame.of(POSE), "left_radar": Frame.of(POSE), "right_radar": Frame.of(POSE)})
ALL = ("x", "y", "z", "vx", "vy", "vz", "nx", "ny", "nz", "time", "range", "radial_velocity", "label")
TURN = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])


def cloud(n: int = 20, columns: tuple[str, ...] = ALL, frame: str = "world") -> Points:
    values = np.random.default_rng(n).uniform(0.5, 9, (n, len(columns)))
    return Points(values.astype(np.float32), columns, frame)


@pytest.mark.parametrize("mirrored", [False, True])
def test_velocities_turn_mirror_and_grow_and_normals_only_turn(mirrored: bool) -> None:
    part = cloud()
    linear = 1.5 * TURN @ np.diag([1, -1 if mirrored else 1, 1])
    done = part.follow(WorldMap.similarity(linear, (1, 2, 3)), RIG)
    np.testing.assert_allclose(done.xyz, part.xyz @ linear.T + (1, 2, 3), rtol=1e-6)
    np.testing.assert_allclose(done.values[:, 3:6], part.values[:, 3:6] @ linear.T, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(done.values[:, 6:9], part.values[:, 6:9] @ linear.T / 1.5, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(done.values[:, 10:12], part.values[:, 10:12] * 1.5, rtol=1e-6)
    assert (done.values[:, [9, 12]] == part.values[:, [9, 12]]).all()


def test_speed_is_the_change_of_place() -> None:
    part, step = cloud(), 0.01
    later = Points(part.values + np.pad(part.values[:, 3:6] * step, ((0, 0), (0, 10))), ALL)
    move = WorldMap.similarity(0.9 * TURN @ np.diag([1, -1, 1]), (5, 0, 0))
    speed = (later.follow(move, RIG).xyz - part.follow(move, RIG).xyz) / step
    # float32 places of about 10 m are rounded to 1e-6 m, divided by 0.01 s
    np.testing.assert_allclose(speed, part.follow(move, RIG).values[:, 3:6], atol=1e-3)


@pytest.mark.parametrize("move", [WorldMap.mirror(), WorldMap.similarity(1.1 * TURN, (4, 5, 6)), WorldMap.mirror("x")])
def test_a_cloud_in_a_sensors_frame_stays_where_the_sensor_puts_it(move: WorldMap) -> None:
    part = cloud(frame="lidar")
    before = part.xyz @ POSE[:3, :3].T + POSE[:3, 3]
    pose = RIG.follow(move).frame("lidar").pose
    done = part.follow(move, RIG).xyz @ pose[:3, :3].T + pose[:3, 3]
    np.testing.assert_allclose(done, move.forward(before), atol=1e-5)


def test_a_mirror_twice_is_the_identity() -> None:
    for part in (cloud(), cloud(frame="lidar")):
        done = part.follow(WorldMap.mirror(), RIG).follow(WorldMap.mirror(), RIG.follow(WorldMap.mirror()))
        assert done.encode() == part.encode()


def test_sides_exchange_the_frames_of_a_pair() -> None:
    assert cloud(frame="left_radar").follow(Sides(), RIG).frame == "right_radar"
    assert cloud(frame="lidar").follow(Sides(), RIG).frame == "lidar"


def test_a_flat_velocity_turns_about_the_axis_that_it_lacks_and_refuses_others() -> None:
    part = cloud(columns=("x", "y", "z", "vx_comp", "vy_comp"))
    yaw, roll = WorldMap.similarity(TURN), WorldMap.similarity(TURN[np.ix_([2, 0, 1], [2, 0, 1])])
    np.testing.assert_allclose(part.follow(yaw, RIG).values[:, 3:], part.values[:, 3:] @ TURN[:2, :2].T, rtol=1e-5)
    assert part.refuses(WorldMap.mirror(), RIG) is None
    assert "without z" in str(part.refuses(roll, RIG))


def test_a_tempo_moves_times_and_speeds_and_drops_what_it_does_not_keep() -> None:
    part = cloud()
    time = part.column("time").astype(float)
    done = part.follow(TimeMap.affine(2.0, 1.0, keep=(2.0, 4.0)), RIG)
    kept = (time / 2 + 1 >= 2) & (time / 2 + 1 < 4)
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_allclose(done.column("time"), time[kept] / 2 + 1, rtol=1e-6)
    np.testing.assert_allclose(done.values[:, 3:6], part.values[kept, 3:6] * 2, rtol=1e-6)
    np.testing.assert_allclose(done.column("radial_velocity"), part.column("radial_velocity")[kept] * 2, rtol=1e-6)
    assert (done.values[:, 6:9] == part.values[kept, 6:9]).all()
    assert done.start == 1.0
    assert part.span() == (float(time.min()), float(time.max()))


def test_a_cloud_without_times_keeps_its_rows_but_not_its_speeds() -> None:
    part = cloud(columns=("x", "y", "z", "vx", "vy", "vz"))
    done = part.follow(TimeMap.affine(2.0, keep=(50.0, 60.0)), RIG)
    np.testing.assert_allclose(done.values[:, 3:], part.values[:, 3:] * 2, rtol=1e-6)
    assert len(done.values) == len(part.values)
    assert part.span() is None


def test_a_masked_time_takes_no_points_away() -> None:
    assert cloud().follow(TimeMask(0, 9), RIG).encode() == cloud().encode()


def test_blend_unites_by_name_of_column() -> None:
    one, other = cloud(4, ("x", "y", "z", "intensity")), cloud(3, ("x", "y", "z", "ring"))
    done = one.blend(other, 0.5)
    assert done.values.shape == (7, 4)
    assert (done.values[4:, :3] == other.values[:, :3]).all()
    assert np.isnan(done.column("intensity")[4:]).all()
    done.check()
    with pytest.raises(AlignmentError, match=r"'world'.*'lidar'"):
        one.blend(cloud(frame="lidar"), 0.5)


def test_bytes_come_back_and_broken_ones_are_named() -> None:
    part = cloud(frame="lidar")
    assert Points.decode(part.encode()).encode() == part.encode()
    with pytest.raises(UnreadableInputError, match="s1 sweep"):
        Points.decode(Encoded(Blob("npy", b"\x93NUMPY broken", label="s1 sweep"), part.encode().facts))


@pytest.mark.parametrize(
    ("values", "columns", "said"),
    [
        (np.ones((2, 3)), ("x", "z", "y"), "begin with x, y, z"),
        (np.ones((2, 4)), ("x", "y", "z", "x"), "unique"),
        (np.ones((2, 4)), ("x", "y", "z"), r"found \(2, 4\)"),
        ([[1, 2, 3], [1, np.nan, 3]], ("x", "y", "z"), "row 1"),
    ],
)
def test_what_is_wrong_is_named(values: object, columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidPartError, match=said):
        Points(np.array(values), columns).check()


def test_no_points_go_everywhere() -> None:
    empty = Points(np.zeros((0, len(ALL))), ALL)
    for done in (
        empty.follow(WorldMap.mirror(), RIG),
        empty.follow(TimeMap.affine(2.0, keep=(0, 1)), RIG),
        empty.blend(empty, 0.5),
        Points.decode(empty.encode()),
        *(
            empty.follow(Appearance.of(n, "points", p, Key.of(1)), RIG)
            for n, p in (
                ("PointDrop", {"share": 0.5}),
                ("PointJitter", {"sigma": 0.1, "clip": 1.0}),
                ("BeamDrop", {"share": 0.5, "beams": 8}),
            )
        ),
    ):
        done.check()
        assert done.values.shape == (0, len(ALL))
    assert empty.span() is None
    assert empty.preview().data == []


def test_a_preview_of_a_large_cloud_is_small() -> None:
    assert len(cloud(50_001, ("x", "y", "z")).preview().data) <= 20_000


def test_a_return_at_the_end_of_what_is_kept_comes_next_and_one_at_its_start_stays() -> None:
    part = Points(np.array([[1, 0, 0, 0.25], [2, 0, 0, 0.5], [3, 0, 0, 0.75]], np.float32), ("x", "y", "z", "time"))
    kept = part.follow(TimeMap.affine(keep=(0.25, 0.75)), RIG)
    assert isinstance(kept, Points)
    assert kept.values[:, 0].tolist() == [1, 2]


def test_a_long_chain_of_moves_is_rounded_once() -> None:
    rng = np.random.default_rng(5)
    part = Points(rng.uniform(-2, 2, (500, 4)).astype(np.float32), ("x", "y", "z", "intensity"))
    truth, rig = part.xyz, Rig()
    for i in range(40):
        turn = np.array([[np.cos(i), -np.sin(i), 0], [np.sin(i), np.cos(i), 0], [0, 0, 1.0]])
        for move in (WorldMap.similarity(turn, (3.1, -2.2, 0.7)), WorldMap.mirror("y"), Sides()):
            moved = part.follow(move, rig)
            assert isinstance(moved, Points)
            part, truth = moved, move.forward(truth) if isinstance(move, WorldMap) else truth
    np.testing.assert_array_equal(part.values[:, :3], truth.astype(np.float32))
    dropped = replace(part, values=part.values[::2])
    assert dropped.exact is None
    assert len(dropped.xyz) == 250
