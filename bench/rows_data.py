"""Synthetic service requests of any size, and about a thousand areas for them to fall into.

The figures are of no place. The dirt is of the kinds that real request files have: dates that are
none, blanks, repeated request numbers with a later state, points at (0, 0) and points outside. The
same size gives the same bytes on every machine and every run: each block of rows has a random
stream of its own, so nothing depends on what was drawn before it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

SEED = 311
BLOCK = 250_000
WEST, SOUTH, EAST, NORTH = -118.7, 33.7, -118.1, 34.4
COLUMNS = (
    "srnumber", "createddate", "updateddate", "closeddate", "requesttype", "status", "requestsource", "owner",
    "address", "zipcode", "latitude", "longitude",
)  # fmt: skip
KINDS = (
    "Bulky Items", "Graffiti Removal", "Illegal Dumping Pickup", "Metal/Household Appliances", "Electronic Waste",
    "Homeless Encampment", "Dead Animal Removal", "Other", "Single Streetlight Issue", "Multiple Streetlight Issue",
    "Report Water Waste", "Feedback",
)  # fmt: skip
KIND_SHARES = (0.45, 0.25, 0.09, 0.075, 0.04, 0.035, 0.022, 0.015, 0.008, 0.006, 0.006, 0.003)
STATES = ("Closed", "Cancelled", "Open", "Referred Out", "Pending")
SOURCES = ("Call", "Mobile App", "Driver Self Report", "Self Service", "Email")
OWNERS = ("BOS", "OCB", "BSL", "ITA", "LADWP")
STREETS = ("ALDER", "BEACON", "CINDER", "DOVE", "ELM", "FENNEL", "GARNET", "HARBOR", "INLET", "JUNIPER")
AREAS = 1_000


def areas() -> np.ndarray[Any, Any]:
    """A thousand areas with crooked borders and no gaps: about sixty vertices each, as census tracts have."""
    draw = np.random.Generator(np.random.PCG64(SEED))
    seeds = np.column_stack([draw.uniform(WEST, EAST, AREAS), draw.uniform(SOUTH, NORTH, AREAS)])
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=frame))
    cells = shapely.segmentize(shapely.intersection(cells, frame), 0.0015)
    bent = shapely.transform(cells, _bent)
    # A tenth of the frame's right side stays without an area: some points fall outside.
    return bent[np.argsort(shapely.get_x(shapely.centroid(bent)), kind="stable")][: AREAS - AREAS // 50]


def _bent(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x, y = points[:, 0], points[:, 1]
    across = 0.0006 * np.sin(900 * y) + 0.0011 * np.sin(310 * y + 1)
    along = 0.0006 * np.sin(800 * x) + 0.0011 * np.sin(290 * x + 2)
    return np.column_stack([x + across, y + along]).round(7)


def write_areas(path: Path) -> None:
    """The areas as GeoJSON, which every contender reads before its clock starts to matter."""
    features = [
        {"type": "Feature", "properties": {"area": number}, "geometry": shape.__geo_interface__}
        for number, shape in enumerate(areas())
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def write_rows(path: Path, rows: int) -> str:
    """A CSV file of this many rows; returns the hash of its bytes."""
    with path.open("wb") as handle:
        handle.write((",".join(COLUMNS) + "\n").encode())
        for start in range(0, rows, BLOCK):
            cells = block(start, min(BLOCK, rows - start)).columns
            lines = pc.binary_join_element_wise(*cells, ",").combine_chunks()
            whole = pa.ListArray.from_arrays([0, len(lines)], lines)
            handle.write(pc.binary_join(whole, "\n")[0].as_py().encode() + b"\n")
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def block(start: int, rows: int) -> pa.Table:
    """Rows ``start`` and after as a table of text."""
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([SEED, start])))

    def some(share: float) -> np.ndarray[Any, Any]:
        return draw.random(rows) < share

    number = start + np.arange(rows)
    # A later state of a request that stands a little above in the file.
    again = some(0.01)
    number = np.where(again, np.maximum(number - draw.integers(1, 5_000, rows), 0), number)
    created = np.datetime64("2015-01-01T00:00:00", "s") + (number * 16 + draw.integers(0, 16, rows))
    taken = draw.exponential(400_000, rows).astype(np.int64)
    closed = created + np.where(some(0.003), -taken, taken)
    updated = np.maximum(created, closed) + draw.integers(0, 90_000, rows)
    place = np.column_stack([draw.normal(-118.4, 0.12, rows), draw.normal(34.05, 0.14, rows)])
    nowhere, empty = some(0.004), some(0.03)
    longitude = _blank(np.char.mod("%.10g", np.where(nowhere, 0, place[:, 0])), empty)
    latitude = _blank(np.char.mod("%.10g", np.where(nowhere, 0, place[:, 1])), empty)
    columns = [
        _blank(np.char.add("1-", (1_000_000_000 + number).astype("U12")), some(0.002)),
        _bad(_blank(_moment(created), some(0.002)), some(0.004), draw),
        _bad(_blank(_moment(updated), some(0.005)), some(0.002), draw),
        _bad(_blank(_moment(closed), some(0.02)), some(0.002), draw),
        _blank(_padded(draw.choice(KINDS, rows, p=KIND_SHARES), some(0.01)), some(0.003)),
        draw.choice(STATES, rows, p=(0.94, 0.03, 0.015, 0.01, 0.005)),
        draw.choice(SOURCES, rows),
        draw.choice(OWNERS, rows),
        _blank(_address(draw, rows), some(0.01)),
        _blank((90_000 + draw.integers(1, 99, rows)).astype("U5"), some(0.01)),
        latitude,
        longitude,
    ]
    return pa.table(dict(zip(COLUMNS, (pa.array(column, pa.string()) for column in columns), strict=True)))


def _moment(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.char.add(np.datetime_as_string(values, "s"), ".000")


def _blank(text: np.ndarray[Any, Any], where: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(where, "", text)


def _bad(text: np.ndarray[Any, Any], where: np.ndarray[Any, Any], draw: np.random.Generator) -> np.ndarray[Any, Any]:
    """Dates that are none: a spreadsheet's, a day that does not exist, a word."""
    return np.where(where, draw.choice(("12/31/1899", "2019-02-30T08:00:00.000", "pending"), len(text)), text)


def _padded(text: np.ndarray[Any, Any], where: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(where, np.char.add(" ", np.char.add(text, "  ")), text)


def _address(draw: np.random.Generator, rows: int) -> np.ndarray[Any, Any]:
    """House number, street and code with a comma between, in the quotes that a comma needs."""
    house = draw.integers(100, 20_000, rows).astype("U5")
    street = np.char.add(" W ", np.char.add(draw.choice(STREETS, rows), " ST, "))
    whole = np.char.add(np.char.add(house, street), (90_000 + draw.integers(1, 99, rows)).astype("U5"))
    return np.char.add(np.char.add('"', whole), '"')
