"""Pressure on renters in the real data: how common it was, how well it could be foretold, what did not carry over."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.methods.calibration import area_under_curve
from analysis.methods.outreach_list import compare_lists
from analysis.methods.pressure_backtest import FinishedPeriod, assemble, earlier_levels
from analysis.methods.pressure_features import LeakageError, pressure_features
from analysis.methods.pressure_models import ModelScores, carried_over, score_models
from analysis.methods.pressure_target import low_income_renters, period_rows, pressure_target
from analysis.methods.spatial_cross_validation import grid_blocks
from analysis.methods.tract_areas import tracts_of
from analysis.project import Project
from analysis.refine.storage import read_table

pytestmark = pytest.mark.portal

Tables = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def tables(live: Project) -> Tables:
    return read_table(live, "live", "tract_periods"), read_table(live, "live", "tract_income_brackets")


@pytest.fixture(scope="module")
def blocks(live: Project) -> pd.Series:
    return grid_blocks(read_table(live, "live", "tract_shapes"), "EPSG:2229")


@pytest.fixture(scope="module")
def past(tables: Tables, blocks: pd.Series) -> FinishedPeriod:
    target = pressure_target(*tables, "2000", "2018")
    return assemble(pressure_features(*tables, "2000", since="1990"), target, blocks)


@pytest.fixture(scope="module")
def scores(past: FinishedPeriod) -> ModelScores:
    return score_models(past.frame, past.happened, past.blocks, draws=200)


def test_one_tract_in_five_came_under_pressure(past: FinishedPeriod) -> None:
    assert len(past.target.pressured) == 2151
    assert past.target.pressured.mean() == pytest.approx(0.205, abs=0.001)
    assert len(past.frame) > 2_100
    # Rents of the county about doubled in their own dollars: 100 times the log ratio.
    assert past.target.county_growth == pytest.approx(67.8, abs=1.0)


def test_low_income_renters_lie_inside_their_bounds(tables: Tables) -> None:
    for period in ("1990", "2000", "2018"):
        found = low_income_renters(period_rows(tables[0], period), tables[1], period).dropna()
        assert (found["least"] <= found["estimate"] + 1).all()
        assert (found["estimate"] <= found["most"] + 1).all()


def test_what_is_known_in_2018_is_refused_for_an_outcome_that_began_in_2000(tables: Tables, blocks: pd.Series) -> None:
    with pytest.raises(LeakageError, match="cannot be known before 2000"):
        assemble(pressure_features(*tables, "2018"), pressure_target(*tables, "2000", "2018"), blocks)


def test_the_rules_sort_unseen_places_and_the_three_variables_are_not_enough(scores: ModelScores) -> None:
    assert scores.of("logistic")["auc"] == pytest.approx(0.716, abs=0.006)
    assert scores.of("logistic")["auc_low"] > 0.62
    assert bool(scores.of("three")["worse"])
    assert not bool(scores.of("boosting")["worse"])
    assert scores.base_brier == pytest.approx(0.162, abs=0.002)


def test_a_rule_of_the_1990s_carries_over_only_weakly(
    tables: Tables, blocks: pd.Series, past: FinishedPeriod, live: Project
) -> None:
    earlier = earlier_levels(*tables, "1990", "2000", blocks)
    later = past.frame[list(earlier.frame)]
    found = {
        name: carried_over(name, earlier.frame, earlier.happened, later, past.happened, past.blocks, draws=200)
        for name in ("three", "logistic", "boosting")
    }
    assert found["logistic"][0].value == pytest.approx(0.615, abs=0.01)
    assert found["boosting"][0].lower < 0.5 < found["boosting"][0].upper
    assert found["three"][0].upper < 0.5
    city = past.restrict(tracts_of(read_table(live, "live", "tract_areas"), "city"))
    share = 100_000 / float(past.renters[city].sum())
    table = compare_lists(
        {"carried": found["logistic"][2][city]}, past.renters[city], past.happened[city], past.blocks[city], share
    )
    assert table.set_index("strategy").loc["random", "ahead_low"] < 0


def test_the_list_was_ahead_of_a_lottery_in_unseen_places(
    scores: ModelScores, past: FinishedPeriod, live: Project
) -> None:
    city = past.restrict(tracts_of(read_table(live, "live", "tract_areas"), "city"))
    share = 100_000 / float(past.renters[city].sum())
    chance = scores.predictions["logistic"].spatial[city]
    table = compare_lists(
        {"ours": chance, "growth": past.frame.loc[city, "change_rent"]},
        past.renters[city], past.happened[city], past.blocks[city], share,
    ).set_index("strategy")  # fmt: skip
    assert table.loc["ours", "reached"] == pytest.approx(20.4, abs=0.7)
    assert table.loc["random", "ahead_low"] > 0
    assert table.loc["growth", "ahead_low"] > 0
    assert area_under_curve(past.happened[city], chance) > 0.65
