"""Other words, slips and lost words."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.colours import names_colours, shift_colours
from counterpoint.core.contracts import Transform
from counterpoint.core.language import apply_edits, words
from counterpoint.core.rig import Rig
from counterpoint.core.sample import Sample
from counterpoint.core.sides import swap_sides, tells_sides
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.text import Link, Text
from counterpoint.testing.transform import check_transform
from counterpoint.transforms.synonyms import SYNONYMS
from counterpoint.transforms.text import Synonym, Typo, WordDrop

CAPTION = (
    "Two large dogs are jumping on a red couch to the left of Anna, beside a big old bicycle, and nobody is "
    'watching the bright light near the refrigerator that says "right". '
)
LINKED = Text(CAPTION, links=(Link(10, 14, "1"), Link(CAPTION.index("big"), CAPTION.index(", and"), "2")))
KEPT = ["Two", "red", "to the left of Anna", "nobody", '"right"', "dogs", "big old bicycle"]
ALL: list[type[Transform]] = [Synonym, Typo, WordDrop]


@pytest.mark.parametrize("step", ALL)
def test_the_contract_holds(step: type[Transform]) -> None:
    check_transform(step(share=0.5), Sample.of("s", {"caption": LINKED}))  # type: ignore[call-arg]


@pytest.mark.parametrize("step", ALL)
@pytest.mark.parametrize("seed", range(20))
def test_what_carries_the_truth_is_never_touched_and_links_stay_on_their_words(
    step: type[Transform], seed: int
) -> None:
    done = step(share=1.0)(Sample.of("s", {"caption": LINKED}), seed)["caption"]  # type: ignore[call-arg]
    assert done.text != CAPTION
    done.check()
    assert [done.text[k.start : k.end] for k in done.links] == ["dogs", "big old bicycle"]
    for word in KEPT:
        assert word in done.text
    sides = swap_sides(done.text[: done.text.index("nobody")])
    assert not isinstance(sides, str), sides
    assert len(sides) == 1


@pytest.mark.parametrize("step", ALL)
def test_the_share_of_words_is_the_share_that_was_asked_for(step: type[Transform]) -> None:
    text = "big photo huge couch quickly nearly clever ocean " * 25
    edits = step.render(text, np.random.default_rng(0), share=0.2, protected=())
    changed = [e for e in edits if e.new not in ("a", "an")]
    # 40 of 200 words; a slip that exchanges two equal letters or that is a guarded word may change nothing.
    assert 36 <= len(changed) <= 41


def test_articles_agree_with_synonyms() -> None:
    stream = np.random.default_rng(1)
    edits = Synonym.render("a huge rock", stream, share=1.0, protected=((7, 11),))
    assert apply_edits("a huge rock", edits)[0] == "an enormous rock"
    edits = Synonym.render("An enormous tree", stream, share=1.0, protected=())
    assert apply_edits("An enormous tree", edits)[0] == "A huge tree"


def test_no_synonym_is_a_side_a_colour_or_its_own_word() -> None:
    assert len(SYNONYMS) >= 120
    for word, others in SYNONYMS.items():
        assert word.islower()
        for text in (word, *others):
            assert not tells_sides(text)
            assert not names_colours(text)
            assert shift_colours(text, 0, grey=True) == ()
        assert word not in others


@given(st.integers(0, 10_000), st.sampled_from(["bright lights at night", "the fight, eight cleft frights", "light"]))
def test_a_slip_never_makes_a_side(seed: int, text: str) -> None:
    edits = Typo.render(text, np.random.default_rng(seed), share=1.0, protected=())
    assert not re.search(r"\b(left|right)\b", apply_edits(text, edits)[0])


def test_at_least_one_word_is_left() -> None:
    for seed in range(20):
        edits = WordDrop.render("dogs like bones ", np.random.default_rng(seed), share=1.0, protected=())
        assert len(words(apply_edits("dogs like bones ", edits)[0])) == 1


def test_only_the_named_parts_are_touched() -> None:
    sample = Sample.of("s", {"a": Text("a huge rock"), "b": Text("a huge rock")}, Rig())
    done = Synonym(1.0, parts="b")(sample)  # type: ignore[arg-type]
    assert done["a"].text == "a huge rock"
    assert done["b"].text != "a huge rock"
    with pytest.raises(UnknownNameError, match="'c'"):
        Synonym(1.0, parts=("c",))(sample)


def test_two_texts_have_streams_of_their_own() -> None:
    parts = {n: Text("dogs like bones and cats like mice very much " * 3) for n in "ab"}
    done = Typo(0.3)(Sample.of("s", parts))
    assert done["a"].text != done["b"].text


def test_a_sample_without_words_is_left_alone() -> None:
    sample = Sample.of("s", {})
    assert Typo()(sample) is sample


def test_a_share_above_one_is_a_mistake() -> None:
    with pytest.raises(RecipeError, match="share"):
        WordDrop(share=1.5)
