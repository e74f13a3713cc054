"""Sun position: the times of a published tutorial, almanac times, and clocks that change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.sun_position import is_dark, minutes_after_midnight, sun_times
from analysis.project import AnalysisError

PACIFIC = "America/Los_Angeles"


def test_published_times_in_philadelphia(reference: Path) -> None:
    case = json.loads((reference / "vod_sun_times" / "expected.json").read_text())
    dates = pd.DatetimeIndex(list(case["published"]))
    table = sun_times(dates, 39.9525839, -75.1652215, "America/New_York").table
    for day, published in case["published"].items():
        for column, time in zip(("sunset", "civil_dusk"), published, strict=True):
            expected = pd.Timestamp(f"{day} {time}", tz="America/New_York")
            assert abs((table.loc[day, column] - expected).total_seconds()) <= 60 * case["tolerance"]["minutes"]
    for day, times in case["verified_here"]["NOAA_25_lines"].items():
        for column, time in zip(("sunset", "civil_dusk"), times, strict=True):
            expected = pd.Timestamp(f"{day} {time}", tz="America/New_York")
            assert abs((table.loc[day, column] - expected).total_seconds()) <= 30


def test_clocks_change_and_dusk_jumps_by_an_hour() -> None:
    dates = pd.date_range("2020-10-25", "2020-11-07")
    dusk = minutes_after_midnight(sun_times(dates, 34.05, -118.25, PACIFIC).table["civil_dusk"])
    steps = dusk.diff().dropna()
    assert steps.loc["2020-11-01"] == pytest.approx(-61, abs=1.5)
    assert steps.drop(pd.Timestamp("2020-11-01")).abs().max() < 1.5


def test_the_window_that_is_sometimes_dark() -> None:
    found = sun_times(pd.date_range("2020-01-01", "2020-12-31"), 34.05, -118.25, PACIFIC)
    assert found.earliest_dusk == pytest.approx(17 * 60 + 11, abs=4)
    assert found.latest_dusk == pytest.approx(20 * 60 + 37, abs=4)


@given(latitude=st.floats(-55, 55), longitude=st.floats(-180, 180), day=st.integers(0, 3650))
@settings(max_examples=60, deadline=None)
def test_dusk_follows_sunset_by_twenty_to_sixty_minutes(latitude: float, longitude: float, day: int) -> None:
    dates = pd.DatetimeIndex([pd.Timestamp("2015-01-01") + pd.Timedelta(days=day)])
    table = sun_times(dates, latitude, longitude, "UTC").table
    twilight = (table["civil_dusk"] - table["sunset"]).dt.total_seconds().iloc[0] / 60
    assert 20 <= twilight <= 60


def test_the_sun_that_does_not_set_has_no_time() -> None:
    table = sun_times(pd.DatetimeIndex(["2020-06-21"]), 70.0, 25.0, "Europe/Oslo").table
    assert pd.isna(table["sunset"].iloc[0])


def test_is_dark_agrees_with_dusk_and_keeps_missing_missing() -> None:
    days = pd.date_range("2020-01-01", "2020-12-31", freq="7D")
    dusk = sun_times(days, 34.05, -118.25, PACIFIC).table["civil_dusk"].dt.tz_localize(None)
    moments = pd.concat([dusk - pd.Timedelta(minutes=2), dusk + pd.Timedelta(minutes=2)], ignore_index=True)
    moments.iloc[3] = pd.NaT
    found = is_dark(moments, 34.05, -118.25, PACIFIC)
    assert found.isna().sum() == 1
    assert not found.iloc[: len(days)].dropna().any()
    assert found.iloc[len(days) :].all()
    assert np.issubdtype(minutes_after_midnight(dusk).dtype, np.floating)


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="without a time zone"):
        sun_times(pd.DatetimeIndex(["2020-01-01"], tz="UTC"), 34, -118, PACIFIC)
    with pytest.raises(AnalysisError, match="not degrees"):
        sun_times(pd.DatetimeIndex(["2020-01-01"]), 134, -118, PACIFIC)
    with pytest.raises(AnalysisError, match="unknown time zone"):
        sun_times(pd.DatetimeIndex(["2020-01-01"]), 34, -118, "California")
