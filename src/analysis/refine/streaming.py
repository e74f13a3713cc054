"""Tables whose raw data do not fit into memory: read, cleaned, checked and written piece by piece.

A table is built this way when it is declared ``streamed``: its ``build`` then gives a
:class:`Stream`, which says in SQL what becomes of the text, and by which rules rows
are dropped, changed or flagged. The raw parts are read once. Rows that stay are put down
beside the table; when all are there it is known which repeat a key, and the others are
placed, checked and written. What stays in memory is a piece of rows, eight bytes for
each row, and the outlines of the areas.

Rows keep the order of the flows, parts and lines. So the same raw bytes give the same
file, however many processors read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.methods.point_in_polygon import AreaIndex
from analysis.project import AnalysisError
from analysis.refine.batches import ROW_GROUP, RowGroups, arrow_schema, check
from analysis.refine.expressions import CLEAN, RAW
from analysis.refine.period_hashes import of_file
from analysis.refine.repeats import RowLog
from analysis.sources.streaming import engine, named, raw_query

if TYPE_CHECKING:
    import duckdb

    from analysis.refine.contracts import Table
    from analysis.refine.workbench import Workbench

SHOWN = 5
MOST_MARKS = 62
_MARKED = ("changed", "flagged")
_LOSES = ("dropped", "refused")


@dataclass(frozen=True)
class Rule:
    """Rows that an SQL condition picks, and what is done with them.

    ``action`` is dropped (the first such rule that holds counts the row), changed or
    flagged (the row stays; its values say what was done), or refused: such a row was
    not foreseen and stops the build. The condition speaks of ``raw`` (text as published)
    and ``clean`` (the columns of the flow).
    """

    action: str
    reason: str
    where: str
    topic: str = ""


@dataclass(frozen=True)
class Flow:
    """One raw dataset on its way into a table: the raw columns it reads, an SQL expression for each column, rules."""

    dataset: str
    reads: tuple[str, ...]
    columns: Mapping[str, str]
    rules: tuple[Rule, ...] = ()

    def from_clause(self, raw: str) -> str:
        """Text and values side by side, for any query over the flow."""
        values = ", ".join(f"{expression} AS {named(name)}" for name, expression in self.columns.items())
        return f"FROM ({raw}) AS {RAW}, LATERAL (SELECT {values}) AS {CLEAN}"

    def verdict(self) -> str:
        """SQL for the number of the first rule by which a row is lost, counted from 1; 0 for none."""
        cases = " ".join(f"WHEN {rule.where} THEN {number}" for number, rule in self.numbered(_LOSES))
        return f"CAST(CASE {cases} ELSE 0 END AS UTINYINT)" if cases else "CAST(0 AS UTINYINT)"

    def marks(self) -> str:
        """SQL for a number whose bits say which of the rules that keep a row hold."""
        bits = [f"CASE WHEN {rule.where} THEN {1 << number} ELSE 0 END" for number, rule in self.numbered(_MARKED)]
        return f"CAST({' + '.join(bits) or '0'} AS BIGINT)"

    def numbered(self, actions: tuple[str, ...]) -> list[tuple[int, Rule]]:
        """The rules of these actions with their numbers, counted from 1 among all rules."""
        return [(number, rule) for number, rule in enumerate(self.rules, 1) if rule.action in actions]


@dataclass(frozen=True)
class Placing:
    """A column that says in which area a row's point lies; missing where it lies in none.

    ``table`` is a refined table with outlines in EPSG:4326, ``code`` its column that is taken.
    Rows that have a point and lie in no area are flagged with ``outside``.
    """

    table: str
    code: str
    outside: str
    longitude: str = "longitude"
    latitude: str = "latitude"


@dataclass(frozen=True)
class Stream:
    """How a table is built piece by piece: flows in order, columns from places, and which row of a key stays.

    Of rows with the same key the one with the largest ``latest`` stays, and is counted
    with ``repeat`` as reason. Without ``latest`` a key that stands twice breaks the contract.
    """

    flows: tuple[Flow, ...]
    placings: Mapping[str, Placing] = field(default_factory=dict)
    latest: str = ""
    repeat: str = "the same key again: the row updated last is kept"


@dataclass(frozen=True)
class Written:
    """What a build wrote: rows, raw rows by dataset, first and last value of the column that dates the rows.

    ``by_period`` are the hashes of :mod:`analysis.refine.period_hashes`.
    """

    rows: int
    rows_read: dict[str, int]
    period: tuple[Any, Any] | None
    by_period: dict[str, Any] | None


def write_stream(table: Table, bench: Workbench, path: Path) -> Written:
    """Build a streamed table into a new Parquet file at ``path``; counts go to the bench.

    Raises AnalysisError naming table, datasets and first bad rows when raw parts are damaged
    or cannot be read, a row is refused, or rows break the contract.
    """
    plan: Any = table.build(bench)
    _check_plan(table, plan)
    for flow in plan.flows:
        bench.verified(flow.dataset)
    import duckdb

    try:
        with engine(path.parent) as connection:
            return _Passes(table, bench, plan, connection, path).run()
    except duckdb.Error as error:
        names = ", ".join(flow.dataset for flow in plan.flows)
        raise AnalysisError(
            f"table {table.name} (from {names}): the raw parts cannot be read piece by piece: {error}"
        ) from None


def _check_plan(table: Table, plan: Any) -> None:
    """Raise AnalysisError when a stream does not make exactly the columns that the table declares."""
    if not isinstance(plan, Stream):
        raise AnalysisError(f"table {table.name} is declared streamed: its build has to give a Stream")
    for flow in plan.flows:
        made = {*flow.columns, *plan.placings}
        wrong = sorted(made ^ set(table.columns))
        if wrong:
            raise AnalysisError(
                f"table {table.name}: the flow of {flow.dataset} and the declared columns differ: {', '.join(wrong)}"
            )
        unknown = sorted({rule.action for rule in flow.rules} - {*_MARKED, *_LOSES})
        if unknown or len(flow.rules) > MOST_MARKS:
            raise AnalysisError(
                f"table {table.name}: the rules of {flow.dataset} must be at most {MOST_MARKS}, each "
                f"{', '.join((*_MARKED, *_LOSES))}; found {len(flow.rules)} and {', '.join(unknown) or 'no other'}"
            )


@dataclass
class _Counts:
    """Rows of a flow by rule, with the keys of the first ones."""

    rows: dict[int, int] = field(default_factory=dict)
    examples: dict[int, list[str]] = field(default_factory=dict)

    def note(self, number: int, where: NDArray[np.bool_], keys: Any, start: int) -> None:
        """Count the rows of a batch for which a rule holds; a row without a key is named by its number."""
        count = int(np.count_nonzero(where))
        if not count:
            return
        self.rows[number] = self.rows.get(number, 0) + count
        known = self.examples.setdefault(number, [])
        for row in np.flatnonzero(where)[: SHOWN - len(known)].tolist():
            named_by = [column[row].as_py() for column in keys]
            known.append(f"row {start + row + 1}" if None in named_by else " ".join(str(each) for each in named_by))


@dataclass
class _Passes:
    """The two passes of one build: over the raw parts, and over the rows that stay."""

    table: Table
    bench: Workbench
    plan: Stream
    connection: duckdb.DuckDBPyConnection
    path: Path

    def run(self) -> Written:
        log = RowLog(self.path.with_name(f".rows{self.path.name}"), self.table.key, self.plan.latest)
        counts = [_Counts() for _ in self.plan.flows]
        rows_read, ends = {}, []
        try:
            for flow, counted in zip(self.plan.flows, counts, strict=True):
                rows_read[flow.dataset] = self._put_down(flow, log, counted)
                ends.append(log.rows)
            log.close()
            written, period = self._write(log, counts, ends)
        finally:
            log.close()
            log.path.unlink(missing_ok=True)
        for flow, counted in zip(self.plan.flows, counts, strict=True):
            self._tally(flow, counted)
        return Written(written, rows_read, period, of_file(self.table, self.path, self.connection))

    def _put_down(self, flow: Flow, log: RowLog, counts: _Counts) -> int:
        """First pass: type the rows of a flow, count those that are lost, put down the others; returns the raw rows."""
        held = [name for name in self.table.columns if name not in self.plan.placings]
        values = ", ".join(f"{CLEAN}.{named(name)}" for name in held)
        hashed = ", ".join(f"{CLEAN}.{named(name)}" for name in self.table.key)
        select = f'{values}, {flow.marks()} AS ":marks", {flow.verdict()} AS ":verdict", hash({hashed}) AS ":hash"'
        typed = arrow_schema(self.table)
        schema = pa.schema([*(typed.field(name) for name in held), (":marks", pa.int64())])
        read = 0
        for batch in self._batches(flow, select):
            verdict = batch.column(":verdict").to_numpy(zero_copy_only=False)
            keys = [batch.column(name) for name in self.table.key]
            for number, rule in flow.numbered(_LOSES):
                counts.note(number, verdict == number, keys, read)
                if rule.action == "refused" and number in counts.rows:
                    raise self._refusal(flow, rule, counts.examples[number])
            stays = verdict == 0
            hashes = batch.column(":hash").to_numpy(zero_copy_only=False)[stays]
            kept = batch.filter(pa.array(stays)) if len(hashes) < len(stays) else batch
            log.add(kept.select(schema.names).cast(schema), hashes.astype(np.uint64))
            read += batch.num_rows
        self._complete(flow, read)
        return read

    def _batches(self, flow: Flow, select: str) -> Iterator[pa.RecordBatch]:
        shelf = self.bench.shelf
        folder = shelf.project.raw(shelf.source, flow.dataset)
        raw = raw_query(shelf.catalog[flow.dataset], shelf.manifest(flow.dataset), folder, flow.reads)
        yield from self.connection.sql(f"SELECT {select} {flow.from_clause(raw)}").to_arrow_reader(ROW_GROUP)

    def _write(self, log: RowLog, counts: list[_Counts], ends: list[int]) -> tuple[int, tuple[Any, Any] | None]:
        """Second pass: leave out rows that repeat a key, place the others, check and write them."""
        repeated, period, start = self._repeated(log, ends), _Ends(self.table.period), 0
        with RowGroups(self.path, self.table) as out:
            for batch in log.read():
                number = int(np.searchsorted(ends, start, side="right"))
                rows = self._rows(self.plan.flows[number], batch, repeated, start, counts[number])
                check(self.table, rows)
                period.widen(rows)
                out.add(rows)
                start += batch.num_rows
        return out.rows, period.found

    def _repeated(self, log: RowLog, ends: list[int]) -> NDArray[np.int64]:
        """Positions of the rows that give way to another of the same key; they are counted by dataset."""
        repeats, key = log.repeats(), self.table.key
        names = [flow.dataset for flow in self.plan.flows]
        if len(repeats) and not self.plan.latest:
            shown = "; ".join(", ".join(f"{n}={row[n]}" for n in key) for row in repeats.head(SHOWN).to_dict("records"))
            raise AnalysisError(
                f"table {self.table.name} (from {', '.join(names)}): the key {', '.join(key)} stands again in "
                f"{len(repeats):,} rows: {shown}. Name the column that decides as 'latest' of its stream"
            )
        positions = repeats["position"].to_numpy()
        owner = np.searchsorted(ends, positions, side="right")
        for number, dataset in enumerate(names):
            here = repeats[owner == number]
            examples = [" ".join(map(str, row)) for row in here[list(key)].head(SHOWN).to_numpy()]
            self.bench.count(dataset, "dropped", self.plan.repeat, len(here), examples, topic="repeat")
        return positions

    def _rows(
        self, flow: Flow, batch: pa.RecordBatch, repeated: NDArray[np.int64], start: int, counts: _Counts
    ) -> pa.Table:
        """The rows of a batch that stay, with their areas; what was changed or flagged is counted."""
        low, high = np.searchsorted(repeated, (start, start + batch.num_rows))
        stays = np.ones(batch.num_rows, dtype=np.bool_)
        stays[repeated[low:high] - start] = False
        rows = pa.table(batch).filter(pa.array(stays))
        keys = [rows.column(name) for name in self.table.key]
        marks = rows.column(":marks").to_numpy()
        for number, _ in flow.numbered(_MARKED):
            counts.note(number, marks & (1 << number) != 0, keys, start)
        for number, (name, placing) in enumerate(self.plan.placings.items(), len(flow.rules) + 1):
            found, outside = self._placed(placing, rows)
            rows = rows.append_column(name, found)
            counts.note(number, outside, keys, start)
        return rows.select(self.table.columns)

    def _placed(self, placing: Placing, rows: pa.Table) -> tuple[pa.Array, NDArray[np.bool_]]:
        """The area's code for each row, and which rows have a point that lies in no area."""
        index, codes = self._areas[placing]
        x, y = (rows.column(name).to_numpy().astype(np.float64) for name in (placing.longitude, placing.latitude))
        place = index.locate(x, y)
        nowhere = place < 0
        return codes.take(pa.array(place, mask=nowhere)), nowhere & np.isfinite(x) & np.isfinite(y)

    @cached_property
    def _areas(self) -> dict[Placing, tuple[AreaIndex, pa.Array]]:
        import shapely

        found = {}
        for placing in self.plan.placings.values():
            areas = self.bench.refined(placing.table)
            index = AreaIndex(shapely.make_valid(areas.geometry.to_numpy()))
            found[placing] = index, pa.array(areas[placing.code].tolist(), pa.string())
        return found

    def _refusal(self, flow: Flow, rule: Rule, examples: list[str]) -> AnalysisError:
        return AnalysisError(
            f"{flow.dataset}: {rule.reason} (first rows: {', '.join(examples)}): the publisher changed the format, or "
            f"a new way of saying 'missing' has to be declared in {self.table.build.__module__}"
        )

    def _complete(self, flow: Flow, rows: int) -> None:
        """Raise AnalysisError when fewer or more rows were read than were fetched."""
        manifest = self.bench.shelf.manifest(flow.dataset)
        promised = sum(part.rows for part in manifest.parts)
        if rows != promised:
            raise AnalysisError(
                f"{flow.dataset}: {rows:,} rows were read, {promised:,} were fetched: the parts are not what the "
                "catalogue says about delimiter, quotes or headings; check the entry and fetch again"
            )

    def _tally(self, flow: Flow, counts: _Counts) -> None:
        outside = [Rule("flagged", placing.outside, "", "outside") for placing in self.plan.placings.values()]
        for number, rule in enumerate((*flow.rules, *outside), 1):
            if rows := counts.rows.get(number, 0):
                self.bench.count(flow.dataset, rule.action, rule.reason, rows, counts.examples[number], rule.topic)


@dataclass
class _Ends:
    """First and last value of a column over all pieces; nothing where no column dates the rows."""

    column: str
    found: tuple[Any, Any] | None = None

    def widen(self, rows: pa.Table) -> None:
        """Take the rows of a piece into account."""
        import pyarrow.compute as pc

        if not self.column or not rows.num_rows:
            return
        here = pc.min_max(rows.column(self.column)).as_py()
        if here["min"] is None:
            return
        first, last = self.found or (here["min"], here["max"])
        self.found = min(first, here["min"]), max(last, here["max"])
