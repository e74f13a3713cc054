"""A database: one read-only query, in chunks, landed as CSV.

The address is in an environment variable because it holds a password; neither
it nor the password is shown, logged or stored.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analysis.catalog import DatabaseSource
from analysis.sources.job import Job
from analysis.sources.manifest import Manifest, NewPart
from analysis.sources.secrets import clear

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

STATEMENT_SECONDS = 900
_WRITING = (
    "insert update delete merge replace into drop alter create truncate grant revoke call do copy attach detach "
    "pragma vacuum lock set reset execute begin commit rollback"
)
_FORBIDDEN = re.compile(rf"\b({'|'.join(_WRITING.split())})\b", re.I)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.S)


def objection(query: str) -> str | None:
    """Why a query is not run, or None when it is a single reading statement.

    The database is also told to refuse writing; this is the check that names the word.

    >>> objection("with p as (select 1) select * from p") is None
    True
    >>> objection("select 1; drop table permits")
    'it holds more than one statement'
    >>> objection("delete from permits")
    'it begins with DELETE, not with SELECT or WITH'
    >>> objection("select * into copied from permits")
    'it holds the word INTO outside quotes'
    """
    bare = _QUOTED.sub(" ", query).strip().rstrip(";").strip()
    first = re.match(r"\w+", bare)
    word = first.group().upper() if first else ""
    if word not in ("SELECT", "WITH"):
        return f"it begins with {word or 'nothing'}, not with SELECT or WITH"
    if ";" in bare:
        return "it holds more than one statement"
    found = _FORBIDDEN.search(bare)
    return f"it holds the word {found.group().upper()} outside quotes" if found else None


def fetch_database(job: Job) -> Manifest:
    """Land the rows of the query, one part a chunk, all of one snapshot where the database knows that."""
    source = job.dataset.source
    assert isinstance(source, DatabaseSource)
    against = objection(source.query)
    if against:
        raise job.error(f"the query is not run: {against}", "write one SELECT in the catalogue entry")
    url = _url(job, source)
    failure = ""
    rows = 0
    try:
        with _reading(url) as connection:
            columns, chunks = _chunks(connection, source)
            for content, count in chunks:
                rows += count
                job.landing.add(NewPart("csv", content, source.address, count))
                job.advanced(rows, None, "rows")
    except _database_errors() as error:
        failure = f"{type(error).__name__}: {_first_line(clear(str(error), _hidden(url)))}"
    if failure:
        advice = f"check {source.url_variable}, the rights of its user and the query in the catalogue entry"
        raise job.error(f"the database refused: {failure}", advice)
    if not rows:
        raise job.error("the query gives no rows", "check the query in the catalogue entry")
    parameters = {"query": source.query, "chunk_rows": source.chunk_rows}
    return job.landing.commit(job.edition(parameters, columns))


def _url(job: Job, source: DatabaseSource) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    text = os.environ.get(source.url_variable, "").strip()
    if not text:
        raise job.error(
            f"the environment variable {source.url_variable} is not set",
            "set it to an SQLAlchemy address such as dialect://user:PASSWORD@host/database",  # pragma: allowlist secret
        )
    url: URL | None
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None:
        raise job.error(
            f"the environment variable {source.url_variable} is no database address (its text is not shown)",
            "set it to an SQLAlchemy address: postgresql://user:password@host/database",  # pragma: allowlist secret
        )
    if url.drivername in ("postgresql", "postgres"):
        # Without a driver SQLAlchemy 2.0 looks for psycopg2; psycopg is what the project installs.
        url = url.set(drivername="postgresql+psycopg")
    return url


def _hidden(url: URL) -> list[str]:
    password = str(url.password) if url.password else ""
    return [text for text in (url.render_as_string(hide_password=False), password) if text]


def _database_errors() -> tuple[type[Exception], ...]:
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    # A missing driver shows as ModuleNotFoundError, a file that is no database as sqlite3.Error.
    return (SQLAlchemyError, NoSuchModuleError, ModuleNotFoundError, sqlite3.Error, OSError)


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    """A connection that cannot write: read-only transaction, snapshot, always rolled back."""
    engine = _engine(url)
    try:
        with engine.connect() as raw:
            connection = raw
            if url.get_backend_name() == "postgresql":
                connection = raw.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True, stream_results=True
                )
            try:
                yield connection
            finally:
                connection.rollback()
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    backend = url.get_backend_name()
    if backend == "sqlite":
        return create_engine("sqlite://", creator=lambda: _sqlite(url.database), poolclass=NullPool)
    options: dict[str, Any] = {}
    if backend == "postgresql":
        options = {"connect_timeout": 15, "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000}"}
    return create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)


def _sqlite(database: str | None) -> sqlite3.Connection:
    path = Path(database or "")
    if not path.is_file():
        raise FileNotFoundError("the SQLite file does not exist")
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=15)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _chunks(connection: Connection, source: DatabaseSource) -> tuple[list[str], Iterator[tuple[bytes, int]]]:
    from sqlalchemy import text

    # A colon in the query is SQL's, not a parameter of ours.
    statement = text(source.query.strip().rstrip(";").replace(":", r"\:"))
    result = connection.execution_options(yield_per=source.chunk_rows).execute(statement)
    columns = list(result.keys())

    def parts() -> Iterator[tuple[bytes, int]]:
        for rows in result.partitions(source.chunk_rows):
            yield as_csv(columns, [tuple(row) for row in rows]), len(rows)

    return columns, parts()


def as_csv(columns: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    r"""Rows as UTF-8 CSV with a heading; NULL is an empty cell, times are ISO.

    >>> as_csv(["a", "b"], [(1, None), ("x,y", dt.date(2020, 1, 2))])
    b'a,b\n1,\n"x,y",2020-01-02\n'
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return buffer.getvalue().encode()


def cell(value: Any) -> str:
    """A database value as text, the same whatever the driver makes of it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case dict() | list():
            return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
        case _:
            return str(value)


def _first_line(text: str) -> str:
    # SQLAlchemy appends the statement and a link to its manual.
    return text.splitlines()[0].strip() if text else "no reason given"
