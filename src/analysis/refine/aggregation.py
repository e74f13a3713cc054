"""Groups and counts over tables too large for a frame, written once for every engine.

An aggregation is an Ibis expression: a function from a table to a table. Here it runs on
DuckDB over the Parquet file, piece by piece; the same function runs on a table of the same
columns in PostgreSQL, Spark or BigQuery. Why Ibis, and how to point it elsewhere:
``docs/scaling.md``.

So that every engine gives the same figures, expressions count and add whole numbers;
means and shares are formed from those afterwards, in the frame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.project import AnalysisError
from analysis.sources.streaming import engine

if TYPE_CHECKING:
    import ibis

_PIECE = 65_536


@contextmanager
def on_parquet(path: Path) -> Iterator[ibis.Table]:
    """A refined table on disk as an expression on DuckDB; the engine is closed at the end."""
    import ibis

    with engine(path.parent) as connection:
        yield ibis.duckdb.from_connection(connection).read_parquet(path)


@contextmanager
def on_server(url_variable: str, table: str) -> Iterator[ibis.Table]:
    """A table on a server as an expression there; the connection is closed at the end.

    The address stands in the environment variable, as for a database dataset:
    ``postgres://user@host/database``, ``bigquery://project/dataset`` or whatever
    ``ibis.connect`` knows and is installed.

    Raises AnalysisError when the variable is not set.
    """
    import ibis

    url = os.environ.get(url_variable)
    if not url:
        raise AnalysisError(f"{url_variable} is not set: put the address of the database there, not into a file")
    backend = ibis.connect(url)
    try:
        yield backend.table(table)
    finally:
        backend.disconnect()


def collected(expression: ibis.Table, key: Sequence[str]) -> pd.DataFrame:
    """The result as a frame in the order of its key, the same from every engine.

    Whole numbers are int64, moments datetime64[us] without a zone, texts str; text is
    ordered by code point, whatever collation a server has.
    """
    arrow = expression.to_pyarrow()
    frame: pd.DataFrame = arrow.to_pandas()
    for name, kind in expression.schema().items():
        if kind.is_integer() and not frame[name].isna().any():
            frame[name] = frame[name].astype("int64")
        elif kind.is_timestamp() or kind.is_date():
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif kind.is_string():
            frame[name] = frame[name].astype("str")
    return frame.sort_values(list(key), ignore_index=True)


def seconds_between(start: Any, end: Any) -> Any:
    """Whole seconds from one moment to another, as every engine counts them."""
    return end.epoch_seconds().cast("int64") - start.epoch_seconds().cast("int64")


def copy_to_server(path: Path, url_variable: str, table: str) -> int:
    """Copy a refined table into a new table on a server, piece by piece; returns its rows.

    For trials and small warehouses; a large one loads the Parquet file itself.
    Raises AnalysisError when the variable is not set.
    """
    import ibis
    import pyarrow.parquet as pq

    url = os.environ.get(url_variable)
    if not url:
        raise AnalysisError(f"{url_variable} is not set: put the address of the database there, not into a file")
    source = pq.ParquetFile(path)
    backend = ibis.connect(url)
    try:
        backend.create_table(table, schema=ibis.Schema.from_pyarrow(source.schema_arrow))
        for batch in source.iter_batches(_PIECE):
            backend.insert(table, ibis.memtable(batch.to_pandas(), schema=ibis.Schema.from_pyarrow(batch.schema)))
    finally:
        backend.disconnect()
    return int(source.metadata.num_rows)
