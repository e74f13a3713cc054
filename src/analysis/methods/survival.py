"""How long until something ends: Kaplan-Meier with delayed entry, comparisons, competing ends.

Durations are seldom seen whole. Right censoring: still going on when the data end. Delayed
entry (left truncation): seen only from some age on, such as businesses found in a register
that began later; counting them from birth makes survival look better than it was, because
those that ended before are not in it. Every interval names its kind, since
log and log-log limits differ visibly.

Sources: Kaplan and Meier 1958; Kalbfleisch and Prentice 2002; Aalen and Johansen 1978;
figures match R survival 3.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.counting_process import hazard_model
from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FEWEST_AT_RISK = 10


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Share still going on at each time.

    ``table``: time (of an end or of leaving sight), at_risk, ended, survival (0 to 1), error,
    lower, upper. ``kind``: log or log-log, how the interval was formed. ``subjects`` and ``ends``
    count what it rests on.
    """

    table: pd.DataFrame
    kind: str
    level: float
    subjects: int
    ends: int
    cautions: tuple[str, ...]

    def at(self, time: float) -> Estimate:
        """Share still going on at ``time``; no data past the last time anyone was in sight."""
        if time > self.table["time"].iloc[-1]:
            return Estimate.empty("no_data", f"nobody was in sight at {time:g}", level=self.level)
        before = self.table[self.table["time"] <= time]
        if before.empty:
            return Estimate(1.0, 1.0, 1.0, self.level, self.subjects)
        row = before.iloc[-1]
        return Estimate(
            float(row["survival"]), float(row["lower"]), float(row["upper"]), self.level, int(row["at_risk"])
        )

    @property
    def median(self) -> Estimate:
        """Time by which half have ended, with the times at which the interval crosses one half (NaN: not reached)."""
        value, lower, upper = (self._crossing(column) for column in ("survival", "lower", "upper"))
        if np.isnan(value):
            return Estimate.empty("not_applicable", "fewer than half have ended", level=self.level, n=self.subjects)
        return Estimate(value, lower, upper, self.level, self.subjects)

    def _crossing(self, column: str) -> float:
        # A survival of exactly one half holds until the next end: R takes the middle, and so do we.
        below = self.table[self.table[column] < 0.5 - 1e-9]
        exact = self.table[(self.table[column] - 0.5).abs() <= 1e-9]
        if below.empty:
            return float("nan")
        after = float(below["time"].iloc[0])
        return (float(exact["time"].iloc[0]) + after) / 2 if len(exact) else after

    def restricted_mean(self, until: float) -> Estimate:
        """Mean time going on within the first ``until`` units of time (area under the curve).

        Raises AnalysisError past the last time anyone was in sight.
        """
        if until > self.table["time"].iloc[-1]:
            raise AnalysisError(
                f"restricted mean: nobody was in sight until {until:g}; last time {self.table['time'].iloc[-1]:g}"
            )
        rows = self.table[(self.table["ended"] > 0) & (self.table["time"] < until)]
        edges = np.concatenate([[0.0], rows["time"], [until]])
        heights = np.concatenate([[1.0], rows["survival"]])
        areas = np.diff(edges) * heights
        left = areas[::-1].cumsum()[::-1][1:]
        risk, ended = rows["at_risk"].to_numpy(), rows["ended"].to_numpy()
        spread = np.divide(ended, risk * (risk - ended), out=np.zeros(len(rows)), where=risk > ended)
        error = float(np.sqrt((left**2 * spread).sum()))
        width = float(stats.norm.ppf((1 + self.level) / 2)) * error
        return Estimate(
            float(areas.sum()), float(areas.sum()) - width, float(areas.sum()) + width, self.level, self.subjects
        )


