from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.signal import scatter
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, Waypoint
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.lidar import MODELS, Lidar
from counterpoint.simulate.world import World
from tests.simulate.sensors.made import BALL, GROUND, scene

CLOCK = Clock(0.2, 0.1)
QUIET = Lidar(mount=Mount("ego", (0.5, 0, 1.0)), columns=180, noise=False)
FIXED = Lidar(mount=Mount("world", (0, 0, 2.0)), columns=180, noise=False)


def moves() -> list[tuple[str, WorldMap]]:
    yaw = np.eye(3)
    yaw[:2, :2] = [[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]]
    return [
        ("mirror", WorldMap.mirror("y")),
        ("yaw", WorldMap.similarity(yaw)),
        ("shift", WorldMap.similarity(np.eye(3), (3.0, -2.0, 0.0))),
    ]


@pytest.mark.parametrize(("name", "move"), moves())
def test_sweep_of_the_moved_world_is_the_moved_sweep(name: str, move: WorldMap) -> None:
    # Both worlds roll out to rounding (1e-12 m); the mirrored device turns the other way round.
    one = scene(seconds=0.2)
    there = Lidar(mount=QUIET.mount, columns=180, noise=False, spin=1 if name == "mirror" else -1)
    for a, b in zip(QUIET.sweeps(World(one), CLOCK), there.sweeps(World(one.moved(move)), CLOCK), strict=True):
        assert (a.geom == b.geom).mean() > 0.9999  # a ray may graze an edge to the last bit
        same = (a.geom == b.geom) & (a.geom >= 0)
        assert same.sum() > 5000
        points = a.origin[same] + a.direction[same] * a.distance[same, None]
        seen = b.origin[same] + b.direction[same] * b.distance[same, None]
        assert np.abs(move.forward(points) - seen).max() <= 1e-9
        assert np.abs(a.cosine[same] - b.cosine[same]).max() <= 1e-9


def test_points_lie_on_what_moves_at_their_own_time() -> None:
    """A wall that comes at 20 m/s stands at 30 - 20 t; a sweep that stood still would smear it by 2 m."""
    wall = Thing(
        "front", "wall", (Geom("box", (0.1, 50, 5)),), motion="path",
        path=(Waypoint(0, (30.1, 0, 0)), Waypoint(1, (10.1, 0, 0))),
    )  # fmt: skip
    lidar = Lidar(mount=Mount(position=(0, 0, 1.0)), columns=360, noise=False)
    points = lidar.sense(World(Scene(0.2, (wall,))), CLOCK, Key.of(1)).parts["lidar"]
    assert len(points.values) > 5_000
    x, time = points.column("x").astype(float), points.column("time").astype(float)
    # The block is traced from one pose and carried; a plane is carried exactly, and float32 rounds at 2e-6 m.
    assert np.abs(x - (30 - 20 * time)).max() < 1e-5


def test_a_sensor_that_drives_and_turns_sees_a_still_wall_still() -> None:
    world = World(scene(seconds=0.2))
    points = QUIET.sense(world, CLOCK, Key.of(1)).parts["lidar"]
    wall = points.values[points.column("thing") == world.names.index("wall")].astype(float)
    assert len(wall) > 200
    normal = np.array([np.cos(0.1), np.sin(0.1), 0])
    assert np.abs((wall[:, :3] - (40, 3, 4)) @ normal + 0.2).max() < 2e-5


def test_every_point_has_its_own_stamp_and_ring() -> None:
    points = FIXED.sense(World(scene(seconds=0.2)), CLOCK, Key.of(1)).parts["lidar"]
    time = points.column("time").astype(float)
    rel = points.xyz - (0, 0, 2.0)
    azimuth = np.arctan2(rel[:, 1], rel[:, 0])
    turned = -2 * np.pi * 10 * time
    assert np.abs(np.angle(np.exp(1j * (azimuth - turned)))).max() < 1e-5
    elevation = np.degrees(np.arctan2(rel[:, 2], np.hypot(rel[:, 0], rel[:, 1])))
    rings = np.sort(MODELS["generic"].elevations)[points.column("ring").astype(int)]
    assert np.abs(elevation - rings).max() < 1e-3
    assert time.min() >= 0 and time.max() < 0.2


def test_models_fire_as_many_rays_as_their_makers_say() -> None:
    # VLP-16: 300 000 a second, by its manual 289 344 (its own cycle of 55.296 us gives 289 352).
    for name, rays in (("vlp-16", 289_344), ("hdl-64e", 1_333_000)):
        beams = MODELS[name]
        assert abs(beams.columns * 10 * len(beams.elevations) / rays - 1) < 1e-3
    assert sorted(MODELS["vlp-16"].elevations) == list(range(-15, 16, 2))


def test_range_noise_follows_the_signal_to_noise_ratio() -> None:
    wall = Thing("front", "wall", (Geom("box", (0.1, 500, 500), "ceramic"),), position=(20.1, 0, 0), motion="fixed")
    world = World(Scene(0.2, (wall,)))
    loud = Lidar(mount=Mount(), columns=720)
    a, b = (next(loud.sweeps(world, CLOCK)) for _ in range(2))
    assert np.array_equal(a.distance, b.distance)
    points = loud.sense(world, Clock(0.1, 0), Key.of(1)).parts["lidar"].values.astype(float)
    error = (points[:, 0] - 20) / (points[:, 0] / np.linalg.norm(points[:, :3], axis=1))
    r = np.linalg.norm(points[:, :3], axis=1)
    cosine = 20 / r
    sigma = 0.09 / np.sqrt(2 * 0.6 * cosine / r**2 / (0.9 / 120**2))
    # 20 000 points: the standard deviation of the pull is known to 0.5 %; 3 % leaves room for the float32 of x.
    assert abs(np.std(error / sigma) - 1) < 0.03


