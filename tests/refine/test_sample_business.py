"""Business data of the invented city through the refine code: planted dirt counted, planted truth still there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.project import Project
from analysis.refine import accounting, available, quality
from analysis.refine.storage import read_table
from analysis.sample import TRUTH


@pytest.fixture(scope="module")
def truth(refined_sample: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((refined_sample.raw("sample") / TRUTH).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def counted(refined_sample: Project) -> pd.Series:
    return accounting(refined_sample, "sample").set_index(["dataset", "action", "reason"])["rows"]


@pytest.fixture(scope="module")
def spells(refined_sample: Project) -> pd.DataFrame:
    found: pd.DataFrame = read_table(refined_sample, "sample", "business_spells")
    return found


def test_the_sample_has_every_table(refined_sample: Project) -> None:
    for table in ("business_spells", "business_years", "district_establishments", "merchants_zip"):
        assert available(table, refined_sample, "sample")


def test_dirt_of_the_register_is_counted(counted: pd.Series, truth: dict[str, Any]) -> None:
    dirt = truth["dirt"]["businesses_all"]
    assert counted["businesses_all", "dropped", "location stands again: the first row is kept"] == dirt["twice"]
    assert counted["businesses_all", "dropped", "end before start"] == dirt["end_before_start"]
    unknown = "start missing or before 1901, which stands for unknown: read as missing"
    assert counted["businesses_all", "changed", unknown] == dirt["start_is_placeholder"]
    zero = counted["businesses_all", "changed", "point at latitude and longitude 0, read as missing"]
    # A location that was dropped before for its dates is not looked at again.
    assert 0.97 * dirt["point_at_zero"] <= zero <= dirt["point_at_zero"]


def test_the_beginning_of_the_register_is_read_from_the_data(spells: pd.DataFrame, truth: dict[str, Any]) -> None:
    begins = pd.Timestamp(f"{truth['businesses']['register_keeps_ends_from']:.0f}-01-01")
    assert spells["entry"].min() == begins
    assert (spells.loc[spells["start_flag"] != "ok", "entry"] == begins).all()
    assert (spells["entry"] <= spells["end"]).all()
    assert (spells["start_flag"] == "before_register").mean() > 0.1


def test_moves_are_found_as_many_as_were_planted(spells: pd.DataFrame, truth: dict[str, Any]) -> None:
    planted = truth["businesses"]
    # Of the planted moves a few end before their start or stand at a placeholder, and then are none.
    assert 0.97 * planted["moved"] < (spells["event"] == "moved").sum() <= planted["moved"]
    out = (spells.loc[spells["event"] == "moved", "destination"] == "outside_city").mean()
    assert out == pytest.approx(planted["share_of_moves_out_of_the_city"], abs=0.02)
    assert spells.loc[spells["event"] != "moved", "destination"].eq("none").all()


def test_legacy_is_what_is_known_to_be_twenty_years_old(spells: pd.DataFrame) -> None:
    years = (spells["end"] - spells["known_since"]).dt.days / 365.25
    assert (spells["legacy"] == (years >= 20)).all()
    assert 0.1 < spells["legacy"].mean() < 0.3


def test_a_ratio_of_rates_still_shows_what_was_planted(spells: pd.DataFrame, truth: dict[str, Any]) -> None:
    regime = dict(zip(truth["tracts"]["geoid"], truth["tracts"]["regime"], strict=True))
    late = spells[spells["entry"] >= pd.Timestamp("2000-04-01")].dropna(subset=["geoid", "start"])
    group = late["geoid"].map(regime).fillna("as everywhere")
    years = (late["end"] - late["entry"]).dt.days / 365.25
    for event, name in (("closed", "closing"), ("moved", "moving")):
        rate = (late["event"] == event).groupby(group).sum() / years.groupby(group).sum()
        planted = truth["businesses"][f"{name}_hazard_ratio"]["by_regime_of_tract"]["changed"]
        # Ages and industries are not held equal here; the planted tests do that.
        assert rate["changed"] / rate["as everywhere"] == pytest.approx(planted, rel=0.15)


def test_years_agree_with_stays(refined_sample: Project, spells: pd.DataFrame) -> None:
    years = read_table(refined_sample, "sample", "business_years")
    assert years["closed"].sum() == (spells["event"] == "closed").sum()
    assert years["moved"].sum() == (spells["event"] == "moved").sum()
    assert years["moved_out"].sum() == (spells["destination"] == "outside_city").sum()
    flow = years.groupby("year")[["open", "opened", "closed", "moved"]].sum()
    left = flow["open"] + flow["opened"] - flow["closed"] - flow["moved"]
    # What opens on 1 January is in both counts of that day.
    assert (left - flow["open"].shift(-1)).dropna().abs().max() <= 15


def test_panel_parts_add_up_and_dirt_is_counted(
    refined_sample: Project, counted: pd.Series, truth: dict[str, Any]
) -> None:
    dirt = truth["dirt"]["economy_panel"]
    zero = counted["economy_panel", "changed", "total of 0 in a quarter without districts, read as missing"]
    assert zero == dirt["totals_of_zero_without_districts"]
    away = "indicator about residents, hotels, prices or the nation: not about business"
    assert counted["economy_panel", "dropped", away] == dirt["indicators_not_of_business"]
    assert ("economy_panel", "flagged", "districts do not add up to the total") not in counted.index
    found = read_table(refined_sample, "sample", "district_establishments")
    parts = found[~found["industry_total"] & (found["area_kind"] == "council_district")]
    city = found[~found["industry_total"] & (found["area_kind"] == "city")].set_index(["industry", "quarter"])
    gap = parts.groupby(["industry", "quarter"])["employment"].sum() - city["employment"]
    assert gap.abs().max() <= 16
    assert parts.groupby(["quarter"])["industry"].nunique().eq(11).all()


def test_shift_share_finds_the_planted_effects_of_districts(refined_sample: Project, truth: dict[str, Any]) -> None:
    found = read_table(refined_sample, "sample", "district_establishments")
    found = found[~found["industry_total"]]
    wide = found.pivot(index=["area_id", "industry"], columns="quarter", values="employment")
    first, last = wide["2008-Q1"], wide["2016-Q4"]
    county = (last.xs("county") / first.xs("county")).rename("county")
    expected = (first * first.index.get_level_values("industry").map(county)).groupby("area_id").sum()
    regional = np.log(last.groupby("area_id").sum() / expected) / 8.75
    planted = pd.Series(truth["economy"]["competitive_effect_a_year"])
    assert np.abs(regional[planted.index] - planted).max() < 0.0012


def test_merchants_of_both_vintages(refined_sample: Project, counted: pd.Series, truth: dict[str, Any]) -> None:
    weekly = read_table(refined_sample, "sample", "merchants_weekly")
    home = weekly[weekly["is_home"]]
    assert home["area_name"].unique().tolist() == ["Meridia"]
    assert home.loc[home["area_kind"] == "city", "stands_for_county"].all()
    away = "county that is not in the list of names, or of another state"
    planted = truth["dirt"]["small_business_county"]["rows_of_other_states"]
    assert counted["small_business_county", "dropped", away] == planted
    daily = read_table(refined_sample, "sample", "merchants_daily_vintage")
    late = daily[daily["date"] >= pd.Timestamp("2020-12-01")]["revision"].dropna()
    assert late.between(0.15, 0.30).all()


def test_zip_areas_lie_where_they_were_put(refined_sample: Project, truth: dict[str, Any]) -> None:
    found = read_table(refined_sample, "sample", "merchants_zip")
    number = found["zcta"].str[2:].astype(int) - 10
    assert (found["area_id"] == [f"cd-{k // 4 + 1:02d}" for k in number]).all()
    assert len(found) >= 50
    assert found["revenue_april_2020"].isna().sum() <= truth["dirt"]["small_business_zip"]["april_is_a_dot"]


def test_repeats_of_citations_are_dropped(refined_sample: Project, counted: pd.Series, truth: dict[str, Any]) -> None:
    again = counted["covid_citations", "dropped", "row that equals another in every column"]
    assert again == truth["dirt"]["covid_citations"]["rows_twice"]
    found = read_table(refined_sample, "sample", "business_citations")
    assert (found["businesses"] <= found["citations"]).all()


def test_datasets_of_business_are_graded(refined_sample: Project) -> None:
    grades = quality(refined_sample, "sample").set_index("dataset")["grade"]
    for dataset in ("businesses_all", "businesses_active", "economy_panel", "small_business_city"):
        assert grades[dataset] in ("A", "B", "C"), dataset
