"""The sample has the shapes of the real services, and none of their names."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from analysis.catalog import load_catalog
from analysis.project import Project
from analysis.sample import names
from analysis.sample.merchants import OTHER_CITIES
from analysis.sources.parsing import sheet_rows

CENSUS = ["sf3_1990", "sf1_2000", "sf3_2000", "sf1_2010", "acs5_2012", "acs5_2018", "acs5_2020"]
LAYERS = ["tract_shapes_2010", "council_districts_2012", "neighborhood_councils_2018", "neighborhood_councils_2020",
          "covid_neighborhoods", "homeless_count_2017_city_tracts", "homeless_shelters"]  # fmt: skip
FILES = ["crosswalk_1990_2010", "crosswalk_2000_2010", "covid_city_cases", "covid_testing", "covid_hospital_surge",
         "covid_hospital_availability", "covid_place_population", "csa_race", "csa_poverty", "csa_age_65",
         "csa_crowded", "csa_area", "csa_tract_crosswalk", "policy_events",
         "covid_community_table_early", "covid_community_table_late", "policy_milestones_state",
         "covid_citations", "small_business_city", "small_business_county", "small_business_zip",
         "small_business_city_daily_2020", "city_ids", "county_ids",
         "encampment_requests"]  # fmt: skip


@pytest.fixture(scope="module")
def real(root, shared) -> Iterator[Any]:
    """Ask the local portal for what lies at a dataset's real address."""
    script = shared / "portal" / "serve.py"
    server = subprocess.Popen([sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, text=True)
    base = server.stdout.readline().split("portal:")[1].strip()
    catalogue = load_catalog(Project(root))

    def ask(dataset: str, tail: str = "") -> bytes:
        address = urllib.parse.quote(catalogue[dataset].source.address.removeprefix("https://"), safe="/:%")
        with urllib.request.urlopen(f"{base}/{address}{tail}") as answer:
            return answer.read()

    yield ask
    server.terminate()
    server.wait(timeout=10)


def _types(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, value in row.items():
            found[name].add(type(value).__name__)
    return dict(found)


@pytest.mark.parametrize("dataset", CENSUS)
def test_census_answers(sample, real, dataset):
    variables = set(json.loads(real(dataset, "/variables.json"))["variables"]) - {"for", "in", "GEO_ID"}
    pages = [json.loads(content) for content in sample.parts(dataset)]
    asked = [header[: header.index("state")] for header, *_ in pages]
    assert {name for part in asked for name in part} == variables
    assert all(len(part) <= 50 for part in asked)
    query = f"?get={','.join(asked[0])}&for=tract:*&in=state:06&in=county:037"
    header, *rows = json.loads(real(dataset, query))
    assert header == pages[0][0]
    ours = {type(value).__name__ for page in pages for row in page[1:] for value in row}
    assert ours == {type(value).__name__ for row in rows for value in row} == {"str"}
    assert [len(cell) for cell in rows[0][-3:]] == [len(cell) for cell in pages[0][1][-3:]]
    tracts = [[tuple(row[-3:]) for row in page[1:]] for page in pages]
    assert all(one == tracts[0] for one in tracts)
    assert real(dataset, query)[:200].decode().count("\n") == sample.parts(dataset)[0][:200].decode().count("\n")


@pytest.mark.parametrize("year", [2017, 2018, 2020])
def test_pages_of_service_requests(sample, real, year):
    dataset = f"service_requests_{year}"
    theirs = json.loads(real(dataset, "?$select=:id,*&$order=:id&$limit=5000"))
    ours = [row for content in sample.parts(dataset) for row in json.loads(content)]
    assert {name for row in ours for name in row} <= {name for row in theirs for name in row}
    known, made = _types(theirs), _types(ours)
    assert all(made[name] <= known[name] for name in made)
    shape = {name: len(theirs[0][name]) for name in ("createddate", "updateddate")}
    assert all(len(row[name]) == length for row in ours for name, length in shape.items())
    assert real(dataset, "?$limit=2")[:2] == sample.parts(dataset)[0][:2] == b"[{"


@pytest.mark.parametrize("dataset", LAYERS)
def test_layer_pages(sample, real, dataset):
    first = json.loads(real(dataset, "/query?where=1=1&outFields=*&f=geojson&resultRecordCount=40"))
    every = json.loads(real(dataset, "/query?where=1=1&outFields=*&f=json&returnGeometry=false&resultRecordCount=2000"))
    pages = [json.loads(content) for content in sample.parts(dataset)]
    ours = [feature["properties"] for page in pages for feature in page["features"]]
    theirs = [feature["properties"] for feature in first["features"]]
    assert list(ours[0]) == list(theirs[0])
    known = _types([row["attributes"] for row in every["features"]] + theirs)
    for name, kinds in _types(ours).items():
        # A column that was empty in the rows looked at may hold anything.
        assert kinds <= known[name] | ({"str", "int", "float"} if known[name] == {"NoneType"} else set()), name
    assert [set(feature) for feature in pages[0]["features"][:1]] == [set(feature) for feature in first["features"][:1]]
    assert {k: v for k, v in first.items() if k != "features"} == {
        k: v for k, v in {**pages[0], **_cut(first)}.items() if k != "features"
    }
    assert all("exceededTransferLimit" in json.dumps({**page, "features": []}) for page in pages[:-1])
    assert "exceededTransferLimit" not in json.dumps({**pages[-1], "features": []})


def _cut(page: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in page.items() if key in ("properties", "exceededTransferLimit")}


@pytest.mark.parametrize("dataset", LAYERS[:4])
def test_rings_run_as_the_services_write_them(sample, real, dataset):
    from shapely.geometry import shape

    def clockwise(feature: dict[str, Any]) -> bool:
        first = shape(feature["geometry"])
        ring = getattr(first, "geoms", [first])[0].exterior
        return not ring.is_ccw

    first = json.loads(real(dataset, "/query?where=1=1&outFields=*&f=geojson&resultRecordCount=5"))
    assert all(clockwise(feature) for feature in first["features"])
    assert all(clockwise(feature) for feature in sample.features(dataset))


@pytest.mark.parametrize("dataset", FILES)
def test_file_headings_and_cells(sample, real, dataset):
    theirs = list(csv.reader(io.StringIO(real(dataset).decode())))
    ours = list(csv.reader(io.StringIO(sample.parts(dataset)[0].decode())))
    assert ours[0] == theirs[0]
    assert {len(row) for row in ours} == {len(ours[0])}
    for column, heading in enumerate(ours[0]):
        assert _kind(ours, column) <= _kind(theirs, column), heading


def _kind(rows: list[list[str]], column: int) -> set[str]:
    """What a column holds: whole numbers, fractions, dates, text, nothing."""
    found = set()
    for row in rows[1:]:
        cell = row[column]
        bare = cell.replace("e-", "").replace(".", "", 1).removeprefix("-")
        if cell in ("", "NA"):
            found.add("empty")
        elif bare.isdigit():
            found.add("number")
        elif cell.replace("-", "").isdigit() or cell.replace("/", "").isdigit():
            found.add("date " + ("-" if "-" in cell else "/"))
        else:
            found.add("text")
    # A share may by chance be whole everywhere.
    return found


def test_a_workbook_has_the_sheet_the_headings_and_the_kinds_of_cells(sample, real, root):
    catalogue = load_catalog(Project(root))
    source = catalogue["economy_panel"].source
    header, rows = sheet_rows(real("economy_panel"), source)
    ours_header, ours = sheet_rows(sample.parts("economy_panel")[0], source)
    assert ours_header == header
    for column, heading in enumerate(header):
        theirs = _kind([[cell or "" for cell in row] for row in rows], column)
        assert _kind([[cell or "" for cell in row] for row in ours], column) <= theirs, heading
    column = header.index("indicator")
    assert {row[column] for row in ours} <= {row[column] for row in rows}
    column = header.index("sub_indicator")
    assert {row[column] for row in ours} <= {row[column] for row in rows}


def test_rows_of_a_portal(sample, real):
    """The register is not served anywhere near; certificates of the same portal show the form of its rows."""
    theirs = json.loads(real("certificates_of_occupancy", "?$select=:id,*&$order=:id&$limit=500"))
    ours = json.loads(sample.parts("certificates_of_occupancy")[0])
    # Addresses are left out: an invented street could be taken for a real one.
    assert set(ours[0]) == set(theirs[0]) - {"address"}
    assert _types(ours).items() <= _types(theirs).items()
    assert sample.manifests["certificates_of_occupancy"].columns[0] == ":id"
    for dataset in ("businesses_all", "businesses_active"):
        rows = json.loads(sample.parts(dataset)[0])
        assert [row[":id"] for row in rows] == sorted({row[":id"] for row in rows})
        assert all(kinds <= {"str", "dict"} for kinds in _types(rows).values())
        assert not any("street_address" in row for row in rows)
        assert {row["zip_code"][:2] for row in rows} == {names.STATE_FIPS}


def test_no_invented_name_is_a_real_one(sample, real):
    theirs: set[str] = set()
    for dataset in ("covid_place_population", "csa_race", "covid_hospital_surge", "policy_events"):
        for row in csv.DictReader(io.StringIO(real(dataset).decode())):
            theirs |= {str(value).strip().lower() for value in row.values() if value}
    for dataset in ("neighborhood_councils_2018", "neighborhood_councils_2020", "council_districts_2012"):
        body = json.loads(real(dataset, "/query?where=1=1&outFields=*&f=json&returnGeometry=false"))
        for feature in body["features"]:
            theirs |= {str(value).strip().lower() for value in feature["attributes"].values()}
    for dataset in ("city_ids", "county_ids"):
        for row in csv.DictReader(io.StringIO(real(dataset).decode())):
            theirs |= {str(value).strip().lower() for value in row.values() if value}
    others = {value for name, state, _ in OTHER_CITIES for value in (name, state)}
    assert {name for name in others if name.lower() in theirs} == set()
    ours = {*names.NEIGHBORHOODS, names.NEW_NEIGHBORHOOD, *names.TOWNS, *names.RURAL_PLACES, names.CITY, names.COUNTY}
    ours |= {*names.COUNCIL_MEMBERS, names.STATE, *(name for _, name in names.OTHER_COUNTIES)}
    assert len(theirs) > 500
    assert {name for name in ours if name.lower() in theirs} == set()
    members = {row["properties"]["CDMEMBER"] for row in sample.features("council_districts_2012")}
    assert members == set(names.COUNCIL_MEMBERS)


def test_no_row_is_a_real_row(sample, real):
    header, *rows = json.loads(
        real("acs5_2018", "?get=B03002_001E,B19013_001E,B25064_001E,B25077_001E&for=tract:*&in=state:06&in=county:037")
    )
    theirs = {tuple(row[:4]) for row in rows if row[1] != "-666666666"}
    ours = {tuple(row[name] for name in header[:4]) for row in sample.census("acs5_2018").values()}
    assert ours & theirs == set()
