"""Written or spoken language: captions, transcripts, notes, questions and answers.

Positions are characters of ``text``, half-open. A link ties words to an instance of
the scene, to an interval of the clock, or to both; every edit re-indexes the links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self, final

from counterpoint.core.appearance import Appearance
from counterpoint.core.axes import Axis, Move
from counterpoint.core.blob import Blob
from counterpoint.core.clock import TimeMap, TimeMask
from counterpoint.core.colours import shift_colours
from counterpoint.core.contracts import Encoded, Modality, Preview
from counterpoint.core.language import apply_edits, touches, words
from counterpoint.core.meaning import ColourShift, Directions, Edit, Sides
from counterpoint.core.medium import Medium
from counterpoint.core.mixture import Blend
from counterpoint.core.rig import Rig
from counterpoint.core.serial import Recorded, dump, load
from counterpoint.core.sides import swap_sides, tells_directions, tells_sides
from counterpoint.core.weather import tell_weather, weather_words

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
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.MEANING, Axis.TIME, Axis.ENVIRONMENT, Axis.APPEARANCE})
    follows: ClassVar[tuple[type[Move], ...]] = (Sides, ColourShift, Directions, TimeMap, Medium, Blend)
    signals: ClassVar[frozenset[str]] = frozenset({"text"})
    phrases: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.spoken is None:
            object.__setattr__(self, "spoken", self.role == "transcript")

    @property
    def plane(self) -> str | None:
        return self.camera

    def span(self) -> tuple[float, float] | None:
        return self.heard

    def instances(self) -> frozenset[str]:
        """Instances that the words describe. A transcript describes none: what is no longer said may still be there."""
        if self.role == "transcript":
            return frozenset()
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

    def concerns(self, move: Move) -> bool:
        """Spoken words are no description: a change of colour or a turned camera leaves them as true as they were."""
        if self.spoken and isinstance(move, (ColourShift, Directions)):
            return False
        if isinstance(move, Medium):  # what was said stays said, and a text that tells of no weather stays as true
            return not self.spoken and (self.role == "caption" or bool(weather_words(self.text)))
        if isinstance(move, TimeMap):
            return self.role == "transcript" or any(link.time for link in self.links)
        return not isinstance(move, TimeMask) and super().concerns(move)

    def refuses(self, move: Move, rig: Rig) -> str | None:
        if isinstance(move, Sides) and self.spoken and tells_sides(self.text):
            return "the words are heard, and a sound that names a side cannot say the other one"
        if isinstance(move, Directions) and tells_directions(self.text):
            return "it says where things are, and the picture is turned on its side"
        if isinstance(move, Blend) and self.role not in ("caption", "note"):
            return f"two texts that are {self.role}s cannot be one"
        if isinstance(move, TimeMap):
            return self._cannot_be_cut(move)
        edits = () if isinstance(move, Appearance) else self._edits(move)
        return edits if isinstance(edits, str) else super().refuses(move, rig)

    def _edits(self, move: Move) -> tuple[Edit, ...] | str:
        """What a move of meaning or appearance does to the words, or why it cannot."""
        if isinstance(move, Sides) and not self.spoken:
            return swap_sides(self.text, self.protected)
        if isinstance(move, Medium):
            if self.role != "caption":
                return f"it says {weather_words(self.text)[0]!r}, and a {self.role} about weather has no rule"
            return tell_weather(self.text, move.kind, move.extinction, move.rate, self.protected)
        if isinstance(move, ColourShift):
            return shift_colours(self.text, move.hue, move.grey, move.words, self.protected)
        if isinstance(move, Appearance):
            return tuple(move.render(self.text, protected=(*self.protected, *((k.start, k.end) for k in self.links))))
        return ()

    def _moved(self, move: Move, rig: Rig) -> Self:
        if isinstance(move, TimeMap):
            return self._on_clock(move)
        edits = self._edits(move)
        moved = self if isinstance(edits, str) else self._edited(edits)
        if isinstance(move, Sides) and self.camera is not None:
            return replace(moved, camera=rig.across(self.camera))
        return moved

    def _edited(self, edits: Sequence[Edit]) -> Self:
        """The text after edits; links and protected passages that lost all their characters are gone."""
        places = [(k.start, k.end) for k in self.links]
        text, ranges = apply_edits(self.text, edits, [*places, *self.protected])
        moved = [replace(k, start=a, end=b) for k, (a, b) in zip(self.links, ranges, strict=False)]
        links = tuple(m for m, k in zip(moved, self.links, strict=True) if m.start < m.end or k.start == k.end)
        protected = tuple(r for r in ranges[len(places) :] if r[0] < r[1])
        return replace(self, text=text, links=links, protected=protected)

    def _cannot_be_cut(self, move: TimeMap) -> str | None:
        if move.keep is None or (self.heard is not None and move.span(*self.heard) == _uncut(move, self.heard)):
            return None
        timed = [k for k in self.links if k.time is not None]
        if self.role != "transcript":
            lost = next((k for k in timed if k.time and _kept(move, k.time) is None), None)
            what = lost and self.text[lost.start : lost.end]
            return f"{what!r} tells of a moment that is cut away" if lost else None
        loose = next((w for w in words(self.text) if not touches(w, [(k.start, k.end) for k in timed])), None)
        if loose is None:
            return None
        return f"nobody knows when {self.text[slice(*loose)]!r} is said, so nobody can tell whether it is cut away"

    def _on_clock(self, move: TimeMap) -> Self:
        """Times move; words whose times are cut away are cut out, and so are their links."""
        times = [link.time and _kept(move, link.time) for link in self.links]
        lost = [k.time is not None and time is None for k, time in zip(self.links, times, strict=True)]
        links = [replace(k, time=t) for k, t, gone in zip(self.links, times, lost, strict=True) if not gone]
        gone = [(k.start, k.end) for k, is_lost in zip(self.links, lost, strict=True) if is_lost]
        said = [(k.start, k.end) for k in links if k.time is not None]
        cuts = [_with_space(self.text, w) for w in words(self.text) if touches(w, gone) and not touches(w, said)]
        heard = self.heard
        if heard is not None:
            start, end = move.span(*heard)
            heard = (start, max(start, end))
        return replace(self, links=tuple(links), heard=heard)._edited(_joined(self.text, cuts))

    def without(self, instances: frozenset[str]) -> Self:
        """The words stay, only what ties them to an instance goes."""
        left = (replace(k, instance=None) if k.instance in instances else k for k in self.links)
        return replace(self, links=tuple(k for k in left if k.instance is not None or k.time is not None))

    def prefixed(self, prefix: str) -> Self:
        named = (k if k.instance is None else replace(k, instance=f"{prefix}/{k.instance}") for k in self.links)
        return replace(self, links=tuple(named))

    def blend(self, other: Self, weight: float) -> Self:
        """Both texts, joined by a space; the weight has no meaning for words (Hao et al., MixGen, 2022)."""
        by = len(self.text) + 1
        links = tuple(replace(k, start=k.start + by, end=k.end + by) for k in other.links)
        protected = tuple((a + by, b + by) for a, b in other.protected)
        return replace(
            self, text=f"{self.text} {other.text}", links=self.links + links, protected=self.protected + protected
        )


def _kept(move: TimeMap, time: tuple[float, float]) -> tuple[float, float] | None:
    """Where an interval goes: clipped if at least half of it is kept, None if not."""
    start, end = _uncut(move, time)
    a, b = move.span(*time)
    if end > start:
        return (a, b) if b - a >= (end - start) / 2 else None
    return (start, end) if move.keep is None or move.keep[0] <= start < move.keep[1] else None


def _uncut(move: TimeMap, time: tuple[float, float]) -> tuple[float, float]:
    start, end = move.forward(time).tolist()
    return start, end


def _with_space(text: str, word: tuple[int, int]) -> Edit:
    """The removal of a word, of the marks that hang on it and of the space behind it."""
    start, end = word
    while end < len(text) and not text[end].isspace() and not text[end].isalnum():
        end += 1
    while end < len(text) and text[end].isspace():
        end += 1
    return Edit(start, end, "")


def _joined(text: str, cuts: Sequence[Edit]) -> tuple[Edit, ...]:
    """Removals that touch become one; one at the end of the text takes the space in front of it along."""
    joined: list[Edit] = []
    for cut in cuts:
        if joined and cut.start <= joined[-1].end:
            last = joined.pop()
            cut = Edit(last.start, max(last.end, cut.end), "")
        joined.append(cut)
    if joined and joined[-1].end == len(text):
        joined[-1] = Edit(len(text[: joined[-1].start].rstrip()), len(text), "")
    return tuple(joined)
