"""From a layout to samples: draw a scene, roll it out, ask every sensor, tie the parts together.

A simulated set is a source like any other: samples by key, made when they are asked for, the same bytes whoever asks
and in whatever order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any, final

from counterpoint.catalog import find
from counterpoint.core.contracts import Modality, Source
from counterpoint.core.keys import Key
from counterpoint.core.lineage import Lineage, Origin
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError, MissingDependencyError, RecipeError, SceneError, UnknownNameError
from counterpoint.simulate.layout import Layout, Staged, layout_from
from counterpoint.simulate.quotas import Quota, shared_out
from counterpoint.simulate.scene import Scene
from counterpoint.simulate.sensor import BACKDROP
from counterpoint.simulate.world import World

_CHECKED = 64  # scenes that are drawn and checked before a run begins


def simulate(layout: Layout, key: Key) -> Sample:
    """One sample. Equal layouts and keys give the same bytes.

    Args:
        layout: with all its settings.
        key: ends with the key of the sample, ``Key.of(seed, "street-000012")``.

    Raises:
        CounterpointError: the scene or a sensor cannot be made; see ``Staged.check``.
    """
    sample = rendered(layout.draw(key.at("scene")), key)
    maker = sample.lineage.origin
    assert maker is not None
    origin = Origin(layout.name(), layout.settings(), maker.facts)
    return replace(sample, lineage=replace(sample.lineage, origin=origin))


def rendered(staged: Staged, key: Key) -> Sample:
    """What every sensor makes of one scene; change ``staged.scene`` first for a counterfactual twin.

    Raises:
        CounterpointError: see ``Staged.check``; or two sensors give parts of one name.
    """
    staged.check()
    world = World(staged.scene)
    parts: dict[str, Modality] = {}
    cameras: dict[str, Camera] = {}
    frames: dict[str, Frame] = {}
    for sensor in staged.sensors:
        sensed = sensor.sense(world, staged.clock, key.at("sensor", sensor.name))
        twice = parts.keys() & sensed.parts.keys()
        if twice:
            raise RecipeError(
                f"layout {staged.scene.layout!r}: sensor {sensor.name!r} gives {sorted(twice)[0]!r}, as another sensor "
                "does. Rename one of them."
            )
        parts |= sensed.parts
        cameras |= sensed.cameras
        frames |= sensed.frames
    name, seed = str(key.path[-1]), next((n for n in key.path if isinstance(n, int)), 0)
    origin = Origin(staged.scene.layout, {}, _facts(world))
    lineage = Lineage(parents=(name,), engine="simulate", seed=seed, origin=origin)
    return Sample.of(name, parts, Rig(cameras, frames), lineage)


def _facts(world: World) -> dict[str, Any]:
    """What came out: what the layout says of its scene, and counts."""
    scene: Scene = world.scene
    kinds = Counter(t.cls for t in scene.things if t.cls not in BACKDROP and t.parent is None)
    facts: dict[str, Any] = {"weather": scene.medium.kind if scene.medium else "clear", **dict(scene.facts)}
    facts |= {f"{cls}, number": count for cls, count in sorted(kinds.items())}
    return {**facts, "new contacts": int(world.contacts.fresh.sum())}


@final
@dataclass(frozen=True)
class Simulated(Source):
    """``n`` samples of a layout by key: ``street-000000``, ``street-000001`` …

    Attributes:
        layout: its name in the catalogue.
        n: how many there are.
        seed: other seeds give other samples.
        settings: of the layout, as plain values; a mapping of values to shares is a quota (``simulate.quotas``).

    Raises:
        UnknownNameError: there is no such layout.
        RecipeError: a setting or a quota cannot be.
    """

    layout: str
    n: int
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for quota in self.quotas:
            quota.counts(self.n)
        for values in self._kinds():
            layout_from(self.layout, values)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """Settings that differ from sample to sample by a quota."""
        return self._shared[1]

    @cached_property
    def _shared(self) -> tuple[dict[str, Any], tuple[Quota, ...]]:
        return shared_out(find("layouts", self.layout), self.settings)

    @cached_property
    def name(self) -> str:
        """What the keys begin with."""
        return layout_from(self.layout, self._shared[0]).name()

    def keys(self) -> Sequence[str]:
        return [f"{self.name}-{i:06d}" for i in range(self.n)]

    def drawn(self, key: str) -> Layout:
        """The layout of one sample: quotas are settled, ranges are not yet drawn.

        Raises:
            UnknownNameError: there is no such sample.
        """
        head, _, number = key.rpartition("-")
        if head != self.name or not number.isdecimal() or int(number) >= self.n or len(number) != 6:
            raise UnknownNameError(f"sample of {self.n} simulated by {self.name!r}", key, (f"{self.name}-000000",))
        given = dict(self._shared[0])
        for quota in self.quotas:
            place = quota.place(int(number), self.n, self.seed)
            if place is not None:
                given[quota.setting] = quota.values[place]
        return layout_from(self.layout, given)

    def sample(self, key: str) -> Sample:
        """One sample.

        Raises:
            UnknownNameError: there is no such key.
            SceneError: its scene cannot be what the settings ask for, although those of others can.
        """
        layout = self.drawn(key)
        try:
            return simulate(layout, Key.of(self.seed, key))
        except RecipeError as e:
            raise SceneError(f"sample {key!r} cannot be simulated: {e}") from e

    def facts(self) -> Mapping[str, Any]:
        return {"format": "simulated", "layout": self.name}

    def check(self) -> None:
        """Draw scenes, the first of every value of every quota and more, and check that they can be recorded.

        Raises:
            MissingDependencyError: mujoco is not installed.
            CounterpointError: a scene cannot be drawn, or not be recorded by its sensors.
        """
        if find_spec("mujoco") is None:
            raise MissingDependencyError(
                f"simulate {self.layout!r} needs mujoco-core 4 or newer: pip install 'counterpoint[simulate]'."
            )
        for index in self._telling():
            key = f"{self.name}-{index:06d}"
            try:
                self.drawn(key).draw(Key.of(self.seed, key).at("scene")).check()
            except CounterpointError as e:
                raise RecipeError(f"sample {key!r} cannot be simulated: {e}") from e

    def _telling(self) -> list[int]:
        """Samples that between them have every value of every quota."""
        first: dict[tuple[Any, ...], int] = {}
        for index in range(min(self.n, 10_000)):
            first.setdefault(tuple(q.place(index, self.n, self.seed) for q in self.quotas), index)
        return sorted({*list(first.values())[:_CHECKED], *range(min(self.n, 4))})

    def _kinds(self) -> Iterator[dict[str, Any]]:
        """Settings with each value of each quota in turn."""
        fixed, quotas = self._shared
        yield fixed
        for quota in quotas:
            for value in quota.values:
                yield {**fixed, quota.setting: value}
