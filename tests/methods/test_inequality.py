"""Inequality measures against published figures and their axioms."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.methods import inequality
from analysis.project import AnalysisError

INCOMES = arrays(float, st.integers(2, 30), elements=st.floats(1, 1e6))
MEASURES = [
    inequality.gini,
    inequality.theil_t,
    inequality.theil_l,
    inequality.hoover,
    lambda values, weights=None: inequality.atkinson(values, 0.5, weights),
    lambda values, weights=None: inequality.atkinson(values, 1, weights),
]


def test_published_figures(reference: Path) -> None:
    folder = reference / "inequality_small"
    case = json.loads((folder / "expected.json").read_text())
    figures = json.loads((folder / "r_reference.json").read_text())
    tolerance, published = case["tolerance"]["all"], case["published"]
    sales = figures["gini_sales"]["x"]
    assert inequality.gini(sales) == pytest.approx(published["gini_sales"], abs=tolerance)
    assert inequality.gini(sales, normalised=True) == pytest.approx(published["gini_sales_normalised"], abs=tolerance)
    weighted = figures["gini_income_weighted"]
    assert inequality.gini(weighted["x"], weighted["w"]) == pytest.approx(weighted["raw"], abs=tolerance)
    x = figures["theil"]["x"]
    assert inequality.theil_t(x) == pytest.approx(case["clarification"]["theil_T_same_data"], abs=tolerance)
    assert inequality.theil_l(x) == pytest.approx(case["clarification"]["theil_L_MLD_same_data"], abs=tolerance)
    states = figures["hoover"]
    gdp, people = np.array(states["gdp"]), np.array(states["pop"])
    assert inequality.hoover(gdp / people, people) == pytest.approx(states["h"], abs=tolerance)
    assert inequality.gini(gdp) == pytest.approx(figures["gini_gdp"], abs=tolerance)
    concentrated = inequality.atkinson([0, 0, 0, 100], 0.8)
    assert concentrated == pytest.approx(figures["atkinson"]["eps08_concentrated"], abs=tolerance)


def test_known_values() -> None:
    assert inequality.gini([1, 0, 0, 0]) == pytest.approx(0.75)
    assert inequality.gini([1, 0, 0, 0], normalised=True) == pytest.approx(1.0)
    assert inequality.theil_t([1, 0, 0, 0]) == pytest.approx(np.log(4))
    assert inequality.hoover([1, 0, 0, 0]) == pytest.approx(0.75)
    assert inequality.atkinson([1, 0], 1) == 1.0


@pytest.mark.parametrize("measure", MEASURES)
@given(values=INCOMES, scale=st.floats(0.01, 100))
def test_axioms(measure, values: np.ndarray, scale: float) -> None:  # type: ignore[no-untyped-def]
    found = measure(values)
    assert found >= -1e-9
    assert measure(values * scale) == pytest.approx(found, abs=1e-8)
    assert measure(values[::-1]) == pytest.approx(found, abs=1e-8)
    assert measure(np.tile(values, 3)) == pytest.approx(found, abs=1e-8)
    assert measure(values, np.full(len(values), 7.0)) == pytest.approx(found, abs=1e-8)
    assert measure(np.full(5, values[0])) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("measure", MEASURES)
@given(values=INCOMES)
def test_giving_to_the_poorer_never_raises_inequality(measure, values: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    after = np.sort(values)
    gift = (after[-1] - after[0]) / 4
    after[0], after[-1] = after[0] + gift, after[-1] - gift
    assert measure(after) <= measure(values) + 1e-9


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="negative or missing"):
        inequality.gini([1, np.nan])
    with pytest.raises(AnalysisError, match="negative or missing"):
        inequality.gini([1, -2])
    with pytest.raises(AnalysisError, match="infinite"):
        inequality.theil_l([0, 1])
    with pytest.raises(AnalysisError, match="nothing to share"):
        inequality.hoover([0, 0])
    with pytest.raises(AnalysisError, match="unweighted"):
        inequality.gini([1, 2], [1, 2], normalised=True)
    with pytest.raises(AnalysisError, match="positive"):
        inequality.atkinson([1, 2], 0)
