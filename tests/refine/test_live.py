"""The real data of Los Angeles through the same code: published figures found again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.project import AnalysisError, Project
from analysis.refine import accounting, quality
from analysis.refine.building import refine_tables
from analysis.refine.storage import read_table
from analysis.refine.vintages import join_tracts, joined_geoids
from analysis.refine.workbench import Shelf

pytestmark = pytest.mark.portal


@pytest.fixture(scope="module")
def periods(live: Project) -> pd.DataFrame:
    found: pd.DataFrame = read_table(live, "live", "tract_periods")
    return found


def change(periods: pd.DataFrame, column: str) -> float:
    """Median over tracts of the change 2000 to 2018, in percent."""
    wide = periods.pivot(index="geoid", columns="period", values=column)
    return float(100 * ((wide["2018"] / wide["2000"]).dropna().median() - 1))


def real(nominal: float, index: pd.Series, series: str, base: int) -> float:
    return float(100 * ((1 + nominal / 100) / (index[series, 2018] / index[series, base]) - 1))


def test_all_tracts_of_the_county_are_there_in_every_period(periods: pd.DataFrame) -> None:
    assert periods["geoid"].nunique() == 2346
    assert periods.groupby("period").size().tolist() == [2346] * 4
    assert periods["geoid"].str.startswith("06037").all()


@pytest.mark.parametrize(
    ("column", "nominal", "national", "local"),
    [("median_gross_rent_udp", 102, 39, 30), ("median_household_income_udp", 62, 11, 5)],
)
def test_figures_of_the_crosswalk_file_as_published(
    live: Project, periods: pd.DataFrame, column: str, nominal: int, national: int, local: int
) -> None:
    index = read_table(live, "live", "prices").set_index(["series", "year"])["index"]
    found = change(periods, column)
    assert round(found) == nominal
    assert round(real(found, index, "us_cpi_u", 2000)) == national
    assert round(real(found, index, "los_angeles_cpi_u", 2000)) == local


def test_restored_medians_agree_with_the_tracts_that_never_changed(live: Project, periods: pd.DataFrame) -> None:
    shares = read_table(live, "live", "tract_crosswalk").query("vintage == '2000'")
    kept = shares[(shares["geoid"] == shares["source_geoid"]) & (shares["share"] == 1)]
    same = kept[~kept["geoid"].isin(shares.loc[shares["geoid"].duplicated(keep=False), "geoid"])]["geoid"]
    unchanged = periods[periods["geoid"].isin(set(same))]
    assert len(same) > 700
    for column in ("median_gross_rent", "median_household_income"):
        # Where nothing was spread the file is right, and both columns say the same ...
        assert change(unchanged, column) == pytest.approx(change(unchanged, f"{column}_udp"), abs=0.1)
        # ... and the county as a whole moved as these tracts did, not as the file's medians suggest.
        assert change(periods, column) == pytest.approx(change(unchanged, column), abs=3.5)
        assert change(periods, f"{column}_udp") > change(unchanged, column) + 7


def test_share_of_adults_with_a_degree_rose_by_the_published_points(periods: pd.DataFrame) -> None:
    share = (periods["bachelors_plus"] / periods["adults_25plus"]).rename("share")
    wide = periods.assign(share=share).pivot(index="geoid", columns="period", values="share")
    assert round(100 * (wide["2018"] - wide["2000"]).median(), 1) == 6.6


@pytest.mark.parametrize(
    ("period", "column", "sentinels", "top"),
    [
        ("2018", "median_household_income", 38, 2), ("2018", "median_home_value", 107, 38),
        ("2018", "median_gross_rent", 57, 22), ("2018", "median_housing_costs", 35, None),
        ("2018", "median_individual_income", 27, None), ("2012", "median_home_value", 83, 107),
        ("2012", "median_gross_rent", 43, 208), ("2012", "median_individual_income", 18, None),
    ],
)  # fmt: skip
def test_sentinels_and_top_codes_are_all_found(
    periods: pd.DataFrame, period: str, column: str, sentinels: int, top: int | None
) -> None:
    now = periods[periods["period"] == period]
    flags = now[f"{column}_flag"].value_counts()
    assert flags["missing_sentinel"] == sentinels
    assert now[column].isna().sum() == sentinels
    if top is not None:
        assert flags["top_coded"] == top


@pytest.mark.parametrize(
    ("dataset", "vintage", "unmatched", "codes"),
    [("sf1_2000", "2000", 354, "2,054"), ("acs5_2020", "2020", 476, "2,498")],
)
def test_the_tract_vintage_trap_is_caught(
    live: Project, periods: pd.DataFrame, dataset: str, vintage: str, unmatched: int, codes: str
) -> None:
    raw = Shelf(live, "live").raw(dataset)
    other = pd.DataFrame({"geoid": joined_geoids(raw, dataset)})
    tracts = periods[periods["period"] == "2018"][["geoid", "population"]]
    # The correction of one code after 2010 is no part of either vintage's list.
    with pytest.raises(AnalysisError, match=rf"{dataset}: {unmatched} of {codes} tract codes are not 2010 tracts"):
        join_tracts(tracts, other, right_name=dataset, right_vintage=vintage)


def test_the_crosswalk_proves_itself(live: Project) -> None:
    shares = read_table(live, "live", "tract_crosswalk")
    totals = shares.groupby(["vintage", "source_geoid"])["share"].sum()
    assert (totals.between(0.99, 1.01)).mean() > 0.98


def test_districts_hold_the_people_the_city_counted(live: Project) -> None:
    found = read_table(live, "live", "tract_areas").query("kind == 'council_district'")
    people = found.groupby("area_id")["people"].sum()
    assert len(people) == 15
    # Census 2010: 3,792,621 residents of the City of Los Angeles.
    assert people.sum() == pytest.approx(3_792_621, rel=0.005)
    # Districts of 2012 were drawn to hold the same number of people.
    assert people.min() / people.max() > 0.9
    area = read_table(live, "live", "council_districts")["area_km2"].sum()
    # City of Los Angeles: 472.9 square miles with water.
    assert area == pytest.approx(472.9 * 2.58999, rel=0.01)


def test_city_cases_begin_and_end_as_published(live: Project) -> None:
    found = read_table(live, "live", "covid_city_daily")
    assert [str(found["date"].iloc[row].date()) for row in (0, -1)] == ["2020-05-01", "2023-11-29"]
    assert len(found) == 1126
    assert (found["days_covered"] > 1).sum() == 11
    assert found["cases_cumulative"].iloc[0] + found["new_cases"].sum() == found["cases_cumulative"].iloc[-1]
    assert (found["new_deaths"].dropna() >= 0).all()
    held = found.loc[found["cases_flag"] == "held", "date"].dt.date.astype("str").tolist()
    assert "2020-12-25" in held
    assert all(day > "2020-12-24" for day in held)
    assert (found["deaths_revision"] < 0).sum() == 12


def test_places_have_one_row_a_day(live: Project) -> None:
    daily = read_table(live, "live", "covid_place_daily")
    assert not daily.duplicated(["place", "date"]).any()
    assert daily["place"].nunique() == 322
    revisions = (daily["cases_flag"] == "revision").sum()
    dips = daily["cases_flag"] == "dip"
    assert 480 <= revisions <= 494
    assert dips.sum() < 20
    last = daily[~daily["cases_flag"].isin(["dip", "missing"])].groupby("place").last()
    assert (last["cases_cumulative"] > 0).mean() > 0.9
    counted = accounting(live, "live").set_index(["dataset", "action", "reason"])["rows"]
    repeats = "place and day stand again: one row is kept, with the largest of its counts"
    # 1,170 repeated region-days, and the days on which a cut name stands beside its full one.
    assert counted["covid_neighborhoods", "dropped", repeats] == 1170 + 8


def test_hospital_days_with_no_beds_are_missing(live: Project) -> None:
    found = read_table(live, "live", "hospital_daily")
    assert (found["beds_flag"] == "missing_zero").sum() == 23
    assert found.loc[found["beds_flag"] == "missing_zero", "beds"].isna().all()
    assert found["date"].diff().dt.days.iloc[1:].eq(1).all()


def test_rates_of_places_have_a_denominator_of_their_own(live: Project) -> None:
    found = read_table(live, "live", "covid_places")
    assert found["population"].sum() == pytest.approx(10_253_714)
    crowded = found["crowded_households"].sum() / found["households"].sum()
    # ACS 2014-18, Los Angeles County: 11.4 percent of households have more than one person a room.
    assert crowded == pytest.approx(0.114, abs=0.002)
    assert (found["shares_flag"] == "ok").mean() > 0.8
    # Beverly Hills and Pasadena measure 5.71 and 23.1 square miles (Census Bureau, with water).
    area = found.set_index("place")["area_km2"]
    assert area["beverly-hills"] == pytest.approx(5.71 * 2.58999, rel=0.02)
    assert area["pasadena"] == pytest.approx(23.1 * 2.58999, rel=0.02)
    assert np.isfinite(found.loc[found["shares_flag"] == "ok", ["population", "poverty_share", "share_65plus"]]).all(
        axis=None
    )


def test_policies_of_state_and_county_are_dated(live: Project) -> None:
    found = read_table(live, "live", "policy_events")
    stay = found[(found["policy"] == "shelter_in_place") & (found["jurisdiction"] == "state")]
    assert [str(day.date()) for day in stay["date"]] == ["2020-03-19"]


def test_the_crosswalk_files_are_graded_for_what_is_wrong_with_them(live: Project) -> None:
    found: Any = quality(live, "live").set_index("dataset")["grade"]
    assert found["crosswalk_1990_2010"] == "D"
    assert found["crosswalk_2000_2010"] == "C"
    assert found["sf3_2000"] == "A"


def test_refining_again_builds_nothing(live: Project) -> None:
    assert {state.state for state in refine_tables(live, "live")} == {"fresh"}
