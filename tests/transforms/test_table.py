"""Noise on and gaps in cells and rows."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Transform
from counterpoint.core.sample import Sample
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.testing.transform import check_transform
from counterpoint.transforms.table import MissingCells, RecordNoise, SeriesGaps, SeriesNoise

ROW = Record(
    {"n": 100.0, "count": 7, "word": "x", "flag": True, "gone": None, "way": 0.0}, (Column("way", kind="angle"),)
)
TIMES = np.arange(2000) / 100
ROWS = Series(
    TIMES,
    np.column_stack([np.sin(TIMES), 50 * np.cos(TIMES), np.full(2000, 3.0)]),
    (Column("a"), Column("b"), Column("still")),
    100.0,
)
SAMPLE = Sample.of("s", {"row": ROW, "rows": ROWS})


@pytest.mark.parametrize("step", [RecordNoise(), MissingCells(), SeriesNoise(), SeriesGaps()])
def test_the_contract_holds(step: Transform) -> None:
    check_transform(step, SAMPLE)
    check_transform(type(step).at(1.0), SAMPLE)


def test_noise_of_a_record_is_relative_and_touches_numbers_only() -> None:
    drawn = [RecordNoise(0.05)(SAMPLE, seed)["row"].values for seed in range(300)]
    numbers = np.array([v["n"] for v in drawn])
    # The standard error of a mean of 300 is 5 / sqrt(300) = 0.29, of a standard deviation 0.2.
    assert abs(numbers.mean() - 100) < 1.2
    assert abs(numbers.std() - 5) < 0.9
    assert all(type(v["count"]) is int for v in drawn)
    assert all((v["word"], v["flag"], v["gone"]) == ("x", True, None) for v in drawn)
    assert np.std([v["way"] for v in drawn]) > 0.03


def test_cells_are_lost_with_the_chance_that_was_asked_for() -> None:
    drawn = [MissingCells(0.3)(SAMPLE, seed)["row"].values for seed in range(300)]
    lost = np.mean([v["n"] is None for v in drawn])
    assert abs(lost - 0.3) < 0.11  # four standard errors
    assert all(v["n"] in (None, 100.0) for v in drawn)


def test_noise_of_a_series_is_relative_to_its_column() -> None:
    noise = SeriesNoise(0.1)(SAMPLE)["rows"].values - ROWS.values
    np.testing.assert_allclose(noise.std(0), 0.1 * ROWS.values.std(0), rtol=0.1)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.1


def test_gaps_lose_the_share_and_change_no_other_value() -> None:
    done = SeriesGaps(0.2, seconds=0.5)(SAMPLE)["rows"]
    lost = np.isnan(done.values)
    np.testing.assert_array_equal(lost.mean(0), 0.2)
    np.testing.assert_array_equal(done.values[~lost], ROWS.values[~lost])
    bursts = (np.diff(lost[:, 0].astype(int)) == 1).sum()
    assert 3 <= bursts <= 20  # 400 rows in bursts of 50 on average


def test_gaps_of_a_column_that_is_gone_come_to_an_end() -> None:
    empty = Series(TIMES, np.full((2000, 1), np.nan), (Column("a"),), 100.0)
    SeriesGaps(1.0)(Sample.of("s", {"rows": empty}))
    SeriesNoise()(Sample.of("s", {"rows": empty}))["rows"].check()
