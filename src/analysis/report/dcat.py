"""The catalogue of offered tables, ``data.json``, in the terms of DCAT-US 1.1 (Project Open Data Metadata Schema).

The schema, for publishers outside the federal government, requires a contact and whole addresses. Where the site's
address or its contact is not known, the catalogue leaves out what it cannot know, gives files relative to itself, and
does not claim to conform.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.catalog import City
from analysis.catalog.site import Site
from analysis.report.identity import urn
from analysis.report.page import stated_dates
from analysis.report.summary import Summary

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
MOST_OF_RIGHTS = 255
"""Characters the schema allows for rights."""


@dataclass(frozen=True)
class Shelf:
    """Where the tables of one page lie: the page's summary and subject, and the day each file last changed, by file."""

    summary: Summary
    subject: str
    changed: Mapping[str, str]


def catalogue(shelves: Sequence[Shelf], *, source: str, where: City, site: Site) -> dict[str, Any]:
    """The catalogue of everything the pages offer, as JSON; in order of pages and files."""
    whole = bool(site.address and site.contact)
    return {
        "@context": f"{SCHEMA}/catalog.jsonld",
        "@type": "dcat:Catalog",
        **({"@id": f"{site.address}data.json"} if site.address else {}),
        **({"conformsTo": SCHEMA, "describedBy": f"{SCHEMA}/catalog.json"} if whole else {}),
        "dataset": [
            _dataset(shelf, file, source, where, site) for shelf in shelves for file in sorted(shelf.summary.offers)
        ],
    }


def _dataset(shelf: Shelf, file: str, source: str, where: City, site: Site) -> dict[str, Any]:
    page, offer = shelf.summary, shelf.summary.offers[file]
    uses = [use for use in page.loads if use["table"] in offer.tables] or list(page.loads)
    behind = {str(known["id"]): known for use in uses for known in use["datasets"]}
    invented = "Invented data. " if where.synthetic else ""
    place = page.place or where.city
    known: dict[str, Any] = {
        "@type": "dcat:Dataset",
        "title": f"{offer.title} ({place})",
        "description": f"{invented}{offer.description or offer.title}",
        "keyword": list(dict.fromkeys([shelf.subject, where.city, place, *(["invented"] if invented else [])])),
        "modified": shelf.changed[file][:10],
        "publisher": {"@type": "org:Organization", "name": site.contact.name if site.contact else where.city},
        "identifier": urn(source, where.city, "table", file),
        "accessLevel": "public",
        "language": ["en"],
        "spatial": f"{place}, {where.state}",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "downloadURL": f"{site.address}downloads/{file}",
                "mediaType": "text/csv",
                "format": "CSV",
                "title": file,
            }
        ],
    }
    if site.contact:
        mail = f"mailto:{site.contact.email}"
        known["contactPoint"] = {"@type": "vcard:Contact", "fn": site.contact.name, "hasEmail": mail}
    if site.address:
        known["landingPage"] = f"{site.address}{page.name}.html"
    licences = sorted({str(one["licence"]) for one in behind.values()})
    known |= _license(licences, site.licenses)
    if spanned := interval(str(use.get("period", "")) for use in uses):
        known["temporal"] = spanned
    pages = {str(one["landing_page"]) for one in behind.values()}
    if web := sorted(page for page in pages if page.startswith(("https://", "http://"))):
        known["references"] = web
    return known


def _license(licences: Sequence[str], addresses: Mapping[str, str]) -> dict[str, str]:
    """The license of a table where all that it was made of have the same, and that has an address; else words alone."""
    found: dict[str, str] = {}
    if len(licences) == 1 and licences[0] in addresses:
        found["license"] = addresses[licences[0]]
    told = "Licenses of the data it was made of: " + "; ".join(licences)
    if licences:
        found["rights"] = told if len(told) <= MOST_OF_RIGHTS else told[: MOST_OF_RIGHTS - 1].rstrip() + "…"
    return found


def interval(periods: Iterable[str]) -> str:
    """The days between the first and the last date that some periods state (ISO 8601); empty where none does.

    >>> interval(["2000 to 2014–18", "2020-03"]), interval(["2020-03-01 to 2020-11-30"]), interval(["always"])
    ('2000-01-01/2020-03-31', '2020-03-01/2020-11-30', '')
    """
    dates = stated_dates(periods)
    return f"{min(map(_first_day, dates))}/{max(map(_last_day, dates))}" if dates else ""


def _first_day(date: str) -> str:
    return date + "-01-01"[len(date) - 4 :]


def _last_day(date: str) -> str:
    whole = date if len(date) > 4 else f"{date}-12"
    year, month = int(whole[:4]), int(whole[5:7])
    return whole if len(whole) > 7 else f"{whole}-{calendar.monthrange(year, month)[1]:02d}"
