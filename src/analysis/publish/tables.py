"""Tables: units, uncertainty, symbols for every kind of emptiness, disclosure control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.publish.payload import Table


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one column of a frame is shown.

    ``interval`` names the two columns with the bounds (shown as a range), ``moe`` the column with the half
    width (shown as ± 1.2), ``status`` the column with ok/no_data/suppressed/not_applicable/failed.
    """

    label: str
    unit: str = "text"
    decimals: int | None = None
    interval: tuple[str, str] | None = None
    moe: str | None = None
    status: str | None = None
    note: str | None = None


def table(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str,
    columns: Mapping[str, Column | str],
    sort: str | Sequence[str] | None = None,
    ascending: bool = True,
    totals: str | None = None,
    note: str | None = None,
    source: str | None = None,
    people_columns: Sequence[str] = (),
    tables: Sequence[str] | None = None,
) -> Table:
    """Record a table. ``totals`` names a boolean column that marks total rows; a str as column is its label."""
    raise NotImplementedError
