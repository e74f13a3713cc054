"""Shift-share and location quotient: Farhauer and Kroell's examples as run in R, and exact sums."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.shift_share import (
    dynamic_shift_share,
    location_quotient,
    location_quotient_range,
    shift_share,
    shift_share_range,
)
from analysis.project import AnalysisError


@pytest.fixture
def case(reference: Path) -> dict:
    return json.loads((reference / "regional_shiftshare_lq" / "expected.json").read_text())


@pytest.mark.parametrize("region", ["A", "B", "C"])
def test_published_regions(case: dict, region: str) -> None:
    place, nation = case["inputs"][region], case["inputs"]["nation"]
    found = shift_share(*(pd.Series(values) for values in (*place, *nation)))
    expected = case["r"][region]
    assert found.change == pytest.approx(expected["growth"], abs=1e-6)
    assert found.national == pytest.approx(expected["national"], abs=1e-6)
    assert found.mix == pytest.approx(expected["industry_mix"], abs=1e-6)
    assert found.regional == pytest.approx(expected["regional"], abs=1e-6)
    assert found.net == pytest.approx(expected["net"], abs=1e-6)


def test_freiburg(case: dict, reference: Path) -> None:
    frame = pd.read_csv(reference / "regional_shiftshare_lq" / "freiburg.csv").set_index("industry")
    found = shift_share(
        frame["e_Freiburg2008"], frame["e_Freiburg2014"], frame["e_Germany2008"], frame["e_Germany2014"]
    )
    expected = [value for (value,) in case["r"]["freiburg"]]
    np.testing.assert_allclose(
        [found.change, found.national, found.mix, found.regional, found.net], expected, atol=1e-6
    )


def test_goettingen_location_quotients(case: dict, reference: Path) -> None:
    frame = pd.read_csv(reference / "regional_shiftshare_lq" / "goettingen.csv").set_index("WZ2008_Code")
    whole, parts = frame.loc["A-R"], frame.drop(index="A-R")
    found = location_quotient(
        parts["Goettingen2017"], parts["BRD2017"], total=whole["Goettingen2017"], nation_total=whole["BRD2017"]
    )
    np.testing.assert_allclose(found, case["r"]["lq_goettingen2017"], atol=1e-6)
    one = location_quotient(pd.Series([1714.0]), pd.Series([879213.0]), total=79006, nation_total=15593224)
    assert one.iloc[0] == pytest.approx(case["published"]["lq"], abs=1e-6)


industries = st.lists(st.tuples(*[st.integers(1, 5000)] * 4), min_size=2, max_size=12)


@given(industries)
def test_components_add_up_to_the_change_in_every_industry(rows: list[tuple[int, int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
    found = shift_share(frame["a"], frame["b"], frame["a"] + frame["c"], frame["b"] + frame["d"])
    table = found.table
    np.testing.assert_allclose(table["national"] + table["mix"] + table["regional"], table["change"], atol=1e-8)
    assert found.national + found.net == pytest.approx(found.change, abs=1e-6)


@given(industries)
def test_a_place_like_the_nation_has_quotients_of_one_and_no_net_shift(rows: list[tuple[int, int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
    np.testing.assert_allclose(location_quotient(frame["a"], frame["a"] * 7), 1)
    found = shift_share(frame["a"], frame["b"], frame["a"] * 7, frame["b"] * 7)
    assert found.regional == pytest.approx(0, abs=1e-6)
    assert found.mix == pytest.approx(0, abs=1e-6)


def test_suppressed_industries_are_named_and_what_they_hide_is_counted() -> None:
    place, later = pd.Series([90, np.nan, 10], list("abc")), pd.Series([100, 40, 10], list("abc"))
    nation, nation_later = pd.Series([400, 150, 150], list("abc")), pd.Series([440, 210, 135], list("abc"))
    found = shift_share(place, later, nation, nation_later, totals=(120, 150))
    assert found.left_out == ("b",)
    assert found.left_out_change == 20
    with pytest.raises(AnalysisError, match="b have no number, so total"):
        location_quotient(place, nation)
    assert np.isnan(location_quotient(place, nation, total=120)["b"])


def test_wrong_input_is_named() -> None:
    one = pd.Series([1, 2], list("ab"))
    with pytest.raises(AnalysisError, match="same industries"):
        shift_share(one, one.iloc[::-1], one, one)
    with pytest.raises(AnalysisError, match="none in the nation, in a"):
        shift_share(one, one, one - 1, one)
    with pytest.raises(AnalysisError, match="jobs in the nation"):
        location_quotient(one, one - 1)


def jobs(seed: int, years: int = 9) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    names = [f"industry {number}" for number in range(6)]
    growth = np.exp(np.cumsum(rng.normal(0.01, 0.03, (years, 6)), axis=0))
    nation = pd.DataFrame(rng.uniform(2e4, 9e4, 6) * growth, index=range(2008, 2008 + years), columns=names)
    return nation * 0.1 * np.exp(rng.normal(0, 0.01, (years, 6))), nation


def test_dynamic_components_add_up_and_equal_the_static_ones_over_two_periods() -> None:
    place, nation = jobs(1)
    found = dynamic_shift_share(place, nation)
    total = place.iloc[-1].sum() - place.iloc[0].sum()
    assert found.change == pytest.approx(total)
    assert found.national + found.mix + found.regional == pytest.approx(total)
    two = dynamic_shift_share(place.iloc[:2], nation.iloc[:2])
    plain = shift_share(place.iloc[0], place.iloc[1], nation.iloc[0], nation.iloc[1])
    assert (two.mix, two.regional) == pytest.approx((plain.mix, plain.regional))
    np.testing.assert_allclose(two.table[["change", "regional"]], plain.table[["change", "regional"]])


def test_a_planted_gain_of_the_place_is_its_regional_component_under_every_choice() -> None:
    _, nation = jobs(2)
    gain = 1.02 ** np.arange(len(nation))
    found = shift_share_range(nation.mul(gain, axis=0) * 0.1, nation, least_span=4)
    assert found.side("regional") == "above"
    assert found.low["regional"] <= found.table["regional"].median() <= found.high["regional"]
    assert found.dynamic["regional"] == pytest.approx(2.2, abs=0.5)
    same = shift_share_range(nation * 0.1, nation, least_span=4)
    assert same.high["regional"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(AnalysisError, match="no two periods are 40 apart"):
        shift_share_range(nation, nation, least_span=40)


def test_no_gain_is_seldom_called_one() -> None:
    called = [shift_share_range(*jobs(seed), least_span=6).side("regional") != "depends" for seed in range(60)]
    # A range over choices is no confidence interval: noise of one percent a year gives it one sign now and then.
    assert np.mean(called) <= 0.25


def test_quotients_over_years_hold_the_last_one_and_gaps_are_left_out() -> None:
    place, nation = jobs(3)
    found = location_quotient_range(place, nation)
    assert ((found["low"] <= found["location_quotient"]) & (found["location_quotient"] <= found["high"])).all()
    last = location_quotient(place.iloc[-1], nation.iloc[-1])
    np.testing.assert_allclose(found["location_quotient"], last)
    place.iloc[3, 2] = np.nan
    assert "industry 2" not in location_quotient_range(place, nation).index
    assert dynamic_shift_share(place, nation).left_out == ("industry 2",)
