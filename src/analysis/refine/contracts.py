"""What a refined table promises: its columns, their meaning, unit and denominator.

A table is declared once, as a :class:`Table`; its pandera contract is made from
the declaration, and the data dictionary is read back from that contract, so the
check and the documentation cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandera.pandas as pa

    from analysis.refine.workbench import Workbench

FLAGS = (
    "ok",
    "missing_sentinel",
    "missing_zero",
    "missing_crosswalk",
    "top_coded",
    "bottom_coded",
    "not_published",
)
"""Why an estimate is as it is; every missing estimate has one of the reasons."""

GEOID_PATTERN = r"^\d{11}$"

_DTYPES = {
    "text": "str",
    "date": "datetime64[us]",
    "integer": "int64",
    "number": "float64",
    "truth": "bool",
    "geometry": "geometry",
}


@dataclass(frozen=True)
class Field:
    """One column of a table.

    ``kind`` is text, date, integer, number, truth or geometry; ``unit`` is a word
    such as people, dollars, km2, share (0 to 1) or code; ``denominator`` says what
    a count or share is out of, and is empty where the question makes no sense.

    >>> Field("population", "number", "Residents", "people", "all residents of the tract").dtype
    'float64'
    """

    name: str
    kind: str
    meaning: str
    unit: str
    denominator: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def dtype(self) -> str:
        """The pandas dtype the column has in the Parquet file."""
        return _DTYPES[self.kind]

    def column(self) -> pa.Column:
        """The column as a pandera contract; meaning, unit and denominator travel with it."""
        import pandera.pandas as pa

        checks = []
        if self.choices:
            checks.append(pa.Check.isin(self.choices))
        if self.pattern:
            checks.append(pa.Check.str_matches(self.pattern))
        if self.minimum is not None:
            checks.append(pa.Check.ge(self.minimum))
        if self.maximum is not None:
            checks.append(pa.Check.le(self.maximum))
        return pa.Column(
            None if self.kind == "geometry" else self.dtype,
            checks,
            nullable=self.nullable,
            description=self.meaning,
            metadata={"unit": self.unit, "denominator": self.denominator, "kind": self.kind},
        )


@dataclass(frozen=True)
class Table:
    """One refined table: what goes in, what comes out, and how it is made.

    ``inputs`` are dataset ids of the catalogue, ``tables`` other refined tables,
    ``files`` catalogue files with typed figures. ``build`` gets a workbench that
    reads them and counts what is dropped, and gives a DataFrame. ``period`` names the column that dates the rows.
    A table is ``streamed`` when its raw data may not fit into memory: its ``build`` then gives
    a ``streaming.Stream``, which says what becomes of each row, and the rows keep the raw order.
    """

    name: str
    title: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    build: Callable[[Workbench], Any]
    inputs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    period: str = ""
    spatial: bool = False
    streamed: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def contract(self) -> pa.DataFrameSchema:
        """The pandera contract: exact columns in this order, types, ranges, a unique key."""
        import pandera.pandas as pa

        return pa.DataFrameSchema(
            {column.name: column.column() for column in self.fields},
            name=self.name,
            title=self.title,
            unique=list(self.key),
            strict=True,
            ordered=True,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.fields)

    def dictionary(self) -> list[dict[str, Any]]:
        """One row a column, read from the contract: name, dtype, meaning, unit, denominator."""
        return [
            {
                "name": name,
                "dtype": _DTYPES[column.metadata["kind"]],
                "meaning": column.description,
                "unit": column.metadata["unit"],
                "denominator": column.metadata["denominator"],
            }
            for name, column in self.contract.columns.items()
        ]


GEOID = Field(
    "geoid", "text", "Census tract of the 2010 vintage, 11 characters: state, county, tract", "code",
    pattern=GEOID_PATTERN,
)  # fmt: skip
