"""One sheet: a parent beside its copies, the same part in the same row of every column."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from counterpoint.core.contracts import Preview
from counterpoint.core.lineage import Lineage
from counterpoint.core.serial import digest
from counterpoint.modalities.label import Label
from counterpoint.run.html import Html, joined, tag
from counterpoint.run.scene import canvas, pictures
from counterpoint.run.shown import Shown
from counterpoint.run.timeline import Scale, timeline
from counterpoint.run.topdown import top_view
from counterpoint.run.words import in_words, number_of, plain, word_changes

CLOCK, ABOVE = "On one clock", "From above"
_ROWS = 12
_CELL = 120
_LETTERS = 1500


def sheet(parent: Shown | None, copies: Sequence[Shown], folder: Path, number: int) -> Html:
    """A parent (where it can still be read) and its copies, side by side."""
    columns = [*([parent] if parent else []), *copies]
    scale = Scale.of(columns)
    panels = [_panels(c, parent if c is not parent else None, scale) for c in columns]
    titles = list(dict.fromkeys(t for p in panels for t in p))
    drawn = [_column(c, p, titles, folder) for c, p in zip(columns, panels, strict=True)]
    name = parent.sample.key if parent else (*copies[0].sample.lineage.parents, copies[0].sample.key)[0]
    alone = not any(c.sample.lineage.copy for c in copies)
    count = number_of(len(copies), *(("sample",) if alone else ("copy", "copies")))
    return tag(
        "section",
        tag("h3", name, tag("small", f"{count} shown"), id=f"sheet-{number}"),
        tag(
            "div",
            *drawn,
            class_="columns roomy" if any(map(wide, columns)) else "columns",
            style=f"--rows:{len(titles) + 3};--columns:{len(columns)}",
        ),
        class_="sheet",
        aria_labelledby=f"sheet-{number}",
    )


def wide(shown: Shown) -> bool:
    """Whether a sample has a picture that needs a broad column."""
    sizes = [canvas(shown, name) for name in shown.of("picture", "film")]
    return any(width > 1.9 * height for width, height in sizes)


def _panels(shown: Shown, before: Shown | None, scale: Scale | None) -> dict[str, Html]:
    """Every panel of one column by its title, in the order of reading."""
    found = dict(pictures(shown))
    lanes = timeline(shown, scale) if scale else None
    found |= {CLOCK: lanes} if lanes else {}
    for name, preview in shown.previews.items():
        if shown.absent(name):
            found[name] = tag("p", str(preview.data).strip("()").capitalize() + ".", class_="absent")
        elif preview.kind == "text":
            found[name] = _text(str(preview.data), _previous(before, name, "text"))
        elif isinstance(shown.parts[name], Label):
            found[name] = _scores(preview)
        elif preview.kind == "table":
            found[name] = _table(preview, _previous(before, name, "table"))
    above = top_view(shown)
    return found | ({ABOVE: above} if above else {})


def _previous(before: Shown | None, name: str, kind: str) -> Preview | None:
    preview = before.previews.get(name) if before else None
    return preview if preview and preview.kind == kind and before and not before.absent(name) else None


def _column(shown: Shown, panels: dict[str, Html], titles: Sequence[str], folder: Path) -> Html:
    rows = [
        tag(
            "div",
            tag("h5", title),
            panels[title] if title in panels else tag("p", "Not there.", class_="absent"),
            class_="panel",
        )
        for title in titles
    ]
    return tag(
        "article",
        tag("header", tag("h4", shown.role), tag("code", shown.sample.key)),
        _changes(shown.sample.lineage, shown.role == "Parent"),
        *rows,
        _lineage(shown, folder),
        class_="column parent" if shown.role == "Parent" else "column",
    )


def _changes(lineage: Lineage, parent: bool) -> Html:
    """What was done, in words; and what was drawn but refused."""
    if not lineage.changes and not lineage.refusals:
        whole = f"As it was {'simulated' if lineage.engine == 'simulate' else 'read'}."
        said = whole if parent or not lineage.copy else "Nothing was drawn for this copy."
        return tag("ul", tag("li", said, class_="none"), class_="changes")
    done = [
        tag("li", in_words(change), tag("em", f" without {', '.join(lost)}") if lost else None)
        for change, lost in zip(lineage.changes, lineage.dropped, strict=True)
    ]
    why: dict[str, list[str]] = {}
    for r in dict.fromkeys(lineage.refusals):
        why.setdefault(plain(r.transform), []).append(f"{r.part}: {r.reason}")
    refused = [
        tag(
            "li",
            f"{name} refused",
            tag("em", f" {reasons[0]}"),
            _more(reasons),
            class_="refused",
            title="; ".join(reasons),
        )
        for name, reasons in why.items()
    ]
    return tag("ul", *done, *refused, class_="changes")


def _more(reasons: Sequence[str]) -> Html | None:
    return tag("em", f" and {len(reasons) - 1} more") if len(reasons) > 1 else None


def _text(text: str, before: Preview | None) -> Html:
    short = text if len(text) <= _LETTERS else text[:_LETTERS] + " …"
    if before is None:
        return tag("p", short, class_="text")
    look = {"gone": "del", "new": "ins"}
    runs = word_changes(str(before.data)[:_LETTERS], short)
    return tag("p", *[tag(look[what], run) if what in look else run for what, run in runs], class_="text")


def _table(preview: Preview, before: Preview | None) -> Html:
    """Rows with their changed cells marked; where there are many, changed rows come first."""
    rows = [[_cell(c) for c in row] for row in preview.data]
    old = {str(row[0]): [_cell(c) for c in row] for row in before.data} if before else {r[0]: r for r in rows}
    shown = sorted(rows, key=lambda row: old.get(row[0]) == row) if len(rows) > _ROWS else rows

    def cell(row: Sequence[str], i: int) -> Html:
        was = old.get(row[0])
        if was is not None and i < len(was) and was[i] == row[i]:
            return tag("td", row[i])
        return tag("td", tag("mark", row[i], title=f"was {was[i]}" if was and i < len(was) else "new"))

    drawn = [
        tag("tr", tag("th", row[0], scope="row"), *[cell(row, i) for i in range(1, len(row))]) for row in shown[:_ROWS]
    ]
    more = tag("caption", f"{_ROWS} of {len(rows)} rows") if len(rows) > _ROWS else None
    return tag("table", more, tag("tbody", *drawn), class_="cells")


def _cell(value: object) -> str:
    said = "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return said if len(said) <= _CELL else said[:_CELL] + " …"


def _scores(preview: Preview) -> Html:
    rows = sorted(((str(n), float(s)) for n, s in preview.data), key=lambda r: -r[1])[:8]
    return tag(
        "ul",
        *[
            tag("li", tag("span", n), tag("b", f"{s:.2f}"), tag("i", style=f"width:{min(max(s, 0), 1):.1%}"))
            for n, s in rows
        ],
        class_="scores",
    )


def _lineage(shown: Shown, folder: Path) -> Html:
    """Where the sample comes from, and how to make it again."""
    lineage = shown.sample.lineage
    said = {
        "Parents": ", ".join(lineage.parents),
        "Engine": lineage.engine,
        "Seed, copy": f"{lineage.seed}, {lineage.copy}",
        "Changes": ", ".join(f"{c.name} {digest(c)[:10]}" for c in lineage.changes) or "none",
        "Licence": lineage.licence or "not stated",
    }
    rows = joined(joined([tag("dt", k), tag("dd", v)]) for k, v in said.items())
    command = f"counterpoint replay {shlex.quote(str(folder))} {shlex.quote(shown.sample.key)}"
    again = tag("p", "Make it again, byte for byte:", tag("code", command, class_="command"), class_="replay")
    return tag(
        "details", tag("summary", "Lineage"), tag("dl", rows), again if lineage.changes or lineage.origin else None
    )
