"""Merchants and citations from rows made by hand: dots, whose series it is, two vintages, ZIP areas, no names."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.project import AnalysisError
from refine_desk import Desk

SQUARE = {"type": "Polygon", "coordinates": [[[-128.1, 33.0], [-128.0, 33.0], [-128.0, 33.1], [-128.1, 33.1],
                                             [-128.1, 33.0]]]}  # fmt: skip
EAST = {"type": "Polygon", "coordinates": [[[-128.0, 33.0], [-127.9, 33.0], [-127.9, 33.1], [-128.0, 33.1],
                                           [-128.0, 33.0]]]}  # fmt: skip


def week(day: int, area: dict[str, str], merchants: str, revenue: str = "-.1") -> dict[str, str]:
    return {"year": "2020", "month": "3", "day_endofweek": str(day), **area, "merchants_all": merchants,
            "revenue_all": revenue}  # fmt: skip


def lay(desk: Desk, county: tuple[str, str] = ("-.25", "-.5"), home: str = "Meridia") -> None:
    ids = [("1", home, "Meridia Territory"), ("2", "Oldwater", "Highmere")]
    desk.table("city_ids", [{"cityid": number, "cityname": name, "statename": state, "city_pop2019": "100"}
                            for number, name, state in ids])  # fmt: skip
    counties = [("99001", "Meridia"), ("99003", "Tamsin"), ("98001", "Far")]
    desk.table("county_ids", [{"countyfips": fips, "countyname": name, "statename": "X", "county_pop2019": "100"}
                              for fips, name in counties])  # fmt: skip
    desk.table("small_business_city", [
        week(15, {"cityid": "1"}, "-.25"), week(22, {"cityid": "1"}, "-.5"), week(15, {"cityid": "2"}, ".125", "."),
        week(15, {"cityid": "2"}, ".5"), week(15, {"cityid": "77"}, "0"),
    ])  # fmt: skip
    desk.table("small_business_county", [
        *(week(15 + 7 * k, {"countyfips": "99001"}, county[k]) for k in range(2)),
        week(15, {"countyfips": "99003"}, "0"), week(15, {"countyfips": "98001"}, "0"),
    ])  # fmt: skip
    sectors = {f"merchants_ss{name}": "." for name in ("40", "60", "65", "70")}
    desk.table("small_business_city_daily_2020", [
        {"year": "2020", "month": "3", "day": day, "cityid": "1", "merchants_all": value, **sectors}
        for day, value in (("21", "-.4"), ("22", "-.75"))
    ])  # fmt: skip


def test_changes_are_indexes_and_a_dot_is_missing(desk: Desk) -> None:
    lay(desk)
    desk.build("merchants_weekly")
    found = desk.read("merchants_weekly").set_index(["area_id", "week"])
    assert found["merchants"].tolist() == [0.75, 0.5, 1.125, 0.75, 0.5, 1.0]
    assert found["revenue"].isna().sum() == 1
    assert found.index.get_level_values(0).tolist() == ["city-01"] * 2 + ["city-02"] + ["county-99001"] * 2 + [
        "county-99003"
    ]
    assert found["is_home"].tolist() == [True, True, False, True, True, False]
    counted = desk.tallies("merchants_weekly")
    assert counted["small_business_city", "dropped", "area and week stand again: the first row is kept"] == 1
    assert counted["small_business_city", "flagged", "no revenue published (a dot)"] == 1
    away = "that is not in the list of names, or of another state"
    assert counted["small_business_city", "dropped", f"city {away}"] == 1
    assert counted["small_business_county", "dropped", f"county {away}"] == 1


@pytest.mark.parametrize(("county", "same"), [(("-.25", "-.5"), True), (("-.25", "-.4"), False)])
def test_a_city_that_is_its_county_is_said_to_be(desk: Desk, county: tuple[str, str], same: bool) -> None:
    lay(desk, county)
    desk.build("merchants_weekly")
    found = desk.read("merchants_weekly")
    assert found.loc[found["area_id"] == "city-01", "stands_for_county"].tolist() == [same, same]
    assert not found.loc[found["area_id"] != "city-01", "stands_for_county"].any()


def test_a_city_that_is_not_listed_stops_the_build(desk: Desk) -> None:
    lay(desk, home="Meridia Heights")
    with pytest.raises(AnalysisError, match="Meridia, Meridia Territory stands 0 times"):
        desk.build("merchants_weekly")


def test_both_vintages_stand_side_by_side(desk: Desk) -> None:
    lay(desk)
    desk.build("merchants_daily_vintage")
    found = desk.read("merchants_daily_vintage")
    assert found["merchants_2021"].tolist() == [0.6, 0.25]
    assert found["merchants_last"].isna().tolist() == [True, False]
    assert found["revision"].dropna().tolist() == [0.25]


def certificates(code: str, west: int, east: int) -> list[dict[str, Any]]:
    return [{"cofo_number": f"{code}{k}", "zip_code": code, "lat": "33.05", "lon": "-128.05" if k < west else "-127.95"}
            for k in range(west + east)]  # fmt: skip


def test_zip_areas_are_placed_by_the_city_s_certificates_or_not_at_all(desk: Desk) -> None:
    desk.layer("council_districts_2012", [{"DISTRICT": "1"}, {"DISTRICT": "2"}], [SQUARE, EAST])
    rows = [*certificates("99010", 3, 9), *certificates("99011", 12, 0), *certificates("99012", 9, 0)]
    rows += [rows[0], {"cofo_number": "x", "zip_code": "99011", "lat": "0", "lon": "0"}]
    desk.socrata("certificates_of_occupancy", rows)
    desk.table("small_business_zip", [
        {"zcta": code, "revenue_all_apr2020": april, "revenue_all_jul2020": "0"}
        for code, april in (("99010", "-.5"), ("99011", "."), ("99012", "-.9"), ("1001", "-.9"))
    ])  # fmt: skip
    desk.build("merchants_zip")
    found = desk.read("merchants_zip").set_index("zcta")
    assert found[["area_id", "district_share", "certificates"]].to_numpy().tolist() == [
        ["cd-02", 0.75, 12], ["cd-01", 1.0, 12]
    ]  # fmt: skip
    assert found["revenue_april_2020"].isna().tolist() == [False, True]
    counted = desk.tallies("merchants_zip")
    assert counted["certificates_of_occupancy", "dropped", "certificate stands again"] == 1
    assert counted["certificates_of_occupancy", "flagged", "ZIP code with fewer than 10 certificates: not placed"] == 1


def test_citations_are_counted_and_no_name_is_kept(desk: Desk) -> None:
    place = {"Address": "1 LANTERN WAY ", "City": "LOOMIS TOR", "Description": "RESTAURANT (0-30) SEATS LOW RISK"}
    days = [("07/01/2020", "A"), ("07/09/2020", "A"), ("07/09/2020", "B"), ("08/02/2020", "B")]
    rows = [{"Activity Date": day, "Name": name, **place} for day, name in days]
    desk.table("covid_citations", [*rows, rows[0]])
    desk.build("business_citations")
    found = desk.read("business_citations")
    assert found[["citations", "businesses"]].to_numpy().tolist() == [[3, 2], [1, 1]]
    assert found["postal_city"].unique().tolist() == ["Loomis Tor"]
    assert set(found.columns) == {"month", "postal_city", "kind", "citations", "businesses"}
    counted = desk.tallies("business_citations")
    assert counted["covid_citations", "dropped", "row that equals another in every column"] == 1
