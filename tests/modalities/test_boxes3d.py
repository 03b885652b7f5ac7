"""3-D boxes: what is inside stays inside, turns stay proper, speeds follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.clock import TimeMap
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.rig import Frame, Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import AlignmentError, InvalidPartError
from counterpoint.modalities.boxes3d import Boxes3d

RIG = Rig(frames={"lidar": Frame()})


def turned(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def tilted(frame: str = "world") -> Boxes3d:
    turns = np.stack([turned(1), turned(2)])
    return Boxes3d(
        [[1, 2, 3], [-4, 0, 1]],
        [[4, 2, 1.5], [1, 0.6, 1.8]],
        turns,
        ("a", "b"),
        ("car", "left_sign"),
        frame,
        [[3, 1, 0], [np.nan] * 3],
    )


MOVES = {
    "mirror y": WorldMap.mirror("y"),
    "mirror x": WorldMap.mirror("x"),
    "similarity": WorldMap.similarity(1.3 * turned(5), (3, -2, 9)),
    "mirrored similarity": WorldMap.similarity(-0.7 * turned(6), (3, -2, 9)),
}


@pytest.mark.parametrize("frame", ["world", "lidar"])
@pytest.mark.parametrize("name", MOVES)
def test_what_is_inside_a_box_stays_inside(name: str, frame: str) -> None:
    move, part = MOVES[name], tilted(frame)
    points = np.random.default_rng(0).uniform(-6, 6, (20_000, 3))
    local = RIG.local(move, frame)
    done = part.follow(move, RIG)
    done.check()
    inside = part.contains(points)
    assert inside.sum(1).min() > 5
    assert (done.contains(points @ local[:3, :3].T + local[:3, 3]) == inside).all()
    np.testing.assert_allclose(np.linalg.det(done.turns), 1, atol=1e-12)
    np.testing.assert_allclose(done.velocities, part.velocities @ local[:3, :3].T)
    np.testing.assert_allclose(done.sizes, part.sizes * move.scale)


@given(st.integers(0, 999), st.sampled_from("xyz"))
def test_a_mirror_twice_is_the_identity(seed: int, axis: str) -> None:
    part = Boxes3d([[1, 2, 3]], [[4, 2, 1]], [turned(seed)], ("a",), ("left_sign",), velocities=[[1, 2, 3]])
    done, move = part, WorldMap.mirror(axis)
    for _ in range(2):
        done = done.follow(move, RIG).follow(Sides(), RIG)
    for name in ("centres", "sizes", "turns", "velocities"):
        np.testing.assert_allclose(getattr(done, name), getattr(part, name), atol=1e-12)
    assert (done.ids, done.names) == (part.ids, part.names)
    assert part.follow(Sides(), RIG).names == ("right_sign",)


def test_a_mirror_negates_the_yaw_of_an_upright_box() -> None:
    yaws = np.array([0.3, -1.2, 3.0])
    part = Boxes3d.upright(np.zeros((3, 3)), np.ones((3, 3)), yaws, ("a", "b", "c"), ("x",) * 3)
    np.testing.assert_allclose(part.yaws(), yaws)
    np.testing.assert_allclose(part.follow(WorldMap.mirror("y"), RIG).yaws(), -yaws)
    np.testing.assert_allclose(part.turns[0] @ [1, 0, 0], [np.cos(0.3), np.sin(0.3), 0])


def test_a_class_that_names_a_colour_refuses_another_hue() -> None:
    part = Boxes3d.upright([[0, 0, 0]], [[1, 1, 1]], [0], ("a",), ("green light",))
    assert "'green light'" in str(part.refuses(ColourShift("camera", grey=True), RIG))
    assert tilted().follow(ColourShift("camera", grey=True), RIG).encode() == tilted().encode()


def test_corners_are_the_extremes_of_the_box() -> None:
    part = Boxes3d.upright([[10, 0, 1]], [[4, 2, 1]], [np.pi / 2], ("a",), ("x",))
    corners = part.corners()[0]
    np.testing.assert_allclose(corners.min(0), [9, -2, 0.5])
    np.testing.assert_allclose(corners.max(0), [11, 2, 1.5])
    np.testing.assert_allclose(corners[0], [9, 2, 0.5])  # front is +y after a quarter turn, left is -x
    assert part.contains(10 + (corners - 10) * 1).shape == (1, 8)
    assert part.contains((corners - part.centres) * 0.999 + part.centres).all()
    assert not part.contains((corners - part.centres) * 1.001 + part.centres).any()


def test_velocities_follow_the_rate_at_the_zero_of_the_clock() -> None:
    move = TimeMap((-1.0, 1.0, 2.0), (-1.0, 0.0, 1.0))
    np.testing.assert_allclose(tilted().follow(move, RIG).velocities[0], [6, 2, 0])


def test_blend_unites_and_knows_no_speeds_that_were_not_given() -> None:
    other = Boxes3d.upright([[0, 0, 0]], [[1, 1, 1]], [0], ("a",), ("x",), extra={"score": (1,)}).prefixed("p")
    done = tilted().blend(other, 0.5)
    done.check()
    assert done.ids == ("a", "b", "p/a")
    assert np.isnan(done.velocities[2]).all()
    assert done.extra == {"score": (None, None, 1)}
    with pytest.raises(AlignmentError, match="one frame"):
        tilted().blend(tilted("lidar"), 0.5)


def test_unknown_speeds_survive_the_bytes() -> None:
    again = Boxes3d.decode(tilted().encode())
    np.testing.assert_array_equal(again.velocities, tilted().velocities)
    assert again.encode() == tilted().encode()
    assert b"NaN" not in tilted().encode().blob.read()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turns": np.stack([np.eye(3), np.diag([1, -1, 1])])}, r"row 1 \(id 'b'\).*determinant"),
        ({"turns": np.stack([np.eye(3) * 1.1, np.eye(3)])}, "row 0.*orthonormal"),
        ({"sizes": [[1, 1, 1], [1, -1, 1]]}, "row 1.*>= 0"),
        ({"centres": [[1, np.nan, 1], [0, 0, 0]]}, "row 0.*finite"),
        ({"ids": ("a", "a")}, "unique"),
        ({"ids": ("a",)}, "one row a box"),
        ({"velocities": [[0, 0, 0]]}, "m/s or None"),
        ({"extra": {"score": (1,)}}, "'score' has 1"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], said: str) -> None:
    fields = {n: getattr(tilted(), n) for n in ("centres", "sizes", "turns", "ids", "names")} | change
    with pytest.raises(InvalidPartError, match=said):
        Boxes3d(**fields).check()


def test_no_boxes_go_everywhere() -> None:
    empty = Boxes3d([], [], [], (), ())
    moving = Boxes3d([], [], [], (), (), velocities=[])
    for done in (
        empty.follow(WorldMap.mirror(), RIG),
        moving.follow(TimeMap.affine(2.0), RIG),
        moving.follow(WorldMap.mirror(), RIG),
        moving.blend(empty, 0.5),
        Boxes3d.decode(moving.encode()),
        tilted().without(frozenset("ab")),
        Boxes3d.upright([], [], [], (), ()),
    ):
        done.check()
        assert done.ids == ()
    assert empty.corners().shape == (0, 8, 3)
    assert empty.yaws().shape == (0,)
    assert empty.contains(np.zeros((5, 3))).shape == (0, 5)
    assert tilted().contains(np.zeros((0, 3))).shape == (2, 0)


def test_speeds_follow_the_pace_at_the_moment_of_the_boxes_wherever_the_clock_was_shifted() -> None:
    part = Boxes3d.upright(np.zeros((1, 3)), np.ones((1, 3)), [0.0], ("a",), ("car",), velocities=[[2.0, 0, 0]])
    later = part.follow(TimeMap.affine(shift=3.0), Rig())
    assert isinstance(later, Boxes3d)
    assert later.start == 3.0
    assert Boxes3d.decode(later.encode()).start == 3.0
    fast_late = TimeMap((0.0, 2.0, 4.0), (0.0, 2.0, 3.0))  # twice as fast from 2 s on
    done = later.follow(fast_late, Rig())
    assert isinstance(done, Boxes3d) and done.velocities is not None
    assert done.velocities.tolist() == [[4.0, 0, 0]]  # the pace at the zero of the clock would leave 2
    assert done.start == 2.5
