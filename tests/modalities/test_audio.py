"""Sounds as parts: layouts under a mirror and a turn, mixtures, laziness, bytes."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import CannotFollow
from counterpoint.core.mixture import Splice
from counterpoint.core.rig import Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.errors import InvalidPartError, UnreadableInputError
from counterpoint.modalities.audio import Audio
from counterpoint.signal import sound
from counterpoint.transforms.scene import Mirror

MIRROR = WorldMap.mirror("y")


def noise(channels: int, count: int = 1000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, (count, channels)).astype(np.float32)


def from_direction(azimuth: float, elevation: float = 0.2) -> np.ndarray:
    """A plane wave in first-order ambisonics, ACN and SN3D: W, Y, Z, X = s * (1, uy, uz, ux)."""
    ux, uy, uz = np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)
    return (noise(1) * np.array([1, uy, uz, ux])).astype(np.float32)


def turned(radians: float) -> WorldMap:
    c, s = np.cos(radians), np.sin(radians)
    return WorldMap.similarity([[c, -s, 0], [s, c, 0], [0, 0, 1]], (1.0, 2.0, 0.0))


def test_a_mirror_swaps_the_channels_of_stereo():
    wave = noise(2)
    done = Audio(wave, 16000).follow(MIRROR, Rig())
    assert np.array_equal(done.wave, wave[:, ::-1])
    assert np.array_equal(done.follow(MIRROR, Rig()).wave, wave)


def test_a_mirror_moves_an_ambisonic_source_to_the_other_side():
    done = Audio(from_direction(0.7), 16000, layout="ambisonic").follow(MIRROR, Rig())
    assert np.allclose(done.wave, from_direction(-0.7), atol=1e-6)
    assert not np.allclose(done.wave, from_direction(0.7), atol=1e-3)


def test_a_turn_of_the_world_turns_the_ambisonic_field_and_no_other():
    part = Audio(from_direction(0.7), 16000, layout="ambisonic")
    assert np.allclose(part.follow(turned(0.5), Rig()).wave, from_direction(1.2), atol=1e-6)
    assert np.array_equal(Audio(noise(2), 16000).follow(turned(0.5), Rig()).wave, noise(2))


def test_a_microphone_that_stands_in_a_frame_turns_with_it():
    """A yaw of the world turns the microphone too: what it hears stays. A mirror still swaps its sides."""
    rig = Rig(frames={"head": Frame()})
    part = Audio(from_direction(0.7), 16000, layout="ambisonic", frame="head")
    assert np.allclose(part.follow(turned(0.5), rig).wave, part.wave)
    assert np.allclose(part.follow(MIRROR, rig).wave, from_direction(-0.7), atol=1e-6)


def test_mono_stays_and_an_array_refuses_a_mirror_but_not_a_turn():
    assert np.array_equal(Audio(noise(1), 16000).follow(MIRROR, Rig()).wave, noise(1))
    array = Audio(noise(3), 16000)
    refusal = array.follow(MIRROR, Rig())
    assert isinstance(refusal, CannotFollow)
    assert "microphone" in refusal.reason
    assert np.array_equal(array.follow(turned(0.5), Rig()).wave, array.wave)


def test_a_mirror_exchanges_two_microphones_with_their_frames_and_names():
    frames = {n: Frame.of(turned(0.1).array, lateral="y") for n in ("left_ear", "right_ear")}
    parts = {n: Audio(noise(1, seed=i), 16000, frame=n) for i, n in enumerate(frames)}
    done = Mirror()(Sample.of("s", parts, Rig(frames=frames)))
    assert np.array_equal(done["left_ear"].wave, parts["right_ear"].wave)
    assert done["left_ear"].frame == "left_ear"
    assert not done.lineage.refusals


def test_a_mask_silences_exactly_its_samples():
    done = Audio(np.ones((1000, 1), np.float32), 1000, start=0.5).follow(TimeMask(0.6, 0.7), Rig())
    assert np.array_equal(np.flatnonzero(done.wave[:, 0] == 0), np.arange(100, 200))


def test_the_channels_decide_the_layout_unless_it_is_said():
    found = {n: Audio(noise(n), 16000).heard_as for n in (1, 2, 3, 4)}
    assert found == {1: "mono", 2: "stereo", 3: "array", 4: "array"}


def test_a_blend_lays_both_on_one_clock():
    loud = Audio(np.full((1000, 2), 0.5, np.float32), 1000, start=1.0)
    other = Audio(np.full((2000, 1), 0.1, np.float32), 4000, start=1.25)
    mixed = loud.blend(other, 0.75).wave
    assert mixed.shape == (1000, 2)
    assert np.allclose(mixed[:240], 0.375)
    assert np.allclose(mixed[300:700], 0.375 + 0.025, atol=1e-3)  # away from the ringing of the resampler
    assert np.allclose(mixed[770:], 0.375)


def test_a_splice_takes_one_window_from_the_other():
    part, other = Audio(noise(1), 1000), Audio(noise(1, seed=1), 1000)
    done = part.splice(other, Splice("p", 0.25, None, (0.25, 0.5))).wave
    assert np.array_equal(done[250:500], other.wave[250:500])
    assert np.array_equal(np.delete(done, slice(250, 500), 0), np.delete(part.wave, slice(250, 500), 0))


def test_an_untouched_file_is_written_back_as_it_is_and_never_decoded(monkeypatch):
    data = sound.encode_wav(noise(2), 8000)
    monkeypatch.setattr(sound, "decode", lambda *_: pytest.fail("decoded"))
    part = Audio.read(Blob("wav", data))
    assert (part.span(), part.heard_as) == ((0.0, 0.125), "stereo")
    part.check()
    encoded = part.encode()
    assert encoded.blob.read() == data
    again = Audio.decode(encoded)
    assert (again.rate, again.start, again.heard_as, again.samples) == (8000, 0.0, "stereo", 1000)
    sample = Sample.of("s", {"sound": again})
    assert sample.spans() == {"sound": (0.0, 0.125)}
    assert again.refuses(MIRROR, Rig()) is None


def test_a_changed_sound_comes_back_from_its_bytes():
    part = Audio(noise(4), 16000, 0.25, "ambisonic", "head")
    back = Audio.decode(part.encode())
    assert (back.rate, back.start, back.layout, back.frame) == (16000, 0.25, "ambisonic", "head")
    assert np.abs(back.wave - part.wave).max() <= 0.5 / 32768  # 16 bits, rounded
    assert part.encode().blob.read() == back.follow(TimeMap.affine(), Rig()).encode().blob.read()


def test_a_preview_lets_a_person_hear_on_which_side_a_source_is():
    data = Audio(from_direction(np.pi / 2, 0.0), 16000, layout="ambisonic").preview().data
    heard, _ = sound.decode(Blob("wav", data))
    assert np.abs(heard[:, 0]).max() > 100 * np.abs(heard[:, 1]).max()  # from the left: nothing on the right
    assert sound.facts(Blob("wav", Audio(noise(5), 16000).preview().data)).channels == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Audio(noise(1, 0), 16000), "zero length"),
        (Audio(noise(1), 16000, layout="stereo"), "needs 2 channels, got 1"),
        (Audio(noise(2), 0), "rate"),
        (Audio(noise(2)[:, 0], 16000), "samples, channels"),
        (Audio(noise(2).astype(np.float64), 16000), "float32"),
        (Audio(noise(2) * np.float32(np.nan), 16000), "not finite"),
    ],
)
def test_what_is_not_a_sound_is_said_in_words(part, words):
    with pytest.raises(InvalidPartError, match=words):
        part.check()


def test_a_file_of_zero_length_is_said_before_it_is_decoded():
    with pytest.raises(InvalidPartError, match="zero length"):
        Audio.read(Blob("wav", sound.encode_wav(noise(1, 0), 16000))).check()


def test_mono_where_stereo_is_expected_is_said_in_words():
    blob = Blob("wav", sound.encode_wav(noise(1), 16000), label="sample 's7', part 'sound'")
    with pytest.raises(UnreadableInputError, match=r"s7.*1 channels.*layout stereo \(2 channels\)"):
        _ = Audio(blob, 16000, layout="stereo").wave


def test_the_sound_track_of_a_film_is_a_sound(shared):
    path = shared("grid_av") / "video" / "bbaf2n.mpg"
    part = Audio.read(Blob("mpg", path=str(path)))
    assert (part.rate, part.heard_as) == (44100, "stereo")
    assert part.span()[1] == pytest.approx(len(part.wave) / 44100)
    encoded = part.encode()
    assert encoded.blob.ext in ("wav", "flac")
    assert np.abs(Audio.decode(encoded).wave - part.wave).max() < 1e-4
