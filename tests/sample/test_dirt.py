"""The dirt on disk is the dirt the truth file declares, counted again from the bytes."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import date

import pytest


@pytest.fixture(scope="module")
def dirt(sample):
    return sample.truth["dirt"]


@pytest.mark.parametrize("dataset", ["acs5_2012", "acs5_2018", "sf3_2000", "sf3_1990"])
def test_sentinels_codes_and_zeros(sample, dirt, dataset):
    rows = sample.census(dataset).values()
    declared = {key: count for key, count in dirt[dataset].items() if " " in key}
    assert len(declared) >= 5
    for key, count in declared.items():
        variable, value = key.split()
        assert sum(row[variable] == value for row in rows) == count, key


def test_every_sentinel_of_the_survey_is_declared(sample, dirt):
    found = Counter()
    for dataset in ("acs5_2012", "acs5_2018"):
        for row in sample.census(dataset).values():
            for variable, value in row.items():
                if value.startswith("-"):
                    found[dataset, f"{variable} {value}"] += 1
    declared = {(d, key): n for d in ("acs5_2012", "acs5_2018") for key, n in dirt[d].items() if " -" in key}
    assert dict(found) == declared
    kinds = {key.split()[1] for _, key in found}
    assert kinds == {"-666666666", "-222222222", "-333333333"}


def test_margins_are_missing_exactly_where_the_estimate_is_missing_or_coded(sample):
    for row in sample.census("acs5_2018").values():
        for name, top in (("B19013_001", "250001"), ("B25064_001", "3501"), ("B25077_001", "2000001")):
            estimate, margin = row[f"{name}E"], row[f"{name}M"]
            assert (estimate == "-666666666") == (margin == "-222222222")
            coded = estimate == top or (name == "B25077_001" and estimate == "9999")
            assert coded == (margin == "-333333333")


def test_tract_codes_differ_between_vintages(sample, dirt):
    of_2010, of_2000, of_2020 = (set(sample.census(name)) for name in ("acs5_2018", "sf1_2000", "acs5_2020"))
    assert set(sample.census("acs5_2012")) == set(sample.census("sf1_2010")) == of_2010
    assert len(of_2000 - of_2010) > 100 < len(of_2010 - of_2000)
    assert len(of_2020 - of_2010) == dirt["acs5_2020"]["codes_not_of_2010"] > 100
    assert len(of_2010 - of_2000) == dirt["sf1_2000"]["codes_of_2010_not_here"]


@pytest.mark.parametrize(("dataset", "people"), [("crosswalk_1990_2010", "pop_90"), ("crosswalk_2000_2010", "pop_00")])
def test_crosswalk_files(sample, dirt, dataset, people):
    rows = sample.table(dataset)
    declared = dirt[dataset]
    ours = [row for row in rows if row["county"] == "001"]
    assert len(rows) - len(ours) == declared["rows_of_another_county"]
    codes = {row["tract"] for row in ours}
    assert len(set(sample.census("acs5_2018")) - codes) == declared["tracts_left_out"]
    fractions = [row for row in ours if abs(float(row[people]) - round(float(row[people]))) > 1e-6]
    assert len(fractions) == declared["medians_scaled_like_counts"] > 100
    assert sum(int(row["trtid_base"]) >= 180_000_000_000 for row in ours) == declared["tracts_of_several_old_tracts"]
    counted = {"pop_90": ("sf3_1990", "P0010001"), "pop_00": ("sf1_2000", "P004001")}[people]
    lost = sum(float(row[counted[1]]) for row in sample.census(counted[0]).values())
    lost -= sum(float(row[people]) for row in ours)
    assert round(lost) == declared["people_lost"] > 0
    assert all(row["FIPS"].endswith(".0") for row in rows)
    assert "" in rows[0]


def test_city_cases(sample, dirt):
    rows = sample.table("covid_city_cases")
    declared = dirt["covid_city_cases"]
    days = [date.fromisoformat(row["date"]) for row in rows]
    steps = [(b - a).days for a, b in itertools.pairwise(days)]
    assert sum(step > 1 for step in steps) == declared["gaps_in_dates"]
    assert sum(step - 1 for step in steps) == declared["missing_days"]
    assert sum(row["city_new_cases"] == "" for row in rows) == declared["new_is_blank"] == 1
    for name in ("cases", "deaths"):
        total = [int(row[f"city_{name}"]) for row in rows]
        new = [int(row[f"city_new_{name}"]) for row in rows[1:]]
        assert [b - a for a, b in itertools.pairwise(total)] == new
        assert sum(value < 0 for value in new) == declared[f"{name}_fall"]
    late = [row for row in rows if row["date"] >= declared["weekly_from"]]
    assert {date.fromisoformat(row["date"]).weekday() for row in late if row["city_new_cases"] != "0"} == {3}


def test_place_series(sample, dirt):
    rows = [feature["properties"] for feature in sample.features("covid_neighborhoods")]
    shapes = [feature["geometry"] for feature in sample.features("covid_neighborhoods")]
    declared = dirt["covid_neighborhoods"]
    key = Counter((row["Region"], row["date"]) for row in rows)
    assert sum(key.values()) - len(key) == declared["duplicate_region_days"] > 300
    counts: dict[tuple[str, int], set[int]] = {}
    for row in rows:
        counts.setdefault((row["Region"], row["date"]), set()).add(row["cases"])
    assert all(len(cases) == 1 for cases in counts.values())
    latest: dict[str, int] = {}
    falls = 0
    for row in sorted(rows, key=lambda row: (row["Region"], row["date"])):
        falls += row["cases"] < latest.get(row["Region"], 0)
        latest[row["Region"]] = row["cases"]
    assert falls == declared["cumulative_falls"] > 10
    assert sum(row["deaths"] is None for row in rows) == declared["deaths_empty"]
    assert sum(row["Longitude"] is None for row in rows) == declared["without_geometry"]
    assert [shape is None for shape in shapes] == [row["Longitude"] is None for row in rows]
    assert sum(row["Region"] in ("City", "County") for row in rows) == declared["rows_of_no_place"]
    assert any(row["COMMUNITY"] == " " for row in rows)
    assert [row["ObjectId"] for row in rows] == list(range(1, len(rows) + 1))


def test_hospital_files(sample, dirt):
    rows = sample.table("covid_hospital_surge")
    ours = [row for row in rows if row["county_fips"] == "99001"]
    declared = dirt["covid_hospital_surge"]
    assert sum(row["all_hospital_beds"] == "0" for row in ours) == declared["zero_bed_days"] == 23
    assert sum(row["surge_available_beds"] == "" for row in ours) == declared["surge_is_blank"]
    assert len({row["county"] for row in rows}) - 1 == declared["other_counties"]
    rows = sample.table("covid_hospital_availability")
    declared = dirt["covid_hospital_availability"]
    assert sum(row["num"] == "" for row in rows) == declared["num_is_blank"]
    days = {row["date"] for row in rows}
    asked = {row["date"] for row in rows if row["status"] == "COVID Person Under Investigation"}
    assert len(days - asked) == declared["days_without_investigation"]


def test_files_about_places(sample, dirt):
    for dataset in ("csa_poverty", "csa_age_65", "csa_crowded"):
        rows = sample.table(dataset)
        assert sum(row["hood.name"] in ("", "NA") for row in rows) == dirt[dataset]["rows_without_name"] == 1
    rows = sample.table("covid_place_population")
    declared = dirt["covid_place_population"]
    assert sum(row["Region"] == "" for row in rows) == declared["region_is_blank"]
    assert sum("  " in row["neighborhood"] for row in rows) == declared["double_blanks"] > 0
    assert sum("\n" in row["neighborhood"] for row in rows) == declared["broken_lines"] == 1
    assert sum("I" in row["neighborhood"][1:] for row in rows) == declared["misread_names"] > 5
    rows = sample.table("csa_tract_crosswalk")
    declared = dirt["csa_tract_crosswalk"]
    assert sum("e-" in row["pct.of.tract"] for row in rows) == declared["scientific_notation"] > 50
    assert sum(float(row["pct.of.tract"]) < 0.001 for row in rows) == declared["slivers"]


def test_policies(sample, dirt):
    rows = sample.table("policy_events")
    declared = dirt["policy_events"]
    assert sum(row["start_date"] == "" for row in rows) == declared["start_is_blank"]
    assert 0.2 < declared["start_is_blank"] / len(rows) < 0.4
    assert len(rows) - len({json.dumps(row) for row in rows}) == declared["duplicate_rows"] == 1


@pytest.mark.parametrize("year", [2017, 2018, 2020])
def test_service_requests(sample, dirt, year):
    rows = [row for content in sample.parts(f"service_requests_{year}") for row in json.loads(content)]
    declared = dirt[f"service_requests_{year}"]
    assert sum(row.get("closeddate", "9") < row["createddate"] for row in rows) == declared["closed_before_created"]
    assert sum("latitude" not in row for row in rows) == declared["without_coordinates"] > 0
    assert sum("cdmember" not in row and "cd" in row for row in rows) == declared["member_is_blank"] > 0
    assert len(rows) - len({row["createddate"] for row in rows}) == declared["creation_times_again"]
    assert (not any("location" in row for row in rows)) == bool(declared["never_a_location"]) == (year == 2020)
    numbers = {name for row in rows for name in row if name.startswith(":@computed_region")}
    assert len(numbers) == declared["columns_of_row_numbers"] == (6 if year == 2018 else 0)
    assert len({row["srnumber"] for row in rows}) == len({row[":id"] for row in rows}) == len(rows)
    assert [row[":id"] for row in rows] == sorted(row[":id"] for row in rows)
