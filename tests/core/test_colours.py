"""Colour words after a change of colour."""

from __future__ import annotations

import math

import pytest

from counterpoint.core.colours import names_colours, shift_colours
from counterpoint.core.language import apply_edits

TURNED = {  # by 120 degrees: red, green, blue change places; yellow becomes cyan, orange 150 degrees has no name
    "A red ball": "A green ball",
    "a blue cube and a green one": "a red cube and a blue one",
    "RED CAR": "GREEN CAR",
    "Red cars are fast. Blue ones too.": "Green cars are fast. Red ones too.",
    "a black, white and grey dog": "a black, white and grey dog",
    "a dark-blue car, a man in blue": "a dark-red car, a man in red",
    "Mr. Green has a green hat": "Mr. Green has a blue hat",
    "a dark green door": "a dark blue door",
    "a bluish stone": "a reddish stone",
    "the White House in Green Bay": "the White House in Green Bay",
    "a greenhouse, the yellow pages": "a greenhouse, the yellow pages",
    "not a red car but exactly two blue ones": "not a green car but exactly two red ones",
    "a colorful bird": "a colorful bird",
}
TURN_REFUSED = [
    "an orange cat",
    "a pink dress",
    "a brown dog",
    "a golden retriever",
    "red wine",
    "a red-haired woman",
    "a blue-green sea",
    "He has blonde hair",
    'a shirt that says "red"',
    "a light blue sky",
    "an orange.",
    "the ball lies on the green.",
    "A Red Car On A Road",
    "the Red team",
    "two oranges",
    "a sky blue dress",
    "a violet",
    "greener grass",
    "the red's on the left",
]
GREYED = {
    "a red ball and the green door": "a grey ball and the grey door",
    "An orange cat in a light blue room": "A grey cat in a light grey room",
    "an orange and white cat": "a grey and white cat",
    "Mr. Brown has a brown hat": "Mr. Brown has a grey hat",
    "The gray dog bites a brown shoe": "The gray dog bites a gray shoe",
    "a reddish stone of unusual color": "a grayish stone of unusual color",
    "a black and white dog": "a black and white dog",
}
GREY_REFUSED = [
    "There is a car that is not red",
    "exactly one blue bird",
    "a colorful bird",
    "balls of many colors",
    "a red-orange dog",
    "Is the car red?",
    "a multi-colored scarf",
    "a blonde woman",
]


@pytest.mark.parametrize("text", TURNED)
def test_colours_that_have_a_name_after_a_turn_get_it(text: str) -> None:
    edits = shift_colours(text, math.radians(120))
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits)[0] == TURNED[text]


@pytest.mark.parametrize("text", TURN_REFUSED)
def test_colours_without_a_name_after_a_turn_refuse(text: str) -> None:
    assert isinstance(shift_colours(text, math.radians(120)), str)


@pytest.mark.parametrize("text", GREYED)
def test_all_colours_become_grey_in_the_spelling_of_the_text(text: str) -> None:
    edits = shift_colours(text, 0.0, grey=True)
    assert not isinstance(edits, str), edits
    assert apply_edits(text, edits)[0] == GREYED[text]


@pytest.mark.parametrize("text", GREY_REFUSED)
def test_the_loss_of_colour_refuses_what_it_would_make_untrue(text: str) -> None:
    assert isinstance(shift_colours(text, 0.0, grey=True), str)


def test_articles_agree_with_the_new_word() -> None:
    edits = shift_colours("A red cup, a red mug", math.radians(30))
    assert not isinstance(edits, str)
    assert apply_edits("A red cup, a red mug", edits)[0] == "An orange cup, an orange mug"


def test_a_turn_that_nobody_notices_changes_no_word() -> None:
    assert shift_colours("a pink and brown dog", math.radians(14)) == ()
    assert shift_colours("a pink and brown dog", math.radians(350)) == ()


def test_the_mode_refuse_refuses_each_colour_word() -> None:
    assert isinstance(shift_colours("a red car", math.radians(120), mode="refuse"), str)
    assert shift_colours("a car", math.radians(120), mode="refuse") == ()


def test_a_protected_colour_is_refused() -> None:
    assert isinstance(shift_colours("a red car", math.radians(120), protected=[(2, 5)]), str)


def test_turning_there_and_back_gives_the_text_again() -> None:
    text = "A red cup, an empty blue bowl and a green tree"
    there = shift_colours(text, math.radians(120))
    assert not isinstance(there, str)
    turned = apply_edits(text, there)[0]
    back = shift_colours(turned, math.radians(-120))
    assert not isinstance(back, str)
    assert apply_edits(turned, back)[0] == text


def test_colours_are_found_in_identifiers() -> None:
    assert names_colours("red_car")
    assert not names_colours("blackboard, incredible_shed")
