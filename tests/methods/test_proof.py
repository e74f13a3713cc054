"""The trials shown in reports: they pass, they are quick enough, and a broken method fails them."""

from __future__ import annotations

import pytest

from analysis.methods import proof
from analysis.methods.proof import TRIALS, Proof, planted_recovery, proof_table
from analysis.project import AnalysisError

# The rules that name tracts are strict: they miss most of those truly in the top, and the whitepapers say so.
LEAST_FOUND = {"robust_groups": 15}


@pytest.mark.parametrize("method", sorted(TRIALS))
def test_trials_keep_what_the_methods_promise(method: str) -> None:
    found = planted_recovery(method)
    assert isinstance(found, Proof)
    assert found.method == method
    if found.found is not None:
        assert found.found > LEAST_FOUND.get(method, 55)
    if found.coverage is not None:
        assert found.nominal_coverage is not None
        assert found.coverage > found.nominal_coverage - 4
    if found.false_alarms is not None and found.nominal_false_alarms is not None:
        # Sampling error of a small trial: three standard errors, at least the nominal rate itself.
        assert found.false_alarms <= found.nominal_false_alarms * 2.5 + 1
    assert planted_recovery(method, seeds=2) == planted_recovery(method, seeds=2)


def test_a_broken_method_fails_its_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = planted_recovery("change_index", seeds=3)

    def overconfident(measures, index, **options):  # type: ignore[no-untyped-def]
        result = real(measures, index, **options)
        table = result.table
        middle = (table["lower"] + table["upper"]) / 2
        table["lower"], table["upper"] = (table["lower"] + 3 * middle) / 4, (table["upper"] + 3 * middle) / 4
        return result

    real = proof.index_uncertainty
    monkeypatch.setattr(proof, "index_uncertainty", overconfident)
    broken = planted_recovery("change_index", seeds=3)
    assert honest.coverage is not None
    assert broken.coverage is not None
    assert broken.coverage < honest.coverage - 20


def test_table_and_refusals() -> None:
    table = proof_table(["displacement_typology", "margins_of_error"])
    assert table["method"].tolist() == ["displacement_typology", "margins_of_error"]
    assert table["reference"].str.len().gt(0).all()
    with pytest.raises(AnalysisError, match="no trial of 'magic'"):
        planted_recovery("magic")
    with pytest.raises(AnalysisError, match="prove nothing"):
        planted_recovery("moran", seeds=1)
