"""Real recordings with marks: each word is as loud, and each frame is the same, wherever the clock has put it."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.video import Video
from counterpoint.signal.subtitles import Cue, parse
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.time import Speed, Tempo, TimeCrop, TimeShift, TimeWarp

CHAINS = {
    "tempo": (Tempo(0.85),),
    "speed": (Speed(1.1),),
    "warp": (TimeWarp(5, 1.6),),
    "crop, tempo": (TimeCrop(12.0), Tempo(1.2)),
    "warp, shift, crop": (TimeWarp(), TimeShift(0.3), TimeCrop(15.0)),
}


def spans(cues: list[Cue]) -> Spans:
    """Cues that say something, each with its number, so that it can be found again."""
    said = [(i, c) for i, c in enumerate(cues) if c.text.strip() not in ("", "sil")]
    return Spans(
        np.array([c.start for _, c in said]),
        np.array([c.end for _, c in said]),
        tuple(f"{i} {c.text}" for i, c in said),
    )


def loudness(sample: Sample) -> dict[str, float]:
    """dB of each word that the sound covers, by its name."""
    sound, words = sample["audio"], sample["words"]
    found = {}
    for a, b, text in zip(words.starts, words.ends, words.texts, strict=True):
        first, last = (round((t - sound.start) * sound.rate) for t in (a, b))
        if first >= 0 and last <= len(sound.wave) and b - a > 0.05:
            found[text] = 10 * np.log10(np.mean(sound.wave[first:last].astype(float) ** 2) + 1e-9)
    return found


def apart(before: dict[str, float], after: dict[str, float]) -> float:
    """Mean difference, dB, of the words in both against their common change, without the first and last, which a crop
    may cut. A stretch with the pitch kept makes speech half a dB softer, evenly."""
    both = [k for k in after if k in before][1:-1]
    assert len(both) >= 10
    change = np.array([after[k] - before[k] for k in both])
    return float(np.mean(np.abs(change - np.median(change))))


@pytest.mark.parametrize("chain", CHAINS)
def test_every_word_of_real_speech_is_as_loud_as_before(chain, shared):
    folder = shared("speech_align")
    tier = parse((folder / "acoustic_corpus.TextGrid").read_text(), "textgrid")["words"]
    sound = Audio.read(Blob("wav", path=str(folder / "acoustic_corpus.wav")))
    sample = Sample.of("speech", {"audio": sound, "words": spans(tier)})
    before, after = loudness(sample), loudness(Compose(CHAINS[chain])(sample, seed=2))
    # measured 0.12 to 0.18 dB; 20 ms too late would be 0.38 dB, 60 ms 0.87 dB
    assert apart(before, after) < 0.3
    late = Sample.of("late", {"audio": Audio(sound.wave, sound.rate, 0.06), "words": sample["words"]})
    assert apart(before, loudness(late)) > 0.6


def test_a_cue_that_ends_after_the_film_stays_with_it(shared):
    folder = shared("nasa_clip")
    blob = Blob("mp4", path=str(folder / "nasa_13013.mp4"))
    cues = parse((folder / "nasa_13013.srt").read_text(), "srt")
    parts = {"video": Video.read(blob), "audio": Audio.read(blob), "words": spans(next(iter(cues.values())))}
    sample = Sample.of("nasa", parts)
    assert sample["words"].ends[-1] > sample["video"].span()[1]
    done = Compose((Tempo(1.1), TimeCrop(9.0)))(sample, seed=3)
    assert not done.lineage.refusals
    for name in ("video", "audio"):
        begin, end = done[name].span()
        assert begin == pytest.approx(0, abs=0.04)
        assert end == pytest.approx(9, abs=0.04)
    words, old = done["words"], sample["words"]
    assert words.ends.max() <= 9
    tempo, crop = (c.moves[0] for c in done.lineage.changes)
    whole = tempo.fused(crop)
    for a, text in zip(words.starts[1:], words.texts[1:], strict=True):
        assert a == pytest.approx(float(whole.forward(old.starts[old.texts.index(text)])))
