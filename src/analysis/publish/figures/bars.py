"""Lengths from zero, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked, row_status, withheld
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.numbers import Scribe, capitalized, counted, scribe
from analysis.publish.figures.rows import (
    Grid,
    draw_axis,
    draw_header,
    draw_names,
    draw_reference,
    grid,
    header_height,
    reference_height,
)
from analysis.publish.figures.scales import Floats, Scale, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import said, told


@dataclass(frozen=True)
class Bars:
    """Bars in drawing order."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    value: Floats
    low: Floats
    high: Floats
    status: tuple[str, ...]
    highlight: tuple[bool, ...]
    scribe: Scribe
    unit: str
    label: str
    reference: tuple[float, str] | None
    limits: tuple[float, float]
    keys: tuple[Entry, ...]


@spoken("axis", "reference")
def bars(
    frame: pd.DataFrame,
    label: str,
    value: str,
    *,
    unit: str,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    axis: str = "",
    group: str | None = None,
    reference: tuple[float, str] | None = None,
    status: str | None = None,
    highlight: Sequence[str] = (),
    sort: Literal["value", "given"] = "value",
    noun: str = "place",
) -> Drawing:
    """Draw one horizontal bar from zero per row; the baseline is always zero.

    With ``highlight`` the other bars are paler. A missing value is written as its ``status``. Use
    :func:`~analysis.publish.figures.dotrange.dotrange` for rates and ratios whose zero says nothing.

    >>> frame = pd.DataFrame({"kind": ["Bulky items", "Graffiti"], "n": [4820, 1960]})
    >>> bars(frame, "kind", "n", unit="count", noun="request type").alt
    'Bar chart of two request types: Bulky items, 4,820; Graffiti, 1,960.'
    """
    used = [c for c in (group, label, value, low, high, status) if c]
    data = picked(frame, used, numbers=[c for c in (value, low, high) if c], bounds=(low, value, high))
    data = withheld(data, [c for c in (value, low, high) if c], status)
    if data[label].isna().any():
        raise AnalysisError(f"figure: column {label!r} names the bars and has {int(data[label].isna().sum())} gaps")
    ranks = {g: i for i, g in enumerate(dict.fromkeys(data[group]))} if group else {}
    data = data.assign(__group=data[group].map(ranks) if group else 0, __name=data[label].astype(str))
    by, falling = (["__group", value, "__name"], [True, False, True]) if sort == "value" else (["__group"], [True])
    data = data.sort_values(by, ascending=falling, kind="stable", na_position="last").reset_index(drop=True)
    values = data[value].to_numpy(dtype=float)
    bounds = [data[c].to_numpy(dtype=float) if c else np.full(len(data), np.nan) for c in (low, high)]
    names = tuple(data["__name"])
    words = theme.words()["keys"]["interval"].format(level=f"{100 * level:g}")
    shown = Bars(
        names=names,
        groups=tuple("" if group is None else str(g) for g in (data[group] if group else names)),
        value=values,
        low=bounds[0],
        high=bounds[1],
        status=row_status(data, value, status),
        highlight=tuple(n in set(map(str, highlight)) for n in names),
        scribe=scribe(unit, values, (bounds[1] - bounds[0]) / 2),
        unit=unit,
        label=axis,
        reference=reference,
        limits=lines.with_zero(*extent(values, *bounds, [reference[0]] if reference else None), True),
        keys=(Entry("line", "soft", words),) if low else (),
    )
    return both("bars", lambda layout: _draw(shown, layout), data[used], _alt(shown, noun))


def _draw(shown: Bars, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    texts = [shown.scribe.label(v) for v in shown.value]
    room = max(fonts.text_width(t, 13, 500) for t in texts) + 12
    top = header_height(shown.label, shown.keys, width) + (
        reference_height(shown.reference[1], width) if shown.reference else 4
    )
    bounded = bool(np.isfinite(shown.low).any())
    placed = grid(shown.names, shown.groups, layout, top=top, right=room if bounded else 4, height=26)
    # Without intervals the number stands at the end of its bar and says more than an axis would.
    sheet = Sheet(layout, placed.box.bottom + (24 if bounded else 4))
    end = placed.box.right - (6 if bounded else room)
    x = Scale(*shown.limits, placed.box.left, end)
    draw_header(sheet, shown.label, shown.keys)
    if bounded:
        most = 4 if layout == "narrow" else 6
        draw_axis(sheet, placed, x, lines.value_axis(*shown.limits, shown.unit, most).within(*shown.limits))
    _draw_bars(sheet, shown, placed, x)
    for i, band in enumerate(placed.bands):
        right = x.at(max(float(shown.value[i]), 0.0)) + 6 if np.isfinite(shown.value[i]) else 0.0
        if bounded:
            sheet.text(width, band.middle + 4.5, texts[i], "ink", weight=500, anchor="right")
        else:
            sheet.text(right, band.middle + 4.5, texts[i], "ink", weight=500)
    if shown.reference:
        draw_reference(sheet, placed, x.at(shown.reference[0]), shown.reference[1])
    zero = x.at(0)
    sheet.line([zero, zero], [placed.box.top, placed.box.bottom], "axis", 1.2)
    draw_names(sheet, placed, shown.highlight)
    return sheet


def _draw_bars(sheet: Sheet, shown: Bars, placed: Grid, x: Scale) -> None:
    some = any(shown.highlight)
    for i, band in enumerate(placed.bands):
        if shown.status[i] != "ok":
            sheet.text(x.at(0) + 8, band.middle + 4.2, said("status", shown.status[i]), "soft", size=12, halo=True)
            continue
        left, right = sorted((x.at(0), x.at(float(shown.value[i]))))
        token = "sky" if some and not shown.highlight[i] else "blue"
        sheet.block(Box(left, band.middle - 8, right, band.middle + 8), token)
        ends = x([shown.low[i], shown.high[i]])
        if np.isfinite(ends).all():
            sheet.line(ends.tolist(), [band.middle] * 2, "ink", 1.6)
            for end in ends.tolist():
                sheet.line([end, end], [band.middle - 3.5, band.middle + 3.5], "ink", 1.6)


MOST_TOLD = 6


def _alt(shown: Bars, noun: str) -> str:
    ok = [i for i in range(len(shown.names)) if np.isfinite(shown.value[i])]
    opening = told("Bar chart of {many}", many=counted(len(shown.names), noun))
    if len(ok) <= MOST_TOLD:
        each = [f"{shown.names[i]}, {shown.scribe.interval(*_triple(shown, i))}" for i in ok]
        sentences = [f"{opening}: " + "; ".join(each) + "."]
    else:
        low, high = float(np.nanmin(shown.value)), float(np.nanmax(shown.value))
        sentences = [opening + told(", from {span}", span=shown.scribe.span(low, high)) + "."]
        marked = [i for i in ok if shown.highlight[i]]
        sentences += [f"{shown.names[i]}: {shown.scribe.interval(*_triple(shown, i))}." for i in marked[:MOST_TOLD]]
    for status in dict.fromkeys(s for s in shown.status if s != "ok"):
        sentences.append(f"{capitalized(counted(shown.status.count(status), noun))}: {said('status', status)}.")
    return " ".join(sentences)


def _triple(shown: Bars, i: int) -> tuple[float, float, float]:
    return float(shown.value[i]), float(shown.low[i]), float(shown.high[i])
