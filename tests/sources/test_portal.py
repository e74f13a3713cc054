"""Against the local portal with real rows: what lands under faults is what lands without them."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.catalog import Catalog, load_catalog
from analysis.project import Project
from analysis.sources import FetchFailures, Manifest, Patience, Web, fetch_all, read_manifest, read_raw, socrata

pytestmark = pytest.mark.portal

FAULTS = ["429", "500", "503", "slow", "reset", "truncate", "html200", "badjson", "err200", "drift", "dup", "drop"]
QUICK = Patience(wait_initial=0.01, wait_max=0.05, wait_jitter=0.01)

# 131,248 rows in long form take as long as all others together, and teach nothing that they do not.
HEAVIEST = "race_by_tract_2010_2016"

# One of every protocol and format, small, and one of more than one page of each kind.
SAMPLE = [
    "acs5_2018",
    "sf1_2000",
    "job_applicants",
    "crime_homeless_victims",
    "covid_city_cases_layer",
    "neighborhood_councils_2018",
    "neighborhood_councils_2020",
    "council_districts_2012",
    "covid_city_cases",
    "covid_vaccinated",
    "policy_events_raw",
    "minimum_wage_state",
    "homeless_count_2015",
    "council_districts_economy_panel",
]


@pytest.fixture(scope="module")
def catalog(root: Path) -> Catalog:
    return load_catalog(Project(root))


def landed(project: Project, ids: list[str]) -> dict[str, tuple[str, int]]:
    return {ident: (manifest.sha256, manifest.rows) for ident in ids if (manifest := read(project, ident))}


def read(project: Project, ident: str) -> Manifest:
    return read_manifest(project.raw("live", ident))


@pytest.fixture
def fetched(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Project, FetchFailures | None]]:
    def run(name: str, base: str, ids: list[str]) -> tuple[Project, FetchFailures | None]:
        monkeypatch.setenv("ANALYSIS_MIRROR", base)
        project = Project(tmp_path / name)
        with Web(QUICK) as web:
            try:
                fetch_all(project, ids, catalog=catalog, web=web)
            except FetchFailures as failure:
                return project, failure
        return project, None

    return run


def stats(base: str) -> dict:
    with urllib.request.urlopen(f"{base}/__stats") as answer:
        return json.load(answer)


def test_every_dataset_of_the_catalogue_lands_and_reads(
    catalog: Catalog, fetched, portal: str, record_property
) -> None:
    ids = [ident for ident in catalog if ident != HEAVIEST and not catalog[ident].optional]
    begun = time.monotonic()
    project, failure = fetched("all", portal, ids)
    record_property("seconds", round(time.monotonic() - begun, 1))
    assert failure is None
    frames = {}
    for ident in ids:
        dataset, manifest = catalog[ident], read(project, ident)
        frame = frames[ident] = read_raw(dataset, manifest, project.raw("live", ident))
        assert len(frame) == manifest.rows > 0, ident
        assert not set(dataset.key) - set(frame.columns), f"{ident}: the key names a column that is not there"
    assert len(frames["acs5_2018"]) == 2346
    assert (frames["acs5_2018"]["B19013_001E"] == "-666666666").sum() == 38
    assert (frames["sf3_2000"]["H085001"] == "0").sum() == 27
    assert len(frames["tract_shapes_2010"]) == 2344
    assert len(frames["covid_neighborhoods"]) == 50726
    assert frames["covid_neighborhoods"].geometry.isna().sum() == 540
    assert frames["neighborhood_councils_2020"]["FID"].is_unique
    assert frames["crime_homeless_victims"]["area_id"].str.startswith("0").any()
    assert frames["covid_city_cases"]["date"].iloc[0] == "2020-05-01"


def test_with_every_fault_the_same_bytes_land(fetched, portal: str, portal_with: Callable[..., str]) -> None:
    clean, _ = fetched("clean", portal, SAMPLE)
    base = portal_with("--faults", "all", "--rate", "0.2", "--retry-after", "0", "--slow-ms", "50")
    harmed, failure = fetched("harmed", base, SAMPLE)
    assert failure is None
    assert landed(harmed, SAMPLE) == landed(clean, SAMPLE)
    assert sum(stats(base)["faults"].values()) >= 5, "no fault was met: the test proves nothing"


@pytest.mark.parametrize("fault", FAULTS)
def test_with_one_fault_the_same_bytes_land_or_the_old_ones_stay(
    fault: str, catalog: Catalog, fetched, portal: str, portal_with: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ["acs5_2018", "covid_city_cases_layer", "covid_city_cases", "job_applicants"]
    if fault in ("dup", "drop"):
        # Pages only shift where there are several of them.
        ids = ["service_requests_2018"]
        monkeypatch.setattr(socrata, "PAGE_SIZES", (1500, 1700, 1900, 2300, 2700, 4000))
    clean, _ = fetched("clean", portal, ids)
    base = portal_with("--faults", fault, "--rate", "0.35", "--retry-after", "0", "--slow-ms", "50")
    harmed, failure = fetched("harmed", base, ids)
    failed = set(failure.errors) if failure else set()
    assert len(failed) <= 1, failure
    for ident in set(ids) - failed:
        one, two = (read_raw(catalog[ident], read(p, ident), p.raw("live", ident)) for p in (clean, harmed))
        assert one.equals(two)
        assert fault == "dup" or read(clean, ident).sha256 == read(harmed, ident).sha256
    if fault != "drop":
        # Nothing can be dropped from a reading in the order of the row id.
        assert stats(base)["faults"].get(fault, 0) > 0, "the fault was not met: the test proves nothing"


def test_when_nothing_gets_through_the_old_editions_stay(fetched, portal: str, portal_with) -> None:
    clean, _ = fetched("same", portal, SAMPLE)
    before = landed(clean, SAMPLE)
    base = portal_with("--faults", "429,500,html200", "--rate", "1", "--retry-after", "0")
    harmed, failure = fetched("same", base, SAMPLE)
    assert failure is not None
    assert sorted(failure.errors) == sorted(SAMPLE)
    for ident, error in failure.errors.items():
        assert str(error).startswith(f"{ident}: ")
        assert "https://" in str(error)
        assert "stays in place" in str(error)
    assert landed(harmed, SAMPLE) == before
