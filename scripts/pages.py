"""Writes the pages that come from the code: the catalogue with its pictures, the command line, the recipe schema.

``--check`` writes nothing and fails if a page that is kept in the repository is stale. Pictures are made anew by
every build and not kept, except for the ones that the README shows.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from pictures import drawn, pictured
from scenes import layouts, scene

from counterpoint import catalog
from counterpoint.core.contracts import Step

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
AXES = ("plane", "time", "world", "environment", "appearance", "meaning")
_GENERATED = "<!-- Written by scripts/pages.py from the code; change it there. -->"
TITLES = {"": "Policies", "appearance": "Appearance", "meaning": "Meaning and mixtures"}


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    return {
        DOCS / "catalogue.md": catalogue(),
        DOCS / "cli.md": command_line(),
        DOCS / "recipe.schema.json": schema(),
    }


def catalogue() -> str:
    """Modalities, transforms by axis, formats, layouts, sensors."""
    lines = ["# Catalogue", "", _GENERATED, "", "Also in the terminal: `counterpoint list transforms`.", ""]
    lines += ["## Modalities", "", "| name | what | axes |", "|---|---|---|"]
    for name in catalog.TABLES["modalities"]:
        cls = catalog.find("modalities", name)
        axes = ", ".join(sorted(cls.axes)) or "none"
        lines.append(f"| `{cls.__name__}` | {_cell(_first(cls))} | {axes} |")
    groups: dict[str, list[type[Step]]] = {}
    for name in catalog.TABLES["transforms"]:
        cls = catalog.find("transforms", name)
        groups.setdefault(_group(cls), []).append(cls)
    for group in sorted(groups, key=lambda g: [*AXES, ""].index(g)):
        lines += ["", f"## {TITLES.get(group, group.capitalize())}"]
        for cls in groups[group]:
            lines += ["", *_entry(cls)]
    lines += ["", "## Formats", "", "| name | what |", "|---|---|"]
    for name in catalog.TABLES["formats"]:
        lines.append(f"| `{name}` | {_cell(_first(catalog.find('formats', name)))} |")
    for kind, title in (("layouts", "Layouts of scenes"), ("sensors", "Sensors")):
        lines += ["", f"## {title}"]
        for name in catalog.TABLES[kind]:
            cls = catalog.find(kind, name)
            lines += ["", f"### {cls.__name__}", "", f"`{name}({', '.join(_parameter(f) for f in fields(cls))})`", ""]
            lines += _prose(inspect.getdoc(cls) or "")
            if kind == "layouts":
                lines += ["", f"![{cls.__name__}: one scene](assets/catalogue/layout_{name}.jpg)"]
    return "\n".join(lines) + "\n"


def _group(cls: type[Step]) -> str:
    """The axis under which a transform is filed; a policy has none."""
    axes = getattr(cls, "axes", None) or frozenset()
    return next((a for a in AXES if a in axes), "")


def _entry(cls: type[Step]) -> Iterator[str]:
    """Heading, signature, docstring and pictures of one transform."""
    name = catalog.snake(cls.__name__)
    yield f"### {cls.__name__}"
    yield ""
    yield f"`{name}({', '.join(_parameter(f) for f in fields(cls))})`"  # type: ignore[arg-type]
    yield ""
    yield from _prose(inspect.getdoc(cls) or "")
    if pictured(cls):
        yield ""
        yield f"![{cls.__name__}: before and after](assets/catalogue/{name}.svg)"


def _parameter(field: Any) -> str:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return field.name if default is MISSING else f"{field.name}={default!r}"


def _prose(text: str) -> Iterator[str]:
    """A docstring as Markdown: sections become bold lines, their entries a list."""
    for line in text.splitlines():
        if re.fullmatch(r"(Attributes|Args|Raises|Returns|Example|Source):", line):
            yield from ("", f"**{line[:-1]}**", "")
        elif re.match(r" {4}\S", line) and not line.lstrip().startswith(">>>"):
            said = re.sub(r"^ {4}([\w, *]+): ", r"- `\1`: ", line)
            yield said.strip() if said.startswith("- ") else f"- {said.strip()}"
        else:
            yield re.sub(r"``(.+?)``", r"`\1`", line.strip()) if not line.startswith(" " * 5) else "  " + line.strip()


def _first(cls: type) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def command_line() -> str:
    """One section a verb, as ``--help`` says it."""
    import typer

    from counterpoint.cli import app

    top = typer.main.get_command(app)
    lines = ["# Command line", "", _GENERATED, "", str(top.help), "", str(top.epilog or ""), ""]
    for name, command in top.commands.items():  # type: ignore[attr-defined]
        lines += [
            f"## counterpoint {name}",
            "",
            str(command.help or ""),
            "",
            "| argument, option | what | default |",
            "|---|---|---|",
        ]
        lines += [_option(p) for p in command.params if not getattr(p, "hidden", False)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _option(param: Any) -> str:
    name = ", ".join(f"`{o}`" for o in [*param.opts, *param.secondary_opts])
    if param.param_type_name == "argument":
        name = f"`{param.name.upper()}`" + ("" if param.required else " (optional)")
    default = param.default if isinstance(param.default, (int, float, str)) and param.default is not False else ""
    return f"| {name} | {_cell(param.help or '')} | {f'`{default}`' if default != '' and default is not True else ''} |"


def schema() -> str:
    from counterpoint.run.recipe import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"


def main() -> int:
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        if stale:
            names = ", ".join(p.name for p in stale)
            print(f"{names}: stale. Run: python scripts/pages.py", file=sys.stderr)
        return int(bool(stale))
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    assets = DOCS / "assets" / "catalogue"
    assets.mkdir(parents=True, exist_ok=True)
    for name in catalog.TABLES["transforms"]:
        cls = catalog.find("transforms", name)
        if pictured(cls):
            (assets / f"{name}.svg").write_text(drawn(cls), encoding="utf-8")
    for name, layout in layouts().items():
        (assets / f"layout_{name}.jpg").write_bytes(scene(layout))
    return 0


if __name__ == "__main__":
    sys.exit(main())
