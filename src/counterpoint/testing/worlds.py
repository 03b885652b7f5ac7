"""Made-up worlds with known answers, in every modality at once.

One landmark is a bright blob in a picture, a keypoint, the centre of a box, a
mask, a polygon and a LiDAR point; one moment is a flash in a film, a click in the
sound, a word, a spike in a series. After any change all of them must still agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Modality
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.flow import Flow
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.label import Label
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.modalities.pose import Pose
from counterpoint.modalities.record import Record
from counterpoint.modalities.semantic_mask import SemanticMask
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Link, Text
from counterpoint.modalities.video import Video

CANVAS = (256, 192)
LANDMARK = (101.3, 74.6)
MOMENT = 1.0
SIGMA = 2.5
"""Of the blob, px."""
_CAMERA_FROM_WORLD = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
_K = np.array([[200.0, 0, 128], [0, 200, 96], [0, 0, 1]])


def blob(at: tuple[float, float], canvas: tuple[int, int] = CANVAS, sigma: float = SIGMA) -> NDArray[np.uint8]:
    """A gray picture (H, W, 3) with one Gaussian blob; ``at`` in continuous pixels."""
    y, x = np.mgrid[: canvas[1], : canvas[0]] + 0.5
    peak = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * sigma**2))
    return np.repeat(np.rint(235 * peak)[..., None], 3, 2).astype(np.uint8)


def centroid(weights: NDArray[np.generic]) -> tuple[float, float]:
    """Centre of mass of (H, W) in continuous pixels."""
    w = np.asarray(weights, float)
    y, x = np.mgrid[: w.shape[0], : w.shape[1]] + 0.5
    return float((w * x).sum() / w.sum()), float((w * y).sum() / w.sum())


def disc(at: tuple[float, float], radius: float = 9.0, canvas: tuple[int, int] = CANVAS) -> NDArray[np.bool_]:
    """A filled disc (H, W)."""
    y, x = np.mgrid[: canvas[1], : canvas[0]] + 0.5
    return (x - at[0]) ** 2 + (y - at[1]) ** 2 <= radius**2


def world_point(at: tuple[float, float] = LANDMARK, depth: float = 10.0) -> NDArray[np.float64]:
    """The point (3,) in the reference frame, m, that falls on a pixel at a depth in m."""
    x = (at[0] - _K[0, 2]) / _K[0, 0] * depth
    y = (at[1] - _K[1, 2]) / _K[1, 1] * depth
    return np.array([depth, -x, -y])


def rig() -> Rig:
    """A camera at the origin that looks along world x, and an IMU that is turned and set aside."""
    imu = np.eye(4)
    imu[:2, :2] = [[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]
    imu[:3, 3] = [0.4, -0.1, 1.2]
    return Rig({"camera": Camera.of(CANVAS, _K, _CAMERA_FROM_WORLD)}, {"imu": Frame.of(imu)})


def parts_in_space(at: tuple[float, float] = LANDMARK) -> dict[str, Modality]:
    """Every part that shares the plane or the world, all showing the landmark."""
    p = world_point(at)
    side = np.array([[at[0] - 6, at[1] - 6, at[0] + 6, at[1] + 6]])
    eyes = np.array([[[at[0], at[1]], [at[0] + 20, at[1] + 4], [at[0] + 8, at[1] + 18]]])
    ring = np.array([[at[0] - 6, at[1] - 6], [at[0] + 6, at[1] - 6], [at[0] + 6, at[1] + 6], [at[0] - 6, at[1] + 6]])
    depth = np.where(disc(at), 10.0, np.nan).astype(np.float32)
    cloud = np.array([[*p, 0.5, 1.0], [p[0] + 1, p[1] + 0.5, p[2] + 0.2, 0.2, 1.1], [-4, 3, 0.5, 0.9, 0.9]], np.float32)
    columns = ("x", "y", "z", "intensity", "time")
    return {
        "image": Image(blob(at)),
        "depth": Depth(depth),
        "flow": Flow(np.where(disc(at)[..., None], np.array([3.0, 1.5, 0.0]), np.nan).astype(np.float32)),
        "semantic": SemanticMask(disc(at).astype(np.uint8), {0: "road", 1: "left lane"}),
        "masks": InstanceMasks(disc(at)[None], ("7",), ("left eye",)),
        "boxes": Boxes(side, ("7",), ("left eye",), canvas=CANVAS),
        "keypoints": Keypoints(
            eyes, np.full((1, 3), 2, np.uint8), ("nose", "left_eye", "right_eye"), ("7",), canvas=CANVAS
        ),
        "polygons": Polygons(((ring,),), ("7",), ("left eye",), canvas=CANVAS),
        "points": Points(cloud, columns),
        "boxes3d": Boxes3d.upright(p[None], np.array([[1.0, 1, 1]]), np.array([0.3]), ("7",), ("car",)),
        "pose": Pose(np.array([0.0, 1.0]), np.stack([np.eye(4), np.eye(4)])),
    }


def parts_in_time(moment: float = MOMENT, seconds: float = 2.0) -> dict[str, Modality]:
    """Every part that shares the clock; all of them change at ``moment``."""
    fps, rate, hz = 25.0, 16_000, 100.0
    frames = np.full((round(seconds * fps), 48, 64, 3), 20, np.uint8)
    frames[round(moment * fps)] = 220
    wave = np.zeros((round(seconds * rate), 2), np.float32)
    wave[round(moment * rate), 0] = 0.9
    times = np.arange(round(seconds * hz)) / hz
    values = np.zeros((len(times), 8))
    values[round(moment * hz)] = 5.0
    vectors = [Column(f"acc_{c}", "m/s^2", "polar", "acc", c, 2) for c in ("x", "y", "z")]
    vectors += [Column(f"gyro_{c}", "rad/s", "axial", "gyro", c, 1) for c in ("x", "y", "z")]
    columns = (*vectors, Column("steering", "rad", "lateral"), Column("load", "kg"))
    words = Spans(np.array([0.2, moment]), np.array([0.5, moment + 0.3]), ("look", "flash"), "words", spoken=True)
    links = (Link(0, 4, time=(0.2, 0.5)), Link(5, 10, time=(moment, moment + 0.3)))
    return {
        "video": Video(frames, fps, camera="film"),
        "audio": Audio(wave, rate),
        "words": words,
        "transcript": Text("look flash", "transcript", links),
        "imu": Series(times, values, columns, hz, frame="imu"),
    }


def parts_of_meaning() -> dict[str, Modality]:
    """Every part that is words or numbers about the whole."""
    columns = (Column("steering", "rad", "lateral"), Column("side", kind="category"), Column("weight", "kg"))
    return {
        "caption": Text("The red ball is on the left of a tall tree.", "caption", (Link(0, 12, instance="7"),)),
        "row": Record({"steering": 0.25, "side": "left", "weight": 4.5}, columns),
        "label": Label((("left turn", 1.0),)),
    }


def everything(key: str = "made-up", at: tuple[float, float] = LANDMARK) -> Sample:
    """One sample with every modality of the catalogue."""
    return Sample.of(key, parts_in_space(at) | parts_in_time() | parts_of_meaning(), rig())


def examples() -> Mapping[str, Modality]:
    """One part a modality, by the name of the modality."""
    return {part.modality(): part for part in everything().parts.values()}
