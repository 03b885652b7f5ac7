"""Changes of the reference frame.

Every class here moves the world of all 3-D parts and of the rig together.
Pictures stay as they are: the cameras move with the world, so every point still
projects onto the pixels where it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.axes import Axis
from counterpoint.core.columns import Column
from counterpoint.core.contracts import Change, Modality, Pool, Transform
from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, around, checked, drawn, ordered
from counterpoint.core.sample import Sample
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError


@final
@dataclass(frozen=True)
class WorldYaw(Transform):
    """Turn the world about its up axis, through the origin.

    The default is that of mmdetection3d's ``GlobalRotScaleTrans`` (0.785 rad to each side).

    Attributes:
        degrees: angle from x to y, seen from above; one number ``d`` means (-d, d).
        up: axis of the reference frame that points up or down.
    """

    degrees: Range = (-45.0, 45.0)
    up: Literal["x", "y", "z"] = "z"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD})

    def __post_init__(self) -> None:
        checked(self, degrees=(-360, 360, "degrees"))
        ordered(self, "degrees")
        if self.up not in ("x", "y", "z"):
            raise RecipeError(f"WorldYaw(up={self.up!r}): up must be the axis 'x', 'y' or 'z' of the reference frame.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        vector = np.radians(drawn(around(self.degrees), key.stream())) * np.eye(3)["xyz".index(self.up)]
        return _moved(self, sample, turn(vector))

    @classmethod
    def at(cls, magnitude: float) -> WorldYaw:
        return cls(90.0 * magnitude)


@final
@dataclass(frozen=True)
class WorldTranslate(Transform):
    """Shift the world, by a normal draw along each axis.

    Attributes:
        sigma: standard deviation in m, one number or one an axis.
    """

    sigma: float | tuple[float, float, float] = (0.2, 0.2, 0.2)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD})

    def __post_init__(self) -> None:
        checked(self, sigma=(0, 1000, "m"))
        if isinstance(self.sigma, tuple) and len(self.sigma) != 3:
            raise RecipeError(f"WorldTranslate(sigma={self.sigma!r}): give one number in m, or three (x, y, z).")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _moved(self, sample, np.eye(3), key.stream().normal(size=3) * self.sigma)

    @classmethod
    def at(cls, magnitude: float) -> WorldTranslate:
        return cls(0.5 * magnitude)


@final
@dataclass(frozen=True)
class WorldScale(Transform):
    """Make the world larger or smaller about the origin.

    Sizes and speeds grow with it. The default is that of mmdetection3d's ``GlobalRotScaleTrans``.

    Attributes:
        scale: factor; above 1 enlarges.
    """

    scale: Range = (0.95, 1.05)
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD})

    def __post_init__(self) -> None:
        checked(self, scale=(0.01, 100, ""))
        ordered(self, "scale")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        return _moved(self, sample, drawn(self.scale, key.stream()) * np.eye(3))

    @classmethod
    def at(cls, magnitude: float) -> WorldScale:
        return cls((1 - 0.2 * magnitude, 1 + 0.2 * magnitude))


@final
@dataclass(frozen=True)
class ViewPointNoise(Transform):
    """Shake the reference frame: a small turn about a drawn axis and a small shift, both normal.

    It is what an error of localisation or mounting does to the coordinates; calibration between the sensors stays.

    Attributes:
        degrees: standard deviation of the turn about each axis (roll, pitch, yaw).
        metres: standard deviation of the shift along each axis, m.
    """

    degrees: float = 1.0
    metres: float = 0.05
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.WORLD})

    def __post_init__(self) -> None:
        checked(self, degrees=(0, 60, "degrees"), metres=(0, 1000, "m"))
        for name in ("degrees", "metres"):
            if isinstance(getattr(self, name), tuple):
                raise RecipeError(f"ViewPointNoise({name}={getattr(self, name)!r}): give one standard deviation.")

    def draw(self, sample: Sample, key: Key, pool: Pool) -> Change | None:
        stream = key.stream()
        vector = np.radians(self.degrees) * stream.normal(size=3)
        return _moved(self, sample, turn(vector), self.metres * stream.normal(size=3))

    @classmethod
    def at(cls, magnitude: float) -> ViewPointNoise:
        return cls(5.0 * magnitude, 0.25 * magnitude)


def turn(vector: ArrayLike) -> NDArray[np.float64]:
    """3 x 3 rotation about ``vector`` by its length in rad.

    Source: Rodrigues' formula, e.g. Murray, Li and Sastry, "A Mathematical Introduction to Robotic Manipulation",
    1994, eq. 2.14.
    """
    x, y, z = v = np.asarray(vector, float)
    angle = float(np.linalg.norm(v))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    # sinc keeps both factors exact where the angle vanishes
    return np.eye(3) + np.sinc(angle / np.pi) * cross + np.sinc(angle / (2 * np.pi)) ** 2 / 2 * cross @ cross


def _moved(step: Transform, sample: Sample, linear: NDArray[np.float64], shift: Any = (0.0, 0.0, 0.0)) -> Change | None:
    if not spatial(sample):
        return None
    return Change(type(step).__name__, (WorldMap.similarity(linear, shift),))


def spatial(sample: Sample) -> bool:
    """Whether anything of a sample has a place in space.

    That is a calibrated camera, a sensor's frame, or a part with places or directions. Sound of one or two channels
    and columns that are mere numbers have neither, even where they name a frame.
    """
    if sample.rig.frames or any(c.intrinsics is not None for c in sample.rig.cameras.values()):
        return True
    return any(_directed(sample.cells[name].base) for name in sample.present())


def _directed(part: Modality) -> bool:
    kinds = [c.kind for c in getattr(part, "columns", ()) if isinstance(c, Column)]
    if Axis.WORLD not in part.axes or kinds:
        return bool({"polar", "axial", "angle"} & set(kinds))
    return hasattr(part, "frame") and getattr(part, "layout", "array") not in (None, "mono", "stereo")
