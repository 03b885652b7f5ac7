"""Pixels land where points land."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.core.plane import Bend, Homography, PlaneMap, PlaneStep
from counterpoint.errors import AlignmentError
from counterpoint.signal import resample
from counterpoint.signal.warp import warp

SIZE = (160, 120)
MARKS = [(80.3, 60.7), (60.5, 45.5), (101.2, 70.9)]


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def scale(x, y=None):
    return np.diag([x, y or x, 1.0])


def turn(degrees, centre=(80, 60)):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return shift(*centre) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ shift(-centre[0], -centre[1])


MIRROR = np.array([[-1, 0, 160], [0, 1, 0], [0, 0, 1]], float)
QUARTER = np.array([[0, -1, 120], [1, 0, 0], [0, 0, 1]], float)
SHEAR = np.array([[1.05, 0.2, -10], [-0.1, 0.95, 8], [0, 0, 1]])
PERSPECTIVE = np.array([[1.0, 0.1, -5], [0.05, 1.1, -6], [4e-4, 3e-4, 1]])

MAPS = {
    "crop": (shift(-40, -30), (90, 70)),
    "crop between pixels": (shift(-40.37, -30.81), (90, 70)),
    "mirror": (MIRROR, SIZE),
    "upside down": (np.array([[1, 0, 0], [0, -1, 120], [0, 0, 1]], float), SIZE),
    "quarter turn": (QUARTER, (120, 160)),
    "half": (scale(0.5), (80, 60)),
    "to 0.7": (scale(0.7), (112, 84)),
    "double": (scale(2), (320, 240)),
    "wider and lower": (scale(1.5, 0.5), (240, 60)),
    "third of a crop between pixels": (scale(1 / 3) @ shift(-10.3, -5.2), (45, 35)),
    "half mirrored": (scale(0.5) @ MIRROR, (80, 60)),
    "double quarter turn": (scale(2) @ QUARTER, (240, 320)),
    "padded": (shift(13, 7), (200, 150)),
    "turn by 10": (turn(10), SIZE),
    "turn by 45 and shrink to 0.4": (scale(0.4) @ turn(45), (64, 48)),
    "affine": (SHEAR, SIZE),
    "perspective": (PERSPECTIVE, SIZE),
    "perspective shrunk to 0.4": (scale(0.4) @ PERSPECTIVE, (64, 48)),
}


def blob(at, size=SIZE, sigma=3.0):
    """A Gaussian spot of 200 on black, centred on a continuous place."""
    x, y = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    return 200 * np.exp(-((y[:, None] - at[1]) ** 2 + (x[None] - at[0]) ** 2) / (2 * sigma**2))


def centroid(picture):
    """Centre of mass in continuous pixels."""
    w = np.asarray(picture, float)
    ys, xs = np.indices(w.shape) + 0.5
    return np.array([(w * xs).sum(), (w * ys).sum()]) / w.sum()


def one(matrix, size_out, size_in=SIZE, fill=(0, 0, 0)):
    return PlaneMap.of("camera", size_in, matrix, size_out, fill)


def chain(*steps, size_in=SIZE):
    """Steps as (map or matrix, size, fill)."""
    maps = [(s[0] if isinstance(s[0], Bend) else Homography.of(s[0]), *s[1:]) for s in steps]
    return PlaneMap("camera", size_in, tuple(PlaneStep(*s) for s in maps))


def bend(size=SIZE, strength=6.0, seed=0, rows=7, columns=8, inverted=False):
    rng = np.random.default_rng(seed)
    dx, dy = (tuple(rng.uniform(-strength, strength, rows * columns).tolist()) for _ in "xy")
    return Bend(float(size[0]), float(size[1]), rows, columns, dx, dy, inverted)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_a_spot_lands_where_its_place_lands(name, kind):
    move = one(*MAPS[name])
    for mark in MARKS:
        picture = blob(mark)
        picture = np.round(picture).astype(np.uint8) if kind == "uint8" else (picture / 200).astype(np.float32)
        # 0.05 px: rounding to whole levels and OpenCV's 1/32 px grid of weights move a spot by 0.01 to 0.02 px.
        np.testing.assert_allclose(centroid(warp(picture, move)), move.forward(mark), atol=0.05)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(
    "around",
    [
        lambda b: [(b, SIZE)],
        lambda b: [(MIRROR, SIZE), (b, SIZE)],
        lambda b: [(b, SIZE), (turn(20), SIZE)],
        lambda b: [(turn(20), SIZE), (b, SIZE), (scale(0.6), (96, 72))],
        lambda b: [(b, SIZE), (PERSPECTIVE, SIZE)],
        lambda b: [(b, SIZE), (turn(15), SIZE), (bend(seed=5), SIZE)],
    ],
)
def test_a_spot_lands_where_its_place_lands_under_a_bend(around, inverted):
    move = chain(*around(bend(inverted=inverted)))
    xs, ys = (np.arange(n) + 0.5 for n in move.size_out)
    q = np.stack(np.meshgrid(xs, ys), -1)
    for mark in MARKS:
        moved = warp(blob(mark, sigma=2.0).astype(np.float32), move)
        # A bend is curved inside the spot, so its centre of mass is not the image of its centre: 0.25 px. Against the
        # spot drawn through the exact inverse there is no such effect: 0.03 px.
        np.testing.assert_allclose(centroid(moved), move.forward(mark), atol=0.25)
        back = move.backward(q)
        exact = np.exp(-((back - mark) ** 2).sum(-1) / (2 * 2.0**2))
        np.testing.assert_allclose(centroid(moved), centroid(exact), atol=0.03)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("size", [(160, 120), (1100, 700)])
def test_every_pixel_of_a_bend_comes_from_where_the_map_says(size, inverted):
    """A picture whose values are its coordinates shows where each pixel was, up to the edge."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32) + 0.5
    bent = bend(size, 0.03 * size[1], inverted=inverted)
    move = PlaneMap("camera", size, (PlaneStep(bent, size), PlaneStep(Homography.of(turn(12)), size)))
    seen = warp(np.dstack([x, y]), move, fill=-1e6)
    between = move.steps[1].map.backward(np.stack([x, y], -1)[::7, ::7].astype(float))
    at = bent.backward(between)
    inner = np.all([((p > 1) & (p < np.array(size) - 1)).all(-1) for p in (at, between)], 0)
    assert inner.mean() > 0.5
    # 1/64 px: OpenCV rounds coordinates to 1/32 px, twice. The rest is the table in which the inverse is looked up.
    assert np.abs(seen[::7, ::7] - at)[inner].max() < 0.1
    assert np.sqrt(((seen[::7, ::7] - at)[inner] ** 2).mean()) < 0.02


