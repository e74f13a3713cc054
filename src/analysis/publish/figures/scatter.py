"""Two measures of the same places, with the trend that a method found and its band."""

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
from analysis.publish.figures.numbers import Scribe, capitalized, counted, once, scribe
from analysis.publish.figures.placing import beside_points
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Floats, Scale, extent, widened
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import said, told

# With more points than this a name cannot keep clear of all of them; it keeps clear of the named ones.
MANY = 60


@dataclass(frozen=True)
class Cloud:
    """All points and what is said of them."""

    x: Floats
    y: Floats
    low: Floats
    high: Floats
    share: Floats
    names: tuple[str, ...]
    named: tuple[int, ...]
    trend: pd.DataFrame | None
    units: tuple[str, str]
    labels: tuple[str, str]
    limits: tuple[tuple[float, float], tuple[float, float]]
    scribes: tuple[Scribe, Scribe]
    keys: tuple[Entry, ...]


@spoken("x_label", "y_label", "size_label", "trend_label")
def scatter(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    x_unit: str,
    y_unit: str,
    x_label: str,
    y_label: str,
    name: str | None = None,
    highlight: Sequence[str] = (),
    size: str | None = None,
    size_label: str = "",
    y_low: str | None = None,
    y_high: str | None = None,
    trend: pd.DataFrame | None = None,
    trend_label: str = "",
    level: float = 0.95,
    x_zero: bool | None = None,
    y_zero: bool | None = None,
    noun: str = "place",
) -> Drawing:
    """Draw one dot per row of ``frame``; those in ``highlight`` are named by column ``name``.

    ``size`` is a column whose amount is the dot's area. ``y_low`` and ``y_high`` bound each dot at ``level``.
    ``trend`` is a frame with columns ``x``, ``y``, ``low``, ``high``, computed by a method of the project: the figure
    fits nothing itself. Rows that lack one of the measures are counted in the description.

    >>> frame = pd.DataFrame({"p": ["A", "B", "C"], "crowded": [2, 10, 20], "rate": [900, 1500, 2600]})
    >>> scatter(frame, "crowded", "rate", x_unit="percent", y_unit="per_100k", x_label="Crowded", y_label="Cases").alt
    'Scatter plot of three places. Crowded runs from 2 to 20 percent, Cases from 900 to 2,600 per 100,000 residents.'
    """
    used = [c for c in (name, x, y, y_low, y_high, size) if c]
    numbers = [c for c in (x, y, y_low, y_high, size) if c]
    data = picked(frame, used, numbers=numbers, bounds=(y_low, y, y_high))
    known = data[data[x].notna() & data[y].notna()].reset_index(drop=True)
    if known.empty:
        raise AnalysisError(f"scatter of {x!r} and {y!r}: no row has both")
    names = tuple(str(n) for n in known[name]) if name else ("",) * len(known)
    unknown = sorted(set(map(str, highlight)) - set(names))
    if unknown:
        raise AnalysisError(f"scatter: no row named {', '.join(unknown)} with both measures")
    columns = [bounds_of(known, c) for c in (x, y, y_low, y_high)]
    fitted = _trend(trend)
    cloud = Cloud(
        x=columns[0],
        y=columns[1],
        low=columns[2],
        high=columns[3],
        share=_shares(known, size),
        names=names,
        named=tuple(i for i, n in enumerate(names) if n in set(map(str, highlight))),
        trend=fitted,
        units=(x_unit, y_unit),
        labels=(x_label, y_label),
        limits=(
            lines.with_zero(*extent(columns[0]), x_zero),
            lines.with_zero(
                *extent(*columns[1:], *(fitted[c] for c in ("low", "high")) if fitted is not None else ()), y_zero
            ),
        ),
        scribes=(scribe(x_unit, columns[0]), scribe(y_unit, columns[1], (columns[3] - columns[2]) / 2)),
        keys=_keys(fitted is not None, trend_label, y_low is not None, size_label, level),
    )
    alt = _alt(cloud, len(data) - len(known), noun)
    return both("scatter", lambda layout: _draw(cloud, layout), data, alt)


def _shares(known: pd.DataFrame, size: str | None) -> Floats:
    """Each dot's amount as a share of the largest."""
    if size is None:
        return np.ones(len(known))
    amounts = known[size].fillna(0).clip(lower=0).to_numpy(dtype=float)
    return np.asarray(amounts / (amounts.max() or 1.0), dtype=float)


def _trend(trend: pd.DataFrame | None) -> pd.DataFrame | None:
    if trend is None:
        return None
    wanted = ["x", "y", "low", "high"]
    return picked(trend, wanted, numbers=wanted, bounds=("low", "y", "high")).sort_values("x", kind="stable")


def _keys(trend: bool, trend_label: str, bounded: bool, size_label: str, level: float) -> tuple[Entry, ...]:
    words = theme.words()["keys"]
    interval = words["interval"].format(level=f"{100 * level:g}")
    entries = []
    if trend:
        entries += [Entry("line", "navy", trend_label or words["trend"]), Entry("band", "navy", interval)]
    elif bounded:
        entries.append(Entry("line", "neutral", interval))
    if size_label:
        entries.append(Entry("dot", "sky", size_label))
    return tuple(entries)


