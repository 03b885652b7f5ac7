"""What a microphone hears, in made-up scenes of which the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.medium import Medium
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.simulate import acoustics, model, sound
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, Waypoint
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.microphone import Microphone
from counterpoint.simulate.world import World

pytest.importorskip("mujoco")

GROUND = Thing("ground", "ground", (Geom("plane", (5, 5, 0.1), "asphalt"),), motion="fixed")


def ball(height: float, material: str = "metal", **more) -> Thing:
    return Thing("ball", "ball", (Geom("sphere", (0.05, 0.05, 0.05), material),), position=(0, 0, height), **more)


def hear(scene: Scene, **settings):
    settings = {"noise": False, "full_scale": 20.0} | settings
    sensed = Microphone(**settings).sense(World(scene), Clock(scene.seconds, 0.0), Key.of(1))
    return sensed.parts["microphone"].wave


def test_onset_is_within_one_sample_of_impact_and_way():
    """The ball touches when it has fallen 0.4 m; its steps are those of the solver, so the world says when exactly."""
    scene = Scene(0.6, (GROUND, ball(0.45)))
    world = World(scene)
    touch = sound.blows(world)[0]
    steps = np.arange(1, 400)
    fallen = 9.81 * scene.timestep**2 * np.cumsum(steps)
    k = int(np.searchsorted(fallen, 0.4))
    exact = scene.timestep * (k + (0.4 - fallen[k - 1]) / (fallen[k] - fallen[k - 1]))
    assert touch.time == pytest.approx(exact, abs=1e-7)
    for place in ((1.0, 0.5, 0.3), (3.0, -2.0, 1.0)):
        wave = hear(scene, mount=Mount(position=place))
        way = np.linalg.norm(np.array(place) - touch.point)
        due = (exact + way / acoustics.speed_of_sound(scene)) * 48_000
        first = int(np.flatnonzero(wave[:, 0])[0])
        assert 0 <= first - due <= 1


@pytest.mark.parametrize("material", ["metal", "glass", "rubber"])
def test_bounce_times_and_restitution_are_heard(material: str):
    """From the sound alone: onsets are the touches to a sample, and flights shrink by the restitution within 1 %."""
    scene = Scene(1.2, (replace(GROUND, geoms=(Geom("plane", (5, 5, 0.1), "metal"),)), ball(0.35, material)))
    place = (0.6, 0.4, 0.5)
    wave = np.abs(hear(scene, mount=Mount(position=place), full_scale=100.0)[:, 0])
    heard = onsets(wave)[:3]
    touches = sound.blows(World(scene))[:3]
    late = [np.linalg.norm(np.subtract(place, t.point)) / acoustics.speed_of_sound(scene) for t in touches]
    for onset, touch, way in zip(heard, touches, late, strict=True):
        assert onset / 48_000 == pytest.approx(touch.time + way, abs=1 / 48_000)
    flights = np.diff(heard)
    assert flights[1] / flights[0] == pytest.approx(model.restitution(material, "metal"), rel=0.01)


def onsets(wave: np.ndarray) -> list[int]:
    """Samples before which 60 ms were quieter than a twentieth of what follows in 1 ms."""
    found: list[int] = []
    k = int(np.flatnonzero(wave)[0])
    while k < len(wave):
        found.append(k)
        rest = wave[k + 2880 :]
        quiet = np.array([wave[k + 2400 + i : k + 2880 + i].max() for i in range(0, max(len(rest) - 48, 0))])
        loud = np.flatnonzero(rest[: len(quiet)] > 20 * quiet + 1e-9)
        if not len(loud):
            break
        k += 2880 + int(loud[0])
    return found


def test_tone_of_something_that_passes_by_is_shifted_by_doppler():
    """On the line of flight the pitch is f c / (c -+ v) exactly; fitted over 0.4 s to far better than 0.1 %."""
    speed = 30.0
    path = (Waypoint(0.0, (-40.0, 0, 1)), Waypoint(4.0, (-40.0 + 4 * speed, 0, 1)))
    horn = Thing("horn", "car", (Geom("box", (0.1, 0.1, 0.1)),), motion="path", path=path, sound=(("tone", 1000.0),))
    wave = hear(Scene(4.0, (horn,)), mount=Mount(position=(0, 0, 1.0)))[:, 0].astype(float)
    c = acoustics.speed_of_sound(Scene(4.0, (horn,)))
    for start, expected in ((0.3, 1000 * c / (c - speed)), (3.0, 1000 * c / (c + speed))):
        assert pitch(wave[int(start * 48_000) : int((start + 0.4) * 48_000)]) == pytest.approx(expected, rel=1e-4)


def pitch(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 16 * len(wave)))
    k = int(np.argmax(spectrum))
    a, b, c = np.log(spectrum[k - 1 : k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * 48_000 / (16 * len(wave))


def test_pressure_falls_with_distance_and_warm_air_is_faster():
    still = Thing("hum", "fan", (Geom("box", (0.1, 0.1, 0.1)),), motion="fixed", sound=(("tone", 200.0),))
    near, far = (hear(Scene(0.5, (still,)), mount=Mount(position=(d, 0, 0)))[4800:] for d in (1.0, 4.0))
    assert np.sqrt(np.mean(near**2)) * 20 == pytest.approx(acoustics.pascal(70), rel=1e-3)
    assert np.sqrt(np.mean(near**2)) / np.sqrt(np.mean(far**2)) == pytest.approx(4, rel=1e-3)
    assert acoustics.speed_of_sound(Scene(1, (), facts=(("temperature", 0.0),))) == pytest.approx(331.3)
    assert acoustics.speed_of_sound(Scene(1, ())) == pytest.approx(343.2, abs=0.1)


def test_mirror_of_the_scene_exchanges_the_ears():
    things = (GROUND, ball(0.3, "wood", velocity=(0.3, 0.8, 0.0)), horn := Thing(
        "car", "car", (Geom("box", (0.1, 0.1, 0.1)),), motion="path", sound=(("engine", 40.0), ("noise", 50.0)),
        path=(Waypoint(0, (2, -3, 1)), Waypoint(1, (2, 4, 1))),
    ))  # fmt: skip
    assert horn.name == "car"
    scene = Scene(1.0, things)
    mirrored = scene.moved(WorldMap.mirror("y"))
    one, other = (hear(s, layout="stereo", full_scale=2.0) for s in (scene, mirrored))
    assert np.abs(one).max() > 0.01
    assert np.abs(one[:, 0] - one[:, 1]).max() > 1e-3
    np.testing.assert_allclose(other, one[:, ::-1], rtol=0, atol=1e-7)


def test_a_body_that_rests_is_silent():
    wave = hear(Scene(1.0, (GROUND, ball(0.05))))
    assert np.abs(wave).max() < 1e-4


def test_rain_is_heard_and_noise_can_be_switched_off():
    scene = Scene(0.5, (GROUND,), medium=Medium("rain", 0.003, rate=5.0))
    wet = hear(scene, noise=True, full_scale=1.0)
    assert 20 * np.log10(np.sqrt(np.mean(wet**2)) / 2e-5) == pytest.approx(52, abs=0.5)
    assert not hear(scene).any()


def test_ambisonic_says_where_it_comes_from():
    left = Thing("hum", "fan", (Geom("box", (0.1,) * 3),), position=(0, 2, 1), motion="fixed", sound=(("tone", 300.0),))
    w, y, z, x = hear(Scene(0.3, (left,)), layout="ambisonic")[4800:].T
    np.testing.assert_allclose(y, w, atol=1e-7)
    np.testing.assert_allclose([z, x], 0, atol=1e-7)


def test_wrong_microphones_are_refused_before_work():
    scene = Scene(1.0, (GROUND, ball(1.0, sound=(("tnoe", 100.0),))))
    with pytest.raises(UnknownNameError, match="Did you mean 'tone'"):
        Microphone().check(scene)
    with pytest.raises(UnknownNameError, match="'car'"):
        Microphone(mount=Mount("car")).check(Scene(1.0, (GROUND,)))
    with pytest.raises(RecipeError, match="capsules"):
        Microphone(layout="array").check(Scene(1.0, (GROUND,)))
