"""One or several measures over time, with what is uncertain, incomplete or revised shown as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import bounds_of, picked, truth
from analysis.publish.figures.events import Event, Events, arrange, draw_list, draw_names, draw_stems
from analysis.publish.figures.keys import Entry, draw_key, draw_triangle, key_rows
from analysis.publish.figures.lines import Frame, ValueAxis
from analysis.publish.figures.numbers import Scribe, once, scribe, when
from analysis.publish.figures.placing import spread
from analysis.publish.figures.scales import Floats, Scale, Tick, days, extent, is_dates, widened
from analysis.publish.figures.sheet import LEADING, Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import told


@dataclass(frozen=True)
class Series:
    """One line: positions, values, bounds (NaN where none), and the marks that go with it."""

    name: str
    x: Floats
    y: Floats
    low: Floats
    high: Floats
    raw: Floats
    revised: Floats
    token: str
    named: bool

    def last(self, before: float) -> int:
        """Place of the last known value not after ``before``; −1 if there is none."""
        known = np.flatnonzero(np.isfinite(self.y) & (self.x <= before))
        return int(known[-1]) if known.size else -1


@dataclass(frozen=True)
class Story:
    """Everything a time line shows, before it has a size."""

    series: tuple[Series, ...]
    ticks_from: pd.Series
    unit: str
    scribe: Scribe
    label: str
    events: tuple[Event, ...]
    reference: tuple[float, str] | None
    complete_until: float
    limits: tuple[float, float]
    plus: bool
    keys: tuple[Entry, ...]
    steps: bool = False
    across: str = ""


@spoken("label", "raw_label", "truncated_label", "across", "reference")
def timeline(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    unit: str,
    series: str | None = None,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    label: str = "",
    raw: str | None = None,
    raw_label: str | None = None,
    revised: str | None = None,
    truncated_from: object = None,
    truncated_label: str | None = None,
    events: pd.DataFrame | Sequence[tuple[object, str]] | None = None,
    reference: tuple[float, str] | None = None,
    highlight: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    zero: bool | None = None,
    limits: tuple[float, float] | None = None,
    plus: bool = False,
    steps: bool = False,
    across: str = "",
) -> Drawing:
    """Draw ``y`` over ``x`` (dates, years, or an ordered Categorical of periods), one line per ``series``.

    ``low`` and ``high`` bound a ribbon at ``level``. ``raw`` is a column of unsmoothed values, drawn as specks.
    ``revised`` is a true-or-false column: rows at which earlier counts were corrected. From ``truncated_from`` on
    values are incomplete: shaded and dashed, and neither named nor described as the latest. ``events``: pairs of
    date and label, or a frame with columns ``date`` and ``label``. ``reference``: a level and its name. With
    ``highlight`` the other series become a quiet background; without it at most four series are drawn.
    ``limits`` cuts ribbons, never values. ``steps`` holds each value until the next, for survival curves and
    cumulative incidence; ``across`` then names what ``x`` counts, such as years since opening.

    Raises :class:`AnalysisError` for missing columns, bounds that do not enclose their value, or too many series.

    >>> frame = pd.DataFrame({"year": [2000, 2010, 2018], "rent": [700, 1100, 1400]})
    >>> drawing = timeline(frame, "year", "rent", unit="dollars", label="Median rent")
    >>> drawing.alt
    'Line chart. Median rent: $700 in 2000, the lowest; $1,400 in 2018, the highest.'
    """
    used = [c for c in (series, x, y, low, high, raw, revised) if c]
    data = picked(frame, used, numbers=[c for c in (y, low, high, raw) if c], bounds=(low, y, high))
    data = data.assign(__at=lines.positions(data[x]))
    data = data[np.isfinite(data["__at"])].sort_values("__at", kind="stable")
    if data.empty:
        raise AnalysisError(f"time line of {y!r}: no row has a value of {x!r}")
    drawn = _series(data, series, y, (low, high), (raw, revised), highlight, order)
    complete = _cut(truncated_from, data["__at"])
    story = Story(
        series=drawn,
        ticks_from=data[x],
        unit=unit,
        scribe=scribe(unit, data[y].dropna(), _half_widths(data, low, high), plus=plus),
        label=label,
        events=_events(events, data["__at"]),
        reference=reference,
        complete_until=complete,
        limits=_limits(drawn, limits, reference, zero),
        plus=plus,
        steps=steps,
        across=across,
        keys=_keys(drawn, level if low else None, raw_label, np.isfinite(complete), truncated_label),
    )
    kept = data[used].rename(columns=str)
    return both("timeline", lambda layout: _draw(story, layout), kept, _alt(story, data, x))


def _half_widths(data: pd.DataFrame, low: str | None, high: str | None) -> list[float]:
    return ((data[high] - data[low]) / 2).tolist() if low and high else []


def _cut(truncated_from: object, at: pd.Series) -> float:
    if truncated_from is None:
        return float("inf")
    first = _position(truncated_from)
    before = at[at < first]
    return float(before.max()) if len(before) else float("-inf")


def _position(when_given: object) -> float:
    """A date, a year or a number on the horizontal scale."""
    return float(when_given) if isinstance(when_given, (int, float)) else float(days([when_given])[0])


def _series(
    data: pd.DataFrame,
    series: str | None,
    y: str,
    bounds: tuple[str | None, str | None],
    marks: tuple[str | None, str | None],
    highlight: Sequence[str] | None,
    order: Sequence[str] | None,
) -> tuple[Series, ...]:
    """The lines in drawing order: background first, then the named ones."""
    palette = theme.style().series
    groups = {"": data} if series is None else {str(k): g for k, g in data.groupby(series, sort=True, observed=True)}
    named = _named(groups, y, highlight, order)
    if len(named) > len(palette):
        raise AnalysisError(
            f"{len(named)} lines cannot be told apart: name up to {len(palette)} in `highlight`, or use small_multiples"
        )
    tokens = dict(zip(named, palette, strict=False))
    drawn = []
    for name in [*(n for n in groups if n not in tokens), *reversed(named)]:
        rows = groups[name]
        revised = truth(rows[marks[1]]) if marks[1] else np.zeros(len(rows), dtype=bool)
        at = rows["__at"].to_numpy(dtype=float)
        drawn.append(
            Series(
                name=name,
                x=at,
                y=bounds_of(rows, y),
                low=bounds_of(rows, bounds[0]),
                high=bounds_of(rows, bounds[1]),
                raw=bounds_of(rows, marks[0]),
                revised=at[revised],
                token=tokens.get(name, "neutral"),
                named=name in tokens,
            )
        )
    return tuple(drawn)


def _named(
    groups: dict[str, pd.DataFrame], y: str, highlight: Sequence[str] | None, order: Sequence[str] | None
) -> list[str]:
    wanted = highlight if highlight is not None else order
    if wanted is not None:
        unknown = sorted(set(map(str, wanted)) - set(groups))
        if unknown:
            raise AnalysisError(f"no series {', '.join(unknown)} in the data; it has {', '.join(sorted(groups))}")
        return [str(name) for name in wanted]
    last = {name: rows[y].dropna().iloc[-1] if rows[y].notna().any() else -np.inf for name, rows in groups.items()}
    return sorted(groups, key=lambda name: (-last[name], name))


def _events(events: pd.DataFrame | Sequence[tuple[object, str]] | None, at: pd.Series) -> tuple[Event, ...]:
    if events is None:
        return ()
    pairs = (
        list(zip(events["date"], events["label"], strict=True)) if isinstance(events, pd.DataFrame) else list(events)
    )
    found = [Event(_position(date), str(name)) for date, name in pairs]
    return tuple(event for event in found if at.min() <= event.at <= at.max())


def _limits(
    series: Sequence[Series],
    limits: tuple[float, float] | None,
    reference: tuple[float, str] | None,
    zero: bool | None,
) -> tuple[float, float]:
    shown = [c for s in series for c in (s.y, s.raw)]
    if reference:
        shown.append(np.array([reference[0]]))
    low, high = extent(*shown)
    if limits:
        if low < limits[0] or high > limits[1]:
            raise AnalysisError(f"limits {limits} cut off values, which run from {low:g} to {high:g}: widen them")
        return limits
    bounds = [c for s in series for c in (s.low, s.high) if np.isfinite(c).any()]
    if bounds:
        low, high = extent([low, high], *bounds)
    return lines.with_zero(low, high, zero)


def _keys(
    series: Sequence[Series], level: float | None, raw_label: str | None, cut: bool, cut_label: str | None
) -> tuple[Entry, ...]:
    """Entries only for what cannot be named in place."""
    words = theme.words()["keys"]
    main = next(s for s in reversed(series) if s.named)
    entries = []
    if any(np.isfinite(s.raw).any() for s in series):
        entries.append(Entry("speck", "neutral", raw_label or words["raw"]))
    if level is not None:
        token = main.token if sum(s.named for s in series) == 1 else "neutral"
        entries.append(Entry("band", token, words["interval"].format(level=f"{100 * level:g}")))
    if cut:
        entries.append(Entry("dashes", main.token, cut_label or words["incomplete"]))
    if any(s.revised.size for s in series):
        entries.append(Entry("triangle", "soft", words["revised"]))
    return tuple(entries)


# -- drawing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EndLabel:
    """Name and last value of a series, set beside its end."""

    series: Series
    wanted: float
    lines: tuple[tuple[str, int, str], ...]  # words, weight, colour

    @property
    def height(self) -> float:
        """Height of the label with the room around it."""
        return LEADING * len(self.lines) + 4


def _draw(story: Story, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    tall = 210.0 if narrow else 260.0
    axis = lines.value_axis(*story.limits, story.unit, 4 if narrow else 5, plus=story.plus)
    ends = _end_words(story, 92 if narrow else 130)
    right = max((fonts.text_width(w, 13, weight) for e in ends for w, weight, _ in e[1]), default=0.0)
    left = axis.width + 8
    box_right = width - (right + 12 if right else 6)
    at = extent(*(s.x for s in story.series))
    pad = 4 if right else 8
    x = Scale(*widened(*at), left + pad, box_right - pad)
    story = _with_reference_named(story, Frame(Box(left, 0, box_right, tall), x, _vertical(axis, tall, 0)))
    events = arrange(story.events, x, width, numbered=narrow)
    ticks = lines.time_ticks(story.ticks_from, x.end - x.start)
    header = _header(story, width)
    top = header + events.above + 8
    bottom = top + tall
    foot = lines.time_height(ticks) + (8 if _revised(story) else 0)
    wrapped = fonts.wrap(story.across, box_right - left, 12) if story.across else []
    sheet = Sheet(layout, bottom + foot + events.below + LEADING * len(wrapped))
    sheet.lines_of_text(box_right, bottom + foot + 8, wrapped, "soft", size=12, anchor="right")
    frame = Frame(Box(left, top, box_right, bottom), x, _vertical(axis, bottom, top))
    _draw_words(sheet, story)
    _draw_plot(sheet, story, frame, axis, ticks, events)
    _draw_ends(sheet, story, frame, ends)
    draw_list(sheet, events, 0, bottom + foot)
    return sheet


def _vertical(axis: ValueAxis, bottom: float, top: float) -> Scale:
    return Scale(axis.ticks[0], axis.ticks[-1], bottom, top)


def _revised(story: Story) -> bool:
    return any(s.revised.size for s in story.series)


def _header(story: Story, width: float) -> float:
    label = len(fonts.wrap(story.label, width, 12)) * LEADING if story.label else 0.0
    return label + 20 * len(key_rows(story.keys, width)) + 4


def _draw_words(sheet: Sheet, story: Story) -> None:
    wrapped = fonts.wrap(story.label, sheet.width, 12) if story.label else []
    sheet.lines_of_text(0, 11, wrapped, "soft", size=12, leading=LEADING / 12)
    draw_key(sheet, story.keys, 0, len(wrapped) * LEADING + 1, sheet.width)


def _draw_plot(
    sheet: Sheet, story: Story, frame: Frame, axis: ValueAxis, ticks: Sequence[Tick], events: Events
) -> None:
    box = frame.box
    if story.complete_until < max(float(s.x[-1]) for s in story.series):
        start = frame.x.at(max(story.complete_until, frame.x.low))
        sheet.block(Box(start, box.top, box.right, box.bottom), "shade")
    lines.draw_values(sheet, frame, axis)
    draw_stems(sheet, events, frame.x, box.top, box.bottom)
    drop = 10.0 if _revised(story) else 0.0
    lines.draw_time(sheet, frame, ticks, box.bottom + drop)
    if story.reference and story.reference[0] != 0:
        y = frame.y.at(story.reference[0])
        sheet.line([box.left, box.right], [y, y], "soft", 1.2, dashes=(5, 3))
    for series in story.series:
        _draw_series(sheet, frame, _as_steps(series) if story.steps else series, story)
    draw_names(sheet, events, frame.x, box.top)


def _as_steps(series: Series) -> Series:
    x, y, low, high = lines.stepped(series.x, series.y, series.low, series.high)
    return replace(series, x=x, y=y, low=low, high=high, raw=np.full(len(x), np.nan))


def _draw_series(sheet: Sheet, frame: Frame, series: Series, story: Story) -> None:
    complete = story.complete_until
    for at in series.revised:
        draw_triangle(sheet, frame.x.at(at), frame.box.bottom + 7, "soft")
    if np.isfinite(series.raw).any():
        known = np.isfinite(series.raw)
        sheet.dots(frame.x(series.x[known]), frame.y(series.raw[known]), "neutral", 1.6, rim=None, alpha=0.6)
    if series.named:
        lines.draw_ribbon(sheet, frame, series.x, series.low, series.high, series.token)
    x, y = lines.broken(series.x, series.y)
    width = 2.2 if series.named else 1.0
    alpha = None if series.named else 0.5
    done = x <= complete
    sheet.line(frame.x(x[done]), frame.y(y[done]), series.token, width, alpha=alpha, round_ends=True)
    if not done.all():
        first = max(int(np.flatnonzero(~done)[0]) - 1, 0)
        sheet.line(frame.x(x[first:]), frame.y(y[first:]), series.token, width, alpha=alpha, dashes=(3, 3))
    known = np.isfinite(series.y)
    if series.named and known.sum() <= 12 and not story.steps:
        sheet.dots(frame.x(series.x[known]), frame.y(series.y[known]), series.token, 4)


def _end_words(story: Story, width: float) -> list[tuple[Series, tuple[tuple[str, int, str], ...]]]:
    """For each named series (and the reference) the lines of its end label."""
    found = []
    for series in story.series:
        last = series.last(story.complete_until)
        if not series.named or last < 0:
            continue
        token = theme.text_token(series.token)
        name = [(line, 500, token) for line in fonts.wrap(series.name, width, 13, 500)] if series.name else []
        half_width = float(series.high[last] - series.low[last]) / 2
        value = story.scribe.bearing(half_width).label(float(series.y[last]))
        found.append((series, (*name, (value, 400 if name else 700, token))))
    return found


def _draw_ends(
    sheet: Sheet, story: Story, frame: Frame, ends: Sequence[tuple[Series, tuple[tuple[str, int, str], ...]]]
) -> None:
    box = frame.box
    labels = []
    for series, words in ends:
        last = series.last(story.complete_until)
        labels.append(EndLabel(series, frame.y.at(float(series.y[last])), words))
        sheet.dots([frame.x.at(float(series.x[last]))], [labels[-1].wanted], series.token, 4)
    room_below = sheet.height if not story.events or not sheet.narrow else box.bottom + 20
    middles = spread(
        [e.wanted for e in labels], [e.height for e in labels], box.top - 12, min(box.bottom + 14, room_below)
    )
    for label, middle in zip(labels, middles, strict=True):
        first = middle - LEADING * len(label.lines) / 2 + 11
        for at, (line, weight, token) in enumerate(label.lines):
            sheet.text(box.right + 8, first + at * LEADING, line, token, weight=weight)
    if story.reference:
        _draw_reference(sheet, story, frame)


def _draw_reference(sheet: Sheet, story: Story, frame: Frame) -> None:
    place = _reference_place(story, frame)
    if place and story.reference:
        sheet.text(*place, story.reference[1], "soft", size=12, halo=True)


# A name needs this much air above and below; where no line leaves it, the key names the reference.
AIR = 9.0


def _reference_place(story: Story, frame: Frame) -> tuple[float, float] | None:
    """Where the reference's name fits on its line, the first place with most room."""
    if story.reference is None:
        return None
    level, name = story.reference
    y, room = frame.y.at(level), fonts.text_width(name, 12)
    places = [
        (float(start), y + shift)
        for start in np.arange(frame.box.left + 6, frame.box.right - room, 12)
        for shift in (-6.0, 15.0)
    ]
    clear = [_clearance(story, frame, x, room, baseline - 4) for x, baseline in places]
    best = int(np.argmax(np.round(clear))) if clear else -1
    return places[best] if best >= 0 and clear[best] >= AIR else None


