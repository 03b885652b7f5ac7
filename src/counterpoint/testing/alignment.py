"""How far apart the parts of a made-up world have drifted: in pixels on the plane, in seconds on the clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.plane import inside
from counterpoint.core.sample import Sample
from counterpoint.testing.worlds import centroid


def landmarks(sample: Sample) -> dict[str, NDArray[np.float64]]:
    """Where each part of ``everything()`` shows the landmark, px; parts that lost it are left out."""
    found: dict[str, NDArray[np.float64]] = {}
    size = sample.rig.cameras["camera"].size
    blob = _blob(sample["image"].pixels.astype(float).max(2), sample["keypoints"].xy)
    if blob is not None:
        found["blob"] = blob
    if len(sample["keypoints"].xy) and sample["keypoints"].visible[0, 0]:
        found["keypoint"] = sample["keypoints"].xy[0, 0]
    if len(sample["boxes"].xyxy):
        x0, y0, x1, y1 = sample["boxes"].xyxy[0]
        found["box"] = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    for name, mask in (("mask", _first(sample["masks"].masks)), ("semantic", sample["semantic"].labels == 1)):
        if mask is not None and mask.any():
            found[name] = np.array(centroid(mask))
    found["lidar"] = sample.rig.cameras["camera"].project(sample["points"].values[:1, :3])[0][0]
    found["box 3-D"] = (
        sample.rig.cameras["camera"].project(sample["boxes3d"].centres[:1])[0][0]
        if len(sample["boxes3d"].centres)
        else found["lidar"]
    )
    return found if inside(found["lidar"], size) else {}


def moments(sample: Sample) -> dict[str, float]:
    """When each part of ``everything()`` shows the moment, s; parts that lost it are left out."""
    found = {}
    video, audio, words, imu = sample["video"], sample["audio"], sample["words"], sample["imu"]
    bright = video.frames.reshape(len(video.frames), -1).mean(1)
    if len(bright) and bright.max() > 120:
        found["flash"] = video.start + int(np.argmax(bright > 120)) / video.fps
    energy = np.abs(audio.wave).max(1)
    if len(energy) and energy.max() > 0.2:
        found["click"] = audio.start + int(np.argmax(energy)) / audio.rate
    if "flash" in words.texts:
        found["word"] = float(words.starts[words.texts.index("flash")])
    spike = np.nan_to_num(np.abs(imu.values[:, :6]).max(1))
    if len(spike) and spike.max() > 2:
        found["spike"] = float(imu.times[int(np.argmax(spike))])
    timed = {sample["transcript"].text[k.start : k.end]: k.time for k in sample["transcript"].links}
    if timed.get("flash"):
        found["transcript"] = timed["flash"][0]
    return found


def apart(found: dict[str, NDArray[np.float64]]) -> float:
    """Largest distance of any landmark from the keypoint, px."""
    centre = found.get("keypoint", next(iter(found.values())))
    return max(float(np.abs(at - centre).max()) for at in found.values())


def _first(masks: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return masks[0] if len(masks) else None


def _blob(pixels: NDArray[np.float64], keypoints: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Centre of mass of what shines in a window around the keypoint; None if the window leaves the canvas."""
    if not len(keypoints):
        return None
    reach, (height, width) = 14, pixels.shape
    x, y = np.floor(keypoints[0, 0]).astype(int)
    if not (reach <= x < width - reach and reach <= y < height - reach):
        return None
    window = pixels[y - reach : y + reach + 1, x - reach : x + reach + 1]
    return np.add(centroid(window), [x - reach, y - reach]) if window.any() else None
