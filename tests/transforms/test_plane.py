"""Maps of the plane as they are drawn: the same shares everywhere, whole pixels where pixels are copied."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.plane import PlaneMap
from counterpoint.core.sample import Sample
from counterpoint.errors import AlignmentError, RecipeError, UnknownNameError
from counterpoint.transforms.plane_crop import CenterCrop, Crop, RandomResizedCrop
from counterpoint.transforms.plane_size import Letterbox, Pad, Resize
from counterpoint.transforms.scene import Mirror
from tests.transforms.made_up import marked


def maps(sample: Sample) -> list[PlaneMap]:
    return [m for c in sample.lineage.changes for m in c.moves if isinstance(m, PlaneMap)]


def matrix(sample: Sample) -> np.ndarray:
    found = maps(sample)[0].matrix
    assert found is not None
    return found


def test_mirror_twice_is_the_identity() -> None:
    before = marked()
    once = Mirror()(before)
    twice = Mirror()(once)
    np.testing.assert_array_equal(once["marks_camera"].xy, [[120, 0], [0, 80], [60, 40]])
    np.testing.assert_array_equal(twice["marks_camera"].xy, before["marks_camera"].xy)
    assert twice["marks_camera"].turns == 2


def test_mirror_is_one_change_of_plane_world_and_sides() -> None:
    (change,) = Mirror()(marked()).lineage.changes
    assert [type(m).__name__ for m in change.moves] == ["PlaneMap", "WorldMap", "Sides"]


def test_a_sample_without_a_plane_still_changes_sides() -> None:
    (change,) = Mirror()(Sample.of("s", {})).lineage.changes
    assert [type(m).__name__ for m in change.moves] == ["WorldMap", "Sides"]


@pytest.mark.parametrize("seed", range(20))
def test_a_crop_moves_by_whole_pixels_and_stays_inside(seed: int) -> None:
    done = Crop((50, 30))(marked(), seed)
    a = matrix(done)
    np.testing.assert_array_equal(a[:2, :2], np.eye(2))
    np.testing.assert_array_equal(a[:2, 2], np.round(a[:2, 2]))
    assert -70 <= a[0, 2] <= 0
    assert -50 <= a[1, 2] <= 0
    assert done.rig.cameras["camera"].size == (50, 30)


def test_every_plane_loses_the_same_share() -> None:
    done = Crop(0.5)(marked(a=(1200, 800), b=(300, 400)), seed=3)
    starts = [np.array(m.backward([0.0, 0.0])) / m.size_in for m in maps(done)]
    np.testing.assert_allclose(starts[0], starts[1], atol=0.5 / 300)  # rounded to whole pixels of each
    assert [m.size_out for m in maps(done)] == [(600, 400), (150, 200)]


def test_only_the_named_plane_is_cropped() -> None:
    done = Crop(0.5, planes=("b",))(marked(a=(1200, 800), b=(300, 400)))
    assert [m.plane for m in maps(done)] == ["b"]
    with pytest.raises(UnknownNameError, match="'c'"):
        Crop(0.5, planes=("c",))(marked())


def test_a_crop_that_is_too_large_says_what_there_is() -> None:
    with pytest.raises(AlignmentError, match=r"Crop\(size=\(200, 30\)\).*'s'.*'camera'.*120 x 80 px.*Pad"):
        Crop((200, 30))(marked())


def test_center_crop_keeps_the_middle() -> None:
    done = CenterCrop((60, 20))(marked())
    np.testing.assert_array_equal(done["marks_camera"].xy[2], [30, 10])


@pytest.mark.parametrize("seed", range(30))
def test_random_resized_crop_keeps_its_area_and_shape(seed: int) -> None:
    sample = marked(a=(1200, 800), b=(600, 400))
    step = RandomResizedCrop((64, 32), scale=(0.2, 0.4), ratio=(0.5, 2.0))
    first, second = maps(step(sample, seed))
    w, h = np.subtract(first.backward([64.0, 32.0]), first.backward([0.0, 0.0]))
    assert 0.19 <= w * h / (1200 * 800) <= 0.41  # window is rounded to whole pixels
    assert 0.49 <= w / h <= 2.02
    assert first.shows(first.backward([[0.01, 0.01], [63.99, 31.99]])).all()
    np.testing.assert_allclose(
        first.backward([[5.0, 9.0]]) / np.array([1200, 800]),
        second.backward([[5.0, 9.0]]) / np.array([600, 400]),
        atol=0.01,
    )


def test_a_window_that_never_fits_falls_back_to_the_middle() -> None:
    done = RandomResizedCrop((10, 10), scale=(1.0, 1.0), ratio=(1.0, 1.0))(marked())
    np.testing.assert_allclose(maps(done)[0].backward([5.0, 5.0]), [60, 40])


@pytest.mark.parametrize(("size", "out"), [((30, 40), (30, 40)), (40, (60, 40)), (160, (240, 160))])
def test_resize_maps_corner_to_corner(size: int | tuple[int, int], out: tuple[int, int]) -> None:
    done = Resize(size)(marked())
    assert done.rig.cameras["camera"].size == out
    np.testing.assert_allclose(done["marks_camera"].xy, [[0, 0], out, np.array(out) / 2])


def test_letterbox_keeps_the_shape_and_fills_the_rest() -> None:
    done = Letterbox((60, 60))(marked())
    np.testing.assert_allclose(done["marks_camera"].xy, [[0, 10], [60, 50], [30, 30]])
    assert maps(done)[0].steps[0].fill == (114, 114, 114)


def test_pad_adds_what_was_asked() -> None:
    done = Pad((1, 2, 3, 4))(marked())
    assert done.rig.cameras["camera"].size == (124, 86)
    np.testing.assert_array_equal(done["marks_camera"].xy[0], [1, 2])
    assert Pad(size=(130, 50), fill=(1, 2, 3))(marked()).rig.cameras["camera"].size == (130, 80)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Crop(1.5), r"Crop\(size=1.5\).*at most 1"),
        (lambda: Crop((0, 3)), r"1 to 65535"),
        (lambda: RandomResizedCrop(scale=(0.5, 0.1)), r"low <= high"),
        (lambda: RandomResizedCrop(scale=(0, 2)), r"scale must lie in 0.0001 to 1 of the canvas"),
        (lambda: Letterbox(fill=300), r"fill=300.*0 to 255"),
        (lambda: Pad(-1), r"Pad\(pixels=-1\)"),
        (lambda: Resize(0), r"1 to 65535 px"),
        (lambda: Resize((2.5, 3)), r"whole pixels"),  # type: ignore[arg-type]
    ],
)
def test_wrong_values_are_named_with_what_is_allowed(make: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()  # type: ignore[operator]
