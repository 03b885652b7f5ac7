"""WebDataset tars of any make, friendly and hostile."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.dataset import detected
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.webdataset import Webdataset
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.text import Text
from counterpoint.signal.picture import png
from counterpoint.signal.sound import encode_wav

PNG = png(np.zeros((2, 3, 3), np.uint8))


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def pack(path: Path, members: list[tuple[str, bytes]], odd: tarfile.TarInfo | None = None) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        if odd is not None:
            tar.addfile(odd)
    return path


def test_members_of_one_key_are_one_sample(tmp_path: Path) -> None:
    wav = encode_wav(np.zeros((40, 1), np.float32), 8000)
    members = [
        ("d/1.jpg", b""), ("d/1.left.png", PNG), ("d/1.wav", wav), ("d/1.txt", b"words"), ("d/1.cls", b"3\n"),
        ("d/1.json", b'{"rate": 4, "n": null, "deep": {"a": 1}}'), ("d/1.npy", npy(np.ones((6, 2), np.int16))),
        ("d/1.xml", b"<a/>"), ("d/2.png", PNG), ("d/2.label.json", b'{"cat": 0.25, "dog": 0.75}'),
    ]  # fmt: skip
    path = pack(tmp_path / "t.tar", members[1:])
    assert detected(path) == "webdataset"
    source = Webdataset.read(tmp_path)
    assert list(source.keys()) == ["d/1", "d/2"]
    sample = source.sample("d/1")
    assert set(sample) == {"left", "audio", "text", "label", "record", "series", "xml"}
    assert sample["label"].scores == (("3", 1.0),)
    assert dict(sample["record"].values) == {"rate": 4, "n": None, "deep": '{"a": 1}'}
    assert (sample["series"].rate, sample["series"].values.shape) == (4.0, (6, 2))
    assert "xml" in sample["xml"].reason
    assert source.sample("d/2")["label"].kind == "soft"


def link() -> tarfile.TarInfo:
    info = tarfile.TarInfo("bad.png")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


def device() -> tarfile.TarInfo:
    info = tarfile.TarInfo("bad.png")
    info.type = tarfile.CHRTYPE
    return info


@pytest.mark.parametrize(
    ("members", "odd", "key", "why"),
    [
        ([("../bad.png", PNG)], None, "../bad", "leads out"),
        ([("/bad.png", PNG)], None, "/bad", "leads out"),
        ([], link(), "bad", "link or a device"),
        ([], device(), "bad", "link or a device"),
        ([("bad.pkl", pickle.dumps({"a": 1}))], None, "bad", "never loaded"),
        ([("bad.png", PNG), ("bad.png", PNG)], None, "bad", "stands twice"),
        ([("bad.npy", npy(np.array([{}], object)))], None, "bad", "'bad'"),
        ([("bad.json", b"\xff{")], None, "bad", "'bad'"),
        ([("bad.png", PNG[:40])], None, "bad", "bad"),
    ],
)
def test_a_hostile_member_makes_only_its_own_sample_unreadable(
    tmp_path: Path, members: list[tuple[str, bytes]], odd: tarfile.TarInfo | None, key: str, why: str
) -> None:
    source = Webdataset.read(pack(tmp_path / "t.tar", [("good.png", PNG), *members], odd))
    assert source.sample("good")["image"].size() == (3, 2)
    with pytest.raises(UnreadableInputError, match=why):
        _ = source.sample(key)["image"].pixels
    assert [p.name for p in tmp_path.iterdir()] == ["t.tar"]


def test_a_torn_archive_keeps_what_stands_before_the_tear(tmp_path: Path) -> None:
    path = pack(tmp_path / "t.tar", [("a.png", PNG), ("b.png", PNG * 20)])
    path.write_bytes(path.read_bytes()[:2300])
    source = Webdataset.read(path)
    assert source.sample("a")["image"].size() == (3, 2)
    with pytest.raises(UnreadableInputError, match=r"ends inside|torn"):
        source.sample(source.keys()[1])


def test_a_compressed_archive_is_told_to_be_unpacked(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"))
    with pytest.raises(FormatError, match="Decompress"):
        Webdataset.read(tmp_path / "t.tar.gz")


def samples() -> list[Sample]:
    parts = {
        "image": Image(np.arange(18, dtype=np.uint8).reshape(2, 3, 3)),
        "left": Image(np.zeros((2, 2, 1), np.uint8), "left"),
        "caption": Text("ünïcode", "caption"),
        "label": Label.of("cat"),
        "record": Record({"x": 1.5, "s": None}),
    }
    return [Sample.of(k, parts) for k in ("a.b.c", "a.b.d", "x/ü")]


def test_what_is_written_is_plain_deterministic_and_comes_back(tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        Webdataset.write(tmp_path / name, iter(samples()))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        assert all(m.isreg() and m.mtime == 0 and not m.pax_headers for m in tar)
        assert len({m.name.split(".")[0] for m in tar}) == 3  # a dot in a key merges nothing
    source = Webdataset.read(tmp_path / "one.tar")
    assert list(source.keys()) == ["a.b.c", "a.b.d", "x/ü"]
    for old in samples():
        new = source.sample(old.key)
        assert set(new) == set(old)
        for name in old:
            assert new[name].encode().blob.read() == old[name].encode().blob.read(), name


def test_shards_of_one_folder_with_the_same_keys_stay_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pack(tmp_path / f"{name}.tar", [("0.txt", name.encode())])
    source = Webdataset.read(tmp_path)
    assert {k: source.sample(k)["text"].text for k in source.keys()} == {"a/0": "a", "b/0": "b"}  # noqa: SIM118


def test_a_sample_of_which_nothing_would_be_left_is_refused(tmp_path: Path) -> None:
    series = Series(np.arange(3.0), np.zeros((3, 1)), (Column("v"),))
    with pytest.raises(FormatError, match="sample 'a' has nothing that a plain WebDataset holds"):
        Webdataset.write(tmp_path / "w", iter([Sample.of("a", {"series": series})]))
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_comes_twice_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    for name in ("x.tar", "folder"):
        with pytest.raises(FormatError, match="twice"):
            Webdataset.write(tmp_path / name, iter([samples()[0], samples()[0]]))
    assert list(tmp_path.iterdir()) == []
