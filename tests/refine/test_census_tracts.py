"""Tracts of an invented county with every kind of dirt: what comes out, and why what is missing is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.project import AnalysisError
from refine_desk import NEW, OLD, Desk


@pytest.fixture
def periods(desk: Desk) -> pd.DataFrame:
    desk.census_tracts()
    desk.build("tract_periods")
    return desk.read("tract_periods").set_index(["geoid", "period"])


def test_every_tract_stands_in_every_period_with_a_text_code(periods: pd.DataFrame) -> None:
    assert len(periods) == 4 * len(NEW)
    codes = periods.index.get_level_values("geoid")
    assert set(codes) == set(NEW)
    assert codes.str.fullmatch(r"\d{11}").all()


def test_sentinels_and_codes_become_reasons_and_never_figures(periods: pd.DataFrame) -> None:
    now = periods.xs("2018", level="period")
    assert now["median_household_income_flag"].tolist() == ["ok", "ok", "top_coded", "missing_sentinel"]
    assert now["median_gross_rent_flag"].tolist() == ["ok", "top_coded", "bottom_coded", "missing_sentinel"]
    assert now["median_household_income"].tolist()[:3] == [41000, 52000, 250001]
    assert np.isnan(now["median_household_income"].iloc[3])
    assert now["median_household_income_moe"].tolist()[:2] == [900, 1200]
    assert now["median_household_income_moe"].iloc[2:].isna().all()
    assert now["population_moe"].tolist() == [90, 60, 0, 12]
    assert not (periods.select_dtypes("number") < 0).any(axis=None)


def test_what_a_period_does_not_publish_is_missing_and_says_so(periods: pd.DataFrame) -> None:
    then = periods.xs("2012", level="period")
    for name in ("population", "median_household_income", "white_nonhispanic"):
        assert then[name].isna().all()
        assert set(then[f"{name}_flag"]) == {"not_published"}
    assert then["median_gross_rent_flag"].tolist() == ["ok", "top_coded", "ok", "missing_sentinel"]


def test_incomes_are_of_the_year_before_the_census_and_rents_are_not(periods: pd.DataFrame) -> None:
    years = periods.groupby("period")[["dollar_year", "housing_dollar_year"]].first()
    assert years["dollar_year"].tolist() == [1989, 1999, 2012, 2018]
    assert years["housing_dollar_year"].tolist() == [1990, 2000, 2012, 2018]


def test_counts_are_carried_as_in_the_file_and_medians_are_restored(desk: Desk) -> None:
    truth = desk.census_tracts()["2000"]
    desk.build("tract_periods")
    then = desk.read("tract_periods").query("period == '2000'").set_index("geoid")
    people, renters = truth["P004001"], truth["H004003"]
    assert then.loc[NEW[1], "population"] == pytest.approx(0.25 * people[1])
    assert then.loc[NEW[2], "population"] == pytest.approx(0.75 * people[1] + people[2])
    # Rents of 400, 600, 800: the split tract keeps 600, in the file it is 150; the merged one lies between 600 and 800.
    assert then["median_gross_rent"].tolist()[:2] == [400, 600]
    assert then["median_gross_rent_udp"].tolist()[:2] == [400, 150]
    merged = (0.75 * renters[1] * 600 + renters[2] * 800) / (0.75 * renters[1] + renters[2])
    assert then.loc[NEW[2], "median_gross_rent"] == pytest.approx(merged, abs=0.5)
    assert then.loc[NEW[2], "median_gross_rent_udp"] == pytest.approx(0.75 * 600 + 800)
    assert then.loc[NEW[3], "median_gross_rent_flag"] == "missing_zero"
    assert then.loc[NEW[3], ["median_gross_rent", "median_gross_rent_udp"]].isna().all()


def test_planted_shares_come_back(desk: Desk) -> None:
    desk.census_tracts()
    desk.build("tract_crosswalk")
    found = desk.read("tract_crosswalk").query("vintage == '2000'")
    shares = found.set_index(["source_geoid", "geoid"])["share"].round(6).to_dict()
    assert shares == {
        (OLD[0], NEW[0]): 1.0, (OLD[1], NEW[1]): 0.25, (OLD[1], NEW[2]): 0.75, (OLD[2], NEW[2]): 1.0,
    }  # fmt: skip


def test_a_tract_that_is_no_sum_of_old_tracts_has_no_median_but_keeps_its_counts(desk: Desk) -> None:
    desk.crosswalk("2000", desk.census_tracts()["2000"], bent=NEW[0])
    desk.build("tract_periods")
    then = desk.read("tract_periods").query("period == '2000'").set_index("geoid").loc[NEW[0]]
    assert then["median_gross_rent_flag"] == "missing_crosswalk"
    assert np.isnan(then["median_gross_rent"])
    assert then["population"] > 0


def test_everything_left_out_is_counted(desk: Desk) -> None:
    desk.census_tracts()
    desk.build("tract_periods")
    counted = desk.tallies("tract_periods")
    assert counted["acs5_2018", "kept", "tract read"] == 4
    assert counted["acs5_2018", "changed", "median_household_income: no estimate (-666666666), read as missing"] == 1
    assert counted["crosswalk_2000_2010", "dropped", "tract outside Meridia County"] == 1
    scaled = "median_gross_rent: scaled by shares of tracts in the file, restored"
    assert counted["crosswalk_2000_2010", "changed", scaled] == 2


def test_brackets_are_households_of_each_tract(desk: Desk) -> None:
    truth = desk.census_tracts()
    desk.build("tract_income_brackets", "tract_mover_brackets")
    brackets = desk.read("tract_income_brackets")
    then = brackets[(brackets["period"] == "1990") & (brackets["geoid"] == NEW[1])]
    assert len(then) == 25
    assert then["households"].iloc[0] == pytest.approx(0.25 * truth["1990"]["P0800001"][1])
    assert then["bracket_low"].tolist()[:3] == [0, 5000, 10000]
    assert np.isnan(then["bracket_high"].iloc[-1])
    assert set(brackets["period"]) == {"1990", "2000", "2018"}
    assert brackets.groupby("period").size().tolist() == [4 * 25, 4 * 16, 4 * 16]


def test_tracts_of_another_vintage_stop_the_build(desk: Desk) -> None:
    desk.census_tracts()
    desk.census("acs5_2012", OLD, {"B25064_001E": [1, 2, 3, 4], "B25064_001M": [1, 1, 1, 1]})
    with pytest.raises(AnalysisError, match=r"acs5_2012: 2 of 4 tract codes are not 2010 tracts \('99001000200'"):
        desk.build("tract_periods")


def test_an_unknown_code_stops_the_build_with_its_tract(desk: Desk) -> None:
    desk.census_tracts()
    desk.census("acs5_2018", NEW, {"B25077_001E": [1, 2, 3, -999999999]})
    with pytest.raises(
        AnalysisError, match=r"acs5_2018: column 'B25077_001E' has unknown codes \('-999999999\.0'.*99001000400"
    ):
        desk.build("tract_periods")


def test_text_in_a_count_stops_the_build_with_dataset_column_and_row(desk: Desk) -> None:
    desk.census_tracts()
    desk.census("acs5_2018", NEW, {"B25003_003E": [1, "many", 3, 4]})
    with pytest.raises(AnalysisError, match=r"acs5_2018: column 'B25003_003E' has 1 values .* 99001000201: 'many'"):
        desk.build("tract_periods")


def test_a_code_that_lost_its_leading_zero_comes_back(desk: Desk) -> None:
    from analysis.refine.vintages import joined_geoids

    frame = pd.DataFrame({"state": ["6"], "county": ["37"], "tract": ["101110"]}, dtype="str")
    assert joined_geoids(frame, "acs5_2018").tolist() == ["06037101110"]
