"""Everything with a time axis under one clock: film, sound, words, events and series.

Positions are shares of the clock of the whole sheet, so a stretched copy is visibly longer than
its parent and a word that is not under its sound is visibly wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.contracts import Preview
from counterpoint.run.html import Html, data_uri, joined, tag
from counterpoint.run.shown import LONGEST, Shown, jpeg, player_sound
from counterpoint.run.words import number_of

_BINS = 320
_MANY = 80
_LONGER = 2.5
"""A parent may be so much longer than its shortest copy; what lies beyond is not drawn, and the page says so."""
_LARGEST_FILM = 1_500_000


@final
@dataclass(frozen=True)
class Scale:
    """What the columns of one sheet share, so that they can be compared by eye.

    Attributes:
        start, end: of the clock, s.
        loudest: peak of each sound over all columns.
        ranges: lowest and highest value of each column of each series.
    """

    start: float
    end: float
    loudest: Mapping[str, float]
    ranges: Mapping[tuple[str, str], tuple[float, float]]

    @classmethod
    def of(cls, columns: Sequence[Shown]) -> Scale | None:
        """The scale for these samples, or None if none of them has a clock."""
        clocks = [c.clock for c in columns if c.clock]
        if not clocks:
            return None
        loudest: dict[str, float] = {}
        ranges: dict[tuple[str, str], tuple[float, float]] = {}
        for column in columns:
            for name, (wave, _) in column.sounds.items():
                loudest[name] = max(loudest.get(name, 0.02), float(np.abs(wave).max(initial=0)))
            for name, preview in column.of("chart").items():
                for key, values in lines_of(preview).items():
                    good = values[np.isfinite(values)]
                    if len(good):
                        low, high = ranges.get((name, key), (np.inf, -np.inf))
                        ranges[name, key] = min(low, float(good.min())), max(high, float(good.max()))
        start = min(c[0] for c in clocks)
        longest = _LONGER * min(c[1] - c[0] for c in clocks)
        return cls(start, min(max(c[1] for c in clocks), start + longest), loudest, ranges)

    def note(self, shown: Shown) -> str:
        """What of a sample does not fit."""
        end = (shown.clock or (0.0, 0.0))[1]
        return f"the first {self.end - self.start:.0f} s of {end - self.start:.0f} s" if end > self.end + 1e-6 else ""

    def share(self, times: ArrayLike) -> NDArray[np.float64]:
        """Per cent of the width, 0 to 100."""
        return (np.asarray(times, float) - self.start) / (self.end - self.start) * 100


def timeline(shown: Shown, scale: Scale) -> Html | None:
    """All lanes of one sample under one cursor; None if it has none."""
    spans = {n: p for n, p in shown.of("spans").items()}
    lanes = [_film(shown, n, f, scale) for n, f in shown.films.items() if f]
    lanes += [_sound(shown, n, *w, scale) for n, w in shown.sounds.items()]
    lanes += [_words(n, p.data, scale) for n, p in spans.items()]
    lanes += [_chart(n, p, scale, spans) for n, p in shown.of("chart").items()]
    if not lanes:
        return None
    players = [_video(shown, n, p) for n, p in shown.of("film").items()]
    players += [_audio(shown, n, *w) for n, w in shown.sounds.items()]
    cursor = tag("div", class_="cursor", aria_hidden="true")
    return tag(
        "div",
        tag("div", *players, class_="players") if players else None,
        tag("p", f"Drawn: {scale.note(shown)}.", class_="note") if scale.note(shown) else None,
        tag("div", *lanes, _axis(scale), cursor, class_="clock"),
        class_="timeline",
        data_start=scale.start,
        data_end=scale.end,
    )


def _lane(title: str, note: str, body: Html, kind: str) -> Html:
    return tag("div", tag("div", title, tag("small", note), class_="lane-name"), body, class_=f"lane {kind}")


def _film(shown: Shown, name: str, frames: list[NDArray[np.uint8]], scale: Scale) -> Html:
    start, end = shown.parts[name].span() or (scale.start, scale.end)
    height = 96
    small = [f[:: max(1, f.shape[0] // (2 * height)), :: max(1, f.shape[0] // (2 * height))] for f in frames]
    left, right = scale.share([start, end]).tolist()
    strip = tag(
        "img",
        src=jpeg(np.concatenate(small, 1), 1100),
        alt=f"{len(frames)} frames of {name}, evenly apart",
        style=f"left:{left:.3f}%;width:{right - left:.3f}%",
    )
    return _lane(name, f"{end - start:.2f} s", tag("div", strip, class_="track strip"), "film")


def _sound(shown: Shown, name: str, wave: NDArray[np.float32], rate: int, scale: Scale) -> Html:
    start = (shown.parts[name].span() or (scale.start,))[0]
    wave = wave[: max(round((scale.end - start) * rate), 1)]
    left, right = scale.share([start, start + len(wave) / rate]).tolist()
    drawn = [
        tag(
            "svg",
            tag("path", d=_envelope(wave[:, c], scale.loudest[name]), vector_effect="non-scaling-stroke"),
            viewBox=f"0 -1 {_BINS} 2",
            preserveAspectRatio="none",
            style=f"left:{left:.3f}%;width:{right - left:.3f}%",
            aria_hidden="true",
        )
        for c in range(min(wave.shape[1], 2))
    ]
    note = f"{rate / 1000:g} kHz" + (f", {wave.shape[1]} channels" if wave.shape[1] > 1 else "")
    return _lane(name, note, joined(tag("div", d, class_="track wave") for d in drawn), "sound")


def _envelope(wave: NDArray[np.float32], peak: float) -> str:
    """A closed outline of the lowest and highest value in each of ``_BINS`` equal stretches."""
    edges = np.linspace(0, len(wave), _BINS + 1).astype(int)
    bins = [wave[a:b] if b > a else wave[a : a + 1] for a, b in pairwise(edges)]
    high = np.array([-float(b.max(initial=0)) / peak for b in bins])
    low = np.array([-float(b.min(initial=0)) / peak for b in bins])
    return (
        "M" + "L".join(f"{i + 0.5:.1f} {y:.3f}" for i, y in [*enumerate(high), *reversed(list(enumerate(low)))]) + "Z"
    )


def _words(name: str, spans: Sequence[Sequence[Any]], scale: Scale) -> Html:
    inside = [s for s in spans if float(s[0]) < scale.end]
    drawn = []
    for start, end, text in inside[:600]:
        left, right = scale.share([start, end]).tolist()
        place = f"left:{left:.3f}%;width:{max(right - left, 0.4):.3f}%"
        look = "word thin" if right - left < 1.2 or len(inside) > _MANY else "word"
        said = f"{text}: {start:.3f}–{end:.3f} s"
        drawn.append(
            tag("span", tag("b", str(text)), style=place, title=said, class_=look, data_from=start, data_to=end)
        )
    return _lane(name, number_of(len(spans), "span"), tag("div", *drawn, class_="track words"), "spans")


def lines_of(preview: Preview) -> dict[str, NDArray[np.float64]]:
    """The columns of a chart as arrays, its times left out."""
    return {str(k): np.asarray(v, float) for k, v in preview.data.items() if k != "t"}


def _chart(name: str, preview: Preview, scale: Scale, spans: Mapping[str, Preview]) -> Html:
    seen = np.asarray(preview.data["t"], float) <= scale.end
    times = scale.share(preview.data["t"])[seen]
    every = max(1, len(times) // 900)
    columns = [(key, values[seen]) for key, values in lines_of(preview).items()]
    charts = [
        joined(
            [
                tag("span", key, class_="series-name"),
                tag(
                    "svg",
                    tag(
                        "path",
                        d=_line(times[::every], values[::every], scale.ranges.get((name, key), (0, 1))),
                        vector_effect="non-scaling-stroke",
                    ),
                    viewBox="0 -2 100 44",
                    preserveAspectRatio="none",
                    class_=f"c{i % 8}",
                    aria_hidden="true",
                ),
            ]
        )
        for i, (key, values) in enumerate(columns[:6])
    ]
    more = f", {len(columns) - 6} more" if len(columns) > 6 else ""
    marks = [float(s[0]) for p in spans.values() for s in p.data[:_MANY] if float(s[0]) < scale.end]
    ticks = (
        tag("div", *[tag("i", style=f"left:{scale.share(m):.3f}%") for m in marks], class_="marks") if marks else None
    )
    body = joined(tag("div", c, ticks, class_="track chart") for c in charts)
    return _lane(name, f"{number_of(len(columns), 'column')}{more}", body, "series")


def _line(x: NDArray[np.float64], y: NDArray[np.float64], between: tuple[float, float]) -> str:
    low, high = between
    at = 40 - (y - low) / ((high - low) or 1) * 40
    steps, pen = [], "M"
    for px, py in zip(x, at, strict=True):
        if np.isfinite(py):
            steps.append(f"{pen}{px:.2f} {py:.2f}")
        pen = "L" if np.isfinite(py) else "M"
    return "".join(steps)


def _axis(scale: Scale) -> Html:
    length = scale.end - scale.start
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600) if length / s <= 7), length)
    marks = np.arange(np.ceil(scale.start / step) * step, scale.end + step * 1e-6, step)
    ticks = [
        tag("i", f"{m + 0.0:g}{' s' if m == marks[0] else ''}", style=f"left:{scale.share(m):.3f}%") for m in marks
    ]
    return tag("div", *ticks, class_="axis", aria_hidden="true")


def _video(shown: Shown, name: str, preview: Preview) -> Html:
    if len(preview.data) > _LARGEST_FILM:
        return tag("p", f"The film {name} is too long for this page; it lies in the data set.", class_="note")
    start = (shown.parts[name].span() or (0.0, 0.0))[0]
    src = data_uri("video/mp4", preview.data)
    return tag(
        "video",
        src=src,
        controls=True,
        muted=True,
        playsinline=True,
        preload="metadata",
        data_start=start,
        aria_label=f"{shown.role}: {name}",
    )


def _audio(shown: Shown, name: str, wave: NDArray[np.float32], rate: int) -> Html:
    start = (shown.parts[name].span() or (0.0, 0.0))[0]
    note = f"the first {LONGEST:g} s of {name}" if len(wave) > LONGEST * rate else name
    src = data_uri("audio/flac", player_sound(wave, rate))
    return tag(
        "audio", src=src, controls=True, preload="metadata", data_start=start, aria_label=f"{shown.role}: {note}"
    )
