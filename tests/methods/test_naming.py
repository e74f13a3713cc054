"""A place is named only for many tracts, a missing value decides nothing, sums carry their margins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.naming import at_least, councils, household_shares, sum_with_margin
from analysis.project import AnalysisError


def areas() -> pd.DataFrame:
    """Three councils of ten, three and two tracts; the last tract lies in two of them."""
    rows = [(f"t{i:02}", "nc-a", "Aspen", 1.0) for i in range(10)]
    rows += [(f"t{i:02}", "nc-b", "Birch", 1.0) for i in range(10, 13)]
    rows += [("t13", "nc-c", "Cedar", 1.0), ("t14", "nc-c", "Cedar", 0.6), ("t14", "nc-b", "Birch", 0.4)]
    return pd.DataFrame(rows, columns=["geoid", "area_id", "area_name", "weight_area"]).assign(
        kind="neighborhood_council", in_city=1.0
    )


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["t00", "t01", "t02"], []),  # enough tracts, too small a part
        (["t13", "t14"], []),  # all of a council, too few tracts
        (["t10", "t11", "t12"], ["Birch (3/3)"]),
        ([f"t{i:02}" for i in range(13)], ["Aspen (10/10)", "Birch (3/3)"]),
        ([], []),
    ],
)
def test_one_lucky_tract_names_no_council(named: list[str], told: list[str]) -> None:
    assert councils(areas(), pd.Index(named, dtype=object)) == told


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=30), st.floats(0, 1))
def test_a_missing_value_is_on_neither_side(values: list[float | None], mark: float) -> None:
    series = pd.Series(values, dtype=float)
    above, below = at_least(series, mark), series.index[series < mark]
    assert len(above) + len(below) + int(series.isna().sum()) == len(series)


def test_no_mark_no_comparison() -> None:
    with pytest.raises(AnalysisError, match="no mark"):
        at_least(pd.Series([0.1]), float("nan"))


def test_shares_are_pooled_not_averaged() -> None:
    counted, households = pd.Series({"a": 90.0, "b": 0.0}), pd.Series({"a": 100.0, "b": 900.0})
    assert household_shares(counted, households, {"x": pd.Index(["a", "b"])}, factor=3.0)["x"].value == 9.0
    nobody = household_shares(counted, households * 0, {"x": pd.Index(["a", "b"]), "y": pd.Index([])}, factor=3.0)
    assert {found.status for found in nobody.values()} == {"not_applicable"}


@pytest.mark.parametrize("tracts", [1, 4, 40])
def test_margins_of_pooled_shares_cover_planted_shares(tracts: int) -> None:
    held, factor = 0, 5.0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        base, truth = rng.uniform(600, 2500, tracts), rng.uniform(0.15, 0.7, tracts)
        seen = np.clip(truth + rng.normal(0, np.sqrt(factor * truth * (1 - truth) / base)), 0, 1)
        found = household_shares(pd.Series(seen * base), pd.Series(base), {"x": pd.RangeIndex(tracts)}, factor=factor)[
            "x"
        ]
        held += found.lower <= 100 * (truth * base).sum() / base.sum() <= found.upper
    assert 0.86 <= held / 400 <= 0.94


def test_margins_of_a_sum_cover_planted_totals() -> None:
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        truth, error = rng.uniform(200, 900, 40), rng.uniform(20, 120, 40)
        seen = pd.Series(truth + rng.normal(0, error))
        found = sum_with_margin(seen, pd.Series(1.645 * error))
        held += found.lower <= truth.sum() <= found.upper
    assert 0.86 <= held / 300 <= 0.94
    assert sum_with_margin(pd.Series(dtype=float), pd.Series(dtype=float)).status == "not_applicable"
