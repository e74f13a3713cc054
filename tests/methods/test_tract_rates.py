"""Pooled rates of tracts: planted rates, names that are not deserved, and forecasts against simple guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods import planted_counts, tract_rates
from analysis.project import AnalysisError


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(8)
    truth = rng.gamma(1.2, 4.0, 400)
    return truth, pd.DataFrame({year: planted_counts.clumped(truth * 4, 4.0, rng) / 4 for year in (2015, 2016, 2017)})


def test_nobody_is_named_where_all_rates_are_alike_over_many_seeds() -> None:
    """The record of 500 worlds is the trial of this method; here it is seen that they can be lived through again."""
    named = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        rates = pd.DataFrame({year: planted_counts.clumped(np.full(60, 20.0), 4.0, rng) / 4 for year in (2016, 2017)})
        named += int((tract_rates.pooled_rates(rates).above(10.0) >= 0.9).sum())
    assert named / (100 * 60) < 0.001


def test_pooling_comes_nearer_to_the_truth_than_one_count(planted: tuple[np.ndarray, pd.DataFrame]) -> None:
    truth, rates = planted
    found = tract_rates.pooled_rates(rates[[2016, 2017]]).table["rate"]
    # On the scale of roots, on which the model lives, where every tract weighs the same.
    miss = {name: np.abs(np.sqrt(values) - np.sqrt(truth)).mean()
            for name, values in {"pooled": found, "raw": rates[2017]}.items()}  # fmt: skip
    assert miss["pooled"] < miss["raw"]


def test_more_counts_pull_less(planted: tuple[np.ndarray, pd.DataFrame]) -> None:
    _, rates = planted
    two, three = tract_rates.pooled_rates(rates[[2016, 2017]]), tract_rates.pooled_rates(rates)
    assert three.table["kept"].mean() > two.table["kept"].mean()
    assert three.table["root_error"].mean() < two.table["root_error"].mean()


def test_the_method_with_assumed_noise_agrees(planted: tuple[np.ndarray, pd.DataFrame]) -> None:
    truth, rates = planted
    once = tract_rates.shrunken_once(rates[2017], pd.Series(4.0, index=rates.index), 4.0)
    held = ((once.table["lower"] <= truth) & (truth <= once.table["upper"])).mean()
    assert held > 0.85
    assert once.reliability == pytest.approx(tract_rates.pooled_rates(rates).reliability, abs=0.15)


def test_a_tract_without_one_of_the_counts_keeps_its_place(planted: tuple[np.ndarray, pd.DataFrame]) -> None:
    _, rates = planted
    gap = rates[[2016, 2017]].astype(float).copy()
    gap.iloc[0, 1] = np.nan
    found = tract_rates.pooled_rates(gap)
    assert len(found.table) == len(rates)
    assert found.table["root_error"].iloc[0] > found.table["root_error"].iloc[1]


def test_skill_against_a_worse_and_a_better_guess() -> None:
    rng = np.random.default_rng(1)
    truth = pd.Series(rng.normal(0, 1, 300))
    good, bad = truth + rng.normal(0, 0.3, 300), truth + rng.normal(0, 1, 300)
    assert tract_rates.skill(good, bad, truth).lower > 0
    assert tract_rates.skill(bad, good, truth).upper < 0
    assert tract_rates.skill(good[:5], bad[:5], truth).status == "not_applicable"


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="two or more"):
        tract_rates.pooled_rates(pd.DataFrame({2017: [1.0, 2.0]}))
    with pytest.raises(AnalysisError, match="negative"):
        tract_rates.pooled_rates(pd.DataFrame({2016: [1.0, -2.0], 2017: [1.0, 2.0]}))
    with pytest.raises(AnalysisError, match="share no place"):
        tract_rates.mean_miss(pd.Series({"a": 1.0}), pd.Series({"b": 1.0}))
