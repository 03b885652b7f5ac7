"""Verify: any changed byte of any file is found, and named with sample and part where it lies in one."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from counterpoint.errors import FormatError
from counterpoint.formats.native import Native, NativeSource
from counterpoint.run.local import carry_out
from counterpoint.run.plan import prepared
from counterpoint.run.recipe import load_recipe
from counterpoint.run.verify import Finding, verify
from tests.run.made_up import digests, recipe, sample, silent, source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source(tmp_path / "src", ["a", "b"])
    carry_out(prepared(load_recipe(recipe(tmp_path))), 1, silent)
    return tmp_path / "out"


def flipped(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def test_an_untouched_set_has_no_finding(folder: Path) -> None:
    assert verify(folder) == []


def test_every_kind_of_byte_in_a_tar_is_named(folder: Path) -> None:
    tar = folder / "shard-00000.tar"
    whole = tar.read_bytes()
    members = NativeSource(folder).members("a~002")
    image, record = members["image"], members[""]
    assert image.length is not None
    assert record.length is not None
    expected = {
        image.offset + 5: ("a~002", "image", "its bytes changed"),
        image.offset - 512: ("a~002", "image", "tar header"),
        image.offset - 1: ("a~002", "image", "tar header"),
        image.offset + image.length: ("a~002", "image", "padding"),
        record.offset + record.length - 1: ("a~002", "", "its bytes changed"),
        len(whole) - 1: (None, None, "the end of the tar"),
    }
    for at, (key, part, what) in expected.items():
        flipped(tar, at, 3)
        (finding,) = verify(folder)
        assert (finding.file, finding.sample, finding.part) == ("shard-00000.tar", key, part)
        assert what in finding.what
        tar.write_bytes(whole)
    assert "sample 'a~002', part 'image': its bytes changed" in str(
        Finding("shard-00000.tar", "its bytes changed", "a~002", "image")
    )


def test_any_flipped_bit_of_any_file_is_found(folder: Path) -> None:
    """200 random bits over all files; the seed is fixed so that a failure can be looked at."""
    draw = random.Random(20)
    paths = [folder / name for name in digests(folder)]
    for _ in range(200):
        path = draw.choice(paths)
        whole = path.read_bytes()
        at, bit = draw.randrange(len(whole)), draw.randrange(8)
        flipped(path, at, bit)
        findings = verify_or_refuse(folder)
        assert any(path.name in f for f in findings), f"{path.name}, byte {at}, bit {bit}: {findings}"
        path.write_bytes(whole)
    assert verify(folder) == []


def verify_or_refuse(folder: Path) -> list[str]:
    try:
        return list(map(str, verify(folder)))
    except FormatError as e:
        return [str(e)]


@pytest.mark.parametrize("name", ["manifests/shard-00001.json", "dataset.json", "plan.json", "versions/0001.json"])
def test_a_changed_blank_is_found_although_the_values_are_the_same(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"\n ", b"\n\t", 1))
    assert any(f.file == name for f in verify(folder))


@pytest.mark.parametrize(
    "name",
    [
        "manifests/shard-00001.json",
        "shard-00001.tar",
        "shard-00001.parquet",
        "dataset.json",
        "plan.json",
        "versions/0001.json",
    ],
)
def test_a_lost_file_is_found(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert any(f.file == name and "missing" in f.what for f in verify(folder))


def test_an_unfinished_run_needs_no_version(folder: Path) -> None:
    (folder / "versions/0001.json").unlink()
    (folder / "manifests/shard-00001.json").unlink()
    assert verify(folder) == []


def test_swapped_and_added_shards_are_found(folder: Path) -> None:
    """Each file is whole in itself; only the version knows what belongs there."""
    for ending in (".tar", ".parquet"):
        shutil.copy(folder / f"shard-00000{ending}", folder / f"shard-00007{ending}")
    shutil.copy(folder / "manifests/shard-00000.json", folder / "manifests/shard-00007.json")
    assert [f.file for f in verify(folder) if "not part of" in f.what] == ["manifests/shard-00007.json"]


def test_lost_and_added_bytes_are_told_with_the_sizes(folder: Path) -> None:
    tar = folder / "shard-00000.tar"
    whole = tar.read_bytes()
    tar.write_bytes(whole[:-700])
    assert f"has {len(whole) - 700} bytes instead of {len(whole)}" in str(verify(folder)[0])
    tar.write_bytes(whole + b"x")
    assert any("the end of the tar changed" in f.what for f in verify(folder))


def test_where_the_index_is_lost_too_the_tar_is_still_known_to_be_changed(folder: Path) -> None:
    (folder / "shard-00000.parquet").unlink()
    flipped(folder / "shard-00000.tar", 700)
    assert {f.file for f in verify(folder)} == {"shard-00000.parquet", "shard-00000.tar"}


def test_a_set_that_no_run_made_is_verified_too(tmp_path: Path) -> None:
    Native.write(tmp_path / "set", iter([sample("a")]))
    assert verify(tmp_path / "set") == []
    flipped(tmp_path / "set" / "shard-00000.tar", 700)
    assert verify(tmp_path / "set")[0].sample == "a"
    with pytest.raises(FormatError, match="no native data set"):
        verify(tmp_path)
