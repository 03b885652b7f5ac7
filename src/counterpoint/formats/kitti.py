"""KITTI object detection: ``image_2``, ``image_3``, ``velodyne``, ``calib``, ``label_2`` (Geiger et al., CVPR 2012).

Frames: ``world`` is the velodyne (x forward, y left, z up); ``cam0`` is the rectified
camera 0 (x right, y down, z forward), in which the 3-D boxes are given; ``cam0_raw``
is the same before rectification and ``imu`` the inertial unit. Cameras ``image_0`` to
``image_3`` stand for P0 to P3: ``P = K [R | K^-1 p4]`` (``R = 1`` in KITTI) after ``R0_rect Tr_velo_to_cam``.

Pixels: KITTI counts from the centre of the first pixel (0-based indices), so 0.5 is
added to the principal point and to the sides of 2-D boxes, and taken off again on
writing. Boxes in space: the bottom centre becomes the centre; ``rotation_y`` turns
about the camera's y axis, 0 = facing along +x. ``alpha`` follows from the rest and is
worked out on writing. ``DontCare`` regions are 2-D boxes of that name.

Instances are called by the number of their row. What is written reads back equal to
1e-6 of each unit; calibrations keep 13 digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.rig import WORLD, Camera, Frame, Rig, rq
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.media import kind_of, losses, shortened
from counterpoint.files.place import new_folder
from counterpoint.files.settings import licence_beside
from counterpoint.files.source import Listed, keyed
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.image import Image
from counterpoint.modalities.points import Points
from counterpoint.signal.ustar import tar_key

Matrix = NDArray[np.float64]
SPLITS = ("training", "testing")
COLUMNS = ("x", "y", "z", "intensity")
DONT_CARE = "DontCare"
HALF = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # from KITTI's pixel indices to continuous pixels
HELD: tuple[type[Modality], ...] = (Image, Points, Boxes, Boxes3d)
_LEVEL = 1e-3  # rad by which a box may lean before that is said


@final
class Kitti(Format):
    """KITTI object detection: pictures, LiDAR sweeps, calibration, 2-D and 3-D boxes."""

    @classmethod
    def detect(cls, path: Path) -> float:
        return 0.95 if _roots(path) else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` holds ``training`` and ``testing``, or ``image_2`` itself.

        Raises:
            FormatError: there is no folder ``image_2``.
        """
        roots = _roots(path)
        if not roots:
            raise FormatError(f"{path}: KITTI needs a folder image_2, here or under training. Check the path.")
        licence = licence_beside(path)
        entries = keyed(
            (
                (prefix + unquote(p.stem), FrameFiles(root, p.stem, p.suffix, licence))
                for prefix, root in roots
                for p in _pictures(root)
            ),
            str(path),
        )
        return Listed(entries, {"format": "kitti", "licence": licence})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = [*shortened(sample, "KITTI"), *losses(sample, HELD, "KITTI")]
        said += [
            f"KITTI has no place for a second {k.modality()}" for k in (Points, Boxes3d) if len(_names(sample, k)) > 1
        ]
        image = _picture(sample)
        if image is None:
            return [*said, "KITTI needs an image of a calibrated camera; the sample has none"]
        said += [f"KITTI has no place for the picture {n!r}" for n in _names(sample, Image) if n != image]
        said += _lost_lens(sample, image)
        for name in _names(sample, Points):
            columns = sample[name].columns
            said += [f"KITTI has no place for column {c!r} of {name!r}" for c in columns if c not in COLUMNS]
            said += [f"{name!r} has no intensity; 0 is written for it"] if "intensity" not in columns else []
        for name in _names(sample, Boxes3d):
            part = sample[name]
            said += [f"KITTI has no place for the velocities of {name!r}"] if part.velocities is not None else []
            lean = _lean(part, sample.rig, _cam0(sample.rig, str(sample.cells[image].base.plane)))
            said += (
                [f"KITTI boxes stand upright; the lean of up to {lean:.3f} rad in {name!r} is lost"]
                if lean > _LEVEL
                else []
            )
            flat = {i for n in _names(sample, Boxes) for i in sample[n].ids}
            said += [f"3-D box {i!r} has no 2-D box, which KITTI needs" for i in part.ids if i not in flat]
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """``training/{image_2,velodyne,calib,label_2}``, one file each a sample.

        Raises:
            FormatError: the folder exists, a key stands twice, or a lens cannot be written as a matrix.
        """
        with new_folder(path) as root:
            home = root / "training"
            for sample in samples:
                _write(home, sample)


