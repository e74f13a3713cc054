"""Real schedulers and workers, each in processes of their own, as they run on a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import distributed
import psutil
import pytest

from analysis.cluster.crew import DaskCrew
from analysis.project import Project
from analysis.report.build import Outcome, build
from analysis.report.editions import planned

# The miniature checkout of the tests of reports: the same pages, made elsewhere.
from ..report.conftest import bare, city, write_notebook, write_table  # noqa: TID252

assert distributed.__version__  # imported first of all: it brings the defaults of its settings

__all__ = ["Machines", "bare", "city", "write_notebook", "write_table"]


QUICK = (
    "from analysis import publish\nimport csv, io, time\nfrom analysis.project import current_project, current_source"
)
FOUND = "publish.finding('held', {value}, unit='count', no_interval='a count of files', noun='file')"
PAGE = [
    ("markdown", "# The city holds {{ held }}\n\nFor whoever asks what there is.", ("title",)),
    ("markdown", "## In short\n\nThere are {{ held }}.", ("in-short",)),
]


def write_quick(project: Project, stem: str, cell: str = "", value: str = "3") -> None:
    """A page whose one cell does what the test wants."""
    code = "\n".join([QUICK, cell, FOUND.format(value=value)])
    parameters = ("code", "place = 1  # a place, by number", ("parameters",))
    shown = ("code", f"{code}\nplace", ())
    write_notebook(project, stem, [PAGE[0], parameters, shown, PAGE[1]])


def _knows_the_clock(path: Path) -> bool:
    """Ledger and logs tell of times; hidden files are notes of a machine to itself."""
    return path.name == "ledger.db" or path.suffix == ".log" or path.name.startswith(".")


def published(project: Project) -> dict[str, bytes]:
    """Everything a build leaves but what knows the clock."""
    folder = project.reports("sample")
    files = [p for p in folder.rglob("*") if p.is_file() and not _knows_the_clock(p)]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(files)}


def made_at_home(project: Project, folder: Path) -> dict[str, bytes]:
    """What a build on this machine leaves of a copy of the checkout."""
    twin = Project(folder / "home")
    shutil.copytree(project.root, twin.root)
    build(twin, "sample", planned(twin, "sample"), jobs=1)
    return published(twin)


class Machines:
    """Starts schedulers and workers, and ends them all."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.started: list[subprocess.Popen[bytes]] = []

    def _start(self, *words: str, within: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[bytes]:
        log = (self.scratch / f"{len(self.started)}-{words[0]}.log").open("wb")
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s", **environment},
            cwd=self.scratch,
        )
        self.started.append(process)
        return process

    def scheduler(self, host: str = "127.0.0.1", within: tuple[str, ...] = (), **environment: str) -> str:
        """Start a scheduler; returns its address."""
        known = self.scratch / f"scheduler-{len(self.started)}.json"
        self._start(
            "scheduler", "--host", host, "--port", "0", "--no-dashboard", "--scheduler-file", str(known),
            within=within, **{"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"} | environment,
        )  # fmt: skip
        for _ in range(300):
            if known.is_file() and (found := known.read_text()).strip().endswith("}"):
                return next(word for word in found.split('"') if word.startswith("tcp://"))
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def worker(
        self, address: str, *options: str, within: tuple[str, ...] = (), cache: str = "cache", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker of one thread under a nanny, which starts it again when it is killed."""
        folder = self.scratch / f"worker-{len(self.started)}"
        return self._start(
            "worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder),
            *options, within=within, ANALYSIS_CACHE=str(self.scratch / cache), **environment,
        )  # fmt: skip

    def close(self) -> None:
        """End everything that was started, the children first."""
        for process in self.started:
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.send_signal(signal.SIGKILL)
            process.wait()
            for child in children:
                if child.is_running():
                    child.kill()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Machines of one test."""
    scratch = tmp_path / "machines"
    scratch.mkdir()
    with ExitStack() as stack:
        made = Machines(scratch)
        stack.callback(made.close)
        yield made


@pytest.fixture
def empty(city: Project) -> Project:
    """The miniature checkout without its notebooks: a test writes its own."""
    for notebook in city.notebooks.glob("*.ipynb"):
        notebook.unlink()
    return city


@pytest.fixture
def crew_at() -> Iterator[Callable[..., DaskCrew]]:
    """Crews that are let go at the end of the test."""
    with ExitStack() as stack:

        def hired(address: str, **options: object) -> DaskCrew:
            crew = DaskCrew(address, **options)  # type: ignore[arg-type]
            stack.callback(crew.close)
            return crew

        yield hired


def actions(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.name: outcome.action for outcome in outcomes}
