"""Requests for city services in three editions, each with the columns and the dirt of its year.

Requests come from where people live. In some districts they take longer to close, by a
planted ratio. Addresses are of streets that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyproj

from analysis.sample.areas import areas
from analysis.sample.names import COUNCIL_MEMBERS, NEIGHBORHOODS
from analysis.sample.outlines import PROJECTION
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.terrain import METRES
from analysis.sample.tessellation import blocks
from analysis.sample.wire import Raw, socrata

ROWS = 1_500
"""Requests of each edition; the real ones have ten thousand for as many days."""
PAGE = 600
SLOW_DISTRICTS = (4, 9, 12)
TIMES_AS_LONG = 2.0
"""How much longer requests take in the slow districts."""
MEDIAN_HOURS = 40.0
KINDS = (
    ("Bulky Items", 0.45), ("Graffiti Removal", 0.25), ("Illegal Dumping Pickup", 0.10),
    ("Metal/Household Appliances", 0.08), ("Electronic Waste", 0.04), ("Homeless Encampment", 0.04),
    ("Dead Animal Removal", 0.02), ("Other", 0.02),
)  # fmt: skip
"""Kinds of requests and their shares, about as in the real city."""
SOURCES = ("Call", "Mobile App", "Driver Self Report", "Self Service")
OWNERS = {"Graffiti Removal": "OCB", "Other": "ITA"}
REGIONS = ("qz3q_ghft", "k96s_3jcv", "tatf_ua23", "kqwf_mjcx", "2dna_qi2s", "ur2y_g4cx")
"""Columns of internal row numbers that the portal adds to one edition."""

_HEAD = ("srnumber", "createddate", "updateddate", "actiontaken", "owner", "requesttype", "status", "requestsource",
         "mobileos", "anonymous", "assignto", "servicedate", "closeddate", "addressverified", "approximateaddress",
         "address", "housenumber", "direction", "streetname", "suffix", "zipcode", "latitude", "longitude", "location",
         "tbmpage", "tbmcolumn", "tbmrow", "apc", "cd", "cdmember", "nc", "ncname", "policeprecinct")  # fmt: skip
_LATER = ("srnumber", "createddate", "closeddate", "_daystoclose", "updateddate", "servicedate", "requesttype",
          "requestsource", "actiontaken", "owner", "status", "createdbyuserorganization", "mobileos", "anonymous",
          "assignto", "latitude", "longitude", "addressverified", "approximateaddress", "address", "housenumber",
          "direction", "streetname", "suffix", "zipcode", "location", "apc", "cd", "cdmember", "nc", "ncname",
          "policeprecinct", "tbmpage", "tbmcolumn", "tbmrow")  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """One year's table: its first moment, its hours, and how often what is wrong."""

    dataset: str
    start: datetime
    hours: int
    columns: tuple[str, ...]
    without_point: int
    closed_before_created: int
    member_is_blank: int
    to_the_minute: bool = False


EDITIONS = (
    Edition("service_requests_2017", datetime(2017, 12, 27, 12), 108, _HEAD, 260, 5, 2),
    Edition("service_requests_2018", datetime(2018, 12, 27, 12), 108,
            (*_HEAD, *(f":@computed_region_{name}" for name in REGIONS)), 3, 7, 80),
    Edition("service_requests_2020", datetime(2020, 1, 1), 60, _LATER, 4, 0, 270, to_the_minute=True),
)  # fmt: skip


def request_tables() -> list[Raw]:
    """The three editions."""
    return [_table(edition) for edition in EDITIONS]


@cache
def _ground() -> tuple[Ints, Floats, Floats]:
    """Blocks of the city, their middles in longitude and latitude, and their shares of the people."""
    ground = blocks()
    inside = np.flatnonzero(areas().in_city & (ground.people > 0) & (areas().district >= 0))
    project = pyproj.Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    east, north = (ground.centre[inside] * METRES).T
    points = settled(np.stack(project.transform(east, north), axis=1), 6)
    people = settled(ground.people[inside], 3)
    return inside, points, people / people.sum()


def _table(edition: Edition) -> Raw:
    rows = list(_rows(edition))
    dirt = {
        "closed_before_created": sum(1 for row in rows if row.get("closeddate", "9") < row["createddate"]),
        "without_coordinates": sum("latitude" not in row for row in rows),
        "member_is_blank": sum("cdmember" not in row for row in rows),
        "creation_times_again": len(rows) - len({row["createddate"] for row in rows}),
        "never_a_location": int(not any("location" in row for row in rows)),
        "columns_of_row_numbers": sum(name.startswith(":@computed") for name in edition.columns),
    }
    return socrata(edition.dataset, edition.columns, rows, page=PAGE, dirt=dirt)


