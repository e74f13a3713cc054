"""How fast a daily count grows or falls, and the days in which it doubles or halves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.methods.serial_correlation import first_order
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

MINIMUM_EVENTS = 11
SHORTEST = 14


@dataclass(frozen=True)
class Growth:
    """Growth of a daily count over a stretch.

    ``per_day`` is in percent a day. ``direction`` is growing, falling or unclear (the
    interval holds no change). ``days`` is the doubling time when growing and the halving
    time when falling; ``not_applicable`` when the direction is unclear, because the time
    could then be endless. ``autocorrelation`` is that of neighbouring days' residuals.
    """

    per_day: Estimate
    direction: str
    days: Estimate
    autocorrelation: float
    first: pd.Timestamp
    last: pd.Timestamp


def growth(
    counts: pd.Series,
    *,
    end: str | pd.Timestamp | None = None,
    days: int = 28,
    stock: bool = False,
    level: float = 0.95,
) -> Growth:
    """Steady exponential growth fitted to the ``days`` days that end on ``end`` (default: the last day known).

    ``counts``: people, indexed by date, NaN or absent where unknown. A flow (new cases a
    day): Poisson quasi-likelihood with a weekday pattern; the error allows for
    overdispersion and for residuals that carry over from day to day (first order,
    corrected for the bias of short series). A ``stock`` (people in hospital): the same
    people are counted again the next day, so chance adds up like a random walk; growth is
    the mean daily change of the logarithm and its error that of these changes. Growth is
    assumed steady over the stretch: shorten it near a turn.

    Raises AnalysisError for negative counts, or fewer than 14 days.

    >>> when = pd.date_range("2020-11-01", periods=28)
    >>> found = growth(pd.Series(100 * 2 ** (np.arange(28) / 14), when))
    >>> found.direction, round(found.days.value, 1)
    ('growing', 14.0)
    """
    if days < SHORTEST:
        raise AnalysisError(f"growth: {days} days are too few to tell growth from noise; at least {SHORTEST}")
    series = pd.Series(counts.to_numpy(dtype=float), pd.DatetimeIndex(counts.index)).sort_index()
    if (series < 0).any():
        raise AnalysisError(f"growth: negative count on {series.index[series < 0][0].date()}: resolve revisions first")
    last = pd.Timestamp(series.last_valid_index() if end is None else end)  # type: ignore[arg-type]
    stretch = series.reindex(pd.date_range(last - pd.Timedelta(days=days - 1), last))
    first = pd.Timestamp(stretch.index[0])
    known = stretch.dropna()
    if len(known) < 0.8 * days:
        return _empty("no_data", f"{days - len(known)} of {days} days are not known", level, first, last)
    if known.sum() < MINIMUM_EVENTS * days / 7 or (stock and known.min() < MINIMUM_EVENTS):
        return _empty("not_applicable", "ten or fewer people: a level, not a growth rate", level, first, last)
    slope, error, freedom, carried = _walked(known) if stock else _fitted(known)
    spread = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    value, lower, upper = (100 * math.expm1(rate) for rate in (slope, slope - spread, slope + spread))
    per_day = Estimate(value, lower, upper, level, len(known))
    if slope - spread <= 0 <= slope + spread:
        unclear = Estimate.empty("not_applicable", "growth cannot be told from no change", level=level)
        return Growth(per_day, "unclear", unclear, carried, first, last)
    near, far = sorted(math.log(2) / abs(value) for value in (slope - spread, slope + spread))
    time = Estimate(math.log(2) / abs(slope), near, far, level, len(known))
    return Growth(per_day, "growing" if slope > 0 else "falling", time, carried, first, last)


def _empty(status: str, reason: str, level: float, first: pd.Timestamp, last: pd.Timestamp) -> Growth:
    nothing = Estimate.empty(status, reason, level=level)
    return Growth(nothing, "unclear", nothing, math.nan, first, last)


def _walked(known: pd.Series) -> tuple[float, float, float, float]:
    """Drift of the logarithm a day and its error, as for a random walk."""
    when = pd.DatetimeIndex(known.index)
    logs = np.log(np.maximum(known.to_numpy(dtype=float), 0.5))
    gaps = np.diff((when - when[0]).days.to_numpy(dtype=float))
    drift = float((logs[-1] - logs[0]) / gaps.sum())
    steps = (np.diff(logs) - drift * gaps) / np.sqrt(gaps)
    freedom = len(steps) - 1
    return drift, float(np.sqrt((steps**2).sum() / freedom / gaps.sum())), float(freedom), 1.0


def _fitted(known: pd.Series) -> tuple[float, float, float, float]:
    """Slope a day, its error, degrees of freedom, and the day-to-day correlation of residuals."""
    when = pd.DatetimeIndex(known.index)
    day = (when - when[0]).days.to_numpy(dtype=float)
    columns = [np.ones(len(day)), day - day.mean()]
    if len(day) >= 21:
        columns += [(when.day_of_week == number).astype(float) for number in range(1, 7)]
    design = np.column_stack(columns)
    fitted = sm.GLM(known.to_numpy(), design, family=sm.families.Poisson()).fit()
    means = np.asarray(fitted.fittedvalues)
    residuals = (known.to_numpy() - means) / np.sqrt(means)
    errors = first_order(design, means, residuals, day)
    return float(fitted.params[1]), float(np.sqrt(errors.covariance[1, 1])), errors.freedom, errors.carried
