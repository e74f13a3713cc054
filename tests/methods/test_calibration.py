"""Calibration: the published case, an identity that is exact, and probabilities known to be right or wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from analysis.methods.calibration import (
    area_under_curve,
    areas_under_curve,
    brier,
    brier_parts,
    briers,
    calibration_curve,
    equal_bins,
)
from analysis.project import AnalysisError


def test_published_brier_score_and_area(reference: Path) -> None:
    folder = reference / "fairness_compas"
    published = json.loads((folder / "expected.json").read_text())
    people = pd.read_csv(folder / "compas_two_years_slim.csv", keep_default_na=False, na_values=[""])
    rows = people[
        (people["days_b_screening_arrest"].abs() <= 30)
        & (people["is_recid"] != -1)
        & (people["c_charge_degree"] != "O")
    ]
    assert len(rows) == published["published"]["filtered_n"] == 6172
    design = sm.add_constant(rows[["age", "priors_count", "decile_score"]].to_numpy(dtype=float))
    happened = rows["two_year_recid"].to_numpy()
    chance = sm.GLM(happened, design, family=sm.families.Binomial()).fit().fittedvalues
    assert brier(happened, chance) == pytest.approx(published["calibration"]["brier"], abs=1e-6)
    assert area_under_curve(happened, chance) == pytest.approx(published["calibration"]["auc"], abs=1e-6)
    parts = brier_parts(happened, chance)
    assert parts.reliability < 0.002
    assert parts.score == pytest.approx(published["calibration"]["brier"], abs=1e-6)


places = st.integers(20, 120)


@given(places, st.integers(0, 10_000), st.integers(2, 12))
def test_the_parts_add_up_for_every_table(size: int, seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.random(size).round(2)
    happened = (rng.random(size) < chance).astype(int)
    happened[:2] = 0, 1
    parts = brier_parts(happened, chance, bins=bins)
    assert parts.reliability - parts.resolution + parts.uncertainty + parts.within == pytest.approx(parts.score)
    assert parts.reliability >= 0
    assert 0 <= parts.resolution <= parts.uncertainty + 1e-12


@given(places, st.integers(0, 10_000))
def test_scores_agree_with_scikit_learn_with_and_without_weights(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chance, weights = rng.random(size).round(1), rng.integers(1, 4, size).astype(float)
    happened = rng.integers(0, 2, size)
    happened[:2] = 0, 1
    assert brier(happened, chance, weights) == pytest.approx(
        brier_score_loss(happened, chance, sample_weight=weights, scale_by_half=True)
    )
    theirs = roc_auc_score(happened, chance, sample_weight=weights)
    assert area_under_curve(happened, chance, weights) == pytest.approx(theirs)
    both = np.vstack([np.ones(size), weights])
    assert areas_under_curve(happened, chance, both)[1] == pytest.approx(theirs)
    assert briers(happened, chance, both).tolist() == pytest.approx(
        [brier(happened, chance), brier(happened, chance, weights)]
    )


def test_probabilities_that_are_right_have_no_reliability_to_lose_and_those_that_are_wrong_do() -> None:
    rng = np.random.default_rng(3)
    truth = rng.beta(2, 5, 60_000)
    happened = (rng.random(60_000) < truth).astype(int)
    right, wrong = brier_parts(happened, truth), brier_parts(happened, np.clip(2 * truth - 0.3, 0, 1))
    assert right.reliability < 2e-4
    assert wrong.reliability > 0.01
    assert right.skill > wrong.skill
    assert right.skill == pytest.approx(truth.var() / (truth.mean() * (1 - truth.mean())), abs=0.01)


def test_intervals_of_the_curve_hold_true_probabilities_over_five_hundred_seeds() -> None:
    held, bins = 0, 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(0.1, 0.6, 400)
        curve = calibration_curve(rng.random(400) < truth, truth, np.arange(400) // 4, bins=5, draws=199, seed=seed)
        held += int(((curve["lower"] <= curve["expected"]) & (curve["expected"] <= curve["upper"])).sum())
        bins += len(curve)
    assert 0.90 <= held / bins <= 0.97


def test_bins_keep_ties_together() -> None:
    chance = np.array([0.1] * 7 + [0.2] * 3)
    found = equal_bins(chance, 5)
    assert len(set(found[:7])) == 1
    assert found.max() <= 1


@pytest.mark.parametrize(
    ("happened", "chance"), [([1, 2], [0.5, 0.5]), ([1, 0], [0.5, 1.5]), ([1, 0], [0.5, np.nan]), ([1], [0.5, 0.5])]
)
def test_what_is_no_outcome_or_no_probability_is_refused(happened: list[float], chance: list[float]) -> None:
    with pytest.raises(AnalysisError, match="calibration"):
        brier(happened, chance)


def test_an_area_without_both_outcomes_is_unknown() -> None:
    assert np.isnan(area_under_curve([1, 1], [0.2, 0.3]))
    with pytest.raises(AnalysisError, match="in some places and not in others"):
        brier_parts([1, 1], [0.2, 0.3])
