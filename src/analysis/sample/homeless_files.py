"""The counts, the map layer, the places and the requests as their publishers send them."""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import Any

import numpy as np
import shapely

from analysis.sample.areas import areas
from analysis.sample.homelessness import (
    AVERAGES,
    DWELLINGS,
    FAMILY_PART,
    FAMILY_SIZE,
    KINDS,
    YEARS,
    old_count,
    outdoors,
    requests,
)
from analysis.sample.names import CITY, COUNTY_FIPS, NEIGHBORHOODS, STATE_FIPS
from analysis.sample.outlines import in_metres, outlines
from analysis.sample.randomness import Floats, Ints, settled, stream
from analysis.sample.vintages import geoid, vintages
from analysis.sample.wire import Cell, Page, Raw, delimited, features
from analysis.sample.workbooks import workbook

Row = dict[str, Cell]

YOUTH_2015, YOUTH_2016 = 0.09, 0.012
"""A separate count of youth adds so many to 100 people outdoors, in so many tracts."""
HEADINGS_2015 = (
    "STATE_FIPS", "CNTY_FIPS", "STCOFIPS", "Tract", "FIPS", "SQMI", "Jurisdiction", "Year", "Opt In", "Counted",
    "Opt In Name", "City", "Community Name", "Community Type", "Region ID", "Region Name", "Region", "Alias",
    "Street Singles", "Street Family", "Street_UYouth", "Cars", "Vans", "Campers", "Tents", "Encampments", "Units",
    "Car People", "VanPeople", "Camper People", "Tent People", "Encamp People", "YouthCount15", "YouthCount13",
    "ES_Single", "ES_Family", "ES_UYouth", "TH_Singles", "TH_Family", "TH_UYouth", "Street Count", "Unsheltered",
    "ES_People", "TH_People", "Sheltered", "Individual", "Family Members", "Unaccompanied", "2015_Total",
    "2015Total_woYouth",
)  # fmt: skip
_NAMES = dict(zip(DWELLINGS, ("Car", "Van", "Camper", "Tent", "Encamp"), strict=True))
_REGIONS = ("Northern Valley", "Hill Country", "Old Center", "Western Bay", "Inner South", "Eastern Plain",
            "Harborside", "Far Desert")  # fmt: skip
_APP = ("Mobile App", "Self Service", "Call", "Email")


def _people(kinds: Ints, year: int) -> dict[str, Floats]:
    """People by dwelling as the year's count multiplies them; whole numbers before 2017."""
    decimals = 3 if year == 2017 else 0
    counts = dict(zip(KINDS, kinds.T, strict=True))
    return {kind: settled(counts[kind] * AVERAGES[year][kind], decimals) for kind in DWELLINGS}


def _parts(total: Ints, shares: tuple[float, ...], name: str) -> Ints:
    found: Ints = stream(name).multinomial(total, shares)
    return found


def _number(value: float) -> Cell:
    """A whole number without a decimal point."""
    return int(value) if float(value).is_integer() else float(value)


def count_2015() -> Raw:
    """CSV with a byte order mark and lines that end in a carriage return alone, on the tracts of 2000."""
    rows, dirt = _rows_2015()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r")
    writer.writerow(HEADINGS_2015)
    writer.writerows([row[name] for name in HEADINGS_2015] for row in rows)
    content = b"\xef\xbb\xbf" + out.getvalue().encode()
    return Raw("homeless_count_2015", "file", (Page("csv", content, len(rows)),), HEADINGS_2015, dirt=dirt)


