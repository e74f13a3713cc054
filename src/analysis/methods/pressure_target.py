"""Pressure on renters, defined beforehand: rents outgrew the county's and low-income renter households became fewer.

Both halves are compared inside one county and one period. The rise of a tract's rent over the county's is the same
whatever price index is used, because the index cancels; low incomes are below a share of the county's median income of
the same year, so that inflation alone moves no household. No table held here crosses tenure with income. The number of
low-income renter households is therefore estimated: low-income households times the share of homes that are rented, as
if income and tenure were unrelated inside a tract. That understates the number, since renters are poorer than owners;
what counts here is whether it fell. ``TargetRule`` holds this and the other defensible definitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods import margins_of_error as moe
from analysis.methods.change_measures import CENSUS_PERIODS, LONG_FORM_FACTOR, design_factors, income_limits
from analysis.methods.empirical_bayes import joint_posterior
from analysis.methods.prices import PriceIndex
from analysis.methods.weighted_quantiles import below
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST_RENTERS = 100
RENT_SPREAD = 0.35
"""Standard deviation of the logarithm of rents inside a tract, for the error of medians published without margins."""
MEDIAN_OVER_MEAN = 1.2533
"""Standard error of a median over that of a mean, for a normal spread: the root of half pi."""
TENURES = ("rented share", "any tenure", "certain")
COUNTIES = ("mean rent", "middle tract")


@dataclass(frozen=True)
class TargetRule:
    """One definition of pressure; the default is ours.

    ``rent_margin``: percent by which a tract's rent must outgrow the county's. ``low_income``: low incomes are below
    this share of the county's median. ``tenure``: ``rented share`` (low-income households times share of homes rented),
    ``any tenure`` (all low-income households), or ``certain`` (fewer even at the bounds: the least there can have been
    before against the most there can be after). ``county``: its growth is that of the ``mean rent`` over renters, or of
    the ``middle tract``. ``index``: with a price index low incomes are below a line fixed in real dollars.
    """

    rent_margin: float = 0.0
    low_income: float = 0.8
    tenure: str = "rented share"
    county: str = "mean rent"
    index: PriceIndex | None = None


@dataclass(frozen=True, eq=False)
class PressureTarget:
    """What happened to renters of each tract between two periods.

    ``table`` (index: geoid): rent_gap (percent by which the rent outgrew the county's, as 100 times a log ratio),
    low_change (change of low-income renter households, same unit), rent_error and low_error (standard errors),
    rent_above and fewer_low (true, false or missing), pressured (both), renters (renter households before),
    status (scored or not) and reason. ``county_growth`` is the county's, in the same unit, nominal.
    """

    table: pd.DataFrame
    before: str
    after: str
    county_growth: float
    rule: TargetRule

    @property
    def pressured(self) -> pd.Series:
        """1 and 0 for scored tracts only."""
        return self.table.loc[self.table["status"] == "scored", "pressured"].astype(int)

    def draws(self, number: int, *, seed: int = 2018) -> pd.DataFrame:
        """Outcomes (1 or 0) that the sampling errors leave possible; one row a scored tract, one column a draw.

        True changes are drawn by empirical Bayes, the two together: figures are pulled in by the share of their
        variance that is noise, for noise added to noisy figures would count it twice.
        """
        scored = self.table[self.table["status"] == "scored"]
        known = scored[np.isfinite(scored["rent_gap"]) & np.isfinite(scored["low_change"])]
        left = joint_posterior(known[["rent_gap", "low_change"]], known[["rent_error", "low_error"]])
        truth = left.draws(number, np.random.default_rng(seed))
        hit = (truth[:, :, 0] > self.rule.rent_margin) & (truth[:, :, 1] < 0)
        return pd.DataFrame(hit.T.astype(int), index=known.index).reindex(scored.index).fillna(0).astype(int)


def pressure_target(
    tract_periods: pd.DataFrame,
    income_brackets: pd.DataFrame,
    before: str,
    after: str,
    rule: TargetRule | None = None,
) -> PressureTarget:
    """Which tracts came under pressure between two periods, from the refined tables of one whole county.

    A tract is not scored, with a reason, where fewer than a hundred renter households live, where a median rent is
    missing, or where one is cut off so that it cannot be told whether it outgrew the county's. A rent cut off above
    afterwards is a lower bound: a tract above the county even so is known to be above.

    Raises AnalysisError for a period without what the target needs (2012 has no incomes), or an unknown rule.
    """
    chosen = rule or TargetRule()
    if chosen.tenure not in TENURES or chosen.county not in COUNTIES:
        raise AnalysisError(f"pressure: tenure is one of {TENURES}, county one of {COUNTIES}")
    first, last = period_rows(tract_periods, before), period_rows(tract_periods, after)
    first, last = first.reindex(last.index), last
    table, growth = _rents(first, last, chosen)
    table["rent_error"] = _rent_error(first, last, before)
    low = [
        low_income_renters(rows, income_brackets, period, chosen) for rows, period in ((first, before), (last, after))
    ]
    table["low_change"] = 100 * np.log((low[1]["after_side"] + 0.5) / (low[0]["before_side"] + 0.5))
    table["low_error"] = 100 * np.sqrt(low[0]["error"] ** 2 + low[1]["error"] ** 2)
    table["fewer_low"] = (table["low_change"] < 0).astype(object).where(table["low_change"].notna(), None)
    table["renters"] = first["renter_occupied"]
    table["status"], table["reason"] = _status(first, last, table)
    both = table["rent_above"].eq(True) & table["fewer_low"].eq(True)
    table["pressured"] = both.astype(object).where(table["status"] == "scored", None)
    return PressureTarget(table, before, after, growth, chosen)


def rent_half(tract_periods: pd.DataFrame, before: str, after: str) -> pd.Series:
    """Only the half about rents, 1 or 0 by tract, for periods without incomes; tracts that cannot be told are left out.

    Raises AnalysisError for a period that is not there.
    """
    first, last = period_rows(tract_periods, before), period_rows(tract_periods, after)
    first = first.reindex(last.index)
    # 2008-12 has no tenure: the earlier weights are taken from the nearest period that has them.
    for rows in (first, last):
        if rows["renter_occupied"].isna().all():
            rows["renter_occupied"] = period_rows(tract_periods, "2000")["renter_occupied"].reindex(rows.index)
    table, _ = _rents(first, last, TargetRule())
    many = first["renter_occupied"] >= FEWEST_RENTERS
    return table.loc[table["rent_above"].notna() & many, "rent_above"].astype(int)


def period_rows(tract_periods: pd.DataFrame, period: str) -> pd.DataFrame:
    """The rows of one period by geoid, sorted; raises AnalysisError when there are none."""
    rows = tract_periods[tract_periods["period"].astype(str) == period]
    if rows.empty:
        known = ", ".join(sorted(tract_periods["period"].astype(str).unique()))
        raise AnalysisError(f"pressure: the tract table has no period {period}; it has {known}")
    return rows.set_index("geoid").sort_index()


def _rents(first: pd.DataFrame, last: pd.DataFrame, rule: TargetRule) -> tuple[pd.DataFrame, float]:
    """By how much each tract's rent outgrew the county's, and the county's growth; both 100 times a log ratio."""
    start = first["median_gross_rent"].where(first["median_gross_rent_flag"] == "ok")
    end = last["median_gross_rent"].where(last["median_gross_rent_flag"].isin(["ok", "top_coded"]))
    exact = last["median_gross_rent_flag"] == "ok"
    both = start.notna() & end.notna() & (first["renter_occupied"] > 0) & (last["renter_occupied"] > 0)
    if not both.any():
        raise AnalysisError("pressure: no tract has a rent and renters in both periods")
    growth = 100 * (end / start).map(np.log)
    if rule.county == "middle tract":
        county = float(growth[both & exact].median())
    else:
        means = [
            np.average(rent[both], weights=rows.loc[both, "renter_occupied"])
            for rent, rows in ((start, first), (end, last))
        ]
        county = float(100 * np.log(means[1] / means[0]))
    gap = growth - county
    known = gap.notna() & (exact | (gap > rule.rent_margin))
    table = pd.DataFrame({"rent_gap": gap})
    table["rent_above"] = (gap > rule.rent_margin).astype(object).where(known, None)
    return table, county


def _rent_error(first: pd.DataFrame, last: pd.DataFrame, before: str) -> pd.Series:
    """Standard error of the log growth in percent; a census published none, so the later one is scaled to it."""
    if last["median_gross_rent_moe"].isna().all():
        return pd.Series(100 * np.hypot(*(_census_rent_error(rows) for rows in (first, last))), index=last.index)
    after = pd.Series(moe.standard_error(last["median_gross_rent_moe"]), last.index) / last["median_gross_rent"]
    # A margin that is not published is unknown, not zero: the middle tract's stands in.
    after = after.fillna(after.median())
    if before in CENSUS_PERIODS:
        homes = last["renter_occupied"].where(last["renter_occupied"] > 0)
        scale = LONG_FORM_FACTOR / sampling_factor(last, "survey") * first["renter_occupied"] / homes
        earlier = after * np.sqrt(scale.clip(0.05, 4.0).fillna(1.0))
    else:
        margin = moe.standard_error(first["median_gross_rent_moe"]) / first["median_gross_rent"]
        earlier = pd.Series(margin, index=first.index).fillna(after.median())
    return 100 * (after**2 + earlier**2) ** 0.5


def _census_rent_error(rows: pd.DataFrame) -> Floats:
    """Relative standard error of a median rent in a sample of one home in six, for a lognormal spread of rents."""
    homes = rows["renter_occupied"].where(rows["renter_occupied"] > 0).to_numpy(dtype=float)
    return np.asarray(MEDIAN_OVER_MEAN * RENT_SPREAD * np.sqrt(LONG_FORM_FACTOR / homes), dtype=float)


def sampling_factor(rows: pd.DataFrame, period: str) -> float:
    """Variance of a share of households over a simple sample's of all: known for a census, learnt for a survey."""
    return LONG_FORM_FACTOR if period in CENSUS_PERIODS else design_factors(rows)["households"]


def low_income_renters(
    rows: pd.DataFrame, income_brackets: pd.DataFrame, period: str, rule: TargetRule | None = None
) -> pd.DataFrame:
    """Estimated low-income renter households of each tract, and bounds that need no assumption.

    Columns: estimate (by the rule's tenure), least and most (bounds of Fréchet: at least those low-income households
    that are more than all owners, at most all of either), before_side and after_side (what the rule compares), error
    (standard error relative to the estimate; low incomes come without margins, so a design factor stands in).

    Raises AnalysisError for a period without incomes.
    """
    chosen = rule or TargetRule()
    low = low_income_households(income_brackets, period, chosen).reindex(rows.index)
    renters, owners = rows["renter_occupied"], rows["owner_occupied"]
    homes = (renters + owners).where(renters + owners > 0)
    # Incomes are of a sample and tenure of a full count: by chance the one can exceed the other in a small tract.
    low = low.where(~(low > homes), homes)
    least, most = (low - owners).clip(lower=0), np.minimum(low, renters)
    estimate = low if chosen.tenure == "any tenure" else low * renters / homes
    sides = (least, most) if chosen.tenure == "certain" else (estimate, estimate)
    factor = sampling_factor(rows, period)
    share = (low / homes).clip(0.01, 0.99)
    variance = factor * (1 - share) / (low + 0.5)
    if chosen.tenure != "any tenure" and period not in CENSUS_PERIODS:
        # Tenure is counted in full in a census, sampled in a survey.
        rented = moe.of_proportion(renters, homes, rows["renter_occupied_moe"], np.zeros(len(rows)))
        variance = variance + (moe.standard_error(rented) * homes / renters.where(renters > 0)) ** 2
    return pd.DataFrame(
        {"estimate": estimate, "least": least, "most": most, "before_side": sides[0], "after_side": sides[1],
         "error": np.sqrt(variance)}
    )  # fmt: skip


def low_income_households(income_brackets: pd.DataFrame, period: str, rule: TargetRule | None = None) -> pd.Series:
    """Households with incomes below the rule's line, of any tenure, by geoid; spread evenly inside a bracket.

    Raises AnalysisError for a period without incomes.
    """
    chosen = rule or TargetRule()
    rows = income_brackets[income_brackets["period"].astype(str) == period]
    line = income_limits(income_brackets, period).median * chosen.low_income
    if chosen.index is not None:
        base = income_brackets.loc[income_brackets["period"].astype(str) == "2000", "dollar_year"].iloc[0]
        fixed = income_limits(income_brackets, "2000").median * chosen.low_income
        line = fixed * float(chosen.index.ratio(int(base), int(rows["dollar_year"].iloc[0])))
    wide = rows.pivot(index="geoid", columns="bracket_low", values="households")
    high = rows.drop_duplicates("bracket_low").set_index("bracket_low")["bracket_high"].reindex(wide.columns)
    found = below(wide.columns.to_numpy(dtype=float), high.to_numpy(dtype=float), wide.to_numpy(dtype=float), line)
    return pd.Series(found, index=wide.index, name="low_income")


def _status(first: pd.DataFrame, last: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    few = ~((first["renter_occupied"] >= FEWEST_RENTERS) & (last["renter_occupied"] >= FEWEST_RENTERS))
    flags = [rows["median_gross_rent_flag"].isin(["top_coded", "bottom_coded"]) for rows in (first, last)]
    reasons = {
        f"fewer than {FEWEST_RENTERS} renter households": few,
        "a rent is cut off by the census": table["rent_above"].isna() & (flags[0] | flags[1]),
        "a rent is missing": table["rent_above"].isna(),
        "incomes are missing": table["low_change"].isna(),
    }
    reason = pd.Series(np.select(list(reasons.values()), list(reasons), ""), index=table.index)
    return pd.Series(np.where(reason == "", "scored", "not scored"), index=table.index), reason


@dataclass(frozen=True)
class Window:
    """A pair of periods over which an outcome is held; ``years`` between the middles of what surveys asked about."""

    before: str
    after: str
    years: int
    whole: bool
    words: str = field(default="")


WINDOWS: tuple[Window, ...] = (
    Window("2012", "2018", 6, False, "rents only, 2008–12 to 2014–18"),
    Window("1990", "2000", 10, True, "the whole target, 1990 to 2000"),
    Window("2000", "2012", 10, False, "rents only, 2000 to 2008–12"),
    Window("2000", "2018", 16, True, "the whole target, 2000 to 2014–18"),
)
"""Outcomes the tables hold. A five-year survey stands for its middle year."""


def nearest_window(horizon: int, *, whole: bool = True) -> Window:
    """The held outcome whose length is nearest to ``horizon`` years (1 to 18); ``whole`` asks for both halves.

    Raises AnalysisError for a horizon no outcome supports: nothing is held beyond eighteen years.

    >>> nearest_window(5).years, nearest_window(5, whole=False).years
    (10, 6)
    """
    if not 1 <= horizon <= 18:
        raise AnalysisError(f"horizon: {horizon} years; the tables hold outcomes of 6 to 16 years, so ask for 1 to 18")
    fitting = [window for window in WINDOWS if window.whole or not whole]
    return min(fitting, key=lambda window: (abs(window.years - horizon), window.before < "2000"))
