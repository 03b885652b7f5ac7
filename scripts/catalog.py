"""Writes the tables of ``counterpoint.catalog`` and the JSON Schema of recipes from the classes in the code.

``--check`` only compares.
"""

from __future__ import annotations

import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from counterpoint import catalog
from counterpoint.run.recipe import json_schema


def tables() -> dict[str, dict[str, str]]:
    """The tables as the code has them."""
    found: dict[str, dict[str, str]] = {}
    for kind, (where, _) in catalog.KINDS.items():
        base, package = catalog.base(kind), import_module(where)
        names = sorted(m.name for m in iter_modules(package.__path__))
        modules = [import_module(f"{where}.{name}") for name in names]
        classes = [c for m in modules for c in vars(m).values() if inspect.isclass(c) and c.__module__ == m.__name__]
        chosen = [c for c in classes if issubclass(c, base) and not inspect.isabstract(c)]
        found[kind] = {catalog.snake(c.__name__): f"{c.__module__}:{c.__name__}" for c in chosen}
        if kind == "modalities":
            found[kind]["absent"] = "counterpoint.core.contracts:Absent"
        found[kind] = dict(sorted(found[kind].items()))
    return found


def with_tables(text: str, found: dict[str, dict[str, str]]) -> str:
    """The text of ``catalog.py`` with these tables."""
    lines = ["TABLES: dict[str, dict[str, str]] = {"]
    for kind, table in found.items():
        if not table:
            lines.append(f'    "{kind}": {{}},')
            continue
        lines += [f'    "{kind}": {{', *(f'        "{n}": "{where}",' for n, where in table.items()), "    },"]
    head, rest = text.split("# begin tables\n")
    _, tail = rest.split("\n# end tables")
    return "\n".join([head + "# begin tables", *lines, "}", "# end tables" + tail])


def main() -> int:
    found = tables()
    catalog.TABLES.update(found)
    code, schema = Path(catalog.__file__), Path(__file__).parents[1] / "docs" / "recipe.schema.json"
    fresh = {code: with_tables(code.read_text(), found), schema: json.dumps(json_schema(), indent=2) + "\n"}
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.name} is stale. Run: python scripts/catalog.py")
        return int(bool(stale))
    for path in stale:
        path.write_text(fresh[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
