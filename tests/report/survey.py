"""A small whitepaper whose data, method, parameters and words a test can change one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.project import Project
from analysis.report.storage import digest

from .conftest import write_notebook

NAME = "05_waits"


@dataclass(frozen=True)
class Survey:
    """Waits by year, when they were retrieved, and how the notebook counts them.

    ``hashed`` says whether the table tells its rows by year, ``half`` is half the width of the interval.
    """

    rows: tuple[tuple[str, float], ...] = (("2018", 40.0), ("2019", 44.0))
    retrieved: str = "2020-05-01"
    method: str = "sum(waits) / len(waits)"
    scale: float = 1.0
    half: float = 3.0
    words: str = "Applicants wait {{ wait }}."
    hashed: bool = True
    extra: str = ""

    def with_(self, **changed: Any) -> Survey:
        """The survey with something changed."""
        return replace(self, **changed)

    def put(self, project: Project) -> Path:
        """Write the table, its description and the notebook."""
        folder = project.processed("sample")
        folder.mkdir(parents=True, exist_ok=True)
        text = "year,wait\n" + "".join(f"{year},{wait}\n" for year, wait in self.rows)
        (folder / "waits.csv").write_text(text, encoding="utf-8")
        by_year = {year: [1, digest(f"{year} {wait}")[:16]] for year, wait in self.rows}
        meta: dict[str, Any] = {"table": "waits", "sha256": digest(text), "rows": len(self.rows)}
        meta |= {"retrieved": self.retrieved, "by_period": {"maker": "a test", "periods": by_year}}
        if not self.hashed:
            del meta["by_period"]
        (folder / "waits.meta.json").write_text(json.dumps(meta), encoding="utf-8")
        return write_notebook(project, NAME, self.cells())

    def cells(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """The notebook."""
        found = _FINDINGS.format(method=self.method, half=self.half, extra=self.extra)
        return [
            ("markdown", "# Applicants wait {{ wait | brief }}\n\nFor whoever decides. Data through 2019.", ("title",)),
            ("code", f"scale = {self.scale}  # days in a unit", ("parameters",)),
            ("code", _LOAD, ()),
            ("code", found, ()),
            ("markdown", f"## In short\n\n{self.words}", ("in-short",)),
            ("code", _FIGURE, ()),
        ]


_LOAD = """import csv, hashlib, io, json
import pandas as pd
from analysis import publish
from analysis.project import current_project, current_source
from analysis.provenance import DatasetUse, TableUse, record_load
from analysis.publish import figures

folder = current_project().processed(current_source())
text = (folder / "waits.csv").read_text()
meta = json.loads((folder / "waits.meta.json").read_text())
sha = hashlib.sha256(text.encode()).hexdigest()
used = DatasetUse("permits", "Permits of Meridia", "City of Meridia", "Public domain", "https://example.org/permits",
                  sha, meta["retrieved"] + "T00:00:00Z", meta["rows"], "2018 to 2019", "B", "dates are missing", ())
table = TableUse("waits", "Waits", current_source(), sha, meta["rows"], "2018 to 2019", (used,), ())
record_load(table)
display({"application/vnd.angeleno.load+json": table.as_dict(), "text/plain": "waits"}, raw=True)
table_rows = list(csv.DictReader(io.StringIO(text)))
waits = [float(row["wait"]) * scale for row in table_rows]"""

_FINDINGS = """mean = {method}
publish.finding("wait", mean, unit="days", interval=(mean - {half}, mean + {half}), n=200, period="2018 to 2019",
                denominator="applicants")
publish.finding("years", len(waits), unit="count", noun="year", no_interval="every year is counted")
publish.download("by_year", pd.DataFrame(table_rows), title="Waits by year", description="one row a year")
{extra}"""

_FIGURE = """frame = pd.DataFrame({"place": [f"In {row['year']}" for row in table_rows], "days": waits})
publish.figure("waits_figure", figures.bars(frame, "place", "days", unit="days"), title="Waits by year",
               subtitle="Days, Meridia")"""
