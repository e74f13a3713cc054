"""Vintages of a series and values far from the rest: planted revisions and errors, and none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.data_revisions import compare_vintages, mean_of_series
from analysis.methods.outliers import outliers
from analysis.project import AnalysisError


def test_periods_of_one_vintage_only_are_counted_not_compared() -> None:
    older = pd.Series([1.0, 2, 3, 4, 5, 6, np.nan], index=range(7))
    newer = pd.Series([2.0, 3, 4, 5, 6, 7, 8, 9], index=range(1, 9))
    found = compare_vintages(older, newer)
    assert (found.only_older, found.only_newer) == (1, 3)
    assert len(found.table) == 5
    assert (found.table["revision"] == 0).all()
    assert found.mean.value == 0
    assert not found.one_sided


def test_sides_and_the_largest_revision() -> None:
    older, newer = pd.Series([-1.0, -2, -3, -4, -5]), pd.Series([1.0, -2, -3, -4, -25])
    found = compare_vintages(older, newer)
    assert (found.sign_changes, found.largest, found.largest_at) == (1, -20.0, 4)
    assert found.absolute == pytest.approx(22 / 5)


def test_a_mean_of_values_that_carry_over_covers_where_the_plain_one_does_not() -> None:
    held, plain = [], []
    for seed in range(500):
        rng = np.random.default_rng(seed)
        values = np.zeros(80)
        for period in range(1, 80):
            values[period] = 0.6 * values[period - 1] + rng.normal()
        found = mean_of_series(values)
        held.append(found.lower <= 0 <= found.upper)
        width = 1.99 * values.std(ddof=1) / np.sqrt(80)
        plain.append(abs(values.mean()) <= width)
    assert 0.91 <= np.mean(held) <= 0.98
    assert np.mean(plain) < 0.75


def test_a_series_that_only_drifts_has_no_interval() -> None:
    assert mean_of_series(np.arange(12.0)).interval is None
    assert "too alike" in mean_of_series(np.arange(12.0)).reason


def test_wrong_vintages_are_named() -> None:
    with pytest.raises(AnalysisError, match="share 2 periods"):
        compare_vintages(pd.Series([1.0, 2]), pd.Series([1.0, 2]))
    with pytest.raises(AnalysisError, match="sorted and unique"):
        compare_vintages(pd.Series([1.0, 2], index=[1, 0]), pd.Series([1.0, 2]))


def test_false_flags_are_rare_among_500_seeds_and_a_wrong_figure_is_found() -> None:
    false, found = [], []
    for seed in range(500):
        rng = np.random.default_rng(seed)
        values = pd.Series(rng.normal(50, 5, 40))
        false.extend(outliers(values).table["outlier"].tolist())
        values.iloc[7] *= 10
        found.append(7 in outliers(values).flagged)
    assert np.mean(false) <= 0.005
    assert all(found)


def test_along_a_time_line_neighbors_judge() -> None:
    values = pd.Series(np.linspace(0, 120, 60) + np.random.default_rng(1).normal(0, 2, 60))
    values.iloc[30] += 60
    assert list(outliers(values, window=7).flagged) == [30]
    # Against all values together a rise hides it.
    assert list(outliers(values).flagged) == []


def test_missing_stays_missing_and_equal_values_have_no_outlier() -> None:
    values = pd.Series([5.0, 5, 5, np.nan, 5, 5, 5])
    found = outliers(values)
    assert not found.table["outlier"].any()
    assert np.isnan(found.table["score"].iloc[3])
    spike = outliers(pd.Series([5.0] * 12 + [50.0]))
    assert list(spike.flagged) == [12]


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="3 values are known"):
        outliers(pd.Series([1.0, 2, 3]))
    with pytest.raises(AnalysisError, match="window of 4"):
        outliers(pd.Series(range(9)), window=4)
