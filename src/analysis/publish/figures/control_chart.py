"""A measure over time with the limits within which it strays by chance, and the points that do not.

Draws what :mod:`analysis.methods.control_chart` finds (``chart.table``, its index as a column).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import bounds_of, picked, row_status, truth, withheld
from analysis.publish.figures.gaps import draw_gaps, gap_keys, gap_sentences, step_of
from analysis.publish.figures.keys import Entry, draw_diamond
from analysis.publish.figures.lines import Frame
from analysis.publish.figures.numbers import Scribe, counted, in_words, once, scribe, when
from analysis.publish.figures.placing import beside_points, spread
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Bools, Floats, Scale, extent, is_dates, widened
from analysis.publish.figures.sheet import LEADING, Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import told

RULES = ("beyond", "run", "near")
MOST_NAMED = 4


@dataclass(frozen=True)
class Chart:
    """A control chart in order of its periods, before it has a size."""

    x: Floats
    periods: pd.Series
    value: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    baseline: Bools
    signal: tuple[str, ...]
    status: tuple[str, ...]
    scribe: Scribe
    unit: str
    label: str
    limits: tuple[float, float]

    def shows(self, rule: str) -> Bools:
        """Periods whose signal is of that rule."""
        return np.array([s == rule for s in self.signal], dtype=bool)


@spoken("label")
def control_chart(
    frame: pd.DataFrame,
    period: str,
    *,
    unit: str,
    label: str = "",
    value: str = "value",
    centre: str = "centre",
    lower: str = "lower",
    upper: str = "upper",
    baseline: str = "baseline",
    signal: str = "signal",
    status: str | None = None,
    noun: str = "period",
) -> Drawing:
    """Draw the values with center line and limits; points outside are diamonds, other signals are ringed.

    The columns are those of :class:`analysis.methods.control_chart.ControlChart`; limits may change from period to
    period, as those of shares do. The baseline, which the limits come from, lies on a shaded ground. A missing value is
    shown as its ``status``, whose number goes even where the frame holds it.

    Raises :class:`AnalysisError` for missing columns, a period given twice, limits around nothing or a signal without a
    rule.

    >>> from analysis.methods.control_chart import xmr
    >>> days = pd.Series([20, 22, 19, 21, 20, 23, 21, 20, 22, 31], index=pd.RangeIndex(2011, 2021, name="year"))
    >>> control_chart(xmr(days, baseline=9).table.reset_index(), "year", unit="days", label="Days to repair").alt
    'Control chart. Days to repair: ten periods from 2011 to 2020; center 21 days, limits 16 to 26 days, from a
    baseline of nine periods. Outside the limits: one period (31 days in 2020). No other signal.'
    """
    used = [c for c in (period, value, lower, centre, upper, baseline, signal, status) if c]
    given = [c for c in used if c not in frame.columns]
    if given:
        raise AnalysisError(
            f"control chart: no column {', '.join(given)}; give the table of methods.control_chart.xmr or share_chart, "
            "with reset_index()"
        )
    numbers = [value, lower, centre, upper]
    data = picked(frame, used, numbers=numbers, bounds=(lower, centre, upper))
    data = _ordered(withheld(data, [value], status), period)
    if data[[lower, centre, upper]].isna().any(axis=None):
        raise AnalysisError("control chart: every period needs its centre and limits, also those without a value")
    data[signal] = data[signal].where(data[value].notna(), "")  # what is withheld gives no signal either
    signals = tuple("" if pd.isna(s) else str(s) for s in data[signal])
    unknown = sorted(set(signals) - {"", *RULES})
    if unknown:
        raise AnalysisError(f"control chart: unknown signal {', '.join(unknown)}; use {', '.join(RULES)} or nothing")
    numbers_of = {c: bounds_of(data, c) for c in numbers}
    sigma = (numbers_of[upper] - numbers_of[lower]) / 6
    chart = Chart(
        x=data["__at"].to_numpy(dtype=float),
        periods=data[period],
        value=numbers_of[value],
        centre=numbers_of[centre],
        lower=numbers_of[lower],
        upper=numbers_of[upper],
        baseline=truth(data[baseline]),
        signal=signals,
        status=row_status(data, value, status),
        scribe=scribe(unit, [*numbers_of[value], *numbers_of[centre]], sigma),
        unit=unit,
        label=label,
        limits=lines.with_zero(*extent(*numbers_of.values()), None),
    )
    return both("control_chart", lambda layout: _draw(chart, layout), data[used], _alt(chart, noun))


def _ordered(data: pd.DataFrame, period: str) -> pd.DataFrame:
    """Rows in the order of their periods, each of which is there once."""
    data = data.assign(__at=lines.positions(data[period]))
    if data["__at"].isna().any() or data["__at"].duplicated().any():
        raise AnalysisError(f"control chart: {period!r} must name each period once, without gaps; one row a period")
    return data.sort_values("__at", kind="stable").reset_index(drop=True)


def _keys(chart: Chart) -> tuple[Entry, ...]:
    words = theme.words()["keys"]
    marks = {
        "beyond": Entry("diamond", "navy", words["signal_beyond"]),
        "run": Entry("ring", "navy", words["signal_run"]),
        "near": Entry("ring", "green", words["signal_near"]),
    }
    entries = [mark for rule, mark in marks.items() if chart.shows(rule).any()]
    return (*entries, *gap_keys(chart.status))


def _draw(chart: Chart, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    keys = _keys(chart)
    axis = lines.value_axis(*chart.limits, chart.unit, 4 if narrow else 5)
    ends = _ends(chart, 84 if narrow else 130)
    room = max(fonts.text_width(line, 12, 500) for _, words in ends for line in words)
    head = header_height(chart.label, keys, width) + 24
    left, right, bottom = axis.width + 8, width - room - 12, head + (220.0 if narrow else 260.0)
    ticks = lines.time_ticks(chart.periods, right - left - 16)
    sheet = Sheet(layout, bottom + lines.time_height(ticks))
    x = Scale(*widened(float(chart.x[0]), float(chart.x[-1])), left + 8, right - 8)
    frame = Frame(Box(left, head, right, bottom), x, Scale(axis.ticks[0], axis.ticks[-1], bottom, head))
    draw_header(sheet, chart.label, keys)
    _draw_baseline(sheet, chart, frame)
    draw_gaps(sheet, frame, chart.x, chart.status)
    lines.draw_values(sheet, frame, axis)
    lines.draw_time(sheet, frame, ticks)
    _draw_limits(sheet, chart, frame)
    _draw_values(sheet, chart, frame)
    _draw_ends(sheet, chart, frame, ends)
    return sheet


def _draw_baseline(sheet: Sheet, chart: Chart, frame: Frame) -> None:
    """The ground of the baseline, with its name above."""
    if not chart.baseline.any():
        return
    half = step_of(frame, chart.x) / 2
    first, last = frame.x(chart.x[np.flatnonzero(chart.baseline)[[0, -1]]]).tolist()
    sheet.block(
        Box(max(first - half, frame.box.left), frame.box.top, min(last + half, frame.box.right), frame.box.bottom),
        "shade",
    )
    words = theme.words()["keys"]["baseline"]
    start = min(max(first - half, frame.box.left), sheet.width - fonts.text_width(words, 12))
    sheet.text(start, frame.box.top - 8, words, "soft", size=12)


def _stepped(chart: Chart, frame: Frame, bound: Floats) -> tuple[Floats, Floats]:
    """A limit as a line, level over each period."""
    edges = frame.x(np.concatenate([chart.x[:1], (chart.x[1:] + chart.x[:-1]) / 2, chart.x[-1:]]))
    edges[0], edges[-1] = frame.box.left, frame.box.right
    if np.ptp(bound) < 1e-9 * max(1.0, float(np.abs(bound).max())):
        return edges[[0, -1]], frame.y(bound[[0, -1]])
    return np.repeat(edges, 2)[1:-1], np.repeat(frame.y(bound), 2)


def _draw_limits(sheet: Sheet, chart: Chart, frame: Frame) -> None:
    for bound in (chart.lower, chart.upper):
        sheet.line(*_stepped(chart, frame, bound), "soft", 1.3, dashes=(5, 3))
    sheet.line(*_stepped(chart, frame, chart.centre), "soft", 1.3)


def _draw_values(sheet: Sheet, chart: Chart, frame: Frame) -> None:
    xs, ys = frame.x(chart.x), frame.y(chart.value)
    step = step_of(frame, chart.x)
    sheet.line(xs, ys, "blue", 1.4)
    plain = np.isfinite(chart.value) & chart.shows("")
    radius = round(float(np.clip(0.35 * step, 1.6, 3.6)), 1)
    sheet.dots(xs[plain], ys[plain], "blue", radius, rim_width=1.0)
    for rule, token in (("run", "navy"), ("near", "green")):
        mask = chart.shows(rule) & np.isfinite(chart.value)
        sheet.dots(xs[mask], ys[mask], "paper", radius + 0.6, rim=token, rim_width=2)
    beyond = np.flatnonzero(chart.shows("beyond") & np.isfinite(chart.value))
    for at in beyond:
        draw_diamond(sheet, float(xs[at]), float(ys[at]), "navy", round(float(np.clip(0.6 * step, 3.5, 6.5)), 1))
    _name_beyond(sheet, chart, frame, beyond, radius)


def _name_beyond(sheet: Sheet, chart: Chart, frame: Frame, beyond: npt.NDArray[np.int64], radius: float) -> None:
    """Values of the points outside, beside them, where there is room; the furthest first."""
    away = np.abs(chart.value - chart.centre)
    chosen = sorted(beyond.tolist(), key=lambda i: (-away[i], i))[:MOST_NAMED]
    points = [(frame.x.at(float(chart.x[i])), frame.y.at(float(chart.value[i]))) for i in chosen]
    texts = [chart.scribe.label(float(chart.value[i])) for i in chosen]
    sizes = [(fonts.text_width(text, 12, 700) + 4, 14.0) for text in texts]
    known = np.isfinite(chart.value)
    taken = [
        Box(x - radius, y - radius, x + radius, y + radius)
        for x, y in zip(frame.x(chart.x[known]).tolist(), frame.y(chart.value[known]).tolist(), strict=True)
    ]
    rules = [
        Box(frame.box.left, y - 1, frame.box.right, y + 1)
        for bound in (chart.lower, chart.upper)
        for y in [frame.y.at(float(bound[-1]))]
    ]
    placed = beside_points(points, sizes, taken, frame.box, better_free=rules, distance=9)
    for box, text in zip(placed, texts, strict=True):
        if box:
            sheet.text(box.left + 2, box.bottom - 3.5, text, "navy", size=12, weight=700, halo=True)


def _ends(chart: Chart, width: float) -> list[tuple[float, list[str]]]:
    """Level and words of what the lines are called at their ends."""
    words = theme.words()["keys"]
    found = []
    for name, bound in (("upper_limit", chart.upper), ("centre", chart.centre), ("lower_limit", chart.lower)):
        level = float(bound[-1])
        found.append((level, fonts.wrap(f"{words[name]} {chart.scribe.label(level)}", width, 12, 500)))
    return found


def _draw_ends(sheet: Sheet, chart: Chart, frame: Frame, ends: list[tuple[float, list[str]]]) -> None:
    middles = spread(
        [frame.y.at(level) for level, _ in ends], [LEADING * len(words) + 3 for _, words in ends],
        frame.box.top - 20, frame.box.bottom + 12,
    )  # fmt: skip
    for (_, words), middle in zip(ends, middles, strict=True):
        first = middle - LEADING * len(words) / 2 + 11
        sheet.lines_of_text(frame.box.right + 8, first, words, "soft", size=12, weight=500, leading=LEADING / 12)


def _alt(chart: Chart, noun: str) -> str:
    write = chart.scribe
    many = counted(len(chart.x), noun)
    ends = [when(chart.periods.iloc[i]) for i in (0, -1)]
    limits = write.span(float(chart.lower[-1]), float(chart.upper[-1]))
    sentences = [told("Control chart.")]
    opening = told(
        "{many} from {first} to {last}; center {centre}, limits {limits}",
        many=many,
        first=ends[0],
        last=ends[1],
        centre=once(write.words(float(chart.centre[-1])), chart.label),
        limits=once(limits, chart.label),
    )
    if chart.baseline.any():
        opening += told(", from a baseline of {many}", many=counted(int(chart.baseline.sum()), noun))
    sentences.append(f"{chart.label}: {opening}." if chart.label else f"{opening[:1].upper()}{opening[1:]}.")
    sentences.append(_outside(chart, noun))
    other = int((chart.shows("run") | chart.shows("near")).sum())
    sentences.append(told("Other signals: {n}.", n=in_words(other)) if other else told("No other signal."))
    return " ".join([*sentences, *gap_sentences(chart.status, noun)])


def _outside(chart: Chart, noun: str) -> str:
    beyond = np.flatnonzero(chart.shows("beyond") & np.isfinite(chart.value)).tolist()
    if not beyond:
        return told("No point lies outside the limits.")
    dated = "on {when}" if is_dates(chart.periods) else "in {when}"
    named = [
        f"{once(chart.scribe.words(float(chart.value[i])), chart.label)} "
        + told(dated, when=when(chart.periods.iloc[i]))
        for i in beyond[:MOST_NAMED]
    ]
    listed = "; ".join(named) + ("; …" if len(beyond) > MOST_NAMED else "")
    return told("Outside the limits: {many} ({which}).", many=counted(len(beyond), noun), which=listed)
