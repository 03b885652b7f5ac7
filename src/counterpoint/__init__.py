"""Counterpoint: multimodal samples whose parts still belong together.

The public names stand here and are imported when they are first used, so that
``import counterpoint`` costs next to nothing::

    import counterpoint as cp

    ds = cp.open("examples/data/grid")
    step = cp.Compose([cp.Mirror(), cp.Tempo((0.8, 1.25))])
    new = step(ds[0], seed=7)

Every modality and transform of the catalogue is here by its class name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "open": "core.dataset",
    "wrap": "core.dataset",
    "Dataset": "core.dataset",
    "Sample": "core.sample",
    "Lineage": "core.lineage",
    "Rig": "core.rig",
    "Camera": "core.rig",
    "Frame": "core.rig",
    "Key": "core.keys",
    "Blob": "core.blob",
    "Column": "core.columns",
    "Modality": "core.contracts",
    "Transform": "core.contracts",
    "Step": "core.contracts",
    "Format": "core.contracts",
    "Source": "core.contracts",
    "Link": "modalities.text",
}


def __getattr__(name: str) -> Any:
    value = _found(name)
    globals()[name] = value
    return value


def _found(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"counterpoint.{_NAMES[name]}"), name)
    if name.endswith("Error"):
        errors = import_module("counterpoint.errors")
        if hasattr(errors, name):
            return getattr(errors, name)
    if name[:1].isupper():
        catalog = import_module("counterpoint.catalog")
        for kind in ("transforms", "modalities"):
            where = catalog.TABLES[kind].get(catalog.snake(name), "")
            if where.endswith(f":{name}"):
                return catalog.find(kind, name)
    raise AttributeError(f"module 'counterpoint' has no attribute {name!r}")


def __dir__() -> list[str]:
    catalog = import_module("counterpoint.catalog")
    errors = import_module("counterpoint.errors")
    classes = (
        where.rpartition(":")[2] for kind in ("transforms", "modalities") for where in catalog.TABLES[kind].values()
    )
    return sorted({*_NAMES, *classes, *(n for n in vars(errors) if n.endswith("Error")), "__version__"})
