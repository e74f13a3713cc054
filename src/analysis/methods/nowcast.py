"""Counts that are still being reported: how many will there be, and which days not to trust.

With a history of what was reported when (a reporting triangle) the final counts can
be estimated (chain ladder, errors after Mack 1993, ASTIN Bulletin 23:213-225). With two
editions of the same series the incomplete days can be seen. With one edition
neither is possible, and this module says so in place of guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

COMPLETE = 0.95


def triangle_from_editions(
    editions: Mapping[str | pd.Timestamp, pd.Series], *, max_delay: int | None = None
) -> pd.DataFrame:
    """Cumulative reporting triangle from successive editions of one series.

    ``editions`` maps the day of an edition to the counts it held (people a day, indexed by
    the day of the event). Returns people known so far: one row a day of event, one
    column a delay in days (0, 1, ... ``max_delay``), NaN where no edition tells. Editions that
    are missing are carried forward from the last one; later editions may be lower (a revision).

    Raises AnalysisError with fewer than two editions.

    >>> days = pd.date_range("2020-05-01", periods=2)
    >>> triangle_from_editions({"2020-05-01": pd.Series([3], days[:1]), "2020-05-02": pd.Series([5, 2], days)})
    delay         0    1
    2020-05-01  3.0  5.0
    2020-05-02  2.0  NaN
    """
    if len(editions) < 2:
        raise AnalysisError("reporting triangle: at least two editions are needed; with one, see truncated_tail")
    dated = sorted((pd.Timestamp(day), counts) for day, counts in editions.items())
    wide = pd.DataFrame(
        {day: pd.Series(counts.to_numpy(dtype=float), pd.DatetimeIndex(counts.index)) for day, counts in dated}
    )
    wide = wide.reindex(columns=pd.date_range(dated[0][0], dated[-1][0])).ffill(axis=1)
    days = pd.date_range(wide.index.min(), wide.index.max())
    wide = wide.reindex(days)
    largest = (dated[-1][0] - days[0]).days if max_delay is None else max_delay
    columns = {}
    for delay in range(largest + 1):
        reported = days + pd.Timedelta(days=delay)
        place = wide.columns.get_indexer(reported)
        values = wide.to_numpy()[np.arange(len(days)), np.maximum(place, 0)]
        columns[delay] = np.where(place >= 0, values, np.nan)
    return pd.DataFrame(columns, index=days).rename_axis(columns="delay")


@dataclass(frozen=True, eq=False)
class Nowcast:
    """Estimated final counts by day of event.

    ``table``, indexed by day: known (people reported so far), expected (final), error
    (standard error of prediction), lower, upper (interval of the final count), complete (known
    over expected, 0 to 1), status: final (nothing more is expected), estimated, or
    no_information (nothing reported yet, from which nothing can be projected).
    ``total`` is the sum over all days with information, with its own error.
    """

    table: pd.DataFrame
    total: Estimate
    factors: tuple[float, ...]
    level: float

    @property
    def truncated_days(self) -> int:
        """How many of the last days are less than 95 percent complete, or tell nothing."""
        short = (self.table["complete"] < COMPLETE) | (self.table["status"] == "no_information")
        return int(short[::-1].cummin().sum())


def chain_ladder(triangle: pd.DataFrame, *, recent: int | None = 60, level: float = 0.95) -> Nowcast:
    """Project each day to its final count by the growth that earlier days showed.

    ``triangle``: cumulative counts, rows by day of event in order, columns by delay, NaN where
    not yet known; the last column counts as final. Growth from one delay to the next is total
    over total in the ``recent`` days that know both (None: all). Intervals are lognormal with
    Mack's error: they assume that reporting goes on as before, and that days are independent.

    Raises AnalysisError when a needed growth cannot be estimated.

    >>> triangle = pd.DataFrame([[50, 80, 100], [60, 96, 120], [40, 64, np.nan], [70, np.nan, np.nan]])
    >>> chain_ladder(triangle).table["expected"].round(1).tolist()
    [100.0, 120.0, 80.0, 140.0]
    """
    values = triangle.to_numpy(dtype=float)
    _check_triangle(values)
    factors, variances, sums = _development(values, recent)
    delays = values.shape[1]
    latest = (~np.isnan(values)).cumsum(axis=1).argmax(axis=1)
    known = values[np.arange(len(values)), latest]
    path = np.concatenate([np.cumprod(factors[::-1])[::-1], [1.0]])
    expected = known * path[latest]
    error, shared = _mack(known, latest, expected, factors, variances, sums)
    table = pd.DataFrame({"known": known, "expected": expected, "error": error}, index=triangle.index)
    table["lower"], table["upper"] = _lognormal(expected, error, known, level)
    table["complete"] = np.divide(known, expected, out=np.full(len(known), np.nan), where=expected > 0)
    silent = (known <= 0) & (latest < delays - 1) & (path[latest] > 1)
    table["status"] = np.select([silent, latest == delays - 1], ["no_information", "final"], "estimated")
    table.loc[silent, ["expected", "error", "lower", "upper", "complete"]] = np.nan
    lower, upper = _lognormal(np.array([expected[~silent].sum()]), np.array([shared]), np.array([known.sum()]), level)
    total = Estimate(float(expected[~silent].sum()), float(lower[0]), float(upper[0]), level, int(known.sum()))
    return Nowcast(table, total, tuple(float(f) for f in factors), level)


def _check_triangle(values: Floats) -> None:
    known = ~np.isnan(values)
    if values.ndim != 2 or min(values.shape) < 2 or not known[:, 0].all():
        raise AnalysisError(
            "chain ladder: needs at least two days and two delays, and a value at delay 0 for every day"
        )
    if (np.diff(known.astype(int), axis=1) > 0).any():
        raise AnalysisError("chain ladder: a day has a hole between two known delays; carry the last edition forward")


def _development(values: Floats, recent: int | None) -> tuple[Floats, Floats, Floats]:
    """Growth factor, variance parameter and base of each step from one delay to the next."""
    steps = values.shape[1] - 1
    factors, variances, sums = np.ones(steps), np.zeros(steps), np.zeros(steps)
    for step in range(steps):
        both = np.flatnonzero(~np.isnan(values[:, step + 1]))
        both = both if recent is None else both[-recent:]
        here, after = values[both, step], values[both, step + 1]
        base = here.sum()
        if base <= 0:
            raise AnalysisError(
                f"chain ladder: nothing was reported by delay {step} on any day that knows delay {step + 1}"
            )
        factors[step], sums[step] = after.sum() / base, base
        good = here > 0
        if good.sum() > 1:
            strayed = here[good] * (after[good] / here[good] - factors[step]) ** 2
            variances[step] = strayed.sum() / (good.sum() - 1)
        else:
            # One day alone shows no scatter: Mack's rule continues the decrease of the two steps before.
            two, one = variances[step - 2], variances[step - 1]
            variances[step] = min(one**2 / two, two, one) if step > 1 and two > 0 else one if step else 0.0
    return factors, variances, sums


def _mack(
    known: Floats, latest: npt.NDArray[np.intp], expected: Floats, factors: Floats, variances: Floats, sums: Floats
) -> tuple[Floats, float]:
    """Standard error of each day's final count and of their sum."""
    steps = len(factors)
    ratio = np.divide(variances, factors**2, out=np.zeros(steps), where=factors > 0)
    # What the uncertain factors from each step onwards contribute, relative to a final count.
    per_base = np.append(np.cumsum((ratio / sums)[::-1])[::-1], 0.0)
    open_days = np.flatnonzero((latest < steps) & (known > 0))
    squares, together = np.zeros(len(known)), 0.0
    for day in open_days:
        first = int(latest[day])
        growing = known[day] * np.concatenate([[1.0], np.cumprod(factors[first:-1])])
        squares[day] = expected[day] ** 2 * (float((ratio[first:] / growing).sum()) + per_base[first])
        # The same growth factors serve all days: their errors add up in the total.
        later = open_days[open_days > day]
        together += 2 * expected[day] * float(expected[later] @ per_base[np.maximum(first, latest[later])])
    return np.sqrt(squares), float(np.sqrt(squares.sum() + together))


