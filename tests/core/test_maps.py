"""Maps of every axis: composition, inverse, fusion, and what they do to a camera."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.clock import TimeMap
from counterpoint.core.meaning import swapped_name
from counterpoint.core.plane import Bend, Homography, PlaneMap, PlaneStep
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.serial import canonical, dump, load
from counterpoint.core.world import WorldMap

K = np.array([[700.0, 0.4, 610], [0, 705, 180], [0, 0, 1]])
RNG = np.random.default_rng(3)


def pose(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    out = np.eye(4)
    out[:3, :3] = q * np.sign(np.diag(r)) * np.sign(np.linalg.det(q * np.sign(np.diag(r))))
    out[:3, 3] = [0.3, -0.2, 9.0]
    return out


def a_bend(seed: int = 0, amplitude: float = 4.0) -> Bend:
    d = np.random.default_rng(seed).uniform(-amplitude, amplitude, (2, 6, 8))
    return Bend(1200, 400, 6, 8, tuple(d[0].ravel()), tuple(d[1].ravel()))


PLANE_MAPS = {
    "crop": np.array([[1, 0, -30.0], [0, 1, -20], [0, 0, 1]]),
    "resize": np.diag([0.5, 0.7, 1]),
    "rotate": np.array([[0.9, -0.3, 10], [0.3, 0.9, -7], [0, 0, 1]]),
    "perspective": np.array([[0.9, -0.1, 10], [0.1, 1.1, -7], [1e-4, -2e-4, 1]]),
}


@pytest.mark.parametrize("name", PLANE_MAPS)
@pytest.mark.parametrize("distortion", [(), (-0.3, 0.1, 1e-3, -2e-3)])
def test_projection_after_a_plane_map_is_the_mapped_projection(name: str, distortion: tuple[float, ...]) -> None:
    camera = Camera.of((1200, 400), K, pose(1), distortion)
    points = RNG.normal(size=(50, 3))
    move = PlaneMap.of("cam", (1200, 400), PLANE_MAPS[name])
    np.testing.assert_allclose(
        camera.follow(move).project(points)[0], move.forward(camera.project(points)[0]), atol=1e-6
    )


def test_a_non_rigid_map_stays_behind_the_lens() -> None:
    camera, move = Camera.of((1200, 400), K, pose(1)), PlaneMap("cam", (1200, 400), (PlaneStep(a_bend(), (1200, 400)),))
    points = RNG.normal(size=(50, 3))
    np.testing.assert_allclose(
        camera.follow(move).project(points)[0], move.forward(camera.project(points)[0]), atol=1e-6
    )


@pytest.mark.parametrize("distortion", [(), (-0.3, 0.1, 1e-3, -2e-3, 0.01)])
@pytest.mark.parametrize("plane_first", [True, False])
def test_mirror_of_world_and_plane_keeps_a_proper_camera(plane_first: bool, distortion: tuple[float, ...]) -> None:
    camera = Camera.of((1200, 400), K, pose(2), distortion)
    world, plane = WorldMap.mirror("y"), PlaneMap.mirror("cam", (1200, 400))
    moves = [plane, world] if plane_first else [world, plane]
    turned = camera.follow(moves[0]).follow(moves[1])
    points = RNG.normal(size=(40, 3))
    np.testing.assert_allclose(
        turned.project(world.forward(points))[0], plane.forward(camera.project(points)[0]), atol=1e-6
    )
    assert turned.k[0, 0] > 0
    assert np.linalg.det(turned.pose[:3, :3]) == pytest.approx(1)
    back = turned.follow(moves[0]).follow(moves[1])
    np.testing.assert_allclose(back.k, camera.k)
    np.testing.assert_allclose(back.distortion, camera.distortion)


@pytest.mark.parametrize("scale", [1.0, 1.05])
def test_world_maps_leave_the_picture_as_it_is(scale: float) -> None:
    turn = pose(5)[:3, :3] * scale
    world = WorldMap.similarity(turn, (1, 2, 3))
    camera, points = Camera.of((1200, 400), K, pose(2)), RNG.normal(size=(40, 3))
    np.testing.assert_allclose(
        camera.follow(world).project(world.forward(points))[0], camera.project(points)[0], atol=1e-6
    )


@pytest.mark.parametrize("linear", [np.diag([1.0, -1, 1]), pose(7)[:3, :3] * 0.9, np.eye(3)])
def test_a_sensor_frame_keeps_a_proper_pose_that_agrees_with_the_world(linear: np.ndarray) -> None:
    frame, world = Frame.of(pose(4)), WorldMap.similarity(linear, (0.5, 0, 1))
    moved, own = frame.follow(world), frame.local(world)
    points = np.c_[RNG.normal(size=(20, 3)), np.ones(20)]
    np.testing.assert_allclose((moved.pose @ own @ points.T).T[:, :3], world.forward((frame.pose @ points.T).T[:, :3]))
    assert np.linalg.det(moved.pose[:3, :3]) == pytest.approx(1)


def test_a_bend_solves_its_own_inverse() -> None:
    bend, points = a_bend(amplitude=12), RNG.uniform(0, 400, (200, 2))
    np.testing.assert_allclose(bend.backward(bend.forward(points)), points, atol=1e-6)
    np.testing.assert_allclose(bend.inverse().forward(bend.forward(points)), points, atol=1e-6)
    grid = bend.grid(np.array([10.5, 77.5]), np.array([3.5]))
    np.testing.assert_allclose(
        bend.backward(np.array([[10.5, 3.5], [77.5, 3.5]])),
        [[10.5 + grid[0, 0, 0], 3.5 + grid[1, 0, 0]], [77.5 + grid[0, 0, 1], 3.5 + grid[1, 0, 1]]],
    )


def test_fused_time_maps_equal_one_after_the_other() -> None:
    first = TimeMap((0.0, 1.0, 3.0), (0.0, 2.0, 3.0), (0.5, 2.5))
    second = TimeMap.affine(rate=1.25, shift=-0.4, keep=(0.0, 1.2))
    both = first.fused(second)
    assert both is not None
    t = np.linspace(-1, 4, 101)
    np.testing.assert_allclose(both.forward(t), second.forward(first.forward(t)))
    np.testing.assert_allclose(both.inverse().forward(both.forward(t)), t)
    assert both.span(0, 3) == pytest.approx((0.0, 1.2))
    assert both.rate(0.5) == pytest.approx(0.5 * 1.25)


def test_every_map_survives_json() -> None:
    for move in (
        PlaneMap("c", (9, 7), (PlaneStep(a_bend(), (4, 4)), PlaneStep(Homography.of(np.eye(3)), (2, 2)))),
        TimeMap.affine(1.1, keep=(0.0, 1.0)),
        WorldMap.mirror("x"),
        Rig({"c": Camera.of((4, 4), K)}, {"l": Frame()}),
    ):
        assert load(dump(move)) == move
        assert canonical(load(dump(move))) == canonical(move)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("left_eye", "right_eye"),
        ("LeftLung", "RightLung"),
        ("hip_l", "hip_r"),
        ("L.knee", "R.knee"),
        ("COVID-19 Left Lung", "COVID-19 Right Lung"),
        ("bright", "bright"),
        ("copyright", "copyright"),
        ("RIGHT", "LEFT"),
        ("leftmost", "leftmost"),
        ("cam_right_front", "cam_left_front"),
        ("leftEye", "rightEye"),
        ("nose", "nose"),
    ],
)
def test_names_change_sides_and_back(name: str, other: str) -> None:
    assert swapped_name(name) == other
    assert swapped_name(other) == name


@pytest.mark.parametrize("order", [1, -1])
def test_a_shift_beside_a_change_of_speed_keeps_what_the_pitch_does(order: int) -> None:
    first, second = [TimeMap.affine(shift=1.0), TimeMap.affine(2.0, pitch="follows")][::order]
    both = first.fused(second)
    assert both is not None
    assert both.pitch == "follows"
