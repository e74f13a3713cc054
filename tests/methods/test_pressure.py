"""Pressure on renters: the target by hand, the guard against leakage, rules on planted cities, lists and groups."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.methods.outreach_list import (
    GROUPS,
    Forecast,
    compare_lists,
    forecast,
    listed,
    outreach_groups,
    overlap,
    share_reached,
)
from analysis.methods.planted import change_tables
from analysis.methods.planted_pressure import planted_city
from analysis.methods.pressure_backtest import FinishedPeriod, assemble, sensitivity
from analysis.methods.pressure_features import Features, LeakageError, check_leakage, pressure_features
from analysis.methods.pressure_models import (
    columns_of,
    floor_of_shared_errors,
    partial_dependence,
    permutation_importance,
    score_models,
)
from analysis.methods.pressure_target import (
    PressureTarget,
    TargetRule,
    low_income_renters,
    nearest_window,
    period_rows,
    pressure_target,
)
from analysis.project import AnalysisError

WIDE = {"median_home_value": 400_000.0, "median_home_value_moe": 20_000.0, "median_home_value_flag": "ok"}


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A county of 2000 and 2018 in which the first 40 tracts changed."""
    made = change_tables(3, n=300, changed=40)
    periods = made.tract_periods.assign(**WIDE)
    brackets = made.income_brackets.assign(dollar_year=lambda t: t["period"].map({"2000": 1999, "2018": 2018}))
    return periods, brackets


@pytest.fixture(scope="module")
def target(tables: tuple[pd.DataFrame, pd.DataFrame]) -> PressureTarget:
    return pressure_target(*tables, "2000", "2018")


def blocks_of(index: pd.Index) -> pd.Series:
    return pd.Series([f"b{k // 10}" for k in range(len(index))], index=index)


# -- the target ------------------------------------------------------------------------------------------------------


def test_planted_tracts_came_under_pressure_and_few_others(target: PressureTarget) -> None:
    pressured = target.pressured
    assert pressured.iloc[:40].mean() > 0.9
    assert pressured.iloc[40:].mean() < 0.35


def test_both_halves_are_needed(target: PressureTarget) -> None:
    scored = target.table[target.table["status"] == "scored"]
    both = scored["rent_above"].eq(True) & scored["fewer_low"].eq(True)
    assert (both == scored["pressured"].eq(True)).all()
    assert scored["rent_above"].eq(True).sum() > both.sum()


