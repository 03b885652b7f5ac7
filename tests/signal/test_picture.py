"""Pictures as bytes: what comes back, what is refused."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.errors import UnreadableInputError
from counterpoint.signal import pack, picture

SMOOTH = cv2.resize(
    np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC
)


def with_orientation(jpeg, value, order="<"):
    """A JPEG with an EXIF block that says how it was held (TIFF 6.0 tag 274)."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    tiff = head + struct.pack(f"{order}IHHHIHHI", 8, 1, 274, 3, 1, value, 0, 0)
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_header(png, width, height):
    return png[:8] + png_chunk(b"IHDR", struct.pack(">II", width, height) + png[24:29]) + png[33:]


@pytest.mark.parametrize("shape", [(48, 64, 3), (48, 64, 1), (48, 64, 4), (1, 1, 3), (1, 1, 1), (3, 1, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_png_loses_nothing(shape, kind):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape).astype(kind)
    data = picture.png(pixels)
    np.testing.assert_array_equal(picture.decode(data), pixels)
    assert picture.size(data) == (shape[1], shape[0])
    assert picture.png(pixels) == data


def test_jpeg_keeps_red_red_and_its_bytes_are_the_same_every_time():
    data = picture.jpeg(SMOOTH)
    assert data == picture.jpeg(SMOOTH.copy())
    # JPEG at quality 95 with halved colour resolution: a few levels on smooth colours; red for blue would be 100.
    assert np.abs(picture.decode(data).astype(int) - SMOOTH).mean() < 4
    assert picture.decode(picture.jpeg(SMOOTH[..., :1])).shape == (48, 64, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_picture_is_turned_as_its_camera_was_held(orientation, order):
    """OpenCV's own reading of EXIF is the independent answer."""
    data = with_orientation(picture.jpeg(SMOOTH), orientation, order)
    pixels = picture.decode(data)
    expected = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(pixels, expected)
    assert picture.size(data) == pixels.shape[1::-1]


@pytest.mark.parametrize("ext", [".webp", ".jpg", ".png"])
@pytest.mark.parametrize("shape", [(48, 64), (1, 1), (17, 31)])
def test_the_size_in_the_header_is_the_size_of_the_pixels(ext, shape):
    pixels = np.zeros((*shape, 3), np.uint8)
    for options in ([], [cv2.IMWRITE_WEBP_QUALITY, 101], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]):
        data = cv2.imencode(ext, pixels, options)[1].tobytes()
        assert picture.size(data[:200] if ext != ".jpg" else data) == shape[::-1]
        assert picture.decode(data).shape[:2] == shape


@pytest.mark.parametrize("ext", ["jpg", "png", "webp"])
def test_every_truncation_is_an_error_that_names_the_file(ext):
    data = cv2.imencode(f".{ext}", SMOOTH)[1].tobytes()
    for keep in [0, 1, 3, 12, 30, len(data) // 3, len(data) // 2, len(data) - 20, len(data) - 2]:
        with pytest.raises(UnreadableInputError, match="sample 'a', part 'image'"):
            picture.decode(data[:keep], "sample 'a', part 'image'")


def test_the_end_of_an_embedded_thumbnail_is_not_the_end_of_the_picture():
    jpeg = picture.jpeg(SMOOTH)
    block = b"Exif\0\0" + picture.jpeg(SMOOTH[:8, :8])
    data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
    np.testing.assert_array_equal(picture.decode(data), picture.decode(jpeg))
    assert picture.size(data) == (64, 48)
    with pytest.raises(UnreadableInputError, match="truncated"):
        picture.decode(data[:-100])


def test_bytes_behind_the_end_do_no_harm():
    jpeg = picture.jpeg(SMOOTH)
    np.testing.assert_array_equal(picture.decode(jpeg + b"\0" * 500), picture.decode(jpeg))


def test_a_flipped_bit_in_a_png_is_an_error():
    data = bytearray(picture.png(SMOOTH))
    data[len(data) // 2] ^= 1
    with pytest.raises(UnreadableInputError, match="checksum"):
        picture.decode(bytes(data), "x")


def test_a_bomb_is_an_error_before_anything_is_unpacked():
    with pytest.raises(UnreadableInputError, match="100000 x 100000 px; the limit is"):
        picture.decode(with_header(picture.png(SMOOTH), 100_000, 100_000), "bomb")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a....", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBPVP8 ", b"{}" * 50]
)
def test_what_is_no_picture_is_an_error(data):
    for read in (picture.size, picture.decode):
        with pytest.raises(UnreadableInputError, match="that file"):
            read(data, "that file")


def test_a_picture_without_pixels_is_an_error():
    with pytest.raises(UnreadableInputError, match="0 x 5 px"):
        picture.decode(with_header(picture.png(SMOOTH), 0, 5), "x")


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("palette", [True, False])
def test_a_mask_has_its_numbers_and_not_the_colours_of_its_palette(depth, palette):
    numbers = np.random.default_rng(0).integers(0, 2**depth, (5, 16)).astype(np.uint8)
    bits = np.unpackbits(numbers[..., None], axis=-1)[..., 8 - depth :].reshape(5, -1)
    rows = b"".join(b"\0" + np.packbits(r).tobytes() for r in bits)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(
        b"IHDR", struct.pack(">IIBBBBB", 16, 5, depth, 3 if palette else 0, 0, 0, 0)
    )
    if palette:
        data += png_chunk(b"PLTE", np.random.default_rng(1).bytes(3 * 2**depth)) + png_chunk(b"tRNS", b"\0")
    data += png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    np.testing.assert_array_equal(picture.decode_indices(data), numbers)


def test_a_mask_with_colours_is_an_error():
    with pytest.raises(UnreadableInputError, match="one channel"):
        picture.decode_indices(picture.png(SMOOTH), "mask")


def test_a_size_needs_the_beginning_of_a_file_only(tmp_path):
    data = picture.jpeg(np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8))
    (tmp_path / "a.tar").write_bytes(b"x" * 512 + data[: 1 << 17])  # the rest is lost
    blob = Blob("jpg", path=str(tmp_path / "a.tar"), offset=512, length=len(data), label="a")
    assert picture.size_of(blob) == (800, 600)
    # a header longer than the first look: two blocks of 60 kB before the frame
    block = b"\xff\xe2" + struct.pack(">H", 60002) + bytes(60000)
    assert picture.size_of(Blob("jpg", data[:2] + block * 2 + data[2:])) == (800, 600)


def test_neighbouring_colours_differ():
    c = picture.colours(40).astype(int)
    assert len(np.unique(c, axis=0)) == 40
    assert np.abs(np.diff(c, axis=0)).max(1).min() > 50
    assert picture.colours(0).shape == (0, 3)


def test_packed_arrays_come_back_and_have_the_same_bytes_every_time():
    arrays = {"b": np.array([1.5, np.nan, np.inf], np.float32), "a": np.zeros((0, 4), np.int64)}
    data = pack.pack(arrays)
    assert data == pack.pack(dict(reversed(arrays.items())))
    back = pack.unpack(data, "x", "a", "b")
    np.testing.assert_array_equal(back["b"], arrays["b"])
    assert back["a"].shape == (0, 4)
    np.testing.assert_array_equal(pack.unflat(pack.flat(arrays["b"]), "x"), arrays["b"])


def test_broken_pickled_and_incomplete_archives_are_errors(tmp_path):
    data = pack.pack({"a": np.arange(1000)})
    np.savez(tmp_path / "evil.npz", a=np.array([{}], object), allow_pickle=True)
    for bad in (b"", data[:-30], data[: len(data) // 2], (tmp_path / "evil.npz").read_bytes(), b"PK\x03\x04" * 9):
        with pytest.raises(UnreadableInputError, match="depth of 'a'"):
            pack.unpack(bad, "depth of 'a'", "a")
    with pytest.raises(UnreadableInputError, match="npz"):
        pack.unpack(data, "x", "b")
    with pytest.raises(UnreadableInputError, match="npy"):
        pack.unflat(pack.flat(np.arange(9))[:-3], "x")


def test_an_archive_that_unpacks_to_too_much_is_an_error(monkeypatch):
    data = pack.pack({"a": np.zeros(100_000)})
    monkeypatch.setattr(pack, "MAX_BYTES", 1000)
    with pytest.raises(UnreadableInputError, match="more than 1000"):
        pack.unpack(data, "x", "a")
