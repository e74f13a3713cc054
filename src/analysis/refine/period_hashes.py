"""What a table holds of each period, as one hash a period.

Whoever kept the hashes of an earlier state can tell rows that came from rows that were revised: a period that is new
was added, one that has another hash was changed. The order of rows does not count. Dated rows are grouped by month, or
by year where there would be too many months; others by the value that dates them. Hashes are compared only with those
of the same maker (library and version), since another may hash the same rows otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import duckdb

    from analysis.refine.contracts import Table

MOST = 400
"""Periods that are told apart: 33 years of months."""


def of_frame(table: Table, frame: Any) -> dict[str, Any] | None:
    """Rows and hash (16 hexadecimal digits) of each period of a table that is held in memory.

    None where no column dates the rows, where a row has no date, and where there are too many periods to tell apart.

    >>> from types import SimpleNamespace
    >>> table = SimpleNamespace(period="year", columns=("year", "rent"))
    >>> known = of_frame(table, pd.DataFrame({"year": [2000, 2001, 2000], "rent": [5.0, 6.0, 7.0]}))
    >>> {period: rows for period, (rows, _) in known["periods"].items()}
    {'2000': 2, '2001': 1}
    """
    if not table.period:
        return None
    codes, named = pd.factorize(_labels(frame[table.period]), sort=True)
    if len(named) > MOST or (codes < 0).any():
        return None
    hashes = pd.util.hash_pandas_object(_plain(frame[list(table.columns)]), index=False).to_numpy()
    order = np.argsort(codes, kind="stable")
    # A sum (here modulo 2 to the power of 64) does not depend on the order of rows, and counts equal ones.
    sums = np.add.reduceat(hashes[order], np.searchsorted(codes[order], np.arange(len(named))))
    counts = np.bincount(codes, minlength=len(named))
    return _told(f"pandas {pd.__version__}", zip(named, counts, sums, strict=True))


def _labels(values: Any) -> Any:
    if not pd.api.types.is_datetime64_any_dtype(values):
        return values.astype(str).where(values.notna())
    months = values.dt.strftime("%Y-%m")
    return months if months.nunique() <= MOST else values.dt.strftime("%Y")


def _plain(frame: Any) -> Any:
    """Outlines as bytes, which can be hashed."""
    shapes = [name for name in frame.columns if str(frame[name].dtype) == "geometry"]
    plain = pd.DataFrame(frame.drop(columns=shapes))
    for name in shapes:
        plain[name] = frame[name].to_wkb()
    return plain


def of_file(table: Table, path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """The same of a table whose rows may not fit into memory, from its Parquet file."""
    import duckdb

    if not table.period:
        return None
    dated = next(field for field in table.fields if field.name == table.period).kind == "date"
    for label in ("strftime({0}, '%Y-%m')", "strftime({0}, '%Y')") if dated else ("CAST({0} AS VARCHAR)",):
        rows = _grouped(table, path, connection, label.format(_named(table.period)))
        if any(period is None for period, _, _ in rows):
            return None
        if len(rows) <= MOST:
            return _told(f"DuckDB {duckdb.__version__}", rows)
    return None


def _grouped(table: Table, path: Path, connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(_named(name) for name in table.columns)
    query = (
        f"SELECT {label}, count(*), sum(hash({columns})) % 18446744073709551616 "
        "FROM read_parquet($file) GROUP BY 1 ORDER BY 1 NULLS FIRST LIMIT $most"
    )
    found: list[tuple[Any, ...]] = connection.execute(query, {"file": str(path), "most": MOST + 1}).fetchall()
    return found


def _told(maker: str, rows: Any) -> dict[str, Any]:
    return {"maker": maker, "periods": {str(name): [int(count), f"{int(sums):016x}"] for name, count, sums in rows}}


def _named(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