def test_the_rent_half_does_not_depend_on_any_price_index(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    periods, brackets = tables
    dearer = periods.copy()
    later = dearer["period"] == "2018"
    dearer.loc[later, ["median_gross_rent", "median_gross_rent_moe"]] *= 1.7
    one, two = (pressure_target(t, brackets, "2000", "2018") for t in (periods, dearer))
    pd.testing.assert_series_equal(one.table["rent_gap"], two.table["rent_gap"])
    assert two.county_growth - one.county_growth == pytest.approx(100 * np.log(1.7))


def test_a_rent_cut_off_is_above_where_its_bound_is_and_unknown_elsewhere(
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    periods, brackets = tables
    cut = periods.copy()
    codes = sorted(cut["geoid"].unique())[:2]
    for code, rent in zip(codes, (9_000.0, 300.0), strict=True):
        row = (cut["geoid"] == code) & (cut["period"] == "2018")
        cut.loc[row, ["median_gross_rent", "median_gross_rent_flag"]] = (rent, "top_coded")
    table = pressure_target(cut, brackets, "2000", "2018").table
    assert table.loc[codes[0], "rent_above"] is True
    assert table.loc[codes[1], "status"] == "not scored"
    assert "cut off" in table.loc[codes[1], "reason"]


def test_bounds_of_low_income_renters_hold_whatever_the_truth(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    periods, brackets = tables
    rows = period_rows(periods, "2000")
    found = low_income_renters(rows, brackets, "2000")
    assert (found["least"] <= found["estimate"] + 1e-9).all()
    assert (found["estimate"] <= found["most"] + 1e-9).all()
    sure = pressure_target(periods, brackets, "2000", "2018", TargetRule(tenure="certain")).pressured
    ours = pressure_target(periods, brackets, "2000", "2018").pressured
    assert (sure <= ours[sure.index]).all()


def test_outcomes_that_sampling_error_leaves_possible_are_as_frequent_as_the_truth() -> None:
    gaps = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.multivariate_normal([-1, 2], [[100, -60], [-60, 400]], 800)
        error = rng.uniform([4, 8], [9, 16], (800, 2))
        seen = truth + error * rng.standard_normal((800, 2))
        table = pd.DataFrame(np.hstack([seen, error]), columns=["rent_gap", "low_change", "rent_error", "low_error"])
        real = (truth[:, 0] > 0) & (truth[:, 1] < 0)
        label = ((seen[:, 0] > 0) & (seen[:, 1] < 0)).astype(object)
        made = PressureTarget(table.assign(status="scored", pressured=label), "2000", "2018", 0.0, TargetRule())
        chance = made.draws(200, seed=seed).mean(axis=1)
        wrong = ((label.astype(bool) != real).mean(), ((chance - real) ** 2).mean())
        gaps.append((chance.mean() - real.mean(), wrong[0] - wrong[1]))
    bias, gain = np.mean(gaps, axis=0)
    assert abs(bias) < 0.01
    # A probability is nearer the truth than the label that the noisy figures give.
    assert gain > 0


def test_small_and_missing_tracts_say_why(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    periods, brackets = tables
    poor = periods.copy()
    codes = sorted(poor["geoid"].unique())
    poor.loc[poor["geoid"] == codes[5], "renter_occupied"] = 30.0
    poor.loc[(poor["geoid"] == codes[6]) & (poor["period"] == "2000"), "median_gross_rent"] = np.nan
    table = pressure_target(poor, brackets, "2000", "2018").table
    assert table.loc[codes[5], "reason"] == "fewer than 100 renter households"
    assert table.loc[codes[6], "reason"] == "a rent is missing"
    assert table.loc[codes[5:7], "pressured"].isna().all()


def test_a_period_without_incomes_and_an_unknown_rule_stop(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    periods, brackets = tables
    with pytest.raises(AnalysisError, match="has no period 2012"):
        pressure_target(periods, brackets, "2012", "2018")
    with pytest.raises(AnalysisError, match="tenure is one of"):
        pressure_target(periods, brackets, "2000", "2018", TargetRule(tenure="owners"))


@pytest.mark.parametrize(("horizon", "whole", "years"), [(5, False, 6), (5, True, 10), (12, False, 10), (18, True, 16)])
def test_the_horizon_says_which_outcome_is_held(horizon: int, whole: bool, years: int) -> None:
    assert nearest_window(horizon, whole=whole).years == years


@pytest.mark.parametrize("horizon", [0, 19, 40])
def test_a_horizon_nothing_supports_stops(horizon: int) -> None:
    with pytest.raises(AnalysisError, match="ask for 1 to 18"):
        nearest_window(horizon)


# -- leakage ---------------------------------------------------------------------------------------------------------


def features_of(tables: tuple[pd.DataFrame, pd.DataFrame], at: str = "2000") -> Features:
    return pressure_features(*tables, at)


def test_the_pipeline_takes_what_was_known_before(
    tables: tuple[pd.DataFrame, pd.DataFrame], target: PressureTarget
) -> None:
    period = assemble(features_of(tables), target, blocks_of(target.table.index))
    assert len(period.frame) > 250
    assert period.frame.index.equals(period.happened.index)


def test_the_pipeline_refuses_a_feature_of_a_later_period(
    tables: tuple[pd.DataFrame, pd.DataFrame], target: PressureTarget
) -> None:
    with pytest.raises(LeakageError, match=r"rent \(from 2018\).*cannot be known before 2000"):
        assemble(features_of(tables, "2018"), target, blocks_of(target.table.index))


@pytest.mark.parametrize("leak", ["rent_gap", "low_change"])
def test_the_pipeline_refuses_a_planted_leak_whatever_origin_it_claims(
    tables: tuple[pd.DataFrame, pd.DataFrame], target: PressureTarget, leak: str
) -> None:
    honest = features_of(tables)
    noise = np.random.default_rng(0).normal(0, 1, len(honest.frame))
    frame = honest.frame.assign(innocent=target.table[leak].reindex(honest.frame.index) + noise)
    planted = Features(frame, honest.errors.assign(innocent=0.0), {**honest.sources, "innocent": ("2000",)})
    with pytest.raises(LeakageError, match=r"innocent sorts .* with an AUC of .*another name"):
        assemble(planted, target, blocks_of(target.table.index))


def test_the_pipeline_refuses_a_feature_without_an_origin(
    tables: tuple[pd.DataFrame, pd.DataFrame], target: PressureTarget
) -> None:
    honest = features_of(tables)
    unknown = replace(honest, frame=honest.frame.assign(stray=1.0), errors=honest.errors.assign(stray=0.0))
    with pytest.raises(LeakageError, match=r"stray \(of unknown origin\)"):
        check_leakage(unknown, target)


def test_honest_features_are_not_refused_in_five_hundred_counties(target: PressureTarget) -> None:
    index = target.table.index
    for seed in range(500):
        frame = pd.DataFrame({"rent": np.random.default_rng(seed).standard_normal(len(index))}, index=index)
        check_leakage(Features(frame, 0 * frame, {"rent": ("2000",)}), target)


def test_the_share_of_white_residents_is_no_feature(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    assert not [name for name in features_of(tables).frame if "white" in name]


# -- rules -----------------------------------------------------------------------------------------------------------


def test_the_simplest_rule_that_is_not_measurably_worse_is_published() -> None:
    city = planted_city(2)
    found = score_models(city.frame, city.happened, city.blocks, draws=200)
    assert found.chosen == "three"
    assert list(found.table["model"]) == ["typology", "three", "logistic", "boosting"]
    assert bool(found.of("typology")["worse"])
    assert found.of("three")["auc_low"] > 0.6
    assert abs(found.of("typology")["auc"] - 0.5) < 0.1


def test_a_complex_rule_is_published_where_it_is_needed() -> None:
    city = planted_city(3)
    rng = np.random.default_rng(3)
    # What happens hangs on the product of two features: no straight line sees it.
    odds = 2.5 * city.frame["low_income"] * city.frame["other"] - 1
    happened = pd.Series((rng.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(int), index=odds.index)
    assert score_models(city.frame, happened, city.blocks, draws=200).chosen == "boosting"


def test_importance_and_dependence_find_what_was_planted() -> None:
    city = planted_city(4)
    table = permutation_importance("logistic", city.frame, city.happened, city.blocks).set_index("feature")
    assert set(table.index[:3]) == {"low_income", "renters", "rent"}
    assert table.loc["other", "lower"] <= 0 <= table.loc["other", "upper"] + 0.01
    assert (table.loc[["low_income", "renters"], "lower"] > 0).all()
    shape = partial_dependence("logistic", city.frame, city.happened, city.blocks, "renters")
    assert shape["chance"].is_monotonic_increasing
    assert ((shape["lower"] <= shape["chance"]) & (shape["chance"] <= shape["upper"])).all()
    assert partial_dependence("three", city.frame, city.happened, city.blocks, "rent")["chance"].is_monotonic_decreasing


def test_errors_shared_by_feature_and_outcome_look_like_skill_and_are_measured() -> None:
    city = planted_city(5)
    rng = np.random.default_rng(5)
    gaps = pd.DataFrame(
        {"rent_gap": rng.normal(0, 6, 900), "low_change": rng.normal(0, 20, 900)}, index=city.frame.index
    )
    frame = city.frame.assign(rent=rng.normal(0, 8, 900), low_income=40 + rng.normal(0, 8, 900))
    sources = dict.fromkeys(frame, ("2000",))
    exact = Features(frame, 0 * frame, sources)
    noisy = Features(frame, 0 * frame + 6.0, sources)
    quiet, loud = (
        floor_of_shared_errors("three", made, gaps, city.happened, city.blocks, draws=10) for made in (exact, noisy)
    )
    assert abs(quiet.value - 0.5) < 0.03
    assert loud.value > 0.6


def test_unknown_rules_and_missing_columns_stop() -> None:
    with pytest.raises(AnalysisError, match="no rule 'oracle'"):
        columns_of("oracle", pd.DataFrame())
    with pytest.raises(AnalysisError, match="needs renters"):
        columns_of("three", pd.DataFrame(columns=["low_income", "rent"]))


# -- lists -----------------------------------------------------------------------------------------------------------


def test_share_reached_by_hand() -> None:
    score, homes, hit = [4, 3, 2, 1], [100, 200, 100, 100], [1, 0, 1, 1]
    # 150 visits of 500: the first tract, and a quarter of the second.
    assert share_reached(score, homes, hit, 0.3)[0] == pytest.approx(1 / 3)
    # 350: two tracts and half the third.
    assert share_reached(score, homes, hit, 0.7)[0] == pytest.approx(0.5)
    assert share_reached(score, homes, hit, 1.0)[0] == pytest.approx(1.0)


def test_equal_scores_are_visits_by_lot() -> None:
    rng = np.random.default_rng(1)
    homes, hit = rng.uniform(100, 900, 50), rng.integers(0, 2, 50)
    assert share_reached(np.zeros(50), homes, hit, 0.2)[0] == pytest.approx(0.2)


def test_drawn_weights_agree_with_repeated_rows() -> None:
    rng = np.random.default_rng(2)
    score, homes, hit = rng.random(30).round(1), rng.uniform(50, 400, 30), rng.integers(0, 2, 30)
    times = rng.integers(0, 3, 30)
    repeated = share_reached(np.repeat(score, times), np.repeat(homes, times), np.repeat(hit, times), 0.3)
    assert share_reached(score, homes, hit, 0.3, times[None, :].astype(float)) == pytest.approx(repeated)


def test_a_list_that_knows_is_ahead_and_one_that_does_not_is_not() -> None:
    city = planted_city(6)
    lists = {"ours": city.score, "noise": city.score.sample(frac=1, random_state=1).set_axis(city.score.index)}
    table = compare_lists(lists, city.renters, city.happened, city.blocks, 0.12).set_index("strategy")
    assert table.loc["random", "ahead_low"] > 0
    assert table.loc["noise", "ahead_low"] > 0
    assert table.loc["random", "reached"] == pytest.approx(12)
    assert np.isnan(table.loc["ours", "ahead"])


def finished(seed: int) -> FinishedPeriod:
    """An invented city as a finished period, with a past growth of rents that tells nothing."""
    city = planted_city(seed, side=24)
    growth = np.random.default_rng(seed).standard_normal(len(city.frame))
    features = Features(city.frame[["low_income", "renters", "rent"]].assign(change_rent=growth), city.frame, {})
    frame = features.frame.assign(typology=city.frame["typology"])
    target = SimpleNamespace(before="2000", after="2018")
    return FinishedPeriod(features, target, frame, city.happened, city.blocks, city.renters, pd.Series(dtype=int))


def test_every_choice_is_judged_in_unseen_places_and_carried_over() -> None:
    period, earlier = finished(3), finished(4)
    lot = pd.Series(np.random.default_rng(1).random(len(period.frame)), period.frame.index)
    halves = pd.Series([name.split(":")[0] for name in period.blocks], period.blocks.index)
    visits = 0.12 * float(period.renters.sum())
    table = sensitivity("three", period, earlier, (pd.DataFrame(), pd.DataFrame()), {}, {"Columns of land": halves},
                        {"By lot": (lot, lot)}, period.frame.index, visits).set_index("choice")  # fmt: skip
    assert len(table) == 7
    assert (table.loc[["Ours", "Columns of land"], ["ahead_low", "beyond_low", "later_low"]] > 0).all(axis=None)
    assert table.loc["By lot", "ahead_low"] < 0 < table.loc["By lot", "later_high"]
    assert table.loc["By lot", "auc_low"] < 0.5
    # The same list at another number of visits reaches more; what was learned elsewhere is the same for both.
    assert table.loc["Half as many visits again", "reached"] > table.loc["Ours", "reached"]


def test_the_list_ends_at_the_visits_and_at_the_threshold() -> None:
    chance, homes = np.array([[0.9, 0.5, 0.4, 0.1]]), np.array([100.0, 100.0, 100.0, 100.0])
    assert listed(chance, homes, 1_000, 0.3).tolist() == [[True, True, True, False]]
    assert listed(chance, homes, 199, 0.0).tolist() == [[True, False, False, False]]


def forecast_of(city: object, model: str = "three", **changes: float) -> Forecast:
    made = city  # type: ignore[assignment]
    frame = made.frame.drop(columns="typology")
    sources = dict.fromkeys(frame, ("2000",))
    known = Features(frame, 0 * frame, sources)
    now = Features(frame.assign(**changes), 0 * frame + 0.1, sources)
    return forecast(model, known, made.happened, now, made.blocks, draws=40)


def test_a_rule_abstains_where_a_figure_is_missing_or_beyond_the_past() -> None:
    city = planted_city(7)
    frame = city.frame.drop(columns="typology")
    sources = dict.fromkeys(frame, ("2000",))
    strange = frame.copy()
    strange.iloc[0, 0], strange.iloc[1, 0] = np.nan, 40.0
    made = forecast("three", Features(frame, 0 * frame, sources), city.happened,
                    Features(strange, 0 * frame, sources), city.blocks, draws=20)  # fmt: skip
    assert made.table["reason"].iloc[:2].tolist() == [
        "a figure is missing or cut off", "a figure lies outside what the past has shown",
    ]  # fmt: skip
    assert made.table["chance"].iloc[:2].isna().all()
    assert len(made.scored) == len(frame) - 2


def test_groups_are_firm_only_where_every_choice_agrees() -> None:
    city = planted_city(8)
    ours = forecast_of(city)
    tracts = city.frame.index
    visits = 0.12 * float(city.renters.sum())
    alone = outreach_groups(ours, {}, city.renters, tracts, visits=visits, threshold=0.1)
    other = forecast_of(city, "logistic")
    both = outreach_groups(ours, {"other": other}, city.renters, tracts, visits=visits, threshold=0.1)
    assert set(alone.table["group"].dropna()) <= set(GROUPS)
    first = both.of("visit first")
    assert len(first) > 0
    assert set(first) <= set(alone.of("visit first"))
    assert both.table.loc[first, "member"].min() >= 0.8
    assert city.renters[first].sum() <= visits
    chance = city.score[first].mean()
    assert chance > city.score[both.of("cannot be told")].mean() > city.score[both.of("not now")].mean()
    assert overlap(ours, ours, city.renters, visits=visits, threshold=0.1) == 1.0
    assert 0 < overlap(ours, other, city.renters, visits=visits, threshold=0.1) <= 1.0


def test_an_impossible_share_of_visits_stops() -> None:
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        share_reached([1.0], [1.0], [1], 0.0)
