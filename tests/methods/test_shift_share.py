"""Shift-share and location quotient: Farhauer and Kroell's examples as run in R, and exact sums."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.shift_share import location_quotient, shift_share
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
