"""COVID-19: cases and deaths of the city and its places, hospitals, tests, policies.

Published counts are cumulative and are revised: where a later count is lower, the
days before it had counted too many. ``*_cumulative`` is what was published,
``*_revision`` the fall on the day it was published (negative, else 0), and
``new_*`` the resolved daily count: the excess is taken off the latest days before,
so that it is never negative and adds up to the last published count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.refine.contracts import Field, Table
from analysis.refine.parsing import dates, numbers
from analysis.refine.revisions import DATE, DAYS, resolved_columns, series_fields, tally_series

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

# The publisher names a band: the largest gathering allowed had between so many and so many people.
POLICY_LABELS = {
    "closing_of_public_venues": "Public venues closed",
    "gathering_size_10_0": "Gatherings limited to 10 people or fewer",
    "gathering_size_25_11": "Gatherings limited to between 11 and 25 people",
    "gathering_size_100_26": "Gatherings limited to between 26 and 100 people",
    "gathering_size_500_101": "Gatherings limited to between 101 and 500 people",
    "lockdown": "Lockdown",
    "non-essential_services_closure": "Non-essential services closed",
    "religious_gatherings_banned": "Religious gatherings banned",
    "school closure": "Schools closed",
    "shelter_in_place": "Stay-at-home order",
    "social_distancing": "Distancing ordered",
}


def one_a_day(bench: Workbench, dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in order of the date; of several rows of a day the last in the file is kept."""
    undated = frame["date"].isna()
    bench.tally(dataset, "dropped", "row without a date", frame.index[undated])
    frame = frame[~undated]
    twice = frame.duplicated("date", keep="last")
    bench.tally(dataset, "dropped", "day stands twice: the last row in the file is kept", frame.loc[twice, "date"],
                topic="repeat")  # fmt: skip
    return frame[~twice].sort_values("date", ignore_index=True)


def build_city_daily(bench: Workbench) -> pd.DataFrame:
    """Cases and deaths of the city by day."""
    dataset = "covid_city_cases"
    raw = bench.raw(dataset, ["date", "city_cases", "city_deaths", "city_new_cases", "city_new_deaths"])
    frame = pd.DataFrame(
        {
            "date": dates(raw["date"], dataset, "%Y-%m-%d"),
            "cases_cumulative": numbers(raw["city_cases"], dataset),
            "deaths_cumulative": numbers(raw["city_deaths"], dataset),
            "new_cases_published": numbers(raw["city_new_cases"], dataset),
            "new_deaths_published": numbers(raw["city_new_deaths"], dataset),
        }
    )
    frame = resolved_columns(one_a_day(bench, dataset, frame), ("cases", "deaths"), dataset)
    tally_series(bench, dataset, frame, "date")
    return frame


def build_hospital_daily(bench: Workbench) -> pd.DataFrame:
    """Patients and beds of the county's hospitals by day; 0 beds is no count."""
    dataset = "covid_hospital_surge"
    wanted = ["county_fips", "date", "hospitalized_covid", "icu_covid", "all_hospital_beds", "all_icu_beds"]
    raw = bench.raw(dataset, wanted)
    county = raw["county_fips"].str.zfill(5)
    here = county == bench.city.county_fips
    bench.tally(dataset, "dropped", "another county", county[~here], topic="outside")
    raw = raw[here]
    frame = pd.DataFrame(
        {
            "date": dates(raw["date"], dataset, "%Y-%m-%d"),
            "covid_patients": numbers(raw["hospitalized_covid"], dataset),
            "covid_icu_patients": numbers(raw["icu_covid"], dataset),
            "beds": numbers(raw["all_hospital_beds"], dataset),
            "icu_beds": numbers(raw["all_icu_beds"], dataset),
        }
    )
    frame = one_a_day(bench, dataset, frame)
    return _zero_beds_are_missing(bench, dataset, frame)


