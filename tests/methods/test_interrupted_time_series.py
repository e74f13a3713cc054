"""Interrupted time series: the Sicilian smoking ban with its correction, planted changes, and false alarms."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.interrupted_time_series import interrupted_time_series, placebo_dates
from analysis.methods.serial_correlation import first_order
from analysis.project import AnalysisError


@pytest.fixture
def sicily(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "its_sicily" / "sicily.csv").set_index("time", drop=False)


@pytest.fixture
def published(reference: Path) -> dict:
    return json.loads((reference / "its_sicily" / "expected.json").read_text())


def fitted(sicily: pd.DataFrame, **options: object):
    start = int(sicily["time"][sicily["smokban"] == 1].iloc[0])
    return interrupted_time_series(sicily["aces"], start, exposure=sicily["stdpop"], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("poisson_level", {"errors": "poisson"}),
        ("quasi_level", {"errors": "quasi"}),
        ("quasi_level_seasonal", {"errors": "quasi", "season": 12}),
    ],
)
def test_published_models_of_the_smoking_ban(sicily: pd.DataFrame, published: dict, name: str, options: dict) -> None:
    found = fitted(sicily, slope=False, phase=sicily["month"], **options).level
    expected = published["r"][name]
    assert found.value == pytest.approx(expected["rr"], abs=1e-6)
    assert found.lower == pytest.approx(expected["lo"], abs=0.0005)
    assert found.upper == pytest.approx(expected["hi"], abs=0.0005)


def test_dispersion_and_newey_west(sicily: pd.DataFrame, published: dict) -> None:
    found = fitted(sicily, slope=False, errors="hac", lags=12)
    assert found.dispersion == pytest.approx(published["r"]["dispersion"], abs=1e-4)
    error = np.log(found.level.upper / found.level.lower) / (2 * 1.959964)
    # R leaves out the correction for the number of coefficients.
    assert error / np.sqrt(59 / 56) == pytest.approx(published["r"]["newey_west_se_lag12"], abs=1e-5)


def test_the_correction_level_is_the_jump_at_the_change(sicily: pd.DataFrame, published: dict) -> None:
    found = fitted(sicily, season=12, phase=sicily["month"], errors="quasi")
    corrected = published["correction"]["centred_level_plus_slope_quasi_harmonic"]
    assert found.level.value == pytest.approx(corrected["level_rr"], abs=1e-5)
    assert found.slope.value == pytest.approx(corrected["slope_rr"], abs=1e-6)
    assert abs(found.level.value - published["correction"]["uncentred_level_rr_WRONG_meaning"]) > 0.04


def series(seed: int, periods: int = 80, change: float = 1.0, bend: float = 1.0, carried: float = 0.3) -> pd.Series:
    rng = np.random.default_rng(seed)
    noise = np.zeros(periods)
    for period in range(1, periods):
        noise[period] = carried * noise[period - 1] + 0.08 * np.sqrt(1 - carried**2) * rng.normal()
    time, first = np.arange(periods), periods * 6 // 10
    after = time >= first
    mean = 300 * 1.002**time * np.exp(noise + 0.1 * np.sin(2 * np.pi * time / 12))
    return pd.Series(rng.poisson(mean * np.where(after, change * bend ** (time - first + 1), 1.0)))


def test_planted_change_is_covered_and_false_alarms_are_rare() -> None:
    held, bends, alarms = [], [], []
    for seed in range(200):
        found = interrupted_time_series(series(seed, change=0.85, bend=0.995), 48, season=12)
        held.append(found.level.lower <= 0.85 <= found.level.upper)
        bends.append(found.slope.lower <= 0.995 <= found.slope.upper)
        alarms.append(interrupted_time_series(series(seed), 48, season=12, slope=False).level.excludes(1))
    assert np.mean(held) >= 0.90
    assert np.mean(bends) >= 0.90
    assert np.mean(alarms) <= 0.10


def test_plain_poisson_errors_raise_false_alarms() -> None:
    options = {"season": 12, "slope": False, "errors": "poisson"}
    alarms = [interrupted_time_series(series(seed), 48, **options).level.excludes(1) for seed in range(60)]  # type: ignore[arg-type]
    assert np.mean(alarms) > 0.25
    found = interrupted_time_series(series(1), 48, errors="poisson")
    assert any("too narrow" in text for text in found.cautions)


def test_moving_the_origin_of_time_changes_nothing() -> None:
    counts = series(3, change=0.8, bend=0.99)
    later = pd.Series(counts.to_numpy(), counts.index + 1000)
    one, two = interrupted_time_series(counts, 48), interrupted_time_series(later, 1048)
    assert one.level == two.level
    assert one.slope == two.slope


def test_expected_goes_on_as_before_and_the_difference_adds_up() -> None:
    found = interrupted_time_series(series(4, change=0.7), 48, slope=False)
    table = found.table
    np.testing.assert_allclose(table["expected"][~table["after"]], table["fitted"][~table["after"]])
    ratio = (table["fitted"] / table["expected"])[table["after"]]
    np.testing.assert_allclose(ratio, found.level.value)
    assert found.difference == pytest.approx((table["fitted"] - table["expected"]).sum())
    assert found.slope.status == "not_applicable"


def test_placebo_dates_are_uniform_without_a_change_and_small_with_one() -> None:
    shares = [placebo_dates(series(seed, carried=0.0), 48, slope=False) for seed in range(40)]
    assert 0.3 < np.mean(shares) < 0.7
    assert placebo_dates(series(1, change=0.5), 48, slope=False) <= 0.05


def test_wrong_input_is_named() -> None:
    counts = series(1)
    with pytest.raises(AnalysisError, match="start 999 is not"):
        interrupted_time_series(counts, 999)
    with pytest.raises(AnalysisError, match="3 periods before"):
        interrupted_time_series(counts, 3)
    with pytest.raises(AnalysisError, match="missing at 5"):
        interrupted_time_series(counts.astype(float).where(counts.index != 5), 48)
    with pytest.raises(AnalysisError, match="errors is one of"):
        interrupted_time_series(counts, 48, errors="best")
    with pytest.raises(AnalysisError, match="exposure"):
        interrupted_time_series(counts, 48, exposure=counts * 0)


def test_serial_errors_of_independent_residuals_are_least_squares() -> None:
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(800), rng.normal(size=800)])
    noise = rng.normal(size=800)
    residuals = noise - design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    found = first_order(design, np.ones(800), residuals, np.arange(800.0))
    plain = residuals @ residuals / 798 * np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(np.diag(found.covariance), np.diag(plain), rtol=0.1)
