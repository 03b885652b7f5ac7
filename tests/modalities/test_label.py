"""Classes of whole samples."""

from __future__ import annotations

import pytest

from counterpoint.core.contracts import CannotFollow
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Splice
from counterpoint.core.rig import Rig
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.label import Label


def test_a_mixture_has_the_shares_of_its_classes() -> None:
    cat, dog = Label.of("cat"), Label.of("dog")
    mixed = cat.blend(dog, 0.75)
    assert mixed == Label((("cat", 0.75), ("dog", 0.25)), "soft")
    mixed.check()
    assert mixed.blend(dog, 0.5).scores == (("cat", 0.375), ("dog", 0.625))
    spliced = cat.splice(dog, Splice("b", 0.2, (0, 0, 0.5, 0.4)))
    assert dict(spliced.scores) == pytest.approx({"cat": 0.8, "dog": 0.2})


def test_two_samples_of_one_class_stay_one_class() -> None:
    assert Label.of("cat").blend(Label.of("cat"), 0.3) == Label.of("cat")


def test_several_classes_stay_several() -> None:
    a, b = Label((("car", 1.0), ("bus", 0.0)), "multi"), Label((("car", 1.0), ("bus", 1.0)), "multi")
    mixed = a.blend(b, 0.6)
    mixed.check()
    assert mixed.kind == "multi"
    assert dict(mixed.scores) == pytest.approx({"car": 1.0, "bus": 0.4})


def test_classes_change_sides() -> None:
    assert Label.of("turn_left").follow(Sides(), Rig()) == Label.of("turn_right")
    assert Label.of("left turn").follow(Sides(), Rig()) == Label.of("right turn")
    assert isinstance(Label.of("right whale").follow(Sides(), Rig()), CannotFollow)


def test_a_class_that_names_a_colour_refuses_another_colour() -> None:
    move = ColourShift("camera", grey=True)
    assert isinstance(Label.of("red light").follow(move, Rig()), CannotFollow)
    assert Label.of("cat").follow(move, Rig()) == Label.of("cat")


@pytest.mark.parametrize(
    "label",
    [
        Label((("a", 0.5), ("b", 0.4)), "soft"),
        Label((("a", 0.5),)),
        Label((("a", 1.5),), "multi"),
        Label((("a", 0.5), ("a", 0.5)), "soft"),
    ],
)
def test_scores_that_break_their_kind_are_invalid(label: Label) -> None:
    with pytest.raises(InvalidPartError):
        label.check()
