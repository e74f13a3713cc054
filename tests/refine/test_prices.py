"""Typed prices: the published figures, both series, and typing errors caught."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.project import AnalysisError
from analysis.refine.prices import price_rows


@pytest.fixture
def typed(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "data" / "catalog" / "prices.yml").read_text(encoding="utf-8"))
    return content


def test_figures_of_the_bureau_of_labor_statistics(typed: dict[str, Any]) -> None:
    rows = price_rows(typed).set_index(["series", "year"])["index"]
    # U.S. Bureau of Labor Statistics, CUUR0000SA0 and CUURA421SA0/CUURS49ASA0, annual averages.
    assert rows["us_cpi_u", 2018] == 251.107
    assert rows["us_cpi_u", 1999] == 166.6
    assert rows["los_angeles_cpi_u", 2018] == 265.962
    assert rows["los_angeles_cpi_u", 2000] == 171.6


def test_the_years_that_the_tracts_need_are_there(typed: dict[str, Any]) -> None:
    from analysis.refine.census_tracts import DOLLAR_YEARS, HOUSING_DOLLAR_YEARS

    years = set(price_rows(typed)["year"])
    assert {*DOLLAR_YEARS.values(), *HOUSING_DOLLAR_YEARS.values()} <= years


def test_the_change_of_area_in_2018_changes_the_identifier(typed: dict[str, Any]) -> None:
    codes = price_rows(typed).set_index(["series", "year"])["bls_series"]
    assert codes["los_angeles_cpi_u", 2017] == "CUURA421SA0"
    assert codes["los_angeles_cpi_u", 2018] == "CUURS49ASA0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["series"]["us_cpi_u"]["index"].pop(2012), "the years '2012' stand in one series only"),
        (lambda c: c["series"].pop("los_angeles_cpi_u"), "'series' must hold exactly us_cpi_u, los_angeles_cpi_u"),
        (
            lambda c: c["series"]["us_cpi_u"]["index"].update({2018: 2511.07}),
            "us_cpi_u: 2018: 2511.07 after .* is a leap",
        ),
        (lambda c: c["series"]["us_cpi_u"]["index"].update({2018: "251"}), "is not a year with a positive index"),
        (lambda c: c["series"]["us_cpi_u"].update(identifiers={"A": [1989, 2010]}), "2011 belongs to 0 identifiers"),
    ],
)
def test_typing_errors_are_named(typed: dict[str, Any], change: Any, words: str) -> None:
    content = copy.deepcopy(typed)
    change(content)
    with pytest.raises(AnalysisError, match=words):
        price_rows(content)
