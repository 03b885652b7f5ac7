"""Points, 3-D boxes, poses and cameras from above, in the reference frame: x up the page, y to the left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.rig import Rig
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.points import Points
from counterpoint.modalities.pose import Pose
from counterpoint.run.html import Html, joined, tag
from counterpoint.run.scene import colour, dots, in_world
from counterpoint.run.shown import Shown

_MOST = 5000
_FARTHEST = 60.0


def top_view(shown: Shown) -> Html | None:
    """The scene from above with rings every 10 m (or less in a small scene); None if nothing has a place in it."""
    rig = shown.sample.rig
    parts = list(shown.parts.values())
    clouds = [in_world(p, p.values[:, :3], rig) for p in parts if isinstance(p, Points) and len(p.values)]
    solids = [(in_world(p, p.corners(), rig), p) for p in parts if isinstance(p, Boxes3d) and len(p.ids)]
    paths = [in_world(p, p.poses[:, :3, 3], rig) for p in parts if isinstance(p, Pose) and len(p.times)]
    every = [c.reshape(-1, 3) for c in [*clouds, *(s for s, _ in solids), *paths]]
    if not every:
        return None
    low, high = _bounds(np.concatenate(every))
    layers = [_rings(high - low), *[_cloud(c, low, high) for c in clouds]]
    for boxes, part in solids:
        layers += [
            _box(b, name, kind, max(high - low)) for b, name, kind in zip(boxes, part.ids, part.names, strict=True)
        ]
    layers += [
        tag("polyline", points=_points(p[:, :2]), class_="bone c0", vector_effect="non-scaling-stroke") for p in paths
    ]
    width, height = high[1] - low[1], high[0] - low[0]
    view = f"{-high[1]:.2f} {-high[0]:.2f} {width:.2f} {height:.2f}"
    return tag("svg", *layers, _cameras(rig, max(high - low)), viewBox=view, class_="picture top", role="img")


def _bounds(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    flat = points[np.isfinite(points).all(1)][:, :2]
    low, high = np.percentile(flat, 1, axis=0), np.percentile(flat, 99, axis=0)
    pad = 0.08 * max(high - low) + 0.5
    low, high = np.maximum(low - pad, -_FARTHEST), np.minimum(high + pad, _FARTHEST)
    return low, np.maximum(high, low + 1)


def _cloud(points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> Html:
    seen = points[((points[:, :2] > low) & (points[:, :2] < high)).all(1)]
    seen = seen[:: max(1, len(seen) // _MOST)]
    at = np.stack([-seen[:, 1], -seen[:, 0]], 1)
    return dots(at, np.digitize(seen[:, 2], [-1.5, -1.0, -0.4, 0.4, 1.5]), float(max(high - low)) / 500)


def _box(corner: NDArray[np.float64], name: str, kind: str, extent: float) -> Html:
    """The bottom of a box with a line to its front."""
    middle, front = corner[:4].mean(0), corner[[0, 1]].mean(0)
    return joined(
        [
            tag(
                "polygon",
                tag("title", f"{kind} {name}"),
                points=_points(corner[:4, :2]),
                class_=f"shape {colour(name)}",
                vector_effect="non-scaling-stroke",
            ),
            tag(
                "polyline",
                points=_points(np.stack([middle, front])[:, :2]),
                class_=f"bone {colour(name)}",
                vector_effect="non-scaling-stroke",
            ),
            tag("text", kind, x=-middle[1], y=-middle[0] - extent / 60, font_size=extent / 38, class_="name"),
        ]
    )


def _cameras(rig: Rig, extent: float) -> Html:
    """A wedge where each calibrated camera stands, open towards what it sees."""
    drawn = []
    for name, camera in rig.cameras.items():
        if camera.intrinsics is None:
            continue
        back = np.linalg.inv(camera.pose)
        half = camera.size[0] / 2 / camera.k[0, 0]
        rays = np.array([[0, 0, 0], [-half, 0, 1], [half, 0, 1]]) * extent / 14
        seen = rays @ back[:3, :3].T + back[:3, 3]
        drawn.append(
            tag(
                "polygon",
                tag("title", name),
                points=_points(seen[:, :2]),
                class_="wedge",
                vector_effect="non-scaling-stroke",
            )
        )
    return joined(drawn)


def _rings(extent: NDArray[np.float64]) -> Html:
    step = next(s for s in (0.1, 0.5, 1, 5, 10, 50, 1e9) if max(extent) / s <= 12)
    radii = np.arange(1, 13) * step
    letters = float(max(extent)) / 36
    return joined(
        [
            *[tag("circle", cx=0, cy=0, r=r, class_="ring", vector_effect="non-scaling-stroke") for r in radii],
            *[
                tag("text", f"{r:g} m", x=letters / 4, y=-r - letters / 4, font_size=letters, class_="ring-name")
                for r in radii[1::2]
            ],
        ]
    )


def _points(xy: NDArray[np.float64]) -> str:
    return " ".join(f"{-y:.2f},{-x:.2f}" for x, y in xy)
