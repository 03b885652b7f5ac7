"""The ray camera against geometry that is known in closed form, and against the rays of the physics engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.plane import PlaneMap
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate import shade
from counterpoint.simulate.exposure import decoded, noisy
from counterpoint.simulate.scene import Geom, Lamp, Mount, Scene, Thing, Waypoint, heading, rotation
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.shade import DIM
from counterpoint.simulate.trace import Shapes
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


@pytest.mark.parametrize(
    "move",
    [
        WorldMap.mirror("y"),
        WorldMap.mirror("x"),
        WorldMap.similarity(np.eye(3), (13.7, -5.1, 0.4)),
        WorldMap.similarity(rotation(heading(1.1)), (2, 3, 0)),
        WorldMap.similarity(rotation(heading(-2.1)) @ np.diag([1, -1, 1]), (2, 3, 0)),
    ],
    ids=["mirror", "mirror ahead", "shift", "turn", "all"],
)
def test_a_moved_world_seen_by_the_moved_camera_is_the_same_picture_or_the_flipped_one(move: WorldMap) -> None:
    lamps = (Lamp((0.4, 0.5, -1.0), power=0.6), Lamp(position=(1.5, 0.5, 3.0), power=2.0))
    scene = replace(one_of_each(), lamps=lamps, medium=Medium("fog", 0.05))
    eye = camera(distortion=(-0.1, 0.02, 0.003, -0.002, 0.0), centre=(50.0, 35.0))
    clock, key = Clock(0.1, 0.0), Key.of(1)
    one = eye.sense(World(scene), clock, key)
    other = eye.moved(move).sense(World(scene.moved(move)), clock, key)
    turn = (lambda a: a[:, ::-1]) if move.mirrored else (lambda a: a)
    np.testing.assert_array_equal(one.parts["camera_semantic"].labels, turn(other.parts["camera_semantic"].labels))
    assert np.abs(one.parts["camera"].pixels.astype(int) - turn(other.parts["camera"].pixels)).max() <= 1
    np.testing.assert_allclose(one.parts["camera_depth"].metres, turn(other.parts["camera_depth"].metres), rtol=1e-6)
    followed = one.cameras["camera"].follow(move)
    if move.mirrored:
        followed = followed.follow(PlaneMap.mirror("camera", (96, 72)))
    for name in ("k", "pose", "distortion"):
        np.testing.assert_allclose(getattr(followed, name), getattr(other.cameras["camera"], name), atol=1e-9)


def test_every_row_of_a_rolling_shutter_has_its_own_moment() -> None:
    """A wall that slides sideways at 3 m/s, 5 m ahead: its edge is where it was when the row was read."""
    speed, line, far, half = 3.0, 2e-3, 5.0, 0.5
    path = (Waypoint(0, (far + 0.1, -1, 0)), Waypoint(1, (far + 0.1, -1 + speed, 0)))
    wall = Thing("wall", "crate", (Geom("box", (0.1, half, 20)),), path[0].position, motion="path", path=path)
    world, eye = World(Scene(1.0, (wall,))), camera(line_time=line)
    start = 0.2
    view = eye.view(world, start, light=False)
    f = eye.intrinsics[0]
    rows = np.arange(72)
    middle = -1 + speed * (start + rows * line)
    for side in (-half, half):  # y is to the left
        edge = 48 - f * (middle + side) / far
        mask = view.geom >= 0
        found = mask.argmax(1) if side > 0 else 96 - mask[:, ::-1].argmax(1)
        assert np.abs(found - edge).max() <= 0.5 + 1e-9  # the edge lies between two centres of pixels
    assert np.ptp(middle) > 0.3  # so that a global shutter would fail
    assert eye.rig(world, start) == camera().rig(world, start)


def test_a_rolling_camera_that_moves_sees_each_row_from_where_it_then_is() -> None:
    path = (Waypoint(0, (0, 0, 0)), Waypoint(1, (0, 4, 0)))
    car = Thing("car", "car", (Geom("box", (0.2, 0.2, 0.2)),), motion="path", path=path)
    world = World(replace(one_of_each(), seconds=1.0, things=(*one_of_each().things, car)))
    moving = Mount("car", (0, 0, 1.2))
    rolling = camera(mount=moving, line_time=1e-3).view(world, 0.1)
    for row in (0, 30, 71):
        still = camera(mount=moving).view(world, 0.1 + row * 1e-3)
        np.testing.assert_array_equal(rolling.geom[row], still.geom[row])
        np.testing.assert_allclose(rolling.distance[row], still.distance[row], rtol=1e-9)
        np.testing.assert_allclose(rolling.radiance[:, row], still.radiance[:, row], rtol=1e-3, atol=1e-4)  # type: ignore[index]


def test_the_extinction_is_found_again_in_the_picture() -> None:
    clear = one_of_each()
    alpha = 0.08
    eye, key = camera(size=(256, 192)), Key.of(1)
    views = [eye.view(World(s), 0.0) for s in (clear, replace(clear, medium=Medium("fog", alpha)))]
    j, i = (decoded(eye.developed(v, clear, key)).mean(2) for v in views)
    sky = views[0].geom < 0
    air = i[sky].mean()
    length = views[0].distance
    # Where the air is as bright as the thing, and where little light is left, 8 bits say nothing.
    good = (np.abs(j - air) > 0.15) & (length > 2) & (length < 8)
    fitted = -np.log((i - air) / (j - air), where=good, out=np.zeros_like(i))[good] / length[good]
    assert good.sum() > 1000
    assert np.median(fitted) == pytest.approx(alpha, rel=0.01)


def test_photons_and_reading_scatter_as_they_should() -> None:
    count, well, read = 400_000, 10_000.0, 4.0
    for share in (0.0005, 0.002, 0.05, 0.6):
        electrons = noisy(np.full(count, share, np.float32), well, read, Key.of(5).stream()) * well
        variance = share * well + read**2
        assert electrons.mean() == pytest.approx(share * well, abs=5 * np.sqrt(variance / count))
        # The variance of a sample variance is 2 / n for a normal one and a little more for a few photons.
        assert electrons.var() == pytest.approx(variance, rel=5 * np.sqrt(2.2 / count))


def test_noise_differs_between_frames_and_keys_and_is_off_on_request() -> None:
    world = World(one_of_each())
    clock = Clock(0.1, 0.0)
    quiet, one, other = (
        camera(noise=noise, frames=True, fps=20.0).sense(world, clock, Key.of(seed)).parts
        for noise, seed in ((False, 1), (True, 1), (True, 2))
    )
    frames = one["camera_video"].frames
    assert frames.shape == (2, 72, 96, 3)
    assert (frames[0] != frames[1]).any()
    assert (one["camera"].pixels != other["camera"].pixels).any()
    np.testing.assert_array_equal(quiet["camera_video"].frames[0], quiet["camera_video"].frames[1])
    np.testing.assert_array_equal(quiet["camera_video"].frames[0], quiet["camera"].pixels)


def test_shadows_of_a_lamp_are_what_rays_from_the_lamp_do_not_reach() -> None:
    place = np.array([1.0, 0.8, 3.0])
    scene = replace(one_of_each(), lamps=(Lamp(position=tuple(place), power=9.0),), ambient=0.0)
    world, eye = World(scene), camera()
    view = eye.view(world, 0.0, normals=True)
    bundle, _ = eye.placed(world, 0.0)
    pixels = bundle.lens.pixels
    points = bundle.position[0] + view.distance.ravel()[pixels, None] * (bundle.turn[0] @ bundle.lens.directions).T
    assert view.radiance is not None
    assert view.normals is not None
    seen = np.flatnonzero(view.geom.ravel()[pixels] >= 0)
    gap = points[seen] - place
    far = np.linalg.norm(gap, axis=1)
    hits = world.cast(0.0, place, gap / far[:, None])
    cosine = -(view.normals.reshape(3, -1).T[pixels[seen]] @ bundle.turn[0].T * gap).sum(1) / far
    # At a terminator either is right, and what gets less than DIM counts as dark.
    clear = (np.abs(cosine) > 0.02) & (9 * np.abs(cosine) / far**2 > 2 * DIM)
    reached = (hits.distance > far - 1e-6) & (cosine > 0)
    lit = view.radiance.reshape(3, -1).max(0)[pixels[seen]] > 0
    shiny = np.isin(view.geom.ravel()[pixels[seen]], range(1, 6))  # metal mirrors a sky that is not quite black
    np.testing.assert_array_equal(reached[clear & ~shiny], lit[clear & ~shiny])
    assert 0.05 < 1 - reached[clear & ~shiny].mean() < 0.95


def test_boxes_say_how_much_is_hidden_and_how_much_lies_outside() -> None:
    def ball(name: str, x: float, y: float) -> Thing:
        return Thing(name, "ball", (Geom("sphere", (0.5, 0, 0)),), (x, y, 1.2), motion="fixed")

    edge = 6 * np.tan(np.radians(40))  # y at which the canvas ends, 6 m ahead
    scene = Scene(0.1, (ball("front", 4, 0), ball("back", 8, 0.9), ball("cut", 6, edge)))
    sensed = camera(size=(640, 480)).sense(World(scene), Clock(0.1, 0.0), Key.of(1))
    boxes, masks = sensed.parts["camera_boxes"], sensed.parts["camera_masks"]
    boxes.check()
    row = {name: i for i, name in enumerate(boxes.ids)}
    assert boxes.extra["visibility"][row["front"]] == 1
    assert 0.2 < boxes.extra["visibility"][row["back"]] < 0.9
    full = np.array(boxes.extra["full"])
    # A ball in the middle spans r / sqrt(z^2 - r^2) to each side; sampling its surface loses at most 0.2 %.
    f = 320 / np.tan(np.radians(40))
    half = f * 0.5 / np.sqrt(16 - 0.25)
    np.testing.assert_allclose(full[row["front"]], [320 - half, 240 - half, 320 + half, 240 + half], atol=0.5)
    assert full[row["cut"], 0] < 0 == boxes.xyxy[row["cut"], 0]
    assert boxes.extra["truncated"][row["front"]] == 0
    assert boxes.extra["truncated"][row["cut"]] == pytest.approx(0.5, abs=0.08)
    for i, mask in enumerate(masks.masks):
        v, u = np.nonzero(mask)
        assert boxes.xyxy[i].tolist() == [u.min(), v.min(), u.max() + 1, v.max() + 1]


def test_points_are_visible_hidden_or_absent() -> None:
    points = (("near", (-0.3, 0.3, 0.3)), ("far", (0.3, 0.3, -0.3)), ("heart", (0.0, 0.0, 0.0)))
    cube = Thing("cube", "cube", (Geom("box", (0.3, 0.3, 0.3)),), (4, 1, 1.2), motion="fixed", keypoints=points)
    behind = replace(cube, name="behind", position=(8.0, 2.0, 1.2), keypoints=(("heart", (0.0, 0.9, 0.0)), *points[:2]))
    shield = Thing("shield", "wall", (Geom("box", (0.05, 0.4, 0.4)),), (6, 1.5, 1.2), motion="fixed")
    sensed = camera(size=(640, 480)).sense(World(Scene(0.1, (cube, behind, shield))), Clock(0.1, 0.0), Key.of(1))
    found = sensed.parts["camera_keypoints"]
    found.check()
    assert found.names == ("near", "far", "heart")
    assert found.visible[found.ids.index("cube")].tolist() == [2, 1, 2]
    pixel, _ = sensed.cameras["camera"].project(np.array([4, 1, 1.2]) + np.array(points[0][1]))
    np.testing.assert_allclose(found.xy[0, 0], pixel[0])


def test_wrong_requests_fail_before_any_work() -> None:
    with pytest.raises(RecipeError, match="field_of_view"):
        camera(field_of_view=200)
    with pytest.raises(RecipeError, match="folds"):
        camera(distortion=(-2.0,)).check(one_of_each())
    with pytest.raises(UnknownNameError, match="sphere"):
        camera(mount=Mount("sphre")).check(one_of_each())
    odd = one_of_each().with_thing(
        replace(one_of_each().thing("box"), geoms=(Geom("box", (1, 1, 1), texture="chequer"),))
    )
    with pytest.raises(UnknownNameError, match="checker"):
        camera().check(odd)


def test_a_scene_without_things_is_all_sky() -> None:
    sensed = camera().sense(World(Scene(0.1, ())), Clock(0.1, 0.0), Key.of(1))
    for part in sensed.parts.values():
        part.check()
    assert np.isnan(sensed.parts["camera_depth"].metres).all()
    assert sensed.parts["camera_boxes"].ids == ()


def test_flow_leads_every_pixel_to_where_its_point_is_next() -> None:
    """A card slides sideways before a wall while the camera stands: the card moves, the wall stays and gets hidden."""
    far, speed, fps = 4.0, 1.5, 10.0
    path = (Waypoint(0, (far, -0.5, 1.2)), Waypoint(1, (far, -0.5 + speed, 1.2)))
    card = Thing("card", "card", (Geom("box", (0.01, 0.3, 0.3)),), path[0].position, motion="path", path=path)
    wall = Thing("wall", "wall", (Geom("box", (0.1, 9, 9)),), (6, 0, 0), motion="fixed")
    world, eye = World(Scene(1.0, (card, wall))), camera(flow=True, fps=fps)
    part = eye.sense(world, Clock(1.0, 0.2), Key.of(1)).parts["camera_flow"]
    part.check()
    now, then = (eye.view(world, t, light=False).geom for t in (0.2, 0.3))
    f = eye.intrinsics[0]
    # y is to the left, so that the card goes to lower columns.
    np.testing.assert_allclose(
        part.vectors[now == 0], [(-f * speed / fps / (far - 0.01), 0.0)] * (now == 0).sum(), atol=1e-4
    )
    np.testing.assert_allclose(part.vectors[now == 1], 0, atol=1e-4)
    np.testing.assert_array_equal(part.hidden, (now == 1) & (then == 0))


def test_flow_of_a_turning_camera_moves_the_sky_and_needs_one_shutter() -> None:
    path = (Waypoint(0, (0, 0, 0), 0.0), Waypoint(1, (0, 0, 0), 0.5))
    head = Thing("head", "head", (Geom("sphere", (0.1, 0, 0)),), motion="path", path=path)
    world = World(Scene(1.0, (head,)))
    eye = camera(mount=Mount("head"), flow=True, fps=10.0)
    flow = eye.sense(world, Clock(1.0, 0.0), Key.of(1)).parts["camera_flow"]
    f, x = eye.intrinsics[0], 60.5 - 48
    expected = f * np.tan(np.arctan(x / f) + 0.05) - x  # it turns left, so the sky goes right
    assert flow.vectors[36, 60, 0] == pytest.approx(expected, abs=0.02)  # row 36 is half a pixel off the axis
    with pytest.raises(RecipeError, match="rolling"):
        camera(flow=True, line_time=1e-5).check(world.scene)


def test_leaving_out_pairs_that_cannot_shade_changes_no_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    lamps = (Lamp((0.4, 0.5, -1.0), power=0.6), Lamp(position=(1.5, 0.5, 3.0), power=2.0))
    world, eye = World(replace(one_of_each(), lamps=lamps)), camera()
    chosen = eye.view(world, 0.0).radiance

    def every(shapes: Shapes, middle: np.ndarray, reach: np.ndarray, lamp: Lamp) -> tuple[np.ndarray, np.ndarray]:
        chunks, count = middle.shape[1], len(shapes.geoms)
        return np.repeat(np.arange(chunks), count), np.tile(np.arange(count), chunks)

    monkeypatch.setattr(shade, "_pairs", every)
    np.testing.assert_array_equal(chosen, eye.view(world, 0.0).radiance)
