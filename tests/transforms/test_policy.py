"""Policies: what they choose, how often, and that nothing else changes their numbers."""

from __future__ import annotations

from collections import Counter

import pytest

from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical
from counterpoint.errors import RecipeError
from counterpoint.transforms.plane_crop import Crop
from counterpoint.transforms.plane_size import Pad, Resize
from counterpoint.transforms.plane_warp import Rotate
from counterpoint.transforms.policy import Compose, OneOf, SomeOf, Sometimes
from counterpoint.transforms.scene import Mirror
from tests.transforms.made_up import marked


def names(sample: Sample) -> tuple[str, ...]:
    return tuple(c.name for c in sample.lineage.changes)


def test_compose_applies_every_step_in_order_and_takes_a_list() -> None:
    assert names(Compose([Crop(0.5), Mirror(), Resize(10)])(marked())) == ("Crop", "Mirror", "Resize")  # type: ignore[arg-type]


def test_one_of_follows_its_weights() -> None:
    policy = OneOf([Pad(1), Pad(2), Pad(3)], weights=[1, 0, 3])  # type: ignore[arg-type]
    sizes = Counter(policy(marked(), seed).rig.cameras["camera"].size[0] - 120 for seed in range(400))
    assert sizes[4] == 0
    assert 60 <= sizes[2] <= 140  # 100 expected, 4.6 standard deviations of a binomial each side


def test_some_of_takes_different_steps_in_their_order() -> None:
    policy = SomeOf((Crop(0.5), Mirror(), Pad(3)), (2, 3))
    seen = Counter(names(policy(marked(), seed)) for seed in range(200))
    assert set(seen) == {("Crop", "Mirror"), ("Crop", "Pad"), ("Mirror", "Pad"), ("Crop", "Mirror", "Pad")}


def test_sometimes_happens_with_its_probability() -> None:
    done = sum(bool(names(Sometimes(Mirror(), 0.3)(marked(), seed))) for seed in range(500))
    assert 100 <= done <= 200  # 150 expected, 4.9 standard deviations each side


def test_policies_nest() -> None:
    policy = Compose(
        (
            OneOf(
                (Compose((Mirror(), Pad(1))), Sometimes(SomeOf((Crop(0.9),), 1), 1.0)),
            ),
        )
    )
    assert {names(policy(marked(), s)) for s in range(20)} == {("Mirror", "Pad"), ("Crop",)}


def test_the_draw_depends_on_seed_key_and_copy_alone() -> None:
    policy = Compose((Crop(0.5), Sometimes(Mirror()), OneOf((Pad(1), Pad(2)))))
    tell = [canonical(policy(marked(k), s, c).lineage.changes) for k in "ab" for s in (1, 2) for c in (0, 1)]
    again = [canonical(policy(marked(k), s, c).lineage.changes) for k in "ab" for s in (1, 2) for c in (0, 1)]
    assert tell == again
    assert len(set(tell)) == len(tell)


def test_two_equal_children_draw_different_numbers() -> None:
    for policy in (Compose((Rotate(), Rotate())), SomeOf((Rotate(), Rotate()), 2)):
        first, second = policy(marked()).lineage.changes
        assert canonical(first.moves[0]) != canonical(second.moves[0])


def test_what_comes_later_does_not_change_what_was_drawn() -> None:
    alone = Compose((Crop((60, 60)),))(marked()).lineage.changes[0]
    followed = Compose((Crop((60, 60)), Mirror(), Rotate()))(marked()).lineage.changes[0]
    assert canonical(followed) == canonical(alone)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Compose([Crop]), "not its class"),  # type: ignore[list-item,arg-type]
        (lambda: Compose(Crop()), "give a list"),  # type: ignore[arg-type]
        (lambda: OneOf([]), "at least 1 step"),  # type: ignore[arg-type]
        (lambda: OneOf([Mirror()], [1, 2]), "one weight for each of the 1 steps"),  # type: ignore[arg-type]
        (lambda: Sometimes(Mirror(), 1.5), "p must lie in 0 to 1"),
        (lambda: SomeOf((Mirror(),), 2), "n must lie in 0 to 1 steps"),
    ],
)
def test_wrong_policies_are_named(make: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()  # type: ignore[operator]