def _checked(
    duration: npt.ArrayLike, ended: npt.ArrayLike, entry: npt.ArrayLike | None
) -> tuple[Floats, Flags, Floats]:
    time, event = np.asarray(duration, dtype=float), np.asarray(ended).astype(bool)
    start = np.zeros(len(time)) if entry is None else np.asarray(entry, dtype=float)
    if not len(time) == len(event) == len(start) or len(time) == 0:
        raise AnalysisError("survival: duration, ended and entry need one value a subject")
    wrong = np.flatnonzero(~(time > start) | ~(start >= 0))
    if len(wrong):
        raise AnalysisError(
            f"survival: {len(wrong)} subjects leave before or when they enter, or have no time (first at row "
            f"{wrong[0]}); a duration of 0 has to be given a positive value or left out, and counted"
        )
    return time, event, start


def kaplan_meier(
    duration: npt.ArrayLike,
    ended: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    since: float = 0.0,
    until: float = np.inf,
    kind: str = "log",
    level: float = 0.95,
) -> SurvivalCurve:
    """Share of subjects still going on, by time.

    ``duration``: time at which each subject ended or was last seen. ``ended``: True if it ended.
    ``entry``: time from which each was in sight (default 0): subjects count as at risk only
    afterwards. ``since``: share of those still going on at this time (the curve starts there);
    needed when so few are in sight early that one end would bring the whole curve down. ``until``: nothing is
    counted after this time (see ``guarded_window`` for both).
    ``kind``: "log" (R's default) or "log-log" (never outside 0 to 1).

    Raises AnalysisError for unequal lengths, or subjects that leave before they enter.

    >>> curve = kaplan_meier([2, 3, 3, 5, 8], [True, True, False, True, False])
    >>> round(curve.at(4).value, 3), curve.median.value
    (0.6, 5.0)
    """
    if kind not in ("log", "log-log"):
        raise AnalysisError(f"survival: kind of interval is 'log' or 'log-log', not {kind!r}")
    time, event, start = _between(since, until, *_checked(duration, ended, entry))
    moments, at_risk = _risk_sets(time, start)
    number = _ends_at(moments, time[event])
    share: Floats = np.cumprod(1 - number / at_risk, dtype=np.float64)
    steps = np.divide(number, at_risk * (at_risk - number), out=np.zeros(len(moments)), where=at_risk > number)
    total = np.cumsum(steps)
    lower, upper = _limits(share, np.asarray(np.sqrt(total), dtype=np.float64), kind, level)
    table = pd.DataFrame(
        {"time": moments, "at_risk": at_risk.astype(int), "ended": number.astype(int), "survival": share}
    )
    table["error"], table["lower"], table["upper"] = share * np.sqrt(total), lower, upper
    return SurvivalCurve(table, kind, level, len(time), int(event.sum()), _cautions(table, start))


def _between(since: float, until: float, time: Floats, event: Flags, start: Floats) -> tuple[Floats, Flags, Floats]:
    """Only subjects seen after ``since``, entering no earlier, and only what they did up to ``until``."""
    kept = (time > since) & (start < until)
    if not kept.any():
        raise AnalysisError(f"survival: nobody was in sight after {since:g}")
    time, event, start = time[kept], event[kept], np.maximum(start[kept], since)
    return np.minimum(time, until), event & (time <= until), start


