"""Stays in a register that began late: planted ratios and shares, small groups, legacy businesses, nothing single."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods import business_register as register
from analysis.methods import planted_businesses as planted
from analysis.project import AnalysisError


def stays(seed: int, *, ratio: float = planted.RATIO, count: int = 3_000) -> tuple[pd.DataFrame, pd.Series]:
    """Stays as the refined register has them, and which tracts change."""
    subjects, history = planted.planted_businesses(seed, ratio=ratio, count=count)
    names = {"born": "start", "leave": "end", "tract": "geoid"}
    rows = subjects.rename(columns=names).assign(industry="Retail trade", area_id="cd-01", known_since=subjects["born"])
    rows["business"] = [f"b-{number}" for number in range(len(rows))]
    return rows, history.groupby("tract")["changing"].max().eq(1).rename_axis("geoid")


def test_the_planted_ratio_of_closing_is_found_and_moving_is_not_called_different() -> None:
    rows, changed = stays(1)
    found = register.hazard_ratios(rows, {"changed": register.exposure(changed, planted.CHANGE)}, planted.CHANGE)
    assert found["version"].tolist() == ["changed", "changed", *["changed, only from 2008 on"] * 2]
    closed = found[(found["way"] == "closed") & ~found["later"]].iloc[0]
    assert closed["lower"] <= planted.RATIO <= closed["upper"]
    moved = found[(found["way"] == "moved") & ~found["later"]].iloc[0]
    assert moved["lower"] <= 1 <= moved["upper"]


def test_an_area_without_changed_tracts_is_not_applicable_and_says_why() -> None:
    rows, changed = stays(2, count=300)
    found = register.hazard_ratios(rows, {"none": register.exposure(changed & False, planted.CHANGE)}, planted.FETCH)
    assert set(found["status"]) == {"not_applicable"}
    assert found["reason"].str.contains("same in every row|no subject").all()
    assert found["value"].isna().all()


def test_incidence_of_closing_and_moving_covers_with_delayed_entry() -> None:
    held = []
    for seed in range(40):
        rows, _ = stays(seed, ratio=1.0, count=800)
        found = register.incidence(register.with_ages(rows)).at("closed", 10)
        total = planted.CLOSING + planted.MOVING
        held.append(found.lower <= 100 * planted.CLOSING / total * (1 - np.exp(-10 * total)) <= found.upper)
    # Businesses of a tract share luck, which these intervals leave out.
    assert np.mean(held) >= 0.8


def test_groups_that_are_too_small_are_left_out() -> None:
    rows, _ = stays(3, count=500)
    group = pd.Series("many", index=rows.index).where(rows.index >= 10, "few")
    found = register.incidence_by(register.with_ages(rows), group, most_years=12)
    assert set(found["group"]) == {"many"}
    assert set(found["way"]) == {"closed", "moved"}
    assert found["age"].max() <= 12
    with pytest.raises(AnalysisError, match="no group ever has 30"):
        register.incidence_by(register.with_ages(rows.head(20)), group, most_years=12)
    still = register.with_ages(rows.assign(event="open"))
    with pytest.raises(AnalysisError, match="no group ever has 30"):
        register.incidence_by(still, group, most_years=12)


def test_legacy_counts_add_up_and_each_business_counts_once_a_district() -> None:
    rows, changed = stays(4)
    twice = pd.concat([rows, rows.assign(geoid=np.nan)], ignore_index=True)
    day = rows["end"].max()
    found = register.legacy_by_area(twice, changed, day).iloc[0]
    assert found["legacy"] == found["in_changed"] + found["elsewhere"] + found["no_tract"]
    open_then = rows[(rows["event"] == "open") & ((day - rows["known_since"]).dt.days >= 20 * 365.25)]
    assert found["legacy"] == len(open_then)
    assert set(register.legacy_by_area(rows, changed, day).columns) == {
        "area_id",
        "legacy",
        "in_changed",
        "elsewhere",
        "no_tract",
    }
    with pytest.raises(AnalysisError, match="none is open"):
        register.legacy_by_area(rows.head(0), changed, day)


def test_a_stay_without_a_known_start_or_length() -> None:
    rows, _ = stays(5, count=50)
    rows.loc[rows.index[0], "start"] = pd.NaT
    rows.loc[rows.index[1], "end"] = rows.loc[rows.index[1], "entry"]
    found = register.with_ages(rows)
    assert len(found) == len(rows) - 1
    assert (found["left"] > found["entered"]).all()
