"""Hospital load: people in hospital against staffed beds, day by day.

The counts are a census of all hospitals that report, not a sample, so levels carry no
sampling interval; what can be wrong is the reporting, and above all the denominator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

WEEK = 7
# Staffed capacity does not halve or double within three months; a bed count that does measures something else.
STEADY_CAPACITY = 1.25
QUARTER_DAYS = 90


@dataclass(frozen=True, eq=False)
class HospitalLoad:
    """Load of one kind of bed.

    ``table`` has one row a day, indexed by date: occupied (people), beds (staffed), share
    (percent of beds), occupied_7 and share_7 (means over the seven days that end here, NaN
    unless all seven are known) and status: ok, no_data (people or beds not known),
    not_applicable (no beds reported although people are in hospital), implausible (more people
    than beds: the denominator is not capacity).
    """

    table: pd.DataFrame
    beds: str
    cautions: tuple[str, ...]

    @property
    def latest(self) -> Estimate:
        """The last known seven-day mean of the share, in percent of beds; a full count without a sampling interval."""
        known = self.table["share_7"].dropna()
        if known.empty:
            return Estimate.empty("no_data", f"no seven days in a row are known for {self.beds}")
        return Estimate(float(known.iloc[-1]), reason="a count of all reporting hospitals, not a sample")

    @property
    def latest_day(self) -> pd.Timestamp:
        """The day on which ``latest`` ends; NaT when there is none."""
        known = self.table["share_7"].dropna()
        return pd.Timestamp(known.index[-1]) if len(known) else pd.NaT  # type: ignore[return-value]

    @property
    def peak(self) -> Estimate:
        """The highest seven-day mean of the share, in percent of beds."""
        known = self.table["share_7"].dropna()
        if known.empty:
            return Estimate.empty("no_data", f"no seven days in a row are known for {self.beds}")
        return Estimate(float(known.max()), reason="a count of all reporting hospitals, not a sample")

    @property
    def peak_day(self) -> pd.Timestamp:
        """The last of the seven days with the highest mean; NaT when there is none."""
        known = self.table["share_7"].dropna()
        return pd.Timestamp(known.idxmax()) if len(known) else pd.NaT  # type: ignore[arg-type, return-value]


def hospital_load(occupied: pd.Series, beds: pd.Series, *, name: str = "hospital beds") -> HospitalLoad:
    """Share of staffed beds in use, with days that cannot be judged kept apart.

    ``occupied``: people in hospital (for instance with COVID-19), ``beds``: staffed beds of the
    same kind, occupied or not; both indexed by date. A bed count of 0 is a report that
    did not come, not a share of infinity. Cautions say when the bed count itself moves as
    capacity cannot: some publishers give beds in use plus beds free for these patients,
    which leaves out everybody else in hospital and makes the share too high.

    Raises AnalysisError for repeated dates or negative numbers.

    >>> days = pd.date_range("2020-12-01", periods=8)
    >>> load = hospital_load(pd.Series(range(100, 180, 10), days), pd.Series(400, days))
    >>> load.table["share"].tolist()[0], load.latest.value
    (25.0, 35.0)
    """
    people, staffed = _daily(occupied, f"{name}: people"), _daily(beds, f"{name}: beds")
    days = pd.date_range(min(people.index[0], staffed.index[0]), max(people.index[-1], staffed.index[-1]))
    table = pd.DataFrame({"occupied": people.reindex(days), "beds": staffed.reindex(days)})
    unknown = table["occupied"].isna() | table["beds"].isna()
    none, over = table["beds"] == 0, table["occupied"] > table["beds"]
    table["status"] = np.select([unknown, none, over], ["no_data", "not_applicable", "implausible"], "ok")
    good = table["status"] == "ok"
    table["share"] = (100 * table["occupied"] / table["beds"]).where(good)
    table["occupied_7"] = table["occupied"].rolling(WEEK).mean()
    table["share_7"] = table["share"].rolling(WEEK).mean()
    table = table[["occupied", "beds", "share", "occupied_7", "share_7", "status"]]
    return HospitalLoad(table, name, _cautions(table, name))


def _daily(series: pd.Series, what: str) -> pd.Series:
    days = pd.Series(series.to_numpy(dtype=float), pd.DatetimeIndex(series.index)).sort_index()
    if len(days) == 0 or days.index.has_duplicates:
        raise AnalysisError(f"{what}: one number a day is needed, and at least one day")
    if (days < 0).any():
        raise AnalysisError(f"{what}: negative on {pd.Timestamp(days.index[days < 0][0]).date()}")
    return days.asfreq("D")


def _cautions(table: pd.DataFrame, name: str) -> tuple[str, ...]:
    found = []
    counts = table["status"].value_counts()
    for status, words in (("not_applicable", "report no beds"), ("implausible", "have more people than beds")):
        if counts.get(status, 0):
            found.append(f"{counts[status]} days {words}")
    smooth = table["beds"].where(table["beds"] > 0).rolling(WEEK, min_periods=4).median()
    quarter = smooth.rolling(QUARTER_DAYS, min_periods=WEEK)
    swing = float((quarter.max() / quarter.min()).max())
    if swing > STEADY_CAPACITY:
        found.append(
            f"the number of {name} moves by a factor of {swing:.1f} within three months: it may not be staffed capacity"
        )
    return tuple(found)


@dataclass(frozen=True)
class DaysAbove:
    """Days on which the seven-day share was at or above a threshold.

    ``days`` of ``known`` days were. Of the ``missing`` days, ``possible`` could have been, even with the fewest
    beds ever reported, so the true number lies between ``days`` and ``days + possible``. ``longest`` is the longest
    run of such days in a row (a missing day ends it), ``first`` and ``last`` are NaT when there was none.
    """

    threshold: float
    days: int
    known: int
    missing: int
    possible: int
    longest: int
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def interval(self) -> tuple[float, float]:
        """Fewest and most days that the missing ones allow: bounds, not an interval at any level."""
        return (float(self.days), float(self.days + self.possible))


def days_above(
    load: HospitalLoad,
    threshold: float,
    *,
    start: str | pd.Timestamp | None = None,
    end: str | pd.Timestamp | None = None,
) -> DaysAbove:
    """Count the days from ``start`` to ``end`` whose seven-day share is at least ``threshold`` percent.

    A day whose share is not known counts as possible when its people, by their seven-day mean, reach the threshold
    of the fewest beds reported on any day, or when its people are not known either.

    Set the threshold before looking at the data, and say where it comes from.

    Raises AnalysisError for a threshold outside 0 to 100.

    >>> days = pd.date_range("2020-12-01", periods=20)
    >>> load = hospital_load(pd.Series(range(100, 300, 10), days), pd.Series(400, days))
    >>> days_above(load, 50).days
    7
    """
    if not 0 < threshold <= 100:
        raise AnalysisError(
            f"days above: the threshold is a percentage of beds above 0 and up to 100, not {threshold:g}"
        )
    share = load.table["share_7"].loc[start:end]
    above = share >= threshold
    possible = share.isna() & ~_too_few_people(load.table, threshold).loc[start:end]
    runs = above.groupby((~above).cumsum()).sum()
    hit = share.index[above]
    none = pd.NaT
    return DaysAbove(
        float(threshold),
        int(above.sum()),
        int(share.notna().sum()),
        int(share.isna().sum()),
        int(possible.sum()),
        int(runs.max()) if len(runs) else 0,
        pd.Timestamp(hit[0]) if len(hit) else none,  # type: ignore[arg-type]
        pd.Timestamp(hit[-1]) if len(hit) else none,  # type: ignore[arg-type]
    )


def _too_few_people(table: pd.DataFrame, threshold: float) -> pd.Series:
    """Days on which even the fewest beds would have kept the share under the threshold."""
    fewest = table["beds"].where(table["status"] == "ok").min()
    # The first days have no seven-day mean of their own: the largest count around them is the cautious one.
    people = table["occupied_7"].fillna(table["occupied"].rolling(2 * WEEK - 1, center=True, min_periods=WEEK).max())
    under: pd.Series = 100 * people / fewest < threshold
    return under
