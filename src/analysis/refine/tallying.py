"""What was dropped, changed, flagged or kept on the way from raw data to tables, and why."""

from __future__ import annotations

import pandas as pd

from analysis.project import Project, current_project, current_source
from analysis.provenance import Tally
from analysis.refine.registry import tables
from analysis.refine.storage import read_meta

COLUMNS = ("dataset", "action", "reason", "rows", "rows_read", "share", "topic", "tables", "examples")


def tallies_of(project: Project, source: str) -> dict[Tally, list[str]]:
    """Every tally of the tables that are built, with the tables that made it."""
    found: dict[Tally, list[str]] = {}
    for name in tables():
        for one in (read_meta(project, source, name) or {}).get("accounting", ()):
            found.setdefault(Tally(**{**one, "examples": tuple(one["examples"])}), []).append(name)
    return found


def rows_read(project: Project, source: str) -> dict[str, int]:
    """By dataset: rows that the tables read."""
    found: dict[str, int] = {}
    for name in tables():
        found |= (read_meta(project, source, name) or {}).get("rows_read", {})
    return dict(sorted(found.items()))


def accounting(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """One row a dataset, action and reason, as counted when the tables were built.

    Columns: dataset, action (dropped, changed, flagged, kept), reason, rows, rows_read
    (of the dataset), share (rows of rows_read; missing where the rows counted are
    not rows of the file), topic (outside: of another place; repeat, revision, missing,
    replaced, or nothing), tables (which made it), examples (keys, never people). Several tables that
    count the same thing make one row. Sorted by dataset, action and size.
    """
    project, source = project or current_project(), source or current_source()
    read = rows_read(project, source)
    rows = [
        (
            one.dataset,
            one.action,
            one.reason,
            one.rows,
            read.get(one.dataset),
            one.rows / read[one.dataset] if 0 < one.rows <= read.get(one.dataset, 0) else None,
            one.topic,
            ", ".join(sorted(names)),
            ", ".join(one.examples),
        )
        for one, names in tallies_of(project, source).items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(
        ["dataset", "action", "rows", "reason"], ascending=[True, True, False, True], ignore_index=True
    )
