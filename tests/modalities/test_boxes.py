"""Boxes: what a box is after a map, when it dies, and how mixtures unite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import Bend, PlaneMap, PlaneStep, outline
from counterpoint.core.rig import Camera, Rig
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.boxes import Boxes

RIG = Rig()


def some(*rows: tuple[float, float, float, float], canvas: tuple[int, int] | None = (100, 60)) -> Boxes:
    ids = tuple(f"b{i}" for i in range(len(rows)))
    return Boxes(np.array(rows, float), ids, tuple("car" for _ in rows), canvas=canvas, extra={"hard": ids})


def crop(x: float, y: float, size: tuple[int, int], size_in: tuple[int, int] = (100, 60)) -> PlaneMap:
    return PlaneMap.of("camera", size_in, [[1, 0, -x], [0, 1, -y], [0, 0, 1]], size)


def test_a_crop_cuts_boxes_to_its_canvas() -> None:
    done = some((10, 10, 50, 30), (0, 0, 20, 20)).follow(crop(15, 5, (40, 40)), RIG)
    assert done.xyxy.tolist() == [[0, 5, 35, 25], [0, 0, 5, 15]]
    assert done.canvas == (40, 40)


@pytest.mark.parametrize(("cut", "alive"), [(89, True), (91, False)])
def test_a_box_dies_below_a_tenth_of_its_area(cut: float, alive: bool) -> None:
    done = some((0, 10, 100, 20), (0, 0, 100, 60)).follow(crop(cut, 0, (100, 60)), RIG)
    assert done.ids == (("b0", "b1") if alive else ())
    assert done.extra["hard"] == done.ids


def test_what_a_crop_cut_away_stays_away_when_padding_follows() -> None:
    chain = crop(50, 0, (50, 60)).fused(PlaneMap.of("camera", (50, 60), [[1, 0, 50], [0, 1, 0], [0, 0, 1]], (100, 60)))
    assert chain is not None
    assert some((20, 10, 80, 20)).follow(chain, RIG).xyxy.tolist() == [[50, 10, 80, 20]]


def test_two_quarter_turns_in_one_chain_grow_a_box_as_one_half_turn_does() -> None:
    c = np.sqrt(0.5)
    eighth = np.array([[c, -c, 50], [c, c, 50], [0, 0, 1.0]]) @ np.array([[1, 0, -50], [0, 1, -50], [0, 0, 1.0]])
    one = PlaneMap.of("camera", (100, 100), eighth)
    box = some((40, 45, 60, 55), canvas=(100, 100))
    twice = one.fused(one)
    assert twice is not None
    np.testing.assert_allclose(box.follow(twice, RIG).xyxy, [[45, 40, 55, 60]], atol=1e-12)
    apart = box.follow(one, RIG).follow(one, RIG).xyxy[0]
    assert (apart[2] - apart[0]) > 15  # the box of a box: what fusing spares


def test_a_turned_box_is_the_bounding_box_of_what_is_left_of_it() -> None:
    c, s = np.cos(0.4), np.sin(0.4)
    move = PlaneMap.of("camera", (100, 60), [[c, -s, 10], [s, c, -20], [0, 0, 1]])
    grid = np.stack(np.meshgrid(np.linspace(20, 70, 400), np.linspace(5, 45, 400)), -1).reshape(-1, 2)
    seen = move.forward(grid)[move.shows(grid)]
    done = some((20, 5, 70, 45)).follow(move, RIG).xyxy[0]
    np.testing.assert_allclose(done, [*seen.min(0), *seen.max(0)], atol=0.15)  # the grid is 0.13 px wide


def test_a_bent_box_holds_every_point_that_it_held() -> None:
    d = np.random.default_rng(5).uniform(-6, 6, (2, 7, 7))
    move = PlaneMap(
        "camera", (100, 60), (PlaneStep(Bend(100, 60, 7, 7, tuple(d[0].ravel()), tuple(d[1].ravel())), (100, 60)),)
    )
    around = outline([[25, 15, 75, 45]], 200)[0]
    seen = move.forward(around)
    done = some((25, 15, 75, 45)).follow(move, RIG).xyxy[0]
    # the outline is followed every 4 px; between, an arc of this bend rises by less than 0.1 px
    np.testing.assert_allclose(done, [*seen.min(0), *seen.max(0)], atol=0.1)


@given(st.lists(st.tuples(*[st.floats(0, 1) for _ in range(4)]), max_size=4))
def test_a_mirror_twice_is_the_identity(shares: list[tuple[float, ...]]) -> None:
    rows = np.sort(np.reshape(shares, (-1, 2, 2)), 1).reshape(-1, 4) * (100, 60, 100, 60)
    box = some(*map(tuple, rows))
    mirror = PlaneMap.mirror("camera", (100, 60))
    done = box.follow(mirror, RIG).follow(Sides(), RIG).follow(mirror, RIG).follow(Sides(), RIG)
    done.check()
    np.testing.assert_allclose(done.xyxy, box.xyxy, atol=1e-12)
    assert (done.ids, done.names, done.extra) == (box.ids, box.names, box.extra)


def test_sides_swap_class_names_and_the_camera_of_a_pair() -> None:
    rig = Rig({"cam_left": Camera((9, 9)), "cam_right": Camera((9, 9)), "left_alone": Camera((9, 9))})
    box = Boxes(np.ones((2, 4)), ("a", "b"), ("left_hand", "car"), "cam_left")
    assert box.follow(Sides(), rig).names == ("right_hand", "car")
    assert box.follow(Sides(), rig).camera == "cam_right"
    assert Boxes(np.ones((1, 4)), ("a",), ("x",), "left_alone").follow(Sides(), rig).camera == "left_alone"


def test_boxes_of_another_camera_and_colours_leave_them_alone() -> None:
    box = some((1, 2, 3, 4))
    assert box.follow(PlaneMap.mirror("other", (100, 60)), RIG) is box
    assert box.follow(ColourShift("camera", grey=True), RIG) is box


def test_a_class_that_names_a_colour_refuses_another_hue_in_its_own_picture() -> None:
    box = Boxes(np.ones((2, 4)), ("a", "b"), ("car", "red_light"))
    assert "'red_light'" in str(box.refuses(ColourShift("camera", hue=1.0), RIG))
    assert not box.concerns(ColourShift("other", hue=1.0))


def test_blend_unites_boxes_on_the_canvas_of_the_first() -> None:
    partner = Boxes(np.array([[10, 10, 20, 20.0]]), ("b0",), ("dog",), canvas=(50, 30)).prefixed("p")
    done = some((1, 2, 3, 4)).blend(partner, 0.5)
    done.check()
    assert done.xyxy.tolist() == [[1, 2, 3, 4], [20, 20, 40, 40]]
    assert done.ids == ("b0", "p/b0")
    assert done.extra == {"hard": ("b0", None)}
    assert done.refuses(Blend("p", 0.5), RIG) is None


def test_splice_takes_the_partners_boxes_in_the_region_and_loses_those_below_it() -> None:
    own = some((0, 0, 40, 20), (55, 35, 95, 55), (40, 20, 80, 40), (40, 30, 65, 60))
    partner = some((60, 40, 80, 60), (0, 0, 52, 32), (10, 10, 20, 20)).prefixed("p")
    done = own.splice(partner, Splice("p", 0.25, region=(0.5, 0.5, 1, 1)))
    done.check()
    # b1 is all replaced and 60 % of b3; p/b1 shows 0.2 % and p/b2 nothing
    assert done.ids == ("b0", "b2", "b3", "p/b0")
    assert done.xyxy.tolist() == [[0, 0, 40, 20], [40, 20, 80, 40], [40, 30, 65, 60], [60, 40, 80, 60]]


def test_a_splice_without_a_canvas_is_refused_with_the_way_out() -> None:
    box, move = some((0, 0, 40, 20), canvas=None), Splice("p", 0.25, region=(0.5, 0.5, 1, 1))
    assert "canvas=(width, height)" in str(box.refuses(move, RIG))
    assert "whole clock" in str(box.refuses(Splice("p", 0.25, window=(0, 1)), RIG))


def test_a_box_without_area_lives_while_it_is_shown() -> None:
    thin = some((10, 10, 10, 30), (5, 5, 5, 5))
    thin.check()
    assert thin.follow(crop(7, 0, (50, 60)), RIG).xyxy.tolist() == [[3, 10, 3, 30]]


def test_a_pixel_wide_box_survives_a_resize() -> None:
    done = some((10, 10, 11, 11)).follow(PlaneMap.of("camera", (100, 60), np.diag([0.5, 0.5, 1]), (50, 30)), RIG)
    assert done.xyxy.tolist() == [[5, 5, 5.5, 5.5]]


def test_a_box_beyond_the_horizon_of_a_perspective_is_cut_at_it() -> None:
    move = PlaneMap.of("camera", (100, 60), [[1, 0, 0], [0, 1, 0], [-0.02, 0, 1]])
    done = some((20, 2, 60, 40), (60, 5, 90, 50)).follow(move, RIG)
    # x / (1 - 0.02 x): 20 goes to 33.3, 33.3 to the edge of the canvas, 50 to infinity and 60 behind it
    assert done.ids == ("b0",)
    np.testing.assert_allclose(done.xyxy[0, [0, 2]], [100 / 3, 100])


@pytest.mark.parametrize("row", [(5, 0, 1, 9), (0, 9, 1, 0), (0, 0, float("nan"), 1), (0, 0, float("inf"), 1)])
def test_a_wrong_row_is_named(row: tuple[float, ...]) -> None:
    with pytest.raises(InvalidPartError, match=r"row 1 \(id 'b1'\).*x0 <= x1"):
        some((0, 0, 1, 1), row).check()  # type: ignore[arg-type]


def test_lengths_and_ids_are_checked() -> None:
    with pytest.raises(InvalidPartError, match="same length"):
        Boxes(np.ones((2, 4)), ("a",), ("x",)).check()
    with pytest.raises(InvalidPartError, match="unique"):
        Boxes(np.ones((2, 4)), ("a", "a"), ("x", "y")).check()
    with pytest.raises(InvalidPartError, match="'hard' has 1 values for 2"):
        Boxes(np.ones((2, 4)), ("a", "b"), ("x", "y"), extra={"hard": (1,)}).check()


def test_no_boxes_go_everywhere() -> None:
    empty = Boxes(np.zeros((0, 4)), (), (), canvas=(100, 60))
    for done in (
        empty.follow(crop(3, 3, (20, 20)), RIG),
        empty.blend(empty, 0.5),
        empty.splice(empty, Splice("p", 0.2, (0, 0, 0.5, 0.5))),
        Boxes.decode(empty.encode()),
        empty.without(frozenset("a")),
    ):
        done.check()
        assert done.xyxy.shape == (0, 4)
