"""``counterpoint.yaml``: what looking at a folder cannot tell, said once beside the data.

Everything in it is optional:

```yaml
root: .                     # where the files are, relative to this file
table: catalog.jsonl        # the table with one row a sample
key: _index                 # its column of keys
time: obstime               # its column of times, for series; `none` where rows are samples
licence: CC BY 4.0
attribution: Author et al. 2020
files:                      # part: a column with paths, or a pattern over columns
  image: "images/dev-{identifier}-0.png"
columns:                    # column: fields of Column, and `as`: what it becomes
  user/angle: {kind: lateral}
  sentence: {as: caption}   # record, label, ignore, caption, transcript, note, question or answer
masks:                      # a second table whose rows are cut-out masks of instances
  table: structure.csv
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, final

from counterpoint.core.columns import Column
from counterpoint.errors import FormatError, UnknownNameError

NAME = "counterpoint.yaml"
ROLES = ("caption", "transcript", "note", "question", "answer")
PURPOSES = ("record", "label", "ignore", *ROLES)


@final
@dataclass(frozen=True)
class Settings:
    """The content of a ``counterpoint.yaml``; see the module for the fields."""

    root: str = "."
    table: str | None = None
    key: str | None = None
    time: str | None = None
    licence: str = ""
    attribution: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    masks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """The settings in ``path``, or none if there is no such file.

        Raises:
            FormatError: it is not YAML, or says something that is not known.
        """
        if not path.is_file():
            return cls()
        import yaml

        try:
            said = yaml.safe_load(path.read_text("utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as e:
            raise FormatError(f"{path}: it is not YAML ({e}). Correct it.") from e
        if not isinstance(said, dict):
            raise FormatError(f"{path}: it must hold names and values, not a {type(said).__name__}.")
        _known(path, "setting", said, [f.name for f in fields(cls)])
        for name in ("files", "columns", "masks"):
            if not isinstance(said.get(name, {}), dict):
                raise FormatError(f"{path}: {name!r} must hold names and values, not {said[name]!r}.")
        allowed = [f.name for f in fields(Column)] + ["as"]
        for column, meaning in said.get("columns", {}).items():
            if not isinstance(meaning, dict):
                raise FormatError(f"{path}: column {column!r} must be like {{kind: lateral}}, not {meaning!r}.")
            _known(path, f"setting of column {column!r}", meaning, allowed)
            if "as" in meaning:
                _known(path, f"purpose of column {column!r}", [meaning["as"]], PURPOSES)
        return cls(**said)

    def meaning(self, column: str) -> dict[str, Any]:
        """Fields of ``Column`` that are said of a column."""
        return {n: v for n, v in self.columns.get(column, {}).items() if n != "as"}

    def purpose(self, column: str) -> str | None:
        return self.columns.get(column, {}).get("as")


def _known(path: Path, kind: str, names: Any, allowed: Any) -> None:
    for name in names:
        if name not in allowed:
            raise FormatError(f"{path}: {UnknownNameError(kind, str(name), allowed)}")


def licence_beside(root: Path) -> str:
    """What the line ``Licence:`` of a README in ``root`` says; empty if there is none."""
    for path in sorted(root.glob("README*")):
        for line in path.read_text("utf-8", "replace").splitlines():
            head, _, rest = line.partition(":")
            if head.strip(" #*").lower() in ("licence", "license"):
                return rest.strip(" *")
    return ""
