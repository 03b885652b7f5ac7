"""Who follows what: every modality against every kind of move, asked of the code."""

from __future__ import annotations

from collections.abc import Mapping

from counterpoint.core.axes import Move
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Modality
from counterpoint.core.meaning import ColourShift, Directions, Sides
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap

COLUMNS = ("plane", "world", "clock", "lost time", "sides", "colours", "turned", "blend", "region", "window")


def follow_table(examples: Mapping[str, Modality], rig: Rig) -> str:
    """A Markdown table; each part must be an example with nothing that makes a willing modality refuse."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, part in sorted(examples.items()):
        cells = [_answer(part, move, rig) for move in _moves(part, rig)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _moves(part: Modality, rig: Rig) -> list[Move]:
    plane = part.plane or "camera"
    size = part.size() or rig.cameras[plane].size
    return [
        PlaneMap.mirror(plane, size),
        WorldMap.mirror(rig.lateral),
        TimeMap.affine(1.25),
        TimeMask(0.5, 0.7),
        Sides(),
        ColourShift(plane, grey=True),
        Directions(plane, 1.5),
        Blend("partner", 0.5),
        Splice("partner", 0.25, region=(0.0, 0.0, 0.5, 0.5)),
        Splice("partner", 0.25, window=(0.0, 0.25)),
    ]


def _answer(part: Modality, move: Move, rig: Rig) -> str:
    if not isinstance(move, (Blend, Splice)) and not part.concerns(move):
        return "·"
    return "refuses" if part.refuses(move, rig) else "follows"
