"""Adverse impact: the agencies' own examples, exact fifths, strata that reverse, and how often chance is blamed."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.adverse_impact import adverse_impact, below_four_fifths, stratified_impact
from analysis.project import AnalysisError


def test_questions_and_answers_example(reference: Path) -> None:
    case = json.loads((reference / "adverse_impact_ugesp" / "expected.json").read_text())["published"]
    rates = case["rates"]
    found = adverse_impact({name: (round(rate * 100), 100) for name, rate in rates.items()})
    assert found.highest == "white"
    for name, ratio in case["impact_ratio"].items():
        assert found[name].ratio.value == pytest.approx(ratio, abs=1e-9)
        assert found[name].below is case["adverse_impact"][name]


def test_small_numbers_are_doubted_and_one_person_flips_them(reference: Path) -> None:
    case = json.loads((reference / "adverse_impact_ugesp" / "expected.json").read_text())["published"]["small_numbers"]
    women = adverse_impact({"men": tuple(case["men"]), "women": tuple(case["women"])})["women"]
    assert women.ratio.value == pytest.approx(case["ratio"], abs=1e-9)
    assert women.below
    assert women.flips
    assert women.few
    assert women.verdict == "below_only"


def test_exact_four_fifths_are_never_below(reference: Path) -> None:
    case = json.loads((reference / "adverse_impact_ugesp" / "expected.json").read_text())["float_trap"]
    tables = floats = 0
    for n1 in range(1, 41):
        for n2 in range(1, 41):
            for s2 in range(1, n2 + 1):
                s1, rest = divmod(4 * s2 * n1, 5 * n2)
                if rest == 0 and 0 < s1 <= n1:
                    tables += 1
                    floats += (s1 / n1) / (s2 / n2) < 0.8
                    assert not below_four_fifths(s1, n1, s2, n2)
    assert tables == case["exact_080_tables_n<=40"]
    assert floats == case["of_which_float_below_0.8"]


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_reference_is_the_highest_rate_and_ratios_never_exceed_one(one: tuple[int, int], two: tuple[int, int]) -> None:
    if one[0] + two[0] == 0 or min(one[1], two[1]) * 50 < one[1] + two[1]:
        return
    found = adverse_impact({"a": one, "b": two})
    other = found["a" if found.highest == "b" else "b"]
    top = found[found.highest]
    exact = Fraction(other.selected, other.applicants) / Fraction(top.selected, top.applicants)
    assert exact <= 1
    assert other.below == (exact < Fraction(4, 5))
    assert len(found.table()) == 2
    assert found[found.highest].verdict == "not_compared"


def test_tiny_groups_are_not_compared_nor_the_reference() -> None:
    found = adverse_impact({"few": (3, 3), "many": (100, 500), "others": (80, 500)})
    assert found.highest == "many"
    assert found["few"].verdict == "not_compared"
    assert "two percent" in found["few"].ratio.reason


def test_large_numbers_make_trifles_significant() -> None:
    found = adverse_impact({"a": (48_500, 100_000), "b": (50_000, 100_000)})["a"]
    assert found.probability < 0.001
    assert found.verdict == "trivial"


def test_chance_is_rarely_called_adverse_impact_though_often_below() -> None:
    rng = np.random.default_rng(1)
    verdicts = []
    for _ in range(600):
        groups = {"a": (int(rng.binomial(30, 0.3)), 30), "b": (int(rng.binomial(60, 0.3)), 60)}
        found = adverse_impact(groups)
        verdicts.append(found["a" if found.highest == "b" else "b"].verdict)
    assert verdicts.count("adverse_impact") / 600 <= 0.05
    # The rule alone would accuse about one in two fair procedures of this size.
    assert verdicts.count("below_only") / 600 > 0.3


def test_a_real_difference_is_found_and_covered() -> None:
    rng = np.random.default_rng(2)
    verdicts, held = [], []
    for _ in range(400):
        found = adverse_impact({"a": (int(rng.binomial(300, 0.2)), 300), "b": (int(rng.binomial(300, 0.4)), 300)})["a"]
        verdicts.append(found.verdict)
        held.append(found.ratio.lower <= 0.5 <= found.ratio.upper)
    assert verdicts.count("adverse_impact") / 400 > 0.95
    assert 0.92 <= np.mean(held) <= 0.98


def test_strata_that_reverse_are_noticed() -> None:
    # Berkeley admissions 1973, six largest departments: women against men (Bickel, Hammel, O'Connell 1975).
    departments = {
        "A": ((89, 108), (512, 825)), "B": ((17, 25), (353, 560)), "C": ((202, 593), (120, 325)),
        "D": ((131, 375), (138, 417)), "E": ((94, 393), (53, 191)), "F": ((24, 341), (22, 373)),
    }  # fmt: skip
    found = stratified_impact(departments)
    assert found.pooled == pytest.approx(0.3035 / 0.4452, abs=0.001)
    assert found.reversed
    assert found.strata_below == 0
    # R: mantelhaen.test gives a common odds ratio of 1.105 for women and p = 0.2323 (with continuity correction).
    assert found.odds.value == pytest.approx(1.105, abs=0.001)
    assert found.probability == pytest.approx(0.2323, abs=0.001)
    assert found.same < 0.01


def test_common_ratio_covers_across_strata() -> None:
    rng = np.random.default_rng(3)
    held, alarms = [], []
    for _ in range(300):
        base = rng.uniform(0.2, 0.6, 8)
        sizes = rng.integers(10, 60, (8, 2))
        strata = {
            str(k): ((int(rng.binomial(a, 0.7 * p)), int(a)), (int(rng.binomial(b, p)), int(b)))
            for k, (p, (a, b)) in enumerate(zip(base, sizes, strict=True))
        }
        same = {
            str(k): ((int(rng.binomial(a, p)), int(a)), (int(rng.binomial(b, p)), int(b)))
            for k, (p, (a, b)) in enumerate(zip(base, sizes, strict=True))
        }
        found = stratified_impact(strata)
        held.append(found.ratio.lower <= 0.7 <= found.ratio.upper)
        alarms.append(stratified_impact(same).probability < 0.05)
    assert 0.92 <= np.mean(held) <= 0.98
    assert np.mean(alarms) <= 0.07


def test_wrong_counts_are_named() -> None:
    with pytest.raises(AnalysisError, match="b has 5 selected of 4"):
        adverse_impact({"a": (1, 4), "b": (5, 4)})
    with pytest.raises(AnalysisError, match="somebody selected"):
        adverse_impact({"a": (0, 4), "b": (0, 4)})
    with pytest.raises(AnalysisError, match="fewer than two strata"):
        stratified_impact({"x": ((1, 2), (1, 2)), "y": ((2, 2), (2, 2))})
    with pytest.raises(AnalysisError, match="x has 3 of 2"):
        stratified_impact({"x": ((3, 2), (1, 2))})
