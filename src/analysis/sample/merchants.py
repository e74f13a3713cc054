"""Small merchants of the invented city and of others, in the files of the economic tracker.

Every area follows a course common to all from 15 March 2020 on; Meridia falls further by
a planted amount, which the event study has to find. The vintage of 2021 called far more
merchants shut than the last one does, as the real one did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from analysis.sample.areas import DISTRICTS
from analysis.sample.economy_panel import changed_share
from analysis.sample.names import CITY, COUNTY, COUNTY_FIPS, OTHER_COUNTIES, STATE, STATE_FIPS
from analysis.sample.randomness import Floats, settled, stream
from analysis.sample.wire import Cell, Raw, delimited

FIRST_WEEK = date(2020, 1, 12)
WEEKS = 109
SHOCK = date(2020, 3, 22)
"""First week that ends after the shock."""
MERIDIA_EXTRA = ((0, -0.060), (10, -0.045), (30, -0.020), (99, -0.010))
"""Weeks since the shock and how far Meridia is below the others, in parts of January 2020; straight between."""
NOISE, PERSISTENCE = 0.010, 0.45
OUTLIER = ("Quellport", date(2020, 7, 19), 0.34)
"""A city whose processor counted wrongly in one week."""
OLD_BIAS = ((0, 0.0), (2, 0.09), (20, 0.17), (41, 0.25))
"""How much lower the vintage of 2021 was, by weeks since the shock."""
ZIP_SHOCK, ZIP_SD = (-0.52, -0.16), (0.16, 0.24)
ZIP_CHANGE = (-0.12, -0.06)
"""Further fall in April and July in a ZIP area of a district all of whose residents live in tracts under change."""

OTHER_CITIES = (
    ("Ostermarch", "Northern Reach", "98"), ("Quellport", "Northern Reach", "98"), ("Harrowmere", "Eastfold", "97"),
    ("Vintermoor", "Eastfold", "97"), ("Calderan", "Eastfold", "97"), ("Isenhollow", "Lowmark", "96"),
    ("Port Selwine", "Lowmark", "96"), ("Marrowfield", "Lowmark", "96"), ("Tessaly Falls", "Highmere", "95"),
    ("Brindlewick", "Highmere", "95"), ("Oldwater", "Highmere", "95"), ("Sunder Bay", "Highmere", "95"),
    ("Ashgrove Landing", "Northern Reach", "98"), ("Keldmouth", "Lowmark", "96"),
)  # fmt: skip
"""Invented cities, their invented states, and state codes that no real state has."""
_FULL = np.array([[0.0, 0.0], [1.0, -0.18], [2.0, -0.27], [5.0, -0.25], [20.0, -0.12], [40.0, -0.08], [99.0, 0.03]])


def weeks() -> list[date]:
    """The Sundays that end the weeks."""
    return [FIRST_WEEK + timedelta(7 * k) for k in range(WEEKS)]


def since(days: Sequence[date]) -> Floats:
    """Weeks since the shock, negative before it."""
    return np.array([(day - SHOCK).days / 7.0 for day in days])


def along(course: Sequence[tuple[float, float]] | np.ndarray, days: Sequence[date]) -> Floats:
    """The value of a course by weeks since the shock; 0 before it.

    >>> along(MERIDIA_EXTRA, [date(2020, 3, 15), SHOCK, date(2020, 5, 31)]).tolist()
    [0.0, -0.06, -0.045]
    """
    points = np.asarray(course, dtype=np.float64)
    after = since(days)
    return settled(np.where(after >= 0, np.interp(after, points[:, 0], points[:, 1]), 0.0))


@cache
def last_vintage() -> Floats:
    """Change of merchants open by city (Meridia first) and week."""
    draw = stream("merchants")
    count = 1 + len(OTHER_CITIES)
    depth = settled(np.r_[1.0, draw.normal(1.0, 0.06, count - 1)])
    noise = np.zeros((count, WEEKS))
    shocks = draw.normal(0, NOISE, (count, WEEKS))
    for k in range(WEEKS):
        noise[:, k] = (PERSISTENCE * noise[:, k - 1] if k else 0.0) + shocks[:, k]
    change = depth[:, None] * along(_FULL, weeks())[None, :] + noise
    change[0] += along(MERIDIA_EXTRA, weeks())
    names = [CITY, *(name for name, _, _ in OTHER_CITIES)]
    change[names.index(OUTLIER[0]), weeks().index(OUTLIER[1])] += OUTLIER[2]
    return settled(change - change[:, :4].mean(axis=1, keepdims=True), 6)


def revenue(change: Floats) -> Floats:
    """Change of revenue: deeper than that of merchants, and rougher."""
    rough = stream("revenue").normal(0, 0.03, change.shape)
    return settled(np.maximum(1.6 * change + rough, -0.97), 6)


def shown(value: float) -> str:
    """A number as the tracker's program prints it: three digits, no zero before the point.

    >>> shown(0.01312), shown(-0.3), shown(1.214), shown(0.0)
    ('.0131', '-.3', '1.21', '0')
    """
    text = f"{value:.3g}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _dated(day: date) -> list[Cell]:
    return [day.year, day.month, day.day]


def city_file() -> Raw:
    """``Womply - City - Weekly.csv``."""
    change = last_vintage()
    money = revenue(change)
    rows: list[list[Cell]] = [
        [*_dated(day), c + 1, shown(change[c, k]), shown(money[c, k])]
        for k, day in enumerate(weeks())
        for c in range(len(change))
    ]
    header = ("year", "month", "day_endofweek", "cityid", "merchants_all", "revenue_all")
    return delimited("small_business_city", header, rows, {"city_is_county": 1})


def county_file() -> Raw:
    """``Womply - County - Weekly.csv``: Meridia County, whose series is that of the city, and others."""
    change = last_vintage()
    draw = stream("merchants of counties")
    series = [(int(STATE_FIPS + COUNTY_FIPS), change[0], revenue(change)[0])]
    for code, _ in OTHER_COUNTIES:
        own = settled(change[1:].mean(axis=0) + draw.normal(0, 0.02, WEEKS), 6)
        series.append(
            (int(STATE_FIPS + code), own, settled(np.maximum(1.6 * own + draw.normal(0, 0.05, WEEKS), -0.97)))
        )
    abroad = {state: change[c] for c, (_, _, state) in enumerate(OTHER_CITIES, 1)}
    series += [(int(f"{state}001"), own, own) for state, own in sorted(abroad.items())]
    rows: list[list[Cell]] = [
        [*_dated(day), fips, shown(float(open_[k])), shown(float(money[k]))]
        for k, day in enumerate(weeks())
        for fips, open_, money in series
    ]
    header = ("year", "month", "day_endofweek", "countyfips", "merchants_all", "revenue_all")
    dirt = {"rows_of_other_states": WEEKS * len(abroad)}
    return delimited("small_business_county", header, rows, dirt)


def vintage_file() -> Raw:
    """``Womply Merchants - City - Daily.csv``: the vintage of 2021, daily, for 2020."""
    days = [date(2020, 1, 10) + timedelta(k) for k in range(357)]
    draw = stream("old vintage")
    grid = since(weeks())
    rows: list[list[Cell]] = []
    daily = []
    for change in last_vintage():
        smooth = np.interp(since(days), grid, change) - along(OLD_BIAS, days) + draw.normal(0, 0.006, len(days))
        daily.append(settled(smooth, 6))
    parts = settled(draw.normal((0.03, -0.02, -0.01, -0.08), 0.02, (len(daily), 4)), 6)
    hit = along(((0, 1.0), (99, 1.0)), days)
    for k, day in enumerate(days):
        for c, series in enumerate(daily):
            sectors: list[Cell] = [shown(float(series[k] + parts[c, s] * hit[k])) for s in range(4)]
            if (c, k) == (5, 350):
                sectors[1] = "."
            rows.append([*_dated(day), c + 1, shown(float(series[k])), *sectors])
    header = ("year", "month", "day", "cityid", "merchants_all", "merchants_ss40", "merchants_ss60", "merchants_ss65",
              "merchants_ss70")  # fmt: skip
    return delimited("small_business_city_daily_2020", header, rows, {"sector_is_a_dot": 1})


def zip_file() -> Raw:
    """``Womply - ZCTA - 2020.csv``: four ZIP areas a district, and some beyond the city."""
    draw = stream("merchants by zip")
    rows: list[list[Cell]] = []
    dots = 0
    for number in range(4 * DISTRICTS):
        share = changed_share()[number // 4]
        values = [
            shown(
                float(
                    settled(np.array(max(ZIP_SHOCK[k] + ZIP_CHANGE[k] * share + draw.normal(0, ZIP_SD[k]), -0.98)), 6)
                )
            )
            for k in range(2)
        ]
        if number in (17, 41):
            values[0], dots = ".", dots + 1
        rows.append([f"{STATE_FIPS}{10 + number:03d}", *values])
    for town in range(20):
        rows.append(
            [
                f"{STATE_FIPS}{900 + town:03d}",
                shown(float(draw.uniform(-0.9, 0.1))),
                shown(float(draw.uniform(-0.6, 0.4))),
            ]
        )
    header = ("zcta", "revenue_all_apr2020", "revenue_all_jul2020")
    return delimited("small_business_zip", header, rows, {"april_is_a_dot": dots, "outside_city": 20})


def city_ids() -> Raw:
    """``GeoIDs - City.csv``; the population beside the city's name is that of its county."""
    draw = stream("city ids")
    people = draw.integers(650_000, 8_000_000, len(OTHER_CITIES)).tolist()
    rows: list[list[Cell]] = [[1, CITY, "MT", STATE, int(STATE_FIPS), 33.0, -128.0, 4_150_000]]
    rows += [
        [c + 2, name, "XX", state, int(code), round(20.0 + c, 2), round(-150.0 + c, 2), people[c]]
        for c, (name, state, code) in enumerate(OTHER_CITIES)
    ]
    header = ("cityid", "cityname", "stateabbrev", "statename", "statefips", "lat", "lon", "city_pop2019")
    return delimited("city_ids", header, rows, {"population_is_of_the_county": 1})


def county_ids() -> Raw:
    """``GeoIDs - County.csv``: the counties of the territory and one of each other state."""
    home: list[tuple[str, str, int | None, int]] = [(COUNTY_FIPS, COUNTY.removesuffix(" County"), 1, 4_150_000)]
    home += [(code, name, None, 600_000 + 1_000 * int(code)) for code, name in OTHER_COUNTIES]
    rows: list[list[Cell]] = [
        [int(STATE_FIPS + code), name, city, CITY if city else None, 99_001, CITY, STATE, int(STATE_FIPS), "MT", people]
        for code, name, city, people in home
    ]
    states = {code: (state, name) for name, state, code in reversed(OTHER_CITIES)}
    for code, (state, name) in sorted(states.items()):
        rows.append([int(f"{code}001"), name, None, None, int(code) * 1000 + 1, name, state, int(code), "XX", 900_000])
    header = ("countyfips", "countyname", "cityid", "cityname", "cz", "czname", "statename", "statefips", "stateabbrev",
              "county_pop2019")  # fmt: skip
    return delimited("county_ids", header, rows, {"city_is_blank": len(rows) - 1})
