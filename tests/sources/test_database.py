"""The database connector on SQLite and, where its server is installed, on PostgreSQL."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, fetch, read_raw
from analysis.sources.database import objection

from .conftest import parts_of

PASSWORD = "s3cret/pa:ss@word"  # pragma: allowlist secret
SOURCE = """
kind: database
url_variable: PERMITS_URL
query: |
  {query}
chunk_rows: 40
"""


@pytest.fixture
def permits(define: Callable[..., Dataset]) -> Callable[[str], Dataset]:
    return lambda query: define("permits", SOURCE.format(query=query))


@pytest.fixture
def sqlite_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "permits of 2020.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table permits (id integer, kind text, issued text, value real, note text)")
        rows = [(n, "it's; new", f"2020-01-{n % 28 + 1:02d}", n / 4, None) for n in range(100)]
        connection.executemany("insert into permits values (?, ?, ?, ?, ?)", rows)
    connection.close()
    monkeypatch.setenv("PERMITS_URL", f"sqlite:///{path}")
    return path


def test_rows_land_in_chunks_as_text(permits: Callable[[str], Dataset], sqlite_url: Path, project: Project) -> None:
    dataset = permits("select * from permits where kind like '%; new' and issued <> ':noon' order by id;")
    manifest = fetch(dataset, project)
    frame = read_raw(dataset, manifest, project.raw("live", "permits"))
    assert (manifest.rows, manifest.pages, manifest.status) == (100, 3, None)
    assert frame["id"].tolist() == [str(n) for n in range(100)]
    assert frame.loc[3, "value"] == "0.75"
    assert frame["note"].isna().all()
    assert manifest.address == "database:PERMITS_URL"
    assert fetch(dataset, project) == manifest


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("delete from permits", "DELETE"),
        ("select 1; delete from permits", "more than one statement"),
        ("with gone as (delete from permits returning *) select * from gone", "DELETE"),
        ("select * into copied from permits", "INTO"),
        ("  /* select */ update permits set id = 1", "UPDATE"),
        ("pragma writable_schema = 1", "PRAGMA"),
        ("select 1 -- ;\n; drop table permits", "more than one statement"),
        ("", "nothing"),
    ],
)
def test_a_query_that_is_not_one_reading_statement_is_not_run(query: str, word: str) -> None:
    found = objection(query)
    assert found is not None
    assert word in found


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "with recent as (select * from permits) select * from recent;",
        "select 'delete; drop', \"update\" from permits -- insert; into",
        "select updated_at, created_at, inserted from permits",
        "select $$drop; table$$",
    ],
)
def test_a_reading_query_is_run_whatever_its_text_and_names(query: str) -> None:
    assert objection(query) is None


def test_the_database_itself_refuses_to_write(sqlite_url: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.sources import database

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database._sqlite(str(sqlite_url)).execute("delete from permits")


def test_a_failing_query_keeps_the_edition(
    permits: Callable[[str], Dataset], sqlite_url: Path, project: Project
) -> None:
    fetch(permits("select * from permits order by id"), project)
    before = parts_of(project, "permits")
    for query, message in [
        ("select absent from permits", "no such column: absent"),
        ("select * from permits where id < 0", "gives no rows"),
    ]:
        with pytest.raises(FetchError, match=message):
            fetch(permits(query), project)
        assert parts_of(project, "permits") == before
    assert sqlite_url.exists()


def test_a_database_that_breaks_off_keeps_the_edition(
    permits: Callable[[str], Dataset], sqlite_url: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.sources import database

    fetch(permits("select * from permits order by id"), project)
    before = parts_of(project, "permits")
    real = database.as_csv
    calls: list[int] = []

    def breaking(columns: list[str], rows: list[Any]) -> bytes:
        calls.append(len(rows))
        if len(calls) == 3:
            raise sqlite3.OperationalError("disk I/O error")
        return real(columns, rows)

    monkeypatch.setattr(database, "as_csv", breaking)
    with pytest.raises(FetchError, match="disk I/O error"):
        fetch(permits("select id from permits order by id desc"), project)
    assert calls == [40, 40, 20]
    assert parts_of(project, "permits") == before


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "PERMITS_URL is not set"),
        (f"postgres//admin:{PASSWORD}@db", "is no database address"),
        ("sqlite:////nowhere/at/all.db", "the SQLite file does not exist"),
        (
            f"postgresql://admin:s3cret@127.0.0.1:9/city?application_name={PASSWORD[:6]}",  # pragma: allowlist secret
            "the database refused",
        ),
        ("nosuch://admin:s3cret@127.0.0.1/city", "the database refused"),  # pragma: allowlist secret
    ],
)
def test_an_address_that_does_not_work_is_told_without_its_password(
    url: str | None,
    message: str,
    permits: Callable[[str], Dataset],
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if url is None:
        monkeypatch.delenv("PERMITS_URL", raising=False)
    else:
        monkeypatch.setenv("PERMITS_URL", url)
    with pytest.raises(FetchError, match=message) as failure:
        fetch(permits("select 1"), project)
    assert "s3cret" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None
    assert "PERMITS_URL" in str(failure.value)


def test_a_driver_that_repeats_the_address_is_cleared(
    permits: Callable[[str], Dataset], project: Project, sqlite_url: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from analysis.sources import database

    url = f"postgresql://admin:{PASSWORD}@db.invented.example/city"

    def reading(found: object) -> None:
        raise OperationalError("select 1", {}, Exception(f"cannot reach {found} with {PASSWORD}"))

    monkeypatch.setenv("PERMITS_URL", url.replace(PASSWORD, "s3cret%2Fpa%3Ass%40word"))
    monkeypatch.setattr(database, "_reading", reading)
    with pytest.raises(FetchError, match="cannot reach") as failure:
        fetch(permits("select 1"), project)
    assert "s3cret" not in str(failure.value)


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


def postgres_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        pytest.skip("no PostgreSQL server is installed: its connector cannot be proved here")
    return installed[-1].parent


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A private server on the loopback; PostgreSQL refuses to run as root, so root hands it to another user."""
    programs = postgres_programs()
    user = None
    if os.geteuid() == 0:
        import pwd

        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL cannot run as root and there is no user 'postgres'")
    folder = Path(tempfile.mkdtemp(prefix="cluster-", dir="/tmp"))
    as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "cwd": str(folder)} if user else {}
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret = folder / "password"
    secret.write_text(PASSWORD)
    os.chmod(secret, 0o644)
    setup = ["-D", str(folder / "data"), "-U", "admin", "--pwfile", str(secret), "-A", "scram-sha-256", "--no-sync"]
    subprocess.run([programs / "initdb", *setup, "-E", "UTF8"], check=True, capture_output=True, **as_user)
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    server = subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", *options], stderr=subprocess.DEVNULL, **as_user
    )
    try:
        yield ready(f"host=127.0.0.1 port={port} user=admin dbname=postgres", port)
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def ready(address: str, port: int) -> str:
    import psycopg

    for _ in range(100):
        try:
            with psycopg.connect(address, password=PASSWORD, autocommit=True) as connection:
                connection.execute(
                    "create table permits (id int, kind text, issued date, at timestamptz, value numeric)"
                )
                connection.execute(
                    "insert into permits select n, 'it''s: ' || n, date '2020-01-01' + n % 28,"
                    " timestamptz '2020-01-01 12:00+00', n / 4.0 from generate_series(0, 99) n"
                )
            return f"127.0.0.1:{port}/postgres"
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start")


