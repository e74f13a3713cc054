"""Forecasts that had to beat the simplest one first.

The benchmark is the seasonal naive forecast: next month will be as the same month a year
ago. Exponential smoothing and seasonal ARIMA are fitted beside it and held against it at
many past dates, each time seeing only what was known then. A model that does not win there
is not used. Errors are scaled (MASE: Hyndman and Koehler 2006, Int J Forecasting 22:679-688), and
the share of outcomes inside the intervals is measured, not assumed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

MODELS = ("seasonal_naive", "ets", "sarima")
NAIVE = "seasonal_naive"


@dataclass(frozen=True)
class Accuracy:
    """Errors of a forecast: root mean square and mean absolute (units of the series), mean absolute in percent
    (NaN when an outcome is 0), and mean absolute over that of the seasonal naive forecast within the past (mase)."""

    rmse: float
    mae: float
    mape: float
    mase: float


def accuracy(actual: npt.ArrayLike, predicted: npt.ArrayLike, past: npt.ArrayLike, season: int) -> Accuracy:
    """Errors of ``predicted`` against ``actual``; ``past`` is what the forecast had seen.

    Raises AnalysisError when the past is not longer than a season, or is the same every season.

    >>> accuracy([12, 14], [11, 16], [1, 2, 3, 5], 2).mase
    0.6
    """
    truth, guess, seen = (np.asarray(values, dtype=float) for values in (actual, predicted, past))
    scale = np.abs(seen[season:] - seen[:-season])
    if len(scale) == 0 or scale.mean() == 0:
        raise AnalysisError(
            f"accuracy: the past of {len(seen)} periods must be longer than a season of {season} and vary"
        )
    error = np.abs(truth - guess)
    percent = 100 * float((error / np.abs(truth)).mean()) if (truth != 0).all() else float("nan")
    return Accuracy(float(np.sqrt((error**2).mean())), float(error.mean()), percent, float(error.mean() / scale.mean()))


@dataclass(frozen=True, eq=False)
class Prediction:
    """Forecast of one model: ``value``, ``lower``, ``upper``, one entry a period ahead."""

    value: Floats
    lower: Floats
    upper: Floats


def seasonal_naive(past: npt.ArrayLike, horizon: int, season: int, *, level: float = 0.95) -> Prediction:
    """The same period a season ago, with normal intervals from how far that was off before.

    Raises AnalysisError with less than two seasons.

    >>> seasonal_naive([1, 2, 3, 2, 3, 5], 3, 3).value.tolist()
    [2.0, 3.0, 5.0]
    """
    seen = np.asarray(past, dtype=float)
    if len(seen) < 2 * season:
        raise AnalysisError(f"seasonal naive: {len(seen)} periods are less than two seasons of {season}")
    ahead = np.arange(horizon)
    value = seen[-season:][ahead % season]
    off = seen[season:] - seen[:-season]
    spread = np.sqrt((off**2).mean() * (ahead // season + 1)) * stats.norm.ppf((1 + level) / 2)
    return Prediction(value, value - spread, value + spread)


def predict(
    model: str, past: npt.ArrayLike, horizon: int, season: int, *, level: float = 0.95, log: bool | None = None
) -> Prediction:
    """Forecast by one of ``MODELS``.

    "ets": additive error, damped trend, additive season; "sarima": (0,1,1)(0,1,1), the airline
    model of Box and Jenkins. Both on the log scale when every value is positive, unless ``log``
    says otherwise: then effects are proportional and the centre is a median.

    Raises AnalysisError for an unknown model, missing values or less than three seasons.

    >>> past = [10 + (t % 4) + 0.2 * t for t in range(40)]
    >>> predict("ets", past, 4, 4).value.round().tolist()
    [18.0, 19.0, 20.0, 22.0]
    """
    seen = np.asarray(past, dtype=float)
    if model not in MODELS:
        raise AnalysisError(f"forecast: model is one of {', '.join(MODELS)}, not {model!r}")
    if not np.isfinite(seen).all():
        raise AnalysisError(f"forecast: no value in period {int(np.flatnonzero(~np.isfinite(seen))[0])} of the past")
    if model == NAIVE:
        return seasonal_naive(seen, horizon, season, level=level)
    if len(seen) < 3 * season:
        raise AnalysisError(f"forecast: {len(seen)} periods are less than three seasons of {season}")
    scaled = bool((seen > 0).all()) if log is None else log
    series = np.log(seen) if scaled else seen
    with warnings.catch_warnings():
        # A fit that has not settled is judged by the backtest like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        value, lower, upper = (
            _ets(series, horizon, season, level) if model == "ets" else _sarima(series, horizon, season, level)
        )
    if scaled:
        value, lower, upper = np.exp(value), np.exp(lower), np.exp(upper)
    return Prediction(value, lower, upper)


def _ets(series: Floats, horizon: int, season: int, level: float) -> tuple[Floats, Floats, Floats]:
    model = ETSModel(
        pd.Series(series), error="add", trend="add", damped_trend=True, seasonal="add", seasonal_periods=season
    )
    fitted = model.fit(disp=False)
    frame = fitted.get_prediction(start=len(series), end=len(series) + horizon - 1).summary_frame(alpha=1 - level)
    value, lower, upper = (frame[name].to_numpy(dtype=float) for name in ("mean", "pi_lower", "pi_upper"))
    return value, lower, upper


def _sarima(series: Floats, horizon: int, season: int, level: float) -> tuple[Floats, Floats, Floats]:
    found = airline(series, season).get_forecast(horizon)
    ends = found.conf_int(alpha=1 - level)
    return np.asarray(found.predicted_mean), np.asarray(ends[:, 0]), np.asarray(ends[:, 1])


def airline(series: Floats, season: int) -> Any:
    """Fitted (0,1,1)(0,1,1) model of statsmodels; ``params`` are ma1 and sma1, ``scale`` the variance.

    >>> walk = np.random.default_rng(0).normal(size=80).cumsum()
    >>> len(airline(walk, 4).params)
    2
    """
    # The variance is solved for, not searched for: the same fit in a tenth of the time.
    model = SARIMAX(series, order=(0, 1, 1), seasonal_order=(0, 1, 1, season), concentrate_scale=True)
    return model.fit(disp=False)


@dataclass(frozen=True, eq=False)
class Backtest:
    """Models held against what came, at several past dates.

    ``table``, one row a model: mase (mean over all forecasts), coverage (share of outcomes inside the
    interval), wins (share of dates at which it had a smaller error than the benchmark). ``errors``: model,
    origin (periods seen), mase. ``origins`` and ``outcomes`` count dates and single outcomes.
    """

    table: pd.DataFrame
    errors: pd.DataFrame
    origins: int
    outcomes: int


def backtest(
    series: pd.Series,
    *,
    horizon: int,
    season: int,
    models: tuple[str, ...] = MODELS,
    origins: int = 8,
    level: float = 0.95,
) -> Backtest:
    """Forecast from ``origins`` past dates, spread over the second half, seeing only what was known then.

    Raises AnalysisError when the series is too short for a single date with three seasons before it.

    >>> series = pd.Series([10 + (t % 4) + 0.2 * t for t in range(48)])
    >>> found = backtest(series, horizon=4, season=4, models=("seasonal_naive", "ets"), origins=2)
    >>> bool(found.table.loc["ets", "mase"] < found.table.loc["seasonal_naive", "mase"])
    True
    """
    values = _complete(series)
    first, last = max(3 * season, len(values) // 2), len(values) - horizon
    if last < first:
        raise AnalysisError(f"backtest: {len(values)} periods leave no date with {first} before and {horizon} after it")
    dates = np.unique(np.linspace(first, last, min(origins, last - first + 1)).round().astype(int))
    rows = []
    for date in dates:
        past, actual = values[:date], values[date : date + horizon]
        for model in dict.fromkeys((NAIVE, *models)):
            found = predict(model, past, horizon, season, level=level)
            inside = float(((found.lower <= actual) & (actual <= found.upper)).mean())
            rows.append((model, int(date), accuracy(actual, found.value, past, season).mase, inside))
    errors = pd.DataFrame(rows, columns=["model", "origin", "mase", "inside"])
    wide = errors.pivot(index="origin", columns="model", values="mase")
    table = errors.groupby("model").agg(mase=("mase", "mean"), coverage=("inside", "mean"))
    table["wins"] = [float((wide[model] < wide[NAIVE]).mean()) for model in table.index]
    return Backtest(table, errors.drop(columns="inside"), len(dates), len(dates) * horizon)


def _complete(series: pd.Series) -> Floats:
    gaps = series.index[series.isna()]
    if len(gaps):
        raise AnalysisError(f"forecast: no value at {', '.join(map(str, gaps[:3]))}; periods must be complete")
    return series.to_numpy(dtype=float)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The forecast that earned its place.

    ``model`` is the one with the smallest scaled error in the backtest, the seasonal naive unless
    another wins overall and at more than half of the dates. ``table``: ahead (periods), value,
    lower, upper, naive (the benchmark). ``skill``: share by which the error was smaller than the benchmark's (0 for
    the benchmark itself). ``coverage``: measured share of outcomes inside its intervals.
    """

    model: str
    table: pd.DataFrame
    skill: float
    coverage: float
    tested: Backtest
    level: float
    cautions: tuple[str, ...]


