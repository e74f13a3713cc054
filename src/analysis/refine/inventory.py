"""What data a source holds: how much, from when, under which licence."""

from __future__ import annotations

import pandas as pd

from analysis.project import Project, current_project, current_source
from analysis.refine.attribution import attribution
from analysis.refine.grading import grades, spans
from analysis.refine.registry import tables
from analysis.refine.tallying import rows_read
from analysis.refine.workbench import Shelf
from analysis.sources.manifest import has_edition

COLUMNS = (
    "dataset", "title", "subject", "publisher", "licence", "sensitivity", "cadence", "geography", "vintage", "period",
    "through", "rows", "rows_read", "bytes", "pages", "retrieved_at", "sha256", "grade", "grade_reason", "tables",
    "known_dirt", "landing_page",
)  # fmt: skip


def holdings(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """One row a dataset that was fetched, sorted by subject and dataset.

    ``rows`` are records in all parts as received (a Census table asked for in chunks
    counts a tract once a chunk), ``rows_read`` records after the parts were put
    together (missing where no table reads them), ``bytes`` as received, ``period`` as
    the catalogue says, ``through`` the last day found (missing where rows have none),
    ``tables`` what is made from it, ``known_dirt`` joined by semicolons.
    """
    project, source = project or current_project(), source or current_source()
    shelf = Shelf(project, source)
    held = [name for name in shelf.catalog if has_edition(project.raw(source, name))]
    graded, covers, read = grades(shelf, held), spans(project, source), rows_read(project, source)
    rows = []
    for name in held:
        entry, manifest = shelf.catalog[name], shelf.manifest(name)
        days = covers.get(name)
        named = attribution(shelf, name, " to ".join(days) if days else None)
        rows.append(
            {
                "dataset": name,
                "title": named.title,
                "subject": shelf.catalog.subjects[entry.subject].title,
                "publisher": named.publisher,
                "licence": named.licence,
                "sensitivity": entry.sensitivity,
                "cadence": entry.cadence,
                "geography": entry.geography,
                "vintage": entry.vintage,
                "period": named.period,
                "through": days[1] if days else None,
                "rows": manifest.rows,
                "rows_read": read.get(name),
                "bytes": manifest.bytes,
                "pages": manifest.pages,
                "retrieved_at": manifest.retrieved_at,
                "sha256": manifest.sha256,
                "grade": graded[name].grade,
                "grade_reason": graded[name].reason,
                "tables": ", ".join(table.name for table in tables().values() if name in table.inputs),
                "known_dirt": "; ".join(named.known_dirt),
                "landing_page": named.landing_page,
            }
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["subject", "dataset"], ignore_index=True)