@pytest.fixture
def postgres_url(cluster: str, monkeypatch: pytest.MonkeyPatch) -> str:
    from urllib.parse import quote

    url = f"postgresql://admin:{quote(PASSWORD, safe='')}@{cluster}"
    monkeypatch.setenv("PERMITS_URL", url)
    monkeypatch.setenv("PGTZ", "UTC")
    return url


def test_postgresql_rows_land_in_chunks(permits: Callable[[str], Dataset], postgres_url: str, project: Project) -> None:
    dataset = permits(
        "select *, null::text as gap, at::date = issued as same from permits where kind like '%: %' order by id"
    )
    manifest = fetch(dataset, project)
    frame = read_raw(dataset, manifest, project.raw("live", "permits"))
    assert (manifest.rows, manifest.pages) == (100, 3)
    assert frame["id"].tolist() == [str(n) for n in range(100)]
    assert frame.loc[3, "kind"] == "it's: 3"
    assert frame.loc[0, "issued"] == "2020-01-01"
    assert frame.loc[0, "at"] == "2020-01-01T12:00:00+00:00"
    assert frame.loc[1, "value"].startswith("0.25")
    assert frame["same"].tolist()[:2] == ["true", "false"]
    assert frame["gap"].isna().all()
    assert fetch(dataset, project) == manifest


def test_postgresql_is_told_to_refuse_writing(
    permits: Callable[[str], Dataset], postgres_url: str, project: Project, cluster: str
) -> None:
    # A function that writes passes every look at the text of the query.
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "create or replace function sneak() returns int language sql as"
            " 'delete from permits where id = 0; select 1'"
        )
    with pytest.raises(FetchError, match="read-only transaction") as failure:
        fetch(permits("select sneak()"), project)
    assert PASSWORD not in str(failure.value)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("select count(*) from permits").fetchone() == (100,)


def test_postgresql_with_a_wrong_password(
    permits: Callable[[str], Dataset], postgres_url: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERMITS_URL", postgres_url.replace("s3cret", "wr0ng"))
    with pytest.raises(FetchError, match="password authentication failed") as failure:
        fetch(permits("select 1"), project)
    assert "wr0ng" not in str(failure.value)
    assert getpass.getuser() not in PASSWORD
