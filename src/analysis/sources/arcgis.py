"""ArcGIS feature layers: the object ids first, then the features by ranges of them.

Knowing every id beforehand, each page says for itself whether it is complete;
nothing rests on offsets. Documentation:
https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from analysis.catalog import ArcgisSource
from analysis.sources.errors import Moved, Refused, Unusable
from analysis.sources.job import READ_ATTEMPTS, Job, parsed, require, with_query
from analysis.sources.manifest import Manifest
from analysis.sources.transport import Answer

MOST_FEATURES = 2_000
_PASSING_CODES = (408, 429, 500, 502, 503, 504)
_NUMBERS = {
    "esriFieldTypeOID",
    "esriFieldTypeInteger",
    "esriFieldTypeSmallInteger",
    "esriFieldTypeBigInteger",
    "esriFieldTypeDate",
    "esriFieldTypeDouble",
    "esriFieldTypeSingle",
}
_TEXTS = {"esriFieldTypeString", "esriFieldTypeGUID", "esriFieldTypeGlobalID"}


@dataclass(frozen=True)
class Layer:
    """What a layer says of itself; ``mark`` changes when it is edited."""

    object_id: str
    types: dict[str, str]
    page: int
    has_geometry: bool
    mark: str
    edited: int | None


def fetch_arcgis(job: Job) -> Manifest:
    """Land all features of one state of the layer, as GeoJSON in WGS84, or as JSON rows without geometry."""
    source = job.dataset.source
    assert isinstance(source, ArcgisSource)
    moved = ""
    for _ in range(READ_ATTEMPTS):
        job.landing.restart()
        layer = job.get(with_query(source.address, f="json"), _layer)
        _suits(job, source, layer)
        try:
            last = _read_all(job, source, layer)
        except Moved as error:
            moved = str(error)
            job.progress.retrying(job.dataset.id, moved, None)
            continue
        parameters = {"where": source.where, "outFields": _out_fields(source, layer), "geometry": source.geometry}
        columns = list(layer.types) if not source.fields else _out_fields(source, layer).split(",")
        return job.landing.commit(job.edition(parameters, columns, last))
    raise job.error(
        f"the layer changes while it is read ({moved}; tried {READ_ATTEMPTS} times)",
        "the publisher is editing the layer: run the same command later",
    )


def _suits(job: Job, source: ArcgisSource, layer: Layer) -> None:
    if source.geometry and not layer.has_geometry:
        raise job.error("the layer is a table without geometry", "set 'geometry: false' in the catalogue entry")
    missing = [name for name in source.fields if name not in layer.types]
    if missing:
        raise job.error(
            f"the layer has no field {missing[0]!r}; it has {', '.join(layer.types)}",
            "correct 'fields' in the catalogue entry",
        )


def _read_all(job: Job, source: ArcgisSource, layer: Layer) -> Answer:
    ids = _object_ids(job, source, layer)
    if not ids:
        raise job.error("the layer has no features", "check 'where' in the catalogue entry and the landing page")
    waiting = [ids[start : start + layer.page] for start in range(0, len(ids), layer.page)][::-1]
    done = 0
    answer: Answer | None = None
    while waiting:
        wanted = waiting.pop()
        check = partial(_page, wanted=wanted, source=source, layer=layer)
        answer, complete = job.get(_page_address(source, layer, wanted), check, conditional=True)
        if not complete:
            # The service cut the page short (exceededTransferLimit): two smaller ones.
            middle = len(wanted) // 2
            waiting += [wanted[middle:], wanted[:middle]]
            continue
        done += len(wanted)
        job.add("geojson" if source.geometry else "json", answer, len(wanted))
        job.advanced(done, len(ids), "rows")
    count = job.get(_query(source, returnCountOnly="true", f="json"), _counted)
    if count != len(ids):
        raise Moved(f"{len(ids)} features before, {count} after")
    if job.get(with_query(source.address, f="json"), _layer).mark != layer.mark:
        raise Moved("the layer was edited meanwhile")
    assert answer is not None
    return answer


def _query(source: ArcgisSource, **parameters: str) -> str:
    return with_query(f"{source.address}/query", **{"where": source.where, **parameters})


def _out_fields(source: ArcgisSource, layer: Layer) -> str:
    if not source.fields:
        return "*"
    return ",".join(dict.fromkeys((layer.object_id, *source.fields)))


def _page_address(source: ArcgisSource, layer: Layer, wanted: list[int]) -> str:
    within = f"{layer.object_id} >= {wanted[0]} AND {layer.object_id} <= {wanted[-1]}"
    where = within if source.where == "1=1" else f"({source.where}) AND {within}"
    shape = (
        {"returnGeometry": "true", "outSR": "4326", "f": "geojson"}
        if source.geometry
        else {"returnGeometry": "false", "f": "json"}
    )
    order = {"orderByFields": layer.object_id}
    return _query(source, **{"where": where, "outFields": _out_fields(source, layer), **order, **shape})


def _body(answer: Answer, wanted: str) -> dict[str, Any]:
    """The JSON object of an answer; ArcGIS sends its errors with status 200."""
    body: Any = parsed(answer, wanted)
    require(isinstance(body, dict), f"the answer is no {wanted}")
    error = body.get("error")
    if error is None:
        return dict(body)
    code = error.get("code") if isinstance(error, dict) else None
    details = "; ".join(str(d) for d in error.get("details") or []) if isinstance(error, dict) else ""
    message = f"{error.get('message', '')} {details}".strip() if isinstance(error, dict) else str(error)
    if code in _PASSING_CODES:
        raise Unusable(f"the service answered error {code} inside a good answer: {message}")
    if code in (403, 498, 499):
        raise Refused(f"the layer is not public ({code}): {message}", "ask the publisher, or drop the entry")
    raise Refused(f"the service rejected the query ({code}): {message}", "correct the catalogue entry")


def _layer(answer: Answer) -> Layer:
    body = _body(answer, "description of the layer")
    fields: list[dict[str, Any]] = body.get("fields") or []
    require(bool(fields), "the description of the layer names no fields")
    types = {field["name"]: field["type"] for field in fields}
    own = [name for name, kind in types.items() if kind == "esriFieldTypeOID"]
    object_id = body.get("objectIdField") or (own[0] if own else "")
    require(object_id in types, "the layer names no object id")
    most = body.get("maxRecordCount")
    page = min(most, MOST_FEATURES) if isinstance(most, int) and most > 0 else MOST_FEATURES
    edited = (body.get("editingInfo") or {}).get("lastEditDate")
    mark = json.dumps([sorted(types.items()), object_id, edited])
    return Layer(object_id, types, page, bool(body.get("geometryType")), mark, edited)


def _object_ids(job: Job, source: ArcgisSource, layer: Layer) -> list[int]:
    ids = job.get(_query(source, returnIdsOnly="true", f="json"), partial(_ids, layer=layer))
    if len(set(ids)) < len(ids):
        raise job.error(
            f"the object id {layer.object_id} repeats, so features cannot be told apart",
            "tell the publisher; until then fetch the layer as a file",
        )
    return sorted(ids)


def _ids(answer: Answer, layer: Layer) -> list[int]:
    body = _body(answer, "list of object ids")
    found = body.get("objectIds") or []
    require("objectIds" in body, "the service does not list the object ids")
    require(body.get("objectIdFieldName", layer.object_id) == layer.object_id, "the object id has another name")
    require(all(isinstance(item, int) for item in found), "an object id is not a whole number")
    return [int(item) for item in found]


def _counted(answer: Answer) -> int:
    count = _body(answer, "count").get("count")
    require(isinstance(count, int), "the service does not say how many features there are")
    return int(count or 0)


def _page(answer: Answer, wanted: list[int], source: ArcgisSource, layer: Layer) -> tuple[Answer, bool]:
    """Check a page; False when the service cut it short."""
    body = _body(answer, "page of features")
    features = body.get("features")
    require(isinstance(features, list), "the page has no list of features")
    assert isinstance(features, list)
    rows = [_attributes(feature) for feature in features]
    names = set(layer.types) if not source.fields else {layer.object_id, *source.fields}
    if not source.geometry:
        _check_fields(body.get("fields") or [], names, layer)
    for row in rows:
        _check_row(row, names, layer)
    ids = [row[layer.object_id] for row in rows]
    cut = bool(body.get("exceededTransferLimit") or (body.get("properties") or {}).get("exceededTransferLimit"))
    if len(set(ids)) < len(ids):
        raise Moved("a feature stands twice on a page")
    if set(ids) - set(wanted):
        raise Moved(f"feature {min(set(ids) - set(wanted))} appeared meanwhile")
    if len(ids) < len(wanted):
        if (cut or ids) and len(wanted) > 1:
            return answer, False
        raise Moved(f"feature {min(set(wanted) - set(ids))} vanished meanwhile")
    if source.geometry:
        _check_degrees(features)
    return answer, True


def _attributes(feature: Any) -> dict[str, Any]:
    found = (feature.get("properties") or feature.get("attributes")) if isinstance(feature, dict) else None
    require(isinstance(found, dict), "a feature has no attributes")
    return dict(found or {})


def _check_fields(fields: list[dict[str, Any]], names: set[str], layer: Layer) -> None:
    found = {field["name"]: field["type"] for field in fields}
    promised = {name: layer.types[name] for name in names}
    odd = sorted(set(found.items()) ^ set(promised.items()))
    require(not odd, f"the fields are not those of the layer: {odd[:2]}")


def _check_row(row: dict[str, Any], names: set[str], layer: Layer) -> None:
    if row.keys() != names:
        odd = sorted(row.keys() ^ names)
        require(False, f"the fields of a feature are not those of the layer: {odd[:3]}")
    for name, value in row.items():
        if value is None:
            continue
        kind = layer.types[name]
        if kind in _NUMBERS:
            # Some servers write a missing measure as the word NaN.
            good = (isinstance(value, int | float) and not isinstance(value, bool)) or value == "NaN"
        else:
            good = isinstance(value, str) or kind not in _TEXTS
        require(good, f"{name} has {value!r}, which is no {kind.removeprefix('esriFieldType')}")


def _check_degrees(features: list[Any]) -> None:
    """GeoJSON must be longitude and latitude; some servers send their own projection under that name."""
    for feature in features:
        point = (feature.get("geometry") or {}).get("coordinates")
        while isinstance(point, list) and point and isinstance(point[0], list):
            point = point[0]
        if point:
            require(
                abs(point[0]) <= 180 and abs(point[1]) <= 90, f"a coordinate {point[:2]} is not longitude, latitude"
            )
