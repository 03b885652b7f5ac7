"""Writes the tables of ``counterpoint.catalog`` from the classes in the code. ``--check`` only compares."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from counterpoint import catalog
from counterpoint.core import contracts

BASES = {"formats": contracts.Format, "modalities": contracts.Modality, "transforms": contracts.Step}


def tables() -> dict[str, dict[str, str]]:
    """The tables as the code has them."""
    found: dict[str, dict[str, str]] = {}
    for kind, base in BASES.items():
        package = import_module(f"counterpoint.{kind}")
        names = sorted(m.name for m in iter_modules(package.__path__))
        modules = [import_module(f"counterpoint.{kind}.{name}") for name in names]
        classes = [c for m in modules for c in vars(m).values() if inspect.isclass(c) and c.__module__ == m.__name__]
        chosen = [c for c in classes if issubclass(c, base) and not inspect.isabstract(c)]
        found[kind] = {catalog.snake(c.__name__): f"{c.__module__}:{c.__name__}" for c in chosen}
        if kind == "modalities":
            found[kind]["absent"] = "counterpoint.core.contracts:Absent"
        found[kind] = dict(sorted(found[kind].items()))
    return found


def main() -> int:
    lines = ["TABLES: dict[str, dict[str, str]] = {"]
    for kind, table in tables().items():
        lines += [f'    "{kind}": {{', *(f'        "{n}": "{where}",' for n, where in table.items()), "    },"]
    block = "\n".join([*lines, "}"])
    path = Path(catalog.__file__)
    text = path.read_text()
    head, rest = text.split("# begin tables\n")
    _, tail = rest.split("\n# end tables")
    fresh = f"{head}# begin tables\n{block}\n# end tables{tail}"
    if "--check" in sys.argv:
        if fresh != text:
            print("The catalogue is stale. Run: python scripts/catalog.py")
        return int(fresh != text)
    path.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
