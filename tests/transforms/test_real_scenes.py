"""Real scenes whose parts agree by measurement: they must agree as well after every change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.contracts import Step
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.transforms.plane_bend import Elastic
from counterpoint.transforms.plane_crop import CenterCrop, Crop
from counterpoint.transforms.plane_size import Resize
from counterpoint.transforms.plane_warp import Perspective, Rotate
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.scene import Mirror
from counterpoint.transforms.world import ViewPointNoise, WorldScale, WorldTranslate, WorldYaw

Shared = Callable[[str], Path]
SIZE = (1224, 370)

EXACT: dict[str, Step] = {
    "nothing": Compose([]),
    "mirror": Mirror(),
    "mirror twice": Compose([Mirror(), Mirror()]),
    "resize": Resize((612, 200)),
    "crop": CenterCrop((1000, 330)),
    "yaw": WorldYaw(45),
    "scale": WorldScale((0.8, 0.9)),
    "translate": WorldTranslate(1.0),
    "view point": ViewPointNoise(3, 0.3),
    "all": Compose([Mirror(), WorldYaw(45), CenterCrop((1100, 350)), Resize((800, 300)), WorldScale(), Mirror()]),
}
TURNED: dict[str, Step] = {
    "rotate": Rotate((3, 5)),
    "perspective": Perspective(0.05),
    "elastic": Elastic(6.0),
    "all": Compose([Mirror(), Rotate(4), WorldYaw(20), CenterCrop((1100, 350)), ViewPointNoise(), Mirror()]),
}


def kitti(folder: Path, name: str) -> Sample:
    """One frame; the reference frame is that of the LiDAR, pixels are moved to our convention."""
    text = (folder / "training" / "calib" / f"{name}.txt").read_text()
    rows = {k: np.array(v.split(), float) for k, _, v in (line.partition(":") for line in text.splitlines()) if v}
    p2, r0, tr = rows["P2"].reshape(3, 4), np.eye(4), np.eye(4)
    r0[:3, :3], tr[:3] = rows["R0_rect"].reshape(3, 3), rows["Tr_velo_to_cam"].reshape(3, 4)
    offset = np.eye(4)
    offset[:3, 3] = np.linalg.solve(p2[:, :3], p2[:, 3])
    k = p2[:, :3].copy()
    k[:2, 2] += 0.5
    rig = Rig({"camera": Camera.of(SIZE, k, offset @ r0 @ tr)})

    lines = [line.split() for line in (folder / "training" / "label_2" / f"{name}.txt").read_text().splitlines()]
    lines = [line for line in lines if line[0] != "DontCare"]
    v = np.array([line[1:] for line in lines], float)
    back = np.linalg.inv(r0 @ tr)
    h, w, length, ry = v[:, 7], v[:, 8], v[:, 9], v[:, 13]
    centres = v[:, 10:13] - np.stack([0 * h, h / 2, 0 * h], 1)
    zero = np.zeros_like(ry)
    ahead = np.stack([np.cos(ry), zero, -np.sin(ry)], 1)
    up = np.tile([0.0, -1, 0], (len(ry), 1))
    turns = back[:3, :3] @ np.stack([ahead, np.cross(up, ahead), up], 2)
    u, _, vt = np.linalg.svd(turns)  # the calibration file is orthonormal to 1e-6 only
    ids, names = tuple(map(str, range(len(lines)))), tuple(line[0] for line in lines)
    sweep = np.fromfile(folder / "training" / "velodyne" / f"{name}.bin", np.float32).reshape(-1, 4)
    parts = {
        "points": Points(sweep, ("x", "y", "z", "intensity")),
        "boxes3d": Boxes3d(centres @ back[:3, :3].T + back[:3, 3], np.stack([length, w, h], 1), u @ vt, ids, names),
        "boxes": Boxes(v[:, 3:7] + 0.5, ids, names, canvas=SIZE),
    }
    return Sample.of(name, parts, rig)


def agreement(sample: Sample) -> tuple[float, int]:
    """Share of the points inside a 3-D box (and on the canvas) that fall into its 2-D box, and how many they are."""
    camera, flat, solid = sample.rig.camera("camera"), sample["boxes"], sample["boxes3d"]
    xyz = sample["points"].xyz
    inside, (pixels, depth) = solid.contains(xyz), camera.project(xyz)
    shown = (depth > 0) & ((pixels >= 0) & (pixels <= camera.size)).all(1)
    hits = [
        (
            (pixels[inside[solid.ids.index(i)] & shown] - box[:2] >= 0)
            & (pixels[inside[solid.ids.index(i)] & shown] <= box[2:])
        ).all(1)
        for i, box in zip(flat.ids, flat.xyxy, strict=True)
    ]
    every = np.concatenate(hits)
    return float(every.mean()), len(every)


@pytest.mark.parametrize(("frame", "share"), [("000000", 0.997), ("000001", 1.0)])
@pytest.mark.parametrize("name", EXACT)
def test_points_of_a_thing_stay_in_its_box(shared: Shared, frame: str, share: float, name: str) -> None:
    before = kitti(shared("kitti"), frame)
    after = EXACT[name](before, seed=3)
    assert not after.lineage.refusals
    same = before["boxes3d"].contains(before["points"].xyz) == after["boxes3d"].contains(after["points"].xyz)
    assert (~same).sum() <= 1  # a point on a face may fall to the other side: float32
    found, count = agreement(after)
    assert round(found, 3) == share
    assert count == agreement(before)[1]


@pytest.mark.parametrize(("frame", "share"), [("000000", 0.997), ("000001", 1.0)])
@pytest.mark.parametrize("name", TURNED)
def test_a_turned_box_holds_at_least_what_it_held(shared: Shared, frame: str, share: float, name: str) -> None:
    before = kitti(shared("kitti"), frame)
    after = TURNED[name](before, seed=3)
    found, count = agreement(after)
    assert count > 0.5 * agreement(before)[1]
    assert found >= share - 0.0005  # the share is given to three digits


def coco(folder: Path) -> Sample:
    """The one person of the set: box, outline and named keypoints, without the picture."""
    data = json.loads((folder / "annotations.json").read_text())
    image, notes = data["images"][0], data["annotations"]
    size = (image["width"], image["height"])
    names = tuple(data["categories"][0]["keypoints"])
    ids = tuple(str(n["id"]) for n in notes)
    points = np.array([n["keypoints"] for n in notes], float).reshape(len(notes), -1, 3)
    corners = np.array([n["bbox"] for n in notes], float)
    corners[:, 2:] += corners[:, :2]
    rings = tuple(tuple(np.reshape(r, (-1, 2)) for r in n["segmentation"]) for n in notes)
    parts = {
        "boxes": Boxes(corners, ids, ("person",) * len(ids), canvas=size),
        "polygons": Polygons(rings, ids, ("person",) * len(ids), canvas=size),
        "keypoints": Keypoints(points[..., :2], points[..., 2].astype(np.uint8), names, ids, canvas=size),
    }
    return Sample.of("785", parts, Rig({"camera": Camera(size)}))


PLANE: dict[str, Step] = {
    "mirror": Mirror(),
    "rotate": Rotate((10, 20)),
    "crop": Crop(0.7),
    "perspective": Perspective(0.1),
    "elastic": Elastic(10.0),
    "all": Compose([Mirror(), Rotate(12), Crop(0.8), Resize((320, 240))]),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PLANE)
def test_outline_box_and_keypoints_of_a_person_agree(shared: Shared, name: str, seed: int) -> None:
    before = coco(shared("coco_keypoints"))
    after = PLANE[name](before, seed=seed)
    assert not after.lineage.refusals
    assert after["boxes"].ids == after["polygons"].ids == after["keypoints"].ids == before["boxes"].ids
    size = after.rig.camera("camera").size
    (box,), (rings,), key = after["boxes"].xyxy, after["polygons"].rings, after["keypoints"]
    vertices = np.concatenate(rings)
    # the box is traced from a box, so it may be wider than the outline, never narrower; COCO rounds to 0.01 px
    assert (vertices >= box[:2] - 0.05).all()
    assert (vertices <= box[2:] + 0.05).all()
    seen = key.xy[0][key.visible[0] > 0]
    assert ((seen >= 0) & (seen <= size)).all()
    mask = after["polygons"].masks(size)[0]
    inside = mask[np.minimum(seen[:, 1].astype(int), size[1] - 1), np.minimum(seen[:, 0].astype(int), size[0] - 1)]
    # before any change all 17 lie inside; one may stand on an edge that the change moved across a pixel's centre
    assert inside.sum() >= len(inside) - 1


def test_a_mirror_keeps_the_persons_left_on_the_persons_left(shared: Shared) -> None:
    before = coco(shared("coco_keypoints"))
    after = Mirror()(before)
    width = before.rig.camera("camera").size[0]
    one, other = before["keypoints"], after["keypoints"]
    assert one.names == other.names
    for k, name in enumerate(one.names):
        twin = one.names.index(name.replace("left", "#").replace("right", "left").replace("#", "right"))
        assert other.visible[0, k] == one.visible[0, twin]
        if other.visible[0, k]:
            np.testing.assert_allclose(other.xy[0, k], (width - one.xy[0, twin, 0], one.xy[0, twin, 1]), atol=1e-9)
    again = Mirror()(after)
    np.testing.assert_allclose(again["keypoints"].xy, one.xy, atol=1e-9)
    np.testing.assert_allclose(again["boxes"].xyxy, before["boxes"].xyxy, atol=1e-9)
