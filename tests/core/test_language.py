"""Edits of a text and the places of its words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.language import apply_edits, quoted, words
from counterpoint.core.meaning import Edit


def test_words_have_their_places() -> None:
    text = "The dog's left-hand toy, 3.5 m"
    assert [text[a:b] for a, b in words(text)] == ["The", "dog's", "left", "hand", "toy", "3", "5", "m"]


def test_an_apostrophe_is_no_quotation_mark() -> None:
    text = "the dogs' toys and the cat's 'red' \"ball\" of ‘wool’ aren't"
    assert [text[a:b] for a, b in quoted(text)] == ["'red'", '"ball"', "‘wool’"]


def test_ranges_follow_what_they_cover() -> None:
    text, ranges = apply_edits("a red cup", [Edit(0, 1, "an"), Edit(2, 5, "orange")], [(0, 1), (2, 5), (6, 9), (0, 9)])
    assert text == "an orange cup"
    assert [text[a:b] for a, b in ranges] == ["an", "orange", "cup", "an orange cup"]


def test_a_range_that_was_deleted_is_empty_and_its_neighbours_stay() -> None:
    text, ranges = apply_edits("one two three", [Edit(4, 8, "")], [(0, 3), (4, 7), (8, 13)])
    assert text == "one three"
    assert [text[a:b] for a, b in ranges] == ["one", "", "three"]


def test_what_is_put_in_at_an_edge_stays_outside() -> None:
    text, ranges = apply_edits("ab", [Edit(0, 0, "<"), Edit(2, 2, ">")], [(0, 2)])
    assert text == "<ab>"
    assert text[slice(*ranges[0])] == "ab"


@given(st.text("abc d", max_size=20), st.data())
def test_a_range_apart_from_all_edits_covers_the_same_characters(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    first = Edit(0, cuts[0], data.draw(st.text("xyz", max_size=5)))
    last = Edit(cuts[3], len(text), data.draw(st.text("xyz", max_size=5)))
    edits = [e for e in (first, last) if e.start < e.end]
    new, ((start, end),) = apply_edits(text, edits, [(cuts[1], cuts[2])])
    assert new[start:end] == text[cuts[1] : cuts[2]]
