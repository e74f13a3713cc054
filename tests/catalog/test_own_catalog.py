"""The project's own catalogue: complete, honest about sensitivity, and in step with what is served locally."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from analysis.catalog import Catalog, DatabaseSource, FileSource, city, load_catalog
from analysis.project import AnalysisError, Project

FIRST_NOTEBOOKS = [
    "sf3_1990",
    "sf1_2000",
    "sf3_2000",
    "sf1_2010",
    "acs5_2012",
    "acs5_2018",
    "acs5_2020",
    "crosswalk_1990_2010",
    "crosswalk_2000_2010",
    "tract_shapes_2010",
    "council_districts_2012",
    "neighborhood_councils_2018",
    "neighborhood_councils_2020",
    "covid_city_cases",
    "covid_testing",
    "covid_hospital_surge",
    "covid_hospital_availability",
    "covid_neighborhoods",
    "covid_place_population",
    "csa_race",
    "csa_poverty",
    "csa_age_65",
    "csa_crowded",
    "csa_area",
    "csa_tract_crosswalk",
    "policy_events",
]


@pytest.fixture(scope="module")
def catalog(root: Path) -> Catalog:
    return load_catalog(Project(root))


def test_the_datasets_of_the_notebooks_are_there(catalog: Catalog) -> None:
    assert not set(FIRST_NOTEBOOKS) - set(catalog)
    assert len(catalog) >= 80


def test_every_entry_says_what_it_is_not_for(catalog: Catalog) -> None:
    for dataset in catalog.values():
        assert len(dataset.description) >= 30, dataset.id
        assert dataset.use_for != dataset.do_not_use_for, dataset.id
        assert dataset.known_dirt, f"{dataset.id}: no real dataset is without dirt"
        for text in (dataset.description, dataset.use_for, dataset.do_not_use_for, *dataset.known_dirt):
            assert text.endswith((".", "?", "!")), f"{dataset.id}: {text!r} is no sentence"


def test_rows_about_people_in_need_are_not_public(catalog: Catalog) -> None:
    assert catalog["crime_homeless_victims"].sensitivity == "restricted"
    assert catalog["encampment_requests"].sensitivity == "restricted"
    for ident in ("job_applicants", "homeless_count_2017", "covid_citations"):
        assert catalog[ident].sensitivity == "internal"
    for dataset in catalog.values():
        assert (dataset.sensitivity == "public") == (dataset.sensitivity_reason is None), dataset.id


def test_census_variables_are_explained_and_margins_have_their_estimate(catalog: Catalog) -> None:
    for dataset in catalog.values():
        for name, meaning in getattr(dataset.source, "variables", {}).items():
            assert len(meaning) > 6, f"{dataset.id}: {name}"
            if name.endswith("M") and name.startswith("B"):
                assert f"{name[:-1]}E" in dataset.source.variables
                assert meaning.startswith("Margin of error, 90 percent: ")


def test_every_local_address_is_catalogued(catalog: Catalog, shared: Path) -> None:
    sources = shared / "portal" / "data" / "SOURCES.csv"
    if not sources.is_file():
        pytest.skip("no shared/portal beside the checkout")
    with sources.open(newline="", encoding="utf-8") as handle:
        served = {row["address"] for row in csv.DictReader(handle)}
    ours = {
        unquote(dataset.source.address).removesuffix("/0")
        for dataset in catalog.values()
        if not isinstance(dataset.source, DatabaseSource) and not dataset.optional
    }
    assert ours == served


def test_files_at_a_branch_or_a_commit_never_at_a_machine(catalog: Catalog) -> None:
    for dataset in catalog.values():
        parts = urlsplit(dataset.source.address)
        assert parts.scheme == "https"
        assert parts.hostname not in ("localhost", "127.0.0.1")
        if isinstance(dataset.source, FileSource) and dataset.source.format != "zip":
            assert dataset.source.columns, dataset.id


def test_the_two_cities(root: Path) -> None:
    real, invented = city(Project(root), "live"), city(Project(root), "sample")
    assert (real.city, real.county_fips, real.synthetic) == ("Los Angeles", "06037", False)
    assert (invented.city, invented.county_fips, invented.synthetic) == ("Meridia", "99001", True)
    assert real.projected_crs == "EPSG:2229"
    assert "+units=m" in invented.projected_crs
    with pytest.raises(AnalysisError, match="unknown source 'test'"):
        city(Project(root), "test")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('county_fips: "06037"', 'county_fips: "99037"', r"cities\.yml:\d+: cities: live: bad county_fips '99037'"),
        ('state_fips: "06"', "state_fips: 06", r"cities\.yml:\d+: .*state_fips must be text, found a number"),
        ("synthetic: false", "synthetic: no data", r"cities\.yml:\d+: .*synthetic must be true or false"),
        ("timezone:", "time_zone:", r"cities\.yml:\d+: .*unknown key 'time_zone'"),
    ],
)
def test_mistakes_in_the_cities(old: str, new: str, message: str, root: Path, tmp_path: Path) -> None:
    text = (root / "data" / "catalog" / "cities.yml").read_text()
    assert old in text
    (tmp_path / "data" / "catalog").mkdir(parents=True)
    (tmp_path / "data" / "catalog" / "cities.yml").write_text(text.replace(old, new, 1))
    with pytest.raises(AnalysisError, match=message):
        city(Project(tmp_path), "live")


def test_a_project_without_cities(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"data/catalog/cities\.yml is missing"):
        city(Project(tmp_path), "live")
