"""Who lives in each place of the health department: six files about countywide statistical areas."""

from __future__ import annotations

import numpy as np

from analysis.sample.casefiles import TWO_LABELS
from analysis.sample.epidemic import places
from analysis.sample.names import CITY, first_part, misread
from analysis.sample.randomness import Floats, settled, stream
from analysis.sample.vintages import geoid, vintages
from analysis.sample.wire import Cell, Raw, delimited

SLIVERS = 320
"""Pairs of place and tract that share a line and, in the crosswalk, a trace of area."""
SURVEY_BELOW_COUNT = 0.985
"""The survey's totals lie a little under the county's own population figures."""
SQUARE_MILE = 2.589988110336
MERCATOR = 1.0 / np.cos(np.radians(33.0)) ** 2
"""Web Mercator, in which the publisher measured, makes areas at this latitude so much larger."""
REGIONS = 58


def _order() -> list[int]:
    return sorted(range(len(places().name)), key=lambda k: places().name[k])


def _total(noise: str) -> Floats:
    head = places().population * SURVEY_BELOW_COUNT
    return settled(head * np.exp(0.006 * stream(noise).normal(size=len(head))), 10)


def race_file() -> Raw:
    """``csa-race.csv``: shares of five groups, the largest, and whether it is more than half."""
    where, total = places(), _total("race")
    rows: list[list[Cell]] = []
    for k in _order():
        share = {name: round(float(where.shares[name][k]), 12) for name in ("asian", "black", "hispanic", "white")}
        share["latino"] = share.pop("hispanic")
        share["other"] = round(1.0 - sum(share.values()), 12)
        names = ("asian", "black", "latino", "other", "white")
        top = max(names, key=lambda name: share[name])
        rows.append([where.name[k], float(total[k]), *(share[name] for name in names), top,
                     "TRUE" if share[top] > 0.5 else "FALSE"])  # fmt: skip
    header = ("hood.name", "total", "pct.asian", "pct.black", "pct.latino", "pct.other", "pct.white", "top.group",
              "is.majority")  # fmt: skip
    return delimited("csa_race", header, rows, {})


def poverty_file() -> Raw:
    """``csa-poverty.csv``: people whose poverty status is known, and the share of them below the line."""
    where, total = places(), _total("poverty totals") * 0.985
    rows: list[list[Cell]] = [
        [where.name[k], round(float(total[k]), 10), round(float(where.shares["poor"][k]), 12)] for k in _order()
    ]
    rows.append([None, None, None])
    return delimited("csa_poverty", ("hood.name", "total", "pct.below.poverty"), rows, {"rows_without_name": 1})


def age_file() -> Raw:
    """``csa-age-65.csv``: residents aged 65 and over."""
    where, total = places(), _total("age totals")
    rows: list[list[Cell]] = []
    for k in _order():
        share = round(float(where.shares["aged"][k]), 12)
        rows.append([where.name[k], round(float(total[k]) * share, 10), float(total[k]), share])
    rows.append(["NA"] * 4)
    return delimited("csa_age_65", ("hood.name", "gte65", "total", "pct.gte65"), rows, {"rows_without_name": 1})


def crowding_file() -> Raw:
    """``csa-crowded.csv``: homes with more than one person a room."""
    where = places()
    rows: list[list[Cell]] = []
    for k in _order():
        share, homes = round(float(where.shares["crowded"][k]), 12), round(float(where.households[k]), 10)
        rows.append([where.name[k], homes, round(homes * share, 10), share])
    rows.append(["NA"] * 4)
    return delimited("csa_crowded", ("hood.name", "total", "crowded", "pct.crowded"), rows, {"rows_without_name": 1})


def area_file() -> Raw:
    """``area.csv``: population, square miles as measured in Web Mercator, and density."""
    where = places()
    rows: list[list[Cell]] = []
    for k in _order():
        area = round(float(where.area[k] / SQUARE_MILE * MERCATOR), 10)
        rows.append([where.name[k], int(where.population[k]), area, round(float(where.population[k]) / area, 10)])
    header = ("hood.name", "population", "area", "density")
    return delimited("csa_area", header, rows, {"areas_in_web_mercator": len(rows)})


