"""Census tables and crosswalk files as datasets, with their dirt counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.sample.calibration import TOP_CODES
from analysis.sample.censuses import Carried, carried, census_1990, census_2000, old_tracts
from analysis.sample.drawing import CODED_MARGIN, NO_ESTIMATE, NO_MARGIN
from analysis.sample.names import COUNTY_FIPS, OTHER_COUNTIES, STATE_FIPS
from analysis.sample.randomness import Ints, stream
from analysis.sample.surveys import Columns, acs_2012, acs_2018, acs_2020, census_2010, codes_2010
from analysis.sample.vintages import WATER, geoid, vintages
from analysis.sample.wire import Cell, Raw, census, delimited

MEDIANS = {
    "1990": {"P080A001": "income", "H043A001": "rent", "H061A001": "value"},
    "2000": {"P053001": "income", "H063001": "rent", "H085001": "value"},
    "2012": {"B06011_001E": "income", "B25064_001E": "rent", "B25077_001E": "value"},
    "2018": {"B06011_001E": "income", "B19013_001E": "income", "B25064_001E": "rent", "B25077_001E": "value"},
}
ROWS_OF_OTHER_COUNTY = 24
"""Tracts of another county in the crosswalk files, which cover a region."""

_COLUMNS_2000 = {
    "pop_00": "P004001", "white_00": "P004005", "hu_00": "H004001", "ohu_00": "H004002", "rhu_00": "H004003",
    "total_25_00": "P037001", "male_25_col_bd_00": "P037015", "male_25_col_md_00": "P037016",
    "male_25_col_psd_00": "P037017", "male_25_col_phd_00": "P037018", "female_25_col_bd_00": "P037032",
    "female_25_col_md_00": "P037033", "female_25_col_psd_00": "P037034", "female_25_col_phd_00": "P037035",
    "mhval_00": "H085001", "mrent_00": "H063001", "hh_00": "P052001", "hinc_00": "P053001",
}  # fmt: skip
_INCOME_2000 = (10000, 15000, 20000, 25000, 30000, 35000, 40000, 45000, 50000, 60000, 75000, 100000, 125000, 150000,
                200000, 201000)  # fmt: skip
_COLUMNS_1990 = {
    "pop_90": "P0010001", "white_90": "P0120001", "hh_90": "P0050001", "total_25_col_9th_90": "P0570001",
    "total_25_col_12th_90": "P0570002", "total_25_col_hs_90": "P0570003", "total_25_col_sc_90": "P0570004",
    "total_25_col_ad_90": "P0570005", "total_25_col_bd_90": "P0570006", "total_25_col_gd_90": "P0570007",
    "mhval_90": "H061A001", "mrent_90": "H043A001", "hinc_90": "P080A001", "ohu_90": "H0080001", "rhu_90": "H0080002",
}  # fmt: skip
_INCOME_1990 = (5000, 10000, 12500, 15000, 17500, 20000, 22500, 25000, 27500, 30000, 32500, 35000, 37500, 40000, 42500,
                45000, 47500, 50000, 55000, 60000, 75000, 100000, 125000, 150000, 150001)  # fmt: skip


def census_tables() -> list[Raw]:
    """The seven tables of the Census API."""
    now, full_2000, long_2000 = codes_2010(), *census_2000()
    old, oldest = old_tracts("2000").codes, old_tracts("1990").codes
    codes_2020 = tuple(geoid(code)[5:] for code in vintages().code_2020)
    gone = {"codes_not_of_2010": len(set(vintages().code_2000) - set(now))}
    new = {"codes_of_2010_not_here": len(set(now) - set(old)), **gone}
    return [
        _sorted("sf3_1990", oldest, census_1990(), _zeros("1990", census_1990())),
        _sorted("sf1_2000", old, full_2000, new),
        _sorted("sf3_2000", old, long_2000, {**_zeros("2000", long_2000), **new}),
        census("sf1_2010", now, census_2010(), {"tracts_of_sea": len(WATER)}),
        census("acs5_2012", now, acs_2012(), _sentinels("2012", acs_2012())),
        # The survey of 2018 comes in an order of its own.
        census("acs5_2018", now, acs_2018(), _sentinels("2018", acs_2018()), turn=417),
        _sorted("acs5_2020", codes_2020, acs_2020(), {"codes_not_of_2010": len(set(codes_2020) - set(now))}),
    ]


def _sorted(dataset: str, codes: tuple[str, ...], columns: Columns, dirt: Mapping[str, Any]) -> Raw:
    order = np.argsort(np.array(codes), kind="stable")
    return census(dataset, [codes[k] for k in order], {name: values[order] for name, values in columns.items()}, dirt)


def _sentinels(period: str, columns: Columns) -> dict[str, Any]:
    """How often each sentinel and each end of a scale stands in each column."""
    out: dict[str, Any] = {}
    for name, values in sorted(columns.items()):
        for sentinel in (NO_ESTIMATE, NO_MARGIN, CODED_MARGIN):
            if (values == sentinel).any():
                out[f"{name} {sentinel}"] = int((values == sentinel).sum())
    return out | _ends(period, columns)


def _zeros(period: str, columns: Columns) -> dict[str, Any]:
    zeros = {f"{name} 0": int((columns[name] == 0).sum()) for name in MEDIANS[period]}
    return zeros | _ends(period, columns)


def _ends(period: str, columns: Columns) -> dict[str, Any]:
    ends: dict[str, Ints] = {}
    for name, field in MEDIANS[period].items():
        codes = TOP_CODES[period][field]
        ends |= {f"{name} {code}": columns[name] == code for code in (codes.top, codes.bottom)}
    return {name: int(found.sum()) for name, found in ends.items() if found.any()}


def crosswalk_files() -> list[Raw]:
    """The files that carry 1990 and 2000 to the tracts of 2010."""
    full, long = census_2000()
    names = {**_COLUMNS_2000, **{f"I_{high}_00": f"P052{k:03d}" for k, high in enumerate(_INCOME_2000, 2)}}
    file_2000 = carried("2000", {column: (full | long)[name] for column, name in names.items()})
    names = {**_COLUMNS_1990, **{f"I_{high}_90": f"P080{k:04d}" for k, high in enumerate(_INCOME_1990, 1)}}
    file_1990 = carried("1990", {column: census_1990()[name] for column, name in names.items()})
    layout_2000 = ("FIPS", *list(file_2000.columns)[:5], "state", "county", "tract", "trtid_base",
                   *list(file_2000.columns)[5:], "trtid00")  # fmt: skip
    layout_1990 = ("FIPS", *file_1990.columns, "state", "county", "tract", "trtid_base", "trtid90")
    return [
        _crosswalk("crosswalk_1990_2010", file_1990, layout_1990, int(census_1990()["P0010001"].sum())),
        _crosswalk("crosswalk_2000_2010", file_2000, layout_2000, int(full["P004001"].sum())),
    ]


def _crosswalk(dataset: str, file: Carried, layout: tuple[str, ...], people: int) -> Raw:
    rows: list[list[Cell]] = []
    for k, code in enumerate(file.codes):
        values: dict[str, Cell] = {name: float(column[k]) for name, column in file.columns.items()}
        rows.append(_line(len(rows), STATE_FIPS + COUNTY_FIPS, code, file.id_sum[k], values, layout))
    draw = stream(f"{dataset}, other county")
    for number in range(ROWS_OF_OTHER_COUNTY):
        model = int(draw.integers(len(file.codes) // 2))
        values = {name: float(round(column[model] * 0.8)) for name, column in file.columns.items()}
        code = f"{10 + number:04d}00"
        there = STATE_FIPS + OTHER_COUNTIES[0][0]
        rows.append(_line(len(rows), there, code, int(there + code), values, layout))
    dirt = {
        "rows_of_another_county": ROWS_OF_OTHER_COUNTY,
        "tracts_left_out": len(vintages().code_2010) + len(WATER) - len(file.codes),
        "tracts_of_several_old_tracts": sum(1 for total in file.id_sum if total >= 2 * 10**10 * 9),
        "medians_scaled_like_counts": int(_scaled(file)),
        "people_lost": people - round(float(file.columns[layout[1]].sum())),
    }
    return delimited(dataset, ("", *layout), rows, dirt)


def _scaled(file: Carried) -> int:
    """Tracts whose people are fractions: there the medians are no medians."""
    name = next(column for column in file.columns if column.startswith("pop"))
    return int((np.abs(file.columns[name] - np.rint(file.columns[name])) > 1e-6).sum())


def _line(
    number: int, county: str, code: str, id_sum: int, values: dict[str, Cell], layout: tuple[str, ...]
) -> list[Cell]:
    # Codes had passed through a number column: they end in .0; sums of codes look like codes and are none.
    fixed: dict[str, Cell] = {
        "FIPS": f"{county}{code}.0", "state": county[:2], "county": county[2:], "tract": code, "trtid_base": id_sum,
        "trtid00": float(id_sum), "trtid90": float(id_sum),
    }  # fmt: skip
    return [number, *(fixed[name] if name in fixed else values[name] for name in layout)]
