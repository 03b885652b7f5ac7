"""Films: exact frames, exact times, the same bytes, and clear words for broken files."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.errors import UnreadableInputError
from counterpoint.signal import film


def ramp(count: int = 12, width: int = 64, height: int = 48) -> np.ndarray:
    """Frame ``i`` is grey of level ``16 * i + 20`` with a red square at its left."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames += (16 * np.arange(count) + 20).astype(np.uint8)[:, None, None, None]
    frames[:, : height // 2, : width // 4] = (200, 30, 30)
    return frames


@pytest.mark.parametrize("size", [(64, 48), (63, 48), (64, 47), (33, 21), (1, 1), (2, 2), (16, 2)])
@pytest.mark.parametrize("fps", [25.0, 30000 / 1001])
def test_frames_come_back_in_their_order_and_size(size, fps):
    frames = ramp(12, *size)
    blob = film.encode(frames, fps)
    facts = film.facts(blob)
    assert (facts.frames, facts.size, facts.start, facts.sound) == (12, size, 0.0, False)
    assert facts.fps == pytest.approx(fps, rel=1e-6)
    back = film.decode(blob, fps, 12, size)
    assert back.shape == frames.shape
    # H.264 at factor 20 keeps flat areas within a few levels; neighbours differ by 16
    assert np.abs(back[:, -1, -1].astype(int) - frames[:, -1, -1]).max() <= 5


def test_colours_survive_the_way_through_luma_and_chroma():
    back = film.decode(film.encode(ramp(), 25.0), 25.0)
    assert np.abs(back[:, 5:15, 3:10].astype(int) - (200, 30, 30)).mean() < 4


def test_a_film_says_by_which_matrix_its_colours_were_made():
    """Players guess BT.709 for large pictures where nothing is said: red (200, 30, 30) was seen as (215, 46, 30)."""
    import av

    with av.open(BytesIO(film.encode(ramp(), 25.0).read())) as box:
        codec = box.streams.video[0].codec_context
        assert (codec.colorspace, codec.color_primaries, codec.color_trc) == (6, 1, 1)


def test_the_plain_case_plays_everywhere_and_odd_canvases_have_a_way():
    assert film.plays_in_browsers(film.encode(ramp(), 25.0))
    odd = ramp(3, 33, 21)
    assert not film.plays_in_browsers(film.encode(odd, 25.0))
    assert film.plays_in_browsers(film.encode(film.even(odd), 25.0))


def test_a_second_process_writes_the_same_bytes_whatever_its_memory_held():
    """glibc fills fresh memory with MALLOC_PERTURB_: an encoder that reads what nobody wrote gives itself away."""
    code = (
        "import numpy as np; from counterpoint.signal import film; from counterpoint.core.blob import fingerprint;"
        "f = np.random.default_rng(0).integers(0, 255, (12, 50, 38, 3), dtype=np.uint8);"
        "print(fingerprint(film.encode(f, 12.5).read()), fingerprint(film.encode(f[:, :47], 29.97).read()))"
    )
    seen = set()
    for fill in ("1", "85", "254"):
        env = {"PYTHONPATH": str(Path(film.__file__).parents[2]), "MALLOC_PERTURB_": fill}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
        seen.add(done.stdout)
    assert len(seen) == 1


def test_broken_truncated_and_foreign_files_say_so():
    whole = film.encode(ramp(60), 25.0).read()
    for data in (whole[: len(whole) // 2], b"", b"not a film" * 99):
        with pytest.raises(UnreadableInputError, match="clip-7"):
            film.decode(Blob("mp4", data, label="clip-7"), 25.0, 60)
        with pytest.raises(UnreadableInputError, match="clip-7"):
            film.facts(Blob("mp4", data, label="clip-7"))


def test_a_playlist_that_names_other_files_is_no_film(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # ffmpeg lets such a list open what lies in the working folder
    (tmp_path / "inner.mp4").write_bytes(film.encode(ramp(), 25.0).read())
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ninner.mp4\n#EXT-X-ENDLIST\n"
    concat = "ffconcat version 1.0\nfile 'inner.mp4'\n"
    for text in (hls, concat):
        with pytest.raises(UnreadableInputError):
            film.facts(Blob("mp4", text.encode()))


def test_a_film_shorter_or_of_another_size_than_its_entry_says_is_refused():
    blob = film.encode(ramp(), 25.0)
    with pytest.raises(UnreadableInputError, match="12 of 20 frames"):
        film.decode(blob, 25.0, 20)
    with pytest.raises(UnreadableInputError, match="64 x 48 px, but the film was said to be 60 x 48"):
        film.decode(blob, 25.0, 12, (60, 48))


def test_no_more_is_decoded_than_fits(monkeypatch):
    monkeypatch.setattr(film, "MOST_BYTES", 5 * 64 * 48 * 3)
    with pytest.raises(UnreadableInputError, match="decodes to more"):
        film.decode(film.encode(ramp(), 25.0), 25.0)


def test_a_film_without_sound_says_so():
    with pytest.raises(UnreadableInputError, match="no sound track"):
        film.decode_sound(film.encode(ramp(), 25.0))


def made_with_sound(offset: float) -> Blob:
    """25 frames, white at 0.4 s, and a sound track (16-bit PCM) that begins at ``offset`` and clicks at 0.4 s."""
    import av

    out = BytesIO()
    with av.open(out, "w", format="matroska") as box:
        picture, sound = box.add_stream("libx264", rate=25), box.add_stream("pcm_s16le", rate=16000)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound.layout = "mono"
        for i in range(25):
            pixels = np.full((48, 64, 3), 255 if i == 10 else 0, np.uint8)
            box.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        wave = np.zeros((1, 16000), np.int16)
        wave[0, round((0.4 - offset) * 16000)] = 30000
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), round(offset * 16000)
        box.mux(sound.encode(frame))
        box.mux(picture.encode(None))
        box.mux(sound.encode(None))
    return Blob("mkv", out.getvalue())


@pytest.mark.parametrize("offset", [0.0, 0.12])
def test_sound_and_picture_of_a_container_stay_tied(offset):
    blob = made_with_sound(offset)
    picture, track = film.facts(blob), film.sound_facts(blob)
    frames, (wave, rate, start) = film.decode(blob, picture.fps), film.decode_sound(blob)
    flash = picture.start + int(frames.mean((1, 2, 3)).argmax()) / picture.fps
    click = start + int(np.abs(wave[:, 0]).argmax()) / rate
    assert track.start == pytest.approx(start, abs=1e-3)
    assert flash == pytest.approx(0.4, abs=1e-3)
    assert click == pytest.approx(0.4, abs=1e-3)  # Matroska stamps whole milliseconds


def test_talking_faces_have_the_frames_and_samples_that_their_notes_say(shared):
    for path in sorted((shared("grid_av") / "video").glob("*.mpg")):
        blob = Blob("mpg", path=str(path))
        facts, track = film.facts(blob), film.sound_facts(blob)
        assert (facts.frames, facts.size, facts.fps, facts.sound) == (75, (360, 288), 25.0, True)
        wave, rate, start = film.decode_sound(blob)
        assert (rate, len(wave), start) == (track.rate, track.samples, track.start)
        assert film.decode(blob, facts.fps, facts.frames, facts.size).shape == (75, 288, 360, 3)


def test_the_largest_picture_and_the_best_sound_of_six_streams_are_taken(shared):
    blob = Blob("mp4", path=str(shared("nasa_clip") / "nasa_13013.mp4"))
    facts, track = film.facts(blob), film.sound_facts(blob)
    assert (facts.size, facts.frames) == ((480, 270), 390)
    wave, rate, start = film.decode_sound(blob)
    assert (rate, wave.shape[1], len(wave)) == (16000, track.channels, track.samples)
    assert start == track.start == 0


def test_a_film_of_a_turned_phone_is_shown_upright():
    """The turn stands in the track header: a quarter with the clock brings the red square from left to right."""
    blob = film.encode(ramp(12, 64, 48), 25.0)
    data = bytearray(blob.read())
    at = data.index(b"tkhd") + 4 + 40  # version, times, number, length and layer come before the matrix
    quarter = [0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30]
    assert data[at : at + 4] == (1 << 16).to_bytes(4, "big")
    data[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in quarter)
    turned = Blob("mp4", bytes(data))
    assert film.facts(turned).size == (48, 64)
    upright, lying = film.decode(turned, 25.0, 12, (48, 64)), film.decode(blob, 25.0)
    assert np.array_equal(upright, np.rot90(lying, -1, (1, 2)))


def made_with_frames_at(ticks: list[int]) -> Blob:
    """Frame ``i`` of grey ``20 + 16 i`` at ``ticks[i]`` ms."""
    import av

    out = BytesIO()
    with av.open(out, "w", format="matroska") as box:
        stream = box.add_stream("libx264", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"bf": "0"}
        for pixels, tick in zip(ramp(len(ticks)), ticks, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    return Blob("mkv", out.getvalue())


def test_frames_of_an_uneven_film_are_shown_when_they_were():
    blob = made_with_frames_at([0, 40, 160, 200, 400])
    grey = film.decode(blob, 25.0)[:, -1, -1, 0].astype(int)
    assert np.array_equal(np.round((grey - 20) / 16), [0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4])
    assert film.facts(blob).start == 0


def test_lost_blocks_of_sound_are_silence_and_move_nothing_after_them():
    import av

    out = BytesIO()
    with av.open(out, "w", format="matroska") as box:
        stream = box.add_stream("pcm_s16le", rate=16000)
        stream.layout = "mono"
        for block in (0, 1, 4):  # of 100 ms each; a click begins each
            wave = np.zeros((1, 1600), np.int16)
            wave[0, 0] = 30000
            frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            frame.rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), block * 1600
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    wave, _, start = film.decode_sound(Blob("mkv", out.getvalue()))
    assert start == 0
    assert np.array_equal(np.flatnonzero(wave[:, 0] > 0.5), [0, 1600, 6400])
    assert len(wave) == 8000
