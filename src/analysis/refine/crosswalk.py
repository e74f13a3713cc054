"""The shares with which tracts of 1990 and 2000 were spread over tracts of 2010.

The Urban Displacement Project publishes values on 2010 tracts, not the shares
behind them. Every column of its files is the same sum, over the old tracts, of
share times value: thirty and more equations for the few shares of each tract. With
the old tracts' own values the shares can be solved for, and then used for what
the files got wrong (medians) or left out (any other count).

That the solution is right can be seen twice: the equations hold to the last digit
of the file, and the shares of an old tract add up to one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from analysis.refine.contracts import GEOID, GEOID_PATTERN, Field, Table
from analysis.refine.parsing import numbers, require
from analysis.refine.vintages import geoids, joined_geoids, recoded_2010

if TYPE_CHECKING:
    from analysis.methods.crosswalk_recovery import RecoveredCrosswalk
    from analysis.refine.workbench import Workbench

# The shares of an old tract should add up to one; more or less than this is said.
WHOLE = 0.01

INCOME_BOUNDS_1990 = (
    0, 5000, 10000, 12500, 15000, 17500, 20000, 22500, 25000, 27500, 30000, 32500, 35000, 37500, 40000, 42500, 45000,
    47500, 50000, 55000, 60000, 75000, 100000, 125000, 150000,
)  # fmt: skip
INCOME_BOUNDS_2000 = (
    0, 10000, 15000, 20000, 25000, 30000, 35000, 40000, 45000, 50000, 60000, 75000, 100000, 125000, 150000, 200000,
)  # fmt: skip


def bracket_bounds(lows: tuple[int, ...]) -> list[tuple[float, float]]:
    """Lower and upper bounds of brackets in dollars; the last is open (NaN).

    >>> bracket_bounds((0, 10000))
    [(0.0, 10000.0), (10000.0, nan)]
    """
    return [(float(low), float(high)) for low, high in pairwise(lows)] + [(float(lows[-1]), float("nan"))]


def _income_columns(lows: tuple[int, ...], last: int, year: str) -> tuple[str, ...]:
    # The files name a bracket by its upper bound, the open one by its lower bound and a little more.
    return tuple(f"I_{high}_{year}" for high in (*lows[1:], last))


INCOME_COLUMNS = {
    "1990": _income_columns(INCOME_BOUNDS_1990, 150001, "90"),
    "2000": _income_columns(INCOME_BOUNDS_2000, 201000, "00"),
}
INCOME_BOUNDS = {"1990": INCOME_BOUNDS_1990, "2000": INCOME_BOUNDS_2000}

# Column of the crosswalk file -> variable of the census.
PAIRS: dict[str, dict[str, str]] = {
    "1990": {
        "pop_90": "P0010001", "hh_90": "P0050001", "white_90": "P0120001", "ohu_90": "H0080001", "rhu_90": "H0080002",
        "hinc_90": "P080A001", "mhval_90": "H061A001", "mrent_90": "H043A001",
        **{
            f"total_25_col_{level}_90": f"P057{number:04d}"
            for number, level in enumerate(("9th", "12th", "hs", "sc", "ad", "bd", "gd"), 1)
        },
        **{column: f"P080{number:04d}" for number, column in enumerate(INCOME_COLUMNS["1990"], 1)},
    },
    "2000": {
        "pop_00": "P004001", "white_00": "P004005", "hu_00": "H004001", "ohu_00": "H004002", "rhu_00": "H004003",
        "total_25_00": "P037001", "hh_00": "P052001", "hinc_00": "P053001", "mhval_00": "H085001",
        "mrent_00": "H063001",
        **{
            f"{sex}_25_col_{level}_00": f"P037{first + number:03d}"
            for sex, first in (("male", 15), ("female", 32))
            for number, level in enumerate(("bd", "md", "psd", "phd"))
        },
        **{column: f"P052{number:03d}" for number, column in enumerate(INCOME_COLUMNS["2000"], 2)},
    },
}  # fmt: skip
MEDIANS = {"1990": ("hinc_90", "mhval_90", "mrent_90"), "2000": ("hinc_00", "mhval_00", "mrent_00")}
CROSSWALK = {"1990": "crosswalk_1990_2010", "2000": "crosswalk_2000_2010"}
ORIGINALS = {"1990": ("sf3_1990",), "2000": ("sf1_2000", "sf3_2000")}


def originals(bench: Workbench, vintage: str) -> pd.DataFrame:
    """The old tracts' own values as numbers, by ``geoid``; the variables that the crosswalk file spread."""
    merged: pd.DataFrame | None = None
    wanted = set(PAIRS[vintage].values())
    for dataset in ORIGINALS[vintage]:
        raw = bench.raw(dataset, ["state", "county", "tract"])
        here = [name for name in raw.columns if name in wanted]
        frame = pd.DataFrame({name: numbers(raw[name], dataset) for name in here})
        frame.insert(0, "geoid", joined_geoids(raw, dataset))
        merged = frame if merged is None else merged.merge(frame, on="geoid", validate="one_to_one")
    assert merged is not None
    require(merged, " and ".join(ORIGINALS[vintage]), sorted(wanted))
    return merged.sort_values("geoid", ignore_index=True)


