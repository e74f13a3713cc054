"""Figures, maps and tables as the page shows them: words rendered, numbers written, drawings put in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analysis.publish.payload import Figure, Map, Table
from analysis.publish.retelling import retold
from analysis.publish.wording import language, said, term, terms

MOST_ROWS = 40
"""Longer data tables are laid out by the page's script when a reader opens them."""

Words = Callable[[str, str], str]
"""Renders a template of an exhibit; the second argument is ``html`` or ``text``."""


@dataclass(frozen=True)
class DataView:
    """The rows behind a drawing. ``shown`` is empty where there are too many to lay out beforehand."""

    columns: tuple[str, ...]
    shown: tuple[tuple[tuple[str, bool], ...], ...]
    rows: int
    json: dict[str, Any]


@dataclass(frozen=True)
class FigureView:
    """A figure or map on the page; ``wide`` and ``narrow`` are inert SVG."""

    name: str
    number: int
    anchor: str
    title: Markup
    title_text: str
    subtitle: Markup
    caption: Markup
    alt: str
    source: str
    wide: Markup
    narrow: Markup
    datasets: int
    data: DataView
    interaction: dict[str, Any] | None
    kind: str = "figure"


@dataclass(frozen=True)
class TableView:
    """A table on the page; columns and rows are payloads as published, every cell already worded."""

    name: str
    number: int
    anchor: str
    title: Markup
    title_text: str
    columns: tuple[dict[str, Any], ...]
    rows: tuple[dict[str, Any], ...]
    symbols: tuple[tuple[str, str], ...]
    note: Markup
    source: str
    datasets: int
    csv: str
    kind: str = "table"


def figure_view(figure: Figure, number: int, words: Words) -> FigureView:
    """A figure with its words rendered; what a screen reader says of the drawing is inside the drawing."""
    drawn = figure.spoken(language())
    terms().missing.update(dict.fromkeys(drawn.missing))
    return FigureView(
        name=figure.name,
        number=number,
        anchor=f"figure-{figure.name}",
        title=Markup(words(term(figure.title), "html")),
        title_text=words(term(figure.title), "text"),
        subtitle=Markup(words(term(figure.subtitle), "html")),
        caption=Markup(words(term(figure.caption), "html") if figure.caption else ""),
        alt=drawn.alt,
        source=source_words(figure.source or ""),
        wide=Markup(drawn.svg),
        narrow=Markup(drawn.svg_narrow or ""),
        datasets=_datasets(figure),
        data=data_view(figure.data),
        interaction={**figure.interaction, **drawn.interaction} if isinstance(figure, Map) else None,
    )


def table_view(table: Table, number: int, words: Words) -> TableView:
    """A table with its words rendered."""
    told = retold(table)
    return TableView(
        name=table.name,
        number=number,
        anchor=f"table-{table.name}",
        title=Markup(words(term(table.title), "html")),
        title_text=words(term(table.title), "text"),
        columns=told.columns,
        rows=told.rows,
        symbols=told.symbols,
        note=Markup(words(term(table.note), "html") if table.note else ""),
        source=source_words(table.source or ""),
        datasets=_datasets(table),
        csv=table.csv,
    )


def source_words(source: str) -> str:
    """The source line in the language being spoken; publishers and titles stay as they are.

    >>> with speaking("es"):
    ...     source_words("Source: Census Bureau (ACS).")
    'Fuente: Census Bureau (ACS).'
    """
    found = re.fullmatch(r"Source: (.*)\.", source)
    return str(said("source")).format(sources=found[1]) if found else term(source)


def _datasets(exhibit: Figure | Table) -> int:
    return len({dataset["id"] for use in exhibit.tables for dataset in use.get("datasets", ())})


def data_view(data: Mapping[str, Any]) -> DataView:
    """The table behind a drawing, numbers written for reading.

    >>> data_view({"columns": ["place", "rate"], "rows": [["Aldea", 0.123456]]}).shown
    ((('Aldea', False), ('0.1235', True)),)
    """
    columns = tuple(str(column) for column in data.get("columns", ()))
    rows = list(data.get("rows", ()))
    laid_out = rows if len(rows) <= MOST_ROWS else []
    shown = tuple(tuple((cell_text(value), _is_number(value)) for value in row) for row in laid_out)
    carried = [[_carried(value) for value in row] for row in rows]
    return DataView(columns, shown, len(rows), {"columns": columns, "rows": carried})


def _carried(value: Any) -> Any:
    """A value as the page carries it: eight significant digits, which no measurement here exceeds."""
    return float(f"{value:.8g}") if isinstance(value, float) else value


def cell_text(value: Any) -> str:
    """A raw value for reading: four significant digits, a dash where there is none.

    >>> [cell_text(v) for v in (1234.5678, 0.00012344, 1999, None, True, "a")]
    ['1235', '0.0001234', '1999', '–', 'yes', 'a']
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(said("values", "yes" if value else "no"))
    if isinstance(value, str):
        return term(value, needed=False)
    if not isinstance(value, float):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    magnitude = abs(value)
    decimals = 0 if magnitude >= 1000 else next(d for d in range(1, 330) if round(magnitude, d) >= 10.0 ** (3 - d))
    return f"{value:.{decimals}f}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
