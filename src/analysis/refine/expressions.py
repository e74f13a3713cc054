"""SQL for what tables that are built piece by piece do to text as published.

Each has a namesake in ``parsing`` for frames. The text is trimmed before it is given
a type: that is what ``parsing`` does, and it keeps DuckDB from handing the type to
its CSV reader, where a bad value stops the reading (DuckDB issue 23818).
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.sources.streaming import named

RAW, CLEAN = "raw", "clean"
"""How the text as published and the values made of it are called in SQL; a bare name could be either."""
FLOATING_TIMESTAMP = ("%Y-%m-%dT%H:%M:%S.%g", "%Y-%m-%dT%H:%M:%S")
"""How Socrata writes a moment without a zone: https://dev.socrata.com/docs/datatypes/floating_timestamp.html"""


def text(column: str) -> str:
    """The text without blanks around it; missing where nothing is left.

    >>> text("owner")
    'nullif(trim(raw."owner"), \\'\\')'
    """
    return f"nullif(trim({RAW}.{named(column)}), '')"


def number(column: str) -> str:
    """The column as a finite number; missing where it is none."""
    value = f"try_cast({text(column)} AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def moment(column: str, forms: Sequence[str] = FLOATING_TIMESTAMP) -> str:
    """The column as a moment without a zone, of one of the forms; missing where it is none."""
    listed = ", ".join(f"'{form}'" for form in forms)
    return f"CAST(try_strptime({text(column)}, [{listed}]) AS TIMESTAMP)"


def unreadable(column: str, value: str) -> str:
    """Whether there is text in a column that could not be read as what it should be.

    >>> unreadable("cd", "clean.district")
    'nullif(trim(raw."cd"), \\'\\') IS NOT NULL AND clean.district IS NULL'
    """
    return f"{text(column)} IS NOT NULL AND {value} IS NULL"
