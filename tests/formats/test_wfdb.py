"""WFDB: bits to millivolts, and marks at their samples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.wfdb import Wfdb
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans

HEAD = "# a comment\nr 2 100 3\nr.dat 212 200(1024)/mV 11 1024 0 0 0 MLII\nr.dat 212 100 11 0 0 0 0 V5\n"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    (tmp_path / "r.hea").write_text(HEAD)
    pairs = [(1224, -100), (1023, 2047), (-2048, 50)]
    rows = [bytes([a & 255, (a >> 8 & 15) | (b >> 8 & 15) << 4, b & 255]) for a, b in pairs]
    (tmp_path / "r.dat").write_bytes(b"".join(rows))
    marks = [1 << 10 | 1, 59 << 10, 0, 2000, 5 << 10 | 0, 28 << 10 | 5, 63 << 10 | 3]
    (tmp_path / "r.atr").write_bytes(np.array(marks, "<u2").tobytes() + b"(N\0\0" + b"\0\0")
    return tmp_path


def test_twelve_bits_become_millivolts_and_the_lowest_is_missing(record: Path) -> None:
    series = Wfdb.read(record).sample("r")["series"]
    assert series.rate == 100
    assert series.values[:, 1].tolist() == [-1.0, 20.47, 0.5]
    assert series.values[:2, 0].tolist() == [1.0, -0.005]
    assert np.isnan(series.values[2, 0])
    assert [(c.name, c.unit) for c in series.columns] == [("MLII", "mV"), ("V5", "mV")]


def test_marks_stand_at_their_samples_with_long_steps_and_notes(record: Path) -> None:
    beats = Wfdb.read(record).sample("r")["beats"]
    assert beats.texts == ("N", "V", "(N")
    assert beats.starts == pytest.approx([0.01, 20.01, 20.06])
    assert beats.kind == "events"


def test_a_record_comes_back_from_writing(tmp_path: Path) -> None:
    values = np.stack([np.sin(np.arange(500) / 30), np.linspace(-3, 9, 500)], 1)
    values[7, 1] = np.nan
    series = Series(np.arange(500) / 250, values, (Column("I", "mV"), Column("resp", "l")), 250.0)
    starts = np.array([0.0, 0.004, 1.9])
    sample = Sample.of("x1", {"series": series, "beats": Spans(starts, starts, ("N", "odd", "V"), "events")})
    assert any("'odd'" in s for s in Wfdb.cannot_hold(sample))
    Wfdb.write(tmp_path / "out", iter([sample]))
    again = Wfdb.read(tmp_path / "out").sample("x1")
    # half a step of 16 bits over a range of 12
    assert again["series"].values == pytest.approx(values, abs=12 / 64000 / 2 * 1.01, nan_ok=True)
    assert again["beats"].texts == ("N", "odd", "V")
    assert again["beats"].starts == pytest.approx(starts)


def test_a_torn_or_unknown_signal_is_unreadable(record: Path) -> None:
    source = Wfdb.read(record)
    (record / "r.dat").write_bytes(b"123")
    with pytest.raises(UnreadableInputError, match="truncated"):
        source.sample("r")
    (record / "r.hea").write_text(HEAD.replace("212", "80"))
    with pytest.raises(UnreadableInputError, match="format 80"):
        source.sample("r")
    (record / "r.hea").write_text(HEAD.replace("r.dat", "../r.dat"))
    with pytest.raises(UnreadableInputError, match="leads out"):
        source.sample("r")


def test_a_series_that_is_not_even_cannot_be_written(tmp_path: Path) -> None:
    sample = Sample.of("x", {"series": Series(np.array([0.0, 1, 5]), np.zeros((3, 1)), (Column("a"),))})
    assert any("evenly" in s for s in Wfdb.cannot_hold(sample))
    with pytest.raises(FormatError, match="evenly"):
        Wfdb.write(tmp_path / "out", iter([sample]))


def test_the_beats_of_the_real_record_are_those_of_its_description(shared) -> None:
    sample = Wfdb.read(shared("ecg")).sample("100")
    assert Counter(sample["beats"].texts) == {"N": 2239, "A": 33, "V": 1, "(N": 1}
    assert sample["series"].values.shape == (650000, 2)
    # every normal beat stands on its R wave: within 0.05 s there is a higher point than 0.5 s later
    lead = sample["series"].values[:, 0]
    at = np.rint(sample["beats"].starts * 360).astype(int)[5:2000]
    assert np.mean([lead[a - 18 : a + 18].max() > lead[a + 120 : a + 156].max() for a in at]) > 0.95
