"""Levels and changes by tract and district: intervals hold the planted truth; what is not known is not said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.change_measures import KEYS, MEASURES, ChangeMeasures, change_measures
from analysis.methods.planted import change_tables
from analysis.methods.typical_change import by_district


@pytest.fixture(scope="module")
def measures() -> ChangeMeasures:
    tables = change_tables(3)
    return change_measures(tables.tract_periods, tables.income_brackets, tables.prices)


def test_every_number_lies_in_its_interval_and_levels_lead_to_changes(measures: ChangeMeasures) -> None:
    found = measures.by_tract().set_index("geoid")
    scored = found[found["status"] == "ok"]
    assert len(scored) == int(measures.scored.sum())
    for measure in MEASURES:
        for what in ("before", "after", "change"):
            value, low, high = (scored[f"{measure.key}_{what}{end}"] for end in ("", "_low", "_high"))
            assert (low <= value + 1e-9).all()
            assert (value <= high + 1e-9).all()
        before, after = scored[f"{measure.key}_before"], scored[f"{measure.key}_after"]
        told = after - before if measure.change_unit == "points" else 100 * (after / before - 1)
        assert np.allclose(told, scored[f"{measure.key}_change"]), measure.key
        if measure.unit == "percent":
            assert scored[[f"{measure.key}_after_low", f"{measure.key}_after_high"]].stack().between(0, 100).all()


def test_a_tract_that_is_not_scored_shows_nothing_but_why(measures: ChangeMeasures) -> None:
    table = measures.table.copy()
    code = table.index[0]
    table.loc[code, ["status", "reason"]] = ["top-coded", "2000: median gross rent top- or bottom-coded"]
    marked = ChangeMeasures(table, "2000", "2018", "log", "local", 2018, measures.limits, measures.design_factors)
    row = marked.by_tract().set_index("geoid").loc[code]
    assert (row["status"], row["reason"]) == ("no_data", "2000: median gross rent top- or bottom-coded")
    assert row.drop(["status", "reason"]).isna().all()


def test_wider_levels_hold_narrower_ones(measures: ChangeMeasures) -> None:
    narrow, wide = measures.by_tract(level=0.5), measures.by_tract(level=0.99)
    assert (wide["median_gross_rent_change_low"].dropna() <= narrow["median_gross_rent_change_low"].dropna()).all()


def test_intervals_hold_the_rent_that_a_survey_missed_by_its_margin() -> None:
    """Rents of 2018 are taken as the truth, and seen with an error of the size the margins promise."""
    tables = change_tables(5)
    rng = np.random.default_rng(8)
    truth = tables.tract_periods[tables.tract_periods["period"] == "2018"].set_index("geoid")["median_gross_rent"]
    held: dict[str, list[float]] = {"after": [], "change": []}
    for _ in range(12):
        rows = tables.tract_periods.copy()
        later = rows["period"] == "2018"
        error = rows.loc[later, "median_gross_rent_moe"] / 1.645
        rows.loc[later, "median_gross_rent"] += error * rng.standard_normal(int(later.sum()))
        found = change_measures(rows, tables.income_brackets, tables.prices).by_tract().set_index("geoid")
        before = found["median_gross_rent_before"]
        for what, true in {"after": truth, "change": 100 * (truth / before - 1)}.items():
            low, high = found[f"median_gross_rent_{what}_low"], found[f"median_gross_rent_{what}_high"]
            held[what].append(float(((low <= true) & (true <= high)).mean()))
    assert np.mean(held["after"]) == pytest.approx(0.9, abs=0.02)
    assert np.mean(held["change"]) >= 0.88, "the census's own error widens it further"


def test_districts_have_the_change_of_their_typical_tract(measures: ChangeMeasures) -> None:
    tracts = measures.table.index
    where = pd.Series(np.where(np.arange(len(tracts)) < 40, "cd-02", "cd-01"), index=tracts)
    where.iloc[:5] = "cd-03"
    found = by_district(measures, where).set_index("area_id")
    assert list(found.index) == ["cd-01", "cd-02", "cd-03"]
    mine = measures.table.loc[(where == "cd-01") & measures.scored, "bachelors_share_change"]
    assert found.loc["cd-01", "bachelors_share"] == pytest.approx(mine.median())
    for key in KEYS:
        assert found.loc["cd-01", f"{key}_low"] <= found.loc["cd-01", key] <= found.loc["cd-01", f"{key}_high"]
    assert (found.loc["cd-03", [f"{key}_status" for key in KEYS]] == "not_applicable").all(), "five tracts are a list"
    assert found.loc["cd-03", list(KEYS)].isna().all()
