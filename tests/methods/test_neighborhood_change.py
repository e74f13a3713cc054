"""The index of change: exact measures, planted effects, honest uncertainty, and no score from missing figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.change_measures import (
    KEYS,
    ChangeMeasures,
    change_measures,
    income_limits,
)
from analysis.methods.neighborhood_change import (
    NORMALISATIONS,
    change_index,
    equal_weights,
    fit_scale,
    index_uncertainty,
    scores,
)
from analysis.methods.planted import EFFECTS, ChangeTables, change_tables, measures_with_truth
from analysis.methods.prices import PriceIndex
from analysis.project import AnalysisError


@pytest.fixture(scope="module")
def tables() -> ChangeTables:
    return change_tables(7, n=120, changed=12)


@pytest.fixture(scope="module")
def measures(tables: ChangeTables) -> ChangeMeasures:
    return change_measures(tables.tract_periods, tables.income_brackets, tables.prices)


def with_values(tables: ChangeTables, geoid: str, period: str, **values: object) -> ChangeTables:
    """The tables with some figures of one tract changed."""
    rows = tables.tract_periods.copy()
    where = (rows["geoid"] == geoid) & (rows["period"] == period)
    for column, value in values.items():
        rows.loc[where, column] = value
    return replace(tables, tract_periods=rows)


def measured(tables: ChangeTables, **options: str) -> ChangeMeasures:
    return change_measures(tables.tract_periods, tables.income_brackets, tables.prices, **options)


def test_measures_are_what_they_say(tables: ChangeTables, measures: ChangeMeasures) -> None:
    code = "99001000050"
    both = tables.tract_periods[tables.tract_periods["geoid"] == code].set_index("period")
    first, last = both.loc["2000"], both.loc["2018"]
    row = measures.table.loc[code]
    # Income of the census is of 1999, its rent of 2000.
    assert row["median_household_income_before"] == pytest.approx(first["median_household_income"] * 1.507)
    assert row["median_gross_rent_before"] == pytest.approx(first["median_gross_rent"] * 150.7 / 103.4)
    share = (
        100 * last["bachelors_plus"] / last["adults_25plus"] - 100 * first["bachelors_plus"] / first["adults_25plus"]
    )
    assert row["bachelors_share_change"] == pytest.approx(share)
    assert row["household_size_after"] == pytest.approx(last["population"] / last["households"])
    expected = 100 * np.log(row["median_gross_rent_after"] / row["median_gross_rent_before"])
    assert row["median_gross_rent_change"] == pytest.approx(expected)
    assert measures.oriented.loc[code, "household_size"] == -row["household_size_change"]


def test_limits_are_relative_to_the_area(tables: ChangeTables, measures: ChangeMeasures) -> None:
    early, late = measures.limits
    incomes = tables.tract_periods.groupby("period")["median_household_income"].median()
    assert early.median == pytest.approx(incomes["2000"], rel=0.06)
    assert (early.low, early.high) == pytest.approx((0.8 * early.median, 1.2 * early.median))
    assert late.median > 1.4 * early.median
    with pytest.raises(AnalysisError, match="no rows for 2010"):
        income_limits(tables.income_brackets, "2010")
    with pytest.raises(AnalysisError, match="open bracket"):
        income_limits(tables.income_brackets, "2018", high=4.0)


def test_inflation_alone_changes_nothing() -> None:
    """Everybody's dollars of 2018 are half again those of 1999, and so are prices: no change, and no score."""
    base = change_tables(3, n=40, changed=0)
    rows = base.tract_periods[base.tract_periods["period"] == "2000"]
    later = rows.assign(period="2018", dollar_year=2018, housing_dollar_year=2018,
                        median_household_income=1.5 * rows["median_household_income"],
                        median_gross_rent=1.5 * rows["median_gross_rent"])  # fmt: skip
    margins = {c: 0.05 * later[c.removesuffix("_moe")] for c in later if c.endswith("_moe")}
    early = base.income_brackets[base.income_brackets["period"] == "2000"]
    late = early.assign(period="2018", bracket_low=1.5 * early["bracket_low"], bracket_high=1.5 * early["bracket_high"])
    still = PriceIndex("x", {1999: 100, 2000: 100, 2018: 150})
    found = change_measures(pd.concat([rows, later.assign(**margins)]), pd.concat([early, late]), still)
    changes = found.table[[f"{key}_change" for key in KEYS]]
    assert changes.abs().to_numpy().max() < 1e-9
    with pytest.raises(AnalysisError, match="same change everywhere"):
        change_index(found)


