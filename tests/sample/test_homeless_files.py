"""The counts of people without a home: the bytes of each year, their dirt, and what was planted, counted anew."""

from __future__ import annotations

import csv
import io
from collections import Counter

import numpy as np
import pytest
import statsmodels.api as sm
from python_calamine import CalamineWorkbook


def book(sample, dataset: str) -> dict[str, list[list[object]]]:
    (content,) = sample.parts(dataset)
    opened = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: opened.get_sheet_by_name(name).to_python() for name in opened.sheet_names}


def rows_of(table: list[list[object]]) -> list[dict[str, object]]:
    return [dict(zip(map(str, table[0]), row, strict=True)) for row in table[1:]]


@pytest.fixture(scope="module")
def old(sample) -> list[dict[str, str]]:
    (content,) = sample.parts("homeless_count_2015")
    return list(csv.DictReader(content.decode("utf-8-sig").split("\r")))


def test_2015_is_an_old_file_on_old_tracts(sample, old) -> None:
    (content,) = sample.parts("homeless_count_2015")
    dirt = sample.truth["dirt"]["homeless_count_2015"]
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\n" not in content
    assert content.count(b"\r") == dirt["line_ends_in_carriage_return"] == len(old) + 1
    codes = {row["Tract"].zfill(6) for row in old}
    assert codes <= set(sample.census("sf1_2000"))
    assert len(codes - set(sample.census("acs5_2018"))) == dirt["codes_not_of_2010"] > 100


def test_2015_reads_zero_where_nobody_counted_and_has_youth_in_its_total(sample, old) -> None:
    dirt = sample.truth["dirt"]["homeless_count_2015"]
    idle = [row for row in old if row["Counted"] == "No"]
    assert len(idle) == dirt["not_counted"] > 50
    assert all(row["Street Count"] == "0" for row in idle)
    assert sum(int(row["YouthCount15"]) for row in old) == dirt["youth_count"] > 100
    assert all(int(row["Unsheltered"]) == int(row["Street Count"]) + int(row["YouthCount15"]) for row in old)
    assert sum(int(value) < 0 for row in old for value in row.values() if value.lstrip("-").isdigit()) == 2


@pytest.mark.parametrize(("dataset", "sheets"), [
    ("homeless_count_2016", ["Notes", "Data", "CodeBook"]),
    ("homeless_count_2017", ["Notes", "Codebook", "Count_by_Tract", "Count_by_Community"]),
])  # fmt: skip
def test_workbooks_have_the_sheets_and_headings_of_the_catalogue(sample, root, dataset, sheets) -> None:
    from analysis.catalog import load_catalog
    from analysis.project import Project

    opened = book(sample, dataset)
    assert list(opened) == sheets
    source = load_catalog(Project(root))[dataset].source
    assert tuple(map(str, opened[source.sheet][0])) == source.columns
    assert len(opened[source.sheet]) - 1 == sample.truth["dirt"][dataset]["tracts"]


def test_communities_add_up_the_tracts(sample) -> None:
    opened = book(sample, "homeless_count_2017")
    tracts, towns = (rows_of(opened[name]) for name in ("Count_by_Tract", "Count_by_Community"))
    for column in ("totPeople", "totTents", "FamCarPeople"):
        assert sum(float(row[column]) for row in towns) == pytest.approx(
            sum(float(row[column]) for row in tracts), abs=0.1
        )
    assert {row["Community"] for row in towns} == {row["Community_Name"] for row in tracts}


def test_2017_has_fractions_and_its_parts_add_up(sample) -> None:
    rows = rows_of(book(sample, "homeless_count_2017")["Count_by_Tract"])
    broken = [row for row in rows if float(row["totUnsheltPeople"]) % 1]
    assert len(broken) == sample.truth["dirt"]["homeless_count_2017"]["fractional_totals"] > 300
    for row in rows:
        kinds = ("Car", "Van", "Camper", "Tent", "Encamp")
        parts = [float(row[f"tot{kind}People"]) for kind in kinds]
        total = float(row["totStreetSingAdult"]) + float(row["totStreetFamMem"]) + sum(parts)
        assert total == pytest.approx(float(row["totUnsheltPeople"]), abs=0.01)
        for kind, people in zip(kinds, parts, strict=True):
            assert float(row[f"Fam{kind}People"]) + float(row[f"Ind{kind}People"]) == pytest.approx(people, abs=0.002)


