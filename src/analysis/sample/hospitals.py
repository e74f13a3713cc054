"""Hospitals and laboratories of the invented county: three files in the formats of the City of Los Angeles."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from analysis.sample.epidemic import LAST_DAY, epidemic
from analysis.sample.names import COUNTY, COUNTY_FIPS, OTHER_COUNTIES, STATE_FIPS
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.wire import Cell, Raw, delimited

FROM = date(2020, 3, 29)
ADMITTED_AFTER = 9
"""Days from case to admission."""
STAY = 8.0
"""Mean stay in days; stays are exponential."""
ADMITTED = ((date(2020, 3, 1), 0.060), (date(2021, 3, 1), 0.045), (date(2021, 12, 10), 0.018))
"""From each day on, the share of cases admitted."""
INTENSIVE = 0.22
ZERO_BED_DAYS = 23
BEDS, ICU_BEDS = 8_600, 690
TESTS_FROM = date(2020, 1, 1)
TEST_TAIL = (0.96, 0.90, 0.78, 0.60, 0.38, 0.14)
"""Share of the last days' tests that had been reported."""
TEST_WEEK = (1.10, 1.15, 1.14, 1.12, 1.08, 0.78, 0.63)
PERIOD_OF_STATUS = (date(2020, 4, 3), date(2020, 12, 10))


@cache
def patients() -> Floats:
    """COVID-19 patients in the county's hospitals by day of the epidemic, as expected."""
    course = epidemic()
    total = course.cases.sum(axis=1).astype(np.float64)
    share = np.array([[value for start, value in ADMITTED if start <= day][-1] for day in course.days])
    admitted = np.concatenate([np.zeros(ADMITTED_AFTER), (total * share)[:-ADMITTED_AFTER]])
    census = np.zeros(len(total))
    leave = 1.0 - np.exp(-1.0 / STAY)
    held = 0.0
    for number, new in enumerate(admitted):
        held = held * (1.0 - leave) + new
        census[number] = held
    return settled(census, 6)


def surge_file() -> Raw:
    """``ca-hospital-and-surge-capacity.csv``: patients and beds of every county of the territory by day."""
    course = epidemic()
    start = course.days.index(FROM)
    expected = patients()[start:]
    days = course.days[start:]
    counties = [(COUNTY_FIPS, COUNTY.removesuffix(" County"), 1.0)]
    counties += [(code, name, 0.28 / (2 + k)) for k, (code, name) in enumerate(OTHER_COUNTIES)]
    rows: list[list[Cell]] = []
    for code, name, size in sorted(counties, key=lambda county: county[1]):
        draw = stream(f"hospitals of {name}")
        here = draw.poisson(settled(expected * size, 6))
        icu = draw.binomial(here, INTENSIVE)
        beds = np.rint(settled(size * BEDS * (1 + 0.012 * draw.normal(size=len(days))), 6)).astype(np.int64)
        free = np.rint(settled(size * ICU_BEDS * (1 + 0.05 * draw.normal(size=len(days))), 6)).astype(np.int64)
        beds[:ZERO_BED_DAYS] = 0
        surge = draw.random(len(days)) < 0.15
        extra = draw.integers(0, 220, len(days))
        rows += [
            [STATE_FIPS + code, name, day.isoformat(), int(here[k]), int(beds[k]), int(icu[k]), int(free[k]),
             int(extra[k]) if surge[k] else None]
            for k, day in enumerate(days)
        ]  # fmt: skip
    header = ("county_fips", "county", "date", "hospitalized_covid", "all_hospital_beds", "icu_covid", "all_icu_beds",
              "surge_available_beds")  # fmt: skip
    dirt = {
        "zero_bed_days": ZERO_BED_DAYS,
        "surge_is_blank": sum(1 for row in rows if row[1] == COUNTY.removesuffix(" County") and row[7] is None),
        "other_counties": len(OTHER_COUNTIES),
    }
    return delimited("covid_hospital_surge", header, rows, dirt)


