"""Hospital load: what a bed count of zero, a missing day and a wrong denominator must not become."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.hospital_load import days_above, hospital_load
from analysis.project import AnalysisError

DAYS = pd.date_range("2020-11-01", periods=120)


def wave(top: float = 900) -> pd.Series:
    return pd.Series(np.round(100 + top * np.exp(-(((np.arange(120) - 60) / 20) ** 2))), DAYS)


def test_share_and_peak() -> None:
    load = hospital_load(wave(), pd.Series(2000, DAYS))
    assert load.peak.value == pytest.approx(100 * wave().rolling(7).mean().max() / 2000)
    assert load.peak_day == pd.Timestamp("2021-01-03")
    assert load.latest.interval is None
    assert load.cautions == ()


def test_no_beds_reported_is_not_a_share() -> None:
    beds = pd.Series(2000.0, DAYS)
    beds.iloc[:5] = 0
    load = hospital_load(wave(), beds)
    assert load.table["status"].iloc[:5].eq("not_applicable").all()
    assert load.table["share"].iloc[:5].isna().all()
    assert load.table["share_7"].iloc[:11].isna().all()
    assert "5 days report no beds" in load.cautions


def test_a_missing_day_is_no_data_for_the_whole_week() -> None:
    load = hospital_load(wave().drop(DAYS[50]), pd.Series(2000, DAYS))
    assert load.table.loc[DAYS[50], "status"] == "no_data"
    assert load.table["share_7"].iloc[50:57].isna().all()
    assert load.table["share_7"].iloc[57:].notna().all()


def test_more_people_than_beds_is_the_wrong_denominator() -> None:
    load = hospital_load(wave(), pd.Series(800, DAYS))
    assert (load.table["status"] == "implausible").sum() > 0
    assert any("more people than beds" in text for text in load.cautions)
    assert load.table["share"].max() <= 100


def test_beds_that_follow_the_patients_are_doubted() -> None:
    load = hospital_load(wave(), wave() + 400)
    assert any("may not be staffed capacity" in text for text in load.cautions)


@given(threshold=st.floats(1, 100))
def test_days_above_add_up(threshold: float) -> None:
    load = hospital_load(wave(), pd.Series(1000, DAYS))
    found = days_above(load, threshold)
    assert found.known + found.missing == 120
    assert found.longest <= found.days
    assert found.interval[0] <= found.interval[1]
    if found.days:
        assert load.table.loc[found.first, "share_7"] >= threshold
    else:
        assert pd.isna(found.first)


def test_missing_days_bound_the_count() -> None:
    load = hospital_load(wave().drop(DAYS[60]), pd.Series(1000, DAYS))
    found = days_above(load, 50, start=DAYS[20])
    assert found.missing == 7
    assert found.interval == (found.days, found.days + 7)


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="percentage of beds"):
        days_above(hospital_load(wave(), wave() * 2), 0)
    with pytest.raises(AnalysisError, match="beds: negative on 2020-11-01"):
        hospital_load(wave(), wave() - 5000)
    with pytest.raises(AnalysisError, match="one number a day"):
        hospital_load(pd.concat([wave(), wave()]), wave())


def test_a_day_without_beds_is_possible_only_if_its_people_could_have_reached_the_threshold() -> None:
    days = pd.date_range("2020-12-01", periods=60)
    people = pd.Series([50.0] * 30 + [250.0] * 30, days)
    beds = pd.Series(1000.0, days)
    beds.iloc[[10, 45]] = np.nan
    found = days_above(hospital_load(people, beds), 20)
    # Seven seven-day means are lost around each missing day; those with 50 people never came near 200.
    assert found.missing == 6 + 7 + 7
    assert found.possible == 7
    assert found.interval == (found.days, found.days + 7)
