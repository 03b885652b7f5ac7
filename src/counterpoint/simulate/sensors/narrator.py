"""The narrator: what a camera sees and what happens, in words.

It speaks only of what its camera makes out (rays, air) and of what the solver says happened. Every sentence is
made from the state, never from what a layout had in mind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from counterpoint.core.keys import Key
from counterpoint.core.ranges import checked
from counterpoint.errors import RecipeError
from counterpoint.modalities.spans import Spans
from counterpoint.modalities.text import Link, Text
from counterpoint.simulate import telling
from counterpoint.simulate.happenings import happenings
from counterpoint.simulate.language import Phrase
from counterpoint.simulate.outlook import Outlook, Sight, look
from counterpoint.simulate.program import Call, IllPosed, answer
from counterpoint.simulate.questions import Asked, questions
from counterpoint.simulate.scene import Mount, Scene
from counterpoint.simulate.sensor import Clock, Sensed, Sensor
from counterpoint.simulate.world import World


@final
@dataclass(frozen=True)
class Narrator(Sensor):
    """Tells of the picture of one camera.

    Parts, all with the prefix ``NAME_`` unless the name is ``narrator``: ``caption``; ``dense`` (a sentence for each
    thing, names linked); ``reference_1`` … (a noun phrase that means one thing and no other); ``question_1``,
    ``answer_1``, ``program_1`` … (executing the program gives the answer); ``events`` (Spans) and ``story`` (the same
    as sentences with timed links). A part that would have no words is left out.

    Attributes:
        name: of the sensor.
        camera: whose picture is told; the name of its parts, not looked up.
        mount, size, field_of_view: as the camera has them; px and degrees (horizontal).
        questions, references: how many are drawn, at most.
        asks: (question, program) pairs that are asked instead of drawn ones; where they make no sense they are
            left out. A counterfactual twin is asked what its sister was.
    """

    name: str = "narrator"
    camera: str = "camera"
    mount: Mount = Mount()  # frozen
    size: tuple[int, int] = (320, 240)
    field_of_view: float = 60.0
    questions: int = 3
    references: int = 2
    asks: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        checked(
            self,
            field_of_view=(1, 170, "degrees"),
            questions=(0, 100, "questions"),
            references=(0, 100, "references"),
            size=(1, 100_000, "px"),
        )
        for _, program in self.asks:
            Call.parse(program)

    def check(self, scene: Scene) -> None:
        """Refuse a scene in which nothing has a name."""
        if self.mount.on != "world":
            scene.thing(self.mount.on)
        empty = [t.name for t in scene.things if not t.cls]
        if empty:
            raise RecipeError(f"narrator {self.name!r}: thing {empty[0]!r} has no class to call it by. Give it a cls.")

    def outlook(self, world: World, clock: Clock) -> Outlook:
        """The facts that every sentence is made from."""
        seen = look(world, Sight(self.camera, self.mount, self.size, self.field_of_view), clock.moment)
        return replace(seen, happenings=happenings(world, clock.seconds))

    def sense(self, world: World, clock: Clock, key: Key) -> Sensed:
        outlook = self.outlook(world, clock)
        parts: dict[str, Text | Spans] = {
            "caption": telling.caption(outlook, key).written("caption", self.camera),
            "dense": telling.dense(outlook).written("caption", self.camera),
        }
        for i, (_, words, _) in enumerate(telling.references(outlook, self.references, key), 1):
            parts[f"reference_{i}"] = words.written("note", self.camera)
        for i, asked in enumerate(self.asked(outlook, key), 1):
            parts |= _written(asked, i, self.camera)
        parts |= _told(world.scene, outlook)
        prefix = "" if self.name == "narrator" else f"{self.name}_"
        return Sensed({prefix + n: p for n, p in parts.items() if not isinstance(p, Text) or p.text})

    def asked(self, outlook: Outlook, key: Key) -> tuple[Asked, ...]:
        """The questions, their programs and their answers."""
        if not self.asks:
            return questions(outlook, self.questions, key)
        found = []
        for words, text in self.asks:
            program = Call.parse(text)
            try:
                found.append(Asked(Phrase(words), program, answer(program, outlook)))
            except IllPosed:
                continue
        return tuple(found)


def _written(asked: Asked, i: int, camera: str) -> Mapping[str, Text]:
    # A link over all of an answer or a program keeps typos and synonyms out of it; a mirror may still turn its sides.
    program = str(asked.program)
    return {
        f"question_{i}": asked.question.written("question", camera),
        f"answer_{i}": Text(asked.answer, "answer", (Link(0, len(asked.answer)),), camera=camera),
        f"program_{i}": Text(program, "note", (Link(0, len(program)),), camera=camera),
    }


def _told(scene: Scene, outlook: Outlook) -> Mapping[str, Text | Spans]:
    listed = outlook.happenings
    texts = tuple(telling.sentence(scene, h).text for h in listed)
    starts, ends = (np.array([getattr(h, n) for h in listed], float) for n in ("start", "end"))
    return {
        "events": Spans(starts, ends, texts, "events"),
        "story": telling.story(scene, listed).written("caption", None),
    }
