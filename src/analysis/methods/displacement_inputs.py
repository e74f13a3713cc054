"""From the tract tables to the inputs of the displacement typology.

Thresholds follow the published file: the region's income is the median across
tracts of the tracts' median household income, "low" is below 80 percent of it,
households are spread evenly inside an income bracket, and movers are held
against 80 percent of the region's median individual income.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.methods.prices import PriceIndex, deflate
from analysis.methods.spatial_autocorrelation import SpatialWeights
from analysis.methods.weighted_quantiles import below
from analysis.project import AnalysisError

DOLLAR_YEAR = 2018
_MEDIANS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "income": ("median_household_income", (1990, 2000, 2018)),
    "rent": ("median_gross_rent", (1990, 2000, 2012, 2018)),
    "value": ("median_home_value", (1990, 2000, 2018)),
    "housing_costs": ("median_housing_costs", (2018,)),
}
_SHARES: Mapping[str, tuple[str, str, tuple[int, ...]]] = {
    "college_share": ("bachelors_plus", "adults_25plus", (1990, 2000, 2018)),
    "renter_share": ("renter_occupied", "occupied", (1990, 2000)),
    "nonwhite_share": ("nonwhite", "population", (1990, 2000)),
}


def typology_inputs(
    tract_periods: pd.DataFrame,
    income_brackets: pd.DataFrame,
    mover_brackets: pd.DataFrame,
    index: PriceIndex,
    weights: SpatialWeights | None = None,
) -> pd.DataFrame:
    """Inputs of :func:`analysis.methods.displacement_typology.classify`, one row a tract (index: geoid).

    ``tract_periods`` has one row a tract and period ("1990", "2000", "2012", "2018"),
    medians in dollars of their time with their ``_flag``; the bracket tables have
    counts of households and of movers by bracket. ``index`` deflates to dollars of
    2018. With ``weights`` the two columns about neighbouring rents are added.
    A median flagged as top-coded is kept and marked in ``<name>_top_coded``.

    Raises AnalysisError for a period or column that is not there.
    """
    wide = {int(str(period)): rows.set_index("geoid").sort_index() for period, rows in tract_periods.groupby("period")}
    lacking = sorted({1990, 2000, 2012, 2018} - set(wide))
    if lacking:
        raise AnalysisError(f"typology inputs: the tract table has no period {', '.join(map(str, lacking))}")
    tracts = wide[DOLLAR_YEAR].index
    wide = {period: rows.reindex(tracts) for period, rows in wide.items()}
    columns: dict[str, pd.Series] = {"population_2000": wide[2000]["population"]}
    for period in (1990, 2000, 2018):
        columns[f"households_{period}"] = wide[period]["households"]
    columns |= _income_shares(wide, income_brackets, tracts)
    columns |= _deflated(wide, index)
    for name, (part, base, periods) in _SHARES.items():
        for period in periods:
            columns[f"{name}_{period}"] = _share(wide[period], part, base)
    for period in (2012, 2018):
        columns[f"low_income_movers_{period}"] = _low_income_movers(wide[period], mover_brackets, period, tracts)
    inputs = pd.DataFrame(columns, index=tracts)
    return inputs if weights is None else inputs.join(nearby_rents(inputs, weights))


def nearby_rents(inputs: pd.DataFrame, weights: SpatialWeights) -> pd.DataFrame:
    """Means over the neighbouring tracts: their rents in 2018, and their rent changes since 2012 (as a share).

    A neighbour without a rent is left out of the mean; a tract without any such
    neighbour gets NaN, not zero. Top-coded earlier rents say nothing about a change and are left out too.
    """
    rents = inputs.reindex(list(weights.ids))
    change = rents["rent_2018"] / rents["rent_2012"] - 1
    for name in ("rent_2012_top_coded", "rent_2018_top_coded"):
        if name in rents:
            change = change.mask(rents[name].eq(True))
    table = pd.DataFrame(
        {
            "nearby_rent_2018": weights.neighbour_mean(rents["rent_2018"]),
            "nearby_rent_change": weights.neighbour_mean(change),
        },
        index=rents.index,
    )
    return table.reindex(inputs.index)


def _income_shares(wide: Mapping[int, pd.DataFrame], brackets: pd.DataFrame, tracts: pd.Index) -> dict[str, pd.Series]:
    found = {}
    for period, limits in ((1990, (80,)), (2000, (80, 120)), (2018, (80, 120))):
        middle = wide[period]["median_household_income"].median()
        for limit in limits:
            share = share_below(brackets, str(period), middle * limit / 100, "households")
            found[f"below_{limit}_{period}"] = share.reindex(tracts)
    return found


def share_below(brackets: pd.DataFrame, period: str, limit: float, count: str) -> pd.Series:
    """By tract: share (0 to 1) of the counts in brackets that is below a limit; NaN where nothing is counted.

    >>> table = pd.DataFrame({"geoid": ["a", "a"], "period": "2018", "households": [30.0, 10.0],
    ...                       "bracket_low": [0, 10], "bracket_high": [10, np.nan]})
    >>> share_below(table, "2018", 5, "households").to_dict()
    {'a': 0.375}
    """
    rows = brackets[brackets["period"].astype(str) == period]
    if rows.empty:
        raise AnalysisError(f"income brackets: no rows for {period}")
    counts = rows.pivot(index="geoid", columns="bracket_low", values=count)
    high = rows.drop_duplicates("bracket_low").set_index("bracket_low")["bracket_high"].reindex(counts.columns)
    under = below(counts.columns.to_numpy(dtype=float), high.to_numpy(dtype=float), counts.to_numpy(dtype=float), limit)
    total = counts.sum(axis=1, min_count=1).to_numpy(dtype=float)
    share = np.divide(under, total, out=np.full(len(total), np.nan), where=total > 0)
    return pd.Series(share, index=counts.index, name=f"below_{limit:.0f}")


def _deflated(wide: Mapping[int, pd.DataFrame], index: PriceIndex) -> dict[str, pd.Series]:
    found: dict[str, pd.Series] = {}
    for name, (column, periods) in _MEDIANS.items():
        for period in periods:
            rows = wide[period]
            # A census asks for the income of the year before, and for the rent of its own.
            dollars = "dollar_year" if name == "income" else "housing_dollar_year"
            year = int(rows[dollars].dropna().iloc[0])
            found[f"{name}_{period}"] = pd.Series(deflate(rows[column], year, DOLLAR_YEAR, index), index=rows.index)
            found[f"{name}_{period}_top_coded"] = rows[f"{column}_flag"].eq("top_coded")
    return found


def _share(rows: pd.DataFrame, part: str, base: str) -> pd.Series:
    top = rows["population"] - rows["white_nonhispanic"] if part == "nonwhite" else rows[part]
    whole = rows["owner_occupied"] + rows["renter_occupied"] if base == "occupied" else rows[base]
    return top / whole.where(whole > 0)


def _low_income_movers(rows: pd.DataFrame, brackets: pd.DataFrame, period: int, tracts: pd.Index) -> pd.Series:
    limit = 0.8 * rows["median_individual_income"].median()
    return share_below(brackets, str(period), float(limit), "movers").reindex(tracts)
