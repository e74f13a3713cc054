"""A proxy beside what it stands for: rank correlation, who asks more at equal need, places that ask out of line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.methods import planted_counts
from analysis.methods.proxy_validity import calibrated, grid_blocks, rank_agreement, reporting_bias
from analysis.methods.service_distance import nearest_km, rate_ratio_of_groups, share_beyond
from analysis.project import AnalysisError


def test_the_rank_correlation_is_that_of_scipy_with_ties() -> None:
    rng = np.random.default_rng(0)
    one, two = pd.Series(rng.poisson(2, 200)), pd.Series(rng.poisson(3, 200))
    found = rank_agreement(one, two, pd.Series(np.arange(200) // 5))
    assert found.value == pytest.approx(stats.spearmanr(one, two).statistic, abs=1e-12)


def test_an_interval_blind_to_neighbours_would_be_too_narrow() -> None:
    rng = np.random.default_rng(3)
    block = pd.Series(np.arange(400) // 20)
    values = [pd.Series(planted_counts.alike(rng, block, 0.8)) for _ in range(2)]
    aware = rank_agreement(*values, block)
    blind = rank_agreement(*values, pd.Series(range(400)))
    assert aware.upper - aware.lower > 1.5 * (blind.upper - blind.lower)


def test_without_calibration_noise_in_the_count_hides_part_of_the_bias() -> None:
    blocks = pd.Series(np.arange(300) // 6)
    gap = []
    for seed in range(30):
        asked, need, income = planted_counts.asked(np.random.default_rng(seed), blocks, 0.6)
        raw, mended = (reporting_bias(asked, need, income, blocks, calibrate=how).bias.value for how in (False, True))
        gap.append((abs(np.log2(mended) - 0.6), abs(np.log2(raw) - 0.6)))
    mended_miss, raw_miss = np.mean(gap, axis=0)
    assert mended_miss < raw_miss


def test_places_that_ask_out_of_line_are_told() -> None:
    rng = np.random.default_rng(5)
    need = rng.gamma(2.0, 10.0, 400)
    asked = rng.poisson(need)
    asked[:5] = (15 * need[:5] + 60).astype(int)
    counts = pd.DataFrame({year: rng.poisson(need) for year in (2016, 2017)})
    found = reporting_bias(
        pd.Series(asked), counts, pd.Series(rng.lognormal(11, 0.3, 400)), pd.Series(np.arange(400) // 8)
    )
    assert (found.table["label"].iloc[:5] == "more").sum() >= 4
    assert (found.table["label"].iloc[5:] == "more").mean() < 0.02


def test_calibration_leaves_exact_figures_and_pulls_noisy_ones() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(0, 1, 2000)
    noisy = truth[:, None] + rng.normal(0, 1, (2000, 2))
    found, kept = calibrated(noisy, np.zeros(2000))
    assert kept == pytest.approx(1 / 1.5, abs=0.05)
    assert found.std() == pytest.approx(np.sqrt(1 / 1.5), abs=0.05)
    assert np.polyfit(found, truth, 1)[0] == pytest.approx(1.0, abs=0.06)


def test_small_areas_are_not_judged_and_bad_input_is_refused() -> None:
    few = pd.Series([1.0] * 12)
    need = pd.DataFrame({2016: few, 2017: few})
    found = reporting_bias(few, need, few, few)
    assert found.bias.status == "not_applicable"
    assert set(found.table["label"]) == {"not judged"}
    assert rank_agreement(few, few, few).status == "not_applicable"
    with pytest.raises(AnalysisError, match="above zero"):
        reporting_bias(few, need, few * 0, few)
    with pytest.raises(AnalysisError, match="two counts"):
        reporting_bias(few, need[[2016]], few, few)


def test_distances_shares_and_ratios() -> None:
    assert nearest_km([[0, 0], [10_000, 0]], [[0, 3_000]]).round(3).tolist() == [3.0, 10.44]
    with pytest.raises(AnalysisError, match="no places"):
        nearest_km([[0, 0]], [])
    blocks = pd.Series(grid_blocks(np.column_stack([np.arange(60.0), np.zeros(60)]), 3.0))
    far = share_beyond(pd.Series(np.arange(60.0)), pd.Series([10.0] * 60), 44.5, blocks)
    assert far.value == 25.0
    assert far.lower < 25 < far.upper
    assert share_beyond(pd.Series([1.0]), pd.Series([5.0]), 1.0, pd.Series(["a"])).status == "not_applicable"
    group = pd.Series([True] * 5 + [False] * 55)
    assert rate_ratio_of_groups(pd.Series([3.0] * 60), pd.Series([9.0] * 60), group, blocks).status == "not_applicable"


def test_a_ratio_of_groups_calls_chance_seldom() -> None:
    alarms = []
    for seed in range(500):
        rng = np.random.default_rng(seed)
        block = pd.Series(np.arange(200) // 5)
        counts = pd.Series(planted_counts.clumped(np.exp(2.5 + 0.5 * planted_counts.alike(rng, block)), 4.0, rng))
        group = pd.Series(rng.random(200) < 0.3)
        found = rate_ratio_of_groups(counts, pd.Series([4000.0] * 200), group, block, draws=199, seed=seed)
        alarms.append(found.excludes(1.0))
    assert np.mean(alarms) < 0.08
