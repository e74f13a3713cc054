"""Stays of businesses from rows made by hand: what is a move, who was watched from when, what cannot be."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analysis.project import AnalysisError
from analysis.refine.businesses import digest, kept_from
from refine_desk import Desk

SQUARE = {"type": "Polygon", "coordinates": [[[-128.1, 33.0], [-128.0, 33.0], [-128.0, 33.1], [-128.1, 33.1],
                                             [-128.1, 33.0]]]}  # fmt: skip
EAST = {"type": "Polygon", "coordinates": [[[-128.0, 33.0], [-127.9, 33.0], [-127.9, 33.1], [-128.0, 33.1],
                                           [-128.0, 33.0]]]}  # fmt: skip
WEST_POINT = {"latitude": "33.05", "longitude": "-128.05"}
EAST_POINT = {"latitude": "33.05", "longitude": "-127.95"}


def stay(
    account: int, place: int, start: str | None, end: str | None = None, point: Any = WEST_POINT, **more: str
) -> dict[str, Any]:
    days = {name: f"{day}T00:00:00.000" for name, day in
            (("location_start_date", start), ("location_end_date", end)) if day}  # fmt: skip
    spot = {"location": point} if point else {}
    row = {"location_account": f"{account:010d}-{place:04d}-1", "naics": "722110", "council_district": "1", **more}
    return {**row, **days, **spot}


def ordinary() -> list[dict[str, Any]]:
    """Two ends in every year from 2000 on, so that the register is seen to keep them."""
    return [stay(9000 + 2 * year + k, 1, f"{year - 1}-05-01", f"{year}-02-0{k + 1}")
            for year in range(2000, 2020) for k in range(2)]  # fmt: skip


def built(desk: Desk, *rows: dict[str, Any], active: list[dict[str, Any]] | None = None) -> pd.DataFrame:
    everything = [*ordinary(), *rows]
    blank = {name: None for row in everything for name in row}
    desk.socrata("businesses_all", [{**blank, **everything[0]}, *everything[1:]])
    still = [row for row in everything if "location_end_date" not in row]
    desk.socrata("businesses_active", active if active is not None else still or [stay(1, 1, "2001-01-01")])
    desk.layer("council_districts_2012", [{"DISTRICT": "1"}, {"DISTRICT": "2"}], [SQUARE, EAST])
    codes = ["99001000100", "99001000200"]
    desk.layer("tract_shapes_2010", [{"GEOID10": code, "LABEL": code[5:]} for code in codes], [SQUARE, EAST])
    desk.build("business_spells")
    found: pd.DataFrame = desk.read("business_spells")
    return found


def of(found: pd.DataFrame, account: int) -> pd.DataFrame:
    return found[found["business"] == digest(f"{account:010d}")].sort_values("start")


@pytest.mark.parametrize(("gap", "event"), [("2010-03-01", "moved"), ("2010-04-10", "moved"), ("2010-05-01", "closed"),
                                            ("2010-02-10", "moved"), ("2009-12-01", "closed")])  # fmt: skip
def test_a_move_is_an_end_and_a_start_nearby_in_time(desk: Desk, gap: str, event: str) -> None:
    found = of(built(desk, stay(1, 1, "2005-01-01", "2010-03-01"), stay(1, 2, gap, point=EAST_POINT)), 1)
    assert found["event"].tolist() == [event, "open"]
    assert found["destination"].tolist() == ["other_district" if event == "moved" else "none", "none"]
    assert found["area_id"].tolist() == ["cd-01", "cd-02"]
    assert found["geoid"].tolist() == ["99001000100", "99001000200"]


def test_one_place_is_moved_to_once_and_a_branch_is_no_move(desk: Desk) -> None:
    rows = [stay(1, 1, "2003-01-01", "2010-03-01"), stay(1, 2, "2004-01-01", "2010-03-02"), stay(1, 3, "2010-03-05")]
    assert of(built(desk, *rows), 1)["event"].tolist() == ["closed", "moved", "open"]


def test_a_move_out_of_the_city_is_known_and_its_place_is_not_listed(desk: Desk) -> None:
    rows = [stay(1, 1, "2003-01-01", "2010-03-01"), stay(1, 2, "2010-03-01", point=None, council_district="0")]
    found = of(built(desk, *rows), 1)
    assert found[["event", "destination"]].to_numpy().tolist() == [["moved", "outside_city"]]
    assert desk.tallies("business_spells")["businesses_all", "dropped", "location outside the city"] == 1


def test_who_is_older_than_the_register_was_watched_from_its_beginning(desk: Desk) -> None:
    rows = [stay(1, 1, "1970-06-01", "2010-03-01"), stay(2, 1, "1900-01-01", "2003-01-01"), stay(3, 1, "1985-01-01",
            "1991-01-01"), stay(4, 1, "2015-01-01")]  # fmt: skip
    found = built(desk, *rows)
    old, unknown, gone, young = (of(found, account) for account in (1, 2, 3, 4))
    assert old[["start_flag", "legacy"]].to_numpy().tolist() == [["before_register", True]]
    assert str(old["entry"].iloc[0].date()) == "2000-01-01"
    assert unknown["start"].isna().all()
    assert unknown[["start_flag", "known_since_flag", "legacy"]].to_numpy().tolist() == [["missing", "at_least", False]]
    assert gone.empty
    assert (young["entry"] == young["start"]).all()
    assert young["event"].tolist() == ["open"]
    assert str(young["end"].iloc[0].date()) == "2020-01-01"


def test_what_cannot_be_is_dropped_and_what_is_still_to_come_is_open(desk: Desk) -> None:
    rows = [stay(1, 1, "2005-01-01", "2004-01-01"), stay(2, 1, "2021-01-01"), stay(3, 1, "2005-01-01", "2020-06-01"),
            stay(4, 1, "2005-01-01"), {**stay(4, 1, "2005-01-01"), "dba_name": "AGAIN"}]  # fmt: skip
    found = built(desk, *rows)
    counted = desk.tallies("business_spells")
    assert counted["businesses_all", "dropped", "end before start"] == 1
    assert counted["businesses_all", "dropped", "start after the day of the fetch"] == 1
    assert counted["businesses_all", "dropped", "location stands again: the first row is kept"] == 1
    assert [len(of(found, account)) for account in (1, 2, 3, 4)] == [0, 0, 1, 1]
    assert of(found, 3)["event"].tolist() == ["open"]


def test_a_point_at_zero_is_none_and_the_office_has_the_word_only_without_one(desk: Desk) -> None:
    zero = {"latitude": "0.0", "longitude": "0.0"}
    rows = [stay(1, 1, "2005-01-01", point=zero, council_district="2"), stay(2, 1, "2005-01-01", council_district="2"),
            stay(3, 1, "2005-01-01", point={"latitude": "40.0", "longitude": "-100.0"})]  # fmt: skip
    found = built(desk, *rows)
    assert of(found, 1)[["area_id", "place_flag"]].to_numpy().tolist() == [["cd-02", "listed"]]
    assert of(found, 1)["geoid"].isna().all()
    assert of(found, 2)[["area_id", "place_flag"]].to_numpy().tolist() == [["cd-01", "point"]]
    assert of(found, 3).empty


def test_a_listing_that_calls_the_ended_active_is_counted(desk: Desk) -> None:
    rows = [stay(1, 1, "2005-01-01", "2010-01-01"), stay(2, 1, "2005-01-01")]
    built(desk, *rows, active=[stay(1, 1, "2005-01-01")])
    counted = desk.tallies("business_spells")
    ended = "active here, ended in the listing of all businesses: taken as ended"
    assert counted["businesses_active", "flagged", ended] == 1
    opened = "open in the listing of all businesses, not active here: taken as open"
    assert counted["businesses_active", "flagged", opened] == 1


def test_a_new_form_of_points_stops_the_build(desk: Desk) -> None:
    with pytest.raises(AnalysisError, match="1 values without latitude and longitude"):
        built(desk, stay(1, 1, "2005-01-01", point={"type": "Point", "coordinates": [-128.05, 33.05]}))


def test_a_register_without_ends_says_so() -> None:
    with pytest.raises(AnalysisError, match="no location has an end"):
        kept_from(pd.Series(pd.to_datetime([None, None])))


def test_years_add_up_to_the_stays(desk: Desk) -> None:
    rows = [stay(1, 1, "2003-01-01", "2010-03-01"), stay(1, 2, "2010-03-01", point=EAST_POINT)]
    spells = built(desk, *rows)
    desk.build("business_years")
    years = desk.read("business_years")
    assert years["closed"].sum() == (spells["event"] == "closed").sum()
    assert years["moved"].sum() == (spells["event"] == "moved").sum() == 1
    assert years["opened"].sum() == (spells["start_flag"] != "missing").sum() - (spells["start"] < "2000-01-01").sum()
    last = years[years["year"] == 2020]
    assert last["open"].sum() == (spells["event"] == "open").sum()
