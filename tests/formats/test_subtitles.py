"""Words with times as text: golden files of every format, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.signal.subtitles import Cue, decoded, dump, parse, timed_lab

GOLDEN = Path(__file__).parent / "golden" / "words"


def golden(name: str) -> dict[str, list[Cue]]:
    path = GOLDEN / name
    return parse(decoded(path.read_bytes()), path.suffix[1:])


def test_align_counts_25000_a_second_and_drops_silence() -> None:
    assert golden("a.align") == {"words": [Cue(0.95, 1.18, "bin"), Cue(1.18, 1.36, "blue")]}


def test_srt_keeps_the_lines_of_a_cue_and_hours() -> None:
    assert golden("a.srt") == {
        "subtitles": [Cue(0.21, 4.26, "Two lines\nof words"), Cue(64.26, 3608.35, "left & right")]
    }


def test_vtt_drops_comments_tags_and_settings() -> None:
    assert golden("a.vtt") == {"subtitles": [Cue(1.0, 2.5, "Hello & bye"), Cue(3600.0, 3601.0, "late")]}


def test_short_and_long_textgrids_say_the_same() -> None:
    wanted = {"words": [Cue(1.0, 1.5, 'say "hi"')], "clicks 2": [Cue(1.25, 1.25, "click")]}
    assert golden("short.TextGrid") == wanted
    assert golden("long.TextGrid") == wanted


def test_a_textgrid_in_utf16_is_read() -> None:
    text = (GOLDEN / "short.TextGrid").read_text()
    assert parse(decoded(text.encode("utf-16")), "textgrid")["words"][0].text == 'say "hi"'


def test_a_lab_with_times_counts_100_ns_and_one_without_is_a_transcript() -> None:
    assert golden("htk.lab") == {"words": [Cue(1.0, 1.5, "hello")]}
    assert not timed_lab((GOLDEN / "plain.lab").read_text())


WORD = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900), WORD), max_size=6),
    st.sampled_from(["srt", "vtt", "align", "textgrid", "lab"]),
)
def test_cues_come_back_from_every_format(rows: list[tuple[int, int, str]], ext: str) -> None:
    now, cues = 0, []
    for gap, length, word in rows:
        cues.append(Cue((now + gap) / 1000, (now + gap + length) / 1000, "x" + word))
        now += gap + length
    if not cues and ext == "srt":
        return
    tiers = parse(dump({"words": cues}, ext, end=now / 1000 + 1), ext)
    found = next(iter(tiers.values()), [])
    assert [c.text for c in found] == [c.text for c in cues]
    # whole milliseconds are whole units of every format, so only the last bit of a float may differ
    assert [c.start for c in found] == pytest.approx([c.start for c in cues], abs=1e-9)
    assert [c.end for c in found] == pytest.approx([c.end for c in cues], abs=1e-9)


def test_a_cue_cannot_break_out_of_its_block() -> None:
    cues = [Cue(0.0, 1.0, "a\n\n5\n00:00:07,000 --> 00:00:08,000\nb")]
    for ext in ("srt", "vtt"):
        assert len(parse(dump({"s": cues}, ext), ext)["subtitles"]) == 1


@pytest.mark.parametrize(
    ("ext", "text"),
    [
        ("srt", "no times here"),
        ("srt", "1\n00:00:xx --> 00:00:01,000\na"),
        ("vtt", "00:01.000 --> 00:02.000\na"),
        ("align", "0 one two"),
        ("lab", "a b c"),
        (
            "textgrid",
            'File type = "ooTextFile"\nObject class = "TextGrid"\n0 1 <exists> 1 "IntervalTier" "w" 0 1 5 0 1',
        ),
        ("textgrid", "nothing"),
    ],
)
def test_what_is_not_in_the_format_is_a_value_error(ext: str, text: str) -> None:
    with pytest.raises(ValueError):
        parse(text, ext)
