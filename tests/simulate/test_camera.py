"""The ray camera against geometry that is known in closed form, and against the rays of the physics engine."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.world import WorldMap
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, heading, rotation
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.world import World

FLOOR = Thing("floor", "ground", (Geom("plane", (0, 0, 0.5), "wood", (0.7, 0.7, 0.65), texture="checker"),))
TURNED = (0.8, 0.36, 0.48, 0.0)


def one_of_each() -> Scene:
    """Every shape, turned, in front of the camera, on a floor and before a finite wall."""
    sizes = {
        "box": (0.3, 0.2, 0.4),
        "sphere": (0.35, 0, 0),
        "cylinder": (0.25, 0.3, 0),
        "capsule": (0.2, 0.3, 0),
        "ellipsoid": (0.4, 0.25, 0.2),
    }
    things = [
        Thing(s, s, (Geom(s, size, "metal"),), (2.5 + 0.3 * i, 1.6 - 0.8 * i, 0.6), TURNED, motion="fixed")  # type: ignore[arg-type]
        for i, (s, size) in enumerate(sizes.items())
    ]
    wall = Thing(
        "wall", "wall", (Geom("plane", (1.2, 2, 1)),), (6, 0, 1), (0.70710678, 0, -0.70710678, 0), motion="fixed"
    )
    return Scene(0.1, (_fixed(FLOOR), *things, wall))


def _fixed(thing: Thing) -> Thing:
    return Thing(thing.name, thing.cls, thing.geoms, thing.position, motion="fixed")


def camera(**settings: object) -> RayCamera:
    given = {"mount": Mount(position=(0, 0, 1.2)), "size": (96, 72), "field_of_view": 80.0, "noise": False} | settings
    return RayCamera(**given)  # type: ignore[arg-type]


def test_rays_hit_what_the_rays_of_the_physics_engine_hit() -> None:
    world, eye = World(one_of_each()), camera()
    view = eye.view(world, 0.0, normals=True)
    bundle, _ = eye.placed(world, 0.0)
    hits = world.cast(0.0, bundle.position[0], (bundle.turn[0] @ bundle.lens.directions).T)
    pixels = bundle.lens.pixels
    assert set(np.unique(view.geom)) == {-1, *range(7)}
    np.testing.assert_array_equal(view.geom.ravel()[pixels], hits.geom)
    found = hits.geom >= 0
    # Both are float64; what is left is rounding of the quadratic.
    assert np.abs(view.distance.ravel()[pixels][found] - hits.distance[found]).max() < 1e-9
    assert view.normals is not None
    normal = view.normals.reshape(3, -1).T[pixels] @ bundle.turn[0].T
    assert np.abs(normal[found] - hits.normal[found]).max() < 1e-6  # float32


def test_centre_of_a_ball_projects_into_the_centre_of_its_mask() -> None:
    ball = Thing("ball", "ball", (Geom("sphere", (0.5, 0, 0)),), (6, 0.37, 1.31), motion="fixed")
    world = World(Scene(0.1, (ball,)))
    eye = camera(size=(512, 384), field_of_view=40.0)
    sensed = eye.sense(world, Clock(0.1, 0.0), Key.of(1))
    mask = sensed.parts["camera_masks"].masks[0]
    v, u = np.nonzero(mask)
    pixel, _ = sensed.cameras["camera"].project([ball.position])
    # A ball is drawn as an ellipse, whose centre lies further out than the picture of its centre: z^2 / (z^2 - r^2).
    expected = np.array([256, 192]) + (pixel[0] - [256, 192]) * 36 / (36 - 0.25)
    np.testing.assert_allclose([u.mean() + 0.5, v.mean() + 0.5], expected, atol=0.05)


def test_depth_is_the_distance_along_the_axis() -> None:
    wall = Thing("wall", "wall", (Geom("box", (0.5, 10, 10)),), (7.5, 0, 0), motion="fixed")
    view = camera().view(World(Scene(0.1, (wall,))), 0.0)
    np.testing.assert_allclose(view.depth, 7.0, atol=1e-9)
    assert view.distance.max() > 8


def test_bent_rays_agree_with_the_projection_of_the_rig() -> None:
    world = World(one_of_each())
    eye = camera(distortion=(-0.25, 0.08, 0.004, -0.003, 0.01))
    view = eye.view(world, 0.0)
    bundle, _ = eye.placed(world, 0.0)
    pixels = bundle.lens.pixels
    found = np.flatnonzero(view.geom.ravel()[pixels] >= 0)
    way = (bundle.turn[0] @ bundle.lens.directions[:, found]).T
    points = bundle.position[0] + view.distance.ravel()[pixels[found], None] * way
    where, depth = eye.rig(world, 0.0).project(points)
    v, u = np.divmod(pixels[found], 96)
    assert np.abs(where - np.stack([u, v], 1) - 0.5).max() < 1e-3
    np.testing.assert_allclose(depth, view.depth.ravel()[pixels[found]], atol=1e-9)


def test_recolouring_one_thing_changes_no_pixel_outside_it() -> None:
    scene = one_of_each()
    ball = scene.thing("sphere")
    twin = scene.with_thing(
        Thing(
            "sphere",
            "sphere",
            (Geom("sphere", (0.35, 0, 0), "metal", (0.9, 0.1, 0.1)),),
            ball.position,
            ball.quaternion,
            motion="fixed",
        )
    )
    clock, key = Clock(0.1, 0.0), Key.of(3)
    one, other = (camera(noise=True).sense(World(s), clock, key).parts for s in (scene, twin))
    changed = (one["camera"].pixels != other["camera"].pixels).any(2)
    masks = one["camera_masks"]
    own = masks.masks[masks.ids.index("sphere")]
    assert changed[own].mean() > 0.9
    assert not changed[~own].any()
    np.testing.assert_array_equal(one["camera_depth"].metres, other["camera_depth"].metres)


def test_a_shadow_falls_where_the_sun_and_the_edge_say() -> None:
    ball = Thing("ball", "ball", (Geom("sphere", (0.5, 0, 0)),), (5, 0, 2), motion="fixed")
    floor = Thing("floor", "ground", (Geom("plane", (0, 0, 1), "rubber", (0.7, 0.7, 0.7)),), motion="fixed")
    scene = Scene(0.1, (floor, ball), lamps=(Lamp((0.0, 1.0, -1.0)),))
    down = Mount(position=(5, 2, 8), quaternion=(0.70710678, 0, 0.70710678, 0))
    eye = camera(mount=down, size=(400, 400), field_of_view=30.0)
    view = eye.view(World(scene), 0.0)
    assert view.radiance is not None
    floor_light = np.where(view.geom == 0, view.radiance.sum(0), np.inf)
    dark = floor_light < 0.6 * floor_light[np.isfinite(floor_light)].max()
    v, u = np.nonzero(dark)
    # The shadow of a ball of radius r under 45 degrees is an ellipse r by r sqrt(2) around (5, 2).
    pixel = 400 / (2 * np.tan(np.radians(15))) / 8
    assert abs(u.mean() + 0.5 - 200) < 0.1 and abs(v.mean() + 0.5 - 200) < 0.1
    assert dark.sum() / pixel**2 == pytest.approx(np.pi * 0.5 * 0.5 * np.sqrt(2), rel=0.005)


def test_a_turned_world_with_its_camera_gives_the_same_picture() -> None:
    scene = one_of_each()
    angle = 0.7
    move = WorldMap.similarity(rotation(heading(angle)), (3.1, -7.3, 0.0))
    x, y, z = (float(v) for v in move.forward(np.array([0, 0, 1.2])))
    there = camera(mount=Mount(position=(x, y, z), quaternion=heading(angle)))
    clock, key = Clock(0.1, 0.0), Key.of(1)
    one = camera().sense(World(scene), clock, key).parts
    other = there.sense(World(scene.moved(move)), clock, key).parts
    np.testing.assert_array_equal(one["camera_semantic"].labels, other["camera_semantic"].labels)
    assert np.abs(one["camera"].pixels.astype(int) - other["camera"].pixels).max() <= 1