def _lognormal(expected: Floats, error: Floats, known: Floats, level: float) -> tuple[Floats, Floats]:
    relative = np.divide(error, expected, out=np.zeros_like(expected), where=expected > 0)
    sigma = np.sqrt(np.log1p(relative**2))
    spread = stats.norm.ppf((1 + level) / 2) * sigma
    centre = expected * np.exp(-(sigma**2) / 2)
    return np.asarray(centre * np.exp(-spread)), np.asarray(
        np.maximum(centre * np.exp(spread), np.minimum(known, expected))
    )


@dataclass(frozen=True, eq=False)
class EditionComparison:
    """Two editions of one series, day by day.

    ``table``, indexed by day: earlier, later (people), age (days from the event to the earlier
    edition), complete (earlier over later; NaN where the later is 0). ``tail_days``: how many of the
    last days of the earlier edition held, in weekly sums, less than 95 percent of what the later
    one holds. ``revised_days``: older days whose count changed at all, up or down.
    """

    table: pd.DataFrame
    tail_days: int
    revised_days: int


def compare_editions(earlier: pd.Series, later: pd.Series) -> EditionComparison:
    """See which days of an earlier edition were incomplete, by holding a later one against it.

    Both: people a day indexed by day of event. A weekly sum smooths the weekday pattern; the
    later edition counts as the truth, although its own last days are incomplete too: it should be
    later by more than the tail found.

    Raises AnalysisError when the editions share no days.

    >>> days = pd.date_range("2020-05-01", periods=30)
    >>> early = pd.Series([100.0] * 26 + [90, 70, 40, 10], days)
    >>> compare_editions(early, pd.Series(100.0, days)).tail_days
    4
    """
    table = pd.DataFrame({"earlier": earlier.astype(float), "later": later.astype(float)}).dropna().sort_index()
    if table.empty:
        raise AnalysisError("compare editions: the two share no day with a value in both")
    table["age"] = (pd.DatetimeIndex(table.index)[-1] - pd.DatetimeIndex(table.index)).days
    table["complete"] = (table["earlier"] / table["later"]).where(table["later"] > 0)
    # A day belongs to the tail when it and all later days together lack more than a twentieth.
    behind = table[["earlier", "later"]][::-1].rolling(7, min_periods=1).sum()
    short = (behind["earlier"] < COMPLETE * behind["later"]).to_numpy()
    tail = int(np.argmin(short)) if not short.all() else len(short)
    daily = (table["complete"][::-1] < COMPLETE).to_numpy()[:tail]
    # Weekly sums reach up to six days into complete ones: end the tail at its last incomplete day.
    days = int(np.flatnonzero(daily)[-1]) + 1 if daily.any() else 0
    older = table.iloc[: len(table) - days]
    return EditionComparison(table, days, int((older["earlier"] != older["later"]).sum()))


