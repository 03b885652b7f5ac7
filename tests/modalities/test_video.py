"""Films as parts: lazy, tied to the clock and the plane."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.video import Video
from counterpoint.signal import film


def counted(count: int = 50, fps: float = 25.0, start: float = 0.0) -> Video:
    """Every pixel of frame ``i`` is ``i``; 8 x 6 px."""
    frames = np.zeros((count, 6, 8, 3), np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None, None]
    return Video(frames, fps, start)


def shown(video: Video) -> np.ndarray:
    return video.frames[:, 0, 0, 0].astype(int)


def test_a_crop_takes_whole_frames_and_leaves_them_at_their_times():
    done = counted().follow(TimeMap.affine(shift=-0.5, keep=(0.0, 1.0)), Rig())
    # 0.5 s lies in the middle of frame 12: it is kept, and so is frame 37, which the end cuts
    assert np.array_equal(shown(done), np.arange(12, 38))
    assert done.start == pytest.approx(-0.02)
    assert done.span()[0] <= 0
    assert done.span()[1] >= 1


@pytest.mark.parametrize("speed", [0.5, 0.8, 0.9, 1.1, 1.25, 2.0])
def test_every_frame_is_shown_within_half_a_frame_of_its_time(speed):
    part = counted(start=0.3)
    done = part.follow(TimeMap.affine(speed), Rig())
    assert done.fps == 25
    begin, end = part.span()
    assert done.span()[0] == pytest.approx(begin / speed)
    assert 0 <= done.span()[1] - end / speed < 0.04
    middles = done.start + (np.arange(len(done.frames)) + 0.5) / 25
    on_screen = ((middles * speed - part.start) * 25 + 1e-6).astype(int)  # at 2 x, middles fall on edges
    assert np.array_equal(shown(done), np.minimum(on_screen, 49))


def test_a_mask_blackens_the_frames_whose_middle_it_covers():
    done = counted().follow(TimeMask(0.41, 0.61), Rig())
    assert np.array_equal(np.flatnonzero(shown(done) == 0), [0, 10, 11, 12, 13, 14])


def test_a_mirror_turns_every_frame():
    frames = np.random.default_rng(0).integers(0, 255, (3, 6, 8, 3), dtype=np.uint8)
    done = Video(frames, 25.0).follow(PlaneMap.mirror("camera", (8, 6)), Rig())
    assert np.array_equal(done.frames, frames[:, :, ::-1])


def test_a_blend_and_a_splice_take_the_frame_of_the_same_moment():
    part, other = counted(20), counted(40, 50.0)
    half = part.blend(other, 0.5)
    # the other runs twice as many frames a second: at the middle of frame i it shows frame 2 i + 1
    assert np.abs(shown(half) - (np.arange(20) + 2 * np.arange(20) + 1) / 2).max() <= 0.5
    done = part.splice(other, Splice("p", 0.25, (0.5, 0.0, 1.0, 0.5), (0.5, 1.0)))
    assert np.array_equal(shown(done), np.arange(20))
    assert np.array_equal(done.frames[:, 0, 7, 0], [*range(10), *range(21, 41, 2)])


def test_a_frame_of_another_size_is_brought_to_the_canvas():
    big = Video(np.full((20, 12, 16, 3), 9, np.uint8), 25.0)
    assert counted(20).blend(big, 0.0).frames.shape == (20, 6, 8, 3)


def test_an_untouched_file_is_written_back_as_it_is_and_never_decoded(monkeypatch):
    blob = film.encode(np.zeros((5, 48, 64, 3), np.uint8), 25.0)
    monkeypatch.setattr(film, "decode", lambda *_: pytest.fail("decoded"))
    part = Video.read(Blob("mp4", blob.read()), "front")
    assert part.span() == (0.0, 0.2)
    assert part.size() == (64, 48)
    encoded = part.encode()
    assert encoded.blob.read() == blob.read()
    again = Video.decode(encoded)
    assert (again.fps, again.camera, again.frame_count, again.canvas) == (25.0, "front", 5, (64, 48))
    again.check()
    sample = Sample.of("s", {"video": part})
    assert sample.planes() == {"front": (64, 48)}
    assert sample.spans() == {"video": (0.0, 0.2)}


def test_a_changed_film_comes_back_from_its_bytes():
    frames = np.zeros((10, 48, 64, 3), np.uint8) + (np.arange(10, dtype=np.uint8) * 20)[:, None, None, None]
    encoded = Video(frames, 12.5, 3.0, "left").encode()
    back = Video.decode(encoded)
    assert (back.start, back.span()) == (3.0, (3.0, 3.8))
    assert np.abs(back.frames.astype(int) - frames).max() <= 6
    assert encoded.blob.read() == Video(frames, 12.5).encode().blob.read()


def test_previews_play_in_browsers_whatever_the_canvas():
    for size in ((48, 64), (47, 63)):
        preview = Video(np.zeros((5, *size, 3), np.uint8), 25.0).preview()
        assert preview.kind == "film"
        assert film.plays_in_browsers(Blob("mp4", preview.data))


def test_a_film_that_a_crop_left_empty_still_follows():
    gone = counted().follow(TimeMap.affine(shift=9.0, keep=(0.0, 1.0)), Rig())
    assert len(gone.frames) == 0
    done = gone.follow(PlaneMap.of("camera", (8, 6), np.eye(3), (4, 3)), Rig())
    assert done.frames.shape == (0, 3, 4, 3)
    assert done.follow(TimeMap.affine(1.1), Rig()).frames.shape == (0, 3, 4, 3)
    assert np.array_equal(shown(counted(20).blend(gone, 0.5)), np.rint(np.arange(20) / 2))
    with pytest.raises(InvalidPartError, match="no frames"):
        done.check()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Video(np.zeros((0, 6, 8, 3), np.uint8), 25.0), "no frames"),
        (Video(np.zeros((3, 6, 8), np.uint8), 25.0), "frames, height, width, 3"),
        (Video(np.zeros((3, 6, 8, 3), np.float32), 25.0), "uint8"),
        (Video(np.zeros((3, 6, 8, 3), np.uint8), 0.0), "fps"),
        (Video(np.zeros((3, 6, 8, 3), np.uint8), 25.0, float("nan")), "finite"),
    ],
)
def test_what_is_not_a_film_is_said_in_words(part, words):
    with pytest.raises(InvalidPartError, match=words):
        part.check()


def test_lost_time_is_told_on_the_clock_and_not_from_the_first_frame():
    film = Video(np.full((10, 4, 4, 3), 9, np.uint8), 10.0, start=2.0)
    done = film.follow(TimeMask(2.3, 2.5), Rig())
    assert [i for i in range(10) if not done.frames[i].any()] == [3, 4]