@final
@dataclass(frozen=True)
class FrameFiles:
    """The files of one frame."""

    root: Path
    stem: str
    suffix: str
    licence: str

    def sample(self, key: str) -> Sample:
        label = f"sample {key!r}"
        picture = Blob(
            self.suffix[1:].lower(), path=str(self.root / "image_2" / f"{self.stem}{self.suffix}"), label=label
        )
        image = Image(picture, "image_2")
        size = image.size()
        parts: dict[str, Modality] = {"image": image}
        calib = self._text("calib", label)
        rig = rig_of(calib, size) if calib is not None else Rig()
        right = self._file("image_3", self.suffix[1:], label)
        if right is not None:
            parts["image_3"] = Image(Blob(picture.ext, path=str(right), label=f"{label}, part 'image_3'"), "image_3")
        if (self.root / "velodyne").is_dir():
            parts["points"] = Points(self._points(label), COLUMNS)
        text = self._text("label_2", label)
        if text is not None:
            parts |= labels_of(text, size, label)
        return Sample.of(key, parts, rig, Lineage(parents=(key,), licence=self.licence))

    def _file(self, folder: str, ext: str, label: str) -> Path | None:
        if not (self.root / folder).is_dir():
            return None
        path = self.root / folder / f"{self.stem}.{ext}"
        if not path.is_file():
            raise UnreadableInputError(f"{label}: {folder}/{path.name} is missing. Restore it or remove the frame.")
        return path

    def _text(self, folder: str, label: str) -> str | None:
        path = self._file(folder, "txt", label)
        return None if path is None else path.read_text("ascii")

    def _points(self, label: str) -> NDArray[np.float32]:
        path = self._file("velodyne", "bin", label)
        data = path.read_bytes() if path else b""
        if len(data) % 16:
            raise UnreadableInputError(
                f"{label}: velodyne/{self.stem}.bin has {len(data)} bytes, which is no multiple of 16 (4 float32 a "
                "point); it is truncated. Restore it."
            )
        return np.frombuffer(data, "<f4").reshape(-1, 4)


def _roots(path: Path) -> list[tuple[str, Path]]:
    if (path / "image_2").is_dir():
        return [("", path)]
    found = [s for s in SPLITS if (path / s / "image_2").is_dir()]
    return [(f"{s}/" if len(found) > 1 else "", path / s) for s in found]


def _pictures(root: Path) -> list[Path]:
    return [p for p in sorted((root / "image_2").iterdir()) if kind_of(p.name) == "image"]


def rig_of(text: str, size: tuple[int, int]) -> Rig:
    """The rig in a ``calib`` file.

    Raises:
        ValueError: a matrix is missing or has the wrong number of values.
    """
    found = {}
    for line in text.splitlines():
        name, _, values = line.partition(":")
        if values.strip():
            found[name.strip()] = np.array(values.split(), float)
    raw_from_world = _square(found, "Tr_velo_to_cam")
    turn = np.eye(4)
    if "R0_rect" in found or "R_rect" in found:
        turn[:3, :3] = found.get("R0_rect", found.get("R_rect")).reshape(3, 3)  # type: ignore[union-attr]
    cam0_from_world = turn @ raw_from_world
    cameras = {}
    for i in range(4):
        if f"P{i}" in found:
            cameras[f"image_{i}"] = _camera(found[f"P{i}"].reshape(3, 4), size, cam0_from_world)
    frames = {
        "velodyne": Frame(),
        "cam0": Frame.of(np.linalg.inv(cam0_from_world), "x"),
        "cam0_raw": Frame.of(np.linalg.inv(raw_from_world), "x"),
    }
    if "Tr_imu_to_velo" in found:
        frames["imu"] = Frame.of(_square(found, "Tr_imu_to_velo"))
    if "image_2" not in cameras:
        raise ValueError("calib has no line 'P2:'")
    return Rig(cameras, frames)


