"""How a long command tells where it is: bars with time left for a person, one line a result for everything else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Teller(Protocol):
    """Told what happens in a piece of work of known size."""

    def began(self, name: str, weight: float = 1.0) -> None:
        """Work on one thing began; ``weight`` is what it will count, such as the seconds it took the last time."""

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Work on it ended; ``weight`` counts towards the total, ``line`` says how it went where that is news."""

    def said(self, line: str) -> None:
        """Something worth a line happened under way."""


class Lines:
    """One line a result, for logs."""

    def began(self, name: str, weight: float = 1.0) -> None:
        """Says nothing: a log wants results."""

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Prints the line, if there is one."""
        if line:
            print(line, flush=True)

    def said(self, line: str) -> None:
        """Prints the line."""
        print(line, flush=True)


class Bar:
    """A bar with the time left, and the lines above it.

    What is under way counts by the time it has taken, up to its weight, so the bar moves while a long thing runs.
    """

    def __init__(self, progress: Any, task: Any, title: str, total: float) -> None:
        self._progress, self._task, self._title = progress, task, title
        self._left, self._done = total, 0.0
        self._under_way: dict[str, tuple[float, float]] = {}

    def began(self, name: str, weight: float = 1.0) -> None:
        """Names it beside the bar."""
        self._under_way[name] = (time.monotonic(), weight)
        self._show()

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Moves the bar, and prints the line above it."""
        self._under_way.pop(name, None)
        self._done += weight
        if line:
            self.said(line)
        self._show()

    def said(self, line: str) -> None:
        """Prints the line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def completed(self) -> float:
        """Weight that is done, with what is under way so far."""
        now = time.monotonic()
        return self._done + sum(min(now - begun, 0.95 * weight) for begun, weight in self._under_way.values())

    def time_left(self) -> str:
        """Weight still to come over the number of workers, in minutes and seconds."""
        seconds = round((self._left - self.completed()) / max(1, len(self._under_way)))
        return f"{seconds // 60}:{seconds % 60:02d} left"

    def _show(self) -> None:
        names = ", ".join(list(self._under_way)[:3])
        shown = f"{self._title} {names}".strip()
        self._progress.update(self._task, description=shown, completed=self._done)


def is_watched() -> bool:
    """Whether a person looks on: a terminal, and not a CI machine.

    >>> is_watched()
    False
    """
    return sys.stderr.isatty() and sys.stdout.isatty() and os.environ.get("CI", "").lower() not in {"1", "true"}


@contextmanager
def telling(title: str, total: float, *, timed: bool = False) -> Iterator[Teller]:
    """A teller for work of a total weight; ``timed`` says that weights are seconds remembered from the last time."""
    if not is_watched() or total <= 0:
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    bars: list[Bar] = []

    class Remembered(ProgressColumn):
        """The time left by what things took the last time."""

        def render(self, task: Any) -> Text:
            for bar in bars:
                task.completed = bar.completed()
            return Text(bars[0].time_left() if bars else "")

    left = Remembered() if timed else TimeRemainingColumn()
    columns = (BarColumn(bar_width=24), left, TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = Bar(progress, progress.add_task(title, total=total), title, total)
        bars.append(bar)
        yield bar


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(0.04), duration(12.34), duration(75)
    ('0.0 s', '12.3 s', '1 min 15 s')
    """
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {round(seconds % 60)} s"
