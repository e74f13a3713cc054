"""Figures and maps: a drawing, its words and its data, recorded for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import pandas as pd

from analysis.publish.payload import Figure, Map


class Drawing(Protocol):
    """What :mod:`analysis.publish.figures` makes: inert SVG, the data behind it, a sentence saying what it shows."""

    svg: str
    data: pd.DataFrame
    alt: str


def figure(
    name: str,
    drawing: Drawing,
    *,
    title: str,
    subtitle: str,
    source: str | None = None,
    alt: str | None = None,
    caption: str | None = None,
    tables: Sequence[str] | None = None,
) -> Figure:
    """Record a drawing. ``title`` is the takeaway and may use findings; ``subtitle`` says measure, unit, place, period."""
    raise NotImplementedError


def map(
    name: str,
    shapes: Any,
    column: str,
    *,
    title: str,
    subtitle: str,
    unit: str,
    key: str = "geoid",
    label: str | None = None,
    classes: int | None = None,
    breaks: Sequence[float] | None = None,
    palette: Literal["sequential", "diverging", "groups"] = "sequential",
    overlay: Any = None,
    status_column: str | None = None,
    source: str | None = None,
    alt: str | None = None,
    caption: str | None = None,
    tables: Sequence[str] | None = None,
    **drawing: Any,
) -> Map:
    """Draw and record a map of ``column`` over ``shapes``; further options go to ``maps.choropleth``."""
    raise NotImplementedError