@dataclass(frozen=True)
class TruncatedTail:
    """How many of the last days are incomplete, and how that is known.

    ``basis`` is editions (seen by comparing two), stated (the publisher or a study names a
    delay), by_report_date (each day counts what was reported on it, so no count is cut off;
    infections of the last days are still missing), or unknown (one edition, no stated
    delay: ``days`` is None and the last days must not be read as a fall).
    """

    days: int | None
    basis: str
    reason: str


def truncated_tail(
    *,
    dated_by: str,
    earlier: pd.Series | None = None,
    later: pd.Series | None = None,
    stated_days: int | None = None,
    stated_by: str = "",
) -> TruncatedTail:
    """Decide how many last days to mark, and on what ground.

    ``dated_by``: "event" (onset, specimen, death) or "report" (the day of publication). Two
    editions beat a stated delay. With one edition and no stated delay nothing can be said: a
    real fall and missing reports look alike.

    Raises AnalysisError for an unknown ``dated_by`` or a stated delay without its source.

    >>> truncated_tail(dated_by="event").days is None
    True
    >>> truncated_tail(dated_by="report").days
    0
    """
    if dated_by not in ("event", "report"):
        raise AnalysisError(f"truncated tail: dated_by is 'event' or 'report', not {dated_by!r}")
    if stated_days is not None and not stated_by:
        raise AnalysisError("truncated tail: a stated delay needs its source in stated_by")
    if earlier is not None and later is not None:
        found = compare_editions(earlier, later)
        reason = f"the earlier edition lacked more than 5 percent in its last {found.tail_days} days"
        return TruncatedTail(found.tail_days, "editions", reason)
    if stated_days is not None:
        return TruncatedTail(stated_days, "stated", f"{stated_days} days according to {stated_by}")
    if dated_by == "report":
        reason = "each day counts what was reported on it; people infected in the last days are not in it yet"
        return TruncatedTail(0, "by_report_date", reason)
    return TruncatedTail(None, "unknown", "one edition cannot show which of its last days are incomplete")


def simulate_triangle(
    *, seed: int, days: int = 90, delays: int = 15, mean: float = 120.0, clustered: float = 0.1
) -> pd.DataFrame:
    """Invented final counts with their full reporting history, for tests: cumulative, no cell missing.

    Half of the people are reported with an average delay of about three days; reporting speed
    varies from day to day with coefficient of variation ``clustered``.

    >>> simulate_triangle(seed=1).shape
    (90, 15)
    """
    rng = np.random.default_rng(seed)
    people = rng.negative_binomial(20, 20 / (20 + mean * np.exp(0.01 * np.arange(days))))
    shares = 0.7 ** np.arange(delays)
    reported = np.zeros((days, delays))
    for day, count in enumerate(people):
        speed = shares * rng.gamma(1 / clustered**2, clustered**2, delays)
        reported[day] = rng.multinomial(count, speed / speed.sum())
    return pd.DataFrame(reported.cumsum(axis=1), pd.date_range("2020-05-01", periods=days), range(delays))
