"""Every class of the catalogue keeps its contract."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.core.serial import Recorded
from counterpoint.testing.modality import check_modality
from counterpoint.testing.worlds import everything, examples


@pytest.mark.parametrize("name", sorted(set(TABLES["modalities"]) - {"absent"}))
def test_every_modality_keeps_its_contract(name: str) -> None:
    part = examples()[name]
    assert type(part) is find("modalities", name)
    check_modality(part)
    check_modality(part, everything().rig)


def test_no_two_recorded_values_have_one_name() -> None:
    for package in ("core", "modalities", "transforms", "simulate"):
        module = import_module(f"counterpoint.{package}")
        for found in walk_packages(module.__path__, f"counterpoint.{package}."):
            import_module(found.name)
    names = [c.__name__ for c in _below(Recorded) if c.__module__.startswith("counterpoint.")]
    assert {n for n in names if names.count(n) > 1} == set()


def _below(base: type) -> list[type]:
    return [c for sub in base.__subclasses__() for c in (sub, *_below(sub))]
