"""Many small time lines on one scale, so that places can be compared without a tangle of lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.lines import Frame, ValueAxis
from analysis.publish.figures.numbers import Scribe, capitalized, counted, in_words, once, scribe, when
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Floats, Scale, Tick, extent, is_dates
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.units import plural
from analysis.publish.wording import told

TITLE = 12.0


@dataclass(frozen=True)
class Panel:
    """One small chart: a name and its line."""

    name: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats

    @property
    def last(self) -> int:
        """Place of the last known value, −1 without any."""
        known = np.flatnonzero(np.isfinite(self.y))
        return int(known[-1]) if known.size else -1


@dataclass(frozen=True)
class Multiples:
    """All panels and what they share."""

    panels: tuple[Panel, ...]
    context: Panel | None
    ticks_from: pd.Series
    unit: str
    scribe: Scribe
    label: str
    reference: tuple[float, str] | None
    limits: tuple[float, float]
    highlight: frozenset[str]
    keys: tuple[Entry, ...]
    columns: tuple[int, int]


@spoken("label", "reference")
def small_multiples(
    frame: pd.DataFrame,
    x: str,
    y: str,
    panel: str,
    *,
    unit: str,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    context: str | None = None,
    label: str = "",
    reference: tuple[float, str] | None = None,
    order: Sequence[str] | None = None,
    sort: Literal["given", "last"] = "given",
    highlight: Sequence[str] = (),
    zero: bool | None = None,
    columns: tuple[int, int] | None = None,
    noun: str = "place",
) -> Drawing:
    """Draw ``y`` over ``x`` once per value of ``panel``, all on one scale.

    ``context`` names the value of ``panel`` (the city, say) whose line is drawn grey in every panel instead of
    having one. ``low`` and ``high`` bound a ribbon at ``level``. ``columns``: how many panels stand in a row, wide
    and narrow.

    >>> frame = pd.DataFrame({"t": [2000, 2018] * 3, "v": [1, 2, 1, 3, 1, 4], "d": ["A", "A", "B", "B", "All", "All"]})
    >>> small_multiples(frame, "t", "v", "d", unit="index", context="All").alt
    'Two small line charts on one scale, one per place, from 2000 to 2018. Latest values run from 2 to 3.
    All, drawn in each: 4; none of the places end above it.'
    """
    used = [c for c in (panel, x, y, low, high) if c]
    data = picked(frame, used, numbers=[c for c in (y, low, high) if c], bounds=(low, y, high))
    data = data.assign(__at=lines.positions(data[x]))
    data = data[np.isfinite(data["__at"])].sort_values("__at", kind="stable")
    names = [str(n) for n in (order if order is not None else dict.fromkeys(frame[panel].dropna()))]
    held = {str(name): _panel(str(name), rows, y, low, high) for name, rows in data.groupby(panel, observed=True)}
    unknown = sorted({*names, *([context] if context else [])} - set(held))
    if unknown:
        raise AnalysisError(f"no panel {', '.join(unknown)} in column {panel!r}; it has {', '.join(sorted(held))}")
    panels = [held[name] for name in names if name != context]
    if sort == "last":
        panels.sort(key=lambda p: (-p.y[p.last] if p.last >= 0 else np.inf, p.name))
    shown = [*panels, *([held[context]] if context else [])]
    edges = extent(*(c for p in shown for c in (p.y, p.low, p.high)), [reference[0]] if reference else None)
    widths = ((data[high] - data[low]) / 2).tolist() if low and high else []
    multiples = Multiples(
        panels=tuple(panels),
        context=held[context] if context else None,
        ticks_from=data[x],
        unit=unit,
        scribe=scribe(unit, data[y].dropna(), widths),
        label=label,
        reference=reference,
        limits=lines.with_zero(*edges, zero),
        highlight=frozenset(map(str, highlight)),
        keys=_keys(context, level if low else None, reference),
        columns=columns or _columns(panels),
    )
    return both("small_multiples", lambda layout: _draw(multiples, layout), data[used], _alt(multiples, data, x, noun))


def _panel(name: str, rows: pd.DataFrame, y: str, low: str | None, high: str | None) -> Panel:
    bounds = [rows[c].to_numpy(dtype=float) if c else np.full(len(rows), np.nan) for c in (low, high)]
    return Panel(name, rows["__at"].to_numpy(dtype=float), rows[y].to_numpy(dtype=float), bounds[0], bounds[1])


def _columns(panels: Sequence[Panel]) -> tuple[int, int]:
    longest = max(fonts.text_width(p.name, TITLE, 700) for p in panels)
    wide = 5 if len(panels) > 8 and longest < 120 else 4 if longest < 150 else 3
    narrow = 3 if longest < 92 and len(panels) > 4 else 2
    return _even(wide, len(panels)), _even(narrow, len(panels))


def _even(columns: int, count: int) -> int:
    """Columns with no lonely panel in the last row, where one fewer avoids it."""
    columns = min(columns, count)
    return columns - 1 if columns > 2 and count % columns == 1 else columns


def _keys(context: str | None, level: float | None, reference: tuple[float, str] | None) -> tuple[Entry, ...]:
    entries = []
    if context:
        entries.append(Entry("line", "neutral", context))
    if reference:
        entries.append(Entry("rule", "soft", reference[1]))
    if level is not None:
        words = theme.words()["keys"]["interval"].format(level=f"{100 * level:g}")
        entries.append(Entry("band", "navy", words))
    return tuple(entries)


def _draw(shown: Multiples, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    across = shown.columns[layout == "narrow"]
    down = math.ceil(len(shown.panels) / across)
    gap, height = (18.0, 92.0) if layout == "wide" else (12.0, 84.0)
    axis = lines.value_axis(*shown.limits, shown.unit, 3)
    left = axis.width + 8
    each = (width - left - gap * (across - 1) - 4) / across
    head = header_height(shown.label, shown.keys, width) + 2
    titles = [
        fonts.wrap(p.name, each - fonts.text_width(_latest(shown, p), TITLE, 500) - 8, TITLE, 700) for p in shown.panels
    ]
    title_height = 15.0 * max(len(t) for t in titles) + 5
    sheet = Sheet(layout, head + down * (title_height + height + 24))
    draw_header(sheet, shown.label, shown.keys)
    at = extent(*(p.x for p in shown.panels))
    ticks = _end_ticks(shown.ticks_from, each)
    for i, panel in enumerate(shown.panels):
        column, row = i % across, i // across
        x0 = left + column * (each + gap)
        top = head + row * (title_height + height + 24) + title_height
        frame = Frame(
            Box(x0, top, x0 + each, top + height),
            Scale(*at, x0 + 2, x0 + each - 5),
            Scale(axis.ticks[0], axis.ticks[-1], top + height, top),
        )
        sheet.lines_of_text(x0, top - title_height + 12, titles[i], "ink", size=TITLE, weight=700)
        latest = _latest(shown, panel)
        sheet.text(x0 + each, top - title_height + 12, latest, "navy", size=TITLE, weight=500, anchor="right")
        _draw_panel(sheet, shown, panel, frame, axis, ticks, first=column == 0)
    return sheet


def _end_ticks(values: pd.Series, width: float) -> list[Tick]:
    """First and last tick only, on one line each: the panels are small."""
    if not is_dates(values) and pd.api.types.is_numeric_dtype(values):
        first, last = extent(lines.positions(values))
        return [Tick(first, (f"{first:.12g}",)), Tick(last, (f"{last:.12g}",))]
    ticks = lines.time_ticks(values, max(width, 130))
    kept = [ticks[0], ticks[-1]] if len(ticks) > 1 else ticks
    return [Tick(t.value, (" ".join(t.label),)) for t in kept]


def _draw_panel(
    sheet: Sheet, shown: Multiples, panel: Panel, frame: Frame, axis: ValueAxis, ticks: Sequence[Tick], *, first: bool
) -> None:
    if panel.name in shown.highlight:
        box = frame.box
        sheet.block(Box(box.left, box.top, box.right, box.bottom), "shade")
    lines.draw_values(sheet, frame, axis, labels=first)
    _draw_ends(sheet, frame, ticks)
    if shown.reference:
        y = frame.y.at(shown.reference[0])
        sheet.line([frame.box.left, frame.box.right], [y, y], "soft", 1.2, dashes=(4, 3))
    if shown.context:
        x, y_context = lines.broken(shown.context.x, shown.context.y)
        sheet.line(frame.x(x), frame.y(y_context), "neutral", 1.6)
    lines.draw_ribbon(sheet, frame, panel.x, panel.low, panel.high, "navy")
    x, y_own = lines.broken(panel.x, panel.y)
    sheet.line(frame.x(x), frame.y(y_own), "navy", 2, round_ends=True)
    if panel.last < 0:
        return
    end = (frame.x.at(float(panel.x[panel.last])), frame.y.at(float(panel.y[panel.last])))
    sheet.dots([end[0]], [end[1]], "navy", 3.4)


def _latest(shown: Multiples, panel: Panel) -> str:
    """The latest value as written beside the panel's name."""
    if panel.last < 0:
        return ""
    own = shown.scribe.bearing(float(panel.high[panel.last] - panel.low[panel.last]) / 2)
    return own.label(float(panel.y[panel.last]))


