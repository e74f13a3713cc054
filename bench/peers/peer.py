"""What every participant must be able to do: set itself up, forget, build, and say where its results lie."""

from __future__ import annotations

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from bench.notebooks import Run
from bench.site import Site

FULL, NOTHING, TOUCHED = "full", "nothing", "touched"
MINUTES = 20


class Failed(Exception):
    """A participant that could not be set up, or did not deliver; the message says what it printed."""


class Peer(ABC):
    """One way of building the test set.

    ``packages`` are what its own environment needs, pinned in ``peers.txt`` (empty: the project's environment has all
    of it); ``knows_stale`` whether it can tell what is stale; ``parallel`` whether it works on several runs at once;
    ``state`` what it remembers a build by, beside its results.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    knows_stale: ClassVar[bool] = True
    parallel: ClassVar[bool] = True
    state: ClassVar[tuple[str, ...]] = ()
    pages: ClassVar[bool] = True

    @property
    def measures(self) -> tuple[str, ...]:
        """What of it is measured, in order."""
        return (FULL, NOTHING, TOUCHED) if self.knows_stale else (FULL,)

    def prepare(self, site: Site) -> None:  # noqa: B027 (most need nothing else)
        """Write its own files into the folder; not measured."""

    @abstractmethod
    def command(self, site: Site) -> Sequence[str]:
        """The command that brings all results up to date, run in the folder."""

    def forget(self, site: Site) -> None:
        """Remove everything a build made or remembers."""
        for name in ("out", *self.state):
            path = site.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def notebook(self, site: Site, name: str) -> Path:
        """The file that an author edits."""
        return site.notebooks / f"{name}.ipynb"

    def executed(self, site: Site, run: Run) -> Path:
        """The executed notebook of a run."""
        return site.out / f"{run.name}.ipynb"

    def page(self, site: Site, run: Run) -> Path:
        """The HTML of a run."""
        return site.out / f"{run.name}.html"

    def get_ready(self, site: Site, what: str) -> None:  # noqa: B027 (most need nothing)
        """What is there on any day before a build of this kind; not measured."""

    def build(self, site: Site) -> None:
        """Run the command; raises Failed with its last words."""
        call(self.command(site), site, parallel=self.parallel)


def call(command: Sequence[str], site: Site, *, parallel: bool = True) -> str:
    """Run a program in the folder; returns what it printed, raises Failed with its last words."""
    try:
        done = subprocess.run(
            list(command),
            cwd=site.folder,
            env=site.environment(parallel=parallel),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60 * MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{Path(command[0]).name} did not end in {MINUTES} minutes") from None
    except OSError as error:
        raise Failed(f"{Path(command[0]).name} does not start: {error.strerror}") from None
    (site.folder / "log.txt").write_text(done.stdout, encoding="utf-8")
    if done.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with code {done.returncode}: {last_words(done.stdout)}")
    return done.stdout


def last_words(text: str, lines: int = 6) -> str:
    """The last lines that say something.

    >>> last_words("a\\n\\nb\\n", 1)
    'b'
    """
    return " / ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])
