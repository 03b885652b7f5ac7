"""KITTI: frames, pixels and boxes keep their place through reading, changing and writing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.contracts import Change
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.kitti import Kitti
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.image import Image
from counterpoint.modalities.points import Points
from counterpoint.signal.picture import png

CALIB = """P0: 100 0 40 0 0 100 30 0 0 0 1 0
P1: 100 0 40 -50 0 100 30 0 0 0 1 0
P2: 100 0 40 5 0 100 30 -0.3 0 0 1 0.004
P3: 100 0 40 -45 0 100 30 0 0 0 1 0
R0_rect: 1 0 0 0 0.8 -0.6 0 0.6 0.8
Tr_velo_to_cam: 0 -1 0 0.1 0 0 -1 -0.2 1 0 0 -0.3
Tr_imu_to_velo: 1 0 0 -0.8 0 1 0 0.3 0 0 1 -0.8
"""
LABEL = """Car 0.00 1 0.32 20.00 10.00 39.00 29.00 1.50 2.00 4.00 1.00 1.60 10.00 0.42
DontCare -1 -1 -10 50.00 11.00 60.00 20.00 -1 -1 -1 -1000 -1000 -1000 -10
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    home = tmp_path / "kitti" / "training"
    files = {
        "image_2/000007.png": png(np.arange(60 * 80 * 3, dtype=np.uint8).reshape(60, 80, 3)),
        "velodyne/000007.bin": np.array([[10, 1, 0.5, 0.25], [12, -2, 1, 1.0]], "<f4").tobytes(),
        "calib/000007.txt": CALIB.encode(),
        "label_2/000007.txt": LABEL.encode(),
    }
    for name, data in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    return tmp_path / "kitti"


def test_a_point_falls_where_the_devkit_puts_it_plus_half_a_pixel(tiny: Path) -> None:
    sample = Kitti.read(tiny).sample("000007")
    m = {line.split(":")[0]: np.array(line.split(":")[1].split(), float) for line in CALIB.splitlines()}
    rect, velo = np.eye(4), np.eye(4)
    rect[:3, :3] = m["R0_rect"].reshape(3, 3)
    velo[:3] = m["Tr_velo_to_cam"].reshape(3, 4)
    h = m["P2"].reshape(3, 4) @ rect @ velo @ [10, 1, 0.5, 1]
    pixels, _ = sample.rig.camera("image_2").project(sample["points"].xyz[:1])
    assert pixels[0] == pytest.approx(h[:2] / h[2] + 0.5, abs=1e-9)
    # the misreading: pixels counted from the corner of the first pixel
    assert abs(pixels[0] - h[:2] / h[2]).min() > 0.4


def test_a_box_stands_on_its_bottom_centre_and_faces_along_rotation_y(tiny: Path) -> None:
    sample = Kitti.read(tiny).sample("000007")
    boxes, flat = sample["boxes3d"], sample["boxes"]
    assert boxes.centres[0] == pytest.approx([1, 1.6 - 0.75, 10])
    assert boxes.sizes[0] == pytest.approx([4, 2, 1.5])
    assert boxes.turns[0, :, 0] == pytest.approx([np.cos(0.42), 0, -np.sin(0.42)])
    assert boxes.turns[0, :, 2] == pytest.approx([0, -1, 0])
    assert boxes.ids == ("0",)
    assert flat.names == ("Car", "DontCare")
    assert flat.xyxy[0] == pytest.approx([20.5, 10.5, 39.5, 29.5])


def test_the_right_picture_is_a_part_of_its_own_and_told_before_writing(tiny: Path) -> None:
    right = tiny / "training" / "image_3"
    right.mkdir()
    (right / "000007.png").write_bytes((tiny / "training/image_2/000007.png").read_bytes())
    sample = Kitti.read(tiny).sample("000007")
    assert sample["image_3"].camera == "image_3"
    left, far = (sample.rig.camera(f"image_{i}").project(sample["points"].xyz)[0] for i in (2, 3))
    assert (far[:, 0] < left[:, 0]).all()  # the same point lies further left in the right eye
    assert Kitti.cannot_hold(sample) == ["KITTI has no place for the picture 'image_3'"]


def test_what_is_written_unchanged_is_what_was_read(tiny: Path, tmp_path: Path) -> None:
    source = Kitti.read(tiny)
    assert not Kitti.cannot_hold(source.sample("000007"))
    Kitti.write(tmp_path / "out", iter([source.sample("000007")]))
    home, again = tiny / "training", tmp_path / "out" / "training"
    for name in ("image_2/000007.png", "velodyne/000007.bin"):
        assert (again / name).read_bytes() == (home / name).read_bytes()
    for folder in ("calib", "label_2"):
        lines = [(h / folder / "000007.txt").read_text().splitlines() for h in (home, again)]
        for old, new in zip(*lines, strict=True):
            assert old.split()[0] == new.split()[0]
            was, now = (np.array(line.split()[1:], float) for line in (old, new))
            # alpha is worked out anew from values of two decimals, so it may differ by one unit of the last
            assert now == pytest.approx(was, abs=0.011 if folder == "label_2" else 1e-9)