def _with_reference_named(story: Story, frame: Frame) -> Story:
    """The story with the reference in the key, if its name finds no room on its line."""
    if story.reference is None or not story.reference[1] or _reference_place(story, frame):
        return story
    return replace(story, keys=(*story.keys, Entry("rule", "soft", story.reference[1])))


def _clearance(story: Story, frame: Frame, left: float, room: float, middle: float) -> float:
    """Smallest vertical distance (at most 30 px) of any line from a label's middle, over the label's width."""
    nearest = 30.0
    for series in story.series:
        known = np.isfinite(series.y)
        xs = frame.x(series.x[known])
        if not xs.size:
            continue
        across = np.linspace(left - 4, left + room + 4, 24)
        for edge in (series.y, series.low, series.high):
            ys = np.interp(across, xs, frame.y(np.where(np.isfinite(edge), edge, series.y)[known]))
            nearest = min(nearest, float(np.min(np.abs(ys - middle))))
    return nearest


# -- words -----------------------------------------------------------------------------------------------------------


def _alt(story: Story, data: pd.DataFrame, x: str) -> str:
    names = data.drop_duplicates("__at").set_index("__at")[x]
    sentences = [told("Step chart.") if story.steps else told("Line chart.")]
    if story.across:
        sentences.append(told("Across: {across}.", across=story.across))
    named = [s for s in reversed(story.series) if s.named and s.last(story.complete_until) >= 0]
    sentences += [_sentence(story, s, names) for s in named]
    quiet = len(story.series) - sum(s.named for s in story.series)
    if quiet:
        sentences.append(told("{n} other lines are drawn as a quiet background.", quiet, n=quiet))
    if np.isfinite(story.complete_until):
        last = when(names[story.complete_until])
        sentences.append(told("Values after {day} are incomplete and shaded.", day=last))
    revised = sum(s.revised.size for s in story.series)
    if revised:
        sentences.append(
            told("Earlier counts were corrected downward at {n} of {all} dates.", n=revised, all=len(names))
        )
    if story.events:
        sentences.append(told("Marked: {events}.", events="; ".join(_dated(event, names) for event in story.events)))
    return " ".join(sentences)


