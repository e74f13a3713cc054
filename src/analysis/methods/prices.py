"""Dollars of one year in dollars of another.

A price index is always named: national and Los Angeles prices moved apart (from
2000 to 2018 the Los Angeles area's rose about 9 points more), so "real" without
the index is not a statement. Incomes of a census are those of the year before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PriceIndex:
    """One price series: level by calendar year, on any base.

    >>> PriceIndex("us_cpi_u", {2000: 172.2, 2018: 251.107}).ratio(2000, 2018).round(4).item()
    1.4582
    """

    name: str
    levels: Mapping[int, float]

    def ratio(self, from_year: npt.ArrayLike, to_year: int) -> Floats:
        """How many dollars of ``to_year`` buy what one dollar of ``from_year`` bought; unitless.

        ``from_year`` may be an array, one year a value. Raises AnalysisError for a year the series lacks.
        """
        years = np.asarray(from_year, dtype=int)
        lacking = sorted({int(year) for year in (*years.ravel(), to_year)} - set(self.levels))
        if lacking:
            raise AnalysisError(
                f"price index {self.name!r} has no level for {', '.join(map(str, lacking))}; "
                f"it covers {min(self.levels)} to {max(self.levels)}: add the year with its source to the price table"
            )
        base = np.vectorize(self.levels.__getitem__, otypes=[float])(years)
        return np.asarray(self.levels[to_year] / base, dtype=float)[()]


def price_index(prices: pd.DataFrame, series: str) -> PriceIndex:
    """Take one named series out of the price table (columns series, year, index).

    Raises AnalysisError for an unknown series, a repeated year or a level that is not positive.

    >>> table = pd.DataFrame({"series": "us_cpi_u", "year": [2000, 2018], "index": [172.2, 251.107]})
    >>> price_index(table, "us_cpi_u").name
    'us_cpi_u'
    """
    rows = prices[prices["series"] == series]
    if rows.empty:
        known = ", ".join(sorted(map(str, prices["series"].unique())))
        raise AnalysisError(f"price table: no series {series!r}; it has {known or 'no series at all'}")
    if rows["year"].duplicated().any():
        year = rows.loc[rows["year"].duplicated(), "year"].iloc[0]
        raise AnalysisError(f"price table: series {series!r} has {year} twice; keep one level a year")
    if not (rows["index"] > 0).all():
        year = rows.loc[~(rows["index"] > 0), "year"].iloc[0]
        raise AnalysisError(f"price table: series {series!r} has no positive level for {year}")
    return PriceIndex(series, {int(y): float(v) for y, v in zip(rows["year"], rows["index"], strict=True)})


def deflate(values: npt.ArrayLike, from_year: npt.ArrayLike, to_year: int, index: PriceIndex) -> Floats:
    """Dollars of ``from_year`` (one year, or one a value) in dollars of ``to_year``.

    Margins of error are deflated by the same call. Raises AnalysisError for a year the index lacks.

    >>> cpi = PriceIndex("us_cpi_u", {1999: 166.6, 2000: 172.2, 2018: 251.107})
    >>> deflate([100.0, 100.0], [1999, 2000], 2018, cpi).round(1).tolist()
    [150.7, 145.8]
    """
    return np.asarray(np.asarray(values, dtype=float) * index.ratio(from_year, to_year), dtype=float)[()]


@dataclass(frozen=True)
class RealChange:
    """A change in dollars, with and without the change in prices; all in percent of the start."""

    nominal: float
    real: float
    inflation: float
    index: str
    from_year: int
    to_year: int


def real_change(before: float, after: float, from_year: int, to_year: int, index: PriceIndex) -> RealChange:
    """Percent change of a dollar amount, nominal and real.

    Raises AnalysisError when ``before`` is not positive, or for a year the index lacks.

    >>> cpi = PriceIndex("us_cpi_u", {2000: 172.2, 2018: 251.107})
    >>> change = real_change(689, 1392, 2000, 2018, cpi)
    >>> round(change.nominal), round(change.real), round(change.inflation)
    (102, 39, 46)
    """
    if not before > 0:
        raise AnalysisError(
            f"real change: the amount in {from_year} is {before}; a percent change needs a positive one"
        )
    prices = float(index.ratio(from_year, to_year))
    return RealChange(
        100 * (after / before - 1),
        100 * (after / before / prices - 1),
        100 * (prices - 1),
        index.name,
        from_year,
        to_year,
    )


def real_change_range(
    levels: Mapping[int, float], indexes: Sequence[PriceIndex], first: Sequence[int], last: Sequence[int]
) -> Estimate:
    """Real percent change of a dollar amount with its range over price indexes and over first and last years.

    ``levels`` by year. The value uses the first of each; the ends are the least and the most of all combinations, so
    they say how far the choice matters and nothing about sampling. Years without a level are passed over.

    Raises AnalysisError when no combination has both levels, or as :func:`real_change`.

    >>> cpi = PriceIndex("us_cpi_u", {2008: 215.3, 2009: 214.5, 2016: 240.0})
    >>> found = real_change_range({2008: 100.0, 2009: 90.0, 2016: 120.0}, [cpi], first=[2008, 2009], last=[2016])
    >>> round(found.value, 1), round(found.upper, 1)
    (7.7, 19.2)
    """
    pairs = [(one, two) for one in first for two in last if one in levels and two in levels]
    if not pairs:
        raise AnalysisError(f"real change: no level in {', '.join(map(str, [*first, *last]))}")
    found = [real_change(levels[one], levels[two], one, two, index).real for index in indexes for one, two in pairs]
    return Estimate(found[0], min(found), max(found))
