"""Two measures in one map: three classes of each, nine together, and a square for a legend."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError
from analysis.publish import fonts, svg, theme
from analysis.publish.figures.numbers import axis_label, capitalized, counted, once, scribe
from analysis.publish.maps.classes import Class, Floats, Scheme, breaks_of, class_of, rounded_breaks, sequential_classes
from analysis.publish.maps.input import Overlay, Places
from analysis.publish.maps.legend import (
    EMPTY,
    LINE,
    WIDTH,
    LegendEntry,
    ended,
    filled,
    legend_root,
    write,
)
from analysis.publish.maps.shading import Shading
from analysis.publish.maps.speech import MOSTLY, listed_areas
from analysis.publish.units import plural
from analysis.publish.wording import said, told

Bools = npt.NDArray[np.bool_]
CELL = 50.0
STEPS = 3


@dataclass(frozen=True)
class Pair:
    """Two measures of the same places: each with three classes, and both as nine.

    ``both`` has the class ``3 * second + first`` of every place that has a number of either measure; the others have
    the status of the first measure that lacks one.
    """

    places: tuple[Places, Places]
    shadings: tuple[Shading, Shading]
    breaks: tuple[tuple[float, ...], tuple[float, ...]]
    labels: tuple[str, str]
    both: Shading


def paired(
    places: tuple[Places, Places],
    *,
    units: tuple[str, str],
    labels: tuple[str, str],
    breaks: tuple[Sequence[float] | None, Sequence[float] | None],
    scheme: Scheme,
) -> Pair:
    """The nine classes of two measures; breaks are of the places that have both, so that they are what is drawn.

    Raises :class:`AnalysisError` where a measure has too few different values for three classes.
    """
    known = np.isfinite(places[0].values) & np.isfinite(places[1].values)
    if not known.any():
        raise AnalysisError(
            f"map of {places[0].column!r} against {places[1].column!r}: no place has both; map them one by one"
        )
    inner = tuple(
        _breaks(one, known, given, scheme, name)
        for one, given, name in zip(places, breaks, ("breaks", "against_breaks"), strict=True)
    )
    shadings = tuple(_thirds(one, edges, unit) for one, edges, unit in zip(places, inner, units, strict=True))
    first, second = shadings
    cell = np.where(known, STEPS * second.place + first.place, -1)
    status = tuple(a if a != "ok" else b for a, b in zip(first.status, second.status, strict=True))
    names = [
        Class(f"pair-{STEPS * j + i}", f"{labels[0]}: {a.label}; {labels[1]}: {b.label}")
        for j, b in enumerate(second.classes)
        for i, a in enumerate(first.classes)
    ]
    return Pair(
        places, (first, second), (inner[0], inner[1]), labels, Shading(tuple(names), cell, status, first.scribe)
    )


def _breaks(
    places: Places, known: Bools, given: Sequence[float] | None, scheme: Scheme, name: str
) -> tuple[float, ...]:
    values = places.values[known]
    found = sorted(given) if given is not None else breaks_of(values, STEPS, scheme)
    if given is None and len(found) < STEPS - 1:
        found = _between_ties(values)
    if len(found) != STEPS - 1:
        raise AnalysisError(
            f"map of two measures: {places.column!r} gives {len(found)} breaks for {STEPS} classes, its values are too "
            f"alike: give two numbers in `{name}`, or map it alone"
        )
    return tuple(float(edge) for edge in found)


def _between_ties(values: Floats) -> list[float]:
    """Breaks where a third or more of the values are one number, as zeros often are: that number has its own class.

    >>> _between_ties(np.array([0.0, 0, 0, 0, 1, 2, 3, 9]))
    [1.0, 3.0]
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < STEPS:
        return []
    below = np.cumsum(counts) - counts  # values under each distinct one
    first = int(np.clip(np.searchsorted(below, len(values) / 3), 1, len(distinct) - 2))
    half = (len(values) + below[first]) / 2
    second = int(np.clip(np.searchsorted(below, half), first + 1, len(distinct) - 1))
    return rounded_breaks([float(distinct[first]), float(distinct[second])], float(distinct[0]), float(distinct[-1]))


def _thirds(places: Places, edges: Sequence[float], unit: str) -> Shading:
    """Three classes of one measure, of the numbers as the table twin and the script have them."""
    own = places.values[np.isfinite(places.values)]
    held = sequential_classes(edges, unit, float(own.min()), float(own.max()))
    writer = scribe(unit, own, ((places.high - places.low) / 2).tolist())
    shading = Shading(tuple(held), np.full(len(places.keys), -1), places.status, writer)
    return replace(shading, place=class_of(shading.trimmed(places.values), held))


