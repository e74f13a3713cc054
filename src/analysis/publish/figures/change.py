"""Two periods side by side: the dumbbell (one row a place) and the slope (one line a place)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked, truth
from analysis.publish.figures.keys import BAND, Entry
from analysis.publish.figures.numbers import Scribe, counted, in_words, scribe
from analysis.publish.figures.placing import spread
from analysis.publish.figures.rows import (
    draw_axis,
    draw_header,
    draw_names,
    draw_shades,
    grid,
    header_height,
)
from analysis.publish.figures.scales import Bools, Floats, Scale, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import said, told

Bounds = tuple[str, str]


@dataclass(frozen=True)
class Changes:
    """Places in two periods, in drawing order; bounds are NaN where none were given."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    values: tuple[Floats, Floats]
    low: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    moved: Bools
    tokens: tuple[str, ...]
    highlight: tuple[bool, ...]
    periods: tuple[str, str]
    scribe: Scribe
    difference: Scribe
    unit: str
    label: str
    keys: tuple[Entry, ...]

    @property
    def change(self) -> Floats:
        """After minus before."""
        return self.values[1] - self.values[0]

    @property
    def heading(self) -> str:
        """What stands over the column of changes."""
        words = theme.words()["keys"]
        return str(words["change_points"] if self.difference.unit.name == "points" else words["change"])


def _changes(
    frame: pd.DataFrame,
    label: str,
    before: str,
    after: str,
    *,
    unit: str,
    periods: tuple[str, str],
    before_interval: Bounds | None,
    after_interval: Bounds | None,
    measurable: str | None,
    change_interval: Bounds | None,
    level: float,
    axis: str,
    group: str | None,
    highlight: Sequence[str],
    sort: str,
    harm: str | None,
) -> tuple[Changes, pd.DataFrame]:
    intervals = [*(before_interval or ()), *(after_interval or ()), *(change_interval or ())]
    used = [c for c in (group, label, before, after, *intervals, measurable) if c]
    data = picked(frame, used, numbers=[before, after, *intervals])
    for bounds, value in ((before_interval, before), (after_interval, after)):
        if bounds:
            picked(data, [value, *bounds], bounds=(bounds[0], value, bounds[1]))
    data = _sorted(data, label, before, after, group, sort)
    values = (data[before].to_numpy(dtype=float), data[after].to_numpy(dtype=float))
    low, high = ([_bound(data, b, side) for b in (before_interval, after_interval)] for side in (0, 1))
    moved = _moved(data, values, measurable, change_interval)
    names = tuple(str(n) for n in data[label])
    widths = [((h - lo) / 2) for lo, h in zip(low, high, strict=True)]
    change = values[1] - values[0]
    difference = "points" if unit == "percent" else unit
    changes = Changes(
        names=names,
        groups=tuple("" if group is None else str(g) for g in (data[group] if group else names)),
        values=values,
        low=(low[0], low[1]),
        high=(high[0], high[1]),
        moved=moved,
        tokens=tuple(_token(m, c, harm) for m, c in zip(moved, change, strict=True)),
        highlight=tuple(n in set(map(str, highlight)) for n in names),
        periods=periods,
        scribe=scribe(unit, np.concatenate(values), np.concatenate(widths)),
        difference=scribe(difference, change, np.concatenate(widths), plus=True),
        unit=unit,
        label=axis,
        keys=_keys(periods, moved, level if before_interval or after_interval else None),
    )
    return changes, data[used]


def _sorted(data: pd.DataFrame, label: str, before: str, after: str, group: str | None, sort: str) -> pd.DataFrame:
    known = data[before].notna() & data[after].notna()
    if not known.any():
        raise AnalysisError(f"figure of {before!r} and {after!r}: no row has both")
    data = data[known]
    ranks = {g: i for i, g in enumerate(dict.fromkeys(data[group]))} if group else {}
    keys = {"change": data[after] - data[before], "after": data[after], "before": data[before]}
    if sort not in {*keys, "given"}:
        raise AnalysisError(f"figure: sort={sort!r}; use change, after, before or given")
    data = data.assign(
        __group=data[group].map(ranks) if group else 0, __key=keys.get(sort, 0.0), __name=data[label].astype(str)
    )
    order = ["__group", "__key", "__name"] if sort != "given" else ["__group"]
    return data.sort_values(order, ascending=[True, False, True][: len(order)], kind="stable").reset_index(drop=True)


