"""Keypoints: names stay on the side of whom they show, points die with the canvas."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.meaning import Sides
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.keypoints import Keypoints

RIG = Rig()
NAMES = ("nose", "left_eye", "right_eye")
MIRROR = PlaneMap.mirror("camera", (100, 60))


def face() -> Keypoints:
    xy = [[[30, 20], [35, 15], [25, 16]], [[80, 40], [0, 0], [75, 36]]]
    return Keypoints(np.array(xy, float), np.array([[2, 2, 1], [2, 0, 2]]), NAMES, ("a", "b"), canvas=(100, 60))


def test_a_mirror_gives_each_eye_the_place_of_the_other_in_the_mirror() -> None:
    done = face().follow(MIRROR, RIG).follow(Sides(), RIG)
    assert done.names == NAMES
    assert done.xy[0].tolist() == [[70, 20], [75, 16], [65, 15]]
    assert done.visible.tolist() == [[2, 1, 2], [2, 2, 0]]


def test_a_mirror_twice_is_the_identity() -> None:
    done = face()
    for _ in range(2):
        done = done.follow(MIRROR, RIG).follow(Sides(), RIG)
    assert done.encode() == face().encode()


def test_absent_points_stand_at_zero_and_stay_there() -> None:
    shift = PlaneMap.of("camera", (100, 60), [[1, 0, 7], [0, 1, 9], [0, 0, 1]])
    part = Keypoints([[[3, np.nan], [1, 1], [2, 2]]], [[0, 1, 2]], NAMES, ("a",))
    part.check()
    assert part.follow(shift, RIG).xy.tolist() == [[[0, 0], [8, 10], [9, 11]]]


def test_a_point_that_leaves_a_canvas_on_the_way_does_not_come_back() -> None:
    there = PlaneMap.of("camera", (100, 60), [[1, 0, -31], [0, 1, 0], [0, 0, 1]], (69, 60))
    chain = there.fused(PlaneMap.of("camera", (69, 60), [[1, 0, 31], [0, 1, 0], [0, 0, 1]], (100, 60)))
    assert chain is not None
    done = face().follow(chain, RIG)
    assert done.visible.tolist() == [[0, 2, 0], [2, 0, 2]]
    assert done.xy[0].tolist() == [[0, 0], [35, 15], [0, 0]]


def test_an_instance_dies_with_its_last_labelled_point() -> None:
    part = Keypoints(
        [[[10, 10], [12, 10]], [[90, 10], [92, 10]], [[0, 0], [0, 0]]],
        [[2, 1], [2, 2], [0, 0]],
        ("a", "b"),
        ("left", "gone", "never"),
    )
    crop = PlaneMap.of("camera", (100, 60), np.eye(3), (50, 60))
    assert part.follow(crop, RIG).ids == ("left", "never")


def test_a_side_without_its_partner_is_refused() -> None:
    part = Keypoints([[[1, 1]]], [[2]], ("left_eye",), ("a",))
    assert "no 'right_eye'" in str(part.refuses(Sides(), RIG))


def test_blend_sorts_the_partners_points_by_name_and_canvas() -> None:
    other = Keypoints([[[5, 5], [6, 6]]], [[2, 1]], ("left_eye", "tail"), ("a",), canvas=(50, 30)).prefixed("p")
    done = face().blend(other, 0.5)
    done.check()
    assert done.ids == ("a", "b", "p/a")
    assert done.visible[2].tolist() == [0, 2, 0]
    assert done.xy[2].tolist() == [[0, 0], [10, 10], [0, 0]]


def test_splice_loses_own_points_in_the_region_and_takes_the_partners_there() -> None:
    other = face().prefixed("p")
    done = face().splice(other, Splice("p", 0.5, region=(0.5, 0, 1, 1)))
    done.check()
    assert done.ids == ("a", "p/b")  # own b and p/a lie on the wrong side
    assert done.xy[1].tolist() == face().xy[1].tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"visible": np.array([[3, 2, 1], [2, 0, 2]])}, "absent, 1 hidden"),
        ({"names": ("a", "a", "b")}, "names must be unique"),
        ({"ids": ("a", "a")}, "ids must be unique"),
        ({"xy": np.zeros((2, 2, 2))}, "one column a name"),
        ({"xy": np.full((2, 3, 2), np.inf)}, "'nose' of instance 'a'"),
        ({"skeleton": ((0, 3),)}, "beyond the 3 names"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], said: str) -> None:
    fields = {n: getattr(face(), n) for n in ("xy", "visible", "names", "ids", "skeleton")} | change
    with pytest.raises(InvalidPartError, match=said):
        Keypoints(**fields).check()


def test_no_instances_go_everywhere() -> None:
    empty = Keypoints([], [], NAMES, (), canvas=(100, 60))
    for done in (
        empty.follow(MIRROR, RIG),
        empty.follow(Sides(), RIG),
        empty.blend(empty, 0.5),
        empty.splice(face(), Splice("p", 0.2, (0, 0, 0.1, 0.1))),
        Keypoints.decode(empty.encode()),
    ):
        done.check()
        assert done.xy.shape == (0, 3, 2)
    assert face().without(frozenset("ab")).xy.shape == (0, 3, 2)
