"""No count of one to ten people can be had from what is shown, audited by linear programming."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.disclosure import Relation, audit
from analysis.methods.tract_disclosure import shown_in_hierarchy, shown_in_table
from analysis.project import AnalysisError


def audited(counts: pd.Series, district: pd.Series, shown: pd.Series, districts: pd.Series) -> bool:
    """The whole city at once: tracts, districts, total, with everything published that is shown."""
    whole = np.rint(counts).astype(int)
    names = list(districts.index)
    sums = [int(whole[district == name].sum()) for name in names]
    n = len(whole)
    relations = [
        Relation(n + k, tuple(np.flatnonzero((district == name).to_numpy()).tolist())) for k, name in enumerate(names)
    ]
    relations.append(Relation(n + len(names), tuple(range(n, n + len(names)))))
    hidden = np.concatenate([~shown.to_numpy(), ~districts.to_numpy(), [False]])
    return audit(np.array([*whole, *sums, sum(sums)]), relations, hidden, 11).safe


@pytest.mark.parametrize("seed", range(12))
def test_the_quick_way_is_as_safe_as_the_long_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    district = pd.Series(np.repeat(list("abc"), 6), index=range(18))
    counts = pd.Series(rng.choice([0, 3, 7, 15, 40], 18, p=[0.2, 0.2, 0.15, 0.25, 0.2]) * 1.0)
    shown, districts = shown_in_hierarchy(counts, district)
    small = (counts > 0) & (counts < 11)
    assert not (shown & small).any()
    assert audited(counts, district, shown, districts)


def test_a_district_of_few_hides_itself_and_another() -> None:
    counts = pd.Series([2.0, 3.0, 0.0, 50.0, 60.0, 30.0, 20.0])
    district = pd.Series(["a", "a", "a", "b", "b", "c", "c"])
    shown, districts = shown_in_hierarchy(counts, district)
    assert not districts["a"]
    assert districts.sum() <= 1
    assert shown[2]
    assert audited(counts, district, shown, districts)


def test_fractions_are_rounded_before_they_are_judged() -> None:
    shown, _ = shown_in_hierarchy(pd.Series([10.4, 10.6, 50.0, 80.0]), pd.Series(["a"] * 4))
    assert not shown[0]
    assert shown.sum() == 2


def test_no_page_gives_away_what_another_withholds() -> None:
    cells = pd.DataFrame({"tents": [4, 30, 50], "cars": [20, 25, 60], "alone": [100, 9, 80]}, index=list("abc"))
    shown = shown_in_table(cells)
    assert not shown.loc["a", "tents"]
    assert not shown.loc["b", "alone"]
    assert (~shown.loc[list("abc"), ["tents", "cars", "alone"]]).sum().sum() >= 4


def test_gaps_are_refused() -> None:
    with pytest.raises(AnalysisError, match="missing"):
        shown_in_hierarchy(pd.Series([1.0, np.nan]), pd.Series(["a", "a"]))
