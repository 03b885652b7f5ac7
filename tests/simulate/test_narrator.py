"""What the narrator says is what the state says, and it says it of the mirrored scene as the mirror would."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import log

import numpy as np
import pytest

from counterpoint.core.clock import TimeMap
from counterpoint.core.keys import Key
from counterpoint.core.meaning import Sides
from counterpoint.core.medium import Medium
from counterpoint.core.rig import Rig
from counterpoint.core.world import WorldMap
from counterpoint.errors import RecipeError, UnknownNameError
from counterpoint.modalities.text import Text
from counterpoint.simulate.happenings import happenings
from counterpoint.simulate.outlook import Outlook
from counterpoint.simulate.program import Call, IllPosed, answer, execute
from counterpoint.simulate.questions import questions
from counterpoint.simulate.scene import Geom, Mount, Scene, Thing, Waypoint, heading
from counterpoint.simulate.sensor import Clock
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.telling import references
from counterpoint.simulate.world import World
from tests.simulate.stories import CAMERA, GROUND, ball, box, collision, scattered, table

NARRATOR = Narrator(mount=CAMERA, questions=8, references=4)
KEY = Key.of(7, "scene")


@cache
def _world(scene: Scene) -> World:
    return World(scene)


def _outlook(scene: Scene, narrator: Narrator = NARRATOR) -> Outlook:
    return narrator.outlook(_world(scene), Clock(scene.seconds, 0.1))


def _texts(scene: Scene, key: Key = KEY, narrator: Narrator = NARRATOR) -> dict[str, Text]:
    parts = narrator.sense(_world(scene), Clock(scene.seconds, 0.1), key).parts
    return {n: p for n, p in parts.items() if isinstance(p, Text)}


def test_caption_names_what_is_there_and_where() -> None:
    scene = table(ball("near", "red", (3, 0.9, 0.2)), box("far", "green", (6, -2, 0.2)), seconds=0.2)
    text = _texts(scene)["caption"].text
    assert "One can see a ball and a box." in text and "by day in clear weather" in text
    red, green = (next(c for c in text.split(". ")[-1].split(" and a") if w in c) for w in ("red", "green"))
    assert "on the left" in red and "on the right" in green


def test_links_cover_the_words_of_their_thing() -> None:
    for name, part in _texts(collision()).items():
        for link in part.links:
            if link.instance is None:
                continue
            words = part.text[link.start : link.end]
            told = dict(collision().thing(link.instance).words) | {"noun": collision().thing(link.instance).cls}
            assert told["noun"] in words, (name, words)
            clash = {"red", "blue", "green"} - {told["colour"]}
            assert not any(c in words.split(" to the ")[0].split() for c in clash), (name, words)


def test_a_thing_behind_another_is_not_spoken_of() -> None:
    big = (replace(box("", "", (0, 0, 0)).geoms[0], size=(0.1, 2, 1)),)
    wall = replace(box("big", "blue", (3, 0, 0.5)), geoms=big, motion="fixed")
    seen = _outlook(table(wall, ball("hidden", "red", (5, 0, 0.2)), seconds=0.2)).seen
    assert [s.name for s in seen] == ["big"]


@pytest.mark.parametrize(("visibility", "count"), [(1000, 2), (8, 1), (2, 0)])
def test_fog_hides_what_lies_beyond_the_visibility(visibility: float, count: int) -> None:
    scene = table(ball("a", "red", (4, 0.5, 0.2)), ball("b", "blue", (12, -1, 0.2)), seconds=0.2)
    foggy = replace(scene, medium=Medium("fog", log(20) / visibility))
    assert len(_outlook(foggy, replace(NARRATOR, size=(640, 480))).seen) == count


def test_extinction_can_be_read_back_from_the_caption_within_a_thousandth() -> None:
    for visibility in (31.41, 62.83, 271.8, 1234.5):
        text = _texts(replace(collision(), medium=Medium("fog", log(20) / visibility)))["caption"].text
        told = float(text.split("visibility is ")[1].split(" m")[0])
        assert told == pytest.approx(visibility, rel=1e-3)


def test_weather_and_light_follow_the_state() -> None:
    rain = replace(collision(), medium=Medium("rain", 1e-3, rate=10))
    assert _outlook(rain).weather == "heavy rain" and _outlook(collision()).weather == "clear"
    assert _outlook(table(ball("a", "red", (3, 0, 0.2)), light=0.02)).light == "night"


@pytest.mark.parametrize("seed", range(12))
def test_words_of_the_mirrored_scene_are_the_mirrored_words(seed: int) -> None:
    scene = collision() if seed == 0 else scattered(seed)
    mirrored = scene.moved(WorldMap.mirror("y"))
    words, turned = (_texts(s, Key.of(seed)) for s in (scene, mirrored))
    assert words.keys() == turned.keys()
    for name, part in words.items():
        assert part.refuses(Sides(), Rig()) is None, part.text
        assert part.follow(Sides(), Rig()).text == turned[name].text  # type: ignore[union-attr]


def test_mirror_turns_only_the_words_of_sides() -> None:
    turned = {"left": "right", "right": "left", "leftmost": "rightmost", "rightmost": "leftmost"}
    scene = scattered(3)
    words, mirrored = (_texts(s)["dense"].text for s in (scene, scene.moved(WorldMap.mirror("y"))))
    assert words != mirrored
    assert [turned.get(w, w) for w in words.split(" ")] == mirrored.split(" ")


@pytest.mark.parametrize("seed", range(10))
def test_programs_give_their_answers_also_from_text_and_json(seed: int) -> None:
    outlook = _outlook(scattered(seed + 20))
    asked = questions(outlook, 20, Key.of(seed))
    assert len(asked) >= 8
    for one in asked:
        for program in (Call.parse(str(one.program)), Call.of_json(one.program.json())):
            assert program == one.program and answer(program, outlook) == one.answer, one
        assert one.question.text.endswith("?")


@pytest.mark.parametrize("seed", range(10))
def test_references_mean_one_thing_and_no_other(seed: int) -> None:
    outlook = _outlook(scattered(seed + 40))
    found = references(outlook, 20, Key.of(seed))
    assert len({words.text for _, words, _ in found}) == len(found) >= 1
    for one, words, program in found:
        assert execute(program, outlook) is one and words.links[0].instance == one.name


def test_counts_agree_with_a_count_by_hand() -> None:
    outlook = _outlook(collision())
    for program, value in {
        "count(filter(scene(), colour=red))": "2",
        "count(filter(scene(), noun=ball, material=rubber))": "2",
        "exist(filter(left_of(unique(filter(scene(), noun=box))), noun=ball, material=rubber, colour=red))": "yes",
        "query(nearest(scene()), word=colour)": "red",
        "more(count(filter(scene(), noun=ball)), count(filter(scene(), noun=box)))": "yes",
        "count(struck_by(unique(filter(scene(), noun=box))))": "1",
        "light()": "day",
    }.items():
        assert answer(Call.parse(program), outlook) == value, program


def test_a_question_without_one_meaning_is_refused() -> None:
    outlook = _outlook(collision())
    with pytest.raises(IllPosed, match="2 such things"):
        execute(Call.parse("unique(filter(scene(), colour=red))"), outlook)
    with pytest.raises(UnknownNameError, match="count"):
        Call.parse("cuont(scene())")


def test_events_have_the_times_of_the_laws_of_motion() -> None:
    """A ball dropped with 0.8 m of air below it lands at sqrt(2 h / g); one rolling 0.9 m at 1 m/s hits after that."""
    found = happenings(_world(collision()), 2.0)
    land = next(h for h in found if h.kind == "land")
    assert land.who == ("a",)
    assert land.start == pytest.approx(np.sqrt(2 * 0.8 / 9.81), abs=0.006)  # two steps of 2 ms and the soft floor
    hit = next(h for h in found if h.kind == "hit")
    assert hit.who == ("b", "d") and 1.1 < hit.start < 1.7
    assert not any(h.kind == "land" and h.start < 0.1 for h in found), "what rests on the ground does not land"
    stops = [h for h in found if h.kind == "stop" and h.who == ("a",)]
    assert len(stops) <= 1, "the top of a bounce is no rest"


def _at(time: float, x: float, y: float) -> Waypoint:
    return Waypoint(time, (x, y, 0.2))


@pytest.mark.parametrize(("late", "count"), [(0.0, 0), (1.0, 1), (3.0, 0)])
def test_two_that_pass_closely_almost_collide_and_others_do_not(late: float, count: int) -> None:
    """Boxes of 0.4 m by 0.6 m cross at right angles: touching, some 0.1 m apart, metres apart."""
    one = replace(box("one", "red", (0, 0, 0)), motion="path", path=(_at(0, -5, 0), _at(1, 5, 0)))
    two = replace(box("two", "blue", (0, 0, 0)), motion="path", path=(_at(0, 0, -4 - late), _at(1, 0, 4 - late)))
    found = happenings(World(Scene(1.0, (GROUND, one, two))), 1.0)
    assert [h.kind for h in found].count("near miss") == count


def test_story_follows_the_clock() -> None:
    story = _texts(collision())["story"]
    moved = story.follow(TimeMap.affine(0.5), Rig())
    assert isinstance(moved, Text)
    before, after = ([k.time for k in t.links if k.time] for t in (story, moved))
    assert np.allclose(np.array(after), 2.0 * np.array(before))


def test_leaving_out_a_thing_leaves_the_other_sentences() -> None:
    whole, less = (_texts(s)["caption"].text.split(". ")[-1] for s in (collision(), collision().without("c")))
    assert whole == less


def test_wrong_settings_fail_before_work() -> None:
    with pytest.raises(RecipeError, match="field_of_view must lie in 1 to 170 degrees"):
        Narrator(field_of_view=500.0)
    with pytest.raises(UnknownNameError, match="'egg'"):
        Narrator(mount=Mount(on="egg")).check(collision())


def test_mirror_turns_shapes_that_have_two_sides() -> None:
    """A thing with an arm on its left only: after a mirror the arm is where the mirror shows it."""
    arm = Geom("capsule", (0.05, 0.2, 0), position=(0.1, 0.4, 0.3), quaternion=(0.8, 0.4, 0.2, 0.4))
    thing = Thing(
        "one", "thing", (Geom("sphere", (0.2, 0, 0)), arm), (3, 1, 0.5), keypoints=(("left_hand", (0.1, 0.6, 0.4)),)
    )
    scene, mirror = table(replace(thing, motion="fixed", quaternion=heading(0.7)), seconds=0.2), WorldMap.mirror("y")
    worlds = _world(scene), _world(scene.moved(mirror))
    (p, r), (q, s) = (w.placed(0.0) for w in worlds)
    assert np.allclose(mirror.forward(p), q, atol=1e-12)
    # The axis of the capsule is mirrored as a line is: its ends change places or not.
    assert np.allclose(np.abs(mirror.forward(r[-1, :, 2]) @ s[-1, :, 2]), 1)
    (name, place), (at, turn) = scene.moved(mirror).thing("one").keypoints[0], worlds[1].pose("one", 0.0)
    hand, (old, was) = np.array((0.1, 0.6, 0.4)), worlds[0].pose("one", 0.0)
    assert name == "left_hand", "there is no right hand to change names with"
    assert np.allclose(mirror.forward(old + was @ hand), at + turn @ np.array(place))
