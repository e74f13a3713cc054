"""Segregation against published school data, its invariances, and what chance alone looks like."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.methods import segregation as seg
from analysis.project import AnalysisError

COUNTS = arrays(float, (6, 3), elements=st.integers(1, 500).map(float)).map(
    lambda a: pd.DataFrame(a, columns=list("abc"))
)


def test_published_schools(reference: Path) -> None:
    folder = reference / "segregation_schools00"
    case = json.loads((folder / "expected.json").read_text())
    figures = json.loads((folder / "r_reference.json").read_text())
    schools = pd.read_csv(folder / "schools00.csv")
    table = schools.pivot_table(index=["state", "school"], columns="race", values="n", aggfunc="sum", fill_value=0)
    split = seg.decompose(table, pd.Series(table.index.get_level_values("state")))
    tolerance = case["tolerance"]["all"]
    assert split.total_m == pytest.approx(figures["total"]["M"], abs=tolerance)
    assert split.total_h == pytest.approx(figures["total"]["H"], abs=tolerance)
    for part in ("between", "within"):
        assert getattr(split, f"{part}_m") == pytest.approx(figures[f"{part}_state"]["M"], abs=tolerance)
        assert getattr(split, f"{part}_h") == pytest.approx(figures[f"{part}_state"]["H"], abs=tolerance)
    assert seg.dissimilarity(table, "white", "black") == pytest.approx(figures["D_white_black"], abs=tolerance)
    assert seg.entropy(table) == pytest.approx(figures["entropy_race"], abs=tolerance)
    lived = seg.isolation(table)
    for row in figures["isolation"]:
        assert lived[row["race"]] == pytest.approx(row["isolation"], abs=tolerance)
    met = seg.exposure(table)
    for row in figures["exposure"]:
        assert met.loc[row["of"], row["to"]] == pytest.approx(row["exposure"], abs=tolerance)


@given(COUNTS, st.integers(2, 9))
def test_invariances(table: pd.DataFrame, k: int) -> None:
    for measure in (seg.theil_h, seg.mutual_information, lambda t: seg.dissimilarity(t, "a", "b")):
        found = measure(table)
        assert found >= -1e-9
        assert measure(table * k) == pytest.approx(found, abs=1e-9)
        assert measure(table.iloc[::-1]) == pytest.approx(found, abs=1e-9)
        halves = pd.concat([table / 2, table / 2], ignore_index=True)
        assert measure(halves) == pytest.approx(found, abs=1e-9)
    assert seg.theil_h(table) <= 1
    assert seg.exposure(table).sum(axis=1).to_numpy() == pytest.approx(1.0)


@given(COUNTS)
def test_parts_add_up(table: pd.DataFrame) -> None:
    split = seg.decompose(table, pd.Series(["x", "x", "y", "y", "z", "z"]))
    assert split.between_m + split.within_m == pytest.approx(split.total_m)
    assert split.between_h + split.within_h == pytest.approx(split.total_h)


def test_a_third_group_is_in_no_denominator() -> None:
    table = pd.DataFrame({"a": [8, 2], "b": [3, 7], "c": [1, 1]})
    two = seg.dissimilarity(table, "a", "b")
    assert seg.dissimilarity(table.assign(c=[900, 0]), "a", "b") == two
    assert seg.dissimilarity(table.assign(c=[900, 0]), "a") != pytest.approx(seg.dissimilarity(table, "a"))


def test_extremes_and_empty_cells() -> None:
    apart = pd.DataFrame({"a": [10, 0, 0], "b": [0, 5, 5]})
    assert seg.theil_h(apart) == pytest.approx(1)
    assert seg.dissimilarity(apart, "a") == pytest.approx(1)
    with_empty = pd.concat([apart, pd.DataFrame({"a": [0], "b": [0]})], ignore_index=True)
    assert seg.theil_h(with_empty) == pytest.approx(1)
    assert seg.exposure(with_empty).loc["a", "a"] == pytest.approx(1)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_random_allocation_keeps_both_margins(seed: int) -> None:
    people = np.random.default_rng(seed).integers(0, 40, (12, 3))
    seated = seg._allocate(people, np.random.default_rng(seed))
    assert (seated.sum(axis=1) == people.sum(axis=1)).all()
    assert (seated.sum(axis=0) == people.sum(axis=0)).all()
    assert (seated >= 0).all()


def test_chance_alone_is_recognised_and_separation_is_not_missed() -> None:
    rng = np.random.default_rng(11)
    small = pd.DataFrame(rng.multinomial(10, [0.3, 0.7], 100), columns=["a", "b"])
    chance = seg.against_random_allocation(small, lambda t: seg.dissimilarity(t, "a"), draws=100)
    assert chance.observed > 0.2, "small units look segregated"
    assert abs(chance.corrected) < 0.1
    apart = pd.DataFrame({"a": [9, 1] * 50, "b": [1, 9] * 50})
    real = seg.against_random_allocation(apart, lambda t: seg.dissimilarity(t, "a"), draws=100)
    assert real.p < 0.02
    assert real.corrected > 0.6


def test_false_alarms_of_random_allocation_are_nominal() -> None:
    alarms = []
    for seed in range(100):
        table = pd.DataFrame(np.random.default_rng(seed).multinomial(12, [0.4, 0.6], 40), columns=["a", "b"])
        alarms.append(seg.against_random_allocation(table, seg.theil_h, draws=39, seed=seed).p <= 0.05)
    assert np.mean(alarms) < 0.12


def test_refusals() -> None:
    with pytest.raises(AnalysisError, match="two or more groups"):
        seg.theil_h(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(AnalysisError, match="missing or negative"):
        seg.theil_h(pd.DataFrame({"a": [1, np.nan], "b": [1, 2]}))
    with pytest.raises(AnalysisError, match="one group"):
        seg.theil_h(pd.DataFrame({"a": [1, 2], "b": [0, 0]}))
    with pytest.raises(AnalysisError, match="no group"):
        seg.dissimilarity(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), "z")
    with pytest.raises(AnalysisError, match="needs an area"):
        seg.decompose(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), pd.Series(["x", None]))
