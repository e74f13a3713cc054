"""Did a series change level or slope when something happened? Interrupted time series.

Segmented regression on the log scale for counts. The slope change is centred on the
moment of the change: left uncentred, the level coefficient is the jump extrapolated to
the first period, an error for which the authors of the standard tutorial issued a
correction (Lopez Bernal, Cummins, Gasparrini 2017, Int J Epidemiol 46:348-355; corrected
2021, 50:1045). The design compares a place with its own past: whatever else
happened at the same moment is part of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.methods.serial_correlation import SerialErrors, first_order
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST_PERIODS = 8
ERRORS = ("poisson", "quasi", "hac", "serial")


@dataclass(frozen=True, eq=False)
class InterruptedTimeSeries:
    """Change at an interruption.

    ``level``: rate ratio at the moment of the change (1 is no change). ``slope``: factor by
    which the trend per period changed (1 is no change; ``not_applicable`` if not
    fitted). ``trend``: factor per period before the change. ``dispersion``: variance over mean.
    ``carried``: correlation of neighbouring residuals. ``table``: observed, fitted, expected (had
    nothing changed), after (bool), one row a period.
    """

    level: Estimate
    slope: Estimate
    trend: Estimate
    dispersion: float
    carried: float
    errors: str
    table: pd.DataFrame
    cautions: tuple[str, ...]

    @property
    def difference(self) -> float:
        """Events after the change minus those expected without it, summed over the periods after."""
        after = self.table[self.table["after"]]
        return float((after["fitted"] - after["expected"]).sum())


def interrupted_time_series(
    events: pd.Series,
    start: object,
    *,
    exposure: pd.Series | None = None,
    season: int | None = None,
    harmonics: int = 2,
    phase: pd.Series | None = None,
    slope: bool = True,
    errors: str = "serial",
    lags: int | None = None,
    level: float = 0.95,
) -> InterruptedTimeSeries:
    """Fit level and slope change at ``start``, the first label of ``events`` in which the change holds.

    ``events``: counts per period, in order, periods equally long and none missing. ``exposure``:
    people (or person-time) per period. ``season``: periods a year, fitted with ``harmonics``
    sine-cosine pairs at ``phase`` (default: period number). Choose ``slope`` and the date before
    looking. ``errors``: "serial" (overdispersed and carrying over from period to period; t),
    "quasi" (overdispersed, periods independent), "hac" (Newey-West with ``lags``, default
    a season or 1/4 of the series), "poisson" (neither; for comparison only).

    Raises AnalysisError for missing values, an unknown start, or fewer than 8 periods on a side.

    >>> rng = np.random.default_rng(1)
    >>> mean = 200 * 1.002 ** np.arange(60) * np.where(np.arange(60) >= 36, 0.8, 1.0)
    >>> found = interrupted_time_series(pd.Series(rng.poisson(mean)), 36)
    >>> round(found.level.value, 2), found.level.upper < 1
    (0.8, True)
    """
    first = _checked(events, start, exposure, errors)
    design = _design(len(events), first, slope, season, harmonics, phase)
    offset = np.zeros(len(events)) if exposure is None else np.log(exposure.to_numpy(dtype=float))
    observed = events.to_numpy(dtype=float)
    model = sm.GLM(observed, design, family=sm.families.Poisson(), offset=offset)
    fitted = model.fit()
    means, coefficients = np.asarray(fitted.fittedvalues), np.asarray(fitted.params)
    residuals = (observed - means) / np.sqrt(means)
    serial = first_order(design, means, residuals, np.arange(len(events), dtype=float))
    dispersion = float((residuals**2).sum() / (len(events) - design.shape[1]))
    most = lags if lags is not None else season or len(events) // 4
    error, freedom = _errors(errors, model, fitted, serial, dispersion, most)

    def ratio(place: int) -> Estimate:
        width = float(stats.t.ppf((1 + level) / 2, freedom)) * error[place]
        value, low, high = np.exp(coefficients[place] + np.array([0.0, -width, width]))
        return Estimate(float(value), float(low), float(high), level, len(events))

    without = design.copy()
    without[:, [1, 3] if slope else [1]] = 0
    table = pd.DataFrame({"observed": observed, "fitted": means}, index=events.index)
    table["expected"], table["after"] = np.exp(without @ coefficients + offset), design[:, 1] > 0
    bend = ratio(3) if slope else Estimate.empty("not_applicable", "no slope change was fitted", level=level)
    cautions = _cautions(errors, dispersion, serial.carried, season, len(events))
    return InterruptedTimeSeries(ratio(1), bend, ratio(2), dispersion, serial.carried, errors, table, cautions)


def _design(count: int, first: int, slope: bool, season: int | None, harmonics: int, phase: pd.Series | None) -> Floats:
    """Columns: one, after the change, time, time since the change (if asked), season."""
    time = np.arange(count, dtype=float)
    after = (time >= first).astype(float)
    columns = [np.ones(count), after, time]
    if slope:
        # Zero at the end of the last period before: the level is the jump at that moment.
        columns.append(after * (time - (first - 1)))
    if season:
        angle = 2 * np.pi * (time if phase is None else phase.to_numpy(dtype=float)) / season
        columns += [wave(angle * k) for k in range(1, harmonics + 1) for wave in (np.sin, np.cos)]
    return np.column_stack(columns)


def _checked(events: pd.Series, start: object, exposure: pd.Series | None, errors: str) -> int:
    if errors not in ERRORS:
        raise AnalysisError(f"interrupted time series: errors is one of {', '.join(ERRORS)}, not {errors!r}")
    gaps = events.index[events.isna()]
    if len(gaps) or (events < 0).any():
        where = f"missing at {', '.join(map(str, gaps[:3]))}" if len(gaps) else "a negative count"
        raise AnalysisError(f"interrupted time series: {where}; periods must be complete and counts not negative")
    if exposure is not None and not (exposure.index.equals(events.index) and (exposure > 0).all()):
        raise AnalysisError("interrupted time series: exposure needs a positive value for each period of events")
    found = np.flatnonzero(events.index == start)
    if len(found) != 1:
        raise AnalysisError(f"interrupted time series: start {start} is not one of the periods")
    first = int(found[0])
    if min(first, len(events) - first) < FEWEST_PERIODS:
        raise AnalysisError(
            f"interrupted time series: {first} periods before and {len(events) - first} after the change; "
            f"at least {FEWEST_PERIODS} on each side are needed"
        )
    return first


def _errors(
    kind: str, model: object, fitted: object, serial: SerialErrors, dispersion: float, lags: int
) -> tuple[Floats, float]:
    """Standard errors of the coefficients and the degrees of freedom that go with them."""
    plain = np.asarray(fitted.bse)  # type: ignore[attr-defined]
    if kind == "poisson":
        return plain, np.inf
    if kind == "quasi":
        return plain * float(np.sqrt(max(1.0, dispersion))), np.inf
    if kind == "hac":
        robust = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})  # type: ignore[attr-defined]
        return np.asarray(robust.bse), np.inf
    # Never more certain than independent Poisson counts would be.
    return np.maximum(np.sqrt(np.diag(serial.covariance)), plain), serial.freedom


def _cautions(errors: str, dispersion: float, carried: float, season: int | None, count: int) -> tuple[str, ...]:
    found = ["assumes that nothing else changed at the same moment and that the trend before would have gone on"]
    if errors == "poisson" and dispersion > 1.5:
        found.append(f"counts vary {dispersion:.1f} times as much as assumed: the interval is too narrow")
    if errors in ("poisson", "quasi") and carried > 0.2:
        found.append(f"residuals carry over (correlation {carried:.2f}): the interval is too narrow")
    if errors == "hac" and count < 100:
        found.append(f"Newey-West errors are too small in series as short as {count} periods")
    if errors == "serial" and carried > 0.5:
        found.append("residuals carry over strongly: in experiments the 95 percent interval then held 88 to 92 percent")
    if season is None and count >= 24:
        found.append("no season was fitted: a change that falls on a turn of the year would be mistaken for it")
    return tuple(found)


def placebo_dates(
    events: pd.Series,
    start: object,
    *,
    exposure: pd.Series | None = None,
    season: int | None = None,
    slope: bool = True,
) -> float:
    """Share of other dates before the change at which the same model finds at least as strong a level change.

    Only the periods before the change are used for the other dates, with at least 8 periods on
    each side, so nothing there can be the change itself. The smallest possible value is 1 over one plus the
    number of dates; NaN when no date can be tried.

    >>> rng = np.random.default_rng(1)
    >>> mean = np.where(np.arange(80) >= 60, 80, 200)
    >>> placebo_dates(pd.Series(rng.poisson(mean)), 60, slope=False) < 0.05
    True
    """
    first = _checked(events, start, exposure, "serial")

    def strength(counts: pd.Series, when: object) -> float:
        people = None if exposure is None else exposure.loc[counts.index]
        found = interrupted_time_series(counts, when, exposure=people, season=season, slope=slope)
        return abs(float(np.log(found.level.value)))

    before = events.iloc[:first]
    dates = before.index[FEWEST_PERIODS : first - FEWEST_PERIODS + 1]
    if len(dates) == 0:
        return float("nan")
    observed = strength(events, start)
    beyond = sum(strength(before, when) >= observed for when in dates)
    return (1 + beyond) / (1 + len(dates))
