"""COVID-19 of an invented city: revisions, repeats, cut names, zero beds, undated policies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.refine.covid_places import full_names
from refine_desk import Desk

SHARES = {"pct.asian": 0.1, "pct.black": 0.2, "pct.latino": 0.4, "pct.other": 0.1, "pct.white": 0.2}


def milliseconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def row(
    name: str, day: str, cases: Any, deaths: Any = None, city: str | None = None, point: float = -128.0
) -> dict[str, Any]:
    """One feature of the layer of places."""
    return {"ObjectId": 0, "Region": name, "date": milliseconds(day), "date2": milliseconds(day), "cases": cases,
            "LCITY": city, "COMMUNITY": None, "LABEL": None, "deaths": deaths, "Longitude": point,
            "Latitude": 33.0}  # fmt: skip


PLACES = [
    row("Harbor", "2020-07-10", 90),
    row("Harbor", "2020-07-11", 100, point=-127.0),
    row("Harbor", "2020-07-12", 97),
    row("Elm", "2020-07-12", 40),
    row("Elm", "2020-07-13", 44),
    row("Elm-Vale", "2020-07-13", 44, 1, "Meridia"),
    row("Elm-Vale", "2020-07-15", 50, 1, "Meridia"),
    row("Harbor", "2020-07-13", 99, 2, "Meridia"),
    row("Harbor", "2020-07-13", 99, 2, "Unincorporated"),
    row("Farms", "2020-07-13", 7, 0, "Unincorporated"),
    row("Oldtown", "2020-07-13", 8, 0, "City of Oldtown"),
    row("Westhill", "2020-07-13", 5, 0, "Meridia"),
    row("West Hill", "2020-07-13", 6, 0, "Unincorporated"),
    row("County", "2020-07-13", 9999, 99),
]


@pytest.fixture
def places(desk: Desk) -> Desk:
    desk.layer("covid_neighborhoods", PLACES)
    names = ["Elm-Vale", "Farms", "Harbor", "Oldtown", "West Hill", "Westhill"]
    people = [1000, 0, 2000, 300, 100, 900]
    desk.table(
        "csa_area",
        [{"hood.name": n, "population": p, "area": 1, "density": 1} for n, p in zip(names, people, strict=True)],
    )
    desk.table("csa_race", [{"hood.name": n, "total": t, **SHARES, "top.group": "latino", "is.majority": "FALSE"}
                            for n, t in zip(names, [1010, 50, 900, 310, 101, 905], strict=True)])  # fmt: skip
    desk.table("csa_crowded", [{"hood.name": n, "total": 400, "crowded": 60, "pct.crowded": 0.15} for n in names]
               + [{"hood.name": "NA", "total": "NA", "crowded": "NA", "pct.crowded": "NA"}])  # fmt: skip
    desk.table("csa_poverty", [{"hood.name": n, "total": 900, "pct.below.poverty": 0.2} for n in names])
    desk.table("csa_age_65", [{"hood.name": n, "gte65": 90, "total": 900, "pct.gte65": 0.1} for n in names])
    desk.table("covid_place_population", [
        {"region_num": 1, "population": 4000, "aggregate_region": "Bay", "neighborhood": f"Meridia - {n}", "Region": r,
         "in_two_aggregate_regions": ""}
        for n, r in (("Elm-Vale", "Elm"), ("Harbor", "Harbor"), ("Harbor", ""), ("Farms", "Farms"))
    ])  # fmt: skip
    desk.build("covid_place_daily", "covid_places", "covid_place_regions")
    return desk


def test_one_row_a_place_and_day_and_what_was_repeated_is_counted(places: Desk) -> None:
    daily = places.read("covid_place_daily")
    assert not daily.duplicated(["place", "date"]).any()
    counted = places.tallies("covid_place_daily")
    repeats = "place and day stand again: one row is kept, with the largest of its counts"
    assert counted["covid_neighborhoods", "dropped", repeats] == 2
    assert counted["covid_neighborhoods", "dropped", "total of the city or county, not a place"] == 1
    assert "county" not in set(daily["place"])


def test_a_cut_name_joins_its_full_name_and_the_series_goes_on(places: Desk) -> None:
    elm = places.read("covid_place_daily").query("place == 'elm-vale'")
    assert elm["cases_cumulative"].tolist() == [40, 44, 50]
    assert elm["new_cases"].tolist()[1:] == [4, 6]
    assert elm["new_cases_days"].tolist()[1:] == [1, 2]
    assert elm["cases_flag"].tolist() == ["first", "ok", "gap"]
    assert elm["deaths_flag"].tolist() == ["missing", "first", "gap"]


def test_two_places_whose_names_differ_by_a_blank_stay_two(places: Desk) -> None:
    assert {"west-hill", "westhill"} <= set(places.read("covid_places")["place"])


def test_spellings_that_never_share_a_day_are_one_place() -> None:
    rows = pd.DataFrame({"name": ["Park LaBrea", "Park La Brea", "Park La Brea"],
                         "date": pd.to_datetime(["2020-03-19", "2020-03-21", "2020-03-22"]),
                         "cases": [1.0, 2, 3]})  # fmt: skip
    assert full_names(rows) == {"Park LaBrea": "Park La Brea"}


def test_a_name_is_not_joined_to_one_that_runs_beside_it() -> None:
    rows = pd.DataFrame({"name": ["Elm", "Elm-Vale", "Elm", "Elm-Vale"],
                         "date": pd.to_datetime(["2020-07-01", "2020-07-01", "2020-07-02", "2020-07-02"]),
                         "cases": [1.0, 2, 3, 4]})  # fmt: skip
    assert full_names(rows) == {}


def test_a_revision_is_taken_off_the_days_before_and_kept_as_one(places: Desk) -> None:
    harbor = places.read("covid_place_daily").query("place == 'harbor'")
    assert harbor["cases_cumulative"].tolist() == [90, 100, 97, 99]
    assert harbor["cases_revision"].tolist() == [0, 0, -3, 0]
    assert harbor["new_cases"].tolist()[1:] == [7, 0, 2]
    assert harbor["cases_flag"].tolist() == ["first", "resolved", "revision", "ok"]


def test_places_know_where_they_lie_and_who_lives_there(places: Desk) -> None:
    found = places.read("covid_places").set_index("place")
    assert found["jurisdiction"].to_dict() == {
        "elm-vale": "city", "farms": "unincorporated", "harbor": "mixed", "oldtown": "other_city",
        "west-hill": "unincorporated", "westhill": "city",
    }  # fmt: skip
    assert found.index[found["in_city"]].tolist() == ["elm-vale", "harbor", "westhill"]
    assert found.loc["elm-vale", "population"] == 1000
    regions = places.read("covid_place_regions").set_index("place")
    assert regions["aggregate_population"].to_dict() == {"elm-vale": 4000, "farms": 4000, "harbor": 4000}
    assert found.loc["elm-vale", "crowded_share"] == 0.15
    assert found.loc["elm-vale", "people_in_poverty"] == 180
    assert found.loc["elm-vale", "largest_group"] == "hispanic"
    # One square mile of Web Mercator at latitude 33 is cos² 33° of one on the ground.
    assert found.loc["elm-vale", "area_km2"] == pytest.approx(2.58999 * np.cos(np.radians(33)) ** 2, rel=1e-5)


def test_a_population_of_zero_is_missing_and_bad_shares_are_flagged(places: Desk) -> None:
    found = places.read("covid_places").set_index("place")
    assert np.isnan(found.loc["farms", "population"])
    assert found["shares_flag"].to_dict() == {
        "elm-vale": "ok", "farms": "missing", "harbor": "doubtful", "oldtown": "ok", "west-hill": "ok",
        "westhill": "ok",
    }  # fmt: skip
    counted = places.tallies("covid_places")
    assert counted["csa_area", "changed", "population of 0, read as missing: no rate can be formed"] == 1
    assert counted["csa_crowded", "dropped", "row without a name"] == 1
    counted = places.tallies("covid_place_regions")
    assert counted["covid_place_population", "dropped", "second region of a place that lies in two"] == 1


def test_the_city_keeps_its_gaps_and_its_published_daily_counts(desk: Desk) -> None:
    rows = [("2020-05-01", 100, 5, "", ""), ("2020-05-02", 110, 6, 10, 1), ("2020-05-05", 131, 4, 21, -2)]
    names = ["date", "city_cases", "city_deaths", "city_new_cases", "city_new_deaths"]
    desk.table("covid_city_cases", [dict(zip(names, one, strict=True)) for one in rows])
    desk.build("covid_city_daily")
    found = desk.read("covid_city_daily")
    assert len(found) == 3
    assert found["new_cases"].tolist()[1:] == [10, 21]
    assert found["days_covered"].tolist()[1:] == [1, 3]
    assert found["deaths_revision"].tolist() == [0, 0, -2]
    assert found["new_deaths_published"].tolist()[1:] == [1, -2]
    assert found["deaths_flag"].tolist() == ["first", "resolved", "revision"]
    gap = "gap in the dates, kept as a gap (2 days without a row)"
    assert desk.tallies("covid_city_daily")["covid_city_cases", "flagged", gap] == 1


def test_a_total_printed_again_on_a_holiday_is_no_count_and_is_told(desk: Desk) -> None:
    names = ["date", "city_cases", "city_deaths", "city_new_cases", "city_new_deaths"]
    cases = [1000, 1100, 1200, 1200, 1400, 1500]
    rows = [(f"2020-12-{22 + day}", count, 5, "", "") for day, count in enumerate(cases)]
    desk.table("covid_city_cases", [dict(zip(names, one, strict=True)) for one in rows])
    desk.build("covid_city_daily")
    found = desk.read("covid_city_daily")
    assert found["cases_flag"].tolist() == ["first", "ok", "ok", "held", "gap", "ok"]
    assert np.isnan(found["new_cases"].iloc[3])
    assert (found["new_cases"].iloc[4], found["new_cases_days"].iloc[4]) == (200, 2)
    assert found["deaths_flag"].tolist() == ["first", *["ok"] * 5]
    reason = "cumulative cases of the day before printed again in a busy week: no count, read as missing"
    assert desk.tallies("covid_city_daily")["covid_city_cases", "changed", reason] == 1


def test_zero_beds_are_no_count(desk: Desk) -> None:
    names = ["county_fips", "county", "date", "hospitalized_covid", "all_hospital_beds", "icu_covid", "all_icu_beds",
             "surge_available_beds"]  # fmt: skip
    rows = [("99001", "Meridia", "2020-04-02", 7, 200, 0, 20, ""), ("99001", "Meridia", "2020-04-01", 6, 0, 2, 19, ""),
            ("99001", "Meridia", "2020-04-03", 8, 210, 0, 0, ""),
            ("99003", "Other", "2020-04-01", 1, 1, 1, 1, "")]  # fmt: skip
    desk.table("covid_hospital_surge", [dict(zip(names, one, strict=True)) for one in rows])
    desk.build("hospital_daily")
    found = desk.read("hospital_daily")
    assert found["date"].is_monotonic_increasing
    assert found["beds_flag"].tolist() == ["missing_zero", "ok", "ok"]
    assert np.isnan(found["beds"].iloc[0])
    assert found["covid_icu_patients_flag"].tolist() == ["ok", "ok", "missing_zero"]
    assert found["covid_icu_patients"].tolist()[:2] == [2, 0]
    assert desk.tallies("hospital_daily")["covid_hospital_surge", "dropped", "another county"] == 1


def test_policies_without_a_date_are_dropped_and_counted(desk: Desk) -> None:
    names = ["fips", "county", "state", "npi", "start_date", "end_date", "citation", "note", "re-opening_note",
             "re-opening_citation"]  # fmt: skip
    rows = [("99", "", "Meridia Territory", "shelter_in_place", "3/19/2020", "", "a", "", "", ""),
            ("99001", "Meridia", "Meridia Territory", "lockdown", "", "", "", "", "", ""),
            ("99001", "Meridia", "Meridia Territory", "school closure", "3/16/2020", "6/1/2020", "", "n", "", ""),
            ("1", "", "Elsewhere", "lockdown", "3/19/2020", "", "", "", "", "")]  # fmt: skip
    desk.table("policy_events", [dict(zip(names, one, strict=True)) for one in rows])
    desk.build("policy_events")
    found = desk.read("policy_events")
    assert found["jurisdiction"].tolist() == ["county", "state"]
    assert found["label"].tolist() == ["Schools closed", "Stay-at-home order"]
    assert found["place"].tolist() == ["Meridia", "Meridia Territory"]
    assert [str(day)[:10] for day in found["date"]] == ["2020-03-16", "2020-03-19"]
    counted = desk.tallies("policy_events")
    assert counted["policy_events", "dropped", "no start date: whether the policy ever held is not known"] == 1
    assert counted["policy_events", "dropped", "another state or county"] == 1


def community(name: str, cases: int, people: int, tested: int | None = None) -> dict[str, Any]:
    """One row of the county's own tables; the early layout has tests."""
    row = {"": 1, "geo_merge": name, "cases_final": cases, "case_rate_final": cases, "adj_case_rate_final": 1000.5,
           "deaths_final": 1, "death_rate_final": 1, "adj_death_rate_final": 1}  # fmt: skip
    tests = {"persons_tested_final": tested, "testing_rate_final": 1, "adj_testing_rate_final": 1}
    return {**row, **(tests if tested is not None else {}), "population": people}