def _risk_sets(time: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Every time at which someone leaves sight, and how many were in sight just before."""
    moments = np.unique(time)
    return moments, _in_sight(moments, time, start)


def _in_sight(moments: Floats, time: Floats, start: Floats) -> Floats:
    """How many have entered before each moment and not left before it."""
    gone = np.searchsorted(np.sort(time), moments, side="left")
    return np.asarray(np.searchsorted(np.sort(start), moments, side="left") - gone, dtype=float)


def _ends_at(moments: Floats, ends: Floats) -> Floats:
    return np.bincount(np.searchsorted(moments, ends), minlength=len(moments)).astype(float)


@dataclass(frozen=True)
class GuardedWindow:
    """Ages between which at least ``least`` subjects are in sight whenever one of them ends.

    ``left_out_ends`` were seen outside the window. Curves of ``kaplan_meier`` and ``competing_ends`` with this
    ``since`` and ``until`` describe those still going on at ``since``.
    """

    since: float
    until: float
    least: int
    left_out_ends: int


def guarded_window(
    duration: npt.ArrayLike, ended: npt.ArrayLike, *, entry: npt.ArrayLike | None = None, least: int = 30
) -> GuardedWindow:
    """Longest window of ages in which no end falls on a risk set smaller than ``least``.

    With delayed entry few are in sight at young ages, and one end among three takes a third of
    the whole curve with it; so the curve starts where the risk set has filled up, and stops where it has emptied.

    Raises AnalysisError when the risk set never reaches ``least``.

    >>> found = guarded_window([1, 5, 6, 7, 8, 9], [True] * 6, entry=[0, 2, 2, 2, 2, 2], least=3)
    >>> found.since, found.until, found.left_out_ends
    (1.0, 7.0, 3)
    """
    time, event, start = _checked(duration, ended, entry)
    moments, at_risk = _risk_sets(time, start)
    risky = (at_risk < least) & (_ends_at(moments, time[event]) > 0)
    if at_risk.max() < least:
        raise AnalysisError(f"survival: never more than {int(at_risk.max())} in sight, fewer than {least}")
    edges = np.concatenate([[0.0], moments[risky]])
    # Between two risky ends the window runs from the first to just before the second.
    last = [moments[moments < edge].max(initial=0.0) for edge in edges[1:]] + [float(moments[-1])]
    widest = int(np.argmax(np.array(last) - edges))
    since, until = float(edges[widest]), float(last[widest])
    outside = event & ((time <= since) | (time > until))
    return GuardedWindow(since, until, least, int(outside.sum()))


def _limits(share: Floats, relative: Floats, kind: str, level: float) -> tuple[Floats, Floats]:
    z = float(stats.norm.ppf((1 + level) / 2))
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    if kind == "log":
        lower, upper = safe * np.exp(-z * relative), np.minimum(1.0, safe * np.exp(z * relative))
    else:
        bend = z * relative / np.log(safe)
        lower, upper = safe ** np.exp(-bend), safe ** np.exp(bend)
    edge = np.where(share <= 0, np.nan, 1.0)
    return np.where(inside, lower, edge), np.where(inside, upper, edge)


def _cautions(table: pd.DataFrame, start: Floats) -> tuple[str, ...]:
    found = []
    early = table[(table["ended"] > 0) & (table["at_risk"] < FEWEST_AT_RISK)]
    if (start > 0).any() and len(early) and early["time"].iloc[0] < table["time"].median():
        few, when = int(early["at_risk"].iloc[0]), early["time"].iloc[0]
        found.append(f"only {few} in sight at time {when:g}: one end there moves the whole curve; see since")
    if (table["survival"] <= 0).any() and table["at_risk"].iloc[-1] < FEWEST_AT_RISK:
        found.append("the curve reaches zero because the last one in sight ended, not because all do")
    return tuple(found)


@dataclass(frozen=True)
class LogRank:
    """Test that groups share one survival curve: statistic, degrees of freedom, probability, and ends per group.

    ``observed`` and ``expected`` ends are by group, in sorted order of ``groups``.
    """

    statistic: float
    freedom: int
    probability: float
    groups: tuple[str, ...]
    observed: tuple[int, ...]
    expected: tuple[float, ...]


def log_rank(
    duration: npt.ArrayLike, ended: npt.ArrayLike, group: npt.ArrayLike, *, entry: npt.ArrayLike | None = None
) -> LogRank:
    """Log-rank test of two or more groups; arguments as ``kaplan_meier``, ``group`` names each subject's.

    Raises AnalysisError with fewer than two groups.

    >>> found = log_rank([1, 2, 3, 4, 5, 6], [True] * 6, ["a", "a", "a", "b", "b", "b"])
    >>> found.freedom, found.probability < 0.05
    (1, True)
    """
    time, event, start = _checked(duration, ended, entry)
    names, member = np.unique(np.asarray(group).astype(str), return_inverse=True)
    if len(names) < 2:
        raise AnalysisError("log-rank: at least two groups are needed")
    observed = np.bincount(member[event], minlength=len(names)).astype(float)
    expected, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    moments = np.unique(time[event])
    members = [member == one for one in range(len(names))]
    risks = np.column_stack([_in_sight(moments, time[one], start[one]) for one in members])
    for risk, ends in zip(risks, _ends_at(moments, time[event]), strict=True):
        count = risk.sum()
        share = risk / count
        expected += ends * share
        if count > 1:
            variance += ends * (count - ends) / (count - 1) * (np.diag(share) - np.outer(share, share))
    away = (observed - expected)[:-1]
    statistic = float(away @ np.linalg.pinv(variance[:-1, :-1]) @ away)
    freedom = len(names) - 1
    return LogRank(
        statistic, freedom, float(stats.chi2.sf(statistic, freedom)), tuple(map(str, names)),
        tuple(int(count) for count in observed), tuple(float(count) for count in expected),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class CoxModel:
    """Hazard ratios: factor on the rate of ending per unit of each covariate.

    ``table``, indexed by covariate: coefficient, error, ratio, lower, upper, probability,
    proportional (probability of a change with time this strong if the ratio were constant;
    small means that it is not). ``log_likelihood`` is without and
    with the covariates, ties after Efron.
    """

    table: pd.DataFrame
    log_likelihood: tuple[float, float]
    concordance: float
    subjects: int
    ends: int
    left_out: int


def cox(
    frame: pd.DataFrame,
    *,
    duration: str,
    ended: str,
    covariates: Sequence[str],
    entry: str | None = None,
    level: float = 0.95,
) -> CoxModel:
    """Proportional hazards regression (ties after Efron, delayed entry) of covariates that do not change.

    ``frame``: one row a subject; rows with a missing value are left out and counted. A subject is at risk only after
    its entry, as in R; statsmodels 0.15 counts it at the very moment, which matters where times are whole years.
    See ``counting_process`` for covariates that change and for errors by area.

    Raises AnalysisError without complete rows or without ends.

    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"x": rng.normal(size=300)})
    >>> frame["time"], frame["end"] = rng.exponential(np.exp(-0.7 * frame["x"])), True
    >>> round(float(cox(frame, duration="time", ended="end", covariates=["x"]).table.loc["x", "coefficient"]), 1)
    0.6
    """
    columns = [duration, ended, *covariates, *([entry] if entry else [])]
    rows = frame[columns].dropna()
    if rows.empty or not rows[ended].astype(bool).any():
        raise AnalysisError("cox: no complete rows, or nothing ended")
    time, event, start = _checked(rows[duration], rows[ended], rows[entry] if entry else None)
    design = rows[list(covariates)].to_numpy(dtype=float)
    spread = design.std(axis=0)
    if (spread == 0).any():
        raise AnalysisError(f"cox: {covariates[int(np.argmin(spread))]} is the same for everybody")
    spells = rows[list(covariates)].assign(**{"(start": start, "stop]": time, "ended": event})
    fitted = hazard_model(spells, start="(start", stop="stop]", ended="ended", covariates=covariates, level=level)
    agreement = _concordance(time, event, start, design @ fitted.table["coefficient"].to_numpy())
    table = fitted.table.drop(columns="plain_error")
    return CoxModel(table, fitted.log_likelihood, agreement, len(rows), int(event.sum()), len(frame) - len(rows))


def _concordance(time: Floats, event: Flags, start: Floats, risk: Floats) -> float:
    """Share of comparable pairs in which the one at higher risk ended first (ties in risk count half)."""
    good = half = pairs = 0.0
    for one in np.flatnonzero(event):
        # Still going on when this one ended, or leaving sight at that very time.
        others = ((time > time[one]) | ((time == time[one]) & ~event)) & (start < time[one])
        pairs += others.sum()
        good += (risk[one] > risk[others]).sum()
        half += (risk[one] == risk[others]).sum()
    return float((good + half / 2) / pairs) if pairs else float("nan")


@dataclass(frozen=True, eq=False)
class CompetingEnds:
    """Share that has ended in each way by each time; the ways and ``going_on`` add up to 1.

    ``tables``: way of ending → table with time, share (0 to 1), error, lower, upper (log-log on the
    share). One minus Kaplan-Meier of one way alone would overstate it, by treating those that
    ended otherwise as if they might still end this way.
    """

    tables: dict[str, pd.DataFrame]
    going_on: pd.DataFrame
    level: float

    def at(self, way: str, time: float) -> Estimate:
        """Share that has ended in ``way`` by ``time``."""
        table = self.tables[way]
        if time > table["time"].iloc[-1]:
            return Estimate.empty("no_data", f"nobody was in sight at {time:g}", level=self.level)
        before = table[table["time"] <= time]
        if before.empty:
            return Estimate(0.0, 0.0, 0.0, self.level)
        row = before.iloc[-1]
        return Estimate(float(row["share"]), float(row["lower"]), float(row["upper"]), self.level)


def competing_ends(
    duration: npt.ArrayLike,
    way: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    since: float = 0.0,
    until: float = np.inf,
    level: float = 0.95,
) -> CompetingEnds:
    """Cumulative incidence of each way of ending (Aalen-Johansen), with delayed entry.

    ``way``: how each subject ended, "" or missing if it was still going on when last seen. Other
    arguments as ``kaplan_meier``.

    Raises AnalysisError when nothing ended.

    >>> found = competing_ends([1, 2, 3, 4], ["closed", "moved", "closed", ""])
    >>> found.at("closed", 3).value, found.at("moved", 3).value
    (0.5, 0.25)
    """
    labels = pd.Series(np.asarray(way, dtype=object)).fillna("").astype(str).to_numpy()
    every = labels != ""
    checked = _checked(duration, every, entry)
    labels = np.where(checked[0] <= until, labels, "")[(checked[0] > since) & (checked[2] < until)]
    time, event, start = _between(since, until, *checked)
    if not event.any():
        raise AnalysisError("competing ends: nothing ended")
    moments, risk = _risk_sets(time, start)
    everything = _ends_at(moments, time[event])
    survival = np.cumprod(1 - everything / risk)
    before = np.concatenate([[1.0], survival[:-1]])
    tables = {}
    for name in np.unique(labels[event]):
        ends = _ends_at(moments, time[labels == name])
        share = np.cumsum(before * ends / risk)
        error = _incidence_error(share, before, ends, everything, risk)
        table = pd.DataFrame({"time": moments, "share": share, "error": error})
        inside = (share > 0) & (share < 1)
        safe = np.where(inside, share, 0.5)
        bend = float(stats.norm.ppf((1 + level) / 2)) * error / (safe * np.log(safe))
        table["lower"] = np.where(inside, safe ** np.exp(-bend), share)
        table["upper"] = np.where(inside, safe ** np.exp(bend), share)
        tables[str(name)] = table
    return CompetingEnds(tables, pd.DataFrame({"time": moments, "share": survival}), level)


def _incidence_error(share: Floats, before: Floats, ends: Floats, everything: Floats, risk: Floats) -> Floats:
    """Standard error of a cumulative incidence by the delta method (Marubini and Valsecchi 1995, eq. 10.12)."""
    safe = np.where(risk > everything, risk * (risk - everything), np.inf)
    # Each sum over earlier times of (share now - share then) to a power is opened into running sums.
    loss = everything / safe
    first = share**2 * np.cumsum(loss) - 2 * share * np.cumsum(share * loss) + np.cumsum(share**2 * loss)
    second = np.cumsum(before**2 * ends * (risk - ends) / risk**3)
    gain = before * ends / risk**2
    third = share * np.cumsum(gain) - np.cumsum(share * gain)
    return np.asarray(np.sqrt(np.maximum(0.0, first + second - 2 * third)))
