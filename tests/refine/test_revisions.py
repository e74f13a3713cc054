"""Cumulative counts that are revised: nothing negative, nothing lost, gaps kept as gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.refine.revisions import FLAGS, resolved_columns


def series(counts: list[float], skip: list[int]) -> pd.DataFrame:
    """Counts on days with the given distances."""
    days = pd.Timestamp("2020-05-01") + pd.to_timedelta(np.cumsum([0, *skip[: len(counts) - 1]]), unit="D")
    return pd.DataFrame({"date": days, "cases_cumulative": counts})


counts = st.lists(st.one_of(st.integers(0, 500).map(float), st.just(float("nan"))), min_size=1, max_size=40)


@settings(deadline=None)
@given(counts, st.lists(st.integers(1, 9), min_size=40, max_size=40))
def test_daily_counts_are_never_negative_and_add_up_to_the_last_count(values: list[float], skip: list[int]) -> None:
    found = resolved_columns(series(values, skip), ("cases",), "place")
    assert len(found) == len(values)
    assert set(found["cases_flag"]) <= set(FLAGS)
    assert not (found["new_cases"] < 0).any()
    assert not (found["cases_revision"] > 0).any()
    usable = found[~found["cases_flag"].isin(["missing", "dip"])]
    if len(usable):
        # What the first day's count was worth in the end is the lowest count published from then on.
        start = usable["cases_cumulative"].min()
        assert start + found["new_cases"].sum() == usable["cases_cumulative"].iloc[-1]


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=30))  # a total printed again is another matter: see "held"
def test_a_series_that_rises_every_day_is_left_alone(steps: list[int]) -> None:
    total = np.cumsum(steps).astype(float)
    found = resolved_columns(series(total.tolist(), [1] * len(steps)), ("cases",), "place")
    assert found["new_cases"].tolist()[1:] == [float(step) for step in steps[1:]]
    assert found["cases_flag"].tolist() == ["first", *["ok"] * (len(steps) - 1)]


def test_a_gap_stays_a_gap_and_says_how_many_days_it_covers() -> None:
    found = resolved_columns(series([10, 12, 20], [1, 4]), ("cases",), "place")
    assert found["new_cases"].tolist()[1:] == [2, 8]
    assert found["new_cases_days"].tolist()[1:] == [1, 4]
    assert found["cases_flag"].tolist() == ["first", "ok", "gap"]


def test_a_missing_count_is_not_a_zero() -> None:
    found = resolved_columns(series([10, float("nan"), 20], [1, 1]), ("cases",), "place")
    assert found["cases_flag"].tolist() == ["first", "missing", "gap"]
    assert np.isnan(found["new_cases"].iloc[1])
    assert found["new_cases"].iloc[2] == 10
    assert found["new_cases_days"].iloc[2] == 2


def test_a_series_without_any_count_says_missing() -> None:
    found = resolved_columns(series([float("nan")] * 3, [1, 1]), ("cases",), "place")
    assert set(found["cases_flag"]) == {"missing"}
