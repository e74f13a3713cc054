"""Figures and maps: a drawing, its words and its data, recorded for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import session
from analysis.publish.disclosure import require_no_small_counts
from analysis.publish.evidence import source_line, tables_behind
from analysis.publish.findings import HigherIs
from analysis.publish.measures import Measure
from analysis.publish.measures import described as described_measure
from analysis.publish.measures import recorded as measured
from analysis.publish.payload import Drawn, Figure, Json, Map, checked_name, plain
from analysis.publish.prose import Context, render_text
from analysis.publish.references import load_references
from analysis.publish.wording import speaking, term

if TYPE_CHECKING:
    from analysis.publish.maps import MapDrawing


class Drawing(Protocol):
    """What :mod:`analysis.publish.figures` and ``maps`` make.

    Inert SVG for wide and narrow screens, the data behind it, a sentence saying what it shows.
    """

    @property
    def svg(self) -> str: ...
    @property
    def svg_narrow(self) -> str: ...
    @property
    def data(self) -> pd.DataFrame: ...
    @property
    def alt(self) -> str: ...
    def named(self, name: str) -> Self:
        """The drawing with identifiers of its own."""
        ...

    def with_alt(self, alt: str) -> Self:
        """The drawing with another description."""
        ...


def figure(
    name: str,
    drawing: Drawing,
    *,
    title: str,
    subtitle: str,
    source: str | None = None,
    alt: str | None = None,
    caption: str | None = None,
    people_columns: Sequence[str] = (),
    measures: Mapping[str, Measure] | None = None,
    tables: Sequence[str] | None = None,
) -> Figure:
    """Record a drawing under ``name``; prose refers to it as ``{{ fig("name") }}``.

    ``title`` is the takeaway, ``subtitle`` says measure, unit, place and period; both and ``caption`` are prose: they
    may use findings, wherever those are published, and pass the same check. ``alt`` may use findings published so
    far; the drawing's own computed sentence is used without it. ``source`` defaults to what was loaded, ``tables``
    narrows that. ``people_columns`` of the drawing's data must hold no count that the policy suppresses. ``measures``
    says which columns of the drawing's data are shown on the map of all measures, too.

    Raises :class:`AnalysisError` for a missing title, subtitle or alternative text.
    """
    used = tables_behind(tables)
    described = _described(name, drawing, alt)
    recorded = Figure(
        name=checked_name("figure", name),
        title=_stated(name, "title", title),
        subtitle=_stated(name, "subtitle", subtitle),
        alt=described.alt,
        svg=described.svg,
        svg_narrow=described.svg_narrow,
        data=_data(name, described.data, people_columns),
        caption=caption,
        source=source or source_line(used),
        tables=used,
        others=_others(name, drawing, alt),
        measures=measured(f"figure {name!r}", described.data, measures),
    )
    session.record(recorded, card=_card(recorded), text=f"{name}: {described.alt}")
    return recorded


def map(
    name: str,
    shapes: Any,
    column: str,
    *,
    title: str,
    subtitle: str,
    unit: str,
    key: str = "geoid",
    classes: int | None = None,
    breaks: Sequence[float] | None = None,
    palette: Literal["sequential", "diverging", "groups"] = "sequential",
    overlay: Any = None,
    name_column: str | None = None,
    status_column: str | None = None,
    source: str | None = None,
    alt: str | None = None,
    caption: str | None = None,
    people_columns: Sequence[str] = (),
    period: str = "",
    vintage: str = "",
    higher_is: HigherIs = "neither",
    level: float = 0.95,
    interval: str = "",
    no_interval: str = "",
    denominator: str = "",
    against: str | None = None,
    against_measure: Measure | None = None,
    tables: Sequence[str] | None = None,
    **drawing: Any,
) -> Map:
    """Draw and record a map of ``column`` over ``shapes``; words as for :func:`figure`.

    ``name_column`` holds the names of the shapes; further options (``label``, ``noun``, ``low`` and ``high``, ``area``,
    …) go to :func:`analysis.publish.maps.choropleth`, which draws. ``period``, ``vintage`` (the year of the borders)
    and what follows them describe the measure for the map of all measures, as in
    :class:`analysis.publish.measures.Measure`. ``against`` is a second column, drawn in one map with the first as nine
    classes; ``against_measure`` says what it is, its bounds and its status, and it is on the map of all measures, too.
    """
    if (against is None) != (against_measure is None):
        raise AnalysisError(f"map {name!r}: give both `against`, a column, and `against_measure`, what it says")
    if against is not None and against_measure is not None:
        drawing |= _second(against, against_measure)
    maps = import_module("analysis.publish.maps")
    drawn: MapDrawing = maps.choropleth(
        shapes, column, key=key, unit=unit, classes=classes, breaks=breaks, palette=palette, overlay=overlay,
        name=name_column, status_column=status_column, **drawing,
    )  # fmt: skip
    used = tables_behind(tables)
    described = _described(name, drawn, alt)
    measure = Measure(
        label=drawing.get("label") or column, unit=unit, period=period, places=drawing.get("noun", "tract"),
        vintage=vintage, low=drawing.get("low"), high=drawing.get("high"), level=level, interval=interval,
        no_interval=no_interval, higher_is=higher_is, denominator=denominator, palette=palette,
    )  # fmt: skip
    recorded = Map(
        name=checked_name("map", name),
        title=_stated(name, "title", title),
        subtitle=_stated(name, "subtitle", subtitle),
        alt=described.alt,
        svg=described.svg,
        svg_narrow=described.svg_narrow,
        data=_data(name, described.data, people_columns),
        caption=caption,
        source=source or source_line(used),
        tables=used,
        interaction=plain(drawn.interaction),
        others=_others(name, drawn, alt),
        measures=(
            {**described_measure(column, measure), **drawn.measure},
            *([{**described_measure(against, against_measure), **drawn.second}] if against and against_measure else []),
        ),
        ground=plain(drawn.ground),
    )
    session.record(recorded, card=_card(recorded), text=f"{name}: {described.alt}")
    return recorded


def _second(column: str, measure: Measure) -> dict[str, Any]:
    """The second measure of a map, as drawing asks for it."""
    if measure.low is None and not measure.no_interval:
        raise AnalysisError(
            f"map against {column!r}: give its `low` and `high`, or say in no_interval why there are none"
        )
    return {
        "against": column, "against_unit": measure.unit, "against_label": measure.label, "against_low": measure.low,
        "against_high": measure.high, "against_status": measure.status, "against_breaks": measure.breaks,
    }  # fmt: skip


def _others(name: str, drawing: Drawing, alt: str | None) -> Json:
    """The drawing in the other languages of the notebook, each with the words it was drawn with."""
    found: Json = {}
    for language, (drawn, words) in getattr(drawing, "others", {}).items():
        with speaking(language, words):
            described = _described(name, drawn, alt if alt is None else term(alt))
        found[language] = plain(
            Drawn(
                described.svg,
                described.svg_narrow,
                described.alt,
                words=words.asked,
                missing=sorted(words.missing),
                interaction=_unlike(getattr(described, "interaction", {}), getattr(drawing, "interaction", {})),
            )
        )
    return found


def _unlike(other: Json, english: Json) -> Json:
    """What a map's script needs in another language and not in English."""
    return {name: value for name, value in other.items() if value != english.get(name)}


