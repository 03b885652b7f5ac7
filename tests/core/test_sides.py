"""Sentences under a mirror."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.core.language import apply_edits
from counterpoint.core.sides import swap_sides, tells_sides

SWAPPED = {
    "The dog on the left is asleep.": "The dog on the right is asleep.",
    "Left-hand, on the LEFT, to the left": "Right-hand, on the RIGHT, to the right",
    "left": "right",
    "Right": "Left",
    "A man in the upper left corner.": "A man in the upper right corner.",
    "top-left and bottom-right": "top-right and bottom-left",
    "the leftmost cup and the Rightmost one": "the rightmost cup and the Leftmost one",
    "a left-handed player facing left": "a right-handed player facing right",
    "He turns left at the lights, then right.": "He turns right at the lights, then left.",
    "left/right": "right/left",
    "from left to right across the road": "from right to left across the road",
    "a wheel turning clockwise": "a wheel turning counterclockwise",
    "A cat to the left of a dog": "A cat to the right of a dog",
    "The cup is right of the plate.": "The cup is left of the plate.",
    "the dog's left ear is torn": "the dog's right ear is torn",
    "Left lung normal, patchy right middle and lower lobe": "Right lung normal, patchy left middle and lower lobe",
    "Right jugular CVL": "Left jugular CVL",
    "had left lower lobe pneumonia": "had right lower lobe pneumonia",
    "RLL consolidation (R)": "LLL consolidation (L)",
    "elbows at right angles on the left": "elbows at right angles on the right",
    "The man who left the room stands on the right now.": "The man who left the room stands on the left now.",
    "the left dog is brown and the right one is black": "the right dog is brown and the left one is black",
    "Sun at far left, tree (right).": "Sun at far right, tree (left).",
    "Left: a cat. Right: a dog.": "Right: a cat. Left: a dog.",
    "the left_eye is closed": "the right_eye is closed",
    "the port side and the starboard side": "the starboard side and the port side",
    "A car drives rightwards in the right lane.": "A car drives leftwards in the left lane.",
    "holding a cup in right hand": "holding a cup in left hand",
    "right guy": "left guy",
    "Take the first right after the bridge": "Take the first left after the bridge",
    "A giraffe looks left while another looks right.": "A giraffe looks right while another looks left.",
    "Clockwise from top left, then left, center, right": "Counterclockwise from top right, then right, center, left",
    "Left-to-right shunt, the L image (R)": "Right-to-left shunt, the R image (L)",
    "He is right behind you on the right.": "He is right behind you on the left.",
    "I left my bag on the right.": "I left my bag on the left.",
    "uppercut, then a left hook and a right cross": "uppercut, then a right hook and a left cross",
}
KEPT = [
    "He left the room.",
    "She has left.",
    "The bus left early in the morning.",
    "There are leftovers; two are left over.",
    "two are left",
    "There is one cookie left.",
    "What is left of the cake?",
    "Nothing left.",
    "He left of his own accord.",
    "A suitcase left unattended.",
    "food left on a plate",
    "The boy was left behind.",
    "The bag that left with her",
    "All right.",
    "He is eating right now.",
    "Come right away!",
    "right after the rain",
    "arms at a right angle",
    "human rights, copyright, a bright upright playwright",
    "You are coming, right?",
    "That's right.",
    "You are right!",
    "right or wrong",
    "the right answer",
    "He found the right time to do the right thing.",
    "a right triangle",
    "the right to vote",
    "The cat sits right in front of the door.",
    "right next to the house",
    "a bird right above it and one right behind it",
    "a black square with a blue one right on top of it",
    "He left her right there.",
    "right side up",
    "right of way",
    "a cleft lip, an aircraft",
    "a usb port in the port of Hamburg",
    "Everything went right.",
    "They had left the house before.",
    "She just left work.",
    "a bike left leaning against a wall",
    "A bed left unmade",
    "Bananas that were left to ripen",
    "only one slice of pizza is left",
    "The airplane left a trail in the sky.",
    "The Right Honourable",
    "Right in the middle is a cow.",
    "right?",
    "Lt. Smith drank 5 L of water.",
]
REFUSED = [
    "The left has argued for years.",
    "a left-wing party",
    "a far-right politician",
    "the right person",
    "the right direction",
    "in the right place",
    "It faces right in front of the dog.",
    "Turn right away from it.",
    "a cat on right next to the dog",
    "the right triangle is red",
    "That doesn't look right.",
    "a right-click",
    "The sign says 'turn left'.",
    'He said "on the left".',
    "A sign reading “STOP”.",
    "A man in a shirt that says Hello.",
    "a sign that reads STOP",
    "What does the sign say?",
    "The word STOP is on the road.",
    "anticlockwise and counter-clockwise",
    "She is left.",
    "The man lEFT",
    "Rt lung clear",
    "a leftie",
    "the correct answer is right",
    "He drove right into a tree.",
    "Is the man wearing the right shoes?",
]


@pytest.mark.parametrize("text", SWAPPED)
def test_sides_swap(text: str) -> None:
    edits = swap_sides(text)
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits)[0] == SWAPPED[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_side_stays(text: str) -> None:
    assert swap_sides(text) == ()


@pytest.mark.parametrize("text", REFUSED)
def test_what_nobody_can_tell_is_refused_with_a_sentence(text: str) -> None:
    reason = swap_sides(text)
    assert isinstance(reason, str)
    assert len(reason.split()) > 4


PIECES = re.findall(
    r"\S+",
    "left right Left RIGHT leftmost the on to of in a his dog is has turn facing now away next hand image upper one "
    "two - , . ? ; / ( ) and or triangle angle behind clockwise he that all answer there",
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_two_mirrors_give_back_every_byte(pieces: list[str]) -> None:
    text = " ".join(pieces)
    edits = swap_sides(text)
    if isinstance(edits, str):
        return
    turned = apply_edits(text, edits)[0]
    back = swap_sides(turned)
    assert not isinstance(back, str)
    assert apply_edits(turned, back)[0] == text


def test_a_protected_side_is_refused_and_a_protected_idiom_is_not() -> None:
    assert isinstance(swap_sides("on the left", [(7, 11)]), str)
    assert swap_sides("He left the room", [(3, 7)]) == ()


def test_words_that_may_be_sides_are_found() -> None:
    assert tells_sides("turn left")
    assert tells_sides("the right person")
    assert not tells_sides("bin blue at f two now, all right")


def test_every_side_of_real_sentences_about_two_pictures_swaps(shared: Callable[[str], Path]) -> None:
    lines = (shared("nlvr2_text") / "nlvr2_balanced_dev_sample.json").read_text().splitlines()
    sided = 0
    for text in (json.loads(line)["sentence"] for line in lines):
        edits = swap_sides(text)
        assert not isinstance(edits, str), text
        # Written by hand after reading all sentences: "right angles" is the only other meaning in them.
        found = re.findall(r"\bleft|\bright(?! angle)", text, re.IGNORECASE)
        assert len(edits) == len(found), text
        sided += bool(edits)
    assert sided == 202