def square_legend(pair: Pair, held: Sequence[LegendEntry], noun: str, overlay_noun: str) -> str:
    """The legend: a square of nine classes with how many places are in each, breaks at its edges, names on its axes."""
    root = legend_root(held, noun)
    y = 13.0
    up = fonts.wrap(f"↑ {pair.labels[1]}", WIDTH - 70, 13, 700)
    write(root, WIDTH, y, capitalized(noun), "soft", **{"font-size": "12", "text-anchor": "end"})
    for line in up:
        write(root, 0, y, line, "ink", **{"font-weight": "700"})
        y += LINE
    y += 4
    across, along = (_edges(pair, at) for at in (0, 1))
    left = max(fonts.text_width(words, 12) for words in along) + 14
    for place, count in enumerate(pair.both.counts):
        row, column = divmod(place, STEPS)
        _cell(root, left + column * CELL, y + (STEPS - 1 - row) * CELL, f"pair-{place}", count)
    for at, words in enumerate(along):
        edge = y + (STEPS - 1 - at) * CELL
        write(root, left - 8, edge + 4, words, "soft", **{"font-size": "12", "text-anchor": "end"})
    y += STEPS * CELL
    # Long numbers lean away from each other.
    leaning = max(fonts.text_width(words, 12) for words in across) > CELL - 6
    for at, words in enumerate(across):
        middle, anchor = left + (at + 1) * CELL, "middle"
        if leaning:
            middle, anchor = (middle + 12, "end") if at == 0 else (middle - 12, "start")
        write(root, middle, y + 15, words, "soft", **{"font-size": "12", "text-anchor": anchor})
    y += 34
    for line in fonts.wrap(f"{pair.labels[0]} →", WIDTH - left, 13, 700):
        write(root, left, y, line, "ink", **{"font-weight": "700"})
        y += LINE
    return ended(root, [entry for entry in held if entry.status in EMPTY], overlay_noun, y)


def _cell(root: ET.Element, x: float, y: float, token: str, count: int) -> None:
    edge = {"x": svg.number(x), "y": svg.number(y), "width": svg.number(CELL - 1), "height": svg.number(CELL - 1)}
    ET.SubElement(root, "rect", {**edge, **filled(token)})
    ink = theme.style().text_on[token]
    middle = x + (CELL - 1) / 2
    write(root, middle, y + CELL / 2 + 4, f"{count:,}", ink, **{"text-anchor": "middle", "font-weight": "500"})


def pair_columns(pair: Pair) -> list[dict[str, str]]:
    """The columns of the table twin that belong to each measure; the second's are named after it."""
    found = []
    for places, lead in zip(pair.places, ("", f"{pair.places[1].column}_"), strict=True):
        bounded = bool(np.isfinite(places.low).any())
        ends = {"low": f"{lead}low" if bounded else "", "high": f"{lead}high" if bounded else ""}
        found.append({"value": places.column, **ends, "status": f"{lead}status"})
    return found


def told_pair(pair: Pair) -> dict[str, Any]:
    """What the page's script needs to say both measures of a place."""
    measures = [
        {
            **columns,
            "label": label,
            "format": shading.format,
            "classes": [c.label for c in shading.classes],
            "edges": list(edges),
        }
        for columns, label, shading, edges in zip(
            pair_columns(pair), pair.labels, pair.shadings, pair.breaks, strict=True
        )
    ]
    kinds = {s for places in pair.places for s in places.status} - {"ok"}
    return {"pair": measures, "status": {s: said("status", s) for s in EMPTY if s in kinds}}


def _edges(pair: Pair, at: int) -> list[str]:
    writer = pair.shadings[at].scribe
    assert writer is not None
    return [axis_label(writer.unit.name, pair.breaks[at], edge) for edge in pair.breaks[at]]


def pair_alt(pair: Pair, over: Overlay | None, *, noun: str, overlay_noun: str, area: str | None) -> str:
    """How many places, between which numbers of each measure, how many in the corners of the square, and where."""
    keys = pair.places[0].keys
    where = told(" in and around {place}", place=over.names[over.place(area)]) if over and area else ""
    shapes = f"{len(keys):,} {plural(noun, len(keys))}{where}"
    sentences = [told("Map of {shapes} by two measures.", shapes=shapes)]
    for places, shading, label in zip(pair.places, pair.shadings, pair.labels, strict=True):
        assert shading.scribe is not None
        ends = float(np.nanmin(places.values)), float(np.nanmax(places.values))
        sentences.append(f"{label}: {once(shading.scribe.span(*ends), label)}.")
    low, first, second, high = (pair.both.counts[place] for place in (0, 2, 6, 8))
    sentences.append(
        told(
            "In the highest class of both: {high}; in the lowest of both: {low}; highest of the first and lowest of "
            "the second: {first}; the reverse: {second}.",
            high=f"{high:,}",
            low=f"{low:,}",
            first=f"{first:,}",
            second=f"{second:,}",
        )
    )
    if over is not None and area is None:
        named = _mostly_high(pair, over)
        if named:
            sentences.append(
                told(
                    "At least half of the {places} are in the highest class of both in {where}.",
                    places=plural(noun),
                    where=listed_areas(named, overlay_noun),
                )
            )
    for status, count in pair.both.empty.items():
        without = capitalized(counted(count, noun))
        sentences.append(told("{places}: {status}, hatched.", places=without, status=said("status", status)))
    return " ".join(sentences)


def _mostly_high(pair: Pair, over: Overlay) -> list[str]:
    area, found = np.array(pair.places[0].area), []
    for i, name in enumerate(over.names):
        own = pair.both.place[(area == i) & (pair.both.place >= 0)]
        if own.size and float((own == STEPS * STEPS - 1).mean()) >= MOSTLY:
            found.append(name)
    return found
