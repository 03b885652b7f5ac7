"""Words, subtitles and events on the clock."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import CannotFollow
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.rig import Rig
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.spans import Spans

CUES = Spans(
    np.array([0.0, 1.0, 2.5, 3.0]), np.array([0.8, 2.0, 2.5, 9.0]), ("one", "two", "a click", "end"), "subtitles"
)


def test_every_row_stays_at_its_own_time() -> None:
    done = CUES.follow(TimeMap.affine(rate=2.0, shift=1.0), Rig())
    assert isinstance(done, Spans)
    np.testing.assert_allclose(done.starts, [1.0, 1.5, 2.25, 2.5])
    np.testing.assert_allclose(done.ends, [1.4, 2.0, 2.25, 5.5])


def test_rows_that_are_half_inside_are_clipped_and_others_dropped() -> None:
    # Kept: 0.5 to 2.9 s. "one" keeps 0.3 of 0.8 s and goes; the moment at 2.5 s stays; "end" begins later.
    done = CUES.follow(TimeMap.affine(shift=-0.5, keep=(0.0, 2.4)), Rig())
    assert isinstance(done, Spans)
    done.check()
    assert done.texts == ("two", "a click")
    np.testing.assert_allclose(done.starts, [0.5, 2.0])
    np.testing.assert_allclose(done.ends, [1.5, 2.0])


@given(st.floats(0.5, 2), st.floats(-3, 3), st.floats(0.1, 5))
def test_no_row_leaves_the_window_and_at_least_half_of_each_is_there(rate: float, shift: float, length: float) -> None:
    done = CUES.follow(TimeMap.affine(rate, shift, keep=(0.0, length)), Rig())
    assert isinstance(done, Spans)
    assert (done.starts >= 0).all()
    assert (done.ends <= length).all()
    whole = dict(zip(CUES.texts, (CUES.ends - CUES.starts) / rate, strict=True))
    for text, seconds in zip(done.texts, done.ends - done.starts, strict=True):
        assert seconds >= whole[text] / 2 - 1e-12


def test_a_cue_may_end_after_everything_else() -> None:
    CUES.check()


def test_subtitles_change_sides_and_spoken_words_refuse() -> None:
    read = Spans(np.zeros(1), np.ones(1), ("a cat on the left",), "subtitles")
    done = read.follow(Sides(), Rig())
    assert isinstance(done, Spans)
    assert done.texts == ("a cat on the right",)
    heard = Spans(np.zeros(2), np.ones(2), ("turn", "left"), "words", spoken=True)
    assert isinstance(heard.follow(Sides(), Rig()), CannotFollow)


def test_spoken_colours_are_no_description() -> None:
    move = ColourShift("camera", math.radians(120))
    heard = Spans(np.zeros(1), np.ones(1), ("blue",), "words", spoken=True)
    assert heard.follow(move, Rig()) is heard
    shown = Spans(np.zeros(1), np.ones(1), ("a blue car",), "events").follow(move, Rig())
    assert isinstance(shown, Spans)
    assert shown.texts == ("a red car",)


def test_lost_signal_leaves_what_is_known() -> None:
    assert CUES.follow(TimeMask(0, 2), Rig()) is CUES


def test_events_are_united_in_order_and_words_refuse() -> None:
    a = Spans(np.array([0.0, 2.0]), np.array([1.0, 3.0]), ("bark", "horn"), "events")
    b = Spans(np.array([1.0]), np.array([1.5]), ("bell",), "events")
    assert a.blend(b, 0.5).texts == ("bark", "bell", "horn")
    assert a.refuses(Blend("b", 0.5), Rig()) is None
    assert a.refuses(Splice("b", 0.5, window=(0.0, 0.5)), Rig())
    assert CUES.refuses(Blend("b", 0.5), Rig())


@pytest.mark.parametrize(("start", "end"), [(math.nan, 1.0), (2.0, 1.0), (0.0, math.inf)])
def test_a_row_that_is_no_interval_is_named(start: float, end: float) -> None:
    with pytest.raises(InvalidPartError, match="row 1"):
        Spans(np.array([0.0, start]), np.array([1.0, end]), ("a", "b")).check()


def test_a_moment_at_the_end_of_what_is_kept_comes_next_and_one_at_its_start_stays() -> None:
    beats = np.array([0.25, 0.5, 0.75])
    kept = Spans(beats, beats, ("a", "b", "c"), "events").follow(TimeMap.affine(keep=(0.25, 0.75)), Rig())
    assert isinstance(kept, Spans)
    assert kept.texts == ("a", "b")
