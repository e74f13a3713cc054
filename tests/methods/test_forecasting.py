"""Forecasting: the airline passengers, a benchmark that is hard to beat, no look ahead, measured coverage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analysis.methods.forecasting import accuracy, airline, backtest, forecast, predict, seasonal_naive
from analysis.project import AnalysisError


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    # Matrices of a dozen rows gain nothing from threads, and lose much when other processes want the cores.
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def passengers(reference: Path) -> np.ndarray:
    return pd.read_csv(reference / "forecast_airpassengers" / "airpassengers.csv")["y"].to_numpy(dtype=float)


@pytest.fixture(scope="module")
def expected(reference: Path) -> dict:
    return json.loads((reference / "forecast_airpassengers" / "expected.json").read_text())["r"]


def test_seasonal_naive_and_its_errors(passengers: np.ndarray, expected: dict) -> None:
    past, actual = passengers[:120], passengers[120:]
    found = accuracy(actual, seasonal_naive(past, 24, 12).value, past, 12)
    for name, value in expected["snaive"].items():
        assert getattr(found, name.lower()) == pytest.approx(value, abs=1e-6)


def test_airline_model(passengers: np.ndarray, expected: dict) -> None:
    fitted = airline(np.log(passengers[:120]), 12)
    published = expected["sarima_log"]
    ma1, sma1 = fitted.params
    assert ma1 == pytest.approx(published["ma1"], abs=0.02)
    assert sma1 == pytest.approx(published["sma1"], abs=0.02)
    # R divides by the degrees of freedom: 107 differences less two coefficients.
    assert fitted.scale * 107 / 105 == pytest.approx(published["sigma2"], rel=0.005)
    assert fitted.llf == pytest.approx(published["loglik"], abs=0.02)


def test_smoothing_beats_the_benchmark_by_more_than_r_did(passengers: np.ndarray, expected: dict) -> None:
    past, actual = passengers[:120], passengers[120:]
    found = accuracy(actual, predict("ets", past, 24, 12).value, past, 12)
    # R's automatic choice, ETS(M,Ad,M), has 72.5; within 15 percent or better is asked for.
    assert found.rmse <= 1.15 * expected["ets"]["acc"]["RMSE"]
    assert found.mase < expected["snaive"]["MASE"]


def test_the_airline_series_earns_a_model(passengers: np.ndarray) -> None:
    found = forecast(pd.Series(passengers), horizon=12, season=12, models=("seasonal_naive", "sarima"), origins=4)
    assert found.model == "sarima"
    assert found.skill > 0.3
    assert (found.table["lower"] < found.table["value"]).all()


def flat(seed: int, periods: int = 84) -> pd.Series:
    """The same season every year, with noise: last year's value is a poor but the mean a good forecast."""
    rng = np.random.default_rng(seed)
    return pd.Series(100 + 20 * np.sin(2 * np.pi * np.arange(periods) / 12) + rng.normal(0, 3, periods))


def drifting(seed: int, periods: int = 84) -> pd.Series:
    """A season whose every month walks on its own: nothing beats last year's value."""
    rng = np.random.default_rng(seed)
    years = -(-periods // 12)
    return pd.Series((100 + rng.normal(0, 10, (years, 12)).cumsum(axis=0)).ravel()[:periods])


def test_a_model_is_chosen_where_it_helps_and_not_where_it_cannot() -> None:
    models = ("seasonal_naive", "ets")
    helped = [forecast(flat(seed), horizon=12, season=12, models=models, origins=3).model for seed in range(3)]
    useless = [forecast(drifting(seed), horizon=12, season=12, models=models, origins=3).model for seed in range(4)]
    assert helped.count("ets") == 3
    assert useless.count("seasonal_naive") >= 3


def test_naive_intervals_cover() -> None:
    inside = []
    for seed in range(300):
        values = drifting(seed, 96).to_numpy()
        found = seasonal_naive(values[:84], 12, 12)
        inside.append(((found.lower <= values[84:]) & (values[84:] <= found.upper)).mean())
    assert 0.92 <= np.mean(inside) <= 0.97


def test_intervals_of_the_models_cover() -> None:
    inside = {"ets": [], "sarima": []}
    for seed in range(6):
        values = flat(seed, 96).to_numpy()
        for model, hits in inside.items():
            found = predict(model, values[:84], 12, 12, log=False)
            hits.append(((found.lower <= values[84:]) & (values[84:] <= found.upper)).mean())
    for hits in inside.values():
        assert 0.85 <= np.mean(hits) <= 1


def test_the_backtest_never_looks_ahead() -> None:
    series = flat(1)
    changed = series.copy()
    changed.iloc[-6:] += 500
    settings = {"horizon": 6, "season": 12, "models": ("seasonal_naive",), "origins": 5}
    one, two = backtest(series, **settings).errors, backtest(changed, **settings).errors  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(one.iloc[:-1], two.iloc[:-1])
    assert one["mase"].iloc[-1] != two["mase"].iloc[-1]


@given(st.lists(st.floats(1, 1000), min_size=24, max_size=60), st.floats(0.1, 100))
def test_scaled_errors_do_not_depend_on_the_unit(values: list[float], factor: float) -> None:
    past = np.array(values)
    if np.abs(past[12:] - past[:-12]).mean() < 1e-6:
        return
    guess = seasonal_naive(past, 12, 12).value
    one, two = accuracy(past[:12], guess, past, 12), accuracy(past[:12] * factor, guess * factor, past * factor, 12)
    assert one.mase == pytest.approx(two.mase)
    assert two.mae == pytest.approx(one.mae * factor)


def test_wrong_input_is_named() -> None:
    series = flat(1)
    with pytest.raises(AnalysisError, match="no value at 5"):
        forecast(series.where(series.index != 5), horizon=6, season=12)
    with pytest.raises(AnalysisError, match="leave no date"):
        backtest(series.iloc[:40], horizon=12, season=12)
    with pytest.raises(AnalysisError, match="model is one of"):
        predict("prophet", series, 6, 12)
    with pytest.raises(AnalysisError, match="two seasons"):
        seasonal_naive(series.iloc[:20], 6, 12)
    with pytest.raises(AnalysisError, match="longer than a season"):
        accuracy([1], [1], [1, 2, 3], 12)
