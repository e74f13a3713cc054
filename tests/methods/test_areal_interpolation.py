"""Areal interpolation against published wards, and an account that closes."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from analysis.methods.areal_interpolation import crosswalk, interpolate
from analysis.project import AnalysisError


def squares(prefix: str, edges: list[float]) -> gpd.GeoDataFrame:
    shapes = [box(a, 0, b, 10) for a, b in pairwise(edges)]
    return gpd.GeoDataFrame({"code": [f"{prefix}{i}" for i in range(len(shapes))]}, geometry=shapes, crs="EPSG:2229")


@pytest.mark.parametrize("weight", ["sum", "total"])
def test_published_wards(reference: Path, weight: str) -> None:
    folder = reference / "areal_stl"
    case = json.loads((folder / "expected.json").read_text())
    tracts, wards = gpd.read_file(folder / "stl_race_tracts.gpkg"), gpd.read_file(folder / "stl_wards.gpkg")
    asthma = gpd.read_file(folder / "stl_asthma_tracts.gpkg")
    links = crosswalk(tracts, wards, source_key="GEOID", target_key="WARD", weight=weight)
    counts = tracts.set_index("GEOID")[["TOTAL_E", "BLACK_E", "WHITE_E"]].astype(float)
    found = interpolate(counts, links.weights, extensive=list(counts))
    published = pd.read_csv(folder / f"r_areal_weight_{weight}.csv").set_index("WARD")
    mine = found.table.loc[published.index]
    for name in counts:
        assert mine[name].to_numpy() == pytest.approx(published[name].to_numpy(), abs=case["tolerance"]["extensive"])
    rate = interpolate(
        asthma.set_index("GEOID")[["ASTHMA"]],
        crosswalk(asthma, wards, source_key="GEOID", target_key="WARD").weights,
        intensive=["ASTHMA"],
    )
    ours = rate.table.loc[published.index, "ASTHMA"].to_numpy()
    assert ours == pytest.approx(published["ASTHMA"].to_numpy(), abs=case["tolerance"]["intensive"])
    total = case["r"][f"sum_of_interp_weight_{weight}"]
    account = found.mass[0]
    assert account.source_total == case["r"]["source_total"]
    assert account.placed == pytest.approx(total, abs=0.01)
    assert account.lost == pytest.approx(account.source_total - total, abs=0.01)


def test_half_the_land_takes_half_the_people_and_the_whole_rate() -> None:
    links = crosswalk(squares("s", [0, 4, 8]), squares("t", [0, 2, 8]), source_key="code", target_key="code").weights
    values = pd.DataFrame({"people": [100.0, 40.0], "rate": [0.2, 0.5]}, index=["s0", "s1"])
    found = interpolate(values, links, extensive=["people"], intensive=["rate"]).table
    assert found["people"].to_dict() == pytest.approx({"t0": 50, "t1": 90})
    assert found.loc["t0", "rate"] == pytest.approx(0.2)
    assert found.loc["t1", "rate"] == pytest.approx((2 * 0.2 + 4 * 0.5) / 6)
    by_people = interpolate(values, links, extensive=["people"], intensive={"rate": "people"}).table
    assert by_people.loc["t1", "rate"] == pytest.approx((50 * 0.2 + 40 * 0.5) / 90)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.5, 5), min_size=2, max_size=6), st.floats(0, 15))
def test_people_are_placed_or_lost_and_nothing_else(widths: list[float], end: float) -> None:
    source = squares("s", [0.0, *np.cumsum(widths)])
    target = squares("t", [0.0, 1.0, max(end, 1.5)])
    people = pd.DataFrame({"people": 10.0 * np.arange(1, len(source) + 1)}, index=source["code"])
    for weight in ("sum", "total"):
        links = crosswalk(source, target, source_key="code", target_key="code", weight=weight)
        account = interpolate(people, links.weights, extensive=["people"]).mass[0]
        assert account.placed + account.lost == pytest.approx(account.source_total)
        reached = links.coverage > 0
        if weight == "sum":
            assert account.placed == pytest.approx(people["people"][reached.to_numpy()].sum())
        assert set(links.untouched) == set(links.coverage.index[~reached])


def test_margins_are_carried_and_unknown_stays_unknown() -> None:
    links = pd.DataFrame({"source": ["a", "b", "b", "c"], "target": ["x", "x", "y", "z"], "weight": [1, 0.5, 0.5, 1]})
    values = pd.DataFrame({"n": [10.0, 20.0, np.nan], "n_moe": [3.0, 8.0, np.nan]}, index=["a", "b", "c"])
    found = interpolate(values, links, extensive=["n"], margins=True)
    assert found.table.loc["x"].to_dict() == pytest.approx({"n": 20, "n_moe": 5})
    assert found.table.loc["z"].isna().all()
    assert found.known_share.loc["z", "n"] == 0
    assert found.mass[0].missing == 1


def test_medians_are_refused() -> None:
    links = pd.DataFrame({"source": ["a"], "target": ["x"], "weight": [1.0]})
    values = pd.DataFrame({"median_gross_rent": [1000.0]}, index=["a"])
    for how in ({"extensive": ["median_gross_rent"]}, {"intensive": ["median_gross_rent"]}):
        with pytest.raises(AnalysisError, match="median"):
            interpolate(values, links, **how)


def test_refusals() -> None:
    source, target = squares("s", [0, 4, 8]), squares("t", [0, 8])
    with pytest.raises(AnalysisError, match="degrees"):
        crosswalk(source.to_crs(4326), target.to_crs(4326), source_key="code", target_key="code")
    with pytest.raises(AnalysisError, match="different reference systems"):
        crosswalk(source, target.to_crs(3310), source_key="code", target_key="code")
    with pytest.raises(AnalysisError, match="twice"):
        crosswalk(source.assign(code="s"), target, source_key="code", target_key="code")
    with pytest.raises(AnalysisError, match="'sum' or 'total'"):
        crosswalk(source, target, source_key="code", target_key="code", weight="all")
    heavy = pd.DataFrame({"source": ["a", "a"], "target": ["x", "y"], "weight": [0.8, 0.4]})
    with pytest.raises(AnalysisError, match="more than one"):
        interpolate(pd.DataFrame({"n": [1.0]}, index=["a"]), heavy, extensive=["n"])
    with pytest.raises(AnalysisError, match="no column"):
        interpolate(pd.DataFrame({"n": [1.0]}, index=["a"]), heavy.assign(weight=0.5), extensive=["m"])
