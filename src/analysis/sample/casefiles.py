"""Case counts as they were published: by the city each day, by the county's places each day.

What the offices did to the true cases is done here, and counted: late reports at
weekends, holidays, missing days, corrections, names that changed, rows twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from shapely.geometry import Point

from analysis.sample.epidemic import LAST_DAY, epidemic, places
from analysis.sample.names import CITY, COUNTY, first_part
from analysis.sample.randomness import Ints, settled, stream
from analysis.sample.wire import Cell, Raw, delimited, features

CITY_FROM = date(2020, 5, 1)
"""First day of the city's file; what came before is in its first cumulative count."""
PLACES_UNTIL = date(2020, 8, 29)
NEW_LAYOUT = date(2020, 7, 13)
"""From here the place series has jurisdictions, deaths and full names."""
PROMPT = (0.72, 0.80, 0.97, 1.0, 0.97, 0.95, 0.74)
"""Share of waiting reports that are entered each day, Monday first."""
HOLIDAYS = (date(2020, 11, 26), date(2020, 12, 25), date(2021, 1, 1), date(2021, 12, 25))
LAST_DAILY = date(2022, 2, 27)
"""Afterwards the city reports once a week, on Thursdays."""
TAIL = (0.97, 0.94, 0.88, 0.80, 0.68, 0.50, 0.30)
"""Share of each of the last daily days' cases that had been entered by then; the rest came with the first week."""
LAST_WEEK = 0.55
"""Share of the last week that the last weekly report holds."""
CITY_GAPS = (
    date(2020, 9, 7), date(2020, 12, 6), date(2021, 5, 31), date(2021, 7, 5), date(2021, 9, 6), date(2021, 11, 11),
    date(2021, 11, 25), date(2022, 1, 17), date(2021, 2, 13), date(2021, 2, 14), date(2021, 2, 15),
)  # fmt: skip
"""Days without a row; three of them follow each other."""
REVISION = (date(2021, 5, 12), 1240)
"""A day on which duplicates were taken out, and how many."""
DEATH_LAG = 18
FATAL = ((date(2020, 1, 1), 0.021), (date(2021, 3, 1), 0.011), (date(2021, 12, 1), 0.004))
"""From each day on, the share of cases who die."""
PLACE_GAP = (date(2020, 8, 1), date(2020, 8, 2), date(2020, 8, 3))
"""Days that no place has."""
TWO_LABELS = ("Hollowbrook", "Tiderow", "Castonby", "Ellismoor", "Vellacoast", "Gullhaven", "Fairweir", "Pellstone")
"""Places that lie in two jurisdictions: from the new layout on their rows stand twice, with the same counts."""
UNSPACED = "Tin Orchard"
"""A place whose name lost its blank in the second layout."""


@dataclass(frozen=True)
class CityCases:
    """The city's true and entered cases by day, whole numbers."""

    days: tuple[date, ...]
    true: Ints
    entered: Ints


def _entered(true: Ints, days: tuple[date, ...], until: date) -> Ints:
    """Cases by the day they were entered: what waits at weekends and holidays comes later; nothing is lost."""
    draw = stream("late reports")
    waiting = np.zeros_like(true[0])
    out = np.zeros_like(true)
    for number, day in enumerate(days):
        waiting = waiting + true[number]
        prompt = 0.0 if day in HOLIDAYS else PROMPT[day.weekday()]
        out[number] = draw.binomial(waiting, prompt) if day < until else waiting
        waiting = waiting - out[number]
    return out


@cache
def by_place() -> Ints:
    """Entered cases by day and place, from the first day to the last."""
    course = epidemic()
    return _entered(course.cases, course.days, LAST_DAY)


@cache
def city_cases() -> CityCases:
    """The city's cases, as true and as entered in its own file: weekly towards the end."""
    course = epidemic()
    inside = np.array([kind == "city" for kind in places().kind])
    true = course.cases[:, inside].sum(axis=1)
    entered = by_place()[:, inside].sum(axis=1)
    end = course.days.index(LAST_DAILY)
    late = 0
    for back, share in enumerate(reversed(TAIL)):
        kept = int(np.rint(settled(entered[end - back] * np.array(share), 6)))
        late += int(entered[end - back]) - kept
        entered[end - back] = kept
    week = late
    for number in range(end + 1, len(course.days)):
        week += int(entered[number])
        entered[number] = 0
        if course.days[number].weekday() == 3:
            last = number + 7 >= len(course.days)
            entered[number] = int(np.rint(week * LAST_WEEK)) if last else week
            week = 0
    return CityCases(course.days, true, entered)


