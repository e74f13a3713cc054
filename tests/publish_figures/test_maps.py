"""Maps: small, gapless, honest about what is missing, and walkable."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET

import gallery
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from onpage import on_page, scripts

from analysis.project import AnalysisError
from analysis.publish import maps, svg
from analysis.publish.maps.classes import breaks_of, class_of, sequential_classes, symmetric_breaks
from analysis.publish.maps.outlines import Window, neighbours, path, simplified, window
from analysis.report.packing import written


@pytest.fixture(scope="module")
def tracts() -> gpd.GeoDataFrame:
    return gallery.voronoi()


@pytest.fixture(scope="module")
def drawn(tracts: gpd.GeoDataFrame) -> maps.MapDrawing:
    return gallery.city_map(tracts)


def _shapes(drawing: maps.MapDrawing) -> ET.Element:
    return ET.fromstring(re.sub(r' xmlns="[^"]+"', "", drawing.svg.partition("</svg>")[0] + "</svg>"))


def _page_bytes(*drawings: maps.MapDrawing) -> int:
    placed = on_page({f"map_{i}": drawing for i, drawing in enumerate(drawings)})
    held = [value for one in placed for value in one.held.values()]
    return sum(len(one.svg.encode()) for one in placed) + sum(len(written(h).encode()) for h in held)


def test_a_thousand_tracts_fit_the_budget(drawn: maps.MapDrawing) -> None:
    assert len(drawn.data) == 1000
    assert len(drawn.svg.encode()) <= 125_000
    assert _page_bytes(drawn) <= 170_000


def test_four_maps_of_a_thousand_tracts_weigh_less_than_two_apart(
    tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing
) -> None:
    change = {"palette": "diverging", "low": "change_low", "high": "change_high"}
    others = [
        maps.choropleth(tracts, "change", unit="points", crs=gallery.CRS, name="name", **change),
        maps.choropleth(tracts, "kind", crs=gallery.CRS, name="name", palette="groups", status_column="status"),
        maps.choropleth(tracts, "rent", unit="dollars", crs=gallery.CRS, name="name", classes=3),
    ]
    assert _page_bytes(drawn, *others) <= 250_000
    assert _page_bytes(drawn, *others) <= 2 * _page_bytes(drawn)


def test_every_place_is_drawn_once_with_its_key(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    keys = [node.get("data-key") for node in _shapes(drawn).iter("path") if node.get("data-key")]
    assert sorted(keys) == sorted(tracts["geoid"])
    assert list(drawn.data["geoid"]) == sorted(tracts["geoid"])


def test_nothing_but_plain_drawing(drawn: maps.MapDrawing) -> None:
    for part in drawn.svg.replace("</svg>", "</svg>\n").splitlines():
        svg.parsed(part)
    assert "style=" not in drawn.svg
    identifiers = re.findall(r' id="([^"]+)"', drawn.named("rent_map").svg)
    assert len(identifiers) == len(set(identifiers))
    assert all(name.startswith("rent_map-") for name in identifiers)
    used = set(re.findall(r"url\(#([^)]+)\)", drawn.named("rent_map").svg))
    assert used <= set(identifiers)


def test_each_kind_of_emptiness_has_its_own_hatch(drawn: maps.MapDrawing) -> None:
    root = _shapes(drawn)
    tiles = {node.get("id").partition("-p-")[2]: ET.tostring(node) for node in root.iter("pattern")}
    assert set(tiles) == {"no_data", "suppressed", "not_applicable"}
    bodies = [re.sub(rb' id="[^"]+"', b"", tile) for tile in tiles.values()]
    assert len(set(bodies)) == 3
    counts = {}
    for group in root.iter("g"):
        fill = group.get("fill", "")
        if fill.startswith("url("):
            counts[fill.partition("-p-")[2].rstrip(")")] = len(list(group.iter("path")))
    assert counts == {"suppressed": 10, "no_data": 20, "not_applicable": 4}


def test_a_suppressed_number_does_not_travel(tracts: gpd.GeoDataFrame) -> None:
    frame = tracts.copy()
    frame.loc[0, "rent"] = 31_337.0
    frame.loc[0, ["low", "high"]] = [31_336.0, 31_338.0]
    drawing = gallery.city_map(frame)
    everything = drawing.svg + drawing.data.to_csv() + json.dumps(drawing.interaction) + drawing.alt
    assert not re.search(r"31,?33[678]", everything)
    row = drawing.data.set_index("geoid").loc["99001000000"]
    assert row["status"] == "suppressed"
    assert pd.isna(row["rent"])
    assert pd.isna(row["low"])


def test_legend_counts_are_the_places_drawn(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    assert sum(entry.count for entry in drawn.legend) == 1000
    root = _shapes(drawn)
    for entry in drawn.legend:
        if entry.status != "ok":
            continue
        groups = [g for g in root.iter("g") if g.get("class") == f"f-{entry.token}"]
        assert sum(len(list(g.iter("path"))) for g in groups) == entry.count
    known = tracts[(tracts["status"] == "ok") & tracts["rent"].notna()]
    top = next(e for e in drawn.legend if e.label.endswith("and over"))
    bound = float(top.label.split()[0].strip("$").replace(",", ""))
    assert top.count == int((known["rent"] >= bound).sum()), "the legend says what was done"


def test_borders_that_were_shared_are_shared_on_the_grid(tracts: gpd.GeoDataFrame) -> None:
    """Simplified and rounded neighbours still meet: the area of the whole is kept, nothing overlaps."""
    ground = tracts.to_crs(gallery.CRS).geometry.to_numpy()
    frame = window(shapely.total_bounds(ground))
    outlines = simplified(ground, 1.3 * frame.unit)
    polygons = [_polygon(path(shape, frame)) for shape in outlines]
    whole = shapely.union_all(polygons)
    assert sum(p.area for p in polygons) == pytest.approx(whole.area, rel=2e-3)
    holes = [shapely.Polygon(ring).area for part in shapely.get_parts(whole) for ring in part.interiors]
    assert sum(holes) < 10, "square units of the grid, of about a million"
    assert whole.area * frame.unit**2 == pytest.approx(shapely.union_all(ground).area, rel=0.01)


def _polygon(data: str) -> shapely.Geometry:
    """A path of the map read back by the rules of SVG."""
    rings, ring, at, start = [], [], np.zeros(2), np.zeros(2)
    for letter, rest in re.findall(r"([MmlhvzZ])([^MmlhvzZ]*)", data):
        numbers = [float(n) for n in re.findall(r"-?\d+", rest)]
        if letter in "Mm":
            at = np.array(numbers) + (at if letter == "m" else 0)
            start, ring = at, [at]
        elif letter == "l":
            for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
                at = at + np.array([dx, dy])
                ring.append(at)
        elif letter in "hv":
            for step in numbers:
                at = at + ((step, 0) if letter == "h" else (0, step))
                ring.append(at)
        else:
            rings.append(ring)
            at = start
    shapes = [shapely.Polygon(ring) for ring in rings]
    result = shapes[0]
    for other in shapes[1:]:
        result = result.symmetric_difference(other)
    return shapely.make_valid(result)


def test_paths_have_whole_numbers_only(drawn: maps.MapDrawing) -> None:
    for node in _shapes(drawn).iter("path"):
        if node.get("data-key"):
            assert re.fullmatch(r"[Mmlhvz\d\s-]+", node.get("d"))


def test_neighbours_are_those_that_touch(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    ground = tracts.sort_values("geoid").to_crs(gallery.CRS).geometry.to_numpy()
    near = [set() for _ in drawn.neighbours]
    for i, later in enumerate(drawn.neighbours):
        for j in later:
            assert j > i
            near[i].add(j)
            near[j].add(i)
    assert all(near), "no tract of a tessellation is an island"
    rng = np.random.default_rng(3)
    for i in rng.choice(len(ground), 40, replace=False):
        touching = {int(j) for j in np.flatnonzero(shapely.dwithin(ground, ground[i], 1.0)) if j != i}
        assert touching <= near[i]
        assert all(ground[i].distance(ground[j]) < 200 for j in near[i])
    reached, front = {0}, [0]
    while front:
        front = [j for i in front for j in near[i] if j not in reached and not reached.add(j)]
    assert len(reached) == len(ground), "the arrow keys lead everywhere"


def test_twin_holds_what_is_drawn(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    assert list(drawn.data.columns) == ["geoid", "name", "area", "rent", "low", "high", "status"]
    merged = drawn.data.merge(tracts[["geoid", "rent", "status"]], on="geoid", suffixes=("", "_given"))
    shown = merged[merged["status"] == "ok"]
    assert np.allclose(shown["rent"], shown["rent_given"])
    assert set(drawn.data["area"].dropna()) == {f"Council District {n}" for n in range(1, 10)}
    assert drawn.table is drawn.data


def test_description_says_range_classes_places_and_gaps(drawn: maps.MapDrawing) -> None:
    assert drawn.alt.startswith("Map of 1,000 tracts, shaded by median gross rent, from $")
    assert "Tracts by class: " in drawn.alt
    # Rent rises with x: the three eastern districts hold the highest class, the western the lowest.
    assert re.search(r"in the highest class in Council District 8, Council District 9\.", drawn.alt)
    assert re.search(r"in the lowest class in Council District 1, Council District 2, Council District 3", drawn.alt)
    assert "Ten tracts: suppressed to protect people, hatched." in drawn.alt
    assert "20 tracts: no data, hatched." in drawn.alt
    assert drawn.with_alt("Another & longer sentence.").svg.count("Another &amp; longer sentence.") == 1


def test_change_without_measurable_difference_has_its_own_class(tracts: gpd.GeoDataFrame) -> None:
    drawing = maps.choropleth(
        tracts, "change", unit="points", crs=gallery.CRS, palette="diverging", low="change_low", high="change_high"
    )
    still = next(e for e in drawing.legend if e.token == "middle")
    assert still.count == int(((tracts["change_low"] <= 0) & (tracts["change_high"] >= 0)).sum())
    rises = [e for e in drawing.legend if e.token.startswith("rise")]
    falls = [e for e in drawing.legend if e.token.startswith("fall")]
    assert len(rises) == len(falls) == 2
    assert sum(e.count for e in rises) == int((tracts["change_low"] > 0).sum())
    assert [e.label.replace("−", "+") for e in rises if "over" in e.label] == [
        "+" + e.label.removeprefix("under ").replace("−", "") + " and over" for e in falls if "under" in e.label
    ]


def test_groups_keep_their_order(tracts: gpd.GeoDataFrame) -> None:
    order = ["Falling", "Steady", "Rising"]
    drawing = maps.choropleth(tracts, "kind", crs=gallery.CRS, palette="groups", groups=order, status_column="status")
    assert [(e.token, e.label) for e in drawing.legend if e.status == "ok"] == [
        ("group-1", "Falling"), ("group-2", "Steady"), ("group-3", "Rising"),
    ]  # fmt: skip
    assert set(drawing.data["kind"].dropna()) == set(order)


def test_one_area_is_enlarged_and_the_rest_paled(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    near = gallery.city_map(tracts, area="cd-05")
    assert 0 < len(near.data) < 0.45 * len(drawn.data)
    assert "map-veil" in near.svg
    assert "in and around Council District 5" in near.alt
    assert (near.data["area"] == "Council District 5").sum() > 0.4 * len(near.data)
    with pytest.raises(AnalysisError, match="no area 'cd-77'"):
        gallery.city_map(tracts, area="cd-77")


def test_shapes_can_be_cut_to_the_city(tracts: gpd.GeoDataFrame) -> None:
    half = gallery.districts(tracts).head(3)
    drawing = gallery.city_map(tracts, overlay=half, clip=True)
    assert len(drawing.data) < 500
    assert drawing.data["area"].notna().all()


def test_the_order_of_rows_changes_nothing(tracts: gpd.GeoDataFrame, drawn: maps.MapDrawing) -> None:
    shuffled = gallery.city_map(
        tracts.sample(frac=1, random_state=11), overlay=gallery.districts(tracts).sample(frac=1, random_state=2)
    )
    assert shuffled.svg == drawn.svg
    assert shuffled.interaction == drawn.interaction
    assert shuffled.data.equals(drawn.data)


def test_wide_city_lies_across_tall_city_stands() -> None:
    boxes = [shapely.box(x, 0, x + 1, 1) for x in range(6)]
    frame = gpd.GeoDataFrame({"geoid": list("abcdef"), "v": range(6)}, geometry=boxes, crs=gallery.CRS)
    broad = maps.choropleth(frame, "v", unit="percent", crs=gallery.CRS, classes=3)
    turned = frame.set_geometry([shapely.box(0, x, 1, x + 1) for x in range(6)], crs=gallery.CRS)
    tall = maps.choropleth(turned, "v", unit="percent", crs=gallery.CRS, classes=3)
    assert 'class="map-shapes map-broad"' in broad.svg
    assert 'class="map-shapes"' in tall.svg
    width, height = (int(n) for n in _shapes(tall).get("viewBox").split()[2:])
    assert height / width == pytest.approx(6, rel=0.1), "cropped to the data"


def test_tiny_shapes_stay_reachable() -> None:
    boxes = [shapely.box(0, 0, 10_000, 10_000), shapely.box(20_000, 0, 20_000.2, 0.2)]
    frame = gpd.GeoDataFrame({"geoid": ["big", "tiny"], "v": [1, 2]}, geometry=boxes, crs=gallery.CRS)
    drawing = maps.choropleth(frame, "v", unit="percent", crs=gallery.CRS, classes=2)
    assert re.search(r'd="M\d+ \d+h2v2h-2z" data-key="tiny"', drawing.svg)


HOSTILE = ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "a\x00b\u202ec", "&lt;b&gt;"]


def test_hostile_names_and_keys_stay_text(tracts: gpd.GeoDataFrame) -> None:
    frame = tracts.head(len(HOSTILE)).copy()
    frame["geoid"] = HOSTILE
    frame["name"] = HOSTILE
    frame["kind"] = HOSTILE
    frame["status"] = "ok"
    over = gallery.districts(tracts).assign(name=lambda f: [f"{HOSTILE[0]} {i}" for i in range(len(f))])
    drawing = maps.choropleth(
        frame, "kind", crs=gallery.CRS, palette="groups", name="name", overlay=over, label=HOSTILE[1], noun="tract"
    )
    for part in drawing.svg.replace("</svg>", "</svg>\n").splitlines():
        svg.parsed(part)
    assert "<script" not in drawing.svg


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(geoid="same"), "name every shape once"),
        (lambda f: f.set_crs(None, allow_override=True), "known reference"),
        (lambda f: f.set_geometry([None, *f.geometry[1:]], crs=4326), "1 of 1000 shapes have no geometry"),
        (lambda f: f.assign(status="vanished"), "unknown status vanished"),
        (lambda f: f.assign(rent=np.nan, low=np.nan, high=np.nan), "nothing to colour"),
        (lambda f: f.assign(rent="many"), "must be numbers"),
        (lambda f: f.assign(low=1e9), "outside its own interval"),
        (lambda f: pd.DataFrame(f.drop(columns="geometry")), "must be a GeoDataFrame"),
        (lambda f: f.set_geometry(f.geometry.boundary, crs=4326), "needs polygons"),
    ],
)
def test_wrong_shapes_are_named(tracts: gpd.GeoDataFrame, change, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        maps.choropleth(
            change(tracts), "rent", unit="dollars", crs=gallery.CRS, low="low", high="high", status_column="status"
        )


def test_too_many_bytes_are_refused(tracts: gpd.GeoDataFrame) -> None:
    with pytest.raises(AnalysisError, match="over the budget of 20,000"):
        gallery.city_map(tracts, budget=20_000)


values = st.lists(st.floats(-1e5, 1e5, allow_nan=False), min_size=2, max_size=200)


@given(values, st.integers(2, 7), st.sampled_from(["quantile", "equal", "natural"]))
def test_every_value_falls_into_exactly_one_class(numbers: list[float], count: int, scheme: str) -> None:
    known = np.array(numbers)
    breaks = breaks_of(known, count, scheme)
    assert breaks == sorted(set(breaks))
    assert len(breaks) <= count - 1
    held = sequential_classes(breaks, "ratio", float(known.min()), float(known.max()))
    place = class_of(known, held)
    assert place.min() >= 0
    for a, b in itertools.pairwise(np.argsort(known, kind="stable")):
        assert place[a] <= place[b]


@given(st.lists(st.integers(0, 40), min_size=4, max_size=12, unique=True), st.integers(2, 4))
def test_natural_breaks_are_the_best_there_are(numbers: list[int], count: int) -> None:
    """Against every other way of cutting the sorted values."""
    from analysis.publish.maps.classes import _natural

    known = np.sort(np.array(numbers, dtype=float))
    count = min(count, len(known))

    def cost(starts: tuple[int, ...]) -> float:
        edges = [0, *starts, len(known)]
        return sum(float(((known[a:b] - known[a:b].mean()) ** 2).sum()) for a, b in itertools.pairwise(edges))

    best = min(cost(starts) for starts in itertools.combinations(range(1, len(known)), count - 1))
    found = tuple(int(np.flatnonzero(known == b)[0]) for b in _natural(known, count))
    assert cost(found) == pytest.approx(best, abs=1e-6)


@given(values, st.integers(1, 3))
def test_diverging_breaks_mirror_each_other(numbers: list[float], arms: int) -> None:
    breaks = symmetric_breaks(np.array(numbers), 0.0, arms)
    assert [-b for b in reversed(breaks)] == breaks
    assert len(breaks) <= 2 * (arms - 1)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=12, unique=True))
def test_a_path_reads_back_as_the_shape(points: list[tuple[int, int]]) -> None:
    hull = shapely.MultiPoint(points).convex_hull
    if hull.geom_type != "Polygon":
        return
    frame = Window(0, 60, 1, 60, 60)
    back = shapely.transform(_polygon(path(hull, frame)), lambda c: np.column_stack([c[:, 0], 60 - c[:, 1]]))
    assert back.area == pytest.approx(hull.area)
    assert back.symmetric_difference(hull).area < 1e-6


def test_neighbours_of_a_grid() -> None:
    grid = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)])
    near = neighbours(grid)
    assert sum(len(row) for row in near) == 12 + 8, "twelve borders and eight corners"


def test_script_is_plain_and_asks_for_nothing() -> None:
    script = scripts()
    for forbidden in (
        "fetch(",
        "XMLHttpRequest",
        "import(",
        "innerHTML",
        "eval(",
        "http://",
        "https://",
        "document.write",
    ):
        assert forbidden not in script.replace("http://www.w3.org/2000/svg", "")
    assert len(script.encode()) < 22_000
