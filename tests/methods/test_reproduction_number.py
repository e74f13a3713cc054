"""Reproduction number: EpiEstim's own figures, planted epidemics, and what it must refuse to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.reproduction_number import (
    SerialInterval,
    interval_sensitivity,
    reproduction_number,
    sars_cov_2_intervals,
    serial_interval,
    simulate_cases,
)
from analysis.project import AnalysisError

NISHIURA = sars_cov_2_intervals()["nishiura"]


def steady(days: int = 60, growth: float = 0.02, start: float = 100.0) -> pd.Series:
    return pd.Series(start * np.exp(growth * np.arange(days)), pd.date_range("2020-05-01", periods=days))


@pytest.mark.parametrize(("window", "name"), [(7, "weekly"), (1, "daily")])
def test_matches_epiestim_on_the_1918_influenza(reference: Path, window: int, name: str) -> None:
    case = reference / "rt_flu1918"
    cases = pd.read_csv(case / "flu1918_incidence.csv")["incidence"]
    pmf = pd.read_csv(case / "flu1918_si.csv")["w"]
    published = pd.read_csv(case / f"r_epiestim_{name}_R.csv")
    series = pd.Series(cases.to_numpy(), pd.date_range("1918-09-01", periods=len(cases)))
    flu = SerialInterval("influenza 1918", 2.6, 1.5, tuple(pmf), "EpiEstim Flu1918")
    ours = reproduction_number(
        series, flu, window=window, minimum_cases=1, begins_with_epidemic=True, overdispersion=False
    ).table
    assert len(ours) == len(published)
    said = ours["status"] == "ok"
    assert said.sum() >= len(published) - 2
    columns = {"mean": "Mean(R)", "sd": "Std(R)", "lower": "Quantile.0.025(R)", "median": "Median(R)"}
    for mine, theirs in (columns | {"upper": "Quantile.0.975(R)"}).items():
        np.testing.assert_allclose(ours.loc[said, mine], published.loc[said, theirs], atol=1e-8, rtol=0)


def test_discretised_interval_is_epiestims_for_the_1918_influenza(reference: Path) -> None:
    pmf = pd.read_csv(reference / "rt_flu1918" / "flu1918_si.csv")["w"].to_numpy()
    ours = serial_interval(2.6, 1.5, name="flu", source="Ferguson et al. 2005").pmf
    np.testing.assert_allclose(ours[: len(pmf)], pmf, atol=6e-4)


@given(mean=st.floats(1.5, 9), sd=st.floats(0.4, 5))
@settings(max_examples=60, deadline=None)
def test_discretising_keeps_the_mean_and_forbids_day_zero(mean: float, sd: float) -> None:
    interval = serial_interval(mean, sd, name="any", source="test")
    pmf = np.asarray(interval.pmf)
    assert pmf[0] == 0
    assert pmf.sum() == pytest.approx(1)
    assert pmf @ np.arange(len(pmf)) == pytest.approx(mean, abs=0.02)


@given(growth=st.floats(-0.05, 0.08))
@settings(max_examples=25, deadline=None)
def test_steady_growth_gives_the_lotka_value(growth: float) -> None:
    found = reproduction_number(steady(90, growth, 4000.0), NISHIURA, overdispersion=False).table.iloc[-1]
    pmf = np.asarray(NISHIURA.pmf)
    expected = 1 / (pmf @ np.exp(-growth * np.arange(len(pmf))))
    # The prior still weighs what one case weighs, out of at least 300.
    assert found["cases"] / found["pressure"] == pytest.approx(expected, rel=1e-6)
    assert found["mean"] == pytest.approx(expected, rel=0.02)


@given(factor=st.floats(2, 50))
@settings(max_examples=20, deadline=None)
def test_counting_everything_several_times_moves_the_estimate_only_through_the_prior(factor: float) -> None:
    one = reproduction_number(steady(), NISHIURA, overdispersion=False).table.iloc[-1]
    many = reproduction_number(steady() * factor, NISHIURA, overdispersion=False).table.iloc[-1]
    assert many["mean"] == pytest.approx(one["mean"], rel=0.02)
    assert many["sd"] < one["sd"]


def test_a_window_without_cases_says_nothing_in_place_of_its_prior() -> None:
    series = steady()
    series.iloc[20:40] = 0
    table = reproduction_number(series, NISHIURA).table.set_index("end")
    empty = table.loc[series.index[30]]
    assert empty["status"] == "no_information"
    assert np.isnan(empty["mean"])
    assert "fewer than 11" in empty["reason"]


def test_nothing_returns_the_prior_mean_of_five() -> None:
    nothing = reproduction_number(steady() * 0, NISHIURA)
    assert set(nothing.table["status"]) == {"no_information"}
    assert nothing.latest.status == "no_data"
    assert pd.isna(nothing.latest_end)


def test_a_missing_day_is_not_a_day_without_cases() -> None:
    series = steady()
    gap = series.drop(series.index[30])
    table = reproduction_number(gap, NISHIURA).table.set_index("end")
    assert table.loc[series.index[33], "status"] == "no_data"
    # The day after the window has left the gap, the gap is still a source of infections.
    assert table.loc[series.index[38], "status"] == "no_information"
    assert table.loc[series.index[55], "status"] == "ok"
    assert table.loc[series.index[55], "mean"] == pytest.approx(1.1, abs=0.02)


def test_a_series_that_begins_in_the_middle_does_not_start_with_a_false_peak() -> None:
    midway = reproduction_number(steady(), NISHIURA).table
    naive = reproduction_number(steady(), NISHIURA, begins_with_epidemic=True).table
    assert naive["mean"].iloc[0] > 1.6
    assert midway["status"].iloc[0] == "no_information"
    first = midway[midway["status"] == "ok"].iloc[0]
    assert first["mean"] == pytest.approx(1.1, abs=0.05)


def test_the_tail_that_is_still_being_reported_is_marked_and_never_the_latest() -> None:
    found = reproduction_number(steady(), NISHIURA, reporting_delay=5)
    assert (found.table["status"].tail(5) == "truncated").all()
    assert found.table["status"].iloc[-6] == "ok"
    assert found.latest_end == found.table["end"].iloc[-6]


def test_negative_counts_are_revisions_to_be_resolved() -> None:
    series = steady()
    series.iloc[3] = -4
    with pytest.raises(AnalysisError, match=r"2020-05-04 .* revisions"):
        reproduction_number(series, NISHIURA)


def test_repeated_dates_are_named() -> None:
    series = pd.concat([steady(), steady().iloc[:1]])
    with pytest.raises(AnalysisError, match="2020-05-01"):
        reproduction_number(series, NISHIURA)


def test_an_interval_with_mass_on_day_zero_is_refused() -> None:
    with pytest.raises(AnalysisError, match="first one 0"):
        SerialInterval("wrong", 2, 1, (0.1, 0.9), "test")


def planted(numbers: np.ndarray, seeds: range, **options: bool) -> tuple[float, float]:
    """Share of windows whose interval holds the planted number, and share that exclude one."""
    held, excluded = [], []
    for seed in seeds:
        table = reproduction_number(simulate_cases(list(numbers), NISHIURA, seed=seed), NISHIURA, **options).table
        table = table[(table["status"] == "ok") & (table.index > 40)]
        truth = numbers[-1]
        held.append(((table["lower"] <= truth) & (truth <= table["upper"])).mean())
        excluded.append(((table["lower"] > 1) | (table["upper"] < 1)).mean())
    return float(np.mean(held)), float(np.mean(excluded))


def test_planted_number_is_covered_and_false_alarms_are_rare() -> None:
    covered, alarms = planted(np.ones(120), range(200))
    assert 0.92 <= covered <= 0.98
    assert alarms <= 0.08


def test_without_overdispersion_the_interval_is_too_narrow_for_real_counts() -> None:
    covered, _ = planted(np.ones(120), range(20), overdispersion=False)
    assert covered < 0.75


def test_a_turn_of_the_epidemic_is_found() -> None:
    numbers = [1.5] * 60 + [0.7] * 60
    table = reproduction_number(simulate_cases(numbers, NISHIURA, seed=4), NISHIURA, window=14).table
    growing, falling = table.iloc[40], table.iloc[-1]
    assert growing["lower"] > 1
    assert falling["upper"] < 1


def test_one_dumped_backlog_does_not_widen_three_months() -> None:
    clean = simulate_cases([1.0] * 120, NISHIURA, seed=7)
    dumped = clean.copy()
    dumped.iloc[60] += 4000
    before = reproduction_number(clean, NISHIURA).table.iloc[-1]
    after = reproduction_number(dumped, NISHIURA).table.iloc[-1]
    assert after["upper"] - after["lower"] < 2 * (before["upper"] - before["lower"])


def test_spells_cover_every_window_once() -> None:
    found = reproduction_number(simulate_cases([1.5] * 60 + [0.7] * 60, NISHIURA, seed=4), NISHIURA, window=14)
    spells = found.spells()
    assert spells["windows"].sum() == len(found.table)
    assert {"above", "below"} <= set(spells["verdict"])


def test_sensitivity_spans_every_interval_and_says_where_they_disagree() -> None:
    cases = simulate_cases([1.3] * 50 + [0.95] * 50, NISHIURA, seed=2)
    intervals = sars_cov_2_intervals()
    check = interval_sensitivity(cases, list(intervals.values()))
    for one in intervals.values():
        table = reproduction_number(cases, one).table.set_index("end").loc[check.table["end"]]
        assert (table["mean"].to_numpy() >= check.table["lowest"].to_numpy() - 1e-12).all()
        assert (table["upper"].to_numpy() <= check.table["upper"].to_numpy() + 1e-12).all()
    assert 0 < check.agreement <= 1


def test_every_published_interval_names_its_source() -> None:
    for name, one in sars_cov_2_intervals().items():
        assert one.name == name
        assert "20" in one.source


def test_odd_windows_are_warned_about() -> None:
    assert any("weekdays" in text for text in reproduction_number(steady(), NISHIURA, window=5).cautions)
