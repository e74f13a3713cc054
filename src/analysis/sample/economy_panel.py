"""The Controller's economy panel of the invented city: one sheet, every figure a row.

Jobs of an industry in a district follow the industry's course in the whole county and a
competitive effect of the district, which is planted: so much a year for each share of
the district's residents who live in tracts under change, and an amount of its own in
two districts. Establishments follow jobs; only their change over a year is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from analysis.sample.areas import DISTRICTS, areas
from analysis.sample.names import CITY, COUNTY, STATE
from analysis.sample.randomness import Floats, settled, stream
from analysis.sample.society import society
from analysis.sample.tessellation import blocks
from analysis.sample.wire import Page, Raw
from analysis.sample.workbook import Value, workbook

SHEET = "2018.04.16 - Controller_Data_up"
HEADER = ("category", "indicator", "sub_indicator", "locality", "gender", "council_district", "fiscal_year", "fy_qtr",
          "calendar_year", "cy_qtr", "quarter_start", "as_of_date", "unit_of_measure", "unit_text", "value", "source",
          "recent")  # fmt: skip
AS_OF = date(2018, 4, 11)
YEARS = range(2008, 2017)
CHANGE_EFFECT = -0.035
"""Log growth of jobs a year in a district all of whose residents live in tracts under change."""
OWN_EFFECT = {11: 0.015, 12: -0.012}
"""Log growth a year of two districts for reasons of their own."""
JOINT_DISTRICT = 9
"""Education, health and other services are published only together here."""
NOISE = 0.006

# Industry: share of jobs, jobs an establishment, log growth a year from 2008 to 2010 and after.
INDUSTRIES = {
    "ADMIN SUPPORT": (0.066, 21.0, -0.060, 0.026),
    "EDUCATION/HEALTH": (0.210, 18.0, 0.004, 0.034),
    "FIN. SVCS. AND REAL ESTATE": (0.074, 9.0, -0.042, 0.010),
    "INFORMATION": (0.046, 14.0, -0.036, 0.012),
    "LEISURE AND HOSPITALITY": (0.135, 15.0, -0.016, 0.041),
    "MANUFACTURING": (0.082, 22.0, -0.078, -0.012),
    "NR/CONSTRUCTION": (0.036, 8.0, -0.110, 0.044),
    "OTHER SVCS.": (0.048, 6.0, -0.020, 0.014),
    "PROF, SCI, TECH, AND MGMT": (0.104, 10.0, -0.038, 0.020),
    "RETAIL TRADE": (0.108, 13.0, -0.034, 0.016),
    "TRANSPORT/WAREHOUSE": (0.045, 20.0, -0.030, 0.022),
    "WHOLESALE TRADE": (0.046, 9.0, -0.048, 0.012),
}  # fmt: skip
APART = ("EDUCATION/HEALTH", "OTHER SVCS.")
TOGETHER = "EDUCATION/HEALTH AND OTHER"
CITY_JOBS, COUNTY_JOBS = 470_000.0, 1_290_000.0
_WORK = "EMPLOYMENT DEVELOPMENT DEPARTMENT, BEACON ECONOMICS"
_SAFETY = f"CITY OF {CITY.upper()} DEPARTMENT OF BUILDING AND SAFETY"


@dataclass(frozen=True)
class Panel:
    """Hidden truth: jobs and establishments by industry, district and quarter; effects of districts, log a year."""

    jobs: Floats
    establishments: Floats
    county: Floats
    effect: Floats
    changed_share: Floats


@cache
def panel() -> Panel:
    """Jobs of 12 industries in 15 districts over 36 quarters."""
    draw = stream("economy panel")
    shares, sizes, fall, rise = (np.array(column) for column in zip(*INDUSTRIES.values(), strict=True))
    place = settled(draw.dirichlet(np.full(DISTRICTS, 7.0)), 6)
    mix = settled(np.exp(draw.normal(0, 0.35, (len(INDUSTRIES), DISTRICTS))), 6)
    base = CITY_JOBS * shares[:, None] * place[None, :] * mix
    years = np.arange(len(YEARS) * 4) / 4.0
    course = np.minimum(years, 2.0) * fall[:, None] + np.maximum(years - 2.0, 0.0) * rise[:, None]
    share = changed_share()
    effect = settled(CHANGE_EFFECT * share + np.array([OWN_EFFECT.get(k, 0.0) for k in range(1, DISTRICTS + 1)]), 9)
    grown = np.exp(course[:, None, :] + effect[None, :, None] * years)
    wobble = draw.normal(0, NOISE, (len(INDUSTRIES), DISTRICTS, len(years)))
    jobs = settled(base[:, :, None] * grown * np.exp(wobble), 3)
    county = settled(COUNTY_JOBS * shares[:, None] * np.exp(course + draw.normal(0, 0.002, course.shape)), 1)
    counted = base[:, :, None] * grown / sizes[:, None, None] + draw.normal(0, 1.0, jobs.shape)
    return Panel(jobs, settled(counted, 3), county, effect, share)


def changed_share() -> Floats:
    """Share of each district's residents who live in tracts that changed."""
    ground, label = blocks(), areas()
    changed = np.append(society().regime == "changed", np.zeros(len(label.special), dtype=bool))[label.tract]
    mine = label.district >= 0
    people = np.bincount(label.district[mine], weights=ground.people[mine])
    return settled(np.bincount(label.district[mine], weights=(ground.people * changed)[mine]) / people, 6)


