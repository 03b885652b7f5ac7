"""The native store: legal tars, random access, checksums, and commits that only one writer wins."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, IntegrityError, UnknownNameError, UnreadableInputError
from counterpoint.formats.native import Native, entry_of
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.text import Text
from counterpoint.signal.store import Entry, Member, committed, load_manifest, stem, sweep, write_shard
from counterpoint.testing import worlds
from counterpoint.testing.format import check_format

ODD_KEYS = [
    "cam.front.001",
    "cam.rear.001",
    "a/b",
    "../../etc/passwd",
    ".",
    "ключ 中",
    "x" * 300,
    "%2E",
    "q?*[",
    "\n\0",
]


def plain(key: str) -> Sample:
    return Sample.of(key, {"caption": Text(f"the key is {key}"), "label": Label((("cat", 1.0),))})


def everything(key: str) -> Sample:
    """A sample with every modality, sensors and history."""
    sample = Sample.of(key, {**worlds.parts_in_space(), "label": Label((("cat", 1.0),))}, worlds.rig())
    return replace(sample, lineage=Lineage(parents=("p",), engine="augment", seed=3, copy=2, licence="CC0-1.0"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_store_keeps_the_contract_of_a_format(tmp_path: Path) -> None:
    samples = [everything("one"), everything("two.b")]
    for before, after in zip(samples, check_format(Native, samples, tmp_path / "set"), strict=True):
        assert list(after) == list(before)
        assert (after.rig, after.lineage) == (before.rig, before.lineage)
        assert [m.payload for m in entry_of(after).members] == [m.payload for m in entry_of(before).members]


def test_odd_keys_come_back_and_never_merge(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", map(plain, ODD_KEYS))
    source = Native.read(tmp_path / "set")
    assert source.keys() == ODD_KEYS
    assert [source.sample(k)["caption"].text for k in reversed(ODD_KEYS)] == [
        f"the key is {k}" for k in reversed(ODD_KEYS)
    ]
    assert {p.name for p in tmp_path.iterdir()} == {"set"}


def test_plain_tarfile_sees_the_members_of_a_key_side_by_side(tmp_path: Path) -> None:
    """What WebDataset needs: the name up to the first dot is the key, and a key never comes back later."""
    Native.write(tmp_path / "set", map(plain, ODD_KEYS))
    with tarfile.open(tmp_path / "set" / "shard-00000.tar") as tar:
        names = tar.getnames()
    keys = [n.partition(".")[0] for n in names]
    order = list(dict.fromkeys(keys))
    assert keys == [k for k in order for _ in range(3)]
    assert len(order) == len(ODD_KEYS)
    assert [n.partition(".")[2] for n in names[:3]] == ["caption.txt", "label.json", "sample.json"]


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one/set", "two/set"):
        Native.write(tmp_path / name, iter([everything("a"), plain("b")]))
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_untouched_media_are_stored_byte_for_byte(tmp_path: Path) -> None:
    """A JPEG that is decoded and encoded again differs; the stored one must not."""
    jpeg = Image(worlds.blob(worlds.LANDMARK), quality=71).encode().blob
    odd = jpeg.read() + b"trailing bytes that no encoder would write"
    Native.write(tmp_path / "set", iter([Sample.of("a", {"image": Image(Blob("jpg", odd))})]))
    stored = Native.read(tmp_path / "set").members("a")["image"]
    assert stored.read() == odd
    assert Native.read(tmp_path / "set").sample("a")["image"].encode().blob.read() == odd


def test_the_index_knows_place_span_parents_and_licence(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    Native.write(tmp_path / "set", iter([everything("a")]))
    rows = pq.read_table(tmp_path / "set" / "shard-00000.parquet").to_pylist()
    tar = (tmp_path / "set" / "shard-00000.tar").read_bytes()
    record = json.loads(tar[rows[-1]["offset"] :][: rows[-1]["length"]])
    assert record["key"] == "a"
    assert (rows[-1]["parents"], rows[-1]["licence"]) == (["p"], "CC0-1.0")
    assert [r["part"] for r in rows] == [*everything("a"), ""]
    pose = next(r for r in rows if r["part"] == "pose")
    assert (pose["start"], pose["end"], pose["modality"]) == (0.0, 1.0, "pose")


def test_a_flipped_bit_is_reported_when_it_is_read_with_sample_and_part(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([plain("a"), plain("b")]))
    blob = Native.read(tmp_path / "set").members("b")["caption"]
    tar = tmp_path / "set" / "shard-00000.tar"
    data = bytearray(tar.read_bytes())
    data[blob.offset + 2] ^= 4
    tar.write_bytes(data)
    source = Native.read(tmp_path / "set")
    assert source.sample("a")["caption"].text == "the key is a"
    with pytest.raises(IntegrityError, match=r"sample 'b', part 'caption'"):
        print(source.sample("b")["caption"].text)


@pytest.mark.parametrize("name", ["shard-00000.parquet", "manifests/shard-00000.json", "dataset.json"])
def test_a_changed_index_or_manifest_is_not_believed(tmp_path: Path, name: str) -> None:
    Native.write(tmp_path / "set", iter([plain("a")]))
    path = tmp_path / "set" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises((IntegrityError, FormatError)):
        _ = Native.read(tmp_path / "set").facts(), Native.read(tmp_path / "set").keys()


def test_a_lost_or_short_tar_is_told_with_sample_and_part(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([plain("a")]))
    tar = tmp_path / "set" / "shard-00000.tar"
    tar.write_bytes(tar.read_bytes()[:600])
    with pytest.raises(IntegrityError, match="sample 'a'"):
        Native.read(tmp_path / "set").sample("a")
    tar.unlink()
    with pytest.raises(UnreadableInputError, match="sample 'a'"):
        Native.read(tmp_path / "set").sample("a")


def test_shards_without_a_manifest_are_not_seen(tmp_path: Path) -> None:
    for number, key in enumerate("ab"):
        write_shard(tmp_path, number, [entry_of(plain(key))])
    (tmp_path / "dataset.json").write_text('{"format": "counterpoint"}')
    (tmp_path / "manifests" / "shard-00001.json").unlink()
    assert Native.read(tmp_path).keys() == ["a"]


def test_nothing_is_overwritten_and_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[Sample]:
        yield plain("a")
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        Native.write(tmp_path / "set", broken())
    with pytest.raises(FormatError, match="two samples are called 'a'"):
        Native.write(tmp_path / "set", iter([plain("a"), plain("a")]))
    assert not list(tmp_path.iterdir())
    Native.write(tmp_path / "set", iter([plain("a")]))
    with pytest.raises(FormatError, match="nothing is overwritten"):
        Native.write(tmp_path / "set", iter([plain("b")]))


def test_no_sample_at_all_is_a_data_set_too(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter(()))
    assert {p.name for p in (tmp_path / "set").iterdir()} == {"dataset.json", "versions"}
    assert Native.read(tmp_path / "set").keys() == []


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([plain("clip-1"), plain("other")]))
    with pytest.raises(UnknownNameError, match="clip-1"):
        Native.read(tmp_path / "set").sample("clip1")


def test_a_source_can_be_sent_to_another_process(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([plain("a")]))
    source = Native.read(tmp_path / "set")
    source.keys()
    sent = pickle.dumps(source)
    assert len(sent) < 500, "the index is read again there, not sent"
    assert pickle.loads(sent).sample("a")["caption"].text == "the key is a"


def _commit(folder: str, payload: bytes, start: object, results: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    try:
        write_shard(Path(folder), 0, [Entry("a", [Member("x", "text", "txt", payload), Member("", "", "json", b"{}")])])
        results.put("ok")  # type: ignore[attr-defined]
    except IntegrityError:
        results.put("other bytes")  # type: ignore[attr-defined]


def test_of_processes_that_commit_one_shard_at_once_the_first_wins(tmp_path: Path) -> None:
    """Equal bytes: nobody complains. Whatever happens, the manifest fits the tar that lies there."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(4), context.Queue()
    racers = [context.Process(target=_commit, args=(str(tmp_path), b"same", start, results)) for _ in range(4)]
    for r in racers:
        r.start()
    assert [results.get(timeout=60) for _ in racers] == ["ok"] * 4
    for r in racers:
        r.join()
    assert committed(tmp_path) == [0]
    assert load_manifest(tmp_path, 0).tar_size == (tmp_path / f"{stem(0)}.tar").stat().st_size


def test_a_second_commit_with_other_bytes_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    write_shard(tmp_path, 0, [entry_of(plain("a"))])
    before = files(tmp_path)
    with pytest.raises(IntegrityError, match="other bytes"):
        write_shard(tmp_path, 0, [entry_of(plain("b"))])
    assert files(tmp_path) == before


def test_a_record_keeps_its_whole_numbers_and_gaps(tmp_path: Path) -> None:
    values = {"n": 3, "x": 0.5, "gap": None, "word": "é"}
    Native.write(tmp_path / "set", iter([Sample.of("a", {"row": Record(values)})]))
    back = Native.read(tmp_path / "set").sample("a")["row"].values
    assert back == values
    assert np.array_equal([type(v) for v in back.values()], [type(v) for v in values.values()])


def test_what_a_zombie_left_is_swept_and_what_a_living_writer_holds_is_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # ended, but not reaped: a zombie
    for pid in (dead.pid, os.getpid()):
        (tmp_path / ".work" / f"{pid}-x").mkdir(parents=True)
    sweep(tmp_path)
    assert [p.name for p in (tmp_path / ".work").iterdir()] == [f"{os.getpid()}-x"]
    dead.wait()
