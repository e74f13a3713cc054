"""Why did employment here change: the nation, the mix of industries, or the place itself?

Shift-share analysis after Dunn 1960, Papers of the Regional Science Association 6:97-112, and the
location quotient. Both describe; neither explains. The nation includes the place unless
the caller takes it out. Results depend on the base year and on how finely industries are cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError


@dataclass(frozen=True, eq=False)
class ShiftShare:
    """Components of a change in jobs, which add up to it exactly.

    ``table``, one row an industry: before, after, change, national (what growth like the whole nation's
    would have brought), mix (more or less because these industries grew differently from the
    nation), regional (the rest: this place against the same industries elsewhere). The other
    fields are sums over industries, in jobs; ``net`` is mix plus regional. ``left_out`` names
    industries without a number (suppressed) and ``left_out_change`` what they hide, if totals are given.
    """

    table: pd.DataFrame
    change: float
    national: float
    mix: float
    regional: float
    left_out: tuple[str, ...]
    left_out_change: float

    @property
    def net(self) -> float:
        """Change beyond national growth: mix plus regional."""
        return self.mix + self.regional


def shift_share(
    before: pd.Series,
    after: pd.Series,
    nation_before: pd.Series,
    nation_after: pd.Series,
    *,
    totals: tuple[float, float] | None = None,
    nation_totals: tuple[float, float] | None = None,
) -> ShiftShare:
    """Decompose the change in a place's jobs by industry.

    Four series with one index of industries: jobs in the place and the nation, before and after.
    Industries with a missing number in the place are left out by name. ``totals``: all jobs of the
    place (before, after) including suppressed ones, to say how much is hidden;
    ``nation_totals``: all jobs of the nation, for its overall growth (default: the sum of its industries).

    Raises AnalysisError for different indexes, negative numbers, or a nation without an industry.

    >>> place, later = pd.Series([90, 20, 10, 60]), pd.Series([100, 40, 10, 55])
    >>> nation, nation_later = pd.Series([400, 150, 150, 400]), pd.Series([440, 210, 135, 480])
    >>> found = shift_share(place, later, nation, nation_later)
    >>> found.change, round(found.national), round(found.mix), round(found.regional)
    (25.0, 27, 1, -3)
    """
    frame = pd.DataFrame(
        {"before": before, "after": after, "nation_before": nation_before, "nation_after": nation_after}
    )
    for series in (after, nation_before, nation_after):
        if not series.index.equals(before.index):
            raise AnalysisError("shift-share: the four series need the same industries in the same order")
    frame = frame.astype(float)
    hidden = frame[["before", "after"]].isna().any(axis=1)
    usable = frame[~hidden]
    wrong = usable.index[(usable < 0).any(axis=1) | ~(usable["nation_before"] > 0) | usable["nation_after"].isna()]
    if len(wrong):
        raise AnalysisError(f"shift-share: negative jobs, or none in the nation, in {', '.join(map(str, wrong[:3]))}")
    all_before, all_after = nation_totals or (float(frame["nation_before"].sum()), float(frame["nation_after"].sum()))
    overall = all_after / all_before - 1
    by_industry = usable["nation_after"] / usable["nation_before"] - 1
    table = usable[["before", "after"]].assign(change=usable["after"] - usable["before"])
    table["national"] = usable["before"] * overall
    table["mix"] = usable["before"] * (by_industry - overall)
    table["regional"] = table["change"] - usable["before"] * by_industry
    sums = {name: float(table[name].sum()) for name in ("change", "national", "mix", "regional")}
    missing = float("nan") if totals is None else totals[1] - totals[0] - sums["change"]
    return ShiftShare(table, **sums, left_out=tuple(map(str, frame.index[hidden])), left_out_change=missing)


def location_quotient(
    place: pd.Series, nation: pd.Series, *, total: float | None = None, nation_total: float | None = None
) -> pd.Series:
    """Share of each industry in the place over its share in the nation: 1 is as in the nation.

    Suppressed (missing) industries stay missing; then ``total`` (all jobs of the place) is
    required, because their sum would be too small. ``nation_total`` likewise.

    Raises AnalysisError for different indexes, a missing total, or an industry the nation lacks.

    >>> one = location_quotient(pd.Series([1714.0]), pd.Series([879213.0]), total=79006, nation_total=15593224)
    >>> round(float(one.iloc[0]), 6)
    0.384762
    """
    if not place.index.equals(nation.index):
        raise AnalysisError("location quotient: place and nation need the same industries in the same order")
    for series, given, whose in ((place, total, "total"), (nation, nation_total, "nation_total")):
        if series.isna().any() and given is None:
            named = ", ".join(map(str, series.index[series.isna()][:3]))
            raise AnalysisError(f"location quotient: {named} have no number, so {whose} has to be given")
    if not (nation.dropna() > 0).all() or (place.dropna() < 0).any():
        raise AnalysisError(
            "location quotient: every industry needs jobs in the nation, and no negative ones in the place"
        )
    here = place / (float(place.sum()) if total is None else total)
    there = nation / (float(nation.sum()) if nation_total is None else nation_total)
    return (here / there.replace(0, np.nan)).rename("location_quotient")
