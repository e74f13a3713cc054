"""Fetching one dataset, or many at once with one report of what failed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime

from analysis.catalog import Catalog, Dataset, load_catalog
from analysis.project import AnalysisError, Project
from analysis.sources.arcgis import fetch_arcgis
from analysis.sources.census import fetch_census
from analysis.sources.database import fetch_database
from analysis.sources.errors import FetchError, FetchFailures
from analysis.sources.files import fetch_file
from analysis.sources.job import Job
from analysis.sources.manifest import Manifest, landing
from analysis.sources.progress import Progress, Silent
from analysis.sources.socrata import fetch_socrata
from analysis.sources.transport import Web

# Public services ask for restraint; four at a time over several publishers is what a browser does.
JOBS = 4

CONNECTORS: dict[str, Callable[[Job], Manifest]] = {
    "census": fetch_census,
    "socrata": fetch_socrata,
    "arcgis": fetch_arcgis,
    "file": fetch_file,
    "database": fetch_database,
}


def fetch(dataset: Dataset, project: Project, *, web: Web | None = None, progress: Progress | None = None) -> Manifest:
    """Fetch one dataset into ``data/raw/live/<id>`` and return the manifest of the current edition.

    The edition that was there is replaced only by one that is whole and has the
    promised columns; it stays, with its date, when the publisher's bytes are the same.

    Raises FetchError naming dataset, address and what to do.
    """
    folder = project.raw("live", dataset.id)
    progress = progress or Silent()
    with ExitStack() as stack:
        client = web or stack.enter_context(Web())
        at_work = stack.enter_context(landing(folder))
        current = at_work.current
        held = {part.address: part for part in current.parts} if current else {}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        job = Job(dataset, "live", at_work, client, progress, now, held)
        try:
            return CONNECTORS[dataset.source.kind](job)
        except FetchError as error:
            failure = error
        except OSError as error:
            failure = job.error(
                f"cannot write under data/raw: {error.strerror or error}",
                "make room or correct the rights of the folder, then run the same command again",
            )
        failure.held = current.retrieved_at if current else None
        raise failure


def fetch_all(
    project: Project,
    ids: Iterable[str] | None = None,
    *,
    jobs: int = JOBS,
    progress: Progress | None = None,
    catalog: Catalog | None = None,
    web: Web | None = None,
) -> list[Manifest]:
    """Fetch several datasets (all of the catalogue without ``ids``), ``jobs`` at a time, in order of id.

    One that fails does not stop the others. Raises FetchFailures at the end with
    every error and the manifests of those that landed.
    """
    catalog = catalog or load_catalog(project)
    wanted = [catalog[ident] for ident in dict.fromkeys(ids if ids is not None else catalog)]
    found: dict[str, Manifest] = {}
    errors: dict[str, AnalysisError] = {}
    progress = progress or Silent()
    with ExitStack() as stack:
        client = web or stack.enter_context(Web())
        _in_threads(wanted, max(1, jobs), lambda dataset: _one(dataset, project, client, progress, found, errors))
    for dataset in wanted:
        if dataset.id not in found and dataset.id not in errors:
            errors[dataset.id] = AnalysisError(f"{dataset.id}: its thread ended early: run the same command again")
    if errors:
        raise FetchFailures(errors, [found[ident] for ident in sorted(found)])
    return [found[ident] for ident in sorted(found)]


def _one(
    dataset: Dataset,
    project: Project,
    web: Web,
    progress: Progress,
    found: dict[str, Manifest],
    errors: dict[str, AnalysisError],
) -> None:
    progress.started(dataset.id)
    manifest, error = None, None
    try:
        manifest = found[dataset.id] = fetch(dataset, project, web=web, progress=progress)
    except AnalysisError as failure:
        error = errors[dataset.id] = failure
    except Exception as failure:  # noqa: BLE001 a defect in one connector must not stop the other datasets
        text = web.secrets.clear(f"{type(failure).__name__}: {failure}")
        error = errors[dataset.id] = FetchError(
            dataset.id, dataset.source.address, f"a defect in the connector: {text}", "report it with this message"
        )
    progress.finished(dataset.id, manifest, str(error) if error else None)


def _in_threads(datasets: list[Dataset], jobs: int, work: Callable[[Dataset], None]) -> None:
    """Daemon threads: Ctrl-C ends the program at once, and an edition in the making is never current."""
    waiting: queue.SimpleQueue[Dataset] = queue.SimpleQueue()
    for dataset in datasets:
        waiting.put(dataset)

    def worker() -> None:
        while True:
            try:
                dataset = waiting.get_nowait()
            except queue.Empty:
                return
            work(dataset)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(jobs, len(datasets)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