def panel_file() -> Raw:
    """``EconomyPanel.xlsx``: districts, their total, the county and the state in one sheet."""
    made = [*_work(), *_establishments(), *_wages_and_taxes(), *_permits(), *_residents()]
    dirt = {
        "rows_without_district": sum(1 for row in made if row[5] is None),
        "district_is_city_total": sum(1 for row in made if row[5] == "CITY TOTAL"),
        "district_is_city": sum(1 for row in made if row[5] == "City"),
        "district_is_99": sum(1 for row in made if row[5] == 99),
        "indicators_not_of_business": sum(1 for row in made if row[0] == "DEMOGRAPHICS"),
        "totals_of_zero_without_districts": 2,
        "rows_of_joint_industry": sum(1 for row in made if row[2] == TOGETHER),
    }
    content = workbook(SHEET, HEADER, made)
    return Raw("economy_panel", "file", (Page("xlsx", content, len(made)),), HEADER, dirt=dirt)


Row = list[Value]


def _row(
    indicator: str, sub: str | None, district: Value, when: tuple[int, int | None], value: float, *,
    category: str = "EMPLOYMENT", unit: str = "#", text: str | None = "SEASONALLY ADJUSTED", source: str = _WORK,
    locality: str | None = None, fiscal_only: bool = False,
) -> Row:  # fmt: skip
    """One row; ``when`` is a year and a quarter of the calendar, or a year alone."""
    year, quarter = when
    place = locality or f"{CITY.upper()} CITY"
    if quarter is None:
        dates: Row = [year, None, None, None, None] if fiscal_only else [None, None, year, None, None]
    else:
        fiscal = (year, quarter + 2) if quarter <= 2 else (year + 1, quarter - 2)
        first = date(year, 3 * quarter - 2, 1)
        dates = [fiscal[0], f"{fiscal[0]}-{fiscal[1]:02d}", year, f"{year}-{quarter:02d}", first]
    # Large figures were cut to four digits when the sheet was put together.
    shown = float(f"{value:.4g}") if value >= 1e8 else round(value, 1)
    number: Value = int(shown) if shown == int(shown) else shown
    recent = int(when in ((2016, 4), (2016, None)))
    return [category, indicator, sub, place, None, district, *dates, AS_OF, unit, text, number, source, recent]


