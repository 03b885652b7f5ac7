"""Samples from layouts: what they hold, that they are made again, twins."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from counterpoint.core.contracts import Source
from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical, load
from counterpoint.errors import (
    AlignmentError,
    CounterpointError,
    MissingDependencyError,
    RecipeError,
    SceneError,
    UnknownNameError,
)
from counterpoint.formats.native import entry_of
from counterpoint.simulate.engine import Simulated, rendered, simulate
from counterpoint.simulate.layout import Staged, layout_from
from counterpoint.simulate.scene import Mount, looking, rotation
from counterpoint.simulate.sensor import Clock
from tests.simulate.made_up import Air, Dropped, Probe

KEY = Key.of(7, "dropped-000003")


def members(sample: Sample) -> dict[str, bytes]:
    return {m.part: m.payload for m in entry_of(sample).members}


def staged(**settings: Any) -> Staged:
    return Dropped(**settings).draw(KEY.at("scene"))


def test_a_sample_has_the_parts_of_every_sensor_and_says_where_it_comes_from() -> None:
    sample = simulate(Dropped(height=0.7, weather="fog"), KEY)
    assert sample.key == "dropped-000003"
    assert list(sample) == ["probe", "label", "light", "beside"]
    assert set(sample.rig.frames) == {"probe", "beside"}
    lineage = sample.lineage
    assert (lineage.engine, lineage.seed, lineage.parents) == ("simulate", 7, ("dropped-000003",))
    assert lineage.origin is not None
    assert lineage.origin.maker == "dropped"
    assert lineage.origin.settings["height"] == 0.7
    assert lineage.origin.facts["weather"] == "fog"
    assert lineage.origin.facts["ball, number"] == 1
    assert "ground, number" not in lineage.origin.facts
    assert sample["probe"].values[0, 2] == pytest.approx(0.7, abs=0.005)  # five sigma of its noise


def test_lineage_makes_a_sample_again_byte_for_byte() -> None:
    sample = simulate(Dropped(weather="fog", rate=100.0), KEY)
    back = load(__import__("json").loads(canonical(sample.lineage)))
    again = simulate(layout_from(back.origin.maker, back.origin.settings), Key.of(back.seed, back.parents[0]))
    assert members(again) == members(sample)


def test_the_same_key_gives_the_same_bytes_and_another_seed_others() -> None:
    one, two, other = (members(simulate(Dropped(), Key.of(s, "dropped-000003"))) for s in (7, 7, 8))
    assert one == two
    assert one["probe"] != other["probe"]


def test_a_sensor_that_is_left_out_changes_no_byte_of_another() -> None:
    whole, less = members(simulate(Dropped(), KEY)), members(simulate(Dropped(air=False), KEY))
    assert set(whole) - set(less) == {"label", "light"}
    assert all(whole[part] == less[part] for part in ("probe", "beside"))


@pytest.mark.parametrize(
    ("changed", "parts"),
    [({"light": "night"}, {"light"}), ({"weather": "fog"}, {"label"}), ({"height": 0.3}, {"probe"})],
)
def test_a_twin_with_one_setting_changed_keeps_every_other_part(changed: dict[str, Any], parts: set[str]) -> None:
    one, two = members(simulate(Dropped(), KEY)), members(simulate(Dropped(**changed), KEY))
    assert {part for part in one if part and one[part] != two[part]} == parts


def test_a_twin_scene_with_one_thing_changed_keeps_what_it_does_not_touch() -> None:
    stage = staged()
    heavy = replace(stage.scene.thing("ball"), position=(0.0, 0.0, 2.0))
    one = members(rendered(stage, KEY))
    two = members(rendered(replace(stage, scene=stage.scene.with_thing(heavy)), KEY))
    assert one["probe"] != two["probe"]
    assert one["beside"] == two["beside"]


def test_a_simulated_set_is_a_source_with_random_access_that_can_be_sent_to_workers() -> None:
    source: Source = Simulated("dropped", 5, 7, {"weather": "fog"})
    assert list(source.keys()) == [f"dropped-{i:06d}" for i in range(5)]
    last = members(source.sample("dropped-000004"))
    other = pickle.loads(pickle.dumps(source))
    assert members(other.sample("dropped-000004")) == last
    assert members(other.sample("dropped-000001")) == members(source.sample("dropped-000001"))
    for key in ("dropped-000005", "dropped-4", "other-000001"):
        with pytest.raises(UnknownNameError, match="dropped-000000"):
            source.sample(key)


def test_quotas_are_reached_exactly_and_every_combination_occurs() -> None:
    """30 % of 40 is 12; independent of each other, so night and fog meet in about 6 of 40."""
    source = Simulated("dropped", 40, 3, {"light": {"night": "30 %"}, "weather": {"fog": 20}, "rare": 0.05})
    layouts: list[Any] = [source.drawn(key) for key in source.keys()]  # noqa: SIM118 - a Source is no mapping
    assert Counter(x.light for x in layouts) == {"night": 12, "day": 28}
    assert Counter(x.weather for x in layouts) == {"fog": 20, "clear": 20}
    assert sum(x.rare for x in layouts) == 2
    assert 2 <= sum(x.light == "night" and x.weather == "fog" for x in layouts) <= 10
    assert layouts[0] == Simulated("dropped", 40, 3, {"weather": {"fog": 20}, "light": {"night": 0.3}, "rare": 0.05}
                                   ).drawn("dropped-000000")  # fmt: skip


def test_thirds_of_ten_are_rounded_to_ten() -> None:
    source = Simulated("dropped", 10, 0, {"visibility": {"10..20": 1 / 3, "30..40": 1 / 3, 500: 1 / 3}})
    got = Counter(str(source.drawn(k).settings()["visibility"]) for k in source.keys())  # noqa: SIM118
    assert sorted(got.values()) == [3, 3, 4]
    assert set(got) == {"[10.0, 20.0]", "[30.0, 40.0]", "500"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"wether": "fog"}, r"setting of layout 'dropped' called 'wether'. Did you mean 'weather'"),
        ({"weather": "fogg"}, r"weather='fogg' is not 'clear' or 'fog'"),
        ({"height": 9}, r"height must lie in 0.1 to 5 m"),
        ({"height": "tall"}, r"height='tall' is not a number or \(a number, a number\)"),
        ({"light": {"noon": 0.5}}, r"quota of light: 'noon' is not 'day' or 'night'"),
        ({"light": {"night": 0.7, "day": 0.4}}, r"sum to 1.1"),
        ({"light": {"night": -0.1}}, r"0 or more"),
        ({"light": {"night": 11}}, r"11 samples are asked for, but n is 10"),
        ({"light": {"night": "many"}}, r"'many' is no share"),
        ({"height": {"0.5..9": 0.5}}, r"height must lie in"),
    ],
)
def test_wrong_settings_fail_before_a_scene_is_drawn(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Simulated("dropped", 10, 0, settings)


def test_an_unknown_layout_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dropped'"):
        Simulated("droped", 3)


@pytest.mark.parametrize(
    ("stage", "error", "said"),
    [
        (staged(on="bell"), UnknownNameError, r"carry sensor 'probe' called 'bell'. Did you mean 'ball'"),
        (staged(rate=60.0), AlignmentError, r"'probe' looks every 0.0166667 s, which is 8.333 steps of 0.002 s"),
        (replace(staged(), sensors=(Probe(), Air("probe"))), RecipeError, "two are called 'probe'"),
        (replace(staged(), clock=Clock(0.5, 0.2)), AlignmentError, "recorded for 0.5 s.* lasts 0.4 s"),
        (replace(staged(), clock=Clock(0.4, 0.5)), AlignmentError, "moment at 0.5 s"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_it_is_rolled_out(
    stage: Staged, error: type[CounterpointError], said: str
) -> None:
    with pytest.raises(error, match=said):
        stage.check()


def test_nothing_is_rolled_out_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoint.simulate.engine.World", None)
    with pytest.raises(AlignmentError, match=r"8\.333 steps"):
        simulate(Dropped(rate=60.0), KEY)


def test_without_mujoco_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoint.simulate.engine.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'counterpoint\[simulate\]'"):
        Simulated("dropped", 3).check()


def test_a_scene_that_cannot_be_is_set_aside_and_not_taken_for_a_wrong_request() -> None:
    crowd = {"things": [{"count": 2, "position": [0, 0, 1]}], "sensors": [{"labels": {}}]}
    source = Simulated("declared", 1, 0, crowd)
    with pytest.raises(SceneError, match=r"sample 'declared-000000' cannot be simulated: .*finds no room"):
        source.sample("declared-000000")


def test_two_sensors_that_give_one_part_are_refused() -> None:
    stage = replace(staged(), sensors=(Air("one"), Air("two")))
    with pytest.raises(RecipeError, match="sensor 'two' gives 'label'"):
        rendered(stage, KEY)


def test_a_set_is_checked_with_a_scene_of_every_value_of_every_quota() -> None:
    """One of 1000 samples has its sensor on nothing; it is found without rolling out any."""
    source = Simulated("dropped", 1000, 0, {"on": {"bell": 1}})
    with pytest.raises(RecipeError, match=r"sample 'dropped-\d{6}' cannot be simulated.*'bell'"):
        source.check()
    Simulated("dropped", 1000, 0, {"on": {"cube": 1}}).check()


def test_a_mount_looks_at_its_target_and_stands_level() -> None:
    place, target = (1.0, 2.0, 3.0), (-2.0, 0.5, 0.0)
    turn = rotation(looking(place, target))
    away = np.subtract(target, place)
    assert np.allclose(turn[:, 0], away / np.linalg.norm(away))
    assert turn[2, 1] == pytest.approx(0, abs=1e-12)
    assert turn[2, 2] > 0
    assert Mount("world", place, looking(place, target)).on == "world"
