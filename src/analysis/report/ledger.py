"""The ledger: every edition of every report with its findings, datasets and downloads, in one SQLite file.

An edition is a page that says something else than the edition before (:mod:`analysis.report.contents`); a page that is
printed again adds none, and the ledger then holds the edition as it was last printed. The clock is read only here, and
not where SOURCE_DATE_EPOCH (reproducible-builds.org) gives the time. The file is written beside its place and moved
there in one step, so it is always whole.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.report.archive import Kept
from analysis.report.execution import Record
from analysis.report.past import slim
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
    reading_grade real not null,
    content_sha256 text,
    printed_at text,
    cells text,
    settings text,
    changes text,
    others text,
    archived text
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
    title text,
    primary key (edition, table_name, dataset)
);
create table if not exists tables (
    edition integer not null references editions (edition),
    table_name text not null,
    table_sha256 text not null,
    rows integer not null,
    primary key (edition, table_name)
);
create table if not exists holdings (
    table_sha256 text primary key,
    by_period text not null
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

_CAME_LATER = {
    "editions": ("content_sha256", "printed_at", "cells", "settings", "changes", "others", "archived"),
    "datasets": ("title",),
}
"""Columns that ledgers of earlier versions lack; what they would say of old editions is not known."""

_VERSION = 2
"""Of the schema, as SQLite's user_version; ledgers from before there were versions have 0."""

