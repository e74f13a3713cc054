"""The effective reproduction number over time, from daily counts of new cases.

Method: Cori, Ferguson, Fraser, Cauchemez, "A New Framework and Software to
Estimate Time-Varying Reproduction Numbers During Epidemics", Am J Epidemiol
2013;178(9):1505-1512, as in the R package EpiEstim, which this module matches
digit by digit. Three things are added because surveillance counts need them: a
window that holds too little information says so in place of handing back its
prior, the last days are marked when reports are still coming in, and the
interval widens with the overdispersion of the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# Cori et al. 2013: a posterior coefficient of variation of 0.3 needs 11 cases in the window.
ENOUGH_CASES = 11
# Share of the infectious past that may lie on missing days, or before the series begins, without a visible bias.
UNSEEN_SHARE = 0.05
DISPERSION_WEEKS = 12


@dataclass(frozen=True)
class SerialInterval:
    """Days from one case to the case it infects, as probabilities of 0, 1, 2, ... whole days.

    ``pmf[0]`` is 0 (nobody infects on the day of their own onset) and the sum is 1.
    """

    name: str
    mean_days: float
    sd_days: float
    pmf: tuple[float, ...]
    source: str

    def __post_init__(self) -> None:
        weights = np.asarray(self.pmf)
        if len(weights) < 2 or weights[0] != 0 or (weights < 0).any() or abs(weights.sum() - 1) > 1e-6:
            raise AnalysisError(
                f"serial interval {self.name!r}: needs probabilities of 0, 1, 2, ... days with the first one 0 "
                f"and a sum of 1 (sum here {weights.sum():.6f}); build it with serial_interval()"
            )


def serial_interval(mean_days: float, sd_days: float, *, name: str, source: str) -> SerialInterval:
    """Turn a mean and a standard deviation into probabilities of whole days.

    A gamma distribution shifted by one day is integrated over each day (Cori et
    al. 2013, web appendix 11; EpiEstim ``discr_si``), so that the probability of
    day 0 is exactly 0. It is cut where less than one part in a million remains.

    Raises AnalysisError when the mean is not above one day or the sd is not positive.

    >>> flu = serial_interval(2.6, 1.5, name="influenza", source="Ferguson et al. 2005")
    >>> [round(w, 4) for w in flu.pmf[:4]]
    [0.0, 0.2332, 0.3586, 0.1981]
    """
    if mean_days <= 1 or sd_days <= 0:
        raise AnalysisError(f"serial interval {name!r}: the mean must be above 1 day and the sd above 0")
    shape, scale = ((mean_days - 1) / sd_days) ** 2, sd_days**2 / (mean_days - 1)
    days = np.arange(0, int(mean_days + 40 * sd_days) + 2, dtype=float)

    def below(day: Floats, extra: int) -> Floats:
        return np.asarray(stats.gamma.cdf(day, shape + extra, scale=scale))

    pmf = days * below(days, 0) + (days - 2) * below(days - 2, 0) - 2 * (days - 1) * below(days - 1, 0)
    pmf += shape * scale * (2 * below(days - 1, 1) - below(days - 2, 1) - below(days, 1))
    pmf = np.clip(pmf, 0, None)
    last = int(np.searchsorted(np.cumsum(pmf), 1 - 1e-6)) + 1
    kept = pmf[: last + 1]
    return SerialInterval(name, mean_days, sd_days, tuple(float(w) for w in kept / kept.sum()), source)


def sars_cov_2_intervals() -> dict[str, SerialInterval]:
    """Published intervals of SARS-CoV-2 that disagree, for a sensitivity check.

    ``nishiura`` is the main one for 2020. ``du`` counted pairs in which the second
    case fell ill first (12.6 percent); days below zero cannot be represented
    here. ``omicron`` belongs to the winter of 2021-22 and later.

    >>> sorted(sars_cov_2_intervals())
    ['bi', 'du', 'ganyani', 'li', 'nishiura', 'omicron']
    """
    rows = (
        ("nishiura", 4.8, 2.3, "Nishiura, Linton, Akhmetzhanov 2020, Int J Infect Dis 93:284-286, certain pairs"),
        ("du", 3.96, 4.75, "Du et al. 2020, Emerg Infect Dis 26(6):1341-1343, 468 pairs"),
        ("ganyani", 5.2, 1.72, "Ganyani et al. 2020, Euro Surveill 25(17), generation interval, Singapore"),
        ("bi", 6.3, 4.2, "Bi et al. 2020, Lancet Infect Dis 20:911-919, Shenzhen"),
        ("li", 7.5, 3.4, "Li et al. 2020, N Engl J Med 382:1199-1207, Wuhan before controls"),
        ("omicron", 3.5, 2.4, "Backer et al. 2022, Euro Surveill 27(6), household pairs, BA.1"),
    )
    return {key: serial_interval(mean, sd, name=key, source=source) for key, mean, sd, source in rows}


@dataclass(frozen=True, eq=False)
class ReproductionNumber:
    """Reproduction number, one row a window, and what it rests on.

    ``table`` has start, end (dates of the window, by date of report), cases (in
    the window), pressure (expected cases if each case infected one other),
    dispersion (variance over mean; 1 is Poisson), mean, median, sd, lower, upper (new
    infections per case; NaN unless status is ok or truncated), status (ok,
    truncated, no_data, no_information) and reason.
    """

    table: pd.DataFrame
    serial_interval: SerialInterval
    window: int
    level: float
    cautions: tuple[str, ...]

    @property
    def latest(self) -> Estimate:
        """The last window whose counts are complete."""
        usable = self.table[self.table["status"] == "ok"]
        if usable.empty:
            return Estimate.empty("no_data", "no window holds enough complete information", level=self.level)
        return self._estimate(usable.iloc[-1])

    @property
    def latest_end(self) -> pd.Timestamp:
        """Last day of the window that ``latest`` speaks of; NaT when there is none."""
        usable = self.table.loc[self.table["status"] == "ok", "end"]
        return pd.Timestamp(usable.iloc[-1]) if len(usable) else pd.NaT  # type: ignore[return-value]

    def at(self, end: str | pd.Timestamp) -> Estimate:
        """The window that ends on this day.

        Raises AnalysisError when no window ends there.
        """
        found = self.table[self.table["end"] == pd.Timestamp(end)]
        if found.empty:
            raise AnalysisError(f"reproduction number: no window ends on {end}; see the column end of .table")
        return self._estimate(found.iloc[0])

    def _estimate(self, row: pd.Series) -> Estimate:
        if row["status"] not in ("ok", "truncated"):
            return Estimate.empty("no_data", str(row["reason"]), level=self.level)
        return Estimate(
            float(row["mean"]), float(row["lower"]), float(row["upper"]), self.level, int(row["cases"]), "ok",
            str(row["reason"]),
        )  # fmt: skip

    def spells(self) -> pd.DataFrame:
        """Runs of windows that say the same: above one, below one, unclear, or nothing.

        Columns: verdict, first, last (window ends), windows. "Above" means that the
        whole interval lies above one. Truncated windows count as nothing.
        """
        table = self.table
        said = np.where(table["lower"] > 1, "above", np.where(table["upper"] < 1, "below", "unclear"))
        verdict = pd.Series(np.where(table["status"] == "ok", said, "nothing"), index=table.index)
        run = (verdict != verdict.shift()).cumsum()
        grouped = pd.DataFrame({"verdict": verdict, "end": table["end"], "run": run}).groupby("run")
        return grouped.agg(
            verdict=("verdict", "first"), first=("end", "first"), last=("end", "last"), windows=("end", "size")
        ).reset_index(drop=True)


def reproduction_number(
    new_cases: pd.Series,
    interval: SerialInterval,
    *,
    window: int = 7,
    prior_mean: float = 5.0,
    prior_sd: float = 5.0,
    level: float = 0.95,
    minimum_cases: int = ENOUGH_CASES,
    reporting_delay: int = 0,
    begins_with_epidemic: bool = False,
    overdispersion: bool = True,
) -> ReproductionNumber:
    """Estimate the reproduction number in every window of ``window`` days.

    ``new_cases``: whole or fractional daily counts, indexed by date, NaN (or an
    absent date) where a day is not known. The index is the date of *report*, so a
    window speaks of infections some days earlier. ``interval``: the serial interval.

    A window is ``no_data`` when a day in it is unknown, ``no_information`` when it
    holds fewer than ``minimum_cases`` cases, when more than 5 percent of the
    infectious past is unknown, or when it ends before the mean serial interval has
    passed; ``truncated`` when it ends in the last ``reporting_delay`` days. Say
    ``begins_with_epidemic`` only if there were no cases before the first day:
    otherwise the first windows would blame the visible cases for infections by
    those that the series leaves out. ``window`` should be whole weeks, so that each
    weekday counts once. With ``overdispersion`` the cases count as
    cases / dispersion, which leaves the mean in place and widens the interval;
    dispersion is variance over mean around the fitted weeks of the last eight weeks
    after their weekday pattern is taken out, and never below 1.

    Raises AnalysisError for negative counts, repeated dates or bad settings.

    >>> days = pd.date_range("2020-05-01", periods=40)
    >>> cases = pd.Series(100 * 1.02 ** np.arange(40), days)
    >>> r = reproduction_number(cases, sars_cov_2_intervals()["nishiura"])
    >>> round(r.latest.value, 2)
    1.1
    >>> r.table["status"].iloc[0]
    'no_information'
    """
    _check_settings(window, minimum_cases, reporting_delay, level)
    cases = daily_counts(new_cases)
    values = cases.to_numpy(dtype=float)
    known, pmf = np.nan_to_num(values), np.asarray(interval.pmf)
    pressure = np.convolve(known, pmf)[: len(known)]
    ends = np.arange(window, len(values))
    table = pd.DataFrame({"start": cases.index[ends - window + 1], "end": cases.index[ends]})
    table["cases"], table["pressure"] = _moving_sum(known, window)[ends], _moving_sum(pressure, window)[ends]
    table["dispersion"] = _dispersions(known, pressure, ends, level) if overdispersion else 1.0
    _add_posterior(table, prior_mean, prior_sd, level)
    gaps = _moving_sum(np.isnan(values).astype(float), window)[ends] > 0
    unseen = _moving_sum(_unseen_share(values, pmf, begins_with_epidemic), window)[ends] / window > UNSEEN_SHARE
    early = ends + 1 <= float(np.arange(len(pmf)) @ pmf)
    _judge(table, gaps, unseen | early, minimum_cases, reporting_delay)
    return ReproductionNumber(table, interval, window, level, _cautions(window, interval, table["dispersion"]))


def _add_posterior(table: pd.DataFrame, prior_mean: float, prior_sd: float, level: float) -> None:
    """Gamma posterior of each window: prior shape plus cases, prior rate plus pressure, both over the dispersion."""
    shape = (prior_mean / prior_sd) ** 2 + table["cases"] / table["dispersion"]
    scale = 1 / (prior_mean / prior_sd**2 + table["pressure"] / table["dispersion"])
    table["mean"], table["sd"] = shape * scale, np.sqrt(shape) * scale
    half = (1 - level) / 2
    for column, share in (("median", 0.5), ("lower", half), ("upper", 1 - half)):
        table[column] = stats.gamma.ppf(share, shape, scale=scale)


def _check_settings(window: int, minimum_cases: int, reporting_delay: int, level: float) -> None:
    if window < 1 or minimum_cases < 1 or reporting_delay < 0 or not 0 < level < 1:
        raise AnalysisError(
            "reproduction number: window and minimum_cases must be at least 1, reporting_delay at least 0, "
            f"level between 0 and 1 (got {window}, {minimum_cases}, {reporting_delay}, {level})"
        )


def daily_counts(new_cases: pd.Series) -> pd.Series:
    """The series on every day from its first to its last, NaN where a day is unknown.

    Raises AnalysisError for a repeated date or a negative count, which is a
    revision and has to be resolved before (see ``epidemic_curve``).

    >>> two = pd.Series([3, 4], pd.to_datetime(["2020-05-01", "2020-05-03"]))
    >>> daily_counts(two).tolist()
    [3.0, nan, 4.0]
    """
    series = pd.Series(new_cases.to_numpy(dtype=float), pd.DatetimeIndex(new_cases.index)).sort_index()
    repeated = series.index[series.index.duplicated()]
    if len(series) == 0 or len(repeated):
        first = ", ".join(str(day.date()) for day in repeated[:3]) or "no rows at all"
        raise AnalysisError(f"daily counts: one row a day is needed; repeated: {first}")
    below = series[series < 0]
    if len(below):
        first = ", ".join(f"{pd.Timestamp(day).date()} ({value:g})" for day, value in below.iloc[:3].items())  # type: ignore[arg-type]
        raise AnalysisError(
            f"daily counts: {len(below)} days are negative, first {first}; these are revisions: "
            "resolve them with epidemic_curve.resolve_cumulative"
        )
    return series.asfreq("D")


def _moving_sum(values: Floats, window: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    result = np.full(len(values), np.nan)
    result[window - 1 :] = total[window:] - total[:-window]
    return result


def _unseen_share(values: Floats, pmf: Floats, begins_with_epidemic: bool) -> Floats:
    """Share of the serial interval that points, from each day, at days whose count is unknown."""
    missing = np.isnan(values).astype(float)
    inside = np.convolve(missing, pmf)[: len(values)]
    if begins_with_epidemic:
        return inside
    reached = np.concatenate([np.cumsum(pmf), np.ones(max(0, len(values) - len(pmf)))])[: len(values)]
    return np.asarray(inside + 1 - reached)


def _dispersions(cases: Floats, pressure: Floats, ends: npt.NDArray[np.intp], level: float) -> Floats:
    """Variance over mean of each window's count, from how far weeks stray from the line through their neighbours.

    A middle week is compared with the three weeks around it; a steady trend of the
    reproduction number cancels, whole weeks cancel the weekday pattern, and cases
    that were only reported a day late cancel too. Of such a week's variance two
    thirds remain in the comparison. The noise is taken as proportional (variance =
    mean + c2 mean squared), averaged over twelve weeks, and enlarged as Student's t
    is wider than the normal, since so few weeks say so little about it.
    """
    if len(cases) < 28:
        return np.ones(len(ends))
    week, force = _moving_sum(cases, 7), _moving_sum(pressure, 7)
    around, force_around = _moving_sum(cases, 21), _moving_sum(pressure, 21)
    middle, middle_force = np.roll(week, 7), np.roll(force, 7)
    with np.errstate(divide="ignore", invalid="ignore"):
        fitted = middle_force * around / force_around
        squares = (middle - fitted) ** 2 / (2 / 3) / fitted**2
        chance = 1 / fitted
    squares[:27] = np.nan  # the first week has no cases before it to be infected by
    usable = pd.DataFrame({"squares": squares, "chance": chance}).replace([np.inf, -np.inf], np.nan).dropna()
    recent = usable.rolling(7 * DISPERSION_WEEKS, min_periods=14)
    # The median, made comparable to a mean of squares: one dumped backlog must not widen three months.
    excess = recent["squares"].median() / stats.chi2.median(1) - recent["chance"].median()
    share = excess.reindex(range(len(cases))).ffill().bfill().fillna(0).to_numpy()[ends]
    wider = (stats.t.ppf((1 + level) / 2, DISPERSION_WEEKS - 4) / stats.norm.ppf((1 + level) / 2)) ** 2
    return np.asarray(np.maximum(1.0, 1 + wider * share * _moving_sum(cases, 7)[ends]))


def _judge(
    table: pd.DataFrame, gaps: npt.NDArray[np.bool_], unseen: npt.NDArray[np.bool_], minimum: int, delay: int
) -> None:
    few = (table["cases"] < minimum).to_numpy()
    last = table["end"].max() if len(table) else pd.NaT
    tail = (table["end"] > last - pd.Timedelta(days=delay)).to_numpy()
    rules = (
        (gaps, "no_data", "a day in the window is not known"),
        (unseen, "no_information", "the cases that infected these lie outside the known days"),
        (few, "no_information", f"fewer than {minimum} cases in the window"),
        (tail, "truncated", f"reports of the last {delay} days are still coming in"),
    )
    table["status"] = np.select([rule[0] for rule in rules], [rule[1] for rule in rules], default="ok")
    table["reason"] = np.select([rule[0] for rule in rules], [rule[2] for rule in rules], default="")
    empty = table["status"].isin(["no_data", "no_information"])
    table.loc[empty, ["mean", "sd", "median", "lower", "upper"]] = np.nan


def _cautions(window: int, interval: SerialInterval, dispersion: pd.Series) -> tuple[str, ...]:
    found = ["windows are by date of report: the infections they speak of happened some days earlier"]
    if window % 7:
        found.append(f"a window of {window} days counts some weekdays more often than others: use whole weeks")
    if interval.sd_days > interval.mean_days:
        found.append("the serial interval includes days below zero, which this method cannot represent")
    if dispersion.median() > 2:
        found.append(f"counts vary {dispersion.median():.0f} times as much as independent cases would")
    return tuple(found)


@dataclass(frozen=True, eq=False)
class IntervalSensitivity:
    """How the reproduction number depends on the serial interval assumed.

    ``table`` has one row a window that is ``ok`` under every interval: end, lowest
    and highest (of the means), lower and upper (outermost interval ends) and verdict
    (above, below or unclear if all agree; depends if not). ``agreement`` is the
    share of these windows, 0 to 1, in which all intervals give the same verdict.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    agreement: float

    @property
    def latest(self) -> Estimate:
        """Middle of the means in the last window, with the outermost interval ends."""
        if self.table.empty:
            return Estimate.empty("no_data", "no window is usable under every serial interval")
        row = self.table.iloc[-1]
        return Estimate(float((row["lowest"] + row["highest"]) / 2), float(row["lower"]), float(row["upper"]))