def forecast(
    series: pd.Series,
    *,
    horizon: int,
    season: int,
    models: tuple[str, ...] = MODELS,
    origins: int = 8,
    level: float = 0.95,
) -> Forecast:
    """Backtest the models, then forecast with the one that beat the seasonal naive, or with that.

    ``series``: equally spaced periods in order, complete. ``season``: periods in a season (12 for months).

    Raises AnalysisError for missing values or too short a series.

    >>> noise = np.random.default_rng(1).normal(0, 1, 60)
    >>> series = pd.Series([50 + 5 * (t % 4) for t in range(60)] + noise)
    >>> forecast(series, horizon=4, season=4, models=("seasonal_naive", "ets"), origins=3).table.shape
    (4, 5)
    """
    values = _complete(series)
    tested = backtest(series, horizon=horizon, season=season, models=models, origins=origins, level=level)
    better = tested.table[(tested.table["wins"] > 0.5) & (tested.table["mase"] < tested.table.loc[NAIVE, "mase"])]
    model = str(better["mase"].idxmin()) if len(better) else NAIVE
    found = predict(model, values, horizon, season, level=level)
    naive = seasonal_naive(values, horizon, season, level=level)
    table = pd.DataFrame({"ahead": np.arange(1, horizon + 1), "value": found.value, "lower": found.lower})
    table["upper"], table["naive"] = found.upper, naive.value
    errors = tested.table["mase"]
    skill, coverage = 1 - float(errors[model] / errors[NAIVE]), float(tested.table["coverage"][model])
    cautions = []
    if model == NAIVE:
        cautions.append("no model beat last season's value: the benchmark is the forecast")
    if coverage < level - 0.1:
        cautions.append(f"intervals held {100 * coverage:.0f} percent of past outcomes, not {100 * level:.0f}")
    if tested.outcomes < 24:
        cautions.append(f"only {tested.outcomes} past outcomes to judge by")
    return Forecast(model, table, skill, coverage, tested, level, tuple(cautions))
