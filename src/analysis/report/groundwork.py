"""What has to lie there before notebooks run: the invented city, and the refined tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.project import AnalysisError, Project
from analysis.report.progress import Teller, duration, telling

if TYPE_CHECKING:
    from analysis.sources import Manifest


def lay(project: Project, source: str) -> list[str]:
    """Make the sample where it is missing or outdated, and build every table that is stale.

    Returns the errors of tables that could not be built; reports that do not load them are not held up.
    Raises AnalysisError when there is nothing to build any table from.
    """
    if source == "sample":
        make_sample(project)
    elif not any(project.raw(source).glob("*/manifest.json")):
        raise AnalysisError("there are no live data yet: fetch them with make data (analysis data), then try again")
    return build_tables(project, source)


def make_sample(project: Project) -> None:
    """Write the invented city's raw files, unless they are those this version writes."""
    from analysis import sample

    sample.write_sample(project)


def build_tables(project: Project, source: str, only: list[str] | None = None) -> list[str]:
    """Build stale tables one by one, so that one that fails holds up only those that rest on it; returns the errors.

    Without ``only``, tables whose optional datasets were never fetched are named and left out.
    """
    from analysis.refine import refine_tables
    from analysis.refine.availability import left_out
    from analysis.refine.building import in_order
    from analysis.refine.workbench import Shelf

    errors: dict[str, None] = {}
    shelf = Shelf(project, source)
    names = [table.name for table in in_order(only)]
    without = {} if only else {name: missing for name in names if (missing := left_out(shelf, name))}
    names = [name for name in names if name not in without]
    with telling("Refining", len(names)) as teller:
        for name in names:
            teller.began(name)
            line = ""
            try:
                built = [state for state in refine_tables(project, source, [name]) if state.state == "built"]
                line = "\n".join(f"{s.name}  refined in {duration(s.seconds)} ({s.reason})" for s in built)
            except AnalysisError as error:
                errors.setdefault(str(error))
            teller.ended(name, 1, line)
    for name, missing in without.items():
        print(f"{name}  not built: {', '.join(missing)} not fetched")
    return list(errors)


def stale_tables(project: Project, source: str) -> dict[str, str]:
    """Tables that the next build makes again, and why; without those that an optional dataset keeps it from making."""
    from analysis.refine.availability import left_out
    from analysis.refine.building import status
    from analysis.refine.workbench import Shelf

    shelf = Shelf(project, source)
    stale = {name: why for name, why in status(project, source).items() if why is not None}
    return {name: why for name, why in stale.items() if not left_out(shelf, name)}


def fetch_live(project: Project, only: Sequence[str] | None, jobs: int) -> None:
    """Fetch datasets of the catalogue (all without ``only``), telling how far each is.

    A dataset that the catalogue calls optional is named when it cannot be had, and fails nothing unless it was asked
    for by name. Raises FetchFailures with every other error; what was there before stays in place.
    """
    from analysis.catalog import load_catalog
    from analysis.sources import FetchFailures, fetch_all

    catalog = load_catalog(project)
    wanted = list(only) if only else list(catalog)
    with telling("Fetching", len(wanted)) as teller:
        try:
            fetch_all(project, wanted, jobs=jobs, progress=_Fetching(teller), catalog=catalog)
        except FetchFailures as failures:
            without = {} if only else {name: e for name, e in failures.errors.items() if catalog[name].optional}
            _name_what_is_missing(without)
            failed = {name: error for name, error in failures.errors.items() if name not in without}
            if failed:
                raise FetchFailures(failed, failures.manifests) from None


def _name_what_is_missing(errors: Mapping[str, AnalysisError]) -> None:
    for name, error in errors.items():
        print(f"{name}  not fetched: {str(error).partition(': ')[2].splitlines()[0]} (optional: the rest goes on)")


class _Fetching:
    """Passes what a fetch reports on to a teller."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def started(self, dataset: str) -> None:
        self._teller.began(dataset)

    def advanced(self, dataset: str, done: int, total: int | None, unit: str) -> None:
        """Bars move by dataset; rows and bytes would only flicker."""

    def retrying(self, dataset: str, reason: str, seconds: float | None) -> None:
        later = f" in {seconds:g} s" if seconds else ""
        self._teller.said(f"{dataset}  again{later}: {reason}")

    def finished(self, dataset: str, manifest: Manifest | None, error: str | None) -> None:
        line = f"{dataset}  failed" if manifest is None else f"{dataset}  {manifest.rows:,} rows"
        self._teller.ended(dataset, 1, line)
