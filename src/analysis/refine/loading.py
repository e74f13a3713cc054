"""``load``: a refined table by name, with its provenance on record.

Built on first use from what lies in ``data/raw``. For the sample source that data
is made first; live data have to be fetched, because nothing here uses the network.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis.catalog import load_catalog
from analysis.project import AnalysisError, Project, current_project, current_source
from analysis.provenance import DatasetUse, TableUse, Tally, record_load
from analysis.refine.attribution import attribution
from analysis.refine.building import in_order, refine_tables
from analysis.refine.contracts import Table
from analysis.refine.freshness import why_stale
from analysis.refine.grading import grades, spans
from analysis.refine.registry import table_named
from analysis.refine.storage import file_sha256, read_meta, read_table
from analysis.refine.workbench import Shelf
from analysis.sources.manifest import has_edition

MIME = "application/vnd.angeleno.load+json"


def load(table: str, columns: Sequence[str] | None = None) -> Any:
    """The rows of a refined table of the current source; a GeoDataFrame for shapes.

    ``columns`` picks some of its columns. The source is ``ANALYSIS_SOURCE`` (sample
    unless set). What was loaded is recorded for whatever is published afterwards.
    What the columns mean, their units and denominators: ``analysis.refine.dictionary``.

    Raises AnalysisError for an unknown table or column, and for live data that were
    never fetched, naming the command to run.
    """
    project, source = current_project(), current_source()
    declared = table_named(table)
    ensure_built(project, source, declared)
    frame = read_table(project, source, table, columns)
    use = table_use(project, source, declared)
    record_load(use)
    _show(use)
    return frame


def ensure_built(project: Project, source: str, table: Table) -> None:
    """Build a table that is missing or stale, after making the sample where that is the source."""
    needed = in_order([table.name])
    inputs = sorted({name for each in needed for name in each.inputs})
    missing = [name for name in inputs if not has_edition(project.raw(source, name))]
    if missing and source == "sample":
        _make_sample(project.root)
        missing = [name for name in inputs if not has_edition(project.raw(source, name))]
    if missing:
        raise AnalysisError(
            f"table {table.name!r} needs {', '.join(missing)}, not in data/raw/{source}: "
            f"{_way_out(project, missing) if source == 'live' else 'the sample does not make it'}"
        )
    shelf = Shelf(project, source)
    if any(why_stale(each, shelf) for each in needed):
        refine_tables(project, source, [table.name])


def _way_out(project: Project, missing: Sequence[str]) -> str:
    catalog = load_catalog(project)
    if not all(catalog[name].optional for name in missing):
        return "run `make data` to fetch it"
    # `make data` has tried and gone on without it; asked for by name, a fetch says what is wrong.
    return (
        f"run `analysis data --only {','.join(missing)}` where the publisher can be reached; "
        f"a notebook asks analysis.refine.available first"
    )


@cache
def _make_sample(root: Path) -> None:
    # Once a process: looking whether the sample is there and of this version takes a moment.
    from analysis.sample import write_sample

    write_sample(Project(root))


def table_use(project: Project, source: str, table: Table) -> TableUse:
    """What is known of a table that was built: its hash, rows, datasets with their grades, and tally."""
    meta = read_meta(project, source, table.name)
    if meta is None:
        raise AnalysisError(f"table {table.name!r} of {source} has no description: run `make data` again")
    shelf = Shelf(project, source)
    chain = in_order([table.name])
    inputs = sorted({name for each in chain for name in each.inputs})
    metas = [read_meta(project, source, each.name) or {} for each in chain]
    tallies = {Tally(**{**one, "examples": tuple(one["examples"])}) for m in metas for one in m.get("accounting", ())}
    files = sorted({name for each in chain for name in each.files})
    return TableUse(
        table=table.name,
        title=table.title,
        source=source,
        sha256=meta["sha256"],
        rows=meta["rows"],
        period=meta["period"],
        datasets=tuple(dataset_uses(shelf, inputs) + [typed_use(shelf, name) for name in files]),
        accounting=tuple(sorted(tallies, key=lambda one: (one.dataset, one.action, one.reason, one.rows))),
    )


def dataset_uses(shelf: Shelf, inputs: Sequence[str]) -> list[DatasetUse]:
    """The datasets behind a table: who published them, when they were fetched, how good they are."""
    graded, covers = grades(shelf, inputs), spans(shelf.project, shelf.source)
    uses = []
    for name in inputs:
        manifest, days = shelf.manifest(name), covers.get(name)
        named = attribution(shelf, name, " to ".join(days) if days else None)
        uses.append(
            DatasetUse(
                id=name,
                title=named.title,
                publisher=named.publisher,
                licence=named.licence,
                landing_page=named.landing_page,
                sha256=manifest.sha256,
                retrieved_at=manifest.retrieved_at,
                rows=manifest.rows,
                period=named.period,
                grade=graded[name].grade,
                grade_reason=graded[name].reason,
                known_dirt=named.known_dirt,
            )
        )
    return uses


def typed_use(shelf: Shelf, name: str) -> DatasetUse:
    """A catalogue file of typed figures as a dataset: its source is a publisher's table, not a fetch."""
    from analysis.plain_yaml import read_yaml

    path = shelf.project.catalog / name
    content = read_yaml(path.read_text(encoding="utf-8"))
    years = sorted({year for one in content["series"].values() for year in one["index"]})
    return DatasetUse(
        id=content["id"],
        title=content["title"],
        publisher=content["publisher"],
        licence=content["licence"],
        landing_page=content["landing_page"],
        sha256=file_sha256(path),
        retrieved_at=f"{content['typed_on']}T00:00:00Z",
        rows=sum(len(one["index"]) for one in content["series"].values()),
        period=f"{years[0]} to {years[-1]}",
        grade="A",
        grade_reason="typed from the publisher's tables; every year stands in every series",
        known_dirt=tuple(content.get("known_dirt", ())),
    )


def _show(use: TableUse) -> None:
    """Leave the record in the notebook's output; nothing outside a notebook."""
    if "IPython" not in sys.modules:
        return
    if import_module("IPython").get_ipython() is None:
        return
    line = f"{use.table}: {use.rows:,} rows, {use.period or 'undated'}, {use.source} data"
    publish: Any = import_module("IPython.display").publish_display_data
    publish({MIME: use.as_dict(), "text/plain": line})
