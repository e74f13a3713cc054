"""The multiverse: groups that hold whatever one chooses, with and without sampling error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.change_measures import KEYS, ChangeMeasures, change_measures
from analysis.methods.multiverse import GROUPS, WEIGHTINGS, Multiverse, multiverse, robust_groups, weights_of
from analysis.methods.neighborhood_change import NORMALISATIONS, change_index
from analysis.methods.planted import ChangeTables, change_tables
from analysis.project import AnalysisError


@pytest.fixture(scope="module")
def tables() -> ChangeTables:
    return change_tables(11, n=200, changed=20)


@pytest.fixture(scope="module")
def choices(tables: ChangeTables) -> dict[str, ChangeMeasures]:
    return {
        form: change_measures(tables.tract_periods, tables.income_brackets, tables.prices, form=form)
        for form in ("log", "percent")
    }


@pytest.fixture(scope="module")
def found(choices: dict[str, ChangeMeasures]) -> Multiverse:
    return multiverse(choices, top_share=0.1)


def test_every_combination_is_there_once(found: Multiverse) -> None:
    specs = found.specifications
    assert len(specs) == 2 * len(NORMALISATIONS) * len(WEIGHTINGS) * (1 + len(KEYS))
    assert not specs[["data", "normalisation", "weighting", "left_out"]].duplicated().any()
    assert specs.loc[found.reference, ["data", "normalisation", "weighting", "left_out"]].tolist() == [
        "log", "percentile", "equal", "none",
    ]  # fmt: skip
    assert specs.loc[0, ["kendall", "jaccard"]].tolist() == pytest.approx([1, 1])
    assert specs["jaccard"].between(0, 1).all()


def test_reference_is_the_published_index(found: Multiverse, choices: dict[str, ChangeMeasures]) -> None:
    index = change_index(choices["log"], top_share=0.1)
    assert tuple(found.table.index[found.member[0]]) == index.top


@pytest.mark.parametrize("top_share", [0.07, 0.1, 0.213, 0.5])
def test_both_count_the_same_top(choices: dict[str, ChangeMeasures], top_share: float) -> None:
    some = {"log": choices["log"].restrict(choices["log"].table.index[:97])}
    index = change_index(some["log"], top_share=top_share)
    found = multiverse(some, top_share=top_share, leave_one_out=False)
    assert tuple(found.table.index[found.member[0]]) == index.top
    assert index.table["score"][index.table["top"]].min() == index.cutoff == found.specifications.loc[0, "cutoff"]


def test_planted_tracts_are_always_in_and_others_hardly(found: Multiverse, tables: ChangeTables) -> None:
    inside = found.table.index.isin(tables.changed)
    assert (found.table.loc[inside, "group"].isin(["always", "mostly"])).mean() > 0.9
    assert (found.table.loc[~inside, "group"] == "always").sum() == 0
    assert set(found.always) <= set(tables.changed)
    assert found.agreement > 0.7


def test_groups_follow_from_shares(found: Multiverse) -> None:
    table = found.table
    assert set(table["group"]) <= set(GROUPS)
    assert (table.loc[table["group"] == "always", "share_top"] == 1).all()
    assert (table.loc[table["group"] == "never", "share_top"] == 0).all()
    assert (table["rank_low"] <= table["rank_median"]).all()
    assert (table["rank_median"] <= table["rank_high"]).all()
    assert found.counts.sum() == len(table)
    # Each specification fills its top; memberships add up.
    assert found.member.sum(axis=1).tolist() == [20] * len(found.specifications)


def test_curve_and_sensitivity(found: Multiverse, tables: ChangeTables) -> None:
    curve = found.curve(list(tables.changed))
    assert curve["in_top"].is_monotonic_increasing
    assert curve["in_top"].max() <= 20
    assert found.curve()["in_top"].eq(20).all()
    choice = found.sensitivity()
    assert choice.loc["data", "size"].sum() == len(found.specifications)
    assert choice["mean"].between(0, 1).all()


def test_overlaps_are_told_in_words(found: Multiverse) -> None:
    told = found.overlaps()
    assert len(told) == len(found.specifications)
    assert told.loc[told["ours"], "overlap"].tolist() == [100.0]
    assert told["overlap"].is_monotonic_increasing
    assert not told.isna().any(axis=None)


def test_a_place_without_score_in_one_choice_is_in_no_group(tables: ChangeTables) -> None:
    rows = tables.tract_periods.copy()
    code = tables.changed[0]
    rows.loc[(rows["geoid"] == code) & (rows["period"] == "2018"), "median_gross_rent_flag"] = "top_coded"
    both = {
        "left out": change_measures(rows, tables.income_brackets, tables.prices),
        "kept": change_measures(rows, tables.income_brackets, tables.prices, top_coded="keep"),
    }
    result = multiverse(both, top_share=0.1)
    assert result.table.loc[code, "group"] == "not scored in all"
    assert code not in result.always
    assert code not in robust_groups(both, result, draws=2).table.index


def test_sampling_error_thins_the_groups_and_keeps_the_planted(
    choices: dict[str, ChangeMeasures], found: Multiverse, tables: ChangeTables
) -> None:
    robust = robust_groups(choices, found, draws=20)
    inside = robust.table.index[robust.table["group"] == "robustly in"]
    assert set(inside) <= set(found.always)
    assert set(inside) <= set(tables.changed)
    assert len(inside) >= 10
    again = robust_groups(choices, found, draws=20)
    pd.testing.assert_frame_equal(robust.table, again.table)
    assert robust.counts.sum() == len(robust.table)


def test_robustly_in_is_right_about_planted_truth() -> None:
    """Over seeds: hardly a tract is called robustly in that did not change, whatever the choice."""
    wrong, called = 0, 0
    for seed in range(6):
        tables = change_tables(seed, n=150, changed=12, effect=0.6)
        data = {"log": change_measures(tables.tract_periods, tables.income_brackets, tables.prices)}
        result = multiverse(data, top_share=0.08)
        group = robust_groups(data, result, draws=15).table["group"]
        names = group.index[group == "robustly in"]
        called += len(names)
        wrong += int((~names.isin(tables.changed)).sum())
    assert called >= 20
    assert wrong / called < 0.05


def test_weightings() -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((300, 1))
    parts = pd.DataFrame(common + 0.5 * rng.standard_normal((300, 6)), columns=list(KEYS))
    assert weights_of(parts, "equal").round(6).eq(round(1 / 6, 6)).all()
    theme = weights_of(parts, "theme")
    assert theme["low_high_ratio"] == theme["median_household_income"] == pytest.approx(0.1)
    assert theme["white_share"] == pytest.approx(0.2)
    assert weights_of(parts, "theme").drop("low_high_ratio").sum() == pytest.approx(0.9)
    alone = weights_of(parts.drop(columns="low_high_ratio"), "theme")
    assert alone["median_household_income"] == pytest.approx(0.2)
    assert weights_of(parts, "principal component").between(0.1, 0.25).all()
    reliability = pd.Series(np.arange(1.0, 7.0), index=list(KEYS))
    assert weights_of(parts, "reliability", reliability)["household_size"] == pytest.approx(6 / 21)
    with pytest.raises(AnalysisError, match="unknown or lacks"):
        weights_of(parts, "reliability")


def test_refusals(choices: dict[str, ChangeMeasures]) -> None:
    with pytest.raises(AnalysisError, match="no data"):
        multiverse({})
    with pytest.raises(AnalysisError, match="normalisation best"):
        multiverse(choices, normalisations=["best"])
    with pytest.raises(AnalysisError, match="weighting missing"):
        multiverse(choices, weightings=[])
    with pytest.raises(AnalysisError, match="top share"):
        multiverse(choices, top_share=0)
