"""Dated policies of the invented territory and its counties, in the layout of the Keystone collection."""

from __future__ import annotations

from datetime import date

from analysis.sample.names import COUNTY, COUNTY_FIPS, OTHER_COUNTIES, STATE, STATE_FIPS
from analysis.sample.randomness import stream
from analysis.sample.wire import Cell, Raw, delimited

# Policy, day the territory began and ended it, day the county began and ended it; None where nothing was recorded.
_POLICIES = (
    ("closing_of_public_venues", (3, 20), (5, 11), (3, 17), (6, 5)),
    ("gathering_size_10_0", (3, 18), None, (3, 18), None),
    ("gathering_size_100_26", None, None, (3, 14), None),
    ("gathering_size_25_11", None, None, None, None),
    ("gathering_size_500_101", (3, 12), None, (3, 12), None),
    ("lockdown", None, None, None, None),
    ("non-essential_services_closure", (3, 20), (5, 26), (3, 20), (6, 8)),
    ("religious_gatherings_banned", (3, 20), (5, 26), (3, 20), (5, 26)),
    ("school closure", (3, 19), None, (3, 16), None),
    ("shelter_in_place", (3, 20), None, (3, 20), None),
    ("social_distancing", (3, 17), None, (3, 14), None),
)


def policy_file() -> Raw:
    """``complete_npis_inherited_policies.csv``: one row a policy and jurisdiction, dated or not, one row twice."""
    rows: list[list[Cell]] = []
    rows += [_row(STATE_FIPS, None, *policy[:3]) for policy in _POLICIES]
    counties = [(COUNTY_FIPS, COUNTY.removesuffix(" County")), *OTHER_COUNTIES]
    draw = stream("policies")
    for code, name in counties:
        for policy, begun, ended, own_begin, own_end in _POLICIES:
            own = code == COUNTY_FIPS or bool(draw.random() < 0.3)
            days = (own_begin, own_end) if own else (begun, ended)
            rows.append(_row(STATE_FIPS + code, name, policy, *days))
    again = next(k for k, row in enumerate(rows) if row[1] == "Meridia" and row[3] == "gathering_size_100_26")
    rows.insert(again + 1, list(rows[again]))
    header = ("fips", "county", "state", "npi", "start_date", "end_date", "citation", "note", "re-opening_note",
              "re-opening_citation")  # fmt: skip
    dirt = {
        "start_is_blank": sum(1 for row in rows if row[4] is None),
        "end_is_blank": sum(1 for row in rows if row[5] is None),
        "duplicate_rows": 1,
        "other_counties": len(OTHER_COUNTIES),
    }
    return delimited("policy_events", header, rows, dirt)


def _row(
    fips: str, county: str | None, policy: str, begun: tuple[int, int] | None, ended: tuple[int, int] | None
) -> list[Cell]:
    start, end = (None if day is None else date(2020, *day) for day in (begun, ended))
    who = "territory" if county is None else "county"
    citation = None if start is None else f"https://sample.invalid/orders/{who}/{start.isoformat()}"
    note = "invented order; essential work may go on" if start and policy == "shelter_in_place" else None
    again = "services reopen with limits" if end and policy == "non-essential_services_closure" else None
    reopened = f"https://sample.invalid/orders/{who}/{end.isoformat()}" if again and end else None
    return [fips, county, STATE, policy, _american(start), _american(end), citation, note, again, reopened]


def _american(day: date | None) -> str | None:
    """Month, day, year, without zeros.

    >>> _american(date(2020, 3, 9))
    '3/9/2020'
    """
    return None if day is None else f"{day.month}/{day.day}/{day.year}"
