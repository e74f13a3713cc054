"""The ArcGIS connector against layers of our own: object ids, cut pages, errors inside good answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, Web, fetch, read_raw

from .conftest import parts_of
from .servers import ArcgisLayer, Publisher, as_json

LAYER = "https://services.invented.example/arcgis/rest/services/Parks/FeatureServer/0"
QUERY = f"{LAYER}/query"
FIELDS = {
    "FID": "esriFieldTypeOID",
    "OBJECTID": "esriFieldTypeInteger",
    "name": "esriFieldTypeString",
    "opened": "esriFieldTypeDate",
    "acres": "esriFieldTypeDouble",
}


def rows(count: int) -> list[dict]:
    """Object ids with holes; an inherited OBJECTID that repeats; one feature without a point."""
    return [
        {
            "FID": 3 * number + 1,
            "OBJECTID": number % 4,
            "name": f"Park{number % 5}",
            "opened": 1_577_836_800_000 + number,
            "acres": number / 4,
            "geometry": None if number == 3 else {"type": "Point", "coordinates": [-128 + number / 100, 33.1]},
        }
        for number in range(count)
    ]


@pytest.fixture
def layer(publisher: Publisher) -> ArcgisLayer:
    layer = ArcgisLayer(LAYER, FIELDS, rows(25), "FID")
    publisher.serve(LAYER, layer.describe)
    publisher.serve(QUERY, layer.query)
    return layer


@pytest.fixture
def parks(layer: ArcgisLayer, define: Callable[..., Dataset]) -> Dataset:
    return define("parks", f"kind: arcgis\naddress: {LAYER}\ngeometry: true")


def read(dataset: Dataset, project: Project, web: Web):
    return read_raw(dataset, fetch(dataset, project, web=web), project.raw("live", dataset.id))


FIDS = [str(3 * number + 1) for number in range(25)]


def test_all_features_land_in_degrees_with_all_fields(parks: Dataset, project: Project, web: Web) -> None:
    frame = read(parks, project, web)
    assert frame.crs.to_epsg() == 4326
    assert frame["FID"].tolist() == FIDS
    assert [name for name in frame.columns if name != "geometry"] == list(FIELDS)
    assert frame.geometry.isna().sum() == 1
    assert (frame.geometry.x[0], frame.geometry.y[0]) == (-128.0, 33.1)
    assert frame.loc[1, "opened"] == "1577836800001"
    assert frame.loc[2, "acres"] == "0.5"


def test_a_table_without_geometry_lands_as_rows(
    layer: ArcgisLayer, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    layer.geometry = None
    table = define("table", f"kind: arcgis\naddress: {LAYER}\ngeometry: false")
    frame = read(table, project, web)
    assert type(frame).__name__ == "DataFrame"
    assert frame["FID"].tolist() == FIDS


def test_where_and_fields_reach_the_layer(
    layer: ArcgisLayer, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    some = define(
        "some", f"kind: arcgis\naddress: {LAYER}\ngeometry: true\nwhere: name = 'Park2'\nfields: [name, acres]"
    )
    frame = read(some, project, web)
    assert list(frame.columns) == ["FID", "name", "acres", "geometry"]
    assert frame["name"].unique().tolist() == ["Park2"]
    assert len(frame) == 5


@pytest.mark.parametrize("on_top", [True, False])
@pytest.mark.parametrize("geometry", ["true", "false"])
def test_a_page_cut_short_is_halved_until_it_is_whole(
    on_top: bool,
    geometry: str,
    layer: ArcgisLayer,
    define: Callable[..., Dataset],
    project: Project,
    web: Web,
) -> None:
    layer.cap, layer.flag_on_top = 3, on_top
    parks = define("parks", f"kind: arcgis\naddress: {LAYER}\ngeometry: {geometry}")
    frame = read(parks, project, web)
    assert frame["FID"].tolist() == FIDS


@pytest.mark.parametrize("fault", ["429", "500", "503", "err200", "reset", "truncate", "html200", "badjson"])
def test_a_passing_fault_leaves_no_trace(
    fault: str, parks: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    clean = fetch(parks, project, web=web)
    publisher.fail(QUERY, fault, "ok", fault, fault, "ok", fault)
    publisher.fail(LAYER, fault, "ok", fault)
    assert fetch(parks, project, web=web) == clean


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("acres", "acres_1", "'acres', 'acres_1'"),
        ('"name": "Park0"', '"name": 7', "name has 7, which is no String"),
        ("1577836800001", '"01/01/2020"', "opened has '01/01/2020', which is no Date"),
    ],
)
def test_a_changed_field_is_refused(
    old: str,
    new: str,
    message: str,
    parks: Dataset,
    project: Project,
    publisher: Publisher,
    layer: ArcgisLayer,
    web: Web,
) -> None:
    clean = fetch(parks, project, web=web)
    before = parts_of(project, "parks")
    layer.rows[0]["acres"] = 99.5

    def spoilt(question):
        reply = layer.query(question)
        if question.query.get("f") == "geojson":
            reply.body = reply.body.replace(old.encode(), new.encode())
        return reply

    publisher.serve(QUERY, spoilt)
    with pytest.raises(FetchError) as failure:
        fetch(parks, project, web=web)
    assert message in str(failure.value)
    assert parts_of(project, "parks") == before
    publisher.serve(QUERY, layer.query)
    assert fetch(parks, project, web=web).sha256 != clean.sha256


def test_a_table_whose_field_changed_its_type_is_refused_even_if_it_is_empty(
    layer: ArcgisLayer, define: Callable[..., Dataset], project: Project, publisher: Publisher, web: Web
) -> None:
    table = define("table", f"kind: arcgis\naddress: {LAYER}\ngeometry: false")
    for row in layer.rows:
        row["acres"] = None

    def spoilt(question):
        reply = layer.query(question)
        reply.body = reply.body.replace(b"esriFieldTypeDouble", b"esriFieldTypeString")
        return reply

    publisher.serve(QUERY, spoilt)
    with pytest.raises(
        FetchError, match=r"the fields are not those of the layer: \[\('acres', 'esriFieldTypeDouble'\)"
    ):
        fetch(table, project, web=web)


def test_a_field_renamed_once_is_asked_for_again(
    parks: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.fail(QUERY, "ok", "rename:acres:acres_1")
    assert list(read(parks, project, web).columns) == [*FIELDS, "geometry"]


def test_a_feature_that_vanishes_or_appears_starts_the_reading_again(
    parks: Dataset, project: Project, layer: ArcgisLayer, web: Web
) -> None:
    changes = iter([rows(25)[:20] + rows(25)[21:], rows(26)])

    def edit(question) -> None:
        # Between the list of ids and the last page: once a feature goes, once one comes.
        if "FID >= 61" in question.query["where"] and (change := next(changes, None)):
            layer.rows = change
            layer.edited += 1

    layer.on_query = edit
    assert len(read(parks, project, web)) == 26


@pytest.mark.parametrize("change", ["a feature more", "one feature for another"])
def test_an_edit_of_a_layer_without_a_date_of_edits_is_noticed(
    change: str, parks: Dataset, project: Project, layer: ArcgisLayer, web: Web
) -> None:
    layer.edited = None  # type: ignore[assignment]
    edited = rows(26) if change == "a feature more" else [*rows(25)[:24], {**rows(25)[24], "FID": 72}]
    edits = iter([edited])

    def edit(question) -> None:
        if "FID >= 61" in question.query["where"] and (new := next(edits, None)):
            layer.rows = new

    layer.on_query = edit
    frame = read(parks, project, web)
    assert sorted(frame["FID"].astype(int)) == sorted(row["FID"] for row in edited)


def test_an_edit_that_changes_no_count_is_noticed(
    parks: Dataset, project: Project, layer: ArcgisLayer, publisher: Publisher, web: Web
) -> None:
    edits = iter([1])

    def edit(question) -> None:
        if "returnCountOnly" in question.query and next(edits, None):
            layer.rows[0]["name"] = "Renamed"
            layer.edited += 1

    layer.on_query = edit
    assert read(parks, project, web).loc[0, "name"] == "Renamed"


def test_a_layer_that_never_stands_still_stops_the_fetch(
    parks: Dataset, project: Project, layer: ArcgisLayer, web: Web
) -> None:
    fetch(parks, project, web=web)
    before = parts_of(project, "parks")

    def edit(question) -> None:
        layer.edited += 1

    layer.on_query = edit
    with pytest.raises(FetchError, match=r"the layer changes while it is read \(the layer was edited"):
        fetch(parks, project, web=web)
    assert parts_of(project, "parks") == before


def test_an_object_id_that_repeats_is_refused(parks: Dataset, project: Project, layer: ArcgisLayer, web: Web) -> None:
    layer.object_id = "OBJECTID"
    with pytest.raises(FetchError, match="the object id OBJECTID repeats"):
        fetch(parks, project, web=web)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"code": 400, "message": "Cannot perform query.", "details": ["Invalid field: x"]}, "Invalid field: x"),
        ({"code": 499, "message": "Token Required", "details": []}, "the layer is not public"),
    ],
)
def test_a_final_error_inside_a_good_answer_is_not_asked_for_again(
    error: dict, message: str, parks: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.serve(QUERY, lambda question: as_json({"error": error}))
    with pytest.raises(FetchError, match=message):
        fetch(parks, project, web=web)
    assert publisher.count(QUERY) == 1


def test_feet_under_the_name_of_degrees_are_refused(
    parks: Dataset, project: Project, layer: ArcgisLayer, web: Web
) -> None:
    layer.rows[0]["geometry"] = {"type": "Point", "coordinates": [6_463_462.0, 1_851_021.0]}
    with pytest.raises(FetchError, match="is not longitude, latitude"):
        fetch(parks, project, web=web)


def test_a_layer_that_is_not_what_the_catalogue_says(
    layer: ArcgisLayer, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    odd = define("odd", f"kind: arcgis\naddress: {LAYER}\ngeometry: true\nfields: [nme]")
    with pytest.raises(FetchError, match="the layer has no field 'nme'; it has FID, OBJECTID, name"):
        fetch(odd, project, web=web)
    layer.geometry = None
    with pytest.raises(FetchError, match="set 'geometry: false'"):
        fetch(odd, project, web=web)


def test_an_unchanged_layer_is_not_sent_again(parks: Dataset, project: Project, publisher: Publisher, web: Web) -> None:
    clean = fetch(parks, project, web=web)
    publisher.asked.clear()
    assert fetch(parks, project, web=web) == clean
    pages = [asked for asked in publisher.asked if asked.query.get("f") == "geojson"]
    assert len(pages) == 3
    assert all("If-None-Match" in asked.headers for asked in pages)
