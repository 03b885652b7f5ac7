"""Every class of the catalogue keeps its contract."""

from __future__ import annotations

import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.testing.modality import check_modality
from counterpoint.testing.worlds import everything, examples


@pytest.mark.parametrize("name", sorted(set(TABLES["modalities"]) - {"absent"}))
def test_every_modality_keeps_its_contract(name: str) -> None:
    part = examples()[name]
    assert type(part) is find("modalities", name)
    check_modality(part)
    check_modality(part, everything().rig)