def _dated(event: Event, names: pd.Series) -> str:
    return f"{event.label} ({when(pd.Timestamp(event.at, unit='D'))})" if is_dates(names) else event.label


def _sentence(story: Story, series: Series, names: pd.Series) -> str:
    """Start, end, highest and lowest of one line, over its complete part."""
    known = np.flatnonzero(np.isfinite(series.y) & (series.x <= story.complete_until))
    first, last = int(known[0]), int(known[-1])
    top, bottom = (int(known[f(series.y[known])]) for f in (np.argmax, np.argmin))
    write = story.scribe
    preposition = "on {when}" if is_dates(names) else "at {when}" if story.across else "in {when}"

    def at(i: int) -> str:
        return told(preposition, when=when(names[series.x[i]]))

    def value(i: int) -> str:
        return once(write.interval(float(series.y[i]), float(series.low[i]), float(series.high[i])), story.label)

    subject = series.name or story.label or told("The value")
    if len(known) == 1:
        return f"{subject}: {value(last)} {at(last)}."
    ends = {first: f"{value(first)} {at(first)}", last: f"{value(last)} {at(last)}"}
    elsewhere = []
    for place, word in ((top, "highest"), (bottom, "lowest")):
        if place in ends:
            ends[place] += told(f", the {word}")
        else:
            size = once(write.words(float(series.y[place])), story.label)
            elsewhere.append(told(f"{word} {{value}} {{at}}", value=size, at=at(place)))
    return f"{subject}: " + "; ".join([*ends.values(), *elsewhere]) + "."
