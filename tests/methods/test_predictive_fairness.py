"""Predictive fairness: ProPublica's published rates, an identity that cannot be escaped, calibration by simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.predictive_fairness import calibration, group_errors, implied_false_positive
from analysis.project import AnalysisError


@pytest.fixture(scope="module")
def people(reference: Path) -> pd.DataFrame:
    # "N/A" is a score text, not a missing value.
    path = reference / "fairness_compas" / "compas_two_years_slim.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def expected(reference: Path) -> dict:
    return json.loads((reference / "fairness_compas" / "expected.json").read_text())


def test_published_error_rates(people: pd.DataFrame, expected: dict) -> None:
    flagged = people["score_text"].isin(["Medium", "High"])
    found = group_errors(people["two_year_recid"], flagged, people["race"])
    names = {"all": "everybody", "black": "African-American", "white": "Caucasian"}
    for key, group in names.items():
        published = expected["published"][key]
        assert found.counts.loc[group].sum() == published["n"]
        assert 100 * found.rate(group, "false_positive").value == pytest.approx(published["FPR"], abs=0.006)
        assert 100 * found.rate(group, "false_negative").value == pytest.approx(published["FNR"], abs=0.006)
        for short, long in (
            ("tp", "true_positive"),
            ("fp", "false_positive"),
            ("fn", "false_negative"),
            ("tn", "true_negative"),
        ):
            if short in published:
                assert found.counts.loc[group, long] == published[short]
        if "PPV" in published:
            assert found.rate(group, "positive_value").value == pytest.approx(published["PPV"], abs=0.005)
    assert found.difference("false_positive", "African-American", "Caucasian").lower > 0.15
    small = found.rate("Native American", "flagged")
    assert small.n == 18
    assert small.upper - small.lower > 0.3


def test_published_calibration(people: pd.DataFrame, expected: dict) -> None:
    rows = people[
        (people["days_b_screening_arrest"].abs() <= 30)
        & (people["is_recid"] != -1)
        & (people["c_charge_degree"] != "O")
    ]
    assert len(rows) == expected["published"]["filtered_n"]
    design = sm.add_constant(rows[["age", "priors_count", "decile_score"]].to_numpy(dtype=float))
    chance = sm.GLM(rows["two_year_recid"].to_numpy(), design, family=sm.families.Binomial()).fit().fittedvalues
    found = calibration(rows["two_year_recid"], chance)
    published = expected["calibration"]
    assert found.brier == pytest.approx(published["brier"], abs=1e-6)
    assert found.auc == pytest.approx(published["auc"], abs=1e-6)
    assert found.slope.value == pytest.approx(published["calibration_slope"], abs=1e-5)
    assert found.hosmer_lemeshow == pytest.approx(published["hl_deciles"], abs=1e-3)
    assert found.probability == pytest.approx(published["hl_p_df8"], abs=1e-4)


counts = st.integers(12, 400)


@given(counts, counts, counts, counts)
def test_the_identity_holds_for_every_table(tp: int, fp: int, fn: int, tn: int) -> None:
    happened = [1] * tp + [0] * fp + [1] * fn + [0] * tn
    flagged = [1] * (tp + fp) + [0] * (fn + tn)
    found = group_errors(happened, flagged, ["a"] * len(happened))
    rate = {
        name: found.rate("a", name).value
        for name in ("base_rate", "positive_value", "false_negative", "false_positive")
    }
    forced = implied_false_positive(rate["base_rate"], rate["positive_value"], rate["false_negative"])
    assert rate["false_positive"] == pytest.approx(forced)
    assert found.table[found.table["group"] == "a"]["value"].tolist() == pytest.approx(
        found.table[found.table["group"] == "everybody"]["value"].tolist()
    )


def test_a_calibrated_score_errs_unequally_when_base_rates_differ() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(["a", "b"], 20_000)
    chance = np.concatenate([rng.beta(4, 4, 20_000), rng.beta(2, 5, 20_000)])
    happened = rng.random(40_000) < chance
    for name in ("a", "b"):
        found = calibration(happened[group == name], chance[group == name])
        assert found.slope.lower <= 1 <= found.slope.upper
    errors = group_errors(happened, chance > 0.5, group)
    assert errors.difference("false_positive", "a", "b").lower > 0.1


def test_calibration_false_alarms_and_power() -> None:
    alarms, slopes, found = [], [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        chance = rng.beta(2, 3, 800)
        happened = rng.random(800) < chance
        right = calibration(happened, chance)
        alarms.append(right.probability < 0.05)
        slopes.append(right.slope.lower <= 1 <= right.slope.upper)
        odds = 2 * np.log(chance / (1 - chance))
        found.append(calibration(happened, 1 / (1 + np.exp(-odds))).slope.upper < 1)
    assert 0.92 <= np.mean(slopes) <= 0.98
    assert np.mean(alarms) <= 0.12
    assert np.mean(found) > 0.95


def test_intervals_of_differences_cover() -> None:
    held = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        group = np.repeat(["a", "b"], [150, 80])
        happened = rng.random(230) < 0.4
        flagged = rng.random(230) < np.where(group == "a", 0.5, 0.3)
        found = group_errors(happened, flagged, group).difference("false_positive", "a", "b")
        held.append(found.lower <= 0.2 <= found.upper)
    assert 0.92 <= np.mean(held) <= 0.98


def test_few_people_have_no_rate() -> None:
    found = group_errors([1] * 5 + [0] * 20, [1] * 25, ["a"] * 25)
    assert found.rate("a", "false_negative").status == "not_applicable"
    assert found.difference("false_negative", "a", "everybody").status == "not_applicable"


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="flagged must be 0 or 1"):
        group_errors([1, 0], [1, np.nan], ["a", "a"])
    with pytest.raises(AnalysisError, match="group is missing for 1"):
        group_errors([1, 0], [1, 0], ["a", None])
    with pytest.raises(AnalysisError, match="strictly between"):
        calibration([1, 0], [1.0, 0.2])
    with pytest.raises(AnalysisError, match="to some and not"):
        calibration([1, 1], [0.5, 0.2])
    with pytest.raises(AnalysisError, match="no 'speed'"):
        group_errors([1, 0], [1, 0], ["a", "a"]).rate("a", "speed")
