"""How long businesses stay at a place, and whether they close or move, from a register that began late.

The register's rows are stays: one business at one place. A stay begun before the register kept ends is seen only
from then on (delayed entry), and only because it lasted that long. Closing and moving compete: who moves can no
longer close there. Rates are compared by hazard ratios among businesses of the same age and industry, with errors
clustered by tract; shares by cumulative incidence, never by one minus a survival curve.

Nothing here names or returns a single business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.counting_process import DAYS_A_YEAR, HazardModel, hazard_model, split_spells
from analysis.methods.estimate import Estimate
from analysis.methods.survival import CompetingEnds, GuardedWindow, competing_ends, guarded_window
from analysis.project import AnalysisError

LEGACY_YEARS = 20
LEAST_AT_RISK = 30
COLUMNS = ["version", "later", "way", "value", "lower", "upper", "ends", "status", "reason"]


def with_ages(spells: pd.DataFrame) -> pd.DataFrame:
    """Stays whose start is known, with ``entered`` and ``left``: ages in years at which they came in sight and left it.

    ``spells``: start, entry, end (dates), event. A stay of no length is given half a day, so that it counts.

    >>> days = pd.to_datetime(["2000-01-01", "2005-01-01", "2010-01-01"])
    >>> rows = pd.DataFrame({"start": days[:1], "entry": days[1:2], "end": days[2:], "event": "closed"})
    >>> with_ages(rows)[["entered", "left"]].round(2).values.tolist()
    [[5.0, 10.0]]
    """
    known = spells[spells["start"].notna()]
    entered = (known["entry"] - known["start"]).dt.days / DAYS_A_YEAR
    left = (known["end"] - known["start"]).dt.days / DAYS_A_YEAR
    return known.assign(entered=entered, left=np.maximum(left, entered + 0.5 / DAYS_A_YEAR))


def exposure(changed: pd.Series, begins: pd.Timestamp) -> pd.DataFrame:
    """History of tracts for the hazard model: 0 until a day, then 1 where ``changed`` (true or false by geoid).

    >>> exposure(pd.Series({"t1": True, "t2": False}), pd.Timestamp("2000-04-01"))["changing"].tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    before = pd.DataFrame({"geoid": changed.index, "since": pd.Timestamp("1900-01-01"), "changing": 0.0})
    after = pd.DataFrame({"geoid": changed.index, "since": begins, "changing": changed.astype(float).to_numpy()})
    return pd.concat([before, after], ignore_index=True)


def closing_and_moving(
    spells: pd.DataFrame, history: pd.DataFrame, *, since: pd.Timestamp | None = None
) -> Mapping[str, HazardModel]:
    """Hazard models of ``closed`` and ``moved`` by whether the tract is changing, within industries.

    ``spells``: geoid, industry, start, entry, end, event; stays without tract or start are left out. ``since``: look
    only at what happened from this day on (everybody enters then at the earliest).

    Raises AnalysisError as :func:`hazard_model`: no ends, or an exposure that is the same everywhere.
    """
    rows = with_ages(spells[spells["geoid"].notna()])
    # A day of no length would be no time at risk; the register's days are whole.
    rows = rows.assign(end=rows["end"].where(rows["end"] > rows["entry"], rows["entry"] + pd.Timedelta(days=1)))
    if since is not None:
        rows = rows[rows["end"] > since]
        rows = rows.assign(entry=rows["entry"].where(rows["entry"] > since, since))
    rows = rows.rename(columns={"start": "born"}).reset_index(drop=True)
    pieces = split_spells(
        rows, history, born="born", entry="entry", leave="end", place="geoid", since="since", covariates=["changing"]
    )
    found = {}
    for way in ("closed", "moved"):
        pieces["ended"] = pieces["last"] & (pieces["event"] == way)
        found[way] = hazard_model(
            pieces, start="start", stop="stop", ended="ended", covariates=["changing"], cluster="geoid",
            strata="industry",
        )  # fmt: skip
    return found


def ratio_of(model: HazardModel, covariate: str = "changing") -> Estimate:
    """Hazard ratio of a covariate with its interval; ``n`` is the number of ends."""
    row = model.table.T[covariate]
    return Estimate(float(row["ratio"]), float(row["lower"]), float(row["upper"]), model.level, model.ends)


@dataclass(frozen=True, eq=False)
class Incidence:
    """Shares of stays that closed or moved by age, among those still there at ``window.since``.

    ``table``: way, age (whole years), share, lower, upper (percent). ``stays`` and ``ends`` count what it rests on.
    """

    table: pd.DataFrame
    ends: CompetingEnds
    window: GuardedWindow
    stays: int

    def at(self, way: str, age: float) -> Estimate:
        """Percent that had ended in ``way`` by ``age``."""
        if age > self.window.until:
            return Estimate.empty("no_data", f"too few stays in sight at {age:g} years")
        return self.ends.at(way, age).scaled(100) if way in self.ends.tables else Estimate(0.0, n=self.stays)


def incidence(stays: pd.DataFrame, *, least: int = LEAST_AT_RISK, most_years: int = 25) -> Incidence:
    """Cumulative incidence of closing and moving by age, from stays with ages (:func:`with_ages`).

    Only ages at which at least ``least`` stays are in sight at each end are used, and no age over ``most_years``.
    Raises AnalysisError when never so many are in sight.
    """
    way = stays["event"].replace("open", "")
    entered, left = stays["entered"], stays["left"]
    window = guarded_window(left, way != "", entry=entered, least=least)
    ends = competing_ends(left, way, entry=entered, since=window.since, until=window.until)
    ages = range(int(np.ceil(window.since)), int(min(window.until, most_years)) + 1)
    rows = []
    for name in sorted(ends.tables):
        for age in ages:
            found = ends.at(name, float(age))
            rows.append((name, age, 100 * found.value, 100 * found.lower, 100 * found.upper))
    table = pd.DataFrame(rows, columns=["way", "age", "share", "lower", "upper"])
    return Incidence(table, ends, window, len(stays))


