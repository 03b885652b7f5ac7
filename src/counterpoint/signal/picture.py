"""Pictures as bytes: JPEG and PNG in and out, WebP in.

Pixels are RGB (never BGR), rows from top to bottom, turned as the EXIF orientation
says, so that the size read from the header is the size of what is decoded. Broken,
truncated and outsized input is an error, where OpenCV alone would return grey.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.blob import Blob
from counterpoint.errors import UnreadableInputError

MAX_PIXELS = 1 << 28
"""No picture with more pixels is decoded (0.8 GB of RGB)."""

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size(data: bytes, label: str = "") -> tuple[int, int]:
    """Width and height in px of the decoded picture, from its first bytes alone.

    Args:
        data: the whole file, or its beginning.
        label: what to call it in an error.

    Raises:
        UnreadableInputError: not JPEG, PNG or WebP, or the header is broken or not in ``data``.
    """
    return _header(data, label)[:2]


def size_of(blob: Blob) -> tuple[int, int]:
    """``size`` of a stored picture; reads no more of the file than it must."""
    try:
        return size(blob.head(1 << 16), blob.label)
    except UnreadableInputError:
        return size(blob.read(), blob.label)


def decode(data: bytes, label: str = "") -> NDArray[Any]:
    """Pixels ``(H, W, C)``, C = 1, 3 or 4; uint8, or uint16 where the file has 16 bits a channel.

    Raises:
        UnreadableInputError: broken, truncated, of another kind, or more than ``MAX_PIXELS``.
    """
    width, height, orientation = _header(data, label)
    if width * height > MAX_PIXELS:
        raise _unreadable(label, f"it claims {width} x {height} px; the limit is {MAX_PIXELS} px")
    _check_complete(data, label)
    try:
        raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as e:
        raise _unreadable(label, f"OpenCV says: {e}") from e
    if raw is None or raw.dtype not in (np.uint8, np.uint16):
        raise _unreadable(label, "OpenCV cannot decode it")
    turned = _upright(_rgb(raw), orientation)
    pixels = turned if turned.ndim == 3 else turned[..., None]
    if pixels.shape[:2] != (height, width):
        raise _unreadable(label, f"the header says {width} x {height} px, the data {pixels.shape[1::-1]}")
    return pixels


def decode_indices(data: bytes, label: str = "") -> NDArray[Any]:
    """Numbers ``(H, W)`` of a one-channel PNG as they are stored; of a palette PNG the indices, not the colours.

    Raises:
        UnreadableInputError: as ``decode``; or the picture has colours of its own.
    """
    depth, kind = (data[24], data[25]) if data[:8] == _PNG and len(data) > 25 else (8, 0)
    pixels = decode(_without_palette(data) if kind == 3 else data, label)
    if pixels.shape[2] != 1:
        raise _unreadable(label, f"a mask has one channel, this picture {pixels.shape[2]}; store class numbers")
    return pixels[..., 0] if depth >= 8 else pixels[..., 0] // (255 // (2**depth - 1))


def _without_palette(data: bytes) -> bytes:
    """The same PNG with its indices declared to be grey levels."""
    header = b"IHDR" + data[16:25] + b"\0" + data[26:29]
    kept, at = [data[:12], header, struct.pack(">I", zlib.crc32(header))], 33
    while at + 8 <= len(data):
        end = at + 12 + struct.unpack(">I", data[at : at + 4])[0]
        if data[at + 4 : at + 8] not in (b"PLTE", b"tRNS", b"hIST", b"bKGD", b"sBIT"):
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def jpeg(pixels: NDArray[np.uint8], quality: int = 95) -> bytes:
    """Pixels ``(H, W, C)`` uint8, C = 1 or 3, as JPEG; the same pixels give the same bytes."""
    return cv2.imencode(".jpg", _bgr(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def png(pixels: NDArray[Any]) -> bytes:
    """Pixels ``(H, W[, C])`` uint8 or uint16, C = 1, 3 or 4, as PNG; nothing is lost."""
    return cv2.imencode(".png", _bgr(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def colours(count: int) -> NDArray[np.uint8]:
    """``(count, 3)`` RGB colours that differ well from their neighbours; the same on every run.

    Hues are a golden section apart, so each new one falls into the largest gap.
    """
    i = np.arange(count)
    hue = (i * 0.6180339887 % 1.0 * 180).astype(np.uint8)
    value = (255 - 60 * (i % 3)).astype(np.uint8)
    hsv = np.stack([hue, np.full(count, 200, np.uint8), value], -1)[None]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0] if count else np.zeros((0, 3), np.uint8)


def _rgb(raw: NDArray[Any]) -> NDArray[Any]:
    if raw.ndim == 2:
        return raw
    return cv2.cvtColor(raw, cv2.COLOR_BGR2RGB if raw.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def _bgr(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)


def _upright(raw: NDArray[Any], orientation: int) -> NDArray[Any]:
    """TIFF 6.0 tag 274: 2 to 4 mirror or turn by 180 degrees, 5 to 8 also exchange the axes."""
    if orientation in (5, 6, 7, 8):
        raw = cv2.transpose(raw)
    axis = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return raw if axis is None else cv2.flip(raw, axis)


def _header(data: bytes, label: str) -> tuple[int, int, int]:
    """Width, height (after turning) and EXIF orientation."""
    try:
        if data[:8] == _PNG:
            width, height = struct.unpack(">II", data[16:24])
            orientation = _png_orientation(data)
        elif data[:2] == b"\xff\xd8":
            width, height, orientation = _jpeg_header(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            width, height, orientation = *_webp_size(data), 1
        else:
            raise _unreadable(label, "it is no JPEG, PNG or WebP" if data else "it is empty")
    except (struct.error, IndexError) as e:
        raise _unreadable(label, "its header is broken or cut off") from e
    if width < 1 or height < 1:
        raise _unreadable(label, f"it claims {width} x {height} px")
    return (height, width, orientation) if orientation >= 5 else (width, height, orientation)


def _jpeg_header(data: bytes) -> tuple[int, int, int]:
    at, orientation = 2, 1
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise struct.error("no marker")
        marker, (length,) = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height, orientation
        if marker == 0xDA or length < 2:
            raise struct.error("no frame header")
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _exif_orientation(data[at + 10 : at + 2 + length])
        at += 2 + length


def _png_orientation(data: bytes) -> int:
    at = 8
    while at + 8 <= len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"eXIf":
            return _exif_orientation(data[at + 8 : at + 8 + length])
        if kind == b"IDAT":
            break
        at += 12 + length
    return 1


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        w, h = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
    elif kind == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        w, h = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        w, h = (v & 0x3FFF for v in struct.unpack("<HH", data[26:30]))
    return w, h


def _exif_orientation(tiff: bytes) -> int:
    """Tag 274 of the first directory; 1 if it is not there or makes no sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 1
    (first,) = struct.unpack(f"{order}I", tiff[4:8])
    entries = tiff[first : first + 2]
    for i in range(struct.unpack(f"{order}H", entries)[0] if len(entries) == 2 else 0):
        entry = tiff[first + 2 + 12 * i : first + 14 + 12 * i]
        if len(entry) == 12 and struct.unpack(f"{order}H", entry[:2])[0] == 274:
            value: int = struct.unpack(f"{order}H", entry[8:10])[0]
            return value if 1 <= value <= 8 else 1
    return 1


