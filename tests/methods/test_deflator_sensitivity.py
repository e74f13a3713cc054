"""A planted nominal growth becomes the real one that arithmetic says, under each index and base year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.deflator_sensitivity import NOMINAL, SurveyDollars, deflated_changes
from analysis.methods.prices import PriceIndex
from analysis.project import AnalysisError

US = PriceIndex("us", {1999: 166.6, 2000: 172.2, 2018: 251.107})
LOCAL = PriceIndex("local", {1999: 166.1, 2000: 171.6, 2018: 265.962})


@pytest.fixture
def tracts() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    start = rng.lognormal(10.6, 0.4, 600)
    return pd.DataFrame(
        {"income": start, "as_published": start * rng.choice([1.0, 0.5], 600, p=[0.7, 0.3])}, index=map(str, range(600))
    )


def test_planted_growth_comes_back_in_every_kind_of_dollars(tracts: pd.DataFrame) -> None:
    noise = np.random.default_rng(8).lognormal(0, 0.1, len(tracts))
    after = tracts["income"] * 1.52 * noise
    found = deflated_changes(
        tracts, after, columns={"restored": "income"}, indexes={"US": US, "LA": LOCAL},
        dollar_years={"of the year before": 1999, "of the census": 2000}, to_year=2018, draws=200,
    )  # fmt: skip
    expected = {
        (NOMINAL, 1999): 52.0,
        ("US", 1999): 100 * (1.52 * 166.6 / 251.107 - 1),
        ("US", 2000): 100 * (1.52 * 172.2 / 251.107 - 1),
        ("LA", 1999): 100 * (1.52 * 166.1 / 265.962 - 1),
        ("LA", 2000): 100 * (1.52 * 171.6 / 265.962 - 1),
    }
    assert {(one.prices, one.dollar_year) for one in found} == set(expected)
    for one in found:
        truth = expected[one.prices, one.dollar_year]
        assert one.change.lower <= truth <= one.change.upper
        assert one.change.upper - one.change.lower < 5


def test_medians_cut_by_a_crosswalk_inflate_the_growth(tracts: pd.DataFrame) -> None:
    found = deflated_changes(
        tracts, tracts["income"] * 1.5, columns={"restored": "income", "as published": "as_published"}, indexes={},
        dollar_years={"": 2000}, to_year=2018, draws=100,
    )  # fmt: skip
    by_source = {one.medians: one.change.value for one in found}
    assert by_source["restored"] == pytest.approx(50.0)
    assert by_source["as published"] >= by_source["restored"]


def test_an_unknown_column_is_named(tracts: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="no column rent"):
        deflated_changes(
            tracts, tracts["income"], columns={"x": "rent"}, indexes={}, dollar_years={"": 2000}, to_year=2018
        )


def test_a_survey_in_national_dollars_is_restated_before_it_meets_local_ones(tracts: pd.DataFrame) -> None:
    national = PriceIndex("us", {2000: 100.0, 2014: 140.0, 2018: 150.0})
    local = PriceIndex("local", {2000: 100.0, 2014: 130.0, 2018: 150.0})
    truly = tracts["income"] * 1.2  # real growth by local prices, half of the answers given in 2014, half in 2018
    said_2014, said_2018 = truly * 130 / 100, truly * 150 / 100
    published = (said_2014 * 150 / 140 + said_2018) / 2
    survey = SurveyDollars((2014, 2018), 2018, national)
    choices = {"columns": {"x": "income"}, "indexes": {"local": local}, "dollar_years": {"": 2000}, "to_year": 2018}
    right = deflated_changes(tracts, published, survey=survey, draws=20, **choices)[1].change.value
    naive = deflated_changes(tracts, published, draws=20, **choices)[1].change.value
    assert naive < right
    assert right == pytest.approx(20.0, abs=0.3)


def test_a_handful_of_tracts_is_no_typical_tract(tracts: pd.DataFrame) -> None:
    few = tracts.head(13).copy()
    few.iloc[:3, 0] = np.nan  # ten are left
    found = deflated_changes(
        few, tracts["income"] * 1.5, columns={"restored": "income"}, indexes={"US": US}, dollar_years={"a": 2000},
        to_year=2018,
    )  # fmt: skip
    assert [(one.change.status, one.change.n) for one in found] == [("not_applicable", 10)] * 2
    assert "only 10 tracts" in found[0].change.reason