def _quarters(start: int = 0) -> Iterator[tuple[int, tuple[int, int | None]]]:
    """Position and year with quarter of each quarter, from the ``start``-th on."""
    for number in range(start, len(YEARS) * 4):
        yield number, (YEARS[0] + number // 4, number % 4 + 1)


def _by_industry(indicator: str, values: Floats, start: int, text: str | None) -> Iterator[Row]:
    """Rows of industries by district and of the total of those districts that have the industry by itself."""
    names = list(INDUSTRIES)
    apart = [names.index(name) for name in APART]
    joint = JOINT_DISTRICT - 1
    others = [k for k in range(DISTRICTS) if k != joint]
    for t, when in _quarters(start):
        for k, name in enumerate(names):
            listed = others if k in apart else range(DISTRICTS)
            for d in listed:
                yield _row(indicator, name, d + 1, when, round(float(values[k, d, t])), text=text)
            total = float(values[k, list(listed), t].sum())
            yield _row(indicator, name, "CITY TOTAL", when, round(total), text=text)
        together = round(float(values[apart, joint, t].sum()))
        for district in (JOINT_DISTRICT, "CITY TOTAL"):
            yield _row(indicator, TOGETHER, district, when, together, text=text)


def _work() -> Iterator[Row]:
    hidden = panel()
    yield from _by_industry("PRIVATE EMPLOYMENT BY INDUSTRY", hidden.jobs, 0, "SEASONALLY ADJUSTED")
    county = COUNTY.upper()
    for t, when in _quarters():
        for k, name in enumerate(INDUSTRIES):
            value = float(hidden.county[k, t])
            yield _row("PRIVATE EMPLOYMENT BY INDUSTRY", name, None, when, value, locality=county)
        every = hidden.jobs[:, :, t].sum(axis=0)
        for indicator, factor in (("TOTAL PRIVATE EMPLOYMENT", 1.0), ("TOTAL EMPLOYMENT", 1.21)):
            for d in range(DISTRICTS):
                yield _row(indicator, None, d + 1, when, round(float(every[d]) * factor))
            yield _row(indicator, None, "CITY TOTAL", when, round(float(every.sum()) * factor))
            value = round(float(hidden.county[:, t].sum()) * factor, 1)
            yield _row(indicator, None, None, when, value, locality=county)


def _establishments() -> Iterator[Row]:
    """Change over a year, in whole establishments, from the fifth quarter on."""
    counted = panel().establishments
    change = counted.copy()
    change[:, :, 4:] = counted[:, :, 4:] - counted[:, :, :-4]
    yield from _by_industry("ESTABLISHMENT CHANGE BY INDUSTRY", change, 4, None)
    for t, when in _quarters(4):
        every = change[:, :, t].sum(axis=0)
        for d in range(DISTRICTS):
            yield _row("ESTABLISHMENT CHANGE BY INDUSTRY", "TOTAL PRIVATE CHANGE", d + 1, when, round(float(every[d])),
                       text=None)  # fmt: skip
        yield _row("ESTABLISHMENT CHANGE BY INDUSTRY", "TOTAL PRIVATE CHANGE", "CITY TOTAL", when,
                   round(float(every.sum())), text=None)  # fmt: skip


def _wages_and_taxes() -> Iterator[Row]:
    draw = stream("wages and taxes")
    jobs = panel().jobs.sum(axis=0)
    wage = settled(draw.normal(49_000, 9_000, DISTRICTS), 1)
    for t, when in _quarters():
        grown = wage * (1.0 + 0.018 * t / 4)
        for d in range(DISTRICTS):
            yield _row("AVERAGE ANNUAL WAGE", None, d + 1, when, float(grown[d]),
                       category="OUTPUT, INCOME, AND PRICES", unit="$", text=None)  # fmt: skip
        mean = float((grown * jobs[:, t]).sum() / jobs[:, t].sum())
        yield _row("AVERAGE ANNUAL WAGE", None, "CITY TOTAL", when, mean, category="OUTPUT, INCOME, AND PRICES",
                   unit="$", text=None)  # fmt: skip
        for place, people in ((None, 1.0), (COUNTY.upper(), 3.1), (f"STATE OF {STATE.upper()}", 9.4)):
            value = 3_300_000.0 * people * float(jobs[:, t].sum() / jobs[:, 0].sum())
            yield _row("TAXABLE SALES", "TOTAL", None if place else "CITY TOTAL", when, value, category="TAXES",
                       unit="$", text="THOUSANDS, SEASONALLY ADJUSTED", source="BOARD OF EQUALIZATION",
                       locality=place)  # fmt: skip
    finance = f"CITY OF {CITY.upper()} OFFICE OF FINANCE"
    for year in YEARS[1:]:
        paid = jobs[:, 4 * (year - YEARS[0])] * 0.31
        for d in range(DISTRICTS):
            yield _row("TAXABLE SALES RECEIPTS", "TOTAL ALL OUTLETS", d + 1, (year, None), float(paid[d]),
                       category="TAXES", unit="$", text="THOUSANDS", source=finance, fiscal_only=True)  # fmt: skip
        total = sum(round(float(value), 1) for value in paid)
        yield _row("TAXABLE SALES RECEIPTS", "TOTAL ALL OUTLETS", "City", (year, None), total, category="TAXES",
                   unit="$", text="THOUSANDS", source=finance, fiscal_only=True)  # fmt: skip
        paid = np.round(jobs[:, 4 * (year - YEARS[0])] * 330.0)
        elsewhere = round(0.18 * float(paid.sum()))
        named: dict[str | int, float] = {d + 1: float(paid[d]) for d in range(DISTRICTS)}
        named |= {99: elsewhere, "CITY TOTAL": float(paid.sum()) + elsewhere}
        for district, value in named.items():
            yield _row("GROSS RECEIPTS TAX PAYMENTS", None, district, (year, None), value,
                       category="GROSS RECEIPTS", unit="$", text=None, source=finance)  # fmt: skip


def _permits() -> Iterator[Row]:
    """Two series that are smoothed; in the first quarter the total is 0 and no district is there."""
    draw = stream("permits of the panel")
    for indicator, unit, level in (("SINGLE-FAMILY PERMITS", "#", 9.0), ("NEW COMMERCIAL PERMIT VALUES", "$", 2.4e6)):
        rough = draw.gamma(2.0, level / 2.0, (DISTRICTS, len(YEARS) * 4 + 3))
        smoothed = settled(np.mean([rough[:, k : k + len(YEARS) * 4] for k in range(4)], axis=0), 1)
        for t, when in _quarters():
            rest: dict[str, Any] = {"category": "CONSTRUCTION, HOUSING, AND HOTELS", "unit": unit,
                    "text": "SEASONALLY ADJUSTED AND SMOOTHED", "source": _SAFETY}  # fmt: skip
            for d in range(DISTRICTS if t else 0):
                yield _row(indicator, None, d + 1, when, float(smoothed[d, t]), **rest)
            total = float(smoothed[:, t].sum()) if t else 0.0
            yield _row(indicator, None, "CITY TOTAL", when, total, **rest)


def _residents() -> Iterator[Row]:
    """A few rows about residents, which are no business of a table about business."""
    mine = areas().district >= 0
    people = np.bincount(areas().district[mine], weights=blocks().people[mine]).astype(np.float64).round()
    for year in range(2012, 2017):
        for d in range(DISTRICTS):
            yield _row("POPULATION", None, d + 1, (year, None), float(people[d]), category="DEMOGRAPHICS", text=None,
                       source="BUREAU OF THE INVENTED CENSUS")  # fmt: skip
