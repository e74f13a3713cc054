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

from sites import build_sample

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
def sample_site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A copied checkout with every sample report built, once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared_base = base if worker_id == "master" else base.parent
    site = shared_base / "sample-site"
    with FileLock(shared_base / "sample-site.lock"):
        done = shared_base / "sample-site.done"
        if not done.exists():
            shutil.rmtree(site, ignore_errors=True)
            build_sample(ROOT, site)
            done.touch()
    return site
