"""The invented city through the same code as the real one: all planted dirt is found, no more and no less."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from analysis.project import Project
from analysis.refine import accounting
from analysis.refine.storage import read_table
from analysis.sample import TRUTH


@pytest.fixture(scope="module")
def sample(refined_sample: Project) -> Project:
    return refined_sample


@pytest.fixture(scope="module")
def truth(sample: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sample.raw("sample") / TRUTH).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def dirt(truth: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = truth["dirt"]
    return found


@pytest.fixture(scope="module")
def counted(sample: Project) -> pd.Series:
    return accounting(sample, "sample").set_index(["dataset", "action", "reason"])["rows"]


@pytest.fixture(scope="module")
def periods(sample: Project) -> pd.DataFrame:
    found: pd.DataFrame = read_table(sample, "sample", "tract_periods")
    return found


@pytest.mark.parametrize("period", ["2012", "2018"])
@pytest.mark.parametrize(
    ("column", "variable"),
    [("median_household_income", "B19013_001E"), ("median_gross_rent", "B25064_001E"),
     ("median_home_value", "B25077_001E"), ("median_individual_income", "B06011_001E")],
)  # fmt: skip
def test_every_planted_sentinel_and_code_is_flagged(
    periods: pd.DataFrame, dirt: dict[str, Any], period: str, column: str, variable: str
) -> None:
    planted = {
        int(key.split()[1]): rows for key, rows in dirt[f"acs5_{period}"].items() if key.startswith(f"{variable} ")
    }
    flags = periods.loc[periods["period"] == period, f"{column}_flag"].value_counts()
    assert flags.get("missing_sentinel", 0) == planted.get(-666666666, 0)
    assert flags.get("top_coded", 0) == sum(
        rows for code, rows in planted.items() if code in (3501, 2001) or code > 99999
    )
    assert flags.get("bottom_coded", 0) == sum(rows for code, rows in planted.items() if code in (99, 2499, 9999))


def test_shares_of_the_planted_crosswalk_are_recovered_for_every_tract(
    counted: pd.Series, dirt: dict[str, Any]
) -> None:
    for vintage in ("1990", "2000"):
        dataset = f"crosswalk_{vintage}_2010"
        absent = f"tract of 2010 without figures of {vintage}: not in the crosswalk file"
        assert counted[dataset, "flagged", absent] == dirt[dataset]["tracts_left_out"]
        recovered = counted[dataset, "kept", "tract whose shares were recovered exactly"]
        assert recovered + dirt[dataset]["tracts_left_out"] == 1000
        assert counted[dataset, "dropped", "tract outside Meridia County"] == dirt[dataset]["rows_of_another_county"]


def test_restored_medians_show_the_planted_growth_and_those_of_the_file_do_not(
    periods: pd.DataFrame, truth: dict[str, Any]
) -> None:
    everywhere = truth["change"]["elsewhere"]["growth_nominal"]
    for column, planted in (
        ("median_gross_rent", everywhere["rent"]),
        ("median_household_income", everywhere["income"]),
    ):
        wide = periods.pivot(index="geoid", columns="period", values=column)
        file = periods.pivot(index="geoid", columns="period", values=f"{column}_udp")
        assert (wide["2018"] / wide["2000"]).median() == pytest.approx(planted, rel=0.04)
        assert (file["2018"] / file["2000"]).median() > planted * 1.03


def test_what_was_planted_in_the_daily_counts_is_found(
    sample: Project, counted: pd.Series, dirt: dict[str, Any]
) -> None:
    places, city = dirt["covid_neighborhoods"], dirt["covid_city_cases"]
    fell = "cumulative {} fell: kept as a revision, taken off the days before"
    daily = read_table(sample, "sample", "covid_place_daily")
    falls = daily["cases_flag"].isin(["revision", "dip"]) & (daily.groupby("place")["cases_cumulative"].diff() < 0)
    assert falls.sum() == places["cumulative_falls"]
    repeats = "place and day stand again: one row is kept, with the largest of its counts"
    names = places["names_cut_at_hyphen"]
    assert counted["covid_neighborhoods", "dropped", repeats] == places["duplicate_region_days"] + names
    total = "total of the city or county, not a place"
    assert counted["covid_neighborhoods", "dropped", total] == places["rows_of_no_place"]
    assert counted["covid_city_cases", "flagged", fell.format("cases")] == city["cases_fall"]
    assert counted["covid_city_cases", "flagged", fell.format("deaths")] == city["deaths_fall"]
    gap = f"gap in the dates, kept as a gap ({city['missing_days']} days without a row)"
    weekly_end = [reason for _, _, reason in counted["covid_city_cases":"covid_city_cases"].index if "gap" in reason]
    assert gap in weekly_end


def test_zero_beds_repeats_and_blanks_are_counted(counted: pd.Series, dirt: dict[str, Any]) -> None:
    beds = "day with 0 hospital beds, read as missing"
    assert counted["covid_hospital_surge", "changed", beds] == dirt["covid_hospital_surge"]["zero_bed_days"]
    blank = counted["covid_hospital_availability", "flagged", "no count published"]
    assert blank == dirt["covid_hospital_availability"]["num_is_blank"]
    twice = counted["neighborhood_councils_2020", "dropped", "council that stands twice with the same outline"]
    assert twice == dirt["neighborhood_councils_2020"]["names_twice"]
    for dataset in ("csa_age_65", "csa_crowded", "csa_poverty"):
        assert counted[dataset, "dropped", "row without a name"] == dirt[dataset]["rows_without_name"]


def test_places_have_the_population_and_the_areas_they_were_given(sample: Project, truth: dict[str, Any]) -> None:
    found = read_table(sample, "sample", "covid_places").set_index("name")
    planted = pd.Series(truth["covid"]["places"]["population"], truth["covid"]["places"]["name"])
    assert found["population"].to_dict() == planted.to_dict()
    everything = read_table(sample, "sample", "tract_shapes")["area_km2"].sum()
    assert found["area_km2"].sum() <= everything * 1.01


def test_districts_cover_the_city(sample: Project, truth: dict[str, Any]) -> None:
    found = read_table(sample, "sample", "tract_areas").query("kind == 'council_district'")
    assert found["area_id"].nunique() == truth["geography"]["districts"]
    assert found["geoid"].nunique() <= truth["geography"]["tracts_touching_the_city"]
    assert found["geoid"].nunique() > 0.9 * truth["geography"]["tracts_touching_the_city"]


def test_nothing_real_is_named_as_the_source_of_an_invented_figure(sample: Project) -> None:
    from analysis.refine import holdings

    found = holdings(sample, "sample")
    assert found["publisher"].str.startswith("Invented by this project").all()
    assert not found["title"].str.contains("Los Angeles").any()


def test_the_refined_sample_keeps_to_the_folder_of_the_sample(sample: Project) -> None:
    names = {path.name for path in (sample.root / "data" / "processed").iterdir() if path.is_dir()}
    assert names == {"sample"}
