"""A table piece by piece: each piece is held against the contract, then written as row groups of one size.

The same rules as the contract of a table that is built whole, read from the same
declaration. Row groups have a fixed number of rows wherever the pieces begin and
end, so the same rows make the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.project import AnalysisError
from analysis.refine.contracts import Field, Table

ROW_GROUP = 122_880
"""Rows of a row group: what DuckDB reads at a time, and some ten megabytes of a wide table."""
SHOWN = 5

_TYPES = {
    "text": pa.string(),
    "date": pa.timestamp("us"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "truth": pa.bool_(),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table as Arrow types.

    Raises AnalysisError for a table with outlines, which is always built whole.
    """
    if any(column.kind == "geometry" for column in table.fields):
        raise AnalysisError(f"table {table.name}: a table with outlines cannot be built piece by piece")
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table.fields])


def check(table: Table, batch: pa.Table) -> None:
    """Hold rows against the contract of the table, except that keys differ from piece to piece.

    Raises AnalysisError naming table, datasets, column, rule and the first bad rows.
    """
    for column in table.fields:
        values = batch.column(column.name)
        for rule, bad in _broken(column, values):
            if count := pc.sum(bad).as_py():
                raise AnalysisError(_message(table, batch.filter(bad), column.name, rule, count))


def _broken(column: Field, values: Any) -> Iterator[tuple[str, Any]]:
    """Each rule of a column, and which rows break it; a missing value breaks only the first."""
    missing = pc.is_null(values, nan_is_null=True)
    if not column.nullable and (values.null_count or column.kind == "number"):
        yield "not_nullable", missing
    rules: list[tuple[str, Any]] = []
    if column.choices:
        rules.append((f"isin({list(column.choices)})", pc.is_in(values, pa.array(column.choices))))
    if column.pattern:
        pattern = f"^(?:{column.pattern})"
        rules.append((f"str_matches({column.pattern!r})", pc.match_substring_regex(values, pattern)))
    if column.minimum is not None:
        rules.append((f"greater_than_or_equal_to({column.minimum})", pc.greater_equal(values, column.minimum)))
    if column.maximum is not None:
        rules.append((f"less_than_or_equal_to({column.maximum})", pc.less_equal(values, column.maximum)))
    for rule, good in rules:
        yield rule, pc.and_not(pc.invert(pc.fill_null(good, True)), missing)


def _message(table: Table, bad: pa.Table, column: str, rule: str, count: int) -> str:
    shown = bad.select(list(dict.fromkeys((*table.key, column)))).slice(0, SHOWN).to_pylist()
    rows = [f"{', '.join(f'{name}={row[name]}' for name in table.key)}: {column} is {row[column]!r}" for row in shown]
    return (
        f"table {table.name} (from {', '.join((*table.inputs, *table.tables, *table.files))}): column {column!r} "
        f"breaks its contract ({rule}) in at least {count:,} rows; first rows: {'; '.join(rows)}. Look at the raw "
        f"rows in data/raw; if the publisher is right, change the contract in {table.build.__module__}"
    )


class RowGroups:
    """A Parquet file that is written as rows come; with ``with`` it is closed, whole or not.

    Text other than the key is coded by a dictionary, which the key would only overflow.
    One thread of its own encodes and compresses, in order, while the next rows are made.
    """

    def __init__(self, path: Path, table: Table) -> None:
        self.schema = arrow_schema(table)
        coded = [column.name for column in table.fields if column.kind == "text" and column.name not in table.key]
        self._writer = pq.ParquetWriter(path, self.schema, compression="zstd", use_dictionary=coded or False)
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._waiting: list[pa.Table] = []
        self.rows = 0

    def __enter__(self) -> RowGroups:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write(all_of_it=True)
                self._written()
        finally:
            self._thread.shutdown()
            self._writer.close()

    def add(self, rows: pa.Table) -> None:
        """Take rows in the columns and types of the table; whole row groups are written at once."""
        self._waiting.append(rows)
        self.rows += rows.num_rows
        if sum(each.num_rows for each in self._waiting) >= ROW_GROUP:
            self._write(all_of_it=False)

    def _write(self, all_of_it: bool) -> None:
        rows = pa.concat_tables([self.schema.empty_table(), *self._waiting])
        end = rows.num_rows if all_of_it else rows.num_rows - rows.num_rows % ROW_GROUP
        if end:
            # At most one piece waits, or a slow disk would fill the memory.
            self._written()
            self._writing = self._thread.submit(self._writer.write_table, rows.slice(0, end), ROW_GROUP)
        self._waiting = [rows.slice(end)]

    def _written(self) -> None:
        """Wait for what is being written; an error of the writing is raised here."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None
