"""What this process has loaded, so that whatever it publishes can say what it rests on.

``refine.load`` records every table here; ``publish`` reads the record and puts it
behind each finding. The record lives in memory: one notebook run, one process.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

INVENTED_BY = "Invented by this project in the form of"
"""What stands before the publisher whose form invented data have."""


@dataclass(frozen=True)
class DatasetUse:
    """A dataset that a loaded table was made from.

    ``rows`` are the rows as fetched, ``sha256`` stands for their bytes,
    ``retrieved_at`` is UTC, ``grade`` runs from A to D.
    """

    id: str
    title: str
    publisher: str
    licence: str
    landing_page: str
    sha256: str
    retrieved_at: str
    rows: int
    period: str
    grade: str
    grade_reason: str
    known_dirt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tally:
    """Rows of a dataset that were dropped, changed, flagged or kept on purpose, and why.

    ``topic`` says what a grade of quality should make of it: outside (of another
    place), repeat, revision, missing, replaced, or nothing. ``examples`` are up to five keys of such rows (tract
    codes, places, dates), never a person.
    """

    dataset: str
    action: str
    reason: str
    rows: int
    examples: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True)
class TableUse:
    """A refined table as it was loaded; ``sha256`` is of its Parquet file."""

    table: str
    title: str
    source: str
    sha256: str
    rows: int
    period: str
    datasets: tuple[DatasetUse, ...]
    accounting: tuple[Tally, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, ready for JSON.

        >>> TableUse("prices", "Prices", "sample", "ab", 3, "1999 to 2018", (), ()).as_dict()["rows"]
        3
        """
        return asdict(self)


_loaded: dict[str, TableUse] = {}
_asked: dict[str, bool] = {}


def record_load(use: TableUse) -> None:
    """Remember that a table was loaded; loading it again replaces the record."""
    _loaded[use.table] = use


def loads() -> list[TableUse]:
    """Everything loaded so far, in the order of first loading.

    >>> reset()
    >>> record_load(TableUse("prices", "Prices", "sample", "ab", 3, "1999 to 2018", (), ()))
    >>> [use.table for use in loads()]
    ['prices']
    >>> reset(); loads()
    []
    """
    return list(_loaded.values())


def record_question(dataset: str, there: bool) -> None:
    """Remember that somebody asked whether a dataset was fetched, and the answer."""
    _asked[dataset] = there


def asked() -> dict[str, bool]:
    """The datasets whose presence was asked for, sorted, and whether they were there."""
    return dict(sorted(_asked.items()))


def reset() -> None:
    """Forget everything loaded and asked, as at the start of a notebook."""
    _loaded.clear()
    _asked.clear()