def _check_complete(data: bytes, label: str) -> None:
    """OpenCV fills what a truncated file lacks with grey and says nothing."""
    if data[:2] == b"\xff\xd8":
        # Coded data holds FF only before 00 or a restart marker, so FF D9 behind the first scan is the true end.
        if data.rfind(b"\xff\xd9", max(data.find(b"\xff\xda", _first_scan(data)), 0)) < 0:
            raise _unreadable(label, f"the JPEG ends after {len(data)} bytes without its end marker; it is truncated")
    elif data[:8] == _PNG:
        _check_png(data, label)
    elif len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise _unreadable(label, "the WebP is truncated")


def _first_scan(data: bytes) -> int:
    """Offset of the first scan: an EXIF thumbnail has scans and an end marker of its own."""
    at = 2
    while at + 4 <= len(data) and data[at + 1] != 0xDA:
        at += 1 if data[at + 1] == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return min(at, len(data))


def _check_png(data: bytes, label: str) -> None:
    at, kind = 8, b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise _unreadable(label, f"the PNG ends after {len(data)} bytes without its end chunk; it is truncated")
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data):
            raise _unreadable(label, f"the PNG ends after {len(data)} bytes inside a chunk; it is truncated")
        if zlib.crc32(memoryview(data)[at + 4 : end]) != struct.unpack(">I", data[end : end + 4])[0]:
            raise _unreadable(label, f"checksum of PNG chunk {kind!r} at byte {at} is wrong")
        at = end + 4


def _unreadable(label: str, why: str) -> UnreadableInputError:
    return UnreadableInputError(
        f"{label or 'a picture'}: cannot be decoded: {why}. Restore the file or remove the entry."
    )
