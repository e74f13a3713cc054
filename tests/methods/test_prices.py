"""Deflation: known ratios, round trips, and refusal of years that are not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.prices import PriceIndex, deflate, price_index, real_change
from analysis.project import AnalysisError

# Annual averages, 1982-84 = 100: BLS series CUUR0000SA0 and CUURA421SA0 / CUURS49ASA0.
NATIONAL = PriceIndex("us_cpi_u", {1989: 124.0, 1999: 166.6, 2000: 172.2, 2012: 229.594, 2018: 251.107})
LOS_ANGELES = PriceIndex("los_angeles_cpi_u", {1999: 166.1, 2000: 171.6, 2018: 265.962})


def test_rents_and_incomes_of_los_angeles_county() -> None:
    # Medians across tracts 2000 to 2018 moved +102 and +62 percent nominal; real growth depends on the index.
    rent = [real_change(100, 202, 2000, 2018, index).real for index in (NATIONAL, LOS_ANGELES)]
    income = [real_change(100, 162, 2000, 2018, index).real for index in (NATIONAL, LOS_ANGELES)]
    assert np.round(rent).tolist() == [39, 30]
    assert np.round(income).tolist() == [11, 5]


def test_income_of_a_census_is_of_the_year_before() -> None:
    later, earlier = (real_change(100, 162, year, 2018, NATIONAL).real for year in (2000, 1999))
    assert later - earlier == pytest.approx(3.6, abs=0.1)


@given(st.floats(1, 1e6), st.sampled_from(sorted(NATIONAL.levels)), st.sampled_from(sorted(NATIONAL.levels)))
def test_there_and_back(value: float, start: int, end: int) -> None:
    there = deflate(value, start, end, NATIONAL)
    assert deflate(there, end, start, NATIONAL) == pytest.approx(value)
    assert deflate(value, start, start, NATIONAL) == value


def test_a_year_a_value() -> None:
    both = deflate([100, 100, np.nan], [1999, 2000, 2000], 2018, NATIONAL)
    assert both[:2] == pytest.approx([100 * 251.107 / 166.6, 100 * 251.107 / 172.2])
    assert np.isnan(both[2])


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="2017"):
        deflate(1.0, 2017, 2018, NATIONAL)
    with pytest.raises(AnalysisError, match="positive"):
        real_change(0.0, 5.0, 2000, 2018, NATIONAL)
    table = pd.DataFrame({"series": ["a", "a"], "year": [2000, 2000], "index": [1.0, 2.0]})
    with pytest.raises(AnalysisError, match="twice"):
        price_index(table, "a")
    with pytest.raises(AnalysisError, match="it has a"):
        price_index(table, "b")
    with pytest.raises(AnalysisError, match="positive"):
        price_index(table.assign(year=[2000, 2001], index=[1.0, np.nan]), "a")


def test_nominal_real_and_inflation_belong_together() -> None:
    change = real_change(656, 1392, 2000, 2018, NATIONAL)
    assert (1 + change.real / 100) * (1 + change.inflation / 100) == pytest.approx(1 + change.nominal / 100)