matrices = st.one_of(
    st.tuples(st.floats(-25, 25), st.floats(-25, 25)).map(lambda v: shift(*v)),
    st.tuples(st.integers(-25, 25), st.integers(-25, 25)).map(lambda v: shift(*v)),
    st.floats(-180, 180).map(turn),
    st.floats(0.5, 1.8).map(scale),
    st.just(MIRROR),
    st.just(SHEAR),
    st.just(PERSPECTIVE),
)


@settings(max_examples=60, deadline=None)
@given(maps=st.lists(matrices, min_size=1, max_size=4), seed=st.integers(0, 3), bends=st.booleans())
def test_random_chains_move_a_spot_as_they_move_its_place(maps, seed, bends):
    steps = [(m, SIZE) for m in maps]
    move = chain(*steps, *([(bend(seed=seed, strength=3.0), SIZE)] if bends else []))
    mark = np.array([80.3, 60.7])
    ring = mark + 14 * np.stack([np.cos(np.arange(16)), np.sin(np.arange(16))], 1)
    grown = np.ptp(move.forward(ring), axis=0)
    if not move.shows(ring).all() or grown.min() < 8:
        return  # the spot leaves a canvas on the way, or is too small to weigh
    moved = warp(blob(mark).astype(np.float32), move)
    xs, ys = (np.arange(n) + 0.5 for n in move.size_out)
    exact = np.exp(-((move.backward(np.stack(np.meshgrid(xs, ys), -1)) - mark) ** 2).sum(-1) / 18)
    np.testing.assert_allclose(centroid(moved), centroid(exact), atol=0.05)


