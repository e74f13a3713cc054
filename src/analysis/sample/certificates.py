"""Certificates of occupancy of the invented city, in the layout of the extract that is held of the real ones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from analysis.sample.areas import areas
from analysis.sample.outlines import in_degrees
from analysis.sample.randomness import settled, stream
from analysis.sample.register import zip_code
from analysis.sample.tessellation import blocks
from analysis.sample.vintages import printed, vintages
from analysis.sample.wire import Raw, socrata

COLUMNS = ("cofo_number", "cofo_issue_date", "year", "latest_status", "pcis_permit", "permit_type", "permit_sub_type",
           "address", "zip_code", "of_residential_dwelling_units", "of_stories", "building_size", "zone",
           "census_tract", "lat", "lon")  # fmt: skip
COUNT = 2_000
FIRST_DAY, LAST_DAY = date(2013, 1, 2), date(2019, 4, 11)
WRONG_ZIP = 0.03
"""Share with the code of another part of the city."""
_KINDS = (("Bldg-New", "1 or 2 Family Dwelling", "R1-1", 1), ("Bldg-New", "Apartment", "R3-1", 12),
          ("Bldg-Alter/Repair", "Commercial", "C2-1", 0), ("Bldg-New", "Commercial", "C4-2", 0))  # fmt: skip


def certificate_file() -> Raw:
    """``3f9m-afei``: where building ended; one certificate stands twice, tract numbers have lost trailing zeros."""
    draw = stream("certificates of occupancy")
    ground, label = blocks(), areas()
    weight = np.where(label.in_city & (ground.use == ""), ground.people + 5.0, 0.0)
    steps = settled(np.cumsum(weight) / weight.sum(), 12)
    block = np.minimum(np.searchsorted(steps, draw.random(COUNT), side="right"), len(weight) - 1)
    spread = 0.25 * np.sqrt(ground.area[block])[:, None] * draw.uniform(-1, 1, (COUNT, 2))
    degrees = in_degrees(ground.centre[block] + spread).tolist()
    other = np.where(draw.random(COUNT) < WRONG_ZIP, draw.permutation(block), block).tolist()
    gone = draw.integers(0, (LAST_DAY - FIRST_DAY).days, COUNT)
    days = [FIRST_DAY + timedelta(int(days)) for days in np.sort(gone)]
    kinds, stories = draw.integers(0, len(_KINDS), COUNT).tolist(), draw.integers(1, 5, COUNT).tolist()
    rows: list[dict[str, Any]] = []
    for k, (east, north) in enumerate(degrees):
        kind, sub, zone, units = _KINDS[kinds[k]]
        # As a number the tract loses the zeros at its end: 1011.20 is written 1011.2.
        tract = printed(vintages().code_2010[label.tract[block[k]]])
        rows.append(
            {
                "cofo_number": str(110_000 + 7 * k), "cofo_issue_date": f"{days[k].isoformat()}T00:00:00.000",
                "year": str(days[k].year), "latest_status": "CofO Issued",
                "pcis_permit": f"{days[k].year % 100}010-10000-{k:05d}", "permit_type": kind, "permit_sub_type": sub,
                "zip_code": zip_code(other[k]), "of_residential_dwelling_units": str(units * stories[k]),
                "of_stories": str(stories[k]), "building_size": f"{units:03d} unit", "zone": zone,
                "census_tract": tract.rstrip("0") if "." in tract else tract,
                "lat": f"{north:.5f}", "lon": f"{east:.5f}",
            }
        )  # fmt: skip
    rows.append(dict(rows[COUNT // 3]))
    named = [{":id": f"row-{k:04d}.aaaa_{k:04d}", **row} for k, row in enumerate(rows)]
    lost = sum(1 for row in rows if "." in row["census_tract"] and len(row["census_tract"].split(".")[1]) == 1)
    dirt = {"certificates_twice": 1, "tracts_without_trailing_zero": lost, "zip_of_another_place": _wrong(block, other)}
    return socrata("certificates_of_occupancy", COLUMNS, named, dirt)


def _wrong(block: np.ndarray, other: list[int]) -> int:
    return sum(1 for one, two in zip(block.tolist(), other, strict=True) if zip_code(one) != zip_code(two))