def spread(bench: Workbench, vintage: str) -> pd.DataFrame:
    """The crosswalk file of one vintage for the city's county: numbers by 2010 tract, in order of the tract."""
    dataset = CROSSWALK[vintage]
    raw = bench.raw(dataset, ["FIPS", *PAIRS[vintage]])
    code = geoids(raw["FIPS"], dataset)
    here = code.str.startswith(bench.city.county_fips)
    bench.tally(dataset, "dropped", f"tract outside {bench.city.county}", code[~here], topic="outside")
    frame = pd.DataFrame({name: numbers(raw[name], dataset) for name in PAIRS[vintage]})
    frame.insert(0, "geoid", recoded_2010(code))
    moved = here & (frame["geoid"] != code)
    bench.tally(dataset, "changed", "tract code corrected by the Census Bureau after 2010", code[moved])
    return frame[here].sort_values("geoid", ignore_index=True)


def shares_of(bench: Workbench, vintage: str) -> RecoveredCrosswalk:
    """Solve for the shares of one vintage from everything that was counted (medians take no part)."""
    from analysis.methods.crosswalk_recovery import recover_weights

    counts = {column: name for column, name in PAIRS[vintage].items() if column not in MEDIANS[vintage]}
    old = originals(bench, vintage).set_index("geoid")[list(counts.values())]
    new = spread(bench, vintage).set_index("geoid")[list(counts)]
    found = recover_weights(old.set_axis(list(counts), axis=1), new)
    _count(bench, vintage, old.index, new.index, found)
    return found


def build_tract_crosswalk(bench: Workbench) -> pd.DataFrame:
    """Shares of the tracts of 1990 and 2000 in the tracts of 2010."""
    parts = []
    for vintage in PAIRS:
        found = shares_of(bench, vintage).weights
        # Eight digits: what the file's own rounding allows.
        share = found["weight"].round(8).clip(upper=1.0)
        part = pd.DataFrame({"source_geoid": found["source"], "geoid": found["target"], "share": share})
        part.insert(0, "vintage", vintage)
        parts.append(part[part["share"] > 0])
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["vintage", "source_geoid", "geoid"], ignore_index=True)


def _count(bench: Workbench, vintage: str, old: pd.Index, new: pd.Index, found: RecoveredCrosswalk) -> None:
    dataset = CROSSWALK[vintage]
    lost = set(found.unrecovered)
    bench.tally(dataset, "kept", "tract whose shares were recovered exactly", new.difference(sorted(lost)))
    reason = "tract whose shares cannot be recovered: parts of tracts outside the county went into it"
    bench.tally(dataset, "flagged", reason, sorted(lost))
    total = found.source_totals.reindex(old).fillna(0.0)
    whole = (total - 1).abs() <= WHOLE
    bench.tally(dataset, "kept", f"tract of {vintage} whose shares add up to 1 within 1 percent", old[whole])
    bench.tally(dataset, "flagged", f"tract of {vintage} whose shares do not add up to 1 within 1 percent", old[~whole])


TABLES = (
    Table(
        name="tract_crosswalk",
        title="Shares of the tracts of 1990 and 2000 in the tracts of 2010",
        key=("vintage", "source_geoid", "geoid"),
        fields=(
            Field("vintage", "text", "Census whose tracts are carried over", "label", choices=("1990", "2000")),
            Field("source_geoid", "text", "Tract of that census, 11 characters", "code", pattern=GEOID_PATTERN),
            GEOID,
            Field("share", "number", "Share of the old tract's people and homes that went into the 2010 tract",
                  "share", "people and homes of the old tract", minimum=0, maximum=1),
        ),
        build=build_tract_crosswalk,
        inputs=("crosswalk_1990_2010", "crosswalk_2000_2010", "sf1_2000", "sf3_1990", "sf3_2000"),
        period="vintage",
    ),
)  # fmt: skip