def city_file() -> Raw:
    """``city-of-la-cases.csv`` of the invented city: cumulative and new cases and deaths."""
    counts = city_cases()
    cases = counts.entered.copy()
    cases[counts.days.index(REVISION[0])] -= REVISION[1]
    deaths = _deaths(counts)
    start = counts.days.index(CITY_FROM)
    kept = [k for k in range(start, len(counts.days)) if counts.days[k] not in CITY_GAPS]
    total, dead = cases.cumsum(), deaths.cumsum()
    rows: list[list[Cell]] = []
    for before, here in zip([None, *kept], kept, strict=False):
        new = (None, None) if before is None else (int(total[here] - total[before]), int(dead[here] - dead[before]))
        rows.append([counts.days[here].isoformat(), int(total[here]), int(dead[here]), *new])
    dirt = {
        "gaps_in_dates": _runs(CITY_GAPS),
        "missing_days": len(CITY_GAPS),
        "new_is_blank": 1,
        "cases_fall": sum(1 for row in rows if isinstance(row[3], int) and row[3] < 0),
        "deaths_fall": sum(1 for row in rows if isinstance(row[4], int) and row[4] < 0),
        "weekly_from": (LAST_DAILY + timedelta(1)).isoformat(),
    }
    header = ("date", "city_cases", "city_deaths", "city_new_cases", "city_new_deaths")
    return delimited("covid_city_cases", header, rows, dirt)


def _runs(days: tuple[date, ...]) -> int:
    return sum(1 for day in days if day - timedelta(1) not in days)


def _deaths(counts: CityCases) -> Ints:
    """New deaths by day: a share of the cases of 18 days before; twelve corrections downwards."""
    draw = stream("deaths")
    share = np.array([[value for start, value in FATAL if start <= day][-1] for day in counts.days])
    lagged = np.concatenate([np.zeros(DEATH_LAG), (counts.true * share)[:-DEATH_LAG]])
    deaths = draw.poisson(settled(lagged, 6)).astype(np.int64)
    weekly = np.array([d > LAST_DAILY for d in counts.days])
    thursday = np.array([d.weekday() == 3 for d in counts.days])
    held = 0
    for number in np.flatnonzero(weekly):
        held += int(deaths[number])
        deaths[number] = held if thursday[number] else 0
        held = 0 if thursday[number] else held
    quiet = [k for k, d in enumerate(counts.days) if CITY_FROM < d < LAST_DAILY and d not in CITY_GAPS]
    quiet = [k for k in quiet if deaths[k] <= 4 and counts.days[k] - timedelta(1) not in CITY_GAPS]
    for number in draw.choice(quiet, 12, replace=False):
        deaths[number] = -int(draw.integers(1, 6))
    return deaths


def place_layer() -> Raw:
    """The layer of cumulative cases by place and day, one feature a row."""
    where = places()
    series = _place_series()
    records: list[dict[str, Cell]] = []
    for place in sorted(range(len(where.name)), key=lambda k: where.name[k]):
        records += _rows_of(place, series)
    records += _totals(series)
    records.sort(key=lambda record: (str(record["Region"]), int(str(record["date"]))))
    rows = [{"ObjectId": number, **record} for number, record in enumerate(records, 1)]
    shapes = [
        None if row["Longitude"] is None else Point(float(str(row["Longitude"])), float(str(row["Latitude"])))
        for row in rows
    ]
    return features("covid_neighborhoods", rows, shapes, key="ObjectId", page=2000, dirt=_place_dirt(rows))


@dataclass(frozen=True)
class PlaceSeries:
    """Cumulative counts by day and place, the first day of each place, and the days that are missing."""

    days: tuple[date, ...]
    cases: Ints
    deaths: Ints
    first: tuple[date, ...]
    missing: frozenset[tuple[int, int]]


