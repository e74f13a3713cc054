"""Grades by stated rules, and what notebook 00 reads about the data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis.catalog import load_catalog
from analysis.project import AnalysisError, current_project
from analysis.refine import accounting, dictionary, holdings, lineage, quality
from analysis.refine.grading import CRITERIA, intervals_late, judge, read_rules
from analysis.refine.profiles import measure
from analysis.refine.registry import tables
from refine_desk import ROOT, Desk

RULES = read_rules(ROOT / "data" / "catalog" / "quality.yml")
CLEAN = dict.fromkeys(CRITERIA, 0.0)


def test_nothing_against_it_is_an_a() -> None:
    assert judge(RULES, "x", CLEAN).grade == "A"


@pytest.mark.parametrize(
    ("criterion", "value", "grade"),
    [
        ("key_missing", 0.004, "B"), ("key_missing", 0.02, "C"), ("key_missing", 0.06, "D"),
        ("repeated", 0.023, "C"), ("revised", 0.01, "B"), ("altered", 0.046, "B"), ("altered", 0.67, "D"),
        ("late", 3.0, "A"), ("late", 11.0, "C"), ("unhandled_dirt", 1.0, "B"), ("empty", 0.38, "C"),
    ],
)  # fmt: skip
def test_the_worst_criterion_decides_and_is_named(criterion: str, value: float, grade: str) -> None:
    found = judge(RULES, "x", {**CLEAN, "revised": 0.001, criterion: value})
    assert found.grade == max(grade, "B")
    if grade > "B":
        said = next(one.says for one in RULES.criteria if one.name == criterion)
        assert found.reason == said.format(value=value)


def test_rules_that_do_not_rise_or_lack_a_criterion_are_refused(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "data" / "catalog" / "quality.yml").read_text())
    content["criteria"]["late"]["limits"] = [3, 1, 9]
    (tmp_path / "falling.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(AnalysisError, match="late: 'limits' must be three numbers that rise"):
        read_rules(tmp_path / "falling.yml")
    del content["criteria"]["late"]
    (tmp_path / "short.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(AnalysisError, match="'criteria' must be exactly"):
        read_rules(tmp_path / "short.yml")


def test_late_is_measured_against_the_promise_and_never_against_the_clock(desk: Desk) -> None:
    entry = load_catalog(desk.project)["covid_city_cases"]
    days = {"daily": 1}
    promised = str(entry.period.end)
    assert intervals_late(entry, promised, "2031-01-01", days) == 0
    assert (
        intervals_late(entry, "2023-11-20", "2031-01-01", days)
        == (pd.Timestamp(promised) - pd.Timestamp("2023-11-20")).days
    )
    assert intervals_late(entry, "2020-01-01", "2031-01-01", {}) == 0


def test_a_profile_counts_missing_and_repeated_keys(desk: Desk) -> None:
    entry = load_catalog(desk.project)["covid_testing"]
    frame = pd.DataFrame(
        {"date": ["2020-05-01", "2020-05-01", None, "2020-05-02"], "n": ["1", "1", "2", None]}, dtype="str"
    )
    found = measure(entry, frame, "ab")
    assert (found.rows, found.key_missing, found.key_repeated, found.repeated) == (4, 1, 1, 1)
    assert found.empty_cells == 0.25


@pytest.fixture
def held(desk: Desk) -> Desk:
    desk.census_tracts()
    desk.build("tract_periods", "prices")
    return desk


def test_quality_grades_every_dataset_that_is_held(held: Desk) -> None:
    found = quality(held.project, "sample").set_index("dataset")
    assert set(found.index) == {"acs5_2012", "acs5_2018", "crosswalk_1990_2010", "crosswalk_2000_2010", "sf1_2000",
                                "sf3_1990", "sf3_2000"}  # fmt: skip
    assert set(found["grade"]) <= set("ABCD")
    # Two of four tracts were split or merged: half of the medians in the file are wrong.
    assert found.loc["crosswalk_2000_2010", "grade"] == "D"
    assert found.loc["crosswalk_2000_2010", "reason"].startswith("50.0% of rows had a value changed")


def test_accounting_counts_each_thing_once_and_shows_keys_only(held: Desk) -> None:
    held.build("tract_income_brackets")
    found = accounting(held.project, "sample")
    assert not found.duplicated(["dataset", "action", "reason", "rows"]).any()
    both = found[found["reason"] == "tract outside Meridia County"].set_index("dataset")
    assert both.loc["crosswalk_2000_2010", "tables"] == "tract_crosswalk, tract_income_brackets, tract_periods"
    assert both.loc["crosswalk_2000_2010", "rows_read"] == 5
    assert (found["examples"].str.split(", ").map(len) <= 5).all()


def test_holdings_say_how_much_from_when_and_under_which_licence(held: Desk) -> None:
    found = holdings(held.project, "sample").set_index("dataset")
    assert found.loc["acs5_2018", "rows"] == 4
    assert found.loc["acs5_2018", "retrieved_at"] == "2020-01-01T00:00:00Z"
    assert (found["bytes"] > 0).all()
    assert found["licence"].str.len().gt(0).all()
    assert found.loc["acs5_2018", "tables"] == "tract_income_brackets, tract_mover_brackets, tract_periods"


def test_every_column_of_every_table_is_explained() -> None:
    found = dictionary(current_project(), "live")
    assert set(found["table"]) == set(tables())
    assert (found["meaning"].str.len() > 8).all()
    assert (found["unit"].str.len() > 1).all()
    counted = found[found["unit"].isin(["people", "households", "share"])]
    assert (counted["denominator"].str.len() > 3).all()


def test_lineage_leads_every_table_back_to_the_catalogue() -> None:
    found = lineage(current_project(), "live")
    catalog = load_catalog(current_project())
    assert set(found["table"]) == set(tables())
    assert set(found.loc[found["kind"] == "dataset", "origin"]) <= set(catalog)
    assert set(found.loc[found["kind"] == "table", "origin"]) <= set(tables())
