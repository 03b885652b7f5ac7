"""The progress bar of a long run: rate, refusals, inputs set aside, time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_EVERY = 30.0
"""Seconds between lines where there is no terminal to draw a bar on."""


@final
class ProgressBar:
    """Counts what workers tell while it is open; ``seconds`` is how long that was."""

    def __init__(self, console: Console, total: int, unit: str = "samples") -> None:
        self.counts = {"samples": 0, "refusals": 0, "quarantined": 0}
        self.seconds = 0.0
        self._begun = time.perf_counter()
        self._console, self._total, self._unit, self._said = console, total, unit, 0.0
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{unit} {{task.fields[said]}}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, said="")

    def __enter__(self) -> Self:
        self._begun = time.perf_counter()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._begun
        self._bar.stop()

    def tell(self, what: str, count: int) -> None:
        """``count`` more ``samples``, ``refusals`` or ``quarantined``."""
        self.counts[what] += count
        rate = self.counts["samples"] / max(time.perf_counter() - self._begun, 1e-9)
        said = f"{rate:.1f}/s, {self.counts['refusals']} refused, {self.counts['quarantined']} set aside"
        done = self.counts["samples"] + self.counts["quarantined"]
        self._bar.update(self._task, completed=done, said=said)
        if not self._console.is_terminal and time.perf_counter() - self._begun > self._said + _EVERY:
            self._said = time.perf_counter() - self._begun
            self._console.print(f"{done} of {self._total} {self._unit}, {said}", markup=False)
