"""Shrinkage: the truth's spread is found, intervals hold, and no noise means no shrinkage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.empirical_bayes import joint_posterior, posterior
from analysis.project import AnalysisError


def planted(seed: int, n: int = 300, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth, error = rng.normal(5, spread, n), rng.uniform(0.5, 3, n)
    return truth, truth + error * rng.standard_normal(n), error


def test_spread_and_coverage_of_planted_truths() -> None:
    spreads, covered, smaller = [], [], []
    for seed in range(200):
        truth, seen, error = planted(seed)
        found = posterior(seen, error)
        spreads.append(found.spread)
        covered.append((np.abs(truth - found.mean) <= 1.645 * found.sd).mean())
        smaller.append(((found.mean - truth) ** 2).mean() < ((seen - truth) ** 2).mean())
    assert np.mean(spreads) == pytest.approx(2.0, abs=0.05)
    assert np.mean(covered) == pytest.approx(0.90, abs=0.01)
    assert np.mean(smaller) == 1.0


def test_pure_noise_is_shrunk_away() -> None:
    rng = np.random.default_rng(1)
    found = [posterior(rng.standard_normal(200), np.ones(200)).reliability for _ in range(100)]
    assert np.mean(found) < 0.1


@given(st.floats(0.1, 10), st.floats(-20, 20))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    _, seen, error = planted(3, n=40)
    base, moved = posterior(seen, error), posterior(scale * seen + shift, scale * error)
    assert moved.mean == pytest.approx(scale * base.mean + shift, abs=1e-6)
    assert moved.sd == pytest.approx(scale * base.sd, abs=1e-6)


def test_joint_draws_cover_sums_of_correlated_truths() -> None:
    covered, alone = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = 0.7 * rng.standard_normal((200, 1)) + 0.7 * rng.standard_normal((200, 4))
        together = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
        error = rng.uniform(0.5, 1.5, (200, 4))
        seen = truth + error * (rng.standard_normal((200, 4)) @ np.linalg.cholesky(together).T)
        found = joint_posterior(seen, error, together)
        sums = found.draws(200, rng).sum(axis=2)
        low, high = np.quantile(sums, [0.05, 0.95], axis=0)
        covered.append(((low <= truth.sum(axis=1)) & (truth.sum(axis=1) <= high)).mean())
        one_by_one = sum(posterior(seen[:, j], error[:, j]).draws(200, rng) for j in range(4))
        low, high = np.quantile(one_by_one, [0.05, 0.95], axis=0)
        alone.append(((low <= truth.sum(axis=1)) & (truth.sum(axis=1) <= high)).mean())
    # A little below nominal: the spread of the truths is itself estimated and taken as known.
    assert np.mean(covered) == pytest.approx(0.89, abs=0.02)
    assert np.mean(alone) < 0.82, "why they are shrunk together"


def test_joint_without_error_is_the_figures_themselves() -> None:
    seen = np.random.default_rng(1).standard_normal((30, 3))
    found = joint_posterior(seen, np.zeros((30, 3)))
    assert found.mean == pytest.approx(seen, abs=1e-6)
    assert found.draws(5, np.random.default_rng(1)) == pytest.approx(np.broadcast_to(seen, (5, 30, 3)), abs=1e-3)
    with pytest.raises(AnalysisError, match="missing"):
        joint_posterior([[1.0, np.nan]] * 4, np.ones((4, 2)))


def test_edges() -> None:
    exact = posterior([1.0, 2.0, 7.0], [0, 0, np.nan])
    assert exact.mean.tolist() == [1, 2, 7]
    assert exact.reliability == 1
    gap = posterior([1.0, np.nan, 3.0, 5.0], [1, 1, 1, 1])
    assert np.isnan(gap.mean[1])
    assert np.isfinite(gap.mean[[0, 2, 3]]).all()
    same = posterior([2.0, 2.0, 2.0], [1, 1, 1])
    assert same.spread == 0
    with pytest.raises(AnalysisError, match="too few"):
        posterior([1.0, 2.0], [1, 1])
    with pytest.raises(AnalysisError, match="negative"):
        posterior([1.0, 2.0, 3.0], [1, -1, 1])
