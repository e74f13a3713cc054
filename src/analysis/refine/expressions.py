"""SQL for what tables that are built piece by piece do to text as published.

Each has a namesake in ``parsing`` for frames. Blanks around a value are no part of it;
text is trimmed only where there are some, because looking is cheaper. A number is read
inside a condition: a bare TRY_CAST is handed to DuckDB's CSV reader, where a bad value
stops the reading instead of being missing (DuckDB issue 23818).
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.sources.streaming import named

RAW, CLEAN = "raw", "clean"
"""How the text as published and the values made of it are called in SQL; a bare name could be either."""
FLOATING_TIMESTAMP = ("%Y-%m-%dT%H:%M:%S.%g", "%Y-%m-%dT%H:%M:%S")
"""How Socrata writes a moment without a zone: https://dev.socrata.com/docs/datatypes/floating_timestamp.html"""


def text(column: str) -> str:
    r"""The text without blanks around it; missing where nothing is left.

    >>> text("cd")
    'CASE WHEN raw."cd" LIKE \' %\' OR raw."cd" LIKE \'% \' THEN nullif(trim(raw."cd"), \'\') ELSE raw."cd" END'
    """
    name = f"{RAW}.{named(column)}"
    return f"CASE WHEN {name} LIKE ' %' OR {name} LIKE '% ' THEN nullif(trim({name}), '') ELSE {name} END"


def number(column: str) -> str:
    r"""The column as a number; missing where it is none.

    >>> number("latitude")
    'CASE WHEN raw."latitude" <> \'\' THEN TRY_CAST(raw."latitude" AS DOUBLE) END'
    """
    name = f"{RAW}.{named(column)}"
    return f"CASE WHEN {name} <> '' THEN TRY_CAST({name} AS DOUBLE) END"


def moment(column: str, forms: Sequence[str] = FLOATING_TIMESTAMP) -> str:
    """The column as a moment without a zone, of one of the forms; missing where it is none."""
    listed = ", ".join(f"'{form}'" for form in forms)
    return f"try_strptime({RAW}.{named(column)}, [{listed}])"


def unreadable(column: str, value: str) -> str:
    r"""Whether there is text in a column that could not be read as what it should be.

    >>> unreadable("cd", "clean.district")
    'trim(raw."cd") <> \'\' AND clean.district IS NULL'
    """
    return f"trim({RAW}.{named(column)}) <> '' AND {value} IS NULL"