@pytest.mark.parametrize("name", ["affine", "turn by 10", "half", "double", "third of a crop between pixels"])
def test_a_mask_lands_where_its_place_lands(name):
    move = one(*MAPS[name])
    off = []
    for mark in np.random.default_rng(0).uniform((60, 45), (100, 75), (25, 2)):
        mask = blob(mark, sigma=14) > 100
        moved = warp(mask, move)
        assert moved.dtype == bool
        off.append(centroid(moved) - move.forward(centroid(mask)))
    # One disc of 11 px (a third) to 33 px across has a rim of pixels that are rounded; their mean has no side.
    assert np.abs(off).max() < 0.25
    # 3 standard errors of 25; at a third, between pixels, a sharp rim leans 0.05 px towards the nearest whole pixel.
    np.testing.assert_allclose(np.mean(off, 0), 0, atol=0.08 if name.startswith("third") else 0.05)


def test_outside_a_mask_there_is_nothing_whatever_the_colour_of_the_fill():
    whole = np.ones((120, 160), bool)
    for matrix in (shift(20, 0), shift(20.5, 0), turn(20)):
        moved = warp(whole, one(matrix, SIZE, fill=(114, 114, 114)))
        assert not moved[0, 0]
        assert moved.view(np.uint8).max() == 1


def test_a_thin_mask_survives_shrinking_and_a_mask_outside_does_not():
    pole = np.zeros((120, 160), bool)
    pole[20:100, 81] = True
    small = warp(pole, one(scale(0.25), (40, 30)))
    np.testing.assert_allclose(centroid(small), [20.5, 15], atol=0.5)
    assert small.sum() == 20
    assert not warp(pole, one(shift(100, 0.3), SIZE)).any()


@pytest.mark.parametrize("shape", [(120, 160), (120, 160, 1), (120, 160, 3), (120, 160, 4), (120, 160, 7)])
@pytest.mark.parametrize("kind", [bool, np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_mirrors_crops_and_quarter_turns_keep_every_value(shape, kind):
    picture = np.random.default_rng(0).integers(0, 2 if kind is bool else 99, shape).astype(kind)
    mirrored = warp(picture, one(MIRROR, SIZE))
    np.testing.assert_array_equal(mirrored, picture[:, ::-1])
    np.testing.assert_array_equal(warp(mirrored, one(MIRROR, SIZE)), picture)
    np.testing.assert_array_equal(warp(picture, one(shift(-7, -9), (50, 40))), picture[9:49, 7:57])
    np.testing.assert_array_equal(warp(picture, one(QUARTER, (120, 160))), np.rot90(picture, -1))
    padded = warp(picture, one(shift(13, 7), (200, 150)))
    np.testing.assert_array_equal(padded[7:127, 13:173], picture)
    assert not padded[:7, ..., :3].any()
    np.testing.assert_array_equal(warp(picture, one(np.eye(3), SIZE)), picture)
    assert warp(picture, one(np.eye(3), SIZE)).dtype == kind


def test_four_quarter_turns_are_the_picture():
    picture = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    back = np.array([[0, -1, 160], [1, 0, 0], [0, 0, 1]], float)
    move = chain((QUARTER, (120, 160)), (back, SIZE), (QUARTER, (120, 160)), (back, SIZE))
    assert warp(picture, move) is picture


def test_what_a_crop_cut_away_does_not_come_back_with_a_pad():
    picture = np.full((120, 160, 3), 77, np.uint8)
    move = chain((shift(-40, -30), (80, 60)), (shift(40, 30), SIZE, (9, 8, 7)))
    expected = np.empty_like(picture)
    expected[:] = 9, 8, 7
    expected[30:90, 40:120] = 77
    np.testing.assert_array_equal(warp(picture, move), expected)
    np.testing.assert_array_equal(picture, 77)


def test_the_later_step_fills_what_both_read_outside():
    picture = np.full((120, 160, 3), 200, np.uint8)
    move = chain((shift(60, 0), SIZE, (10, 10, 10)), (shift(30, 0), SIZE, (20, 20, 20)))
    row = warp(picture, move)[50, :, 0]
    assert row[:30].tolist() == [20] * 30
    assert row[30:90].tolist() == [10] * 60
    assert row[90:].tolist() == [200] * 70


@pytest.mark.parametrize("last", [turn(30), PERSPECTIVE, shift(3.4, 5.6)])
def test_a_chain_equals_its_steps_one_after_the_other(last):
    """Inside. Along edges two resamplings blend twice, so 2 px on either side of an edge do not count."""
    picture = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 4)
    first, second = (turn(-25), SIZE, (250, 0, 0)), (shift(-30, -20), (90, 80), (0, 250, 0))
    third = (last, (90, 80), (0, 0, 250))
    at_once = warp(picture, chain(first, second, third)).astype(int)
    one_by_one = picture
    for step, size in ((first, SIZE), (second, SIZE), (third, (90, 80))):
        one_by_one = warp(one_by_one, chain(step, size_in=size))
    differ = np.abs(at_once - one_by_one).max(-1)
    edge = cv2.dilate(
        (np.ptp(cv2.blur(one_by_one, (3, 3)).astype(int) - one_by_one, axis=-1) > 25).astype(np.uint8), np.ones((5, 5))
    )
    assert edge.mean() < 0.35
    assert np.percentile(differ[edge == 0], 99.5) <= 8


def test_a_chain_with_a_bend_shows_the_fill_of_each_step():
    picture = np.full((120, 160, 3), 100, np.uint8)
    still = bend(strength=0.0)
    move = chain((shift(-40, -30), (80, 60)), (shift(40, 30), SIZE, (9, 8, 7)), (still, SIZE, (1, 1, 1)))
    moved = warp(picture, move)
    assert moved[31:89, 41:119].min() == moved[31:89, 41:119].max() == 100
    assert (moved[:29] == (9, 8, 7)).all()
    assert (moved[:, :39] == (9, 8, 7)).all()


def seen_by_definition(move):
    """For each pixel of the output: 0 where the picture is seen, else the number of the step whose fill it shows."""
    at = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in move.size_out)), -1)
    shown = np.zeros(at.shape[:2], int)
    canvases = [move.size_in, *(s.size for s in move.steps)]
    for i in range(len(move.steps), 0, -1):
        at = move.steps[i - 1].map.backward(at)
        off = ((at < 0) | (at > canvases[i - 1])).any(-1)
        shown[off & (shown == 0)] = i
    return shown


