"""Who makes reports: workers of this machine, forked before anything was computed, or others like them elsewhere."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from analysis.report.execution import Failure
from analysis.report.jobs import Job, Outcome, failed, make
from analysis.report.warm import service


class Crew(Protocol):
    """Works on jobs, ``size`` of them at once."""

    size: int

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand over a job; the future gives its outcome, and an error only where the crew itself is broken."""

    def close(self) -> None:
        """Send everybody home; what is under way is given up."""


class Alone:
    """A crew of one, in this process: what ``--jobs 1`` means, and what is easiest to debug."""

    size = 1

    def submit(self, job: Job) -> Future[Outcome]:
        """Do it at once."""
        done: Future[Outcome] = Future()
        done.set_result(make(job))
        return done

    def close(self) -> None:
        """Nobody to send home."""


@dataclass
class _Worker:
    """One worker process and what it works on."""

    process: BaseProcess
    line: Connection
    job: Job | None = None
    future: Future[Outcome] = field(default_factory=Future)


class LocalCrew:
    """Worker processes of this machine.

    They are forked from this process at once, while it has one thread, and so share what it has imported. A worker that
    dies fails the report it was at, and is replaced.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._context: Any = multiprocessing.get_context("fork" if service.possible() else "spawn")
        self._workers = [self._hired() for _ in range(size)]
        self._free = list(self._workers)
        self._lock = threading.Lock()
        self._closed = False
        self._wakes, self._wake = multiprocessing.Pipe(duplex=False)
        self._listener = threading.Thread(target=self._listen, daemon=True, name="crew")
        self._listener.start()

    def _hired(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        process = self._context.Process(target=_work, args=(theirs, ours, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand a job to a free worker; there must be one: never submit more than ``size`` at once."""
        with self._lock:
            worker = self._free.pop()
            worker.job, worker.future = job, Future()
            worker.future.set_running_or_notify_cancel()
        with suppress(OSError):  # it died while it had nothing to do: the listener notices, and says so of this job
            worker.line.send(job)
        self._wake.send(None)
        return worker.future

    def _listen(self) -> None:
        while not self._closed:
            watched = {worker.line: worker for worker in self._workers}
            for ready in wait([*watched, self._wakes]):
                if ready is self._wakes:
                    self._wakes.recv()
                else:
                    self._heard(watched[ready])  # type: ignore[index]

    def _heard(self, worker: _Worker) -> None:
        try:
            outcome = worker.line.recv()
        except (EOFError, OSError):
            outcome = None
        with self._lock:
            if self._closed:
                return
            job, future = worker.job, worker.future
            worker.job = None
            if outcome is None:
                self._workers.remove(worker)
                if worker in self._free:
                    self._free.remove(worker)
                worker.line.close()
                worker = self._hired()
                self._workers.append(worker)
            self._free.append(worker)
        if job is not None:
            future.set_result(outcome or failed(job, Failure(job.edition.notebook, None, "", _KILLED)))

    def close(self) -> None:
        """End the workers, idle or not."""
        with self._lock:
            self._closed = True
            self._wake.send(None)
        self._listener.join()
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()


_KILLED = "its worker was killed, most often for want of memory"


def _work(line: Connection, others_end: Connection, parent: int) -> None:
    """The life of a worker: jobs in, outcomes out, until the line closes."""
    others_end.close()
    service.inherit()
    _end_with_parent(parent)
    while True:
        try:
            job: Job = line.recv()
        except EOFError:
            return
        line.send(make(job))


def _end_with_parent(parent: int, leave: Callable[[int], None] = os._exit) -> None:
    """A worker whose build was killed must not go on writing beside the next one."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        leave(1)

    threading.Thread(target=watch, daemon=True).start()
