"""What every figure with a horizontal and a vertical axis shares: frame, grid, ticks, lines and ribbons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures.keys import BAND
from analysis.publish.figures.numbers import axis_label
from analysis.publish.figures.scales import Floats, Scale, Tick, date_ticks, days, is_dates, round_ticks
from analysis.publish.figures.sheet import Box, Sheet
from analysis.publish.wording import said

# A line does not cross a gap this many times the usual step: nothing was reported there.
LONG_GAP = 7.0


@dataclass(frozen=True)
class Frame:
    """A plotting area with its scales."""

    box: Box
    x: Scale
    y: Scale


@dataclass(frozen=True)
class ValueAxis:
    """Round ticks of a value axis and how they are written."""

    ticks: list[float]
    labels: list[str]

    @property
    def width(self) -> float:
        """Room of the widest label."""
        size = theme.style().sizes["small"]
        return max(fonts.text_width(label, size) for label in self.labels)

    def within(self, low: float, high: float) -> ValueAxis:
        """The axis without the ticks beyond ``low`` and ``high``; all of them where fewer than two would stay."""
        kept = [i for i, tick in enumerate(self.ticks) if low - 1e-9 <= tick <= high + 1e-9]
        if len(kept) < 2:
            return self
        return ValueAxis([self.ticks[i] for i in kept], [self.labels[i] for i in kept])


def value_axis(low: float, high: float, unit: str, most: int, *, plus: bool = False) -> ValueAxis:
    """Ticks that span the values.

    >>> value_axis(0, 38, "percent", 5).labels
    ['0%', '10%', '20%', '30%', '40%']
    """
    ticks = round_ticks(low, high, most)
    return ValueAxis(ticks, [axis_label(unit, ticks, tick, plus=plus) for tick in ticks])


def with_zero(low: float, high: float, zero: bool | None) -> tuple[float, float]:
    """The range of a value axis: from zero if asked, or if the values come near it anyway.

    >>> with_zero(12, 90, None), with_zero(60, 90, None), with_zero(60, 90, True)
    ((0.0, 90), (60, 90), (0.0, 90))
    """
    near = zero is None and ((low > 0 and low < 0.4 * high) or (high < 0 and high > 0.4 * low))
    return (min(low, 0.0), max(high, 0.0)) if zero or near else (low, high)


def positions(values: pd.Series) -> Floats:
    """A horizontal column as numbers: days for dates, the numbers themselves, or places of ordered categories."""
    if is_dates(values):
        return days(values)
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=float)
    if not isinstance(values.dtype, pd.CategoricalDtype):
        raise AnalysisError(
            f"column {values.name!r} is neither dates nor numbers: give periods as an ordered pandas Categorical"
        )
    codes = values.cat.codes.to_numpy(dtype=float)
    return np.where(codes < 0, np.nan, codes)


def time_ticks(values: pd.Series, width: float) -> list[Tick]:
    """Ticks of a horizontal column that fit into ``width`` pixels."""
    at = positions(values)
    if is_dates(values):
        return date_ticks(float(np.nanmin(at)), float(np.nanmax(at)), max(int(width // 62), 2))
    if isinstance(values.dtype, pd.CategoricalDtype):
        each = max(width / max(len(values.cat.categories), 1), 72.0)
        names = [tuple(fonts.wrap(str(name), each, 12)) for name in values.cat.categories]
        return [Tick(float(i), name) for i, name in enumerate(names)]
    distinct = sorted({float(v) for v in at[np.isfinite(at)]})
    if len(distinct) <= max(int(width // 56), 2):
        return [Tick(v, (_plain_number(v),)) for v in distinct]
    inside = [t for t in round_ticks(distinct[0], distinct[-1], int(width // 56)) if distinct[0] <= t <= distinct[-1]]
    return [Tick(t, (_plain_number(t),)) for t in inside]


def _plain_number(value: float) -> str:
    return f"{value:.12g}".replace("-", str(said("minus")))


def time_height(ticks: Sequence[Tick]) -> float:
    """Height of tick marks and labels below a frame."""
    return 12 + 14 * max((len(tick.label) for tick in ticks), default=1)


def draw_values(sheet: Sheet, frame: Frame, axis: ValueAxis, *, labels: bool = True) -> None:
    """Horizontal grid lines with their numbers left of the frame; zero is drawn stronger."""
    size = theme.style().sizes["small"]
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        y = frame.y.at(tick)
        if tick != 0:
            sheet.line([frame.box.left, frame.box.right], [y, y], "grid")
        if labels:
            sheet.text(frame.box.left - 7, y + 4, label, "soft", size=size, anchor="right")
    if axis.ticks[0] <= 0 <= axis.ticks[-1]:
        y = frame.y.at(0)
        sheet.line([frame.box.left, frame.box.right], [y, y], "axis", 1.2)


def draw_time(sheet: Sheet, frame: Frame, ticks: Sequence[Tick], top: float | None = None) -> None:
    """Tick marks and labels below the frame, kept on the sheet; a label that would touch the last is left out."""
    size = theme.style().sizes["small"]
    at = frame.box.bottom if top is None else top
    free = float("-inf")
    for tick in ticks:
        x = frame.x.at(tick.value)
        width = max(fonts.text_width(line, size) for line in tick.label)
        left = min(max(x - width / 2, 0), sheet.width - width)
        sheet.line([x, x], [at, at + 5], "axis")
        if left < free:
            continue
        free = left + width + 6
        sheet.lines_of_text(
            left + width / 2, at + 18, tick.label, "soft", size=size, anchor="center", leading=14 / size
        )


def draw_across(sheet: Sheet, frame: Frame, axis: ValueAxis) -> None:
    """Tick marks and numbers below the frame, kept on the sheet; one that would touch the last is left out."""
    size = theme.style().sizes["small"]
    free = float("-inf")
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        at, half = frame.x.at(tick), fonts.text_width(label, size) / 2
        sheet.line([at, at], [frame.box.bottom, frame.box.bottom + 5], "axis")
        middle = min(at, sheet.width - half)
        if middle - half >= free:
            sheet.text(middle, frame.box.bottom + 18, label, "soft", size=size, anchor="center")
            free = middle + half + 6
    sheet.line([frame.box.left, frame.box.right], [frame.box.bottom] * 2, "axis", 1.2)


def broken(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Points with a gap wherever nothing was reported for long, so that the line does not pretend.

    >>> broken(np.array([0.0, 1, 2, 30]), np.array([5.0, 6, 7, 8]))[1].tolist()
    [5.0, 6.0, 7.0, nan, 8.0]
    """
    known = np.isfinite(y)
    steps = np.diff(x[known])
    if steps.size < 3:
        return x, y
    # A missing value inside an otherwise regular row is a gap as well.
    wide = np.flatnonzero(np.diff(x) > LONG_GAP * float(np.median(steps)))
    return np.insert(x, wide + 1, (x[wide] + x[wide + 1]) / 2), np.insert(y, wide + 1, np.nan)


