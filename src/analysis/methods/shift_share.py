"""Why did employment here change: the nation, the mix of industries, or the place itself?

Shift-share analysis after Dunn 1960, Papers of the Regional Science Association 6:97-112, and the
location quotient. Both describe; neither explains. The nation includes the place unless
the caller takes it out. Results depend on the base year and on how finely industries are cut.

Jobs counted from tax records are not a sample, so no sampling interval belongs here. What is uncertain is the
choice of years, and that is given as a range over choices (``shift_share_range``, ``location_quotient_range``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

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


def dynamic_shift_share(place: pd.DataFrame, nation: pd.DataFrame) -> ShiftShare:
    """Shift-share from each period to the next, summed, so that the mix of industries may change on the way.

    Two frames of jobs, one row a period (sorted) and one column an industry, the same in both. An industry with a
    gap in the place is left out by name in all periods. Source: Barff and Knight 1988, Growth and Change 19:1-10.

    Raises AnalysisError as :func:`shift_share`, and for fewer than two periods.

    >>> place = pd.DataFrame({"retail": [100, 110, 120], "film": [50, 50, 65]}, index=[2008, 2009, 2010])
    >>> nation = pd.DataFrame({"retail": [1000, 1050, 1100], "film": [200, 220, 240]}, index=[2008, 2009, 2010])
    >>> found = dynamic_shift_share(place, nation)
    >>> found.change, round(found.national + found.mix + found.regional, 9)
    (35.0, 35.0)
    """
    if len(place) < 2 or not place.index.equals(nation.index):
        raise AnalysisError("dynamic shift-share: place and nation need the same two or more periods, in order")
    hidden = place.columns[place.isna().any()]
    seen = place.drop(columns=hidden)
    totals = nation.sum(axis=1)
    steps = [
        shift_share(
            seen.loc[one], seen.loc[two], nation[seen.columns].loc[one], nation[seen.columns].loc[two],
            nation_totals=(float(totals[one]), float(totals[two])),
        )
        for one, two in pairwise(place.index)
    ]  # fmt: skip
    table = sum((step.table[["change", "national", "mix", "regional"]] for step in steps[1:]), steps[0].table)
    table = seen.loc[place.index[[0, -1]]].T.set_axis(["before", "after"], axis=1).join(table.iloc[:, -4:])
    sums = {name: float(table[name].sum()) for name in ("change", "national", "mix", "regional")}
    return ShiftShare(table, **sums, left_out=tuple(map(str, hidden)), left_out_change=float("nan"))


@dataclass(frozen=True, eq=False)
class ShiftShareRange:
    """Components under every choice of first and last period, in percent of the jobs of the first, a year.

    ``table``, one row a choice: first, last, change, national, mix, regional. ``low`` and ``high``: least and most of
    each component. ``dynamic`` is the period by period version over the whole span, in the same unit.
    """

    table: pd.DataFrame
    low: pd.Series
    high: pd.Series
    dynamic: pd.Series

    def side(self, component: str) -> str:
        """``above``, ``below`` or ``depends``: whether the component has one sign under every choice.

        >>> one = pd.Series({"regional": 0.2})
        >>> ShiftShareRange(pd.DataFrame(), one, one + 1, one).side("regional")
        'above'
        """
        ends = (self.low[component], self.high[component], self.dynamic[component])
        return "above" if min(ends) > 0 else "below" if max(ends) < 0 else "depends"


def shift_share_range(place: pd.DataFrame, nation: pd.DataFrame, *, least_span: int) -> ShiftShareRange:
    """Shift-share for every pair of periods at least ``least_span`` (in units of the index) apart.

    Frames as in :func:`dynamic_shift_share`. Raises AnalysisError when no pair is that far apart.

    >>> place = pd.DataFrame({"a": [100, 110, 140], "b": [50, 50, 65]}, index=[2008, 2009, 2010])
    >>> nation = pd.DataFrame({"a": [1000, 1050, 1100], "b": [200, 220, 240]}, index=[2008, 2009, 2010])
    >>> shift_share_range(place, nation, least_span=2).table["change"].round(1).tolist()
    [18.3]
    """
    names = ["change", "national", "mix", "regional"]
    pairs = [(one, two) for one in place.index for two in place.index if two - one >= least_span]
    if not pairs:
        raise AnalysisError(f"shift-share: no two periods are {least_span} apart")
    rows = []
    for one, two in pairs:
        found = shift_share(place.loc[one], place.loc[two], nation.loc[one], nation.loc[two])
        unit = 100 / float(found.table["before"].sum()) / (two - one)
        rows.append((one, two, *(unit * getattr(found, name) for name in names)))
    table = pd.DataFrame(rows, columns=["first", "last", *names])
    whole = dynamic_shift_share(place, nation)
    unit = 100 / float(whole.table["before"].sum()) / (place.index[-1] - place.index[0])
    dynamic = pd.Series({name: unit * getattr(whole, name) for name in names})
    return ShiftShareRange(table, table[names].min(), table[names].max(), dynamic)


def location_quotient_range(place: pd.DataFrame, nation: pd.DataFrame) -> pd.DataFrame:
    """Location quotients of the last period with their least and most over all periods.

    Frames as in :func:`dynamic_shift_share`. Returns, one row an industry: location_quotient, low, high, first.

    >>> place = pd.DataFrame({"a": [10, 30], "b": [10, 10]}, index=[2008, 2009])
    >>> nation = pd.DataFrame({"a": [100, 100], "b": [100, 100]}, index=[2008, 2009])
    >>> location_quotient_range(place, nation).loc["a"].tolist()
    [1.5, 1.0, 1.5, 1.0]
    """
    known = place.dropna(axis=1)
    every = pd.DataFrame(
        {
            period: location_quotient(
                known.loc[period], nation[known.columns].loc[period],
                nation_total=float(nation.loc[period].sum()), total=float(place.loc[period].sum()),
            )
            for period in place.index
        }
    )  # fmt: skip
    return pd.DataFrame(
        {
            "location_quotient": every.iloc[:, -1],
            "low": every.min(axis=1),
            "high": every.max(axis=1),
            "first": every.iloc[:, 0],
        }
    )


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
