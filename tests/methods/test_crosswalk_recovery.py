"""Weights of a planted crosswalk come back; medians carried with them are right where the published ones are wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.crosswalk_recovery import RecoveredCrosswalk, carry_median, recover_weights


def planted(seed: int, sources: int = 60, counts: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Old tracts with counts, and the weights of new tracts: some kept, some split in two or three, some merged."""
    rng = np.random.default_rng(seed)
    codes = [f"99001{number:06d}" for number in range(100100, 100100 + 100 * sources, 100)]
    old = pd.DataFrame(rng.poisson(rng.uniform(50, 2_000, (sources, counts))).astype(float), index=codes)
    rows, position = [], 0
    while position < sources:
        code, kind = codes[position], rng.integers(0, 4)
        if kind == 0 and position + 1 < sources:
            rows += [(code, code, 1.0), (code, codes[position + 1], 1.0)]
            position += 2
            continue
        shares = [np.ones(1), rng.dirichlet([2, 2]), rng.dirichlet([2, 2, 2])][max(kind - 1, 0)]
        rows += [(f"{code[:-2]}{part:02d}", code, share) for part, share in enumerate(shares)]
        position += 1
    return old, pd.DataFrame(rows, columns=["target", "source", "weight"])


def carried(old: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Counts on the new tracts."""
    parts = old.loc[weights["source"]].mul(weights["weight"].to_numpy(), axis=0)
    return parts.groupby(weights["target"].to_numpy()).sum()


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_planted_weights_come_back_and_every_source_adds_up(seed: int) -> None:
    old, truth = planted(seed)
    found = recover_weights(old, carried(old, truth))
    assert found.unrecovered == ()
    merged = found.weights.merge(truth, on=["target", "source"], how="outer", suffixes=("", "_true")).fillna(0)
    assert (merged["weight"] - merged["weight_true"]).abs().max() < 1e-6
    assert found.source_totals.to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_median_of_a_split_tract_is_not_split() -> None:
    old, truth = planted(3)
    rent = pd.Series(np.linspace(400, 1_600, len(old)), index=old.index)
    found = recover_weights(old, carried(old, truth))
    split = truth[truth["weight"] < 1]
    result = carry_median(found, rent, old[0])
    assert result[split["target"]].to_numpy() == pytest.approx(rent[split["source"]].to_numpy())


def test_a_target_that_is_no_combination_is_reported_not_guessed() -> None:
    old, truth = planted(4)
    new = carried(old, truth)
    new.iloc[5] = np.random.default_rng(0).uniform(1, 3_000, old.shape[1])
    found = recover_weights(old, new)
    assert found.unrecovered == (new.index[5],)
    assert np.isnan(carry_median(found, old[0], old[1])[new.index[5]])


def test_a_median_known_for_too_small_a_part_is_missing() -> None:
    weights = pd.DataFrame({"target": ["x", "x"], "source": ["a", "b"], "weight": [1.0, 1.0]})
    crosswalk = RecoveredCrosswalk(weights, pd.Series({"x": 0.0}), ())
    base = pd.Series({"a": 70.0, "b": 30.0})
    assert np.isnan(carry_median(crosswalk, pd.Series({"a": 900.0}), base)["x"])
    assert carry_median(crosswalk, pd.Series({"a": 900.0}), base, least_cover=0.7)["x"] == 900.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.rename(columns={0: "other"}), "same count columns"),
        (lambda f: f.replace(f.iloc[0, 0], np.nan), "missing or negative"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "repeats tract"),
    ],
)
def test_bad_input_is_named(change, words: str) -> None:  # type: ignore[no-untyped-def]
    old, truth = planted(5)
    with pytest.raises(ValueError, match=words):
        recover_weights(change(old), carried(old, truth))
