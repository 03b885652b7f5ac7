"""Images a second of single transforms, against plain OpenCV, Pillow and albumentations on the same picture.

512 x 512 uint8 RGB in memory, one thread, one drawn change, result read. The ratio is the throughput of a
part that follows a drawn change, relative to the shortest OpenCV code for the same work, as peers compare
their kernels. ``whole`` is the same with everything around it: the draw, the offer to every part, the lineage
(30 to 60 us). Peers that are not installed are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import cv2
import numpy as np
from numpy.typing import NDArray

import counterpoint as cp
from benchmarks.measure import Row, median, ratio, seconds
from benchmarks.pictures import photograph
from counterpoint.core.axes import Move

Pixels = NDArray[np.uint8]
ASKED = 0.9


def rows() -> list[Row]:
    picture = photograph()
    found = []
    cv2.setNumThreads(1)
    for name, (step, plain) in _pairs().items():
        sample = cp.Sample.of("s", {"image": cp.Image(picture)})
        queue = [queued.move for queued in step(sample, seed=3).cells["image"].queue]
        calls: dict[str, Callable[[], object]] = {
            "counterpoint": lambda queue=queue, sample=sample: _followed(sample, queue),
            "whole": lambda step=step, sample=sample: step(sample, seed=3)["image"].pixels,
            "OpenCV": lambda plain=plain: plain(picture),
        }
        calls |= {peer: call for peer, call in _peers(name, picture).items()}
        times = seconds(calls, rounds=11, at_least=0.03)
        faster = ratio(times, "OpenCV", "counterpoint")
        notes = {peer: ratio(times, peer, "counterpoint") for peer in calls if peer not in ("counterpoint", "OpenCV")}
        rate = 1 / median(times["counterpoint"])
        found.append(Row(name, rate, "images/s", "plain OpenCV", faster, f">= {ASKED}", faster >= ASKED, notes))
    return found


def _followed(sample: cp.Sample, queue: list[Move]) -> Pixels:
    part = sample["image"]
    for move in queue:
        part = part.follow(move, sample.rig)
    return part.pixels


def _pairs() -> dict[str, tuple[cp.Step, Callable[[Pixels], object]]]:
    """Each transform beside plain OpenCV code that does the same work."""
    turn = cv2.getRotationMatrix2D((256, 256), 15, 1.0)
    tilt = np.array([[1, 0.05, 3], [0.02, 1, 2], [1e-4, 5e-5, 1]])
    grid = np.stack(np.meshgrid(np.arange(512), np.arange(512)), -1).astype(np.float32)
    return {
        "mirror": (cp.Mirror(), lambda p: cv2.flip(p, 1)),
        "crop to 224": (cp.CenterCrop(size=(224, 224)), lambda p: p[144:368, 144:368].copy()),
        "resize to 224": (
            cp.Resize(size=(224, 224)),
            lambda p: cv2.resize(p, (224, 224), interpolation=cv2.INTER_AREA),
        ),
        "resize to 768": (cp.Resize(size=(768, 768)), lambda p: cv2.resize(p, (768, 768))),
        "rotate": (cp.Rotate(degrees=(15, 15)), lambda p: cv2.warpAffine(p, turn, (512, 512))),
        "perspective": (cp.Perspective(), lambda p: cv2.warpPerspective(p, tilt, (512, 512))),
        "elastic": (cp.Elastic(), lambda p: cv2.remap(p, _displaced(grid), None, cv2.INTER_LINEAR)),
        "color jitter": (cp.ColorJitter(), _plain_jitter),
        "brightness": (cp.Brightness(), lambda p: cv2.convertScaleAbs(p, alpha=1.1)),
        "grayscale": (cp.Grayscale(), lambda p: cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)),
        "gaussian blur": (cp.GaussianBlur(sigma=1.5), lambda p: cv2.GaussianBlur(p, (0, 0), 1.5)),
        "motion blur": (cp.MotionBlur(size=5), lambda p: cv2.filter2D(p, -1, _streak())),
        "gaussian noise": (cp.GaussianNoise(), _plain_noise),
        "jpeg": (cp.Jpeg(quality=60), _plain_jpeg),
    }


def _displaced(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """What every elastic transform must do: draw a field, smooth it, add it to the grid."""
    rng = np.random.default_rng(0)
    field = rng.uniform(-4, 4, (11, 11, 2)).astype(np.float32)
    return grid + cv2.resize(field, (512, 512), interpolation=cv2.INTER_CUBIC)


def _plain_jitter(p: Pixels) -> Pixels:
    p = cv2.convertScaleAbs(p, alpha=1.1, beta=0)
    p = cv2.convertScaleAbs(p, alpha=1.1, beta=-12)
    grey = cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    p = cv2.addWeighted(p, 1.1, grey, -0.1, 0)
    hsv = cv2.cvtColor(p, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = cv2.LUT(hsv[..., 0], ((np.arange(256) + 5) % 180).astype(np.uint8))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _streak() -> NDArray[np.float32]:
    kernel = np.zeros((5, 5), np.float32)
    cv2.line(kernel, (0, 1), (4, 3), 1.0, 1, cv2.LINE_AA)
    return kernel / kernel.sum()


def _plain_noise(p: Pixels) -> Pixels:
    noise = np.empty(p.shape, np.int16)
    cv2.randn(noise, 0, 15)
    return cv2.add(p, noise, dtype=cv2.CV_8U)


def _plain_jpeg(p: Pixels) -> Pixels:
    return cv2.imdecode(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)


def _peers(name: str, picture: Pixels) -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    if find_spec("PIL"):
        found |= _pillow(name, picture)
    if find_spec("albumentations"):
        found |= _albumentations(name, picture)
    return found


def _pillow(name: str, picture: Pixels) -> dict[str, Callable[[], object]]:
    from PIL import Image, ImageEnhance, ImageFilter

    p = Image.fromarray(picture)
    calls: dict[str, Callable[[], object]] = {
        "mirror": lambda: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "crop to 224": lambda: p.crop((144, 144, 368, 368)),
        "resize to 224": lambda: p.resize((224, 224), Image.Resampling.BILINEAR),
        "resize to 768": lambda: p.resize((768, 768), Image.Resampling.BILINEAR),
        "rotate": lambda: p.rotate(15, Image.Resampling.BILINEAR),
        "brightness": lambda: ImageEnhance.Brightness(p).enhance(1.1),
        "gaussian blur": lambda: p.filter(ImageFilter.GaussianBlur(1.5)),
    }
    return {"Pillow": calls[name]} if name in calls else {}


def _albumentations(name: str, picture: Pixels) -> dict[str, Callable[[], object]]:
    import albumentations as a

    steps = {
        "mirror": a.HorizontalFlip(p=1),
        "crop to 224": a.CenterCrop(224, 224, p=1),
        "resize to 224": a.Resize(224, 224, interpolation=cv2.INTER_AREA, p=1),
        "resize to 768": a.Resize(768, 768, p=1),
        "rotate": a.Rotate((15, 15), p=1),
        "perspective": a.Perspective(p=1),
        "elastic": a.ElasticTransform(p=1),
        "color jitter": a.ColorJitter(p=1),
        "brightness": a.RandomBrightnessContrast(contrast_limit=0, p=1),
        "grayscale": a.ToGray(p=1),
        "gaussian blur": a.GaussianBlur(sigma_limit=(1.5, 1.5), p=1),
        "motion blur": a.MotionBlur(p=1),
        "gaussian noise": a.GaussNoise(std_range=(0.06, 0.06), p=1),
        "jpeg": a.ImageCompression(quality_range=(60, 60), p=1),
    }
    return {"albumentations": lambda: steps[name](image=picture)["image"]}
