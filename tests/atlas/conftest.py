"""The invented city as papers publish it, and the map of all its measures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests may import invented
sys.path.insert(0, str(Path(__file__).parent.parent / "publish_figures"))  # and gallery

import invented

from analysis import provenance
from analysis.catalog import city
from analysis.project import Project
from analysis.publish import session
from analysis.publish.payload import Payload
from analysis.report.atlas.gathering import Gathered, gather, mapped_papers
from analysis.report.atlas.page import Atlas, compose, layered
from analysis.report.printing import print_atlas


@pytest.fixture(scope="session", autouse=True)
def _here(root: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_ROOT", str(root))
        session.reset()
        provenance.reset()
        yield
        session.reset()


@pytest.fixture(scope="session")
def papers() -> dict[str, list[Payload]]:
    frame = invented.tracts()
    session.reset()
    dataset = provenance.DatasetUse(
        "acs", "Survey of tracts", "Census Bureau", "public domain", "https://example.org", "ab" * 32,
        "2020-01-01T00:00:00Z", 240, "2014 to 2018", "B", "medians are rounded", (),
    )  # fmt: skip
    provenance.record_load(provenance.TableUse("tracts", "Tracts", "sample", "cd" * 32, 240, "2018", (dataset,), ()))
    return {"01_rents": invented.first_paper(frame), "02_shares": invented.second_paper(frame)}


@pytest.fixture(scope="session")
def project(root: Path, papers: dict[str, list[Payload]], tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = invented.city_project(root, tmp_path_factory.mktemp("city"))
    invented.put_papers(made, [invented.Written(name, payloads) for name, payloads in papers.items()])
    return made


@pytest.fixture(scope="session")
def gathered(project: Project) -> Gathered:
    return gather(project, "sample", mapped_papers(project, "sample", invented.EDITIONS))


@pytest.fixture(scope="session")
def atlas(project: Project, gathered: Gathered) -> Atlas:
    layers = layered(gathered)
    assert layers is not None
    return compose(city(project, "sample"), layers)


@pytest.fixture(scope="session")
def html(atlas: Atlas) -> str:
    return print_atlas(atlas)
