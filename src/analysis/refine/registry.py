"""All refined tables, collected from one module a subject."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from analysis.project import AnalysisError
from analysis.refine.contracts import Table

SUBJECTS = ("census_tracts", "covid", "geographies", "prices")
"""The modules of this package that declare ``TABLES``; a new subject is one more name."""


@cache
def tables() -> dict[str, Table]:
    """Every table by name, sorted.

    >>> "tract_periods" in tables()
    True
    """
    found = {
        table.name: table for subject in SUBJECTS for table in import_module(f"analysis.refine.{subject}").TABLES
    }
    return dict(sorted(found.items()))


def table_named(name: str) -> Table:
    """The table of this name; an error lists those there are.

    >>> table_named("prices").key
    ('series', 'year')
    """
    try:
        return tables()[name]
    except KeyError:
        raise AnalysisError(f"there is no table {name!r}: use one of {', '.join(tables())}") from None
