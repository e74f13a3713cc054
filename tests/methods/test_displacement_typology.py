"""The displacement typology: published classes of Ventura County, planted tracts, honesty about what is missing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.displacement_inputs import nearby_rents, share_below, typology_inputs
from analysis.methods.displacement_typology import CLASSES, INPUTS, Typology, classify, example_region, stability
from analysis.methods.planted import ARCHETYPES, typology_region
from analysis.methods.prices import PriceIndex
from analysis.methods.spatial_autocorrelation import from_neighbours
from analysis.project import AnalysisError

YEARS = {"90": 1990, "00": 2000, "12": 2012, "18": 2018}
# Ratios of the published real to the published nominal dollars.
DEFLATORS = {"90": 2.08, "00": 1.53, "12": 1.11, "18": 1.0}
AFFORDABLE = {1: 1, 4: 1, 2: 2, 5: 2, 3: 3, 6: 3}


@pytest.fixture(scope="module")
def published(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "udp_typology" / "Ventura_typology_output.csv")
    return table.set_index(table["FIPS"].astype(str).str.zfill(11))


@pytest.fixture(scope="module")
def ventura(published: pd.DataFrame) -> pd.DataFrame:
    """Our inputs from the lowest-level columns of the published file."""
    p, made = published, {}
    made["population_2000"] = p["pop_00"]
    for y in ("90", "00", "18"):
        made[f"households_{YEARS[y]}"] = p[f"hh_{y}"]
        made[f"below_80_{YEARS[y]}"] = p[f"inc80_{y}"]
    for y in ("00", "18"):
        made[f"below_120_{YEARS[y]}"] = p[f"inc120_{y}"]
    for theirs, ours in (("hinc", "income"), ("mrent", "rent"), ("mhval", "value")):
        for y in ("90", "00", "12", "18"):
            if f"{theirs}_{y}" in p:
                made[f"{ours}_{YEARS[y]}"] = p[f"{theirs}_{y}"] * DEFLATORS[y]
    adults_90 = p[[c for c in p if c.startswith("total_25_col_") and c.endswith("_90")]].sum(axis=1)
    made["college_share_1990"] = (p["total_25_col_bd_90"] + p["total_25_col_gd_90"]) / adults_90
    # The published share of 2000 leaves professional degrees out.
    degrees = [f"{sex}_25_col_{degree}_00" for sex in ("male", "female") for degree in ("bd", "md", "phd")]
    made["college_share_2000"] = p[degrees].sum(axis=1) / p["total_25_00"]
    degrees = [f"total_25_col_{degree}_18" for degree in ("bd", "md", "pd", "phd")]
    made["college_share_2018"] = p[degrees].sum(axis=1) / p["total_25_18"]
    for y in ("90", "00"):
        made[f"renter_share_{YEARS[y]}"] = p[f"rhu_{y}"] / (p["ohu_90"] + p["rhu_90"] if y == "90" else p["hu_00"])
        made[f"nonwhite_share_{YEARS[y]}"] = 1 - p[f"white_{y}"] / p[f"pop_{y}"]
    for y in ("12", "18"):
        made[f"low_income_movers_{YEARS[y]}"] = low_income_movers(p, y)
    made["housing_costs_2018"] = p["mmhcosts_18"]
    made["market_price_change"] = p["per_ch_zillow_12_18"]
    made["local_and_nearby_rent_rise"], made["rent_gap_wide"] = p["dp_PChRent"], p["dp_RentGap"]
    return pd.DataFrame(made)


def low_income_movers(p: pd.DataFrame, y: str) -> pd.Series:
    """Share of movers below 80 percent of the median individual income, by way of the tidy bracket table."""
    lows = [0, 10_000, 15_000, 25_000, 35_000, 50_000, 65_000, 75_000]
    names = ["9000", "15000", "25000", "35000", "50000", "65000", "75000", "76000_more"]
    rows = [
        pd.DataFrame(
            {
                "geoid": p.index,
                "period": y,
                "bracket_low": low,
                "bracket_high": high,
                "movers": sum(p[f"mov_{origin}_{name}_{y}"] for origin in ("wc", "oc", "os", "fa")),
            }
        )
        for low, high, name in zip(lows, [*lows[1:], np.nan], names, strict=True)
    ]
    return share_below(pd.concat(rows), y, 0.8 * p[f"iinc_{y}"].median(), "movers").reindex(p.index)


@pytest.mark.parametrize("affordability", ["published", "from housing costs"])
def test_every_published_class_of_ventura(
    ventura: pd.DataFrame, published: pd.DataFrame, reference: Path, affordability: str
) -> None:
    inputs = ventura
    if affordability == "published":
        inputs = ventura.assign(affordability_2018=published["lmh_flag_encoded"].map(AFFORDABLE))
    found = classify(inputs, variant="full", missing="as_published")
    assert found.table["typ_cat"].tolist() == published["typ_cat"].tolist()
    case = json.loads((reference / "udp_typology" / "expected.json").read_text())
    assert dict(Counter(found.table["classes"])) == case["published"]["typ_cat_counts"]["Ventura"]


def test_every_step_on_the_way_of_ventura(ventura: pd.DataFrame, published: pd.DataFrame) -> None:
    """The published intermediate columns, one by one."""
    facts = classify(ventura, missing="as_published").table
    steps = {
        "enough_residents": published["pop00flag"],
        "income_group_2018": published["inc_cat_medhhinc_18"],
        "high_income_2000": (published["inc_cat_medhhinc_00"] == 6).astype(int),
        "affordable_to": published["lmh_flag_encoded"].map(AFFORDABLE),
        "price_change": published["change_flag_encoded"],
        "gentrified_1990_2000": published["gent_90_00"],
        "gentrified_2000_2018": published["gent_00_18"],
        "fewer_low_income_households": published["lostli_18"],
        "fewer_low_income_movers": (published["ch_per_limove_12_18"] < 0).astype(int),
        "extreme_price_rise": published[["ab_90percentile_ch", "rent_90percentile_ch"]].max(axis=1),
        "above_median_price_rise": published[["hv_abrm_ch", "rent_abrm_ch"]].max(axis=1),
        "rent_pressure": published[["dp_PChRent", "dp_RentGap"]].max(axis=1),
    }
    for name, column in steps.items():
        differing = facts.index[facts[name].to_numpy() != column.to_numpy()]
        # One tract's median housing costs lie above the line although most of its homes are below it.
        assert len(differing) == (1 if name == "affordable_to" else 0), (name, list(differing))
    inputs = ventura["low_income_movers_2018"].to_numpy()
    assert inputs == pytest.approx(published["per_limove_18"].to_numpy(), abs=1e-6)


def test_three_published_classes_rest_on_a_sentinel(ventura: pd.DataFrame, published: pd.DataFrame) -> None:
    """-666666666 counted as a home value in the original; we say that the class is unknown, and why."""
    found = classify(ventura).table
    open_ = found[found["status"] == "not classified"]
    assert len(open_) == 3
    assert (open_["reason"] == "unknown: value_2018").all()
    assert (published.loc[open_.index, "mhval_18"] < 0).all()
    for code, possible in zip(published.loc[open_.index, "typ_cat"], open_["possible"], strict=True):
        assert code.strip("[']") in possible.split(" or ")
    same = found["status"] == "classified"
    assert (found.loc[same, "typ_cat"] == published.loc[same, "typ_cat"]).all()


def test_census_only_misses_what_market_prices_add(ventura: pd.DataFrame) -> None:
    full = classify(ventura).table["classes"]
    census = classify(ventura.drop(columns="market_price_change"), variant="census_only")
    assert census.without == ("market_price_change",)
    moved = full.index[full != census.table["classes"]]
    assert len(moved) == 1
    assert full[moved[0]] == "ARG"


@pytest.mark.parametrize("seed", range(5))
def test_planted_tracts_of_every_class_are_found(seed: int) -> None:
    inputs, truth = typology_region(seed)
    found = classify(inputs, variant="census_only").table["classes"]
    assert found[truth.index].to_dict() == truth.to_dict()
    assert set(CLASSES) <= {code for name in ARCHETYPES for code in name.split("+")}


def test_few_residents_have_no_class() -> None:
    inputs, _ = typology_region(1)
    inputs.loc["planted-BE", "population_2000"] = 500
    row = classify(inputs, variant="census_only").table.loc["planted-BE"]
    assert (row["classes"], row["status"]) == ("none", "too few residents")
    assert "500 or fewer" in row["reason"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(sorted(ARCHETYPES)), st.sampled_from(sorted(INPUTS)))
def test_taking_a_figure_away_never_makes_another_class(seed: int, archetype: str, column: str) -> None:
    inputs, truth = typology_region(seed % 7)
    name = f"planted-{archetype}"
    inputs.loc[name, column] = np.nan
    row = classify(inputs, variant="census_only").table.loc[name]
    if row["status"] == "not classified":
        assert column in row["reason"]
        assert truth[name] in row["possible"].split(" or ")
    else:
        assert row["classes"] == truth[name]


def test_as_published_turns_missing_into_below_median() -> None:
    """The trap itself: the original gives a class where the default says that it cannot know."""
    inputs, _ = typology_region(2)
    inputs.loc["planted-SMMI", ["rent_2012", "value_2000"]] = np.nan
    assert classify(inputs, variant="census_only", missing="as_published").table.loc["planted-SMMI", "classes"] == "ARE"
    row = classify(inputs, variant="census_only").table.loc["planted-SMMI"]
    assert row["classes"] == "not classified"
    assert row["possible"] == "ARE or SMMI"
    assert row["reason"] == "unknown: rent_2012, value_2000"


def test_a_top_code_is_a_lower_bound() -> None:
    inputs, _ = typology_region(3)
    for column in ("rent_2012", "rent_2018"):
        inputs[f"{column}_top_coded"] = False
    # The later rent is "at least": prices rose rapidly all the more.
    inputs.loc["planted-SMMI", "rent_2018_top_coded"] = True
    assert classify(inputs, variant="census_only").table.loc["planted-SMMI", "classes"] == "SMMI"
    # The earlier rent is "at least": whether rents rose cannot be known, and home values rose too little to decide.
    inputs.loc["planted-ARE", "rent_2012_top_coded"] = True
    inputs.loc["planted-ARE", "rent_2018"] = 2500
    row = classify(inputs, variant="census_only").table.loc["planted-ARE"]
    assert row["classes"] == "not classified"
    assert row["reason"] == "unknown: rent_2012 (top-coded)"


@settings(max_examples=10, deadline=None)
@given(st.floats(0.2, 5), st.integers(0, 100))
def test_units_and_order_do_not_matter(scale: float, seed: int) -> None:
    inputs, _ = typology_region(seed, n=60)
    base = classify(inputs, variant="census_only").table["classes"]
    dollars = [
        name for name in inputs if name.startswith(("rent_", "value_", "income_", "housing_costs", "nearby_rent_2"))
    ]
    scaled = inputs.assign(**{name: inputs[name] * scale for name in dollars})
    assert classify(scaled, variant="census_only").table["classes"].equals(base)
    shuffled = inputs.sample(frac=1, random_state=seed)
    assert classify(shuffled, variant="census_only").table["classes"].reindex(inputs.index).equals(base)


def test_stability_falls_with_the_margin() -> None:
    inputs, _ = typology_region(4)
    shares = []
    for percent in (0.0, 0.10, 0.40):
        margins = pd.DataFrame({name: percent * inputs[name] for name in ("rent_2018", "value_2018", "income_2018")})
        shares.append(float(stability(inputs, margins, variant="census_only", draws=30).mean()))
    assert shares[0] == 1.0
    assert shares[0] > shares[1] > shares[2] > 0.3
    again = stability(inputs, margins, variant="census_only", draws=30)
    assert float(again.mean()) == shares[2]
    inputs.loc["planted-SMMI", ["rent_2012", "value_2000"]] = np.nan
    assert np.isnan(stability(inputs, margins, variant="census_only", draws=5)["planted-SMMI"])


def test_refusals() -> None:
    table = example_region()
    with pytest.raises(AnalysisError, match="census_only"):
        classify(table.drop(columns="market_price_change"))
    with pytest.raises(AnalysisError, match="lack income_1990"):
        classify(table.drop(columns="income_1990"))
    with pytest.raises(AnalysisError, match="two rows"):
        classify(pd.concat([table, table.iloc[:1]]))
    for option in ({"variant": "best"}, {"missing": "ignore"}, {"nearby_rule": "any"}):
        with pytest.raises(AnalysisError, match="is not one of"):
            classify(table, **option)
    with pytest.raises(AnalysisError, match="not among the inputs"):
        stability(table, pd.DataFrame({"rents": 1.0}, index=table.index))


@pytest.fixture
def tidy() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Three tracts in the layout of the refined tables; the third has no households."""
    rows, brackets, movers = [], [], []
    for period, dollar_year in (("1990", 1989), ("2000", 1999), ("2012", 2012), ("2018", 2018)):
        for geoid, size in (("a", 1.0), ("b", 2.0), ("c", 0.0)):
            medians = ("median_household_income", "median_gross_rent", "median_home_value", "median_housing_costs",
                       "median_individual_income")  # fmt: skip
            row = {"geoid": geoid, "period": period, "dollar_year": dollar_year,
                   "housing_dollar_year": int(period), "population": 3000 * size,
                   "households": 1000 * size, "white_nonhispanic": 1200 * size, "adults_25plus": 2000 * size,
                   "bachelors_plus": 500 * size, "owner_occupied": 400 * size,
                   "renter_occupied": 600 * size}  # fmt: skip
            row |= dict.fromkeys(medians, 10000.0 * size if size else np.nan)
            row |= {f"{name}_flag": "top_coded" if (geoid, period) == ("b", "2012") else "ok" for name in medians}
            rows.append(row)
            for low, high in ((0, 10_000), (10_000, 20_000), (20_000, np.nan)):
                base = {"geoid": geoid, "period": period, "bracket_low": low, "bracket_high": high}
                brackets.append({**base, "households": 300 * size})
                movers.append({**base, "movers": 50 * size})
    return pd.DataFrame(rows), pd.DataFrame(brackets), pd.DataFrame(movers)


