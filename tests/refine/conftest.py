"""Projects for the tests of refine: one by hand for each test, one with the real data for all of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from analysis.catalog import load_catalog
from analysis.project import Project
from analysis.refine.building import refine_tables
from analysis.refine.registry import tables
from analysis.sources.fetching import fetch_all
from refine_desk import PORTAL, Desk, new_desk, portal_address


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A project of its own for each test."""
    return new_desk(tmp_path / "project")


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """A project with the real data of every table, fetched from the local portal and refined, once for all workers."""
    if not PORTAL.is_file():
        pytest.skip("no shared/portal beside the checkout: real data are not served here")
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "refined-live"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = new_desk(folder).project
            with portal_address() as address:
                os.environ["ANALYSIS_MIRROR"] = address
                try:
                    catalog = load_catalog(project)
                    wanted = {name for table in tables().values() for name in table.inputs}
                    # The portal does not serve what the catalogue calls optional.
                    wanted = {name for name in wanted if not catalog[name].optional}
                    fetch_all(project, sorted(wanted | {"acs5_2020"}))
                finally:
                    del os.environ["ANALYSIS_MIRROR"]
            refine_tables(project, "live")
            (folder / "done").touch()
    return Project(folder)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Project, str], None]:
    """Point ``load`` at a project and a source."""

    def point(project: Project, source: str) -> None:
        monkeypatch.setenv("ANALYSIS_ROOT", str(project.root))
        monkeypatch.setenv("ANALYSIS_SOURCE", source)

    return point
