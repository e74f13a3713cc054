"""The American Community Survey of the sample city: 2008–12, 2014–18, and one table of 2020.

Each function gives the columns of one dataset, one array over all tracts of the
table: the residential tracts, the special ones, and the sea.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.calibration import SURVEY_SHARE, TOP_CODES, WITHIN
from analysis.sample.drawing import apportioned, brackets, classes, coded, margin, sample_median
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.society import People, society
from analysis.sample.vintages import WATER, vintages

Columns = dict[str, Ints]

INCOME_BOUNDS = (
    0, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000, 45_000, 50_000, 60_000, 75_000, 100_000, 125_000,
    150_000, 200_000,
)  # fmt: skip
MOVER_BOUNDS = (0, 10_000, 15_000, 25_000, 35_000, 50_000, 65_000, 75_000)
MOVER_FIRST = {"same county": 25, "other county": 36, "other state": 47, "abroad": 58}
MOVER_RATES = {"same county": 0.072, "other county": 0.011, "other state": 0.011, "abroad": 0.005}
INDIVIDUAL_SHARE, INDIVIDUAL_SPREAD = 0.46, 0.95
"""Median income of a person as a share of that of a household, and how it spreads."""
CLUSTER = {"white": 19.0, "black": 24.0, "asian": 26.0, "hispanic": 38.0}
"""Design effects: people of one home answer together, so shares scatter more than the number of people suggests."""
CARETAKERS = (0, 5, 0, 12, 0, 0, 38, 0, 21, 0, 0, 0, 9)
"""Residents of the special tracts: wardens, a lighthouse, a convent."""


@cache
def codes_2010() -> tuple[str, ...]:
    """Tracts of every table of 2010 geography, in order of code."""
    return tuple(sorted((*vintages().code_2010, *WATER)))


def _ordered(values: np.ndarray) -> np.ndarray:
    """Values by tract number, then 0 for the sea, put in order of code."""
    order = np.argsort(np.array((*vintages().code_2010, *WATER)), kind="stable")
    padded: np.ndarray = np.concatenate([values, np.zeros((len(WATER), *values.shape[1:]), dtype=values.dtype)])[order]
    return padded


def tracts(period: str) -> dict[str, Floats]:
    """The true figures of a period over all tracts; special tracts have hardly anyone, the sea nobody."""
    people: People = society().periods[period]
    special = len(areas().special)
    out = {name: np.concatenate([getattr(people, name), np.zeros(special)]) for name in People.__dataclass_fields__}
    few = np.array(CARETAKERS[:special], dtype=np.float64)
    lived = len(people.population)
    out["population"][lived:] = few
    out["adults"][lived:] = np.floor(few * 0.8)
    out["households"][lived:] = np.floor(few / 3)
    out["units"][lived:] = np.floor(few / 3)
    for name, value in (("renters", 1.0), ("white", 0.4), ("hispanic", 0.4), ("bachelors", 0.2)):
        out[name][lived:] = value
    return {name: _ordered(values) for name, values in out.items()}


def acs_2018() -> Columns:
    """Every variable of the five-year survey 2014–18."""
    true = tracts("2018")
    draw = stream("acs 2018")
    columns = _groups(true, draw)
    columns |= _housing(true, draw)
    columns |= _degrees(true, draw)
    columns |= _students(true, draw)
    columns |= _household_income(true, columns["B19001_001E"], draw)
    columns |= _medians(true, "2018", columns, draw)
    columns |= _movers(true, draw)
    return columns


def acs_2012() -> Columns:
    """The variables of 2008–12 that are published here: medians and movers, no population."""
    true = tracts("2012")
    draw = stream("acs 2012")
    homes = _housing(true, draw)
    return _medians(true, "2012", homes, draw) | _movers(true, draw)


def acs_2020() -> Columns:
    """Population on the tracts of 2020."""
    people = society().periods["2018"].population
    parts = vintages().parts_2020
    true = np.array([people[tract] * share for tract, share in parts])
    noise = stream("acs 2020").normal(0.0, 3.4, len(true))
    return {"B01003_001E": np.maximum(np.rint(settled(true * 1.005 + noise * np.sqrt(true), 6)), 0).astype(np.int64)}


def census_2010() -> Columns:
    """The full count: people and homes of 2010."""
    then, later = tracts("2000"), tracts("2012")
    people = np.rint(settled(0.17 * then["population"] + 0.83 * later["population"], 6)).astype(np.int64)
    homes = np.rint(settled(0.17 * then["units"] + 0.83 * later["units"], 6)).astype(np.int64)
    return {"P001001": people, "H001001": homes}


def _groups(true: dict[str, Floats], draw: np.random.Generator) -> Columns:
    population = true["population"]
    spread = 3.4 * np.sqrt(population)
    total = np.maximum(np.rint(settled(population + spread * draw.normal(size=len(population)), 6)), 0).astype(np.int64)
    total[population < 60] = population[population < 60].astype(np.int64)
    out = {"B03002_001E": total, "B03002_001M": margin(spread**2, draw)}
    for name, number in (("white", "003"), ("black", "004"), ("asian", "006"), ("hispanic", "012")):
        share = true[name]
        answers = np.rint(settled(population / CLUSTER[name], 6)).astype(np.int64)
        found = draw.binomial(answers, share) / np.maximum(answers, 1)
        variance = population**2 * share * (1 - share) / np.maximum(answers, 1) + (share * spread) ** 2
        out[f"B03002_{number}E"] = np.rint(settled(total * found, 6)).astype(np.int64)
        out[f"B03002_{number}M"] = margin(variance, draw)
    return out


def _housing(true: dict[str, Floats], draw: np.random.Generator) -> Columns:
    units = true["units"]
    noise = 0.68 * np.sqrt(units)
    total = np.maximum(np.rint(settled(units + noise * draw.normal(size=len(units)), 6)), 0).astype(np.int64)
    total[units < 30] = units[units < 30].astype(np.int64)
    answers = np.rint(settled(units * SURVEY_SHARE, 6)).astype(np.int64)
    occupied = true["households"] / np.maximum(units, 1)
    shares = np.column_stack([1 - occupied, occupied * (1 - true["renters"]), occupied * true["renters"]])
    shares[units == 0] = (0.0, 0.0, 1.0)
    vacant, owners, renters = apportioned(total, classes(draw, np.maximum(answers, units > 0), shares)).T
    old = draw.binomial(np.maximum(answers, 1), settled(true["old_homes"])) / np.maximum(answers, 1)
    older = np.rint(settled(total * old, 6)).astype(np.int64)
    forties = np.rint(settled(older * 0.42, 6)).astype(np.int64)
    n = np.maximum(answers, 1)
    out = {"B25001_001E": total, "B25001_001M": margin(noise**2, draw)}
    for name, estimate, share in (
        ("B25002_003", vacant, shares[:, 0]),
        ("B25003_002", owners, shares[:, 1]),
        ("B25003_003", renters, shares[:, 2]),
    ):
        out[f"{name}E"] = estimate
        out[f"{name}M"] = margin(units**2 * share * (1 - share) / n, draw)
    out["B19001_001E"] = owners + renters
    out |= {"B25034_001E": total, "B25034_010E": forties, "B25034_011E": older - forties}
    return out


def _degrees(true: dict[str, Floats], draw: np.random.Generator) -> Columns:
    adults = true["adults"].astype(np.int64)
    answers = np.rint(settled(adults / 14.0, 6)).astype(np.int64)
    parts = np.array([0.65, 0.235, 0.075, 0.04])
    shares = np.column_stack([true["bachelors"][:, None] * parts, 1 - true["bachelors"]])
    found = apportioned(adults, classes(draw, np.maximum(answers, adults > 0), shares))
    return {"B15003_001E": adults} | {f"B15003_{22 + k:03d}E": found[:, k] for k in range(4)}


def _students(true: dict[str, Floats], draw: np.random.Generator) -> Columns:
    pupils = np.rint(settled(true["population"] * 0.965, 6)).astype(np.int64)
    answers = np.rint(settled(pupils / 16.0, 6)).astype(np.int64)
    n = np.maximum(answers, 1)
    out = {"B14007_001E": pupils, "B14007_001M": margin(12.0 * pupils, draw)}
    for share, college, poor, poverty in ((0.82, "017", "009", 0.24), (0.18, "018", "010", 0.2)):
        rate = settled(true["students"] * share)
        found = draw.binomial(answers, rate) / n
        enrolled = np.rint(settled(pupils * found, 6)).astype(np.int64)
        needy = draw.binomial(enrolled, poverty)
        out[f"B14007_{college}E"] = enrolled
        out[f"B14007_{college}M"] = margin(pupils**2 * rate * (1 - rate) / n, draw)
        out[f"B14006_{poor}E"] = needy.astype(np.int64)
        out[f"B14006_{poor}M"] = margin(pupils**2 * rate * poverty * (1 - rate * poverty) / n, draw)
    return out


def _household_income(true: dict[str, Floats], households: Ints, draw: np.random.Generator) -> Columns:
    answers = np.rint(settled(true["households"] * SURVEY_SHARE, 6)).astype(np.int64)
    median = sample_median(draw, true["income"], WITHIN["income"], answers)
    found = brackets(draw, true["income"], WITHIN["income"], median, INCOME_BOUNDS)
    spread = apportioned(households, found)
    value, error = coded(median, TOP_CODES["2018"]["income"])
    columns = {f"B19001_{k + 2:03d}E": spread[:, k] for k in range(len(INCOME_BOUNDS))}
    return columns | {"B19013_001E": value, "B19013_001M": error}


def _medians(true: dict[str, Floats], period: str, homes: Columns, draw: np.random.Generator) -> Columns:
    """Rent, value, housing costs and the income of a person, each of those whom it concerns."""
    renters = true["households"] * true["renters"]
    owners = true["households"] - renters
    out: Columns = {}
    for name, field, base in (("B25064_001", "rent", renters), ("B25077_001", "value", owners)):
        answers = np.rint(settled(base * SURVEY_SHARE, 6)).astype(np.int64)
        median = sample_median(draw, true[field], WITHIN[field], answers)
        out[f"{name}E"], out[f"{name}M"] = coded(median, TOP_CODES[period][field])
    person = INDIVIDUAL_SHARE * true["income"] * (1 - np.clip(true["students"] - 0.2, 0, 1) * 1.65)
    answers = np.rint(settled(true["adults"] * 0.035, 6)).astype(np.int64)
    median = sample_median(draw, settled(np.maximum(person, 1.0), 4), INDIVIDUAL_SPREAD, answers)
    out["B06011_001E"] = coded(median, TOP_CODES[period]["income"])[0]
    if period == "2018":
        answers = np.rint(settled(true["households"] * SURVEY_SHARE, 6)).astype(np.int64)
        costs = sample_median(draw, settled(true["rent"] * 1.09, 4), 0.5, answers)
        out["B25105_001E"] = np.where(costs.value > 4_000, 4_001, coded(costs, TOP_CODES[period]["rent"])[0])
        out["B25105_001E"] = np.where(answers < 4, -666_666_666, out["B25105_001E"])
    return out


def _movers(true: dict[str, Floats], draw: np.random.Generator) -> Columns:
    people = true["adults"]
    out: Columns = {}
    person = np.maximum(INDIVIDUAL_SHARE * true["income"], 1.0)
    for where, first in MOVER_FIRST.items():
        expected = settled(people * MOVER_RATES[where] * (0.7 + 0.6 * true["renters"]) / 12.0, 6)
        answers = draw.poisson(expected).astype(np.int64)
        median = sample_median(draw, settled(person * 0.85, 4), INDIVIDUAL_SPREAD, np.maximum(answers, 1))
        found = brackets(draw, person * 0.85, INDIVIDUAL_SPREAD, median, MOVER_BOUNDS)
        weight = draw.integers(9, 16, len(answers))
        spread = apportioned(answers * weight, found * (answers > 0)[:, None])
        out[f"B07010_{first:03d}E"] = spread.sum(axis=1)
        for k in range(len(MOVER_BOUNDS)):
            out[f"B07010_{first + 1 + k:03d}E"] = spread[:, k]
    return out