def test_inputs_from_tidy_tables(tidy: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    index = PriceIndex("us_cpi_u", {1989: 100, 1990: 110, 1999: 150, 2000: 160, 2012: 180, 2018: 200})
    weights = from_neighbours({"a": ["b"], "b": [], "c": []})
    made = typology_inputs(*tidy, index, weights)
    assert set(INPUTS) <= set(made.columns)
    # Regional median of tract medians is 15,000: 80 percent is 12,000, below which lie 300 + 0.2 * 300 of 900.
    assert made.loc["a", "below_80_2018"] == pytest.approx(0.4)
    assert made.loc["a", "income_2000"] == pytest.approx(10_000 * 200 / 150)
    assert made.loc["a", "rent_2000"] == pytest.approx(10_000 * 200 / 160)
    assert made.loc["a", "renter_share_1990"] == pytest.approx(0.6)
    assert made.loc["a", "nonwhite_share_2000"] == pytest.approx(0.6)
    assert made.loc["a", "nearby_rent_2018"] == 20_000
    assert np.isnan(made.loc["c", "nearby_rent_2018"])
    assert made.loc["b", "rent_2012_top_coded"]
    assert np.isnan(made.loc["a", "nearby_rent_change"]), "the neighbour's earlier rent is top-coded"
    assert made.loc["c", ["below_80_2018", "college_share_2000", "low_income_movers_2012"]].isna().all()
    with pytest.raises(AnalysisError, match="no period 1990"):
        typology_inputs(tidy[0][tidy[0]["period"] != "1990"], *tidy[1:], index)


def test_nearby_rents_keep_the_order_of_the_tracts() -> None:
    table = pd.DataFrame({"rent_2012": [100.0, 200, 300], "rent_2018": [110.0, 240, 300]}, index=list("abc"))
    found = nearby_rents(table, from_neighbours({"c": ["a"], "b": [], "a": []}))
    assert found["nearby_rent_2018"].tolist()[::2] == [300, 110]
    assert np.isnan(found.loc["b", "nearby_rent_change"])


def test_example_has_every_part() -> None:
    found = classify(example_region())
    assert isinstance(found, Typology)
    assert found.missing_inputs.empty
    assert {"median rent_2018", "rapid rise rent 2012-2018", "median rent gap"} <= set(found.region.index)
