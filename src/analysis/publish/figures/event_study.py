"""Effects by period around an event, against the periods before it: what led up to it stands apart from what followed.

Draws what :mod:`analysis.methods.event_study` finds, or coefficients from anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import bounds_of, picked, row_status, truth, withheld
from analysis.publish.figures.gaps import draw_gaps, gap_keys, gap_sentences, step_of
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.lines import Frame
from analysis.publish.figures.numbers import Scribe, axis_label, counted, in_words, once, scribe, when
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Bools, Floats, Scale, extent, is_dates
from analysis.publish.figures.sheet import LEADING, Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import said, told

FOOT = 10.0


@dataclass(frozen=True)
class Effects:
    """Effects in order of their periods, before they have a size. ``event`` lies between ``before`` and the rest."""

    x: Floats
    periods: pd.Series
    value: Floats
    low: Floats
    high: Floats
    band_low: Floats
    band_high: Floats
    base: Bools
    before: Bools
    status: tuple[str, ...]
    event: tuple[float, str]
    reference: tuple[float, str]
    scribe: Scribe
    unit: str
    label: str
    across: str
    limits: tuple[float, float]
    level: float
    plus: bool

    @property
    def outside(self) -> Bools:
        """Periods whose own interval excludes the reference."""
        return np.asarray((self.low > self.reference[0]) | (self.high < self.reference[0]), dtype=bool)

    @property
    def apart(self) -> Bools:
        """Periods that are measurably different: by the band where there is one, for it allows for their number."""
        if not np.isfinite(self.band_low).any():
            return self.outside
        return np.asarray((self.band_low > self.reference[0]) | (self.band_high < self.reference[0]), dtype=bool)


@spoken("label", "event_name", "reference", "across")
def event_study(
    frame: pd.DataFrame,
    period: str,
    effect: str,
    *,
    unit: str,
    low: str,
    high: str,
    event: object,
    event_name: str,
    band: tuple[str, str] | None = None,
    base: str | None = None,
    level: float = 0.95,
    label: str = "",
    reference: tuple[float, str] = (0.0, ""),
    status: str | None = None,
    across: str = "",
    plus: bool = True,
    noun: str = "period",
) -> Drawing:
    """Draw one effect with its interval per period (row), rings before the event and dots from it on.

    ``period`` holds dates, numbers (as −4 … 6) or an ordered Categorical; ``event`` is the first period after it and
    ``event_name`` what happened. ``low`` and ``high`` bound each effect at ``level``; ``band`` bounds all of them
    together, and then it decides what is measurable. ``base`` is a true-or-false column of the periods that all are
    compared with; an effect that is zero by construction may lack an interval. ``reference`` is the effect of no
    difference and its name. A missing effect is shown as its ``status``. ``across`` says what periods count; ``noun``
    is what one is.

    Raises :class:`AnalysisError` for a period given twice, and for an event without periods on both sides.

    >>> frame = pd.DataFrame({"t": [-2, -1, 0, 1], "e": [0.4, 0, -3, -5], "lo": [-1, None, -5, -8]})
    >>> frame["hi"] = 2 * frame["e"] - frame["lo"]
    >>> frame["base"] = frame["t"] == -1
    >>> event_study(frame, "t", "e", unit="points", low="lo", high="hi", event=0, event_name="the order", base="base",
    ...             noun="month").alt
    'Event study around the order: two months before it and two months from it on. Base: −1. Before it, none of one
    intervals exclude zero. From it on, two of two intervals exclude zero. Furthest: −5.0 percentage points (−8.0 to
    −2.0) in 1.'
    """
    ends = band or (None, None)
    used = [c for c in (period, effect, low, high, *ends, base, status) if c]
    numbers = [c for c in (effect, low, high, *ends) if c]
    data = withheld(picked(frame, used, numbers=numbers), numbers, status)
    for bounds in ((low, effect, high), (ends[0], effect, ends[1])):
        picked(data, used, bounds=bounds)
    data = _ordered(data, period)
    x = data["__at"].to_numpy(dtype=float)
    at = _event_at(data, period, event)
    value, floor, ceiling, *bands = (bounds_of(data, c) for c in (effect, low, high, *ends))
    found = Effects(
        x=x,
        periods=data[period],
        value=value,
        low=floor,
        high=ceiling,
        band_low=bands[0],
        band_high=bands[1],
        base=truth(data[base]) if base else np.zeros(len(data), dtype=bool),
        before=x < at,
        status=row_status(data, effect, status),
        event=(at, event_name),
        reference=reference,
        scribe=scribe(unit, value, (ceiling - floor) / 2, plus=plus),
        unit=unit,
        label=label,
        across=across,
        limits=lines.with_zero(*extent(value, floor, ceiling, *bands, [reference[0]]), None),
        level=level,
        plus=plus,
    )
    return both("event_study", lambda layout: _draw(found, layout), data[used], _alt(found, noun))


def _ordered(data: pd.DataFrame, period: str) -> pd.DataFrame:
    """Rows in the order of their periods, each of which is there once."""
    data = data.assign(__at=lines.positions(data[period]))
    if data["__at"].isna().any():
        raise AnalysisError(
            f"event study: {int(data['__at'].isna().sum())} rows have no {period!r}; leave them out and say so"
        )
    if data["__at"].duplicated().any():
        twice = data.loc[data["__at"].duplicated(), period].iloc[0]
        raise AnalysisError(f"event study: {period!r} has {twice} more than once; give one row a period")
    return data.sort_values("__at", kind="stable").reset_index(drop=True)


def _event_at(data: pd.DataFrame, period: str, event: object) -> float:
    """Position of the first period after the event."""
    column = data[period]
    typed = column.dtype if isinstance(column.dtype, pd.CategoricalDtype) else None
    at = float(lines.positions(pd.Series([event], dtype=typed, name=period))[0])
    before = data["__at"] < at
    if not np.isfinite(at) or not before.any() or before.all():
        raise AnalysisError(
            f"event study: {event} needs periods before and after it; {period!r} runs from {column.iloc[0]} to "
            f"{column.iloc[-1]}: give the first period after the event"
        )
    return at


def _keys(effects: Effects) -> tuple[Entry, ...]:
    """Entries for what is not named in place."""
    words, percent = theme.words()["keys"], f"{100 * effects.level:g}"
    apart, known = effects.apart, np.isfinite(effects.value)
    entries = []
    for token, kind, mask in (("navy", "measurable", apart), ("neutral", "not_measurable", ~apart)):
        if (known & mask).any():
            entries.append(Entry("dot", token, words[kind]))
    entries.append(Entry("line", "neutral", words["interval"].format(level=percent)))
    if np.isfinite(effects.band_low).any():
        entries.append(Entry("band", "neutral", words["band"].format(level=percent)))
    if effects.base.any():
        entries.append(Entry("block", "soft", words["base"]))
    return (*entries, *gap_keys(effects.status))


def _draw(effects: Effects, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    keys = _keys(effects)
    axis = lines.value_axis(*effects.limits, effects.unit, 4 if narrow else 5, plus=effects.plus)
    named = fonts.wrap(effects.reference[1], 76 if narrow else 120, 12) if effects.reference[1] else []
    room = max((fonts.text_width(line, 12) for line in named), default=0.0)
    event = fonts.wrap(effects.event[1], width, 12, 500)
    head = header_height(effects.label, keys, width) + LEADING * len(event) + 28
    left, right, bottom = axis.width + 8, width - (room + 12 if room else 8), head + (220.0 if narrow else 270.0)
    foot = bottom + (FOOT if effects.base.any() else 0.0)
    ticks = lines.time_ticks(effects.periods, right - left - 16)
    across = fonts.wrap(effects.across, right - left, 12) if effects.across else []
    below = lines.time_height(ticks)
    sheet = Sheet(layout, foot + below + LEADING * len(across))
    x = Scale(float(effects.x[0]), float(effects.x[-1]), left + 10, right - 10)
    frame = Frame(Box(left, head, right, bottom), x, Scale(axis.ticks[0], axis.ticks[-1], bottom, head))
    draw_header(sheet, effects.label, keys)
    _draw_ground(sheet, effects, frame, event)
    lines.draw_values(sheet, frame, axis)
    lines.draw_time(sheet, frame, ticks, foot)
    sheet.lines_of_text(right, foot + below + 8, across, "soft", size=12, anchor="right")
    _draw_reference(sheet, effects, frame, named)
    _draw_effects(sheet, effects, frame)
    return sheet


def _border(effects: Effects, frame: Frame) -> float:
    """Where the event is drawn: halfway between the last period before it and the first after."""
    ends = [effects.x[effects.before].max(), effects.x[~effects.before].min()]
    return float(np.mean(frame.x(ends)))


def _draw_ground(sheet: Sheet, effects: Effects, frame: Frame, event: list[str]) -> None:
    """What came before lies on a shaded ground; the event stands at its edge."""
    box, border = frame.box, _border(effects, frame)
    sheet.block(Box(box.left, box.top, border, box.bottom), "shade")
    draw_gaps(sheet, frame, effects.x, effects.status)
    words = theme.words()["keys"]
    y = box.top - 10
    if border - fonts.text_width(words["before_event"], 12) > 21:  # else there is no room left of a border at the edge
        sheet.dots([border - 12], [y], "paper", 3.6, rim="navy")
        sheet.text(border - 21, y + 4, words["before_event"], "soft", size=12, anchor="right")
    sheet.dots([border + 12], [y], "navy", 3.6)
    sheet.text(border + 21, y + 4, words["after_event"], "soft", size=12)
    half = max(fonts.text_width(line, 12, 500) for line in event) / 2
    middle = min(max(border, half), sheet.width - half)
    top = box.top - 20 - LEADING * len(event)
    sheet.lines_of_text(middle, top + 11, event, "ink", size=12, weight=500, anchor="center", leading=LEADING / 12)
    sheet.line([border, border], [box.top - 18, box.bottom], "soft", 1.2, dashes=(5, 3))


def _draw_reference(sheet: Sheet, effects: Effects, frame: Frame, named: list[str]) -> None:
    y = frame.y.at(effects.reference[0])
    if effects.reference[0] != 0:
        sheet.line([frame.box.left, frame.box.right], [y, y], "soft", 1.2, dashes=(5, 3))
    first = min(max(y - LEADING * len(named) / 2, frame.box.top), frame.box.bottom - LEADING * len(named)) + 11
    sheet.lines_of_text(frame.box.right + 8, first, named, "soft", size=12, leading=LEADING / 12)
    for part in _stretches(effects.base):
        ends = frame.x([effects.x[part[0]], effects.x[part[1]]]) + np.array([-4.0, 4.0])
        sheet.line(ends, [frame.box.bottom + FOOT / 2] * 2, "soft", 4)


def _stretches(mask: Bools) -> list[tuple[int, int]]:
    """First and last place of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _draw_effects(sheet: Sheet, effects: Effects, frame: Frame) -> None:
    for side in (effects.before, ~effects.before):  # nothing is known between the two
        lines.draw_ribbon(sheet, frame, effects.x[side], effects.band_low[side], effects.band_high[side], "neutral")
    step = step_of(frame, effects.x)
    wide, radius = float(np.clip(0.3 * step, 1.2, 3)), float(np.clip(0.42 * step, 1.8, 5))
    xs, ys, apart = frame.x(effects.x), frame.y(effects.value), effects.apart
    for token, mask in (("neutral", ~apart), ("navy", apart)):
        known = np.flatnonzero(mask & np.isfinite(effects.low) & np.isfinite(effects.high))
        across = np.column_stack([xs[known], xs[known], np.full(len(known), np.nan)]).ravel()
        down = np.column_stack([frame.y(effects.low[known]), frame.y(effects.high[known]), np.full(len(known), np.nan)])
        if len(known):
            sheet.line(across, down.ravel(), token, round(wide, 1), alpha=0.6)
        here = mask & np.isfinite(effects.value)
        tiny = radius < 2.6  # a rim in the colour of the page would leave nothing of the dot
        inside = round(max(radius - 0.8, 1.3), 1)
        before, after = here & effects.before, here & ~effects.before
        sheet.dots(xs[before], ys[before], "paper", inside, rim=token, rim_width=1.1 if tiny else 1.6)
        sheet.dots(xs[after], ys[after], token, round(radius, 1), rim=None if tiny else "paper")
    _name_furthest(sheet, effects, frame)


