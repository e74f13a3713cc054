"""From data to pixels: linear scales, round ticks, and dates that read as dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import theme
from analysis.publish.wording import said

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Scale:
    """A linear scale from ``low``…``high`` in the data to ``start``…``end`` in pixels.

    >>> Scale(0, 10, 100, 200)([5, 10]).tolist()
    [150.0, 200.0]
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, values: npt.ArrayLike) -> Floats:
        """Pixels of many values."""
        share = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return np.asarray(self.start + share * (self.end - self.start), dtype=float)

    def at(self, value: float) -> float:
        """Pixel of one value."""
        return float(self([value])[0])


def widened(low: float, high: float) -> tuple[float, float]:
    """The ends of a scale; one point gets room on both sides.

    >>> widened(2, 5), widened(3, 3)
    ((2, 5), (2, 4))
    """
    return (low, high) if high > low else (low - 1, high + 1)


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there, one or two lines."""

    value: float
    label: tuple[str, ...] = ()


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers that span ``low`` to ``high``, about ``most`` of them at most.

    >>> round_ticks(0, 38, 5)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    >>> round_ticks(-0.12, 0.31, 6)
    [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4]
    """
    from matplotlib.ticker import MaxNLocator

    if not (np.isfinite(low) and np.isfinite(high)):
        raise AnalysisError("a figure needs at least one number to draw; every value given is missing")
    if high - low <= 1e-12 * max(1.0, abs(low), abs(high)):  # one value, for every purpose of a picture
        low, high = (low - 1, high + 1) if abs(low) < 1e-9 else sorted((0.0, 2 * low))
    found = MaxNLocator(nbins=max(most, 2), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = [float(f"{value:.12g}") + 0.0 for value in found]
    inner = [t for t in ticks if t >= low and t <= high]
    first = max((t for t in ticks if t <= low + 1e-12), default=inner[0])
    last = min((t for t in ticks if t >= high - 1e-12), default=inner[-1])
    return [t for t in ticks if first <= t <= last]


def extent(*columns: npt.ArrayLike | None) -> tuple[float, float]:
    """Smallest and largest finite number in all columns.

    >>> extent([1, float("nan")], None, [4])
    (1.0, 4.0)
    """
    parts = [np.asarray(column, dtype=float) for column in columns if column is not None]
    values = np.concatenate(parts) if parts else np.array([])
    values = values[np.isfinite(values)]
    if not values.size:
        raise AnalysisError("a figure needs at least one number to draw; every value given is missing")
    return float(values.min()), float(values.max())


def days(values: object) -> Floats:
    """Dates as days since 1970; missing dates become NaN.

    >>> days(pd.Series(["1970-01-02", None])).tolist()
    [1.0, nan]
    """
    stamps = pd.to_datetime(pd.Series(values)).to_numpy(dtype="datetime64[s]")
    whole = stamps.astype("int64") / 86_400
    return np.where(np.isnat(stamps), np.nan, whole)


def day(number: float) -> date:
    """The inverse of :func:`days` for one number."""
    return EPOCH + timedelta(days=int(np.floor(number)))


def is_dates(values: pd.Series) -> bool:
    """Whether a column holds dates (or text that is written like ISO dates).

    >>> is_dates(pd.Series(["2020-05-01"])), is_dates(pd.Series([2000, 2012]))
    (True, False)
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    filled = values.dropna()
    if filled.empty or pd.api.types.is_numeric_dtype(values):
        return False
    return all(isinstance(v, date) or (isinstance(v, str) and len(v) >= 10 and v[4:5] == "-") for v in filled)


def date_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Ticks on the first of days, months or years; the year is written under the first tick of each year.

    >>> [t.label for t in date_ticks(*days(["2020-05-01", "2021-02-20"]), 6)]
    [('May', '2020'), ('Jul',), ('Sep',), ('Nov',), ('Jan', '2021')]
    """
    first, last = day(low), day(high)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months <= 2:
        return _days_of_month(first, last, most)
    if months > 12 * most:
        return [Tick(_ordinal(date(y, 1, 1)), (str(y),)) for y in _years(first, last, most)]
    step = next(step for step in (1, 2, 3, 4, 6, 12) if step == 12 or months / step <= most)
    ticks: list[Tick] = []
    for at in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        start = date(at // 12, at % 12 + 1, 1)
        regular = at % step == 0 if step > 2 else (at - (first.year * 12 + first.month - 1)) % step == 0
        if regular and first <= start <= last:
            ticks.append(_month_tick(start, ticks))
    return ticks


def _month_tick(start: date, before: list[Tick]) -> Tick:
    name = theme.words()["months_short"][start.month - 1]
    new_year = not before or day(before[-1].value).year != start.year
    return Tick(_ordinal(start), (name, str(start.year)) if new_year else (name,))


def _days_of_month(first: date, last: date, most: int) -> list[Tick]:
    span = (last - first).days + 1
    step = next((step for step in (1, 2, 5, 7, 10, 14) if span / step <= most), 14)
    ticks: list[Tick] = []
    months = theme.words()["months_short"]
    for at in range(0, span, step):
        now = first + timedelta(days=at)
        new_month = not ticks or day(ticks[-1].value).month != now.month
        ticks.append(
            Tick(
                _ordinal(now),
                (
                    str(said("day_short")).format(month=months[now.month - 1], day=now.day)
                    if new_month
                    else str(now.day),
                ),
            )
        )
    return ticks


def _years(first: date, last: date, most: int) -> list[int]:
    count = last.year - first.year + 1
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if count / step <= most or step == 100)
    return [y for y in range(first.year, last.year + 1) if y % step == 0 and first <= date(y, 1, 1)]


def _ordinal(value: date) -> float:
    return float((value - EPOCH).days)
