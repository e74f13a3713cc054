"""Hashes by period tell rows that came from rows that were revised, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.refine.building import refine_tables
from analysis.refine.contracts import Field, Table
from analysis.refine.period_hashes import MOST, of_file, of_frame
from analysis.refine.storage import read_meta
from refine_desk import Desk

FIELDS = (
    Field("day", "date", "Day", "date"),
    Field("place", "text", "Place", "name", nullable=True),
    Field("cases", "number", "Cases", "cases", nullable=True),
)
TABLE = Table("cases", "Cases", ("day", "place"), FIELDS, lambda bench: None, period="day")


def frame(days: int = 60, start: str = "2020-01-01") -> pd.DataFrame:
    """Two places a day, one of them sometimes without a name, one value missing."""
    day = pd.date_range(start, periods=days).repeat(2).astype("datetime64[us]")
    found = pd.DataFrame({"day": day, "place": pd.array(["Aldea", None] * days, dtype="str")})
    found["cases"] = np.arange(len(found), dtype="float64")
    found.loc[3, "cases"] = np.nan
    return found


def hashed(rows: pd.DataFrame, how: str, folder: Path, table: Table = TABLE) -> dict[str, list] | None:
    if how == "frame":
        known = of_frame(table, rows)
    else:
        path = folder / "rows.parquet"
        rows.to_parquet(path, index=False)
        with duckdb.connect() as connection:
            known = of_file(table, path, connection)
    return None if known is None else known["periods"]


@pytest.mark.parametrize("how", ["frame", "file"])
def test_a_period_differs_exactly_when_one_of_its_rows_does(how: str, tmp_path: Path) -> None:
    rows = frame()
    before = hashed(rows, how, tmp_path)
    assert {period: count for period, (count, _) in before.items()} == {"2020-01": 62, "2020-02": 58}
    assert hashed(rows.sample(frac=1, random_state=1), how, tmp_path) == before, "the order of rows does not count"
    later = pd.concat([rows, frame(3, "2020-03-01")])
    after = hashed(later, how, tmp_path)
    assert {period: after[period] for period in before} == before, "rows that came change no earlier period"
    assert after["2020-03"][0] == 6
    for column, value in (("cases", 999.0), ("place", "Bahía")):
        revised = rows.copy()
        revised.loc[70, column] = value
        now = hashed(revised, how, tmp_path)
        assert now["2020-01"] == before["2020-01"]
        assert now["2020-02"] != before["2020-02"]
    swapped = rows.copy()
    swapped.loc[[0, 2], "cases"] = swapped.loc[[2, 0], "cases"].to_numpy()
    assert hashed(swapped, how, tmp_path) != before, "values that change places among rows are a revision"


@pytest.mark.parametrize("how", ["frame", "file"])
def test_years_where_there_are_too_many_months_and_nothing_where_dates_are_missing(how: str, tmp_path: Path) -> None:
    months = pd.date_range("1970-01-01", periods=MOST + 8, freq="MS").astype("datetime64[us]")
    long = pd.DataFrame({"day": months, "place": pd.array(["Aldea"] * len(months), dtype="str"), "cases": 1.0})
    assert next(iter(hashed(long, how, tmp_path))) == "1970"
    gap = frame()
    gap.loc[5, "day"] = pd.NaT
    assert hashed(gap, how, tmp_path) is None
    undated = Table("cases", "Cases", ("day", "place"), FIELDS, lambda bench: None)
    assert hashed(frame(), how, tmp_path, undated) is None


def test_both_ways_count_the_same_rows_of_the_same_periods(tmp_path: Path) -> None:
    counted = [{period: n for period, (n, _) in hashed(frame(), how, tmp_path).items()} for how in ("frame", "file")]
    assert counted[0] == counted[1]


def test_a_table_says_what_it_holds_of_each_period(desk: Desk) -> None:
    refine_tables(desk.project, "live", ["prices"])
    meta = read_meta(desk.project, "live", "prices")
    by_year = meta["by_period"]["periods"]
    assert sum(rows for rows, _ in by_year.values()) == meta["rows"]
    assert min(by_year) == meta["period"][:4]