def availability_file() -> Raw:
    """``hospital-availability.csv``: beds and ventilators by what they are used for; American dates."""
    course = epidemic()
    first, last = (course.days.index(day) for day in PERIOD_OF_STATUS)
    draw = stream("availability")
    blank = {int(k) for k in draw.choice(range(first + 40, last), 2, replace=False)}
    short = {int(k) for k in draw.choice(range(first + 40, last), 11, replace=False)} - blank
    rows: list[list[Cell]] = []
    for number in range(first, last + 1):
        day = course.days[number]
        sick = float(patients()[number])
        printed = f"{day.month}/{day.day}/{day.year}"
        for equipment, status, count in _uses(sick, draw):
            waiting = status == "COVID Person Under Investigation"
            if (waiting and number < first + 27) or (status == "Licensed Unreported Beds" and number >= first + 17):
                continue
            lost = number in blank or (number in short and status == "Unavailable" and equipment != "Ventilators")
            rows.append([printed, equipment, status, None if lost else count])
    dirt = {
        "num_is_blank": sum(1 for row in rows if row[3] is None),
        "days_without_investigation": 27,
        "days_with_unreported": 17,
    }
    return delimited("covid_hospital_availability", ("date", "equipment", "status", "num"), rows, dirt)


def _uses(sick: float, draw: np.random.Generator) -> list[tuple[str, str, int]]:
    icu = sick * INTENSIVE
    figures = (
        ("Acute Care Beds", "Available", 520.0), ("Acute Care Beds", "COVID Occupied", sick - icu),
        ("Acute Care Beds", "COVID Person Under Investigation", 120 + 0.1 * sick),
        ("Acute Care Beds", "Licensed Unreported Beds", 260.0),
        ("Acute Care Beds", "Unavailable", max(5_300 - 0.6 * sick, 500.0)),
        ("ICU Beds", "Available", 110.0), ("ICU Beds", "COVID Occupied", icu),
        ("ICU Beds", "COVID Person Under Investigation", 25 + 0.02 * sick),
        ("ICU Beds", "Unavailable", max(700 - 0.4 * icu, 100.0)),
        ("Ventilators", "Available", 620.0), ("Ventilators", "COVID Occupied", 0.7 * icu),
        ("Ventilators", "COVID Person Under Investigation", 12 + 0.01 * sick), ("Ventilators", "Unavailable", 330.0),
    )  # fmt: skip
    return [(equipment, status, int(draw.poisson(round(mean, 6)))) for equipment, status, mean in figures]


def testing_file() -> Raw:
    """``county-city-testing.csv``: tests and people tested in the county by the day of the test."""
    course = epidemic()
    lead = (course.days[0] - TESTS_FROM).days
    days = [TESTS_FROM + timedelta(k) for k in range(lead)] + list(course.days)
    positive = np.concatenate([np.zeros(lead), course.cases.sum(axis=1).astype(np.float64)])
    capacity = 55_000.0 / (1.0 + np.exp(-(np.arange(len(days)) - 190.0) / 30.0))
    draw = stream("testing")
    week = np.array([TEST_WEEK[day.weekday()] for day in days])
    done = np.maximum(capacity * week * np.exp(0.06 * draw.normal(size=len(days))), positive * 3.2) + 4.0
    told = np.ones(len(days))
    told[-len(TEST_TAIL) :] = TEST_TAIL
    people: Ints = draw.poisson(settled(done * told, 6)).astype(np.int64)
    found = np.minimum(draw.poisson(settled(positive * told, 6)).astype(np.int64), people)
    again = draw.binomial(people, 0.03)
    twice = draw.binomial(found, 0.015)
    rows: list[list[Cell]] = [
        [day.isoformat(), int(people[k]), int(found[k]), int(people[k] + again[k] + twice[k]), int(found[k] + twice[k])]
        for k, day in enumerate(days)
    ]
    header = ("date", "County_Person_Performed", "County_Person_Positive", "County_Performed", "County_Positive")
    dirt = {"incomplete_last_days": len(TEST_TAIL), "last_day": LAST_DAY.isoformat()}
    return delimited("covid_testing", header, rows, dirt)
