"""The register of businesses as the city's tax office lists it: all locations, and those that are active.

What the office's clerks did is done here, and counted: rows that stand twice, starts
that nobody knew, ends before starts, points at zero, codes left out, and moves, which
nobody calls moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.businesses import INDUSTRIES, KEPT_FROM, Locations, locations
from analysis.sample.names import CITY, STATE_FIPS, TOWNS
from analysis.sample.outlines import in_degrees
from analysis.sample.randomness import Floats, stream
from analysis.sample.tessellation import blocks
from analysis.sample.wire import Raw, socrata

COLUMNS = ("location_account", "business_name", "dba_name", "street_address", "city", "zip_code",
           "location_description", "mailing_address", "mailing_city", "mailing_zip_code", "naics",
           "primary_naics_description", "council_district", "location_start_date", "location_end_date",
           "location")  # fmt: skip
PLACEHOLDER = date(1900, 1, 1)
SHARES = {
    "start_is_placeholder": 0.045, "end_before_start": 0.006, "naics_missing": 0.09, "point_at_zero": 0.015,
    "point_missing": 0.02, "district_is_blank": 0.012, "twice": 0.012, "ended_but_active": 0.004,
}  # fmt: skip
"""Share of locations with each kind of dirt; placeholders only among those older than the register."""
_FIRST = ("AMBER", "CEDAR", "COPPER", "CORAL", "CRESCENT", "EMBER", "FALCON", "GOLDEN", "HARBOR", "INDIGO", "JUNIPER",
          "LANTERN", "MARBLE", "MERIDIAN", "OPAL", "ORCHID", "PACIFIC", "SILVER", "SUNDIAL", "VIOLET")  # fmt: skip
_SECOND = ("ANCHOR", "ARCH", "BELL", "BRIDGE", "COVE", "FIELD", "GATE", "GROVE", "HILL", "KITE", "LEAF", "PIER",
           "QUARTER", "SPRING", "STAR", "STONE", "TIDE", "WHEEL")  # fmt: skip
_FORMS = ("", " INC", " LLC", " CORPORATION")


@dataclass(frozen=True)
class Register:
    """The rows of the listing of all businesses, in order of ``:id``, and the dirt that is in them."""

    rows: tuple[dict[str, Any], ...]
    dirt: dict[str, int]


def all_file() -> Raw:
    """Listing of all businesses: one row a location, two where a clerk entered it twice."""
    made = register()
    return socrata("businesses_all", COLUMNS, made.rows, made.dirt)


def active_file() -> Raw:
    """Listing of active businesses: the rows without an end, and a few that have one in the other listing."""
    draw = stream("active listing")
    rows = []
    stale = 0
    for row, u in zip(register().rows, draw.random(len(register().rows)).tolist(), strict=True):
        ended = "location_end_date" in row
        if ended and u >= SHARES["ended_but_active"]:
            continue
        stale += ended
        rows.append({name: value for name, value in row.items() if name != "location_end_date"})
    return socrata("businesses_active", COLUMNS, rows, {"ended_in_the_other_listing": stale})


@cache
def register() -> Register:
    """All rows with their dirt."""
    every = locations()
    size = len(every.start)
    draw = stream("register")
    lucky = {name: draw.random(size) < share for name, share in SHARES.items()}
    inside = every.block >= 0
    old = every.start < KEPT_FROM
    lucky["start_is_placeholder"] &= old
    lucky["end_before_start"] &= np.isfinite(every.end) & ~lucky["start_is_placeholder"]
    for name in ("point_at_zero", "point_missing", "district_is_blank"):
        lucky[name] &= inside
    lucky["point_missing"] &= ~lucky["point_at_zero"]
    rows = _rows(every, lucky, draw)
    twice = [{**row, "dba_name": None} for row, again in zip(rows, lucky["twice"].tolist(), strict=True) if again]
    order = draw.permutation(len(rows) + len(twice)).tolist()
    listed = [rows[k] if k < len(rows) else twice[k - len(rows)] for k in order]
    ids = sorted(f"row-{_token(n, 4)}-{_token(n * 7, 4)}~{_token(n * 13, 4)}" for n in range(1, len(listed) + 1))
    named = tuple({":id": name, **_given(row)} for name, row in zip(ids, listed, strict=True))
    dirt = {name: int(flags.sum()) for name, flags in lucky.items() if name != "ended_but_active"}
    dirt |= {"outside_city": int((~inside).sum()), "moves": int(every.moved.sum())}
    return Register(named, dirt)


def _given(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _token(number: int, length: int) -> str:
    """Letters and digits in the manner of row ids.

    >>> _token(5, 4), _token(1_000_000, 4)
    ('2227', 'yik2')
    """
    digits = "23456789abcdefghijkmnpqrstuvwxyz"
    out = ""
    for _ in range(length):
        out = digits[number % 32] + out
        number //= 32
    return out


def _rows(every: Locations, lucky: dict[str, Any], draw: np.random.Generator) -> list[dict[str, Any]]:
    size = len(every.start)
    account = every.account.tolist()
    names = _names(every, draw)
    codes = draw.integers(0, 6, size).tolist()
    points, district = _points(every, draw), areas().district
    zero = {"latitude": "0.0", "longitude": "0.0"}
    towns = draw.integers(0, len(TOWNS), size).tolist()
    wrong = draw.integers(30, 900, size).tolist()
    flags = {name: values.tolist() for name, values in lucky.items()}
    rows: list[dict[str, Any]] = []
    for k in range(size):
        block = int(every.block[k])
        start, end = day(float(every.start[k])), None if np.isinf(every.end[k]) else day(float(every.end[k]))
        if flags["end_before_start"][k]:
            end = start - timedelta(wrong[k])
        kind = INDUSTRIES[every.industry[k]]
        naics = kind.codes[codes[k] % len(kind.codes)]
        known = not flags["naics_missing"][k]
        city = CITY if block >= 0 else TOWNS[towns[k]]
        point = None if block < 0 or flags["point_missing"][k] else zero if flags["point_at_zero"][k] else points[k]
        number = "0" if block < 0 else str(district[block] + 1)
        rows.append(
            {
                "location_account": f"{account[k]:010d}-{every.place[k]:04d}-{account[k] % 9 + 1}",
                "business_name": names[account[k]],
                "dba_name": None if account[k] % 3 else names[account[k]].split(" ")[0],
                "city": city.upper(),
                "zip_code": zip_code(block, towns[k]),
                "naics": naics[0] if known else None,
                "primary_naics_description": naics[1] if known else None,
                "council_district": None if flags["district_is_blank"][k] else number,
                "location_start_date": _stamp(PLACEHOLDER if flags["start_is_placeholder"][k] else start),
                "location_end_date": None if end is None else _stamp(end),
                "location": point,
            }
        )
    return rows


def _names(every: Locations, draw: np.random.Generator) -> dict[int, str]:
    """A name for each account, of things and trades, never of a person."""
    size = len(every.account)
    picks = [draw.integers(0, len(words), size).tolist() for words in (_FIRST, _SECOND, (0, 1, 2), _FORMS)]
    trades = every.industry.tolist()
    return {
        account: invented_name(a, b, INDUSTRIES[trade].words[c]) + _FORMS[d]
        for account, trade, a, b, c, d in zip(every.account.tolist(), trades, *picks, strict=True)
    }


def invented_name(first: int, second: int, trade: str) -> str:
    """A name of two things and a trade.

    >>> invented_name(0, 1, "CAFE")
    'AMBER ARCH CAFE'
    """
    return f"{_FIRST[first]} {_SECOND[second]} {trade}"


def _points(every: Locations, draw: np.random.Generator) -> list[dict[str, str]]:
    """Longitude and latitude within the middle of each block, four decimals as geocoders give them."""
    ground = blocks()
    spread = 0.25 * np.sqrt(ground.area[every.block])[:, None]
    place: Floats = ground.centre[every.block] + spread * draw.uniform(-1, 1, (len(every.block), 2))
    degrees = in_degrees(place)
    return [{"latitude": f"{north:.4f}", "longitude": f"{east:.4f}"} for east, north in degrees.tolist()]


def zip_code(block: int, town: int = 0) -> str:
    """Five digits that begin as no real code does: the city's follow its districts, the towns' are others.

    >>> zip_code(-1, 3)
    '99903'
    """
    if block < 0:
        return f"{STATE_FIPS}{900 + town:03d}"
    return f"{STATE_FIPS}{10 + 4 * int(areas().district[block]) + block % 4:03d}"


def day(year: float) -> date:
    """The day of a year with a fraction.

    >>> day(2000.0), day(2000.25)
    (datetime.date(2000, 1, 1), datetime.date(2000, 4, 1))
    """
    first = date(int(year), 1, 1)
    length = (date(int(year) + 1, 1, 1) - first).days
    return first + timedelta(int(round((year % 1) * length, 3)))


def _stamp(when: date) -> str:
    return f"{when.isoformat()}T00:00:00.000"
