"""Tables: what is a record, what is a series, and what stands in the cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.dataset import detected
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.columns import columns_of
from counterpoint.formats.table import Table
from counterpoint.modalities.record import Record
from counterpoint.signal.tables import typed


def put(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_separators_blanks_and_missing_values_are_recognised(tmp_path: Path) -> None:
    for mark in (",", ";", "\t", "|"):
        path = put(
            tmp_path / "t.csv",
            "age,job name,rich,Torque [Nm]\n39, clerk, true, 1.5\n?, ?, FALSE,\n".replace(",", mark),
        )
        assert detected(path) == "table"
        rows = [Table.read(path).sample(k)["record"] for k in ("0", "1")]
        assert dict(rows[0].values) == {"age": 39, "job name": "clerk", "rich": True, "Torque": 1.5}
        assert dict(rows[1].values) == {"age": None, "job name": None, "rich": False, "Torque": None}
        assert rows[0].columns[3].unit == "Nm"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2", ""], [1, 2, None]),
        (["1", "2.5"], [1.0, 2.5]),
        (["007", "12"], ["007", "12"]),
        (["1e3", "-2"], [1000.0, -2.0]),
        (["1_000", "2"], ["1_000", "2"]),
        (["True", "false"], [True, False]),
        (["", "?"], [None, None]),
        (["inf", "1"], ["inf", "1"]),
    ],
)
def test_a_column_is_what_all_its_cells_allow(cells: list[str], values: list[Any]) -> None:
    got = list(typed(cells))
    if cells == ["inf", "1"]:
        assert got in (["inf", "1"], [float("inf"), 1.0])
    else:
        assert got == values
        assert [type(g) for g in got] == [type(v) for v in values]


def test_a_column_of_time_makes_one_series_and_keeps_the_first_date(tmp_path: Path) -> None:
    path = put(
        tmp_path / "plant.csv",
        "date,load [kW],state\n2020-01-01 00:00:00,1,on\n2020-01-01 01:00:00,,off\n2020-01-01 02:00:00,3,on\n",
    )
    source = Table.read(path)
    assert list(source.keys()) == ["plant"]
    series = source.sample("plant")["series"]
    assert series.times.tolist() == [0, 3600, 7200]
    assert series.rate == pytest.approx(1 / 3600)
    assert series.values[:, 0] == pytest.approx([1, np.nan, 3], nan_ok=True)
    assert series.columns[0] == Column("load", "kW")
    assert series.columns[1] == Column("state", "off|on", "category")
    assert series.values[:, 1].tolist() == [1, 0, 1]
    assert source.sample("plant")["record"].values["start"] == "2020-01-01 00:00:00"


def test_ids_that_repeat_make_a_series_each_and_what_never_changes_their_record(tmp_path: Path) -> None:
    path = put(tmp_path / "visits.csv", "id,sex,year,albumin\n7,f,0,2.5\n7,f,0.5,2.4\n9,m,0,3.1\n9,m,2,3.0\n")
    source = Table.read(path)
    assert list(source.keys()) == ["7", "9"]
    sample = source.sample("9")
    assert sample["series"].times.tolist() == [0, 2 * 31557600]
    assert sample["series"].rate == pytest.approx(1 / (2 * 31557600))
    assert dict(sample["record"].values) == {"sex": "m"}


def test_a_yearly_table_without_ids_stays_records(tmp_path: Path) -> None:
    path = put(tmp_path / "cars.csv", "year,price\n1999,3\n2000,4\n")
    assert list(Table.read(path).keys()) == ["0", "1"]


def test_a_time_that_is_missing_or_goes_back_makes_only_its_series_unreadable(tmp_path: Path) -> None:
    path = put(tmp_path / "v.csv", "id,time,v\na,0,1\na,1,2\nb,0,3\nb,nan,4\n")
    source = Table.read(path)
    assert source.sample("a")["series"].times.tolist() == [0, 1]
    with pytest.raises(UnreadableInputError, match=r"'b'.*'time'"):
        source.sample("b")


def test_a_broken_row_is_unreadable_and_the_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n3\n4,\xff5\n6,7\n")
    source = Table.read(path)
    assert list(source.keys()) == ["0", "1", "2", "3"]
    assert source.sample("0")["record"].values["a"] == 1
    for key, why in (("1", "1 cells"), ("2", "UTF-8")):
        with pytest.raises(UnreadableInputError, match=why):
            source.sample(key)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = put(tmp_path / "t.csv", "")
    with pytest.raises(UnreadableInputError, match="empty"):
        Table.read(path)
    with pytest.raises(FormatError):
        detected(path)


def test_an_empty_file_among_others_makes_only_its_own_sample_unreadable(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "time,v\n0,1\n1,2\n")
    put(tmp_path / "b.csv", "")
    source = Table.read(tmp_path)
    assert list(source.keys()) == ["a", "b"]
    assert source.sample("a")["series"].values.tolist() == [[1], [2]]
    with pytest.raises(UnreadableInputError, match=r"sample 'b': .*b\.csv.* is empty"):
        source.sample("b")


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    put(tmp_path / "counterpoint.yaml", "key: name\ntime: none")
    with pytest.raises(FormatError, match="'x' stands twice"):
        Table.read(put(tmp_path / "t.csv", "name,v\nx,1\nx,2\n"))


def test_settings_overrule_what_looking_found(tmp_path: Path) -> None:
    put(
        tmp_path / "counterpoint.yaml",
        "licence: CC0\ntime: at\ncolumns: {at: {unit: ms}, w: {kind: lateral, order: 1}}",
    )
    sample = Table.read(put(tmp_path / "t.csv", "at,w\n0,1\n10,2\n")).sample("t")
    assert sample["series"].times == pytest.approx([0, 0.01])
    assert sample["series"].columns == (Column("w", kind="lateral", order=1),)
    assert sample.lineage.licence == "CC0"
    put(tmp_path / "counterpoint.yaml", "colums: {}")
    with pytest.raises(FormatError, match="columns"):
        Table.read(tmp_path / "t.csv")


def test_vectors_and_steering_are_known_by_their_names() -> None:
    names = [
        "imu_acc_x [m/s^2]",
        "imu_acc_y [m/s^2]",
        "imu_acc_z [m/s^2]",
        "gyro_x",
        "gyro_y",
        "gyro_z",
        "acc_x",
        "user/angle",
        "user/throttle",
    ]
    found = {c.name: c for c in columns_of({n: [0.5, 1.5] for n in names})}
    assert found["imu_acc_y"] == Column("imu_acc_y", "m/s^2", "polar", "imu_acc", "y", 2)
    assert found["gyro_z"] == Column("gyro_z", "", "axial", "gyro", "z", 1)
    assert found["acc_x"].kind == "scalar"  # one component alone is no vector
    assert found["user/angle"].kind == "lateral"
    assert found["user/throttle"].kind == "scalar"


def test_tables_come_back_from_writing(tmp_path: Path) -> None:
    records = [Sample.of(k, {"record": Record({"a": v, "b": "x, y"})}) for k, v in (("k1", 1.25), ("k2", None))]
    Table.write(tmp_path / "r.csv", iter(records))
    again = Table.read(tmp_path / "r.csv")
    assert list(again.keys()) == ["k1", "k2"]
    assert dict(again.sample("k2")["record"].values) == {"a": None, "b": "x, y"}
    text = "id,sex,time,v,state\na,f,0,1.5,on\na,f,2,,off\nb,m,1,3,on\nb,m,2,4,on\n"
    source = Table.read(put(tmp_path / "s.csv", text))
    Table.write(tmp_path / "out.tsv", map(source.sample, source.keys()))
    again = Table.read(tmp_path / "out.tsv")
    for key in source.keys():  # noqa: SIM118
        for name, part in source.sample(key).parts.items():
            assert again.sample(key)[name].encode().blob.read() == part.encode().blob.read()


def test_rows_with_their_copies_are_found_by_their_keys(tmp_path: Path) -> None:
    """A copy has the cell ``id`` of its original, and a copy of a copy the cell ``key``, too."""
    rows = [{"id": "r1"}, {"id": "r1"}, {"key": "r1~001", "id": "r1"}]
    for keys, cells in ((["r1", "r1~001"], rows[:2]), (["r1~001~001"], rows[2:])):
        path = tmp_path / f"{keys[0]}.csv"
        Table.write(path, (Sample.of(k, {"record": Record(c | {"x": 1})}) for k, c in zip(keys, cells, strict=True)))
        again = Table.read(path)
        assert list(again.keys()) == keys
        assert again.sample(keys[-1])["record"].values["id"] == "r1"


def test_samples_of_other_columns_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    samples = [Sample.of("a", {"record": Record({"x": 1})}), Sample.of("b", {"record": Record({"y": 1})})]
    with pytest.raises(FormatError, match="needs the"):
        Table.write(tmp_path / "t.csv", iter(samples))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "count", "parts"),
    [
        ("adult", 16281, {"record"}),
        ("ai4i", 5000, {"record"}),
        ("shoppers", 6165, {"record"}),
        ("german_credit", 500, {"record"}),
        ("etth1", 1, {"series", "record"}),
        ("skab/valve1", 8, {"series", "record"}),
        ("cgm", 5, {"series", "record"}),
        ("pbc2", 156, {"series", "record"}),
        ("aids", 234, {"series", "record"}),
    ],
)
def test_real_tables_are_read_as_what_they_are(shared, name: str, count: int, parts: set[str]) -> None:
    path = shared(name)
    assert detected(path) == "table"
    source = Table.read(path)
    assert len(source.keys()) == count
    assert set(source.sample(source.keys()[-1])) == parts