_OF_EDITIONS = ("findings", "datasets", "tables", "downloads")
"""Tables with rows of an edition."""


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
            _bring_up_to_date(connection)
            with connection:
                yield connection
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a ledger of an earlier version the columns it lacks."""
    for table, columns in _CAME_LATER.items():
        there = {row[1] for row in connection.execute(f"pragma table_info({table})")}
        for column in columns:
            if column not in there:
                connection.execute(f"alter table {table} add column {column} text")
    # What such an edition said was not recorded; its page stands for it.
    connection.execute(
        "update editions set content_sha256 = 'page ' || html_sha256, printed_at = built_at "
        "where content_sha256 is null"
    )
    connection.execute(f"pragma user_version = {_VERSION}")
    connection.commit()


def upgrade(path: Path) -> None:
    """Bring a ledger of an earlier version up to this one, so that pages can be compared with what it holds."""
    if path.is_file() and _rows(path, "pragma user_version") != [(_VERSION,)]:
        with _replacing(path):
            pass


def moment(now: datetime | None = None) -> str:
    """The time an edition is made at, UTC: SOURCE_DATE_EPOCH where it is set, else the clock's.

    >>> moment(datetime(2025, 5, 3, tzinfo=UTC))
    '2025-05-03T00:00:00Z'
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if now is None and given.isdigit():
        now = datetime.fromtimestamp(int(given), UTC)
    return (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def enter(
    path: Path, entries: Iterable[Entry], now: datetime | None = None, timings: Mapping[str, float] | None = None
) -> int:
    """Bring the ledger up to what is in place; returns how many new editions that made.

    ``timings`` are seconds of other work, such as the building of tables, by name.

    A report whose page is already the ledger's latest edition adds nothing, so a build that was killed before it
    could write here is made good by the next.
    """
    made_at = moment(now)
    added = 0
    with _replacing(path) as connection:
        for entry in entries:
            latest = _latest(connection, entry.summary.name)
            if latest is None or latest[2] != entry.summary.content:
                edition = _add_edition(connection, entry, made_at)
                added += 1
            else:
                edition = latest[0]
                if latest[1] != (entry.summary.html, canonical(_others(entry.summary))):
                    _print_again(connection, entry, edition, made_at)
            _note(connection, entry, edition, made_at)
        rows = [(name, "lay", seconds) for name, seconds in (timings or {}).items()]
        connection.executemany("insert or replace into timings values (?, ?, ?)", rows)
    return added


def _latest(connection: sqlite3.Connection, report: str) -> tuple[int, tuple[str, str], str] | None:
    """Number, pages (in English, in other languages) and content of the latest edition."""
    query = (
        "select edition, html_sha256, coalesce(others, '{}'), content_sha256 from editions where report = ? "
        "order by edition desc limit 1"
    )
    row = connection.execute(query, (report,)).fetchone()
    return (int(row[0]), (str(row[1]), str(row[2])), str(row[3])) if row else None


def _others(page: Summary) -> dict[str, dict[str, str]]:
    return {
        language: {"html": told.html, "title": told.title, "standfirst": told.standfirst}
        for language, told in page.others.items()
    }


def _add_edition(connection: sqlite3.Connection, entry: Entry, made_at: str) -> int:
    values = {"built_at": made_at, **_as_printed(entry, made_at)}
    named, marks = ", ".join(values), ", ".join("?" * len(values))
    edition = connection.execute(f"insert into editions ({named}) values ({marks})", tuple(values.values())).lastrowid
    if edition is None:
        raise RuntimeError("SQLite gave the new edition no number")
    _add_rows(connection, entry, edition)
    return edition


def _print_again(connection: sqlite3.Connection, entry: Entry, edition: int, made_at: str) -> None:
    """Hold an edition as it is now: it says what it said, printed or run by other code, or from data retrieved anew."""
    values = _as_printed(entry, made_at)
    named = ", ".join(f"{column} = ?" for column in values)
    connection.execute(f"update editions set {named} where edition = ?", (*values.values(), edition))
    for table in _OF_EDITIONS:
        connection.execute(f"delete from {table} where edition = ?", (edition,))
    _add_rows(connection, entry, edition)


def _as_printed(entry: Entry, made_at: str) -> dict[str, Any]:
    """The columns of an edition that may differ from one printing to the next."""
    page, record = entry.summary, entry.record
    return {
        "report": page.name,
        "notebook": page.notebook,
        "html_sha256": page.html,
        "title": page.title,
        "standfirst": page.standfirst,
        "place": page.place,
        "parameters": canonical(page.parameters),
        "version": page.version,
        "cells_sha256": record.code,
        "prose_sha256": page.prose,
        "modules": canonical({name: mark.meaning for name, mark in record.modules.items()}),
        "environment": canonical(record.environment),
        "data_through": page.data_through,
        "quality": page.quality,
        "words": page.length.words,
        "reading_grade": page.length.grade,
        "content_sha256": page.content,
        "printed_at": made_at,
        "cells": canonical(page.cells),
        "settings": canonical({name: mark.meaning for name, mark in record.settings.items()}),
        "changes": canonical(page.changes),
        "others": canonical(_others(page)),
    }


def _add_rows(connection: sqlite3.Connection, entry: Entry, edition: int) -> None:
    page = entry.summary
    connection.executemany(f"insert into findings values ({', '.join('?' * 15)})", _findings(page, edition))
    connection.executemany(f"insert into datasets values ({', '.join('?' * 10)})", _datasets(page, edition))
    tables = [(edition, use["table"], use["sha256"], use["rows"]) for use in page.loads]
    connection.executemany("insert into tables values (?, ?, ?, ?)", tables)
    held = [(sha256, canonical(hashes)) for sha256, hashes in page.by_period.items()]
    connection.executemany("insert or ignore into holdings values (?, ?)", held)
    downloads = [(edition, file, page.offers[file].title, sha) for file, sha in page.downloads.items()]
    connection.executemany("insert into downloads values (?, ?, ?, ?)", downloads)


def _findings(page: Summary, edition: int) -> Iterator[tuple[Any, ...]]:
    for found in page.findings:
        value = found["value"]
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        low, high = found.get("interval") or (None, None)
        text = value if isinstance(value, str) or value is None else canonical(value)
        method = (found.get("method") or {}).get("name")
        facts = [found.get(key) for key in ("level", "n", "denominator", "area", "period")]
        yield (edition, found["name"], text, number, found["unit"], found["status"], low, high, *facts, method,
               canonical(slim(found)))  # fmt: skip


def _datasets(page: Summary, edition: int) -> Iterator[tuple[Any, ...]]:
    for use in page.loads:
        for used in use["datasets"]:
            facts = [used[key] for key in ("id", "sha256", "retrieved_at", "rows", "period", "grade")]
            yield (edition, use["table"], use["sha256"], *facts, used["title"])


def _note(connection: sqlite3.Connection, entry: Entry, edition: int, made_at: str) -> None:
    seconds = sum(entry.seconds.values()) if entry.seconds else None
    connection.execute(
        "insert into reports values (?, ?, ?, ?, ?, ?) on conflict (report) do update set "
        "edition = excluded.edition, checked_at = excluded.checked_at, error = excluded.error, "
        "seconds = coalesce(excluded.seconds, seconds)",
        (entry.summary.name, entry.summary.notebook, edition, made_at, seconds, entry.error),
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


@dataclass(frozen=True)
class KnownEdition:
    """An edition as lists of editions show it.

    ``number`` counts the editions of the report from 1, ``made_at`` is UTC; ``content`` and ``html`` are hashes of what
    the page says and of the page; ``changes`` is what :meth:`analysis.report.changes.Changes.to_json` gave, None where
    it was not recorded. ``others`` has hash, title and standfirst of the page in other languages; ``archived`` is what
    the archive has of it, None for an edition that is in place or no longer kept. ``edition`` is its number in the
    ledger.
    """

    report: str
    notebook: str
    number: int
    made_at: str
    title: str
    standfirst: str
    place: str
    content: str
    html: str
    changes: dict[str, Any] | None
    others: dict[str, dict[str, str]]
    archived: Kept | None
    current: bool
    edition: int


def editions(path: Path) -> list[KnownEdition]:
    """Every edition the ledger knows, those of one report in order; none where there is no ledger of this form."""
    query = (
        "select e.report, e.notebook, row_number() over (partition by e.report order by e.edition) as number, "
        "e.built_at as made_at, e.title, e.standfirst, e.place, e.content_sha256 as content, e.html_sha256 as html, "
        "e.changes, e.others, e.archived, r.edition = e.edition as current, e.edition "
        "from editions e left join reports r on r.report = e.report order by e.report, e.edition"
    )
    return [_told(row) for row in _rows(path, query, sqlite3.Row)]


def offered_since(path: Path) -> dict[str, str]:
    """The moment (UTC) since which each offered file has been what it is, by file."""
    query = (
        "select d.file, d.sha256, e.built_at from downloads d join editions e on e.edition = d.edition "
        "order by e.edition"
    )
    since: dict[str, tuple[str, str]] = {}
    for file, sha256, made_at in _rows(path, query):
        if file not in since or since[file][0] != sha256:
            since[file] = sha256, made_at
    return {file: made_at for file, (_, made_at) in since.items()}


def _told(row: sqlite3.Row) -> KnownEdition:
    return KnownEdition(
        **{
            **dict(row),
            "changes": json.loads(row["changes"]) if row["changes"] else None,
            "others": json.loads(row["others"]) if row["others"] else {},
            "archived": _kept(row) if row["archived"] else None,
            "current": bool(row["current"]),
        }
    )


def _kept(row: sqlite3.Row) -> Kept:
    known = json.loads(row["archived"])
    return Kept(row["report"], row["html"], known["page"], known["others"], tuple(known["downloads"]))


def note_archived(path: Path, kept: Mapping[int, Kept | None]) -> None:
    """Write down what the archive has of editions, by their numbers; None for one of which it has nothing any more."""
    if not kept:
        return
    rows = [
        (canonical({"page": k.page, "others": k.others, "downloads": k.downloads}) if k else None, edition)
        for edition, k in kept.items()
    ]
    with _replacing(path) as connection:
        connection.executemany("update editions set archived = ? where edition = ?", rows)


def _rows(path: Path, query: str, kind: Any = None) -> list[Any]:
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = kind
            return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []  # a ledger of another version: times are only a convenience