def interval_sensitivity(
    new_cases: pd.Series, intervals: Sequence[SerialInterval], *, window: int = 7, reporting_delay: int = 0
) -> IntervalSensitivity:
    """Repeat the estimate under several serial intervals and keep what holds in all.

    Shape: as ``reproduction_number``; other settings stay at their defaults.
    Raises AnalysisError when fewer than two intervals are given.

    >>> days = pd.date_range("2020-05-01", periods=60)
    >>> cases = pd.Series(100 * 1.02 ** np.arange(60), days)
    >>> check = interval_sensitivity(cases, list(sars_cov_2_intervals().values()))
    >>> check.table["verdict"].iloc[-1], bool(check.latest.lower > 1)
    ('above', True)
    """
    if len(intervals) < 2:
        raise AnalysisError("interval sensitivity: give at least two serial intervals")
    tables = [
        reproduction_number(new_cases, one, window=window, reporting_delay=reporting_delay).table for one in intervals
    ]
    usable = np.logical_and.reduce([(table["status"] == "ok").to_numpy() for table in tables])
    stacked = {name: np.stack([t.loc[usable, name].to_numpy() for t in tables]) for name in ("mean", "lower", "upper")}
    above, below = stacked["lower"] > 1, stacked["upper"] < 1
    one_side = np.select([above.all(axis=0), below.all(axis=0)], ["above", "below"], default="depends")
    verdict = np.where((~above & ~below).all(axis=0), "unclear", one_side)
    table = pd.DataFrame(
        {
            "end": tables[0].loc[usable, "end"].to_numpy(),
            "lowest": stacked["mean"].min(axis=0),
            "highest": stacked["mean"].max(axis=0),
            "lower": stacked["lower"].min(axis=0),
            "upper": stacked["upper"].max(axis=0),
            "verdict": verdict,
        }
    )
    agreement = float((verdict != "depends").mean()) if len(verdict) else float("nan")
    return IntervalSensitivity(table, tuple(one.name for one in intervals), agreement)


