"""Whitepaper 08 on the invented city finds what was planted there, and lets no small count out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from analysis.publish import published


@pytest.fixture(scope="module")
def page(sample_site: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (sample_site / "reports" / "sample" / "executed" / "08_homelessness.page.json").read_text(encoding="utf-8")
    )
    return found


@pytest.fixture(scope="module")
def found(page: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in page["findings"]}


@pytest.fixture(scope="module")
def truth(sample_site: Path) -> dict[str, Any]:
    planted: dict[str, Any] = json.loads((sample_site / "data" / "raw" / "sample" / "truth.json").read_text())
    return planted["homelessness"]


def test_intervals_of_change_hold_the_true_change(found: dict[str, Any], truth: dict[str, Any]) -> None:
    people = truth["city_people"]
    for name, before in (("rise_long", "2015"), ("rise_short", "2016")):
        low, high = found[name]["interval"]
        assert low <= 100 * (people["2017"] / people[before] - 1) <= high


def test_the_planted_bias_of_requests_is_found(found: dict[str, Any], truth: dict[str, Any]) -> None:
    low, high = found["bias"]["interval"]
    assert 1 < low <= 2 ** truth["requests"]["power_of_income"] <= high


def test_named_tracts_truly_have_high_rates(sample_site: Path, truth: dict[str, Any]) -> None:
    rate = dict(zip(truth["geoid"], truth["expected_rate_per_1000"], strict=True))
    city = sorted(rate[code] or 0 for code, k in zip(truth["geoid"], truth["district"], strict=True) if k > 0)
    folder = sample_site / "reports" / "sample" / "downloads"
    text = (folder / "08_homelessness_tract_rates.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    named = [row["geoid"] for row in rows if row["named"].startswith("Named")]
    assert len(named) >= 10
    middle = city[len(city) // 2]
    assert sum(rate[code] > 2 * middle for code in named) >= 0.9 * len(named)
    # Not a rate where a count of either year was from one to ten.
    hidden = [row for row in rows if row["status"] == "suppressed"]
    assert len(hidden) > 100
    assert all(row["pooled_rate_per_1000"] == "" for row in hidden)


def test_no_small_count_of_people_stands_on_the_page(sample_site: Path, found: dict[str, Any]) -> None:
    for one in found.values():
        if one["unit"] == "people" and one["status"] == "ok":
            assert one["value"] == 0 or one["value"] >= 11
    notebook = nbformat.read(sample_site / "reports" / "sample" / "executed" / "08_homelessness.ipynb", as_version=4)
    kinds = published(notebook).exhibits["kinds"]
    for row in csv.DictReader(io.StringIO(kinds.csv.lstrip("\ufeff"))):
        assert row["people"] == "" or float(row["people"]) == 0 or float(row["people"]) >= 11


def test_the_map_of_people_and_requests_withholds_what_is_withheld(sample_site: Path, found: dict[str, Any]) -> None:
    notebook = nbformat.read(sample_site / "reports" / "sample" / "executed" / "08_homelessness.ipynb", as_version=4)
    drawn = published(notebook).exhibits["rates"]
    rows = [dict(zip(drawn.data["columns"], row, strict=True)) for row in drawn.data["rows"]]
    hidden = [row for row in rows if row["status"] == "suppressed"]
    assert len(hidden) > 100
    assert all(row["rate"] is None and row["low"] is None for row in hidden)
    many, few = (measure["edges"] for measure in drawn.interaction["pair"])
    both = [row for row in rows if row["status"] == row["asked_status"] == "ok"]
    unheard = [row for row in both if row["rate"] >= many[1] and row["asked"] < few[0]]
    assert found["unheard"]["value"] == len(unheard)
