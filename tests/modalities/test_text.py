"""Captions and transcripts on every axis."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import CannotFollow, Change
from counterpoint.core.meaning import ColourShift, Directions, Sides
from counterpoint.core.mixture import Blend
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.text import Link, Text

RIG = Rig({"left": Camera((8, 8)), "right": Camera((8, 8)), "camera": Camera((8, 8))})
WORDS = Text(
    "bin blue, at f two now",
    "transcript",
    (
        Link(0, 3, time=(0.5, 0.8)),
        Link(4, 8, time=(0.8, 1.2)),
        Link(10, 12, time=(1.2, 1.4)),
        Link(13, 14, time=(1.4, 1.6)),
        Link(15, 18, time=(1.6, 1.9)),
        Link(19, 22, time=(1.9, 2.1)),
    ),
    heard=(0.0, 3.0),
)


def said(text: Text) -> list[tuple[str, tuple[float, float] | None]]:
    return [(text.text[k.start : k.end], k.time) for k in text.links]


def test_a_mirror_rewrites_sides_and_keeps_links_on_their_words() -> None:
    text = Text("a cat on the left and a dog", links=(Link(2, 5, "1"), Link(13, 17, "2"), Link(24, 27, "3")))
    turned = text.follow(Sides(), RIG)
    assert isinstance(turned, Text)
    assert turned.text == "a cat on the right and a dog"
    assert [w for w, _ in said(turned)] == ["cat", "right", "dog"]
    assert turned.follow(Sides(), RIG) == text


def test_a_mirror_gives_a_caption_the_camera_of_the_other_side() -> None:
    turned = Text("a cat", camera="left").follow(Sides(), RIG)
    assert isinstance(turned, Text)
    assert turned.camera == "right"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (Text("turn left now", "transcript"), "heard"),
        (Text("He left her on the right person's way", "caption"), "nobody can tell"),
        (Text("a sign that reads STOP"), "writing"),
    ],
)
def test_words_that_a_mirror_would_make_untrue_refuse(text: Text, word: str) -> None:
    done = text.follow(Sides(), RIG)
    assert isinstance(done, CannotFollow)
    assert word in done.reason


def test_speech_without_a_side_is_mirrored_as_it_is() -> None:
    assert WORDS.follow(Sides(), RIG) == WORDS


def test_a_change_of_colour_concerns_descriptions_of_that_camera_only() -> None:
    move = ColourShift("camera", math.radians(120))
    described = Text("a red car", camera="camera").follow(move, RIG)
    assert isinstance(described, Text)
    assert described.text == "a green car"
    elsewhere = Text("a red car", camera="left")
    assert elsewhere.follow(move, RIG) is elsewhere
    assert WORDS.follow(move, RIG) is WORDS


def test_a_turned_picture_refuses_texts_that_say_where_things_are() -> None:
    move = Directions("camera", math.pi / 2)
    assert isinstance(Text("a cat above a dog").follow(move, RIG), CannotFollow)
    assert isinstance(Text("a cat to the left of a dog").follow(move, RIG), CannotFollow)
    assert Text("a cat and a dog").follow(move, RIG) == Text("a cat and a dog")


def test_a_crop_of_the_clock_cuts_out_the_words_that_are_cut_away() -> None:
    # The window is 1.0 to 1.8 s: "blue" (0.8-1.2) is half inside and stays, "two" (1.6-1.9) too, the rest goes.
    cut = WORDS.follow(TimeMap.affine(shift=-1.0, keep=(0.0, 0.8)), RIG)
    assert isinstance(cut, Text)
    cut.check()
    assert cut.text == "blue, at f two"
    assert [w for w, _ in said(cut)] == ["blue", "at", "f", "two"]
    times = [t for _, k in said(cut) for t in k or ()]
    assert times == pytest.approx([0.0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8])
    assert cut.heard == (0.0, 0.8)
    shorter = WORDS.follow(TimeMap.affine(shift=-1.0, keep=(0.0, 0.7)), RIG)
    assert isinstance(shorter, Text)
    assert shorter.text == "blue, at f"  # of "two" only 0.1 of 0.3 s are left


def test_every_word_stays_at_its_own_time_under_a_tempo() -> None:
    fast = WORDS.follow(TimeMap.affine(1.25), RIG)
    assert isinstance(fast, Text)
    assert fast.text == WORDS.text
    for (_, new), (_, old) in zip(said(fast), said(WORDS), strict=True):
        assert new is not None
        assert old is not None
        assert new == pytest.approx((old[0] / 1.25, old[1] / 1.25))


def test_words_without_a_time_refuse_a_crop_and_follow_a_tempo() -> None:
    loose = Text("bin blue", "transcript")
    assert isinstance(loose.follow(TimeMap.affine(keep=(0, 1)), RIG), CannotFollow)
    assert loose.follow(TimeMap.affine(1.25), RIG) == loose
    known = replace(loose, heard=(0.0, 1.0))
    assert known.follow(TimeMap.affine(keep=(0, 1)), RIG) == known
    assert isinstance(known.follow(TimeMap.affine(keep=(0, 0.9)), RIG), CannotFollow)


def test_a_caption_refuses_to_lose_a_moment_that_it_tells_of() -> None:
    text = Text("a man sits, then jumps", links=(Link(17, 22, time=(3.0, 4.0)),))
    assert isinstance(text.follow(TimeMap.affine(keep=(0, 2)), RIG), CannotFollow)
    kept = text.follow(TimeMap.affine(shift=-1, keep=(0, 4)), RIG)
    assert isinstance(kept, Text)
    assert kept.links[0].time == (2.0, 3.0)
    timeless = Text("a man jumps")
    assert timeless.follow(TimeMap.affine(keep=(0, 2)), RIG) is timeless


def test_lost_signal_changes_no_word() -> None:
    assert WORDS.follow(TimeMask(1, 2), RIG) is WORDS


def test_captions_are_joined_and_transcripts_are_not() -> None:
    a, b = Text("a cat", links=(Link(2, 5, "1"),)), Text("a dog", links=(Link(2, 5, "1"),), protected=((0, 1),))
    both = a.blend(b.prefixed("b"), 0.5)
    assert both.text == "a cat a dog"
    assert [(w, k.instance) for (w, _), k in zip(said(both), both.links, strict=True)] == [("cat", "1"), ("dog", "b/1")]
    assert both.protected == ((6, 7),)
    assert a.refuses(Blend("b", 0.5), RIG) is None
    assert WORDS.refuses(Blend("b", 0.5), RIG)


def test_a_dead_instance_takes_its_link_and_leaves_the_words() -> None:
    text = Text("a cat and a dog", links=(Link(2, 5, "1"), Link(12, 15, "2"), Link(0, 1, "1", (0.0, 1.0))))
    left = text.without(frozenset("1"))
    assert left.text == text.text
    assert left.instances() == {"2"}
    assert left.links[-1] == Link(0, 1, None, (0.0, 1.0))


def test_a_link_outside_the_text_is_invalid() -> None:
    with pytest.raises(InvalidPartError, match="9-12"):
        Text("a cat", links=(Link(9, 12, "1"),)).check()


def test_a_thing_outlives_the_word_that_is_cut_away() -> None:
    said = Text("a cat", "transcript", (Link(0, 1, time=(0.0, 1.0)), Link(2, 5, "1", (1.0, 2.0))))
    shown = Text("a cat", links=(Link(2, 5, "1"),))
    crop = Change("TimeCrop", (TimeMap.affine(keep=(0.0, 1.0)),))
    before = Sample.of("s", {"said": said, "shown": shown})
    after = before.changed(crop).settled(before)
    assert after["said"].text == "a"
    assert after["shown"].instances() == {"1"}
