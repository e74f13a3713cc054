"""Real schedulers and workers, each in processes of their own, as they run on a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from analysis.project import Project

# The miniature checkout of the tests of reports: the same pages, made elsewhere.
from ..report.conftest import bare, city, write_notebook, write_table  # noqa: TID252

__all__ = ["Machines", "bare", "city", "write_notebook", "write_table"]


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

    def scheduler(self, host: str = "127.0.0.1", within: tuple[str, ...] = ()) -> str:
        """Start a scheduler; returns its address."""
        known = self.scratch / f"scheduler-{len(self.started)}.json"
        self._start(
            "scheduler", "--host", host, "--port", "0", "--no-dashboard", "--scheduler-file", str(known),
            within=within, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
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
