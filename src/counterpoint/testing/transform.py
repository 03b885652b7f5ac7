"""What every transform and policy promises, as one function."""

from __future__ import annotations

import json

import numpy as np

from counterpoint.core.contracts import Context, Pool, Step
from counterpoint.core.sample import Sample
from counterpoint.core.serial import canonical, load


def check_transform(step: Step, sample: Sample, pool: Pool | None = None, seed: int = 7) -> Sample:
    """Assert everything that the contract of a step promises, on one example sample; gives the changed sample.

    Raises:
        AssertionError: naming the promise that is broken.
    """
    name = type(step).__name__
    others = dict(pool or {})
    before, state = digests(sample), _global_state()
    done = step(sample, seed, pool=others)
    first = digests(done)
    assert digests(sample) == before, f"{name} altered the sample that it was given"
    assert first == digests(step(sample, seed, pool=others)), f"{name}: the same seed must give the same bytes"
    reordered = dict(reversed(list(others.items())))
    assert first == digests(step(sample, seed, pool=reordered)), f"{name}: the order of the pool must not matter"
    step(sample, seed, copy=5, pool=others)
    assert first == digests(step(sample, seed, pool=others)), f"{name}: what was drawn before must not matter"
    assert _global_state() == state, f"{name} used numpy's global random state"
    for part in done.parts.values():
        part.check()
    lineage = load(json.loads(canonical(done.lineage)))
    assert lineage == done.lineage, f"{name}: the lineage must survive JSON"
    again = sample.replayed(lineage, Context(pool=others))
    assert digests(again) == first, f"{name}: replaying the lineage must give the same bytes"
    assert canonical(again.rig) == canonical(done.rig), f"{name}: replaying the lineage must give the same rig"
    return done


def _global_state() -> str:
    return repr(np.random.get_state())  # noqa: NPY002


def digests(sample: Sample) -> dict[str, bytes]:
    """Bytes and facts of every part, by name."""
    found = {}
    for name, part in sample.parts.items():
        done = part.encode()
        found[name] = done.blob.read() + json.dumps(dict(done.facts), sort_keys=True).encode()
    return found
