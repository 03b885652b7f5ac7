from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate.scene import Mount, Scene, heading, rotation
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.imu import Imu
from counterpoint.simulate.world import World
from tests.simulate.sensors.made import BALL, CRATE, EGO, GROUND, scene

CLOCK = Clock(2.0, 1.0)
GRAVITY = np.array([0, 0, -9.81])


def turn(vector: np.ndarray) -> np.ndarray:
    """Rodrigues."""
    angle = np.linalg.norm(vector)
    k = vector / max(angle, 1e-300)
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@pytest.mark.parametrize("name", ["ego", "ball", "crate"])
def test_strapdown_of_the_clean_readings_returns_to_the_true_path(name: str) -> None:
    """For a driven thing, a bouncing ball and a tumbling crate, away from their centres.

    The solver puts a kick at the start of its step, the readings spread it: half a step of the change in speed, 5 mm.
    """
    world = World(scene())
    mount = Mount(name, (0.2, 0.1, -0.1), heading(0.5))
    imu = Imu(mount=mount, noise=False)
    values = imu.sense(world, CLOCK, Key.of(1)).parts["imu"].values
    motion = world.motion(name, [0.0]).at(mount.position)
    p, v = motion.position[0], motion.velocity[0]
    r = motion.rotation[0] @ rotation(mount.quaternion)
    dt, far = 1 / imu.rate, 0.0
    for i, row in enumerate(values[:-1]):
        kick = r @ turn(row[3:] * dt / 2) @ row[:3] + GRAVITY
        p, v, r = p + (v + kick * dt / 2) * dt, v + kick * dt, r @ turn(row[3:] * dt)
        far = max(far, float(np.linalg.norm(p - world.mounted(mount, (i + 1) * dt)[0])))
    assert far < 0.01


def test_at_rest_it_reads_gravity_upwards() -> None:
    tilted = Mount("world", (0, 0, 1), (np.cos(0.2), np.sin(0.2), 0, 0))
    for mount, up in ((Mount(), (0, 0, 9.81)), (tilted, rotation(tilted.quaternion).T @ (0, 0, 9.81))):
        values = Imu(mount=mount, noise=False).sense(World(scene(seconds=0.2)), Clock(0.2, 0), Key.of(1)).parts["imu"]
        assert np.allclose(values.values[:, :3], up, atol=1e-9)
        assert np.allclose(values.values[:, 3:], 0, atol=1e-12)
    lying = Scene(2.0, (GROUND, CRATE.__class__("box", "box", CRATE.geoms, position=(0, 0, 0.3))))
    values = Imu(mount=Mount("box"), noise=False).sense(World(lying), CLOCK, Key.of(1)).parts["imu"].values
    # The springs of the contact keep it trembling by some um; the mean over half a second is its weight.
    assert np.allclose(values[-250:, :3].mean(0), (0, 0, 9.81), atol=0.1)


def test_in_free_fall_it_reads_nothing() -> None:
    falling = Scene(0.2, (BALL,))
    values = Imu(mount=Mount("ball"), noise=False).sense(World(falling), Clock(0.2, 0), Key.of(1)).parts["imu"].values
    assert np.abs(values[:, :3]).max() < 1e-9


@pytest.mark.parametrize("name", ["ego", "ball"])
def test_mirrored_world_reads_the_mirrored_series(name: str) -> None:
    """Forces mirror, rates mirror as axial vectors: the rule of the series part is the physics."""
    one, move = scene(), WorldMap.mirror("y")
    imu = Imu(mount=Mount(name), noise=False)
    here, there = imu.sense(World(one), CLOCK, Key.of(1)), imu.sense(World(one.moved(move)), CLOCK, Key.of(1))
    rig = Rig(frames=here.frames)
    followed = here.parts["imu"].follow(move, rig)
    # Sprung contacts at 1e12 N/m^2 amplify the rounding of positions; facts measured 0 to 1e-9 over 100 steps.
    assert np.abs(followed.values - there.parts["imu"].values).max() < 1e-6
    assert np.allclose(there.parts["imu"].values, here.parts["imu"].values * (1, -1, 1, -1, 1, -1), atol=1e-6)
    assert np.allclose(rig.follow(move).frames["imu"].pose, there.frames["imu"].pose, atol=1e-9)


def test_allan_deviation_is_that_of_density_and_walk() -> None:
    """Two hours at 100 Hz; the deviation at t is known to about 1 / sqrt(2 T / t): bands widen with t."""
    imu = Imu(rate=100.0, force_walk=1e-4, rate_walk=5e-5, force_bias=0.0, rate_bias=0.0)
    out = imu.errors(np.zeros((720_000, 6)), Key.of(3))
    for column, density, walk in ((0, imu.force_density, 1e-4), (4, imu.rate_density, 5e-5)):
        angle = np.concatenate([[0.0], np.cumsum(out[:, column])]) / imu.rate
        for tau, room in ((0.1, 0.02), (1.0, 0.03), (10.0, 0.1), (100.0, 0.35)):
            m = round(tau * imu.rate)
            second = angle[2 * m :] - 2 * angle[m:-m] + angle[: -2 * m]
            found = np.sqrt((second**2).mean() / 2) / tau
            theory = np.sqrt(density**2 / tau + walk**2 * tau / 3)
            assert abs(found / theory - 1) < room, (column, tau)


def test_scale_and_skew_are_drawn_once_for_a_unit() -> None:
    imu = Imu(force_density=0, rate_density=0, force_walk=0, rate_walk=0, force_bias=0, rate_bias=0, skew=0.01)
    truth = np.random.default_rng(0).normal(size=(50, 6))
    out = imu.errors(truth, Key.of(5))
    mixing = np.linalg.lstsq(truth[:, :3], out[:, :3], rcond=None)[0].T
    assert np.abs(out[:, :3] - truth[:, :3] @ mixing.T).max() < 1e-12
    assert 0 < np.abs(mixing - np.eye(3)).max() < 0.05


def test_a_missing_thing_or_an_odd_rate_is_said_at_once() -> None:
    with pytest.raises(UnknownNameError, match="ego"):
        Imu(mount=Mount("egg")).check(scene())
    with pytest.raises(RecipeError, match="divides 500"):
        Imu(rate=333.0).check(Scene(1.0, (GROUND, EGO)))


def test_motion_read_from_the_states_is_that_of_the_solver() -> None:
    world = World(scene())
    times = np.array([0.0, 0.1, 0.536, 0.9, 1.5])
    quick, slow = (
        world.motion("crate", times),
        world.motion("crate", times + 1e-11),
    )  # off the steps: the solver is asked
    for field in ("position", "rotation", "velocity", "rate", "acceleration", "angular_acceleration"):
        assert np.allclose(getattr(quick, field), getattr(slow, field), atol=1e-6, rtol=1e-6), field
