"""What the ledger tells of the editions of a report: what each says, and what it was made from.

A page is compared with the edition before it. Which one that is follows from content: if the ledger's latest edition
says what the page says, the page is that edition printed again, and the one before it counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Periods = Mapping[str, tuple[int, str]]
"""Rows and their hash by period."""


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as an edition used it."""

    title: str
    sha256: str
    retrieved_at: str
    rows: int


@dataclass(frozen=True)
class TableFacts:
    """A refined table as an edition used it. ``maker`` of the hashes by period is empty where there are none."""

    sha256: str
    rows: int | None = None
    maker: str = ""
    periods: Periods = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """One edition. What is None was not recorded.

    ``content`` is the hash of what the page says, ``made_at`` the moment that was first said (UTC, empty for a page
    that is being made), ``html`` the hash of the page as it was last printed. ``cells`` are number and hash of each
    code cell, ``modules`` and ``settings`` hashes of meaning by name; ``findings`` payloads without their tables.
    """

    content: str
    made_at: str
    html: str
    prose: str
    parameters: Mapping[str, Any]
    environment: Mapping[str, str]
    modules: Mapping[str, str]
    cells: tuple[tuple[int, str], ...] | None
    settings: Mapping[str, str] | None
    datasets: Mapping[str, DatasetFacts]
    tables: Mapping[str, TableFacts]
    findings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Past:
    """The ledger's latest edition of a report, and the one before it."""

    latest: Facts | None = None
    earlier: Facts | None = None

    def before(self, content: str) -> Facts | None:
        """The edition that comes before a page that says ``content``; None for a first edition."""
        return self.earlier if self.latest is not None and self.latest.content == content else self.latest


NO_PAST = Past()
"""Of a report that has no edition yet."""


def key(facts: Facts | None) -> str:
    """What tells the edition a page is compared with from others; empty for none."""
    return f"{facts.made_at} {facts.content}" if facts else ""


def slim(finding: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a finding without what stands elsewhere: tables by name, the method by name.

    >>> slim({"name": "a", "value": 1, "tables": [{"table": "t", "rows": 3}], "method": {"name": "m", "line": 4}})
    {'name': 'a', 'value': 1, 'tables': ['t'], 'method': 'm'}
    """
    tables = [use["table"] if isinstance(use, Mapping) else use for use in finding.get("tables") or ()]
    method = finding.get("method")
    return {**finding, "tables": tables, "method": method["name"] if isinstance(method, Mapping) else method}


def read_past(ledger: Path, report: str) -> Past:
    """The last two editions of a report; none where there is no ledger or it is of another form."""
    if not ledger.is_file():
        return NO_PAST
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            query = "select * from editions where report = ? order by edition desc limit 2"
            found = [_facts(connection, row) for row in connection.execute(query, (report,)).fetchall()]
    except (sqlite3.Error, IndexError):
        return NO_PAST  # a ledger of another version: a build upgrades it before it looks here
    return Past(*found)


def predecessors(ledger: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    """Content and moment of the last two editions of every report, the latest first."""
    if not ledger.is_file():
        return {}
    query = (
        "select report, content_sha256, built_at from (select *, row_number() over "
        "(partition by report order by edition desc) as back from editions) where back <= 2 order by report, back"
    )
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            for report, content, made_at in connection.execute(query):
                found[report] = (*found.get(report, ()), (str(content), str(made_at)))
    except sqlite3.Error:
        return {}
    return found


def key_before(known: tuple[tuple[str, str], ...], content: str) -> str:
    """:func:`key` of the edition before a page that says ``content``, from what :func:`predecessors` found of it.

    >>> key_before((("aa", "2025"), ("bb", "2024")), "aa"), key_before((("aa", "2025"),), "cc"), key_before((), "cc")
    ('2024 bb', '2025 aa', '')
    """
    rest = known[1:] if known and known[0][0] == content else known
    return f"{rest[0][1]} {rest[0][0]}" if rest else ""


def _facts(connection: sqlite3.Connection, row: sqlite3.Row) -> Facts:
    edition = (row["edition"],)
    used = connection.execute("select * from datasets where edition = ?", edition).fetchall()
    held = connection.execute(
        "select t.table_name, t.table_sha256, t.rows, h.by_period from tables t left join holdings h "
        "on h.table_sha256 = t.table_sha256 where t.edition = ?",
        edition,
    ).fetchall()
    said = connection.execute("select name, payload from findings where edition = ? order by rowid", edition)
    return Facts(
        content=row["content_sha256"],
        made_at=row["built_at"],
        html=row["html_sha256"],
        prose=row["prose_sha256"],
        parameters=json.loads(row["parameters"]),
        environment=json.loads(row["environment"]),
        modules=json.loads(row["modules"]),
        cells=_cells(row["cells"]),
        settings=_json(row["settings"]),
        datasets={
            use["dataset"]: DatasetFacts(
                use["title"] or use["dataset"], use["dataset_sha256"], use["retrieved_at"], use["rows"]
            )
            for use in used
        },
        tables={use["table_name"]: TableFacts(use["table_sha256"]) for use in used}
        | {t["table_name"]: table_facts(t["table_sha256"], t["rows"], _json(t["by_period"])) for t in held},
        findings={name: slim(json.loads(payload)) for name, payload in said},
    )


def _cells(text: str | None) -> tuple[tuple[int, str], ...] | None:
    return tuple((int(number), str(digest)) for number, digest in json.loads(text)) if text else None


def _json(text: str | None) -> Any:
    return json.loads(text) if text else None


def table_facts(sha256: str, rows: int | None, by_period: Mapping[str, Any] | None) -> TableFacts:
    """A table with its hashes by period, as its description holds them."""
    if not by_period:
        return TableFacts(sha256, rows)
    periods = {period: (int(count), str(hashed)) for period, (count, hashed) in by_period["periods"].items()}
    return TableFacts(sha256, rows, str(by_period["maker"]), periods)
