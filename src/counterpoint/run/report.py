"""``report.html``: one page that shows what a run made, from what it wrote.

The page is one file without any request to anywhere. Everything on it comes from the store on disk
and from the parents that the recipe names; all text of the data is escaped, and a content security
policy allows nothing but what the page itself carries.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Hashable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from counterpoint.catalog import find
from counterpoint.core.contracts import Source
from counterpoint.errors import CounterpointError
from counterpoint.run.asked import scenes
from counterpoint.run.html import Html, joined, tag
from counterpoint.run.sheet import sheet, wide
from counterpoint.run.shown import Shown
from counterpoint.run.story import Story, Timing
from counterpoint.run.tally import Tally, spread, tally, varied
from counterpoint.run.words import number_of, plain

K = TypeVar("K", bound=Hashable)
_SHEETS, _COPIES = 6, 3
_BUDGET = 12_000_000
_TIMELINES = (
    "Film, sound, words and series of one sheet share one scale of time, so a faster copy is shorter than its parent. "
    "Play a film or a sound, or click on the clock: everything else follows."
)


def write_report(folder: Path, timing: Timing | None = None) -> Path:
    """Write ``report.html`` into a finished data set.

    Args:
        folder: of a native data set.
        timing: how long the run took, where the caller knows it.

    Returns:
        The path of the page.

    Raises:
        FormatError: the folder holds no native data set.
        IntegrityError: what it holds is not what was written.
    """
    source = find("formats", "native").read(folder)
    story = Story.of(folder, source, timing)
    path = folder / "report.html"
    path.write_text(page(source, story, folder), encoding="utf-8")
    return path


def page(source: Source, story: Story, folder: Path) -> str:
    """The whole page as text."""
    counts = tally(source)
    assets = files("counterpoint.run")
    css, js = (assets.joinpath(n).read_text("utf-8") for n in ("report.css", "report.js"))
    allowed = b64encode(sha256(js.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    )
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{story.name} · Counterpoint"),
        tag("style", Html(css)),
    ]
    body = tag("main", *_body(source, story, counts, folder))
    return "<!doctype html>\n" + tag("html", tag("head", *head), tag("body", body, tag("script", Html(js))), lang="en")


def _body(source: Source, story: Story, counts: Tally, folder: Path) -> Iterator[Html]:
    yield tag("p", "Counterpoint · report", class_="brand")
    yield tag("h1", story.name)
    yield tag("p", story.sentence(counts), class_="lead")
    figures = story.figures(counts)
    yield tag(
        "dl", *[tag("div", tag("dt", name), tag("dd", value)) for name, value in figures.items()], class_="figures"
    )
    yield from _sheets(source, story, counts, folder)
    if counts.origins:
        yield from scenes(story, counts)
    if not story.simulated or not counts.alone or story.set_aside:
        yield tag("div", tag("section", *_changes(counts)), tag("section", *_refused(story, counts)), class_="two")
    yield from _origin(story, counts)


def _sheets(source: Source, story: Story, counts: Tally, folder: Path) -> Iterator[Html]:
    parents = spread(list(counts.children), _SHEETS)
    drawn, shown, size = list[Html](), 0, 0
    for number, (parent, *others) in enumerate(_grouped(parents, counts)):
        before = story.parent(parent) if not counts.alone else None
        keys = varied(counts.children[parent], counts, _COPIES - 1 if before and wide(before) else _COPIES)
        try:
            if keys:
                fresh = sheet(before, [_copy(source, key) for key in keys], folder, number)
            else:
                keys = [parent, *others]
                role = "Simulated" if parent in counts.origins else "Sample"
                fresh = sheet(None, [Shown(source.sample(key), role) for key in keys], folder, number)
        except CounterpointError as e:
            fresh = tag("p", f"{parent}: {e}", class_="absent")
        if drawn and size + len(fresh) > _BUDGET:
            break
        drawn.append(fresh)
        shown, size = shown + len(keys), size + len(fresh)
    total = number_of(len(source.keys()), "sample")
    parted = f", from {len(drawn)} of {number_of(len(counts.children), 'parent')}"
    yield tag(
        "h2",
        "Samples" if counts.alone else "Before and after",
        tag("small", f"{shown} of {total} shown{'' if counts.alone else parted}"),
    )
    if any('class="timeline"' in one for one in drawn):
        yield tag("p", _TIMELINES, class_="note")
    yield joined(drawn)


def _grouped(parents: Sequence[str], counts: Tally) -> list[Sequence[str]]:
    """Parents sheet by sheet: each with its copies, or several side by side where none has any."""
    every = _COPIES if counts.alone and counts.origins else 1
    return [parents[i : i + every] for i in range(0, len(parents), every)]


def _copy(source: Source, key: str) -> Shown:
    sample = source.sample(key)
    return Shown(sample, f"Copy {sample.lineage.copy}")


def _changes(counts: Tally) -> Iterator[Html]:
    yield tag("h2", "What was done")
    if not counts.changes:
        yield tag("p", "Nothing was changed.", class_="note")
        return
    rows = [([name], count) for name, count in _ranked(counts.changes)]
    yield _bars(["Change", "Samples"], rows, counts.counted, "tally")


def _refused(story: Story, counts: Tally) -> Iterator[Html]:
    yield tag("h2", "What was refused")
    if counts.refusals:
        yield tag("p", "A change that a part cannot follow is not made to any part of the sample.", class_="note")
        rows = [([f"{plain(t)} · {p}", reason], n) for (t, p, reason), n in _ranked(counts.refusals)]
        yield _bars(["Change · part", "Why", "Times"], rows, counts.counted, "tally warn")
    else:
        yield tag("p", "Nothing: every part could follow every change.", class_="note")
    if story.set_aside:
        yield tag("h3", "Set aside, because it could not be used")
        reasons: dict[str, list[str]] = {}
        for key, why in story.set_aside:
            reasons.setdefault(why, []).append(key)
        rows = [
            ([why, ", ".join(keys[:6]) + (" …" if len(keys) > 6 else "")], len(keys)) for why, keys in reasons.items()
        ]
        yield _bars(["Why", "Samples", "Times"], rows, len(story.set_aside), "tally warn")


def _bars(heads: Sequence[str], rows: Sequence[tuple[list[str], int]], total: int, look: str) -> Html:
    most = max((n for _, n in rows), default=1)
    drawn = [
        tag(
            "tr",
            *[tag("td", cell) for cell in cells],
            tag("td", f"{count:,}", class_="count"),
            tag("td", tag("i", style=f"width:{count / most:.1%}"), class_="bar", title=f"{count / max(total, 1):.0%}"),
        )
        for cells, count in rows
    ]
    named = [tag("th", h, scope="col", class_="count" if h == heads[-1] else None) for h in heads]
    head = tag("tr", *named, tag("td"))
    return tag("div", tag("table", tag("thead", head), tag("tbody", *drawn), class_=look), class_="wide")


def _origin(story: Story, counts: Tally) -> Iterator[Html]:
    yield tag("h2", "Where the data come from")
    rows = {**story.origin(), "Licence": ", ".join(k or "not stated" for k in counts.licences)}
    yield tag("dl", *[joined([tag("dt", k), tag("dd", v)]) for k, v in rows.items() if v])
    yield tag(
        "footer",
        f"Made by Counterpoint {story.version} from what was written to disk. One file, no request to anywhere.",
    )


def _ranked(counter: Mapping[K, int]) -> list[tuple[K, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))
