"""Map layers in the formats of the county's and the city's feature services."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import shapely

from analysis.sample.areas import DISTRICTS, NEIGHBORHOODS
from analysis.sample.names import COUNCIL_MEMBERS, NEW_NEIGHBORHOOD, REGIONS
from analysis.sample.names import NEIGHBORHOODS as NAMES
from analysis.sample.outlines import in_metres, outlines
from analysis.sample.randomness import settled, stream
from analysis.sample.statistical_areas import SQUARE_MILE
from analysis.sample.vintages import WATER, geoid, vintages
from analysis.sample.wire import Cell, Raw, features

TWICE = "Kestrel Bluffs"
"""A council whose row stands twice in the edition of 2020, with the same OBJECTID."""
FOLDER = "2018 Maps/2018 Bylaw Amendments/Boundary Adjustments"


def tract_layer() -> Raw:
    """Tracts of 2010 on the county's server; those of nothing but sea are missing."""
    shapes, codes = outlines().tracts, vintages().code_2010
    flat = in_metres(shapes)
    order = stream("order of tracts").permutation(len(shapes))
    records: list[dict[str, Cell]] = []
    for number, k in enumerate(order, 1):
        middle = shapely.centroid(flat[k])
        records.append(
            {
                "OBJECTID": number, "GEOID10": geoid(codes[k]), "CT10": codes[k],
                "LABEL": f"{codes[k][:4]}.{codes[k][4:]}",
                "X_Center": round(middle.x, 1), "Y_Center": round(middle.y, 1),
                "Shape_STAr": round(flat[k].area, 3), "Shape_STLe": round(flat[k].length, 3),
            }
        )  # fmt: skip
    dirt = {"tracts_without_shape": [geoid(code) for code in WATER]}
    shuffled = list(shapes[order])
    return features("tract_shapes_2010", records, shuffled, key="OBJECTID", page=1000, server=True, dirt=dirt)


def district_layer() -> Raw:
    """Council districts; DISTRICT is text and the rows are in no order of it."""
    shapes = outlines().districts
    flat = in_metres(shapes)
    records: list[dict[str, Cell]] = []
    order = stream("order of districts").permutation(DISTRICTS)
    for number, k in enumerate(order, 1):
        area, length = round(flat[k].area, 3), round(flat[k].length, 3)
        records.append(
            {
                "OBJECTID": number, "AREA": area, "PERIMETER": length, "CDMEMBER": COUNCIL_MEMBERS[k],
                "DISTRICT": str(k + 1), "SQ_MI": f"{flat[k].area / 1e6 / SQUARE_MILE:.2f}", "SHADESYM": 10,
                "Revised": "07/02/2012", "Comments": "ORD 990012", "SHAPE_Leng": length, "SHAPE_Area": area,
            }
        )  # fmt: skip
    return features(
        "council_districts_2012", records, list(shapes[order]), key="OBJECTID", page=2000, dirt={"number_is_text": 15}
    )


def council_layer_2018() -> Raw:
    """Neighbourhood councils of 2018, 50 a page, by name only."""
    shapes = outlines().neighborhoods
    flat = in_metres(shapes)
    order = sorted(range(NEIGHBORHOODS), key=lambda k: NAMES[k])
    records: list[dict[str, Cell]] = [
        {
            "FID": number, "Name": NAMES[k], "FolderPath": FOLDER, "SymbolID": number - 1, "AltMode": 0, "Base": 0,
            "Clamped": -1, "Extruded": 0, "Snippet": " ", "PopupInfo": _home(NAMES[k]),
            "Shape_Leng": round(shapes[k].length, 10), "Shape_Area": round(shapes[k].area, 10),
            "Shape__Area": round(flat[k].area, 3), "Shape__Length": round(flat[k].length, 3),
        }
        for number, k in enumerate(order, 1)
    ]  # fmt: skip
    return features(
        "neighborhood_councils_2018", records, [shapes[k] for k in order], key="FID", page=50,
        dirt={"names_without_number": len(records)},
    )  # fmt: skip


def council_layer_2020() -> Raw:
    """Neighbourhood councils of 2020: one new, one twice, two without the columns that were joined on."""
    shapes = outlines().neighborhoods_2020
    flat = in_metres(shapes)
    names = (*NAMES, NEW_NEIGHBORHOOD)
    order = [int(k) for k in stream("order of councils").permutation(len(shapes))]
    bare = order[20:22]
    records: list[dict[str, Cell]] = []
    rows: list[int] = []
    for k in order:
        for _ in range(2 if names[k] == TWICE else 1):
            rows.append(k)
            records.append(_council(k, len(rows), sorted(names).index(names[k]) + 1, names[k], shapes, flat, k in bare))
    dirt = {"names_twice": 1, "object_ids_twice": 1, "rows_without_region": len(bare), "councils_new_since_2018": 1}
    return features("neighborhood_councils_2020", records, [shapes[k] for k in rows], key="FID", page=2000, dirt=dirt)


def _council(
    k: int, fid: int, number: int, name: str, shapes: np.ndarray, flat: np.ndarray, bare: bool
) -> dict[str, Cell]:
    middle = shapely.centroid(shapes[k])
    region = REGIONS[_region(middle.x, middle.y)]
    mark = sha256(name.encode()).hexdigest().upper()
    area, length = round(flat[k].area, 6), round(flat[k].length, 6)
    certified = int(datetime(2002 + number % 14, 1 + number % 12, 8, tzinfo=UTC).timestamp()) * 1000
    joined: dict[str, Cell] = {
        "name_2": f"{name.upper()} NC", "waddress": None if number % 9 == 4 else _home(name), "certified": certified,
        "objectid_2": str(number), "service_re": f"REGION {_region(middle.x, middle.y) + 1} - {region[0]}",
        "nc_id": str(200 + number), "dwebsite": _home(name), "nameshort": name, "region": region[1],
    }  # fmt: skip
    return {
        "FID": fid, "OBJECTID": number, "Name": name, "FolderPath": FOLDER, "SymbolID": number, "AltMode": 0,
        "Base": 0.0, "Clamped": -1, "Extruded": 0, "Snippet": " ", "PopupInfo": _home(name),
        "Shape_Leng": round(shapes[k].length, 10), "Shape__Area": area, "Shape__Length": length,
        "GlobalID": f"{{{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:32]}}}", "Shape_Length": length,
        "Shape_Area": area, **(dict.fromkeys(joined) if bare else joined),
    }  # fmt: skip


def _region(longitude: float, latitude: float) -> int:
    """Position in REGIONS of the service region a point is in."""
    east, north = float(settled(np.array(longitude + 128.0), 6)), float(settled(np.array(latitude - 33.0), 6))
    if north > 0.068:
        return 0 if east < -0.03 else 1
    if north > 0.03:
        return 2
    if north < -0.05:
        return 6
    return 3 if east < -0.06 else 5 if east > 0.03 else 4


def _home(name: str) -> str:
    """An address that can never exist.

    >>> _home("Harbor 1")
    'https://sample.invalid/nc/harbor-1'
    """
    return "https://sample.invalid/nc/" + name.lower().replace(" ", "-")
