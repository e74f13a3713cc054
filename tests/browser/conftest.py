"""The browser of these tests, and the pages they look at."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests may import links and contrast

from browser_pages import CHROMIUM, NO_CHROMIUM, started

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    with started() as browser:
        yield browser


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The file of a page by its name: of the sample, or of a folder of reports named in ``ANALYSIS_PAGES``."""
    named = os.environ.get("ANALYSIS_PAGES")
    folder = Path(named) if named else request.getfixturevalue("briefs_site") / "reports" / "sample"

    def find(name: str) -> Path:
        file = folder.resolve() / name
        if named and ("--" in name or name.startswith("places")) and not file.is_file():
            pytest.skip(f"{name} is not among the reports of {named}")
        assert file.is_file(), f"{name} was not built"
        return file

    return find
