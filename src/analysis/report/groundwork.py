"""What has to lie there before notebooks run: the invented city, and the refined tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.project import AnalysisError, Project
from analysis.report.progress import Teller, duration, telling

if TYPE_CHECKING:
    from analysis.refine.building import TableState
    from analysis.sources import Manifest


def lay(project: Project, source: str) -> list[str]:
    """Make the sample where it is missing or outdated, and build every table that is stale.

    Returns the errors of tables that could not be built; reports that do not load them are not held up.
    Raises AnalysisError when there is nothing to build any table from.
    """
    if source == "sample":
        make_sample(project)
    else:
        check_fetched(project, source)
    return build_tables(project, source)


def check_fetched(project: Project, source: str) -> None:
    """Raises AnalysisError when nothing was ever fetched of a source that has to be fetched."""
    if source != "sample" and not any(project.raw(source).glob("*/manifest.json")):
        raise AnalysisError("there are no live data yet: fetch them with make data (analysis data), then try again")


def make_sample(project: Project) -> None:
    """Write the invented city's raw files, unless they are those this version writes."""
    from analysis import sample

    sample.write_sample(project)


def build_tables(project: Project, source: str, only: list[str] | None = None) -> list[str]:
    """Build stale tables one by one, so that one that fails holds up only those that rest on it; returns the errors."""
    from analysis.refine import refine_tables
    from analysis.refine.building import in_order

    errors: dict[str, None] = {}
    names = [table.name for table in in_order(only)]
    with telling("Refining", len(names)) as teller:
        for name in names:
            teller.began(name)
            line = ""
            try:
                built = [state for state in refine_tables(project, source, [name]) if state.state == "built"]
                line = "\n".join(_refined_line(state) for state in built)
            except AnalysisError as error:
                errors.setdefault(str(error))
            teller.ended(name, 1, line)
    return list(errors)


def stale_tables(project: Project, source: str) -> dict[str, str]:
    """Tables that the next build makes again, and why."""
    from analysis.refine.building import status

    return {name: why for name, why in status(project, source).items() if why is not None}


@dataclass(frozen=True)
class Ground:
    """What has to be laid before notebooks run.

    ``tables`` maps each table that is stale, or rests on one that is, to the tables of this mapping it rests on;
    ``sample`` says whether the invented city has to be made first.
    """

    sample: bool
    tables: dict[str, list[str]]


def survey(root: str, source: str) -> dict[str, Any]:
    """What has to be laid, as plain JSON: the fields of :class:`Ground`. Called in a fork of the warm process."""
    from analysis import sample
    from analysis.refine.building import in_order

    project = Project(Path(root))
    missing = source == "sample" and not sample.is_current(project)
    order = in_order(None)
    stale = {table.name for table in order} if missing else set(stale_tables(project, source))
    for table in order:
        if stale & set(table.tables):
            stale.add(table.name)
    return asdict(Ground(missing, {t.name: sorted(stale & set(t.tables)) for t in order if t.name in stale}))


def made(root: str) -> tuple[str, float]:
    """Make the invented city; returns what to say of it and the seconds. Called in a fork of the warm process."""
    begun = time.perf_counter()
    make_sample(Project(Path(root)))
    return "", time.perf_counter() - begun


def refined(root: str, source: str, table: str) -> tuple[str, float]:
    """Build one table whose own tables are built; returns a line that says so (empty when it was fresh) and seconds.

    Called in a fork of the warm process, while the build holds the folder of tables.
    """
    from analysis.refine.building import refine_one

    state = refine_one(Project(Path(root)), source, table)
    return (_refined_line(state) if state.state == "built" else "", state.seconds)


def _refined_line(state: TableState) -> str:
    return f"{state.name}  refined in {duration(state.seconds)} ({state.reason})"


def fetch_live(project: Project, only: Sequence[str] | None, jobs: int) -> None:
    """Fetch datasets of the catalogue (all without ``only``), telling how far each is.

    Raises FetchFailures with every error; what was there before stays in place.
    """
    from analysis.catalog import load_catalog
    from analysis.sources import fetch_all

    catalog = load_catalog(project)
    wanted = list(only) if only else list(catalog)
    with telling("Fetching", len(wanted)) as teller:
        fetch_all(project, wanted, jobs=jobs, progress=_Fetching(teller), catalog=catalog)


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