def _rows(edition: Edition) -> Iterator[dict[str, Any]]:
    draw = stream(edition.dataset)
    inside, points, share = _ground()
    where = draw.choice(len(inside), ROWS, p=share)
    made = np.sort(draw.integers(0, edition.hours * 3600, ROWS))
    took = _hours(draw, areas().district[inside[where]] + 1)
    kinds = draw.choice([name for name, _ in KINDS], ROWS, p=[size for _, size in KINDS])
    order = draw.permutation(ROWS)
    pointless = set(order[: edition.without_point].tolist())
    early = set(order[edition.without_point :][: edition.closed_before_created].tolist())
    blank = set(draw.permutation(ROWS)[: edition.member_is_blank].tolist())
    for number in range(ROWS):
        created = edition.start + timedelta(seconds=int(made[number]))
        closed = created + timedelta(hours=-30.0 if number in early else round(float(took[number]), 3))
        if edition.to_the_minute:
            created, closed = created.replace(second=0), closed.replace(second=0, microsecond=0)
        block = int(inside[where[number]])
        yield {
            ":id": "row-" + "".join(draw.choice(list("abcdefghjkmnpqrstuvwxyz2345789"), 12)),
            **_what(draw, edition, number, str(kinds[number]), created, closed.replace(microsecond=0)),
            **_where(draw, edition, block, None if number in pointless else points[where[number]], number not in blank),
        }


def _hours(draw: np.random.Generator, district: Ints) -> Floats:
    """Hours to close, lognormal around the median, longer in the slow districts."""
    spread = settled(np.exp(draw.normal(0, 0.8, len(district))), 6)
    return MEDIAN_HOURS * spread * np.where(np.isin(district, SLOW_DISTRICTS), TIMES_AS_LONG, 1.0)


def _what(
    draw: np.random.Generator, edition: Edition, number: int, kind: str, created: datetime, closed: datetime
) -> dict[str, Any]:
    """The request itself; a few are still open."""
    is_open = draw.random() < 0.004
    source = str(draw.choice(SOURCES))
    row: dict[str, Any] = {
        "srnumber": f"1-{edition.start.year % 100 * 10_000_000 + 10 * number + int(draw.integers(10))}",
        "createddate": _moment(created),
        "updateddate": _moment(max(created, closed) + timedelta(minutes=int(draw.integers(0, 600)))),
        "actiontaken": "SR Created", "owner": OWNERS.get(kind, "BOS"), "requesttype": kind,
        "status": "Open" if is_open else "Cancelled" if draw.random() < 0.03 else "Closed", "requestsource": source,
        "mobileos": "Android" if source == "Mobile App" else None, "anonymous": "Y" if draw.random() < 0.1 else "N",
        "assignto": "NC", "servicedate": _moment(created.replace(hour=0, minute=0, second=0) + timedelta(3)),
    }  # fmt: skip
    if not is_open:
        row["closeddate"] = _moment(closed)
        if edition.to_the_minute:
            row["_daystoclose"] = f"{(closed - created) / timedelta(days=1):.6f}"
    if edition.to_the_minute:
        row["createdbyuserorganization"] = "BOS" if source == "Call" else "Self Service"
    return {name: value for name, value in row.items() if value is not None}


def _where(
    draw: np.random.Generator, edition: Edition, block: int, point: Floats | None, member: bool
) -> dict[str, Any]:
    """The place: an invented address, the areas as the city wrote them, and the point where there is one."""
    district, council = int(areas().district[block]), int(areas().neighborhood[block])
    house, zipcode = str(int(draw.integers(100, 9_999))), f"990{district + 1:02d}"
    row: dict[str, Any] = {
        "addressverified": "Y", "approximateaddress": "N", "address": f"{house} W LANTERN ST, {zipcode}",
        "housenumber": house, "direction": "W", "streetname": "LANTERN", "suffix": "ST", "zipcode": zipcode,
        "tbmpage": str(500 + district), "tbmcolumn": "D", "tbmrow": "1", "apc": "Central APC", "cd": str(district + 1),
        "policeprecinct": "CENTRAL",
    }  # fmt: skip
    if member:
        row["cdmember"] = COUNCIL_MEMBERS[district]
    if council >= 0:
        row |= {"nc": str(council + 1), "ncname": f"{NEIGHBORHOODS[council].upper()} NC"}
    if point is not None:
        longitude, latitude = (f"{value:.6f}" for value in point.tolist())
        row |= {"latitude": latitude, "longitude": longitude}
        if not edition.to_the_minute:
            nothing = '{"address": "", "city": "", "state": "", "zip": ""}'
            row["location"] = {"latitude": latitude, "longitude": longitude, "human_address": nothing}
    if any(name.startswith(":@computed") for name in edition.columns):
        row |= {f":@computed_region_{name}": str(int(draw.integers(1, 900))) for name in REGIONS}
    return row


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000")
