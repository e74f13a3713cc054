"""The rules behind the displacement typology: from a tract's figures to facts that are true, false or unknown.

A fact is a :class:`Doubt`: a number known exactly or only between two bounds. A
missing figure could be anything; a top-coded one is at least its code ("3,501 or
more"), so a tract whose rent was top-coded later is known to lie above the
median, while its rise has a lower bound only. See :mod:`displacement_typology`
for the source of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Span = tuple[Floats, Floats]

PREDOMINANT = 0.55
FEWEST_RESIDENTS = 500
PRICE_STEP = 0.05
PUBLISHED_RENT_RISE = 0.90
# Housing costs of 30 percent of an income of 60 and of 120 percent of the regional median, by month.
AFFORDABLE_TO_LOW, AFFORDABLE_TO_MODERATE = 0.3 * 0.6 / 12, 0.3 * 1.2 / 12
GROUPS = 6


@dataclass(frozen=True, eq=False)
class Doubt:
    """A whole number by tract, known or between two bounds; 0 and 1 stand for false and true.

    >>> maybe = Doubt(np.array([0]), np.array([1]))
    >>> (maybe & Doubt(np.array([0]), np.array([0]))).values.tolist(), (maybe | ~maybe).values.tolist()
    ([0.0], [nan])
    """

    low: Codes
    high: Codes

    def __and__(self, other: Doubt) -> Doubt:
        return Doubt(np.minimum(self.low, other.low), np.minimum(self.high, other.high))

    def __or__(self, other: Doubt) -> Doubt:
        return Doubt(np.maximum(self.low, other.low), np.maximum(self.high, other.high))

    def __add__(self, other: Doubt) -> Doubt:
        return Doubt(self.low + other.low, self.high + other.high)

    def __invert__(self) -> Doubt:
        return Doubt(1 - self.high, 1 - self.low)

    def at_least(self, number: int) -> Doubt:
        """Whether the number is at least this one."""
        return Doubt((self.low >= number).astype(np.int64), (self.high >= number).astype(np.int64))

    @property
    def known(self) -> Bools:
        """Where there is no doubt."""
        certain: Bools = self.low == self.high
        return certain

    @property
    def values(self) -> Floats:
        """The number where it is known, NaN where not."""
        return np.where(self.known, self.low, np.nan).astype(float)


class Region:
    """Compares tracts with their region, and remembers each cut-off it used.

    ``data`` has one array an input, NaN where missing; ``top_coded`` marks values
    that are lower bounds. With ``doubtful`` off, missing values compare as false, as in the original.
    ``cuts`` may bring cut-offs along; those are used in place of the region's own.
    """

    def __init__(
        self,
        data: Mapping[str, Floats],
        top_coded: Mapping[str, Bools],
        *,
        doubtful: bool,
        cuts: Mapping[str, float] | None = None,
    ) -> None:
        self.data = data
        self.top_coded = top_coded
        self.doubtful = doubtful
        self.cuts: dict[str, float] = dict(cuts or {})

    def median(self, name: str) -> float:
        """Regional median: the median across tracts."""
        return self._cut(f"median {name}", float(np.nanmedian(self.data[name])))

    def span(self, name: str) -> Span:
        """Bounds of a figure."""
        low, high = self.spread(self.data[name])
        if self.doubtful and name in self.top_coded:
            high = np.where(self.top_coded[name], np.inf, high)
        return low, high

    def spread(self, values: Floats) -> Span:
        """A derived figure as bounds: itself where known, anything where not."""
        if not self.doubtful:
            return values, values
        gap = np.isnan(values)
        return np.where(gap, -np.inf, values), np.where(gap, np.inf, values)

    def reaches(self, span: Span, cut: float, *, strictly: bool = False) -> Doubt:
        """Whether a figure is at or above (strictly: above) a cut-off."""
        compare = np.greater if strictly else np.greater_equal
        return Doubt(*(compare(end, cut).astype(np.int64) for end in span))

    def above_median(self, name: str) -> Doubt:
        """Whether a figure is at or above its regional median."""
        return self.reaches(self.span(name), self.median(name))

    def change(self, stem: str, first: int, last: int) -> Span:
        """Change between two years: of a share in share, of dollars relative to the first year."""
        before, after = self.span(f"{stem}_{first}"), self.span(f"{stem}_{last}")
        if stem.endswith("share"):
            return self.spread(self.data[f"{stem}_{last}"] - self.data[f"{stem}_{first}"])
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = after[0] / before[1] - 1, after[1] / before[0] - 1
        if not self.doubtful:
            return low, high
        # Nothing is known above where the later figure is open, or below where the earlier one is.
        low = np.where(np.isfinite(before[1]) & np.isfinite(after[0]), low, -np.inf)
        return low, np.where(np.isfinite(after[1]) & np.isfinite(before[0]), high, np.inf)

    def above_region(self, stem: str, first: int, last: int) -> Doubt:
        """Whether the tract changed at least as much as the regional median did."""
        before, after = self.median(f"{stem}_{first}"), self.median(f"{stem}_{last}")
        cut = after - before if stem.endswith("share") else (after - before) / before
        return self.reaches(self.change(stem, first, last), self._cut(f"change {stem} {first}-{last}", cut))

    def low_income_loss(self, first: int, last: int) -> Doubt:
        """Whether the tract has fewer low-income households than before."""
        before, after = (self.data[f"below_80_{year}"] * self.data[f"households_{year}"] for year in (first, last))
        return self.reaches(self.spread(before - after), 0.0, strictly=True)

    def among_known(self, span: Span, name: str, quantile: float) -> float:
        """Quantile of a change over the tracts in which it is known exactly."""
        exact = span[0][(span[0] == span[1]) & np.isfinite(span[0])] if self.doubtful else span[0]
        return self._cut(name, float(np.nanquantile(exact, quantile)) if exact.size else np.inf)

    def _cut(self, name: str, value: float) -> float:
        return self.cuts.setdefault(name, value)


def facts_of(region: Region, *, market: bool, nearby_rule: str) -> dict[str, Doubt]:
    """What the classes are made of; ``market`` adds Zillow's prices to the rents of the survey."""
    rent, value = region.change("rent", 2012, 2018), region.change("value", 2000, 2018)
    movers = region.data["low_income_movers_2012"] - region.data["low_income_movers_2018"]
    income = region.span("income_2018"), region.span("income_2000")
    with np.errstate(invalid="ignore"):
        rise = (income[0][0] - income[1][1], income[0][1] - income[1][0])
    extreme, above = _extremes(region, rent, market)
    return {
        "enough_residents": region.reaches(region.span("population_2000"), FEWEST_RESIDENTS, strictly=True),
        "high_income_2000": _high_income(region, 2000),
        "income_group_2018": _income_group(region, 2018),
        "affordable_to": _affordability(region),
        "price_change": _price_level(region, rent, "rent 2012-2018") | _price_level(region, value, "value 2000-2018"),
        "gentrified_1990_2000": _gentrified(region, 1990, 2000, rent_from=1990),
        "gentrified_2000_2018": _gentrified(region, 2000, 2018, rent_from=2012),
        "fewer_low_income_households": region.low_income_loss(2000, 2018),
        "fewer_low_income_movers": region.reaches(region.spread(movers), 0.0, strictly=True),
        "income_rose": region.reaches(_open_ends(region, rise), 0.0, strictly=True),
        "extreme_price_rise": extreme,
        "above_median_price_rise": above,
        "rent_pressure": _rent_pressure(region, rent, nearby_rule),
    }


