"""Figures, maps and tables as the page shows them: words rendered, numbers written, drawings put in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from analysis.publish.evidence import source_line
from analysis.publish.payload import Figure, Map, Table
from analysis.publish.retelling import retold
from analysis.publish.wording import ENGLISH, as_label, language, said, term, terms
from analysis.report.atlas import measure_id
from analysis.report.cards import publisher_words
from analysis.report.packing import Shelf, packed
from analysis.report.shared_shapes import Outlines

MOST_ROWS = 40
"""Longer data tables are laid out by the page's script when a reader opens them."""

Words = Callable[[str, str], str]
"""Renders a template of an exhibit; the second argument is ``html`` or ``text``."""


@dataclass(frozen=True)
class Carried:
    """What a page carries already, so that its exhibits need not repeat it.

    ``paper`` names the whole paper whose measures are on the map of all measures; empty where there is none.
    """

    paper: str = ""
    columns: Shelf = field(default_factory=Shelf)
    outlines: Outlines = field(default_factory=Outlines)


@dataclass(frozen=True)
class DataView:
    """The rows behind a drawing. ``shown`` is empty where there are too many to lay out beforehand.

    ``json`` is what the page carries: the columns' names, and the columns as :mod:`analysis.report.packing` packs them.
    """

    columns: tuple[str, ...]
    shown: tuple[tuple[tuple[str, bool], ...], ...]
    rows: int
    json: dict[str, Any]


@dataclass(frozen=True)
class FigureView:
    """A figure or map on the page; ``wide`` and ``narrow`` are inert SVG, ``on_map`` names it on the map of all."""

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
    on_map: str = ""
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


def figure_view(figure: Figure, number: int, words: Words, carried: Carried) -> FigureView:
    """A figure with its words rendered; what a screen reader says of the drawing is inside the drawing.

    What the page has already, as ``carried`` knows, is referred to.
    """
    drawn = figure.spoken(language())
    terms().missing.update(dict.fromkeys(drawn.missing))
    wide, interaction = Markup(drawn.svg), None
    if isinstance(figure, Map):
        keys = [row[0] for row in figure.data["rows"]]
        told = {**figure.interaction, **drawn.interaction}
        placed = carried.outlines.drawn(figure.name, drawn.svg, keys, told)
        wide, interaction = placed.drawing, placed.interaction
    return FigureView(
        name=figure.name,
        number=number,
        anchor=f"figure-{figure.name}",
        title=Markup(words(term(figure.title), "html")),
        title_text=words(term(figure.title), "text"),
        subtitle=Markup(words(term(figure.subtitle), "html")),
        caption=Markup(words(term(figure.caption), "html") if figure.caption else ""),
        alt=drawn.alt,
        source=source_words(figure),
        wide=wide,
        narrow=Markup(drawn.svg_narrow or ""),
        datasets=_datasets(figure),
        data=data_view(figure.data, figure.name, carried),
        interaction=interaction,
        on_map=_on_map(figure, carried.paper),
    )


def _on_map(figure: Figure, paper: str) -> str:
    """The measure of a map among all. Only maps lead there: where one is published, the map of all exists."""
    if not (paper and isinstance(figure, Map) and figure.measures):
        return ""
    return measure_id(paper, figure.name, str(figure.measures[0]["column"]))


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
        source=source_words(table),
        datasets=_datasets(table),
        csv=table.csv,
    )


def source_words(exhibit: Figure | Table) -> str:
    """The source line in the language being spoken, titles and publishers as far as they have a translation.

    >>> from analysis.publish.wording import Terms, speaking
    >>> used = {"datasets": [{"publisher": "Census Bureau", "title": "ACS"}]}
    >>> table = Table(name="t", title="", columns=(), rows=(), source="Source: Census Bureau (ACS).", tables=(used,))
    >>> with speaking("es", Terms({"ACS": "Encuesta"})):
    ...     source_words(table)
    'Fuente: Census Bureau (Encuesta).'
    """
    source = exhibit.source or ""
    if language() == ENGLISH or not source:
        return source
    if source != source_line(exhibit.tables):
        if (known_whole := term(source, needed=False)) != source:
            return known_whole
        found = re.fullmatch(r"Source: (.*)\.", source)
        return str(said("source")).format(sources=term(found[1])) if found else term(source)
    titles: dict[str, list[str]] = {}
    for used in exhibit.tables:
        for dataset in used["datasets"]:
            known = titles.setdefault(publisher_words(str(dataset["publisher"])), [])
            title = term(str(dataset["title"]), needed=False)
            known += [title] if title not in known else []
    cited = [said("cite").format(publisher=name, titles="; ".join(known)) for name, known in titles.items()]
    return str(said("source")).format(sources="; ".join(cited))


def _datasets(exhibit: Figure | Table) -> int:
    return len({dataset["id"] for use in exhibit.tables for dataset in use.get("datasets", ())})


def data_view(data: Mapping[str, Any], name: str, carried: Carried) -> DataView:
    """The table behind the drawing ``name``, numbers written for reading.

    >>> data_view({"columns": ["place", "rate"], "rows": [["Aldea", 0.123456]]}, "rates", Carried()).shown
    ((('Aldea', False), ('0.1235', True)),)
    """
    columns = tuple(str(column) for column in data.get("columns", ()))
    rows = list(data.get("rows", ()))
    laid_out = rows if len(rows) <= MOST_ROWS else []
    shown = tuple(tuple((cell_text(value), _is_number(value)) for value in row) for row in laid_out)
    packed_columns = [packed([_carried(row[at]) for row in rows]) for at in range(len(columns))]
    held = {"columns": columns, "packed": carried.columns.put(name, packed_columns)}
    return DataView(columns, shown, len(rows), held)


def _carried(value: Any) -> Any:
    """A value as the page carries it: eight significant digits, which no measurement here exceeds; texts as read."""
    if isinstance(value, str):
        return _read(value)
    return float(f"{value:.8g}") if isinstance(value, float) else value


def _read(text: str) -> str:
    """A text among data in the language being spoken; a name stands there without its article."""
    told = term(text, needed=False)
    return as_label(told) if text[:1].isupper() else told


def cell_text(value: Any) -> str:
    """A raw value for reading: four significant digits, a dash where there is none.

    >>> [cell_text(v) for v in (1234.5678, 0.00012344, 1999, None, True, "a")]
    ['1235', '0.0001234', '1999', '–', 'yes', 'a']
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(said("booleans", "yes" if value else "no"))
    if isinstance(value, str):
        return _read(value)
    if not isinstance(value, float):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    magnitude = abs(value)
    decimals = 0 if magnitude >= 1000 else next(d for d in range(1, 330) if round(magnitude, d) >= 10.0 ** (3 - d))
    return f"{value:.{decimals}f}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
