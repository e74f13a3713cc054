"""Rank correlation: scipy's coefficient, coverage with few places, power as stated, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.methods.rank_correlation import detectable, interval, rank_correlation
from analysis.project import AnalysisError


def pairs(seed: int, count: int, tie: float) -> tuple[np.ndarray, np.ndarray]:
    one, two = np.random.default_rng(seed).normal(size=(2, count))
    return one, tie * one + np.sqrt(1 - tie**2) * two


def test_the_coefficient_is_that_of_scipy_with_ties_and_gaps() -> None:
    one, two = pairs(1, 40, 0.6)
    one, two = one.round(), two.round(1)
    two[3] = np.nan
    found = rank_correlation(one, two)
    known = np.isfinite(two)
    assert found.coefficient.value == pytest.approx(stats.spearmanr(one[known], two[known]).statistic)
    assert found.probability == pytest.approx(stats.spearmanr(one[known], two[known]).pvalue, abs=0.01)
    assert (found.left_out, found.coefficient.n) == (1, 39)


@pytest.mark.parametrize("tie", [0.0, 0.5, 0.8])
def test_intervals_of_fifteen_places_cover(tie: float) -> None:
    truth = 6 / np.pi * np.arcsin(tie / 2)
    found = [interval(stats.spearmanr(*pairs(seed, 15, tie)).statistic, 15) for seed in range(1000)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in found]) <= 0.98


def test_false_alarms_and_stated_power_over_500_seeds() -> None:
    alarms = [
        rank_correlation(*pairs(seed, 15, 0.0), permutations=399, seed=seed).probability <= 0.05 for seed in range(500)
    ]
    assert np.mean(alarms) <= 0.07
    least = detectable(15)
    tie = 2 * np.sin(np.pi * least / 6)
    found = [
        rank_correlation(*pairs(seed, 15, tie), permutations=399, seed=seed).probability <= 0.05 for seed in range(500)
    ]
    assert 0.74 <= np.mean(found) <= 0.88


def test_words_follow_the_interval() -> None:
    assert rank_correlation(range(15), range(15)).word == "together"
    assert rank_correlation(range(15), range(15, 0, -1)).word == "opposite"
    assert rank_correlation(*pairs(3, 15, 0.0)).word == "unclear"


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="4 places have both"):
        rank_correlation([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 5])
    with pytest.raises(AnalysisError, match="same everywhere"):
        rank_correlation(range(9), [1] * 9)
    with pytest.raises(AnalysisError, match="one value a place"):
        rank_correlation(range(9), range(8))
