"""Carrying out a plan on this machine: in this process or in several.

The same function makes a shard in both cases, and no shard knows who made it. An
interruption at any moment leaves the committed shards and a folder that resumes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import final

from counterpoint.errors import CounterpointError
from counterpoint.formats.native import seal_version
from counterpoint.run.plan import Plan
from counterpoint.run.shard import Job, Tell
from counterpoint.signal.store import committed, load_manifest

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

_job: Job | None = None
_line: Connection | None = None
"""In a worker: its job, and where it tells its progress.

All workers share one pipe without a lock, which a worker that is killed would never give back: messages this short
are written whole or not at all.
"""


@final
@dataclass(frozen=True)
class Outcome:
    """What a folder holds after a run."""

    samples: int
    shards: int
    quarantined: tuple[dict[str, str], ...]
    refusals: dict[str, int]


def carry_out(plan: Plan, workers: int, tell: Tell, strict: bool = False) -> Outcome:
    """Make every shard that is left, then seal the whole.

    Args:
        plan: saved.
        workers: processes; 1 works in this one.
        tell: called with the progress of all workers.
        strict: whether the first input that cannot be used ends the run.

    Raises:
        CounterpointError: a worker was killed, or the disk is full; what is committed stays.
    """
    left = plan.left()
    try:
        if min(workers, len(left)) <= 1:
            _alone(plan, left, tell, strict)
        else:
            with _workers_of_one_thread():
                _together(plan, left, min(workers, len(left)), tell, strict)
    except OSError as e:
        raise CounterpointError(
            f"{plan.folder}: cannot write ({e.strerror or e}). {len(committed(plan.folder))} of {plan.shards} shards "
            "are safe; make room and run the recipe with --resume."
        ) from e
    seal_version(plan.folder)
    return outcome(plan)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcome(plan: Plan) -> Outcome:
    """What the manifests of a folder say."""
    manifests = [load_manifest(plan.folder, n) for n in committed(plan.folder)]
    refusals: Counter[str] = Counter()
    for m in manifests:
        refusals.update(m.notes.get("refusals", {}))
    aside = tuple(q for m in manifests for q in m.notes.get("quarantine", ()))
    return Outcome(sum(m.samples for m in manifests), len(manifests), aside, dict(sorted(refusals.items())))


def _alone(plan: Plan, left: list[int], tell: Tell, strict: bool) -> None:
    _one_thread()
    job = Job(plan)
    for number in left:
        job.shard(number, tell, strict)


@contextmanager
def _workers_of_one_thread() -> Iterator[None]:
    """Processes that begin in this block get libraries of linear algebra with one thread each, unless the user set it.

    Such a library reads this when it is loaded, so a worker cannot say it for itself.
    """
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _together(plan: Plan, left: list[int], workers: int, tell: Tell, strict: bool) -> None:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    heard, line = context.Pipe(duplex=False)
    listener = threading.Thread(target=_listen, args=(heard, tell), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(workers, context, _begin, (str(plan.folder), line))
    try:
        futures = [pool.submit(_shard, number, strict) for number in left]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    except BrokenProcessPool as e:
        raise CounterpointError(
            f"{plan.folder}: a worker process was killed (often for lack of memory, or because a script starts a "
            f"run outside of 'if __name__ == \"__main__\"'). {len(committed(plan.folder))} of {plan.shards} shards are "
            "safe; run the recipe with --resume, perhaps with fewer workers."
        ) from e
    except BaseException:
        _end(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        line.send(None)
        listener.join(timeout=5)


def _end(pool: ProcessPoolExecutor) -> None:
    """Stop the workers at once: what they were writing was not committed and will be made again."""
    for process in list((pool._processes or {}).values()):
        with suppress(OSError):
            process.terminate()


def _begin(folder: str, line: Connection) -> None:
    """Once in every worker."""
    global _job, _line
    _job, _line = Job(Plan.load(Path(folder))), line
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _one_thread()


def _end_with_parent() -> None:
    """A killed parent must not leave workers that wait for it for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def _shard(number: int, strict: bool) -> None:
    assert _job is not None, "a worker begins with _begin"
    _job.shard(number, told, strict)


def told(what: str, count: int) -> None:
    """Tell progress from a worker."""
    assert _line is not None, "a worker begins with _begin"
    _line.send((what, count))


def _listen(heard: Connection, tell: Callable[[str, int], None]) -> None:
    while (message := heard.recv()) is not None:
        tell(*message)
