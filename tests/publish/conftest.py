"""A clean session for every test of publishing, under the policy of this checkout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import provenance
from analysis.publish import session
from analysis.publish.findings import Finding


@pytest.fixture(autouse=True)
def fresh_session(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing published, nothing loaded; the checkout is this one."""
    monkeypatch.setenv("ANALYSIS_ROOT", str(root))
    session.reset()
    provenance.reset()
    yield
    session.reset()
    provenance.reset()


@pytest.fixture
def loaded() -> Callable[..., provenance.TableUse]:
    """Pretend that a table was loaded."""

    def load(table: str, publisher: str = "Census Bureau", title: str = "ACS 2014–18") -> provenance.TableUse:
        dataset = provenance.DatasetUse(
            id="acs5_2018",
            title=title,
            publisher=publisher,
            licence="public domain",
            landing_page="https://example.org",
            sha256="ab" * 32,
            retrieved_at="2020-01-01T00:00:00Z",
            rows=2346,
            period="2014 to 2018",
            grade="A",
            grade_reason="complete",
            known_dirt=("sentinels",),
        )
        tally = provenance.Tally("acs5_2018", "dropped", "no residents", 3)
        use = provenance.TableUse(table, table.title(), "sample", "cd" * 32, 2346, "2014 to 2018", (dataset,), (tally,))
        provenance.record_load(use)
        return use

    return load


@pytest.fixture
def made() -> Callable[..., Finding]:
    """A finding as stored, without the checks of ``publish.finding``."""

    def make(name: str = "rent_change", value: Any = 39.2, **fields: Any) -> Finding:
        defaults: dict[str, Any] = {"unit": "percent", "change": True}
        if "interval" in fields:
            defaults["level"] = 0.95
        return Finding(**{**defaults, "name": name, "value": value, **fields})

    return make
