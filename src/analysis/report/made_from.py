"""What the page of a run is made from, in the form in which editions are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.project import Project
from analysis.report.execution import Record
from analysis.report.notebook import Notebook
from analysis.report.past import NO_PAST, Past, TableFacts, read_past, table_facts
from analysis.report.storage import digest, read_json

SHORT = 12
"""Digits of the hash of a cell: enough to tell the cells of one notebook apart."""


@dataclass(frozen=True)
class MadeFrom:
    """Code, settings, environment and tables of a run; ``past`` are the editions the ledger knows of its report."""

    prose: str = ""
    cells: tuple[tuple[int, str], ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    by_period: Mapping[str, Any] = field(default_factory=dict)
    past: Past = NO_PAST

    def table(self, name: str, sha256: str, rows: int) -> TableFacts:
        """A table the run loaded, with its hashes by period where they are of the same rows."""
        return table_facts(sha256, rows, self.by_period.get(sha256))


NOTHING = MadeFrom()
"""Of a page whose run is not known."""


def made_from(project: Project, source: str, record: Record, notebook: Notebook, past: Past | None = None) -> MadeFrom:
    """What the page of ``record`` is made from; ``notebook`` has the cells of its cut.

    Without ``past`` the editions are read from the ledger.
    """
    if past is None:
        past = read_past(project.reports(source) / "ledger.db", record.name)
    return MadeFrom(
        prose=notebook.prose_hash(),
        # The parameters are compared by their values.
        cells=tuple((c.number, digest(c.source)[:SHORT]) for c in notebook.code if "parameters" not in c.tags),
        modules={name: mark.meaning for name, mark in record.modules.items()},
        settings={name: mark.meaning for name, mark in record.settings.items()},
        environment=record.environment,
        by_period=_by_period(project, source, record),
        past=past,
    )


def _by_period(project: Project, source: str, record: Record) -> dict[str, Any]:
    """Hashes by period of the tables a run loaded, by the hash of the table."""
    found = {}
    for table in record.tables:
        held = read_json(project.processed(source) / f"{table}.meta.json")
        if isinstance(held, dict) and held.get("by_period"):
            found[str(held["sha256"])] = held["by_period"]
    return found