def _described(name: str, drawing: Drawing, alt: str | None) -> Drawing:
    """The drawing with identifiers and alternative text of its own; a figure without words for it is refused."""
    if alt is not None:
        context = Context(name, session.recorded("finding"), references=load_references())
        drawing = drawing.with_alt(render_text(alt, context).replace("\u00a0", " "))
    if len(drawing.alt.split()) < 3:
        raise AnalysisError(f"figure {name!r} has no alternative text: give alt='what it shows, in a sentence'")
    return drawing.named(name.replace("_", "-"))


def _stated(name: str, part: str, text: str) -> str:
    if not text.strip():
        raise AnalysisError(f"figure {name!r} has no {part}: a reader needs one")
    return text


def _data(name: str, frame: pd.DataFrame, people: Sequence[str]) -> Json:
    require_no_small_counts(f"figure {name!r}", frame, people)
    flat = frame.drop(columns="geometry", errors="ignore")
    return {
        "columns": [str(column) for column in flat.columns],
        "rows": [[plain(value) for value in row] for row in flat.astype(object).itertuples(index=False, name=None)],
    }


def _card(figure: Figure) -> str:
    """Words and drawing for JupyterLab; the drawing is our own inert SVG."""
    facts = [("subtitle", figure.subtitle), ("alt", figure.alt), ("source", figure.source or "")]
    return session.card(figure.title, facts, lead=figure.name) + figure.svg
