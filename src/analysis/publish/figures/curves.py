"""What a rule does over a running number: a curve with its band, and what was said against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import bounds_of, picked
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.lines import Frame
from analysis.publish.figures.numbers import Scribe, counted, once, scribe
from analysis.publish.figures.placing import spread
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Floats, Scale, extent, widened
from analysis.publish.figures.sheet import LEADING, Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import told


@dataclass(frozen=True)
class Line:
    """One curve: its name, points in order, bounds (NaN where none) and colour."""

    name: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats
    token: str


@dataclass(frozen=True)
class Plane:
    """Everything a drawing shows, before it has a size. ``diagonal``: draw where both axes are equal."""

    lines: tuple[Line, ...]
    units: tuple[str, str]
    labels: tuple[str, str]
    limits: tuple[tuple[float, float], tuple[float, float]]
    keys: tuple[Entry, ...]
    marked: tuple[float, str] | None
    diagonal: bool
    plus: bool


@spoken("x_label", "y_label", "marked")
def curve(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    x_unit: str,
    y_unit: str,
    x_label: str,
    y_label: str,
    series: str | None = None,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    order: Sequence[str] | None = None,
    marked: tuple[float, str] | None = None,
    zero: bool | None = None,
    plus: bool = False,
) -> Drawing:
    """Draw ``y`` over the number ``x``, one line per ``series`` (up to four, named at the end), bands at ``level``.

    ``marked`` is a place on the horizontal axis and its name, such as the threshold in use. Serves decision curves and
    partial dependence. Raises AnalysisError for missing columns, gaps in ``x``, or too many series.

    >>> frame = pd.DataFrame({"t": [10, 20, 30], "net": [30, 20, 5]})
    >>> curve(frame, "t", "net", x_unit="percent", y_unit="points", x_label="Threshold", y_label="Net benefit").alt
    'Curve of Net benefit over Threshold, 10 to 30 percent. From 30 percentage points at 10 percent to 5 percentage
    points at 30 percent.'
    """
    used = [c for c in (series, x, y, low, high) if c]
    data = picked(frame, used, numbers=[c for c in (x, y, low, high) if c], bounds=(low, y, high))
    if data[x].isna().any() or data[y].isna().any():
        raise AnalysisError(f"curve of {y!r}: {int(data[[x, y]].isna().any(axis=1).sum())} rows lack a number")
    drawn = _lines(data, x, y, (low, high), series, order)
    bounds = [c for line in drawn for c in (line.y, line.low, line.high) if np.isfinite(c).any()]
    words = theme.words()["keys"]
    keys = (Entry("band", "neutral", words["interval"].format(level=f"{100 * level:g}")),) if low else ()
    limits = (extent(*(line.x for line in drawn)), lines.with_zero(*extent(*bounds), zero))
    plane = Plane(drawn, (x_unit, y_unit), (x_label, y_label), limits, keys, marked, False, plus)
    scribes = scribe(x_unit, data[x]), scribe(y_unit, data[y], plus=plus)
    return both("curve", lambda layout: _draw(plane, layout), data[used], _alt_curve(plane, scribes))


@spoken("x_label", "y_label")
def calibration(
    frame: pd.DataFrame,
    expected: str,
    observed: str,
    *,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    x_label: str = "Probability given",
    y_label: str = "Share in which it happened",
    noun: str = "bin",
) -> Drawing:
    """Draw what happened against the probability that was given, in percent, with the line on which both agree.

    One row of ``frame`` is a bin of places; ``low`` and ``high`` bound what was observed at ``level``.

    >>> frame = pd.DataFrame({"said": [10.0, 40.0], "seen": [12.0, 30.0], "lo": [8.0, 22.0], "hi": [18.0, 38.0]})
    >>> calibration(frame, "said", "seen", low="lo", high="hi").alt
    'Calibration plot of two bins. Probabilities from 10 to 40 percent; it happened in 12 to 30 percent. In one of them
    the interval holds the probability that was given.'
    """
    used = [c for c in (expected, observed, low, high) if c]
    data = picked(frame, used, numbers=used, bounds=(low, observed, high)).sort_values(expected, ignore_index=True)
    said, seen, floor, ceiling = (bounds_of(data, c) for c in (expected, observed, low, high))
    words = theme.words()["keys"]
    keys = [Entry("line", "neutral", words["interval"].format(level=f"{100 * level:g}"))] if low else []
    keys.append(Entry("rule", "soft", words["calibrated"]))
    top = max(float(np.nanmax(column)) for column in (said, seen, ceiling) if np.isfinite(column).any())
    limits = ((0.0, top), (0.0, top))
    line = Line("", said, seen, floor, ceiling, "navy")
    plane = Plane((line,), ("percent", "percent"), (x_label, y_label), limits, tuple(keys), None, True, False)
    return both("calibration", lambda layout: _draw(plane, layout), data[used], _alt_calibration(line, noun))


def _lines(
    data: pd.DataFrame, x: str, y: str, bounds: tuple[str | None, str | None], series: str | None,
    order: Sequence[str] | None,
) -> tuple[Line, ...]:  # fmt: skip
    palette = theme.style().series
    groups = {"": data} if series is None else {str(k): g for k, g in data.groupby(series, sort=False, observed=True)}
    names = [str(name) for name in order] if order is not None else list(groups)
    unknown = sorted(set(names) - set(groups))
    if unknown or len(names) > len(palette):
        raise AnalysisError(
            f"curve: no series {', '.join(unknown)}" if unknown else f"{len(names)} curves cannot be told apart: "
            f"name up to {len(palette)} in `order`"
        )  # fmt: skip
    found = []
    for name, token in zip(names, palette, strict=False):
        rows = groups[name].sort_values(x, kind="stable")
        at, middle, floor, ceiling = (bounds_of(rows, column) for column in (x, y, *bounds))
        found.append(Line(name, at, middle, floor, ceiling, token))
    return tuple(found)


def _draw(plane: Plane, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    vertical = lines.value_axis(*plane.limits[1], plane.units[1], 4 if narrow else 5, plus=plane.plus)
    across = lines.value_axis(*plane.limits[0], plane.units[0], 4 if narrow else 7).within(*plane.limits[0])
    names = {line.name: fonts.wrap(line.name, 92 if narrow else 130, 13, 500) for line in plane.lines if line.name}
    room = max((fonts.text_width(part, 13, 500) for parts in names.values() for part in parts), default=0.0)
    head = header_height(plane.labels[1], plane.keys, width) + (
        9 + LEADING * len(_marked(plane, width)) if plane.marked else 8
    )
    left, right = vertical.width + 8, width - (room + 14 if room else 8)
    tall = min(right - left, 330.0) if plane.diagonal else (220.0 if narrow else 270.0)
    right = left + tall if plane.diagonal and not narrow else right
    bottom = head + tall
    wrapped = fonts.wrap(plane.labels[0], right, 12)
    sheet = Sheet(layout, bottom + 28 + 15 * len(wrapped))
    ticks = vertical.ticks
    horizontal = Scale(*((ticks[0], ticks[-1]) if plane.diagonal else widened(*plane.limits[0])), left + 6, right - 6)
    frame = Frame(Box(left, head, right, bottom), horizontal, Scale(ticks[0], ticks[-1], bottom, head))
    draw_header(sheet, plane.labels[1], plane.keys)
    lines.draw_values(sheet, frame, vertical)
    lines.draw_across(sheet, frame, vertical if plane.diagonal else across)
    sheet.lines_of_text(right, bottom + 36, wrapped, "soft", size=12, anchor="right")
    _draw_marks(sheet, plane, frame)
    _draw_names(sheet, plane, frame, names)
    return sheet


def _marked(plane: Plane, width: float) -> list[str]:
    return fonts.wrap(plane.marked[1], width, 12) if plane.marked else []


def _draw_marks(sheet: Sheet, plane: Plane, frame: Frame) -> None:
    if plane.diagonal:
        ends = [frame.y.low, frame.y.high]
        sheet.line(frame.x(ends), frame.y(ends), "soft", 1.2, dashes=(5, 3))
    if plane.marked:
        at, named = frame.x.at(plane.marked[0]), _marked(plane, sheet.width)
        sheet.line([at, at], [frame.box.top, frame.box.bottom], "soft", 1.2, dashes=(5, 3))
        half = max(fonts.text_width(line, 12) for line in named) / 2
        middle = max(min(max(at, frame.box.left + half), sheet.width - half), half)
        top = frame.box.top - 7 - LEADING * (len(named) - 1)
        sheet.lines_of_text(middle, top, named, "soft", size=12, anchor="center", leading=LEADING / 12)
    for line in plane.lines:
        if plane.diagonal:
            for i in np.flatnonzero(np.isfinite(line.low) & np.isfinite(line.high)):
                reach = frame.y([line.low[i], line.high[i]])
                sheet.line(
                    [frame.x.at(float(line.x[i]))] * 2, reach.tolist(), line.token, 2.4, alpha=0.6, round_ends=True
                )
        else:
            lines.draw_ribbon(sheet, frame, line.x, line.low, line.high, line.token)
            sheet.line(frame.x(line.x), frame.y(line.y), line.token, 2.2, round_ends=True)
        if plane.diagonal or len(line.x) <= 12:
            sheet.dots(frame.x(line.x), frame.y(line.y), line.token, 5 if plane.diagonal else 3.2)


def _draw_names(sheet: Sheet, plane: Plane, frame: Frame, names: dict[str, list[str]]) -> None:
    named = [line for line in plane.lines if line.name]
    middles = spread(
        [frame.y.at(float(line.y[-1])) for line in named], [LEADING * len(names[line.name]) + 4 for line in named],
        frame.box.top - 4, frame.box.bottom + 8,
    )  # fmt: skip
    for line, middle in zip(named, middles, strict=True):
        token = theme.text_token(line.token)
        first = middle - LEADING * len(names[line.name]) / 2 + 11
        for at, words in enumerate(names[line.name]):
            sheet.text(frame.box.right + 8, first + at * LEADING, words, token, weight=500)


def _alt_curve(plane: Plane, scribes: tuple[Scribe, Scribe]) -> str:
    across, up = scribes
    span = once(across.span(*plane.limits[0]), plane.labels[0])
    sentences = [told("Curve of {y} over {x}, {span}.", y=plane.labels[1], x=plane.labels[0], span=span)]
    for line in plane.lines:
        ends = [told("{y} at {x}", y=up.words(float(line.y[i])), x=across.words(float(line.x[i]))) for i in (0, -1)]
        start = told("{name}: from", name=line.name) if line.name else told("From")
        sentences.append(told("{start} {first} to {last}.", start=start, first=ends[0], last=ends[1]))
    return " ".join(sentences)


def _alt_calibration(line: Line, noun: str) -> str:
    numbers = scribe("percent", np.concatenate([line.x, line.y]))
    spans = [numbers.span(float(np.min(v)), float(np.max(v))) for v in (line.x, line.y)]
    sentences = [
        told(
            "Calibration plot of {many}. Probabilities from {given}; it happened in {happened}.",
            many=counted(len(line.x), noun),
            given=spans[0],
            happened=spans[1],
        )
    ]
    if np.isfinite(line.low).any():
        held = int(((line.low <= line.x) & (line.x <= line.high)).sum())
        number = theme.words()["numbers"][held] if held <= 10 else str(held)
        sentences.append(told("In {n} of them the interval holds the probability that was given.", n=number))
    return " ".join(sentences)
