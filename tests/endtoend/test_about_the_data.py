"""Notebook 00 on the invented city tells what was planted there: dirt, people lost, and the true rise of rents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def found(sample_site: Path) -> dict[str, Any]:
    page = sample_site / "reports" / "sample" / "executed" / "00_about_the_data.page.json"
    return {one["name"]: one for one in json.loads(page.read_text(encoding="utf-8"))["findings"]}


@pytest.fixture(scope="module")
def truth(sample_site: Path) -> dict[str, Any]:
    planted: dict[str, Any] = json.loads((sample_site / "data" / "raw" / "sample" / "truth.json").read_text())
    return planted


def test_planted_dirt_is_counted(found: dict[str, Any], truth: dict[str, Any]) -> None:
    dirt = truth["dirt"]
    surveys = [dirt[name] for name in ("acs5_2012", "acs5_2018")]
    sentinels = sum(rows for one in surveys for kind, rows in one.items() if re.fullmatch(r"\w+E -666666666", kind))
    assert found["tracts_read"]["value"] == truth["geography"]["tracts_2010"]
    assert found["sentinels"]["value"] == sentinels
    assert found["ceiling_2018"]["value"] == dirt["acs5_2018"]["B25064_001E 3501"]
    assert found["cases_missing"]["value"] == dirt["covid_city_cases"]["missing_days"]
    assert found["city_revised"]["value"] == sum(dirt["covid_city_cases"][k] for k in ("cases_fall", "deaths_fall"))


def test_people_lost_on_the_way_are_those_that_were_planted(found: dict[str, Any], truth: dict[str, Any]) -> None:
    for census in ("1990", "2000"):
        assert found[f"carried_{census}"]["value"] == -truth["dirt"][f"crosswalk_{census}_2010"]["people_lost"]
    new = truth["dirt"]["acs5_2020"]["codes_not_of_2010"]
    assert found["trap_gone"]["value"] == truth["geography"]["tracts_2010"] + new - truth["geography"]["tracts_2020"]


def test_the_restored_rise_holds_the_true_one_and_the_published_one_does_not(
    found: dict[str, Any], truth: dict[str, Any]
) -> None:
    tracts = truth["tracts"]
    true = {m: 100 * (np.median(np.divide(tracts[f"{m}_2018"], tracts[f"{m}_2000"])) - 1) for m in ("rent", "income")}
    for measure, rise in true.items():
        low, high = found[f"{measure}_restored"]["interval"]
        assert low <= rise <= high
        assert found[f"{measure}_published"]["interval"][0] > rise
    assert found["as_counts"]["value"] > 99


def test_the_title_states_the_finding_and_the_sample_says_what_it_lacks(
    sample_site: Path, found: dict[str, Any]
) -> None:
    page = (sample_site / "reports" / "sample" / "00_about_the_data.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "can carry a decision as they are; a published file of past rents overstates their rise" in text
    assert "The others are not in the sample" in text
    assert found["held"]["value"] < found["cataloged"]["value"]


def test_dictionary_accounting_and_datasets_can_be_downloaded(sample_site: Path) -> None:
    folder = sample_site / "reports" / "sample" / "downloads"
    heads = {
        name: (folder / f"00_about_the_data_{name}.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        for name in ("dictionary", "accounting", "datasets")
    }
    assert {"meaning", "unit", "denominator"} <= set(heads["dictionary"].split(","))
    assert {"action", "reason", "rows"} <= set(heads["accounting"].split(","))
    assert {"grade", "verdict", "held"} <= set(heads["datasets"].split(","))
