"""Steps from text and from the plain values of a recipe.

    mirror                        a name alone
    tempo(0.8, 1.25)              the first parameter; two numbers are one range where it takes a range
    crop(size=(224, 224))         parameters by name
    one_of(mirror, crop(0.8))     policies take steps

In a recipe the same stands as ``{"tempo": {"rate": [0.8, 1.25]}}``, ``{"tempo": [0.8, 1.25]}``, ``{"one_of":
["mirror", {"crop": 0.8}]}`` or ``{"sometimes": {"step": {"crop": 0.8}, "p": 0.3}}``.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, get_args, get_origin, get_type_hints

from counterpoint.catalog import TABLES, find, snake
from counterpoint.core.contracts import Step
from counterpoint.core.kinds import fits, plain, said
from counterpoint.errors import RecipeError, UnknownNameError


def parse_step(text: str) -> Step:
    """The step that a text describes, as on the command line.

    Raises:
        UnknownNameError: no transform has that name.
        RecipeError: the text is no step, or a parameter is unknown, of the wrong kind or out of range.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as e:
        raise RecipeError(f"{text!r} is not a step. Write a name with its parameters, e.g. crop(0.8).") from e
    return _from_call(tree, text)


def step_from(value: Any) -> Step:
    """The step that a value of a recipe describes: text, a list of steps in a row, or ``{name: parameters}``.

    Raises:
        UnknownNameError: no transform has that name.
        RecipeError: the value is no step, or a parameter is unknown, of the wrong kind or out of range.
    """
    if isinstance(value, Step):
        return value
    if isinstance(value, str):
        return parse_step(value)
    if isinstance(value, Sequence):
        return find("transforms", "compose")(tuple(step_from(v) for v in value))
    if not isinstance(value, Mapping) or len(value) != 1:
        raise RecipeError(f"{value!r} is not a step. Write a name, or {{name: parameters}} with one name.")
    (name, given), *_ = value.items()
    cls = _class(str(name))
    if given is None:
        return _made(cls, {})
    if isinstance(given, Mapping) and not _names_a_step(cls, given):
        return _made(cls, {str(k): plain(v) for k, v in given.items()})
    return _made(cls, _by_place(cls, [plain(given)]))


def signature(cls: type[Step]) -> str:
    """How a step is written, with the defaults: ``crop(size=0.8, planes=())``."""
    said = [f.name if f.default is MISSING else f"{f.name}={f.default!r}" for f in fields(cls)]  # type: ignore[arg-type]
    return f"{snake(cls.__name__)}({', '.join(said)})"


def _class(name: str) -> type[Step]:
    cls: type[Step] = find("transforms", name)
    if inspect.isabstract(cls):
        raise UnknownNameError("transform", name, TABLES["transforms"])
    return cls


def _made(cls: type[Step], given: Mapping[str, Any]) -> Step:
    known = {f.name: f for f in _parameters(cls)}
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            problem = UnknownNameError(f"parameter of {snake(cls.__name__)}", name, known)
            raise RecipeError(f"{problem} It is written {signature(cls)}.")
        values[name] = _as(hints[name], value)
        if not fits(hints[name], values[name]):
            raise RecipeError(
                f"{snake(cls.__name__)}: {name}={value!r} is not {said(hints[name])}. It is written {signature(cls)}."
            )
    missing = [n for n, f in known.items() if n not in values and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise RecipeError(f"{snake(cls.__name__)} needs {' and '.join(missing)}. It is written {signature(cls)}.")
    return cls(**values)


def _by_place(cls: type[Step], given: Sequence[Any]) -> dict[str, Any]:
    """Values without names, by the order of the parameters."""
    known, hints = _parameters(cls), get_type_hints(cls)
    if not known:
        raise RecipeError(f"{snake(cls.__name__)} takes no parameters, found {list(given)!r}.")
    first = hints[known[0].name]
    if _takes_steps(first) and get_origin(first) is tuple:
        flat = [v for one in given for v in (one if isinstance(one, Sequence) and not isinstance(one, str) else [one])]
        return {known[0].name: flat}
    numbers = len(given) >= 2 and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given[:2])
    if numbers and fits(first, tuple(given[:2])):
        given = [tuple(given[:2]), *given[2:]]
    if len(given) > len(known):
        raise RecipeError(
            f"{snake(cls.__name__)} takes at most {len(known)} values, found {len(given)}. "
            f"It is written {signature(cls)}."
        )
    return {f.name: v for f, v in zip(known, given, strict=False)}


def _from_call(node: ast.expr, text: str) -> Step:
    if isinstance(node, ast.Name):
        return _made(_class(node.id), {})
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise RecipeError(f"{text!r} is not a step. Write a name with its parameters, e.g. crop(0.8).")
    cls = _class(node.func.id)
    hints = get_type_hints(cls)
    names = [f.name for f in _parameters(cls)]
    steps = bool(names) and _takes_steps(hints[names[0]])
    given: dict[str, Any] = {}
    if node.args:
        given |= _by_place(cls, [_value(a, text, steps) for a in node.args])
    for word in node.keywords:
        if word.arg is None:
            raise RecipeError(f"{text!r}: write every parameter by its name.")
        given[word.arg] = _value(word.value, text, word.arg in hints and _takes_steps(hints[word.arg]))
    return _made(cls, given)


def _value(node: ast.expr, text: str, step: bool) -> Any:
    """A literal, a bare word as text, or a step where one is taken."""
    if isinstance(node, ast.Call) or (step and isinstance(node, ast.Name)):
        return _from_call(node, text)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(_value(v, text, step) for v in node.elts)
    try:
        return ast.literal_eval(node)
    except ValueError as e:
        raise RecipeError(f"{text!r}: {ast.unparse(node)!r} is not a value. Write numbers, words or lists.") from e


def _parameters(cls: type[Step]) -> list[Field[Any]]:
    return [f for f in fields(cls) if f.init]  # type: ignore[arg-type]


def _names_a_step(cls: type[Step], given: Mapping[Any, Any]) -> bool:
    """Whether ``given`` is itself a step, the only thing that a policy was given: ``{"sometimes": {"crop": 0.8}}``."""
    known = _parameters(cls)
    return bool(known) and _takes_steps(get_type_hints(cls)[known[0].name]) and not set(given) & {f.name for f in known}


def _as(hint: Any, value: Any) -> Any:
    """Steps made of their descriptions; one name where a list of names is taken as a list of one."""
    if _takes_steps(hint):
        many = get_origin(hint) is tuple
        return tuple(step_from(v) for v in _listed(value)) if many else step_from(value)
    return (value,) if isinstance(value, str) and not fits(hint, value) and fits(hint, (value,)) else value


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _takes_steps(hint: Any) -> bool:
    return any(isinstance(a, type) and issubclass(a, Step) for a in (hint, *get_args(hint)))
