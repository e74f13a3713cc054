"""What several test modules need: the shared reference material and the local portal, where they exist."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests may import sites

from filelock import FileLock

from analysis.project import Project
from analysis.refine.building import refine_tables
from analysis.sample import write_sample
from sites import BRIEFED, copy_checkout, run

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout under test."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with published reference cases, beside the checkout; absent on most machines."""
    if not (SHARED / "reference").is_dir():
        pytest.skip("no shared/reference beside the checkout: published cases cannot be read here")
    return SHARED


@pytest.fixture(scope="session")
def reference(shared: Path) -> Path:
    """The published reference cases."""
    return shared / "reference"


@pytest.fixture
def portal_with() -> Iterator[Callable[..., str]]:
    """Start the local open-data portal with options; returns its base address."""
    script = SHARED / "portal" / "serve.py"
    if not script.is_file():
        pytest.skip("no shared/portal beside the checkout: real data are not served here")
    with ExitStack() as stack:

        def start(*options: str) -> str:
            server = subprocess.Popen(
                [sys.executable, str(script), "--port", "0", *options], stdout=subprocess.PIPE, text=True
            )
            stack.callback(server.wait, timeout=10)
            stack.callback(server.terminate)
            assert server.stdout is not None
            return server.stdout.readline().split("portal:")[1].strip()

        yield start


@pytest.fixture
def portal(portal_with: Callable[..., str]) -> str:
    """Base address of a faultless portal."""
    return portal_with()


@pytest.fixture(scope="session")
def refined_sample(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """A copied checkout in which the invented city is made and refined, once for all workers; tests only read it."""

    def make(site: Path) -> None:
        project = Project(copy_checkout(ROOT, site))
        write_sample(project)
        refine_tables(project, "sample")

    return Project(_once(tmp_path_factory, worker_id, "refined-sample", make))


@pytest.fixture(scope="session")
def sample_site(refined_sample: Project, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The same with every sample report built, once for all workers of a test run."""

    def make(site: Path) -> None:
        shutil.copytree(refined_sample.root, site)
        run(site, "reports", "--source", "sample")

    return _once(tmp_path_factory, worker_id, "sample-site", make)


@pytest.fixture(scope="session")
def briefs_site(sample_site: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The same with the briefs of a few places, once for all workers of a test run."""

    def make(site: Path) -> None:
        shutil.copytree(sample_site, site)
        run(site, "briefs", "--source", "sample", "--areas", ",".join(BRIEFED))

    return _once(tmp_path_factory, worker_id, "briefs-site", make)


def _once(factory: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name`` that all workers share, made by the first that asks."""
    base = factory.getbasetemp() if worker == "master" else factory.getbasetemp().parent
    site, done = base / name, base / f"{name}.done"
    with FileLock(base / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(site, ignore_errors=True)
            make(site)
            done.touch()
    return site
