"""A table whose cells are tinted by their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures.columns import picked, row_status, withheld
from analysis.publish.figures.numbers import Scribe, capitalized, counted, scribe
from analysis.publish.figures.rows import draw_header, draw_names, grid, header_height
from analysis.publish.figures.scales import Floats, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import said, told

MOST_COLUMNS = 8
# Tints stay pale enough for the page's own ink in light and in dark.
PALEST, STRONGEST = 0.05, 0.55


@dataclass(frozen=True)
class Heat:
    """Cells by row and column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    value: Floats
    status: tuple[tuple[str, ...], ...]
    scribe: Scribe
    label: str
    middle: float | None


@spoken("axis")
def heat_table(
    frame: pd.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    unit: str,
    status: str | None = None,
    axis: str = "",
    middle: float | None = None,
    columns: Sequence[str] | None = None,
    plus: bool = False,
    noun: str = "row",
) -> Drawing:
    """Draw ``value`` for each pair of ``row`` and ``column``; every number is written in its cell.

    With ``middle`` (zero for a correlation) cells above it are tinted blue and cells below it ochre.

    >>> frame = pd.DataFrame({"a": ["x", "x"], "b": ["rows", "dates"], "v": [98.0, 71.0]})
    >>> heat_table(frame, "a", "b", "v", unit="percent", noun="dataset").alt
    'Table of one dataset by two columns, from 71 percent (x, dates) to 98 percent (x, rows).'
    """
    used = [c for c in (row, column, value, status) if c]
    data = withheld(picked(frame, used, numbers=[value]), [value], status)
    if data.duplicated([row, column]).any():
        raise AnalysisError(f"heat table: {row!r} and {column!r} name some cells twice")
    names = [str(n) for n in dict.fromkeys(data[row])]
    heads = [str(c) for c in (columns if columns is not None else dict.fromkeys(data[column]))]
    if len(heads) > MOST_COLUMNS:
        raise AnalysisError(
            f"heat table: {len(heads)} columns do not fit a page; use publish.table beyond {MOST_COLUMNS}"
        )
    keyed = data.assign(_row=data[row].astype(str), _col=data[column].astype(str), _s=row_status(data, value, status))
    numbers = keyed.pivot(index="_row", columns="_col", values=value).reindex(index=names, columns=heads)
    kinds = keyed.pivot(index="_row", columns="_col", values="_s").reindex(index=names, columns=heads).fillna("no_data")
    cells = numbers.to_numpy(dtype=float)
    heat = Heat(
        rows=tuple(names),
        columns=tuple(heads),
        value=cells,
        status=tuple(tuple(str(s) for s in line) for line in kinds.to_numpy()),
        scribe=scribe(unit, cells[np.isfinite(cells)].tolist(), plus=plus),
        label=axis,
        middle=middle,
    )
    return both("heat_table", lambda layout: _draw(heat, layout), data, _alt(heat, noun))


def _draw(heat: Heat, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    head = header_height(heat.label, (), width) + (4 if heat.label else 0)
    names_width = max(fonts.text_width(n, 13, 500) for n in heat.rows) + 10
    widest = min(names_width, width * (0.34 if narrow else 0.4))
    each = min((width - widest - 2) / len(heat.columns), 130.0)
    wrapped = [fonts.wrap(c, each - 6, 12, 500) for c in heat.columns]
    upward = any(fonts.text_width(line, 12, 500) > each - 2 for lines in wrapped for line in lines)
    tall = 15.0 * max(len(w) for w in wrapped) + 8
    if upward:
        tall = max(fonts.text_width(c, 12, 500) for c in heat.columns) + 10
    placed = grid(heat.rows, [""] * len(heat.rows), layout, top=head + tall, right=2, height=28, widest=widest - 10)
    left = placed.box.left
    each = min((width - left - 2) / len(heat.columns), 130.0)
    sheet = Sheet(layout, placed.box.bottom + 4)
    draw_header(sheet, heat.label, ())
    for j, lines in enumerate(wrapped):
        if upward:
            sheet.text(
                left + (j + 0.5) * each, head + tall - 6, heat.columns[j], "ink", size=12, weight=500, upward=True
            )
            continue
        first = head + tall - 8 - 15 * (len(lines) - 1)
        sheet.lines_of_text(left + (j + 0.5) * each, first, lines, "ink", size=12, weight=500, anchor="center",
                            leading=15 / 12)  # fmt: skip
    for i, band in enumerate(placed.bands):
        for j in range(len(heat.columns)):
            box = Box(left + j * each + 1, band.top + 1, left + (j + 1) * each - 1, band.bottom - 1)
            _draw_cell(sheet, heat, i, j, box)
    draw_names(sheet, placed, [False] * len(heat.rows))
    return sheet


def _draw_cell(sheet: Sheet, heat: Heat, i: int, j: int, box: Box) -> None:
    value, middle = float(heat.value[i, j]), (box.left + box.right) / 2
    baseline = (box.top + box.bottom) / 2 + 4.3
    if heat.status[i][j] != "ok" or not np.isfinite(value):
        symbol = said("symbols", heat.status[i][j])[0]
        sheet.block(box, "none", rim="grid")
        sheet.text(middle, baseline, symbol, "soft", anchor="center")
        return
    token, strength = _tint(heat, value)
    sheet.block(box, token, alpha=round(PALEST + (STRONGEST - PALEST) * strength, 2))
    sheet.text(middle, baseline, heat.scribe.label(value), "ink", anchor="center")


def _tint(heat: Heat, value: float) -> tuple[str, float]:
    low, high = extent(heat.value.ravel())
    if heat.middle is not None:
        reach = max(high - heat.middle, heat.middle - low) or 1.0
        return ("blue" if value >= heat.middle else "fall-2"), abs(value - heat.middle) / reach
    return "blue", (value - low) / ((high - low) or 1.0)


def _alt(heat: Heat, noun: str) -> str:
    cells = heat.value
    low, high = (np.unravel_index(f(cells), cells.shape) for f in (np.nanargmin, np.nanargmax))

    def cell(place: tuple[np.intp, ...]) -> str:
        i, j = int(place[0]), int(place[1])
        return f"{heat.scribe.words(float(cells[i, j]))} ({heat.rows[i]}, {heat.columns[j]})"

    rows, columns = counted(len(heat.rows), noun), counted(len(heat.columns), "column")
    empty = sum(s != "ok" for line in heat.status for s in line)
    opening = told(
        "Table of {rows} by {columns}, from {low} to {high}.",
        rows=rows,
        columns=columns,
        low=cell(low),
        high=cell(high),
    )
    return opening + (told(" {many} without a number.", many=capitalized(counted(empty, "cell"))) if empty else "")