def test_the_price_index_cannot_move_a_score(tables: ChangeTables) -> None:
    other = PriceIndex("other", {1999: 100.0, 2000: 101.0, 2018: 210.0})
    for form in ("log", "percent"):
        one = measured(tables, form=form)
        two = change_measures(tables.tract_periods, tables.income_brackets, other, form=form)
        for how in NORMALISATIONS:
            a, b = (change_index(m, normalisation=how).table["score"] for m in (one, two))
            assert a.to_numpy() == pytest.approx(b.to_numpy(), nan_ok=True)


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_planted_change_is_recovered(how: str) -> None:
    effects, found = [], []
    for seed in range(5):
        tables = change_tables(seed)
        measures = measured(tables)
        mark = measures.table.index.isin(tables.changed)
        changes = measures.table[[f"{key}_change" for key in KEYS]]
        effects.append((changes[mark].median() - changes[~mark].median()).to_numpy())
        found.append(np.isin(change_index(measures, normalisation=how, top_share=0.1).top, tables.changed).mean())
    for key, effect in zip(KEYS, np.mean(effects, axis=0), strict=True):
        assert effect == pytest.approx(EFFECTS[key], rel=0.1), key
    assert np.mean(found) > 0.97


def test_nothing_planted_is_seldom_called_sure() -> None:
    """Without real change but noise and small drift, hardly a tract is surely in the top tenth."""
    sure = []
    for seed in range(5):
        measures = measured(change_tables(seed, changed=0))
        sure.append((index_uncertainty(measures, change_index(measures, top_share=0.1), draws=200).table["group"]
                     == "surely in").mean())  # fmt: skip
    assert np.mean(sure) < 0.03


@pytest.mark.parametrize("how", ["percentile", "z"])
def test_intervals_cover_and_probabilities_mean_what_they_say(how: str) -> None:
    covered, claimed, true = [], [], []
    for seed in range(30):
        measures, truth = measures_with_truth(seed)
        index = change_index(measures, normalisation=how)
        table = index_uncertainty(measures, index, draws=150, seed=seed, level=0.90).table
        oriented = measures.oriented
        on_scale = sum(w * fit_scale(oriented[k], how)(truth[k]) for k, w in index.weights.items())
        covered.append(((table["lower"] <= on_scale) & (on_scale <= table["upper"])).mean())
        score = scores(truth, how, equal_weights(list(KEYS)))
        claimed.append(table["top_probability"].to_numpy())
        true.append((score.rank(ascending=False) <= 60).to_numpy())
    assert np.mean(covered) == pytest.approx(0.90, abs=0.025)
    probability, happened = np.concatenate(claimed), np.concatenate(true)
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.001)):
        bin_ = (probability >= low) & (probability < high)
        assert happened[bin_].mean() == pytest.approx(probability[bin_].mean(), abs=0.05), (low, high)


@pytest.mark.parametrize(
    ("period", "values", "status", "text"),
    [
        ("2000", {"median_gross_rent": np.nan}, "missing", "2000: real median gross rent missing"),
        ("2018", {"white_nonhispanic": np.nan}, "missing", "2018: white non-hispanic residents missing"),
        ("2018", {"median_gross_rent_flag": "top_coded"}, "top-coded", "2018: median gross rent top- or bottom-coded"),
        ("2000", {"households": 0.0}, "few households", "2000: fewer than 100 households"),
        ("2000", {"households": np.nan}, "few households", "2000: fewer than 100 households"),
        ("2018", {"population": 90_000.0}, "group quarters", "2018: most residents in group quarters"),
    ],
)
def test_what_is_missing_gets_no_score_and_says_why(
    tables: ChangeTables, period: str, values: dict[str, object], status: str, text: str
) -> None:
    code = tables.changed[0]
    found = measured(with_values(tables, code, period, **values))
    row = found.table.loc[code]
    assert (row["status"], row["reason"]) == (status, text)
    index = change_index(found)
    assert np.isnan(index.table.loc[code, "score"])
    assert not index.table.loc[code, "top"]
    assert found.oriented.loc[code].isna().all()
    assert found.counts[status] == 1
    assert code not in index_uncertainty(found, index, draws=50).table.index