canvases = st.tuples(st.integers(20, 200), st.integers(20, 200))


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(matrices, canvases), min_size=1, max_size=4),
    bends=st.booleans(),
    fills=st.lists(st.sampled_from([(60, 0, 0), (0, 90, 0), (0, 0, 120)]), min_size=5, max_size=5),
)
def test_every_pixel_shows_the_picture_or_the_fill_of_the_step_that_read_outside(steps, bends, fills):
    chained = [(m, size, fill) for (m, size), fill in zip(steps, fills, strict=False)]
    if bends:
        size = chained[-1][1]
        chained.append((bend(size, 2.0), size, fills[len(chained)]))
    move = chain(*chained)
    colours = np.array([(200, 200, 200), *(s.fill for s in move.steps)])
    shown = seen_by_definition(move).astype(np.uint8)
    expected = colours[shown]
    calm = cv2.erode(shown, np.ones((7, 7))) == cv2.dilate(shown, np.ones((7, 7)))
    calm[:3], calm[-3:], calm[:, :3], calm[:, -3:] = False, False, False, False
    moved = warp(np.full((120, 160, 3), 200, np.uint8), move)
    np.testing.assert_array_equal(moved[calm], expected[calm])  # 3 px along edges may blend


def test_the_edge_of_a_mirrored_and_turned_picture_is_as_smooth_as_that_of_a_turned_one():
    picture = np.full((120, 160, 3), 200, np.uint8)
    both = warp(picture, chain((MIRROR, SIZE, (1, 1, 1)), (turn(30), SIZE, (90, 90, 90))))
    np.testing.assert_array_equal(both, warp(picture, one(turn(30) @ MIRROR, SIZE, fill=(90, 90, 90))))


def test_shrinking_one_slanted_direction_blurs_the_other_little():
    """Stripes across the direction that is kept: 6 px a period, of which averaging over 2 px leaves 0.83."""
    y, x = np.mgrid[:480, :640]
    stripes = (100 + 100 * np.sin(2 * np.pi * (x + y) / np.sqrt(2) / 6)).astype(np.uint8)
    squeezed = scale(0.25, 1) @ turn(45, (320, 240))
    middle = warp(stripes, one(squeezed, (160, 480), (640, 480)))[220:260, 70:90]
    assert middle.std() > 0.6 * 100 / np.sqrt(2)


