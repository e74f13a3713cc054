"""Margins of error: the Bureau's worked figures, the edge rules, and simulation as an independent judge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods import margins_of_error as moe
from analysis.project import AnalysisError

# Never-married women in three Virginia counties: ACS handbook, chapter 8 (2009 edition's worked example).
PARTS = [(135173, 3860), (43104, 2642), (24842, 1957)]
POSITIVE = st.floats(1, 1e6)


def test_handbook_example() -> None:
    total = sum(value for value, _ in PARTS)
    margin = moe.of_sum([error for _, error in PARTS])
    assert (total, round(float(margin))) == (203119, 5070)
    assert moe.of_proportion(total, 630498, margin, 831) == pytest.approx(0.00803, abs=5e-6)


def test_published_reference(reference: Path) -> None:
    case = json.loads((reference / "acs_moe" / "expected.json").read_text())
    published, tolerance = case["published"], case["tolerance"]["moe"]
    values, errors = np.array(published["components"]).T
    total, margin = published["sum"]
    assert values.sum() == total
    assert float(moe.of_sum(errors)) == pytest.approx(margin, abs=tolerance)
    base, base_margin = published["denominator"]
    assert total / base == pytest.approx(published["proportion"], abs=5e-5)
    share_margin = moe.of_proportion(total, base, margin, base_margin)
    assert float(share_margin) == pytest.approx(case["formula_checks"]["moe_prop"], abs=5e-6)
    assert float(moe.standard_error(margin)) == pytest.approx(case["formula_checks"]["se"], rel=1e-12)
    other = published["tidycensus_moe_sum"]
    assert float(moe.of_sum(other["moes"])) == pytest.approx(other["value"], rel=1e-12)


def test_zero_estimates_count_once() -> None:
    assert moe.of_sum([10, 12, 13, 12], [500, 0, 0, 0]) == pytest.approx(np.hypot(10, 13))
    assert moe.of_sum([10, 12], [500, 3]) == pytest.approx(np.hypot(10, 12))
    assert moe.of_sum([12, 13], [0, 0]) == 13
    by_row = moe.of_sum([[10, 12, 13], [3, 4, 0]], [[500, 0, 0], [5, 5, 5]])
    assert by_row == pytest.approx([np.hypot(10, 13), 5])


def test_negative_root_falls_back_to_the_ratio_formula() -> None:
    # 90 of 100 with margins 1 and 20: the quantity under the root is negative.
    assert moe.of_proportion(90, 100, 1, 20) == pytest.approx(moe.of_ratio(90, 100, 1, 20))
    assert moe.of_proportion(50, 100, 10, 5) < moe.of_ratio(50, 100, 10, 5)


def test_missing_and_zero_are_not_numbers() -> None:
    assert np.isnan(moe.of_proportion(1, 0, 1, 1))
    assert np.isnan(moe.of_ratio(1, 0, 1, 1))
    assert np.isnan(moe.of_percent_change(0, 5, 1, 1))
    assert np.isnan(moe.of_sum([1.0, np.nan]))
    assert not moe.difference(1.0, np.nan, 1.0, 1.0).significant


@pytest.mark.parametrize("sentinel", [-222222222, -333333333, -555555555, -666666666])
def test_sentinels_are_refused(sentinel: int) -> None:
    for call in (lambda: moe.standard_error(sentinel), lambda: moe.of_sum([1, sentinel])):
        with pytest.raises(AnalysisError, match="sentinels"):
            call()
    with pytest.raises(AnalysisError, match="sentinels"):
        moe.difference(sentinel, 1, 1, 1)


def test_negative_margin_is_refused() -> None:
    with pytest.raises(AnalysisError, match="negative"):
        moe.standard_error(-4)


def test_overlapping_periods_are_refused() -> None:
    with pytest.raises(AnalysisError, match="overlap"):
        moe.difference(1, 2, 1, 1, years=[(2010, 2014), (2014, 2018)])
    moe.difference(1, 2, 1, 1, years=[(2008, 2012), (2014, 2018)])


def test_levels() -> None:
    assert moe.at_level(1.645, 0.90) == pytest.approx(1.6449, abs=1e-4)
    # 2.0 standard errors: beyond 90 and 95 percent, within 99.
    found = [
        bool(moe.difference(0, 2 * np.sqrt(2), 1.645, 1.645, level=level).significant) for level in (0.9, 0.95, 0.99)
    ]
    assert found == [True, True, False]


@given(POSITIVE, POSITIVE, st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0.01, 100))
def test_units_do_not_matter(a: float, b: float, ma: float, mb: float, k: float) -> None:
    assert moe.of_difference(k * ma, k * mb) == pytest.approx(k * moe.of_difference(ma, mb))
    assert moe.of_ratio(k * a, k * b, k * ma, k * mb) == pytest.approx(moe.of_ratio(a, b, ma, mb))
    assert moe.of_percent_change(k * a, k * b, k * ma, k * mb) == pytest.approx(moe.of_percent_change(a, b, ma, mb))


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=8), st.randoms())
def test_order_does_not_matter(margins: list[float], random: object) -> None:
    shuffled = sorted(margins)
    assert moe.of_sum(margins) == pytest.approx(moe.of_sum(shuffled))
    assert moe.of_sum([*margins, 5.0]) >= moe.of_sum(margins)


def test_simulation_agrees_with_the_formulas() -> None:
    draws = moe.simulate([20_000, 60_000], [2_000, 3_000], draws=200_000, seed=3)
    part, whole = draws.T
    assert moe.Z_ACS * (part / whole).std() == pytest.approx(float(moe.of_ratio(20e3, 60e3, 2e3, 3e3)), rel=0.02)
    assert moe.Z_ACS * (part + whole).std() == pytest.approx(float(moe.of_sum([2e3, 3e3])), rel=0.01)
    assert moe.Z_ACS * (part * whole).std() == pytest.approx(float(moe.of_product(20e3, 60e3, 2e3, 3e3)), rel=0.02)


def test_false_alarms_of_the_difference_test_are_nominal() -> None:
    first, last = moe.simulate([100.0, 100.0], [10.0, 14.0], draws=20_000, seed=4).T
    alarms = moe.difference(first, last, 10.0, 14.0, level=0.90).significant.mean()
    assert alarms == pytest.approx(0.10, abs=0.007)


def test_simulation_is_seeded_and_floored() -> None:
    one = moe.simulate([5.0], [50.0], draws=100, seed=1, floor=0)
    assert (one == moe.simulate([5.0], [50.0], draws=100, seed=1, floor=0)).all()
    assert one.min() == 0
    assert np.isnan(moe.simulate([np.nan], [1.0], draws=2, seed=1)).all()


def test_design_factor_recovers_the_planted_one() -> None:
    rng = np.random.default_rng(8)
    base, share = rng.integers(500, 5000, 800), rng.uniform(0.05, 0.9, 800)
    truth = 7.0
    margin = moe.Z_ACS * np.sqrt(truth * share * (1 - share) / base) * rng.lognormal(0, 0.3, 800)
    assert moe.design_factor(share, base, margin) == pytest.approx(truth, rel=0.08)
    with pytest.raises(AnalysisError, match="no row"):
        moe.design_factor([0.0], [100], [1.0])


def test_no_one_found_is_not_certainty() -> None:
    assert moe.of_share_without_margin(0.0, 400, 6.0) > 0
    assert np.isnan(moe.of_share_without_margin(0.0, 0, 6.0))
