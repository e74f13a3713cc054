"""Whether a table can be had at all: some datasets cannot be fetched everywhere, and a page has to say so.

A dataset with an ``optional_reason`` in the catalogue may be missing from ``data/raw``
without anything being wrong. What rests on it is then not built, and a notebook that
asks :func:`available` first can say "not fetched yet" instead of failing::

    from analysis.refine import available

    register = available("business_spells")
    spells = load("business_spells") if register else None

The question and its answer become part of what the report rests on: once the dataset
is fetched, the report is stale and is run again.
"""

from __future__ import annotations

from analysis.project import Project, current_project, current_source
from analysis.provenance import record_question
from analysis.refine.building import in_order
from analysis.refine.registry import table_named
from analysis.refine.workbench import Shelf
from analysis.sources.manifest import has_edition

__all__ = ["available", "missing_datasets"]


def available(table: str, project: Project | None = None, source: str | None = None) -> bool:
    """Whether ``load`` can give the table: every dataset behind it, through other tables too, was fetched.

    For the sample, which is made on demand, it says whether the sample makes them.
    Raises AnalysisError for an unknown table, never for a dataset that is missing.
    """
    project, source = project or current_project(), source or current_source()
    missing = missing_datasets(table, project, source)
    for name in sorted({name for each in in_order([table]) for name in each.inputs}):
        record_question(name, name not in missing)
    return not missing


def missing_datasets(table: str, project: Project | None = None, source: str | None = None) -> list[str]:
    """The datasets behind a table that were not fetched, sorted; empty where it can be had.

    Raises AnalysisError for an unknown table.
    """
    project, source = project or current_project(), source or current_source()
    table_named(table)
    wanted = sorted({name for each in in_order([table]) for name in each.inputs})
    missing = [name for name in wanted if not has_edition(project.raw(source, name))]
    if missing and source == "sample":
        from analysis.sample import write_sample

        write_sample(project)
        missing = [name for name in wanted if not has_edition(project.raw(source, name))]
    return missing


def left_out(shelf: Shelf, table: str) -> list[str]:
    """The optional datasets for whose lack a table is left out of a build of everything, sorted; empty for none."""
    wanted = sorted({name for each in in_order([table]) for name in each.inputs})
    optional = [name for name in wanted if shelf.catalog[name].optional]
    return [name for name in optional if not has_edition(shelf.project.raw(shelf.source, name))]
