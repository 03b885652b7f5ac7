"""What every modality promises, as one function."""

from __future__ import annotations

import json
import pickle
from io import BytesIO
from typing import Any

import numpy as np

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Absent, CannotFollow, Encoded, Modality, Preview
from counterpoint.core.meaning import ColourShift, Sides
from counterpoint.core.medium import Medium
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.world import WorldMap

CANVAS = (256, 192)
_PREVIEWS = {"picture", "film", "sound", "text", "table", "chart", "shapes", "spans", "mask", "cloud"}


def moves(part: Modality, rig: Rig) -> list[Move]:
    """One move of every kind, on the plane of the part."""
    plane = part.plane or "camera"
    size = part.size() or (rig.cameras[plane].size if plane in rig.cameras else CANVAS)
    return [
        PlaneMap.mirror(plane, size),
        PlaneMap.of(plane, size, [[1, 0, -3], [0, 1, -2], [0, 0, 1]], (size[0] - 5, size[1] - 4)),
        WorldMap.mirror(rig.lateral),
        WorldMap.similarity(np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]), (0.5, 0, 0)),
        TimeMap.affine(1.25),
        TimeMap.affine(shift=-0.25, keep=(0.0, 1.5)),
        TimeMask(0.5, 0.7),
        Sides(),
        ColourShift(plane, grey=True),
        Medium("fog", 0.02),
    ]


def check_modality(part: Modality, rig: Rig | None = None) -> None:
    """Assert everything that the contract of a modality promises, on one example part.

    Raises:
        AssertionError: naming the promise that is broken.
    """
    rig = rig or _rig_for(part)
    name = type(part).__name__
    assert isinstance(part.axes, frozenset) and all(isinstance(a, Axis) for a in part.axes), f"{name}.axes: a frozenset"
    part.check()
    before = _bytes(part)
    _check_bytes(part, before)
    for move in moves(part, rig):
        _check_follow(part, move, rig)
    _check_instances(part)
    preview = part.preview()
    assert isinstance(preview, Preview) and preview.kind in _PREVIEWS, f"{name}.preview() gives {preview!r}"
    gone = part.absent("lost")
    assert isinstance(gone, Absent) and gone.of == part.modality(), f"{name}.absent() must name its modality"
    assert _bytes(part) == before, f"{name}: something above altered the part in place"


def _rig_for(part: Modality) -> Rig:
    cameras = {part.plane: Camera(part.size() or CANVAS)} if part.plane else {}
    frame = getattr(part, "frame", "world")
    return Rig(cameras, {} if frame == "world" else {frame: Frame()})


def _bytes(part: Modality) -> tuple[bytes, str, str]:
    done = part.encode()
    return done.blob.read(), done.blob.ext, json.dumps(dict(done.facts), sort_keys=True)


def _check_bytes(part: Modality, before: tuple[bytes, str, str]) -> None:
    name = type(part).__name__
    assert _bytes(part) == before, f"{name}.encode() must give the same bytes every time"
    data, ext, facts = before
    again = type(part).decode(Encoded(Blob(ext, data, label=f"{name} example"), json.loads(facts)))
    again.check()
    assert _bytes(again) == before, f"{name}: an untouched decoded part must encode to the very bytes it came from"
    assert again.span() == part.span(), f"{name}: span() must survive encode and decode"
    assert again.size() == part.size(), f"{name}: size() must survive encode and decode"
    assert again.plane == part.plane, f"{name}: the plane must survive encode and decode"
    assert again.instances() == part.instances(), f"{name}: instances() must survive encode and decode"
    assert _bytes(pickle.loads(pickle.dumps(part))) == before, f"{name} must survive a trip to another process"


def _check_follow(part: Modality, move: Move, rig: Rig) -> None:
    said = f"{type(part).__name__}.follow({type(move).__name__})"
    reason, done = part.refuses(move, rig), part.follow(move, rig)
    if not part.concerns(move):
        assert done is part, f"{said}: a move that does not concern the part must leave it as it is"
        return
    if isinstance(done, CannotFollow):
        assert done.reason == reason and len(done.reason) > 10, f"{said}: refuses() and follow() must give one reason"
        return
    assert reason is None, f"{said}: refuses() said {reason!r} but follow() went on"
    assert type(done) is type(part), f"{said}: gave a {type(done).__name__}"
    done.check()
    repeated = part.follow(move, rig)
    assert isinstance(repeated, Modality)
    assert _bytes(done) == _bytes(repeated), f"{said}: must give the same bytes every time"
    if isinstance(move, PlaneMap) and done.size() is not None:
        assert done.size() == move.size_out, f"{said}: canvas {done.size()}, the map says {move.size_out}"
    if isinstance(move, TimeMap) and done.span() is not None and move.keep is not None:
        start, end = done.span() or (0.0, 0.0)
        slack = 0.05
        assert start >= move.keep[0] - slack and end <= move.keep[1] + slack, (
            f"{said}: {start}-{end} s left {move.keep}"
        )
    _check_involution(part, move, rig, said)


def _check_involution(part: Modality, move: Move, rig: Rig, said: str) -> None:
    mirrored = isinstance(move, (PlaneMap, WorldMap)) and move.mirrored
    if not (mirrored or isinstance(move, Sides)):
        return
    once = part.follow(move, rig)
    assert isinstance(once, Modality)
    twice = once.follow(move, rig.follow(move))
    assert isinstance(twice, Modality), f"{said}: the mirrored part refuses to be mirrored back"
    assert _same(_numbers(twice), _numbers(part)), f"{said}: a mirror applied twice must be the identity"


def _numbers(part: Modality) -> Any:
    """Facts and content of a part, opened as far as numbers are held in a known way."""
    data, ext, facts = _bytes(part)
    if ext == "npy":
        return [json.loads(facts), np.load(BytesIO(data), allow_pickle=False).tolist()]
    return [json.loads(facts), json.loads(data) if ext == "json" else data]


def _same(a: Any, b: Any) -> bool:
    """Equal, where numbers may differ by the rounding of 64-bit arithmetic."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))
    return bool(a == b)


def _check_instances(part: Modality) -> None:
    name, alive = type(part).__name__, part.instances()
    if not alive:
        return
    some = frozenset(sorted(alive)[:1])
    assert part.without(some).instances() == alive - some, f"{name}.without() must remove exactly what it is given"
    assert part.prefixed("p").instances() == {f"p/{i}" for i in alive}, f"{name}.prefixed() must rename every instance"
