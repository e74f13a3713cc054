"""Business data of Los Angeles through the same code: what the publishers' files say, and what they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.project import Project
from analysis.refine import accounting, available, missing_datasets
from analysis.refine.storage import read_table

pytestmark = pytest.mark.portal


def of_live(project: Project, table: str) -> pd.DataFrame:
    found: pd.DataFrame = read_table(project, "live", table)
    return found


def test_the_register_is_not_there_and_says_so(live: Project) -> None:
    assert not available("business_spells", live, "live")
    assert missing_datasets("business_years", live, "live") == ["businesses_active", "businesses_all"]
    assert available("district_establishments", live, "live")


def test_every_total_of_the_panel_is_the_sum_of_its_districts(live: Project) -> None:
    counted = accounting(live, "live").set_index(["dataset", "action", "reason"])["rows"]
    assert counted["economy_panel", "kept", "total that its districts add up to, within rounding"] == 1662
    assert ("economy_panel", "flagged", "districts do not add up to the total") not in counted.index
    assert counted["economy_panel", "changed", "total of 0 in a quarter without districts, read as missing"] == 8
    economy = of_live(live, "district_economy")
    assert economy["area_id"].nunique() == 15 + 4
    taxes = economy[(economy["measure"] == "business_tax_payments") & (economy["period"] == "2016")]
    # 509.6 million dollars in 2016, 64.8 million of them from nowhere in particular.
    assert taxes.set_index("area_id")["value"][["city", "unlocated"]].tolist() == [509_600_000, 64_775_346]
    receipts = economy[(economy["measure"] == "sales_tax_receipts") & (economy["area_id"] == "city")]
    assert receipts["period"].tolist() == [f"FY{year}" for year in range(2009, 2017)]
    assert receipts["value"].between(370e6, 510e6).all()


def test_the_joint_industry_makes_the_city_whole(live: Project) -> None:
    found = of_live(live, "district_establishments")
    parts = found[~found["industry_total"]]
    city = parts[parts["area_kind"] == "city"].groupby("quarter")["employment"].sum()
    total = found[found["industry_total"] & (found["area_kind"] == "city")].set_index("quarter")["employment"]
    assert (city - total).dropna().abs().max() <= 8
    assert parts[parts["area_kind"] == "council_district"].groupby(["area_id", "quarter"]).size().eq(11).all()
    # Private jobs in the city, fourth quarter of 2016, as the sheet prints them.
    assert total["2016-Q4"] == 1_392_308


def test_changes_of_establishments_overlap_as_changes_over_a_year_do(live: Project) -> None:
    found = of_live(live, "district_establishments")
    change = found[found["industry_total"] & (found["area_kind"] == "council_district")]
    wide = change.pivot(index="quarter", columns="area_id", values="establishments_change").dropna()
    assert (wide.index[0], wide.index[-1]) == ("2009-Q1", "2016-Q4")
    lags = [np.mean([wide[name].autocorr(lag) for name in wide]) for lag in (1, 2, 3, 4)]
    # Sums of four independent quarters share 3, 2 and 1 of them with those one to three later.
    assert lags[0] > 0.75
    assert lags[0] > lags[1] > lags[2] > lags[3]
    employment = found[found["employment"].notna() & (found["area_kind"] == "city")]["quarter"].min()
    assert employment == "2008-Q1"


def test_los_angeles_in_the_tracker_is_its_county(live: Project) -> None:
    weekly = of_live(live, "merchants_weekly")
    home = weekly[weekly["is_home"]]
    assert sorted(home["area_id"].unique()) == ["city-01", "county-06037"]
    assert home.loc[home["area_kind"] == "city", "stands_for_county"].all()
    assert weekly.groupby("area_kind")["area_id"].nunique().to_dict() == {"city": 53, "county": 33}
    week = home[(home["area_kind"] == "city") & (home["week"] == "2020-05-03")]
    assert week[["merchants", "revenue"]].to_numpy().tolist() == [[0.736, 0.544]]


def test_what_the_vintage_of_2021_said_was_mostly_revised_away(live: Project) -> None:
    daily = of_live(live, "merchants_daily_vintage")
    day = daily[daily["is_home"] & (daily["date"] == "2020-12-13")]
    assert day[["merchants_2021", "merchants_last"]].round(4).to_numpy().tolist() == [[0.68, 0.9231]]
    assert daily.groupby("area_id")["revision"].mean().gt(0.05).all()


def test_zip_areas_of_the_city(live: Project) -> None:
    found = of_live(live, "merchants_zip").set_index("zcta")
    assert len(found) == 98
    assert found["area_id"].nunique() == 15
    # Venice lies in district 11, Sylmar in 7, San Pedro in 15 (districts of 2012).
    assert found.loc[["90291", "91342", "90731"], "area_id"].tolist() == ["cd-11", "cd-07", "cd-15"]


def test_citations(live: Project) -> None:
    found = of_live(live, "business_citations")
    assert found["citations"].sum() == 1476 - 9
    assert found.groupby("kind")["citations"].sum().idxmax() == "Restaurants and bars"
    counted = accounting(live, "live").set_index(["dataset", "action", "reason"])["rows"]
    assert counted["covid_citations", "dropped", "row that equals another in every column"] == 9
