"""Block bootstrap: neighbors are drawn together, intervals cover, and equal rules are not told apart."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from analysis.methods.block_bootstrap import block_bootstrap, block_difference, block_weights
from analysis.methods.planted_pressure import planted_city, true_area
from analysis.project import AnalysisError


def mean_of(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ values / weights.sum(axis=1)


def test_a_block_is_drawn_whole_and_draws_keep_the_number_of_blocks() -> None:
    blocks = np.repeat(np.arange(12), 3)
    weights = block_weights(blocks, draws=50, seed=1)
    by_block = weights.reshape(50, 12, 3)
    assert (by_block == by_block[:, :, :1]).all()
    assert (by_block[:, :, 0].sum(axis=1) == 12).all()


def test_few_blocks_give_no_interval_and_no_false_comfort() -> None:
    found = block_bootstrap(partial(mean_of, np.arange(20.0)), np.repeat(np.arange(4), 5))
    assert found.status == "no_data"
    assert found.interval is None
    with pytest.raises(AnalysisError, match="needs 8 blocks"):
        block_weights(np.repeat(np.arange(4), 5))


def test_a_figure_that_cannot_be_computed_is_not_applicable() -> None:
    found = block_bootstrap(lambda w: np.full(len(w), np.nan), np.arange(30))
    assert found.status == "not_applicable"


def test_known_case_blocks_of_one_are_the_ordinary_bootstrap() -> None:
    values = np.random.default_rng(0).normal(10, 2, 400)
    found = block_bootstrap(partial(mean_of, values), np.arange(400), draws=4_000)
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.upper - found.lower == pytest.approx(2 * half, rel=0.06)


def test_intervals_hold_the_mean_where_neighbors_are_alike_and_tract_by_tract_they_do_not() -> None:
    held = {"blocks": 0, "tracts": 0}
    for seed in range(500):
        rng = np.random.default_rng(seed)
        blocks = np.repeat(np.arange(60), 8)
        values = rng.standard_normal(60)[blocks] + rng.standard_normal(480)
        for name, drawn in (("blocks", blocks), ("tracts", np.arange(480))):
            found = block_bootstrap(partial(mean_of, values), drawn, draws=199, seed=seed)
            held[name] += found.lower <= 0 <= found.upper
    assert 0.915 <= held["blocks"] / 500 <= 0.975
    assert held["tracts"] / 500 < 0.75


def test_the_same_rule_twice_differs_by_nothing() -> None:
    values = np.random.default_rng(1).standard_normal(100)
    found = block_difference(partial(mean_of, values), partial(mean_of, values), np.arange(100) // 5)
    assert (found.value, found.lower, found.upper) == (0.0, 0.0, 0.0)


def test_the_planted_area_is_that_of_many_cities() -> None:
    from analysis.methods.calibration import area_under_curve

    found = [area_under_curve(c.happened, 1 / (1 + np.exp(-c.score))) for c in map(planted_city, range(40))]
    assert np.mean(found) == pytest.approx(true_area(), abs=0.01)
