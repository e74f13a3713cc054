"""Net changes over years that overlap, districts' outcomes in versions, real changes over choices, means by area."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.district_outcomes import establishment_versions, revenue_versions
from analysis.methods.establishments import as_estimate, net_changes
from analysis.methods.prices import PriceIndex, real_change_range
from analysis.methods.rank_correlation import across_choices, agreement
from analysis.methods.tract_areas import mean_by_area
from analysis.project import AnalysisError


def panel(seed: int = 1, districts: int = 15) -> tuple[pd.DataFrame, pd.Series]:
    """Establishments of districts by quarter as changes over a year, and their true net change by district."""
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for number in range(districts):
        level = 2000 + np.cumsum(rng.normal(number - 7, 3, 36))
        place = f"cd-{number + 1:02d}"
        truth[place] = level[32:].mean() - level[:4].mean()
        for quarter in range(36):
            change = level[quarter] - level[quarter - 4] if quarter >= 4 else np.nan
            rows.append((place, f"{2008 + quarter // 4}-Q{quarter % 4 + 1}", change, 20 * level[quarter]))
    return pd.DataFrame(rows, columns=["area_id", "quarter", "establishments_change", "employment"]), pd.Series(truth)


def test_overlapping_changes_add_up_to_the_change_of_yearly_means() -> None:
    frame, truth = panel()
    found = net_changes(frame, by=["area_id"], first=2009, last=2016)
    np.testing.assert_allclose(found["value"], truth)
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()
    assert as_estimate(found.loc["cd-15"]).interval == (found.loc["cd-15", "low"], found.loc["cd-15", "high"])
    # Adding up every quarter would count each change four times.
    assert frame.groupby("area_id")["establishments_change"].sum()["cd-15"] == pytest.approx(4 * truth["cd-15"])


def test_a_missing_quarter_stops_the_sum() -> None:
    frame, _ = panel()
    with pytest.raises(AnalysisError, match="15 groups lack a quarter between 2008 and 2016"):
        net_changes(frame, by=["area_id"], first=2008, last=2016)
    holed = frame[~((frame["area_id"] == "cd-03") & (frame["quarter"] == "2011-Q2"))]
    with pytest.raises(AnalysisError, match="1 groups lack a quarter between 2009 and 2016 \\(first: cd-03\\)"):
        net_changes(holed, by=["area_id"], first=2009, last=2016)


def test_a_planted_tie_is_found_in_every_version_and_no_tie_in_none() -> None:
    frame, truth = panel()
    versions = establishment_versions(frame, first=2009, middle=2012, last=2016)
    assert len(versions) == 8
    assert agreement(across_choices(versions, {"truth": truth, "cubed": truth**3})) == "together"
    assert agreement(across_choices(versions, {"minus": -truth})) == "opposite"
    shuffled = pd.Series(truth.to_numpy()[[7, 3, 11, 0, 14, 5, 9, 1, 13, 6, 2, 12, 4, 10, 8]], index=truth.index)
    assert agreement(across_choices(versions, {"other": shuffled})) == "unclear"
    with pytest.raises(AnalysisError, match="no jobs of 2007"):
        establishment_versions(frame, first=2008, middle=2012, last=2016)


def test_zip_areas_that_belong_to_several_districts_can_be_left_out() -> None:
    rows = pd.DataFrame(
        {"area_id": ["cd-01"] * 3, "district_share": [1.0, 0.9, 0.5], "revenue_april_2020": [0.4, 0.6, 1.4],
         "revenue_july_2020": [0.8, np.nan, 1.0]}
    )  # fmt: skip
    found = revenue_versions(rows)
    assert found["Revenue in April"]["cd-01"] == pytest.approx(-40)
    assert found["Revenue in April, mean of ZIP areas"]["cd-01"] == pytest.approx(-20)
    assert found["Revenue in April, clear ZIP areas"]["cd-01"] == pytest.approx(-50)
    assert found["Revenue in July"]["cd-01"] == pytest.approx(-10)


def test_the_range_of_a_real_change_holds_every_choice_and_needs_a_base() -> None:
    local, national = (
        PriceIndex("local", {2008: 100.0, 2009: 100.0, 2016: 120.0}),
        PriceIndex("us", {2008: 100.0, 2009: 99.0, 2016: 110.0}),
    )
    found = real_change_range({2008: 50.0, 2009: 40.0, 2016: 60.0}, [local, national], first=[2008, 2009], last=[2016])
    assert found.value == pytest.approx(0)
    assert found.interval == pytest.approx((0, 100 * (60 / 40 / (110 / 99) - 1)))
    with pytest.raises(AnalysisError, match="no level in 2001"):
        real_change_range({2008: 1.0}, [local], first=[2001], last=[2016])
    with pytest.raises(AnalysisError, match="positive"):
        real_change_range({2008: 0.0, 2016: 1.0}, [local], first=[2008], last=[2016])


def test_tracts_without_a_value_do_not_pull_an_area_to_zero() -> None:
    table = pd.DataFrame(
        {"geoid": list("abc"), "kind": "council_district", "area_id": "cd-01", "weight_area": [1.0, 1.0, 1.0]}
    )
    found = mean_by_area(
        pd.Series({"a": 10.0, "b": np.nan, "c": 20.0}), pd.Series({"a": 1, "b": 5, "c": 3}), table, "council_district"
    )
    assert found["cd-01"] == pytest.approx(17.5)
