"""Pixel changes against what OpenCV and plain arithmetic give, on pictures with known answers."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest

from counterpoint.core.appearance import Appearance
from counterpoint.core.contracts import Transform
from counterpoint.core.keys import Key
from counterpoint.core.meaning import ColourShift
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.image import Image
from counterpoint.transforms.colour import Brightness, ColorJitter, Contrast, Gamma, Grayscale, HueShift
from counterpoint.transforms.policy import Compose
from counterpoint.transforms.quality import (
    CutOut,
    Downscale,
    GaussianBlur,
    GaussianNoise,
    Jpeg,
    MotionBlur,
    line,
)

RNG = np.random.default_rng(0)
RGB = cv2.GaussianBlur(RNG.integers(0, 256, (48, 64, 3), np.uint8), (0, 0), 2)
RGB = cv2.normalize(RGB, None, 0, 255, cv2.NORM_MINMAX)
GREY = np.ascontiguousarray(RGB[..., :1])
ALL = [Brightness, ColorJitter, Contrast, CutOut, Downscale, Gamma, GaussianBlur, GaussianNoise, Grayscale, HueShift]
ALL += [Jpeg, MotionBlur]


def rendered(step: Transform, pixels: Any, seed: int = 0, *where: Any) -> Any:
    change = step.draw(Sample.of("s", {"image": Image(pixels)}), Key.of(seed, "s", 0), {})
    assert change is not None
    look = change.moves[0]
    assert isinstance(look, Appearance)
    return look.render(pixels, *where)


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
@pytest.mark.parametrize("pixels", [RGB, GREY, RGB[:1, :1], RGB[:, ::2]], ids=["rgb", "grey", "one pixel", "strided"])
def test_shape_and_type_stay_and_the_input_is_left_alone(cls: type[Transform], pixels: Any) -> None:
    before = pixels.copy()
    out = rendered(cls(), pixels)
    assert out.shape == pixels.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_the_same_seed_gives_the_same_bytes_in_every_thread(cls: type[Transform]) -> None:
    first = rendered(cls(), RGB, 5)
    with ThreadPoolExecutor(2) as threads:
        for other in threads.map(lambda _: rendered(cls(), RGB, 5), range(4)):
            np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("cls", [c for c in ALL if c is not Grayscale], ids=lambda c: c.__name__)
def test_another_seed_gives_another_picture(cls: type[Transform]) -> None:
    assert any((rendered(cls(), RGB, 5) != rendered(cls(), RGB, seed)).any() for seed in (6, 7, 8))


def test_jitter_is_brightness_then_contrast_then_saturation_in_one_pass() -> None:
    b, c, s = 1.1, 0.8, 1.3
    step = ColorJitter((b, b), (c, c), (s, s))
    x = b * RGB.astype(float)
    x = c * (x - 127.5) + 127.5
    grey = x @ [0.299, 0.587, 0.114]
    wanted = np.clip(grey[..., None] + s * (x - grey[..., None]), 0, 255)
    # OpenCV multiplies in 10-bit fixed point, which costs up to one level
    assert np.abs(rendered(step, RGB).astype(float) - wanted).max() <= 1.5


def test_jitter_of_grey_pixels_ignores_saturation() -> None:
    out = rendered(ColorJitter((1.2, 1.2), (1, 1), (1.5, 1.5)), GREY)
    assert np.abs(out - np.clip(1.2 * GREY.astype(float), 0, 255)).max() <= 0.501  # rounding, in single precision


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.4])
@pytest.mark.parametrize("pixels", [RGB, GREY])
def test_brightness_multiplies_and_contrast_spreads_around_the_middle(factor: float, pixels: Any) -> None:
    bright = rendered(Brightness((factor, factor)), pixels) - np.clip(factor * pixels.astype(float), 0, 255)
    spread = np.clip(factor * (pixels.astype(float) - 127.5) + 127.5, 0, 255)
    assert np.abs(bright).max() <= 0.501
    assert np.abs(rendered(Contrast((factor, factor)), pixels) - spread).max() <= 0.501


def test_factors_of_one_change_nothing() -> None:
    for step in (ColorJitter(0, 0, 0), Brightness(0), Contrast(0), Gamma(100), HueShift(0), GaussianBlur(0)):
        np.testing.assert_array_equal(rendered(step, RGB), RGB)


@pytest.mark.parametrize("degrees", [60, 120, -120, 180])
def test_hue_turns_from_red_to_yellow(degrees: float) -> None:
    red = np.full((4, 4, 3), (200, 40, 40), np.uint8)
    hsv = cv2.cvtColor(rendered(HueShift((degrees, degrees)), red).astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    assert hsv[0, 0, 0] == pytest.approx(degrees % 360, abs=1.5)  # hue in steps of 1.4 degrees
    assert hsv[0, 0, 1] == pytest.approx(0.8, abs=0.02)


def test_gamma_keeps_black_and_white() -> None:
    out = rendered(Gamma(50), np.array([[[0], [64], [255]]], np.uint8)).ravel()
    assert out.tolist() == [0, round(255 * math.sqrt(64 / 255)), 255]


def test_noise_has_the_asked_spread_and_is_new_in_every_frame() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    one, two = (rendered(GaussianNoise(0.05), flat, 0, "frame", i).astype(float) for i in (0, 1))
    assert one.std() == pytest.approx(0.05 * 255, rel=0.01)  # 0.2 % is one standard error of 120 000 numbers
    assert one.mean() == pytest.approx(128, abs=0.2)
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.02


def test_noise_does_not_depend_on_what_was_drawn_before() -> None:
    first = rendered(GaussianNoise(), RGB)
    cv2.randu(np.empty((100, 7)), 0, 1)
    np.testing.assert_array_equal(rendered(GaussianNoise(), RGB), first)


@pytest.mark.parametrize("length", range(1, 12, 2))
@pytest.mark.parametrize("direction", [0.0, 0.3, math.pi / 2, 2.5])
def test_motion_blur_has_its_length_and_shifts_nothing(length: int, direction: float) -> None:
    kernel = line(length, direction).astype(float)
    reach = len(kernel) // 2
    at = np.arange(-reach, reach + 1)
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose([(kernel * at).sum(), (kernel * at[:, None]).sum()], 0, atol=1e-6)
    spread = (kernel * (at**2 + at[:, None] ** 2)).sum()
    # taps 1 px apart; rounding to the grid moves each by at most half a px along x and along y
    assert np.sqrt(spread) == pytest.approx(np.sqrt((length**2 - 1) / 12), abs=0.5)
    assert (kernel > 0).sum() <= length


@pytest.mark.parametrize("cls", [GaussianBlur, Downscale, Jpeg, MotionBlur, GaussianNoise])
@pytest.mark.parametrize("seed", range(3))
def test_a_blob_stays_where_it_is(cls: type[Transform], seed: int) -> None:
    y, x = np.mgrid[0:96, 0:128] + 0.5
    blob = 255 * np.exp(-((x - 60.3) ** 2 + (y - 41.7) ** 2) / (2 * 6.0**2))
    out = rendered(cls(), np.repeat(np.rint(blob).astype(np.uint8)[..., None], 3, 2), seed).astype(float).mean(2)
    out = np.clip(out - 40, 0, None) * (
        (x - 60) ** 2 + (y - 42) ** 2 < 20**2
    )  # noise and ringing far away carry no place
    centre = (out * x).sum() / out.sum(), (out * y).sum() / out.sum()
    np.testing.assert_allclose(centre, (60.3, 41.7), atol=0.15)  # noise and 8 x 8 blocks; a half-pixel slip would show


def test_cut_out_paints_its_share_and_no_more() -> None:
    flat = np.full((100, 200, 3), 9, np.uint8)
    for seed in range(10):
        out = rendered(CutOut(1, (0.2, 0.2), fill=77), flat, seed)
        assert (out == 77).mean() == pytest.approx(0.04, abs=0.002)  # rounded to whole pixels
    assert (rendered(CutOut((0, 0)), flat) == 9).all()


def test_colour_words_are_told_of_hue_and_grey_and_of_nothing_else() -> None:
    sample = Sample.of("s", {"image": Image(RGB)})

    def told(step: Transform) -> list[ColourShift]:
        change = step.draw(sample, Key.of(0), {})
        assert change is not None
        return [m for m in change.moves if isinstance(m, ColourShift)]

    assert told(Grayscale()) == [ColourShift("camera", 0.0, True)]
    (shift,) = told(HueShift((30, 30)))
    assert shift.hue == pytest.approx(math.radians(30))
    assert told(ColorJitter(0.5, 0.5, 0.5)) == []
    assert told(GaussianBlur()) == []


def test_two_cameras_share_the_light_but_not_the_noise() -> None:
    sample = Sample.of("s", {"a": Image(RGB, "left"), "b": Image(RGB, "right")})
    light, noise = Brightness()(sample), GaussianNoise()(sample)
    np.testing.assert_array_equal(light["a"].pixels, light["b"].pixels)
    assert (noise["a"].pixels != noise["b"].pixels).any()


def test_only_the_named_part_changes() -> None:
    sample = Sample.of("s", {"a": Image(RGB, "left"), "b": Image(RGB, "right")})
    done = Brightness((2, 2), parts="b")(sample)  # type: ignore[arg-type]
    np.testing.assert_array_equal(done["a"].pixels, RGB)
    assert (done["b"].pixels != RGB).any()
    with pytest.raises(UnknownNameError, match="'c'"):
        Brightness(parts=("c",))(sample)


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_a_sample_without_pixels_is_left_alone(cls: type[Transform]) -> None:
    assert cls()(Sample.of("s", {})).lineage.changes == ()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ColorJitter(hue=0.7), "hue must lie in -0.5 to 0.5 turns"),
        (lambda: GaussianBlur((3, 1)), "low <= high"),
        (lambda: MotionBlur(4), "no odd number"),
        (lambda: Jpeg(0), "quality must lie in 1 to 100"),
        (lambda: GaussianNoise(20), "std must lie in 0 to 1 of the range"),
        (lambda: HueShift(float("nan")), "degrees must lie in -180 to 180 degrees"),
    ],
)
def test_wrong_values_are_named_with_what_is_allowed(make: Any, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        make()


def test_neighbouring_changes_of_levels_cost_one_table_and_one_rounding() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    sample = Sample.of("s", {"image": Image(pixels)})
    done = Compose([Brightness(factor=(0.3, 0.3)), Gamma(percent=50), Contrast(factor=(1.5, 1.5))])(sample)
    (queued,) = done.cells["image"].queue
    assert len(queued.move.before) == 2
    x = np.arange(256.0)
    exact = np.clip(1.5 * (255 * (0.3 * x / 255) ** 0.5 - 127.5) + 127.5, 0, 255)
    np.testing.assert_array_equal(done["image"].pixels[..., 0].ravel(), np.rint(exact))