def test_fill_is_a_colour_of_the_kind_of_picture():
    move = one(shift(200, 0), SIZE, fill=(255, 0, 0))
    assert warp(np.zeros((120, 160, 3), np.uint8), move)[0, 0].tolist() == [255, 0, 0]
    assert warp(np.zeros((120, 160, 4), np.uint8), move)[0, 0].tolist() == [255, 0, 0, 255]
    assert warp(np.zeros((120, 160, 3), np.float32), move)[0, 0].tolist() == [1, 0, 0]
    assert warp(np.zeros((120, 160), np.uint8), move)[0, 0] == 76  # luma of red, ITU-R BT.601
    assert np.isnan(warp(np.zeros((120, 160), np.float32), move, True, float("nan"))).all()


@pytest.mark.parametrize("matrix", [scale(0.25), scale(0.25) @ turn(30), scale(0.25) @ shift(-0.4, 0.3)])
def test_fine_stripes_become_grey_and_not_coarse_stripes(matrix):
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, ::3] = 255
    middle = warp(stripes, one(matrix, (160, 120), (640, 480)))[50:70, 70:90]
    assert middle.std() < 32  # 1 or 2 of 4 columns are white; looked up without averaging it is 120
    assert abs(middle.mean() - 85) < 5


def test_nearest_mixes_no_two_values():
    labels = np.random.default_rng(0).choice(np.array([3, 70, 200], np.uint8), (120, 160))
    for matrix, size in MAPS.values():
        assert set(np.unique(warp(labels, one(matrix, size), True, 3))) <= {3, 70, 200}
    assert set(np.unique(warp(labels, chain((bend(), SIZE)), True, 3))) <= {3, 70, 200}


def test_unknown_depth_stays_unknown():
    depth = np.full((120, 160), 5.0, np.float32)
    depth[:, 80:] = np.nan
    moved = warp(depth, one(turn(10), SIZE), True, float("nan"))
    assert set(np.unique(moved[np.isfinite(moved)])) == {5.0}
    assert np.isnan(moved[40:80, 110:]).all()


@pytest.mark.parametrize("steps", [[(turn(7), SIZE)], [(PERSPECTIVE, SIZE)], [(bend(), SIZE)]])
def test_tiles_join_without_a_seam(steps, monkeypatch):
    picture = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 3)
    whole = warp(picture, chain(*steps)).astype(int)
    monkeypatch.setattr(resample, "LIMIT", 50)
    monkeypatch.setattr(resample, "_TILE", 2000)
    # Tiles round coordinates to 1/32 px at other places, and neighbours differ by up to 40 levels.
    assert np.abs(warp(picture, chain(*steps)) - whole).max() <= 5


def test_pictures_wider_than_opencv_can_index_are_done():
    wide = np.zeros((4, 40000, 3), np.uint8)
    wide[:, 36000:] = 200
    moved = warp(wide, one(shift(0.5, 0), (40000, 4), (40000, 4)))
    assert moved[2, 35999].tolist() == [0, 0, 0]
    assert moved[2, 36000].tolist() == [100, 100, 100]
    assert moved[2, 39000].tolist() == [200, 200, 200]
    half = warp(wide, one(scale(0.5), (20000, 2), (40000, 4)))
    assert half[0, 17999:18001, 0].tolist() == [0, 200]


def test_one_pixel_is_a_picture():
    dot = np.full((1, 1, 3), 90, np.uint8)
    assert (warp(dot, one(scale(5), (5, 5), (1, 1))) == 90).all()
    assert warp(dot, one(turn(30, (0.5, 0.5)), (1, 1), (1, 1))).shape == (1, 1, 3)
    assert warp(np.zeros((120, 160, 3), np.uint8), one(scale(1 / 160, 1 / 120), (1, 1))).shape == (1, 1, 3)


def test_behind_the_horizon_there_is_fill():
    tilted = np.array([[1, 0, 0], [0, 1, 0], [0, 0.02, 1.0]])
    picture = np.full((120, 160, 3), 200, np.uint8)
    moved = warp(picture, one(tilted, SIZE, fill=(5, 5, 5)))
    assert (moved[60:] == 5).all()  # y / (1 + 0.02 y) never reaches 50


def test_a_picture_of_another_size_than_the_map_is_an_error():
    with pytest.raises(AlignmentError, match="drawn for 160 x 120 px was given 80 x 60"):
        warp(np.zeros((60, 80, 3), np.uint8), one(MIRROR, SIZE))
