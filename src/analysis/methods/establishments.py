"""Net change in the number of establishments over some years, from changes that are each over a year.

A change over the four quarters up to a quarter overlaps with that of the quarter before, so one quarter of each
year is added up. Which one is a choice: the four answers are a range, and their mean is the change between the
averages of the first and of the last year. The counts come from tax records and are no sample, so the range over
quarters, not a sampling error, says how sure the figure is.

A net change hides openings and closings that cancel out. A place can gain while old businesses leave.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

QUARTERS = 4


def net_changes(
    frame: pd.DataFrame, *, by: Sequence[str], first: int, last: int, change: str = "establishments_change"
) -> pd.DataFrame:
    """Net change by the columns ``by`` over the years ``first`` to ``last``, each one over a year.

    ``frame``: one row a group and ``quarter`` (text such as 2009-Q1), with ``change`` over the four quarters up to it.
    Returns, indexed by ``by``: value (mean of the four quarters), low, high (least and most of them), q1 to q4.

    Raises AnalysisError when a group lacks one of the quarters.

    >>> rows = [("a", f"{year}-Q{q}", 2.0 * q) for year in (2009, 2010) for q in (1, 2, 3, 4)]
    >>> found = net_changes(pd.DataFrame(rows, columns=["area", "quarter", "up"]), by=["area"], first=2009, last=2010,
    ...                     change="up")
    >>> found.loc["a", ["value", "low", "high"]].tolist()
    [10.0, 4.0, 16.0]
    """
    year, part = frame["quarter"].str[:4].astype(int), frame["quarter"].str[-2:].str.lower()
    rows = frame[(year >= first) & (year <= last) & frame[change].notna()].assign(part=part)
    counts = rows.groupby([*by, "part"])[change].count().unstack("part")
    short = counts.index[(counts.reindex(columns=["q1", "q2", "q3", "q4"]) != last - first + 1).any(axis=1)]
    if len(short) or rows.empty:
        raise AnalysisError(
            f"establishments: {len(short)} groups lack a quarter between {first} and {last}"
            + (f" (first: {short[0]})" if len(short) else "")
        )
    parts = rows.groupby([*by, "part"])[change].sum().unstack("part")
    return parts.assign(value=parts.mean(axis=1), low=parts.min(axis=1), high=parts.max(axis=1))


def as_estimate(row: pd.Series) -> Estimate:
    """One row of :func:`net_changes` with its range in place of an interval: publish it with ``interval_is``.

    >>> as_estimate(pd.Series({"value": 10.0, "low": 4.0, "high": 16.0})).interval
    (4.0, 16.0)
    """
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]))
