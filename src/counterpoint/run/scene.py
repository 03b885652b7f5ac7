"""Pictures with what is known of them drawn in, by plane and by rig: SVG over the image.

Coordinates are those of the plane (continuous pixels), so a drawing that does not sit on its
picture is a fault of the data, never of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.contracts import Modality
from counterpoint.core.rig import WORLD, Rig
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.points import Points
from counterpoint.run.html import Html, joined, tag
from counterpoint.run.shown import Shown, jpeg, small_picture

EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_DOTS = 1800


_NAMES = 8
"""Boxes of a picture that are named, the largest first."""


def pictures(shown: Shown) -> Iterator[tuple[str, Html]]:
    """A panel for each picture; the first of a camera carries the drawings."""
    drawn: set[str] = set()
    for name, preview in shown.of("picture").items():
        plane = shown.parts[name].plane
        fresh = plane is not None and plane not in drawn
        drawn |= {plane} if plane else set()
        size = canvas(shown, name)
        yield (
            name,
            _framed(small_picture(preview.data), size, overlays(shown, plane, size) if plane and fresh else None),
        )
    for name, frames in shown.films.items():
        plane = shown.parts[name].plane
        if plane is None or plane in drawn or not frames:
            continue
        drawn.add(plane)
        size = canvas(shown, name)
        over = overlays(shown, plane, size)
        if over:
            yield f"{name}, one frame", _framed(jpeg(frames[len(frames) // 2]), size, over)


def canvas(shown: Shown, name: str) -> tuple[int, int]:
    """(width, height) of a raster part, else of its camera."""
    part = shown.parts[name]
    plane = part.plane
    camera = shown.sample.rig.cameras.get(plane or "")
    return part.size() or (camera.size if camera else (640, 480))


def overlays(shown: Shown, plane: str, size: tuple[int, int]) -> Html:
    """Masks, projected points, shapes, keypoints and 3-D boxes of one plane, from back to front."""
    here = {n: p for n, p in shown.of("mask", "shapes").items() if (p.plane or shown.parts[n].plane) == plane}
    layers: list[Html | None] = [_mask(p.data, size) for p in here.values() if p.kind == "mask"]
    for part in shown.parts.values():
        if isinstance(part, Points):
            layers.append(_lidar(part, shown.sample.rig, plane))
    for name, preview in here.items():
        part = shown.parts[name]
        if isinstance(part, Keypoints):
            layers.append(_skeletons(part, size))
        elif preview.kind == "shapes":
            layers.append(_shapes(preview.data, size, getattr(part, "ids", ())))
    layers += [_solids(p, shown.sample.rig, plane) for p in shown.parts.values() if isinstance(p, Boxes3d)]
    return joined(layers)


def _framed(href: str, size: tuple[int, int], over: Html | None) -> Html:
    width, height = size
    return tag(
        "svg",
        tag("image", href=href, width=width, height=height, preserveAspectRatio="none"),
        over,
        viewBox=f"0 0 {width} {height}",
        class_="picture",
        role="img",
        style=f"aspect-ratio:{width}/{height}",
    )


def colour(name: str) -> str:
    """Class of the palette that a name always gets, so that a box and a mask of one thing look alike."""
    return f"c{crc32(name.encode()) % 8}"


def _mask(payload: bytes, size: tuple[int, int]) -> Html:
    return tag(
        "image", href=small_picture(payload), width=size[0], height=size[1], preserveAspectRatio="none", class_="mask"
    )


def _shapes(shapes: Sequence[dict[str, Any]], size: tuple[int, int], ids: Sequence[str]) -> Html:
    named = ids if len(ids) == len(shapes) else [str(s.get("name", "")) for s in shapes]
    extents = [np.ptp(np.asarray(s["at"], float).reshape(-1, 2), axis=0).prod() for s in shapes[:200]]
    told = set(np.argsort(extents)[-_NAMES:].tolist())  # names of many small boxes would hide the picture
    return joined(_shape(s, size, n, i in told) for i, (s, n) in enumerate(zip(shapes[:200], named, strict=False)))


def _shape(shape: dict[str, Any], size: tuple[int, int], instance: str, told: bool) -> Html:
    at, name = np.asarray(shape["at"], float).reshape(-1, 2), str(shape.get("name", ""))
    look = f"shape {colour(instance)}"
    if shape["type"] == "point":
        return joined(
            tag("circle", tag("title", name), cx=x, cy=y, r=size[0] / 110, class_=f"dot {look}") for x, y in at
        )
    if shape["type"] == "box" and len(at) == 2:
        (x0, y0), (x1, y1) = at
        at = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    return joined(
        [
            _path(at, look, closed=shape["type"] != "line"),
            _name(at, name, size) if told and shape["type"] == "box" else None,
        ]
    )


def _name(at: NDArray[np.float64], name: str, size: tuple[int, int]) -> Html | None:
    letters = max(size[0] / 24, 7)
    x, y = at.min(0)
    return (
        tag("text", name, x=max(x, 0) + 2, y=max(y - letters / 4, letters), font_size=letters, class_="name")
        if name
        else None
    )


def _path(at: ArrayLike, look: str, closed: bool = True) -> Html:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in np.asarray(at))
    return tag("polygon" if closed else "polyline", points=points, class_=look, vector_effect="non-scaling-stroke")


def _skeletons(part: Keypoints, size: tuple[int, int]) -> Html:
    drawn = []
    for xy, seen, name in zip(part.xy, part.visible, part.ids, strict=True):
        look = colour(name)
        drawn += [_path(xy[[a, b]], f"bone {look}", closed=False) for a, b in part.skeleton if seen[a] and seen[b]]
        drawn += [
            tag(
                "circle",
                tag("title", joint),
                cx=x,
                cy=y,
                r=size[0] / 130,
                class_=f"dot {look}" + (" hidden" if v == 1 else ""),
            )
            for (x, y), v, joint in zip(xy, seen, part.names, strict=True)
            if v
        ]
    return joined(drawn)


def _lidar(part: Points, rig: Rig, plane: str) -> Html | None:
    camera = rig.cameras.get(plane)
    if camera is None or camera.intrinsics is None or not len(part.values):
        return None
    pixels, depth = camera.project(in_world(part, part.values[:, :3], rig))
    w, h = camera.size
    seen = (depth > 0.1) & (pixels[:, 0] >= 0) & (pixels[:, 0] <= w) & (pixels[:, 1] >= 0) & (pixels[:, 1] <= h)
    pixels, depth = pixels[seen], depth[seen]
    every = max(1, len(pixels) // _DOTS)
    return dots(pixels[::every], np.digitize(depth[::every], [6, 12, 20, 32, 50]), w / 420)


def dots(at: NDArray[np.float64], bins: NDArray[np.int64], radius: float) -> Html:
    """Many small dots as one path a colour; ``bins`` 0 to 5 are classes ``h0`` to ``h5``."""
    paths = []
    for b in range(6):
        steps = "".join(f"M{x:.2f} {y:.2f}h0" for x, y in at[bins == b])
        paths.append(tag("path", d=steps, class_=f"dots h{b}", stroke_width=2 * radius) if steps else None)
    return joined(paths)


def _solids(part: Boxes3d, rig: Rig, plane: str) -> Html | None:
    camera = rig.cameras.get(plane)
    if camera is None or camera.intrinsics is None:
        return None
    drawn = []
    for box, name in zip(part.corners(), part.ids, strict=True):
        pixels, depth = camera.project(in_world(part, box, rig))
        if (depth > 0.1).all():
            drawn += [_path(pixels[[a, b]], f"bone {colour(name)}", closed=False) for a, b in EDGES]
    return joined(drawn)


def in_world(part: Modality, points: ArrayLike, rig: Rig) -> NDArray[np.float64]:
    """Points ``(..., 3)`` of a part's frame in the reference frame, m."""
    pose = rig.frame(getattr(part, "frame", WORLD)).pose
    return np.asarray(points, float) @ pose[:3, :3].T + pose[:3, 3]
