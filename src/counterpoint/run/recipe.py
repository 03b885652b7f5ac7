"""Recipes: what a run reads, makes and writes, as a YAML file.

A recipe is checked as a whole before any work starts. Every mistake is told with
its line, the nearest valid name and the allowed range. Paths are relative to the
recipe. A first line ``# yaml-language-server: $schema=…`` lets editors complete it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from counterpoint.core.contracts import Step
from counterpoint.core.serial import digest
from counterpoint.errors import CounterpointError, RecipeError
from counterpoint.run.yaml_text import YamlText


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


@final
class Read(_Strict):
    """Where the samples come from."""

    path: Annotated[str, Field(min_length=1, description="folder or file, relative to the recipe")]
    format: Annotated[str | None, Field(description="layout; found by looking if left out")] = None
    licence: Annotated[str, Field(description="of the data, e.g. CC-BY-4.0; noted with every sample")] = ""
    attribution: Annotated[str, Field(description="whom the licence asks to name")] = ""
    include: Annotated[
        tuple[str, ...], Field(description="keys or patterns with * and ? of the samples to take; all if empty")
    ] = ()


@final
class Augment(_Strict):
    """New copies of every sample."""

    steps: Annotated[tuple[Any, ...], Field(alias="with", description="transforms and policies, in order")] = ()
    copies: Annotated[int, Field(ge=1, le=100_000, description="new copies of every sample")] = 1
    keep_originals: Annotated[bool, Field(description="whether the samples themselves are written too")] = False


@final
class Stage(_Strict):
    """One step of ``make``."""

    augment: Augment


@final
class Write(_Strict):
    """Where the new data set goes."""

    path: Annotated[str, Field(min_length=1, description="folder, relative to the recipe")]
    format: Annotated[Literal["native"], Field(description="runs write the native store; see convert")] = "native"
    samples_per_shard: Annotated[int, Field(ge=1, le=1_000_000, description="samples in one tar")] = 100


@final
class Recipe(_Strict):
    """A run: ``read`` samples, ``make`` new ones, ``write`` them."""

    title: Annotated[str, Field(description="what the data set is called")] = ""
    read: Read
    make: Annotated[tuple[Stage, ...], Field(max_length=1, description="what to do; nothing copies the samples")] = ()
    on_refusal: Annotated[
        Literal["skip", "drop-part", "error"], Field(description="what to do where a part cannot follow a change")
    ] = "skip"
    write: Write
    seed: Annotated[int, Field(ge=0, lt=2**63, description="other seeds give other samples")] = 0
    workers: Annotated[int | None, Field(ge=1, le=4096, description="processes; one a core if left out")] = None
    plugins: Annotated[tuple[str, ...], Field(description="Python modules with parts or transforms of your own")] = ()

    @property
    def augment(self) -> Augment:
        """The one stage there is; without one the samples are written as they are."""
        return self.make[0].augment if self.make else Augment(keep_originals=True)

    @property
    def copies(self) -> range:
        """Numbers of the copies of one sample; 0 is the sample itself."""
        if not self.make:
            return range(1)
        return range(0 if self.augment.keep_originals else 1, self.augment.copies + 1)

    def takes(self, key: str) -> bool:
        return not self.read.include or any(key == p or fnmatchcase(key, p) for p in self.read.include)

    def step(self) -> Step:
        """What is done to every copy."""
        from counterpoint.transforms.build import step_from
        from counterpoint.transforms.policy import Compose

        for module in self.plugins:
            import_module(module)
        return Compose(tuple(step_from(spec) for spec in self.augment.steps))

    def resolved(self) -> dict[str, Any]:
        """All that decides the bytes, with the source as seen from the folder that is written. JSON types."""
        values = self.model_dump(mode="json", by_alias=True, exclude={"workers": True, "write": {"path"}})
        values["read"]["path"] = os.path.relpath(self.read.path, self.write.path)
        return values

    @classmethod
    def restored(cls, values: Mapping[str, Any], folder: Path) -> Recipe:
        """The inverse of ``resolved`` for the folder that holds it."""
        read = {**values["read"], "path": os.path.normpath(folder / values["read"]["path"])}
        return cls.model_validate({**values, "read": read, "write": {**values["write"], "path": str(folder)}})

    @property
    def digest(self) -> str:
        """Names everything that decides the bytes."""
        return digest(self.resolved())


def load_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """A recipe from its file.

    Args:
        path: YAML.
        settings: ``dotted.name=value`` overrides; values are YAML.

    Raises:
        RecipeError: listing every mistake with its line.
    """
    if not path.is_file():
        raise RecipeError(f"run {str(path)!r}: there is no such recipe (looked in {Path.cwd()}).")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise RecipeError(f"run {str(path)!r}: it cannot be read as UTF-8 text ({e}). Save it as UTF-8.") from e
    return checked_recipe(YamlText.parse(text, str(path)).overridden(settings), path.parent)


def checked_recipe(text: YamlText, base: Path) -> Recipe:
    """The recipe in a YAML text whose paths are relative to ``base``; see ``load_recipe``."""
    try:
        recipe = Recipe.model_validate(text.value)
    except ValidationError as e:
        raise text.error([(_place(p["loc"]), _sentence(p)) for p in e.errors()]) from e
    here = base.resolve()
    recipe = recipe.model_copy(
        update={
            "read": recipe.read.model_copy(
                update={"path": os.path.normpath(here / Path(recipe.read.path).expanduser())}
            ),
            "write": recipe.write.model_copy(
                update={"path": os.path.normpath(here / Path(recipe.write.path).expanduser())}
            ),
        }
    )
    problems = [*_source_problems(recipe), *_step_problems(recipe)]
    if problems:
        raise text.error(problems)
    return recipe


Problem = tuple[tuple[str | int, ...], str]


def _source_problems(recipe: Recipe) -> list[Problem]:
    from counterpoint.catalog import find
    from counterpoint.core.dataset import detected

    read, write = Path(recipe.read.path), Path(recipe.write.path)
    if not read.exists():
        return [(("read", "path"), f"there is no such file or folder: {read}")]
    if write == read or read in write.parents:
        return [(("write", "path"), f"{write} lies inside the data that is read ({read}); choose a place outside")]
    if write in read.parents:
        return [(("write", "path"), f"{write} holds the data that is read ({read}); choose a place of its own")]
    try:
        if recipe.read.format:
            find("formats", recipe.read.format)
        else:
            detected(read)
    except CounterpointError as e:
        return [(("read", "format" if recipe.read.format else "path"), str(e))]
    return []


def _step_problems(recipe: Recipe) -> list[Problem]:
    from counterpoint.transforms.build import step_from

    problems: list[Problem] = []
    for i, module in enumerate(recipe.plugins):
        try:
            import_module(module)
        except ImportError as e:
            problems.append((("plugins", i), f"cannot import {module!r}: {e}"))
    for s, stage in enumerate(recipe.make):
        for i, spec in enumerate(stage.augment.steps):
            try:
                step_from(spec)
            except CounterpointError as e:
                problems.append((("make", s, "augment", "with", i), str(e)))
    return problems


def _sentence(problem: Any) -> str:
    """A pydantic error in words: what is wrong, the nearest name or the allowed range."""
    place, kind = _place(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        from counterpoint.errors import UnknownNameError

        return str(UnknownNameError("setting", str(place[-1]), _settings(place[:-1])))
    if kind == "missing":
        return f"{place[-1]!r} is missing"
    if kind == "too_long":
        return "one step is all that 'make' takes; put every transform into its 'with' list"
    if kind == "model_type":
        return f"takes settings by name ({', '.join(_settings(place))}), found {problem['input']!r}"
    allowed = _range(place)
    said = problem["msg"].replace("Input should", "should").replace("String should", "should")
    said = said.replace("a valid tuple", "a list, e.g. [a, b]")
    return f"{said}{f' (allowed: {allowed})' if allowed else ''}, found {problem['input']!r}"


def _range(place: Sequence[str | int]) -> str:
    """The range that a setting allows, in words; empty if it has none."""
    limits: dict[str, Any] = {}
    for rule in _model(place[:-1]).model_fields[_field(place)].metadata:
        limits |= {name: getattr(rule, name) for name in ("ge", "lt", "le") if hasattr(rule, name)}
    top = limits.get("le", limits["lt"] - 1 if "lt" in limits else None)
    return f"{limits['ge']} to {top}" if "ge" in limits and top is not None else ""


def _field(place: Sequence[str | int]) -> str:
    name = next((p for p in reversed(place) if isinstance(p, str)), "")
    return "steps" if name == "with" else name


def _place(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple("with" if p == "steps" else p for p in loc)


def _model(place: Sequence[str | int]) -> type[BaseModel]:
    at: dict[str, type[BaseModel]] = {"read": Read, "write": Write, "make": Stage, "augment": Augment}
    return next((at[p] for p in reversed(place) if isinstance(p, str) and p in at), Recipe)


def _settings(place: Sequence[str | int]) -> list[str]:
    """Names of the settings that are valid at ``place``."""
    return [f.alias or n for n, f in _model(place).model_fields.items()]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, with the names of all transforms, for editors."""
    from counterpoint.catalog import TABLES

    names = sorted(TABLES["transforms"])
    schema = Recipe.model_json_schema(by_alias=True)
    schema["$defs"]["Augment"]["properties"]["with"]["items"] = {
        "anyOf": [
            {"type": "string", "anyOf": [{"enum": names}, {"pattern": r"^[a-z0-9_]+\(.*\)$"}]},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": names}},
        ]
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Counterpoint recipe"}
