"""Partial pooling: lme4's figures on the sleep study, planted groups, and rankings that chance makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.partial_pooling import PartialPooling, partial_pooling
from analysis.project import AnalysisError


def test_sleep_study(reference: Path) -> None:
    case = json.loads((reference / "mixed_sleepstudy" / "expected.json").read_text())["r"]
    frame = pd.read_csv(reference / "mixed_sleepstudy" / "sleepstudy.csv")
    found = partial_pooling(frame, outcome="Reaction", group="Subject", slope="Days")
    for term, name in (("intercept", "(Intercept)"), ("Days", "Days")):
        assert found.fixed.loc[term, "coefficient"] == pytest.approx(case["fixef"][name], abs=0.001)
        assert found.fixed.loc[term, "error"] == pytest.approx(case["se"][name], abs=0.001)
        assert found.effects.loc["308", term] == pytest.approx(case["ranef_308"][name], abs=0.001)
    intercept, days, both, within = (row["vcov"] for row in case["varcomp"])
    assert found.between.loc["intercept", "intercept"] == pytest.approx(intercept, rel=1e-4)
    assert found.between.loc["Days", "Days"] == pytest.approx(days, rel=1e-4)
    assert found.between.loc["intercept", "Days"] == pytest.approx(both, rel=1e-3)
    assert found.within == pytest.approx(within, rel=1e-4)
    assert found.criterion == pytest.approx(case["reml"], abs=1e-6)


def bureaus(seed: int, between: float = 3.0, groups: int = 40) -> tuple[PartialPooling, pd.Series]:
    """Bureaus of three to forty cases, and their true means."""
    rng = np.random.default_rng(seed)
    sizes, own = rng.integers(3, 40, groups), rng.normal(0, between, groups)
    bureau = np.repeat(np.arange(groups), sizes)
    days = 20 + own[bureau] + rng.normal(0, 6, len(bureau))
    frame = pd.DataFrame({"bureau": [f"{number:02}" for number in bureau], "days": days})
    return partial_pooling(frame, outcome="days", group="bureau"), pd.Series(
        20 + own, [f"{n:02}" for n in range(groups)]
    )


def test_true_means_are_covered_and_nearer_than_raw_ones() -> None:
    held, gain, kept = [], [], []
    for seed in range(30):
        found, truth = bureaus(seed)
        groups = found.groups
        held.append(((groups["lower"] <= truth) & (truth <= groups["upper"])).mean())
        gain.append(((groups["pooled"] - truth) ** 2).mean() / ((groups["raw"] - truth) ** 2).mean())
        kept.append(np.corrcoef(groups["kept"], groups["n"])[0, 1])
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(gain) < 0.85
    assert np.mean(kept) > 0.8


def test_groups_that_do_not_differ_are_not_told_apart() -> None:
    named, worst_is_small = [], []
    for seed in range(30):
        found, _ = bureaus(seed, between=0.0)
        named.append(found.groups["differs"].mean())
        worst_is_small.append(found.groups.loc[found.groups["raw"].idxmax(), "n"] < 12)
    assert np.mean(named) <= 0.01
    # A table ranked by raw means would accuse a small bureau most of the time.
    assert np.mean(worst_is_small) > 0.6


def test_a_group_that_is_different_is_found() -> None:
    rng = np.random.default_rng(1)
    bureau = np.repeat(np.arange(30), 30)
    days = 20 + rng.normal(0, 1, 30)[bureau] + rng.normal(0, 6, 900) + 8 * (bureau == 7)
    frame = pd.DataFrame({"bureau": [f"{number:02}" for number in bureau], "days": days})
    groups = partial_pooling(frame, outcome="days", group="bureau").groups
    assert groups.loc["07", "differs"]
    assert groups["differs"].sum() <= 3


def test_covariates_take_their_share() -> None:
    rng = np.random.default_rng(2)
    bureau = np.repeat(np.arange(30), 20)
    hard = rng.uniform(0, 1, 30)[bureau] + rng.normal(0, 0.1, 600)
    frame = pd.DataFrame({"bureau": bureau, "hard": hard, "days": 20 + 10 * hard + rng.normal(0, 3, 600)})
    plain = partial_pooling(frame, outcome="days", group="bureau")
    fair = partial_pooling(frame, outcome="days", group="bureau", covariates=["hard"])
    assert plain.share_between > 0.3
    assert fair.share_between < 0.05
    assert fair.fixed.loc["hard", "coefficient"] == pytest.approx(10, abs=1)


@given(shift=st.floats(-100, 100), factor=st.floats(0.1, 50))
@settings(max_examples=10, deadline=None)
def test_units_only_move_and_stretch(shift: float, factor: float) -> None:
    rng = np.random.default_rng(3)
    bureau = np.repeat(np.arange(12), 8)
    days = rng.normal(0, 3, 12)[bureau] + rng.normal(0, 4, 96)
    one = partial_pooling(pd.DataFrame({"b": bureau, "y": days}), outcome="y", group="b")
    two = partial_pooling(pd.DataFrame({"b": bureau, "y": shift + factor * days}), outcome="y", group="b")
    np.testing.assert_allclose(
        two.groups["pooled"], shift + factor * one.groups["pooled"], rtol=1e-4, atol=1e-3 * factor
    )
    assert two.share_between == pytest.approx(one.share_between, abs=1e-4)


def test_wrong_input_is_named() -> None:
    frame = pd.DataFrame({"b": np.repeat(np.arange(6), 4), "y": np.arange(24.0)})
    with pytest.raises(AnalysisError, match="4 groups"):
        partial_pooling(frame[frame["b"] < 4], outcome="y", group="b")
    with pytest.raises(AnalysisError, match="missing values in y"):
        partial_pooling(frame.assign(y=frame["y"].where(frame.index != 3)), outcome="y", group="b")
    few = partial_pooling(frame, outcome="y", group="b")
    assert any("6 groups" in text for text in few.cautions)
