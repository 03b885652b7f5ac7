"""Tar members: legal for every reader, the same bytes always, keys that never merge."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.errors import FormatError
from counterpoint.signal.ustar import BLOCK, END, LARGEST, header, member_name, padding, tar_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(TEXT, TEXT, st.binary(max_size=1500))
def test_plain_tarfile_reads_a_member_of_any_name(key: str, part: str, payload: bytes) -> None:
    name = member_name(tar_key(key), part, "jpg")
    data = header(name, len(payload)) + payload + bytes(padding(len(payload))) + END
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        (member,) = tar.getmembers()
        content = tar.extractfile(member)
        assert content is not None
        assert content.read() == payload
    assert (member.name, member.mtime, member.uid, member.mode) == (name, 0, 0, 0o644)
    assert not member.pax_headers
    assert len(data) % BLOCK == 0


@given(TEXT)
def test_the_key_is_all_before_the_first_dot_and_no_path(key: str) -> None:
    """WebDataset splits at the first dot; a slash or ``..`` would lead out of the folder."""
    name = member_name(tar_key(key), "front.camera", "jpg")
    assert name.partition(".")[0] == tar_key(key)
    assert "/" not in name
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= 100


def test_keys_that_differ_after_a_dot_or_late_stay_different() -> None:
    keys = [
        "cam.front.001",
        "cam.rear.001",
        "cam",
        "cam%2Efront%2E001",
        "a" * 90,
        "a" * 91,
        "a" * 90 + "/",
        "ä",
        "a\u0308",
    ]
    assert len({tar_key(k) for k in keys}) == len(keys)


def test_a_part_called_sample_does_not_meet_the_record() -> None:
    assert member_name("k", "sample", "json") != member_name("k", "", "json") == "k.sample.json"


@pytest.mark.parametrize("key", ["", "\ud800"])
def test_a_key_that_is_no_text_is_refused(key: str) -> None:
    with pytest.raises(FormatError, match="Rename it"):
        tar_key(key)


@pytest.mark.parametrize("ext", ["", "tar.gz", "../x", "x" * 11, "é"])
def test_an_odd_ending_is_refused(ext: str) -> None:
    with pytest.raises(FormatError, match="file ending"):
        member_name("k", "p", ext)


def test_a_member_above_the_size_that_a_header_can_tell_is_refused() -> None:
    assert header("a", LARGEST)[124:135] == b"7" * 11
    with pytest.raises(FormatError, match="does not fit"):
        header("a", LARGEST + 1)
