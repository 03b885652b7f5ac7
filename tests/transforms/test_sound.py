"""What comes out of loudspeakers changes; when it comes out does not."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError
from counterpoint.modalities.audio import Audio
from counterpoint.transforms.sound import (
    BandPass,
    Gain,
    HighPass,
    LowPass,
    NoiseSnr,
    PitchShift,
    Polarity,
    Reverb,
)

RATE = 16000
ALL = (Gain, NoiseSnr, LowPass, HighPass, BandPass, PitchShift, Reverb, Polarity)


def sample(wave: np.ndarray) -> Sample:
    return Sample.of("s", {"sound": Audio(wave.astype(np.float32).reshape(len(wave), -1), RATE)})


def tone(hertz: float, seconds: float = 2.0) -> np.ndarray:
    return 0.25 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def clicks() -> tuple[np.ndarray, np.ndarray]:
    wave = np.zeros(3 * RATE)
    at = np.array([4000, 12345, 20000, 31001, 40000])
    wave[at] = 0.9
    return wave, at


def level(wave: np.ndarray) -> float:
    """dB of the middle half."""
    middle = wave[len(wave) // 4 : -len(wave) // 4]
    return 10 * np.log10(np.mean(np.square(middle, dtype=float)))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_no_event_moves(kind, seed):
    wave, at = clicks()
    done = kind()(sample(wave), seed=seed)["sound"]
    assert done.wave.shape == (len(wave), 1)
    assert done.wave.dtype == np.float32
    assert done.start == 0
    for i in at:
        window = np.abs(done.wave[i - 800 : i + 800, 0])
        # a band of some 100 Hz rings for several ms, but evenly to both sides: its peak stays; 1 ms is the promise
        assert abs(int(np.argmax(window)) - 800) <= 0.001 * RATE


def test_gain_changes_the_level_by_its_decibels():
    for db in (-12.0, 3.0, 12.0):
        done = Gain(db)(sample(tone(500)))["sound"].wave
        assert level(done) - level(tone(500)) == pytest.approx(db, abs=1e-3)


@pytest.mark.parametrize("colour", ["white", "pink"])
def test_noise_has_the_ratio_that_was_asked(colour):
    clean = tone(500)
    noise = NoiseSnr(10.0, colour)(sample(clean), seed=3)["sound"].wave[:, 0] - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10, abs=0.01)
    power = np.abs(np.fft.rfft(noise)) ** 2
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    low, high = (power[(hertz > a) & (hertz < 2 * a)].mean() for a in (200, 3200))
    # four octaves: 12 dB for pink noise; 3000 bins leave an error below 0.5 dB
    assert 10 * np.log10(low / high) == pytest.approx(12 if colour == "pink" else 0, abs=1)


def test_silence_stays_silent_under_noise():
    assert not NoiseSnr()(sample(np.zeros(1000)))["sound"].wave.any()


def test_two_microphones_hear_different_noise_of_one_level():
    parts = {n: Audio(tone(500).astype(np.float32)[:, None], RATE) for n in ("near", "far")}
    done = NoiseSnr((5.0, 40.0))(Sample.of("s", parts), seed=1)
    noise = [done[n].wave[:, 0] - tone(500) for n in parts]
    assert abs(np.corrcoef(*noise)[0, 1]) < 0.05
    assert np.std(noise[0]) == pytest.approx(np.std(noise[1]), rel=0.05)


def test_filters_pass_and_stop_what_they_say():
    def change(step, hertz):
        return level(step(sample(tone(hertz)))["sound"].wave) - level(tone(hertz))

    assert change(LowPass(1000.0), 100) == pytest.approx(0, abs=0.1)
    assert change(LowPass(1000.0), 1000) == pytest.approx(-3.01, abs=0.1)
    assert change(LowPass(1000.0), 4000) == pytest.approx(-24.1, abs=0.3)  # two octaves at 12 dB
    assert change(LowPass(1000.0, 24), 4000) == pytest.approx(-48.2, abs=0.5)
    assert change(HighPass(1000.0), 250) == pytest.approx(-24.1, abs=0.3)
    assert change(HighPass(1000.0), 6000) == pytest.approx(0, abs=0.1)
    band = BandPass(1000.0, 2.0)
    assert change(band, 1000) == pytest.approx(-0.5, abs=0.2)  # both edges are an octave away
    assert change(band, 500) == pytest.approx(-3, abs=0.2)
    assert change(band, 100) < -25


def test_a_pitch_shift_moves_tones_by_its_semitones():
    done = PitchShift(4.0)(sample(tone(440)))["sound"].wave[8000:-8000, 0]
    spectrum = np.abs(np.fft.rfft(done * np.hanning(len(done)), 1 << 18))
    assert np.argmax(spectrum) * RATE / (1 << 18) == pytest.approx(440 * 2 ** (4 / 12), abs=1)


def test_a_room_rings_for_its_time_with_its_share_of_energy():
    wave = np.zeros(2 * RATE)
    wave[1000] = 1
    done = Reverb(0.5, 0.4)(sample(wave), seed=2)["sound"].wave[:, 0]
    assert done[1000] == pytest.approx(1, abs=1e-6)
    assert not np.abs(done[:1000]).max() > 1e-6
    tail = done[1001:]
    assert np.sum(tail.astype(float) ** 2) == pytest.approx(0.4, rel=1e-3)
    early, late = (np.mean(tail[int(t * RATE) : int((t + 0.05) * RATE)].astype(float) ** 2) for t in (0.0, 0.25))
    # 60 dB in 0.5 s: 30 dB in 0.25 s; 800 samples of noise leave about 0.3 dB
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=1.5)


def test_polarity_turns_the_wave_over_and_twice_is_nothing():
    once = Polarity()(sample(tone(440)))
    assert np.array_equal(once["sound"].wave[:, 0], -tone(440).astype(np.float32))
    assert np.array_equal(Polarity()(once)["sound"].wave[:, 0], tone(440).astype(np.float32))


@pytest.mark.parametrize("kind", ALL)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(kind):
    wave = np.random.default_rng(0).normal(0, 0.1, (4000, 2))
    once, again, other = (kind()(sample(wave), seed=s)["sound"].encode().blob.read() for s in (1, 1, 2))
    assert once == again
    assert once != other or kind is Polarity


@pytest.mark.parametrize("kind", ALL)
def test_short_sounds_and_many_channels_pass(kind):
    for shape in ((1, 1), (5, 2), (300, 4)):
        done = kind()(sample(np.full(shape, 0.1)), seed=1)["sound"].wave
        assert done.shape == shape
        assert np.isfinite(done).all()


@pytest.mark.parametrize("kind", ALL)
def test_a_sample_without_sound_is_left_as_it_is(kind):
    empty = Sample.of("s", {})
    assert kind()(empty) is empty


@pytest.mark.parametrize("kind", ALL)
def test_strength_reaches_from_weak_to_the_default(kind):
    wave = sample(np.random.default_rng(0).normal(0, 0.1, 4000))
    for magnitude in (0.0, 0.5, 1.0):
        assert kind.at(magnitude).draw(wave, Key.of(0), {}) is not None
    assert Gain.at(0.0)(wave)["sound"].wave == pytest.approx(wave["sound"].wave)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gain((3.0, -3.0)), "low <= high"),
        (lambda: NoiseSnr(colour="brown"), "'white' or 'pink'"),
        (lambda: LowPass(0.0), "cutoff must lie in"),
        (lambda: HighPass(slope=7), "multiple of 6"),
        (lambda: Reverb(rt60=0), "rt60 must lie in"),
    ],
)
def test_parameters_out_of_range_are_found_before_any_work(make, words):
    with pytest.raises(RecipeError, match=words):
        make()