def _rows_2015() -> tuple[list[Row], dict[str, Any]]:
    old = old_count()
    draw = stream("count of 2015")
    people = _people(old.kinds, 2015)
    seen = np.rint(settled(old.kinds[:, 1] * FAMILY_SIZE, 6)).astype(np.int64)
    shelter = _parts(old.sheltered, (0.33, 0.22, 0.01, 0.28, 0.15, 0.01), "shelters of 2015")
    own = (draw.random(len(old.codes)) < 0.2) * draw.poisson(settled(YOUTH_2015 * 5 * old.kinds.sum(axis=1), 6))
    broken = int(np.flatnonzero(old.counted & ~old.city)[7])
    rows = []
    for k, code in enumerate(old.codes):
        street = {"Street Singles": int(old.kinds[k, 0]), "Street Family": int(seen[k]),
                  "Street_UYouth": -1 if k == broken else 0}  # fmt: skip
        units = dict(zip(("Cars", "Vans", "Campers", "Tents", "Encampments"), old.kinds[k, 2:].tolist(), strict=True))
        living = dict(zip(("Car People", "VanPeople", "Camper People", "Tent People", "Encamp People"),
                          (int(people[kind][k]) for kind in DWELLINGS), strict=True))  # fmt: skip
        if not old.counted[k]:
            street, units, living = (dict.fromkeys(part, 0) for part in (street, units, living))
        rows.append(_row_2015(k, code, street, units, living, int(own[k]), shelter[k].tolist()))
    dirt = {
        "tracts_of_2000": len(rows), "not_counted": int((~old.counted).sum()), "negative_cells": 2,
        "line_ends_in_carriage_return": len(rows) + 1, "youth_count": int(own.sum()),
        "codes_not_of_2010": len(set(old.codes) - set(vintages().code_2010)),
    }  # fmt: skip
    return rows, dirt


def _row_2015(
    k: int,
    code: str,
    street: dict[str, int],
    units: dict[str, int],
    living: dict[str, int],
    youth: int,
    beds: list[int],
) -> Row:
    old = old_count()
    town, city = old.town[k], bool(old.city[k])
    region = k % len(_REGIONS)
    shelter = dict(zip(("ES_Single", "ES_Family", "ES_UYouth", "TH_Singles", "TH_Family", "TH_UYouth"), beds,
                       strict=True))  # fmt: skip
    counted = sum(street.values()) + sum(living.values())
    yes = {True: "Yes", False: "No"}
    return {
        "STATE_FIPS": int(STATE_FIPS), "CNTY_FIPS": int(COUNTY_FIPS), "STCOFIPS": int(STATE_FIPS + COUNTY_FIPS),
        "Tract": int(code), "FIPS": int(geoid(code)), "SQMI": 0.5, "Jurisdiction": town, "Year": 2015,
        "Opt In": yes[bool(old.opted[k])], "Counted": yes[bool(old.counted[k])], "Opt In Name": town,
        "City": CITY if city else town, "Community Name": NEIGHBORHOODS[k % len(NEIGHBORHOODS)] if city else town,
        "Community Type": "Community" if city else "City", "Region ID": f"SPA {region + 1}",
        "Region Name": f"Service Planning Area {region + 1}", "Region": _REGIONS[region],
        "Alias": f"SPA {region + 1}-{_REGIONS[region]}", **street, **units, "Units": sum(units.values()), **living,
        "YouthCount15": youth, "YouthCount13": youth // 2, **shelter, "Street Count": counted,
        "Unsheltered": counted + youth, "ES_People": sum(beds[:3]), "TH_People": sum(beds[3:]), "Sheltered": sum(beds),
        "Individual": counted + youth + beds[0] + beds[3] - street["Street Family"],
        "Family Members": street["Street Family"] + beds[1] + beds[4],
        "Unaccompanied": street["Street_UYouth"] + beds[2] + beds[5], "2015_Total": counted + youth + sum(beds),
        "2015Total_woYouth": counted + sum(beds),
    }  # fmt: skip


_SHELTER = ("AdultSingAdult", "AdultFamHH", "AdultFamMem", "YouthSingYouth", "YouthFamHH", "YouthFamMem",
            "YouthUnaccYouth")  # fmt: skip
