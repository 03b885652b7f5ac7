"""Turned, tilted and bent planes on marks with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.contracts import Transform
from counterpoint.core.meaning import Directions
from counterpoint.core.plane import PlaneMap
from counterpoint.errors import RecipeError
from counterpoint.modalities.text import Text
from counterpoint.transforms.plane_bend import Elastic, GridDistortion
from counterpoint.transforms.plane_warp import Affine, Perspective, Rotate, projective, turned
from tests.transforms.made_up import marked


def the_map(step: Transform, seed: int = 0, **cameras: tuple[int, int]) -> PlaneMap:
    move = step(marked(**cameras), seed).lineage.changes[0].moves[0]
    assert isinstance(move, PlaneMap)
    return move


def test_positive_degrees_turn_counter_clockwise_as_seen() -> None:
    # the mark right of the middle goes up, and up is towards smaller y
    np.testing.assert_allclose(the_map(Rotate(90)).forward([70.0, 40.0]), [60, 30])


def test_a_quarter_turn_that_expands_is_exact() -> None:
    move = the_map(Rotate(90, expand=True))
    assert move.size_out == (80, 120)
    np.testing.assert_array_equal(move.forward([[0.0, 0.0], [120.0, 80.0]]), [[0, 120], [80, 0]])
    np.testing.assert_array_equal(turned(-270), turned(90))


@pytest.mark.parametrize("degrees", [-80.0, 17.0, 133.0])
def test_expand_keeps_every_corner(degrees: float) -> None:
    move = the_map(Rotate(degrees, expand=True))
    assert move.shows([[1e-6, 1e-6], [120 - 1e-6, 1e-6], [120 - 1e-6, 80 - 1e-6], [1e-6, 80 - 1e-6]]).all()


@pytest.mark.parametrize(("degrees", "told"), [(30, []), (-44, []), (60, [60]), (-90, [-90]), (350, []), (200, [-160])])
def test_a_turn_that_words_do_not_bear_is_told(degrees: float, told: list[float]) -> None:
    moves = Rotate(degrees)(marked()).lineage.changes[0].moves
    assert [round(np.rad2deg(m.turn)) for m in moves if isinstance(m, Directions)] == told


@pytest.mark.parametrize(
    ("degrees", "caption", "camera", "refused"),
    [
        (90, "A cup stands above the table.", None, True),
        (90, "A cup stands left of the plate.", "camera", True),
        (90, "A red cup.", None, False),
        (90, "A cup stands above the table.", "another", False),
        (30, "A cup stands above the table.", None, False),
    ],
)
def test_a_caption_with_directions_refuses_a_large_turn(
    degrees: float, caption: str, camera: str | None, refused: bool
) -> None:
    sample = marked().with_parts(caption=Text(caption, camera=camera))
    done = Rotate(degrees)(sample)
    assert [r.part for r in done.lineage.refusals] == ["caption"] * refused
    assert len(done.lineage.changes) == (not refused)
    np.testing.assert_array_equal((done["marks_camera"].xy == sample["marks_camera"].xy).all(), refused)


@pytest.mark.parametrize("seed", range(20))
def test_affine_stays_in_its_ranges(seed: int) -> None:
    matrix = the_map(Affine(degrees=0, translate=0.1, scale=(0.8, 1.2), shear=0), seed).matrix
    assert matrix is not None
    assert 0.8 <= matrix[0, 0] <= 1.2
    assert matrix[0, 1] == 0
    middle = matrix[:2] @ [60, 40, 1]
    assert (np.abs(middle - [60, 40]) <= [12, 8]).all()


def test_shear_leans_uprights_to_the_right() -> None:
    move = the_map(Affine(degrees=0, translate=0.0, scale=1.0, shear=(45, 45)))
    np.testing.assert_allclose(move.forward([60.0, 30.0]), [70, 30])


@pytest.mark.parametrize("seed", range(20))
def test_perspective_shows_no_empty_corner(seed: int) -> None:
    move = the_map(Perspective(), seed)
    inner = move.backward([[0.0, 0.0], [120.0, 0.0], [120.0, 80.0], [0.0, 80.0]])
    assert (inner >= -1e-9).all()
    assert (inner <= [120 + 1e-9, 80 + 1e-9]).all()


def test_four_points_go_to_four_points() -> None:
    start = np.array([[0.0, 0.1], [1.0, 0.0], [0.9, 1.0], [0.1, 0.8]])
    goal = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    np.testing.assert_allclose(PlaneMap.of("c", (1, 1), projective(start, goal)).forward(start), goal, atol=1e-12)


@pytest.mark.parametrize("step", [Elastic(500.0, 10.0), Elastic(), GridDistortion(limit=0.4), GridDistortion(9, 0.4)])
@pytest.mark.parametrize("seed", range(3))
def test_a_bend_never_folds(step: Transform, seed: int) -> None:
    move = the_map(step, seed, camera=(320, 240))
    x, y = np.meshgrid(np.arange(1, 320, 2.0), np.arange(1, 240, 2.0))
    at = move.backward(np.stack([x, y], -1))
    right, down = np.diff(at, axis=1)[:-1], np.diff(at, axis=0)[:, :-1]
    area = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
    assert area.min() > 0
    np.testing.assert_allclose(move.forward(at[::9, ::9]), np.stack([x, y], -1)[::9, ::9], atol=1e-6)


@pytest.mark.parametrize(
    "step",
    [Rotate(), Affine(shear=0, degrees=0), Perspective(), Elastic(), GridDistortion()],
    ids=lambda s: type(s).__name__,
)
def test_planes_of_one_shape_move_by_the_same_shares(step: Transform) -> None:
    first, second = step(marked(a=(1200, 800), b=(300, 200)), 4).lineage.changes[0].moves[:2]
    assert isinstance(first, PlaneMap)
    assert isinstance(second, PlaneMap)
    share = np.random.default_rng(0).uniform(0.2, 0.8, (20, 2))
    np.testing.assert_allclose(
        first.forward(share * [1200, 800]) / [1200, 800], second.forward(share * [300, 200]) / [300, 200], atol=1e-9
    )


@pytest.mark.parametrize("cls", [Rotate, Affine, Perspective, Elastic, GridDistortion])
def test_strength_zero_does_nothing_and_one_does_much(cls: type[Transform]) -> None:
    at = np.array([[30.0, 20.0], [110.0, 70.0]])
    still, far = the_map(cls.at(0.0)), the_map(cls.at(1.0))
    np.testing.assert_allclose(still.forward(at), at, atol=1e-9)
    assert np.abs(far.forward(at) - at).max() > 0.3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rotate(400), "degrees must lie in -360 to 360 degrees"),
        (lambda: Rotate((20, 10)), "low <= high"),
        (lambda: GridDistortion(limit=0.6), "limit must lie in 0 to 0.4 of a cell"),
        (lambda: Perspective(0.5), "0 to 0.3 of the canvas"),
        (lambda: Affine(translate=(0.1, 0.2)), "one share"),  # type: ignore[arg-type]
        (lambda: Elastic(sigma="soft"), "not a number"),  # type: ignore[arg-type]
    ],
)
def test_wrong_values_are_named_with_what_is_allowed(make: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()  # type: ignore[operator]
