"""YAML that remembers where every value stands, so that an error can name its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import yaml

from counterpoint.errors import RecipeError

Place = tuple[str | int, ...]
_MOST = 100_000


@final
@dataclass(frozen=True)
class YamlText:
    """A parsed text: its value, the line of every place in it, and what to call it."""

    value: Any
    name: str
    lines: dict[Place, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, name: str) -> YamlText:
        """Parse safely: no tags that build objects, no key twice.

        Raises:
            RecipeError: with the line.
        """
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            lines: dict[Place, int] = {}
            if node is not None:
                _note(node, (), lines, name)
                if len(lines) > _MOST:
                    raise RecipeError(f"{name}: more than {_MOST} values, too many for a recipe. Write it shorter.")
            return cls(yaml.safe_load(text), name, lines)
        except yaml.YAMLError as e:
            mark = getattr(e, "problem_mark", None)
            where = f"{name}, line {mark.line + 1}" if mark else name
            raise RecipeError(f"{where}: not valid YAML: {getattr(e, 'problem', None) or e}.") from e
        except RecursionError as e:
            raise RecipeError(f"{name}: nested too deeply to be a recipe.") from e

    def overridden(self, settings: Iterable[str]) -> YamlText:
        """The text with ``dotted.name=value`` settings applied."""
        text = self
        for setting in settings:
            dotted, sign, value = setting.partition("=")
            place: Place = tuple(int(p) if p.isdecimal() else p for p in dotted.split("."))
            if not sign or not dotted:
                raise RecipeError(f"--set {setting!r}: write it as name=value, e.g. --set seed=3.")
            try:
                text = replace(text, value=_with(text.value, place, yaml.safe_load(value)))
            except (yaml.YAMLError, IndexError, TypeError) as e:
                raise RecipeError(f"--set {setting!r}: the recipe has no such place, or the value is not YAML.") from e
            kept = {p: n for p, n in text.lines.items() if p[: len(place)] != place}
            text = replace(text, lines={**kept, place: 0})
        return text

    def error(self, problems: Sequence[tuple[Place, str]]) -> RecipeError:
        """One error for all problems, each with its line."""
        said = [": ".join(filter(None, (self._where(p), ".".join(map(str, p)), what))) for p, what in problems]
        return RecipeError("\n".join(s if s.endswith((".", "?")) else s + "." for s in said))

    def _where(self, place: Place) -> str:
        for end in range(len(place), -1, -1):
            line = self.lines.get(place[:end])
            if line is not None:
                return f"{self.name}, line {line}" if line else "--set"
        return self.name


def _note(node: yaml.Node, place: Place, lines: dict[Place, int], name: str) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > _MOST:  # a few aliases of aliases stand for more values than memory holds
        return
    if isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            _note(child, (*place, i), lines, name)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            word = str(key.value)
            if word in seen:
                raise RecipeError(
                    f"{name}, line {key.start_mark.line + 1}: {word!r} stands here a second time; keep one of them."
                )
            seen.add(word)
            lines[(*place, word)] = key.start_mark.line + 1
            _note(child, (*place, word), lines, name)


def _with(value: Any, place: Place, new: Any) -> Any:
    if not place:
        return new
    head, rest = place[0], place[1:]
    if isinstance(value, list) and isinstance(head, int):
        items = [*value, None] if head == len(value) else list(value)
        items[head] = _with(items[head], rest, new)
        return items
    if isinstance(value, dict) or value is None:
        return {**(value or {}), str(head): _with((value or {}).get(str(head)), rest, new)}
    raise TypeError(f"{head!r} of {value!r}")
