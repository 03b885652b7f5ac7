"""A picture of every layout of scenes: what its camera sees, how far it is, what is what, and its LiDAR from above."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint import catalog
from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.points import Points
from counterpoint.simulate.engine import rendered
from counterpoint.simulate.layout import Layout
from counterpoint.simulate.layouts.declared import from_yaml
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.lidar import Lidar

MARBLES = Path(__file__).parents[1] / "examples" / "layouts" / "marbles.yaml"
HEIGHT = 180
_SEED = 7


def layouts() -> dict[str, Layout]:
    """Every layout by name, with its defaults; the one without code by an example."""
    found = {name: catalog.find("layouts", name) for name in catalog.TABLES["layouts"]}
    return {name: from_yaml(MARBLES) if name == "declared" else cls() for name, cls in found.items()}


def scene(layout: Layout) -> bytes:
    """A JPEG of one scene: picture, depth, instances, sweep; of the sensors that the layout has."""
    key = Key.of(_SEED, f"{layout.name()}-000000")
    staged = layout.draw(key.at("scene"))
    eyes = [_still(s) for s in staged.sensors if isinstance(s, RayCamera)][:1]
    sweeps = [s for s in staged.sensors if isinstance(s, Lidar)][:1]
    sample = rendered(replace(staged, sensors=(*eyes, *sweeps)), key)
    panels = [panel for name in sample for panel in _panels(sample, sample[name])]
    scaled = [cv2.resize(p, (round(p.shape[1] * HEIGHT / p.shape[0]), HEIGHT), interpolation=cv2.INTER_AREA)
              for p in panels]  # fmt: skip
    sheet = np.concatenate([np.pad(p, ((0, 0), (0, 4), (0, 0)), constant_values=255) for p in scaled], 1)
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1])


def _still(camera: RayCamera) -> RayCamera:
    return replace(camera, **{f.name: False for f in fields(camera) if f.name in ("frames", "flow")})


def _panels(sample: Sample, part: Any) -> list[NDArray[np.uint8]]:
    if isinstance(part, Image):
        return [part.pixels]
    if isinstance(part, Depth):
        return [_far(part.metres)]
    if isinstance(part, InstanceMasks):
        return [_coloured(part)]
    return [_above(sample, part)] if isinstance(part, Points) else []


def _far(metres: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Near is bright, on a logarithmic scale; nothing is black."""
    known = np.isfinite(metres)
    low, high = np.log(np.percentile(metres[known], (1, 98)))
    level = 1 - np.clip((np.log(np.where(known, metres, 1)) - low) / max(high - low, 1e-6), 0, 1)
    colours = cv2.applyColorMap((level * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return np.where(known[..., None], colours, 0).astype(np.uint8)


def _coloured(part: InstanceMasks) -> NDArray[np.uint8]:
    height, width = part.masks.shape[1:]
    out = np.full((height, width, 3), 32, np.uint8)
    for i, mask in enumerate(part.masks):
        hue = np.uint8([[[i * 67 % 180, 190, 235]]])
        out[mask] = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0]
    return out


def _above(sample: Sample, part: Points) -> NDArray[np.uint8]:
    """The sweep from above, coloured by height."""
    xyz = part.values[:, :3]
    reach = float(np.clip(np.percentile(np.abs(xyz[:, :2]), 70), 1.0, 45.0))
    at = ((reach - xyz[:, [1, 0]]) / (2 * reach) * HEIGHT * 2).astype(int)
    seen = ((at >= 0) & (at < HEIGHT * 2)).all(1)
    low, high = np.percentile(xyz[seen, 2], (2, 98))
    level = (np.clip((xyz[:, 2] - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
    colours = cv2.applyColorMap(level[:, None], cv2.COLORMAP_TURBO)[:, 0, ::-1]
    out = np.full((HEIGHT * 2, HEIGHT * 2, 3), 18, np.uint8)
    order = np.argsort(xyz[:, 2], kind="stable")
    order = order[seen[order]]
    out[at[order, 1], at[order, 0]] = colours[order]
    return out