@pytest.mark.parametrize("moves", ["mirror", "yaw", "crop", "tilt", "all"])
def test_written_points_project_to_where_they_were_before_writing(tiny: Path, tmp_path: Path, moves: str) -> None:
    sample = Kitti.read(tiny).sample("000007")
    turn = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    chosen = {
        "mirror": (WorldMap.mirror("y"), PlaneMap.mirror("image_2", (80, 60))),
        "yaw": (WorldMap.similarity(turn, (1.0, 2.0, 0.1)),),
        "crop": (PlaneMap.of("image_2", (80, 60), [[1, 0, -10], [0, 1, -5], [0, 0, 1]], (50, 45)),),
        "tilt": (PlaneMap.of("image_2", (50, 45), [[1, 0.1, -3], [0.05, 1.1, 2], [8e-4, -5e-4, 1]], (64, 48)),),
    }
    if moves == "tilt":
        sample = sample.changed(Change("crop", chosen["crop"]))
    for name in chosen if moves == "all" else [moves]:
        sample = sample.changed(Change(name, chosen[name]))
    assert not sample.lineage.refusals
    Kitti.write(tmp_path / "out", iter([sample]))
    again = Kitti.read(tmp_path / "out").sample("000007")
    before, _ = sample.rig.camera("image_2").project(sample["points"].xyz)
    after, _ = again.rig.camera("image_2").project(again["points"].xyz)
    assert after == pytest.approx(before, abs=1e-4)
    corners = [
        s.rig.camera("image_2").project(
            (s["boxes3d"].corners()[0] @ (p := s.rig.frame("cam0").pose)[:3, :3].T) + p[:3, 3]
        )[0]
        for s in (sample, again)
    ]
    # 1e-7 m at 10 m with a focal length of 100 px, times the corners of a 4 m box
    assert np.sort(corners[1], 0) == pytest.approx(np.sort(corners[0], 0), abs=1e-4)


def test_points_in_a_3d_box_fall_into_its_2d_box_on_the_real_frames(shared) -> None:
    source = Kitti.read(shared("kitti"))
    shares = []
    for key in list(source.keys()):
        s = source.sample(key)
        cam0 = np.linalg.inv(s.rig.frame("cam0").pose)
        at = s["points"].xyz @ cam0[:3, :3].T + cam0[:3, 3]
        pixels, _ = s.rig.camera("image_2").project(s["points"].xyz)
        held, inside = 0, 0
        for i, row in zip(s["boxes3d"].ids, s["boxes3d"].contains(at), strict=True):
            x0, y0, x1, y1 = s["boxes"].xyxy[s["boxes"].ids.index(i)]
            p = pixels[row]
            held += len(p)
            inside += int(((p[:, 0] >= x0) & (p[:, 0] <= x1) & (p[:, 1] >= y0) & (p[:, 1] <= y1)).sum())
        shares.append(inside / held)
    assert shares == pytest.approx([0.997, 1.0], abs=0.001)


def test_the_real_frames_come_back_from_writing(shared, tmp_path: Path) -> None:
    source = Kitti.read(shared("kitti"))
    Kitti.write(tmp_path / "out", map(source.sample, source.keys()))
    for key in list(source.keys()):
        old = (shared("kitti") / f"training/label_2/{key}.txt").read_text().split()
        new = (tmp_path / f"out/training/label_2/{key}.txt").read_text().split()
        for a, b in zip(old, new, strict=True):
            assert a == b or float(a) == pytest.approx(float(b), abs=0.011)


def test_a_lens_that_no_matrix_expresses_is_refused_before_and_while_writing(tmp_path: Path) -> None:
    camera = Camera.of((8, 6), [[5, 0, 4], [0, 5, 3], [0, 0, 1]], distortion=(0.1, 0, 0, 0, 0))
    sample = Sample.of("k", {"image": Image(np.zeros((6, 8, 3), np.uint8))}, Rig({"camera": camera}))
    assert any("distortion" in s for s in Kitti.cannot_hold(sample))
    with pytest.raises(FormatError, match="distortion"):
        Kitti.write(tmp_path / "out", iter([sample]))
    assert list(tmp_path.iterdir()) == []


def test_a_rig_of_another_make_is_written_too(tmp_path: Path) -> None:
    pose = np.array([[0, -1, 0, 0.1], [0, 0, -1, 0.2], [1, 0, 0, 0.3], [0, 0, 0, 1.0]])
    rig = Rig({"front": Camera.of((8, 6), [[5, 0, 4], [0, 5, 3], [0, 0, 1]], pose)})
    parts = {
        "front": Image(np.zeros((6, 8, 3), np.uint8), "front"),
        "lidar": Points(np.array([[4.0, 0.5, 0.2]], np.float32)),
        "cuboids": Boxes3d(np.ones((1, 3)), np.ones((1, 3)), np.eye(3)[None], ("a",), ("Car",)),
    }
    sample = Sample.of("a.b/c", parts, rig)
    said = Kitti.cannot_hold(sample)
    assert any("intensity" in s for s in said)
    assert any("no 2-D box" in s for s in said)
    Kitti.write(tmp_path / "out", iter([sample]))
    again = Kitti.read(tmp_path / "out").sample("a.b/c")
    want, _ = rig.camera("front").project([[4.0, 0.5, 0.2]])
    assert again.rig.camera("image_2").project(again["points"].xyz)[0] == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("velodyne/000007.bin", b"123"),
        ("calib/000007.txt", b"P2: 1 2"),
        ("label_2/000007.txt", b"Car 1 2"),
        ("calib/000007.txt", None),
    ],
)
def test_a_broken_frame_is_unreadable_and_says_its_key(tiny: Path, file: str, content: bytes | None) -> None:
    source = Kitti.read(tiny)
    path = tiny / "training" / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UnreadableInputError, match="000007"):
        source.sample("000007")
