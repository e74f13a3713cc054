"""Difference in differences: Card and Krueger, Callaway and Sant'Anna, planted staggered effects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.difference_in_differences import Staggered, staggered, two_by_two
from analysis.project import AnalysisError

Z = 1.959963984540054


def test_card_and_krueger(reference: Path) -> None:
    frame = pd.read_csv(reference / "did_card_krueger" / "card_krueger.csv")
    expected = json.loads((reference / "did_card_krueger" / "expected.json").read_text())["r"]
    found = two_by_two(frame, outcome="fte", treated="nj", after="d", unit="id")
    assert found.effect.value == pytest.approx(expected["did"], abs=1e-9)
    assert found.error == pytest.approx(expected["did_cluster_id_HC1"], abs=1e-9)
    assert found.unclustered_error == pytest.approx(expected["did_ols_se"], abs=1e-9)
    assert found.paired.value == pytest.approx(expected["balanced_first_diff"]["coef"], abs=1e-9)
    assert found.paired.n == expected["balanced_first_diff"]["n"]
    cells = found.cells.set_index(["group", "period"])
    for name, key in (("PA", "others"), ("NJ", "treated")):
        for when in ("before", "after"):
            assert cells.loc[(key, when), "mean"] == pytest.approx(expected["means"][f"{name}_{when}"], abs=1e-9)
            assert cells.loc[(key, when), "error"] == pytest.approx(expected["se"][f"{name}_{when}"], abs=1e-9)
    assert "26 units are seen in one period only" in found.cautions


@pytest.fixture
def published(reference: Path) -> dict:
    return json.loads((reference / "mpdta_callaway_santanna" / "expected.json").read_text())


def minimum_wage(reference: Path, **options: object) -> Staggered:
    frame = pd.read_csv(reference / "mpdta_callaway_santanna" / "mpdta.csv")
    return staggered(frame, outcome="lemp", unit="countyreal", time="year", start="first.treat", **options)  # type: ignore[arg-type]


def test_callaway_and_santanna_group_time_effects(reference: Path, published: dict) -> None:
    table = minimum_wage(reference).by_group_and_time
    found = {f"{row.group:g},{row.time:g}": row.effect for row in table.itertuples()}
    assert found.keys() == published["published"]["attgt_never_treated_no_covariates"].keys()
    for key, effect in published["published"]["attgt_never_treated_no_covariates"].items():
        assert found[key] == pytest.approx(effect, abs=5.1e-5)


@pytest.mark.parametrize(("control", "name"), [("never", "never_reg"), ("not_yet", "notyet_reg")])
def test_callaway_and_santanna_averages_and_errors(reference: Path, published: dict, control: str, name: str) -> None:
    found = minimum_wage(reference, control=control)
    averages = {"simple": found.simple, "group": found.grouped, "dynamic": found.dynamic, "calendar": found.calendar}
    for key, estimate in averages.items():
        expected = published["csdid_variants"][name][key]
        assert estimate.value == pytest.approx(expected["att"], abs=1e-10)
        assert (estimate.upper - estimate.lower) / (2 * Z) == pytest.approx(expected["se"], abs=1e-10)


@pytest.mark.parametrize(("adjust", "name"), [("doubly_robust", "never_dr_lpop"), ("regression", "never_reg_lpop")])
def test_callaway_and_santanna_with_population(reference: Path, published: dict, adjust: str, name: str) -> None:
    found = minimum_wage(reference, covariates=["lpop"], adjust=adjust)
    averages = {"simple": found.simple, "group": found.grouped, "dynamic": found.dynamic, "calendar": found.calendar}
    for key, estimate in averages.items():
        expected = published["csdid_variants"][name][key]
        assert estimate.value == pytest.approx(expected["att"], abs=1e-6)
        assert (estimate.upper - estimate.lower) / (2 * Z) == pytest.approx(expected["se"], abs=1e-6)


def test_event_study_balance_pretest_and_two_way(reference: Path, published: dict) -> None:
    found = minimum_wage(reference)
    effects = dict(zip(found.event_study["event"].astype(str), found.event_study["effect"], strict=True))
    for event, effect in published["published"]["dynamic"].items():
        assert effects[event] == pytest.approx(effect, abs=5.1e-5)
    assert minimum_wage(reference, balance=1).dynamic.value == pytest.approx(-0.0288, abs=5.1e-5)
    assert found.pretest == pytest.approx(published["published"]["pretest_wald_p"], abs=1e-4)
    assert found.two_way == pytest.approx(published["twfe"]["coef"], abs=1e-7)
    assert "only 20 units start in 2004: their errors are rough" in found.cautions


def panel(seed: int, growing: float = 0.0, effect: float = 0.0, units: int = 200) -> pd.DataFrame:
    """Units with their own level, a common trend and noise that carries over; three starts and a comparison."""
    rng = np.random.default_rng(seed)
    starts = rng.choice([0, 3, 6, 9], size=units)
    noise = np.cumsum(rng.normal(0, 0.5, (units, 12)), axis=1) * 0.5 + rng.normal(0, 1, (units, 12))
    time = np.arange(12)
    level = rng.normal(0, 2, (units, 1)) + 0.3 * time + noise
    since = np.where(starts[:, None] > 0, time - starts[:, None], -1)
    level += np.where(since >= 0, effect + growing * since, 0)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), 12),
            "time": np.tile(time, units),
            "start": np.repeat(starts, 12),
            "y": level.ravel(),
        }
    )


def estimated(frame: pd.DataFrame, **options: object) -> Staggered:
    return staggered(frame, outcome="y", unit="unit", time="time", start="start", **options)  # type: ignore[arg-type]


def test_planted_effect_is_covered_and_false_alarms_are_rare() -> None:
    held, alarms, bands, tests = [], [], [], []
    for seed in range(100):
        found = estimated(panel(seed, effect=1.0))
        held.append(found.simple.lower <= 1 <= found.simple.upper)
        nothing = estimated(panel(seed))
        alarms.append(nothing.dynamic.excludes(0))
        bands.append(((nothing.event_study["lower"] > 0) | (nothing.event_study["upper"] < 0)).any())
        tests.append(nothing.pretest < 0.05)
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(alarms) <= 0.09
    assert np.mean(bands) <= 0.10
    assert np.mean(tests) <= 0.12


def test_growing_effects_are_recovered_where_two_way_fixed_effects_fail() -> None:
    planted = panel(1, growing=1.0, units=2000)
    found = estimated(planted)
    starts = planted.groupby("unit")["start"].first()
    truths = [np.mean([t - g for t in range(g, 12)]) for g in (3, 6, 9)]
    sizes = [(starts == g).sum() for g in (3, 6, 9)]
    assert found.grouped.value == pytest.approx(np.average(truths, weights=sizes), abs=0.15)
    events = found.event_study.set_index("event")["effect"]
    assert events[8] == pytest.approx(8, abs=0.3)
    lags = [(t - g, n) for g, n in zip((3, 6, 9), sizes, strict=True) for t in range(g, 12)]
    true_simple = np.average([lag for lag, _ in lags], weights=[size for _, size in lags])
    assert found.simple.value == pytest.approx(true_simple, abs=0.15)
    # The last group's comparison with earlier starters drags the regression down.
    assert found.two_way < true_simple - 0.5


def test_covariates_remove_the_bias_of_trends_that_follow_them() -> None:
    plain, adjusted, held = [], [], []
    for seed in range(40):
        frame = panel(seed, effect=1.0, units=400)
        size = np.random.default_rng(seed).normal(frame.groupby("unit")["start"].first().gt(0), 1.0)
        frame = frame.assign(size=size[frame["unit"]])
        frame["y"] += 0.3 * frame["size"] * frame["time"]
        plain.append(estimated(frame).simple.value)
        found = estimated(frame, covariates=["size"]).simple
        adjusted.append(found.value)
        held.append(found.lower <= 1 <= found.upper)
    assert np.mean(plain) > 1.5
    assert np.mean(adjusted) == pytest.approx(1, abs=0.06)
    assert np.mean(held) >= 0.88


def test_both_controls_agree_when_trends_are_parallel() -> None:
    frame = panel(3, effect=1.0, units=2000)
    never, not_yet = estimated(frame), estimated(frame, control="not_yet")
    assert never.simple.value == pytest.approx(not_yet.simple.value, abs=0.1)
    assert not_yet.simple.upper - not_yet.simple.lower <= never.simple.upper - never.simple.lower + 1e-9


def test_shifting_units_and_periods_changes_nothing() -> None:
    frame = panel(4, effect=1.0)
    shifted = frame.assign(y=frame["y"] + 100 * frame["unit"] % 17 + 3 * frame["time"])
    assert estimated(shifted).simple.value == pytest.approx(estimated(frame).simple.value)


def test_incomplete_units_and_those_without_a_before_are_counted() -> None:
    frame = panel(5)
    cut = frame.drop(frame.index[frame["unit"] == 0][:1])
    always = cut.assign(start=cut["start"].where(cut["unit"] != 1, 0).where(cut["unit"] != 2, 0))
    always.loc[always["unit"] == 2, "start"] = 0
    found = estimated(always)
    assert found.dropped_units == 1
    first = always.assign(start=always["start"].replace(0, np.nan))
    first["time"] += 1
    first.loc[first["unit"] == 3, "start"] = 1
    assert estimated(first).dropped_units == 2


def test_wrong_panels_are_named() -> None:
    frame = panel(6)
    with pytest.raises(AnalysisError, match="more than one start"):
        estimated(frame.assign(start=frame["start"] + (frame.index == 5)))
    with pytest.raises(AnalysisError, match="do not identify"):
        estimated(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(AnalysisError, match="no comparison units"):
        estimated(frame[frame["start"] == 6])
    with pytest.raises(AnalysisError, match="more than one size"):
        estimated(frame.assign(size=frame["time"]), covariates=["size"])
    with pytest.raises(AnalysisError, match="'doubly_robust' or 'regression'"):
        estimated(frame, adjust="matching")
    with pytest.raises(AnalysisError, match="'never' or 'not_yet'"):
        estimated(frame, control="all")
    with pytest.raises(AnalysisError, match="among the treated before"):
        two_by_two(frame.assign(t=False, a=frame["time"] > 5), outcome="y", treated="t", after="a", unit="unit")


def test_two_by_two_clusters_what_belongs_together() -> None:
    held, plain = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        own = rng.normal(0, 3, 80)
        rows = [(u, u < 40, p, own[u] + p + 2 * (u < 40) * p + rng.normal()) for u in range(80) for p in (0, 1)]
        found = two_by_two(
            pd.DataFrame(rows, columns=["u", "t", "a", "y"]), outcome="y", treated="t", after="a", unit="u"
        )
        held.append(found.effect.lower <= 2 <= found.effect.upper)
        plain.append(found.unclustered_error / found.error)
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(plain) > 2
