"""Squares with known overlaps: areas, shares, slivers and losses."""

from __future__ import annotations

from typing import Any

import pytest
from pyproj import Transformer

from analysis.catalog import city
from analysis.project import AnalysisError
from refine_desk import Desk


def square(desk: Desk, left: float, bottom: float, width: float, height: float) -> dict[str, Any]:
    """A rectangle in kilometres on the ground, as GeoJSON in longitude and latitude."""
    back = Transformer.from_crs(city(desk.project, "sample").projected_crs, "EPSG:4326", always_xy=True)
    corners = [(left, bottom), (left + width, bottom), (left + width, bottom + height), (left, bottom + height)]
    ring = [list(back.transform(1000 * x, 1000 * y)) for x, y in [*corners, corners[0]]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def town(desk: Desk) -> Desk:
    """Three tracts of 2 × 2 km in a row; two districts, one of which cuts the middle tract, and a bit of the third."""
    codes = ["99001000100", "99001000200", "99001000300"]
    desk.layer("tract_shapes_2010", [{"GEOID10": code, "LABEL": code[5:]} for code in codes],
               [square(desk, x, 0, 2, 2) for x in (0, 2, 4)])  # fmt: skip
    desk.layer("council_districts_2012", [{"DISTRICT": "2"}, {"DISTRICT": "1"}],
               [square(desk, 3, 0, 1.01, 2), square(desk, 0, 0, 3, 2)])  # fmt: skip
    west = square(desk, 0, 0, 2, 2)
    desk.layer("neighborhood_councils_2020",
               [{"Name": name, "region": "Bay"} for name in ("West/End", "West/End", "East")],
               [west, west, square(desk, 3, 0, 1, 1)])  # fmt: skip
    desk.layer("neighborhood_councils_2018", [{"Name": "West/End"}, {"Name": "Gone"}], [west, square(desk, 3, 0, 1, 1)])
    desk.census("sf1_2010", [*codes, "99001990100"], {"P001001": [100, 200, 400, 0]})
    desk.build("tract_areas")
    return desk


def test_areas_are_measured_on_the_ground(town: Desk) -> None:
    tracts, districts = town.read("tract_shapes"), town.read("council_districts")
    assert tracts["area_km2"].tolist() == pytest.approx([4, 4, 4], rel=1e-4)
    assert districts[["area_id", "name"]].to_numpy().tolist() == [
        ["cd-01", "Council District 1"], ["cd-02", "Council District 2"],
    ]  # fmt: skip
    assert districts["area_km2"].tolist() == pytest.approx([6, 2.02], rel=1e-4)
    assert tracts.crs.to_epsg() == 4326


def test_shares_of_tracts_add_up_and_people_follow_them(town: Desk) -> None:
    found = town.read("tract_areas").set_index(["geoid", "area_id"])
    assert found["weight_area"].to_dict() == pytest.approx(
        {("99001000100", "cd-01"): 1, ("99001000200", "cd-01"): 0.5, ("99001000200", "cd-02"): 0.5,
         ("99001000100", "nc-west-end"): 1, ("99001000200", "nc-east"): 0.25}, abs=1e-4)  # fmt: skip
    assert found.loc[("99001000200", "cd-01"), "people"] == pytest.approx(100, rel=1e-4)
    assert found.loc[("99001000100", "cd-01"), "weight_population"] == pytest.approx(0.5, rel=1e-4)
    assert found.groupby("area_id")["weight_population"].sum().tolist() == pytest.approx([1] * 4)
    assert (found["in_city"] == 1).all()


def test_what_is_lost_is_counted(town: Desk) -> None:
    counted = town.tallies("tract_areas")
    sliver = "sliver: less than 1 percent of the tract in a council district (2 people by area)"
    assert counted["tract_shapes_2010", "dropped", sliver] == 1
    assert counted["sf1_2010", "dropped", "tract of the census without an outline (0 residents in all)"] == 1
    outside = next(reason for _, action, reason in counted if action == "kept" and "outside the city" in reason)
    assert "400 residents" in outside


def test_a_council_that_stands_twice_is_kept_once(town: Desk) -> None:
    found = town.read("neighborhood_councils")
    assert found["area_id"].tolist() == ["nc-east", "nc-west-end"]
    assert found["in_2018"].tolist() == [False, True]
    same = "council that stands twice with the same outline"
    assert town.tallies("neighborhood_councils")["neighborhood_councils_2020", "dropped", same] == 1


def test_two_outlines_of_one_name_stop_the_build(town: Desk) -> None:
    town.layer("neighborhood_councils_2020", [{"Name": "East", "region": "Bay"}, {"Name": "East", "region": "Bay"}],
               [square(town, 0, 0, 2, 2), square(town, 2, 0, 2, 2)])  # fmt: skip
    with pytest.raises(AnalysisError, match="neighborhood_councils_2020: column 'Name' gives two outlines to 'East'"):
        town.build("neighborhood_councils")


def test_a_district_that_is_numbered_twice_stops_the_build(town: Desk) -> None:
    shape = square(town, 0, 0, 2, 2)
    town.layer("council_districts_2012", [{"DISTRICT": "2"}, {"DISTRICT": "2"}], [shape, shape])
    with pytest.raises(
        AnalysisError, match="council_districts_2012: column 'DISTRICT' must number every district once"
    ):
        town.build("council_districts")


def test_outlines_of_another_vintage_stop_the_crosswalk(town: Desk) -> None:
    town.census("sf1_2010", ["99001000100", "99001000200"], {"P001001": [1, 2]})
    with pytest.raises(AnalysisError, match=r"tract_shapes_2010: 1 of 3 tract codes are not 2010 tracts"):
        town.build("tract_areas")
