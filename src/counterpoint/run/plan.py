"""Plans: which copies of which samples stand in which shard.

A plan is written once, before the first shard, together with the resolved recipe. A
shard is a function of the plan and its number alone, so nothing else has to be
remembered: what is left to do is the plan minus the manifests.
"""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any, final

from counterpoint.core.contracts import Source
from counterpoint.errors import FormatError, IntegrityError, RecipeError
from counterpoint.formats.native import Native, describe
from counterpoint.run.recipe import Read, Recipe
from counterpoint.signal.store import WORK, committed, create, sealed, unsealed

_SHOWN = 5


@final
@dataclass(frozen=True)
class Plan:
    """What a folder is to hold.

    Attributes:
        folder: where it is written.
        recipe: the resolved recipe.
        keys: of the source's samples, sorted, so that the order in which a layout lists them does not matter.
        licence, attribution: of the source.
        versions: of the packages that decide the bytes.
    """

    folder: Path
    recipe: Recipe
    keys: tuple[str, ...]
    licence: str
    attribution: str
    versions: tuple[tuple[str, str], ...]

    @property
    def samples(self) -> int:
        return len(self.keys) * len(self.recipe.copies)

    @property
    def shards(self) -> int:
        return -(-self.samples // self.recipe.write.samples_per_shard)

    @property
    def finished(self) -> bool:
        return (self.folder / "versions" / "0001.json").exists()

    @cached_property
    def source(self) -> Source:
        return self.recipe.source()

    def left(self) -> list[int]:
        """Numbers of the shards that are still to be made."""
        done = set(committed(self.folder))
        return [n for n in range(self.shards) if n not in done]

    def samples_left(self) -> int:
        """How many samples the shards that are left will hold, at most."""
        size = self.recipe.write.samples_per_shard
        return sum(min(size, self.samples - n * size) for n in self.left())

    def jobs(self, shard: int) -> Iterator[tuple[str, list[int]]]:
        """Each source key of a shard with the numbers of its copies there; neighbours, so each is read once."""
        size, copies = self.recipe.write.samples_per_shard, self.recipe.copies
        first, last = shard * size, min((shard + 1) * size, self.samples)
        for k in range(first // len(copies), -(-last // len(copies))):
            at = k * len(copies)
            yield self.keys[k], [copies[i - at] for i in range(max(first, at), min(last, at + len(copies)))]

    def parent(self, key: str) -> tuple[str, int]:
        """The source key and the number of the copy that a written key names."""
        if 0 in self.recipe.copies and self.keys[bisect_left(self.keys, key) :][:1] == (key,):
            return key, 0
        parent, _, copy = key.rpartition("~")
        return parent, int(copy)

    def drift(self) -> list[str]:
        """Packages that have other versions now than when the run began, so that the bytes could differ."""
        then = dict(self.versions)
        return [
            f"{name} {then.get(name)} then, {now} now" for name, now in versions(self.recipe) if then.get(name) != now
        ]

    @classmethod
    def made(cls, recipe: Recipe) -> Plan:
        """The plan of a recipe; looks at the source's keys, not at its samples.

        Raises:
            RecipeError: no sample is left, or two would have one key.
        """
        found, asked = recipe.source(), recipe.samples
        keys = sorted(k for k in found.keys() if recipe.takes(k))  # noqa: SIM118 - a Source is no mapping
        if not keys:
            where = f"read: {asked.path}" if isinstance(asked, Read) else f"simulate: {asked.layout}"
            raise RecipeError(
                f"{where} has no sample that matches include={list(asked.include)}. "
                f"Keys there: {', '.join(map(repr, found.keys()[:_SHOWN])) or 'none'}."
            )
        _check_unique(keys, recipe.copies)
        facts = found.facts()
        licence = asked.licence or str(facts.get("licence", ""))
        attribution = asked.attribution or str(facts.get("attribution", ""))
        return cls(Path(recipe.write.path), recipe, tuple(keys), licence, attribution, versions(recipe))

    def save(self) -> bool:
        """Write it and ``dataset.json``, whichever is not there yet; False if the folder has a plan already."""
        fresh = create(
            self.folder,
            "plan.json",
            sealed(
                {
                    "recipe": self.recipe.resolved(),
                    "digest": self.recipe.digest,
                    "keys": list(self.keys),
                    "licence": self.licence,
                    "attribution": self.attribution,
                    "versions": dict(self.versions),
                }
            ),
        )
        describe(self.folder, self._facts())
        return fresh

    def _facts(self) -> dict[str, Any]:
        return {
            "name": self.recipe.title or self.folder.name,
            "licence": self.licence,
            "attribution": self.attribution,
            "recipe": self.recipe.digest,
            "seed": self.recipe.seed,
            "versions": dict(self.versions),
        }

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """The plan in a folder.

        Raises:
            FormatError: the folder was not made by a run.
            IntegrityError: the plan was changed.
        """
        if not (folder / "plan.json").is_file():
            raise FormatError(f"{folder} has no plan.json: it was not made by a run. Give the folder of a run.")
        saved = unsealed(folder / "plan.json")
        recipe = Recipe.restored(saved["recipe"], folder)
        return cls(
            folder,
            recipe,
            tuple(saved["keys"]),
            saved["licence"],
            saved["attribution"],
            tuple(sorted(saved["versions"].items())),
        )


def prepared(recipe: Recipe, resume: bool = False, fresh: bool = False) -> Plan:
    """The plan of a run whose folder is ready to be written.

    Args:
        recipe: checked.
        resume: go on with what is there.
        fresh: remove what is there, if it is a data set of ours.

    Raises:
        FormatError: something is there and neither was asked for; or it is not ours.
        RecipeError: ``resume`` with a recipe that gives other bytes.
    """
    folder = Path(recipe.write.path)
    there = folder.exists() and (not folder.is_dir() or any(p.name != WORK for p in folder.iterdir()))
    if there and not _ours(folder):
        raise FormatError(f"write: {folder} holds something else and nothing is overwritten. Choose another place.")
    if there and fresh:
        plan = Plan.made(recipe)
        _removed(folder)
        there = False
    elif there and resume and (folder / "plan.json").exists():
        return _resumed(Plan.load(folder), recipe)
    elif there and not resume:
        raise FormatError(f"write: {folder} {_state(folder)}. Add --resume to go on, or --fresh to start over.")
    else:
        plan = Plan.made(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    if not plan.save():
        return _resumed(Plan.load(folder), recipe)
    return plan


_PACKAGES = ("counterpoint", "numpy", "opencv-python-headless", "av", "soundfile", "soxr", "python-stretch", "pyarrow")


def versions(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    """Versions of everything that decides the bytes."""
    names = _PACKAGES if recipe.read else (*_PACKAGES, "mujoco-core", "scipy")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return tuple(sorted(found.items()))


def _resumed(plan: Plan, recipe: Recipe) -> Plan:
    if plan.recipe.digest == recipe.digest:
        plan.save()
        return plan
    old, new = _flat(plan.recipe.resolved()), _flat(recipe.resolved())
    changed = [f"{n}: was {old.get(n)!r}, is {new.get(n)!r}" for n in sorted({*old, *new}) if old.get(n) != new.get(n)]
    raise RecipeError(
        f"--resume: {plan.folder} was begun with another recipe ({'; '.join(changed)}). "
        "Restore the recipe, write to another folder, or start over with --fresh."
    )


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else None
    if items is None:
        return {name: value}
    return {n: v for k, inner in items for n, v in _flat(inner, f"{name}.{k}" if name else str(k)).items()}


def _state(folder: Path) -> str:
    if not (folder / "plan.json").exists():
        return "holds a data set already"
    plan = Plan.load(folder)
    if plan.finished:
        return "holds a finished run already"
    return f"holds an unfinished run ({plan.shards - len(plan.left())} of {plan.shards} shards are done)"


def _ours(folder: Path) -> bool:
    """Whether a run or the native format made this folder; another program's ``plan.json`` does not count."""
    if Native.detect(folder) > 0:
        return True
    try:
        return "digest" in unsealed(folder / "plan.json")
    except IntegrityError:
        return False


def _removed(folder: Path) -> None:
    """Move the folder aside before it is deleted, so that it is never half there."""
    import shutil
    import tempfile

    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    folder.rename(aside / folder.name)
    shutil.rmtree(aside)


def _check_unique(keys: list[str], copies: range) -> None:
    twice = next((k for a, k in pairwise(keys) if a == k), None)
    if twice is not None:
        raise RecipeError(f"read: the key {twice!r} stands for two samples. Rename one of them.")
    if 0 not in copies:  # every written key then ends in its copy, so that none can be that of another
        return
    known = set(keys)
    for key in keys:
        parent, _, copy = key.rpartition("~")
        if parent in known and copy.isdecimal() and int(copy) in copies:
            raise RecipeError(
                f"read: the key {key!r} would stand for two samples, itself and copy {int(copy)} of {parent!r}. "
                "Do without keep_originals, or leave one of the two out of include."
            )


def copy_key(key: str, copy: int) -> str:
    """Key of a copy; the sample itself (copy 0) keeps its own."""
    return f"{key}~{copy:03d}" if copy else key
