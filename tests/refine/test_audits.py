"""Questions about the data that no table answers: asked of planted rows, and of the real county's published totals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.project import Project
from analysis.refine import audits, quality
from analysis.refine.audits import Trap, last_day
from analysis.refine.registry import tables
from analysis.refine.storage import read_table
from refine_desk import DOLLARS, NEW, OLD, Desk


@pytest.fixture
def held(desk: Desk) -> Desk:
    desk.census_tracts()
    desk.build("tract_periods", "prices")
    return desk


@pytest.mark.parametrize(
    ("period", "day"),
    [("2018", "2018-12-31"), ("2020-02", "2020-02-29"), ("2021-02", "2021-02-28"), ("2020-08-29", "2020-08-29")],
)
def test_a_period_ends_with_its_last_day(period: str, day: str) -> None:
    assert last_day(period) == day


def test_the_catalogue_tells_what_is_held_and_what_is_not(held: Desk) -> None:
    found = audits.catalogue(held.project, "sample").set_index("dataset")
    assert found.loc["sf3_2000", "held"]
    assert not found.loc["crime_homeless_victims", "held"]
    assert found.loc["crime_homeless_victims", "sensitivity"] == "restricted"
    assert found["held"].sum() == 7


def test_age_is_counted_from_the_end_of_the_period_to_the_fetch(held: Desk) -> None:
    found = audits.recency(held.project, "sample").set_index("dataset")
    survey = found.loc["acs5_2018"]
    assert (survey["last"], survey["fetched"], survey["dated"]) == ("2018", "2020-01-01", False)
    assert survey["years"] == pytest.approx(366 / 365.25)
    assert survey["intervals"] == pytest.approx(1.0)
    assert np.isnan(found.loc["crosswalk_2000_2010", "intervals"])


def test_wider_limits_never_make_a_grade_worse(held: Desk) -> None:
    grades = [audits.regraded(factor, held.project, "sample").set_index("dataset")["grade"] for factor in (0.5, 1, 2)]
    assert grades[1].to_dict() == quality(held.project, "sample").set_index("dataset")["grade"].to_dict()
    assert (grades[0] >= grades[1]).all()
    assert (grades[1] >= grades[2]).all()
    assert (grades[0] > grades[2]).any()


def test_nobody_is_lost_where_all_shares_are_there(held: Desk) -> None:
    found = audits.conservation(held.project, "sample").set_index("vintage")
    assert found["lost"].tolist() == [0, 0]
    assert (found["recovered"] == len(NEW)).all()
    assert (found["whole"] == len(OLD) - 1).all()  # nobody lives in the fourth, so it has no shares
    assert (found["matched"] == found["checked"]).all()


def test_people_of_a_tract_that_the_file_bends_are_missed(desk: Desk) -> None:
    truth = desk.census_tracts()
    desk.crosswalk("2000", truth["2000"], bent=NEW[0])
    desk.build("tract_periods")
    found = audits.conservation(desk.project, "sample").set_index("vintage")
    assert found.loc["2000", "lost"] != 0
    assert found.loc["2000", "recovered"] == len(NEW) - 1
    assert found.loc["2000", "matched"] < found.loc["2000", "checked"]
    assert found.loc["1990", "lost"] == 0


def test_bounds_are_the_medians_of_the_parts_and_the_flaw_is_their_scaled_sum(held: Desk) -> None:
    found = audits.median_bounds(held.project, "sample")
    rents = found[(found["vintage"] == "2000") & (found["measure"] == "median_gross_rent")].set_index("geoid")
    low, middle, high = DOLLARS[1]
    assert rents.loc[NEW[0], ["lowest", "highest", "parts", "as_counts"]].tolist() == [low, low, 1, low]
    assert rents.loc[NEW[1], "as_counts"] == pytest.approx(middle / 4)
    assert rents.loc[NEW[2], ["lowest", "highest", "parts"]].tolist() == [middle, high, 2]
    assert rents.loc[NEW[2], "as_counts"] == pytest.approx(0.75 * middle + high)
    held_medians = read_table(held.project, "sample", "tract_periods").set_index(["period", "geoid"])
    restored = held_medians.loc["2000", "median_gross_rent"].reindex(rents.index)
    assert ((rents["lowest"] <= restored) & (restored <= rents["highest"])).all()
    published = held_medians.loc["2000", "median_gross_rent_udp"].reindex(rents.index)
    assert published.to_numpy() == pytest.approx(rents["as_counts"].to_numpy())


def test_the_trap_counts_codes_and_people_that_a_join_would_drop(held: Desk) -> None:
    assert audits.vintage_trap(held.project, "sample") is None
    held.census("sf1_2010", NEW, {"P001001": [1, 2, 3, 4]})
    later = [NEW[0], NEW[1], "99001000299", "99001000401"]
    held.census("acs5_2020", later, {"B01003_001E": [100, 200, 300, 400]})
    assert audits.vintage_trap(held.project, "sample") == Trap(4, 4, new=2, gone=2, people=1000, people_lost=700)


def notebook(folder: Path, name: str, *cells: str) -> None:
    written = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": written}), encoding="utf-8")


def test_papers_use_what_they_load_by_name_and_what_that_rests_on(desk: Desk) -> None:
    folder = desk.project.notebooks
    notebook(folder, "01_rents_and_homes", '%matplotlib inline\nrents = load("tract_periods")', 'load("no_such_table")')
    notebook(folder, "02_all", "tables = {name: load(name) for name in names}", "this is no Python", 'load("prices")')
    (folder / "03_broken.ipynb").write_text("{", encoding="utf-8")
    notebook(folder, "draft", 'load("prices")')
    found = audits.papers(desk.project)
    assert found.to_records(index=False).tolist() == [
        ("01_rents_and_homes", "01 Rents and homes", "tract_crosswalk"),
        ("01_rents_and_homes", "01 Rents and homes", "tract_periods"),
        ("02_all", "02 All", "prices"),
    ]
    assert set(found["table"]) <= set(tables())


@pytest.mark.portal
def test_the_published_totals_of_the_county_are_counted_and_few_are_lost(live: Project) -> None:
    """Los Angeles County: 8,863,164 residents in 1990 and 9,519,338 in 2000 (Census Bureau)."""
    found = audits.conservation(live, "live").set_index("vintage")
    assert found["counted"].to_dict() == {"1990": 8_863_164, "2000": 9_519_338}
    assert (found["lost"] >= 0).all()
    assert (found["lost"] < 0.001 * found["counted"]).all()
    assert (found["whole"] > 0.98 * found["old_tracts"]).all()
    assert (found["matched"] > 0.97 * found["checked"]).all()


@pytest.mark.portal
def test_the_vintage_trap_of_the_real_county(live: Project) -> None:
    found = audits.vintage_trap(live, "live")
    assert found is not None
    assert (found.tracts_2010, found.tracts_2020, found.new, found.gone) == (2346, 2498, 476, 324)
    assert 0.1 < found.people_lost / found.people < 0.2


@pytest.mark.portal
def test_nearly_all_published_medians_are_what_counting_them_gives(live: Project) -> None:
    periods = read_table(live, "live", "tract_periods").set_index(["period", "geoid"])
    bounds = audits.median_bounds(live, "live").set_index(["vintage", "measure", "geoid"])["as_counts"].sort_index()
    published = periods.loc["2000", "median_gross_rent_udp"].dropna()
    scaled = bounds.loc["2000", "median_gross_rent"].reindex(published.index)
    known = scaled.notna()
    assert isinstance(known, pd.Series)
    assert ((published - scaled).abs()[known] <= 1).mean() > 0.99
