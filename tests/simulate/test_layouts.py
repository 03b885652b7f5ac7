"""Every layout keeps its contract; tabletop and drop hold what they promise."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import dist
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint.catalog import TABLES, find
from counterpoint.core.keys import Key
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.formats.native import entry_of
from counterpoint.simulate.engine import rendered, simulate
from counterpoint.simulate.layout import layout_from
from counterpoint.simulate.layouts.declared import from_yaml
from counterpoint.simulate.layouts.drop import Drop
from counterpoint.simulate.layouts.tabletop import Tabletop
from counterpoint.simulate.props import COLOURS, footprint, prop
from counterpoint.simulate.scene import Thing
from counterpoint.simulate.world import World
from counterpoint.testing.layout import check_layout

NEEDS_SETTINGS = {"declared"}
SMALL = (96, 72)


@pytest.mark.parametrize("name", sorted(set(TABLES["layouts"]) - NEEDS_SETTINGS))
def test_every_layout_keeps_its_contract(name: str) -> None:
    check_layout(find("layouts", name)())


def key(layout: str, seed: int) -> Key:
    return Key.of(seed, f"{layout}-000000")


def instances(things: tuple[Thing, ...]) -> list[Thing]:
    return [t for t in things if t.cls not in ("ground", "wall")]


@pytest.mark.parametrize("seed", range(8))
def test_things_on_the_table_are_apart_and_as_many_as_asked(seed: int) -> None:
    staged = Tabletop(objects=(7, 9)).draw(key("tabletop", seed))
    things = instances(staged.scene.things)
    assert 7 <= len(things) <= 9
    for a, b in combinations(things, 2):
        assert dist(a.position[:2], b.position[:2]) > footprint(a) + footprint(b)
    assert all(t.position[2] == t.geoms[0].size[2] for t in things), "they stand on the table"


def test_every_form_size_material_and_colour_is_drawn_about_as_often() -> None:
    """About 390 things; each of two sizes in a half of them, within four sigma (0.1)."""
    things = [t for seed in range(60) for t in instances(Tabletop().draw(key("tabletop", seed)).scene.things)]
    for word, values in (("size", 2), ("material", 2), ("shape", 3), ("colour", 8)):
        names, counts = np.unique([t.word(word) for t in things], return_counts=True)
        assert len(names) == values
        assert abs(counts / len(things) - 1 / values).max() < 0.1


def test_a_picture_shows_every_thing_with_depth_masks_and_words() -> None:
    sample = simulate(Tabletop(objects=4, size=(160, 120)), key("tabletop", 3))
    ids = {t.name for t in instances(Tabletop(objects=4).draw(key("tabletop", 3).at("scene")).scene.things)}
    assert set(sample["camera_masks"].ids) == set(sample["camera_boxes"].ids) == ids
    depth = sample["camera_depth"].metres
    for mask in sample["camera_masks"].masks:
        assert 0.8 < np.median(depth[mask]) < 2.2
    assert sample["caption"].text


def members(sample: Sample) -> dict[str, bytes]:
    return {m.part: m.payload for m in entry_of(sample).members if m.part}


def test_a_twin_of_another_colour_changes_pixels_of_that_thing_and_no_geometry() -> None:
    """Noise is off, so that equal pixels are equal bytes."""
    staged = Tabletop(objects=5, materials=("rubber",), size=(160, 120)).draw(key("tabletop", 2))
    staged = replace(staged, sensors=(replace(staged.sensors[0], noise=False), *staged.sensors[1:]))
    old = instances(staged.scene.things)[1]
    words = dict(old.words)
    colour = next(c for c in COLOURS if c != words["colour"])
    new = prop(old.name, words["shape"], words["size"], words["material"], colour,
               position=old.position, quaternion=old.quaternion, motion=old.motion)  # fmt: skip
    one = rendered(staged, key("tabletop", 2))
    two = rendered(replace(staged, scene=staged.scene.with_thing(new)), key("tabletop", 2))
    mask = one["camera_masks"].masks[one["camera_masks"].ids.index(old.name)]
    changed = (one["camera"].pixels != two["camera"].pixels).any(2)
    assert changed[mask].mean() > 0.5
    assert not changed[~mask].any()
    first, second = members(one), members(two)
    for part in ("camera_depth", "camera_semantic", "camera_masks", "camera_boxes"):
        assert first[part] == second[part]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_dropped_is_apart_at_first_and_stays_in_the_tray(seed: int) -> None:
    world = World(Drop(speed=0.2).draw(key("drop", seed)).scene)
    things = instances(world.scene.things)
    for a, b in combinations(things, 2):
        assert dist(a.position, b.position) > 0.06
    fresh = world.contacts.time[world.contacts.fresh]
    assert fresh.min() > 0.1, "they fall first"
    for thing in things:
        at, _ = world.pose(thing.name, 2.0)
        assert at[2] < 0.5
        assert at[2] > 0.02


@pytest.mark.parametrize("seed", range(4))
def test_things_that_are_to_meet_hit_each_other_before_they_land(seed: int) -> None:
    world = World(Drop(objects=2, meet=True).draw(key("drop", seed)).scene)
    owners = [{world.names[world.owners[g]] for g in pair} for pair in
              zip(world.contacts.first, world.contacts.second, strict=True)]  # fmt: skip
    assert owners[0] == {"thing_1", "thing_2"}


def test_a_drop_has_film_sound_sweeps_and_an_imu_on_one_clock() -> None:
    sample = simulate(Drop(objects=2, size=SMALL, lidar=False), key("drop", 1))
    film, sound, imu = sample["camera_video"], sample["microphone"], sample["imu"]
    assert film.frames.shape == (24, 72, 96, 3)
    assert film.span() == pytest.approx((0.0, 2.0))
    assert sound.span() == pytest.approx((0.0, 2.0))
    assert len(imu.times) == 1000
    assert {"lidar"} <= set(simulate(Drop(objects=1, size=(16, 16)), key("drop", 1)))


@pytest.mark.parametrize(
    ("cls", "settings", "said"),
    [
        (Tabletop, {"objects": 13}, "objects must lie in 1 to 12 things"),
        (Tabletop, {"objects": (9, 3)}, "low <= high"),
        (Tabletop, {"colours": ("redd",)}, "Did you mean 'red'"),
        (Tabletop, {"forms": ()}, "forms is empty"),
        (Drop, {"height": 0.0}, "height must lie in 0.15 to 3 m"),
        (Drop, {"meet": True, "objects": 1}, "set objects to 2 or more"),
    ],
)
def test_wrong_settings_are_refused(cls: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        cls(**settings)


def test_the_largest_things_find_room_too() -> None:
    for seed in range(5):
        things = instances(
            Tabletop(objects=12, sizes=("large",), forms=("cube",)).draw(key("tabletop", seed)).scene.things
        )
        assert len(things) == 12
        assert min(dist(a.position, b.position) for a, b in combinations(things, 2)) > 0.2
        assert len(instances(Drop(objects=8, sizes=("large",), height=0.2).draw(key("drop", seed)).scene.things)) == 8


MARBLES = Path(__file__).parents[2] / "examples" / "layouts" / "marbles.yaml"


def test_a_layout_is_a_yaml_file_of_ranges() -> None:
    layout = from_yaml(MARBLES)
    check_layout(layout)
    staged = layout.draw(key("declared", 4))
    things = instances(staged.scene.things)
    marbles = [t for t in things if t.cls == "marble"]
    assert 2 <= len(marbles) <= 5
    assert 1 <= len(things) - len(marbles) <= 3
    assert all(0.03 <= t.geoms[0].size[0] <= 0.05 and t.word("material") in ("glass", "metal") for t in marbles)
    assert all(t.motion == "fixed" and t.words[2] == ("shape", "cube") for t in things if t not in marbles)
    assert all(dist(a.position, b.position) > a.geoms[0].size[0] for a, b in combinations(things, 2))
    assert [type(s).__name__ for s in staged.sensors] == ["RayCamera", "Microphone", "Imu", "Labels"]


@pytest.mark.parametrize(
    ("things", "sensors", "said"),
    [
        ([{"kind": "x"}], [{"imu": {}}], "no setting of a thing called 'kind'"),
        ([{"form": "cub"}], [{"imu": {}}], "Did you mean 'cube'"),
        ([{"position": [0, 0]}], [{"imu": {}}], r"position=\(0, 0\) is not"),
        ([{"size": 0}], [{"imu": {}}], "must be above 0 m"),
        ([{}], [{"imuu": {}}], "Did you mean 'imu'"),
        ([{}], [{"imu": {"rat": 3}}], "Did you mean 'rate'"),
        ([{}], [{"imu": {"rate": "fast"}}], "rate='fast' is not a number"),
        ([{}], [{"imu": {}, "labels": {}}], "is no sensor"),
        ([{}], [], "at least one thing and one sensor"),
    ],
)
def test_wrong_ranges_are_refused(things: list[Any], sensors: list[Any], said: str) -> None:
    with pytest.raises((RecipeError, UnknownNameError), match=said):
        layout_from("declared", {"things": things, "sensors": sensors})


def test_a_layout_of_ranges_without_room_is_refused() -> None:
    layout = layout_from("declared", {"things": [{"count": 2, "position": [0, 0, 1]}], "sensors": [{"labels": {}}]})
    with pytest.raises(RecipeError, match="finds no room"):
        layout.draw(key("declared", 0))
