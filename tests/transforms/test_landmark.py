"""One landmark, listed in six parts, stays one landmark under every map of the plane and the scene.

It is a blob of pixels, a keypoint, the centre of a box, the centroid of a mask, the
middle of a polygon and a LiDAR point in front of a calibrated camera. Parts that
are measured (blob and mask) must be where the listed ones are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.catalog import TABLES, find
from counterpoint.core.axes import Axis
from counterpoint.core.contracts import Step, Transform
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.testing.worlds import centroid
from counterpoint.transforms.plane_bend import Elastic, GridDistortion
from counterpoint.transforms.plane_crop import CenterCrop, Crop, RandomResizedCrop
from counterpoint.transforms.plane_size import Letterbox, Pad, Resize
from counterpoint.transforms.plane_warp import Affine, Perspective, Rotate
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.scene import Mirror

CANVAS = (400, 300)
SIGMA = 4.0
K = np.array([[420.0, 0, 200], [0, 415, 150], [0, 0, 1]])
CAMERA_FROM_WORLD = np.array([[0.0, -1, 0, 0.1], [0, 0, -1, 0.2], [1, 0, 0, 0], [0, 0, 0, 1]])

RIGID: dict[str, Transform] = {
    "mirror": Mirror(),
    "crop": Crop(0.7),
    "center_crop": CenterCrop((311, 222)),
    "random_resized_crop": RandomResizedCrop((320, 280), scale=(0.4, 1.0)),
    "resize": Resize((333, 317)),
    "resize up": Resize(450),
    "letterbox": Letterbox((380, 380)),
    "pad": Pad((3, 50, 17, 1)),
    "rotate": Rotate(),
    "rotate, expand": Rotate((-180, 180), expand=True),
    "affine": Affine(),
}
BENT: dict[str, Transform] = {
    "perspective": Perspective(),
    "elastic": Elastic(),
    "grid_distortion": GridDistortion(),
}


def shining(points: Any, at: tuple[float, float]) -> Any:
    """Brightness of the blob at points ``(..., 2)``, 0 to 1."""
    return np.exp(-((points - at) ** 2).sum(-1) / (2 * SIGMA**2))


def round_mask(points: Any, at: tuple[float, float], radius: float) -> Any:
    """Which points lie in a disc."""
    return ((points - at) ** 2).sum(-1) <= radius**2


def world(at: tuple[float, float], radius: float) -> Sample:
    """The landmark at continuous pixels ``at``, with a mask of that radius in px."""
    y, x = np.mgrid[: CANVAS[1], : CANVAS[0]] + 0.5
    points = np.stack([x, y], -1)
    pixels = np.rint(250 * shining(points, at)).astype(np.uint8)
    ray = np.linalg.inv(K) @ [*at, 1.0] * 12.0
    point = np.linalg.inv(CAMERA_FROM_WORLD) @ [*ray, 1.0]
    side = np.array([[-3.0, -3], [3, -3], [3, 3], [-3, 3]]) + at
    return Sample.of(
        "landmark",
        {
            "image": Image(np.repeat(pixels[..., None], 3, 2)),
            "masks": InstanceMasks(round_mask(points, at, radius)[None], ("7",), ("ball",)),
            "boxes": Boxes(np.array([[*side[0], *side[2]]]), ("7",), ("ball",), canvas=CANVAS),
            "keypoints": Keypoints(np.array([[at]]), np.array([[2]], np.uint8), ("middle",), ("7",), canvas=CANVAS),
            "polygons": Polygons(((side,),), ("7",), ("ball",), canvas=CANVAS),
            "points": Points(np.array([point[:3]], np.float32), ("x", "y", "z")),
        },
        Rig({"camera": Camera.of(CANVAS, K, CAMERA_FROM_WORLD)}),
    )


def whole_map(sample: Sample) -> PlaneMap:
    """Every map of the plane that the sample went through, as one."""
    moves = [m for c in sample.lineage.changes for m in c.moves if isinstance(m, PlaneMap)]
    total = PlaneMap("camera", CANVAS, ())
    for move in moves:
        total = total.fused(move) or total
    return total


def seen(move: PlaneMap, at: tuple[float, float], radius: float) -> bool:
    """Whether the mask, and the blob to four sigma, stay on every canvas."""
    t = np.linspace(0, 2 * np.pi, 32)
    ring = np.stack([np.cos(t), np.sin(t)], 1) * max(radius, 4 * SIGMA) + at
    return bool(move.shows(ring).all())


def zoom(move: PlaneMap, at: tuple[float, float]) -> float:
    """How much the map enlarges around a point, at most over the directions."""
    around = move.forward(np.add(at, [[1.0, 0], [0, 1], [0, 0]]))
    return float(np.linalg.norm((around[:2] - around[2]).T, 2))


def places(sample: Sample, at: tuple[float, float], radius: float) -> dict[str, Any]:
    """Where each part shows the landmark, px.

    A bent blob or mask has its centroid not quite where its middle went, because one side of it grew; what exactly
    that is follows from the map alone and is taken off.
    """
    move = whole_map(sample)
    x, y = middle = sample["keypoints"].xy[0, 0]
    box = sample["boxes"].xyxy[0]
    pixels = sample["image"].pixels.max(2).astype(float)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    near = np.hypot(columns - x, rows - y) <= 4 * SIGMA * zoom(move, at)
    grown = {"blob": np.zeros(2), "mask": np.zeros(2)}
    if move.matrix is None or np.abs(move.matrix[2, :2]).max() > 1e-12:
        reach = np.arange(-1.3, 1.3, 0.02) * max(radius, 4 * SIGMA) * zoom(move, at)
        fine = np.stack(np.meshgrid(x + reach, y + reach), -1)
        came = move.backward(fine)
        weights = {"blob": shining(came, at), "mask": round_mask(came, at, radius).astype(float)}
        grown = {n: (fine * w[..., None]).sum((0, 1)) / w.sum() - middle for n, w in weights.items()}
    return {
        "keypoint": middle,
        "blob": np.array(centroid(pixels * near)) - grown["blob"],
        "box": (box[:2] + box[2:]) / 2,
        "mask": np.array(centroid(sample["masks"].masks[0])) - grown["mask"],
        "polygon": sample["polygons"].rings[0][0].mean(0),
        "lidar": sample.rig.camera("camera").project(sample["points"].values[:, :3])[0][0],
    }


def apart(step: Step, radius: float, seeds: int) -> dict[str, Any]:
    """For each part its distances (x, y) from the keypoint, px, one row a seed in which the landmark stays whole."""
    found: dict[str, list[Any]] = {}
    for seed in range(seeds):
        at = tuple(np.random.default_rng(seed).uniform([150, 110], [250, 190]))
        done = step(world(at, radius), seed)
        assert done.lineage.changes
        if seen(whole_map(done), at, radius):
            where = places(done, at, radius)
            np.testing.assert_allclose(where["keypoint"], whole_map(done).forward(at), atol=1e-9)
            for name, place in where.items():
                found.setdefault(name, []).append(place - where["keypoint"])
    return {name: np.array(rows) for name, rows in found.items()}


def check(found: dict[str, Any], least: int, limit: float) -> None:
    """Every part within ``limit`` px of the keypoint in at least so many draws.

    A mask is a whole number of pixels: its centroid is uncertain by about 0.1 px in one draw however it is resampled,
    so its *mean* over the draws must be within 0.05 px, which a slip of half a pixel would miss by far.
    """
    assert len(found["keypoint"]) >= least
    for name, away in found.items():
        assert np.abs(away).max() <= (0.25 if name == "mask" else limit), name
    assert np.abs(found["mask"].mean(0)).max() <= 0.05


@pytest.mark.parametrize("name", RIGID)
def test_a_rigid_or_affine_map_keeps_all_parts_within_a_twentieth_of_a_pixel(name: str) -> None:
    check(apart(RIGID[name], radius=50.0, seeds=16), least=10, limit=0.05)


@pytest.mark.parametrize("name", BENT)
def test_a_bent_map_keeps_all_parts_within_a_quarter_of_a_pixel(name: str) -> None:
    check(apart(BENT[name], radius=40.0, seeds=16), least=10, limit=0.25)


def test_every_map_of_the_plane_is_in_this_file() -> None:
    steps = {n: find("transforms", n) for n in TABLES["transforms"]}
    moving = {n for n, c in steps.items() if issubclass(c, Transform) and Axis.PLANE in c.axes and not c.mixes}
    assert moving <= {n.split(",")[0] for n in RIGID | BENT}


def test_ten_steps_keep_all_parts_together() -> None:
    steps = (
        Pad(20),
        Rotate((-30, 30)),
        Mirror(),
        Affine(),
        Resize((500, 380)),
        Perspective((0.01, 0.03)),
        Crop(0.95),
        Elastic(5.0),
        Letterbox((420, 420)),
        Mirror(),
    )
    check(apart(Compose(steps), radius=30.0, seeds=16), least=8, limit=0.25)


@given(st.lists(st.sampled_from([*RIGID.values(), *BENT.values()]), min_size=1, max_size=4), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_any_chain_keeps_all_parts_together(steps: list[Transform], seed: int) -> None:
    at = (200.4, 149.7)
    done = Compose(tuple(steps))(world(at, 12.0), seed)
    move = whole_map(done)
    if seen(move, at, 20.0):
        where = places(done, at, 12.0)
        assert max(float(np.abs(p - where["keypoint"]).max()) for p in where.values()) <= 0.25 * max(
            1.0, zoom(move, at)
        )
