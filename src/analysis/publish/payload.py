"""What an executed notebook carries: one JSON object per published thing, under our own mime types.

The objects are plain, finite and sorted, so that two runs on the same input
write the same bytes. Everything that renders a page, fills the ledger or feeds
an export reads them from here, never from the kernel.
"""

from __future__ import annotations

import dataclasses
import json
import keyword
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
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
    raise AnalysisError(f"cannot write a {type(value).__name__} into a page: give numbers, text, dates or lists")


def dumps(value: Any) -> str:
    """Canonical JSON text of a plain value: sorted keys, no NaN.

    >>> dumps({"b": 1, "a": "é"})
    '{"a": "é", "b": 1}'
    """
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Payload:
    mime: ClassVar[str]

    def to_json(self) -> Json:
        """The object as plain JSON."""
        result: Json = plain(self)
        return result

    def _ipython_display_(self) -> None:
        """A cell that ends in ``publish.…(…)`` must not show the same thing twice."""
        import_module("analysis.publish.session").show_again(self)

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


@dataclass(frozen=True)
class Drawn:
    """What differs between the languages of a figure.

    ``words`` are the terms of the notebook it was drawn with, ``missing`` those of them that have no translation;
    ``interaction`` what a map's script needs in that language.
    """

    svg: str
    svg_narrow: str
    alt: str
    words: Json = field(default_factory=dict)
    missing: Sequence[str] = ()
    interaction: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Figure(Payload):
    """A drawing with its words.

    ``title``, ``subtitle`` and ``caption`` are prose templates: they may use findings and pass the same check as the
    text. ``alt`` is plain text, computed from the data or from findings. ``svg`` is inert (no script, no style
    attribute, no outside address) and laid out for 560 px and more, ``svg_narrow`` for phones (empty: use ``svg``).
    ``data`` is the table behind the drawing: ``{"columns": [name, …], "rows": [[…], …]}``. ``others`` holds, by
    language, the same drawing with other words, as the fields of a :class:`Drawn`. ``measures`` are those of its
    columns that say something of places (see :mod:`analysis.publish.measures`).
    """

    mime: ClassVar[str] = FIGURE
    name: str
    title: str
    subtitle: str
    alt: str
    svg: str
    svg_narrow: str = ""
    data: Json
    caption: str | None = None
    source: str | None = None
    tables: tuple[Json, ...] = ()
    others: Json = field(default_factory=dict)
    measures: tuple[Json, ...] = ()

    def spoken(self, language: str) -> Drawn:
        """The drawing in a language; the English one where the notebook was run without that language."""
        other = self.others.get(language)
        return Drawn(self.svg, self.svg_narrow, self.alt) if other is None else Drawn(**other)


@dataclass(frozen=True, kw_only=True)
class Map(Figure):
    """A drawn map: a figure whose shapes can be walked.

    ``interaction`` is what the page's script needs for it, ``ground`` what leads from its grid back to the ground.
    """

    mime: ClassVar[str] = MAP
    interaction: Json = field(default_factory=dict)
    ground: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table(Payload):
    """A table, every cell already worded.

    ``title`` and ``note`` are prose templates. ``columns``: ``[{"key", "label", "unit", "unit_label", "align":
    "left"|"right", "note"}]``. ``rows``: ``[{"total": bool, "cells": [{"text", "sort", "status"}]}]``; ``sort`` is the
    number (or text) to sort by and null where there is none; ``status`` is one of ``ok``, ``no_data``, ``suppressed``,
    ``not_applicable``, ``failed``. ``symbols``: the symbols used and what they mean, in order.
    ``csv``: the same table as guarded CSV text, numbers unrounded, cells without a value empty and named in a
    status column. ``suppression``: threshold, how many cells are withheld as small and as revealing, null without.
    ``measures`` are those of its columns that say something of places.
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
    measures: tuple[Json, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Download(Payload):
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
    measures: tuple[Json, ...] = ()


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
    """Read what an executed notebook (nbformat 4 as a mapping) published.

    Raises :class:`AnalysisError` when a name is used twice for the same kind of thing: a page could not say which.
    """
    findings: dict[str, Any] = {}
    exhibits: dict[str, Figure | Map | Table] = {}
    downloads: dict[str, Download] = {}
    cells: dict[str, int] = {}
    loads: dict[str, Json] = {}
    for number, mime, data in _outputs(notebook):
        if mime == LOAD:
            loads.setdefault(str(data.get("table")), dict(data))
            continue
        payload = _classes()[mime].from_json(data)
        room: dict[str, Any] = findings if mime == FINDING else downloads if mime == DOWNLOAD else exhibits
        name = str(data["name"])
        if name in room:
            raise AnalysisError(f"{name!r} is published twice, in cells {cells[name]} and {number}: rename one")
        room[name] = payload
        cells.setdefault(name, number)
    return Published(findings, exhibits, downloads, tuple(loads.values()), cells)


def _outputs(notebook: Mapping[str, Any]) -> Iterator[tuple[int, str, Json]]:
    known = {LOAD, *_classes()}
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", ()):
            for mime, data in output.get("data", {}).items():
                if mime in known:
                    yield number, mime, json.loads(data) if isinstance(data, str) else data


def _classes() -> dict[str, type[Payload]]:
    findings = import_module("analysis.publish.findings")  # findings are payloads, so they import this module
    return {FINDING: findings.Finding, FIGURE: Figure, MAP: Map, TABLE: Table, DOWNLOAD: Download}


def checked_name(kind: str, name: str) -> str:
    """``name`` if it can be an anchor, a file name and a word of a template; an error otherwise.

    >>> checked_name("figure", "rent_map")
    'rent_map'
    """
    if not name.isidentifier() or not name.isascii() or name.startswith("_") or keyword.iskeyword(name):
        raise AnalysisError(f"{kind} {name!r}: the name must be a plain identifier such as rent_change")
    return name
