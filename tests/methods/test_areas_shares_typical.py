"""Areas keep their tracts apart, shares cover, and the typical change is found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.planted import measures_with_truth
from analysis.methods.shares import share
from analysis.methods.tract_areas import fit, main_areas, tracts_of
from analysis.methods.typical_change import typical_change, typical_changes
from analysis.project import AnalysisError


def areas() -> pd.DataFrame:
    """Twelve tracts in districts 1, 2 and 12, whose names could be confused, and one that straddles the border."""
    rows = [(f"t{i:02}", ["cd-01", "cd-02", "cd-12"][i % 3], 1.0, 1.0) for i in range(12)]
    rows += [("t12", "cd-01", 0.45, 1.0), ("t12", "cd-12", 0.55, 1.0), ("t13", "cd-02", 0.3, 0.3)]
    frame = pd.DataFrame(rows, columns=["geoid", "area_id", "weight_area", "in_city"])
    return frame.assign(kind="council_district")


def test_district_12_has_no_tract_of_districts_1_and_2() -> None:
    tracts = {area: set(tracts_of(areas(), area)) for area in ("cd-01", "cd-02", "cd-12")}
    assert tracts["cd-12"] == {"t02", "t05", "t08", "t11", "t12"}
    assert not tracts["cd-12"] & (tracts["cd-01"] | tracts["cd-02"])
    assert set.union(*tracts.values()) == set(tracts_of(areas(), "city"))
    assert "t13" not in tracts["cd-02"], "a tract mostly outside the city belongs to no district"


@pytest.mark.parametrize("wrong", ["cd-1", "12", "cd-120", "City"])
def test_an_area_is_named_exactly(wrong: str) -> None:
    with pytest.raises(AnalysisError, match="there is no area"):
        tracts_of(areas(), wrong)


CONFUSABLE = {
    "nc-downtown": ["a1", "a2"], "nc-downtown-los-angeles": ["b1"], "nc-district-1": ["c1", "c2"], "nc-d": ["d1"],
    "nc-harbor-1": ["e1", "e2"], "nc-harbor-12": ["f1"], "nc-harbor": ["g1"],
}  # fmt: skip


def test_councils_with_confusable_keys_keep_their_tracts_apart() -> None:
    rows = [(tract, key, 1.0, 1.0, 100.0) for key, tracts in CONFUSABLE.items() for tract in tracts]
    table = pd.DataFrame(rows, columns=["geoid", "area_id", "weight_area", "in_city", "people"])
    table = pd.concat([areas().assign(people=100.0), table.assign(kind="neighborhood_council")])
    for key, tracts in CONFUSABLE.items():
        assert list(tracts_of(table, key)) == tracts
    for wrong in ("nc-Downtown", "nc-downtown-los", "nc-harbor-", "Downtown", "nc-d*", "nc-\u0501", "district-1"):
        with pytest.raises(AnalysisError, match="there is no area"):
            tracts_of(table, wrong)


def test_a_tract_belongs_to_the_council_with_the_largest_part_unless_more_of_it_is_in_none() -> None:
    rows = [
        ("third", "nc-a", 0.40, 1.0), ("third", "nc-b", 0.35, 1.0), ("third", "nc-c", 0.25, 1.0),
        ("sliver", "nc-a", 0.10, 1.0),  # nine tenths of it lie in no council
        ("half", "nc-a", 0.50, 1.0),
        ("edge", "nc-b", 0.45, 0.6),  # the rest of its city part is smaller, the rest of all does not count
        ("outside", "nc-b", 0.40, 0.4),
        ("twice", "nc-a", 0.90, 1.0), ("twice", "nc-b", 0.95, 1.0),  # councils may overlap
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["geoid", "area_id", "weight_area", "in_city"])
    found = main_areas(table.assign(kind="neighborhood_council"), "neighborhood_council")
    assert found.to_dict() == {"third": "nc-a", "edge": "nc-b", "twice": "nc-b"}
    assert list(tracts_of(table.assign(kind="neighborhood_council"), "nc-c")) == [], "a small council may have none"


def test_fit_says_whom_whole_tracts_miss_and_whom_they_add() -> None:
    rows = [("t1", "nc-a", 1.0, 90.0), ("t2", "nc-a", 0.4, 40.0), ("t2", "nc-b", 0.6, 60.0), ("t3", "nc-b", 0.7, 70.0),
            ("t4", "nc-c", 0.2, 20.0), ("t5", "nc-e", 1.0, 0.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["geoid", "area_id", "weight_area", "people"])
    table = table.assign(kind="neighborhood_council", in_city=1.0)
    assert vars(fit(table, "nc-a")) == {"tracts": 1, "covered": pytest.approx(100 * 90 / 130), "beyond": 0.0}
    assert vars(fit(table, "nc-b")) == {"tracts": 2, "covered": 100.0, "beyond": pytest.approx(35.0)}
    assert vars(fit(table, "nc-c")) == {"tracts": 0, "covered": 0.0, "beyond": None}
    assert vars(fit(table, "nc-e")) == {"tracts": 1, "covered": None, "beyond": None}


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_share_lies_in_its_interval_and_within_bounds(hits: list[bool]) -> None:
    found = share(hits)
    assert -1e-9 <= found.lower <= found.value + 1e-9
    assert found.value - 1e-9 <= found.upper <= 100 + 1e-9


def test_a_share_of_nothing_is_no_number() -> None:
    assert share([]).status == "not_applicable"
    assert share([None, float("nan")]).status == "not_applicable"
    with pytest.raises(AnalysisError, match="true and false"):
        share([0.2, 0.7])


def test_intervals_of_the_typical_change_cover() -> None:
    held = 0
    for seed in range(200):
        changes = pd.Series(np.random.default_rng(seed).gumbel(3.0, 4.0, 150))
        found = typical_change(changes, draws=300)
        held += found.lower <= 3.0 - 4.0 * np.log(np.log(2)) <= found.upper
    assert 0.90 <= held / 200 <= 0.99


def test_a_handful_of_tracts_is_no_estimate() -> None:
    assert typical_change(pd.Series(range(10), dtype=float)).status == "not_applicable"


def test_a_log_change_is_told_in_percent() -> None:
    measures, _ = measures_with_truth(3)
    everyone = measures.table.index
    told = typical_changes(measures, {"all": everyone, "few": everyone[:5]}).set_index("label")
    logs = measures.table["median_gross_rent_change"].median()
    assert told.loc["Real median gross rent", "all"] == pytest.approx(100 * np.expm1(logs / 100))
    assert told["few"].isna().all()
