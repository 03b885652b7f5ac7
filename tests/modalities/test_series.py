"""Series in worlds with a known answer, and on real recordings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.columns import Column
from counterpoint.core.contracts import CannotFollow
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.rig import Frame, Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError, InvalidPartError
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series

YAW = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
RATE = 100.0


def vector(name: str, kind: str, order: int, unit: str) -> list[Column]:
    return [Column(f"{name}_{c}", unit, kind, name, c, order) for c in ("x", "y", "z")]  # type: ignore[arg-type]


MOTION = (
    *vector("vel", "polar", 1, "m/s"),
    *vector("acc", "polar", 2, "m/s^2"),
    *vector("gyro", "axial", 1, "rad/s"),
    Column("heading", "rad", "angle"),
    Column("yaw_rate", "rad/s", "lateral", order=1),
)


def moved(part: Series, move: object, rig: Rig | None = None) -> Series:
    done = part.follow(move, rig or Rig())  # type: ignore[arg-type]
    assert isinstance(done, Series), done
    done.check()
    return done


def drive(world: NDArray[np.float64] | None = None, rate: float = 1.0, seconds: float = 6.0) -> Series:
    """What a body measures on a curved, rising path that a linear map and a tempo have changed.

    Velocity, acceleration and heading come from the changed path itself, so they are an answer that owes nothing
    to the rules for columns.
    """
    a = np.eye(3) if world is None else world
    h = 1e-4
    t = np.arange(round(seconds / rate * RATE)) / RATE
    path = lambda s: np.stack([3 * s * rate, 2 * np.sin(s * rate), 0.3 * np.cos(0.7 * s * rate)], 1) @ a.T  # noqa: E731
    vel = (path(t + h) - path(t - h)) / (2 * h)
    acc = (path(t + h) - 2 * path(t) + path(t - h)) / h**2
    heading = np.unwrap(np.arctan2(vel[:, 1], vel[:, 0]))
    turning = (vel[:, 0] * acc[:, 1] - vel[:, 1] * acc[:, 0]) / (vel[:, 0] ** 2 + vel[:, 1] ** 2)
    # cross(v, a) / v.v is an angular rate: a pseudo-vector made of two polar ones.
    gyro = np.cross(vel, acc) / (vel**2).sum(1, keepdims=True)
    return Series(t, np.column_stack([vel, acc, gyro, heading, turning]), MOTION, RATE)


@pytest.mark.parametrize("world", [np.diag([1.0, -1, 1]), YAW, YAW @ np.diag([1.0, -1, 1]), np.eye(3) * 1.05])
def test_columns_after_a_map_are_those_of_the_mapped_path(world: NDArray[np.float64]) -> None:
    done, truth = moved(drive(), WorldMap.similarity(world)), drive(world)
    # 1e-4: the error of the numerical second derivative, h**2 and rounding over h**2, is about 1e-6.
    np.testing.assert_allclose(done.values[:, :9], truth.values[:, :9], atol=1e-4)
    np.testing.assert_allclose(np.cos(done.values[:, 9] - truth.values[:, 9]), 1, atol=1e-8)
    np.testing.assert_allclose(done.values[:, 10], truth.values[:, 10], atol=1e-4)


@pytest.mark.parametrize("rate", [0.8, 1.25])
def test_rates_after_a_tempo_are_those_of_the_faster_path(rate: float) -> None:
    done, truth = moved(drive(), TimeMap.affine(rate)), drive(rate=rate)
    assert len(done.times) == len(truth.times)
    np.testing.assert_allclose(done.times, truth.times, atol=1e-9)
    # Linear interpolation between rows 10 ms apart errs by 10 ms ** 2 / 8 x curvature (below 10 / s^2) = 1.3e-4, and
    # the last row is held.
    np.testing.assert_allclose(done.values[:-2], truth.values[:-2], atol=5e-4)


def test_a_mirror_turns_the_right_components_in_the_frame_of_a_sensor() -> None:
    part = Series([0.0], np.arange(1.0, 12.0)[None], MOTION, frame="imu")
    flat = moved(part, WorldMap.mirror("y"), Rig(frames={"imu": Frame(lateral="x")}))
    np.testing.assert_array_equal(flat.values[0], [-1, 2, 3, -4, 5, 6, 7, -8, -9, -10, -11])
    np.testing.assert_array_equal(
        moved(part, WorldMap.similarity(YAW), Rig(frames={"imu": Frame()})).values, part.values
    )


def test_a_spike_stays_on_its_moment_through_crop_and_tempo() -> None:
    times = np.arange(400) / RATE
    part = Series(times, np.where(np.arange(400) == 200, 9.0, 0.0)[:, None], (Column("ecg", "mV"),), RATE)
    for move in (TimeMap.affine(1.25), TimeMap.affine(0.8, 0.3), TimeMap.affine(1.0, -1.5, (0.0, 1.0))):
        done = moved(part, move)
        peak = done.times[np.argmax(done.values[:, 0])]
        assert abs(peak - float(move.forward(2.0))) <= 0.5 / RATE
        assert done.rate == RATE
        np.testing.assert_allclose(np.diff(done.times), 1 / RATE, atol=1e-9)


def test_a_crop_covers_its_whole_window() -> None:
    part = Series(np.arange(400) / RATE, np.arange(400.0)[:, None], (Column("n"),), RATE)
    done = moved(part, TimeMap.affine(shift=-1.0, keep=(0.0, 2.0)))
    np.testing.assert_array_equal(done.values[:, 0], np.arange(100.0, 300.0))
    assert done.span() == pytest.approx((0.0, 2.0))


def test_uneven_rows_keep_their_values_at_their_own_times() -> None:
    part = Series([0.0, 0.1, 5.0], [[1.0], [np.nan], [3.0]], (Column("lab"),))
    done = moved(part, TimeMap((0.0, 1.0, 5.0), (0.0, 2.0, 4.0)))
    np.testing.assert_allclose(done.times, [0.0, 0.2, 4.0])
    np.testing.assert_array_equal(done.values, part.values)


def test_a_missing_value_stays_missing_and_spreads_to_no_known_row() -> None:
    values = np.arange(50.0)[:, None].copy()
    values[20] = np.nan
    part = Series(np.arange(50) / 10, values, (Column("n"),), 10.0)
    slow = moved(part, TimeMap.affine(0.5))
    known = np.isfinite(slow.values[:, 0])
    assert np.flatnonzero(~known).tolist() == [39, 40, 41]
    np.testing.assert_allclose(slow.values[known, 0][:39], np.arange(39) / 2)


def test_angles_are_interpolated_the_short_way_round() -> None:
    part = Series([0.0, 1.0], [[3.1], [-3.1]], (Column("heading", "rad", "angle"),), 1.0)
    slow = moved(part, TimeMap.affine(0.5))
    assert np.cos(slow.values[1, 0] - np.pi) == pytest.approx(1.0)


def test_a_mask_makes_the_window_missing_and_nothing_else() -> None:
    part = drive()
    done = moved(part, TimeMask(1.0, 2.0))
    lost = np.isnan(done.values).all(1)
    np.testing.assert_array_equal(lost, (part.times >= 1.0) & (part.times < 2.0))
    np.testing.assert_array_equal(done.values[~lost], part.values[~lost])


def test_a_missing_component_is_missing_only_where_it_is_needed() -> None:
    part = drive()
    part.values[0, 2] = np.nan
    assert np.isnan(moved(part, WorldMap.similarity(YAW)).values[0]).sum() == 1


def test_a_vector_without_all_components_refuses_what_mixes_them() -> None:
    part = Series([0.0], [[1.0]], (Column("acc_x", "m/s^2", "polar", "acc", "x", 2),))
    assert isinstance(part.follow(WorldMap.similarity(YAW), Rig()), CannotFollow)
    assert moved(part, WorldMap.mirror("y")).values[0, 0] == 1.0


def test_a_heading_refuses_a_tilted_ground() -> None:
    tilt = YAW[[2, 0, 1]][:, [2, 0, 1]]
    assert isinstance(drive().follow(WorldMap.similarity(tilt), Rig()), CannotFollow)


def test_sides_swap_paired_columns_and_rename_lonely_ones() -> None:
    names = ("left_wheel", "right_wheel", "left_door", "speed")
    part = Series([0.0], [[1.0, 2.0, 3.0, 4.0]], tuple(map(Column, names)))
    done = moved(part, Sides())
    assert [c.name for c in done.columns] == ["left_wheel", "right_wheel", "right_door", "speed"]
    assert done.values[0].tolist() == [2.0, 1.0, 3.0, 4.0]
    again = moved(done, Sides())
    assert again.columns == part.columns
    np.testing.assert_array_equal(again.values, part.values)


def test_colours_do_not_concern_numbers() -> None:
    part = drive()
    assert part.follow(ColourShift("camera", grey=True), Rig()) is part


def test_a_crop_that_leaves_no_row_refuses() -> None:
    done = drive().follow(TimeMap.affine(keep=(90.0, 91.0)), Rig())
    assert isinstance(done, CannotFollow)


def test_a_blend_weighs_rows_at_their_own_times() -> None:
    column = (Column("n"),)
    a = Series(np.arange(4.0), np.full((4, 1), 8.0), column)
    b = Series([0.5, 2.5], [[0.0], [4.0]], column)
    done = a.blend(b, 0.75)
    np.testing.assert_allclose(done.values[:, 0], [np.nan, 6.25, 6.75, np.nan])
    with pytest.raises(AlignmentError, match="differ"):
        a.blend(Series([0.0], [[1.0]], (Column("m"),)), 0.5)


@pytest.mark.parametrize("times", [[0.0, np.nan], [1.0, 0.5]])
def test_rows_without_an_order_in_time_are_named(times: list[float]) -> None:
    with pytest.raises(InvalidPartError, match="row 1"):
        Series(times, [[1.0], [2.0]], (Column("n"),)).check()


def ecg(folder: Path) -> tuple[Series, NDArray[np.float64]]:
    """MIT-BIH record 100 (WFDB format 212) and the times of its beats, s."""
    raw = np.fromfile(folder / "100.dat", np.uint8).reshape(-1, 3).astype(int)
    pair = np.column_stack([raw[:, 0] | (raw[:, 1] & 0x0F) << 8, raw[:, 2] | (raw[:, 1] & 0xF0) << 4])
    pair[pair > 2047] -= 4096
    notes = np.fromfile(folder / "100.atr", "<u2")
    beats, at, i = [], 0, 0
    while i < len(notes) and notes[i]:
        code, step = int(notes[i]) >> 10, int(notes[i]) & 0x3FF
        if code == 59:  # SKIP: a long interval follows in two words
            at += (int(notes[i + 1]) << 16) + int(notes[i + 2])
            i += 3
        elif code == 63:  # AUX: a text follows
            i += 1 + (step + 1) // 2
        else:
            at += step if code < 59 else 0
            beats += [at / 360] if code in (1, 5, 8) else []
            i += 1
    columns = (Column("MLII", "mV"), Column("V5", "mV"))
    return Series(np.arange(len(pair)) / 360, (pair - 1024) / 200, columns, 360.0), np.array(beats)


def test_the_beats_of_a_real_heart_stay_on_their_annotations(shared: Callable[[str], Path]) -> None:
    part, beats = ecg(shared("ecg"))
    assert len(beats) == 2273
    first = moved(part, TimeMap.affine(keep=(0.0, 60.0)))
    beats = beats[(beats > 0.5) & (beats < 59.5)]
    move = TimeMap((0.0, 20.0, 60.0), (0.0, 18.0, 65.0))
    warped = moved(first, move)
    for beat in move.forward(beats):
        near = np.abs(warped.times - beat) < 0.15
        peak = warped.times[near][np.argmax(warped.values[near, 0])]
        # The annotators' marks lie within 30 ms of the peak (30 ms in the unchanged recording too).
        assert abs(peak - beat) < 0.035


def test_a_mirror_negates_the_steering_of_a_real_car(shared: Callable[[str], Path]) -> None:
    rows = [json.loads(line) for line in (shared("robot_car") / "catalog.jsonl").read_text().splitlines()]
    values = [[row["user/angle"], row["user/throttle"]] for row in rows]
    part = Series(np.arange(len(rows)) / 20, values, (Column("angle", kind="lateral"), Column("throttle")), 20.0)
    done = moved(part, WorldMap.mirror("y"))
    np.testing.assert_array_equal(done.values[:, 0], -part.values[:, 0])
    np.testing.assert_array_equal(done.values[:, 1], part.values[:, 1])
    assert np.abs(part.values[:, 0]).max() > 0.1


@pytest.mark.parametrize(
    ("unit", "factor"), [("m", 2.0), ("km", 2.0), ("m/s", 2.0), ("kg", 1.0), ("", 1.0), ("mV", 1.0)]
)
def test_a_larger_world_has_larger_lengths_and_nothing_else(unit: str, factor: float) -> None:
    move = WorldMap.similarity(2 * np.eye(3))
    series = Series(np.array([0.0]), np.array([[3.0]]), (Column("n", unit),)).follow(move, Rig())
    record = Record({"n": 3.0}, (Column("n", unit),)).follow(move, Rig())
    assert isinstance(series, Series)
    assert isinstance(record, Record)
    assert series.values[0, 0] == record.values["n"] == pytest.approx(3.0 * factor)


@pytest.mark.parametrize(("unit", "factor"), [("m/s^2", 2.0), ("", 2.0), ("N", 1.0)])
def test_only_vectors_in_lengths_grow_with_the_world(unit: str, factor: float) -> None:
    columns = tuple(Column(f"f{c}", unit, "polar", "f", c) for c in "xyz")
    turned = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    moved = Series(np.array([0.0]), np.array([[3.0, 0, 1]]), columns).follow(WorldMap.similarity(2 * turned), Rig())
    assert isinstance(moved, Series)
    np.testing.assert_allclose(moved.values[0], np.array([0, 3, 1]) * factor, atol=1e-12)


def test_the_left_sensor_becomes_the_right_one() -> None:
    rig = Rig(frames={"imu_left": Frame.of(np.eye(4)), "imu_right": Frame.of(np.eye(4))})
    series = Series(np.array([0.0]), np.ones((1, 1)), (Column("n"),), frame="imu_left").follow(Sides(), rig)
    assert isinstance(series, Series)
    assert series.frame == "imu_right"
