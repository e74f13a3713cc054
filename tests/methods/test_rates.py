"""Rates: published tables, measured coverage, and silence where events are few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.rates import (
    poisson_interval,
    rate,
    rate_difference,
    rate_ratio,
    rates,
    standardised_rate,
)
from analysis.project import AnalysisError

# Down syndrome by mother's age, first births, Michigan 1950-1964 (Fleiss 1981; Fay and Feuer 1997, table 1).
BIRTHS = [
    [230061, 329449, 114920, 39487, 14208, 3052],
    [72202, 326701, 208667, 83228, 28466, 5375],
    [15050, 175702, 207081, 117300, 45026, 8660],
    [2293, 68800, 132424, 98301, 46075, 9834],
    [327, 30666, 123419, 149919, 104088, 34392],
]
FIRST_BORN_CASES = [107, 141, 60, 40, 39, 25]


def test_published_poisson_limits() -> None:
    # Garwood's table: 0 events, 1, 3, 20.
    lower, upper = poisson_interval([0, 1, 3, 20])
    np.testing.assert_allclose(lower, [0, 0.0253, 0.6187, 12.2165], atol=5e-4)
    np.testing.assert_allclose(upper, [3.6889, 5.5716, 8.7673, 30.8884], atol=5e-4)


@given(st.integers(10, 5000))
def test_byar_is_within_a_percent_of_exact_from_ten_events(events: int) -> None:
    for exact, byar in zip(poisson_interval(events), poisson_interval(events, method="byar"), strict=True):
        assert float(byar) == pytest.approx(float(exact), rel=0.01)


def test_fay_and_feuer_first_births() -> None:
    standard = np.mean(BIRTHS, axis=0)
    found = standardised_rate(FIRST_BORN_CASES, BIRTHS[0], standard)
    crude = rate(sum(FIRST_BORN_CASES), sum(BIRTHS[0]))
    assert round(crude.value, 1) == 56.3
    assert round(found.value, 1) == 92.3
    assert round(found.lower, 1) == 80.4


def test_standardising_to_its_own_structure_changes_nothing() -> None:
    found = standardised_rate(FIRST_BORN_CASES, BIRTHS[0], BIRTHS[0])
    crude = rate(sum(FIRST_BORN_CASES), sum(BIRTHS[0]))
    assert found.value == pytest.approx(crude.value)
    # With one common weight the gamma interval is the exact one.
    assert found.lower == pytest.approx(crude.lower, rel=1e-9)
    assert found.upper == pytest.approx(crude.upper, rel=1e-9)


@pytest.mark.parametrize("mean", [3.0, 15.0, 200.0])
def test_coverage_is_at_least_nominal(mean: float) -> None:
    events = np.random.default_rng(1).poisson(mean, 20_000)
    lower, upper = poisson_interval(events)
    assert ((lower <= mean) & (mean <= upper)).mean() >= 0.95


def test_standardised_coverage_is_at_least_nominal() -> None:
    rng = np.random.default_rng(2)
    people, base = np.array([9000.0, 5000, 900]), np.array([400.0, 300, 300])
    truth = np.array([0.002, 0.004, 0.02])
    value = 1e5 * (truth @ base) / base.sum()
    held = []
    for _ in range(2000):
        found = standardised_rate(rng.poisson(people * truth), people, base)
        held.append(found.lower <= value <= found.upper)
    assert np.mean(held) >= 0.95


def test_ratio_and_difference_cover_and_rarely_cry_wolf() -> None:
    rng = np.random.default_rng(3)
    held_ratio, held_difference, alarms = [], [], []
    for _ in range(2000):
        one, two = int(rng.poisson(90)), int(rng.poisson(30))
        ratio, difference = rate_ratio(one, 20_000, two, 10_000), rate_difference(one, 20_000, two, 10_000)
        held_ratio.append(ratio.lower <= 1.5 <= ratio.upper)
        held_difference.append(difference.lower <= 150 <= difference.upper)
        same = rate_ratio(int(rng.poisson(60)), 20_000, int(rng.poisson(30)), 10_000)
        alarms.append(same.excludes(1))
    assert np.mean(held_ratio) >= 0.95
    assert np.mean(held_difference) >= 0.94
    assert np.mean(alarms) <= 0.05


def test_dispersion_restores_the_coverage_of_clustered_events() -> None:
    rng = np.random.default_rng(4)
    events = rng.negative_binomial(25, 25 / (25 + 100), 20_000)
    plain, wide = poisson_interval(events), poisson_interval(events, dispersion=5)
    assert ((plain[0] <= 100) & (plain[1] >= 100)).mean() < 0.70
    assert ((wide[0] <= 100) & (wide[1] >= 100)).mean() >= 0.93


@given(events=st.integers(11, 2000), population=st.integers(1000, 10**6), factor=st.integers(2, 50))
def test_the_unit_only_scales(events: int, population: int, factor: int) -> None:
    one, many = rate(events, population, per=1000), rate(events, population, per=1000 * factor)
    assert many.value == pytest.approx(one.value * factor)
    assert one.lower < one.value < one.upper


@given(a=st.integers(11, 500), b=st.integers(11, 500))
def test_swapping_groups_inverts_the_ratio_and_negates_the_difference(a: int, b: int) -> None:
    there, back = rate_ratio(a, 5000, b, 7000), rate_ratio(b, 7000, a, 5000)
    assert there.lower == pytest.approx(1 / back.upper)
    up, down = rate_difference(a, 5000, b, 7000), rate_difference(b, 7000, a, 5000)
    assert up.lower == pytest.approx(-down.upper)


def test_few_events_unknown_and_empty_places_have_different_names() -> None:
    table = rates(pd.Series([40, 10, np.nan, 0, 30]), pd.Series([10_000, 900, 500, 0, np.nan]))
    assert table["status"].tolist() == ["ok", "not_applicable", "no_data", "not_applicable", "no_data"]
    assert table["reason"].iloc[3] == "nobody at risk"
    assert table["rate"].notna().sum() == 1
    assert rate_ratio(10, 1000, 400, 1000).status == "not_applicable"
    assert rate_difference(10, 1000, 400, 1000).status == "not_applicable"
    assert standardised_rate([2, 3], [10, 10], [1, 1]).status == "not_applicable"


def test_impossible_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="negative"):
        poisson_interval([-1])
    with pytest.raises(AnalysisError, match="one index"):
        rates(pd.Series([1], ["a"]), pd.Series([1], ["b"]))
    with pytest.raises(AnalysisError, match=r"strata \[1\] have nobody"):
        standardised_rate([5, 9], [100, 0], [1, 1])
    with pytest.raises(AnalysisError, match="people at risk"):
        rate_ratio(20, 0, 20, 10)
