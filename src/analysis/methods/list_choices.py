"""Does a comparison of two lists survive another size of list, another cut of tracts, another measure, another year?

Two lists are judged by the people that a later count finds in their tracts: one led by an earlier count, one by
something easier to get. Each choice is judged by the same functions as the first
(:func:`analysis.methods.concentration.persistent_share`, :func:`analysis.methods.concentration.relative_share`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.methods.concentration import persistent_share, relative_share
from analysis.project import AnalysisError


@dataclass(frozen=True, eq=False)
class ListCase:
    """One choice, all series by the same places.

    ``last`` and ``other``: what leads either list, such as people counted earlier and requests for each resident.
    ``now``: people of the later count. ``size``: residents, by which lists are cut off at ``share`` (0 to 1) of all.
    """

    last: pd.Series
    other: pd.Series
    now: pd.Series
    size: pd.Series
    share: float


def across_lists(cases: Mapping[str, ListCase], *, draws: int = 499) -> pd.DataFrame:
    """Each choice judged; one row a choice.

    Columns: choice, places, and for held (percent of the later count in the tracts that led the earlier one), other
    (in those that lead the other list) and met (people met by the other list in percent of those met by the first) the
    value, ``_low``, ``_high`` and ``_status``. Places without a size above zero or with a gap are left out.

    Raises AnalysisError for a case whose series do not have the same places.

    >>> now = pd.Series([40.0, 30, 20, 10] * 5)
    >>> case = ListCase(now, now[::-1].set_axis(now.index), now, pd.Series(1.0, now.index), 0.25)
    >>> across_lists({"Ours": case}, draws=19)[["held", "met"]].round().values.tolist()
    [[40.0, 25.0]]
    """
    rows = []
    for name, case in cases.items():
        parts = {"last": case.last, "other": case.other, "now": case.now, "size": case.size}
        if not all(part.index.equals(case.now.index) for part in parts.values()):
            raise AnalysisError(f"list choices: the series of {name!r} do not have the same places in the same order")
        frame = pd.DataFrame(parts).dropna()
        frame = frame[frame["size"] > 0]
        last, other, now, size = (frame[part] for part in parts)
        found = {
            "held": persistent_share(now, now, size, share=case.share, by=last, draws=draws),
            "other": persistent_share(now, now, size, share=case.share, by=other, draws=draws),
            "met": relative_share(other, last, now, size, share=case.share, draws=draws),
        }
        row: dict[str, object] = {"choice": name, "places": len(frame)}
        for part, one in found.items():
            row |= {part: one.value, f"{part}_low": one.lower, f"{part}_high": one.upper}
            # What tells of few people is withheld as it is on the page; what cannot be told is empty for that reason.
            row[f"{part}_status"] = one.status
        rows.append(row)
    return pd.DataFrame(rows)
