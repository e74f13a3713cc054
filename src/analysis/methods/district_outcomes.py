"""What happened to businesses by council district, in every version that could be defended.

Each function returns named versions of one outcome, ready for :func:`rank_correlation.across_choices`. Fewer
or more establishments are told per 1,000 jobs at the start, because districts differ tenfold in size and the number
of establishments at the start was not published.
"""

from __future__ import annotations

import pandas as pd

from analysis.methods.establishments import net_changes
from analysis.project import AnalysisError

CLEAR = 0.8
"""Share of its certificates of occupancy that a ZIP area must have in one district to count as lying in it."""


def establishment_versions(panel: pd.DataFrame, *, first: int, middle: int, last: int) -> dict[str, pd.Series]:
    """Net change of establishments per 1,000 jobs of the year before ``first``, and of jobs, by district.

    ``panel``: rows of all industries together by area_id and quarter, with establishments_change and employment. Ways:
    the mean of the four quarters, each quarter alone, the years to ``middle`` and after it, and jobs in percent.

    Raises AnalysisError as :func:`net_changes`, and without jobs in the year before ``first``.
    """
    year = panel["quarter"].str[:4].astype(int)
    jobs = panel.assign(year=year).groupby(["area_id", "year"])["employment"].mean().unstack()
    if first - 1 not in jobs or last not in jobs:
        raise AnalysisError(f"establishments: the panel has no jobs of {first - 1} or of {last}")
    base = jobs[first - 1] / 1000

    def rate(one: int, two: int, column: str = "value") -> pd.Series:
        return net_changes(panel, by=["area_id"], first=one, last=two)[column] / base

    found = {"Establishments": rate(first, last)}
    for quarter in ("q1", "q2", "q3", "q4"):
        found[f"Establishments, years ending in {quarter.upper()}"] = rate(first, last, quarter)
    found[f"Establishments, {first - 1} to {middle}"] = rate(first, middle)
    found[f"Establishments, {middle} to {last}"] = rate(middle + 1, last)
    found["Jobs"] = 100 * (jobs[last] / jobs[first - 1] - 1)
    return found


def revenue_versions(zips: pd.DataFrame) -> dict[str, pd.Series]:
    """Revenue of small merchants against January 2020 by district, in percent, from ZIP areas.

    ``zips``: area_id, district_share (0 to 1), revenue_april_2020 and revenue_july_2020 (1 is January). Versions:
    either month, as the middle ZIP area, the mean, or the middle of those that lie clearly in one district.

    >>> rows = pd.DataFrame({"area_id": ["cd-01", "cd-01"], "district_share": [1.0, 0.5],
    ...                      "revenue_april_2020": [0.5, 0.7], "revenue_july_2020": [0.9, 0.9]})
    >>> found = revenue_versions(rows)
    >>> float(found["Revenue in April"]["cd-01"].round(6)), len(found)
    (-40.0, 6)
    """
    found = {}
    clear = zips[zips["district_share"] >= CLEAR]
    for month in ("April", "July"):
        column = f"revenue_{month.lower()}_2020"
        found[f"Revenue in {month}"] = 100 * (zips.groupby("area_id")[column].median() - 1)
        found[f"Revenue in {month}, mean of ZIP areas"] = 100 * (zips.groupby("area_id")[column].mean() - 1)
        found[f"Revenue in {month}, clear ZIP areas"] = 100 * (clear.groupby("area_id")[column].median() - 1)
    return found
