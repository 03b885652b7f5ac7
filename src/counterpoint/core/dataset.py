"""Data sets for use in Python: samples by position or key, changed on the fly.

Nothing here knows a training library. A ``Dataset`` and what ``map`` gives have
``__len__`` and ``__getitem__``, which is all that a map-style data set needs; they can
be sent to worker processes, and give the same samples there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from counterpoint.catalog import TABLES, find
from counterpoint.core.contracts import Modality, OnRefusal, Source, Step
from counterpoint.core.sample import Sample
from counterpoint.errors import FormatError


def open(path: str | Path, format: str | None = None) -> Dataset:
    """A data set on disk; the layout is found by looking.

    Args:
        path: folder or file.
        format: name of the layout, where looking is not enough.

    Raises:
        FormatError: there is nothing, or nothing that any known layout explains.
        UnknownNameError: there is no such layout.
    """
    return Dataset(source(Path(path), format))


def source(path: Path, format: str | None = None) -> Source:
    """The source behind ``open``."""
    if not path.exists():
        raise FormatError(f"open({str(path)!r}): there is no such file or folder (looked in {Path.cwd()}).")
    return find("formats", format or detected(path)).read(path)


def detected(path: Path) -> str:
    """Name of the layout that explains ``path`` best.

    Raises:
        FormatError: none does, or several do equally well.
    """
    scores = {name: find("formats", name).detect(path) for name in TABLES["formats"]}
    best = max(scores, key=lambda name: scores[name], default="")
    if not scores or scores[best] <= 0:
        if (path.is_file() and not path.stat().st_size) or (path.is_dir() and not any(path.iterdir())):
            raise FormatError(f"{path} is empty. Check the path, or restore what should be there.")
        raise FormatError(
            f"{path} is in no layout that is known here ({', '.join(scores)}). "
            "Name one with format=... or see 'counterpoint list formats'."
        )
    equal = [name for name in scores if scores[name] == scores[best]]
    if len(equal) > 1:
        raise FormatError(f"{path} could be {' or '.join(equal)}. Say which one you mean with format=...")
    return best


@final
@dataclass(frozen=True)
class Dataset(Sequence[Sample]):
    """The samples of a source, by position or by key.

    Example:
        >>> ds = cp.open("out/talking_faces")  # doctest: +SKIP
        >>> ds[0]["video"].frames.shape  # doctest: +SKIP
    """

    source: Source

    def __len__(self) -> int:
        return len(self.keys())

    def __getitem__(self, which: Any) -> Any:
        """A sample by position or key, or a list of samples for a slice."""
        if isinstance(which, slice):
            return [self.source.sample(key) for key in self.keys()[which]]
        return self.source.sample(which if isinstance(which, str) else self.keys()[which])

    def __iter__(self) -> Iterator[Sample]:
        return map(self.source.sample, self.keys())

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def keys(self) -> Sequence[str]:
        return self.source.keys()

    def facts(self) -> Mapping[str, Any]:
        """What is known of the whole: format, licence, attribution …"""
        return self.source.facts()

    def map(
        self,
        step: Step,
        seed: int = 0,
        copies: int = 1,
        on_refusal: OnRefusal = "skip",
        out: Callable[[Sample], Any] | None = None,
    ) -> Mapped:
        """New samples, made when they are asked for; see ``Mapped``."""
        return Mapped(self, step, seed, copies, on_refusal, out)


@final
@dataclass(eq=False)
class Mapped(Sequence[Any]):
    """``copies`` new samples of each sample of a data set, drawn anew every epoch.

    Item ``i`` of epoch ``e`` is copy ``1 + e * copies + i % copies`` of sample ``i // copies``: it depends on the seed
    and on nothing else, whichever worker asks first.

    Attributes:
        out: what to make of a sample, e.g. a tuple of arrays.
        epoch: set it with ``set_epoch`` before the workers start.
    """

    samples: Any
    step: Step
    seed: int = 0
    copies: int = 1
    on_refusal: OnRefusal = "skip"
    out: Callable[[Sample], Any] | None = None
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Draw other copies from now on."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.samples) * self.copies

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[n] for n in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(f"item {i} of {len(self)}")
        which, copy = divmod(i % len(self), self.copies)
        return self._made(self.samples[which], copy)

    def __iter__(self) -> Iterator[Any]:
        for sample in self.samples:
            for copy in range(self.copies):
                yield self._made(sample, copy)

    def _made(self, sample: Sample, copy: int) -> Any:
        number = 1 + self.epoch * self.copies + copy
        pool = _Pool(self.samples) if isinstance(self.samples, Dataset) else None
        done = self.step(sample, self.seed, number, pool, self.on_refusal)
        return self.out(done) if self.out else done


@final
@dataclass(frozen=True)
class _Pool(Mapping[str, Sample]):
    """The samples of a data set as partners for mixtures, read when they are drawn."""

    samples: Dataset

    def __getitem__(self, key: str) -> Sample:
        return self.samples.source.sample(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.samples.keys())

    def __len__(self) -> int:
        return len(self.samples)


@final
@dataclass(frozen=True, eq=False)
class Wrapped:
    """Another library's data set, map-style or iterable, whose items become samples."""

    items: Any
    fields: Mapping[str, Callable[[Any], Modality] | tuple[Any, Callable[[Any], Modality]]] = field(
        default_factory=dict
    )
    key: Any = None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> Sample:
        return self._sample(self.items[i], i)

    def __iter__(self) -> Iterator[Sample]:
        for i, item in enumerate(_each(self.items)):
            yield self._sample(item, i)

    def map(
        self,
        step: Step,
        seed: int = 0,
        copies: int = 1,
        on_refusal: OnRefusal = "skip",
        out: Callable[[Sample], Any] | None = None,
    ) -> Mapped:
        """New samples, made when they are asked for; see ``Mapped``."""
        return Mapped(self, step, seed, copies, on_refusal, out)

    def _sample(self, item: Any, i: int) -> Sample:
        if isinstance(item, Sample):
            return item
        parts = {}
        for name, how in self.fields.items():
            place, make = how if isinstance(how, tuple) else (name, how)
            parts[name] = make(item[place])
        return Sample.of(str(i if self.key is None else item[self.key]), parts)


def wrap(dataset: Any, fields: Mapping[str, Any] | None = None, key: Any = None) -> Wrapped:
    """Samples from any map-style or iterable data set.

    Args:
        dataset: yields samples, or mappings or tuples of arrays.
        fields: for each part, what makes it from the value of that name (``{"image": cp.Image}``), or a pair of the
            name or position of the value and what makes it (``{"image": (0, cp.Image)}``).
        key: name or position of the value that names the item; its position in the data set if None.
    """
    return Wrapped(dataset, fields or {}, key)


def _each(items: Any) -> Iterable[Any]:
    if hasattr(items, "__getitem__") and hasattr(items, "__len__"):
        return (items[i] for i in range(len(items)))
    return items