def _draw(cloud: Cloud, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    vertical = lines.value_axis(*cloud.limits[1], cloud.units[1], 4 if narrow else 6)
    across = lines.value_axis(*cloud.limits[0], cloud.units[0], 4 if narrow else 7).within(*cloud.limits[0])
    head = header_height(cloud.labels[1], cloud.keys, width) + 8
    left, bottom = vertical.width + 8, head + (270 if narrow else 360)
    wrapped = fonts.wrap(cloud.labels[0], width - left, 12)
    sheet = Sheet(layout, bottom + 28 + 15 * len(wrapped))
    box = Box(left, head, width - 8, bottom)
    frame = Frame(
        box,
        Scale(*widened(*cloud.limits[0]), left + 10, width - 18),
        Scale(vertical.ticks[0], vertical.ticks[-1], bottom, head),
    )
    draw_header(sheet, cloud.labels[1], cloud.keys)
    lines.draw_values(sheet, frame, vertical)
    lines.draw_across(sheet, frame, across)
    sheet.lines_of_text(box.right, bottom + 36, wrapped, "soft", size=12, anchor="right")
    _draw_points(sheet, cloud, frame)
    if cloud.trend is not None:
        columns = [cloud.trend[c].to_numpy(dtype=float) for c in ("x", "y", "low", "high")]
        inside = (columns[0] >= frame.x.low) & (columns[0] <= frame.x.high)
        at, middle, low, high = (c[inside] for c in columns)
        lines.draw_ribbon(sheet, frame, at, low, high, "navy")
        sheet.line(frame.x(at), frame.y(np.clip(middle, frame.y.low, frame.y.high)), "navy", 2.2)
    _draw_names(sheet, cloud, frame)
    return sheet


def _radius(cloud: Cloud, i: int, narrow: bool) -> float:
    if np.all(cloud.share == 1):
        return 3.0 if narrow else 3.6
    return max(1.6, (7.0 if narrow else 10.0) * float(np.sqrt(cloud.share[i])))


def _draw_points(sheet: Sheet, cloud: Cloud, frame: Frame) -> None:
    xs, ys = frame.x(cloud.x), frame.y(cloud.y)
    for i in range(len(xs)):
        if np.isfinite(cloud.low[i]) and np.isfinite(cloud.high[i]):
            ends = frame.y(np.clip([cloud.low[i], cloud.high[i]], frame.y.low, frame.y.high))
            sheet.line([xs[i], xs[i]], ends.tolist(), "neutral", 1, alpha=0.35)
    radii = [_radius(cloud, i, sheet.narrow) for i in range(len(xs))]
    quiet = [i for i in np.argsort(-np.array(radii), kind="stable").tolist() if i not in cloud.named]
    if np.all(cloud.share == 1):
        sheet.dots(xs[quiet], ys[quiet], "blue", radii[0], rim=None, alpha=0.55)
    else:
        for i in quiet:
            sheet.dots([xs[i]], [ys[i]], "sky", round(radii[i], 1), rim="paper", rim_width=0.8, alpha=0.75)
    for i in cloud.named:
        sheet.dots([xs[i]], [ys[i]], "navy", max(radii[i], 3.6))


def _draw_names(sheet: Sheet, cloud: Cloud, frame: Frame) -> None:
    xs, ys = frame.x(cloud.x), frame.y(cloud.y)
    radii = [_radius(cloud, i, sheet.narrow) for i in range(len(xs))]
    dots = [Box(x - r, y - r, x + r, y + r) for x, y, r in zip(xs.tolist(), ys.tolist(), radii, strict=True)]
    firm = [box for i, box in enumerate(dots) if len(dots) <= MANY or i in cloud.named]
    order = sorted(cloud.named, key=lambda i: (-cloud.y[i], cloud.x[i], cloud.names[i]))
    sizes = [(fonts.text_width(cloud.names[i], 13, 500), 14.0) for i in order]
    room = Box(frame.box.left, frame.box.top - 6, sheet.width, frame.box.bottom - 2)
    places = beside_points([(float(xs[i]), float(ys[i])) for i in order], sizes, firm, room, better_free=dots)
    for i, place in zip(order, places, strict=True):
        if place is None:
            continue
        middle = ((place.left + place.right) / 2, (place.top + place.bottom) / 2)
        near = (min(max(float(xs[i]), place.left), place.right), min(max(float(ys[i]), place.top), place.bottom))
        if np.hypot(near[0] - xs[i], near[1] - ys[i]) > 10:
            sheet.line([float(xs[i]), near[0]], [float(ys[i]), near[1]], "ink", 0.8)
        sheet.text(middle[0], place.bottom - 3, cloud.names[i], "ink", weight=500, anchor="center", halo=True)


def _alt(cloud: Cloud, missing: int, noun: str) -> str:
    spans = [
        once(w.span(float(v.min()), float(v.max())), label)
        for w, v, label in zip(cloud.scribes, (cloud.x, cloud.y), cloud.labels, strict=True)
    ]
    sentences = [
        told("Scatter plot of {many}.", many=counted(len(cloud.x), noun)),
        told(
            "{x} runs from {x_span}, {y} from {y_span}.",
            x=cloud.labels[0],
            x_span=spans[0],
            y=cloud.labels[1],
            y_span=spans[1],
        ),
    ]
    if cloud.trend is not None:
        first, last = cloud.trend.iloc[0], cloud.trend.iloc[-1]
        rises, falls = first["high"] < last["low"], first["low"] > last["high"]
        verb = "rises" if rises else "falls" if falls else "does not measurably rise or fall"
        spanned = once(cloud.scribes[1].span(float(first["y"]), float(last["y"])), cloud.labels[1])
        numbers = told(", from {span}", span=spanned) if rises or falls else ""
        sentences.append(told(f"The trend {verb}{{numbers}}.", numbers=numbers))
    for i in cloud.named[:6]:
        both_values = zip(cloud.scribes, (cloud.x, cloud.y), cloud.labels, strict=True)
        values = f" {said('listed', 'and')} ".join(once(w.words(float(v[i])), label) for w, v, label in both_values)
        sentences.append(f"{cloud.names[i]}: {values}.")
    if missing:
        sentences.append(told("{many} without both measures.", many=capitalized(counted(missing, noun))))
    return " ".join(sentences)
