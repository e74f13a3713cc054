"""Epidemic curve: revisions, dips and gaps keep their names; planted peaks and waves are found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.epidemic_curve import (
    EpidemicCurve,
    count_change,
    day_of_total,
    peak,
    resolve_cumulative,
    resolve_places,
    waves,
    week_change,
    weekly_noise,
)
from analysis.project import AnalysisError


def totals(values: list[float], start: str = "2020-05-01") -> pd.Series:
    return pd.Series(values, pd.date_range(start, periods=len(values)), dtype=float)


def noisy(mean: np.ndarray, seed: int, size: float = 20.0) -> EpidemicCurve:
    """Running totals of overdispersed cases, some reported one or two days late, fewer on two days of the week."""
    rng = np.random.default_rng(seed)
    cases = rng.negative_binomial(size, size / (size + mean))
    reported = np.zeros(len(mean) + 2)
    for day, count in enumerate(cases):
        prompt = 0.35 if day % 7 < 2 else 0.65
        reported[day : day + 3] += rng.multinomial(count, [prompt, 0.7 * (1 - prompt), 0.3 * (1 - prompt)])
    return resolve_cumulative(totals(list(reported[: len(mean)].cumsum())))


def hill(height: float = 1000, width: float = 25, days: int = 200, base: float = 30) -> np.ndarray:
    return base + height * np.exp(-(((np.arange(days) - 100) / width) ** 2))


@given(st.lists(st.integers(0, 500), min_size=2, max_size=60), st.data())
@settings(max_examples=150, deadline=None)
def test_any_totals_resolve_to_new_cases_that_are_never_negative_and_add_up(
    values: list[int], data: st.DataObject
) -> None:
    missing = data.draw(st.sets(st.integers(1, len(values) - 1), max_size=5))
    series = totals([np.nan if day in missing else float(value) for day, value in enumerate(values)])
    table = resolve_cumulative(series).table
    known = table["resolved"].dropna()
    assert (table["new"].dropna() >= 0).all()
    assert (known.diff().dropna() >= 0).all()
    assert known.iloc[-1] == series.dropna().iloc[-1]
    assert table["increase"].sum() == pytest.approx(known.iloc[-1] - known.iloc[0])
    assert (table["revision"] <= 0).all()
    assert (table["withdrawn"].dropna() >= 0).all()


def test_a_fall_is_a_revision_that_takes_back_the_latest_cases() -> None:
    table = resolve_cumulative(totals([10, 14, 14, 13, 15])).table
    assert table["revision"].tolist() == [0, 0, 0, -1, 0]
    assert table["new"].tolist()[1:] == [3, 0, 0, 2]
    assert table["withdrawn"].tolist() == [0, 1, 1, 0, 0]
    assert table["status"].tolist() == ["first", "reported", "reported", "revised", "reported"]


def test_a_wrong_zero_is_set_aside_and_does_not_erase_the_past() -> None:
    table = resolve_cumulative(totals([1000, 1010, 0, 1030, 1040])).table
    assert table["status"].tolist()[2] == "dip"
    assert table["resolved"].iloc[1] == 1010
    assert table["increase"].iloc[3] == 20
    assert table["days"].iloc[3] == 2
    assert np.isnan(table["new"].iloc[3])


def test_a_total_held_over_a_holiday_is_no_data_and_its_cases_are_not_those_of_the_next_day() -> None:
    # 100 a day; the office is closed on the eleventh day, whose cases come with the twelfth.
    values = [100.0 * day for day in range(20)]
    values[10] = values[9]
    curve = resolve_cumulative(totals(values))
    row = curve.table.iloc[10]
    assert row["status"] == "held"
    assert np.isnan(row["resolved"])
    assert np.isnan(row["new"])
    assert np.isnan(curve.table["new"].iloc[11])
    assert curve.missing_days == 1
    assert curve.daily().tolist()[1:] == [100.0] * 19
    assert curve.total == 1900


def test_a_held_total_on_the_last_day_is_no_count_of_that_day() -> None:
    curve = resolve_cumulative(totals([*(50.0 * day for day in range(10)), 450.0]))
    assert curve.table["status"].iloc[-1] == "held"
    assert curve.through == pd.Timestamp("2020-05-10")
    assert curve.total == 450


@pytest.mark.parametrize(("pace", "status"), [(9, "reported"), (20, "held")])
def test_only_a_busy_week_makes_a_repeated_total_a_held_one(pace: int, status: str) -> None:
    values = [float(pace * day) for day in range(20)]
    values[10] = values[9]
    assert resolve_cumulative(totals(values)).table["status"].iloc[10] == status


def test_a_backlog_after_a_holiday_does_not_move_the_peak() -> None:
    # The wave peaks on day 100; on day 90 the total is held and all of it appears on day 91.
    mean = hill()
    running = mean.cumsum().round()
    running[90:95] = running[89] + np.array([0, 1.9, 2.6, 3.4, 4.2]) * mean[90]
    curve = resolve_cumulative(totals(list(running)))
    plain = resolve_cumulative(totals(list(mean.cumsum().round())))
    assert abs((peak(curve).date - peak(plain).date).days) <= 3
    assert curve.table["status"].iloc[90] == "held"


def test_chance_leaves_no_day_of_a_busy_week_empty() -> None:
    rng = np.random.default_rng(1)
    curve = resolve_cumulative(totals(list(rng.poisson(15, 2000).cumsum())))
    assert (curve.table["status"] == "held").sum() <= 1


def test_a_table_without_a_date_is_dated_by_the_total_it_adds_up_to() -> None:
    curve = resolve_cumulative(totals([100.0 * day for day in range(20)]))
    found = day_of_total(curve, 1012)
    assert (found.date, found.difference) == (pd.Timestamp("2020-05-11"), -12)
    with pytest.raises(AnalysisError, match="is no day of the curve"):
        day_of_total(curve, 5000)


def test_a_lasting_fall_is_not_a_dip() -> None:
    curve = resolve_cumulative(totals([100, 1000, 200, 210, 220, 230, 240, 250, 260, 270]))
    assert (curve.table["status"] != "dip").all()
    assert curve.table["resolved"].iloc[1] == 200
    assert curve.revisions["revision"].tolist() == [-800]


def test_a_missing_date_is_no_data_and_never_a_zero() -> None:
    series = totals([10, 20, 30, 60, 70]).drop(pd.Timestamp("2020-05-03"))
    curve = resolve_cumulative(series)
    row = curve.table.loc["2020-05-03"]
    assert row["status"] == "no_data"
    assert np.isnan(row["new"])
    assert curve.missing_days == 1
    assert curve.longest_gap == 1
    assert np.isnan(curve.table.loc["2020-05-04", "new"])
    assert curve.daily().tolist()[1:] == [10, 20, 20, 10]
    assert np.isnan(curve.daily(spread_days=1).loc["2020-05-03"])


def test_a_long_gap_stays_empty_and_its_cases_fall_on_no_day() -> None:
    series = totals([float(10 * day) for day in range(60)]).drop(pd.date_range("2020-05-20", "2020-06-10"))
    curve = resolve_cumulative(series)
    assert curve.daily().loc["2020-05-20":"2020-06-11"].isna().all()
    assert curve.table["mean_7"].loc["2020-05-20":"2020-06-10"].isna().all()
    assert np.isnan(curve.table["mean_7"].loc["2020-06-12"])
    # Both ends of these seven days are known, whatever happened in between.
    assert curve.table["mean_7"].loc["2020-06-18"] == 10


def test_the_seven_day_mean_is_exact_over_a_short_gap() -> None:
    full = totals([float(day**2) for day in range(30)])
    gappy = full.drop(pd.Timestamp("2020-05-15"))
    expected = resolve_cumulative(full).table["mean_7"]
    found = resolve_cumulative(gappy).table["mean_7"]
    pd.testing.assert_series_equal(found.dropna(), expected.loc[found.dropna().index])
    assert found.isna().sum() == 7 + 2


def test_repeated_dates_negative_totals_and_emptiness_are_named() -> None:
    doubled = pd.concat([totals([1, 2]), totals([3])])
    with pytest.raises(AnalysisError, match=r"city: .*2020-05-01"):
        resolve_cumulative(doubled, subject="city")
    with pytest.raises(AnalysisError, match="cannot be negative: 2020-05-02"):
        resolve_cumulative(totals([1, -2]))
    with pytest.raises(AnalysisError, match="no totals"):
        resolve_cumulative(totals([np.nan]))


def test_places_are_resolved_one_by_one() -> None:
    days = ["2020-05-01", "2020-05-02", "2020-05-03"]
    frame = pd.DataFrame({"place": ["B"] * 3 + ["A"] * 3, "date": days * 2, "cases": [5, 4, 9, 1, 2, 3]})
    found = resolve_places(frame)
    assert found["place"].tolist() == ["A"] * 3 + ["B"] * 3
    assert found.loc[found["place"] == "B", "new"].tolist()[1:] == [0, 5]
    with pytest.raises(AnalysisError, match="cases of A"):
        resolve_places(frame.assign(date="2020-05-01"))


def test_planted_peaks_lie_in_their_range() -> None:
    held, widths = [], []
    for seed in range(100):
        top = peak(noisy(hill(), seed))
        held.append(top.first <= pd.Timestamp("2020-08-10") <= top.last)
        widths.append((top.last - top.first).days)
        assert top.passed
    assert np.mean(held) >= 0.93
    assert np.mean(widths) < 30


def test_a_curve_that_still_rises_has_not_passed_its_peak() -> None:
    rising = noisy(hill()[:95], 3)
    assert not peak(rising).passed
    assert not waves(rising)[-1].ended


def test_planted_waves_are_counted_and_flat_noise_has_none() -> None:
    two = np.concatenate([hill(days=180), hill(height=3000, days=200)])
    assert [len(waves(noisy(two, seed))) for seed in range(20)] == [2] * 20
    alarms = [len(waves(noisy(np.full(200, 300.0), seed))) for seed in range(100)]
    assert np.mean(np.array(alarms) > 0) <= 0.05


def test_a_backlog_reported_at_once_is_no_wave() -> None:
    cases = np.full(200, 100.0)
    cases[100] = 3000
    assert waves(resolve_cumulative(totals(list(cases.cumsum())))) == ()


def test_a_handful_of_cases_is_no_wave() -> None:
    cases = np.zeros(200)
    cases[[50, 60, 61, 120]] = [1, 3, 2, 4]
    assert waves(resolve_cumulative(totals(list(cases.cumsum())))) == ()


def test_wave_people_add_up_between_its_lows() -> None:
    curve = noisy(hill(), 5)
    (wave,) = waves(curve)
    resolved = curve.table["resolved"]
    assert wave.people == resolved[wave.end] - resolved[wave.start]
    assert wave.start < wave.peak.date < wave.end


def test_noise_is_recovered_and_not_confused_with_growth() -> None:
    growing = resolve_cumulative(totals(list((100 * np.exp(0.03 * np.arange(150))).cumsum())))
    assert weekly_noise(growing) < 0.01
    found = [weekly_noise(noisy(np.full(300, 2000.0), seed)) for seed in range(20)]
    # Daily variance mean + mean squared / 20 is 1/140 of the squared weekly mean.
    assert np.mean(found) == pytest.approx((1 / 140) ** 0.5, rel=0.25)


def test_week_changes_of_a_flat_curve_rarely_exclude_no_change() -> None:
    alarms = [week_change(noisy(np.full(200, 300.0), seed)).percent.excludes(0) for seed in range(200)]
    assert np.mean(alarms) <= 0.09


def test_ten_or_fewer_events_are_levels() -> None:
    few = count_change(10, 20)
    assert few.percent.status == "not_applicable"
    assert (few.before, few.now) == (10, 20)
    assert "10 and 20" in few.percent.reason
    assert count_change(11, 22).percent.value == pytest.approx(100)
    assert count_change(np.nan, 22).percent.status == "no_data"


@given(before=st.integers(11, 5000), now=st.integers(11, 5000))
def test_swapping_the_weeks_turns_the_change_around(before: int, now: int) -> None:
    there, back = count_change(before, now).percent, count_change(now, before).percent
    assert (1 + there.value / 100) * (1 + back.value / 100) == pytest.approx(1)
    assert (1 + there.lower / 100) * (1 + back.upper / 100) == pytest.approx(1)
    assert there.lower <= there.value <= there.upper
