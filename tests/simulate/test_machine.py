"""A machine shakes, sounds and draws current at the frequencies that its geometry gives, and says what is wrong."""

from __future__ import annotations

from math import cos

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.errors import AlignmentError, RecipeError
from counterpoint.simulate.layouts.machine import Machine
from counterpoint.simulate.rotor import Rotor
from counterpoint.simulate.scene import Thing
from counterpoint.simulate.sensors.machine_monitor import MachineMonitor
from counterpoint.simulate.world import World

pytest.importorskip("mujoco")


def sensed(failure: str, seed: int = 1, **settings):
    """The parts of one machine that fails from its start, with the truth of it."""
    layout = Machine(failures=(failure,), since=0.0, **({"severity": 0.8, "speed": 29.0} | settings))
    staged = layout.draw(Key.of(seed, "machine"))
    world = World(staged.scene)
    parts: dict = {}
    for sensor in staged.sensors[:2]:
        parts |= sensor.sense(world, staged.clock, Key.of(seed, sensor.name)).parts
    given = dict(staged.scene.thing("machine").sound)
    return parts, given


def spectrum(values: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Hz and amplitude."""
    wave = values - values.mean()
    return np.fft.rfftfreq(len(wave), 1 / rate), np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) * 4 / len(wave)


def envelope(values: np.ndarray, rate: float, low: float = 2000, high: float = 4500) -> np.ndarray:
    """Of what rings between two frequencies: the analytic signal of that band."""
    coefficients = np.fft.fft(values)
    hertz = np.fft.fftfreq(len(values), 1 / rate)
    coefficients[(hertz < low) | (hertz > high)] = 0
    return np.abs(np.fft.ifft(coefficients))


def line(hertz: np.ndarray, size: np.ndarray, at: float, width: float = 1.0) -> float:
    """Height of a line above the median around it."""
    near = np.abs(hertz - at) < width
    around = np.abs(hertz - at) < 15
    return float(size[near].max() / np.median(size[around]))


@pytest.mark.parametrize(("failure", "sign"), [("outer", -1), ("inner", 1)])
def test_a_damaged_race_is_hit_as_often_as_its_geometry_says(failure: str, sign: int):
    """The envelope has its highest line at BPFO or BPFI, from balls / 2 f (1 -+ d / D), in vibration and in sound."""
    parts, given = sensed(failure)
    expected = given["balls"] / 2 * given["shaft"] * (1 + sign * given["ball"] / given["pitch"] * cos(0))
    vibration = parts["machine_vibration"]
    for wave, rate in (
        (vibration.values[:, 2], vibration.rate),
        (parts["microphone"].wave[:, 0].astype(float), 48_000),
    ):
        hertz, size = spectrum(envelope(wave, rate), rate)
        seen = (hertz > 40) & (hertz < 400)
        assert hertz[seen][np.argmax(size[seen])] == pytest.approx(expected, rel=0.005)
        assert line(hertz, size, expected) > 8


def test_damage_of_the_inner_race_turns_with_the_shaft():
    parts, given = sensed("inner")
    v = parts["machine_vibration"]
    hertz, size = spectrum(envelope(v.values[:, 2], v.rate), v.rate)
    rotor = Rotor(**{k: given[k] for k in ("shaft", "balls", "ball", "pitch")})
    for side in (-given["shaft"], given["shaft"]):
        assert line(hertz, size, rotor.inner_pass + side) > 5


def test_imbalance_is_seen_at_the_turns_of_the_shaft_and_looseness_at_their_multiples():
    healthy, given = sensed("healthy")
    uneven, _ = sensed("imbalance")
    loose, _ = sensed("looseness")

    def at(parts: dict, order: float) -> float:
        v = parts["machine_vibration"]
        hertz, size = spectrum(v.values[:, 2], v.rate)
        return float(size[np.abs(hertz - order * given["shaft"]) < 0.6].max())

    assert at(uneven, 1) > 10 * at(healthy, 1)
    assert at(uneven, 3) < 2 * at(healthy, 3) + 0.05
    for order in (0.5, 2, 3):
        assert at(loose, order) > 10 * at(healthy, order)


def test_imbalance_throws_sidebands_on_the_current():
    parts, given = sensed("imbalance")
    c = parts["machine_current"]
    hertz, size = spectrum(c.values[:, 0], c.rate)
    assert line(hertz, size, 50 + given["shaft"]) > 20
    assert line(hertz, size, 50 - given["shaft"]) > 20


def test_label_and_events_say_what_is_wrong_and_since_when():
    layout = Machine(failures=("looseness",), since=0.5)
    staged = layout.draw(Key.of(3))
    parts = staged.sensors[0].sense(World(staged.scene), staged.clock, Key.of(1)).parts
    assert parts["machine_failure"].scores == (("looseness", 1.0),)
    assert parts["machine_events"].starts.tolist() == [2.0] and parts["machine_events"].ends.tolist() == [4.0]
    v = parts["machine_vibration"].values[:, 2]
    before, after = (np.std(v[slice(*(int(t * 25_600) for t in w))]) for w in ((0, 2), (2.3, 4)))
    assert after > 3 * before
    healthy, _ = sensed("healthy")
    assert healthy["machine_failure"].scores == (("healthy", 1.0),) and "machine_events" not in healthy
    warm = parts["machine_temperature"].values[:, 0]
    assert warm[-5:].mean() > warm[:5].mean()


def test_wrong_machines_are_refused():
    scene = Machine().draw(Key.of(1)).scene
    with pytest.raises(AlignmentError, match="Machines in this scene: machine"):
        MachineMonitor(on="flywheel").check(scene)
    with pytest.raises(RecipeError, match="'imbalence'"):
        Machine(failures=("imbalence",))
    assert isinstance(scene.thing("machine"), Thing)
