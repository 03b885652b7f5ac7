"""The report: one file, nothing fetched, nothing believed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.contracts import Absent, Change, Refusal
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import IntegrityError
from counterpoint.formats.native import Native
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.image import Image
from counterpoint.modalities.points import Points
from counterpoint.modalities.record import Record
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.run.report import write_report
from counterpoint.run.tally import spread, tally, varied

EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""


def scene(key: str, word: str = "left") -> Sample:
    """A picture, a sweep of LiDAR on a line that the camera sees, a sound with one word, a film, a row."""
    k = [[50, 0, 40], [0, 50, 30], [0, 0, 1]]
    looks_ahead = np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)
    ahead = np.stack([np.linspace(2, 20, 50), np.zeros(50), np.zeros(50), np.ones(50)], 1).astype(np.float32)
    wave = np.sin(np.arange(8000) / 8000 * 2 * np.pi * 220).astype(np.float32)[:, None] * 0.5
    parts = {
        "image": Image(np.full((60, 80, 3), 90, np.uint8)),
        "boxes": Boxes(np.array([[10.0, 10, 30, 40]]), ("7",), (EVIL,)),
        "points": Points(ahead, ("x", "y", "z", "intensity")),
        "boxes3d": Boxes3d(np.array([[8.0, 0, 0]]), np.ones((1, 3)), np.eye(3)[None], ("7",), ("car",)),
        "film": Video(np.zeros((10, 32, 48, 3), np.uint8), 10.0, camera="other"),
        "audio": Audio(wave, 8000),
        "words": Spans(np.array([0.2]), np.array([0.6]), (word,)),
        "caption": Text(f"it is {word} {EVIL}"),
        "row": Record({EVIL: 1, "speed": 3.0}),
        "radar": Absent("points", "was off"),
    }
    return Sample.of(key, parts, Rig({"camera": Camera.of((80, 60), k, looks_ahead)}))


def copy_of(parent: Sample, number: int, name: str = "Mirror") -> Sample:
    changed = parent.changed(Change(name, (PlaneMap.mirror("camera", (80, 60)),)))
    refused = (Refusal("Hue", "caption", f"it says {EVIL}"),)
    lineage = replace(changed.lineage, copy=number, seed=3, licence="CC BY 4.0", refusals=refused)
    return replace(changed, key=f"{parent.key}-{number}", lineage=lineage)


@pytest.fixture
def report(tmp_path: Path) -> str:
    folder = tmp_path / "set"
    Native.write(folder, iter([copy_of(scene("a"), n) for n in range(1, 6)]))
    return write_report(folder).read_text("utf-8")


class _Page(HTMLParser):
    """Elements and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "poster", "action")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]


def test_the_page_fetches_nothing(report: str) -> None:
    page = _Page(report)
    assert page.addresses
    assert all(a.startswith("data:") for a in page.addresses)
    assert not re.search(r"url\(|@import|https?://", report.split("</head>")[0])


def test_text_of_the_data_is_never_markup(report: str) -> None:
    page = _Page(report)
    assert page.elements.count("script") == 1  # the page's own
    assert not page.handlers
    assert "default-src &#x27;none&#x27;" in report
    assert "&lt;script&gt;alert(1)" in report  # it is shown, as text


def test_everything_that_a_sample_has_is_shown(report: str) -> None:
    for what in (
        "<video",
        "<audio",
        'class="dots',
        'class="word"',
        "it is",
        "was off",
        "speed",
        "Mirror",
        "counterpoint replay",
    ):
        assert what in report, what
    assert "CC BY 4.0" in report


def test_the_page_says_how_many_of_how_many_it_shows(report: str) -> None:
    assert "3 of 5 samples shown" in report


def test_refusals_are_counted_by_reason(report: str) -> None:
    row = re.search(r"<tr><td>Hue · caption</td>.*?</tr>", report)
    assert row is not None
    assert '<td class="count">5</td>' in row.group(0)


def test_the_same_data_give_the_same_page(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        folder = tmp_path / name / "set"
        Native.write(folder, iter([copy_of(scene("a"), n) for n in range(1, 4)]))
        pages.append(write_report(folder).read_text("utf-8").replace(str(folder), ""))
    assert pages[0] == pages[1]


def test_copies_that_show_different_changes_are_chosen(tmp_path: Path) -> None:
    parent = scene("a")
    made = [copy_of(parent, 1), copy_of(parent, 2), copy_of(parent, 3, "Rotate"), copy_of(parent, 4)]
    Native.write(tmp_path / "set", iter(made))
    counts = tally(Native.read(tmp_path / "set"))
    assert varied(counts.children["a"], counts, 2) == ["a-1", "a-3"]
    assert counts.changes == {"Mirror": 3, "Rotate": 1}


def test_spread_keeps_order_and_takes_the_first() -> None:
    assert spread("abcdefgh", 3) == ["a", "c", "f"]
    assert spread("ab", 3) == ["a", "b"]


def test_a_store_whose_record_was_changed_gives_no_report(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    Native.write(folder, iter([copy_of(scene("a"), 1)]))
    head = folder / "dataset.json"
    head.write_text(json.dumps(json.loads(head.read_text()) | {"name": "other"}))
    with pytest.raises(IntegrityError, match="changed"):
        write_report(folder)


def test_a_set_without_copies_shows_its_samples(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([scene("a"), scene("b")]))
    report = write_report(tmp_path / "set").read_text("utf-8")
    assert "2 of 2 samples shown" in report
    assert "As it was read." in report
