"""Two ledgers into one: every edition that either knows, in the order in which they were made."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from analysis.report.ledger import upgrade
from analysis.report.storage import PARTIAL

Key = tuple[str, str, str]
"""What tells editions apart whatever their number: report, hash of what the page says, time."""


def editions(path: Path) -> dict[Key, int]:
    """The editions of a ledger with their numbers; none where there is no ledger."""
    if not path.is_file():
        return {}
    upgrade(path)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("select report, content_sha256, built_at, edition from editions").fetchall()
    return {(str(report), str(content), str(built)): int(number) for report, content, built, number in rows}


def merge(mine: Path, theirs: Path) -> None:
    """Bring into the ledger ``mine`` what only ``theirs`` knows.

    Where mine knows nothing of its own it becomes a copy of theirs, so that machines which merge each other's ledgers
    come to the same one. Numbers of editions follow time and may change; a page that was made again without a change
    is the edition it was. What either machine keeps in its archive is noted, since the files travel as well.
    """
    known, new = editions(mine), editions(theirs)
    partial = mine.with_name(f".{mine.name}.{os.getpid()}{PARTIAL}")
    try:
        if set(known) <= set(new):
            shutil.copyfile(theirs, partial)
            _note_archived(partial, mine)
        elif set(new) <= set(known):
            shutil.copyfile(mine, partial)
            _note_archived(partial, theirs)
        else:
            shutil.copyfile(mine, partial)
            with closing(sqlite3.connect(partial)) as connection:
                connection.execute("pragma journal_mode = memory")
                connection.execute("attach database ? as theirs", (f"file:{theirs}?mode=ro",))
                with connection:
                    _bring(connection, known, new)
                    _in_order_of_time(connection)
            _note_archived(partial, theirs)
        os.replace(partial, mine)
    finally:
        partial.unlink(missing_ok=True)


def _note_archived(ledger: Path, other: Path) -> None:
    """Take over which file of the archive an edition has, where only the other ledger knows of one."""
    if not other.is_file():
        return
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("pragma journal_mode = memory")
        connection.execute("attach database ? as other", (f"file:{other}?mode=ro",))
        with connection:
            connection.execute(
                "update main.editions set archived = (select o.archived "
                "from other.editions o where o.report = editions.report and o.content_sha256 = editions.content_sha256 "
                "and o.built_at = editions.built_at and o.archived is not null limit 1) where archived is null"
            )


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [str(row[1]) for row in connection.execute(f"pragma {schema}.table_info({table})")]


def _shared(connection: sqlite3.Connection, table: str) -> list[str]:
    theirs = set(_columns(connection, "theirs", table))
    return [column for column in _columns(connection, "main", table) if column in theirs]


def _children(connection: sqlite3.Connection) -> list[str]:
    """Tables with rows of an edition; ``reports`` only points to one."""
    names = [str(row[0]) for row in connection.execute("select name from main.sqlite_master where type = 'table'")]
    return [n for n in names if n not in {"editions", "reports"} and "edition" in _columns(connection, "main", n)]


def _bring(connection: sqlite3.Connection, known: dict[Key, int], new: dict[Key, int]) -> None:
    connection.execute("insert or ignore into holdings select * from theirs.holdings")
    numbers = {number: known[key] for key, number in new.items() if key in known}
    for key, number in sorted(new.items(), key=lambda each: each[1]):
        if key not in known:
            columns = [column for column in _shared(connection, "editions") if column != "edition"]
            named = ", ".join(columns)
            numbers[number] = int(
                connection.execute(
                    f"insert into editions ({named}) select {named} from theirs.editions where edition = ?", (number,)
                ).lastrowid
                or 0
            )
            for table in _children(connection):
                rest = ", ".join(column for column in _shared(connection, table) if column != "edition")
                connection.execute(
                    f"insert into {table} (edition, {rest}) select ?, {rest} from theirs.{table} where edition = ?",
                    (numbers[number], number),
                )
    _bring_reports(connection, numbers)


def _bring_reports(connection: sqlite3.Connection, numbers: dict[int, int]) -> None:
    """The later word on each report counts; times of reports we never made are taken over."""
    columns = _shared(connection, "reports")
    at = columns.index("edition"), columns.index("report"), columns.index("checked_at")
    mine: dict[str, str] = dict(connection.execute("select report, checked_at from main.reports").fetchall())
    rows = connection.execute(f"select {', '.join(columns)} from theirs.reports").fetchall()
    for row in map(list, rows):
        if mine.get(row[at[1]], "") < row[at[2]]:
            row[at[0]] = numbers[row[at[0]]]
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert or replace into reports ({', '.join(columns)}) values ({marks})", row)
    named = ", ".join(_shared(connection, "timings"))
    connection.execute(f"insert or ignore into timings ({named}) select {named} from theirs.timings")


def _in_order_of_time(connection: sqlite3.Connection) -> None:
    """Number editions by time, and drop one that only repeats the edition before it of the same report."""
    rows = connection.execute(
        "select edition, report, content_sha256 from editions order by built_at, report, content_sha256"
    ).fetchall()
    latest: dict[str, tuple[str, int]] = {}
    moved: dict[int, int] = {}
    for edition, report, content in rows:
        if report in latest and latest[report][0] == content:
            moved[edition] = latest[report][1]
            for table in (*_children(connection), "editions"):
                connection.execute(f"delete from {table} where edition = ?", (edition,))
        else:
            moved[edition] = len(set(moved.values())) + 1
            latest[report] = (content, moved[edition])
    for table in ("editions", "reports", *_children(connection)):
        kept = sorted(set(moved)) if table == "reports" else sorted(row[0] for row in _numbers(connection, table))
        # By way of negative numbers, so that no number is taken twice on the way.
        for edition in kept:
            connection.execute(f"update {table} set edition = ? where edition = ?", (-moved[edition], edition))
        connection.execute(f"update {table} set edition = -edition")


def _numbers(connection: sqlite3.Connection, table: str) -> list[tuple[int]]:
    found: list[tuple[int]] = connection.execute(f"select distinct edition from {table}").fetchall()
    return found
