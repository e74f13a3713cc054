"""The economy panel from rows made by hand: which row is whose total, over how long, in which unit."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.project import AnalysisError
from refine_desk import Desk

JOINT = "Education, health and other services"


def row(indicator: str, district: object, value: float, quarter: str | None = "2010-04", **more: Any) -> dict[str, Any]:
    dates = {"cy_qtr": quarter, "calendar_year": int(quarter[:4]), "fiscal_year": 2011} if quarter else {}
    return {"indicator": indicator, "council_district": district, "value": value, "locality": "MERIDIA CITY",
            **dates, **more}  # fmt: skip


def jobs(industry: str, district: object, value: float) -> dict[str, Any]:
    return row("PRIVATE EMPLOYMENT BY INDUSTRY", district, value, sub_indicator=industry,
               unit_text="SEASONALLY ADJUSTED")  # fmt: skip


SPLIT = [
    jobs("RETAIL TRADE", 1, 100), jobs("RETAIL TRADE", 9, 50), jobs("RETAIL TRADE", "CITY TOTAL", 150),
    jobs("EDUCATION/HEALTH", 1, 200), jobs("EDUCATION/HEALTH", "CITY TOTAL", 200),
    jobs("OTHER SVCS.", 1, 30), jobs("OTHER SVCS.", "CITY TOTAL", 30),
    jobs("EDUCATION/HEALTH AND OTHER", 9, 80), jobs("EDUCATION/HEALTH AND OTHER", "CITY TOTAL", 80),
    row("TOTAL PRIVATE EMPLOYMENT", 1, 330), row("TOTAL PRIVATE EMPLOYMENT", 9, 130),
    row("TOTAL PRIVATE EMPLOYMENT", "CITY TOTAL", 460),
    row("ESTABLISHMENT CHANGE BY INDUSTRY", 1, -3, sub_indicator="RETAIL TRADE"),
]  # fmt: skip


def test_one_district_s_joint_industry_is_joined_everywhere_and_the_total_is_whole_again(desk: Desk) -> None:
    desk.sheet("economy_panel", SPLIT)
    desk.build("district_establishments")
    found = desk.read("district_establishments").set_index(["area_id", "industry"])
    assert found["employment"].to_dict() == {
        ("cd-01", JOINT): 230, ("cd-01", "Retail trade"): 100, ("cd-01", "Total private"): 330,
        ("cd-09", JOINT): 80, ("cd-09", "Retail trade"): 50, ("cd-09", "Total private"): 130,
        ("city", JOINT): 310, ("city", "Retail trade"): 150, ("city", "Total private"): 460,
    }  # fmt: skip
    assert found.loc[("cd-01", "Retail trade"), "establishments_change"] == -3
    assert found["establishments_change"].notna().sum() == 1
    assert found["industry_total"].tolist() == [industry == "Total private" for _, industry in found.index]


def test_half_of_a_joint_industry_stops_the_build(desk: Desk) -> None:
    desk.sheet("economy_panel", [each for each in SPLIT if each["value"] != 30])
    with pytest.raises(AnalysisError, match=r"in part or twice for .*cd-01"):
        desk.build("district_establishments")


def test_units_periods_and_areas(desk: Desk) -> None:
    desk.sheet("economy_panel", [
        row("TAXABLE SALES", "CITY TOTAL", 7000.5, sub_indicator="TOTAL", unit_text="THOUSANDS, SEASONALLY ADJUSTED"),
        row("TAXABLE SALES", None, 9000, sub_indicator="TOTAL", locality="STATE OF MERIDIA TERRITORY"),
        row("TAXABLE SALES RECEIPTS", 3, 12.5, None, fiscal_year=2009, unit_text="THOUSANDS"),
        row("TAXABLE SALES RECEIPTS", "City", 12.5, None, fiscal_year=2009, unit_text="THOUSANDS"),
        row("GROSS RECEIPTS TAX PAYMENTS", 3, 40, None, calendar_year=2006),
        row("GROSS RECEIPTS TAX PAYMENTS", 99, 60, None, calendar_year=2006),
        row("GROSS RECEIPTS TAX PAYMENTS", "CITY TOTAL", 100, None, calendar_year=2006),
        row("POPULATION", 3, 1000, None, calendar_year=2012),
        row("TAXABLE SALES", None, 1, sub_indicator="TOTAL", locality="NATION"),
    ])  # fmt: skip
    desk.build("district_economy")
    found = desk.read("district_economy").set_index(["measure", "area_id"])
    assert found["value"].to_dict() == {
        ("business_tax_payments", "cd-03"): 40, ("business_tax_payments", "city"): 100,
        ("business_tax_payments", "unlocated"): 60, ("sales_tax_receipts", "cd-03"): 12_500,
        ("sales_tax_receipts", "city"): 12_500, ("taxable_sales", "city"): 7_000_500,
        ("taxable_sales", "state"): 9_000_000,
    }  # fmt: skip
    assert found["period"].unique().tolist() == ["2006", "FY2009", "2010-Q4"]
    assert str(found.loc[("sales_tax_receipts", "city"), "period_start"].date()) == "2008-07-01"
    # What could not be placed belongs to the whole: with it the parts add up.
    assert found.loc[("business_tax_payments", "city"), "parts_gap"] == 0
    counted = desk.tallies("district_economy")
    assert counted["economy_panel", "dropped", "another place"] == 1


def test_a_total_without_parts_is_not_a_zero_and_parts_that_miss_it_are_counted(desk: Desk) -> None:
    desk.sheet("economy_panel", [
        row("SINGLE-FAMILY PERMITS", "CITY TOTAL", 0, "2006-01"),
        row("SINGLE-FAMILY PERMITS", "CITY TOTAL", 25, "2006-02"),
        row("SINGLE-FAMILY PERMITS", 1, 30, "2006-03"), row("SINGLE-FAMILY PERMITS", 2, 50, "2006-03"),
        row("SINGLE-FAMILY PERMITS", "CITY TOTAL", 100, "2006-03"),
        row("SINGLE-FAMILY PERMITS", 1, 0, "2006-04"), row("SINGLE-FAMILY PERMITS", "CITY TOTAL", 0, "2006-04"),
    ])  # fmt: skip
    desk.build("district_economy")
    found = desk.read("district_economy").query("area_id == 'city'").set_index("period")
    assert found["value_flag"].tolist() == ["missing_zero", "without_parts", "parts_differ", "ok"]
    assert found["value"].isna().tolist() == [True, False, False, False]
    assert found["parts_gap"].dropna().to_dict() == {"2006-Q3": -20, "2006-Q4": 0}


def test_a_district_nobody_knows_stops_the_build(desk: Desk) -> None:
    desk.sheet("economy_panel", [jobs("RETAIL TRADE", "CITYWIDE", 3)])
    with pytest.raises(AnalysisError, match="'CITYWIDE', which is neither a number nor a known word"):
        desk.build("district_economy")
