"""The refined tables take the whole sample; nothing of it is dropped for a reason nobody planted."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def refined(sample):
    def table(name: str, columns: list[str] | None = None) -> pd.DataFrame:
        return pd.read_parquet(sample.project.processed("sample") / f"{name}.parquet", columns=columns)

    return table


def test_every_tract_and_period_arrives(refined, sample):
    frame = refined("tract_periods", ["geoid", "period", "population", "median_gross_rent_flag"])
    tracts = sample.truth["geography"]["tracts_2010"]
    assert len(frame) == 4 * tracts
    now = frame[frame["period"] == "2018"]
    declared = sample.truth["dirt"]["acs5_2018"]
    assert (now["median_gross_rent_flag"] == "missing_sentinel").sum() == declared["B25064_001E -666666666"]
    assert (now["median_gross_rent_flag"] == "top_coded").sum() == declared["B25064_001E 3501"]


def test_crosswalk_shares_are_found_again(refined, sample):
    frame = refined("tract_crosswalk")
    now = frame[frame["vintage"] == "2000"]
    merged = set(sample.truth["geography"]["merged_2000_2010"])
    # A merged tract takes all of two old ones, but for the trace that the crosswalk puts into empty tracts.
    taken = now[now["geoid"].isin(merged)].groupby("geoid")["share"].agg(["size", "min"])
    assert set(taken.index) == merged
    assert (taken["size"] == 2).all()
    assert taken["min"].min() > 0.99
    totals = now.groupby("source_geoid")["share"].sum()
    # Some tracts gave a trace to empty land that the file leaves out: those people are lost.
    assert totals.between(0.998 - 1e-6, 1.0001).all()
    assert 0 < (totals < 0.9999).sum() <= 5
    assert len(totals) == sample.truth["geography"]["tracts_2000"]


def test_places_have_people_and_shares(refined, sample):
    frame = refined("covid_places")
    kinds = sample.truth["covid"]["places"]["kind"]
    assert len(frame) == len(kinds)
    assert frame["in_city"].sum() == kinds.count("city")
    assert frame["population"].notna().all()
    assert frame[["crowded_share", "poverty_share", "hispanic_share"]].notna().all(axis=None)


def test_city_days_and_revisions(refined, sample):
    frame = refined("covid_city_daily")
    declared = sample.truth["dirt"]["covid_city_cases"]
    assert (frame["cases_revision"] < 0).sum() == declared["cases_fall"]
    assert (frame["deaths_revision"] < 0).sum() == declared["deaths_fall"]
    assert (frame["days_covered"] > 1).sum() == declared["gaps_in_dates"]


def test_areas_are_tracts_cut_by_districts(refined, sample):
    frame = refined("tract_areas")
    per_tract = frame[frame["kind"] == "council_district"].groupby("geoid").size()
    # The layers lie metres beside each other, which makes a sliver or two look like a cut.
    assert abs((per_tract > 1).sum() - sample.truth["geography"]["tracts_in_several_districts"]) <= 5
    assert frame[frame["kind"] == "council_district"]["area_id"].nunique() == 15
    assert frame[frame["kind"] == "neighborhood_council"]["area_id"].nunique() == 73


def test_the_change_index_finds_the_planted_neighbourhoods(refined, sample):
    from analysis.methods.change_measures import change_measures
    from analysis.methods.neighborhood_change import change_index
    from analysis.methods.prices import price_index

    index = price_index(refined("prices"), "us_cpi_u")
    table = change_index(change_measures(refined("tract_periods"), refined("tract_income_brackets"), index)).table
    planted = sample.truth["change"]
    scored = table[table["score"].notna()]
    changed = scored.index.isin(planted["changed"]["tracts"])
    slipped = scored.index.isin(planted["slipped"]["tracts"])
    assert scored.loc[changed, "top"].mean() > 0.85
    assert scored.loc[~changed & ~slipped, "top"].mean() < 0.2
    assert scored.loc[slipped, "score_percentile"].median() < 15


def test_the_typology_puts_planted_tracts_where_expected(refined, sample):
    from analysis.methods.displacement_inputs import typology_inputs
    from analysis.methods.displacement_typology import classify
    from analysis.methods.prices import price_index
    from analysis.methods.spatial_autocorrelation import queen

    inputs = typology_inputs(
        refined("tract_periods"),
        refined("tract_income_brackets"),
        refined("tract_mover_brackets"),
        price_index(refined("prices"), "us_cpi_u"),
        queen(gpd.read_parquet(sample.project.processed("sample") / "tract_shapes.parquet"), "geoid"),
    )
    found = classify(inputs, variant="census_only").table["classes"]
    planted = sample.truth["change"]["changed"]
    here = found[found.index.isin(planted["tracts"])].isin(planted["expected_classes"]).mean()
    elsewhere = found[~found.index.isin(planted["tracts"])].isin(planted["expected_classes"]).mean()
    assert here > 0.65
    assert elsewhere < 0.15
    assert set(found) >= {"ARE", "AdvG", "AdvG+BE", "BE", "EOG", "LISD", "OD", "SAE", "SMMI"}
