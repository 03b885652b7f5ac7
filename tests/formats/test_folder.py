"""Folders of media with a table: what is found by looking, what is said, what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.dataset import detected
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnknownNameError, UnreadableInputError
from counterpoint.formats.folder import Folder
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.signal.picture import png
from counterpoint.signal.sound import encode_wav

PNG = png(np.full((4, 6, 3), 9, np.uint8))
WAV = encode_wav(np.zeros((80, 1), np.float32), 8000)


def fill(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return root


def test_the_hugging_face_convention_is_read_with_splits(tmp_path: Path) -> None:
    line = {"file_name": "a.png", "second_file_name": "b.png", "text": "a cat", "label": "cat", "age": 3}
    root = fill(
        tmp_path,
        {
            "train/metadata.jsonl": json.dumps(line),
            "train/a.png": PNG,
            "train/b.png": PNG,
            "test/metadata.csv": "file_name,text\nc.png,a dog\n",
            "test/c.png": PNG,
        },
    )
    assert detected(root) == "folder"
    source = Folder.read(root)
    assert list(source.keys()) == ["test/c", "train/a"]
    sample = source.sample("train/a")
    assert set(sample) == {"image", "second", "text", "label", "record"}
    assert sample["text"].role == "caption"
    assert (sample["image"].camera, sample["second"].camera) == ("image", "second")
    assert source.sample("test/c")["image"].camera == "camera"
    assert sample["label"].scores == (("cat", 1.0),)
    assert dict(sample["record"].values) == {"age": 3, "split": "train"}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_table_in_any_ending_that_points_at_files_is_found_by_looking(tmp_path: Path, ending: str) -> None:
    rows = [{"sample_id": f"s{i}", "pic": f"{i}.png", "noise": f"sound/{i}.wav", "digit": i} for i in range(3)]
    files: dict[str, bytes | str] = {f"images/{i}.png": PNG for i in range(3)} | {
        f"sound/{i}.wav": WAV for i in range(3)
    }
    root = fill(tmp_path, files)
    if ending == "csv":
        (root / "pairs.csv").write_text(
            "\n".join(",".join(map(str, r)) for r in [rows[0], *[r.values() for r in rows]])
        )
    elif ending == "jsonl":
        (root / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    else:
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(rows), root / "pairs.parquet")
    assert detected(root) == "folder"
    source = Folder.read(root)
    assert list(source.keys()) == ["s0", "s1", "s2"]
    assert set(source.sample("s1")) == {"image", "audio", "record"}
    assert source.sample("s1")["record"].values["digit"] == 1


def test_names_that_are_made_from_an_id_are_found(tmp_path: Path) -> None:
    lines = [json.dumps({"identifier": f"{i}-0", "sentence": "a tower", "label": "true"}) for i in (11, 12, 13)]
    files: dict[str, bytes | str] = {f"images/dev-{i}-0-0.png": PNG for i in (11, 12, 13)}
    root = fill(tmp_path, {"dev.json": "\n".join(lines), "other/dev-11-0-1.png": PNG, **files})
    sample = Folder.read(root).sample("12-0")
    assert sample["image"].data.path.endswith("images/dev-12-0-0.png")
    assert sample["sentence"].role == "caption"


def test_without_a_table_folders_are_labels(tmp_path: Path) -> None:
    root = fill(
        tmp_path, {"train/cat/1.png": PNG, "train/dog/1.png": PNG, "test/cat/2.png": PNG, "test/cat/2.wav": WAV}
    )
    source = Folder.read(root)
    assert list(source.keys()) == ["test/cat/2", "train/cat/1", "train/dog/1"]
    assert set(source.sample("test/cat/2")) == {"image", "audio", "label", "record"}
    assert source.sample("train/dog/1")["label"].scores == (("dog", 1.0),)
    assert source.sample("train/dog/1")["record"].values["split"] == "train"


def test_two_tables_that_point_at_files_must_be_chosen_from(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a.csv": "file\nx.png\n", "b.csv": "file\nx.png\n", "x.png": PNG})
    with pytest.raises(FormatError, match=r"a\.csv, b\.csv"):
        Folder.read(root)
    (root / "counterpoint.yaml").write_text("table: b.csv\ncolumns: {}\n")
    assert list(Folder.read(root).keys()) == ["x"]


def test_steering_is_lateral_and_settings_say_the_rest(tmp_path: Path) -> None:
    rows = [{"_index": i, "cam": "a.png", "user/angle": 0.5 * i, "user/throttle": 0.1, "lean": 1.5} for i in range(2)]
    root = fill(tmp_path, {"catalog.jsonl": "\n".join(map(json.dumps, rows)), "images/a.png": PNG})
    (root / "counterpoint.yaml").write_text(
        "columns: {lean: {kind: lateral, unit: deg}}\nlicence: MIT\nattribution: us"
    )
    source = Folder.read(root)
    sample = source.sample("1")
    kinds = {c.name: c.kind for c in sample["record"].columns}
    assert (kinds["user/angle"], kinds["user/throttle"], kinds["lean"]) == ("lateral", "scalar", "lateral")
    assert sample.lineage.licence == "MIT"
    assert source.facts()["attribution"] == "us"


def test_settings_may_stand_elsewhere_and_name_files_by_pattern(tmp_path: Path) -> None:
    fill(tmp_path / "data", {"t.csv": "n,word\n1,one\n2,two\n", "p/x1.png": PNG, "p/x2.png": PNG})
    path = fill(
        tmp_path / "mine",
        {"counterpoint.yaml": "root: ../data\ntable: t.csv\nkey: word\nfiles: {photo: 'p/x{n}.png'}\n"},
    )
    source = Folder.read(path / "counterpoint.yaml")
    assert list(source.keys()) == ["one", "two"]
    assert set(source.sample("two")) == {"photo", "record"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tabel: a", "table"),
        ("columns: {a: {kindd: x}}", "kind"),
        ("columns: {a: {as: captoin}}", "caption"),
        ("- a", "names and values"),
        ("a: [", "YAML"),
        ("table: none.csv", r"none\.csv"),
        ("files: {image: 'x{nope}.png'}\ntable: t.csv", "nope"),
        ("key: nope", "nope"),
    ],
)
def test_a_wrong_setting_is_told_with_the_nearest_name(tmp_path: Path, text: str, why: str) -> None:
    root = fill(tmp_path, {"t.csv": "file\nx.png\n", "x.png": PNG, "counterpoint.yaml": text})
    with pytest.raises(FormatError, match=why):
        Folder.read(root)


def test_cut_out_masks_are_pasted_where_they_belong(tmp_path: Path) -> None:
    cut = np.zeros((2, 3, 4), np.uint8)
    cut[0, 0] = (200, 0, 0, 255)
    cut[1, 2] = (200, 0, 0, 0)  # transparent
    rows = (
        "Class,Filename,Mask,Left,Top\nLeft Lung,a.png,m/1.png,2,1\nRight Lung,a.png,m/1.png,5,3\nX,b.png,m/1.png,0,0\n"
    )
    root = fill(
        tmp_path,
        {
            "metadata.csv": "filename,clinical_notes\na.png,fine on the left\n",
            "images/a.png": PNG,
            "structure.csv": rows,
            "m/1.png": png(cut),
        },
    )
    sample = Folder.read(root).sample("a")
    masks = sample["masks"]
    assert masks.names == ("Left Lung", "Right Lung")
    assert [np.argwhere(m).tolist() for m in masks.masks] == [[[1, 2]], [[3, 5]]]
    assert sample["clinical_notes"].role == "note"


def test_what_is_missing_broken_or_outside_is_unreadable_for_its_own_key(tmp_path: Path) -> None:
    rows = ["file_name,text", "ok.png,fine", "gone.png,x", "../out.png,x", "cut.png,x", "short"]
    root = fill(tmp_path / "d", {"metadata.csv": "\n".join(rows), "ok.png": PNG, "cut.png": PNG[:30]})
    (tmp_path / "out.png").write_bytes(PNG)
    source = Folder.read(root)
    keys = list(source.keys())
    assert keys[:4] == ["ok", "gone", "out", "cut"]
    assert source.sample("ok")["text"].text == "fine"
    for key, why in zip(keys[1:], ("gone.png", "leads out", "cut", "1 cells"), strict=True):
        with pytest.raises(UnreadableInputError, match=why):
            _ = source.sample(key)["image"].pixels
    with pytest.raises(UnknownNameError):
        source.sample("nothing")


def test_bad_json_lines_bad_letters_and_empty_tables_are_told(tmp_path: Path) -> None:
    root = fill(
        tmp_path / "a", {"metadata.jsonl": b'{"file_name": "x.png"}\n{oops\n{"file_name": "\xff.png"}\n', "x.png": PNG}
    )
    source = Folder.read(root)
    assert len(source.keys()) == 3
    for key in list(source.keys())[1:]:
        with pytest.raises(UnreadableInputError):
            source.sample(key)
    with pytest.raises(UnreadableInputError, match="empty"):
        Folder.read(fill(tmp_path / "b", {"metadata.csv": "", "x.png": PNG}))
    with pytest.raises(FormatError, match="neither a table"):
        Folder.read(fill(tmp_path / "c", {"README": "x"}))


def parts() -> dict[str, object]:
    times = np.array([0.0, 0.004])
    return {
        "image": Image(np.arange(24, dtype=np.uint8).reshape(2, 4, 3)),
        "audio": Audio(np.linspace(-0.5, 0.5, 80, dtype=np.float32)[:, None], 8000),
        "words": Spans(times, times + 0.003, ("a", "b"), "words", True),
        "subtitles": Spans(times, times + 0.008, ("a b", "over lapping"), "subtitles", True),
        "said": Text("a b", "transcript", heard=(0.0, 0.01)),
        "kind": Label.of("cat"),
        "mix": Label((("a", 0.25), ("b", 0.75)), "soft"),
        "record": Record({"n": 1, "s": "x", "none": None, "f": 0.1, "b": True}),
    }


def test_what_is_written_reads_back_equal_under_any_key(tmp_path: Path) -> None:
    samples = [Sample.of(k, parts()) for k in ("a.b", "ä/..\\:*", "x" * 300)]  # type: ignore[arg-type]
    assert not Folder.cannot_hold(samples[0])
    Folder.write(tmp_path / "out", iter(samples))
    source = Folder.read(tmp_path / "out")
    assert list(source.keys()) == [s.key for s in samples]
    for old in samples:
        new = source.sample(old.key)
        assert set(new) == set(old)
        for name in set(old) - {"said"}:
            a, b = old[name].encode(), new[name].encode()
            assert b.blob.read() == a.blob.read(), name
        # the words of the transcript have found their times
        assert [k.time for k in new["said"].links] == [(0.0, 0.003), (0.004, 0.007)]


def test_what_a_folder_cannot_hold_is_said_before_writing(tmp_path: Path) -> None:
    sample = Sample.of(
        "k",
        {
            "boxes": Boxes(np.zeros((0, 4)), (), ()),
            "audio": Audio(np.zeros((8, 1), np.float32), 8, start=1.0),
            "row": Record({}),
        },
    )
    said = " ".join(Folder.cannot_hold(sample))
    for what in ("'boxes' (boxes)", "starts at 1 s", "'row' would be lost"):
        assert what in said


def test_a_writer_that_fails_leaves_nothing_and_never_overwrites(tmp_path: Path) -> None:
    sample = Sample.of("k", {"record": Record({"a": 1})})
    with pytest.raises(FormatError, match="twice"):
        Folder.write(tmp_path / "out", iter([sample, sample]))
    assert list(tmp_path.iterdir()) == []
    Folder.write(tmp_path / "out", iter([sample]))
    with pytest.raises(FormatError, match="overwritten"):
        Folder.write(tmp_path / "out", iter([sample]))


@pytest.mark.parametrize(
    ("name", "count", "found"),
    [
        ("grid_av", 5, {"video", "audio", "words", "transcript", "record"}),
        ("av_digits", 840, {"image", "audio", "record"}),
        ("robot_car", 450, {"image", "record"}),
        ("chest_xray", 15, {"image", "masks", "clinical_notes", "other_notes", "record"}),
        ("nlvr", 900, {"image", "sentence", "label", "record"}),
        ("esc_mini", 100, {"audio", "label", "record"}),
    ],
)
def test_real_folders_are_read_as_what_they_are(shared, name: str, count: int, found: set[str]) -> None:
    path = shared(name)
    assert detected(path) == "folder"
    source = Folder.read(path)
    assert len(source.keys()) == count
    assert set(source.sample(source.keys()[0])) == found


def test_the_left_lung_of_the_patient_lies_right_in_every_picture(shared) -> None:
    source = Folder.read(shared("chest_xray"))
    sides = []
    for key in source.keys():  # noqa: SIM118
        masks = source.sample(key)["masks"]
        middle = {
            n: np.nonzero(m)[1].mean() for n, m in zip(masks.names, masks.masks, strict=True) if n.endswith("Lung")
        }
        if len(middle) == 2:
            sides.append(middle["COVID-19 Left Lung"] > middle["COVID-19 Right Lung"])
    assert len(sides) >= 10
    assert all(sides)


def test_steering_of_the_real_car_is_lateral(shared) -> None:
    record = Folder.read(shared("robot_car")).sample("0")["record"]
    assert {c.name for c in record.columns if c.kind == "lateral"} == {"user/angle"}
