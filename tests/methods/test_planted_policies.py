"""The trials that whitepapers quote: they keep what the methods promise, and repeat exactly."""

from __future__ import annotations

import pytest

from analysis.methods.planted_policies import TRIALS, policy_proof
from analysis.project import AnalysisError


@pytest.mark.parametrize("method", sorted(TRIALS))
def test_each_trial_keeps_its_promise(method: str) -> None:
    proof = policy_proof(method)
    assert proof.n_seeds == TRIALS[method][1]
    if proof.coverage is not None:
        assert proof.nominal_coverage is not None
        assert proof.coverage >= proof.nominal_coverage - 6
    if proof.found is not None:
        assert proof.found >= 80
    if proof.false_alarms is not None and proof.nominal_false_alarms is not None:
        assert proof.false_alarms <= proof.nominal_false_alarms + 6


def test_a_trial_repeats_exactly() -> None:
    assert policy_proof("growth_rate", seeds=5) == policy_proof("growth_rate", seeds=5)


def test_an_unknown_trial_is_named() -> None:
    with pytest.raises(AnalysisError, match="no trial of 'luck'"):
        policy_proof("luck")
    with pytest.raises(AnalysisError, match="1 seeds prove nothing"):
        policy_proof("survival", seeds=1)
