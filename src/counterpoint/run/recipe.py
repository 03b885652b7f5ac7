"""Recipes: what a run reads or simulates, makes and writes, as a YAML file.

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

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from counterpoint.core.contracts import Source, Step
from counterpoint.core.serial import digest
from counterpoint.errors import CounterpointError, MissingDependencyError, RecipeError
from counterpoint.run.yaml_text import YamlText


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


_Licence = Annotated[str, Field(description="of the data, e.g. CC-BY-4.0; noted with every sample")]
_Attribution = Annotated[str, Field(description="whom the licence asks to name")]
_Include = Annotated[
    tuple[str, ...], Field(description="keys or patterns with * and ? of the samples to take; all if empty")
]


@final
class Read(_Strict):
    """Where the samples come from."""

    path: Annotated[str, Field(min_length=1, description="folder or file, relative to the recipe")]
    format: Annotated[str | None, Field(description="layout; found by looking if left out")] = None
    licence: _Licence = ""
    attribution: _Attribution = ""
    include: _Include = ()


@final
class Simulate(_Strict):
    """Samples from a layout of scenes."""

    layout: Annotated[str, Field(min_length=1, description="name, or a YAML file of ranges relative to the recipe")]
    n: Annotated[int, Field(ge=1, le=1_000_000, description="how many samples")]
    settings: Annotated[
        dict[str, Any], Field(alias="set", description="settings of the layout; {value: share} is a quota")
    ] = {}
    licence: _Licence = ""
    attribution: _Attribution = ""
    include: _Include = ()


@final
class Augment(_Strict):
    """New copies of every sample."""

    steps: Annotated[tuple[Any, ...], Field(alias="with", description="transforms and policies, in order")] = ()
    copies: Annotated[int, Field(ge=1, le=100_000, description="new copies of every sample")] = 1
    keep_originals: Annotated[bool, Field(description="whether the samples themselves are written too")] = False


@final
class Stage(_Strict):
    """One step of ``make``: ``simulate`` or ``augment``."""

    simulate: Simulate | None = None
    augment: Augment | None = None

    @model_validator(mode="after")
    def _one(self) -> Stage:
        if (self.simulate is None) == (self.augment is None):
            raise ValueError("a step of 'make' is either 'simulate' or 'augment'")
        return self


@final
class Write(_Strict):
    """Where the new data set goes."""

    path: Annotated[str, Field(min_length=1, description="folder, relative to the recipe")]
    format: Annotated[Literal["native"], Field(description="runs write the native store; see convert")] = "native"
    samples_per_shard: Annotated[int, Field(ge=1, le=1_000_000, description="samples in one tar")] = 100


@final
class Recipe(_Strict):
    """A run: ``read`` samples or ``simulate`` them, ``make`` new ones, ``write`` them."""

    title: Annotated[str, Field(description="what the data set is called")] = ""
    read: Annotated[Read | None, Field(description="left out where the first step simulates")] = None
    make: Annotated[tuple[Stage, ...], Field(max_length=2, description="what to do; nothing copies the samples")] = ()
    on_refusal: Annotated[
        Literal["skip", "drop-part", "error"], Field(description="what to do where a part cannot follow a change")
    ] = "skip"
    write: Write
    seed: Annotated[int, Field(ge=0, lt=2**63, description="other seeds give other samples")] = 0
    workers: Annotated[int | None, Field(ge=1, le=4096, description="processes; one a core if left out")] = None
    plugins: Annotated[tuple[str, ...], Field(description="Python modules with parts or transforms of your own")] = ()

    @model_validator(mode="after")
    def _order(self) -> Recipe:
        kinds = ["simulate" if stage.simulate else "augment" for stage in self.make]
        if self.read is not None and "simulate" in kinds:
            raise ValueError("a recipe reads or simulates: leave out 'read', or 'simulate' in 'make'")
        if self.read is None and kinds[:1] != ["simulate"]:
            raise ValueError("'read' is missing; it may be left out only where the first step of 'make' is 'simulate'")
        if len(set(kinds)) < len(kinds):
            raise ValueError(
                f"'make' has two steps {kinds[0]!r}; one is all it takes: put every transform into one 'with' list"
            )
        return self

    @property
    def samples(self) -> Read | Simulate:
        """Where the samples come from."""
        found = self.read or self.make[0].simulate
        assert found is not None, "a recipe reads or simulates"
        return found

    @property
    def augment(self) -> Augment | None:
        """The stage that makes copies; without one the samples are written as they are."""
        return next((stage.augment for stage in self.make if stage.augment), None)

    @property
    def copies(self) -> range:
        """Numbers of the copies of one sample; 0 is the sample itself."""
        if self.augment is None:
            return range(1)
        return range(0 if self.augment.keep_originals else 1, self.augment.copies + 1)

    def takes(self, key: str) -> bool:
        chosen = self.samples.include
        return not chosen or any(key == p or fnmatchcase(key, p) for p in chosen)

    def only(self, patterns: Sequence[str]) -> Recipe:
        """The recipe for these samples alone."""
        chosen = self.samples.model_copy(update={"include": tuple(patterns)})
        if isinstance(chosen, Read):
            return self.model_copy(update={"read": chosen})
        return self.model_copy(update={"make": (Stage(simulate=chosen), *self.make[1:])})

    def source(self) -> Source:
        """What it reads or simulates."""
        from counterpoint.core.dataset import source

        self._import_plugins()
        if isinstance(self.samples, Read):
            return source(Path(self.samples.path), self.samples.format)
        from counterpoint.simulate.engine import Simulated

        return Simulated(self.samples.layout, self.samples.n, self.seed, self.samples.settings)

    def step(self) -> Step:
        """What is done to every copy."""
        from counterpoint.transforms.build import step_from
        from counterpoint.transforms.policy import Compose

        self._import_plugins()
        return Compose(tuple(step_from(spec) for spec in (self.augment.steps if self.augment else ())))

    def _import_plugins(self) -> None:
        for module in self.plugins:
            import_module(module)

    def resolved(self) -> dict[str, Any]:
        """All that decides the bytes, with the source as seen from the folder that is written. JSON types."""
        values = self.model_dump(mode="json", by_alias=True, exclude={"workers": True, "write": {"path"}})
        values["make"] = [{kind: value for kind, value in stage.items() if value} for stage in values["make"]]
        if self.read is None:
            del values["read"]
        else:
            values["read"]["path"] = os.path.relpath(self.read.path, self.write.path)
        return values

    @classmethod
    def restored(cls, values: Mapping[str, Any], folder: Path) -> Recipe:
        """The inverse of ``resolved`` for the folder that holds it."""
        restored = {**values, "write": {**values["write"], "path": str(folder)}}
        if "read" in values:
            restored["read"] = {**values["read"], "path": os.path.normpath(folder / values["read"]["path"])}
        return cls.model_validate(restored)

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
    places = {name: getattr(recipe, name) for name in ("read", "write") if getattr(recipe, name) is not None}
    placed = {
        name: place.model_copy(update={"path": os.path.normpath(here / Path(place.path).expanduser())})
        for name, place in places.items()
    }
    recipe = recipe.model_copy(update=placed)
    try:
        recipe = _with_ranges(recipe, here)
    except CounterpointError as e:
        raise text.error([(("make", 0, "simulate", "layout"), str(e))]) from e
    problems = [*_source_problems(recipe), *_step_problems(recipe)]
    if problems:
        raise text.error(problems)
    return recipe


def _with_ranges(recipe: Recipe, here: Path) -> Recipe:
    """A layout that is a YAML file put in the place of its name, so that the recipe needs no other file."""
    asked = recipe.samples
    if isinstance(asked, Read) or not asked.layout.endswith((".yaml", ".yml")):
        return recipe
    from counterpoint.simulate.layouts.declared import Declared, read_ranges

    ranges = read_ranges(Path(os.path.normpath(here / Path(asked.layout).expanduser())))
    found = asked.model_copy(update={"layout": Declared.name(), "settings": {**ranges, **asked.settings}})
    return recipe.model_copy(update={"make": (Stage(simulate=found), *recipe.make[1:])})


Problem = tuple[tuple[str | int, ...], str]


def _source_problems(recipe: Recipe) -> list[Problem]:
    from counterpoint.catalog import find
    from counterpoint.core.dataset import detected

    if recipe.read is None:
        return []
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
        for i, spec in enumerate(stage.augment.steps if stage.augment else ()):
            try:
                step_from(spec)
            except CounterpointError as e:
                problems.append((("make", s, "augment", "with", i), str(e)))
    return problems or _layout_problems(recipe)


def _layout_problems(recipe: Recipe) -> list[Problem]:
    """What cannot be simulated: each setting by itself, then all of them together."""
    if recipe.read is not None:
        return []
    from counterpoint.simulate.engine import Simulated
    from counterpoint.simulate.layout import required

    asked = recipe.samples
    assert isinstance(asked, Simulate)
    at = ("make", 0, "simulate")
    try:
        needed = required(asked.layout)
    except CounterpointError as e:
        return [((*at, "layout"), str(e))]
    always = {name: value for name, value in asked.settings.items() if name in needed}
    try:
        Simulated(asked.layout, asked.n, recipe.seed, always)
    except CounterpointError as e:
        return [((*at, "set"), str(e))]
    problems: list[Problem] = []
    for name, value in asked.settings.items():
        try:
            Simulated(asked.layout, asked.n, recipe.seed, {**always, name: value})
        except CounterpointError as e:
            problems.append(((*at, "set", name), str(e)))
    if problems:
        return problems
    try:
        Simulated(asked.layout, asked.n, recipe.seed, asked.settings).check()
    except MissingDependencyError:
        raise
    except CounterpointError as e:
        return [(at, str(e))]
    return []


def _sentence(problem: Any) -> str:
    """A pydantic error in words: what is wrong, the nearest name or the allowed range."""
    place, kind = _place(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        from counterpoint.errors import UnknownNameError

        return str(UnknownNameError("setting", str(place[-1]), _settings(place[:-1])))
    if kind == "missing":
        return f"{place[-1]!r} is missing"
    if kind == "too_long":
        return "'make' takes 'simulate' and then 'augment', or one of them; put every transform into its 'with' list"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
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
    return {"with": "steps", "set": "settings"}.get(name, name)


def _place(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple({"steps": "with", "settings": "set"}.get(p, p) if isinstance(p, str) else p for p in loc)


def _model(place: Sequence[str | int]) -> type[BaseModel]:
    at: dict[str, type[BaseModel]]
    at = {"read": Read, "write": Write, "make": Stage, "augment": Augment, "simulate": Simulate}
    return next((at[p] for p in reversed(place) if isinstance(p, str) and p in at), Recipe)


def _settings(place: Sequence[str | int]) -> list[str]:
    """Names of the settings that are valid at ``place``."""
    return [f.alias or n for n, f in _model(place).model_fields.items()]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, with the names of all transforms and layouts, for editors."""
    from counterpoint.catalog import TABLES

    names = sorted(TABLES["transforms"])
    schema = Recipe.model_json_schema(by_alias=True)
    schema["$defs"]["Augment"]["properties"]["with"]["items"] = {
        "anyOf": [
            {"type": "string", "anyOf": [{"enum": names}, {"pattern": r"^[a-z0-9_]+\(.*\)$"}]},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": names}},
        ]
    }
    schema["$defs"]["Simulate"]["properties"]["layout"]["anyOf"] = [
        {"enum": sorted(TABLES["layouts"])},
        {"type": "string"},
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Counterpoint recipe"}
