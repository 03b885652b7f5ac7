"""Before and after of every transform, as an SVG: on a real frame with its sound and words, and a made-up scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import counterpoint as cp
from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Move
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Step, Transform
from counterpoint.core.meaning import ColourShift
from counterpoint.core.mixture import Blend, Removal, Splice
from counterpoint.core.plane import PlaneMap
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.run.html import data_uri
from counterpoint.run.words import in_words, word_changes

GRID = Path(__file__).parents[1] / "examples" / "data" / "grid"
W, H, GAP, TOP = 300, 240, 16, 22
_GIVEN = {"Pad": {"pixels": 24}}  # nothing happens at their defaults
_HUES = ("#ff8a1f", "#27b3e6", "#59c12f", "#e64fb5")


def pictured(cls: type[Step]) -> bool:
    """Whether a transform can be shown: it is no policy, and its parameters have defaults."""
    return issubclass(cls, Transform) and all(
        f.default is not MISSING or f.default_factory is not MISSING
        for f in fields(cls)  # type: ignore[arg-type]
    )


def drawn(cls: type[Step]) -> str:
    """The picture of a transform: the first seed that changes what the picture shows."""
    before, partner = demo("bbaf2n"), demo("brbk7n")
    if cls.mixes:  # type: ignore[attr-defined]
        before, partner = _mixable(before), _mixable(partner)
    pool = {before.key: before, partner.key: partner}
    for seed in range(40):
        after = cls(**_GIVEN.get(cls.__name__, {}))(before, seed=seed, pool=pool)
        if after.lineage.changes:
            change = after.lineage.changes[-1]
            draw = PANELS[shown_by(change.moves)]
            if "".join(draw(before, before)) != "".join(draw(after, before)):
                return _page(before, after, shown_by(change.moves), in_words(change))
    refused = sorted({f"{r.part}: {r.reason}" for r in after.lineage.refusals}) or ["nothing to change"]
    return _frame(_label(0, f"refused here: {refused[0]}"[:90]), 40)


def _mixable(sample: Sample) -> Sample:
    """The parts that two samples can share: what was said, and solid things in the world, refuse."""
    return Sample.of(sample.key, {n: sample[n] for n in ("image", "boxes", "keypoints", "audio")})


def shown_by(moves: tuple[Move, ...]) -> str:
    """Which panel shows what these moves do."""
    signals = [m.signal for m in moves if isinstance(m, Appearance)]
    if signals:
        return signals[0]
    for kinds, panel in (((PlaneMap, ColourShift), "pixels"), ((TimeMap, TimeMask), "waveform"), ((Blend, Splice), "")):
        if any(isinstance(m, kinds) for m in moves):
            return panel or "pixels"
    if any(isinstance(m, WorldMap) for m in moves):
        return "points"
    return "parts" if any(isinstance(m, Removal) for m in moves) else "pixels"


@lru_cache
def demo(key: str) -> Sample:
    """One GRID clip with its middle frame as a picture, and boxes, keypoints, a sweep and a series made for it."""
    real = cp.open(GRID)[key]
    frame = real["video"].frames[38]
    face = np.array([[130, 154], [178, 154], [157, 184], [158, 212]], float)
    named = ("right_eye", "left_eye", "nose", "mouth")
    times = np.arange(0, 3, 0.02)
    values = np.stack([np.sin(times * 4) * 20, np.clip(times * 4, 0, 8)], 1)
    parts = {
        **{n: real[n] for n in real if n in ("video", "audio", "words", "transcript")},
        "image": cp.Image(frame),
        "boxes": cp.Boxes(np.array([[84.0, 94, 218, 248]]), ("1",), ("face",), canvas=(360, 288)),
        "keypoints": cp.Keypoints(face[None], np.full((1, 4), 2, np.uint8), named, ("1",), canvas=(360, 288)),
        "caption": cp.Text("A young man in a denim shirt looks into the camera and begins to speak."),
        "series": cp.Series(
            times, values, (cp.Column("steering", "deg", "lateral"), cp.Column("speed", "m/s", order=1)), rate=50.0
        ),
        "row": cp.Record({"age": 24, "speed": 7.5, "room": "studio"}),
        "points": cp.Points(_sweep(), ("x", "y", "z", "intensity", "ring")),
        "boxes3d": cp.Boxes3d(
            np.array([[9.0, 3, -0.8]]), np.array([[4.2, 1.8, 1.6]]), np.eye(3)[None], ("2",), ("car",)
        ),
    }
    return replace(Sample.of(key, parts), lineage=replace(Sample.of(key, parts).lineage, licence="CC BY 4.0"))


def _sweep() -> NDArray[np.float32]:
    """Rings of a LiDAR on flat ground with a wall on the right and a car ahead on the left."""
    turn = np.linspace(-np.pi, np.pi, 240, endpoint=False)
    rows = []
    for ring, reach in enumerate((4, 5, 6.5, 8.5, 11, 14)):
        x, y = reach * np.cos(turn), reach * np.sin(turn)
        wall = y < -5
        x, y = np.where(wall, x * 5 / np.maximum(-y, 1e-9), x), np.where(wall, -5, y)
        z = np.where(wall, -1.6 + 0.4 * ring, -1.7)
        rows.append(np.stack([x, y, z, 0.3 + 0 * x, ring + 0 * x], 1))
    rng = np.random.default_rng(0)
    car = np.stack([rng.uniform(7, 7.2, 80), rng.uniform(2.1, 3.9, 80), rng.uniform(-1.6, 0, 80)], 1)
    rows.append(np.concatenate([car, np.full((80, 1), 0.8), rng.integers(0, 6, (80, 1))], 1))
    return np.concatenate(rows).astype(np.float32)


def _page(before: Sample, after: Sample, panel: str, said: str) -> str:
    draw = PANELS[panel]
    one, two = "".join(draw(before, before)), "".join(draw(after, before))
    height = TOP + (H if panel in ("pixels", "points") else 120)
    body = _label(0, "before") + _label(W + GAP, said[:52])
    body += f'<g transform="translate(0 {TOP})">{one}</g><g transform="translate({W + GAP} {TOP})">{two}</g>'
    return _frame(body, height)


def _frame(body: str, height: float) -> str:
    width = 2 * W + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>{body}'
        "</svg>\n"
    )


def _label(x: float, text: str) -> str:
    return f'<text x="{x + 2}" y="14" fill="#444">{escape(text)}</text>'


def _picture(sample: Sample, _: Sample) -> Iterator[str]:
    image = sample["image"].pixels
    height, width = image.shape[:2]
    scale = min(W / width, H / height)
    bgr = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR)
    payload = cv2.imencode(".jpg", cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))[1]
    size = f'width="{width * scale:.1f}" height="{height * scale:.1f}"'
    yield f'<image href="{data_uri("image/jpeg", payload.tobytes())}" {size}/>'
    for box in sample["boxes"].xyxy * scale if "boxes" in sample.present() else ():
        x, y, right, low = box
        size = f'width="{right - x:.1f}" height="{low - y:.1f}"'
        yield f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="none" stroke="#ff8a1f" stroke-width="2"/>'
    joints: Any = sample["keypoints"] if "keypoints" in sample.present() else None
    for xy, seen in zip(joints.xy, joints.visible, strict=True) if joints is not None else ():
        for (x, y), name, hue in (
            (p, n, c) for p, n, v, c in zip(xy * scale, joints.names, seen, _HUES, strict=True) if v
        ):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{hue}" stroke="#000"><title>{name}</title></circle>'


def _strip(sample: Sample, _: Sample) -> Iterator[str]:
    frames = sample["video"].frames[20:60:5]
    small = [cv2.resize(f, (W // 4, 60), interpolation=cv2.INTER_AREA) for f in frames]
    sheet = np.concatenate([np.concatenate(small[:4], 1), np.concatenate(small[4:8], 1)])
    payload = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes()
    yield f'<image href="{data_uri("image/jpeg", payload)}" width="{W}" height="120"/>'


def _clock(sample: Sample, before: Sample) -> Iterator[str]:
    length = 4.0
    yield f'<rect width="{W}" height="70" fill="#f1eee8"/>'
    sound = sample["audio"]
    wave = sound.wave.mean(1)
    peak = float(np.abs(before["audio"].wave).max())
    for i in range(W):
        a, b = ((i + d) / W * length - sound.start for d in (0, 1))
        piece = wave[max(round(a * sound.rate), 0) : max(round(b * sound.rate), 0)]
        if len(piece):
            low, high = (35 - np.clip(v / peak, -1, 1) * 34 for v in (piece.min(), piece.max()))
            yield f'<path d="M{i} {high:.1f}V{low + 0.3:.1f}" stroke="#3b4cc0"/>'
    words = sample["words"]
    for start, end, text in zip(words.starts, words.ends, words.texts, strict=True):
        x, right = start / length * W, end / length * W
        yield f'<rect x="{x:.1f}" y="74" width="{max(right - x - 1, 1):.1f}" height="20" fill="#e8eafa"/>'
        yield f'<text x="{x + 2:.1f}" y="88" font-size="10">{escape(text)}</text>'
    for second in range(5):
        yield f'<text x="{second / length * W:.0f}" y="110" font-size="10" fill="#777">{second} s</text>'


def _above(sample: Sample, _: Sample) -> Iterator[str]:
    yield f'<rect width="{W}" height="{H}" fill="#f1eee8"/>'

    def at(x: float, y: float) -> tuple[float, float]:
        return W / 2 - y * 8, H / 2 - x * 8

    cloud = sample["points"].values
    seen = [(*at(x, y), z) for x, y, z in cloud[:, :3] if abs(x) < 14 and abs(y) < 18]
    for low, high, hue in ((-9, -1.2, "#ff4d2e"), (-1.2, 9, "#4aa3ff")):
        steps = "".join(f"M{u:.1f} {v:.1f}h0" for u, v, z in seen if low <= z < high)
        yield f'<path d="{steps}" stroke="{hue}" stroke-width="2" stroke-linecap="round"/>'
    for corner in sample["boxes3d"].corners():
        ring = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y, _ in corner[:4])
        yield f'<polygon points="{ring}" fill="none" stroke="#59c12f" stroke-width="2"/>'
    yield f'<circle cx="{W / 2}" cy="{H / 2}" r="3"/>'


def _text(sample: Sample, before: Sample) -> Iterator[str]:
    runs = word_changes(before["caption"].text, sample["caption"].text)
    words = [(w, what) for what, run in runs if what != "gone" for w in run.split()]
    x, y = 4.0, 20
    for word, what in words:
        if x + 7.3 * len(word) > W:
            x, y = 4.0, y + 20
        hue = "#12694a" if what == "new" else "#222"
        yield f'<text x="{x:.0f}" y="{y}" fill="{hue}" font-family="monospace">{escape(word)}</text>'
        x += 7.3 * (len(word) + 1)


def _series(sample: Sample, before: Sample) -> Iterator[str]:
    yield f'<rect width="{W}" height="110" fill="#f1eee8"/>'
    one = before["series"].values
    low, high = np.nanmin(one, 0) - 3, np.nanmax(one, 0) + 3
    series = sample["series"]
    for column, hue in enumerate(("#3b4cc0", "#c2410c")):
        pen, steps = "M", []
        for t, v in zip(series.times, series.values[:, column], strict=True):
            if np.isfinite(v):
                steps.append(f"{pen}{t / 3 * W:.1f} {105 - (v - low[column]) / (high - low)[column] * 100:.1f}")
            pen = "L" if np.isfinite(v) else "M"
        yield f'<path d="{"".join(steps)}" fill="none" stroke="{hue}" stroke-width="1.5"/>'


def _row(sample: Sample, before: Sample) -> Iterator[str]:
    for i, (name, value) in enumerate(sample["row"].values.items()):
        same = before["row"].values.get(name) == value
        said = "missing" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
        yield f'<text x="4" y="{20 + 20 * i}">{escape(name)}</text>'
        yield f'<text x="120" y="{20 + 20 * i}" fill="{"#222" if same else "#12694a"}">{escape(said)}</text>'


def _parts(sample: Sample, _: Sample) -> Iterator[str]:
    there = set(sample.present())
    for i, name in enumerate(sample):
        look = "#222" if name in there else "#bbb"
        yield f'<text x="{4 + 100 * (i // 5)}" y="{18 + 20 * (i % 5)}" fill="{look}">{escape(name)}</text>'


PANELS = {
    "pixels": _picture,
    "frames": _strip,
    "waveform": _clock,
    "points": _above,
    "text": _text,
    "columns": _series,
    "cells": _row,
    "parts": _parts,
}