def _bound(data: pd.DataFrame, bounds: Bounds | None, side: int) -> Floats:
    return data[bounds[side]].to_numpy(dtype=float) if bounds else np.full(len(data), np.nan)


def _moved(
    data: pd.DataFrame, values: tuple[Floats, Floats], measurable: str | None, change_interval: Bounds | None
) -> Bools:
    if measurable:
        return truth(data[measurable])
    if change_interval:
        low, high = (data[c].to_numpy(dtype=float) for c in change_interval)
        return np.asarray((low > 0) | (high < 0), dtype=bool)
    return np.ones(len(values[0]), dtype=bool)


def _token(moved: bool, change: float, harm: str | None) -> str:
    if not moved:
        return "neutral"
    return "harm" if (harm == "rise" and change > 0) or (harm == "fall" and change < 0) else "navy"


def _keys(periods: tuple[str, str], moved: Bools, level: float | None) -> tuple[Entry, ...]:
    words = theme.words()["keys"]
    entries = [Entry("ring", "navy", periods[0]), Entry("dot", "navy", periods[1])]
    if not moved.all():
        entries.append(Entry("dot", "neutral", words["no_measurable_change"]))
    if level is not None:
        entries.append(Entry("band", "neutral", words["interval"].format(level=f"{100 * level:g}")))
    return tuple(entries)


@spoken("axis", "periods")
def dumbbell(
    frame: pd.DataFrame,
    label: str,
    before: str,
    after: str,
    *,
    unit: str,
    periods: tuple[str, str],
    before_interval: Bounds | None = None,
    after_interval: Bounds | None = None,
    measurable: str | None = None,
    change_interval: Bounds | None = None,
    level: float = 0.95,
    axis: str = "",
    group: str | None = None,
    highlight: Sequence[str] = (),
    sort: Literal["change", "after", "before", "given"] = "change",
    harm: Literal["rise", "fall"] | None = None,
    zero: bool | None = None,
    noun: str = "place",
) -> Drawing:
    """Draw the value of each row before (ring) and after (dot), and write the change at the right.

    Intervals are pairs of column names. A change is grey unless ``measurable`` is true for it, or its
    ``change_interval`` excludes zero. ``harm`` names the direction that harms people and may be red. A row without
    one of the two values is left out; say so in the caption.

    >>> frame = pd.DataFrame({"d": ["A", "B"], "y0": [10, 20], "y1": [16, 19], "real": [True, False]})
    >>> dumbbell(frame, "d", "y0", "y1", unit="percent", periods=("2000", "2018"), measurable="real").alt
    'Change of two places from 2000 to 2018, between −1 and +6 percentage points. One place rose measurably, none fell
    and one did not measurably change.'
    """
    changes, data = _changes(
        frame, label, before, after, unit=unit, periods=periods, before_interval=before_interval,
        after_interval=after_interval, measurable=measurable, change_interval=change_interval, level=level, axis=axis,
        group=group, highlight=highlight, sort=sort, harm=harm,
    )  # fmt: skip
    limits = lines.with_zero(*extent(*changes.values, *changes.low, *changes.high), zero)
    return both("dumbbell", lambda layout: _draw_dumbbell(changes, limits, layout), data, _alt(changes, noun))