def _zero_beds_are_missing(bench: Workbench, dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    # A county without one bed does not exist: the field was not filled in.
    for column, words in (("beds", "hospital beds"), ("icu_beds", "intensive-care beds")):
        zero = frame[column] == 0
        flag = pd.Series("ok", index=frame.index).mask(frame[column].isna(), "not_published").mask(zero, "missing_zero")
        bench.tally(
            dataset, "changed", f"day with 0 {words}, read as missing", frame.loc[zero, "date"], topic="missing"
        )
        frame = frame.assign(**{f"{column}_flag": flag, column: frame[column].mask(zero)})
    unreported = (frame["icu_beds_flag"] == "missing_zero") & (frame["covid_icu_patients"] == 0)
    reason = "day with 0 intensive-care patients and 0 intensive-care beds, patients read as missing"
    bench.tally(dataset, "changed", reason, frame.loc[unreported, "date"], topic="missing")
    flag = pd.Series("ok", index=frame.index).mask(frame["covid_icu_patients"].isna(), "not_published")
    return frame.assign(
        covid_icu_patients=frame["covid_icu_patients"].mask(unreported),
        covid_icu_patients_flag=flag.mask(unreported, "missing_zero"),
    )


def build_hospital_availability(bench: Workbench) -> pd.DataFrame:
    """Beds and ventilators of the county by their use and day."""
    dataset = "covid_hospital_availability"
    raw = bench.raw(dataset, ["date", "equipment", "status", "num"])
    frame = pd.DataFrame(
        {
            "date": dates(raw["date"], dataset, "%m/%d/%Y"),
            "equipment": raw["equipment"].str.strip(),
            "status": raw["status"].str.strip(),
            "units": numbers(raw["num"], dataset),
        }
    )
    bench.tally(dataset, "flagged", "no count published", frame.loc[frame["units"].isna(), "date"], topic="missing")
    key = ["date", "equipment", "status"]
    twice = frame.duplicated(key, keep="last")
    bench.tally(dataset, "dropped", "day, equipment and status stand twice: the last row in the file is kept",
                frame.loc[twice, "date"], topic="repeat")  # fmt: skip
    return frame[~twice].sort_values(key, ignore_index=True)


def build_testing_daily(bench: Workbench) -> pd.DataFrame:
    """Tests of the county by day."""
    dataset = "covid_testing"
    columns = {
        "tests": "County_Performed",
        "tests_positive": "County_Positive",
        "people_tested": "County_Person_Performed",
        "people_positive": "County_Person_Positive",
    }
    raw = bench.raw(dataset, ["date", *columns.values()])
    frame = pd.DataFrame({name: numbers(raw[column], dataset) for name, column in columns.items()})
    frame.insert(0, "date", dates(raw["date"], dataset, "%Y-%m-%d"))
    frame = one_a_day(bench, dataset, frame)
    wrong = frame["tests_positive"] > frame["tests"]
    bench.tally(dataset, "flagged", "more positive tests than tests", frame.loc[wrong, "date"])
    return frame


def build_policy_events(bench: Workbench) -> pd.DataFrame:
    """Dated policies of state and county, by day."""
    dataset = "policy_events"
    raw = bench.raw(dataset, ["fips", "county", "state", "npi", "start_date", "end_date", "citation", "note"])
    place = numbers(raw["fips"], dataset)
    state = place == int(bench.city.state_fips)
    county = place == int(bench.city.county_fips)
    other = ~(state | county)
    bench.tally(dataset, "dropped", "another state or county", raw.loc[other, "fips"], topic="outside")
    frame = pd.DataFrame(
        {
            "date": dates(raw["start_date"], dataset, "%m/%d/%Y"),
            "end_date": dates(raw["end_date"], dataset, "%m/%d/%Y"),
            "jurisdiction": county.map({True: "county", False: "state"}),
            "place": raw["county"].mask(state, raw["state"]),
            "policy": raw["npi"],
            "label": raw["npi"].map(POLICY_LABELS).fillna(raw["npi"].str.replace("_", " ").str.capitalize()),
            "note": raw["note"],
            "citation": raw["citation"],
        }
    )[~other]
    blank = frame["date"].isna()
    names = frame["jurisdiction"] + " " + frame["policy"]
    bench.tally(dataset, "dropped", "no start date: whether the policy ever held is not known", names[blank],
                topic="missing")  # fmt: skip
    frame = frame[~blank]
    backwards = frame["end_date"] < frame["date"]
    bench.tally(dataset, "flagged", "ends before it begins", names[~blank][backwards])
    key = ["date", "jurisdiction", "policy"]
    twice = frame.duplicated(key)
    bench.tally(dataset, "dropped", "policy stands twice on its day", names[~blank][twice], topic="repeat")
    return frame[~twice].sort_values(key, ignore_index=True)


_CITY = "residents of the city"


def _number(name: str, meaning: str, unit: str, denominator: str) -> Field:
    return Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0)


