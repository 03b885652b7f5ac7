"""Polygons: areas with known answers through every kind of map."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.mixture import Splice
from counterpoint.core.plane import Bend, PlaneMap, PlaneStep
from counterpoint.core.rig import Rig
from counterpoint.core.shapes import area, clipped
from counterpoint.errors import InvalidPartError
from counterpoint.modalities.polygons import Polygons

RIG = Rig()
# a "C" that opens to the right: 60 x 40 px without its 40 x 20 px middle
LETTER = np.array([[10, 10], [70, 10], [70, 20], [30, 20], [30, 40], [70, 40], [70, 50], [10, 50]], float)
SQUARE = np.array([[80, 20], [90, 20], [90, 30], [80, 30]], float)


def some() -> Polygons:
    return Polygons(((LETTER,), (SQUARE, SQUARE - 5)), ("c", "s"), ("left_mark", "square"), canvas=(100, 60))


def areas(part: Polygons) -> list[float]:
    return [sum(map(area, rings)) for rings in part.rings]


def test_a_concave_ring_is_cut_to_its_true_area() -> None:
    assert area(LETTER) == 60 * 40 - 40 * 20
    assert area(clipped(LETTER, (40, 0, 60, 60))) == 2 * 20 * 10
    assert area(clipped(LETTER, (35, 22, 60, 38))) == 0
    assert area(clipped(LETTER, (0, 0, 100, 60))) == area(LETTER)
    assert area(clipped(LETTER[::-1], (20, 30, 100, 60))) == 10 * 20 + 40 * 10


def test_a_crop_keeps_what_it_shows_and_an_instance_without_area_dies() -> None:
    done = some().follow(PlaneMap.of("camera", (100, 60), [[1, 0, -20], [0, 1, 0], [0, 0, 1]], (40, 60)), RIG)
    done.check()
    assert done.ids == ("c",)
    assert areas(done) == [10 * 40 + 2 * 30 * 10]


def test_areas_grow_with_the_determinant_of_a_map() -> None:
    move = PlaneMap.of("camera", (100, 60), [[1.5, 0.4, 0], [-0.2, 1.2, 30], [0, 0, 1]], (400, 400))
    np.testing.assert_allclose(areas(some().follow(move, RIG)), np.multiply(areas(some()), 1.5 * 1.2 + 0.2 * 0.4))


def test_vertices_of_a_projective_map_are_exact() -> None:
    move = PlaneMap.of("camera", (100, 60), [[0.9, -0.1, 10], [0.1, 1.1, 7], [1e-3, -1e-3, 1]], (400, 400))
    np.testing.assert_allclose(some().follow(move, RIG).rings[0][0], move.forward(LETTER), atol=1e-12)


def test_bent_edges_are_followed() -> None:
    d = np.random.default_rng(5).uniform(-6, 6, (2, 7, 7))
    bend = Bend(100, 60, 7, 7, tuple(d[0].ravel()), tuple(d[1].ravel()))
    done = some().follow(PlaneMap("camera", (100, 60), (PlaneStep(bend, (100, 60)),)), RIG)
    y, x = np.mgrid[0:60, 0:100] + 0.5
    before = bend.backward(np.stack([x, y], -1).reshape(-1, 2)).reshape(60, 100, 2)
    bx, by = before[..., 0], before[..., 1]
    letter = (bx > 10) & (bx < 70) & (by > 10) & (by < 50) & ~((bx > 30) & (by > 20) & (by < 40))
    # between points 4 px apart an edge of this bend rises by less than 0.1 px, so of the 280 px of edges
    # at most a tenth of the pixels may fall to the other side
    assert (done.masks((100, 60))[0] != letter).sum() <= 28


def test_masks_are_the_pixels_whose_centre_is_covered() -> None:
    masks = some().masks((100, 60))
    y, x = np.mgrid[0:60, 0:100] + 0.5
    letter = (x > 10) & (x < 70) & (y > 10) & (y < 50) & ~((x > 30) & (y > 20) & (y < 40))
    both = ((x > 80) & (x < 90) & (y > 20) & (y < 30)) | ((x > 75) & (x < 85) & (y > 15) & (y < 25))
    assert (masks == [letter, both]).all()
    assert masks[0].sum() == area(LETTER)


def test_overlapping_rings_do_not_cancel() -> None:
    assert Polygons(((SQUARE, SQUARE),), ("a",), ("x",)).masks((100, 60)).sum() == 100


def test_a_mirror_twice_is_the_identity() -> None:
    mirror, done = PlaneMap.mirror("camera", (100, 60)), some()
    once = done.follow(mirror, RIG).follow(Sides(), RIG)
    assert once.names == ("right_mark", "square")
    done = once.follow(mirror, RIG).follow(Sides(), RIG)
    assert done.encode() == some().encode()


def test_splice_replaces_the_area_of_its_region_exactly() -> None:
    move = Splice("p", 0.25, region=(0.2, 0.25, 0.6, 0.75))  # px 20-60 x 15-45
    done = some().splice(some().prefixed("p"), move)
    done.check()
    inside = area(clipped(LETTER, (20, 15, 60, 45)))
    assert done.ids == ("c", "s", "p/c")
    np.testing.assert_allclose(areas(done), [area(LETTER) - inside, 200, inside])


def test_a_class_that_names_a_colour_refuses_another_hue() -> None:
    part = Polygons(((SQUARE,),), ("a",), ("blue_bin",))
    assert "'blue_bin'" in str(part.refuses(ColourShift("camera", hue=1.0), RIG))
    assert some().refuses(ColourShift("camera", hue=1.0), RIG) is None


def test_blend_scales_the_partner_to_the_canvas() -> None:
    other = Polygons(((SQUARE,),), ("a",), ("x",), canvas=(200, 60))
    np.testing.assert_allclose(some().blend(other, 0.3).rings[2][0], SQUARE * (0.5, 1))


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(InvalidPartError, match=r"row 1 \(id 'b'\)"):
        Polygons(((SQUARE,), (SQUARE[:2],)), ("a", "b"), ("x", "y")).check()
    with pytest.raises(InvalidPartError, match="row 0"):
        Polygons(((),), ("a",), ("x",)).check()
    with pytest.raises(InvalidPartError, match="same length"):
        Polygons(((SQUARE,),), ("a", "b"), ("x", "y")).check()
    with pytest.raises(InvalidPartError, match="unique"):
        Polygons(((SQUARE,), (SQUARE,)), ("a", "a"), ("x", "y")).check()


def test_none_at_all_go_everywhere() -> None:
    empty = Polygons((), (), (), canvas=(100, 60))
    for done in (
        empty.follow(PlaneMap.mirror("camera", (100, 60)), RIG),
        empty.follow(Sides(), RIG),
        empty.blend(empty, 0.5),
        empty.splice(empty, Splice("p", 0.2, (0, 0, 0.5, 0.5))),
        Polygons.decode(empty.encode()),
    ):
        done.check()
        assert done.ids == ()
    assert empty.masks((10, 20)).shape == (0, 20, 10)
