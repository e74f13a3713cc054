"""Census tracts at four points in time, all on the boundaries of 2010.

The long form of 1990 and 2000 reaches 2010 boundaries through the crosswalk files
of the Urban Displacement Project. Those files spread counts correctly, but treat
medians like counts: a median is halved where a tract was split in half, and two
medians are added where tracts were merged. Columns ending in ``_udp`` keep the
medians as in those files, to reproduce figures published from them; the plain
columns hold medians restored from the published medians of the original tracts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.refine.contracts import FLAGS, GEOID, Field, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.refine.workbench import Workbench

PERIODS = ("1990", "2000", "2012", "2018")

PERIOD = Field(
    "period", "text",
    "1990 and 2000: decennial census; 2012 and 2018: last year of the five-year American Community Survey",
    "label", choices=PERIODS,
)  # fmt: skip
DOLLAR_YEAR = Field(
    "dollar_year", "integer",
    "Calendar year whose dollars the money columns are in: incomes of the census are of the year before it",
    "year", minimum=1980, maximum=2100,
)  # fmt: skip

# name, meaning, unit, denominator
COUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("population", "Residents", "people", "all residents of the tract"),
    ("households", "Households", "households", "all households of the tract"),
    ("white_nonhispanic", "White residents who are not Hispanic", "people", "population"),
    ("black_nonhispanic", "Black residents who are not Hispanic", "people", "population"),
    ("asian_nonhispanic", "Asian residents who are not Hispanic", "people", "population"),
    ("hispanic", "Hispanic or Latino residents of any race", "people", "population"),
    ("adults_25plus", "Residents aged 25 and over", "people", "population"),
    ("bachelors_plus", "Adults with a bachelor's or higher degree", "people", "adults_25plus"),
    ("housing_units", "Housing units, occupied and vacant", "homes", "all homes of the tract"),
    ("vacant_units", "Vacant housing units", "homes", "housing_units"),
    ("owner_occupied", "Homes lived in by their owner", "homes", "occupied homes"),
    ("renter_occupied", "Homes lived in by renters", "homes", "occupied homes"),
    ("built_before_1950", "Housing units built before 1950", "homes", "housing_units"),
    ("movers_with_income", "People with income who moved into their home within a year", "people", "population 15+"),
    ("college_students", "Residents enrolled in college or graduate school", "people", "population aged 3 and over"),
)
MEDIANS: tuple[tuple[str, str, str, str], ...] = (
    ("median_household_income", "Median household income of a year", "dollars", "households"),
    ("median_gross_rent", "Median gross rent of a month", "dollars", "renter households paying cash rent"),
    ("median_home_value", "Median value of owner-occupied homes", "dollars", "owner-occupied homes"),
    ("median_housing_costs", "Median housing costs of a month", "dollars", "occupied homes"),
    ("median_individual_income", "Median income of a person in a year", "dollars", "people 15+ with income"),
)
UDP_MEDIANS = ("median_household_income", "median_gross_rent", "median_home_value")


def _estimate_fields(name: str, meaning: str, unit: str, denominator: str) -> tuple[Field, ...]:
    return (
        Field(name, "number", meaning, unit, denominator, nullable=True, minimum=0),
        Field(
            f"{name}_moe", "number", f"Margin of error at 90 percent of: {meaning}", unit, denominator,
            nullable=True, minimum=0,
        ),
        Field(
            f"{name}_flag", "text", f"Why this value is as it is, or why it is missing: {meaning}", "label",
            choices=FLAGS,
        ),
    )  # fmt: skip


def _period_fields() -> tuple[Field, ...]:
    estimates = (field for named in (*COUNTS, *MEDIANS) for field in _estimate_fields(*named))
    as_published = (
        Field(
            f"{name}_udp", "number",
            f"{meaning}, for 1990 and 2000 as in the Urban Displacement Project's crosswalk file, which scales "
            "medians by area shares: only for reproducing figures made from that file",
            unit, denominator, nullable=True, minimum=0,
        )
        for name, meaning, unit, denominator in MEDIANS
        if name in UDP_MEDIANS
    )  # fmt: skip
    return (GEOID, PERIOD, DOLLAR_YEAR, *estimates, *as_published)


_BRACKETS = (
    Field("bracket_low", "number", "Lower bound of the income bracket", "dollars", minimum=0),
    Field("bracket_high", "number", "Upper bound, missing for the open bracket", "dollars", nullable=True, minimum=0),
)


def build_tract_periods(bench: Workbench) -> pd.DataFrame:
    """Counts and medians of every tract in the four periods."""
    raise NotImplementedError


def build_income_brackets(bench: Workbench) -> pd.DataFrame:
    """Households by bracket of household income."""
    raise NotImplementedError


def build_mover_brackets(bench: Workbench) -> pd.DataFrame:
    """Recent movers by bracket of individual income."""
    raise NotImplementedError


TABLES = (
    Table(
        name="tract_periods",
        title="Census tracts of 2010 at four points in time",
        key=("geoid", "period"),
        fields=_period_fields(),
        build=build_tract_periods,
        inputs=(
            "acs5_2012", "acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010",
            "sf1_2000", "sf3_1990", "sf3_2000",
        ),
        period="period",
    ),
    Table(
        name="tract_income_brackets",
        title="Households of each tract by bracket of household income",
        key=("geoid", "period", "bracket_low"),
        fields=(
            GEOID, PERIOD, DOLLAR_YEAR, *_BRACKETS,
            Field("households", "number", "Households in the bracket", "households", "households of the tract",
                  minimum=0),
        ),
        build=build_income_brackets,
        inputs=("acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010"),
        period="period",
    ),
    Table(
        name="tract_mover_brackets",
        title="People who moved into each tract within a year by bracket of their income",
        key=("geoid", "period", "bracket_low"),
        fields=(
            GEOID, PERIOD, DOLLAR_YEAR, *_BRACKETS,
            Field("movers", "number", "People with income who moved within a year", "people", "movers with income",
                  minimum=0),
        ),
        build=build_mover_brackets,
        inputs=("acs5_2012", "acs5_2018"),
        period="period",
    ),
)  # fmt: skip
