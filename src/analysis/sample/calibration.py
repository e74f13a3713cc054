"""The figures the invented city is modelled on, by order of magnitude.

Published totals and medians of Los Angeles County, never a row. Medians of the
county are over households, those of the model over tracts, so they agree in
size only; growth rates are Meridia's own.

Sources: Bureau of the Census, 1990 STF3, 2000 SF1 and SF3, American Community
Survey 2008–12 and 2014–18 five-year tables, county totals of 06037.
"""

from __future__ import annotations

from dataclasses import dataclass

PERIODS = ("1990", "2000", "2012", "2018")


@dataclass(frozen=True)
class Level:
    """Where the middle tract stands at one time; dollars are those of ``dollar_year``."""

    dollar_year: int
    population: float
    income: float
    rent: float
    value: float
    bachelors: float
    white: float
    black: float
    asian: float
    hispanic: float


# Los Angeles County, 1990: 8.86 million people; median household income $34,965, gross rent $626, value $226,400;
# bachelor's 22.3 percent; White non-Hispanic 40.8 percent.
# 2000: 9.52 million; $42,189, $704, $209,300; 24.9 and 31.1 percent; average household 2.98.
# 2014–18: 10.1 million; $64,251, $1,390, $543,400; 31.8 and 26.2 percent.
LEVELS = {
    "1990": Level(1989, 3.72e6, 34_600.0, 640.0, 208_000.0, 0.196, 0.405, 0.105, 0.100, 0.372),
    "2000": Level(1999, 3.94e6, 41_500.0, 715.0, 182_000.0, 0.222, 0.318, 0.093, 0.119, 0.442),
    "2012": Level(2012, 4.06e6, 54_600.0, 1_205.0, 391_000.0, 0.262, 0.283, 0.084, 0.136, 0.470),
    "2018": Level(2018, 4.15e6, 65_570.0, 1_400.0, 493_000.0, 0.292, 0.262, 0.079, 0.146, 0.484),
}

SPREAD = {"income": 0.40, "rent": 0.27, "value": 0.42}
"""Standard deviation of the logarithm over tracts that neighbourhood status makes."""
WITHIN = {"income": 0.92, "rent": 0.32, "value": 0.27}
"""Standard deviation of the logarithm over the households of one tract."""

# American Community Survey: about one home in twelve answers in five years, so that margins have the size of those
# published for tracts (median 17 percent of household income, 9 percent of rent). The long form of the census went
# to one home in six.
SURVEY_SHARE = 0.08
LONG_FORM_SHARE = 1.0 / 6.0
Z90 = 1.645
"""Published margins are 90 percent: Census Bureau, "Understanding and Using ACS Data", 2020, chapter 7."""


@dataclass(frozen=True)
class Codes:
    """Value written in place of one beyond the end of the scale."""

    top: int
    bottom: int
    step: int


TOP_CODES = {
    "1990": {"income": Codes(150_001, 4_999, 1), "rent": Codes(1_001, 99, 1), "value": Codes(500_001, 14_999, 100)},
    "2000": {"income": Codes(200_001, 2_499, 1), "rent": Codes(2_001, 99, 1), "value": Codes(1_000_001, 9_999, 100)},
    "2012": {"income": Codes(250_001, 2_499, 1), "rent": Codes(2_001, 99, 1), "value": Codes(1_000_001, 9_999, 100)},
    "2018": {"income": Codes(250_001, 2_499, 1), "rent": Codes(3_501, 99, 1), "value": Codes(2_000_001, 9_999, 100)},
}


@dataclass(frozen=True)
class Change:
    """What was planted between 2000 and 2018 on top of what happened everywhere."""

    rent: float
    income: float
    value: float
    bachelors_points: float
    white_points: float
    household_size: float


CHANGED = Change(rent=1.28, income=1.34, value=1.30, bachelors_points=13.0, white_points=12.0, household_size=0.88)
"""Factors and percentage points of the neighbourhoods that changed."""
SLIPPED = Change(rent=0.90, income=0.80, value=0.90, bachelors_points=-5.0, white_points=-7.0, household_size=1.07)
"""Of those that fell behind."""
DRIFT = {"income": 0.05, "rent": 0.035, "value": 0.05, "bachelors": 0.018, "white": 0.022, "household_size": 0.025}
"""Standard deviation over tracts of what else happened from 2000 to 2018 (logarithm, or share)."""
PRESSURE = {"income": 0.07, "rent": 0.055, "value": 0.0}
"""Planted: how much more (logarithm) they rose from 2000 to 2018 for each standard deviation of what was known before.

Half as much from 1990 to 2000. It averages to nothing over the county, so levels stay what they are.
"""