def _furthest(effects: Effects) -> int:
    """Place of the measurable effect after the event that lies furthest from the reference; −1 without one."""
    away = np.where(effects.apart & ~effects.before, np.abs(effects.value - effects.reference[0]), np.nan)
    return int(np.nanargmax(away)) if np.isfinite(away).any() else -1


def _name_furthest(sheet: Sheet, effects: Effects, frame: Frame) -> None:
    """The number of the furthest effect beyond the far end of its interval, where no nearer effect reaches."""
    at = _furthest(effects)
    if at < 0:
        return
    half = float(effects.high[at] - effects.low[at]) / 2
    text = effects.scribe.bearing(half).label(float(effects.value[at]))
    room = fonts.text_width(text, 13, 700) / 2
    left, right = _border(effects, frame) + room + 4, frame.box.right - room
    middle = min(max(frame.x.at(float(effects.x[at])), left), right)
    below = effects.value[at] < effects.reference[0]
    y = frame.y.at(float(effects.low[at])) + 15 if below else frame.y.at(float(effects.high[at])) - 5
    y = min(max(y, frame.box.top + 11), frame.box.bottom - 4)
    sheet.text(middle, y, text, "navy", weight=700, anchor="center", halo=True)


def _alt(effects: Effects, noun: str) -> str:
    before = effects.before
    counts = [counted(int(side.sum()), noun) for side in (before, ~before)]
    sentences = [f"{effects.label}."] if effects.label else []
    sentences.append(
        told(
            "Event study around {event}: {before} before it and {after} from it on.",
            event=effects.event[1],
            before=counts[0],
            after=counts[1],
        )
    )
    if effects.base.any():
        ends = [when(effects.periods[i]) for i in np.flatnonzero(effects.base)[[0, -1]]]
        words = ends[0] if ends[0] == ends[1] else str(said("span")).format(low=ends[0], high=ends[1])
        sentences.append(told("Base: {periods}.", periods=words))
    sentences.append(told("Before it, {excluded}.", excluded=_excluded(effects, before)))
    sentences.append(told("From it on, {excluded}.", excluded=_excluded(effects, ~before)))
    at = _furthest(effects)
    if at >= 0:
        value = effects.scribe.interval(*(float(c[at]) for c in (effects.value, effects.low, effects.high)))
        dated = "on {when}" if is_dates(effects.periods) else "at {when}" if effects.across else "in {when}"
        place = told(dated, when=when(effects.periods[at]))
        sentences.append(told("Furthest: {value} {at}.", value=once(value, effects.label), at=place))
    return " ".join([*sentences, *gap_sentences(effects.status, noun)])


def _excluded(effects: Effects, side: Bools) -> str:
    """How many intervals of one side leave the reference out, and how many by the band for all of them."""
    known = side & np.isfinite(effects.low) & np.isfinite(effects.high)
    count, level = int((known & effects.outside).sum()), effects.reference[0]
    excludes = "excludes" if count == 1 else "exclude"
    words = told(
        f"{{n}} of {{all}} intervals {excludes} {{reference}}",
        n=in_words(count),
        all=in_words(int(known.sum())),
        reference=told("zero") if level == 0 else axis_label(effects.unit, [level], level),
    )
    if not np.isfinite(effects.band_low).any():
        return words
    together = in_words(int((side & effects.apart).sum()))
    return words + told("; in the band for all of them together, {n}", n=together)
