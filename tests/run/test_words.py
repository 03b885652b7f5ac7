"""Changes in words, and texts compared word by word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Move
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Change
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.mixture import Blend, Removal
from counterpoint.core.plane import PlaneMap
from counterpoint.core.world import WorldMap
from counterpoint.run.words import in_words, listed, number_of, plain, size_in_words, step_in_words, word_changes
from counterpoint.transforms.plane_warp import Rotate
from counterpoint.transforms.policy import Compose, OneOf, Sometimes
from counterpoint.transforms.scene import Mirror

TURN = np.array([[0, 1, 0], [-1, 0, 10], [0, 0, 1]])  # counter-clockwise as seen, because y points down


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ((TimeMap.affine(1.12),), "Step 1.12×"),
        ((TimeMap.affine(1.0, 0.25),), "Step by +0.25 s"),
        ((TimeMap.affine(1.0, -1.0, (0.0, 0.5)),), "Step by -1.00 s, 0.50 s kept"),
        ((TimeMask(0.5, 0.75),), "Step 0.50–0.75 s"),
        ((PlaneMap.mirror("camera", (8, 6)), WorldMap.mirror(), Sides()), "Step"),
        ((PlaneMap.of("camera", (10, 10), TURN),), "Step +90.0°"),
        ((PlaneMap.of("camera", (10, 8), [[2, 0, 0], [0, 2, 0], [0, 0, 1]], (20, 16)),), "Step ×2.00, to 20 × 16 px"),
        ((WorldMap.similarity(1.05 * np.eye(3)),), "Step ×1.050"),
        ((Blend("other", 0.7),), "Step 70% with 30% of other"),
        ((Removal(("audio",)),), "Step without audio"),
        ((Appearance.of("gain", "waveform", {"db": -3.25}, Key.of(0)),), "Step -3.2 dB"),
    ],
)
def test_a_change_is_said_with_its_main_numbers(moves: tuple[Move, ...], said: str) -> None:
    assert in_words(Change("Step", moves)) == said


def test_the_same_move_of_two_cameras_is_said_once() -> None:
    moves = tuple(PlaneMap.of(name, (10, 10), TURN) for name in ("left", "right"))
    assert in_words(Change("Rotate", moves)) == "Rotate +90.0°"


def test_names_become_plain_words() -> None:
    assert plain("RandomResizedCrop") == plain("random_resized_crop") == "Random resized crop"


@given(st.text("ab ,.\n", max_size=30), st.text("ab ,.\n", max_size=30))
def test_word_changes_hold_both_texts_whole(before: str, after: str) -> None:
    runs = word_changes(before, after)
    assert "".join(run for what, run in runs if what != "gone") == after
    assert "".join(run for what, run in runs if what != "new") == before


def test_only_the_changed_word_is_marked() -> None:
    changed = [run for run in word_changes("turn left, now", "turn right, now") if run[0] != "same"]
    assert changed == [("gone", "left"), ("new", "right")]


def test_lists_counts_and_sizes_read_like_sentences() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert number_of(1, "copy", "copies") == "1 copy"
    assert number_of(1200, "copy", "copies") == "1,200 copies"
    assert size_in_words(1536) == "1.5 kB"


def test_a_policy_of_a_recipe_reads_like_a_sentence() -> None:
    step = Compose((Sometimes(Mirror(), 0.25), OneOf((Rotate((-5.0, 5.0)), Mirror()))))
    assert step_in_words(step) == "mirror in 25% of the copies and one of rotate (-5 to 5°) or mirror"
