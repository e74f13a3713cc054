"""Groups of tracts for the question whom a rule misses: who is in the majority, and how high incomes are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.project import AnalysisError

NAMES: Mapping[str, str] = {
    "white_nonhispanic": "White majority",
    "hispanic": "Hispanic majority",
    "black_nonhispanic": "Black majority",
    "asian_nonhispanic": "Asian majority",
}
NONE = "No majority"
NOT_WHITE = "No White majority"
THIRDS = ("Lowest third of incomes", "Middle third of incomes", "Highest third of incomes")


def majority_group(rows: pd.DataFrame) -> pd.Series:
    """Which group is more than half of each tract's residents; NaN where nobody lives.

    ``rows``: the tract table of one period. Where a period counts only White residents (as the tables of 2000 here do)
    the other tracts are one group, "No White majority".

    >>> rows = pd.DataFrame({"population": [10.0, 10.0], "white_nonhispanic": [6.0, 2.0], "hispanic": [2.0, 7.0],
    ...                      "black_nonhispanic": [1.0, 0.0], "asian_nonhispanic": [1.0, 1.0]})
    >>> majority_group(rows).tolist()
    ['White majority', 'Hispanic majority']
    """
    people = rows["population"].where(rows["population"] > 0)
    held = [name for name in NAMES if rows[name].notna().any()]
    if "white_nonhispanic" not in held:
        raise AnalysisError("tract groups: the table counts no group of residents in this period")
    shares = pd.DataFrame({name: rows[name] / people for name in held})
    rest = NONE if len(held) > 1 else NOT_WHITE
    found = pd.Series(rest, index=rows.index, dtype=object)
    for name in held:
        found[shares[name] > 0.5] = NAMES[name]
    return found.where(people.notna())


def income_thirds(income: pd.Series) -> pd.Series:
    """Lowest, middle or highest third of the tracts by income; NaN where the income is missing.

    >>> income_thirds(pd.Series([10.0, 30.0, 20.0])).tolist()
    ['Lowest third of incomes', 'Highest third of incomes', 'Middle third of incomes']
    """
    place = income.rank(pct=True, method="first")
    found = np.select([place <= 1 / 3, place <= 2 / 3], list(THIRDS[:2]), THIRDS[2])
    return pd.Series(found, index=income.index, dtype=object).where(income.notna())
