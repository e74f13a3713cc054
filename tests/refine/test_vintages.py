"""Tract codes and the trap of joining two vintages of them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.refine.vintages import check_vintage, geoids, join_tracts, meeting, normal_geoid

codes = st.from_regex(r"\A(0[1-9]|[1-9][0-9])[0-9]{9}\Z")


@given(codes)
def test_a_code_comes_back_from_every_spelling_that_tools_make_of_it(code: str) -> None:
    for spelling in (code, f" {code} ", str(int(code)), f"{int(code)}.0", f"1400000US{code}", f"{code}.0"):
        assert normal_geoid(spelling) == code


@given(st.text(max_size=14))
def test_nothing_else_is_taken_for_a_code(text: str) -> None:
    try:
        found = normal_geoid(text)
    except AnalysisError:
        return
    assert len(found) == 11
    assert found.isdigit()
    assert int(found) == int(text.strip().split("US")[-1].removesuffix(".0"))


def test_bad_codes_are_shown_with_dataset_column_and_row() -> None:
    column = pd.Series(["06037101110", "6037.5", None], name="GEOID10")
    with pytest.raises(AnalysisError, match=r"shapes: column 'GEOID10' has 2 values .*row 1: '6037\.5', row 2"):
        geoids(column, "shapes")


@given(st.sets(codes, max_size=8), st.sets(codes, max_size=8))
def test_a_meeting_counts_every_code_once(left: set[str], right: set[str]) -> None:
    found = meeting(left, right)
    assert set(found.only_left) == left - right
    assert set(found.only_right) == right - left


def test_the_message_counts_the_codes_and_names_the_crosswalk() -> None:
    with pytest.raises(AnalysisError, match=r"2 of 3 tract codes are not 2010 tracts .*crosswalk_2000_2010"):
        check_vintage(["a", "x", "y"], ["a", "b"], dataset="sf3_2000", vintage="2000")


def test_a_join_keeps_every_tract_and_refuses_repeated_codes() -> None:
    left = pd.DataFrame({"geoid": ["a", "b"], "people": [1, 2]})
    right = pd.DataFrame({"geoid": ["b"], "rent": [9.0]})
    joined = join_tracts(left, right, right_name="acs5_2018", right_vintage="2010")
    assert joined["people"].tolist() == [1, 2]
    assert joined["rent"].isna().tolist() == [True, False]
    with pytest.raises(AnalysisError, match="acs5_2018: 1 tract codes stand twice"):
        join_tracts(left, pd.concat([right, right]), right_name="acs5_2018", right_vintage="2010")