def test_the_layer_repeats_the_workbook_for_the_city(sample) -> None:
    rows = {int(row["tract"]): row for row in rows_of(book(sample, "homeless_count_2017")["Count_by_Tract"])}
    layer = [feature["properties"] for feature in sample.features("homeless_count_2017_city_tracts")]
    assert len(layer) == sum(int(row["LACity"]) == 1 for row in rows.values())
    assert all(one["totUnshelt"] == pytest.approx(float(rows[one["Tract"]]["totUnsheltPeople"])) for one in layer)


def test_towns_that_count_for_themselves_are_in_no_file(sample, old) -> None:
    absent = set(sample.truth["homelessness"]["own_count"])
    assert len(absent) > 5
    for dataset, sheet, name in (
        ("homeless_count_2016", "Data", "censusTract"),
        ("homeless_count_2017", "Count_by_Tract", "tract"),
    ):
        assert not absent & {f"99001{int(row[name]):06d}" for row in rows_of(book(sample, dataset)[sheet])}


def test_places_and_requests_are_as_dirty_as_declared(sample) -> None:
    places = [feature["properties"] for feature in sample.features("homeless_shelters")]
    points = Counter((one["latitude"], one["longitude"]) for one in places)
    declared = sample.truth["dirt"]["homeless_shelters"]
    assert sum(number - 1 for number in points.values()) == declared["shared_points"]
    assert sum(all(one[name] is None for one in places) for name in ("ext_id", "cat3", "email", "info1", "info2")) == 5
    asked = sample.table("encampment_requests")
    repeats = len(asked) - len({tuple(row.items()) for row in asked})
    # Requests without a date may also agree in all columns by chance.
    assert repeats >= sample.truth["dirt"]["encampment_requests"]["repeats"] > 50
    assert len({row["Month"] for row in asked}) == 11


def test_the_planted_share_is_seen_and_the_quiet_district_is_quiet(sample) -> None:
    truth = sample.truth["homelessness"]
    rows = {
        f"99001{int(row['tract']):06d}": row for row in rows_of(book(sample, "homeless_count_2017")["Count_by_Tract"])
    }
    people = dict(zip(truth["geoid"], truth["people_outdoors"]["2017"], strict=True))
    seen = sum(float(row["totUnsheltPeople"]) for row in rows.values())
    # The averages of the year are a little above the true ones.
    assert seen / sum(people[code] for code in rows) == pytest.approx(truth["share_of_units_seen"], abs=0.07)
    quiet = [float(row["totUnsheltPeople"]) for row in rows.values() if row["CD"] == truth["quiet_district"]]
    assert sum(quiet) < 60
    assert np.mean([0 < value < 10.5 for value in quiet]) > 0.3


def test_requests_rise_with_people_and_with_income_as_planted(sample) -> None:
    truth = sample.truth
    tracts = truth["tracts"]
    income = dict(zip(tracts["geoid"], tracts["income_2018"], strict=True))
    asked = Counter(row["GEOID10"] for row in sample.table("encampment_requests"))
    outdoors = truth["homelessness"]
    rows = []
    for code, district, one, two in zip(outdoors["geoid"], outdoors["district"], outdoors["people_outdoors"]["2016"],
                                        outdoors["people_outdoors"]["2017"], strict=True):  # fmt: skip
        if district > 0 and code in income:
            rows.append((asked[code], (one + two) / 2 + 0.7, income[code]))
    requests, people, dollars = np.array(rows, dtype=float).T
    # A Poisson mean with errors that allow for the tracts' own noise; logarithms of few requests would be biased.
    design = np.column_stack([np.ones(len(people)), np.log(people), np.log(dollars)])
    fit = sm.GLM(requests, design, family=sm.families.Poisson()).fit(cov_type="HC1")
    planted = [outdoors["requests"][name] for name in ("power_of_people", "power_of_income")]
    assert np.abs((fit.params[1:] - planted) / fit.bse[1:]).max() < 3
    assert fit.bse[1:].max() < 0.15