def legacy_stays(spells: pd.DataFrame, *, years: int = LEGACY_YEARS) -> pd.DataFrame:
    """Stays of businesses known for ``years`` or more, from the day they reached that, on the clock of the business.

    ``entered`` and ``left`` are years since the business was first known. Stays that ended before are left out.

    >>> days = {"known_since": "1980-01-01", "start": "1990-01-01", "entry": "1994-01-01", "end": "2004-01-01"}
    >>> rows = pd.DataFrame({name: pd.to_datetime([day]) for name, day in days.items()}).assign(event="closed")
    >>> legacy_stays(rows)[["entered", "left"]].round(1).values.tolist()
    [[20.0, 24.0]]
    """
    known = spells["known_since"]
    entered = ((spells["entry"] - known).dt.days / DAYS_A_YEAR).clip(lower=float(years))
    left = (spells["end"] - known).dt.days / DAYS_A_YEAR
    return spells.assign(entered=entered, left=left)[left > entered]


def legacy_by_area(spells: pd.DataFrame, changed: pd.Series, day: pd.Timestamp) -> pd.DataFrame:
    """Legacy businesses open on ``day`` by council district: how many, and how many in tracts that changed most.

    ``changed`` is true or false by geoid; stays without a tract count in neither column of exposure.
    Returns area_id, legacy (businesses), in_changed, elsewhere, no_tract. Counts as they are: to be published only
    through disclosure control.

    Raises AnalysisError when no legacy business is open.
    """
    open_then = (spells["entry"] <= day) & ((spells["end"] > day) | (spells["event"] == "open"))
    old = (day - spells["known_since"]).dt.days >= LEGACY_YEARS * DAYS_A_YEAR
    rows = spells[open_then & old].drop_duplicates(["area_id", "business"])
    if rows.empty:
        raise AnalysisError(f"legacy businesses: none is open on {day.date()}")
    where = rows["geoid"].map(changed)
    marks = rows[["area_id"]].assign(
        legacy=1, in_changed=where.eq(True), elsewhere=where.eq(False), no_tract=where.isna()
    )
    counts: pd.DataFrame = marks.groupby("area_id").sum().astype(int).reset_index()
    return counts


def hazard_ratios(spells: pd.DataFrame, histories: Mapping[str, pd.DataFrame], later: pd.Timestamp) -> pd.DataFrame:
    """Hazard ratios of closing and moving under each exposure, over all years and only from ``later`` on.

    ``histories``: name → :func:`exposure`. Returns, one row a version and way: version, later (whether only from then
    on), way, value, lower, upper, ends, status, reason; a version that an area cannot answer (no tract changed there)
    is ``not_applicable``.
    """
    rows = []
    for name, history in histories.items():
        for words, since in ((name, None), (f"{name}, only from {later.year} on", later)):
            for way, found in _ratios(spells, history, since).items():
                ends = (found.value, found.lower, found.upper, found.n, found.status, found.reason)
                rows.append((words, since is not None, way, *ends))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"later": "bool"})


def no_ratios() -> pd.DataFrame:
    """The table of :func:`hazard_ratios` without a row, for where there is no register.

    >>> len(no_ratios()), "ends" in no_ratios()
    (0, True)
    """
    return pd.DataFrame(columns=COLUMNS).astype({"later": "bool"})


def _ratios(spells: pd.DataFrame, history: pd.DataFrame, since: pd.Timestamp | None) -> dict[str, Estimate]:
    try:
        models = closing_and_moving(spells, history, since=since)
    except AnalysisError as reason:
        return {way: Estimate.empty("not_applicable", str(reason)) for way in ("closed", "moved")}
    return {way: ratio_of(model) for way, model in models.items()}


def incidence_by(stays: pd.DataFrame, group: pd.Series, *, least: int = LEAST_AT_RISK, most_years: int) -> pd.DataFrame:
    """Cumulative incidence of each group that is ever large enough, one below the other (:class:`Incidence`).

    ``group`` names each stay's group, by the index of ``stays``; missing ones are left out. Returns group, way, age,
    share, lower, upper (percent); a group of which never ``least`` are in sight while one ends is absent.

    Raises AnalysisError when every group is too small.
    """
    parts = []
    for name, rows in stays.groupby(group):
        if _answerable(rows, least):
            parts.append(incidence(rows, least=least, most_years=most_years).table.assign(group=name))
    if not parts:
        raise AnalysisError(f"incidence: no group ever has {least} stays in sight")
    return pd.concat(parts, ignore_index=True)


def _answerable(stays: pd.DataFrame, least: int) -> bool:
    """Whether ever so many are in sight, and something ended while they were."""
    if _most_in_sight(stays) < least:
        return False
    ended = stays["event"] != "open"
    return guarded_window(stays["left"], ended, entry=stays["entered"], least=least).left_out_ends < int(ended.sum())


def _most_in_sight(stays: pd.DataFrame) -> int:
    """The largest number of stays in sight at one age."""
    come, gone = np.sort(stays["entered"].to_numpy()), np.sort(stays["left"].to_numpy())
    return int((np.arange(1, len(come) + 1) - np.searchsorted(gone, come, side="right")).max(initial=0))
