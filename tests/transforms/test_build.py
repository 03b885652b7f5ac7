"""Steps from text and from recipe values, and what is said of wrong ones."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.core.contracts import Step
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.transforms.build import parse_step, signature, step_from
from counterpoint.transforms.colour import ColorJitter, HueShift
from counterpoint.transforms.plane_bend import GridDistortion
from counterpoint.transforms.plane_crop import Crop, RandomResizedCrop
from counterpoint.transforms.plane_size import Letterbox, Pad, Resize
from counterpoint.transforms.plane_warp import Rotate
from counterpoint.transforms.policy import Compose, OneOf, SomeOf, Sometimes
from counterpoint.transforms.quality import GaussianNoise, Jpeg
from counterpoint.transforms.randaugment import RandAugment
from counterpoint.transforms.scene import Mirror


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("mirror", Mirror()),
        ("Mirror()", Mirror()),
        (" rotate(-30, 30) ", Rotate((-30, 30))),
        ("rotate(15, expand=True)", Rotate(15, expand=True)),
        ("rotate((-5, 5), True)", Rotate((-5, 5), True)),
        ("jpeg(50, 95)", Jpeg((50, 95))),
        ("crop(0.8)", Crop(0.8)),
        ("crop(64, 48)", Crop((64, 48))),
        ("resize(224)", Resize(224)),
        ("gaussian_noise(0.02, 0.1)", GaussianNoise((0.02, 0.1))),
        ("color_jitter(hue=[-0.1, 0.1])", ColorJitter(hue=(-0.1, 0.1))),
        ("crop(0.5, planes=left)", Crop(0.5, ("left",))),
        ("one_of(mirror, crop(0.8), weights=[1, 3])", OneOf((Mirror(), Crop(0.8)), (1, 3))),
        ("one_of([mirror, crop(0.8)])", OneOf((Mirror(), Crop(0.8)))),
        ("sometimes(mirror, 0.3)", Sometimes(Mirror(), 0.3)),
        ("some_of([mirror, pad(3)], n=(1, 2))", SomeOf((Mirror(), Pad(3)), (1, 2))),
        ("rand_augment(3, magnitude=5, axes=[time, plane])", RandAugment(3, 5, axes=("plane", "time"))),
    ],
)
def test_text_gives_the_step(text: str, step: Step) -> None:
    assert parse_step(text) == step


@pytest.mark.parametrize(
    ("value", "step"),
    [
        ("mirror", Mirror()),
        ("crop(0.5)", Crop(0.5)),
        ({"mirror": None}, Mirror()),
        ({"mirror": {}}, Mirror()),
        ({"rotate": {"degrees": [-30, 30]}}, Rotate((-30, 30))),
        ({"rotate": [-30, 30]}, Rotate((-30, 30))),
        ({"hue_shift": 10}, HueShift(10)),
        ({"resize": [32, 16]}, Resize((32, 16))),
        ({"random_resized_crop": {"size": [64, 64], "scale": [0.5, 1]}}, RandomResizedCrop((64, 64), (0.5, 1))),
        ({"letterbox": {"size": [64, 64], "fill": [1, 2, 3]}}, Letterbox((64, 64), (1, 2, 3))),
        ({"one_of": ["mirror", {"crop": 0.8}]}, OneOf((Mirror(), Crop(0.8)))),
        ({"one_of": {"steps": ["mirror", "pad(2)"], "weights": [1, 2]}}, OneOf((Mirror(), Pad(2)), (1, 2))),
        ({"sometimes": {"step": {"crop": 0.8}, "p": 0.3}}, Sometimes(Crop(0.8), 0.3)),
        ({"sometimes": {"crop": {"size": 0.8}}}, Sometimes(Crop(0.8))),
        ({"sometimes": "mirror"}, Sometimes(Mirror())),
        ({"compose": [{"some_of": {"steps": ["mirror"], "n": 1}}]}, Compose((SomeOf((Mirror(),), 1),))),
        (["mirror", "crop(0.5)"], Compose((Mirror(), Crop(0.5)))),
        (Mirror(), Mirror()),
    ],
)
def test_recipe_values_give_the_step(value: Any, step: Step) -> None:
    assert step_from(value) == step


@pytest.mark.parametrize("name", sorted(TABLES["transforms"]))
def test_every_name_of_the_catalogue_can_be_built_and_described(name: str) -> None:
    cls = find("transforms", name)
    needs_step = {f.name for f in fields(cls)} & {"step", "steps"} and cls is not GridDistortion
    assert isinstance(step_from({name: ["mirror"]} if needs_step else name), cls)
    assert signature(cls).startswith(f"{name}(")


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("miror", UnknownNameError, "no transform called 'miror'.*'mirror'"),
        ("crop(siz=0.8)", RecipeError, r"no parameter of crop called 'siz'.*'size'.*crop\(size=0.8, planes=\(\)\)"),
        ({"crop": {"size": "big"}}, RecipeError, r"size='big' is not a number or \(a whole number, a whole number\)"),
        ({"crop": {"size": 1.5}}, RecipeError, "at most 1"),
        ({"sometimes": {"p": 0.3}}, RecipeError, "sometimes needs step"),
        ({"sometimes": {"step": "mirror", "p": 3}}, RecipeError, "p must lie in 0 to 1"),
        ({"crop": 1, "mirror": None}, RecipeError, "one name"),
        (7, RecipeError, "7 is not a step"),
        ("crop(0.8", RecipeError, "'crop.0.8' is not a step"),
        ("crop(__import__('os').getcwd())", RecipeError, "is not a step|is not a value"),
        ("crop(1 + 1)", RecipeError, "is not a value"),
        ("mirror(3)", RecipeError, "takes no parameters"),
        ("rotate(1, 2, True, 0, (), 9)", RecipeError, "at most 4 values"),
        ("rotate(**{})", RecipeError, "by its name"),
        ("rotate(True)", RecipeError, "degrees=True is not a number"),
        ("rand_augment(axes=[tim])", UnknownNameError, "no axis called 'tim'.*'time'"),
        ("transform", UnknownNameError, "no transform called 'transform'"),
    ],
)
def test_wrong_steps_are_named_with_what_is_allowed(value: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        step_from(value)