def _draw_dumbbell(changes: Changes, limits: tuple[float, float], layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    texts = [changes.difference.label(c) for c in changes.change]
    room = max(fonts.text_width(t, 13, 500) for t in texts) + 14
    top = header_height(changes.label, changes.keys, width) + 22
    placed = grid(changes.names, changes.groups, layout, top=top, right=room, height=26)
    sheet = Sheet(layout, placed.box.bottom + 24)
    axis = lines.value_axis(*limits, changes.unit, 4 if narrow else 6).within(*limits)
    x = Scale(*limits, placed.box.left + 6, placed.box.right - 6)
    draw_shades(sheet, placed, changes.highlight)
    draw_header(sheet, changes.label, changes.keys)
    draw_axis(sheet, placed, x, axis)
    sheet.text(width, placed.box.top - 6, changes.heading, "soft", size=12, anchor="right")
    for i, band in enumerate(placed.bands):
        _draw_row(sheet, changes, i, x, band.middle)
        token = "soft" if changes.tokens[i] == "neutral" else theme.text_token(changes.tokens[i])
        sheet.text(width, band.middle + 4.5, texts[i], token, weight=500, anchor="right")
    draw_names(sheet, placed, changes.highlight)
    return sheet


def _draw_row(sheet: Sheet, changes: Changes, i: int, x: Scale, y: float) -> None:
    token = changes.tokens[i]
    for side in (0, 1):
        ends = [changes.low[side][i], changes.high[side][i]]
        if np.isfinite(ends).all():
            left, right = (float(v) for v in x(ends))
            sheet.block(Box(left, y - 6, right, y + 6), token, alpha=BAND)
    start, end = (x.at(float(v[i])) for v in changes.values)
    sheet.line([start, end], [y, y], token, 2.2)
    sheet.dots([start], [y], "paper", 4.3, rim=token, rim_width=2)
    sheet.dots([end], [y], token, 5.2)


@spoken("axis", "periods")
def slope(
    frame: pd.DataFrame,
    label: str,
    before: str,
    after: str,
    *,
    unit: str,
    periods: tuple[str, str],
    before_interval: Bounds | None = None,
    after_interval: Bounds | None = None,
    measurable: str | None = None,
    change_interval: Bounds | None = None,
    level: float = 0.95,
    axis: str = "",
    highlight: Sequence[str] = (),
    harm: Literal["rise", "fall"] | None = None,
    noun: str = "place",
) -> Drawing:
    """Draw one line per row from its value before to its value after, named at the right end.

    Up to a dozen rows are all named; with ``highlight`` only those are, the others stay a quiet background. Options
    as in :func:`dumbbell`.

    >>> frame = pd.DataFrame({"d": ["A", "B"], "y0": [10, 20], "y1": [16, 19]})
    >>> slope(frame, "d", "y0", "y1", unit="percent", periods=("2000", "2018")).alt
    'Change of two places from 2000 to 2018, between −1 and +6 percentage points. One place rose and one fell.'
    """
    changes, data = _changes(
        frame, label, before, after, unit=unit, periods=periods, before_interval=before_interval,
        after_interval=after_interval, measurable=measurable, change_interval=change_interval, level=level, axis=axis,
        group=None, highlight=highlight, sort="after", harm=harm,
    )  # fmt: skip
    return both("slope", lambda layout: _draw_slope(changes, layout), data, _alt(changes, noun))


def _draw_slope(changes: Changes, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    strong = [i for i, h in enumerate(changes.highlight) if h] or list(range(len(changes.names)))
    left_words = [changes.scribe.label(float(changes.values[0][i])) for i in strong]
    left = max(fonts.text_width(t, 13) for t in left_words) + 14
    limit = 110 if narrow else 230
    right_words = [_wrapped(changes, i, limit) for i in strong]
    right = max(fonts.text_width(line, 13, 500) for lines_ in right_words for line in lines_) + 14
    keys = changes.keys[2:]
    top = header_height(changes.label, keys, width) + 30
    heights = [15.0 * len(w) + 3 for w in right_words]
    bottom = top + max(300.0 if narrow else 320.0, sum(heights) + 10)
    sheet = Sheet(layout, bottom + 10)
    y = Scale(*_room(changes), bottom, top)
    span = min(width - left - right, 470.0)
    ends = (left, left + span)
    draw_header(sheet, changes.label, keys)
    for x, period, anchor in zip(ends, changes.periods, ("left", "right"), strict=True):
        sheet.line([x, x], [top, bottom], "axis")
        sheet.text(x, top - 10, period, "ink", weight=700, anchor="left" if anchor == "left" else "right")
    for i in sorted(range(len(changes.names)), key=lambda i: i in strong):
        _draw_slope_line(sheet, changes, i, ends, y, quiet=i not in strong)
    for side, words, anchor in ((0, [[w] for w in left_words], "right"), (1, right_words, "left")):
        wanted = [y.at(float(changes.values[side][i])) for i in strong]
        tall = heights if side else [16.0] * len(strong)
        for i, lines_, middle in zip(strong, words, spread(wanted, tall, top - 8, bottom + 8), strict=True):
            token = "soft" if changes.tokens[i] == "neutral" else theme.text_token(changes.tokens[i])
            own, reach = y.at(float(changes.values[side][i])), 7 if side else -7
            if abs(own - middle) > 4:
                sheet.line([ends[side] + reach / 2, ends[side] + reach], [own, middle], "axis")
            sheet.lines_of_text(
                ends[side] + (9 if side else -9), middle - 7.5 * len(lines_) + 11.5, lines_, token,
                weight=500 if side else 400, anchor="left" if anchor == "left" else "right", leading=15 / 13,
            )  # fmt: skip
    return sheet


def _wrapped(changes: Changes, i: int, width: float) -> list[str]:
    return fonts.wrap(f"{changes.scribe.label(float(changes.values[1][i]))} {changes.names[i]}", width, 13, 500)


def _room(changes: Changes) -> tuple[float, float]:
    low, high = extent(*changes.values, *changes.low, *changes.high)
    return (low, high) if high > low else (low - 1, high + 1)


def _draw_slope_line(
    sheet: Sheet, changes: Changes, i: int, ends: tuple[float, float], y: Scale, *, quiet: bool
) -> None:
    token = "neutral" if quiet else changes.tokens[i]
    heights = [y.at(float(v[i])) for v in changes.values]
    sheet.line(ends, heights, token, 1.0 if quiet else 2.2, alpha=0.5 if quiet else None)
    if quiet:
        return
    for side in (0, 1):
        bounds = [changes.low[side][i], changes.high[side][i]]
        if np.isfinite(bounds).all():
            edge = y(bounds)
            sheet.line([ends[side]] * 2, edge.tolist(), token, 6, alpha=BAND)
    sheet.dots(ends, heights, token, 4.3)


def _alt(changes: Changes, noun: str) -> str:
    change, moved = changes.change, changes.moved
    low, high = float(change.min()), float(change.max())
    write = changes.difference
    opening = told(
        "Change of {many} from {before} to {after}, between {low} and {high}.",
        many=counted(len(change), noun),
        before=changes.periods[0],
        after=changes.periods[1],
        low=write.label(low) if write.unit.name == "points" else write.words(low),
        high=write.words(high),
    )
    rose, fell, still = (int(m.sum()) for m in (moved & (change > 0), moved & (change < 0), ~moved | (change == 0)))
    adverb = "" if moved.all() else " measurably"
    parts = [
        told(f"{{many}} rose{adverb}", rose, many=counted(rose, noun)),
        told("{many} fell", fell, many=in_words(fell)),
    ]
    if still:
        parts.append(told(f"{{many}} did not{adverb} change", still, many=in_words(still)))
    sentence = f"{', '.join(parts[:-1])} {said('listed', 'and')} {parts[-1]}"
    sentence = sentence[0].upper() + sentence[1:] + "."
    each = [
        told(
            "{name}: from {before} to {after}.",
            name=changes.names[i],
            before=changes.scribe.words(float(changes.values[0][i])),
            after=changes.scribe.words(float(changes.values[1][i])),
        )
        for i, strong in enumerate(changes.highlight)
        if strong
    ][:6]
    return " ".join([opening, sentence, *each])
