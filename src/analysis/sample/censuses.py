"""The censuses of 1990 and 2000 on their own tracts, and the files that carry them to 2010.

The crosswalk files are made as their publisher made them: every column, medians
too, is the sum over old tracts of share times value. For counts that is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.calibration import LONG_FORM_SHARE, TOP_CODES, WITHIN
from analysis.sample.drawing import apportioned, brackets, classes, coded_census, sample_median
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.society import society
from analysis.sample.surveys import INCOME_BOUNDS, Columns
from analysis.sample.vintages import geoid, vintages

INCOME_BOUNDS_1990 = (
    0, 5_000, 10_000, 12_500, 15_000, 17_500, 20_000, 22_500, 25_000, 27_500, 30_000, 32_500, 35_000, 37_500, 40_000,
    42_500, 45_000, 47_500, 50_000, 55_000, 60_000, 75_000, 100_000, 125_000, 150_000,
)  # fmt: skip
FEWEST = 8
"""Sampled homes under which the long form gives no median."""
OLD_SPECIAL = ("298100", "298200", "298300", "298400", "298500", "298600", "298700", "298800")
"""Tracts of 1990 and 2000 without residents: the preserves, the airport, the port, ships."""
STRAY = 0.002
"""Share of a neighbour's people that the crosswalk puts into each special tract of 2010."""
UNCARRIED = 5
"""Tracts of 2010 that the crosswalk files leave out: the two of the sea and these special ones."""


@dataclass(frozen=True)
class OldTracts:
    """True figures of the tracts of an older census, special ones last; counts, shares, dollars."""

    codes: tuple[str, ...]
    figures: dict[str, Floats]
    share: Floats


@cache
def old_tracts(period: str) -> OldTracts:
    """People of the period on the tracts of the period. ``share[t, s]``: share of s that lies in 2010 tract t."""
    people = society().periods[period]
    held = vintages().held_2000 if period == "2000" else vintages().held_1990
    codes = vintages().code_2000 if period == "2000" else vintages().code_1990
    figures: dict[str, Floats] = {}
    for name in ("population", "households", "adults"):
        figures[name] = np.rint(settled(held.T @ getattr(people, name), 6))
    for name, base in (("renters", "households"), ("bachelors", "adults"), ("white", "population")):
        weight = getattr(people, base)
        figures[name] = settled((held.T @ (getattr(people, name) * weight)) / (held.T @ weight))
    for name in ("income", "rent", "value"):
        weight = people.households
        middle = (held.T @ (np.log(getattr(people, name)) * weight)) / (held.T @ weight)
        figures[name] = settled(np.exp(middle), 4)
    inside = held * people.population[:, None]
    share = settled(inside / inside.sum(axis=0), 8)
    empty = len(OLD_SPECIAL)
    figures = {name: np.concatenate([values, np.zeros(empty)]) for name, values in figures.items()}
    return OldTracts((*codes, *OLD_SPECIAL), figures, share)


@cache
def census_2000() -> tuple[Columns, Columns]:
    """Full count (SF1) and long form (SF3) of 2000."""
    true = old_tracts("2000").figures
    draw = stream("census 2000")
    homes = true["households"].astype(np.int64)
    renters = np.rint(settled(homes * true["renters"], 6)).astype(np.int64)
    people = true["population"].astype(np.int64)
    white = np.rint(settled(people * true["white"], 6)).astype(np.int64)
    full = {"H004001": homes, "H004002": homes - renters, "H004003": renters, "P004001": people, "P004005": white}
    adults = true["adults"].astype(np.int64)
    parts = np.array([0.31, 0.115, 0.06, 0.026, 0.33, 0.11, 0.035, 0.014])
    answers = np.rint(settled(adults * LONG_FORM_SHARE, 6)).astype(np.int64)
    shares = np.column_stack([true["bachelors"][:, None] * parts, 1 - true["bachelors"]])
    found = apportioned(adults, classes(draw, answers, shares))
    long = {"P037001": adults}
    long |= {f"P037{first + k:03d}": found[:, 4 * n + k] for n, first in enumerate((15, 32)) for k in range(4)}
    spread, income = _income(true, homes, INCOME_BOUNDS, "2000", draw)
    long |= {"P052001": homes} | {f"P052{k + 2:03d}": spread[:, k] for k in range(len(INCOME_BOUNDS))}
    long |= {"P053001": income}
    long["H063001"], long["H085001"] = _prices(true, "2000", draw)
    return full, long


