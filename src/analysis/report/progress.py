"""How a long command tells where it is: bars with time left for a person, one line a result for everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Teller(Protocol):
    """Told what happens in a piece of work of known size."""

    def began(self, name: str) -> None:
        """Work on one thing began."""

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Work on it ended; ``weight`` counts towards the total, ``line`` says how it went where that is news."""

    def said(self, line: str) -> None:
        """Something worth a line happened under way."""


class Lines:
    """One line a result, for logs."""

    def began(self, name: str) -> None:
        """Says nothing: a log wants results."""

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Prints the line, if there is one."""
        if line:
            print(line, flush=True)

    def said(self, line: str) -> None:
        """Prints the line."""
        print(line, flush=True)


class Bar:
    """A bar with the time left, and the lines above it."""

    def __init__(self, progress: Any, task: Any, title: str) -> None:
        self._progress, self._task, self._title = progress, task, title
        self._under_way: list[str] = []

    def began(self, name: str) -> None:
        """Names it beside the bar."""
        self._under_way.append(name)
        self._show()

    def ended(self, name: str, weight: float, line: str = "") -> None:
        """Moves the bar, and prints the line above it."""
        if name in self._under_way:
            self._under_way.remove(name)
        if line:
            self.said(line)
        self._progress.advance(self._task, weight)
        self._show()

    def said(self, line: str) -> None:
        """Prints the line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def _show(self) -> None:
        names = ", ".join(self._under_way[:3])
        self._progress.update(self._task, description=f"{self._title} {names}".strip())


def is_watched() -> bool:
    """Whether a person looks on: a terminal, and not a CI machine.

    >>> is_watched()
    False
    """
    return sys.stderr.isatty() and sys.stdout.isatty() and os.environ.get("CI", "").lower() not in {"1", "true"}


@contextmanager
def telling(title: str, total: float) -> Iterator[Teller]:
    """A teller for work of a total weight, such as the seconds it took the last time."""
    if not is_watched() or total <= 0:
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=24), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, progress.add_task(title, total=total), title)


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(0.04), duration(12.34), duration(75)
    ('0.0 s', '12.3 s', '1 min 15 s')
    """
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {round(seconds % 60)} s"