def simulate_cases(
    reproduction: Sequence[float], interval: SerialInterval, *, seed: int, size: float = 20.0, start: float = 200.0
) -> pd.Series:
    """An invented epidemic whose reproduction number is known, reported with a weekday pattern.

    New infections are negative binomial around ``reproduction[day]`` times the
    infectious past, with variance mean + mean squared / ``size``; ``start`` cases a day
    came before. Fewer cases are reported on the first days of a week and the rest one
    or two days late. Returns daily counts by date of report, one day per value of
    ``reproduction``.

    >>> simulate_cases([1.0] * 5, sars_cov_2_intervals()["nishiura"], seed=1).shape
    (5,)
    """
    rng = np.random.default_rng(seed)
    pmf = np.asarray(interval.pmf)
    past = np.full(len(pmf) + len(reproduction), start)
    reported = np.zeros(len(reproduction) + 2)
    for day, number in enumerate(reproduction):
        here = day + len(pmf)
        mean = float(number * (pmf[1:] @ past[here - len(pmf) + 1 : here][::-1]))
        past[here] = rng.negative_binomial(size, size / (size + mean)) if mean > 0 else 0
        prompt = 0.35 if day % 7 < 2 else 0.65
        parts = rng.multinomial(int(past[here]), [prompt, 0.7 * (1 - prompt), 0.3 * (1 - prompt)])
        reported[day : day + 3] += parts
    return pd.Series(reported[: len(reproduction)], pd.date_range("2020-05-01", periods=len(reproduction)))
