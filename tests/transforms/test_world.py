"""World changes: what is seen stays seen where it was, in every part and in the rig."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Modality, Transform
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.points import Points
from counterpoint.modalities.pose import Pose
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.testing.transform import check_transform
from counterpoint.transforms.plane_bend import Elastic
from counterpoint.transforms.plane_crop import Crop
from counterpoint.transforms.plane_size import Resize
from counterpoint.transforms.plane_warp import Perspective, Rotate
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.scene import Mirror
from counterpoint.transforms.world import ViewPointNoise, WorldScale, WorldTranslate, WorldYaw, spatial, turn

SIZE = (320, 200)
K = np.array([[250.0, 0.3, 170], [0, 240, 90], [0, 0, 1]])
CAMERA = np.array([[0.02, -1, 0, 0.1], [0.03, 0, -1, 1.2], [1, 0.02, 0.03, 0.3], [0, 0, 0, 1.0]])
CAMERA[:3, :3] = np.linalg.svd(CAMERA[:3, :3])[0] @ np.linalg.svd(CAMERA[:3, :3])[2]
LIDAR = np.eye(4)
LIDAR[:3, :3], LIDAR[:3, 3] = turn((0.02, -0.03, 0.4)), (0.9, 0.1, 1.6)

WORLD = {
    "yaw": WorldYaw(30),
    "yaw about y": WorldYaw((20, 40), up="y"),
    "translate": WorldTranslate(),
    "scale": WorldScale((0.8, 0.9)),
    "view point": ViewPointNoise(5, 0.5),
}
PLANE = {
    "mirror": Mirror(),
    "rotate": Rotate((5, 9)),
    "resize": Resize((160, 90)),
    "crop": Crop((200, 120)),
    "perspective": Perspective(0.1),
    "elastic": Elastic(8.0),
}
CHANGES: dict[str, Transform | Compose] = {
    **WORLD,
    **PLANE,
    "all": Compose([Mirror(), WorldYaw(45), Crop((250, 150)), WorldScale(), Rotate(4), ViewPointNoise(), Mirror()]),
}


def scene(distortion: tuple[float, ...] = ()) -> Sample:
    """Points in two frames, 3-D boxes, and the very pixels of the points as boxes without area."""
    stream = np.random.default_rng(8)
    rig = Rig({"camera": Camera.of(SIZE, K, CAMERA, distortion)}, {"lidar": Frame.of(LIDAR)})
    world = stream.uniform((8, -3, -1), (20, 3, 3), (60, 3))
    own = (world - LIDAR[:3, 3]) @ LIDAR[:3, :3]
    pixels, depth = rig.camera("camera").project(world)
    assert (depth > 0).all()
    seen = ((pixels >= 0) & (pixels <= SIZE)).all(1)
    assert seen.sum() > 40
    ids = tuple(str(i) for i in np.flatnonzero(seen))
    parts: dict[str, Modality] = {
        "points": Points(np.c_[world, world * 0.1], ("x", "y", "z", "vx", "vy", "vz")),
        "sweep": Points(np.c_[own, np.arange(len(own)) % 8], ("x", "y", "z", "ring"), "lidar"),
        "pixels": Boxes(np.tile(pixels[seen], 2), ids, ids, canvas=SIZE),
        "boxes3d": Boxes3d(
            stream.uniform((9, -3, 0), (18, 3, 2), (5, 3)),
            stream.uniform(1, 5, (5, 3)),
            np.stack([turn(v) for v in stream.normal(size=(5, 3))]),
            tuple("abcde"),
            ("car",) * 5,
            velocities=stream.normal(size=(5, 3)),
        ),
        "pose": Pose([0.0, 0.1], [np.eye(4), LIDAR]),
    }
    return Sample.of("made-up", parts, rig)


def in_world(sample: Sample) -> np.ndarray:
    """The sweep of the LiDAR in the reference frame."""
    pose = sample.rig.frame("lidar").pose
    return np.asarray(sample["sweep"].xyz @ pose[:3, :3].T + pose[:3, 3])


@pytest.mark.parametrize("distortion", [(), (-0.2, 0.05, 1e-3, -2e-3)])
@pytest.mark.parametrize("name", CHANGES)
def test_every_point_projects_where_its_pixel_went(name: str, distortion: tuple[float, ...]) -> None:
    before = scene(distortion)
    after = CHANGES[name](before, seed=4)
    assert len(after.lineage.changes) > 0
    assert not after.lineage.refusals
    pixels = after["pixels"]
    assert len(pixels.ids) > 15
    rows = [int(i) for i in pixels.ids]
    camera = after.rig.camera("camera")
    # places of up to 30 m are float32 (2e-6 m), 250 px a metre at 1 m and 31 at 8 m: 1e-3 px is generous
    for cloud in (after["points"].xyz, in_world(after)):
        seen, depth = camera.project(cloud[rows])
        assert (depth > 0).all()
        np.testing.assert_allclose(seen, pixels.xyxy[:, :2], atol=1e-3)


@pytest.mark.parametrize("name", CHANGES)
def test_points_in_boxes_stay_in_boxes_and_turns_stay_proper(name: str) -> None:
    before = scene()
    after = CHANGES[name](before, seed=5)
    inside = before["boxes3d"].contains(before["points"].xyz)
    assert inside.sum() > 20
    assert (after["boxes3d"].contains(after["points"].xyz) == inside).all()
    np.testing.assert_allclose(np.linalg.det(after["boxes3d"].turns), 1, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(after["pose"].poses[:, :3, :3]), 1, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(after.rig.camera("camera").pose[:3, :3]), 1, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(after.rig.frame("lidar").pose[:3, :3]), 1, atol=1e-9)


@pytest.mark.parametrize("name", WORLD)
def test_the_sensor_and_the_pose_of_its_body_move_alike(name: str) -> None:
    after = WORLD[name](scene(), seed=6)
    np.testing.assert_allclose(after["pose"].poses[1], after.rig.frame("lidar").pose, atol=1e-12)


def test_a_mirror_of_the_scene_twice_is_the_identity() -> None:
    before = scene()
    after = Compose([Mirror(), Mirror()])(before)
    for name in ("centres", "sizes", "turns", "velocities"):
        np.testing.assert_allclose(getattr(after["boxes3d"], name), getattr(before["boxes3d"], name), atol=1e-12)
    np.testing.assert_allclose(after["pose"].poses, before["pose"].poses, atol=1e-12)
    np.testing.assert_allclose(after["pixels"].xyxy, before["pixels"].xyxy, atol=1e-12)
    assert (after["pixels"].ids, after["pixels"].names) == (before["pixels"].ids, before["pixels"].names)
    for name in ("points", "sweep"):
        assert (after[name].values == before[name].values).all()
    np.testing.assert_allclose(after.rig.camera("camera").pose, before.rig.camera("camera").pose, atol=1e-12)


def test_a_mirrored_stereo_pair_is_a_stereo_pair() -> None:
    apart, near = np.eye(4), K - [[0, 0, 130], [0, 0, 60], [0, 0, 0]]
    apart[0, 3] = -0.5
    rig = Rig({"cam_left": Camera.of((80, 60), near), "cam_right": Camera.of((80, 60), near, apart)}, lateral="x")
    world = np.array([[0.1, -0.3, 9.0]])
    parts: dict[str, Modality] = {"points": Points(world)}
    for side in ("left", "right"):
        seen = rig.camera(f"cam_{side}").project(world)[0]
        parts[f"boxes_{side}"] = Boxes(np.tile(seen, 2), ("a",), ("x",), f"cam_{side}")
    after = Compose([Mirror(), Resize((40, 30))])(Sample.of("pair", parts, rig))
    for side in ("left", "right"):
        part = after[f"boxes_{side}"]
        assert part.camera == f"cam_{side}"
        seen = after.rig.camera(f"cam_{side}").project(after["points"].xyz)[0]
        np.testing.assert_allclose(part.xyxy[:, :2], seen, atol=1e-5)  # float32 places


@pytest.mark.parametrize("name", WORLD)
def test_world_changes_keep_their_promises(name: str) -> None:
    check_transform(WORLD[name], scene())
    check_transform(type(WORLD[name]).at(0.5), scene())


def test_draws_cover_their_range() -> None:
    sample = scene()
    angles = [np.degrees(WorldYaw()(sample, s).lineage.changes[0].moves[0].array[[1, 0], 0]) for s in range(200)]
    yaws = np.degrees(np.arctan2(*np.radians(angles).T))
    # of 200 uniform draws the outermost lie within 3 % of the ends with probability 1 - 2 * 0.985^200 = 0.9
    assert -45 <= yaws.min() < -42 < 42 < yaws.max() <= 45
    shifts = np.array(
        [WorldTranslate((1, 0, 2))(sample, s).lineage.changes[0].moves[0].array[:3, 3] for s in range(300)]
    )
    np.testing.assert_allclose(shifts.std(0), [1, 0, 2], rtol=0.12, atol=0)  # 3 standard errors of 300 draws
    scales = [WorldScale()(sample, s).lineage.changes[0].moves[0].scale for s in range(100)]
    assert 0.95 <= min(scales) < 0.955 < 1.045 < max(scales) <= 1.05


def test_a_turn_is_a_rotation_and_the_smallest_is_none() -> None:
    np.testing.assert_allclose(turn((0, 0, np.pi / 2)) @ [1, 0, 0], [0, 1, 0], atol=1e-15)
    assert (turn((0, 0, 0)) == np.eye(3)).all()
    for seed in range(20):
        r = turn(np.random.default_rng(seed).normal(size=3) * 2)
        np.testing.assert_allclose(r @ r.T, np.eye(3), atol=1e-12)


def test_a_sample_without_space_is_left_alone() -> None:
    flat = Sample.of("flat", {"boxes": Boxes(np.ones((1, 4)), ("a",), ("x",)), "audio": Audio(np.zeros((80, 1)), 8000)})
    assert not spatial(flat)
    assert WorldYaw()(flat).lineage.changes == ()
    load, force = (Column("load", "kg"), Column("fx", "N", "polar", "f", "x"))
    assert not spatial(Sample.of("numbers", {"series": Series(np.arange(3.0), np.zeros((3, 1)), (load,))}))
    assert spatial(Sample.of("imu", {"series": Series(np.arange(3.0), np.zeros((3, 2)), (load, force))}))
    assert not spatial(Sample.of("row", {"row": Record({"load": 1.0}, (load,))}))
    assert spatial(Sample.of("cloud", {"points": Points([])}))
    assert spatial(Sample.of("rig", {"boxes": flat["boxes"]}, Rig({"camera": Camera.of((9, 9), np.eye(3))})))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: WorldYaw(400), "degrees must lie in"),
        (lambda: WorldYaw((10, -10)), "low <= high"),
        (lambda: WorldYaw(up="north"), "axis 'x', 'y' or 'z'"),
        (lambda: WorldTranslate(-1), "sigma must lie in"),
        (lambda: WorldTranslate((1, 2)), "three"),
        (lambda: WorldScale(0), "scale must lie in"),
        (lambda: ViewPointNoise((1, 2)), "one standard deviation"),
    ],
)
def test_a_parameter_out_of_range_is_refused_at_once(make: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_a_yaw_leaves_what_points_up_and_turns_the_rest(up: Literal["x", "y", "z"]) -> None:
    axis = "xyz".index(up)
    sample = Sample.of("s", {"points": Points(np.eye(3, dtype=np.float32))})
    done = WorldYaw((90, 90), up)(sample)["points"].xyz
    np.testing.assert_allclose(done[axis], np.eye(3)[axis], atol=1e-7)
    np.testing.assert_allclose(done[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3], atol=1e-7)
