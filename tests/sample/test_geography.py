"""The map: valid shapes, exact borders, one piece each, and the shape of a city."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
import yaml
from shapely.geometry import shape

from analysis.sample import names, outlines


@pytest.fixture(scope="module")
def layers(sample):
    ids = {
        "tracts": "tract_shapes_2010",
        "districts": "council_districts_2012",
        "councils": "neighborhood_councils_2018",
        "councils 2020": "neighborhood_councils_2020",
    }
    found = {}
    for name, dataset in ids.items():
        features = sample.features(dataset)
        shapes = np.array([shape(feature["geometry"]) for feature in features], dtype=object)
        found[name] = ([feature["properties"] for feature in features], shapes)
    return found


def test_shapes_are_valid_and_small(layers):
    for name, (_, shapes) in layers.items():
        assert shapely.is_valid(shapes).all(), name
        assert (shapely.area(shapes) > 0).all(), name
    assert shapely.get_num_coordinates(layers["tracts"][1]).sum() < 60_000


def test_borders_of_a_layer_are_exactly_shared(layers):
    for name in ("tracts", "districts", "councils"):
        shapes = layers[name][1]
        assert shapely.coverage_is_valid(list(shapes)), name
        together = shapely.union_all(shapes).area
        assert shapely.area(shapes).sum() == pytest.approx(together, rel=1e-9), name


def test_tracts_cover_the_land_without_holes(layers):
    land = shapely.union_all(layers["tracts"][1])
    parts = sorted(shapely.get_parts(land), key=lambda part: -part.area)
    # The mainland, the island out at sea, the port island and the islet.
    assert len(parts) == 4
    assert all(len(part.interiors) == 0 for part in parts)
    assert parts[0].area / land.area > 0.97


def test_districts_hold_together_and_number_one_to_fifteen(layers, sample):
    rows, shapes = layers["districts"]
    assert sorted(int(row["DISTRICT"]) for row in rows) == list(range(1, 16))
    assert all(isinstance(row["DISTRICT"], str) for row in rows)
    pieces = {row["DISTRICT"]: int(shapely.get_num_geometries(one)) for row, one in zip(rows, shapes, strict=True)}
    assert pieces == sample.truth["geography"]["district_parts"]
    assert sorted(pieces.values()) == [1] * 14 + [2]


def test_districts_have_about_as_many_people_each(layers, sample):
    rows, shapes = layers["tracts"]
    people = {code: float(row["P001001"]) for code, row in sample.census("sf1_2010").items()}
    weight = np.array([people[row["CT10"]] for row in rows])
    points = shapely.point_on_surface(shapes)
    held = np.array([weight[shapely.covers(district, points)].sum() for district in layers["districts"][1]])
    assert held.max() / held.min() < 1.35


def test_city_limits_cut_tracts_and_leave_an_enclave(layers, sample):
    geography = sample.truth["geography"]
    city = shapely.union_all(layers["districts"][1])
    assert len(geography["tracts_cut_by_the_city_limits"]) >= 30
    assert geography["tracts_in_several_districts"] >= 30
    assert max(len(part.interiors) for part in shapely.get_parts(city)) >= 1
    rows, shapes = layers["tracts"]
    inside = shapely.area(shapely.intersection(shapes, city)) / shapely.area(shapes)
    assert 450 < (inside > 0.99).sum() < 700
    assert (inside < 0.01).sum() > 300
    cut = {row["GEOID10"] for row, share in zip(rows, inside, strict=True) if 0.03 < share < 0.97}
    assert cut <= set(geography["tracts_cut_by_the_city_limits"])


def test_councils_lie_in_the_city_and_leave_the_hills_out(layers):
    city = shapely.union_all(layers["districts"][1])
    councils = shapely.union_all(layers["councils"][1])
    # Layers were drawn from other surveys and differ by metres.
    assert councils.difference(city.buffer(0.0002)).area == pytest.approx(0, abs=1e-12)
    assert 0.80 < councils.area / city.area < 0.98


def test_one_council_is_new_one_stands_twice_and_two_can_be_confused(layers):
    before = [row["Name"] for row in layers["councils"][0]]
    after = [row["Name"] for row in layers["councils 2020"][0]]
    assert len(set(before)) == len(before) == 72
    assert sorted(set(after) - set(before)) == [names.NEW_NEIGHBORHOOD]
    twice = [name for name in set(after) if after.count(name) == 2]
    assert len(twice) == 1
    assert len(after) == 74
    assert {"Harbor 1", "Harbor 12"} <= set(before)
    rows, shapes = layers["councils 2020"]
    pair = [one for row, one in zip(rows, shapes, strict=True) if row["Name"] == twice[0]]
    assert pair[0].equals(pair[1])
    ids = [row["OBJECTID"] for row in rows]
    assert len(set(ids)) == len(ids) - 1
    assert len({row["FID"] for row in rows}) == len(rows)


def test_the_middle_is_denser_than_the_rim(layers, sample):
    rows, shapes = layers["tracts"]
    people = {code: float(row["P001001"]) for code, row in sample.census("sf1_2010").items()}
    flat = outlines.in_metres(shapes)
    density = np.array([people[row["CT10"]] for row in rows]) / (shapely.area(flat) / 1e6)
    away = shapely.distance(shapely.centroid(flat), shapely.Point(-280.0, -3220.0)) / 1000
    means = [density[(away >= low) & (away < high)].mean() for low, high in ((0, 3), (3, 8), (8, 16), (16, 40))]
    assert means == sorted(means, reverse=True)
    assert means[0] > 4 * means[-1]


def test_two_tracts_of_the_tables_have_no_shape(layers, sample):
    drawn = {row["CT10"] for row in layers["tracts"][0]}
    listed = set(sample.census("acs5_2018"))
    assert drawn < listed
    assert all(row["LABEL"] == f"{row['CT10'][:4]}.{row['CT10'][4:]}" for row in layers["tracts"][0])
    missing = sorted("99001" + code for code in listed - drawn)
    assert missing == sample.truth["geography"]["tracts_without_shape"]
    assert len(missing) == 2


def test_it_lies_in_the_open_pacific(layers, root):
    west, south, east, north = shapely.total_bounds(layers["tracts"][1])
    assert -129 < west < east < -127
    assert 32 < south < north < 34
    cities = yaml.safe_load((root / "data" / "catalog" / "cities.yml").read_text(encoding="utf-8"))
    assert cities["sample"]["projected_crs"] == outlines.PROJECTION
    assert tuple(cities["sample"][key] for key in ("city", "county", "state")) == (
        names.CITY,
        names.COUNTY,
        names.STATE,
    )
    assert cities["sample"]["county_fips"] == names.STATE_FIPS + names.COUNTY_FIPS


def test_coordinates_are_written_with_few_decimals(sample):
    for dataset in ("tract_shapes_2010", "council_districts_2012", "neighborhood_councils_2018"):
        text = b"".join(sample.parts(dataset))
        assert re.search(rb"[\[,]-?\d+\.\d{7,}[\],]", text) is None, dataset


def test_areas_printed_in_the_tables_are_those_of_the_shapes(layers):
    rows, shapes = layers["districts"]
    measured = shapely.area(outlines.in_metres(shapes))
    assert [row["SHAPE_Area"] for row in rows] == pytest.approx(list(measured), rel=1e-6)
    assert [float(row["SQ_MI"]) for row in rows] == pytest.approx(list(measured / 2.589988110336e6), abs=0.006)