MADE_OF: Mapping[str, tuple[str, ...]] = {
    "enough_residents": ("population_2000",),
    "high_income_2000": ("below_80_2000", "below_120_2000", "income_2000"),
    "income_group_2018": ("below_80_2018", "below_120_2018", "income_2018"),
    "affordable_to": ("affordability_2018", "housing_costs_2018"),
    "price_change": ("rent_2012", "rent_2018", "value_2000", "value_2018"),
    "gentrified_1990_2000": (
        "rent_1990", "rent_2000", "value_1990", "value_2000", "income_1990", "income_2000", "below_80_1990",
        "below_80_2000", "households_1990", "households_2000", "college_share_1990", "college_share_2000",
        "renter_share_1990", "nonwhite_share_1990",
    ),
    "gentrified_2000_2018": (
        "rent_2000", "rent_2012", "rent_2018", "value_2000", "value_2018", "income_2000", "income_2018",
        "below_80_2000", "below_80_2018", "households_2000", "households_2018", "college_share_2000",
        "college_share_2018", "renter_share_2000", "nonwhite_share_2000",
    ),
    "fewer_low_income_households": ("below_80_2000", "below_80_2018", "households_2000", "households_2018"),
    "fewer_low_income_movers": ("low_income_movers_2012", "low_income_movers_2018"),
    "income_rose": ("income_2000", "income_2018"),
    "extreme_price_rise": ("rent_2012", "rent_2018", "market_price_change"),
    "above_median_price_rise": ("rent_2012", "rent_2018", "market_price_change"),
    "rent_pressure": (
        "rent_2012", "rent_2018", "nearby_rent_2018", "nearby_rent_change",
        "local_and_nearby_rent_rise", "rent_gap_wide",
    ),
}  # fmt: skip
"""The inputs behind each fact."""


