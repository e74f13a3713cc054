"""Building refined tables: only what is stale, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from analysis.project import AnalysisError, Project
from analysis.refine.contracts import Table
from analysis.refine.freshness import parts, why_stale
from analysis.refine.holding import held
from analysis.refine.period_hashes import of_frame
from analysis.refine.profiles import ensure_profiles
from analysis.refine.registry import table_named, tables
from analysis.refine.storage import commit_table, staging_path, sweep, write_table
from analysis.refine.workbench import Shelf, Workbench

SHOWN = 5


@dataclass(frozen=True)
class TableState:
    """What happened to a table: ``fresh`` (left as it was) or ``built``, and why."""

    name: str
    state: str
    reason: str
    rows: int
    seconds: float


def refine_tables(
    project: Project,
    source: str,
    only: Sequence[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[TableState]:
    """Build the tables of a source that are stale, and the tables they rest on.

    ``only`` names tables; without it all are built, but for those whose optional
    datasets were never fetched. ``progress`` is called with the table's name, its
    number and how many there are. Returns what happened to each.
    Killed at any moment, the same call again gives the same bytes.

    Raises AnalysisError naming dataset, column and first bad rows when an input is
    missing or breaks the contract; tables built before keep their old rows then.
    """
    from analysis.refine.availability import left_out

    shelf = Shelf(project, source)
    wanted = [table for table in in_order(only) if only is not None or not left_out(shelf, table.name)]
    folder = project.processed(source)
    states = []
    with held(folder):
        sweep(folder)
        for number, table in enumerate(wanted, 1):
            if progress is not None:
                progress(table.name, number, len(wanted))
            states.append(_state(table, shelf))
        ensure_profiles(shelf, sorted({name for table in wanted for name in table.inputs}))
    return states


def refine_one(project: Project, source: str, name: str) -> TableState:
    """Build one table if it is stale, and measure the datasets it is made from; the tables it rests on are built.

    For several processes at once: whoever starts them holds the folder (:func:`held`) meanwhile.
    """
    table, shelf = table_named(name), Shelf(project, source)
    state = _state(table, shelf)
    ensure_profiles(shelf, table.inputs)
    return state


def status(project: Project, source: str) -> dict[str, str | None]:
    """By table: None when it is fresh, or why it is not; builds nothing.

    A table whose raw data were never fetched says so.
    """
    shelf = Shelf(project, source)
    found: dict[str, str | None] = {}
    for table in in_order(None):
        try:
            found[table.name] = why_stale(table, shelf)
        except AnalysisError as error:
            found[table.name] = str(error)
    return found


def in_order(only: Sequence[str] | None) -> list[Table]:
    """The named tables (all without names) with those they rest on, each after its own inputs.

    >>> [table.name for table in in_order(["tract_periods"])]
    ['tract_crosswalk', 'tract_periods']
    """
    order: dict[str, Table] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise AnalysisError(f"tables rest on each other in a circle: {' → '.join((*above, name))}")
        for needed in table_named(name).tables:
            visit(needed, (*above, name))
        order.setdefault(name, table_named(name))

    for name in only if only is not None else tables():
        visit(name, ())
    return list(order.values())


def _state(table: Table, shelf: Shelf) -> TableState:
    reason = why_stale(table, shelf)
    if reason is None:
        return TableState(table.name, "fresh", "nothing it rests on has changed", 0, 0.0)
    begun = time.perf_counter()
    rows = build_table(table, shelf)
    return TableState(table.name, "built", reason, rows, time.perf_counter() - begun)


def build_table(table: Table, shelf: Shelf) -> int:
    """Build one table, hold it against its contract, write it; returns its rows."""
    built_from = parts(table, shelf)
    bench = Workbench(table, shelf)
    if table.streamed:
        return _build_streamed(table, bench, built_from)
    frame = checked(table, table.build(bench))
    read = {name: len(shelf.raw(name)) for name in table.inputs}
    meta = _description(table, bench, built_from, len(frame), read, period_of(table, frame))
    meta["by_period"] = of_frame(table, frame)
    write_table(shelf.project, shelf.source, table, frame, meta)
    return len(frame)


def _build_streamed(table: Table, bench: Workbench, built_from: dict[str, Any]) -> int:
    from analysis.refine.streaming import write_stream

    shelf = bench.shelf
    temporary = staging_path(shelf.project, shelf.source, table.name)
    try:
        written = write_stream(table, bench, temporary)
        if not written.rows:
            raise _empty(table)
        period = _span(*written.period) if written.period else ""
        meta = _description(table, bench, built_from, written.rows, written.rows_read, period)
        meta["by_period"] = written.by_period
        commit_table(shelf.project, shelf.source, table, temporary, meta)
    finally:
        temporary.unlink(missing_ok=True)
    return written.rows


def _description(
    table: Table, bench: Workbench, built_from: dict[str, Any], rows: int, rows_read: dict[str, int], period: str
) -> dict[str, Any]:
    """What is written beside a table: where it came from and what was done to it."""
    return {
        "table": table.name,
        "title": table.title,
        "key": list(table.key),
        "rows": rows,
        "inputs": built_from["inputs"],
        "rows_read": rows_read,
        "code": built_from["code"],
        "built_from": built_from,
        "columns": table.dictionary(),
        "accounting": [asdict(tally) for tally in bench.tallies],
        "period": period,
    }


def checked(table: Table, frame: Any) -> Any:
    """The frame in the declared columns and types, after the contract has been held against it.

    Raises AnalysisError naming table, datasets, column, rule and the first bad rows.
    """
    import pandera.errors

    missing = [name for name in table.columns if name not in frame.columns]
    if missing:
        raise AnalysisError(f"table {table.name}: its module did not make the columns {', '.join(missing)}")
    frame = frame[list(table.columns)].reset_index(drop=True)
    types = {field.name: field.dtype for field in table.fields if field.kind != "geometry"}
    frame = frame.astype(types)
    if not len(frame):
        raise _empty(table)
    try:
        table.contract.validate(pd.DataFrame(frame), lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise AnalysisError(_broken(table, frame, error.failure_cases)) from None
    return frame


def _broken(table: Table, frame: Any, cases: pd.DataFrame) -> str:
    """Which rule of the contract is broken, by which rows."""
    first = cases.iloc[0]
    same = cases[(cases["column"] == first["column"]) & (cases["check"] == first["check"])]
    rows = []
    for row in list(dict.fromkeys(same["index"].dropna().astype(int)))[:SHOWN]:
        key = ", ".join(f"{name}={frame.iloc[row][name]}" for name in table.key)
        column = first["column"] if first["column"] in frame.columns else table.key[0]
        rows.append(f"{key}: {column} is {frame.iloc[row][column]!r}")
    where = f"; first rows: {'; '.join(rows)}" if rows else ""
    return (
        f"table {table.name} (from {_named(table)}): column {first['column']!r} breaks its contract "
        f"({first['check']}) in {len(same):,} rows{where}. Look at the raw rows in data/raw; if the publisher "
        f"is right, change the contract in {table.build.__module__}"
    )


def _empty(table: Table) -> AnalysisError:
    return AnalysisError(f"table {table.name}: no rows are left of {_named(table)}: fetch again, or check the filters")


def _named(table: Table) -> str:
    return ", ".join((*table.inputs, *table.tables, *table.files))


def period_of(table: Table, frame: Any) -> str:
    """First and last value of the column that dates the rows; empty where nothing does."""
    if not table.period:
        return ""
    values = frame[table.period]
    return _span(values.min(), values.max())


def _span(*ends: Any) -> str:
    first, last = (end.date().isoformat() if isinstance(end, datetime) else str(end) for end in ends)
    return first if first == last else f"{first} to {last}"
