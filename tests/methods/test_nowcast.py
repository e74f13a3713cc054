"""Nowcast: Mack's own example, planted reporting delays, and the refusal to guess from one edition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.nowcast import (
    chain_ladder,
    compare_editions,
    simulate_triangle,
    triangle_from_editions,
    truncated_tail,
)
from analysis.project import AnalysisError

# Taylor and Ashe 1983, as used by Mack 1993, table 1.
TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]


def cut(full: pd.DataFrame) -> pd.DataFrame:
    """What would be known on the last day."""
    values = full.to_numpy(dtype=float).copy()
    for day in range(len(values)):
        values[day, len(values) - day :] = np.nan
    return pd.DataFrame(values, full.index, full.columns)


def test_mack_1993() -> None:
    triangle = pd.DataFrame([row + [np.nan] * (10 - len(row)) for row in TAYLOR_ASHE])
    found = chain_ladder(triangle, recent=None)
    outstanding = found.table["expected"] - found.table["known"]
    published = [0, 94634, 469511, 709638, 984889, 1419459, 2177641, 3920301, 4278972, 4625811]
    errors = [0, 75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155]
    np.testing.assert_allclose(outstanding, published, atol=1)
    np.testing.assert_allclose(found.table["error"], errors, atol=1)
    assert outstanding.sum() == pytest.approx(18680856, abs=1)
    total_error = 2447095
    sigma = np.sqrt(np.log1p((total_error / found.total.value) ** 2))
    expected_upper = found.total.value * np.exp(1.959964 * sigma - sigma**2 / 2)
    assert found.total.upper == pytest.approx(expected_upper, rel=1e-5)


def test_planted_final_counts_are_covered() -> None:
    held, totals = {1: [], 2: [], 4: [], 8: []}, []
    for seed in range(200):
        full = simulate_triangle(seed=seed)
        found = chain_ladder(cut(full))
        final = full.iloc[:, -1]
        for age, hits in held.items():
            row = found.table.iloc[-1 - age]
            hits.append(row["lower"] <= final.iloc[-1 - age] <= row["upper"])
        totals.append(found.total.lower <= final.sum() <= found.total.upper)
    for age, hits in held.items():
        assert 0.90 <= np.mean(hits) <= 1.0, age
    assert np.mean(totals) >= 0.90


def test_reading_the_raw_tail_would_see_a_fall_that_is_not_there() -> None:
    triangle = cut(simulate_triangle(seed=3))
    found = chain_ladder(triangle)
    assert found.table["known"].iloc[-1] < 0.6 * found.table["known"].iloc[-20:-10].mean()
    assert found.table["expected"].iloc[-1] > 0.6 * found.table["expected"].iloc[-20:-10].mean()
    assert 4 <= found.truncated_days <= 12


@given(seed=st.integers(0, 1000), factor=st.floats(2, 20))
@settings(max_examples=20, deadline=None)
def test_estimates_scale_with_the_counts_and_never_fall_below_what_is_known(seed: int, factor: float) -> None:
    triangle = cut(simulate_triangle(seed=seed, days=30, delays=6))
    one, many = chain_ladder(triangle).table, chain_ladder(triangle * factor).table
    np.testing.assert_allclose(many["expected"], factor * one["expected"])
    assert (one["expected"] >= one["known"] - 1e-9).all()
    assert (one["lower"] <= one["upper"]).all()


def test_a_day_without_any_report_yet_has_no_estimate() -> None:
    triangle = cut(simulate_triangle(seed=5, days=40, delays=6))
    triangle.iloc[-1, 0] = 0
    found = chain_ladder(triangle)
    assert found.table["status"].iloc[-1] == "no_information"
    assert np.isnan(found.table["expected"].iloc[-1])
    assert found.truncated_days >= 1


def test_editions_make_the_triangle_that_was_planted() -> None:
    full = simulate_triangle(seed=6, days=20, delays=5)
    editions = {}
    for today in range(4, 20):
        so_far = [full.iloc[day, min(today - day, 4)] for day in range(today + 1)]
        editions[full.index[today]] = pd.Series(so_far, full.index[: today + 1])
    found = triangle_from_editions(editions, max_delay=4)
    pd.testing.assert_frame_equal(
        found.iloc[4:], cut(full).iloc[4:].rename_axis(columns="delay"), check_freq=False, check_column_type=False
    )


def test_two_editions_show_the_tail() -> None:
    full = simulate_triangle(seed=7)
    early, late = cut(full).ffill(axis=1).iloc[:, -1], full.iloc[:, -1]
    found = compare_editions(early, late)
    true_tail = int(((early / late) < 0.95).iloc[-20:][::-1].to_numpy().nonzero()[0].max()) + 1
    assert abs(found.tail_days - true_tail) <= 2
    assert found.revised_days >= 0
    assert truncated_tail(dated_by="event", earlier=early, later=late).basis == "editions"


def test_identical_editions_have_no_tail_and_a_revision_is_counted() -> None:
    final = simulate_triangle(seed=8).iloc[:, -1]
    assert compare_editions(final, final).tail_days == 0
    revised = final.copy()
    revised.iloc[10] -= 1
    assert compare_editions(final, revised).revised_days == 1


def test_one_edition_is_not_enough() -> None:
    unknown = truncated_tail(dated_by="event")
    assert (unknown.days, unknown.basis) == (None, "unknown")
    stated = truncated_tail(dated_by="event", stated_days=10, stated_by="County notes of 2020")
    assert (stated.days, stated.basis) == (10, "stated")
    with pytest.raises(AnalysisError, match="source"):
        truncated_tail(dated_by="event", stated_days=10)
    with pytest.raises(AnalysisError, match="'event' or 'report'"):
        truncated_tail(dated_by="day")
    with pytest.raises(AnalysisError, match="at least two editions"):
        triangle_from_editions({"2020-05-01": pd.Series([1.0], pd.to_datetime(["2020-05-01"]))})


def test_broken_triangles_are_named() -> None:
    with pytest.raises(AnalysisError, match="hole"):
        chain_ladder(pd.DataFrame([[1, np.nan, 3], [1, 2, np.nan]]))
    with pytest.raises(AnalysisError, match="by delay 0"):
        chain_ladder(pd.DataFrame([[0, 2, 3], [0, 2, np.nan], [4, np.nan, np.nan]]))
