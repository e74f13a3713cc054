"""Survival: R's own figures on the lung trial, planted lifetimes with delayed entry, competing ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight

from analysis.methods.survival import competing_ends, cox, guarded_window, kaplan_meier, log_rank
from analysis.project import AnalysisError

Z = 1.959963984540054


@pytest.fixture
def lung(reference: Path) -> pd.DataFrame:
    frame = pd.read_csv(reference / "survival_lung" / "lung.csv")
    return frame.assign(died=frame["status"] == 2)


@pytest.fixture
def expected(reference: Path) -> dict:
    return json.loads((reference / "survival_lung" / "expected.json").read_text())["r"]


def test_kaplan_meier_of_the_lung_trial(lung: pd.DataFrame, expected: dict) -> None:
    curve, overall = kaplan_meier(lung["time"], lung["died"]), expected["km_overall"]
    assert (curve.median.value, *curve.median.interval) == (overall["median"], overall["lcl"], overall["ucl"])
    for place, time in enumerate(overall["times"]):
        found = curve.at(time)
        assert found.value == pytest.approx(overall["surv"][place], abs=1e-8)
        assert found.lower == pytest.approx(overall["lower"][place], abs=1e-8)
        assert found.upper == pytest.approx(overall["upper"][place], abs=1e-8)
        row = curve.table[curve.table["time"] <= time].iloc[-1]
        assert row["error"] == pytest.approx(overall["std_err"][place], abs=1e-8)
    mean = curve.restricted_mean(365)
    assert mean.value == pytest.approx(overall["rmst365"], abs=1e-6)
    assert (mean.upper - mean.value) / Z == pytest.approx(overall["rmst365_se"], abs=1e-6)


def test_kinds_of_interval_differ_and_are_named(lung: pd.DataFrame) -> None:
    log, loglog = (kaplan_meier(lung["time"], lung["died"], kind=kind) for kind in ("log", "log-log"))
    assert (log.kind, loglog.kind) == ("log", "log-log")
    assert round(loglog.at(365).lower, 3) == 0.339
    assert round(loglog.at(365).upper, 3) == 0.478
    assert round(log.at(365).lower, 3) == 0.345


def test_by_sex_and_log_rank(lung: pd.DataFrame, expected: dict) -> None:
    for place, sex in enumerate((1, 2)):
        curve = kaplan_meier(lung["time"][lung["sex"] == sex], lung["died"][lung["sex"] == sex])
        assert curve.median.value == expected["km_by_sex"]["median_male" if sex == 1 else "median_female"]
        assert curve.restricted_mean(365).value == pytest.approx(expected["km_by_sex"]["rmst365"][place], abs=1e-6)
    found = log_rank(lung["time"], lung["died"], lung["sex"])
    assert found.statistic == pytest.approx(expected["logrank_sex"]["chisq"], abs=1e-8)
    assert found.probability == pytest.approx(expected["logrank_sex"]["p"], abs=1e-10)
    assert sum(found.observed) == pytest.approx(sum(found.expected))


def test_cox_of_the_lung_trial(lung: pd.DataFrame, expected: dict) -> None:
    found = cox(lung, duration="time", ended="died", covariates=["age", "sex", "ph.ecog"])
    published = expected["cox_efron"]
    assert (found.subjects, found.ends, found.left_out) == (published["n"], published["events"], 1)
    for name, coefficient in published["coef"].items():
        assert found.table.loc[name, "coefficient"] == pytest.approx(coefficient, abs=1e-4)
        assert found.table.loc[name, "error"] == pytest.approx(published["se"][name], abs=1e-4)
        proportional = expected["cox_zph"]["table"][name][2]
        assert found.table.loc[name, "proportional"] == pytest.approx(proportional, abs=1e-6)
    assert found.log_likelihood == pytest.approx(tuple(published["loglik"]), abs=1e-4)
    assert found.concordance == pytest.approx(published["concordance"], abs=1e-8)


def lifetimes(seed: int, count: int = 300, late: float = 0.0) -> pd.DataFrame:
    """Exponential lifetimes of mean 10; seen until 12 at most; with ``late`` entry, only those still there are seen."""
    rng = np.random.default_rng(seed)
    life, entry = rng.exponential(10, count), rng.uniform(0, late, count) if late else np.zeros(count)
    entry[: count // 4] = 0
    seen = life > entry
    leave = np.minimum(life, entry + rng.uniform(4, 12, count))
    return pd.DataFrame({"time": leave, "ended": life <= leave, "entry": entry})[seen].reset_index(drop=True)


def test_delayed_entry_removes_the_bias_of_counting_from_birth() -> None:
    naive, right, held = [], [], []
    for seed in range(200):
        frame = lifetimes(seed, 600, late=8)
        naive.append(kaplan_meier(frame["time"], frame["ended"]).at(6).value)
        found = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"]).at(6)
        right.append(found.value)
        held.append(found.lower <= np.exp(-0.6) <= found.upper)
    assert np.mean(naive) - np.exp(-0.6) > 0.06
    assert np.mean(right) == pytest.approx(np.exp(-0.6), abs=0.01)
    assert 0.91 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("kind", ["log", "log-log"])
def test_curve_and_restricted_mean_cover(kind: str) -> None:
    held, means = [], []
    for seed in range(300):
        frame = lifetimes(seed, 80)
        curve = kaplan_meier(frame["time"], frame["ended"], kind=kind)
        point, mean = curve.at(5), curve.restricted_mean(6)
        held.append(point.lower <= np.exp(-0.5) <= point.upper)
        means.append(mean.lower <= 10 * (1 - np.exp(-0.6)) <= mean.upper)
    assert 0.91 <= np.mean(held) <= 0.98
    assert 0.91 <= np.mean(means) <= 0.98


def test_log_rank_false_alarms_and_power() -> None:
    alarms, found = [], []
    for seed in range(300):
        frame = lifetimes(seed, 120)
        group = np.arange(len(frame)) % 2
        alarms.append(log_rank(frame["time"], frame["ended"], group).probability < 0.05)
        # Twice the hazard in one group: those lifetimes pass twice as fast.
        faster = frame["time"] / np.where(group == 1, 2, 1)
        found.append(log_rank(faster, frame["ended"], group).probability < 0.05)
    assert np.mean(alarms) <= 0.08
    assert np.mean(found) > 0.65


def test_cox_covers_with_delayed_entry() -> None:
    held, alarms = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=300)
        life, entry = rng.exponential(10 * np.exp(-0.5 * x)), rng.uniform(0, 5, 300)
        leave = np.minimum(life, entry + 8)
        frame = pd.DataFrame({"x": x, "time": leave, "end": life <= leave, "entry": entry})[life > entry]
        table = cox(frame, duration="time", ended="end", covariates=["x"], entry="entry").table
        held.append(table.loc["x", "lower"] <= np.exp(0.5) <= table.loc["x", "upper"])
        alarms.append(table.loc["x", "proportional"] < 0.05)
    assert 0.89 <= np.mean(held) <= 1
    assert np.mean(alarms) <= 0.11


@pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels")
def test_incidence_agrees_with_statsmodels_and_stays_below_one_minus_kaplan_meier() -> None:
    rng = np.random.default_rng(1)
    way = rng.choice(["", "closed", "moved"], size=200, p=[0.3, 0.4, 0.3])
    time = rng.permutation(200) + 1.0
    found = competing_ends(time, way)
    codes = np.select([way == "closed", way == "moved"], [1, 2], 0)
    theirs = CumIncidenceRight(time, codes)
    for place, name in enumerate(("closed", "moved")):
        table = found.tables[name].set_index("time")["share"]
        np.testing.assert_allclose(table.loc[theirs.times], theirs.cinc[place], atol=1e-12)
        alone = kaplan_meier(time, way == name)
        assert (found.tables[name]["share"].to_numpy() <= 1 - alone.table["survival"].to_numpy() + 1e-12).all()
    total = sum(table["share"].to_numpy() for table in found.tables.values()) + found.going_on["share"].to_numpy()
    np.testing.assert_allclose(total, 1)


def test_incidence_covers() -> None:
    held = []
    truth = 0.6 * (1 - np.exp(-0.6))
    for seed in range(300):
        rng = np.random.default_rng(10_000 + seed)
        frame = lifetimes(seed, 150, late=4)
        way = np.where(frame["ended"], rng.choice(["closed", "moved"], len(frame), p=[0.6, 0.4]), "")
        found = competing_ends(frame["time"], way, entry=frame["entry"]).at("closed", 6)
        held.append(found.lower <= truth <= found.upper)
    assert 0.91 <= np.mean(held) <= 0.98


subjects = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60)


@given(subjects)
@settings(max_examples=80, deadline=None)
def test_survival_never_rises_and_limits_hold_it(rows: list[tuple[int, bool]]) -> None:
    table = kaplan_meier([time for time, _ in rows], [end for _, end in rows], kind="log-log").table
    assert (table["survival"].diff().dropna() <= 1e-12).all()
    inside = table.dropna()
    assert (inside["lower"] <= inside["survival"] + 1e-12).all()
    assert (inside["upper"] >= inside["survival"] - 1e-12).all()


@given(subjects)
@settings(max_examples=40, deadline=None)
def test_without_censoring_it_is_the_empirical_share(rows: list[tuple[int, bool]]) -> None:
    times = np.array([time for time, _ in rows], dtype=float)
    curve = kaplan_meier(times, np.ones(len(times)))
    for time in np.unique(times)[:-1]:
        assert curve.at(time).value == pytest.approx((times > time).mean())


def test_a_tiny_early_risk_set_is_warned_about() -> None:
    frame = lifetimes(3, 200, late=8)
    frame = frame[frame["entry"] > 0.4]
    frame.loc[999] = [0.5, True, 0.0]
    curve = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"])
    assert any("moves the whole curve" in text for text in curve.cautions)
    assert curve.at(6).value < 0.5
    later = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"], since=2.0)
    assert later.at(6).value == pytest.approx(np.exp(-0.4), abs=0.15)
    with pytest.raises(AnalysisError, match="after 99"):
        kaplan_meier(frame["time"], frame["ended"], since=99)


def test_beyond_the_data_there_is_nothing() -> None:
    curve = kaplan_meier([1, 2, 3], [True, False, False])
    assert curve.at(4).status == "no_data"
    assert curve.median.status == "not_applicable"
    with pytest.raises(AnalysisError, match="in sight until 4"):
        curve.restricted_mean(4)


def test_wrong_input_is_named() -> None:
    with pytest.raises(AnalysisError, match="first at row 1"):
        kaplan_meier([1, 2], [True, True], entry=[0, 2])
    with pytest.raises(AnalysisError, match="'log' or 'log-log'"):
        kaplan_meier([1], [True], kind="plain")
    with pytest.raises(AnalysisError, match="two groups"):
        log_rank([1, 2], [True, True], ["a", "a"])
    with pytest.raises(AnalysisError, match="nothing ended"):
        competing_ends([1, 2], ["", ""])
    frame = pd.DataFrame({"x": 1.0, "t": [1, 2, 3], "e": True})
    with pytest.raises(AnalysisError, match="x is the same"):
        cox(frame, duration="t", ended="e", covariates=["x"])


def test_the_guarded_window_leaves_out_ends_among_the_few() -> None:
    frame = lifetimes(3, 400, late=8)
    frame = frame[frame["entry"] > 0.4]
    frame.loc[999] = [0.5, True, 0.0]
    found = guarded_window(frame["time"], frame["ended"], entry=frame["entry"], least=30)
    curve = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"], since=found.since, until=found.until)
    ends = curve.table[curve.table["ended"] > 0]
    assert ends["at_risk"].min() >= 30
    assert curve.cautions == ()
    assert found.left_out_ends == int(frame["ended"].sum()) - curve.ends
    assert curve.at(6).value == pytest.approx(np.exp(-(6 - found.since) / 10), abs=0.1)
    with pytest.raises(AnalysisError, match="fewer than 9000"):
        guarded_window(frame["time"], frame["ended"], entry=frame["entry"], least=9000)


def test_until_forgets_what_came_later() -> None:
    frame = lifetimes(4, 200, late=4)
    whole = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"])
    cut = kaplan_meier(frame["time"], frame["ended"], entry=frame["entry"], until=5.0)
    assert cut.at(5).value == pytest.approx(whole.at(5).value)
    assert cut.at(5.1).status == "no_data"
    way = np.where(frame["ended"], "closed", "")
    assert competing_ends(frame["time"], way, entry=frame["entry"], until=5.0).at("closed", 5).value == pytest.approx(
        1 - whole.at(5).value
    )
