"""Echoes come from where walls mirror the speaker, and an array hears the voice from where the label says."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.world import WorldMap
from counterpoint.simulate import acoustics, sound
from counterpoint.simulate.layouts.room import Room
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, heading, rotation
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.microphone import Microphone
from counterpoint.simulate.world import World

pytest.importorskip("mujoco")


def test_images_stand_where_walls_mirror_the_source():
    scene = Room().draw(Key.of(1)).scene
    world = World(scene)
    x, y, z = (float(dict(scene.facts)[n]) for n in ("length", "width", "height"))
    source = np.array([[0.4, -0.3, 1.5]])
    found = {tuple((i.turn @ source[0] + i.shift).round(9)) for i in acoustics.images(world, 1)}
    expected = {
        (0.4, -0.3, 1.5), (x - 0.4, -0.3, 1.5), (-x - 0.4, -0.3, 1.5), (0.4, y + 0.3, 1.5), (0.4, -y + 0.3, 1.5),
        (0.4, -0.3, 2 * z - 1.5), (0.4, -0.3, -1.5),
    }  # fmt: skip
    assert found == {tuple(np.round(e, 9)) for e in expected}
    assert len(acoustics.images(world, 2)) == 25
    assert len(acoustics.images(World(Scene(0.1, (), layout="open"))  , 2)) == 1  # fmt: skip


def test_echoes_arrive_at_their_time_and_weaker_for_each_wall():
    """A blow in a room: without echoes one onset, with them one more at every image, to a sample."""
    staged = Room(walls=("glass",)).draw(Key.of(2))
    walls = tuple(t for t in staged.scene.things if t.cls in ("wall", "ground"))
    ball = Thing("ball", "ball", (Geom("sphere", (0.03,) * 3, "ceramic"),), position=(0.3, 0.2, 0.2))
    world = World(Scene(0.3, (*walls, ball)))
    place = (-0.5, 0.1, 1.2)
    dry, wet = (
        Microphone(mount=Mount(position=place), reflections=n, noise=False).heard(world, Clock(0.22, 0))[:, 0]
        for n in (0, 1)
    )
    first = int(np.flatnonzero(dry)[0])
    echo = np.flatnonzero(np.abs(wet - dry) > 0)[0]
    blow = sound.blows(world)[0]
    speed = acoustics.speed_of_sound(world.scene)
    ways = sorted(np.linalg.norm(i.turn @ blow.point + i.shift - place) for i in acoustics.images(world, 1))
    assert first == int(np.ceil((blow.time + ways[0] / speed) * 48_000))
    # The floor touches the ball, so its image arrives with the ball itself.
    assert ways[1] == pytest.approx(ways[0], abs=3e-3)
    assert abs(echo - (blow.time + ways[1] / speed) * 48_000) <= 1
    assert np.abs(wet).max() > np.abs(dry).max()


def test_a_turned_room_has_the_same_echoes():
    staged = Room().draw(Key.of(4))
    turn = WorldMap.similarity(rotation(heading(0.6)), (1.0, 2.0, 0.0))
    a = acoustics.images(World(staged.scene), 2)
    b = acoustics.images(World(staged.scene.moved(turn)), 2)
    p = np.array([[0.3, -0.8, 1.4]])
    here = {tuple(turn.forward(i.track(lambda t: p)(p))[0].round(7)) for i in a}
    there = {tuple(i.track(lambda t: turn.forward(p))(p)[0].round(7)) for i in b}
    assert here == there


def test_the_array_hears_the_voice_from_where_the_label_says():
    """Delays between capsules, fitted by correlation of the direct sound, against the label's direction."""
    layout = Room(reflections=0, noise=False, radius=0.1, seconds=1.0, pace=0.0)
    staged = layout.draw(Key.of(5))
    world = World(staged.scene)
    microphone, arrival, _ = staged.sensors
    wave = microphone.sense(world, staged.clock, Key.of(1)).parts["microphone"].wave.astype(float)
    row = arrival.sense(world, staged.clock, Key.of(1)).parts["arrival"].values[0]
    speed = acoustics.speed_of_sound(staged.scene)

    def later(a: int, b: int) -> float:
        """s by which capsule a hears later than b."""
        cross = np.fft.rfft(wave[:, a]) * np.conj(np.fft.rfft(wave[:, b]))
        n = 16 * len(wave)
        full = np.fft.irfft(cross, n)
        k = int(np.argmax(full))
        return (k if k < n // 2 else k - n) / 16 / 48_000

    # Capsules 0 and 2 lie on x, 1 and 3 on y; the nearer one hears earlier.
    x, y = later(2, 0) * speed / 0.2, later(3, 1) * speed / 0.2
    assert np.arctan2(y, x) == pytest.approx(row[3], abs=np.radians(1.5))
    assert np.allclose(np.linalg.norm(row[:3]), 1)


def test_a_walking_speaker_is_labelled_where_it_was_heard_from():
    staged = Room(seconds=1.0).draw(Key.of(6))
    world = World(staged.scene)
    arrival = staged.sensors[1]
    rows = arrival.sense(world, staged.clock, Key.of(1)).parts["arrival"]
    i = 30
    at = world.mounted(arrival.mount, 0.0)[0]
    gone = rows.times[i] - rows.values[i, 5] / acoustics.speed_of_sound(staged.scene)
    way = world.track("speaker", [gone])[0] - at
    assert np.allclose(rows.values[i, :3] * rows.values[i, 5], way, atol=1e-9)
