"""How much did a published series change after it was first published, and would the story have been another?

Two vintages of one series are held against each other, period by period. A revision that has one sign
throughout is a change of method or of who is counted; one that scatters is noise. Neither can be seen from one
vintage, which is why an interval around a single vintage says too little.

Source: Mankiw and Shapiro 1986, Survey of Current Business 66:20-25; Croushore 2011, Journal of Economic
Literature 49:72-100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

FEWEST = 5


@dataclass(frozen=True, eq=False)
class Revisions:
    """What changed between two vintages, in the unit of the series.

    ``table``: period, older, newer, revision (newer minus older). ``mean``: mean revision, its interval allowing for
    revisions that resemble the one before; ``absolute``: mean size; ``largest`` and ``largest_at``;
    ``sign_changes``: periods in which the two lie on different sides of 0; ``only_older`` and ``only_newer``:
    periods that one vintage lacks.
    """

    table: pd.DataFrame
    mean: Estimate
    absolute: float
    largest: float
    largest_at: Any
    sign_changes: int
    only_older: int
    only_newer: int

    @property
    def one_sided(self) -> bool:
        """Whether the mean revision is measurably not 0: a change of method rather than noise."""
        return self.mean.excludes(0)


def compare_vintages(older: pd.Series, newer: pd.Series, *, level: float = 0.95) -> Revisions:
    """Revisions of every period that both vintages hold.

    Both series are indexed by period, sorted and unique; missing values count as not published.
    Raises AnalysisError for fewer than five common periods.

    >>> weeks = pd.date_range("2020-01-05", periods=8, freq="W")
    >>> found = compare_vintages(pd.Series([-9.0, -7, -8, -9, -8, -7, -9, -8], weeks), pd.Series([-5.0] * 8, weeks))
    >>> found.mean.value, found.one_sided, found.largest
    (3.125, True, 4.0)
    """
    for series in (older, newer):
        if series.index.has_duplicates or not series.index.is_monotonic_increasing:
            raise AnalysisError("revisions: the periods of a vintage must be sorted and unique")
    table = pd.DataFrame({"older": older, "newer": newer}).rename_axis("period").reset_index()
    both = table.dropna().assign(revision=lambda rows: rows["newer"] - rows["older"]).reset_index(drop=True)
    if len(both) < FEWEST:
        raise AnalysisError(f"revisions: the vintages share {len(both)} periods; {FEWEST} are the fewest")
    revision = both["revision"].to_numpy(dtype=float)
    top = int(np.abs(revision).argmax())
    return Revisions(
        both, mean_of_series(revision, level), float(np.abs(revision).mean()), float(revision[top]),
        both["period"].iloc[top], int((np.sign(both["older"]) * np.sign(both["newer"]) < 0).sum()),
        int((table["newer"].isna() & table["older"].notna()).sum()),
        int((table["older"].isna() & table["newer"].notna()).sum()),
    )  # fmt: skip


def mean_of_series(values: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of a series whose values resemble the ones before; the interval counts fewer independent values.

    With first-order correlation r, n values are worth n (1 - r) / (1 + r); r is corrected for its
    bias in short series (Kendall 1954). No interval where that leaves fewer than three.

    >>> found = mean_of_series([1.0, 2.0, 1.5, 1.8, 1.2, 1.6])
    >>> found.value < found.upper
    True
    """
    x = np.asarray(values, dtype=float)
    away, count = x - x.mean(), len(x)
    total = float((away**2).sum())
    if total == 0:
        return Estimate(float(x.mean()), float(x.mean()), float(x.mean()), level, count)
    carried = float((away[1:] * away[:-1]).sum()) / total
    carried = float(np.clip(carried + (1 + 3 * carried) / count, 0.0, 0.99))
    worth = count * (1 - carried) / (1 + carried)
    if worth < 3:
        return Estimate(float(x.mean()), level=level, n=count, reason="too alike to the period before for an interval")
    error = np.sqrt(total / (count - 1) / worth)
    width = float(stats.t.ppf((1 + level) / 2, worth - 1)) * error
    return Estimate(float(x.mean()), float(x.mean() - width), float(x.mean() + width), level, count)