def class_codes(facts: Mapping[str, Codes]) -> Codes:
    """Classes as a sum of powers of two, in the order SAE AdvG ARE BE SMMI ARG EOG OD LISD, from facts all known."""
    group, homes, prices = facts["income_group_2018"], facts["affordable_to"], facts["price_change"]
    enough = facts["enough_residents"] == 1
    low = enough & (group <= 2)
    middle_or_high = enough & (group > 2)
    gentrified = (facts["gentrified_1990_2000"] == 1) | (facts["gentrified_2000_2018"] == 1)
    lost = facts["fewer_low_income_households"] == 1
    dear = middle_or_high & (homes >= 2)
    sae = dear & (group == GROUPS) & (facts["high_income_2000"] == 1) & (homes == 3)
    advg = dear & gentrified & ~sae
    closing = lost & (facts["fewer_low_income_movers"] == 1) & (facts["income_rose"] == 1)
    be = dear & (prices == 3) & closing & ~sae
    are = dear & (prices <= 2) & ~sae & ~advg & ~be
    smmi = middle_or_high & ~sae & ~advg & ~be & ~are
    hint = (prices == 1) | (facts["extreme_price_rise"] == 1)
    arg = low & (homes == 1) & hint & ~gentrified & (facts["rent_pressure"] == 1)
    eog = low & (homes == 2) & ((prices >= 2) | (facts["above_median_price_rise"] == 1)) & gentrified
    od = low & lost & ~arg & ~eog
    lisd = low & ~od & ~arg & ~eog
    codes = np.zeros(len(group), dtype=np.int64)
    for place, held in enumerate((sae, advg, are, be, smmi, arg, eog, od, lisd)):
        codes |= held.astype(np.int64) << place
    return codes


def possible_values(region: Region, facts: Mapping[str, Doubt]) -> dict[str, Bools]:
    """By fact, which of its values a tract may have; shape (tracts, values from 0 on)."""
    found = {}
    for name, fact in facts.items():
        numbers = np.arange((GROUPS if name == "income_group_2018" else 3) + 1)
        found[name] = (numbers >= fact.low[:, None]) & (numbers <= fact.high[:, None])
    # With the shares known and the median not, a tract is mixed around some median, never predominant.
    shares = ~np.isnan(region.data["below_80_2018"]) & ~np.isnan(region.data["below_120_2018"])
    found["income_group_2018"][~facts["income_group_2018"].known & shares] = np.isin(np.arange(GROUPS + 1), (2, 4, 5))
    return found


def _gentrified(region: Region, first: int, last: int, *, rent_from: int) -> Doubt:
    """Vulnerable in the first year, then more education, income, a hot market and fewer low-income households."""
    housing = ~region.above_median(f"rent_{first}") | ~region.above_median(f"value_{first}")
    people = region.above_median(f"below_80_{first}") + ~region.above_median(f"college_share_{first}")
    people = people + region.above_median(f"renter_share_{first}") + region.above_median(f"nonwhite_share_{first}")
    hot = region.above_region("value", first, last) | region.above_region("rent", rent_from, last)
    newcomers = region.above_region("college_share", first, last) & region.above_region("income", first, last)
    return housing & people.at_least(3) & hot & newcomers & region.low_income_loss(first, last)


def _groups(region: Region, year: int) -> tuple[Codes, Bools, Bools]:
    """Income group 1 to 6 as far as the figures say, whether the shares are known, and whether it is predominant."""
    low, upto = region.data[f"below_80_{year}"], region.data[f"below_120_{year}"]
    income, median = region.data[f"income_{year}"], region.median(f"income_{year}")
    with np.errstate(invalid="ignore"):
        predominant = [low >= PREDOMINANT, 1 - upto >= PREDOMINANT, upto - low >= PREDOMINANT]
        mixed = np.select([income <= 0.8 * median, income <= 1.2 * median], [2, 4], 5)
    code = np.select(predominant, [1, GROUPS, 3], mixed).astype(np.int64)
    return code, ~np.isnan(low) & ~np.isnan(upto), np.isin(code, (1, 3, GROUPS))


