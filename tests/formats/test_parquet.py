"""Parquet: every part comes back, and foreign files are understood."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from counterpoint.core.columns import Column
from counterpoint.core.dataset import detected
from counterpoint.core.rig import Camera, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.parquet import Parquet
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.text import Link, Text
from counterpoint.signal.picture import png
from counterpoint.signal.sound import encode_wav


def whole(key: str, cell: object = 1) -> Sample:
    parts = {
        "image": Image(np.arange(24, dtype=np.uint8).reshape(2, 4, 3)),
        "audio": Audio(np.zeros((10, 2), np.float32), 8000, start=0.25),
        "caption": Text("left, right", links=(Link(0, 4, "7"),)),
        "boxes": Boxes(np.array([[0.0, 0, 1.5, 2]]), ("7",), ("car",)),
        "series": Series(
            np.array([0.0, 0.1]), np.array([[1.0], [np.nan]]), (Column("w", "rad/s", "lateral", order=1),)
        ),
        "label": Label.of("cat"),
        "mix": Label((("a", 0.25), ("b", 0.75)), "soft"),
        "record": Record({"n": cell, "s": "x", "none": None, "b": True}),
    }
    rig = Rig({"camera": Camera.of((4, 2), [[3, 0, 2], [0, 3, 1], [0, 0, 1]])})
    return Sample.of(key, parts, rig)


def test_everything_comes_back_rig_and_lineage_included(tmp_path: Path) -> None:
    # cells of other types in other rows: the column becomes wider, the cells stay what they were
    samples = [whole("a.b"), whole("ä/2", 2.5), whole("three", "3"), whole("four", None)]
    assert not Parquet.cannot_hold(samples[0])
    Parquet.write(tmp_path / "x.parquet", iter(samples))
    assert detected(tmp_path / "x.parquet") == "parquet"
    source = Parquet.read(tmp_path / "x.parquet")
    assert list(source.keys()) == [s.key for s in samples]
    for old in samples:
        new = source.sample(old.key)
        assert (new.rig, new.lineage) == (old.rig, old.lineage)
        for name in old:
            a, b = old[name].encode(), new[name].encode()
            assert b.blob.read() == a.blob.read(), name
            assert json.dumps(b.facts) == json.dumps(a.facts), name
    assert {type(source.sample(s.key)["record"].values["n"]) for s in samples} == {int, float, str, type(None)}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.parquet"]


def test_labels_of_one_class_and_of_several_share_a_column(tmp_path: Path) -> None:
    labels = {"one": Label.of("cat"), "soft": Label((("cat", 0.25), ("dog", 0.75)), "soft"), "last": Label.of("dog")}
    for order in (["one", "soft", "last"], ["soft", "one"]):
        path = tmp_path / f"{order[0]}.parquet"
        Parquet.write(path, (Sample.of(k, {"label": labels[k]}) for k in order))
        assert {k: Parquet.read(path).sample(k)["label"] for k in order} == {k: labels[k] for k in order}


@pytest.mark.parametrize("parts", [[0, 1], [1, 0], [1, 2], [2, 1]])
def test_a_name_that_means_another_kind_later_is_told_and_nothing_is_lost(tmp_path: Path, parts: list[int]) -> None:
    kinds = ({"x": Text("a")}, {"x": Image(np.zeros((2, 2, 3), np.uint8))}, {"record": Record({"x": 1})})
    with pytest.raises(FormatError, match="sample '1': the column 'x' is needed for a"):
        Parquet.write(tmp_path / "x.parquet", (Sample.of(str(i), kinds[n]) for i, n in enumerate(parts)))
    assert list(tmp_path.iterdir()) == []


def test_the_schema_says_image_and_audio_as_datasets_wants_it(tmp_path: Path) -> None:
    Parquet.write(tmp_path / "x.parquet", iter([whole("a")]))
    schema = pq.read_schema(tmp_path / "x.parquet")
    assert schema.field("image").type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["audio"] == {"_type": "Audio"}
    assert features["caption"] == {"dtype": "string", "_type": "Value"}
    assert set(features) == set(schema.names)


def test_memory_of_rows_is_kept_in_groups(tmp_path: Path) -> None:
    Parquet.write(tmp_path / "x.parquet", (Sample.of(str(i), {"record": Record({"i": i})}) for i in range(250)))
    assert pq.ParquetFile(tmp_path / "x.parquet").metadata.num_row_groups == 3
    assert Parquet.read(tmp_path / "x.parquet").sample("249")["record"].values["i"] == 249


def test_foreign_columns_become_media_words_labels_and_a_record(tmp_path: Path) -> None:
    picture = {"bytes": png(np.zeros((2, 3, 3), np.uint8)), "path": None}
    wav = encode_wav(np.zeros((5, 1), np.float32), 8000)
    rows = [
        {"id": "p", "photo": picture, "sound": wav, "text": "hello", "label": 1, "age": 4.5, "tags": ["a", "b"]},
        {"id": "q", "photo": None, "sound": None, "text": None, "label": None, "age": None, "tags": None},
    ]
    table = pa.Table.from_pylist(rows)
    features = {"photo": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["dog", "cat"]}}
    meta = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    pq.write_table(table.replace_schema_metadata(meta), tmp_path / "f.parquet")
    source = Parquet.read(tmp_path)
    sample = source.sample("p")
    assert sample["photo"].size() == (3, 2)
    assert sample["sound"].rate == 8000
    assert sample["text"].role == "transcript"
    assert sample["label"].scores == (("cat", 1.0),)
    assert dict(sample["record"].values) == {"id": "p", "age": 4.5, "tags": '["a", "b"]'}
    assert source.sample("q")["photo"].modality() == "absent"


def test_a_plain_table_is_a_record_a_row(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "label": ["x", "y"]}), tmp_path / "t.parquet")
    assert dict(Parquet.read(tmp_path / "t.parquet").sample("1")["record"].values) == {"a": 2, "label": "y"}


def test_a_file_that_is_none_and_a_path_that_leads_out_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(FormatError, match=r"t\.parquet"):
        Parquet.read(tmp_path / "t.parquet")
    table = pa.Table.from_pylist([{"image": {"bytes": None, "path": "../secret.png"}}])
    meta = {b"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}}).encode()}
    pq.write_table(table.replace_schema_metadata(meta), tmp_path / "u.parquet")
    with pytest.raises(UnreadableInputError, match="leads out"):
        Parquet.read(tmp_path / "u.parquet").sample("0")


def test_a_failing_writer_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="twice"):
        Parquet.write(tmp_path / "x.parquet", iter([whole("a"), whole("a")]))
    assert list(tmp_path.iterdir()) == []
    clash = Sample.of("k", {"n": Text("a"), "record": Record({"n": 1})})
    assert "'n'" in Parquet.cannot_hold(clash)[0]
