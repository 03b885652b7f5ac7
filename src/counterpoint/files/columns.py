"""What a column of a table means, read from its name.

The rules, in order; ``columns:`` of a ``counterpoint.yaml`` overrules each of them:

* a unit in brackets at the end is the unit: ``Air temperature [K]``;
* ``steering``, ``steering_angle``, ``yaw_rate``, ``lane_offset``, ``lateral_offset``, ``cross_track_error``, and
  ``angle`` beside a ``throttle`` (Donkeycar), are ``lateral``: a mirror negates them;
* three columns ``<vector>_x``, ``_y``, ``_z`` whose vector is called acceleration, velocity or force are ``polar``,
  gyroscope, angular velocity, magnetometer or torque ``axial``, with the order of their time derivative;
* numbers are ``scalar``, a few repeated words ``category``, other words ``text``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from counterpoint.core.columns import Column

LATERAL = frozenset(
    ["steering", "steer", "steering_angle", "yaw_rate", "lane_offset", "lateral_offset", "cross_track_error"]
)
_VECTORS = (
    (r"(acc|accel|acceleration|accelerometer|linear_acceleration)", "polar", 2),
    (r"(vel|velocity|speed)", "polar", 1),
    (r"force", "polar", 0),
    (r"(gyro|gyr|gyroscope|angular_velocity|omega)", "axial", 1),
    (r"(mag|magnetometer|magnetic_field|torque)", "axial", 0),
)
_COMPONENT = re.compile(r"^(?P<vector>.*?)[ ._/]?(?P<component>[xyz])$", re.I)
_CATEGORIES = 50


def with_unit(name: str) -> tuple[str, str]:
    """``Air temperature [K]`` to ``("Air temperature", "K")``."""
    match = re.fullmatch(r"\s*(.*\S)\s*\[([^\]]*)\]\s*", name)
    return (match[1], match[2]) if match else (name, "")


def header_of(column: Column) -> str:
    """The inverse of ``with_unit``."""
    return f"{column.name} [{column.unit}]" if column.unit else column.name


def unsaid(column: Column) -> bool:
    """Whether the header and the values alone would not tell what the column is."""
    told = columns_of({header_of(column): [1.0]})[0]
    return column.kind not in ("category", "text") and (told.kind, told.order) != (column.kind, column.order)


def columns_of(table: Mapping[str, Sequence[Any]], said: Mapping[str, Mapping[str, Any]] | None = None) -> list[Column]:
    """The meaning of every column.

    Args:
        table: values (None = missing) by header.
        said: fields of ``Column`` by header, from ``counterpoint.yaml``.
    """
    plain = {name: with_unit(name) for name in table}
    names = [n for n, _ in plain.values()]
    vectors = _vectors([n for n, _ in plain.values()])
    found = []
    for header, values in table.items():
        name, unit = plain[header]
        if names.count(name) > 1:
            name, unit = header, ""
        column = Column(name, unit, _kind(values))  # type: ignore[arg-type]
        if column.kind == "scalar":
            column = vectors.get(name, column)
            if _lateral(name, names):
                column = replace(column, kind="lateral", order=1 if _last(name) == "yaw_rate" else 0)
        column = replace(column, unit=column.unit or unit)
        found.append(replace(column, **(said or {}).get(header, {})))
    return found


def _kind(values: Sequence[Any]) -> str:
    some = [v for v in values if v is not None]
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in some):
        return "scalar"
    distinct = {str(v) for v in some}
    return "category" if len(distinct) <= max(2, min(_CATEGORIES, len(some) // 2)) else "text"


def _last(name: str) -> str:
    return re.split(r"[/.]", name.lower())[-1].replace(" ", "_")


def _lateral(name: str, names: Sequence[str]) -> bool:
    return _last(name) in LATERAL or (_last(name) == "angle" and any(_last(n) == "throttle" for n in names))


def _vectors(names: Sequence[str]) -> dict[str, Column]:
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        match = _COMPONENT.match(name)
        if match and match["vector"]:
            groups.setdefault(match["vector"], {})[match["component"].lower()] = name
    found = {}
    for vector, members in groups.items():
        rule = next((r for r in _VECTORS if re.fullmatch(rf"(.*[ ._/])?{r[0]}", vector.lower())), None)
        if rule and set(members) == set("xyz"):
            for component, name in members.items():
                found[name] = Column(name, "", rule[1], vector, component, rule[2])  # type: ignore[arg-type]
    return found
