"""From cumulative counts as published to a daily curve that hides neither revisions nor gaps.

Four things go wrong in health department totals, and each has its own name here:
a total that falls is a *revision* (cases withdrawn or moved to another place), never
a day with fewer than no cases; a total that drops and is back within days is a
*dip* (a wrong value, set aside); a date without a row is *no data*, never a zero; and
a total that is *held* (printed again on a holiday, when the office was closed) is no
data either: read as a day without cases, it would put two days' cases on the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# "Ten or fewer events: levels, never percent changes" (the City's own COVID-19 indicators follow the same rule).
MINIMUM_EVENTS = 11
WEEK = 7
# A week of more than this many a day holds no day without a single case: independent cases leave a day empty with
# probability exp(-10), once in sixty years.
HELD_ABOVE = 10.0


@dataclass(frozen=True, eq=False)
class EpidemicCurve:
    """A resolved daily curve.

    ``table`` has one row for every day from the first to the last, indexed by date:
    published (cumulative, as received), resolved (cumulative, never falling; NaN where
    no total is known), increase (people added since the last known total), days (how
    many days that increase covers), new (people a day; NaN unless the increase covers one
    day), revision (people withdrawn that day as published, zero or negative),
    withdrawn (people in the published total who were withdrawn later), mean_7 (people a
    day over the seven days that end here) and status (first, reported, revised, dip, held, no_data).
    """

    table: pd.DataFrame
    subject: str

    @property
    def total(self) -> int:
        """People in the last known total."""
        return int(self.table["resolved"].dropna().iloc[-1])

    @property
    def through(self) -> pd.Timestamp:
        """The last day with a known total."""
        return pd.Timestamp(self.table["resolved"].dropna().index[-1])

    @property
    def missing_days(self) -> int:
        """Days between the first and the last that have no usable total."""
        return int(self.table["resolved"].isna().sum())

    @property
    def longest_gap(self) -> int:
        """Days in the longest run without a usable total."""
        empty = self.table["resolved"].isna()
        return int(empty.groupby((~empty).cumsum()).sum().max())

    @property
    def revisions(self) -> pd.DataFrame:
        """Days on which the published total fell, with the people withdrawn (negative)."""
        return self.table.loc[self.table["revision"] < 0, ["published", "revision"]]

    def daily(self, spread_days: int = 3) -> pd.Series:
        """New people a day, with what a short gap is known to have added spread evenly over it.

        Gaps longer than ``spread_days`` stay NaN. Sums over whole gaps are exact; the
        single days inside them are not observations.

        >>> published = pd.Series([10, 12, 18], pd.to_datetime(["2020-05-01", "2020-05-02", "2020-05-04"]))
        >>> resolve_cumulative(published).daily().tolist()
        [nan, 2.0, 3.0, 3.0]
        """
        # Each day of a gap looks ahead to the total that ends it; the first day of all has nothing before it.
        ahead = self.table["days"].bfill()
        rate = (self.table["increase"] / self.table["days"]).bfill().where(ahead <= spread_days)
        return rate.where(self.table["status"] != "first").rename("new")


def resolve_cumulative(
    published: pd.Series, *, subject: str = "cumulative counts", dip_share: float = 0.1, dip_days: int = 7
) -> EpidemicCurve:
    """Turn published running totals into a daily curve.

    ``published``: people counted so far, indexed by date; absent dates or NaN where
    nothing was published. A later, lower total stands: earlier totals are cut to it,
    so that withdrawn people never count as new and the new cases add up to the last
    total. Exception: a total that falls by more than ``dip_share`` of itself (and by more
    than ten) and is back at its old level within ``dip_days`` days is a wrong value, and
    its days become no data. So do days whose total merely repeats the one before while the
    week around them averages more than ten people a day: the total was held, not observed.

    Raises AnalysisError for repeated dates, negative totals or an empty series.

    >>> days = pd.date_range("2020-05-01", periods=4)
    >>> curve = resolve_cumulative(pd.Series([10, 14, 13, 15], days))
    >>> curve.table["new"].tolist(), curve.table["revision"].tolist()
    ([nan, 3.0, 0.0, 2.0], [0.0, 0.0, -1.0, 0.0])
    """
    series = _checked(published, subject)
    dips = _dips(series, dip_share, dip_days)
    held = _held(series.where(~dips))
    kept = series.where(~dips & ~held)
    table = pd.DataFrame({"published": series})
    table["resolved"] = kept[::-1].cummin()[::-1].where(kept.notna())
    known = table["resolved"].dropna()
    steps = pd.Series(known.index, known.index).diff().dt.days
    table["increase"] = known.diff().reindex(table.index)
    table["days"] = steps.reindex(table.index)
    table["new"] = table["increase"].where(table["days"] == 1)
    falls = kept.dropna().diff().clip(upper=0)
    table["revision"] = falls.reindex(table.index).fillna(0.0)
    table["withdrawn"] = (kept - table["resolved"]).where(kept.notna())
    table["mean_7"] = (table["resolved"] - table["resolved"].shift(WEEK)) / WEEK
    first = table.index == known.index[0]
    table["status"] = np.select(
        [dips, held, table["resolved"].isna(), first, table["revision"] < 0],
        ["dip", "held", "no_data", "first", "revised"],
        "reported",
    )
    return EpidemicCurve(table, subject)


def _checked(published: pd.Series, subject: str) -> pd.Series:
    series = pd.Series(published.to_numpy(dtype=float), pd.DatetimeIndex(published.index)).sort_index()
    repeated = series.index[series.index.duplicated()]
    if len(repeated):
        raise AnalysisError(
            f"{subject}: one total a day is needed; repeated: {', '.join(str(day.date()) for day in repeated[:3])}. "
            "Resolve duplicates by a stated rule first"
        )
    if series.notna().sum() == 0:
        raise AnalysisError(f"{subject}: no totals at all")
    below = series[series < 0]
    if len(below):
        rows = ", ".join(f"{pd.Timestamp(day).date()} ({value:g})" for day, value in below.iloc[:3].items())  # type: ignore[arg-type]
        raise AnalysisError(f"{subject}: a running total cannot be negative: {rows}")
    return series.loc[series.first_valid_index() : series.last_valid_index()].asfreq("D")


def _dips(series: pd.Series, share: float, days: int) -> pd.Series:
    """Days whose total is far below the one before and is made good soon after."""
    wrong = pd.Series(False, series.index)
    known = series.dropna()
    values = known.to_numpy()
    position = 1
    while position < len(values):
        before, here = values[position - 1], values[position]
        if here < before - max(MINIMUM_EVENTS - 1, share * before):
            limit = known.index[position] + pd.Timedelta(days=days)
            later = [i for i in range(position + 1, len(values)) if known.index[i] <= limit and values[i] >= before]
            if later:
                wrong[known.index[position : later[0]]] = True
                position = later[0]
        position += 1
    return wrong


def _held(series: pd.Series) -> pd.Series:
    """Days whose total repeats the last known one in the middle of a week that averages more than ten a day."""
    known = series.dropna()
    repeats = (known.diff() == 0).reindex(series.index, fill_value=False)
    # Totals between known days lie on a line; at an end of the series the week is cut short.
    line = series.interpolate()
    number = np.arange(len(series))
    after, before = np.minimum(number + WEEK // 2, len(series) - 1), np.maximum(number - WEEK // 2 - 1, 0)
    values = line.to_numpy()
    pace = (values[after] - values[before]) / np.maximum(after - before, 1)
    held: pd.Series = repeats & (pace > HELD_ABOVE)
    return held


def resolve_places(
    frame: pd.DataFrame, *, place: str = "place", date: str = "date", cumulative: str = "cases"
) -> pd.DataFrame:
    """Resolve each place's running total; see ``resolve_cumulative``.

    ``frame`` has one row a place and day. Returns the tables of all places below each
    other with the columns place, date and those of ``EpidemicCurve.table``.

    Raises AnalysisError naming the place.

    >>> rows = pd.DataFrame({"place": ["A", "A"], "date": ["2020-05-01", "2020-05-02"], "cases": [3, 5]})
    >>> resolve_places(rows)["new"].tolist()
    [nan, 2.0]
    """
    parts = []
    for name, rows in frame.groupby(place, sort=True):
        totals = pd.Series(rows[cumulative].to_numpy(dtype=float), pd.to_datetime(rows[date]))
        if totals.notna().any():
            table = resolve_cumulative(totals, subject=f"{cumulative} of {name}").table
            parts.append(table.rename_axis("date").reset_index().assign(place=name))
    if not parts:
        raise AnalysisError(f"{cumulative}: no place has a single total")
    result = pd.concat(parts, ignore_index=True)
    return result[["place", *[column for column in result.columns if column != "place"]]]


@dataclass(frozen=True)
class TotalDay:
    """The day whose known total is nearest to a given one, and how far that total is from it, in people."""

    date: pd.Timestamp
    difference: float


def day_of_total(curve: EpidemicCurve, total: float) -> TotalDay:
    """When a table without a date was made, from the running total that it adds up to.

    Of several days with the same total the first is returned.

    Raises AnalysisError when ``total`` lies outside the curve by more than its largest day: such a table was
    made before the curve begins or after it ends.

    >>> days = pd.date_range("2020-05-01", periods=4)
    >>> day_of_total(resolve_cumulative(pd.Series([10, 14, 19, 25], days)), 20).date.date().isoformat()
    '2020-05-03'
    """
    known = curve.table["resolved"].dropna()
    apart = (known - total).abs()
    day = pd.Timestamp(apart.idxmin())  # type: ignore[arg-type]
    if apart[day] > max(float(known.diff().max()), MINIMUM_EVENTS):
        raise AnalysisError(
            f"{curve.subject}: a total of {total:,.0f} is no day of the curve, which goes from {known.iloc[0]:,.0f} "
            f"to {known.iloc[-1]:,.0f}: the table is of another time or another place"
        )
    return TotalDay(day, float(known[day] - total))


def weekly_noise(curve: EpidemicCurve) -> float:
    """Relative standard deviation of one week's count beyond chance, 0 when chance explains all.

    On the log scale, third differences of four weeks in a row cancel a steady growth
    and a steady bend (the top of a wave), so what remains is noise, 20 times its
    variance. The median of squares over all days, made comparable to a mean, less what
    independent cases would show. Weeks of ten or fewer people are left out.

    >>> days = pd.date_range("2020-05-01", periods=100)
    >>> weekly_noise(resolve_cumulative(pd.Series(100.0 * np.arange(100), days)))
    0.0
    """
    weeks = (curve.table["mean_7"] * WEEK).where(lambda people: people >= MINIMUM_EVENTS)
    four = pd.concat([weeks.shift(WEEK * back) for back in range(4)], axis=1).dropna()
    if len(four) < 2 * WEEK:
        return 0.0
    people = four.to_numpy()
    squares = (np.log(people) @ np.array([1.0, -3.0, 3.0, -1.0])) ** 2 / 20
    chance = (1 / people) @ (np.array([1.0, 9.0, 9.0, 1.0]) / 20)
    excess = np.median(squares) / stats.chi2.median(1) - np.median(chance)
    return math.sqrt(max(0.0, float(excess)))


@dataclass(frozen=True)
class Peak:
    """The highest seven-day mean of a stretch, dated to the middle of its seven days.

    ``first`` and ``last`` bound the days that cannot be told from the highest; ``passed``
    is False when they reach the end of the stretch, so that the peak may be still to come.
    ``height`` is people a day.
    """

    date: pd.Timestamp
    first: pd.Timestamp
    last: pd.Timestamp
    height: Estimate
    passed: bool


def peak(
    curve: EpidemicCurve,
    start: str | pd.Timestamp | None = None,
    end: str | pd.Timestamp | None = None,
    *,
    level: float = 0.95,
) -> Peak:
    """Date and height of the highest seven-day mean between two days, with a range for both.

    The range of the date holds all days around the highest whose mean is lower by less
    than noise explains: the variance of a week's count is its mean plus (noise times mean)
    squared, see ``weekly_noise``. In planted waves this range held the true day in more than
    95 of 100, because leaving it takes a whole week below.

    Raises AnalysisError when the stretch has no seven-day mean.

    >>> days = pd.date_range("2020-05-01", periods=121)
    >>> shape = 1000 * np.exp(-((np.arange(121) - 60) / 20) ** 2)
    >>> top = peak(resolve_cumulative(pd.Series(shape.cumsum().round(), days)))
    >>> abs((top.date - days[60]).days) <= 1, top.first < top.date < top.last, top.passed
    (True, True, True)
    """
    known = curve.table["mean_7"].loc[start:end].shift(freq=pd.Timedelta(days=-(WEEK // 2))).dropna()
    if known.empty:
        raise AnalysisError(f"{curve.subject}: no seven-day mean is known between {start} and {end}")
    top, height = pd.Timestamp(known.idxmax()), float(known.max())  # type: ignore[arg-type]
    noise = weekly_noise(curve)
    variance = known / WEEK + (noise * known) ** 2
    apart = pd.Series(np.abs((pd.DatetimeIndex(known.index) - top).days), known.index)
    shared = (1 - apart / WEEK).clip(lower=0)
    z = float(stats.norm.ppf((1 + level) / 2))
    near = known >= height - z * np.sqrt((variance + variance.loc[top]) * (1 - shared))
    # Leaving the range takes a whole week below it: a single low mean inside a plateau is not its end.
    lower = (~near).astype(int)
    after, before = lower.loc[top:], lower.loc[:top][::-1]
    last, ended = _edge(after)
    first, _ = _edge(before)
    spread = z * math.sqrt(float(variance.loc[top]))
    return Peak(top, first, last, Estimate(height, max(0.0, height - spread), height + spread, level), ended)


def _edge(outside: pd.Series) -> tuple[pd.Timestamp, bool]:
    """Last day before seven in a row lie outside, walking away from the peak; whether there was such a week."""
    run = 0
    inside = outside.index[0]
    for day, out in outside.items():
        run = run + 1 if out else 0
        if not out:
            inside = day
        if run == WEEK:
            return pd.Timestamp(inside), True
    return pd.Timestamp(inside), False


@dataclass(frozen=True)
class Wave:
    """One rise and fall, from low to low.

    ``start_known`` is False when the series began inside the wave, ``ended`` is False when
    the last day lies inside it. ``people`` counts those added from start to end; days
    without a total in between are in ``missing_days``.
    """

    start: pd.Timestamp
    peak: Peak
    end: pd.Timestamp
    people: int
    missing_days: int
    start_known: bool
    ended: bool


def waves(curve: EpidemicCurve, *, rise: float = 2.0, minimum_days: int = 14, level: float = 0.95) -> tuple[Wave, ...]:
    """Waves of the seven-day mean: each at least ``rise`` times the low before it and after it.

    The factor is raised to what noise between two weeks could reach (see
    ``weekly_noise``), weeks of ten or fewer people count as ten, and a rise that is above
    half its height for fewer than ``minimum_days`` joins its neighbour, so that a wave is
    neither a fluctuation, nor a handful of cases, nor a backlog reported at once.

    Raises AnalysisError when ``rise`` is not above one.

    >>> days = pd.date_range("2020-05-01", periods=300)
    >>> shape = 50 + 1000 * np.sin(np.arange(300) / 300 * 2 * np.pi) ** 2
    >>> len(waves(resolve_cumulative(pd.Series(shape.cumsum().round(), days))))
    2
    """
    if rise <= 1:
        raise AnalysisError("waves: rise is a factor above 1, such as 2 for a doubling")
    known = curve.table["mean_7"].dropna()
    if known.empty:
        return ()
    floor = MINIMUM_EVENTS / WEEK
    noise = weekly_noise(curve)
    needed = max(math.log(rise), float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(2) * noise)
    logs = np.log(known.clip(lower=floor)).to_numpy()
    all_turns = _turns(logs, needed)
    turns = _joined(all_turns, logs, minimum_days)
    found = []
    for high in [place for place, kind in turns if kind == "high"]:
        begin, started = _low_before(turns, high)
        finish, ended = _low_after(turns, high, len(known) - 1)
        # The top is sought between its own lows, not under a backlog that was joined to the wave.
        near = (_low_before(all_turns, high)[0], _low_after(all_turns, high, len(known) - 1)[0])
        top = peak(curve, pd.Timestamp(known.index[near[0]]), pd.Timestamp(known.index[near[1]]), level=level)
        start, end = pd.Timestamp(known.index[begin]), pd.Timestamp(known.index[finish])
        resolved = curve.table["resolved"].loc[start:end]
        people = int(resolved.iloc[-1] - resolved.iloc[0])
        found.append(Wave(start, top, end, people, int(resolved.isna().sum()), started, ended))
    return tuple(found)


def _low_before(turns: list[tuple[int, str]], high: int) -> tuple[int, bool]:
    lows = [place for place, kind in turns if kind == "low" and place < high]
    return (lows[-1], True) if lows else (0, False)


def _low_after(turns: list[tuple[int, str]], high: int, last: int) -> tuple[int, bool]:
    lows = [place for place, kind in turns if kind == "low" and place > high]
    return (lows[0], True) if lows else (last, False)


def _turns(logs: Floats, needed: float) -> list[tuple[int, str]]:
    """Highs and lows of a curve that are at least ``needed`` apart on the log scale, in order."""
    turns: list[tuple[int, str]] = []
    high = low = 0
    direction = 0
    for place, value in enumerate(logs):
        high = place if value >= logs[high] else high
        low = place if value <= logs[low] else low
        if direction >= 0 and value <= logs[high] - needed:
            turns.append((high, "high"))
            direction, low = -1, place
        elif direction <= 0 and value >= logs[low] + needed:
            turns.append((low, "low"))
            direction, high = 1, place
    if direction == 1:
        turns.append((high, "high"))
    elif direction == -1:
        turns.append((low, "low"))
    return turns


def _joined(turns: list[tuple[int, str]], logs: Floats, minimum_days: int) -> list[tuple[int, str]]:
    """Drop each high that stays above half its height too briefly, with the higher of its two lows."""
    for high in [place for place, kind in turns if kind == "high"]:
        if _days_above_half(logs, high) >= minimum_days:
            continue
        place = turns.index((high, "high"))
        if place == len(turns) - 1:
            continue  # still rising: how long it lasts is not known yet
        lows = [turn for turn in turns[max(0, place - 1) : place + 2] if turn[1] == "low"]
        dropped = {(high, "high")}
        if len(lows) == 2:
            dropped.add(max(lows, key=lambda low: logs[low[0]]))
        turns = [turn for turn in turns if turn not in dropped]
    return turns


def _days_above_half(logs: Floats, high: int) -> int:
    below = np.flatnonzero(logs < logs[high] - math.log(2))
    before, after = below[below < high], below[below > high]
    return int((after[0] if len(after) else len(logs)) - (before[-1] if len(before) else -1) - 1)


@dataclass(frozen=True)
class CountChange:
    """Two counts over equally long stretches, and the change in percent where there are enough events.

    ``percent.status`` is ``not_applicable`` when either count is under the minimum: say the
    two levels then, never a percentage.
    """

    before: float
    now: float
    percent: Estimate


def count_change(
    before: float, now: float, *, noise: float = 0.0, level: float = 0.95, minimum_events: int = MINIMUM_EVENTS
) -> CountChange:
    """Percent change between two counts, with an interval, or only their levels.

    The log ratio has variance 1/before + 1/now + 2 noise squared (``noise``: relative
    standard deviation of a count beyond chance, see ``weekly_noise``).

    >>> count_change(100, 150).percent.value
    50.0
    >>> count_change(4, 8).percent.status
    'not_applicable'
    """
    if math.isnan(before) or math.isnan(now):
        return CountChange(before, now, Estimate.empty("no_data", "one of the two counts is not known", level=level))
    if min(before, now) < minimum_events:
        reason = f"{before:g} and {now:g} events: fewer than {minimum_events} are shown as levels"
        return CountChange(before, now, Estimate.empty("not_applicable", reason, level=level))
    spread = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(1 / before + 1 / now + 2 * noise**2)
    ratio = now / before
    ends = (100 * (ratio * math.exp(-spread) - 1), 100 * (ratio * math.exp(spread) - 1))
    return CountChange(before, now, Estimate(100 * (ratio - 1), *ends, level, int(before + now)))


def week_change(curve: EpidemicCurve, end: str | pd.Timestamp | None = None, *, level: float = 0.95) -> CountChange:
    """The seven days that end on ``end`` (default: the last known) against the seven before.

    >>> days = pd.date_range("2020-05-01", periods=60)
    >>> change = week_change(resolve_cumulative(pd.Series(np.arange(60) * 20.0, days)))
    >>> change.now, change.percent.value
    (140.0, 0.0)
    """
    day = curve.through if end is None else pd.Timestamp(end)
    means = curve.table["mean_7"]
    now, before = means.get(day, math.nan), means.get(day - pd.Timedelta(days=WEEK), math.nan)
    return count_change(float(before * WEEK), float(now * WEEK), noise=weekly_noise(curve), level=level)
