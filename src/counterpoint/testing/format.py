"""What every layout on disk promises, as one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from counterpoint.core.contracts import Format
from counterpoint.core.sample import Sample
from counterpoint.errors import CounterpointError, UnknownNameError


def check_format(layout: type[Format], samples: Sequence[Sample], path: Path) -> list[Sample]:
    """Assert everything that the contract of a layout promises; gives the samples as they were read back.

    ``path`` does not exist yet. ``samples`` must hold nothing that ``cannot_hold`` names.

    Raises:
        AssertionError: naming the promise that is broken.
    """
    name = layout.__name__
    for sample in samples:
        lost = layout.cannot_hold(sample)
        assert not lost, f"{name}.cannot_hold({sample.key!r}) says {lost}: give check_format samples that it can hold"
    layout.write(path, iter(samples))
    assert path.exists(), f"{name}.write() left nothing at {path.name}"
    assert layout.detect(path) > 0.5, f"{name}.detect() does not know what {name}.write() wrote"
    source = layout.read(path)
    keys = list(source.keys())
    assert sorted(keys) == sorted(s.key for s in samples), f"{name}: keys {keys} came back"
    back = {key: source.sample(key) for key in reversed(keys)}
    for sample in samples:
        read = back[sample.key]
        assert set(sample.present()) <= set(read), f"{name}: {sample.key!r} came back with {list(read)}"
        for part in read.parts.values():
            part.check()
    assert _raises(UnknownNameError, lambda: source.sample("no such key")), f"{name}: an unknown key must be named"
    refused = _raises(CounterpointError, lambda: layout.write(path, iter(samples)))
    assert refused, f"{name}.write() must not overwrite {path.name} in silence"
    return [back[s.key] for s in samples]


def _raises(error: type[Exception], call: Callable[[], object]) -> bool:
    try:
        call()
    except error:
        return True
    return False