def test_one_extinction_is_fitted_back_from_the_intensities() -> None:
    fog = Medium("fog", 0.012)
    clear, dim = World(scene(seconds=0.2)), World(scene(seconds=0.2, medium=fog))
    a, b = ({tuple(row[[4, 5]]): row for row in FIXED.sense(w, CLOCK, Key.of(1)).parts["lidar"].values}
            for w in (clear, dim))  # fmt: skip
    both = [(a[k], b[k]) for k in a.keys() & b.keys() if b[k][6] == 0]
    assert len(both) > 5000
    r = np.array([np.linalg.norm(x[:3].astype(float) - (0, 0, 2)) for x, _ in both])
    ratio = np.array([y[3] / x[3] for x, y in both], float)
    alpha = -(np.log(ratio) @ r) / (2 * r @ r)
    assert abs(alpha / fog.extinction - 1) < 0.01


def test_fog_takes_far_points_and_puts_near_ones_of_the_air() -> None:
    fog = Medium("fog", np.log(20) / 40)
    clear = FIXED.sense(World(scene(seconds=0.2)), CLOCK, Key.of(1)).parts["lidar"]
    dim = FIXED.sense(World(scene(seconds=0.2, medium=fog)), CLOCK, Key.of(1)).parts["lidar"]
    label = dim.column("label")
    reach = np.linalg.norm(dim.xyz - (0, 0, 2), axis=1)
    assert len(dim.values) < len(clear.values)
    assert (label == scatter.SCATTERED).sum() > 50
    assert reach[label == scatter.SCATTERED].max() < 5 < reach[label == scatter.KEPT].max()
    assert (dim.column("thing")[label == scatter.SCATTERED] == -1).all()


def test_lost_rays_are_reported_on_request() -> None:
    fog = Medium("fog", 0.1)
    told = Lidar(mount=FIXED.mount, columns=180, noise=False, lost=True)
    clear = FIXED.sense(World(scene(seconds=0.2)), CLOCK, Key.of(1)).parts["lidar"]
    dim = told.sense(World(scene(seconds=0.2, medium=fog)), CLOCK, Key.of(1)).parts["lidar"]
    lost = dim.column("label") == scatter.LOST
    assert lost.any() and (dim.column("intensity")[lost] == 0).all()
    assert len(dim.values) >= len(clear.values)


def test_dual_return_gives_both_surfaces_at_an_edge() -> None:
    near = Thing("post", "post", (Geom("box", (0.05, 0.5, 3)),), position=(10, 0, 0), motion="fixed")
    far = Thing("wall", "wall", (Geom("box", (0.1, 50, 50)),), position=(20, 0, 0), motion="fixed")
    lidar = Lidar(mount=Mount(), columns=2000, noise=False, echoes="dual", subrays=5)
    points = lidar.sense(World(Scene(0.2, (near, far))), Clock(0.1, 0), Key.of(1)).parts["lidar"]
    last = points.values[points.column("echo") == 1]
    assert 20 < len(last) < 500
    assert np.abs(last[:, 0] - 19.9).max() < 0.01
    single = Lidar(mount=Mount(), columns=2000, noise=False, subrays=5)
    assert "echo" not in single.sense(World(Scene(0.2, (near, far))), Clock(0.1, 0), Key.of(1)).parts["lidar"].columns


def test_same_key_same_bytes_and_another_key_other_noise() -> None:
    world = World(scene(seconds=0.2, medium=Medium("snow", 0.004, 5.0)))
    loud = Lidar(mount=QUIET.mount, columns=90, drop=0.1)
    one, two, three = (loud.sense(world, CLOCK, Key.of(k)).parts["lidar"].values for k in (1, 1, 2))
    assert one.tobytes() == two.tobytes()
    assert one.shape != three.shape or one.tobytes() != three.tobytes()


def test_what_cannot_work_is_said_before_it_is_cast() -> None:
    with pytest.raises(UnknownNameError, match="vlp-16"):
        Lidar(model="vlp16")
    with pytest.raises(RecipeError, match="rate"):
        Lidar(rate=0)
    with pytest.raises(UnknownNameError, match="ego"):
        Lidar(mount=Mount("eggo")).check(scene())
    with pytest.raises(RecipeError, match="a longer scene"):
        Lidar().check(Scene(0.05, (GROUND, BALL)))


def test_rays_meet_what_the_solver_says_they_meet() -> None:
    """The tracer only asks the shapes near a ray; ``World.cast`` asks all. Nothing moves, so both are exact."""
    still = [t for t in scene().things if t.motion == "fixed"]
    more = [
        Thing(f"{shape}{i}", "thing", (Geom(shape, size),), position=(4.0 * i - 8, 5.0, 1.0), motion="fixed")  # type: ignore[arg-type]
        for i, (shape, size) in enumerate(
            [("box", (1, 0.5, 0.7)), ("sphere", (0.8, 0, 0)), ("cylinder", (0.5, 0.9, 0)), ("capsule", (0.4, 0.6, 0)),
             ("ellipsoid", (0.9, 0.5, 0.4))]
        )
    ]  # fmt: skip
    world = World(Scene(0.2, (*still, *more)))
    rays = next(FIXED.sweeps(world, CLOCK))
    hits = world.cast(0.0, (0, 0, 2.0), rays.direction)
    assert (rays.geom == hits.geom).mean() > 0.9999
    same = (rays.geom == hits.geom) & (rays.geom >= 0)
    assert len(np.unique(rays.geom[same])) == 7
    assert np.abs(rays.distance[same] - hits.distance[same]).max() < 1e-9
    cosine = np.abs((hits.normal[same] * rays.direction[same]).sum(1))
    assert np.abs(rays.cosine[same] - cosine).max() < 1e-7
