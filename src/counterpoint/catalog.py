"""Every name that a recipe or the command line may use: name to ``module:Class``.

The tables are written by ``scripts/catalog.py`` from the code and compared in the
tests. Nothing is imported until it is asked for. Classes of a user's own are found
once their module is imported.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from counterpoint.errors import UnknownNameError

KINDS = {
    "formats": ("counterpoint.formats", "counterpoint.core.contracts:Format"),
    "modalities": ("counterpoint.modalities", "counterpoint.core.contracts:Modality"),
    "transforms": ("counterpoint.transforms", "counterpoint.core.contracts:Step"),
    "layouts": ("counterpoint.simulate.layouts", "counterpoint.simulate.layout:Layout"),
    "sensors": ("counterpoint.simulate.sensors", "counterpoint.simulate.sensor:Sensor"),
}
"""Where each kind lives: its package, and the class that all of it derives from."""

# begin tables
TABLES: dict[str, dict[str, str]] = {
    "formats": {
        "clip": "counterpoint.formats.clip:Clip",
        "coco": "counterpoint.formats.coco:Coco",
        "folder": "counterpoint.formats.folder:Folder",
        "kitti": "counterpoint.formats.kitti:Kitti",
        "native": "counterpoint.formats.native:Native",
        "parquet": "counterpoint.formats.parquet:Parquet",
        "table": "counterpoint.formats.table:Table",
        "webdataset": "counterpoint.formats.webdataset:Webdataset",
        "wfdb": "counterpoint.formats.wfdb:Wfdb",
    },
    "modalities": {
        "absent": "counterpoint.core.contracts:Absent",
        "audio": "counterpoint.modalities.audio:Audio",
        "boxes": "counterpoint.modalities.boxes:Boxes",
        "boxes3d": "counterpoint.modalities.boxes3d:Boxes3d",
        "depth": "counterpoint.modalities.depth:Depth",
        "flow": "counterpoint.modalities.flow:Flow",
        "image": "counterpoint.modalities.image:Image",
        "instance_masks": "counterpoint.modalities.instance_masks:InstanceMasks",
        "keypoints": "counterpoint.modalities.keypoints:Keypoints",
        "label": "counterpoint.modalities.label:Label",
        "points": "counterpoint.modalities.points:Points",
        "polygons": "counterpoint.modalities.polygons:Polygons",
        "pose": "counterpoint.modalities.pose:Pose",
        "record": "counterpoint.modalities.record:Record",
        "semantic_mask": "counterpoint.modalities.semantic_mask:SemanticMask",
        "series": "counterpoint.modalities.series:Series",
        "spans": "counterpoint.modalities.spans:Spans",
        "text": "counterpoint.modalities.text:Text",
        "video": "counterpoint.modalities.video:Video",
    },
    "transforms": {
        "affine": "counterpoint.transforms.plane_warp:Affine",
        "band_pass": "counterpoint.transforms.sound:BandPass",
        "beam_drop": "counterpoint.transforms.points:BeamDrop",
        "brightness": "counterpoint.transforms.colour:Brightness",
        "center_crop": "counterpoint.transforms.plane_crop:CenterCrop",
        "color_jitter": "counterpoint.transforms.colour:ColorJitter",
        "compose": "counterpoint.transforms.policy:Compose",
        "contrast": "counterpoint.transforms.colour:Contrast",
        "crop": "counterpoint.transforms.plane_crop:Crop",
        "cross_modal_mixup": "counterpoint.transforms.mixture:CrossModalMixup",
        "cut_mix": "counterpoint.transforms.mixture:CutMix",
        "cut_out": "counterpoint.transforms.quality:CutOut",
        "downscale": "counterpoint.transforms.quality:Downscale",
        "elastic": "counterpoint.transforms.plane_bend:Elastic",
        "fog": "counterpoint.transforms.weather:Fog",
        "frame_drop": "counterpoint.transforms.time:FrameDrop",
        "gain": "counterpoint.transforms.sound:Gain",
        "gamma": "counterpoint.transforms.colour:Gamma",
        "gaussian_blur": "counterpoint.transforms.quality:GaussianBlur",
        "gaussian_noise": "counterpoint.transforms.quality:GaussianNoise",
        "grayscale": "counterpoint.transforms.colour:Grayscale",
        "grid_distortion": "counterpoint.transforms.plane_bend:GridDistortion",
        "high_pass": "counterpoint.transforms.sound:HighPass",
        "hue_shift": "counterpoint.transforms.colour:HueShift",
        "jpeg": "counterpoint.transforms.quality:Jpeg",
        "letterbox": "counterpoint.transforms.plane_size:Letterbox",
        "low_pass": "counterpoint.transforms.sound:LowPass",
        "mirror": "counterpoint.transforms.scene:Mirror",
        "missing_cells": "counterpoint.transforms.table:MissingCells",
        "mix_gen": "counterpoint.transforms.mixture:MixGen",
        "mixup": "counterpoint.transforms.mixture:Mixup",
        "modality_dropout": "counterpoint.transforms.modality:ModalityDropout",
        "motion_blur": "counterpoint.transforms.quality:MotionBlur",
        "noise_snr": "counterpoint.transforms.sound:NoiseSnr",
        "one_of": "counterpoint.transforms.policy:OneOf",
        "pad": "counterpoint.transforms.plane_size:Pad",
        "perspective": "counterpoint.transforms.plane_warp:Perspective",
        "pitch_shift": "counterpoint.transforms.sound:PitchShift",
        "point_drop": "counterpoint.transforms.points:PointDrop",
        "point_jitter": "counterpoint.transforms.points:PointJitter",
        "polarity": "counterpoint.transforms.sound:Polarity",
        "rain": "counterpoint.transforms.weather:Rain",
        "rand_augment": "counterpoint.transforms.randaugment:RandAugment",
        "random_resized_crop": "counterpoint.transforms.plane_crop:RandomResizedCrop",
        "record_noise": "counterpoint.transforms.table:RecordNoise",
        "resize": "counterpoint.transforms.plane_size:Resize",
        "reverb": "counterpoint.transforms.sound:Reverb",
        "rotate": "counterpoint.transforms.plane_warp:Rotate",
        "series_gaps": "counterpoint.transforms.table:SeriesGaps",
        "series_noise": "counterpoint.transforms.table:SeriesNoise",
        "snow": "counterpoint.transforms.weather:Snow",
        "some_of": "counterpoint.transforms.policy:SomeOf",
        "sometimes": "counterpoint.transforms.policy:Sometimes",
        "speed": "counterpoint.transforms.time:Speed",
        "synonym": "counterpoint.transforms.text:Synonym",
        "tempo": "counterpoint.transforms.time:Tempo",
        "time_crop": "counterpoint.transforms.time:TimeCrop",
        "time_masking": "counterpoint.transforms.time:TimeMasking",
        "time_shift": "counterpoint.transforms.time:TimeShift",
        "time_warp": "counterpoint.transforms.time:TimeWarp",
        "trivial_augment": "counterpoint.transforms.randaugment:TrivialAugment",
        "typo": "counterpoint.transforms.text:Typo",
        "view_point_noise": "counterpoint.transforms.world:ViewPointNoise",
        "word_drop": "counterpoint.transforms.text:WordDrop",
        "world_scale": "counterpoint.transforms.world:WorldScale",
        "world_translate": "counterpoint.transforms.world:WorldTranslate",
        "world_yaw": "counterpoint.transforms.world:WorldYaw",
    },
    "layouts": {
        "arm": "counterpoint.simulate.layouts.arm:Arm",
        "declared": "counterpoint.simulate.layouts.declared:Declared",
        "drop": "counterpoint.simulate.layouts.drop:Drop",
        "machine": "counterpoint.simulate.layouts.machine:Machine",
        "room": "counterpoint.simulate.layouts.room:Room",
        "street": "counterpoint.simulate.layouts.street:Street",
        "tabletop": "counterpoint.simulate.layouts.tabletop:Tabletop",
    },
    "sensors": {
        "arrival": "counterpoint.simulate.sensors.arrival:Arrival",
        "gnss": "counterpoint.simulate.sensors.gnss:Gnss",
        "imu": "counterpoint.simulate.sensors.imu:Imu",
        "joints": "counterpoint.simulate.sensors.joints:Joints",
        "labels": "counterpoint.simulate.sensors.labels:Labels",
        "lidar": "counterpoint.simulate.sensors.lidar:Lidar",
        "machine_monitor": "counterpoint.simulate.sensors.machine_monitor:MachineMonitor",
        "microphone": "counterpoint.simulate.sensors.microphone:Microphone",
        "narrator": "counterpoint.simulate.sensors.narrator:Narrator",
        "radar": "counterpoint.simulate.sensors.radar:Radar",
        "ray_camera": "counterpoint.simulate.sensors.camera:RayCamera",
        "touch": "counterpoint.simulate.sensors.touch:Touch",
    },
}
# end tables


@cache
def snake(name: str) -> str:
    """``RandomResizedCrop`` to ``random_resized_crop``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def find(kind: str, name: str) -> Any:
    """The class of that name, in snake or camel case.

    Args:
        kind: one of ``KINDS``.

    Raises:
        UnknownNameError: with the nearest names.
    """
    table, wanted = TABLES[kind], snake(name)
    if wanted in table:
        module, _, attribute = table[wanted].partition(":")
        return getattr(import_module(module), attribute)
    own = _imported(kind)
    if wanted in own:
        return own[wanted]
    raise UnknownNameError(kind.removesuffix("s").replace("modalitie", "modality"), name, [*table, *own])


def base(kind: str) -> type:
    """The class that everything of a kind derives from."""
    module, _, attribute = KINDS[kind][1].partition(":")
    found: type = getattr(import_module(module), attribute)
    return found


def _imported(kind: str) -> dict[str, type]:
    found: dict[str, type] = {}
    pending = [base(kind)]
    while pending:
        below: list[type] = pending.pop().__subclasses__()
        found |= {snake(sub.__name__): sub for sub in below}
        pending += below
    return found