@cache
def _place_series() -> PlaceSeries:
    """Published cumulative counts: entered cases, and now and then some too many that were taken back later."""
    course, where = epidemic(), places()
    end = course.days.index(PLACES_UNTIL) + 1
    entered = by_place()[:end]
    draw = stream("place series")
    cases = entered.cumsum(axis=0)
    count = cases.shape[1]
    for _ in range(170):
        place, day = int(draw.integers(count)), int(draw.integers(20, end - 14))
        size = int(draw.integers(8, 60)) if draw.random() < 0.08 else int(draw.integers(1, 4))
        cases[day : day + int(draw.integers(2, 12)), place] += size
    lagged = np.vstack([np.zeros((DEATH_LAG, count)), epidemic().cases[: end - DEATH_LAG]])
    deaths = draw.poisson(settled(lagged * FATAL[0][1], 6)).cumsum(axis=0).astype(np.int64)
    first = tuple(
        date(2020, 3, 16) + timedelta(int(draw.integers(0, 4)) if kind == "city" else int(draw.integers(8, 13)))
        for kind in where.kind
    )
    days = course.days[:end]
    singles = draw.choice(count, 9, replace=False)
    missing = {(int(place), days.index(NEW_LAYOUT) - int(draw.integers(20, 60))) for place in singles}
    gap = {(place, days.index(day)) for place in range(count) for day in PLACE_GAP}
    return PlaceSeries(days, cases, deaths, first, frozenset(missing | gap))


def _rows_of(place: int, series: PlaceSeries) -> list[dict[str, Cell]]:
    where = places()
    name, kind = where.name[place], where.kind[place]
    cut = "-" in name
    new_name = name.replace(" ", "") if name == UNSPACED else name
    longitude, latitude = (float(value) for value in where.longitude_latitude[place])
    city = {"city": CITY, "town": name, "rural": "Unincorporated"}[kind]
    # A town has no community of its own: the field holds a single blank.
    community = " " if kind == "town" else name
    labels = [(city, community, name if kind == "town" else f"{city} - {name}")]
    if name in TWO_LABELS:
        labels.append(("Unincorporated", name, f"Unincorporated - {name}"))
    rows: list[dict[str, Cell]] = []
    for number, day in enumerate(series.days):
        if day < series.first[place] or (place, number) in series.missing:
            continue
        cases = int(series.cases[number, place])
        if day < NEW_LAYOUT or (cut and day == NEW_LAYOUT):
            rows.append(_row(first_part(name), day, cases, (None, None, None), None, (longitude, latitude)))
        if day >= NEW_LAYOUT:
            point = (None, None) if cut else (longitude, latitude)
            dead = int(series.deaths[number, place])
            rows += [_row(new_name, day, cases, label, dead, point) for label in labels]
    return rows


def _row(
    region: str,
    day: date,
    cases: int,
    label: tuple[str | None, str | None, str | None],
    deaths: int | None,
    point: tuple[float | None, float | None],
) -> dict[str, Cell]:
    # Dates of a hosted layer are milliseconds since 1970, at midnight UTC.
    moment = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
    return {
        "Region": region, "date": moment, "date2": moment, "cases": cases, "LCITY": label[0], "COMMUNITY": label[1],
        "LABEL": label[2], "deaths": deaths, "Longitude": point[0], "Latitude": point[1],
    }  # fmt: skip


def _totals(series: PlaceSeries) -> list[dict[str, Cell]]:
    """Rows that are no place: one of the city on the first day, the county from the new layout on."""
    inside = np.array([kind == "city" for kind in places().kind])
    first, whole = series.days.index(date(2020, 3, 16)), f"County of {COUNTY.removesuffix(' County')}"
    rows = [_row("City", series.days[first], int(series.cases[first, inside].sum()), (None,) * 3, None, (-128.0, 33.0))]
    for number, day in enumerate(series.days):
        if day >= NEW_LAYOUT and day not in PLACE_GAP:
            label = ("County", whole, whole)
            dead = int(series.deaths[number].sum())
            rows.append(_row("County", day, int(series.cases[number].sum()), label, dead, (None, None)))
    return rows


def _place_dirt(rows: list[dict[str, Cell]]) -> Mapping[str, Any]:
    """Dirt of the layer, counted over its rows in the order of region and date."""
    seen: dict[tuple[Cell, Cell], int] = {}
    falls, last = 0, ("", 0)
    for row in rows:
        key = (row["Region"], row["date"])
        seen[key] = seen.get(key, 0) + 1
        cases = int(str(row["cases"]))
        falls += last[0] == row["Region"] and cases < last[1]
        last = (str(row["Region"]), cases)
    return {
        "duplicate_region_days": sum(count - 1 for count in seen.values()),
        "cumulative_falls": falls,
        "deaths_empty": sum(1 for row in rows if row["deaths"] is None),
        "without_geometry": sum(1 for row in rows if row["Longitude"] is None),
        "rows_of_no_place": sum(1 for row in rows if row["Region"] in ("City", "County")),
        "names_cut_at_hyphen": sum(1 for name in places().name if "-" in name),
        "name_without_blank": 1,
        "days_missing_everywhere": len(PLACE_GAP),
    }
