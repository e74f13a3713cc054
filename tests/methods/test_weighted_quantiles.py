"""Medians: invariances, brackets against the people in them, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.methods import weighted_quantiles as wq
from analysis.project import AnalysisError

VALUES = arrays(float, st.integers(1, 40), elements=st.floats(-1e5, 1e5))


@given(VALUES)
def test_equal_weights_are_the_ordinary_median(values: np.ndarray) -> None:
    assert wq.weighted_median(values, np.ones(len(values))) == pytest.approx(float(np.median(values)), abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(1, 4)), min_size=1, max_size=30),
    st.sampled_from([0.25, 0.5, 2.0, 8.0]),
    st.integers(-100, 100),
    st.floats(0, 1),
    st.integers(0, 1000),
)
def test_scale_shift_and_order(
    pairs: list[tuple[int, int]], scale: float, shift: int, quantile: float, seed: int
) -> None:
    values, weights = np.array(pairs, dtype=float).T
    found = wq.weighted_quantile(values, weights, quantile)
    assert wq.weighted_quantile(values * scale + shift, weights, quantile) == pytest.approx(found * scale + shift)
    assert wq.weighted_quantile(values, weights * scale, quantile) == pytest.approx(found)
    order = np.random.default_rng(seed).permutation(len(values))
    assert wq.weighted_quantile(values[order], weights[order], quantile) == found


def test_missing_values_leave_with_their_weight() -> None:
    assert wq.weighted_median([1, np.nan, 3], [1, 100, 1]) == 2
    for weights in ([1, -1], [1, np.nan]):
        with pytest.raises(AnalysisError, match="weight"):
            wq.weighted_median([1, 2], weights)
    with pytest.raises(AnalysisError, match="no value"):
        wq.weighted_median([np.nan], [1])


def test_brackets_come_close_to_the_people_in_them() -> None:
    incomes = np.random.default_rng(5).lognormal(11.05, 0.6, 200_000)
    edges = np.array([0, 10e3, 20e3, 30e3, 40e3, 50e3, 60e3, 75e3, 100e3, 125e3, 150e3, 200e3])
    counts = np.histogram(incomes, [*edges, np.inf])[0]
    high = np.append(edges[1:], np.nan)
    assert wq.median_from_brackets(edges, high, counts) == pytest.approx(np.median(incomes), rel=0.01)
    assert float(wq.below(edges, high, counts, 50_280)) == pytest.approx((incomes < 50_280).sum(), rel=0.01)


def test_the_open_bracket_is_not_guessed() -> None:
    low, high = [0, 100], [100, np.nan]
    with pytest.raises(AnalysisError, match="open bracket"):
        wq.below(low, high, [5, 5], 120)
    with pytest.raises(AnalysisError, match="open bracket"):
        wq.median_from_brackets(low, high, [1, 5])
    with pytest.raises(AnalysisError, match="no one"):
        wq.median_from_brackets(low, high, [0, 0])
    assert float(wq.below(low, high, [5, 5], 100)) == 5


@given(arrays(float, 6, elements=st.floats(0, 1e4)), st.floats(0, 60), st.floats(0, 60))
def test_below_grows_with_the_limit(counts: np.ndarray, one: float, two: float) -> None:
    low = np.arange(0, 60, 10.0)
    high = low + 10
    small, large = sorted((one, two))
    assert wq.below(low, high, counts, small) <= wq.below(low, high, counts, large) + 1e-9
    assert wq.below(low, high, counts, 60) == pytest.approx(counts.sum())


def planted_tracts(seed: int, change: float, n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before = rng.lognormal(7, 0.3, n)
    return before, before * change * rng.lognormal(0, 0.15, n)


def test_interval_of_the_change_covers_the_planted_one() -> None:
    covered = []
    for seed in range(120):
        before, after = planted_tracts(seed, 1.39)
        found = wq.median_across_tracts(before, after, draws=200, seed=seed, level=0.90).percent
        covered.append(found.lower <= 39 <= found.upper)
    # The bootstrap of a median errs on the safe side: 0.93 to 0.95 for a nominal 0.90.
    assert 0.88 <= np.mean(covered) <= 0.97


def test_no_change_is_seldom_called_one() -> None:
    alarms = []
    for seed in range(120):
        before, after = planted_tracts(seed, 1.0)
        alarms.append(wq.median_across_tracts(before, after, draws=200, seed=seed, level=0.95).percent.excludes(0))
    assert np.mean(alarms) < 0.09


def test_survey_error_widens_the_interval() -> None:
    before, after = planted_tracts(1, 1.4, n=400)
    alone = wq.median_across_tracts(before, after, draws=300).after
    noisy = wq.median_across_tracts(before, after, after_margin=0.5 * after, draws=300).after
    assert noisy.upper - noisy.lower > alone.upper - alone.lower
    assert noisy.value == alone.value


def test_blocks_widen_the_interval_where_neighbours_are_alike() -> None:
    rng = np.random.default_rng(2)
    x, y = np.meshgrid(np.arange(20.0), np.arange(20.0))
    blocks = wq.grid_blocks(x.ravel(), y.ravel(), 5)
    assert len(np.unique(blocks)) == 16
    before = 1000 + 300 * rng.standard_normal(16)[blocks] + 20 * rng.standard_normal(400)
    apart = wq.median_across_tracts(before, before * 1.2, draws=300).before
    together = wq.median_across_tracts(before, before * 1.2, blocks=blocks, draws=300).before
    assert (together.upper - together.lower) > 2 * (apart.upper - apart.lower)


def test_survey_error_widens_without_shifting() -> None:
    before, after = planted_tracts(5, 1.5, n=500)
    noisy = wq.median_across_tracts(before, after, before_margin=0.2 * before, after_margin=0.2 * after, draws=400)
    for part in (noisy.before, noisy.after, noisy.percent, noisy.typical):
        assert part.lower < part.value < part.upper
        assert 0.25 < (part.value - part.lower) / (part.upper - part.lower) < 0.75


def test_two_kinds_of_change_are_two_questions() -> None:
    # Three in four tracts double; the dear quarter stays, so the medians move by less or more than the typical tract.
    before = np.concatenate([np.linspace(100, 200, 30), np.linspace(300, 400, 10)])
    after = np.concatenate([2 * before[:30], before[30:]])
    found = wq.median_across_tracts(before, after, draws=50)
    assert found.typical.value == pytest.approx(100)
    assert found.percent.value == pytest.approx(100 * (np.median(after) / np.median(before) - 1))
    assert abs(found.percent.value - found.typical.value) > 5
    with pytest.raises(AnalysisError, match="zero or negative"):
        wq.median_across_tracts(np.zeros(20), np.ones(20))


def test_missing_tracts_are_counted_and_few_are_refused() -> None:
    before, after = planted_tracts(3, 1.1, n=30)
    after[:5] = np.nan
    found = wq.median_across_tracts(before, after, draws=50)
    assert (found.n, found.left_out) == (25, 5)
    with pytest.raises(AnalysisError, match="ten are needed"):
        wq.median_across_tracts(before[:7], after[:7])
    again = wq.median_across_tracts(before, after, draws=50)
    assert again == found
