"""Control charts: the NIST example, planted shifts, and measured false alarms."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.control_chart import chance_of_missing, false_alarm_rate, share_chart, xmr
from analysis.project import AnalysisError


def test_nist_individuals_chart(reference: Path) -> None:
    case = json.loads((reference / "xmr_nist" / "expected.json").read_text())
    chart = xmr(pd.Series(case["data"]))
    published = case["published"]
    row = chart.table.iloc[0]
    assert row["centre"] == pytest.approx(published["xbar"], abs=0.001)
    assert row["upper"] == pytest.approx(published["ucl"], abs=0.001)
    assert row["lower"] == pytest.approx(published["lcl"], abs=0.001)
    assert chart.table["moving_range"].mean() == pytest.approx(published["mrbar"], abs=0.001)
    np.testing.assert_allclose(chart.table["moving_range"].iloc[1:], published["moving_ranges"])
    assert chart.signals.empty


def series(seed: int, shift: float = 0.0, baseline: int = 24, periods: int = 24) -> pd.Series:
    values = np.random.default_rng(seed).normal(50, 4, baseline + periods)
    values[baseline:] += shift
    return pd.Series(values)


def test_a_shift_is_found_and_its_start_not_hidden_by_itself() -> None:
    found = [xmr(series(seed, shift=8), baseline=24) for seed in range(100)]
    assert np.mean([len(chart.signals) > 0 for chart in found]) > 0.97
    # The standard deviation over everything would let the shift widen its own limits.
    own = [np.std(series(seed, shift=8), ddof=1) for seed in range(100)]
    assert np.mean(own) > 1.2 * np.mean([chart.sigma for chart in found])


def test_false_alarms_are_as_documented() -> None:
    assert 0.10 <= false_alarm_rate(seeds=600) <= 0.24
    assert false_alarm_rate(seeds=200, carried=0.6) > 0.5
    beyond = [(xmr(series(seed, periods=200), baseline=24).signals["signal"] == "beyond").sum() for seed in range(100)]
    assert 0.005 < np.mean(beyond) / 200 < 0.02


def test_values_that_carry_over_are_doubted() -> None:
    rng = np.random.default_rng(0)
    noise = np.zeros(60)
    for place in range(1, 60):
        noise[place] = 0.8 * noise[place - 1] + rng.normal()
    assert any("carry over" in text for text in xmr(pd.Series(noise)).cautions)
    assert not any("carry over" in text for text in xmr(series(1)).cautions)


def test_limits_stay_where_the_baseline_put_them() -> None:
    short, longer = xmr(series(3).iloc[:30], baseline=24), xmr(series(3), baseline=24)
    assert short.table["upper"].iloc[0] == longer.table["upper"].iloc[0]
    assert longer.table["upper"].nunique() == 1


def test_a_count_has_no_limit_below_zero() -> None:
    counts = pd.Series(np.random.default_rng(1).poisson(2, 40))
    assert xmr(counts, floor=0).table["lower"].iloc[0] == 0
    assert xmr(counts).table["lower"].iloc[0] < 0


def test_run_rule() -> None:
    values = pd.Series([0, 1] * 12 + [0.9, 0.8, 0.7, 0.9, 0.8, 0.7, 0.9, 0.8])
    chart = xmr(values, baseline=24)
    assert chart.stable
    # The last value of the baseline is above the centre, too: the eighth in a row comes one earlier.
    assert chart.signals["signal"].tolist() == ["run", "run"]
    assert chart.signals.index.tolist() == [30, 31]


def test_large_denominators_do_not_make_every_month_a_signal() -> None:
    plain, laney = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        total = rng.integers(20_000, 60_000, 48)
        share = np.clip(rng.normal(0.3, 0.02, 48), 0, 1)
        events = rng.binomial(total, share)
        chart = share_chart(pd.Series(events), pd.Series(total), baseline=24)
        laney.append((chart.signals["signal"] == "beyond").mean() if len(chart.signals) else 0)
        limit = 3 * np.sqrt(0.3 * 0.7 / total[24:])
        plain.append((np.abs(events[24:] / total[24:] - 0.3) > limit).mean())
        assert (chart.signals["signal"] == "beyond").sum() <= 4
    assert np.mean(plain) > 0.5


def test_small_denominators_widen_their_own_limits() -> None:
    total = pd.Series([1000] * 20 + [50, 1000])
    chart = share_chart((total * 0.3).astype(int) + pd.Series([0, 8] * 11), total, baseline=20)
    width = chart.table["upper"] - chart.table["lower"]
    assert width.iloc[20] > 2 * width.iloc[21]


def test_missing_a_shift_is_likely_when_it_is_small() -> None:
    assert chance_of_missing(0.5, 12) > chance_of_missing(1, 12) > chance_of_missing(3, 12)
    assert chance_of_missing(3, 1) == pytest.approx(0.5, abs=1e-6)


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="no value at 3"):
        xmr(series(1).where(series(1).index != 3))
    with pytest.raises(AnalysisError, match="needs 8 to 48"):
        xmr(series(1), baseline=5)
    with pytest.raises(AnalysisError, match="between 0 and total"):
        share_chart(pd.Series([5] * 9), pd.Series([4] * 9))
