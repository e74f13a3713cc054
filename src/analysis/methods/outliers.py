"""Which values are so far from the rest that a reader should know, before any of them moves an average?

Modified z-scores: distance from the median in 1.4826 median absolute deviations, flagged beyond 3.5 (Iglewicz
and Hoaglin 1993, *How to Detect and Handle Outliers*). Along a time line each value is held against its neighbours
(Hampel filter). A flag is a question to the source and never a reason to delete.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

THRESHOLD = 3.5
TO_SIGMA = 1.4826
"""Standard deviations of a normal distribution in one median absolute deviation."""
MEAN_TO_SIGMA = 1.2533
"""The same for the mean absolute deviation, used where half or more of the values are equal."""
FEWEST = 5


@dataclass(frozen=True, eq=False)
class Outliers:
    """Values with how far each lies from its middle.

    ``table``, with the index of the values: value, centre, score (in robust standard deviations, NaN where missing
    or where nothing varies), outlier (whether the score is beyond ``threshold``).
    """

    table: pd.DataFrame
    threshold: float

    @property
    def flagged(self) -> pd.Index:
        """Index of the outliers, in order."""
        return self.table.index[self.table["outlier"]]


def outliers(values: pd.Series, *, window: int | None = None, threshold: float = THRESHOLD) -> Outliers:
    """Flag values far from the median of all, or of ``window`` values centred on each (odd; shorter at the ends, where
    the first and the last value stand alone and cannot be judged).

    Raises AnalysisError for fewer than five known values or an even window.

    >>> found = outliers(pd.Series([10, 11, 9, 10, 12, 60], index=list("abcdef")))
    >>> list(found.flagged)
    ['f']
    """
    known = values.dropna().astype(float)
    if len(known) < FEWEST:
        raise AnalysisError(f"outliers: {len(known)} values are known; {FEWEST} are the fewest")
    if window is not None and (window < 3 or window % 2 == 0):
        raise AnalysisError(f"outliers: a window of {window} has no middle; use an odd number from 3 on")
    x: Floats = np.array(known, dtype=np.float64)
    if window is None:
        centre, spread = np.full(len(x), np.median(x)), np.full(len(x), _spread(x, float(np.median(x))))
    else:
        centre = _running_median(x, window // 2)
        # One spread for the whole line: that of a short window is too rough to judge by.
        spread = np.full(len(x), _spread(np.asarray(x - centre, dtype=np.float64), 0.0))
    score = np.divide(x - centre, spread, out=np.full(len(x), np.nan), where=spread > 0)
    table = pd.DataFrame({"value": x, "centre": centre, "score": score}, index=known.index)
    table["outlier"] = np.abs(score) > threshold
    table = table.reindex(values.index)
    return Outliers(table.assign(outlier=table["outlier"].eq(True)), threshold)


def _running_median(x: Floats, reach: int) -> Floats:
    """Median of the values up to ``reach`` to either side; at the ends fewer, but as many on both."""
    return np.array(
        [np.median(x[place - near : place + near + 1]) for place, near in enumerate(_reaches(len(x), reach))]
    )


def _reaches(count: int, reach: int) -> list[int]:
    return [min(reach, place, count - 1 - place) for place in range(count)]


def _spread(x: Floats, centre: float) -> float:
    away = np.abs(x - centre)
    middle = float(np.median(away))
    return TO_SIGMA * middle if middle > 0 else MEAN_TO_SIGMA * float(away.mean())
