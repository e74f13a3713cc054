"""A real S3 server on this machine, and checkouts that share nothing but a bucket of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from analysis.project import Project

# The miniature checkout of the tests of reports.
from ..report.conftest import LOAD, bare, city, write_notebook, write_table  # noqa: TID252

__all__ = ["bare", "city", "write_notebook", "write_table"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3 server in a process of its own."""
    log = tmp_path_factory.mktemp("s3") / "server.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"], stdout=words, stderr=words
        )
    try:
        for _ in range(300):
            found = [line for line in log.read_text().splitlines() if "Running on http://127" in line]
            if found:
                break
            time.sleep(0.1)
        yield found[0].split("Running on ")[1].strip()
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of an empty bucket; keys and address stand in the environment, as with AWS itself."""
    import fsspec

    with urlopen(f"{server}/moto-api/reset", data=b"") as answer:
        assert answer.status == 200
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no secret at all")  # pragma: allowlist secret
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.filesystem("s3").clear_instance_cache()
    fsspec.filesystem("s3").mkdir("city-data")
    return "s3://city-data/papers"


COUNTS = """from analysis.provenance import loads

held = load("permits")
display({"application/vnd.angeleno.load+json": loads()[0].as_dict(), "text/plain": "permits"}, raw=True)
publish.finding(
    "rows", len(held), unit="count", no_interval="a count of rows", noun="row", period="2019"
)"""


@pytest.fixture
def small(city: Project) -> Project:
    """A checkout with two small pages, one of which counts the rows of a table."""
    (city.notebooks / "01_permits.ipynb").unlink()
    write_table(city, "permits", "district\n1\n")
    write_notebook(
        city,
        "03_permits",
        [
            ("markdown", "# The table has {{ rows }}\n\nFor whoever asks.", ("title",)),
            ("code", f"from analysis import publish\n{LOAD}\n{COUNTS}", ()),
            ("markdown", "## In short\n\nThere are {{ rows }}.", ("in-short",)),
        ],
    )
    return city


def twin(project: Project, folder: Path) -> Project:
    """Another machine's checkout: the same commit, no data, no reports."""
    made = Project(folder)
    shutil.copytree(project.root, made.root, ignore=shutil.ignore_patterns("processed", "raw", "reports"))
    return made
