"""Instance masks that are kept as cut-out pictures with the place where each belongs.

A second table beside the index has one row an instance: the file of the sample
it belongs to, the file of the cut-out, its class, and the left and top pixel of
the picture at which it is pasted (``Filename``, ``Mask``, ``Class``, ``Left``,
``Top``; other names are said under ``masks:`` in ``counterpoint.yaml``). A pixel
of the cut-out belongs to the instance if any of its colours is not black and it
is not transparent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.errors import FormatError, UnreadableInputError
from counterpoint.files.media import inside
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.signal.tables import ENDINGS, peek, read_table

_COLUMNS = {
    "join": ("filename", "file_name", "image"),
    "file": ("mask", "mask_file_name"),
    "name": ("class", "label", "name", "category"),
    "left": ("left", "x"),
    "top": ("top", "y"),
}


@final
@dataclass(frozen=True)
class Cutouts:
    """Rows of cut-outs by the file name of their sample; see the module."""

    root: Path
    columns: Mapping[str, str]
    rows: Mapping[str, list[dict[str, Any]]]

    @classmethod
    def beside(cls, root: Path, said: Mapping[str, str]) -> Cutouts | None:
        """The cut-outs of a folder, if it has a table of them.

        Raises:
            FormatError: ``said`` names a table or a column that is not there.
        """
        tables = [root / said["table"]] if "table" in said else [p for p in sorted(root.iterdir())]
        for path in tables:
            if path.suffix[1:].lower() not in ENDINGS or not path.is_file():
                continue
            first = peek(path)
            columns = _columns(list(first.columns), said) if first else {}
            if len(columns) == len(_COLUMNS):
                return cls(root, columns, _grouped(path, columns))
        if "table" in said:
            raise FormatError(
                f"{root}: counterpoint.yaml names {said['table']!r} as table of masks; it is not there or lacks one "
                f"of the columns {', '.join(_COLUMNS)} (say which is which under masks:)."
            )
        return None

    def of(self, file: str, size: tuple[int, int], camera: str, label: str) -> InstanceMasks | None:
        """The masks that belong to the picture ``file``, on its canvas (width, height); None if there are none.

        Raises:
            UnreadableInputError: a cut-out is missing, broken or has no place.
        """
        rows = self.rows.get(file) or self.rows.get(file.rsplit("/", 1)[-1])
        if not rows:
            return None
        masks = np.zeros((len(rows), size[1], size[0]), bool)
        for i, row in enumerate(rows):
            self._paste(masks[i], row, f"{label}, mask {i}")
        names = tuple(str(row[self.columns["name"]]) for row in rows)
        return InstanceMasks(masks, tuple(map(str, range(len(rows)))), names, camera)

    def _paste(self, mask: NDArray[np.bool_], row: Mapping[str, Any], label: str) -> None:
        from counterpoint.signal.picture import decode

        name = str(row[self.columns["file"]])
        place = [row[self.columns[side]] for side in ("left", "top")]
        if not all(isinstance(v, (int, float)) for v in place):
            raise UnreadableInputError(f"{label}: left and top are {place}; needs two numbers. Correct the row.")
        x, y = (round(v) for v in place)
        path = inside(self.root, name, label)
        pixels = decode(path.read_bytes(), label)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        seen = pixels[..., 3] > 0 if pixels.shape[2] == 4 else np.ones(pixels.shape[:2], bool)
        inner = np.logical_and((pixels[..., :3] > 0).any(-1), seen)
        x0, y0 = max(x, 0), max(y, 0)
        part = inner[y0 - y : mask.shape[0] - y, x0 - x : mask.shape[1] - x]
        mask[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] |= part


def _columns(header: list[str], said: Mapping[str, str]) -> dict[str, str]:
    lower = {h.lower(): h for h in header}
    found = {}
    for purpose, names in _COLUMNS.items():
        hit = said.get(purpose) or next((lower[n] for n in names if n in lower), None)
        if hit in header:
            found[purpose] = str(hit)
    return found


def _grouped(path: Path, columns: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    table = read_table(path)
    groups: dict[str, list[dict[str, Any]]] = {}
    for i in range(table.count):
        if i not in table.broken:
            row = table.row(i)
            groups.setdefault(str(row[columns["join"]]), []).append(row)
    return groups