def _income_group(region: Region, year: int) -> Doubt:
    """Codebook's group 1 to 6: of 55 percent or more, or mixed around a low, middle or high median."""
    code, shares, predominant = _groups(region, year)
    known = (shares & (predominant | ~np.isnan(region.data[f"income_{year}"]))) | (not region.doubtful)
    return Doubt(np.where(known, code, 1), np.where(known, code, GROUPS))


def _high_income(region: Region, year: int) -> Doubt:
    """Whether households above 120 percent of the median are 55 percent or more; the shares alone decide."""
    code, shares, _ = _groups(region, year)
    high = (code == GROUPS).astype(np.int64)
    known = shares | (not region.doubtful)
    return Doubt(np.where(known, high, 0), np.where(known, high, 1))


def _affordability(region: Region) -> Doubt:
    """1, 2, 3: homes are affordable to low, moderate, high incomes."""
    given = region.data.get("affordability_2018")
    if given is None:
        median = region.median("income_2018")
        moderate = region.cuts.setdefault("housing costs above low", AFFORDABLE_TO_LOW * median)
        high = region.cuts.setdefault("housing costs above moderate", AFFORDABLE_TO_MODERATE * median)
        costs = region.data["housing_costs_2018"]
        given = np.where(np.isnan(costs), np.nan, 1.0 + (costs > moderate) + (costs > high))
    known = ~np.isnan(given)
    code = np.where(known, given, 0).astype(np.int64)
    return Doubt(np.where(known, code, int(region.doubtful)), np.where(known, code, 3 * int(region.doubtful)))


def _price_level(region: Region, change: Span, name: str) -> Doubt:
    """1: prices fell, or rose by less than 5 percent; 2: rose more; 3: at or above the median of those that did."""
    exact = change[0] == change[1]
    risen = change[0][exact & (change[0] >= PRICE_STEP)]
    rapid = region.cuts.setdefault(f"rapid rise {name}", float(np.median(risen)) if risen.size else np.inf)
    one = np.ones(len(exact), dtype=np.int64)
    return Doubt(one, one) + region.reaches(change, PRICE_STEP) + region.reaches(change, rapid)


def _extremes(region: Region, rent: Span, market: bool) -> tuple[Doubt, Doubt]:
    """Whether prices rose into the top tenth, and above the median."""
    top = region.among_known(rent, "top tenth rent 2012-2018", 0.9) if region.doubtful else PUBLISHED_RENT_RISE
    middle = region.among_known(rent, "median change rent 2012-2018", 0.5)
    extreme, above = region.reaches(rent, top), region.reaches(rent, middle)
    if market:
        price = region.span("market_price_change")
        top = region.among_known(price, "top tenth market price", 0.9)
        middle = region.among_known(price, "median change market price", 0.5)
        extreme, above = extreme | region.reaches(price, top), above | region.reaches(price, middle, strictly=True)
    return extreme, above


def _rent_pressure(region: Region, rent: Span, nearby_rule: str) -> Doubt:
    """Rents rose here and nearby more than in the region, or nearby rents are far above local ones."""
    if "rent_gap_wide" in region.data:
        flags = (region.span("local_and_nearby_rent_rise"), region.span("rent_gap_wide"))
        return region.reaches(flags[0], 1.0) | region.reaches(flags[1], 1.0)
    local, nearby = region.span("rent_2018"), region.span("nearby_rent_2018")
    with np.errstate(invalid="ignore"):
        gap = _open_ends(region, (nearby[0] - local[1], nearby[1] - local[0]))
    here = max(0.0, region.among_known(rent, "median change rent 2012-2018", 0.5))
    there = region.among_known(region.span("nearby_rent_change"), "median change nearby rent", 0.5)
    wide = max(0.0, region.among_known(gap, "median rent gap", 0.5))
    rising = (
        region.reaches(rent, here, strictly=True),
        region.reaches(region.span("nearby_rent_change"), there, strictly=True),
    )
    both = rising[0] & rising[1] if nearby_rule == "both" else rising[0] | rising[1]
    return both | region.reaches(gap, wide, strictly=True)


def _open_ends(region: Region, span: Span) -> Span:
    """A difference of two open ends says nothing on that side."""
    if not region.doubtful:
        return span
    return np.where(np.isnan(span[0]), -np.inf, span[0]), np.where(np.isnan(span[1]), np.inf, span[1])
