"""The bytes as the publishers send them: Census arrays of text, GeoJSON pages, delimited files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from analysis.sample.names import COUNTY, COUNTY_FIPS, STATE, STATE_FIPS
from analysis.sample.vintages import printed

MOST_VARIABLES = 50
"""The Census API gives at most this many columns in one answer; NAME counts."""

Cell = str | int | float | None


@dataclass(frozen=True)
class Page:
    """One answer of a service: its bytes, its records and the query that would ask for it."""

    suffix: str
    content: bytes
    rows: int
    query: str = ""


@dataclass(frozen=True)
class Raw:
    """One dataset as it goes to disk, and the dirt that was put into it, counted."""

    dataset: str
    kind: str
    pages: tuple[Page, ...]
    columns: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None
    dirt: Mapping[str, Any] = field(default_factory=dict)


def census(
    dataset: str, codes: Sequence[str], columns: Mapping[str, np.ndarray], dirt: Mapping[str, Any], turn: int = 0
) -> Raw:
    """Answers of the Census API, 50 columns each, every value as text.

    Rows start with tract number ``turn`` and go round: the service promises no order.
    """
    order = [*range(turn, len(codes)), *range(turn)]
    names = ["NAME", *sorted(columns)]
    values = {name: [str(value) for value in array.tolist()] for name, array in columns.items()}
    values["NAME"] = [f"Census Tract {printed(code)}, {COUNTY}, {STATE}" for code in codes]
    asked = [names[start : start + MOST_VARIABLES] for start in range(0, len(names), MOST_VARIABLES)]
    pages = []
    for part in asked:
        body = [[*part, "state", "county", "tract"]]
        body += [[*(values[name][row] for name in part), STATE_FIPS, COUNTY_FIPS, codes[row]] for row in order]
        query = f"?get={','.join(part)}&for=tract:*&in=state:{STATE_FIPS}%20county:{COUNTY_FIPS}"
        # The service puts each row on a line of its own.
        text = "[" + ",\n".join(_compact(row) for row in body) + "]"
        pages.append(Page("json", text.encode(), len(codes), query))
    return Raw(
        dataset,
        "census",
        tuple(pages),
        columns=(*names, "state", "county", "tract"),
        parameters={"for": "tract:*", "in": f"state:{STATE_FIPS} county:{COUNTY_FIPS}", "get": sorted(columns)},
        rows=len(codes),
        dirt=dirt,
    )


def features(
    dataset: str,
    records: Sequence[Mapping[str, Cell]],
    shapes: Sequence[BaseGeometry | None],
    *,
    key: str,
    page: int,
    server: bool = False,
    dirt: Mapping[str, Any],
) -> Raw:
    """GeoJSON pages of an ArcGIS layer; ``server`` for a layer on a county's own server instead of the hosted kind.

    A page that is not the last says ``exceededTransferLimit``: hosted layers under
    ``properties``, the server at the top, where it also names its reference system.
    """
    pages = []
    for start in range(0, len(records), page):
        here = records[start : start + page]
        more = start + page < len(records)
        head = '{"type":"FeatureCollection",'
        if server:
            head += '"crs":{"type":"name","properties":{"name":"EPSG:4326"}},'
            head += '"exceededTransferLimit":true,' if more else ""
        elif more:
            head += '"properties":{"exceededTransferLimit":true},'
        body = ",".join(
            f'{{"type":"Feature","id":{record[key]},"geometry":{_geometry(shape)},"properties":{_compact(record)}}}'
            for record, shape in zip(here, shapes[start : start + page], strict=True)
        )
        within = f"{key}%20%3E=%20{here[0][key]}%20AND%20{key}%20%3C=%20{here[-1][key]}"
        query = f"/query?where={within}&outFields=*&f=geojson"
        pages.append(Page("geojson", f'{head}"features":[{body}]}}'.encode(), len(here), query))
    parameters = {"where": "1=1", "outFields": "*", "geometry": True}
    return Raw(dataset, "arcgis", tuple(pages), tuple(records[0]), parameters, dirt=dirt)


def socrata(
    dataset: str,
    columns: Sequence[str],
    records: Sequence[Mapping[str, Any]],
    dirt: Mapping[str, Any],
    page: int = 50_000,
) -> Raw:
    """Pages of a SODA 2.1 dataset: every value as text, points as objects, keys without a value left out.

    ``columns`` are the fields besides ``:id``; ``records`` come in the order of ``:id``, which they have.
    """
    pages = []
    for start in range(0, len(records), page):
        here = records[start : start + page]
        # The portal ends every row but the last with a line feed before the comma.
        body = "\n,".join(_compact({name: value for name, value in row.items() if value is not None}) for row in here)
        query = f"?$select=:id,*&$order=:id&$limit={page}&$offset={start}"
        pages.append(Page("json", f"[{body}]\n".encode(), len(here), query))
    parameters = {"$select": ":id,*", "$where": "", "$order": ":id"}
    return Raw(dataset, "socrata", tuple(pages), (":id", *columns), parameters, dirt=dirt)


def delimited(dataset: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], dirt: Mapping[str, Any]) -> Raw:
    """A comma-separated file with line feeds; an empty cell where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
        count += 1
    content = out.getvalue().encode()
    return Raw(dataset, "file", (Page("csv", content, count),), tuple(header), dirt=dirt)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _geometry(shape: BaseGeometry | None) -> str:
    return "null" if shape is None else _compact(shape.__geo_interface__)
