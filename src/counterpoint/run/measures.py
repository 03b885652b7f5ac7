"""How well the parts of one sample agree: plain functions from a sample to numbers.

Every function gives one number for each thing that it could measure, so an empty list means that the sample
has nothing to measure, never that all is well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.contracts import Modality
from counterpoint.core.sample import Sample
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.boxes3d import Boxes3d
from counterpoint.modalities.instance_masks import InstanceMasks
from counterpoint.modalities.keypoints import Keypoints
from counterpoint.modalities.points import Points
from counterpoint.modalities.polygons import Polygons
from counterpoint.modalities.series import Series
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video

P = TypeVar("P", bound=Modality)
HOP = 0.01
"""Step of the envelope of a sound, s."""
_SLACK = 1.0  # px by which a box may cut what it holds, because boxes are often whole pixels


def of(sample: Sample, kind: type[P]) -> list[P]:
    """The parts of one modality."""
    return [p for p in sample.parts.values() if isinstance(p, kind)]


def _paired(sample: Sample, one: type[P], other: type[Any]) -> Iterator[tuple[Any, Any]]:
    """Parts of two modalities on the same plane."""
    return ((a, b) for a in of(sample, one) for b in of(sample, other) if a.plane == b.plane)


def points_in_boxes(sample: Sample) -> list[float]:
    """For each instance: of the points in its 3-D box that fall on the canvas, the share inside its 2-D box."""
    shares = []
    for solid in of(sample, Boxes3d):
        to_world = sample.rig.frame(solid.frame).pose
        for cloud in of(sample, Points):
            at = _moved(sample.rig.frame(cloud.frame).pose, cloud.values[:, :3])
            inside = solid.contains(_moved(np.linalg.inv(to_world), at))
            for flat in of(sample, Boxes):
                shares += _projected(sample, flat, solid, at, inside)
    return shares


def _projected(
    sample: Sample, flat: Boxes, solid: Boxes3d, at: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[float]:
    camera = sample.rig.cameras.get(flat.camera)
    if camera is None or camera.intrinsics is None:
        return []
    boxes = dict(zip(flat.ids, flat.xyxy, strict=True))
    shares = []
    for name, mask in zip(solid.ids, inside, strict=True):
        if name in boxes and mask.any():
            pixels, depth = camera.project(at[mask])
            seen = pixels[(depth > 0) & (pixels >= 0).all(1) & (pixels <= camera.size).all(1)]
            shares += [_within(seen, boxes[name])] if len(seen) >= 5 else []
    return shares


def masks_in_boxes(sample: Sample) -> list[float]:
    """For each instance the share of its mask that lies inside its box."""
    shares = []
    for masks, boxes in _paired(sample, InstanceMasks, Boxes):
        where = dict(zip(boxes.ids, boxes.xyxy, strict=True))
        for name, mask in zip(masks.ids, masks.masks, strict=True):
            y, x = np.nonzero(mask)
            if name in where and len(x):
                shares.append(_within(np.stack([x + 0.5, y + 0.5], 1), where[name]))
    return shares


def masks_on_boxes(sample: Sample) -> list[float]:
    """For each instance the overlap (intersection over union) of its box and the tight box of its mask."""
    found = []
    for masks, boxes in _paired(sample, InstanceMasks, Boxes):
        where = dict(zip(boxes.ids, boxes.xyxy, strict=True))
        for name, mask in zip(masks.ids, masks.masks, strict=True):
            y, x = np.nonzero(mask)
            if name in where and len(x):
                found.append(_overlap(np.array([x.min(), y.min(), x.max() + 1, y.max() + 1], float), where[name]))
    return found


def polygons_on_boxes(sample: Sample) -> list[float]:
    """For each instance the overlap of its box and the tight box of its outline."""
    found = []
    for outlines, boxes in _paired(sample, Polygons, Boxes):
        where = dict(zip(boxes.ids, boxes.xyxy, strict=True))
        for name, rings in zip(outlines.ids, outlines.rings, strict=True):
            if name in where and rings:
                at = np.concatenate(rings)
                found.append(_overlap(np.concatenate([at.min(0), at.max(0)]), where[name]))
    return found


def keypoints_in_boxes(sample: Sample) -> list[float]:
    """For each instance the share of its labelled keypoints that lie inside its box."""
    shares = []
    for joints, boxes in _paired(sample, Keypoints, Boxes):
        where = dict(zip(boxes.ids, boxes.xyxy, strict=True))
        for name, xy, seen in zip(joints.ids, joints.xy, joints.visible, strict=True):
            if name in where and (seen > 0).any():
                shares.append(_within(xy[seen > 0], where[name]))
    return shares


def instances_agree(sample: Sample) -> list[float]:
    """For each pair of parts of one plane that name instances: shared names over all names."""
    flat = [p for p in sample.parts.values() if p.plane and isinstance(p, (Boxes, InstanceMasks, Keypoints, Polygons))]
    pairs = [(a.instances(), b.instances()) for a, b in combinations(flat, 2) if a.plane == b.plane]
    return [len(a & b) / len(a | b) for a, b in pairs if a | b]


def speech_lag(sample: Sample) -> list[float]:
    """By how many ms the sound comes later than the words, where the words cover it best."""
    return [lag for sound, spans in _heard(sample, ("words", "phones")) if (lag := _lag(sound, spans)) is not None]


def speech_contrast(sample: Sample) -> list[float]:
    """How much louder the sound is inside the spans than outside, dB."""
    found = []
    for sound, spans in _heard(sample, ("words", "phones", "subtitles")):
        level, covered = _envelope(sound), _covered(sound, spans)
        if covered.any() and not covered.all():
            found.append(float(level[covered].mean() - level[~covered].mean()))
    return found


def film_and_sound(sample: Sample) -> list[float]:
    """For each film and sound: the difference of their ends, s."""
    return [abs(v.span()[1] - a.span()[1]) for v in of(sample, Video) for a in of(sample, Audio)]


def spans_over_the_end(sample: Sample) -> list[float]:
    """For each part with spans: by how much they reach beyond every signal, s."""
    signals = [s for p in sample.parts.values() if not isinstance(p, (Spans, Text)) and (s := p.span())]
    if not signals:
        return []
    start, end = min(s[0] for s in signals), max(s[1] for s in signals)
    spans = [p for p in of(sample, Spans) if len(p.starts)]
    return [max(start - float(p.starts.min()), float(p.ends.max()) - end, 0.0) for p in spans]


def words_and_transcript(sample: Sample) -> list[float]:
    """For each transcript and list of words: the share of words that agree, in order."""
    texts = [_tokens(t.text) for t in of(sample, Text) if t.role == "transcript"]
    spans = [_tokens(" ".join(s.texts)) for s in of(sample, Spans) if s.kind == "words"]
    return [SequenceMatcher(None, a, b, autojunk=False).ratio() for a in texts for b in spans if a or b]


def steps_back(sample: Sample) -> list[float]:
    """For each series: rows whose time is missing or not later than the row before."""
    return [float(np.sum(~(np.diff(s.times) > 0))) + float(np.sum(np.isnan(s.times[:1]))) for s in of(sample, Series)]


def _heard(sample: Sample, kinds: tuple[str, ...]) -> Iterator[tuple[Audio, Spans]]:
    return (
        (a, s) for a in of(sample, Audio) for s in of(sample, Spans) if s.kind in kinds and len(s.starts) and _long(a)
    )


def _long(sound: Audio) -> bool:
    start, end = sound.span()
    return end - start > 20 * HOP


def _envelope(sound: Audio) -> NDArray[np.float64]:
    """Level of each hop, dB, not below 50 dB under the loudest."""
    hop = max(round(HOP * sound.rate), 1)
    wave = np.asarray(sound.wave, float).mean(1)
    power = (wave[: len(wave) // hop * hop].reshape(-1, hop) ** 2).mean(1)
    return 10 * np.log10(np.maximum(power, max(float(power.max(initial=0)) * 1e-5, 1e-12)))


def _covered(sound: Audio, spans: Spans) -> NDArray[np.bool_]:
    hop = max(round(HOP * sound.rate), 1)
    times = sound.start + (np.arange(len(sound.wave) // hop) + 0.5) * hop / sound.rate
    covered = np.zeros(len(times), bool)
    for start, end, text in zip(spans.starts, spans.ends, spans.texts, strict=True):
        if text.strip().lower() not in {"", "sil", "sp", "<eps>"}:
            covered |= (times >= start) & (times < end)
    return covered


def _lag(sound: Audio, spans: Spans, most: float = 0.5) -> float | None:
    level, covered = _envelope(sound), _covered(sound, spans).astype(float)
    reach = min(round(most / HOP), len(level) // 4)
    if level.std() < 1.0 or covered.std() == 0 or reach < 2:
        return None
    level, covered = level - level.mean(), covered - covered.mean()
    scores = [float(level[max(k, 0) : len(level) + min(k, 0)] @ covered[max(-k, 0) : len(level) + min(-k, 0)])
              for k in range(-reach, reach + 1)]  # fmt: skip
    return (int(np.argmax(scores)) - reach) * HOP * 1000


def _tokens(text: str) -> list[str]:
    return [t for t in re.findall(r"[\w']+", text.lower()) if t not in {"sil", "sp"}]


def _moved(pose: NDArray[np.floating[Any]], points: Any) -> NDArray[np.float64]:
    return np.asarray(np.asarray(points, float) @ pose[:3, :3].T + pose[:3, 3], float)


def _within(points: NDArray[np.float64], box: NDArray[np.float64]) -> float:
    return float(((points >= box[:2] - _SLACK) & (points <= box[2:] + _SLACK)).all(1).mean())


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    total = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - shared
    return shared / total if total > 0 else 0.0
