"""The trials of the business report: what the methods promise holds over the seeds that the page uses."""

from __future__ import annotations

import pytest

from analysis.methods.planted_businesses import TRIALS, business_proof
from analysis.methods.proof import Proof
from analysis.project import AnalysisError


@pytest.mark.parametrize("method", sorted(TRIALS))
def test_trials_keep_what_the_methods_promise(method: str) -> None:
    found = business_proof(method)
    assert isinstance(found, Proof)
    assert found.method == method
    if found.found is not None:
        assert found.found > 55
    if found.coverage is not None:
        assert found.coverage > found.nominal_coverage - 4
    if found.false_alarms is not None:
        assert found.false_alarms <= found.nominal_false_alarms * 2.5 + 1
    assert found == business_proof(method)


@pytest.mark.parametrize("method", ["data_revisions", "event_study", "outliers", "rank_correlation"])
def test_false_alarms_over_500_seeds(method: str) -> None:
    found = business_proof(method, seeds=500)
    # Three standard errors of 500 trials above the promised rate.
    assert found.false_alarms <= found.nominal_false_alarms + 3
    if found.coverage is not None:
        assert abs(found.coverage - found.nominal_coverage) <= 3


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="no trial of 'magic'"):
        business_proof("magic")
    with pytest.raises(AnalysisError, match="prove nothing"):
        business_proof("survival", seeds=1)