def test_a_tract_of_one_period_only_has_no_base(tables: ChangeTables) -> None:
    code = tables.changed[1]
    rows = tables.tract_periods.query("not (geoid == @code and period == '2000')")
    found = measured(replace(tables, tract_periods=rows))
    assert found.table.loc[code, "status"] == "few households"


def test_top_codes_can_be_kept_as_lower_bounds(tables: ChangeTables) -> None:
    marked = with_values(tables, tables.changed[0], "2018", median_gross_rent_flag="top_coded")
    assert measured(marked, top_coded="keep").table.loc[tables.changed[0], "status"] == "scored"


def test_errors_are_of_the_size_of_the_noise() -> None:
    """Changes of tracts in which nothing else moves scatter as the stated errors say."""
    z = []
    for seed in range(6):
        tables = change_tables(seed, changed=0)
        found = measured(tables).table
        z.append([(found[f"{key}_change"].var() / (found[f"{key}_error"] ** 2).mean()) for key in KEYS])
    ratio = dict(zip(KEYS, np.mean(z, axis=0), strict=True))
    # Real drift is planted in all, so scatter must exceed the error, but not by orders.
    assert all(0.5 < value < 12 for value in ratio.values()), ratio


@given(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=40, unique=True), st.floats(0.01, 50), st.floats(-99, 99))
def test_scales_ignore_unit_and_origin(values: list[float], scale: float, shift: float) -> None:
    x = np.array(values)
    if np.diff(np.sort(x)).min() < 1e-3:
        return
    for how in NORMALISATIONS:
        one, two = fit_scale(x, how)(x), fit_scale(scale * x + shift, how)(scale * x + shift)
        assert two == pytest.approx(one, abs=1e-5)
        order = np.argsort(x)
        assert (np.diff(one[order]) > 0).all()
        assert fit_scale(x, how)([np.nan])[0] != fit_scale(x, how)([np.nan])[0]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    tables = change_tables(1, n=60, changed=6)
    shuffled = replace(
        tables,
        tract_periods=tables.tract_periods.sample(frac=1, random_state=seed),
        income_brackets=tables.income_brackets.sample(frac=1, random_state=seed),
    )
    one, two = (change_index(measured(t)).table for t in (tables, shuffled))
    pd.testing.assert_frame_equal(one.sort_index(), two.sort_index())


def test_restricting_keeps_the_limits_of_the_area(measures: ChangeMeasures) -> None:
    some = measures.restrict(measures.table.index[:40])
    assert some.limits == measures.limits
    assert len(some.table) == 40
    assert change_index(some).table["rank"].max() == 40
    with pytest.raises(AnalysisError, match="1 of 2 tracts"):
        measures.restrict([measures.table.index[0], "06037000000"])


def test_weights(measures: ChangeMeasures) -> None:
    only = change_index(measures, weights={"white_share": 3.0}, normalisation="z").table
    assert only["score"].to_numpy() == pytest.approx(only["part_white_share"].to_numpy())
    for weights, text in (({"rents": 1.0}, "not a measure"), ({"white_share": -1.0}, "negative"), ({}, "all zero")):
        with pytest.raises(AnalysisError, match=text):
            change_index(measures, weights=weights)


def test_refusals(tables: ChangeTables, measures: ChangeMeasures) -> None:
    with pytest.raises(AnalysisError, match="form is one of"):
        measured(tables, form="ratio")
    with pytest.raises(AnalysisError, match="no period 2010; it has 2000, 2018"):
        measured(tables, before="2010")
    with pytest.raises(AnalysisError, match="two rows"):
        measured(replace(tables, tract_periods=pd.concat([tables.tract_periods, tables.tract_periods.iloc[:1]])))
    with pytest.raises(AnalysisError, match="normalisation"):
        change_index(measures, normalisation="best")
    with pytest.raises(AnalysisError, match="top share"):
        change_index(measures, top_share=1.5)
    with pytest.raises(AnalysisError, match="too few"):
        index_uncertainty(measures, change_index(measures), draws=10)


def test_results_are_repeatable(measures: ChangeMeasures) -> None:
    index = change_index(measures)
    one, two = (index_uncertainty(measures, index, draws=60, seed=5).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
