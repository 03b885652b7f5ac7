"""COCO: pixels at the edge, run lengths, joined files, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.dataset import detected
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.formats.coco import Coco
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.signal.picture import png
from counterpoint.signal.rle import mask_of, packed, runs_of, unpacked

PERSON = {"id": 3, "name": "person", "keypoints": ["nose", "left_eye", "right_eye"], "skeleton": [[1, 2], [1, 3]]}
GOLDEN: dict[str, Any] = {
    "images": [{"id": 7, "file_name": "a.png", "width": 8, "height": 6, "license": 1}],
    "licenses": [{"id": 1, "name": "CC BY"}],
    "categories": [PERSON, {"id": 9, "name": "dog"}],
    "annotations": [
        {
            "id": 70, "image_id": 7, "category_id": 3, "iscrowd": 0, "bbox": [1, 2, 3, 2.5], "area": 6,
            "segmentation": [[1, 2, 4, 2, 4, 4.5, 1, 4.5]], "num_keypoints": 2,
            "keypoints": [2, 3, 2, 0, 0, 0, 4, 4, 1],
        },
        {
            "id": 71, "image_id": 7, "category_id": 9, "iscrowd": 1, "bbox": [0, 0, 2, 6], "area": 3,
            "segmentation": {"size": [6, 8], "counts": [2, 3, 43]},
        },
    ],
}  # fmt: skip


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    root = tmp_path / "coco"
    (root / "pictures").mkdir(parents=True)
    (root / "annotations").mkdir()
    (root / "pictures" / "a.png").write_bytes(png(np.zeros((6, 8, 3), np.uint8)))
    (root / "annotations" / "instances.json").write_text(json.dumps(GOLDEN))
    said = {"images": GOLDEN["images"], "annotations": [{"id": 1, "image_id": 7, "caption": "someone, left"}]}
    (root / "annotations" / "captions.json").write_text(json.dumps(said))
    return root


def test_files_of_one_folder_are_joined_by_picture(tiny: Path) -> None:
    assert detected(tiny) == "coco"
    source = Coco.read(tiny)
    assert list(source.keys()) == ["a"]
    sample = source.sample("a")
    assert set(sample) == {"image", "boxes", "polygons", "masks", "keypoints", "caption"}
    assert sample["caption"].text == "someone, left"
    assert sample.lineage.licence == "CC BY"


def test_boxes_stand_as_they_are_and_keypoints_move_by_half_a_pixel(tiny: Path) -> None:
    sample = Coco.read(tiny).sample("a")
    assert sample["boxes"].xyxy.tolist() == [[1, 2, 4, 4.5], [0, 0, 2, 6]]
    assert sample["boxes"].names == ("person", "dog")
    points = sample["keypoints"]
    assert points.xy[0, 0].tolist() == [2.5, 3.5]
    assert points.xy[0, 0].tolist() != [2, 3]  # the misreading: indices taken as continuous pixels
    assert points.visible[0].tolist() == [2, 0, 1]
    assert points.skeleton == ((0, 1), (0, 2))
    assert points.ids == ("70",)


def test_a_mask_of_run_lengths_goes_down_the_columns(tiny: Path) -> None:
    mask = Coco.read(tiny).sample("a")["masks"].masks[0]
    assert np.argwhere(mask).tolist() == [[2, 0], [3, 0], [4, 0]]


def test_what_is_written_reads_back_equal(tiny: Path, tmp_path: Path) -> None:
    sample = Coco.read(tiny).sample("a")
    assert not Coco.cannot_hold(sample)
    Coco.write(tmp_path / "out", iter([sample]))
    again = Coco.read(tmp_path / "out").sample("a")
    for name in ("boxes", "polygons", "masks", "keypoints", "caption"):
        old, new = sample[name].encode(), again[name].encode()
        assert new.blob.read() == old.blob.read(), name
        assert new.facts == old.facts, name
    assert again["image"].encode().blob.read() == sample["image"].encode().blob.read()
    ids = [a["id"] for a in json.loads((tmp_path / "out/annotations.json").read_text())["annotations"]]
    assert len(set(ids)) == len(ids)


def test_compressed_run_lengths_are_those_of_the_coco_api() -> None:
    # the example in the header of the COCO mask API
    assert packed([6, 1, 40, 4, 5, 4, 5, 4, 21]) == "61X13mN000`0"
    assert unpacked("61X13mN000`0") == [6, 1, 40, 4, 5, 4, 5, 4, 21]


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32))
def test_any_mask_comes_back_from_run_lengths(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.4
    assert (mask_of(runs_of(mask)) == mask).all()


@pytest.mark.parametrize(
    "broken",
    [{"size": [6, 8], "counts": [5]}, {"size": [10**6, 10**6], "counts": [10**12]}, {"size": [6, 8], "counts": "\x00"}],
)
def test_run_lengths_that_do_not_fill_the_picture_are_unreadable(tiny: Path, broken: dict[str, Any]) -> None:
    said = json.loads(json.dumps(GOLDEN))
    said["annotations"][1]["segmentation"] = broken
    (tiny / "annotations" / "instances.json").write_text(json.dumps(said))
    with pytest.raises(UnreadableInputError, match="'a'"):
        Coco.read(tiny).sample("a")


def test_a_missing_or_exchanged_picture_is_unreadable_only_for_its_own_key(tiny: Path) -> None:
    source = Coco.read(tiny)
    (tiny / "pictures" / "a.png").write_bytes(png(np.zeros((5, 8, 3), np.uint8)))
    with pytest.raises(UnreadableInputError, match="8 x 5"):
        source.sample("a")
    (tiny / "pictures" / "a.png").unlink()
    with pytest.raises(UnreadableInputError, match=r"a\.png"):
        source.sample("a")


def test_a_second_sample_of_one_key_is_refused_and_nothing_is_left(tiny: Path, tmp_path: Path) -> None:
    sample = Coco.read(tiny).sample("a")
    with pytest.raises(FormatError, match="twice"):
        Coco.write(tmp_path / "out", iter([sample, sample]))
    assert [p.name for p in tmp_path.iterdir()] == ["coco"]


def test_a_picture_without_annotations_and_any_key_can_be_written(tmp_path: Path) -> None:
    parts = {"image": Image(np.zeros((2, 3, 3), np.uint8)), "boxes": Boxes(np.zeros((0, 4)), (), ())}
    Coco.write(tmp_path / "out", iter([Sample.of("ä/b.c", parts)]))
    assert set(Coco.read(tmp_path / "out").sample("ä/b.c")) == {"image"}


def test_keypoints_polygon_and_box_of_the_real_person_agree(shared) -> None:
    sample = Coco.read(shared("coco_keypoints")).sample("000000000785")
    x0, y0, x1, y1 = sample["boxes"].xyxy[0]
    ring = np.concatenate(sample["polygons"].rings[0])
    assert [*ring.min(0), *ring.max(0)] == pytest.approx([x0, y0, x1, y1], abs=0.01)
    xy = sample["keypoints"].xy[0]
    assert ((xy >= [x0, y0]) & (xy <= [x1, y1])).all()
