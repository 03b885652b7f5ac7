"""Written or spoken language: captions, transcripts, notes, questions and answers.

Positions are characters of ``text``, half-open. A link ties words to an instance of
the scene, to an interval of the clock, or to both; every edit re-indexes the links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, final

from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.rig import Rig
from counterpoint.core.serial import Recorded, dump, load

Role = Literal["caption", "transcript", "note", "question", "answer"]


@final
@dataclass(frozen=True)
class Link(Recorded):
    """What the characters ``start`` to ``end`` stand for.

    Attributes:
        start, end: characters, half-open.
        instance: name of the instance that they speak of, or None.
        time: interval of the clock, s, at which they are said or what they tell happens, or None.
    """

    start: int
    end: int
    instance: str | None = None
    time: tuple[float, float] | None = None


@final
@dataclass(frozen=True)
class Text(Modality):
    """Words about the scene, or words that are spoken in it.

    Attributes:
        text: any Unicode string.
        role: what the words are for.
        links: words that are tied to instances or times.
        protected: characters that no transform may alter.
        camera: the picture that is described, or None for the whole scene.
        spoken: whether the words are heard in the sound; true for a transcript unless said otherwise.
        heard: interval of the clock, s, over which a transcript was taken, or None where nobody knows.
    """

    text: str
    role: Role = "caption"
    links: tuple[Link, ...] = ()
    protected: tuple[tuple[int, int], ...] = ()
    camera: str | None = None
    spoken: bool | None = None
    heard: tuple[float, float] | None = None
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING, Axis.TIME, Axis.APPEARANCE})
    signals: ClassVar[frozenset[str]] = frozenset({"text"})

    def __post_init__(self) -> None:
        if self.spoken is None:
            object.__setattr__(self, "spoken", self.role == "transcript")

    @property
    def plane(self) -> str | None:
        return self.camera

    def span(self) -> tuple[float, float] | None:
        return self.heard

    def instances(self) -> frozenset[str]:
        return frozenset(link.instance for link in self.links if link.instance is not None)

    def check(self) -> None:
        for start, end in (*((k.start, k.end) for k in self.links), *self.protected):
            if not 0 <= start <= end <= len(self.text):
                raise self.invalid(f"characters {start}-{end} do not lie in a text of {len(self.text)} characters")
        for link in self.links:
            if link.time is not None and not link.time[0] <= link.time[1]:
                raise self.invalid(
                    f"{self.text[link.start : link.end]!r} is linked to {link.time} s, which is no interval"
                )

    def encode(self) -> Encoded:
        facts: dict[str, Any] = {
            "role": self.role,
            "links": dump(self.links),
            "protected": dump(self.protected),
            "camera": self.camera,
            "spoken": self.spoken,
            "heard": dump(self.heard),
        }
        return Encoded(Blob("txt", self.text.encode("utf-8", "surrogatepass")), facts)

    @classmethod
    def decode(cls, encoded: Encoded) -> Self:
        facts: Mapping[str, Any] = load(dict(encoded.facts))
        return cls(encoded.blob.read().decode("utf-8", "surrogatepass"), **facts)

    def preview(self) -> Preview:
        return Preview("text", self.text, self.camera)

    def _moved(self, move: Move, rig: Rig) -> Self:
        return self
