"""What figures with one row per place share: names on the left, an axis below, figures on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.publish import fonts, theme
from analysis.publish.figures.keys import Entry, draw_key, key_rows
from analysis.publish.figures.lines import ValueAxis
from analysis.publish.figures.scales import Scale
from analysis.publish.figures.sheet import Box, Layout, Sheet

LINE = 15.0


@dataclass(frozen=True)
class Band:
    """One row or heading as placed: its wrapped name and its top and bottom."""

    lines: tuple[str, ...]
    top: float
    bottom: float
    heading: bool = False

    @property
    def middle(self) -> float:
        """Where the row's marks go."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Grid:
    """Rows as placed: the plotting box, a band per row, and headings between them."""

    box: Box
    bands: tuple[Band, ...]
    headings: tuple[Band, ...]


def grid(
    names: Sequence[str],
    groups: Sequence[str],
    layout: Layout,
    *,
    top: float,
    right: float,
    height: float,
    widest: float | None = None,
) -> Grid:
    """Place one row per name below ``top``, with a heading wherever the group changes; ``right`` is kept free."""
    size = theme.style().sizes["text"]
    width = theme.style().sizes[layout]
    limit = widest or (width * (0.36 if layout == "narrow" else 0.34))
    wrapped = [tuple(fonts.wrap(name, limit, size)) for name in names]
    left = max(fonts.text_width(line, size, 500) for lines in wrapped for line in lines) + 10
    bands, headings, y, before = [], [], top, None
    for lines, group in zip(wrapped, groups, strict=True):
        if group != before and group:
            headings.append(Band(tuple(fonts.wrap(group, width, size, 700)), y + 6, y + 30, heading=True))
            y += 30
        before = group
        bottom = y + max(height, LINE * len(lines) + 7)
        bands.append(Band(lines, y, bottom))
        y = bottom
    return Grid(Box(left, top, width - right, y), tuple(bands), tuple(headings))


def draw_names(sheet: Sheet, placed: Grid, highlight: Sequence[bool]) -> None:
    """Names and headings; a highlighted row lies on a shaded band and is set stronger."""
    for band, strong in zip(placed.bands, highlight, strict=True):
        first = band.middle - LINE * len(band.lines) / 2 + 11.5
        sheet.lines_of_text(
            placed.box.left - 10, first, band.lines, "ink", weight=500 if strong else 400, anchor="right",
            leading=LINE / 13,
        )  # fmt: skip
    for band in placed.headings:
        sheet.lines_of_text(0, band.top + 14, band.lines, "ink", weight=700)


def draw_shades(sheet: Sheet, placed: Grid, highlight: Sequence[bool]) -> None:
    """The bands under highlighted rows, to be drawn before the grid."""
    for band, strong in zip(placed.bands, highlight, strict=True):
        if strong:
            sheet.block(Box(0, band.top, sheet.width, band.bottom), "shade")


def draw_axis(sheet: Sheet, placed: Grid, x: Scale, axis: ValueAxis) -> None:
    """Vertical grid lines with numbers below; zero is drawn stronger."""
    size = theme.style().sizes["small"]
    box = placed.box
    free = float("-inf")
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        at = x.at(tick)
        stretches = _stretches(placed)
        for top, bottom in stretches:
            sheet.line([at, at], [top, bottom], "axis" if tick == 0 else "grid", 1.2 if tick == 0 else 1.0)
        width = fonts.text_width(label, size)
        if at - width / 2 >= free:
            sheet.text(min(at, sheet.width - width / 2), box.bottom + 17, label, "soft", size=size, anchor="center")
            free = at + width / 2 + 8


def _stretches(placed: Grid) -> list[tuple[float, float]]:
    """Vertical stretches of rows without headings between them."""
    found: list[tuple[float, float]] = []
    for band in placed.bands:
        if found and found[-1][1] == band.top:
            found[-1] = (found[-1][0], band.bottom)
        else:
            found.append((band.top, band.bottom))
    return found


def header_height(label: str, entries: Sequence[Entry], width: float) -> float:
    """Height of the measure's name and the key."""
    rows = len(fonts.wrap(label, width, 12)) * LINE if label else 0.0
    return rows + 20 * len(key_rows(entries, width)) + (6 if rows or entries else 0)


def draw_header(sheet: Sheet, label: str, entries: Sequence[Entry]) -> None:
    """The measure's name and the key, top left."""
    wrapped = fonts.wrap(label, sheet.width, 12) if label else []
    sheet.lines_of_text(0, 11, wrapped, "soft", size=12, leading=LINE / 12)
    draw_key(sheet, entries, 0, len(wrapped) * LINE + 1, sheet.width)


def reference_height(name: str, width: float) -> float:
    """Height that the name of a reference needs above the rows."""
    return 7 + LINE * len(fonts.wrap(name, width, theme.style().sizes["small"], 500))


def draw_reference(sheet: Sheet, placed: Grid, x: float, name: str) -> None:
    """A vertical line through all rows with its name above."""
    size = theme.style().sizes["small"]
    named = fonts.wrap(name, sheet.width, size, 500)
    sheet.line([x, x], [placed.box.top - 4, placed.box.bottom], "soft", 1.2, dashes=(5, 3))
    half = max(fonts.text_width(line, size, 500) for line in named) / 2
    middle = min(max(x, half), sheet.width - half)
    first = placed.box.top - 9 - LINE * (len(named) - 1)
    sheet.lines_of_text(middle, first, named, "soft", size=size, weight=500, anchor="center", leading=LINE / size)