def _camera(p: Matrix, size: tuple[int, int], cam0_from_world: Matrix) -> Camera:
    """The camera of ``P = s K [R|t]``; KITTI's own have ``R = 1``, those of a tilted picture have not."""
    p = HALF @ p
    upper = bool(np.abs(np.tril(p[:, :3], -1)).max() <= 1e-12 * np.abs(p).max())
    turn = np.eye(3) if upper else rq(p[:, :3])[1]
    scaled = p[:, :3] @ turn.T
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, np.linalg.solve(scaled, p[:, 3])
    return Camera.of(size, np.triu(scaled) / scaled[2, 2], pose @ cam0_from_world)


def _square(found: Mapping[str, Matrix], name: str) -> Matrix:
    if name not in found:
        raise ValueError(f"calib has no line '{name}:'")
    return np.vstack([found[name].reshape(3, 4), [0, 0, 0, 1]])


def labels_of(text: str, size: tuple[int, int], label: str) -> dict[str, Modality]:
    """2-D boxes, and 3-D boxes of the rows that have one.

    Raises:
        UnreadableInputError: a row has not 15 or 16 values.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    for i, row in enumerate(rows):
        if len(row) not in (15, 16):
            raise UnreadableInputError(
                f"{label}: row {i} of label_2 has {len(row)} values; needs 15 or 16. Correct it."
            )
    names, ids = tuple(r[0] for r in rows), tuple(map(str, range(len(rows))))
    v = np.array([[float(x) for x in r[1:15]] for r in rows], float).reshape(-1, 14)
    extra: dict[str, tuple[Any, ...]] = {
        "truncated": tuple(v[:, 0].tolist()),
        "occluded": tuple(v[:, 1].astype(int).tolist()),
    }
    if any(len(r) == 16 for r in rows):
        extra["score"] = tuple(float(r[15]) if len(r) == 16 else None for r in rows)
    solid = [i for i in range(len(rows)) if v[i, 7:10].min() > 0]
    h, w, length, x, y, z, ry = v[solid, 7:].T
    c, s, o = np.cos(ry), np.sin(ry), np.zeros(len(solid))
    turns = np.stack([c, s, o, o, o, o - 1, -s, c, o], 1).reshape(-1, 3, 3)
    return {
        "boxes": Boxes(v[:, 3:7] + 0.5, ids, names, "image_2", extra, size),
        "boxes3d": Boxes3d(
            np.stack([x, y - h / 2, z], 1),
            np.stack([length, w, h], 1),
            turns,
            tuple(ids[i] for i in solid),
            tuple(names[i] for i in solid),
            "cam0",
        ),
    }


def _names(sample: Sample, kind: type[Modality]) -> list[str]:
    return [n for n in sample.present() if sample.kind(n) is kind]


def _picture(sample: Sample) -> str | None:
    """The first picture of a calibrated camera."""
    for name in _names(sample, Image):
        camera = sample.rig.cameras.get(sample.cells[name].base.plane or "")
        if camera is not None and camera.intrinsics is not None:
            return name
    return None


def _lost_lens(sample: Sample, image: str) -> list[str]:
    plane = str(sample.cells[image].base.plane)
    camera = sample.rig.camera(plane)
    bent = ["its lens distortion"] if any(camera.distortion) else []
    bent += ["a bend of its picture that no matrix can express"] if camera.after else []
    return [f"KITTI has no place for {why} of camera {plane!r}; undistort the picture first" for why in bent]


def _cam0(rig: Rig, plane: str) -> Matrix:
    """``cam0_from_world``: the frame of that name, else the camera of the picture."""
    if "cam0" in rig.frames:
        return np.asarray(np.linalg.inv(rig.frames["cam0"].pose), np.float64)
    return rig.camera(plane).pose


def _lean(part: Boxes3d, rig: Rig, cam0_from_world: Matrix) -> float:
    turns = (cam0_from_world @ rig.frame(part.frame).pose)[:3, :3] @ part.turns
    down = -turns[:, 1, 2]
    return float(np.arccos(np.clip(down, -1, 1)).max(initial=0.0))


def _write(home: Path, sample: Sample) -> None:
    image, stem = _picture(sample), tar_key(sample.key)
    bent = _lost_lens(sample, image) if image else ["it has no picture of a calibrated camera"]
    if bent or image is None:
        raise FormatError(f"sample {sample.key!r} cannot be written as KITTI: {bent[0]}. Choose another format.")
    blob = sample[image].encode().blob
    plane = str(sample.cells[image].base.plane)
    cloud = next(iter(_names(sample, Points)), None)
    velo = sample.rig.frame(sample[cloud].frame if cloud else WORLD).pose
    cam0 = _cam0(sample.rig, plane)
    files = {
        f"image_2/{stem}.{blob.ext}": blob.read(),
        f"calib/{stem}.txt": _calib(sample.rig, plane, cam0, velo).encode(),
    }
    if cloud:
        files[f"velodyne/{stem}.bin"] = _cloud(sample[cloud])
    if _names(sample, Boxes) or _names(sample, Boxes3d):
        files[f"label_2/{stem}.txt"] = _labels(sample, plane, cam0).encode()
    for name, data in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        if (home / name).exists():
            raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
        (home / name).write_bytes(data)


def _calib(rig: Rig, plane: str, cam0_from_world: Matrix, world_from_velo: Matrix) -> str:
    """``P_i = K [R|t]`` of each camera seen from cam0, and the poses, so that written points fall where they did."""
    index = np.linalg.inv(HALF)
    world_from_cam0 = np.linalg.inv(cam0_from_world)
    main = rig.camera(plane)
    raw_from_world = np.linalg.inv(rig.frames["cam0_raw"].pose) if "cam0_raw" in rig.frames else cam0_from_world
    lines = {}
    for i in range(4):
        camera = main if i == 2 else rig.cameras.get(f"image_{i}", main)
        straight = camera.intrinsics is not None and not camera.after and not any(camera.distortion)
        camera = camera if straight else main
        lines[f"P{i}"] = index @ camera.k @ (camera.pose @ world_from_cam0)[:3]
    lines["R0_rect"] = (cam0_from_world @ np.linalg.inv(raw_from_world))[:3, :3]
    lines["Tr_velo_to_cam"] = (raw_from_world @ world_from_velo)[:3]
    if "imu" in rig.frames:
        lines["Tr_imu_to_velo"] = (np.linalg.inv(world_from_velo) @ rig.frames["imu"].pose)[:3]
    return "".join(f"{name}: {' '.join(f'{v:.12e}' for v in (m.ravel() + 0.0))}\n" for name, m in lines.items())


def _cloud(points: Points) -> bytes:
    out = np.zeros((len(points.values), 4), "<f4")
    for i, name in enumerate(COLUMNS):
        if name in points.columns:
            out[:, i] = points.values[:, points.columns.index(name)]
    return out.tobytes()


def _labels(sample: Sample, plane: str, cam0_from_world: Matrix) -> str:
    solid = {}
    for name in _names(sample, Boxes3d)[:1]:
        part = sample[name]
        cam0_from_frame = cam0_from_world @ sample.rig.frame(part.frame).pose
        centres = part.centres @ cam0_from_frame[:3, :3].T + cam0_from_frame[:3, 3]
        turns = cam0_from_frame[:3, :3] @ part.turns
        for i, key in enumerate(part.ids):
            length, w, h = part.sizes[i].tolist()
            x, y, z = (centres[i] + [0, h / 2, 0]).tolist()
            solid[key] = (h, w, length, x, y, z, float(np.arctan2(-turns[i, 2, 0], turns[i, 0, 0])))
    lines = []
    for name in (n for n in _names(sample, Boxes) if sample[n].camera == plane):
        part = sample[name]
        for i, key in enumerate(part.ids):
            nothing = part.names[i] == DONT_CARE
            told = {n: values[i] for n, values in part.extra.items()}
            space = solid.get(key)
            alpha = -10.0 if space is None else _wrapped(space[6] - float(np.arctan2(space[3], space[5])))
            values = [
                told.get("truncated", -1.0 if nothing else 0.0),
                told.get("occluded", -1 if nothing else 0),
                alpha,
            ]
            values += [*(part.xyxy[i] - 0.5).tolist(), *(space or (-1, -1, -1, -1000, -1000, -1000, -10))]
            values += [told["score"]] if told.get("score") is not None else []
            lines.append(f"{part.names[i].replace(' ', '_')} {' '.join(map(_number, values))}\n")
    return "".join(lines)


def _number(value: float) -> str:
    """Two decimals as KITTI has them, more where the value needs them; whole numbers without."""
    if isinstance(value, int):
        return str(value)
    short = f"{value:.2f}"
    return short if abs(float(short) - value) < 5e-8 else f"{value:.7f}".rstrip("0")


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
