"""Two measures in one map: nine classes that are counted and hatched right, a square, and both numbers of a place."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import gallery
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geometry import overlapping
from geometry import written as taken_apart
from onpage import on_page

from analysis.project import AnalysisError
from analysis.publish import maps, svg, wording
from analysis.publish.wording import Terms, words_for_kernel
from analysis.report.packing import written

AGAINST: dict[str, Any] = {
    "against": "change", "against_unit": "points", "against_label": "Change since 2000", "against_low": "change_low",
    "against_high": "change_high",
}  # fmt: skip


@pytest.fixture(scope="module")
def tracts() -> gpd.GeoDataFrame:
    frame = gallery.voronoi()
    frame.loc[40:44, ["change", "change_low", "change_high"]] = np.nan
    frame["change_status"] = "ok"
    frame.loc[50:52, "change_status"] = "suppressed"
    return frame


@pytest.fixture(scope="module")
def drawn(tracts: gpd.GeoDataFrame) -> maps.MapDrawing:
    return gallery.city_map(tracts, against_status="change_status", **AGAINST)


def parts(drawing: maps.MapDrawing) -> tuple[ET.Element, ET.Element]:
    """The shapes and the legend."""
    bare = drawing.svg.replace(' xmlns="http://www.w3.org/2000/svg"', "")
    first, second, _ = bare.split("</svg>")
    return ET.fromstring(first + "</svg>"), ET.fromstring(second + "</svg>")


def test_every_class_holds_what_its_numbers_say(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    table = drawn.data.set_index("geoid")
    edges = [measure["edges"] for measure in drawn.interaction["pair"]]
    assert [len(each) for each in edges] == [2, 2]
    shapes, _ = parts(drawn)
    counted = {}
    for group in shapes.iter("g"):
        token = group.get("class", "")
        if not token.startswith("f-pair-"):
            continue
        place = int(token.rpartition("-")[2])
        keys = [path.get("data-key") for path in group.iter("path")]
        counted[place] = len(keys)
        rows = table.loc[keys]
        assert (np.searchsorted(edges[0], rows["rent"], side="right") == place % 3).all()
        assert (np.searchsorted(edges[1], rows["change"], side="right") == place // 3).all()
    assert [counted.get(i, 0) for i in range(9)] == [e.count for e in drawn.legend if e.status == "ok"]
    assert sum(e.count for e in drawn.legend) == 1000


def test_thirds_are_thirds_of_the_places_that_have_both(drawn: maps.MapDrawing) -> None:
    both = drawn.data[(drawn.data["status"] == "ok") & (drawn.data["change_status"] == "ok")]
    for column, measure in (("rent", 0), ("change", 1)):
        place = np.searchsorted(drawn.interaction["pair"][measure]["edges"], both[column], side="right")
        assert np.bincount(place).min() > 0.3 * len(both)


@pytest.mark.parametrize("shares", [(0.6, 0.0), (0.0, 0.6), (0.4, 0.4)])
def test_many_zeros_or_many_at_the_top_still_make_three_classes(tracts: gpd.GeoDataFrame, shares) -> None:
    low, high = shares
    value = np.linspace(0, 1, len(tracts))
    value = np.where(value < low, 0.0, np.where(value > 1 - high, 5.0, 1 + value))
    drawing = gallery.city_map(tracts.assign(rent=1000 + value, low=None, high=None), low=None, high=None, **AGAINST)
    counts = [e.count for e in drawing.legend if e.status == "ok"]
    assert min(sum(counts[column::3]) for column in range(3)) > 40


def test_a_place_that_lacks_either_is_hatched_by_the_reason(drawn: maps.MapDrawing) -> None:
    empty = {e.status: e.count for e in drawn.legend if e.status != "ok"}
    assert empty == {"suppressed": 13, "no_data": 25, "not_applicable": 4}
    shapes, legend = parts(drawn)
    hatched = {
        g.get("fill"): len(list(g.iter("path"))) for g in shapes.iter("g") if g.get("fill", "").startswith("url")
    }
    assert sorted(hatched.values()) == [4, 13, 25]
    assert "suppressed to protect" in " ".join(node.text or "" for node in legend.iter("text"))


def test_neither_suppressed_number_travels(tracts: gpd.GeoDataFrame) -> None:
    frame = tracts.copy()
    frame.loc[0, ["rent", "low", "high"]] = [31_337.0, 31_336.0, 31_338.0]
    frame.loc[50, ["change", "change_low", "change_high"]] = [77_137.0, 77_136.0, 77_138.0]
    drawing = gallery.city_map(frame, against_status="change_status", **AGAINST)
    everything = drawing.svg + drawing.data.to_csv() + json.dumps(drawing.interaction) + drawing.alt
    assert not re.search(r"31,?33[678]|77,?13[678]", everything + json.dumps([drawing.measure, drawing.second]))


def test_the_twin_has_both_measures_with_bounds_and_status(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    assert list(drawn.data.columns) == [
        "geoid", "name", "area", "rent", "low", "high", "status", "change", "change_low", "change_high",
        "change_status",
    ]  # fmt: skip
    merged = drawn.data.merge(tracts[["geoid", "change"]], on="geoid", suffixes=("", "_given"))
    known = merged[merged["change_status"] == "ok"]
    assert np.allclose(known["change"], known["change_given"])
    assert drawn.second["values"][100] == pytest.approx(drawn.data["change"][100])


def test_the_legend_is_a_square_with_counts_edges_and_both_names(drawn: maps.MapDrawing) -> None:
    _, legend = parts(drawn)
    cells = [node for node in legend.iter("rect") if node.get("class", "").startswith("f-pair-")]
    assert len({(c.get("x"), c.get("y")) for c in cells}) == 9
    assert {c.get("width") for c in cells} == {c.get("height") for c in cells}
    first = next(c for c in cells if c.get("class") == "f-pair-0")
    last = next(c for c in cells if c.get("class") == "f-pair-8")
    assert float(first.get("x")) < float(last.get("x"))
    assert float(first.get("y")) > float(last.get("y")), "more of the second is higher up"
    words = [node.text for node in legend.iter("text")]
    assert {"↑ Change since 2000", "Median gross rent →", "Tracts"} <= set(words)
    for entry in drawn.legend:
        assert f"{entry.count:,}" in words
    text = drawn.svg.split("</svg>")[1] + "</svg>"
    assert overlapping(taken_apart(text).labels) == []


def test_names_of_any_length_fit_the_square(tracts: gpd.GeoDataFrame) -> None:
    long = "Households that pay more than half of their income for rent and utilities, in percent"
    frame = tracts.assign(rent=tracts["rent"] * 1000)
    drawing = maps.choropleth(
        frame, "rent", unit="dollars", crs=gallery.CRS, label=long, against="change", against_unit="points",
        against_label="x" * 80, breaks=[1_234_567, 2_345_678],
    )  # fmt: skip
    sheet = taken_apart(drawing.svg.split("</svg>")[1] + "</svg>")
    assert overlapping(sheet.labels) == []
    assert all(label.box[0] >= -1 and label.box[2] <= sheet.width + 1 for label in sheet.labels)


def test_the_description_says_corners_and_where(drawn: maps.MapDrawing) -> None:
    assert drawn.alt.startswith("Map of 1,000 tracts by two measures. Median gross rent: $")
    assert re.search(r"In the highest class of both: \d+; in the lowest of both: \d+;", drawn.alt)
    assert "in the highest class of both in Council District 9." in drawn.alt
    assert "13 tracts: suppressed to protect people, hatched." in drawn.alt


def test_two_measures_of_a_thousand_tracts_fit_the_budget(drawn: maps.MapDrawing) -> None:
    (one,) = on_page({"both": drawn})
    assert len(one.svg.encode()) + sum(len(written(held).encode()) for held in one.held.values()) <= 250_000
    for part in drawn.svg.replace("</svg>", "</svg>\n").splitlines():
        svg.parsed(part)


def test_the_order_of_rows_changes_nothing(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    mixed = gallery.city_map(tracts.sample(frac=1, random_state=5), against_status="change_status", **AGAINST)
    assert (mixed.svg, mixed.alt, mixed.interaction) == (drawn.svg, drawn.alt, drawn.interaction)
    pd.testing.assert_frame_equal(mixed.data, drawn.data)


def test_two_measures_in_spanish(tracts: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "Median gross rent": "Renta mediana", "Change since 2000": "Cambio desde 2000", "tract": "sector / sectores",
        "council district": "distrito / distritos",
    }  # fmt: skip
    monkeypatch.setenv(wording.KERNEL_WORDS, words_for_kernel({"es": Terms(known)}))
    spanish, words = gallery.city_map(tracts, **AGAINST).others["es"]
    assert spanish.alt.startswith("Mapa de 1,000 sectores según dos medidas. Renta mediana: $")
    assert "↑ Cambio desde 2000" in spanish.svg
    assert [m["label"] for m in spanish.interaction["pair"]] == ["Renta mediana", "Cambio desde 2000"]
    assert not words.missing


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f, {"against": "rent"}, "two different columns"),
        (lambda f: f, {"against_label": ""}, "`against_label`"),
        (lambda f: f, {"against_unit": ""}, "`against_unit`"),
        (lambda f: f, {"palette": "diverging"}, "two measures are shaded one way"),
        (lambda f: f.assign(change=0.0), {}, "too alike: give two numbers in `against_breaks`"),
        (lambda f: f, {"breaks": [1000]}, "1 breaks for 3 classes.*`breaks`"),
        (lambda f: f.assign(change=f["change"].mask(f["rent"].notna())), {}, "no place has both"),
        (lambda f: f.drop(columns="change"), {}, "no column change"),
    ],
)
def test_measures_that_cannot_stand_together_are_named(tracts, change, options, message: str) -> None:
    bare = {"against_low": None, "against_high": None, "low": None, "high": None}
    with pytest.raises(AnalysisError, match=message):
        gallery.city_map(change(tracts), **{**AGAINST, **bare, **options})
