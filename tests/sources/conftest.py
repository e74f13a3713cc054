"""A project in a temporary folder, publishers of our own, and a client that waits milliseconds."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis.catalog import Dataset, load_catalog
from analysis.project import Project
from analysis.sources import Patience, Web

from .servers import Publisher

ENTRY = """\
  - id: {ident}
    title: An invented dataset
    description: Rows that nobody counted.
    use_for: Tests.
    do_not_use_for: Anything else.
    publisher: Nobody
    landing_page: https://invented.example/{ident}
    licence: None
    steward: Nobody
    sensitivity: public
    cadence: never
    source:
{source}
    key: []
    geography: tract
    period: {{start: "2020", end: "2020"}}
    known_dirt: []
"""

QUICK = Patience(wait_initial=0.005, wait_max=0.02, wait_jitter=0.005, connect_timeout=2, read_timeout=5)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server that all requests of the test are sent to."""
    server = Publisher()
    monkeypatch.setenv("ANALYSIS_MIRROR", server.base)
    for name in ("CENSUS_API_KEY", "SOCRATA_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    (tmp_path / "data" / "catalog").mkdir(parents=True)
    return Project(tmp_path)


@pytest.fixture
def define(project: Project) -> Callable[..., Dataset]:
    """Write a catalogue entry with the given source (YAML) and return the dataset."""
    entries: dict[str, str] = {}

    def write(ident: str, source: str) -> Dataset:
        text = textwrap.indent(textwrap.dedent(source).strip(), "      ")
        entries[ident] = ENTRY.format(ident=ident, source=text)
        path = project.catalog / "invented.yml"
        path.write_text("subject: invented\ntitle: Invented\ndatasets:\n" + "\n".join(entries.values()))
        return load_catalog(project)[ident]

    return write


@pytest.fixture
def web() -> Iterator[Web]:
    """A client with short waits. It is opened on first use, after the test has set the environment."""
    with Web(QUICK) as client:
        yield client


def parts_of(project: Project, ident: str) -> dict[str, bytes]:
    """Every file of a dataset's raw folder, to compare before and after."""
    folder = project.raw("live", ident)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != ".lock"}
