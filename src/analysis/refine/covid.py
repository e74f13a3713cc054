"""COVID-19: cases and deaths of the city and its places, hospitals, tests, policies.

Published counts are cumulative and are revised: where a later count is lower, the
days before it had counted too many. ``*_cumulative`` is what was published,
``*_revision`` the fall on the day it was published (negative, else 0), and
``new_*`` the resolved daily count: the excess is taken off the latest days before,
so that it is never negative and adds up to the last published count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.refine.contracts import Field, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.refine.workbench import Workbench

DATE = Field("date", "date", "Day the count is of", "day")
DAYS = Field(
    "days_covered", "number",
    "Days since the row before: more than 1 after a gap, so that new_* covers several days; missing on the first row",
    "days", nullable=True, minimum=1,
)  # fmt: skip
COUNT_FLAGS = ("ok", "first", "gap", "revision", "resolved", "missing")


def _series(word: str, meaning: str, out_of: str) -> tuple[Field, ...]:
    return (
        Field(f"{word}_cumulative", "number", f"{meaning} since the beginning, as published", "people", out_of,
              nullable=True, minimum=0),
        Field(f"{word}_revision", "number", f"Fall of the published cumulative {word} on this day, else 0", "people",
              out_of, nullable=True, maximum=0),
        Field(f"new_{word}", "number",
              f"{meaning} since the row before, after revisions are taken off the latest days before them", "people",
              out_of, nullable=True, minimum=0),
        Field(f"{word}_flag", "text",
              "ok; first row; gap (several days since the row before); revision (published count fell on this day); "
              "resolved (lowered by a later revision); missing (no count published)",
              "label", choices=COUNT_FLAGS),
    )  # fmt: skip


def build_city_daily(bench: Workbench) -> pd.DataFrame:
    """Cases and deaths of the city by day."""
    raise NotImplementedError


def build_place_daily(bench: Workbench) -> pd.DataFrame:
    """Cases and deaths of each place by day."""
    raise NotImplementedError


def build_places(bench: Workbench) -> pd.DataFrame:
    """Who lives in each place, and how."""
    raise NotImplementedError


def build_hospital_daily(bench: Workbench) -> pd.DataFrame:
    """Patients and beds of the county's hospitals by day."""
    raise NotImplementedError


def build_hospital_availability(bench: Workbench) -> pd.DataFrame:
    """Beds and ventilators of the county by their use and day."""
    raise NotImplementedError


def build_testing_daily(bench: Workbench) -> pd.DataFrame:
    """Tests of the county by day."""
    raise NotImplementedError


def build_policy_events(bench: Workbench) -> pd.DataFrame:
    """Dated policies of state and county."""
    raise NotImplementedError


_CITY = "residents of the city"
_PLACE = "residents of the place"


def _share(name: str, meaning: str, denominator: str) -> Field:
    return Field(name, "number", meaning, "share", denominator, nullable=True, minimum=0, maximum=1)


def _number(name: str, meaning: str, unit: str, denominator: str) -> Field:
    return Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0)


TABLES = (
    Table(
        name="covid_city_daily",
        title="COVID-19 cases and deaths of the city by day",
        key=("date",),
        fields=(
            DATE, DAYS,
            *_series("cases", "Confirmed cases", _CITY),
            *_series("deaths", "Deaths", _CITY),
            _number("new_cases_published", "New cases as the publisher printed them, for comparison", "people", _CITY),
            _number("new_deaths_published", "New deaths as the publisher printed them, for comparison", "people",
                    _CITY),
        ),
        build=build_city_daily,
        inputs=("covid_city_cases",),
        period="date",
    ),
    Table(
        name="covid_place_daily",
        title="COVID-19 cases and deaths of each place by day",
        key=("place", "date"),
        fields=(
            Field("place", "text", "Place, as in covid_places", "code"),
            DATE, DAYS,
            *_series("cases", "Confirmed cases", _PLACE),
            *_series("deaths", "Deaths", _PLACE),
        ),
        build=build_place_daily,
        inputs=("covid_neighborhoods",),
        period="date",
    ),
    Table(
        name="covid_places",
        title="Places for which COVID-19 was counted: who lives there, and how",
        key=("place",),
        fields=(
            Field("place", "text", "Place: its name in small letters with hyphens", "code",
                  pattern=r"^[a-z0-9-]+$"),
            Field("name", "text", "Name of the place", "name"),
            Field("jurisdiction", "text", "Whether the place is in the city, another city or outside any city",
                  "label", choices=("city", "other_city", "unincorporated", "unknown")),
            Field("in_city", "truth", "The place is a neighbourhood of the city", "yes or no"),
            _number("population", "Residents, the figure used for rates", "people", "all residents of the place"),
            Field("population_source", "text", "Dataset the population is from", "label", nullable=True),
            _number("households", "Households whose crowding is known", "households", "all households of the place"),
            _number("crowded_households", "Households with more than one person a room", "households", "households"),
            _share("crowded_share", "Share of households with more than one person a room", "households"),
            _number("people_poverty_known", "People whose poverty status is known", "people",
                    "all residents of the place"),
            _number("people_in_poverty", "People in households below the poverty line", "people",
                    "people_poverty_known"),
            _share("poverty_share", "Share of people below the poverty line", "people_poverty_known"),
            _number("people_race_known", "People counted by race and age, five-year survey", "people",
                    "all residents of the place"),
            _share("asian_share", "Share of residents who are Asian, not Hispanic", "people_race_known"),
            _share("black_share", "Share of residents who are Black, not Hispanic", "people_race_known"),
            _share("hispanic_share", "Share of residents who are Hispanic or Latino", "people_race_known"),
            _share("white_share", "Share of residents who are White, not Hispanic", "people_race_known"),
            _share("other_share", "Share of residents of any other group", "people_race_known"),
            Field("largest_group", "text", "Largest of the five groups", "label", nullable=True,
                  choices=("asian", "black", "hispanic", "other", "white")),
            _number("people_65plus", "Residents aged 65 and over", "people", "people_race_known"),
            _share("share_65plus", "Share of residents aged 65 and over", "people_race_known"),
            _number("area_km2", "Area of the place", "km2", ""),
            Field("longitude", "number", "Longitude of the place's point", "degrees", nullable=True),
            Field("latitude", "number", "Latitude of the place's point", "degrees", nullable=True),
        ),
        build=build_places,
        inputs=(
            "covid_neighborhoods", "covid_place_population", "csa_age_65", "csa_area", "csa_crowded", "csa_poverty",
            "csa_race",
        ),
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
            _number("beds", "Hospital beds of all kinds", "beds", "the county"),
            _number("icu_beds", "Intensive-care beds available", "beds", "the county"),
            Field("beds_flag", "text", "ok; missing_zero: the publisher wrote 0 beds, which is no count", "label",
                  choices=("ok", "missing_zero", "not_published")),
            Field("icu_beds_flag", "text", "ok; missing_zero: the publisher wrote 0 beds, which is no count", "label",
                  choices=("ok", "missing_zero", "not_published")),
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
