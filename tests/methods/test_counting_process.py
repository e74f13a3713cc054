"""Hazards with changing covariates: R's figures, exact splitting, planted ratios, false alarms, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.methods import planted_businesses as planted
from analysis.methods.counting_process import hazard_model, split_spells
from analysis.methods.survival import cox
from analysis.project import AnalysisError

SPELLS = {"start": "start", "stop": "stop", "covariates": ["changing"], "cluster": "tract"}
DATES = {"born": "born", "entry": "entry", "leave": "leave", "since": "since"}


def test_the_lung_trial_as_in_r(reference: Path) -> None:
    folder = reference / "survival_lung"
    frame = pd.read_csv(folder / "lung.csv").assign(zero=0.0)
    frame["died"] = frame["status"] == 2
    expected = json.loads((folder / "expected.json").read_text())["r"]
    found = hazard_model(frame, start="zero", stop="time", ended="died", covariates=["age", "sex", "ph.ecog"])
    for name, coefficient in expected["cox_efron"]["coef"].items():
        assert found.table.loc[name, "coefficient"] == pytest.approx(coefficient, abs=1e-6)
        assert found.table.loc[name, "error"] == pytest.approx(expected["cox_efron"]["se"][name], abs=1e-6)
        assert found.table.loc[name, "proportional"] == pytest.approx(expected["cox_zph"]["table"][name][2], abs=1e-6)
    assert found.log_likelihood == pytest.approx(tuple(expected["cox_efron"]["loglik"]), abs=1e-6)
    assert (found.rows, found.ends, found.left_out) == (227, 164, 1)


def test_cutting_a_life_in_pieces_changes_nothing(reference: Path) -> None:
    frame = pd.read_csv(reference / "survival_lung" / "lung.csv").dropna(subset=["ph.ecog"]).assign(zero=0.0)
    frame["died"] = frame["status"] == 2
    cut = 150.5
    early = frame.assign(stop=frame["time"].clip(upper=cut), died=frame["died"] & (frame["time"] <= cut))
    late = frame[frame["time"] > cut].assign(zero=cut, stop=frame["time"])
    whole = hazard_model(frame, start="zero", stop="time", ended="died", covariates=["age", "sex"])
    pieces = hazard_model(pd.concat([early, late]), start="zero", stop="stop", ended="died", covariates=["age", "sex"])
    np.testing.assert_allclose(whole.table, pieces.table, atol=1e-8)


def test_entry_strata_and_weights_agree_with_statsmodels() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=900), "y": rng.normal(4, 9, 900), "kind": rng.integers(0, 3, 900)})
    frame["in"], frame["end"] = rng.uniform(0, 4, 900), rng.random(900) < 0.7
    frame["out"] = frame["in"] + rng.exponential(8 * np.exp(-0.4 * frame["x"]))
    ours = hazard_model(frame, start="in", stop="out", ended="end", covariates=["x", "y"], strata="kind")
    theirs = sm.PHReg(
        frame["out"], frame[["x", "y"]], status=frame["end"].astype(int), entry=frame["in"], strata=frame["kind"]
    ).fit()
    np.testing.assert_allclose(ours.table["coefficient"], theirs.params, atol=1e-7)
    np.testing.assert_allclose(ours.table["plain_error"], theirs.bse, atol=1e-7)


def test_nobody_is_at_risk_at_the_moment_of_entering() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"x": rng.normal(size=400), "in": rng.integers(0, 5, 400).astype(float)})
    frame["out"] = frame["in"] + np.ceil(rng.exponential(5 * np.exp(-0.5 * frame["x"])))
    frame["end"] = True
    later = frame.assign(**{"in": frame["in"] + 0.01})
    one, two = (cox(rows, duration="out", ended="end", covariates=["x"], entry="in") for rows in (frame, later))
    assert one.table.loc["x", "coefficient"] == pytest.approx(two.table.loc["x", "coefficient"], abs=1e-9)


def test_clustered_errors_are_those_of_leaving_out_one_cluster() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"tract": rng.integers(0, 150, 3000), "in": rng.integers(0, 3, 3000).astype(float)})
    frame["x"] = rng.normal(size=150)[frame["tract"]]
    luck = np.exp(rng.normal(0, 0.5, 150))[frame["tract"]]
    frame["out"] = frame["in"] + np.ceil(rng.exponential(8 / luck))
    frame["end"] = True
    names = {"start": "in", "stop": "out", "ended": "end", "covariates": ["x"]}
    found = hazard_model(frame, cluster="tract", **names)
    without = [hazard_model(frame[frame["tract"] != one], **names).table.loc["x", "coefficient"] for one in range(150)]
    jackknife = np.sqrt(((without - np.mean(without)) ** 2).sum() * 149 / 150)
    assert found.table.loc["x", "error"] == pytest.approx(jackknife, rel=0.05)
    # Every business for itself would be far too sure.
    assert found.table.loc["x", "error"] > 1.7 * found.table.loc["x", "plain_error"]


def test_without_clusters_a_shared_luck_raises_false_alarms() -> None:
    alarms = []
    for seed in range(60):
        subjects, history = planted.planted_businesses(seed, ratio=1.0, shared=0.5, tracts=30)
        spells = split_spells(subjects, history, place="tract", covariates=["changing"], **DATES)
        spells["closed"] = spells["last"] & (spells["event"] == "closed")
        table = hazard_model(spells, start="start", stop="stop", ended="closed", covariates=["changing"]).table
        alarms.append(table.loc["changing", "probability"] < 0.05)
    assert np.mean(alarms) > 0.15


def test_spells_add_up_to_the_time_in_sight() -> None:
    subjects, history = planted.planted_businesses(7)
    spells = split_spells(subjects, history, place="tract", covariates=["changing"], **DATES)
    years = (subjects["leave"] - subjects["entry"]).dt.days / 365.25
    np.testing.assert_allclose((spells["stop"] - spells["start"]).groupby(spells["subject"]).sum(), years)
    assert spells.groupby("subject")["last"].sum().eq(1).all()
    assert (spells["stop"] > spells["start"]).all()
    # A value holds from its day on, and not before: nothing looks into the future.
    late = spells["born"] + pd.to_timedelta((spells["start"] * 365.25).round(), unit="D") >= planted.CHANGE
    changes = history.groupby("tract")["changing"].max()
    np.testing.assert_array_equal(spells["changing"], spells["tract"].map(changes) * late)


def test_before_the_first_known_value_it_is_missing_and_left_out_is_counted() -> None:
    subjects, history = planted.planted_businesses(8)
    known = history[history["since"] == planted.CHANGE]
    spells = split_spells(subjects, known, place="tract", covariates=["changing"], **DATES)
    assert spells["changing"].isna().any()
    spells["closed"] = spells["last"] & (spells["event"] == "closed")
    found = hazard_model(spells, ended="closed", **SPELLS)
    assert found.left_out == int(spells["changing"].isna().sum())


def test_wrong_input_is_named() -> None:
    subjects, history = planted.planted_businesses(9, count=50)
    with pytest.raises(AnalysisError, match="leave when or before they enter"):
        split_spells(subjects.assign(leave=subjects["entry"]), history, place="tract", covariates=["changing"], **DATES)
    with pytest.raises(AnalysisError, match="do not identify the rows"):
        split_spells(subjects, pd.concat([history] * 2), place="tract", covariates=["changing"], **DATES)
    frame = pd.DataFrame({"a": 0.0, "b": [1.0, 2.0, 3.0, 4.0], "e": [True, True, False, False], "x": 1.0})
    names = {"start": "a", "stop": "b", "ended": "e", "covariates": ["x"]}
    with pytest.raises(AnalysisError, match="x is the same in every row"):
        hazard_model(frame, **names)
    with pytest.raises(AnalysisError, match="nothing ended"):
        hazard_model(frame.assign(e=False), **names)
    with pytest.raises(AnalysisError, match="1 spells have no length"):
        hazard_model(frame.assign(b=[0.0, 2.0, 3.0, 4.0], x=[1.0, 2.0, 1.0, 2.0]), **names)
    with pytest.raises(AnalysisError, match="separates those that ended"):
        hazard_model(frame.assign(x=[1.0, 1.0, 0.0, 0.0], e=[True, True, False, False]), **names)


def test_few_clusters_and_few_ends_are_warned_about() -> None:
    subjects, history = planted.planted_businesses(2, tracts=12, count=300)
    spells = split_spells(subjects, history, place="tract", covariates=["changing"], **DATES)
    spells["closed"] = spells["last"] & (spells["event"] == "closed")
    found = hazard_model(spells, ended="closed", **SPELLS)
    assert found.clusters == 12
    assert any("only 12 clusters" in text for text in found.cautions)
