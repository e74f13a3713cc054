"""Growth rate: planted growth in noisy cases and in people in hospital, and how often it cries wolf."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.growth_rate import growth
from analysis.project import AnalysisError

DAYS = pd.date_range("2020-05-01", periods=60)


def reported_cases(seed: int, rate: float) -> pd.Series:
    """Overdispersed cases, some reported late, fewer on two days of the week."""
    rng = np.random.default_rng(seed)
    mean = 300 * np.exp(rate * np.arange(62))
    cases, reported = rng.negative_binomial(20, 20 / (20 + mean)), np.zeros(64)
    for day, count in enumerate(cases):
        prompt = 0.35 if day % 7 < 2 else 0.65
        reported[day : day + 3] += rng.multinomial(count, [prompt, 0.7 * (1 - prompt), 0.3 * (1 - prompt)])
    return pd.Series(reported[2:62], DAYS)


def people_in_hospital(seed: int, rate: float, stay: float = 8.0) -> pd.Series:
    """Admissions in clusters, and stays of random length: chance adds up from day to day."""
    rng = np.random.default_rng(seed)
    inside, counts = 1000, []
    for _ in DAYS:
        mean = inside * (np.exp(rate) - 1 + 1 / stay)
        inside += int(rng.negative_binomial(25, 25 / (25 + mean))) - int(rng.binomial(inside, 1 / stay))
        counts.append(inside)
    return pd.Series(counts, DAYS)


@pytest.mark.parametrize(("make", "stock"), [(reported_cases, False), (people_in_hospital, True)])
@pytest.mark.parametrize("rate", [0.0, 0.03])
def test_planted_growth_is_covered(make: object, stock: bool, rate: float) -> None:
    truth, held, told = 100 * np.expm1(rate), [], []
    for seed in range(200):
        found = growth(make(seed, rate), stock=stock)  # type: ignore[operator]
        held.append(found.per_day.lower <= truth <= found.per_day.upper)
        told.append(found.direction)
    assert 0.90 <= np.mean(held) <= 0.99
    if rate == 0:
        assert np.mean(np.array(told) != "unclear") <= 0.10
    else:
        assert np.mean(np.array(told) == "growing") >= 0.85


def test_a_stock_treated_as_a_flow_is_too_sure() -> None:
    held = []
    for seed in range(100):
        found = growth(people_in_hospital(seed, 0.0))
        held.append(found.per_day.lower <= 0 <= found.per_day.upper)
    assert np.mean(held) < 0.88


@pytest.mark.filterwarnings("ignore:Perfect separation")
@given(doubling=st.floats(5, 60))
@settings(max_examples=20, deadline=None)
def test_exact_doubling_time(doubling: float) -> None:
    found = growth(pd.Series(1000 * 2 ** (np.arange(60) / doubling), DAYS))
    assert found.days.value == pytest.approx(doubling, rel=1e-4)
    falling = growth(pd.Series(1000 * 0.5 ** (np.arange(60) / doubling), DAYS))
    assert falling.direction == "falling"
    assert falling.days.value == pytest.approx(doubling, rel=1e-4)


def test_an_unclear_direction_has_no_doubling_time() -> None:
    found = growth(reported_cases(1, 0.0))
    assert found.direction == "unclear"
    assert found.days.status == "not_applicable"


def test_few_people_and_missing_days_are_not_growth() -> None:
    assert growth(pd.Series(1.0, DAYS)).per_day.status == "not_applicable"
    assert growth(pd.Series(9.0, DAYS), stock=True).per_day.status == "not_applicable"
    gappy = reported_cases(1, 0.03).drop(DAYS[40:50])
    assert growth(gappy).per_day.status == "no_data"


def test_the_stretch_is_what_was_asked_for() -> None:
    found = growth(reported_cases(1, 0.03), end="2020-06-10", days=21)
    assert (found.first, found.last) == (pd.Timestamp("2020-05-21"), pd.Timestamp("2020-06-10"))
    with pytest.raises(AnalysisError, match="at least 14"):
        growth(reported_cases(1, 0.0), days=7)
    with pytest.raises(AnalysisError, match="negative count on 2020-05-01"):
        growth(reported_cases(1, 0.0) - 10_000)