def _zero_flag(name: str, what: str) -> Field:
    return Field(f"{name}_flag", "text", f"ok; missing_zero: the publisher wrote 0 {what}, which is no count",
                 "label", choices=("ok", "missing_zero", "not_published"))  # fmt: skip


TABLES = (
    Table(
        name="covid_city_daily",
        title="COVID-19 cases and deaths of the city by day",
        key=("date",),
        fields=(
            DATE, DAYS,
            *series_fields("cases", "Confirmed cases", _CITY),
            *series_fields("deaths", "Deaths", _CITY),
            Field("new_cases_published", "number",
                  "New cases as the publisher printed them, negative where a count was revised", "people", _CITY,
                  nullable=True),
            Field("new_deaths_published", "number",
                  "New deaths as the publisher printed them, negative where a count was revised", "people", _CITY,
                  nullable=True),
        ),
        build=build_city_daily,
        inputs=("covid_city_cases",),
        period="date",
    ),
    Table(
        name="hospital_daily",
        title="COVID-19 patients and beds in the county's hospitals by day",
        key=("date",),
        fields=(
            DATE,
            _number("covid_patients", "Patients with confirmed COVID-19 in hospital", "people", "the county"),
            _number("covid_icu_patients", "Patients with confirmed COVID-19 in intensive care", "people",
                    "covid_patients"),
            _zero_flag("covid_icu_patients", "patients beside 0 beds"),
            _number("beds", "Hospital beds of all kinds", "beds", "the county"),
            _zero_flag("beds", "beds"),
            _number("icu_beds", "Intensive-care beds, as published; by their number the available ones", "beds",
                    "the county"),
            _zero_flag("icu_beds", "beds"),
        ),
        build=build_hospital_daily,
        inputs=("covid_hospital_surge",),
        period="date",
    ),
    Table(
        name="hospital_availability",
        title="Beds and ventilators of the county by their use and day",
        key=("date", "equipment", "status"),
        fields=(
            DATE,
            Field("equipment", "text", "Acute-care beds, intensive-care beds or ventilators", "label"),
            Field("status", "text", "What the equipment is used for", "label"),
            _number("units", "Beds or ventilators", "count", "equipment of that kind"),
        ),
        build=build_hospital_availability,
        inputs=("covid_hospital_availability",),
        period="date",
    ),
    Table(
        name="testing_daily",
        title="COVID-19 tests of the county by day",
        key=("date",),
        fields=(
            DATE,
            _number("tests", "Tests performed", "tests", "the county"),
            _number("tests_positive", "Tests with a positive result", "tests", "tests"),
            _number("people_tested", "People tested", "people", "residents of the county"),
            _number("people_positive", "People with a positive result", "people", "people_tested"),
        ),
        build=build_testing_daily,
        inputs=("covid_testing",),
        period="date",
    ),
    Table(
        name="policy_events",
        title="Dated policies against COVID-19 that held in the county",
        key=("date", "jurisdiction", "policy"),
        fields=(
            Field("date", "date", "First day the policy held", "day"),
            Field("end_date", "date", "Last day it held, missing where none was recorded", "day", nullable=True),
            Field("jurisdiction", "text", "Who decided: the state, the county or the city", "label",
                  choices=("state", "county", "city")),
            Field("place", "text", "Name of the state, county or city", "name"),
            Field("policy", "text", "Kind of policy in the publisher's words", "label"),
            Field("label", "text", "Kind of policy in plain words", "name"),
            Field("note", "text", "The publisher's note", "text", nullable=True),
            Field("citation", "text", "Where the publisher found it", "address", nullable=True),
        ),
        build=build_policy_events,
        inputs=("policy_events",),
        period="date",
    ),
)  # fmt: skip
