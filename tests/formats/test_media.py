"""Files to parts by their endings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from counterpoint.core.blob import Blob
from counterpoint.errors import UnreadableInputError
from counterpoint.files.media import inside, parts_of


@pytest.mark.parametrize("ext", ["png", "bmp", "tif", "ppm"])
def test_pictures_of_any_lossless_ending_have_the_same_pixels(tmp_path: Path, ext: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    path = tmp_path / f"a.{ext}"
    assert cv2.imwrite(str(path), pixels[..., ::-1])
    assert (parts_of(Blob(ext, path=str(path)), "image")["image"].pixels == pixels).all()


def test_a_picture_that_is_none_and_an_ending_that_nobody_knows_are_told(tmp_path: Path) -> None:
    for ext in ("bmp", "xyz"):
        with pytest.raises(UnreadableInputError, match=f"s7.*{ext}"):
            parts_of(Blob(ext, b"junk", label="sample 's7'"), "image")


@pytest.mark.parametrize("name", ["/etc/passwd", "../a", "a/../../b", "..\\a"])
def test_a_path_that_leads_out_is_refused_whatever_lies_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "a").write_text("x")
    with pytest.raises(UnreadableInputError, match="leads out"):
        inside(tmp_path / "root", name, "sample 's7'")
