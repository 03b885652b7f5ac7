"""Ray camera: pictures and everything that can be known about their pixels, from one cast."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import radians, tan
from typing import final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.contracts import Modality
from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.core.rig import Camera
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.flow import Flow
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.semantic_mask import SemanticMask
from counterpoint.modalities.video import Video
from counterpoint.simulate import exposure as film
from counterpoint.simulate import shade
from counterpoint.simulate.commute import moved_mount
from counterpoint.simulate.cover import boxes, keypoints
from counterpoint.simulate.lens import lens
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import BACKDROP, Clock, Sensed, Sensor
from counterpoint.simulate.texture import TEXTURES
from counterpoint.simulate.trace import Shapes
from counterpoint.simulate.view import OPTICAL, Eye, View, seen
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class RayCamera(Sensor):
    """A camera that casts one exact ray through the centre of every pixel.

    It gives the parts ``NAME`` (Image), ``NAME_depth``, ``NAME_semantic``, ``NAME_masks``, ``NAME_boxes`` and
    ``NAME_keypoints`` (where things have any) at the key moment, with ``frames`` also ``NAME_video`` over the clock:
    frame ``i`` is taken at ``i / fps``. A lens bends the rays, so nothing is resampled; under a rolling shutter row
    ``v`` is taken ``v * line_time`` after the first, whose pose is the one in the rig.

    Attributes:
        name: of the camera and its parts.
        mount: where it sits; it looks along x of the mount. The thing that carries it is not seen, but throws shadows.
        size: (width, height), px.
        field_of_view: of the width, degrees, without distortion.
        centre: principal point, px, or None for the middle.
        distortion: ``k1, k2, p1, p2, k3`` of Brown and Conrady as OpenCV orders them, or empty.
        frames, fps: whether it films, and frames a second.
        flow: whether it also gives ``NAME_flow``, to the picture ``1 / fps`` after the key moment.
        line_time: s between two rows.
        exposure: share of the full well that a radiance of 1 fills; None follows the lights of the scene.
        full_well: electrons.
        read_noise: standard deviation of reading, electrons.
        noise: whether photons and reading are noisy.
        classes: names in the order of their numbers from 1 in the semantic mask (0 is the sky); others come after
            them by name.

    Raises:
        RecipeError: a value out of range.
    """

    name: str = "camera"
    mount: Mount = field(default_factory=Mount)
    size: tuple[int, int] = (256, 256)
    field_of_view: float = 60.0
    centre: tuple[float, float] | None = None
    distortion: tuple[float, ...] = ()
    frames: bool = False
    flow: bool = False
    fps: float = 12.0
    line_time: float = 0.0
    exposure: float | None = None
    full_well: float = 10_000.0
    read_noise: float = 3.0
    noise: bool = True
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked(
            self,
            size=(1, 16384, "px"),
            field_of_view=(1, 170, "degrees"),
            fps=(1e-3, 1e5, "frames/s"),
            line_time=(0, 1, "s"),
            exposure=(1e-6, 1e6, ""),
            full_well=(10, 1e7, "electrons"),
            read_noise=(0, 1e4, "electrons"),
        )

    @cached_property
    def intrinsics(self) -> tuple[float, ...]:
        """3 x 3 ``K`` row by row."""
        width, height = self.size
        f = width / 2 / tan(radians(self.field_of_view) / 2)
        x, y = self.centre or (width / 2, height / 2)
        return (f, 0.0, x, 0.0, f, y, 0.0, 0.0, 1.0)

    def moved(self, move: WorldMap) -> RayCamera:
        """The camera that sees of the moved scene what this one sees of the scene; of a mirrored one, flipped."""
        there = replace(self, mount=moved_mount(self.mount, move))
        if not move.mirrored:
            return there
        bent = tuple(-v if i == 3 else v for i, v in enumerate(self.distortion))
        middle = None if self.centre is None else (self.size[0] - self.centre[0], self.centre[1])
        return replace(there, distortion=bent, centre=middle)

    def check(self, scene: Scene) -> None:
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        lens(self.size, self.intrinsics, self.distortion)
        if self.frames and scene.seconds * self.fps < 1:
            raise RecipeError(
                f"RayCamera({self.name!r}, fps={self.fps:g}): a scene of {scene.seconds:g} s has no whole frame; "
                f"take at least {1 / scene.seconds:g} frames/s."
            )
        if self.flow and self.line_time:
            raise RecipeError(
                f"RayCamera({self.name!r}, flow=True, line_time={self.line_time:g}): with a rolling shutter the row "
                "in which a point is next seen decides when. Give one or the other."
            )
        for thing in scene.things:
            for geom in thing.geoms:
                if geom.texture not in TEXTURES:
                    raise UnknownNameError(f"texture (of {thing.name!r})", geom.texture, TEXTURES)

    def rig(self, world: World, time: float) -> Camera:
        """Calibration and pose at a time (of the first row)."""
        at, turn = world.mounted(self.mount, time)
        pose = np.eye(4)
        pose[:3, :3] = (turn @ OPTICAL).T
        pose[:3, 3] = -pose[:3, :3] @ at
        return Camera.of(self.size, self.intrinsics, pose, self.distortion)

    def placed(self, world: World, time: float) -> tuple[Eye, Shapes]:
        """The eye and all shapes, at the time or, with a rolling shutter, at the time of every row."""
        bundle = lens(self.size, self.intrinsics, self.distortion)
        last = world.scene.seconds
        times = [min(time + v * self.line_time, last) for v in range(self.size[1] if self.line_time else 1)]
        mounted = [world.mounted(self.mount, t) for t in times]
        shapes = [world.placed(t) for t in times]
        position, turn = (np.array(v) for v in zip(*mounted, strict=True))
        positions, turns = (np.array(v) for v in zip(*shapes, strict=True))
        return Eye(bundle, position, turn @ OPTICAL), Shapes(world.geoms, positions, turns)

    def view(self, world: World, time: float, light: bool = True, normals: bool = False) -> View:
        """The rasters of one moment, without film."""
        eye, shapes = self.placed(world, time)
        return seen(eye, shapes, world.scene if light else None, self._carrier(world), normals)

    def developed(self, view: View, scene: Scene, key: Key) -> NDArray[np.uint8]:
        """The picture (H, W, 3) of a view, 8 bit."""
        assert view.radiance is not None
        gain = self.exposure
        if gain is None:
            gain = 0.9 / shade.DAY * (shade.DAY / max(shade.brightness(scene), 0.01)) ** 0.65
        share = film.exposed(view.radiance, gain)
        if self.noise:
            share = film.noisy(share, self.full_well, self.read_noise, key.stream())
        return np.ascontiguousarray(np.moveaxis(film.encoded(share), 0, 2))

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        eye, shapes = self.placed(world, clock.moment)
        view = seen(eye, shapes, world.scene, self._carrier(world))
        parts: dict[str, Modality] = {self.name: Image(self.developed(view, world.scene, key.at("image")), self.name)}
        parts |= self._rasters(world, view)
        parts |= self._marks(world, clock.moment, eye, shapes, view)
        if self.flow:
            parts[f"{self.name}_flow"] = Flow(self._flow(world, clock.moment, eye, shapes, view), self.name)
        if self.frames:
            parts[f"{self.name}_video"] = self._film(world, clock, key)
        return Sensed(parts, {self.name: self.rig(world, clock.moment)})

    def _carrier(self, world: World) -> set[int]:
        if self.mount.on == "world":
            return set()
        return set(np.flatnonzero(world.owners == world.names.index(self.mount.on)).tolist())

    def _flow(self, world: World, time: float, eye: Eye, shapes: Shapes, view: View) -> NDArray[np.float32]:
        """Right, down and hidden (H, W, 3); the sky is taken to be infinitely far."""
        later = time + 1 / self.fps
        way = (eye.turn[0] @ eye.lens.raster(eye.lens.directions).reshape(3, -1)).T
        geom, far = view.geom.ravel(), view.distance.ravel()
        points = eye.position[0] + np.where(np.isfinite(far), far, 1e9)[:, None] * way
        places, turns = world.placed(later)
        for g in np.unique(geom[geom >= 0]):
            on = geom == g
            own = (points[on] - shapes.positions[0, g]) @ shapes.turns[0, g]
            points[on] = own @ turns[g].T + places[g]
        pixels, depth = self.rig(world, later).project(points)
        gap = points - world.mounted(self.mount, later)[0]
        length = np.linalg.norm(gap, axis=1)
        hits = world.cast(
            later, points[0] - gap[0], gap / length[:, None], None if self.mount.on == "world" else self.mount.on
        )
        hidden = hits.distance < length * (1 - 1e-6) - 1e-6
        v, u = np.divmod(np.arange(len(geom)), self.size[0])
        out = np.column_stack([pixels - np.stack([u, v], 1) - 0.5, hidden])
        out[depth <= 0] = np.nan
        return out.reshape(self.size[1], self.size[0], 3).astype(np.float32)

    def _film(self, world: World, clock: Clock, key: Key) -> Video:
        count = int(min(clock.seconds, world.scene.seconds) * self.fps + 1e-9)
        frames = np.empty((count, self.size[1], self.size[0], 3), np.uint8)
        for i in range(count):
            frames[i] = self.developed(self.view(world, i / self.fps), world.scene, key.at("video", i))
        return Video(frames, self.fps, 0.0, self.name)

    def _rasters(self, world: World, view: View) -> dict[str, Modality]:
        classes = [world.scene.thing(name).cls for name in world.names]
        known = [*self.classes, *sorted(set(classes) - set(self.classes))]
        number = np.array([*(known.index(c) + 1 for c in classes), 0], np.uint8)
        depth = np.where(np.isfinite(view.depth), view.depth, np.nan).astype(np.float32)
        names = {0: "sky"} | {i + 1: c for i, c in enumerate(known)}
        return {
            f"{self.name}_depth": Depth(depth, self.name),
            f"{self.name}_semantic": SemanticMask(number[_things(world, view)], names, self.name),
        }

    def _marks(self, world: World, time: float, eye: Eye, shapes: Shapes, view: View) -> dict[str, Modality]:
        """What names instances: masks, boxes and points of all things of which a pixel is seen."""
        thing, count = _things(world, view), len(world.names)
        pixels = np.bincount(thing.ravel() + 1, minlength=count + 1)[1:]
        named = [world.scene.thing(name) for name in world.names]
        rows = [i for i in range(count) if pixels[i] and named[i].cls not in BACKDROP]
        masks = np.array([thing == i for i in rows], bool).reshape(-1, *thing.shape)
        camera, found = self.rig(world, time), [named[i] for i in rows]
        ids, classes = tuple(t.name for t in found), tuple(t.cls for t in found)
        instances = list(zip(rows, ids, classes, strict=True))
        parts: dict[str, Modality] = {
            f"{self.name}_masks": InstanceMasks(masks, ids, classes, self.name),
            f"{self.name}_boxes": boxes(camera, eye, shapes, world.owners, instances, masks, self.name),
        }
        poses = [world.pose(i, time) for i in ids]
        carrier = self._carrier(world)
        points = keypoints(camera, eye, shapes, carrier, found, poses, world.owners, rows, self.name)
        return parts if points is None else parts | {f"{self.name}_keypoints": points}


def _things(world: World, view: View) -> NDArray[np.int16]:
    """(H, W) index of the thing in every pixel, -1 for the sky."""
    return np.append(world.owners, -1).astype(np.int16)[view.geom]
