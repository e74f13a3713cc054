"""Decision curves: identities of Vickers and Elkin, and costs that say which action is cheaper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.decision_curves import decision_curve, misses_per_waste, net_benefit, threshold_of_costs
from analysis.project import AnalysisError


@given(st.integers(0, 10_000), st.floats(0.02, 0.9))
def test_acting_everywhere_has_the_benefit_of_the_definition(seed: int, threshold: float) -> None:
    happened = np.random.default_rng(seed).integers(0, 2, 50)
    base = happened.mean()
    expected = base - (1 - base) * threshold / (1 - threshold)
    assert net_benefit(happened, np.ones(50), threshold) == pytest.approx(expected)
    assert net_benefit(happened, happened, threshold) == pytest.approx(base)
    assert net_benefit(happened, np.zeros(50), threshold) == 0


@given(st.floats(0.1, 50), st.floats(0.1, 50))
def test_the_threshold_of_the_costs_is_where_acting_and_not_acting_cost_the_same(wasted: float, missed: float) -> None:
    chance = threshold_of_costs(wasted, missed)
    assert (1 - chance) * wasted == pytest.approx(chance * missed)
    assert misses_per_waste(chance) == pytest.approx(missed / wasted)


def test_a_known_case_with_sizes() -> None:
    # 100 households rightly visited, 50 in vain, of 400; at one in five a wasted visit weighs a quarter.
    found = net_benefit([1, 0, 1, 0], [0.9, 0.6, 0.1, 0.1], 0.2, size=[100, 50, 100, 150])
    assert found == pytest.approx((100 - 0.25 * 50) / 400)


def test_true_probabilities_are_never_beaten_and_useless_ones_seldom_seem_useful() -> None:
    better, alarms = 0, 0
    blocks = np.arange(300) // 5
    for seed in range(500):
        rng = np.random.default_rng(seed)
        truth = rng.beta(1.5, 4, 300)
        happened = (rng.random(300) < truth).astype(int)
        rules = {"true": truth, "noise": rng.permutation(truth)}
        table = decision_curve(happened, rules, blocks, thresholds=[0.3], draws=99, seed=seed).set_index("strategy")
        better += table.loc["true", "benefit"] > table.loc["noise", "benefit"]
        alarms += table.loc["noise", "gain_lower"] > 0
    assert better / 500 > 0.98
    assert alarms / 500 < 0.03


def test_strategies_stand_beside_acting_everywhere_and_nowhere() -> None:
    rng = np.random.default_rng(2)
    happened = rng.integers(0, 2, 80)
    table = decision_curve(happened, {"rule": rng.random(80)}, np.arange(80) // 4, thresholds=[0.2, 0.5], draws=50)
    assert set(table["strategy"]) == {"everywhere", "rule", "nowhere"}
    assert (table["lower"] <= table["benefit"]).all()
    assert (table["benefit"] <= table["upper"]).all()
    assert (table.loc[table["strategy"] == "nowhere", "benefit"] == 0).all()


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2])
def test_a_threshold_outside_is_refused(threshold: float) -> None:
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        net_benefit([1, 0], [0.5, 0.5], threshold)


def test_costs_must_be_positive() -> None:
    with pytest.raises(AnalysisError, match="positive"):
        threshold_of_costs(0, 1)
