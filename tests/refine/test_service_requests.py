"""Requests for services: the dirt of the sample is found again, and the real rows lie where the City says."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from analysis.project import Project
from analysis.refine.building import refine_tables
from analysis.refine.service_requests import DATASETS, NOWHERE
from analysis.refine.storage import read_meta, read_table
from analysis.sample import TRUTH, write_sample
from refine_desk import new_desk

CLOSED_BEFORE = "closed before it was created: the time of closing is read as missing"
NO_POINT = "no coordinates: only the district that the City wrote into the row is known"


def counted(project: Project, source: str) -> dict[tuple[str, str], int]:
    meta = read_meta(project, source, "service_requests")
    assert meta is not None
    return {(one["dataset"], one["reason"]): one["rows"] for one in meta["accounting"]}


@pytest.fixture(scope="module")
def meridia(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_desk(tmp_path_factory.mktemp("requests") / "project").project
    write_sample(project)
    refine_tables(project, "sample", ["service_requests_daily"])
    return project


def test_the_planted_dirt_is_counted(meridia: Project) -> None:
    truth: dict[str, Any] = json.loads((meridia.raw("sample") / TRUTH).read_text(encoding="utf-8"))
    found = counted(meridia, "sample")
    for dataset in DATASETS:
        dirt = truth["dirt"][dataset]
        assert found.get((dataset, CLOSED_BEFORE), 0) == dirt["closed_before_created"]
        assert found[dataset, NO_POINT] == dirt["without_coordinates"] > 0


def test_points_lie_in_the_district_that_the_row_states(meridia: Project) -> None:
    rows = read_table(meridia, "sample", "service_requests")
    placed = rows[rows["area_id"].notna()]
    assert (placed["area_id"] == "cd-" + placed["stated_district"].str.zfill(2)).mean() > 0.995
    assert placed["geoid"].notna().all()


def test_slow_districts_are_as_slow_as_planted(meridia: Project) -> None:
    truth = json.loads((meridia.raw("sample") / TRUTH).read_text(encoding="utf-8"))["service_requests"]
    rows = read_table(meridia, "sample", "service_requests").query("area_id.notna() and closed.notna()")
    hours = (rows["closed"] - rows["created"]).dt.total_seconds()
    slow = rows["area_id"].isin(truth["slow_districts"])
    # Log standard deviation 0.8: the ratio of the medians of 800 and 3,200 rows has a standard error of 4 percent.
    assert hours[slow].median() / hours[~slow].median() == pytest.approx(truth["times_as_long"], rel=0.12)


def test_daily_counts_lose_no_request(meridia: Project) -> None:
    rows, daily = (read_table(meridia, "sample", name) for name in ("service_requests", "service_requests_daily"))
    assert daily["requests"].sum() == len(rows)
    assert daily["closed"].sum() == rows["closed"].notna().sum()
    assert NOWHERE not in set(daily["area_id"])
    mean = (daily["mean_hours_to_close"] * daily["closed"]).sum() / daily["closed"].sum()
    assert mean == pytest.approx((rows["closed"] - rows["created"]).dt.total_seconds().mean() / 3600, rel=1e-6)


@pytest.mark.portal
def test_the_real_rows(live: Project) -> None:
    rows = read_table(live, "live", "service_requests")
    found = counted(live, "live")
    # As the catalogue says of the editions that are held.
    assert len(rows) == 9_999 + 10_000 + 10_000
    assert [found.get((dataset, CLOSED_BEFORE), 0) for dataset in DATASETS] == [12, 23, 0]
    assert found["service_requests_2017", NO_POINT] == 1_753
    years = rows.groupby(rows["date"].dt.year).size()
    assert years.to_dict() == {2017: 9_999, 2018: 10_000, 2020: 10_000}


@pytest.mark.portal
def test_real_points_lie_in_the_district_that_the_city_wrote_down(live: Project) -> None:
    rows = read_table(live, "live", "service_requests").query("area_id.notna() and stated_district.notna()")
    agree = rows["area_id"] == "cd-" + rows["stated_district"].str.zfill(2)
    assert len(rows) > 28_000
    assert agree.mean() > 0.997
    tract = rows["geoid"].dropna()
    assert tract.str.startswith("06037").all()
    assert len(tract) / len(rows) > 0.999


@pytest.mark.portal
def test_real_daily_counts_lose_no_request(live: Project) -> None:
    daily: pd.DataFrame = read_table(live, "live", "service_requests_daily")
    assert daily["requests"].sum() == 29_999
    assert (daily["area_id"] == NOWHERE).mul(daily["requests"]).sum() < 30
