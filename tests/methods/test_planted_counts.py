"""Hot spots of skewed counts with an island, over many seeds; what the trials of counts are made of."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods import planted_counts
from analysis.methods.spatial_autocorrelation import hot_spots, lattice


def test_hot_spots_stay_quiet_over_many_seeds() -> None:
    board = planted_counts.with_island(lattice(9, 9))
    alarms = []
    for seed in range(500):
        rng = np.random.default_rng(seed)
        values = np.sqrt(planted_counts.clumped(rng.gamma(1.0, 4.0, 82), 3.0, rng))
        labels = hot_spots(values, board, permutations=3_999, seed=seed).table["label"]
        assert labels["island"] == "island"
        alarms.append(labels.isin(["hot", "cold"]).any())
    assert np.mean(alarms) < 0.07


def test_clumped_counts_have_the_planted_variance() -> None:
    counts = planted_counts.clumped(np.full(20_000, 12.0), 4.0, np.random.default_rng(1))
    assert counts.mean() == pytest.approx(12.0, rel=0.03)
    assert counts.var() / counts.mean() == pytest.approx(4.0, rel=0.05)


def test_an_island_has_no_neighbours() -> None:
    assert planted_counts.with_island(lattice(4, 4)).islands == ("island",)
