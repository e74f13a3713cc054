"""All refined tables, collected from one module a subject."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from analysis.project import AnalysisError, Project
from analysis.refine.contracts import Table
from analysis.refine.subjects import SUBJECTS

if TYPE_CHECKING:
    import pandas as pd


@cache
def tables() -> dict[str, Table]:
    """Every table by name, sorted.

    >>> "tract_periods" in tables()
    True
    """
    found = {table.name: table for subject in SUBJECTS for table in import_module(f"analysis.refine.{subject}").TABLES}
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


def dictionary(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """The data dictionary: one row a column of every table, in order.

    Columns: table, title, column, dtype, key (whether it identifies a row), meaning,
    unit, denominator. It is read from the contracts, so it holds for every source.
    """
    import pandas as pd

    rows = [
        {
            "table": table.name,
            "title": table.title,
            "column": column["name"],
            "dtype": column["dtype"],
            "key": column["name"] in table.key,
            "meaning": column["meaning"],
            "unit": column["unit"],
            "denominator": column["denominator"],
        }
        for table in tables().values()
        for column in table.dictionary()
    ]
    return pd.DataFrame(rows)


def lineage(project: Project | None = None, source: str | None = None) -> pd.DataFrame:
    """Which table is made from what: one row an edge, with columns origin, kind and table.

    ``kind`` of the origin is dataset, table or file (typed figures of the catalogue).
    It is read from the declarations, so it holds for every source.
    """
    import pandas as pd

    edges = [
        (origin, kind, table.name)
        for table in tables().values()
        for kind, origins in (("dataset", table.inputs), ("table", table.tables), ("file", table.files))
        for origin in origins
    ]
    frame = pd.DataFrame(edges, columns=["origin", "kind", "table"])
    return frame.sort_values(["table", "kind", "origin"], ignore_index=True)
