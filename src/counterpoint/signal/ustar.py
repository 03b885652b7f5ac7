"""Plain USTAR members with fixed headers.

A header depends on the name and the size alone: no clock, no user, no extension
records. The same members therefore give the same bytes on every machine. Names
follow WebDataset: all up to the first dot is the key, the rest names the part.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from urllib.parse import quote

from counterpoint.errors import FormatError

BLOCK = 512
END = bytes(2 * BLOCK)
LARGEST = 8**11 - 1
_KEY, _PART, _EXT = 60, 28, 10
_BEFORE = b"0000644\0" + b"0000000\0" * 2
_TIME = b"00000000000\0"
_AFTER = b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167)
_FIXED = sum(_BEFORE) + sum(_TIME) + 8 * 32 + sum(_AFTER)


def header(name: str, size: int) -> bytes:
    """The 512 bytes before a member of ``size`` bytes.

    Raises:
        FormatError: more than 8 GiB - 1, or a name of more than 100 bytes.
    """
    raw, digits = name.encode("ascii"), b"%011o\0" % size
    if size > LARGEST or len(raw) > 100:
        raise FormatError(
            f"{name!r} with {size} bytes does not fit a tar member (at most {LARGEST} bytes and a name of 100). "
            "Cut the sample into shorter ones."
        )
    checksum = b"%06o\0 " % (_FIXED + sum(raw) + sum(digits))
    return b"".join((raw, bytes(100 - len(raw)), _BEFORE, digits, _TIME, checksum, _AFTER))


def padding(size: int) -> int:
    """How many zero bytes follow a member of ``size`` bytes."""
    return -size % BLOCK


def tar_key(key: str) -> str:
    """The key as it stands in member names: no dot, slash or anything outside printable ASCII, 60 bytes at most.

    Long keys are cut and end in a digest of the whole, so that different keys stay different.

    Raises:
        FormatError: the key is empty or is not Unicode text.
    """
    return _fitted(key, _KEY)


def member_name(key: str, part: str, ext: str) -> str:
    """Name of the member that holds ``part`` of the sample whose ``tar_key`` is ``key``.

    The record of the sample itself (``part`` empty) is called ``sample``; a part of that name steps aside.

    Raises:
        FormatError: the ending has more than 10 characters or odd ones.
    """
    if len(ext) > _EXT or not ext.isalnum() or not ext.isascii():
        raise FormatError(f"part {part!r}: {ext!r} is not a file ending (1 to {_EXT} ASCII letters and digits).")
    if not part:
        return f"{key}.sample.{ext}"
    return f"{key}.{'%73ample' if part == 'sample' else _fitted(part, _PART)}.{ext}"


@lru_cache(4096)
def _fitted(text: str, room: int) -> str:
    try:
        safe = quote(text, safe="=+@,").replace(".", "%2E")
    except UnicodeEncodeError:
        safe = ""
    if not safe:
        raise FormatError(f"{text!r} cannot name anything in a data set: it is empty or not Unicode text. Rename it.")
    if len(safe) <= room:
        return safe
    return f"{safe[: room - 17]}-{blake2b(text.encode(), digest_size=8).hexdigest()}"
