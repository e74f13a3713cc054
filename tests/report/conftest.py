"""A checkout in miniature: one table, one small notebook, built in seconds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.project import Project
from analysis.report.storage import digest

from . import whitepaper

CELLS = tuple[str, str, tuple[str, ...]]


def notebook_json(cells: list[CELLS]) -> dict[str, Any]:
    """A notebook of format 4 from (kind, source, tags)."""
    made: list[dict[str, Any]] = []
    for kind, source, tags in cells:
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {"tags": list(tags)} if tags else {}, "source": source}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        made.append(cell)
    spec = {"name": "angeleno", "display_name": "Angeleno (Python 3)", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": made}


def write_notebook(project: Project, stem: str, cells: list[CELLS]) -> Path:
    """Put a notebook into the project."""
    path = project.notebooks / f"{stem}.ipynb"
    path.write_text(json.dumps(notebook_json(cells), indent=1), encoding="utf-8")
    return path


def write_table(project: Project, table: str, rows: str, source: str = "sample") -> None:
    """A refined table as far as reports care: a file and what its sidecar says of it."""
    folder = project.processed(source)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{table}.csv").write_text(rows, encoding="utf-8")
    (folder / f"{table}.meta.json").write_text(json.dumps({"table": table, "sha256": digest(rows)}), encoding="utf-8")


LOAD = """import csv, hashlib, io
from analysis.project import current_project, current_source
from analysis.provenance import DatasetUse, TableUse, record_load

def load(name):
    text = (current_project().processed(current_source()) / f"{name}.csv").read_text()
    use = DatasetUse("permits", "Permits", "City of Meridia", "Public domain", "https://example.org/permits", "ab" * 32,
                     "2020-05-01T00:00:00Z", 3, "2010 to 2019", "B", "some dates are missing", ("blank dates",))
    sha = hashlib.sha256(text.encode()).hexdigest()
    record_load(TableUse(name, name.title(), current_source(), sha, 3, "2010 to 2019", (use,), ()))
    return list(csv.DictReader(io.StringIO(text)))"""


@pytest.fixture
def bare(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A checkout without notebooks."""
    project = Project(tmp_path / "city")
    project.notebooks.mkdir(parents=True)
    project.catalog.mkdir(parents=True)
    for name in ("policy.yml", "cities.yml"):
        shutil.copy(root / "data" / "catalog" / name, project.catalog / name)
    (project.catalog / "building.yml").write_text(PERMITS, encoding="utf-8")
    (project.root / "requirements.lock").write_text("numpy==2.4.1\n", encoding="utf-8")
    (project.root / "pyproject.toml").write_text("[project]\nname = 'city'\n", encoding="utf-8")
    monkeypatch.setenv("ANALYSIS_ROOT", str(project.root))
    monkeypatch.setenv("ANALYSIS_SOURCE", "sample")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1588291200")  # lists of editions tell times: the first of May 2020
    return project


@pytest.fixture
def add(bare: Project) -> Callable[..., Path]:
    """Put a notebook into the miniature checkout: ``add("01_permits", cells)``."""

    def put(stem: str, cells: list[CELLS]) -> Path:
        return write_notebook(bare, stem, cells)

    return put


PERMITS = """\
subject: building
title: Building
datasets:
  - id: permits
    title: Permits
    description: Building permits.
    use_for: Counting permits.
    do_not_use_for: Counting buildings.
    publisher: City of Meridia
    landing_page: https://example.org/permits
    licence: Public domain
    steward: Building department
    sensitivity: public
    cadence: daily
    source:
      kind: file
      address: https://example.org/permits.csv
      format: csv
      columns: [id]
    key: [id]
    geography: city
    vintage: "2020"
    period: {start: "2010", end: "2019"}
    known_dirt: [blank dates]
"""


@pytest.fixture
def city(bare: Project, root: Path) -> Project:
    """A checkout with one whole whitepaper, its table, and a second, small one that loads nothing."""
    for name in ("style.yml", "references.yml", "glossary.yml"):
        if (root / "data" / "catalog" / name).is_file():
            shutil.copy(root / "data" / "catalog" / name, bare.catalog / name)
    write_table(bare, "permits", whitepaper.PERMITS)
    write_notebook(bare, "01_permits", whitepaper.cells())
    write_notebook(bare, "02_nothing", whitepaper.small_cells())
    return bare
