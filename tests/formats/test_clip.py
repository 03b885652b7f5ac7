"""Recordings with files of times beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.dataset import detected
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.clip import Clip
from counterpoint.signal.sound import encode_wav

GOLDEN = Path(__file__).parent / "golden" / "words"


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    wave = np.sin(np.arange(16000) / 20).astype(np.float32)[:, None] * 0.5
    home = tmp_path / "talk"
    home.mkdir()
    (home / "a.wav").write_bytes(encode_wav(wave, 8000))
    (home / "a.TextGrid").write_bytes((GOLDEN / "short.TextGrid").read_bytes())
    (home / "b.wav").write_bytes(encode_wav(wave, 8000))
    (home / "b.lab").write_text("hello there all")
    return home


def test_tiers_become_parts_and_the_transcript_is_linked_to_the_times_of_its_words(talk: Path) -> None:
    assert detected(talk) == "clip"
    source = Clip.read(talk)
    assert list(source.keys()) == ["a", "b"]
    a, b = source.sample("a"), source.sample("b")
    assert set(a) == {"audio", "words", "clicks_2", "transcript"}
    assert a["words"].kind == "words"
    assert a["words"].spoken
    assert a["clicks_2"].kind == "events"
    link = a["transcript"].links[0]
    assert (a["transcript"].text[link.start : link.end], link.time) == ('say "hi"', (1.0, 1.5))
    assert a["transcript"].heard == (0.0, 2.0)
    assert b["transcript"].text == "hello there all"
    assert b["transcript"].role == "transcript"


def test_a_cue_after_the_end_is_kept(talk: Path) -> None:
    (talk / "b.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nlate\n")
    sample = Clip.read(talk / "b.wav").sample("b")
    assert sample["subtitles"].ends.tolist() == [3.0]
    assert sample["audio"].span() == (0.0, 2.0)


def test_clips_come_back_from_writing(talk: Path, tmp_path: Path) -> None:
    source = Clip.read(talk)
    Clip.write(tmp_path / "out", map(source.sample, source.keys()))
    again = Clip.read(tmp_path / "out")
    assert (tmp_path / "out" / "a.wav").read_bytes() == (talk / "a.wav").read_bytes()
    for key in ("a", "b"):
        old, new = source.sample(key), again.sample(key)
        assert set(old) == set(new)
        for name in old:
            assert new[name].encode().blob.read() == old[name].encode().blob.read()


def test_a_broken_side_file_or_an_empty_sound_is_unreadable_for_its_own_key(talk: Path) -> None:
    (talk / "a.TextGrid").write_bytes(b"nonsense")
    (talk / "b.wav").write_bytes(encode_wav(np.zeros((0, 1), np.float32), 8000))
    source = Clip.read(talk)
    with pytest.raises(UnreadableInputError, match=r"a\.TextGrid"):
        source.sample("a")
    with pytest.raises(UnreadableInputError, match=r"'b'.*no samples"):
        source.sample("b")
    (talk / "a.TextGrid").write_bytes(b"\xff\xfa\x00")
    with pytest.raises(UnreadableInputError, match="UTF-8"):
        source.sample("a")


def test_a_folder_without_recordings_is_no_set_of_clips(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("")
    with pytest.raises(FormatError, match="no recording"):
        Clip.read(tmp_path)


def test_the_real_cue_after_the_end_is_found(shared) -> None:
    sample = Clip.read(shared("nasa_clip")).sample("nasa_13013")
    assert sample["subtitles"].ends[-1] == pytest.approx(16.57)
    assert sample["video"].span()[1] < 13.1


def test_the_real_read_speech_has_its_words_where_there_is_sound(shared) -> None:
    sample = Clip.read(shared("speech_align")).sample("acoustic_corpus")
    assert len(sample["words"].texts) == 58
    said = sample["transcript"]
    assert len(said.links) == 59  # the plain transcript has an "uh" that nobody marked
    uh = next(k for k in said.links if said.text[k.start : k.end] == "uh")
    assert uh.time is not None
    assert 0 <= uh.time[1] - uh.time[0] < 2
    wave, rate = sample["audio"].wave[:, 0], sample["audio"].rate
    step = rate // 100
    loud = np.sqrt((wave[: len(wave) // step * step].reshape(-1, step) ** 2).mean(1))
    at = (np.arange(len(loud)) + 0.5) / 100
    starts, ends = sample["words"].starts[:, None], sample["words"].ends[:, None]
    spoken = ((at >= starts) & (at < ends)).any(0)
    # medians, because a loud click stands before the first word; measured: 2.0 in place, 1.01 shifted by 1 s
    ratio = [np.median(loud[np.roll(spoken, s)]) / np.median(loud[~np.roll(spoken, s)]) for s in (0, 100)]
    assert ratio[0] > 1.7 * ratio[1]
