"""What happened to a sample, in words with numbers; and texts compared word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import Field, fields, is_dataclass
from difflib import SequenceMatcher
from functools import singledispatch
from typing import Any, Literal

import numpy as np

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Move
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Change, Step
from counterpoint.core.meaning import ColourShift
from counterpoint.core.mixture import Blend, Removal, Splice
from counterpoint.core.plane import Bend, PlaneMap
from counterpoint.core.world import WorldMap

_UNITS = {"degrees": "°", "db": " dB", "seconds": " s", "metres": " m", "semitones": " semitones", "rate": "×"}


def in_words(change: Change) -> str:
    """A change as people say it: ``Tempo 1.12×``, ``Rotate 7.3°``, ``Mirror``."""
    shifted = any(isinstance(m, ColourShift) for m in change.moves)  # says in degrees what the pixels do in radians
    moves = [m for m in change.moves if not (shifted and isinstance(m, Appearance))]
    facts = list(dict.fromkeys(fact for move in moves for fact in figures(move)))
    return " ".join([plain(change.name), ", ".join(facts[:4])]).strip()


def plain(name: str) -> str:
    """``RandomResizedCrop`` or ``random_resized_crop`` to ``Random resized crop``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).replace("_", " ").lower()
    return spaced[:1].upper() + spaced[1:]


@singledispatch
def figures(move: Move) -> list[str]:
    """The main numbers of a move, each with its unit."""
    return []


@figures.register
def _plane(move: PlaneMap) -> list[str]:
    said = []
    bends = [s.map for s in move.steps if isinstance(s.map, Bend)]
    if bends:
        said.append(f"by up to {max(float(np.hypot(b.dx, b.dy).max()) for b in bends):.1f} px")
    elif move.matrix is not None:
        a = move.matrix / move.matrix[2, 2]
        linear = a[:2, :2] * ([-1, 1] if move.mirrored else [1, 1])
        turn = -np.degrees(np.arctan2(linear[1, 0], linear[0, 0]))  # counter-clockwise as seen, like the parameter
        scale = float(np.sqrt(abs(np.linalg.det(linear))))
        said += [f"{turn:+.1f}°"] if 0.05 < abs(turn) < 179.95 else []
        said += [f"×{scale:.2f}"] if abs(scale - 1) > 0.005 else []
        if abs(turn) <= 0.05 and move.size_out != move.size_in and not move.mirrored:
            x, y = (-a[:2, 2] / scale).tolist()
            said += [f"from ({round(x)}, {round(y)})"] if max(abs(x), abs(y)) > 0.5 else []
    if move.size_out != move.size_in:
        said.append(f"to {move.size_out[0]} × {move.size_out[1]} px")
    return said


@figures.register
def _time(move: TimeMap) -> list[str]:
    low, high = min(move.rates), max(move.rates)
    said = []
    if not move.rigid:
        said.append(f"{low:.2f}×" if high - low < 5e-3 else f"{low:.2f}–{high:.2f}×")
    shift = float(move.new[0] - move.old[0])
    if move.rigid and abs(shift) > 5e-4:
        said.append(f"by {shift:+.2f} s")
    return said + ([f"{move.keep[1] - move.keep[0]:.2f} s kept"] if move.keep else [])


@figures.register
def _lost(move: TimeMask) -> list[str]:
    return [f"{move.start:.2f}–{move.end:.2f} s"]


@figures.register
def _world(move: WorldMap) -> list[str]:
    a = move.array
    said = []
    if not move.mirrored:
        yaw = float(np.degrees(np.arctan2(a[1, 0], a[0, 0])))
        said += [f"{yaw:+.1f}°"] if abs(yaw) > 0.05 else []
    said += [f"×{move.scale:.3f}"] if abs(move.scale - 1) > 5e-4 else []
    shift = float(np.linalg.norm(a[:3, 3]))
    return said + ([f"by {shift:.2f} m"] if shift > 5e-3 else [])


@figures.register
def _colour(move: ColourShift) -> list[str]:
    return [] if move.grey else [f"hue {np.degrees(move.hue):+.0f}°"]


@figures.register
def _signal(move: Appearance) -> list[str]:
    numbers = [(n, v) for n, v in move.params if isinstance(v, (int, float)) and not isinstance(v, bool)]
    simple: list[tuple[str, Any]] = [*numbers] or [(n, v) for n, v in move.params if isinstance(v, str)]
    said = [f"{v:.1f} dB" if n.endswith("db") else f"{n.replace('_', ' ')} {_short(v)}" for n, v in simple[:3]]
    return [f"({move.part})", *said] if move.part and not said else said


@figures.register
def _blend(move: Blend) -> list[str]:
    return [f"{move.weight:.0%} with {1 - move.weight:.0%} of {move.partner}"]


@figures.register
def _splice(move: Splice) -> list[str]:
    return [f"{move.share:.0%} from {move.partner}"]


@figures.register
def _drop(move: Removal) -> list[str]:
    return [f"without {name}" for name in move.parts]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)[:40]


def step_in_words(step: Step) -> str:
    """A step of a recipe: ``tempo (0.8 to 1.25) in 70% of the copies``, ``one of blur or gray``."""
    known: tuple[Field[Any], ...] = fields(step) if is_dataclass(step) else ()
    values: dict[str, Any] = {f.name: getattr(step, f.name) for f in known}
    inner = [v for v in (values.get("steps") or (values.get("step"),)) if isinstance(v, Step)]
    name = type(step).__name__
    if not inner:
        given = [_said(values[f.name], f.name) for f in known if values[f.name] != f.default]
        return plain(name).lower() + (f" ({', '.join(filter(None, given[:3]))})" if any(given) else "")
    said = [step_in_words(s) for s in inner]
    if name == "Sometimes":
        return f"{said[0]} in {values['p']:.0%} of the copies"
    if name == "Compose":
        return listed(said)
    count = "one" if name == "OneOf" else _said(values.get("n", "some"))
    return f"{count} of {listed(said, 'or')}"


def _said(value: Any, name: str = "") -> str:
    """A parameter as people write it; its unit is the last word of its name."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, (int, float)) for v in value):
        between = " × " if name == "size" else " to "
        return between.join(f"{v:g}" for v in value) + _UNITS.get(name.split("_")[-1], "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}" + _UNITS.get(name.split("_")[-1], "")
    return value if isinstance(value, str) else ""


def listed(items: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    all_items = list(items)
    return f" {last} ".join(filter(None, [", ".join(all_items[:-1]), *all_items[-1:]]))


def word_changes(before: str, after: str) -> list[tuple[Literal["same", "gone", "new"], str]]:
    """Runs of words that stayed, went and came: without ``gone`` they are ``after``, without ``new`` ``before``."""
    a, b = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    runs: list[tuple[Literal["same", "gone", "new"], str]] = []
    for what, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if what == "equal":
            runs.append(("same", "".join(a[i:j])))
            continue
        runs += [("gone", "".join(a[i:j]))] if j > i else []
        runs += [("new", "".join(b[k:m]))] if m > k else []
    return runs


def number_of(count: int, one: str, many: str = "") -> str:
    """``1 sample``, ``12,000 samples``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size_in_words(count: float) -> str:
    """Bytes with the unit that keeps the number short."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
