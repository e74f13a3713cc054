"""The ledger: every edition of every report with its findings, datasets and downloads, in one SQLite file.

An edition is a page with content of its own; printing the same bytes again adds none. The clock is read only here.
The file is written beside its place and moved there in one step, so it is always whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.report.execution import Record
from analysis.report.storage import PARTIAL, canonical
from analysis.report.summary import Summary

SCHEMA = """
create table if not exists editions (
    edition integer primary key,
    report text not null,
    notebook text not null,
    html_sha256 text not null,
    built_at text not null,
    title text not null,
    standfirst text not null,
    place text not null,
    parameters text not null,
    version text not null,
    cells_sha256 text not null,
    prose_sha256 text not null,
    modules text not null,
    environment text not null,
    data_through text not null,
    quality text not null,
    words integer not null,
    reading_grade real not null
);
create index if not exists editions_of on editions (report, edition);
create table if not exists reports (
    report text primary key,
    notebook text not null,
    edition integer not null references editions (edition),
    checked_at text not null,
    seconds real,
    error text
);
create table if not exists findings (
    edition integer not null references editions (edition),
    name text not null,
    value text,
    number real,
    unit text not null,
    status text not null,
    low real,
    high real,
    level real,
    n integer,
    denominator text,
    area text,
    period text,
    method text,
    payload text not null,
    primary key (edition, name)
);
create table if not exists datasets (
    edition integer not null references editions (edition),
    table_name text not null,
    table_sha256 text not null,
    dataset text not null,
    dataset_sha256 text not null,
    retrieved_at text not null,
    rows integer not null,
    period text not null,
    grade text not null,
    primary key (edition, table_name, dataset)
);
create table if not exists downloads (
    edition integer not null references editions (edition),
    file text not null,
    title text not null,
    sha256 text not null,
    primary key (edition, file)
);
create table if not exists timings (
    report text not null,
    task text not null,
    seconds real not null,
    primary key (report, task)
);
create table if not exists peaks (
    report text primary key,
    megabytes real not null
);
"""


@dataclass(frozen=True)
class Entry:
    """What a build has to say of one report: what is in place now, how long it took, and what went wrong if anything.

    ``seconds`` are by task (``run``, ``print``) and empty where nothing had to be done; ``megabytes`` is the most
    memory the run held.
    """

    summary: Summary
    record: Record
    seconds: Mapping[str, float]
    error: str | None = None
    megabytes: float | None = None


@contextmanager
def _replacing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of the ledger, which takes its place when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    partial.unlink(missing_ok=True)
    if path.is_file():
        shutil.copyfile(path, partial)
    try:
        with closing(sqlite3.connect(partial)) as connection:
            # A copy that a killed run leaves behind is thrown away whole: it needs no journal beside it.
            connection.execute("pragma journal_mode = memory")
            connection.executescript(SCHEMA)
            with connection:
                yield connection
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def enter(
    path: Path, entries: Iterable[Entry], now: datetime | None = None, timings: Mapping[str, float] | None = None
) -> int:
    """Bring the ledger up to what is in place; returns how many new editions that made.

    ``timings`` are seconds of other work, such as the building of tables, by name.

    A report whose page is already the ledger's latest edition adds nothing, so a build that was killed before it
    could write here is made good by the next.
    """
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    added = 0
    with _replacing(path) as connection:
        for entry in entries:
            latest = _latest(connection, entry.summary.name)
            if latest is None or latest[1] != entry.summary.html:
                edition = _add_edition(connection, entry, moment)
                added += 1
            else:
                edition = latest[0]
            _note(connection, entry, edition, moment)
        rows = [(name, "lay", seconds) for name, seconds in (timings or {}).items()]
        connection.executemany("insert or replace into timings values (?, ?, ?)", rows)
    return added


def _latest(connection: sqlite3.Connection, report: str) -> tuple[int, str] | None:
    row = connection.execute(
        "select edition, html_sha256 from editions where report = ? order by edition desc limit 1", (report,)
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def _add_edition(connection: sqlite3.Connection, entry: Entry, moment: str) -> int:
    page, record = entry.summary, entry.record
    values = (
        page.name, page.notebook, page.html, moment, page.title, page.standfirst, page.place,
        canonical(page.parameters), page.version, record.code, page.prose,
        canonical({name: mark.meaning for name, mark in record.modules.items()}), canonical(record.environment),
        page.data_through, page.quality, page.length.words, page.length.grade,
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    edition = connection.execute(f"insert into editions values (null, {marks})", values).lastrowid
    if edition is None:
        raise RuntimeError("SQLite gave the new edition no number")
    connection.executemany(f"insert into findings values ({', '.join('?' * 15)})", _findings(page, edition))
    connection.executemany("insert into datasets values (?, ?, ?, ?, ?, ?, ?, ?, ?)", _datasets(page, edition))
    downloads = [(edition, file, page.download_titles[file], sha) for file, sha in page.downloads.items()]
    connection.executemany("insert into downloads values (?, ?, ?, ?)", downloads)
    return edition


def _findings(page: Summary, edition: int) -> Iterator[tuple[Any, ...]]:
    for found in page.findings:
        value = found["value"]
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        low, high = found.get("interval") or (None, None)
        text = value if isinstance(value, str) or value is None else canonical(value)
        method = (found.get("method") or {}).get("name")
        facts = [found.get(key) for key in ("level", "n", "denominator", "area", "period")]
        yield (edition, found["name"], text, number, found["unit"], found["status"], low, high, *facts, method,
               canonical(found))  # fmt: skip


def _datasets(page: Summary, edition: int) -> Iterator[tuple[Any, ...]]:
    for use in page.loads:
        for used in use["datasets"]:
            facts = [used[key] for key in ("id", "sha256", "retrieved_at", "rows", "period", "grade")]
            yield (edition, use["table"], use["sha256"], *facts)


def _note(connection: sqlite3.Connection, entry: Entry, edition: int, moment: str) -> None:
    seconds = sum(entry.seconds.values()) if entry.seconds else None
    connection.execute(
        "insert into reports values (?, ?, ?, ?, ?, ?) on conflict (report) do update set "
        "edition = excluded.edition, checked_at = excluded.checked_at, error = excluded.error, "
        "seconds = coalesce(excluded.seconds, seconds)",
        (entry.summary.name, entry.summary.notebook, edition, moment, seconds, entry.error),
    )
    for task, taken in entry.seconds.items():
        connection.execute("insert or replace into timings values (?, ?, ?)", (entry.summary.name, task, taken))
    if entry.megabytes is not None:
        connection.execute("insert or replace into peaks values (?, ?)", (entry.summary.name, entry.megabytes))


def remembered_seconds(path: Path) -> dict[str, float]:
    """How long each report, and each other piece of work, took the last time, by name; empty without a ledger."""
    return dict(_rows(path, "select report, sum(seconds) from timings group by report"))


def costs(path: Path) -> dict[str, tuple[float, float | None]]:
    """Seconds and most megabytes of the last run of each report, by name; no megabytes where they were not measured."""
    query = (
        "select t.report, sum(t.seconds), p.megabytes from timings t left join peaks p on p.report = t.report "
        "group by t.report"
    )
    return {report: (seconds, megabytes) for report, seconds, megabytes in _rows(path, query)}


def last_built(path: Path) -> dict[str, str]:
    """The day of the edition in place, by report."""
    query = "select r.report, substr(e.built_at, 1, 10) from reports r join editions e on e.edition = r.edition"
    return dict(_rows(path, query))


def _rows(path: Path, query: str) -> list[Any]:
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []  # a ledger of another version: times are only a convenience
