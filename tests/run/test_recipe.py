"""Recipes: every mistake is found before any work, with its line and the way out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml

from counterpoint.core.dataset import open as opened
from counterpoint.errors import RecipeError
from counterpoint.run.recipe import Recipe, json_schema, load_recipe
from tests.run.made_up import ROOT, recipe, source

GOOD = """\
title: made up
read:
  path: src
make:
  - augment:
      copies: 3
      with:
        - mirror
        - rotate: {degrees: [-5, 5]}
write:
  path: out
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    source(tmp_path / "src", ["a"])
    return tmp_path


def said(place: Path, text: str, *settings: str) -> str:
    path = place / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, settings)
    return str(caught.value).replace(f"{place}/", "")


def test_a_good_recipe_has_its_paths_relative_to_itself(place: Path) -> None:
    (place / "r.yaml").write_text(GOOD)
    loaded = load_recipe(place / "r.yaml")
    assert (loaded.read.path, loaded.write.path) == (str(place / "src"), str(place / "out"))
    assert (loaded.copies, loaded.workers, loaded.on_refusal) == (range(1, 4), None, "skip")


@pytest.mark.parametrize(
    ("right", "wrong", "line", "told"),
    [
        ("copies: 3", "copys: 3", 6, "There is no setting called 'copys'. Did you mean 'copies'?"),
        ("write:", "wrte:", 10, "There is no setting called 'wrte'. Did you mean 'write'"),
        ("copies: 3", "copies: 0", 6, "should be greater than or equal to 1 (allowed: 1 to 100000), found 0."),
        ("copies: 3", "copies: many", 6, "copies: should be a valid integer"),
        ("- mirror", "- mirorr", 8, "There is no transform called 'mirorr'. Did you mean 'mirror'?"),
        ("degrees:", "degres:", 9, "There is no parameter of rotate called 'degres'. Did you mean 'degrees'?"),
        ("path: src", "path: scr", 3, "read.path: there is no such file or folder: scr."),
        ("path: src", "path: src\n  format: natve", 4, "There is no format called 'natve'. Did you mean 'native'?"),
        ("path: out", "path: src/out", 11, "write.path: src/out lies inside the data that is read"),
        ("title: made up", "title: [", 3, "not valid YAML"),
        ("path: out", "path: out\nread: {path: x}", 12, "'read' stands here a second time"),
        ("make:", "on_refusal: skp\nmake:", 4, "should be 'skip', 'drop-part' or 'error', found 'skp'."),
        ("made up", "!!python/object/apply:os.system [false]", 1, "not valid YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(
    place: Path, right: str, wrong: str, line: int, told: str
) -> None:
    lines = said(place, GOOD.replace(right, wrong, 1)).splitlines()
    assert any(f"r.yaml, line {line}: " in one and told in one for one in lines), lines


def test_all_mistakes_are_told_at_once(place: Path) -> None:
    told = said(place, GOOD.replace("- mirror", "- mirorr").replace("rotate", "rotat").replace("src", "scr"))
    assert len(told.splitlines()) == 3


def test_an_empty_file_and_a_list_are_no_recipes(place: Path) -> None:
    assert "takes settings by name" in said(place, "")
    assert "takes settings by name" in said(place, "- 1")
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe(place / "nowhere.yaml")


def test_a_recipe_that_nests_for_ever_is_refused(place: Path) -> None:
    assert "nested too deeply" in said(place, "[" * 5000 + "]" * 5000)


def test_aliases_that_stand_for_billions_of_values_are_refused(place: Path) -> None:
    rows = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(12)]
    assert "too many for a recipe" in said(place, "\n".join(["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]", *rows]))


def test_a_recipe_that_is_no_text_is_told(place: Path) -> None:
    (place / "r.yaml").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(RecipeError, match="cannot be read as UTF-8"):
        load_recipe(place / "r.yaml")


def test_settings_on_the_command_line_win(place: Path) -> None:
    path = recipe(place)
    loaded = load_recipe(path, ["seed=9", "make.0.augment.copies=7", "make.0.augment.with.1=grayscale"])
    assert (loaded.seed, loaded.augment.copies) == (9, 7)
    assert loaded.augment.steps[1] == "grayscale"
    assert "write it as name=value" in said(place, GOOD, "seed")
    assert "--set: sed" in said(place, GOOD, "sed=3")
    assert "has no such place" in said(place, GOOD, "make.7.augment.copies=3")


def test_the_digest_names_what_decides_the_bytes_and_nothing_else(place: Path) -> None:
    path = recipe(place)
    digest = load_recipe(path).digest
    assert load_recipe(path, ["workers=7"]).digest == digest
    assert load_recipe(path, ["seed=1"]).digest != digest
    resolved = load_recipe(path).resolved()
    assert str(place) not in json.dumps(resolved)
    restored = Recipe.restored(resolved, place / "out")
    assert restored.digest == digest
    assert restored.read.path == str(place / "src")


def test_a_plugin_that_is_not_there_is_told(place: Path) -> None:
    assert "cannot import 'no_such_module'" in said(place, GOOD + "plugins: [no_such_module]\n")


def test_the_schema_knows_good_from_bad(place: Path) -> None:
    check = jsonschema.Draft202012Validator(json_schema())
    assert not list(check.iter_errors(yaml.safe_load(GOOD)))
    for right, wrong in (("copies: 3", "copys: 3"), ("- mirror", "- mirorr"), ("rotate", "rotat"), ("3", "0")):
        assert list(check.iter_errors(yaml.safe_load(GOOD.replace(right, wrong, 1)))), wrong


def test_the_schema_that_ships_is_the_one_of_the_code() -> None:
    """Write it anew with: python scripts/catalog.py."""
    assert json.loads((ROOT / "docs" / "recipe.schema.json").read_text()) == json_schema()


def test_the_recipe_that_ships_is_good_and_its_clips_name_their_licence() -> None:
    path = ROOT / "examples" / "talking_faces.yaml"
    text = path.read_text()
    schema = text.partition("$schema=")[2].partition("\n")[0]
    assert os.path.exists(path.parent / schema)
    loaded = load_recipe(path)
    assert len(opened(loaded.read.path)) * len(loaded.copies) == 100
    assert loaded.read.licence == "CC-BY-4.0"
    assert loaded.read.attribution
    assert not list(jsonschema.Draft202012Validator(json_schema()).iter_errors(yaml.safe_load(text)))