def test_parts_of_a_community_stay_apart_and_totals_are_no_place(desk: Desk) -> None:
    desk.table("covid_community_table_early", [community("Meridia - Harbor", 20, 1500, 90)])
    rows = [
        community("Meridia - Harbor", 200, 1500), community("Unincorporated - Harbor", 60, 500),
        community("City of Oldtown", 30, 0), community("Meridia - Harbor", 1, 1), community("County Total", 9999, 9),
    ]  # fmt: skip
    desk.table("covid_community_table_late", rows)
    desk.build("covid_community_tables")
    found = desk.read("covid_community_tables").set_index(["edition", "place", "jurisdiction"])
    assert found["cases"].to_dict() == {
        ("early", "harbor", "city"): 20, ("late", "harbor", "city"): 200, ("late", "harbor", "unincorporated"): 60,
        ("late", "oldtown", "other_city"): 30,
    }  # fmt: skip
    assert found["people_tested"].tolist()[0] == 90
    assert found["people_tested"].isna().sum() == 3
    assert np.isnan(found.loc[("late", "oldtown", "other_city"), "population"])
    counted = desk.tallies("covid_community_tables")
    late = "covid_community_table_late"
    assert counted[late, "dropped", "neither a city nor a community: a total or a remark"] == 1
    assert counted[late, "dropped", "part of a place stands twice: the first row is kept"] == 1


def test_measures_of_other_states_are_dropped_and_known_ones_told_in_plain_words(desk: Desk) -> None:
    names = ["statefips", "statename", "date", "policy_description", "schools_first_closed",
             "nonessential_biz_first_closed", "stayathome_first_start"]  # fmt: skip
    rows = [(99, "Meridia Territory", "2020-07-13", "Meridia Territory prohibited all indoor operations", 0, 0, 0),
            (99, "Meridia Territory", "2020-05-01", "Meridia Territory planted trees", 0, 0, 0),
            (99, "Meridia Territory", "2020-05-01", "Meridia Territory planted trees", 0, 0, 0),
            (1, "Elsewhere", "2020-05-01", "Elsewhere closed", 0, 0, 0)]  # fmt: skip
    desk.table("policy_milestones_state", [dict(zip(names, one, strict=True)) for one in rows])
    desk.build("state_measures")
    found = desk.read("state_measures")
    assert found["label"].tolist() == ["Meridia Territory planted trees", "Indoor service banned"]
    counted = desk.tallies("state_measures")
    assert counted["policy_milestones_state", "dropped", "another state"] == 1
    assert counted["policy_milestones_state", "dropped", "measure stands twice on its day"] == 1
