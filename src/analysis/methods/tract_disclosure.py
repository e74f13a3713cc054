"""Which tract counts may be shown when districts and the city are shown as well.

The pattern is made once for the whole city: were each district's page to choose for itself, what one page
withholds could be had from another.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.disclosure import Relation, suppress
from analysis.project import AnalysisError


def shown_in_hierarchy(counts: pd.Series, district: pd.Series, *, threshold: int = 11) -> tuple[pd.Series, pd.Series]:
    """Tracts and districts whose count may be shown, given that the others' and the city's total are.

    ``counts`` of people by place (fractions are rounded to whole people first), ``district`` of each on the same index.
    A count from 1 to ``threshold`` − 1 is withheld, and so is whatever would reveal it; proven by
    :func:`analysis.methods.disclosure.suppress`. Returns two truth series: by place, and by district.

    Raises AnalysisError for missing counts or districts.

    >>> people = pd.Series([5.0, 40.0, 60.0, 0.0, 30.0, 25.0], index=list("abcdef"))
    >>> tracts, districts = shown_in_hierarchy(people, pd.Series(list("111222"), index=list("abcdef")))
    >>> tracts.to_dict(), bool(districts.all())
    ({'a': False, 'b': False, 'c': True, 'd': True, 'e': True, 'f': True}, True)
    """
    if counts.isna().any() or district.reindex(counts.index).isna().any():
        raise AnalysisError("tract disclosure: a count or district is missing; leave such tracts out first")
    whole = pd.Series(np.rint(counts.to_numpy(dtype=float)).astype(np.int64), index=counts.index)
    groups = district.reindex(counts.index)
    totals = whole.groupby(groups).sum()
    top = Relation(len(totals), tuple(range(len(totals))))
    kept = ~suppress([*totals.tolist(), int(totals.sum())], [top], threshold).suppressed
    districts = pd.Series(kept[: len(totals)], index=totals.index)
    parts = [_shown_in_district(whole[groups == name], bool(shown), threshold) for name, shown in districts.items()]
    return pd.concat(parts).reindex(counts.index), districts


def _shown_in_district(counts: pd.Series, total_shown: bool, threshold: int) -> pd.Series:
    """Tracts of one district; where its total is withheld, so is every tract in which anybody was counted."""
    small = (counts > 0) & (counts < threshold)
    if not total_shown:
        return counts == 0
    hidden = int(small.sum())
    # One sum ties the withheld cells; each may be from 1 to all that the others leave, so the range is plain.
    widest = int(counts[small].sum()) - (hidden - 1)
    if hidden == 0 or (hidden > 1 and widest >= threshold - 1):
        return ~small
    total = Relation(len(counts), tuple(range(len(counts))))
    found = suppress([*counts.tolist(), int(counts.sum())], [total], threshold).suppressed
    return pd.Series(~found[: len(counts)], index=counts.index)


def revealing(part: float, whole: float, *, threshold: int = 11) -> bool:
    """Whether a share of a known whole gives away a count from 1 to ``threshold`` − 1, of the part or of the rest.

    >>> revealing(5.0, 400.0), revealing(396.0, 400.0), revealing(0.0, 400.0), revealing(60.0, 400.0)
    (True, True, False, False)
    """
    return any(0 < round(count) < threshold for count in (part, whole - part))


def shown_in_table(table: pd.DataFrame, *, threshold: int = 11) -> pd.DataFrame:
    """Which cells of a table of people may be shown when its row and column totals are.

    ``table``: districts (rows) by kind of people (columns), each cell a count; the same rule as above. Totals that are
    themselves small are withheld like cells. Where a sum of some columns is published as well, make a table of them and
    one of the others: a sum that is not among the totals here is not guarded. Returns truth values with a row and a
    column "all" added.

    >>> cells = pd.DataFrame({"tents": [4, 30, 50], "cars": [20, 25, 60]}, index=["1", "2", "3"])
    >>> shown_in_table(cells).loc["1"].tolist()
    [False, False, True]
    """
    whole = pd.DataFrame(np.rint(table.to_numpy(dtype=float)).astype(np.int64), table.index, table.columns)
    whole["all"] = whole.sum(axis=1)
    whole.loc["all"] = whole.sum()
    rows, columns = whole.shape
    at = np.arange(rows * columns).reshape(rows, columns)
    relations = [Relation(int(at[r, -1]), tuple(at[r, :-1].tolist())) for r in range(rows)]
    relations += [Relation(int(at[-1, c]), tuple(at[:-1, c].tolist())) for c in range(columns)]
    found = suppress(whole.to_numpy().ravel(), relations, threshold)
    return pd.DataFrame(~found.suppressed.reshape(rows, columns), index=whole.index, columns=whole.columns)
