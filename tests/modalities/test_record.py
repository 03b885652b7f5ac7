"""Rows of a table that belong to a sample."""

from __future__ import annotations

import math

import pytest

from counterpoint.core.clock import TimeMap
from counterpoint.core.columns import Column
from counterpoint.core.contracts import CannotFollow
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError, InvalidPartError
from counterpoint.modalities.record import Record

ROW = Record(
    {
        "steering": 0.25,
        "heading": 0.5,
        "wheels": 4,
        "side": "left",
        "note": "a dog on the left",
        "age": None,
        "new": True,
    },
    (Column("steering", "", "lateral"), Column("heading", "rad", "angle"), Column("note", kind="text")),
)


def moved(part: Record, move: object) -> Record:
    done = part.follow(move, Rig())  # type: ignore[arg-type]
    assert isinstance(done, Record), done
    done.check()
    return done


def test_a_mirror_negates_what_points_sideways_and_rewrites_what_says_so() -> None:
    done = moved(moved(ROW, WorldMap.mirror("y")), Sides())
    assert done.values == {
        "steering": -0.25,
        "heading": -0.5,
        "wheels": 4,
        "side": "right",
        "note": "a dog on the right",
        "age": None,
        "new": True,
    }
    assert type(done.values["wheels"]) is int
    assert done.values["new"] is True


def test_cells_of_paired_columns_change_places() -> None:
    row = Record({"left_eye": 0.8, "right_eye": 1.0, "left_arm": "ok"})
    done = moved(row, Sides())
    assert done.values == {"left_eye": 1.0, "right_eye": 0.8, "right_arm": "ok"}
    assert moved(done, Sides()).values == row.values


def test_a_cell_that_nobody_can_mirror_refuses_by_name() -> None:
    done = Record({"note": "the right person"}).follow(Sides(), Rig())
    assert isinstance(done, CannotFollow)
    assert "'note'" in done.reason


def test_colour_cells_follow_a_change_of_colour() -> None:
    turn = ColourShift("camera", math.radians(120))
    assert moved(Record({"colour": "red", "n": 2}), turn).values == {"colour": "green", "n": 2}
    assert isinstance(Record({"colour": "brown"}).follow(turn, Rig()), CannotFollow)


def test_only_columns_with_an_order_feel_the_pace() -> None:
    row = Record({"bpm": 60.0, "seconds": 10.0, "kg": 70.0}, (Column("bpm", order=1), Column("seconds", "s", order=-1)))
    assert moved(row, TimeMap.affine(1.25)).values == {"bpm": 75.0, "seconds": 8.0, "kg": 70.0}
    assert isinstance(row.follow(TimeMap((0, 1, 2), (0, 1, 3)), Rig()), CannotFollow)
    assert ROW.follow(TimeMap.affine(1.25), Rig()) is ROW


def test_numbers_are_weighted_and_words_are_those_of_the_heavier_row() -> None:
    a = Record({"n": 1.0, "c": "x", "m": None})
    b = Record({"n": 3.0, "c": "y", "m": 1.0})
    assert a.blend(b, 0.75).values == {"n": 1.5, "c": "x", "m": None}
    assert a.blend(b, 0.25).values == {"n": 2.5, "c": "y", "m": None}
    with pytest.raises(AlignmentError, match="differ"):
        a.blend(Record({"n": 1.0}), 0.5)


@pytest.mark.parametrize(
    "row",
    [
        Record({"n": math.nan}),
        Record({"n": "four"}, (Column("n"),)),
        Record({"n": 1}, (Column("m"),)),
    ],
)
def test_cells_that_break_their_column_are_invalid(row: Record) -> None:
    with pytest.raises(InvalidPartError):
        row.check()
