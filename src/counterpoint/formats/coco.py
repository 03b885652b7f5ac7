"""COCO: pictures with boxes, polygons, run-length masks, named keypoints and captions (Lin et al., ECCV 2014).

A sample is a picture; an instance is an annotation and is called by its id. Files
of one folder that speak of the same pictures (instances, keypoints, captions) are
joined. Conventions at the edge: boxes ``[x, y, width, height]`` and polygons are
continuous pixels as they stand; keypoints are indices of pixels, so 0.5 is added
on reading and taken off on writing, and their third number is ``visible``.
Skeletons count from 1. Segmentations are polygons or, for crowds and masks, run
lengths.

Written are ``images/``, ``annotations.json`` and, where there are captions,
``captions.json``; keys and names of instances are kept in the fields ``key`` and
``instance``. Categories are numbered in the order in which they first appear.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, final

import numpy as np

from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Format, Modality, Source
from counterpoint.core.lineage import Lineage
from counterpoint.core.sample import Sample
from counterpoint.core.shapes import area
from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.media import ending, inside, losses, plain
from counterpoint.files.place import new_folder
from counterpoint.files.settings import licence_beside
from counterpoint.files.source import Listed, keyed
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.polygons import Polygons
from counterpoint.modalities.text import Text
from counterpoint.signal.rle import mask_of, runs_of
from counterpoint.signal.ustar import tar_key

HELD: tuple[type[Modality], ...] = (Image, Boxes, Polygons, InstanceMasks, Keypoints, Text)
HALF = 0.5
_HEAD = 1 << 16
_MOST_FILES = 100  # a folder with more JSON files has one a sample, which is not COCO
_OTHER = "object"
Annotation = dict[str, Any]


@final
class Coco(Format):
    """COCO annotations with their pictures: boxes, polygons, run-length masks, named keypoints, captions."""

    @classmethod
    def detect(cls, path: Path) -> float:
        return 0.95 if _files(path) else 0.0

    @classmethod
    def read(cls, path: Path) -> Source:
        """Args: ``path`` is an annotation file, or the folder with annotation files and pictures.

        Raises:
            FormatError: there is no annotation file, or one is broken.
        """
        files = _files(path)
        if not files:
            raise FormatError(f"{path}: there is no JSON file with 'images' here or in annotations/. Check the path.")
        root = path if path.is_dir() else path.parent
        root = root.parent if root.name == "annotations" else root
        catalogue = _catalogue(files)
        bases = tuple(["", *(f"{p.relative_to(root).as_posix()}/" for p in sorted(root.rglob("*")) if p.is_dir())])
        pictures = list(catalogue.images.values())
        stems = [str(i["file_name"]).rsplit(".", 1)[0] for i in pictures]
        names = stems if len(set(stems)) == len(stems) else [str(i["file_name"]) for i in pictures]
        pairs = zip(names, catalogue.images.items(), strict=True)
        entries = keyed(
            ((str(i.get("key", name)), Picture(root, bases, number, catalogue)) for name, (number, i) in pairs),
            str(path),
        )
        licences = ", ".join(dict.fromkeys(str(v) for v in catalogue.licences.values()))
        return Listed(entries, {"format": "coco", "licence": licences or licence_beside(root)})

    @classmethod
    def cannot_hold(cls, sample: Sample) -> Sequence[str]:
        said = losses(sample, HELD, "COCO")
        images = [n for n in sample.present() if sample.kind(n) is Image]
        if not images:
            return [*said, "COCO needs a picture; the sample has none"]
        plane = sample.cells[images[0]].base.plane
        said += [f"COCO has no place for a second picture, {n!r}" for n in images[1:]]
        said += [
            f"COCO has no place for the calibration of camera {n!r}"
            for n, c in sample.rig.cameras.items()
            if c.intrinsics
        ]
        shaped = {
            k: {i for n in sample.present() if sample.kind(n) is k for i in sample[n].ids}
            for k in (Polygons, InstanceMasks)
        }
        both = sorted(shaped[Polygons] & shaped[InstanceMasks])
        said += (
            [f"COCO holds one shape an instance; of {both[0]!r} the polygons are kept, the mask is lost"]
            if both
            else []
        )
        for name in sample.present():
            part = sample.cells[name].base
            if part.plane not in (plane, None):
                said.append(f"COCO has no place for {name!r} on another plane, {part.plane!r}")
            if isinstance(part, Text) and (part.role != "caption" or part.links):
                said.append(f"COCO has no place for the role and the links of the words of {name!r}")
            if isinstance(part, Boxes) and set(part.extra) - {"iscrowd"}:
                said.append(f"COCO has no place for {', '.join(sorted(set(part.extra) - {'iscrowd'}))} of {name!r}")
        return said

    @classmethod
    def write(cls, path: Path, samples: Iterator[Sample]) -> None:
        """Raises:
        FormatError: the folder exists, a key stands twice, or a sample has no picture.
        """
        with new_folder(path) as root, ExitStack() as stack:
            (root / "images").mkdir()
            lists = ("images", "annotations", "captions")
            drafts = {n: stack.enter_context((root / f"{n}.partial").open("w+", encoding="utf-8")) for n in lists}
            writer = _Writer(root, drafts)
            for sample in samples:
                writer.add(sample)
            writer.close()


@dataclass
class _Catalogue:
    """What the annotation files say, by picture."""

    images: dict[int, dict[str, Any]] = field(default_factory=dict)
    annotations: dict[int, dict[int, Annotation]] = field(default_factory=dict)
    captions: dict[int, list[str]] = field(default_factory=dict)
    categories: dict[int, dict[str, Any]] = field(default_factory=dict)
    licences: dict[int, str] = field(default_factory=dict)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        places = sorted([*path.glob("*.json"), *path.glob("annotations/*.json")])
        return [p for p in places if _speaks_coco(p)] if len(places) <= _MOST_FILES else []
    return [path] if path.suffix == ".json" and _speaks_coco(path) else []


def _speaks_coco(path: Path) -> bool:
    with path.open("rb") as f:
        head = f.read(_HEAD)
    return head.lstrip()[:1] == b"{" and b'"images"' in head and b'"file_name"' in head


def _catalogue(files: Sequence[Path]) -> _Catalogue:
    found = _Catalogue()
    for path in files:
        try:
            content = json.loads(path.read_bytes())
            for image in content["images"]:
                found.images.setdefault(image["id"], {}).update(image)
            for category in content.get("categories", []):
                found.categories.setdefault(category["id"], {}).update(category)
            found.licences |= {v["id"]: v.get("name") or v.get("url", "") for v in content.get("licenses", [])}
            for number, said in enumerate(content.get("annotations", [])):
                if "caption" in said:
                    found.captions.setdefault(said["image_id"], []).append(str(said["caption"]))
                else:
                    its = found.annotations.setdefault(said["image_id"], {})
                    its.setdefault(said.get("id", number), {}).update(said)
        except (ValueError, KeyError, TypeError) as e:
            raise FormatError(f"{path}: it is not a COCO annotation file ({type(e).__name__}: {e}). Repair it.") from e
    return found


@final
@dataclass(frozen=True)
class Picture:
    """One picture and the files that speak of it."""

    root: Path
    bases: tuple[str, ...]
    number: int
    catalogue: _Catalogue

    def sample(self, key: str) -> Sample:
        known, label = self.catalogue, f"sample {key!r}"
        said = known.images[self.number]
        name = str(said["file_name"])
        base = next((b for b in self.bases if (self.root / b / name).is_file()), "")
        path = inside(self.root, base + name, label)
        image = Image(Blob(ending(name), path=str(path), label=f"{label}, part 'image'"))
        size = image.size()
        if size != (said.get("width", size[0]), said.get("height", size[1])):
            raise UnreadableInputError(
                f"{label}: {name} has {size[0]} x {size[1]} px, but the annotations speak of {said.get('width')} x "
                f"{said.get('height')}. Restore the picture that was annotated."
            )
        its = {str(a.get("instance", i)): a for i, a in known.annotations.get(self.number, {}).items()}
        parts: dict[str, Modality] = {"image": image, **_shapes(its, known.categories, size)}
        parts |= _keypoints(its, known.categories, size)
        for i, caption in enumerate(known.captions.get(self.number, [])):
            parts["caption" if i == 0 else f"caption_{i + 1}"] = Text(caption)
        licence = known.licences.get(said.get("license", -1), "")
        return Sample.of(key, parts, lineage=Lineage(parents=(key,), licence=licence))


def _shapes(its: Mapping[str, Annotation], categories: Mapping[int, Any], size: tuple[int, int]) -> dict[str, Modality]:
    """Boxes, polygons and masks; a part that no annotation speaks of is left out."""
    named = {i: str(categories.get(a.get("category_id", -1), {}).get("name", _OTHER)) for i, a in its.items()}
    parts: dict[str, Modality] = {}
    boxed = [i for i, a in its.items() if a.get("bbox")]
    if boxed or its:
        xywh = np.array([its[i]["bbox"] for i in boxed], float).reshape(-1, 4)
        crowd = {"iscrowd": tuple(int(its[i].get("iscrowd", 0)) for i in boxed)}
        corners = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        parts["boxes"] = Boxes(corners, tuple(boxed), tuple(named[i] for i in boxed), extra=crowd, canvas=size)
    rings = {i: r for i, a in its.items() if (r := _rings(a.get("segmentation")))}
    if rings:
        parts["polygons"] = Polygons(tuple(rings.values()), tuple(rings), tuple(named[i] for i in rings), canvas=size)
    runs = [i for i, a in its.items() if isinstance(a.get("segmentation"), dict)]
    if runs:
        masks = np.stack([mask_of(its[i]["segmentation"]) for i in runs])
        if masks.shape[1:] != size[::-1]:
            raise ValueError(
                f"masks of {masks.shape[2]} x {masks.shape[1]} px on a picture of {size[0]} x {size[1]} px"
            )
        parts["masks"] = InstanceMasks(masks, tuple(runs), tuple(named[i] for i in runs))
    return parts


def _rings(segmentation: Any) -> tuple[Any, ...]:
    if not isinstance(segmentation, list):
        return ()
    return tuple(np.array(ring, float).reshape(-1, 2) for ring in segmentation if len(ring) >= 6)


def _keypoints(
    its: Mapping[str, Annotation], categories: Mapping[int, Any], size: tuple[int, int]
) -> dict[str, Modality]:
    """One part for each category with keypoints; the first is called ``keypoints``."""
    groups: dict[int, list[str]] = {}
    for i, said in its.items():
        if any(v > 0 for v in said.get("keypoints", [])[2::3]):
            groups.setdefault(said["category_id"], []).append(i)
    parts: dict[str, Modality] = {}
    for number, ids in groups.items():
        category = categories[number]
        values = np.array([its[i]["keypoints"] for i in ids], float).reshape(len(ids), len(category["keypoints"]), 3)
        skeleton = tuple((int(a) - 1, int(b) - 1) for a, b in category.get("skeleton", []))
        name = f"keypoints_{plain(category['name'])}" if parts else "keypoints"
        visible = values[..., 2].astype(np.uint8)
        parts[name] = Keypoints(
            values[..., :2] + HALF, visible, tuple(category["keypoints"]), tuple(ids), skeleton=skeleton, canvas=size
        )
    return parts


class _Writer:
    """Pictures go to their place one by one, their annotations to drafts that are joined at the end."""

    def __init__(self, root: Path, drafts: Mapping[str, TextIO]) -> None:
        self.root, self.drafts = root, drafts
        self.categories: dict[str, dict[str, Any]] = {}
        self.counts = dict.fromkeys(drafts, 0)

    def add(self, sample: Sample) -> None:
        name = next((n for n in sample.present() if sample.kind(n) is Image), None)
        if name is None:
            raise FormatError(f"sample {sample.key!r} has no picture, which COCO needs. Choose another format.")
        image: Image = sample[name]
        blob, (width, height) = image.encode().blob, image.size()
        file = f"{tar_key(sample.key)}.{blob.ext}"
        if (self.root / "images" / file).exists():
            raise FormatError(f"the key {sample.key!r} comes twice. Give every sample its own key.")
        (self.root / "images" / file).write_bytes(blob.read())
        number = self._put("images", {"file_name": file, "width": width, "height": height, "key": sample.key})
        parts = [p for p in sample.parts.values() if p.plane in (image.camera, None)]
        for said in self._instances(parts):
            self._put("annotations", {"image_id": number, **said})
        for part in parts:
            if isinstance(part, Text):
                self._put("captions", {"image_id": number, "caption": part.text})

    def _put(self, table: str, row: dict[str, Any]) -> int:
        self.counts[table] += 1
        comma = ",\n" if self.counts[table] > 1 else ""
        self.drafts[table].write(comma + json.dumps({"id": self.counts[table], **row}, ensure_ascii=False))
        return self.counts[table]

    def _instances(self, parts: Sequence[Modality]) -> list[Annotation]:
        found: dict[str, Annotation] = {}
        names: dict[str, str] = {}
        for part in sorted(parts, key=lambda p: (isinstance(p, Keypoints), isinstance(p, Polygons))):
            if isinstance(part, (Boxes, Polygons, InstanceMasks)):
                names |= dict(zip(part.ids, part.names, strict=True))
                for i, row in enumerate(part.ids):
                    found.setdefault(row, {"iscrowd": 0}).update(_said(part, i))
            if isinstance(part, Keypoints):
                for i, row in enumerate(part.ids):
                    shown = np.where(part.visible[i, :, None] > 0, part.xy[i] - HALF, 0.0)
                    flat = np.concatenate([shown, part.visible[i, :, None]], 1)
                    labelled = {"keypoints": _numbers(flat), "num_keypoints": int((part.visible[i] > 0).sum())}
                    found.setdefault(row, {"iscrowd": 0}).update(labelled)
                    lines = [[a + 1, b + 1] for a, b in part.skeleton]
                    self._category(names.get(row, _OTHER)).update(keypoints=list(part.names), skeleton=lines)
        for row, said in found.items():
            said["category_id"] = self._category(names.get(row, _OTHER))["id"]
            said["instance"] = row
            said["bbox"] = said.get("bbox") or _around(said)
            said.setdefault("area", said["bbox"][2] * said["bbox"][3])
        return list(found.values())

    def _category(self, name: str) -> dict[str, Any]:
        return self.categories.setdefault(name, {"id": len(self.categories) + 1, "name": name, "supercategory": ""})

    def close(self) -> None:
        rest = json.dumps(list(self.categories.values()), ensure_ascii=False)
        for file, table in (("annotations.json", "annotations"), ("captions.json", "captions")):
            if table == "annotations" or self.counts[table]:
                with (self.root / file).open("w", encoding="utf-8") as out:
                    out.write('{"images": [')
                    _copy(self.drafts["images"], out)
                    out.write('],\n"annotations": [')
                    _copy(self.drafts[table], out)
                    out.write(f'],\n"categories": {rest if table == "annotations" else "[]"}}}\n')
        for table in self.drafts:
            (self.root / f"{table}.partial").unlink()


def _copy(draft: TextIO, out: TextIO) -> None:
    draft.seek(0)
    while block := draft.read(1 << 20):
        out.write(block)


def _said(part: Boxes | Polygons | InstanceMasks, i: int) -> Annotation:
    if isinstance(part, Boxes):
        x0, y0, x1, y1 = part.xyxy[i].tolist()
        crowd = part.extra.get("iscrowd", (0,) * len(part.ids))[i] or 0
        return {"bbox": [x0, y0, x1 - x0, y1 - y0], "iscrowd": crowd}
    if isinstance(part, Polygons):
        rings = part.rings[i]
        return {"segmentation": [_numbers(r) for r in rings], "area": float(sum(abs(area(r)) for r in rings))}
    return {"segmentation": runs_of(part.masks[i]), "area": int(part.masks[i].sum())}


def _around(said: Annotation) -> list[float]:
    """The box around whatever else an annotation has."""
    shape = said.get("segmentation")
    if isinstance(shape, list):
        at = np.concatenate([np.reshape(r, (-1, 2)) for r in shape])
    elif isinstance(shape, dict):
        rows, columns = np.nonzero(mask_of(shape))
        at = np.stack([np.r_[columns, columns + 1], np.r_[rows, rows + 1]], 1)
    else:
        flat = np.reshape(said["keypoints"], (-1, 3))
        at = flat[flat[:, 2] > 0, :2] + HALF
    if not len(at):
        return [0.0, 0.0, 0.0, 0.0]
    low, high = at.min(0), at.max(0)
    return [float(v) for v in (*low, *(high - low))]


def _numbers(values: Any) -> list[float]:
    """Flat numbers, whole ones written without a point as COCO has them."""
    return [int(v) if float(v).is_integer() else float(v) for v in np.asarray(values).ravel().tolist()]