def stepped(x: Floats, *columns: Floats) -> tuple[Floats, ...]:
    """Points of a curve that holds each value until the next, as survival curves do.

    >>> [part.tolist() for part in stepped(np.array([0.0, 2, 5]), np.array([1.0, 0.8, 0.7]))]
    [[0.0, 2.0, 2.0, 5.0, 5.0], [1.0, 1.0, 0.8, 0.8, 0.7]]
    """
    return (np.repeat(x, 2)[1:], *(np.repeat(column, 2)[:-1] for column in columns))


def runs(*columns: Floats) -> list[slice]:
    """Stretches of rows in which every column is finite.

    >>> runs(np.array([1.0, np.nan, 3, 4]))
    [slice(0, 1, None), slice(2, 4, None)]
    """
    good = np.concatenate([[False], np.logical_and.reduce([np.isfinite(c) for c in columns]), [False]])
    edges = np.flatnonzero(np.diff(good.astype(int)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def draw_ribbon(sheet: Sheet, frame: Frame, x: Floats, low: Floats, high: Floats, token: str) -> None:
    """An uncertainty band, cut at the frame and broken where a bound is missing."""
    bottom, top = sorted((frame.y.low, frame.y.high))
    for part in runs(x, low, high):
        xs = frame.x(x[part])
        floor, ceiling = (frame.y(np.clip(bound[part], bottom, top)) for bound in (low, high))
        if len(xs) == 1:
            sheet.line([xs[0], xs[0]], [floor[0], ceiling[0]], token, 6, alpha=BAND)
            continue
        sheet.area([*xs, *xs[::-1]], [*ceiling, *floor[::-1]], token, alpha=BAND)