def tract_file() -> Raw:
    """``csa-tract-xwalk.csv``: share of each tract that lies in each place, with slivers along shared lines."""
    where, town = places(), vintages()
    share = where.overlap.copy()
    _add_slivers(share)
    pairs = [(town.code_2010[t], k) for k in range(len(share)) for t in np.flatnonzero(share[k])]
    codes = {code: t for t, code in enumerate(town.code_2010)}
    rows: list[list[Cell]] = [
        [where.name[k], geoid(code), _shortest(float(share[k, codes[code]]))] for code, k in sorted(pairs)
    ]
    dirt = {
        "slivers": sum(1 for row in rows if float(str(row[2])) < 0.001),
        "scientific_notation": sum(1 for row in rows if "e" in str(row[2])),
        "tracts_not_wholly_in_places": int((share.sum(axis=0) < 0.999).sum()),
    }
    return delimited("csa_tract_crosswalk", ("hood.name", "tract.fips", "pct.of.tract"), rows, dirt)


def _add_slivers(share: Floats) -> None:
    """Give tracts a trace in the places next door, taken from the place that holds them."""
    draw, near = stream("slivers"), vintages().neighbours
    lived = share.shape[1]
    added = 0
    for tract in draw.permutation(lived):
        holder = int(share[:, tract].argmax())
        kin = [int(share[:, j].argmax()) for j in near[tract] if j < lived]
        other = next((k for k in kin if share[k, tract] == 0.0), None)
        if other is None or share[holder, tract] < 0.5:
            continue
        trace = float(f"{10.0 ** -draw.uniform(3.3, 12.0):.9e}")
        share[other, tract] = trace
        share[holder, tract] = round(share[holder, tract] - trace, 14)
        added += 1
        if added == SLIVERS:
            return


def _shortest(value: float) -> str:
    """A share as the publisher's program prints it: no zero in exponents, 1 for a whole.

    >>> _shortest(5.2e-07), _shortest(1.0), _shortest(0.25)
    ('5.2e-7', '1', '0.25')
    """
    return repr(value).replace("e-0", "e-").removesuffix(".0")


def population_file() -> Raw:
    """``la_neighborhoods_population_crosswalk.csv``: each place with the larger region it is counted in.

    The population is that of the region and stands at each of its places. The
    names were read from a scanned table; a place in two jurisdictions is in it twice.
    """
    where = places()
    count = len(where.name)
    region = np.arange(count) % REGIONS
    held = np.bincount(region, weights=where.population)
    chief = [next(where.name[k] for k in range(count) if region[k] == r) for r in range(REGIONS)]
    rows: list[list[Cell]] = []
    for k in _order():
        name, kind = where.name[k], where.kind[k]
        r = int(region[k])
        full = {"city": f"{CITY} - {name}", "town": name, "rural": f"Unincorporated - {name}"}[kind]
        # Two names were typed with an extra blank, one was broken over two lines.
        full = full.replace(" - ", " -  ") if k % 37 == 5 and kind == "city" else full
        full = full.replace(" ", "\n").replace("-\n", "- ").replace("\n-", " -") if name == "Whitecap Narrows" else full
        rows.append([r + 1, int(held[r]), chief[r], misread(full), first_part(name), None])
        if name in TWO_LABELS:
            other = (r + 7) % REGIONS
            second = misread(f"Unincorporated - {name}")
            rows.append([other + 1, int(held[other]), chief[other], second, None, name])
    header = ("region_num", "population", "aggregate_region", "neighborhood", "Region", "in_two_aggregate_regions")
    dirt = {
        "region_is_blank": len(TWO_LABELS),
        "misread_names": sum(1 for row in rows if misread(str(row[3])) != str(row[3]) or "I" in str(row[3])[1:]),
        "double_blanks": sum(1 for row in rows if "  " in str(row[3])),
        "broken_lines": sum(1 for row in rows if "\n" in str(row[3])),
    }
    return delimited("covid_place_population", header, rows, dirt)
