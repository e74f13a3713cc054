"""A share of a count, with the range that its size allows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from statsmodels.stats.proportion import proportion_confint

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError


def share(hits: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Share of true entries in percent, with Wilson's interval; missing entries are left out. ``n`` is what is left.

    No entry gives ``not_applicable``. Raises AnalysisError for anything but truth values.
    Source: Wilson 1927, Journal of the American Statistical Association 22, 209-212.

    >>> found = share([True] * 8 + [False] * 2)
    >>> found.value, round(found.lower), round(found.upper), found.n
    (80.0, 49, 94, 10)
    """
    entries = np.asarray(hits, dtype=object)
    known = [entry for entry in entries.ravel() if entry is not None and entry == entry]
    if any(entry not in (True, False) for entry in known):
        raise AnalysisError("a share counts true and false entries; give a comparison, not numbers")
    if not known:
        return Estimate.empty("not_applicable", "there is nothing to take a share of")
    count, total = sum(map(bool, known)), len(known)
    lower, upper = proportion_confint(count, total, alpha=1 - level, method="wilson")
    value = 100 * count / total
    # Where all or none are true, Wilson's end is the value itself and rounding must not part the two.
    return Estimate(value, min(100 * float(lower), value), max(100 * float(upper), value), level, total)