_OLD_CASE = {
    "totESAdultSingAdult": "totEsAdultSingAdult", "totESAdultFamMem": "totEsAdultFamMemb",
    "totESYouthSingYouth": "totEsYouthSingYouth", "totESYouthFamMem": "totEsYouthFamMemb",
    "totESYouthUnaccYouth": "totEsYouthUnaccYouth", "totTHAdultSingAdult": "totThAdultSingAdult",
    "totTHAdultFamMem": "totThAdultFamMemb", "totTHYouthSingYouth": "totThYouthSingYouth",
    "totTHYouthFamMem": "totThYouthFamMemb", "totTHYouthUnaccYouth": "totThYouthUnaccYouth",
    "totSHAdultSingAdult": "totShAdultSingAdult", "totSHAdultFamMem": "totShAdultFamMemb",
    "totSHYouthSingYouth": "totShYouthSingYouth", "totSHYouthFamMem": "totShYouthFamMemb",
    "totSHYouthUnaccYouth": "totShYouthUnaccYouth", "totStreetFamMem": "totStreetFamMemb",
}  # fmt: skip
"""The year 2016 spelled some headings of 2017 otherwise."""


def _shelter_cells(total: int, parts: list[int]) -> Row:
    """Seven columns of each kind of shelter: households of families follow from their members."""
    cells: Row = {}
    for kind, held in zip(("ES", "TH", "SH"), (parts[:5], parts[5:], [0] * 5), strict=True):
        single, family, youth, young_family, alone = held
        values = (single, -(-family // 3), family, youth, -(-young_family // 3), young_family, alone)
        cells |= {f"tot{kind}{name}": value for name, value in zip(_SHELTER, values, strict=True)}
    cells |= {"totESPeople": sum(parts[:5]), "totTHPeople": sum(parts[5:]), "totSHPeople": 0, "totSheltPeople": total}
    return cells


@cache
def _counts(year: int) -> list[Row]:
    """What both workbooks say of a tract, by the headings of 2017, in order of the town and the code."""
    truth, codes = outdoors(), vintages().code_2010
    people = _people(truth.found[year], year)
    beds = _parts(truth.sheltered[year], (0.29, 0.25, 0.03, 0.01, 0.01, 0.24, 0.12, 0.04, 0.005, 0.005),
                  f"shelters of {year}")  # fmt: skip
    order = sorted(np.flatnonzero(truth.included).tolist(), key=lambda k: (truth.town[k], codes[k]))
    rows = []
    for k in order:
        kinds = dict(zip(KINDS, truth.found[year][k].tolist(), strict=True))
        family = round(kinds["families"] * FAMILY_SIZE)
        row: Row = {"tract": int(codes[k]), "Year": year, "City": truth.town[k], "town": k,
                    "district": int(truth.district[k]) + 1, "totStreetSingAdult": kinds["singles"],
                    "totStreetFamHH": kinds["families"], "totStreetFamMem": family}  # fmt: skip
        row |= {f"tot{_NAMES[kind]}{'' if kind == 'makeshift' else 's'}": kinds[kind] for kind in DWELLINGS}
        row |= {f"tot{_NAMES[kind]}People": _number(people[kind][k]) for kind in DWELLINGS}
        street = kinds["singles"] + family + sum(float(people[kind][k]) for kind in DWELLINGS)
        row |= _shelter_cells(int(truth.sheltered[year][k]), beds[k].tolist())
        rows.append(row | {"street": _number(round(street, 3))})
    return rows


def count_2016() -> Raw:
    """Workbook of 2016: sheets Notes, Data and CodeBook; a small count of youth is in its totals."""
    draw = stream("count of 2016")
    broken = 31
    rows = []
    for number, row in enumerate(_counts(2016)):
        youth = int(draw.poisson(YOUTH_2016 * 8 * float(row["street"] or 0))) if draw.random() < 0.12 else 0
        street = float(row["street"] or 0) + youth
        new: Row = {
            "censusTract": row["tract"], "Year": 2016, "City": row["City"], "CommunityName": row["City"],
            "Detailed_Name": row["City"], **_districts(row), "DemogSurveySample": "Yes" if number % 5 == 0 else "No",
            "YouthCountSample": "Yes" if number % 7 == 0 else "No",
        }  # fmt: skip
        new |= {name: row[name] for name in row if name.startswith("totStreet")}
        new |= _dwellings(row)
        new |= {"totYouthIndiv": youth, "totYouthUnaccKid": 0, "totYouthFamHH": 0, "totYouthFamMemb": 0}
        new |= _sheltered(row)
        new |= {"totUnsheltPeople": _number(street), **_totals(row, street)}
        if number == broken:
            new["totTHAdultFamHH"] = -2
        rows.append({_OLD_CASE.get(name, name): value for name, value in new.items()})
    return _book("homeless_count_2016", "Data", "CodeBook", rows, {"negative_cells": 1, "tracts": len(rows)})


def count_2017() -> Raw:
    """Workbook of 2017: people are fractions, families in dwellings are told apart, youth are not in the totals."""
    rows = []
    for row in _counts(2017):
        city = row["City"] == CITY
        new: Row = {
            "tract": row["tract"], "Year": 2017, "City": row["City"], "LACity": 1 if city else 2,
            "Community_Name": row["City"], "Detailed_Name": row["City"],
            **{ours: _districts(row)[theirs] for ours, theirs in
               {"SPA": "SPA", "SD": "SD", "CD": "CD", "ca_ssd": "SSD", "ca_sad": "AD"}.items()},
            "us_cd": 28, "DemogSurvCt": 0, "YouthSurvCt": 0, "SheltHmisCt": row["totSheltPeople"],
            "ShelterCountAny": int(bool(row["totSheltPeople"])), "StreetCountAny": 1,
        }  # fmt: skip
        new |= {name: row[name] for name in row if name.startswith("totStreet")}
        new |= _dwellings(row) | _families(row) | {"totYouthFamHH": 0.0} | _sheltered(row)
        rows.append(new | {"totUnsheltPeople": row["street"], **_totals(row, float(row["street"] or 0))})
    fractions = sum(isinstance(row["totUnsheltPeople"], float) for row in rows)
    dirt = {"tracts": len(rows), "fractional_totals": fractions}
    return _book("homeless_count_2017", "Count_by_Tract", "Codebook", rows, dirt, communities=True)


def _dwellings(row: Row) -> Row:
    kinds = [f"tot{name}{'' if name == 'Encamp' else 's'}" for name in _NAMES.values()]
    return {name: row[name] for name in (*kinds, *(f"tot{name}People" for name in _NAMES.values()))}


def _sheltered(row: Row) -> Row:
    return {f"tot{kind}{name}": row[f"tot{kind}{name}"] for kind in ("ES", "TH", "SH") for name in _SHELTER}


def _totals(row: Row, street: float) -> Row:
    named = {name: row[name] for name in ("totESPeople", "totTHPeople", "totSHPeople", "totSheltPeople")}
    return named | {"totPeople": _number(round(street + float(row["totSheltPeople"] or 0), 3))}


def _districts(row: Row) -> Row:
    place = int(row["town"] or 0)
    return {"SPA": place % 8 + 1, "SD": place % 5 + 1, "CD": row["district"], "SSD": 20 + place % 9,
            "AD": 40 + place % 20}  # fmt: skip


def _families(row: Row) -> Row:
    """Families and single people in dwellings, as shares of all who live in them."""
    people = {kind: float(row[f"tot{name}People"] or 0) for kind, name in _NAMES.items()}
    family = {kind: round(FAMILY_PART[kind] * people[kind], 3) for kind in DWELLINGS}
    cells: Row = {f"Fam{name}HH": round(family[kind] / FAMILY_SIZE, 3) for kind, name in _NAMES.items()}
    cells |= {f"Fam{name}People": family[kind] for kind, name in _NAMES.items()}
    cells |= {f"Ind{name}People": round(people[kind] - family[kind], 3) for kind, name in _NAMES.items()}
    return cells


def _book(
    dataset: str, sheet: str, codebook: str, rows: list[Row], dirt: dict[str, Any], communities: bool = False
) -> Raw:
    header = list(rows[0])
    table: list[list[Cell]] = [list(header), *([row[name] for name in header] for row in rows)]
    meaning: list[list[Cell]] = [["Column Name", "Column Description"]]
    meaning += [[name, f"{name}, by tract"] for name in header]
    sheets = {"Notes": [], sheet: table, codebook: meaning} if not communities else {
        "Notes": [], codebook: meaning, sheet: table, "Count_by_Community": _communities(rows)}  # fmt: skip
    page = Page("xlsx", workbook(sheets), len(rows))
    return Raw(dataset, "file", (page,), tuple(header), dirt=dirt)


def _communities(rows: list[Row]) -> list[list[Cell]]:
    """The sheet of communities: the tracts of a town added up."""
    skipped = ("tract", "Year", "City", "LACity", "Detailed_Name", "ShelterCountAny", "StreetCountAny")
    header = [name for name in rows[0] if name not in skipped and name != "Community_Name"]
    figures = header[header.index("DemogSurvCt") :]
    towns: dict[str, list[Row]] = {}
    for row in rows:
        towns.setdefault(str(row["Community_Name"]), []).append(row)
    body: list[list[Cell]] = []
    for town, members in sorted(towns.items()):
        sums = {name: _number(round(sum(float(row[name] or 0) for row in members), 3)) for name in figures}
        body.append([town, *(sums[name] if name in sums else members[0][name] for name in header)])
    return [["Community", *header], *body]


def city_layer() -> Raw:
    """Totals of 2017 for the tracts of the city with their outlines; field names are cut at ten letters."""
    shapes, codes = outlines().tracts, vintages().code_2010
    place = {int(code): k for k, code in enumerate(codes)}
    rows = [row for row in _counts(2017) if row["City"] == CITY]
    rows = [rows[k] for k in stream("order of the city's tracts").permutation(len(rows))]
    records, drawn = [], []
    for number, row in enumerate(rows, 1):
        shape = shapes[place[int(row["tract"] or 0)]]
        total = float(row["street"] or 0)
        records.append({
            "FID": number, "Tract": row["tract"], **{name: _districts(row)[name] for name in ("SPA", "SD", "CD")},
            "totUnshelt": total, "totSheltPe": row["totSheltPeople"],
            "totPeople": round(total + float(row["totSheltPeople"] or 0), 3), "Shape__Are": round(shape.area, 15),
            "Shape__Len": round(shape.length, 14),
        })  # fmt: skip
        drawn.append(shape)
    dirt = {"tracts": len(records), "names_cut": 3}
    return features("homeless_count_2017_city_tracts", records, drawn, key="FID", page=500, dirt=dirt)


def shelter_layer() -> Raw:
    """Places of shelters and services: ids with gaps, empty columns, points shared, one far outside."""
    truth = outdoors()
    draw = stream("service places")
    share = settled(truth.mean / truth.mean.sum(), 12)
    tracts = np.sort(draw.choice(len(truth.mean), 64, replace=False, p=share / share.sum()))
    points = [shapely.point_on_surface(outlines().tracts[k]) for k in tracts]
    points = [*points, points[5], points[5], points[20], shapely.Point(-127.2, 33.9)]
    records: list[Row] = [_place(number, point) for number, point in enumerate(points)]
    flat = [shapely.Point(record["longitude"], record["latitude"]) for record in records]
    dirt = {"shared_points": 3, "far_outside": 1, "empty_columns": 5, "places": len(records)}
    return features("homeless_shelters", records, flat, key="OBJECTID", page=1000, dirt=dirt)


def _place(number: int, point: Any) -> Row:
    east, north = in_metres(np.array([point], dtype=object))[0].coords[0]
    return {
        "OBJECTID": 5_100_300 + 7 * number + number % 3, "source": "211", "ext_id": None, "cat1": "Social Services",
        "cat2": "Homeless Shelters and Services", "cat3": None, "org_name": None, "Name": f"Open Door {number + 1}",
        "addrln1": f"{100 + 3 * number} Invented Street", "addrln2": None, "city": CITY,
        "state": "MT " if number == 9 else "MT", "hours": None, "phones": None, "email": None,
        "url": "sample.invalid/open-door", "info1": None, "info2": None, "post_id": 700 + number,
        "description": "An invented place.", "zip": f"{99000 + number}",
        "link": f"https://sample.invalid/?p={700 + number}", "use_type": "publish", "latitude": round(point.y, 6),
        "longitude": round(point.x, 6), "date_updated": 1_370_087_456_000 + 86_400_000 * number, "dis_status": None,
        "POINT_X": round(east, 8), "POINT_Y": round(north, 8),
    }  # fmt: skip


_HOURS = tuple(np.array([1, 1, 1, 1, 2, 4, 10, 20, 35, 55, 58, 58, 56, 52, 53, 51, 48, 40, 31, 27, 24, 17, 9, 4]) / 658)
_HEADINGS = ("REQUESTSOURCE", "MOBILEOS", "ZIPCODE", "LATITUDE", "LONGITUDE", "NCNAME", "CT10", "GEOID10", "OBJECTID",
             "Shape_STAr", "Shape_STLe", "X_Center", "Y_Center", "Hour", "Weekday", "Month",
             "DayPartition")  # fmt: skip


def request_file() -> Raw:
    """Requests about encampments: a point, a tract and an hour each, no date, some twice."""
    asked, draw = requests(), stream("hours of requests")
    flat = in_metres(outlines().tracts)
    rows = [row for k in np.flatnonzero(asked) for row in _requests_of(int(k), int(asked[k]), flat[k], draw)]
    twice = draw.choice(len(rows), len(rows) // 50, replace=False)
    rows += [rows[k] for k in np.sort(twice)]
    dirt = {"repeats": len(twice), "months": 11, "without_date": len(rows)}
    return delimited("encampment_requests", _HEADINGS, rows, dirt)


def _requests_of(k: int, number: int, flat: Any, draw: np.random.Generator) -> list[list[Cell]]:
    """The requests of one tract: near its middle, by day rather than by night."""
    middle, centre = shapely.point_on_surface(outlines().tracts[k]), shapely.centroid(flat)
    near = settled(draw.normal(0.0, 0.0006, (number, 2)) + np.array([middle.y, middle.x]), 8)
    hours, days = draw.choice(24, number, p=_HOURS), draw.integers(1, 8, number)
    months, channel = draw.integers(1, 12, number), draw.choice(4, number, p=(0.5, 0.28, 0.2, 0.02))
    code = vintages().code_2010[k]
    hood = NEIGHBORHOODS[int(areas().neighborhood[np.argmax(areas().tract == k)]) % len(NEIGHBORHOODS)]
    place: list[Cell] = [int(code), int(geoid(code)), k + 1, round(flat.area, 3), round(flat.length, 6),
                         round(centre.x), round(centre.y)]  # fmt: skip
    rows: list[list[Cell]] = []
    for i in range(number):
        how = _APP[channel[i]]
        phone = ("iOS" if i % 4 else "Android") if how == "Mobile App" else None
        rows.append([how, phone, 99000 + k % 90, float(near[i, 0]), float(near[i, 1]), hood.upper(), *place,
                     int(hours[i]), int(days[i]), int(months[i]), 1 + int(hours[i]) // 6])  # fmt: skip
    return rows


def count_truth() -> dict[str, Any]:
    """What was planted, for tests and 'How sure are we': nobody else may read it."""
    truth = outdoors()
    codes = [geoid(code) for code in vintages().code_2010]
    return {
        "people_outdoors": {str(year): truth.people[year].tolist() for year in YEARS},
        "geoid": codes,
        "district": [int(k) + 1 for k in truth.district],
        "city_people": {str(year): int(truth.people[year][truth.city].sum()) for year in YEARS},
        "expected_rate_per_1000": [round(float(m / r * 1000), 4) if r > 0 else None
                                   for m, r in zip(truth.mean, truth.residents, strict=True)],
        "own_count": [codes[k] for k in np.flatnonzero(~truth.included)],
    }  # fmt: skip
