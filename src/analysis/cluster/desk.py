"""The process beside a Dask worker in which reports are made, one at a time.

A Dask worker has threads, and must not be forked; nor should a notebook that takes all memory take the worker along.
So each of a worker's threads has such a process: started clean, with the source that travelled with the work first on
its path, and kept from report to report, so that only the first one pays for imports. It reads jobs from its standard
input and writes what became of them to its standard output.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import traceback
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO


def main() -> None:
    """Serve until the worker closes the pipe or is gone."""
    requests, answers = _pipes()
    _end_with(os.getppid())
    _warm_up()
    pickle.dump("ready", answers)
    answers.flush()
    while True:
        try:
            root, content, brought = pickle.load(requests)
        except EOFError:
            return
        try:
            answer: object = _made(Path(root), content, brought)
        except Exception:  # noqa: BLE001 -- whatever it is, the machine that waits for the report must hear of it
            answer = traceback.format_exc()
        pickle.dump(answer, answers)
        answers.flush()


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Pipes of our own: what a notebook prints or reads must not get into the talk with the worker."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return requests, answers


def _end_with(parent: int) -> None:
    """A worker that was killed can close nothing: whoever works for it must see for himself that it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _warm_up() -> None:
    """Import what every report needs, before the first one waits for it."""
    from analysis.report.light_imports import import_for_building

    import_for_building()
    for module in ("analysis.report.build", "analysis.report.issuing"):
        import_module(module)


def _made(root: Path, content: bytes, brought: dict[str, bytes]) -> tuple[bytes, dict[str, bytes]]:
    """The outcome, pickled, and every file of the report; none of them stays behind."""
    from analysis.project import Project
    from analysis.report.build import make
    from analysis.store.landing import files_of

    job: Any = pickle.loads(content)
    os.environ |= {"ANALYSIS_ROOT": str(root), "ANALYSIS_SOURCE": job.source}
    here = replace(job, project=Project(root))
    folder = here.project.reports(job.source)
    for file, data in brought.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    _warm_for(here.project, job.source, job.edition.notebook)
    try:
        outcome = make(here)
        files = {file: (folder / file).read_bytes() for file in files_of(folder, job.edition.name)}
    finally:
        for file in {*files_of(folder, job.edition.name), *brought}:
            (folder / file).unlink(missing_ok=True)
    return pickle.dumps(outcome), files


_warm: set[str] = set()


def _warm_for(project: Any, source: str, notebook: str) -> None:
    """Keep a warm process that has imported what the notebooks seen so far import; their runs are forked from it."""
    from analysis.report.warmth import warmed_up

    if notebook not in _warm:
        _warm.add(notebook)
        warmed_up(project, source, _warm)


if __name__ == "__main__":
    main()