@cache
def census_1990() -> Columns:
    """Long form (STF3) of 1990."""
    true = old_tracts("1990").figures
    draw = stream("census 1990")
    homes = true["households"].astype(np.int64)
    renters = np.rint(settled(homes * true["renters"], 6)).astype(np.int64)
    people = true["population"].astype(np.int64)
    adults = true["adults"].astype(np.int64)
    rest = 1 - true["bachelors"]
    below = np.array([0.22, 0.19, 0.28, 0.22, 0.09])
    shares = np.column_stack([rest[:, None] * below, true["bachelors"] * 0.64, true["bachelors"] * 0.36])
    answers = np.rint(settled(adults * LONG_FORM_SHARE, 6)).astype(np.int64)
    found = apportioned(adults, classes(draw, answers, shares))
    spread, income = _income(true, homes, INCOME_BOUNDS_1990, "1990", draw)
    columns = {
        "H0080001": homes - renters,
        "H0080002": renters,
        "P0010001": people,
        "P0050001": homes,
        "P0120001": np.rint(settled(people * true["white"], 6)).astype(np.int64),
        "P080A001": income,
    }
    columns |= {f"P057{k + 1:04d}": found[:, k] for k in range(7)}
    columns |= {f"P080{k + 1:04d}": spread[:, k] for k in range(len(INCOME_BOUNDS_1990))}
    columns["H043A001"], columns["H061A001"] = _prices(true, "1990", draw)
    return columns


def _income(
    true: dict[str, Floats], homes: Ints, lows: tuple[int, ...], period: str, draw: np.random.Generator
) -> tuple[Ints, Ints]:
    answers = np.rint(settled(homes * LONG_FORM_SHARE, 6)).astype(np.int64)
    middle = np.maximum(true["income"], 1.0)
    median = sample_median(draw, middle, WITHIN["income"], answers)
    spread = apportioned(homes, brackets(draw, middle, WITHIN["income"], median, lows))
    return spread, coded_census(median, TOP_CODES[period]["income"], FEWEST)


def _prices(true: dict[str, Floats], period: str, draw: np.random.Generator) -> tuple[Ints, Ints]:
    renters = true["households"] * true["renters"]
    out = []
    for name, base in (("rent", renters), ("value", true["households"] - renters)):
        answers = np.rint(settled(base * LONG_FORM_SHARE, 6)).astype(np.int64)
        median = sample_median(draw, np.maximum(true[name], 1.0), WITHIN[name], answers)
        out.append(coded_census(median, TOP_CODES[period][name], FEWEST))
    return out[0], out[1]


@dataclass(frozen=True)
class Carried:
    """A crosswalk file: code of 2010, the columns in order, the sum of the old codes."""

    codes: tuple[str, ...]
    columns: dict[str, Floats]
    id_sum: tuple[int, ...]


def carried(period: str, columns: dict[str, Ints]) -> Carried:
    """Columns of an older census on the tracts of 2010, medians treated like counts."""
    old = old_tracts(period)
    share = _with_strays(old.share)
    codes = vintages().code_2010
    order = sorted(range(len(codes) - UNCARRIED), key=lambda tract: codes[tract])
    weights = np.column_stack([share, np.zeros((len(codes), len(OLD_SPECIAL)))])[order]
    ids = np.array([int(geoid(code)) for code in old.codes])
    sums = tuple(int(ids[row > 0].sum()) for row in weights)
    table = {name: settled(weights @ values, 9) for name, values in columns.items()}
    return Carried(tuple(codes[tract] for tract in order), table, sums)


def _with_strays(share: Floats) -> Floats:
    """Shares with the specks that areal weights leave: a trace of a neighbour's people in each empty tract."""
    town = vintages()
    out = np.vstack([share, np.zeros((len(areas().special), share.shape[1]))])
    for tract in range(len(share), len(out)):
        home = next((j for j in town.neighbours[tract] if j < len(share)), 0)
        source = int(out[home].argmax())
        if source in out[len(share) :].nonzero()[1]:
            continue
        out[:, source] *= 1.0 - STRAY
        out[tract, source] = STRAY
    return settled(out, 10)
