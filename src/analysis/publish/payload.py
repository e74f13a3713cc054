"""What an executed notebook carries: one JSON object per published thing, under our own mime types.

The objects are plain, finite and sorted, so that two runs on the same input
write the same bytes. Everything that renders a page, fills the ledger or feeds
an export reads them from here, never from the kernel.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from analysis.project import AnalysisError

FINDING = "application/vnd.angeleno.finding+json"
FIGURE = "application/vnd.angeleno.figure+json"
TABLE = "application/vnd.angeleno.table+json"
MAP = "application/vnd.angeleno.map+json"
DOWNLOAD = "application/vnd.angeleno.download+json"
LOAD = "application/vnd.angeleno.load+json"

Json = dict[str, Any]


def plain(value: Any) -> Any:
    """``value`` as plain JSON: numpy scalars become Python ones, tuples lists, dates ISO text, NaN null.

    >>> plain({"b": (1, float("nan")), "a": "x"})
    {'a': 'x', 'b': [1, None]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "isoformat"):
        return value.isoformat() if value == value else None  # NaT differs from itself
    if hasattr(value, "item"):
        return plain(value.item())
    if value != value:  # pandas' NA has no truth value but its own error says so; NaN-likes land here
        return None
    raise AnalysisError(f"cannot write a {type(value).__name__} into a page: give numbers, text, dates or lists of them")


def dumps(value: Any) -> str:
    """Canonical JSON text of a plain value: sorted keys, no NaN.

    >>> dumps({"b": 1, "a": "é"})
    '{"a": "é", "b": 1}'
    """
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class _Payload:
    mime: ClassVar[str]

    def to_json(self) -> Json:
        """The object as plain JSON."""
        result: Json = plain(self)
        return result

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The object written by :meth:`to_json`; unknown fields are an error, not ignored."""
        known = {f.name: f for f in dataclasses.fields(cls)}
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise AnalysisError(f"{cls.__name__}: unknown field {', '.join(unknown)}; run the notebook again")
        return cls(**{name: _frozen(value) for name, value in data.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class Figure(_Payload):
    """A drawing with its words.

    ``title``, ``subtitle``, ``caption`` and ``alt`` are prose templates: they may use findings and pass the
    same check as the text. ``svg`` is inert (no script, no style attribute, no outside address).
    ``data`` is the table behind the drawing: ``{"columns": [name, …], "rows": [[…], …]}``.
    """

    mime: ClassVar[str] = FIGURE
    name: str
    title: str
    subtitle: str
    alt: str
    svg: str
    data: Json
    caption: str | None = None
    source: str | None = None
    tables: tuple[Json, ...] = ()
    cell: Json | None = None


@dataclass(frozen=True, kw_only=True)
class Map(Figure):
    """A drawn map: a figure whose shapes can be walked; ``interaction`` is what the page's script needs for it."""

    mime: ClassVar[str] = MAP
    interaction: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table(_Payload):
    """A table, every cell already worded.

    ``columns``: ``[{"key", "label", "unit", "unit_label", "align": "left"|"right", "note"}]``.
    ``rows``: ``[{"total": bool, "cells": [{"text", "sort", "status", "low", "high"}]}]``; ``sort`` is the number
    (or text) to sort by and null where there is none; ``status`` is one of ``ok``, ``no_data``, ``suppressed``,
    ``not_applicable``, ``failed``. ``symbols``: the symbols used and what they mean, in order.
    ``csv``: the same table as guarded CSV text, numbers unrounded but suppressed cells empty.
    """

    mime: ClassVar[str] = TABLE
    name: str
    title: str
    columns: tuple[Json, ...]
    rows: tuple[Json, ...]
    symbols: tuple[tuple[str, str], ...] = ()
    note: str | None = None
    source: str | None = None
    csv: str = ""
    suppression: Json | None = None
    tables: tuple[Json, ...] = ()
    cell: Json | None = None


@dataclass(frozen=True, kw_only=True)
class Download(_Payload):
    """A file offered beside the page: ``downloads/<file>``, its bytes are ``csv`` in UTF-8."""

    mime: ClassVar[str] = DOWNLOAD
    name: str
    file: str
    title: str
    description: str
    rows: int
    sha256: str
    csv: str
    columns: tuple[str, ...] = ()
    tables: tuple[Json, ...] = ()
    cell: Json | None = None


@dataclass(frozen=True)
class Published:
    """Everything one executed notebook published, in order of appearance.

    ``figure_numbers`` counts figures and maps together; ``cells`` gives for each name the 1-based number of the
    notebook cell that published it.
    """

    findings: dict[str, Any]
    exhibits: dict[str, Figure | Map | Table]
    downloads: dict[str, Download]
    loads: tuple[Json, ...]
    cells: dict[str, int]

    @property
    def figure_numbers(self) -> dict[str, int]:
        """Figure name → its number."""
        return {n: i for i, n in enumerate((n for n, e in self.exhibits.items() if isinstance(e, Figure)), start=1)}

    @property
    def table_numbers(self) -> dict[str, int]:
        """Table name → its number."""
        return {n: i for i, n in enumerate((n for n, e in self.exhibits.items() if isinstance(e, Table)), start=1)}


def published(notebook: Mapping[str, Any]) -> Published:
    """Read what an executed notebook (nbformat 4 as a mapping) published; a name used twice is an error."""
    raise NotImplementedError