def _draw_ends(sheet: Sheet, frame: Frame, ticks: Sequence[Tick]) -> None:
    for tick, anchor in zip(ticks, ("left", "right"), strict=False):
        x = frame.x.at(tick.value)
        sheet.line([x, x], [frame.box.bottom, frame.box.bottom + 4], "axis")
        half = fonts.text_width(tick.label[0], 11) / 2
        middle = max(x, frame.box.left + half) if anchor == "left" else min(x, frame.box.right - half)
        sheet.text(middle, frame.box.bottom + 15, tick.label[0], "soft", size=11, anchor="center")


def _alt(shown: Multiples, data: pd.DataFrame, x: str, noun: str) -> str:
    ordered = data[x].dropna()
    sentences = [
        told(
            "{charts} on one scale, one per {noun}, from {first} to {last}.",
            charts=capitalized(counted(len(shown.panels), "small line chart")),
            noun=plural(noun, 1),
            first=when(ordered.iloc[0]),
            last=when(ordered.iloc[-1]),
        )
    ]
    latest = [float(p.y[p.last]) for p in shown.panels if p.last >= 0]
    spanned = once(shown.scribe.span(min(latest), max(latest)), shown.label)
    sentences.append(told("Latest values run from {span}.", span=spanned))
    if shown.context and shown.context.last >= 0:
        level = float(shown.context.y[shown.context.last])
        bounded = any(np.isfinite(p.low).any() for p in shown.panels)
        above = sum(p.last >= 0 and bool((p.low if bounded else p.y)[p.last] > level) for p in shown.panels)
        adverb = "measurably " if bounded else ""
        who = counted(above, noun)
        ends = "ends" if above == 1 else "end"
        sentences.append(
            told(
                f"{{name}}, drawn in each: {{level}}; {{who}} {ends} {adverb}above it.",
                name=shown.context.name,
                level=once(shown.scribe.words(level), shown.label),
                who=who,
            )
        )
    without = sum(p.last < 0 for p in shown.panels)
    if without:
        sentences.append(told("{many} without data.", many=capitalized(in_words(without))))
    return " ".join(sentences)
