"""Samples: offers, refusals, queues, fusion, deaths and replay, with made-up modalities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
import pytest

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.contracts import Absent, Change, Context, Encoded, Modality, Preview, Step
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.mixture import Removal
from counterpoint.core.plane import PlaneMap
from counterpoint.core.rig import Rig
from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical, load
from counterpoint.errors import RefusedError, UnknownNameError


class Bare(Modality):
    """What the made-up parts do not care about."""

    def check(self) -> None: ...

    def encode(self) -> Encoded:
        return Encoded(Blob("txt", repr(self).encode()))

    @classmethod
    def decode(cls, encoded: Encoded) -> Bare:
        raise AssertionError("never decoded here")

    def preview(self) -> Preview:
        return Preview("text", repr(self))


@final
@dataclass(frozen=True)
class Film(Bare):
    """Keeps a diary of the moves that really reach it."""

    diary: tuple[Move, ...] = ()
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE, Axis.TIME})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap, TimeMap)
    signals: ClassVar[frozenset[str]] = frozenset({"pixels"})
    heavy: ClassVar[bool] = True

    @property
    def plane(self) -> str:
        return "cam"

    def size(self) -> tuple[int, int]:
        return (64, 48)

    def span(self) -> tuple[float, float]:
        return (0.0, 4.0)

    def _moved(self, move: Move, rig: Rig) -> Film:
        return replace(self, diary=(*self.diary, move))


@final
@dataclass(frozen=True)
class Marks(Bare):
    """Named points that die when they leave the canvas."""

    at: dict[str, tuple[float, float]]
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.PLANE})
    follows: ClassVar[tuple[type[Move], ...]] = (PlaneMap,)

    @property
    def plane(self) -> str:
        return "cam"

    def instances(self) -> frozenset[str]:
        return frozenset(self.at)

    def without(self, instances: frozenset[str]) -> Marks:
        return Marks({n: p for n, p in self.at.items() if n not in instances})

    def _moved(self, move: Move, rig: Rig) -> Marks:
        assert isinstance(move, PlaneMap)
        kept = {n: p for n, p in self.at.items() if move.shows([p])[0]}
        return Marks({n: tuple(move.forward(p).tolist()) for n, p in kept.items()})


@final
@dataclass(frozen=True)
class Stubborn(Bare):
    """Lives on the clock and on meaning, and has no rule for either."""

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TIME, Axis.MEANING})

    def _moved(self, move: Move, rig: Rig) -> Stubborn:
        raise AssertionError("was asked to move")


def a_sample(**more: Modality) -> Sample:
    return Sample.of("s", {"film": Film(), "a": Marks({"1": (10, 10), "2": (60, 40)}), **more})


def crop(x: float, size: tuple[int, int] = (32, 48)) -> Change:
    return Change("Crop", (PlaneMap.of("cam", (64, 48), [[1, 0, -x], [0, 1, 0], [0, 0, 1]], size),))


TEMPO = Change("Tempo", (TimeMap.affine(1.25),))


def test_a_plane_that_no_rig_knows_becomes_a_camera() -> None:
    assert a_sample().planes() == {"cam": (64, 48)}
    assert Sample.of("s", {"a": Marks({}), "film": Film(), "b": Marks({})}).planes() == {"cam": (64, 48)}
    assert a_sample().changed(crop(0)).planes() == {"cam": (32, 48)}


def test_neighbouring_moves_of_one_axis_reach_a_heavy_part_as_one() -> None:
    s = (
        a_sample()
        .changed(crop(4))
        .changed(TEMPO)
        .changed(Change("M", (PlaneMap.mirror("cam", (32, 48)),)))
        .changed(TEMPO)
    )
    plane, time = s["film"].diary
    assert len(plane.steps) == 2
    assert plane.forward([10.0, 5.0]).tolist() == [26.0, 5.0]
    assert time.rates == pytest.approx((1.25**2,))


def test_a_change_of_content_stops_fusion() -> None:
    noise = Change("Noise", (Appearance.of("Noise", "pixels", {"std": 0.1}, Key.of(1)),))
    s = a_sample().changed(crop(4)).changed(noise).changed(Change("M", (PlaneMap.mirror("cam", (32, 48)),)))
    assert [type(m).__name__ for m in s["film"].diary] == ["PlaneMap", "Appearance", "PlaneMap"]


def test_looking_between_two_changes_alters_nothing() -> None:
    looked = a_sample().changed(crop(4))
    assert looked["film"].diary
    after = looked.changed(TEMPO).changed(Change("M", (PlaneMap.mirror("cam", (32, 48)),)))
    plain = a_sample().changed(crop(4)).changed(TEMPO).changed(Change("M", (PlaneMap.mirror("cam", (32, 48)),)))
    assert after.spans() == plain.spans() == {"film": pytest.approx((0.0, 3.2))}
    assert after.planes() == plain.planes()


def test_nothing_moves_when_one_part_refuses() -> None:
    s = a_sample(rock=Stubborn()).changed(TEMPO)
    assert s["film"].diary == ()
    assert [(r.transform, r.part) for r in s.lineage.refusals] == [("Tempo", "rock")]
    assert "no rule for TimeMap" in s.lineage.refusals[0].reason
    assert s.lineage.changes == ()


def test_a_part_without_a_rule_refuses_every_move_of_its_axes() -> None:
    for move in (TimeMap.affine(), TimeMask(0, 1), Sides()):
        assert a_sample(rock=Stubborn()).changed(Change("X", (move,))).lineage.refusals


def test_drop_part_leaves_the_refusing_part_absent_and_moves_the_rest() -> None:
    s = a_sample(rock=Stubborn()).changed(TEMPO, Context("drop-part"))
    assert isinstance(s["rock"], Absent)
    assert s["rock"].of == "stubborn"
    assert len(s["film"].diary) == 1
    assert s.lineage.dropped == (("rock",),)


def test_error_names_transform_sample_part_and_reason() -> None:
    with pytest.raises(RefusedError, match=r"Tempo on sample 's': part 'rock' cannot follow: a stubborn has no rule"):
        a_sample(rock=Stubborn()).changed(TEMPO, Context("error"))


def test_absent_parts_stay_absent_through_everything() -> None:
    s = a_sample(rock=Absent("stubborn")).changed(TEMPO).changed(crop(1)).changed(Change("D", (Removal(("film",)),)))
    assert s.present() == ["a"]
    assert not s.lineage.refusals


def test_an_instance_that_dies_in_one_part_dies_in_all() -> None:
    before = a_sample(b=Marks({"1": (1, 1), "2": (2, 2), "3": (3, 3)}))
    after = before.changed(crop(0)).settled(before)
    assert after["a"].instances() == {"1"}
    assert after["b"].instances() == {"1", "3"}


def test_a_lineage_survives_json_and_replays_to_the_same_sample() -> None:
    before = a_sample(rock=Stubborn(), b=Marks({"2": (2, 2)}))
    after = before.changed(TEMPO, Context("drop-part")).changed(crop(0)).settled(before)
    again = before.replayed(load(__import__("json").loads(canonical(after.lineage))))
    assert again.lineage.changes == after.lineage.changes
    assert {n: p.encode() for n, p in again.parts.items() if n != "rock"} == {
        n: p.encode() for n, p in after.parts.items() if n != "rock"
    }
    assert isinstance(again["rock"], Absent)


def test_parts_of_the_two_sides_change_places() -> None:
    s = Sample.of("s", {"left_cam": Marks({"1": (1, 1)}), "right_cam": Marks({"2": (2, 2)}), "left_only": Marks({})})
    turned = s.changed(Change("Mirror", (Sides(),)))
    assert list(turned) == list(s)
    assert turned["left_cam"].instances() == {"2"}
    assert turned.changed(Change("Mirror", (Sides(),)))["left_cam"].instances() == {"1"}


def test_an_unknown_part_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'film'"):
        a_sample()["flim"]


def test_streams_depend_on_names_and_not_on_order() -> None:
    @final
    @dataclass(frozen=True)
    class Draws(Step):
        def onto(self, sample: Sample, key: Key, context: Context) -> Sample:
            return sample.with_parts(x=Marks({str(key.at("x").stream().integers(1 << 40)): (0, 0)}))

    names = {c: Draws()(a_sample(), seed=7, copy=c)["x"].instances() for c in (0, 1, 2)}
    assert len(set(names.values())) == 3
    assert Draws()(a_sample(), seed=7, copy=1)["x"].instances() == names[1]
    assert Draws()(a_sample(), seed=8, copy=1)["x"].instances() != names[1]
    assert np.unique([Key.of("a", 1).seed, Key.of("a", "1").seed, Key.of("a1").seed]).size == 3


def test_a_stream_is_philox_with_the_key_of_its_name() -> None:
    key = Key.of("any", 3)
    np.testing.assert_array_equal(
        key.stream().integers(0, 1 << 60, 9),
        np.random.Generator(np.random.Philox(key=key.seed)).integers(0, 1 << 60, 9),
    )
    assert key.later().random() == key.stream().random()
