"""The same change of a median in dollars of several kinds: what the choice of price index and base year does.

A real change is a statement about two things, the dollars and the prices they are held against. A reader who prefers
another index must find that result here, beside the one that is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.methods.prices import PriceIndex, deflate
from analysis.methods.typical_change import FEWEST
from analysis.methods.weighted_quantiles import median_across_tracts
from analysis.project import AnalysisError

NOMINAL = "not deflated"


@dataclass(frozen=True)
class SurveyDollars:
    """How a survey over several years states its dollars: in those of ``to_year``, by the index ``published_in``.

    Amounts reported in each of ``years`` were brought to ``to_year`` by that index before they were pooled. Read in
    another index they are larger or smaller by the mean of the two indexes' ratios over the years.

    >>> survey = SurveyDollars((2017, 2018), 2018, PriceIndex("us", {2017: 100.0, 2018: 102.0}))
    >>> round(survey.factor(PriceIndex("local", {2017: 100.0, 2018: 104.0})), 4)
    1.0098
    """

    years: tuple[int, ...]
    to_year: int
    published_in: PriceIndex

    def factor(self, index: PriceIndex) -> float:
        """What a published amount is multiplied by to be in dollars of ``to_year`` by ``index``; unitless."""
        return sum(
            float(index.ratio(year, self.to_year) / self.published_in.ratio(year, self.to_year)) for year in self.years
        ) / len(self.years)


@dataclass(frozen=True)
class DeflatedChange:
    """Change of the typical tract's median under one choice.

    ``prices`` names the index (or ``not deflated``), ``dollar_year`` the year whose dollars the start is taken to be
    in, ``medians`` which column the start was read from, ``change`` the median over tracts of the change in percent.
    """

    prices: str
    dollar_year: int
    medians: str
    change: Estimate


def deflated_changes(
    before: pd.DataFrame,
    after: pd.Series,
    *,
    columns: Mapping[str, str],
    indexes: Mapping[str, PriceIndex],
    dollar_years: Mapping[str, int],
    to_year: int,
    survey: SurveyDollars | None = None,
    draws: int = 500,
) -> tuple[DeflatedChange, ...]:
    """Change in percent from ``before`` to ``after`` for every combination of index, base year and source of medians.

    Parameters
    ----------
    before
        One row a tract (index: code), dollars, with the columns named in ``columns``: name of the source → column.
    after
        Dollars of ``to_year`` by tract code.
    dollar_years
        Name of the reading → year whose dollars ``before`` is in; a census asks for incomes of the year before.
    survey
        How a survey over several years states the dollars of ``after``; without it ``after`` is taken as it is.

    Raises
    ------
    AnalysisError
        If a column is missing, or a start is not positive.

    Fewer than eleven tracts with both values give ``not_applicable``: see
    :func:`analysis.methods.typical_change.typical_change`.

    Examples
    --------
    >>> start = pd.DataFrame({"rent": [500.0 + 5 * i for i in range(40)]})
    >>> cpi = PriceIndex("cpi", {2000: 100.0, 2018: 150.0})
    >>> found = deflated_changes(start, start["rent"] * 1.8, columns={"census": "rent"}, indexes={"CPI": cpi},
    ...                          dollar_years={"asked in 2000": 2000}, to_year=2018, draws=50)
    >>> [(one.prices, round(one.change.value)) for one in found]
    [('not deflated', 80), ('CPI', 20)]
    """
    absent = [column for column in columns.values() if column not in before.columns]
    if absent:
        raise AnalysisError(
            f"deflator sensitivity: no column {', '.join(absent)} (there are {', '.join(before.columns)})"
        )
    late = after.reindex(before.index).to_numpy(dtype=float)
    found: list[DeflatedChange] = []
    for source, column in columns.items():
        nominal = before[column].to_numpy(dtype=float)
        years = list(dollar_years.values())
        start = _typical(nominal, late, draws)
        found.append(DeflatedChange(NOMINAL, years[0], source, start))
        for label, index in indexes.items():
            restated = late * (survey.factor(index) if survey else 1.0)
            for year in years:
                real = _typical(deflate(nominal, year, to_year, index), restated, draws)
                found.append(DeflatedChange(label, year, source, real))
    return tuple(found)


def _typical(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], draws: int) -> Estimate:
    known = int((np.isfinite(before) & np.isfinite(after)).sum())
    if known < FEWEST:
        return Estimate.empty("not_applicable", f"only {known} tracts have both values", n=known)
    return median_across_tracts(before, after, draws=draws).typical
