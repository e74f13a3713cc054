"""Dated events above a time line: names on stems where there is room, numbers with a list below where there is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.publish import fonts, theme
from analysis.publish.figures.placing import rows
from analysis.publish.figures.scales import Scale, day
from analysis.publish.figures.sheet import Sheet
from analysis.publish.wording import said

LINE = 15.0
BADGE = 8.0
MOST_ROWS = 4


@dataclass(frozen=True)
class Event:
    """Something that happened on a day (days since 1970)."""

    at: float
    label: str


@dataclass(frozen=True)
class Placed:
    """An event with its row above the plot (0 the lowest) and the lines and left edge of its label."""

    event: Event
    row: int
    lines: tuple[str, ...]
    left: float


@dataclass(frozen=True)
class Events:
    """Events arranged for one width. ``numbered``: badges above, names in a list below."""

    placed: tuple[Placed, ...]
    numbered: bool
    listed: tuple[tuple[str, ...], ...]
    row_height: float

    @property
    def above(self) -> float:
        """Height needed above the plot."""
        return 0.0 if not self.placed else (max(p.row for p in self.placed) + 1) * self.row_height + 4

    @property
    def below(self) -> float:
        """Height needed below the time axis."""
        return 12 + sum(LINE * len(lines) + 4 for lines in self.listed) if self.listed else 0.0


def arrange(events: Sequence[Event], x: Scale, width: float, *, numbered: bool) -> Events:
    """Find a place for every event; falls back to numbers when names would need too many rows."""
    ordered = sorted(events, key=lambda e: (e.at, e.label))
    if not numbered and ordered:
        named = _named(ordered, x, width)
        if named is not None:
            return named
    return _numbered(ordered, x, width)


def _named(events: Sequence[Event], x: Scale, width: float) -> Events | None:
    """Names right of their stems, from the last event back, so that no stem crosses a name."""
    size = theme.style().sizes["small"]
    placed: list[Placed] = []
    for event in reversed(events):
        stem = x.at(event.at)
        lines = tuple(fonts.wrap(event.label, 190, size))
        room = max(fonts.text_width(line, size) for line in lines)
        left = stem + 5 if stem + 5 + room <= width else stem - 5 - room
        row = next((r for r in range(MOST_ROWS) if _free(r, stem, left, room, placed, x, size)), None)
        if row is None or left < 0 or len(lines) > 2:
            return None
        placed.append(Placed(event, row, lines, left))
    height = LINE * max(len(p.lines) for p in placed) + 3
    return Events(tuple(reversed(placed)), False, (), height)


def _free(row: int, stem: float, left: float, room: float, placed: Sequence[Placed], x: Scale, size: float) -> bool:
    for other in placed:
        other_stem = x.at(other.event.at)
        end = other.left + max(fonts.text_width(line, size) for line in other.lines)
        if other.row == row and left < end + 8 and other.left < left + room + 8:
            return False
        if other.row > row and left - 3 < other_stem < left + room + 3:
            return False  # its stem would run through this name
        if other.row < row and other.left - 3 < stem < end + 3:
            return False  # this stem would run through its name
    return True


def _numbered(events: Sequence[Event], x: Scale, width: float) -> Events:
    size = theme.style().sizes["small"]
    spots = rows([(x.at(e.at) - BADGE, x.at(e.at) + BADGE) for e in events], 2)
    placed = tuple(
        Placed(event, row, (str(n),), x.at(event.at) - BADGE)
        for n, (event, row) in enumerate(zip(events, spots, strict=True), start=1)
    )
    listed = tuple(tuple(fonts.wrap(f"{dated(e.at)}: {e.label}", width - 26, size)) for e in events)
    return Events(placed, True, listed, 2 * BADGE + 3)


def dated(at: float) -> str:
    """A day as written in a list of events.

    >>> dated(18_383)
    'May 1, 2020'
    """
    when = day(at)
    month = theme.words()["months_short"][when.month - 1]
    return str(said("date_short")).format(month=month, day=when.day, year=when.year)


def draw_stems(sheet: Sheet, events: Events, x: Scale, plot_top: float, plot_bottom: float) -> None:
    """The stems, to be drawn before the data."""
    for placed in events.placed:
        at = x.at(placed.event.at)
        base = plot_top - 4 - placed.row * events.row_height
        top = base - (0 if events.numbered else events.row_height - 5)
        sheet.line([at, at], [top, plot_bottom], "axis", 1, dashes=(2, 2))


def draw_names(sheet: Sheet, events: Events, x: Scale, plot_top: float) -> None:
    """Names beside their stems, or numbered badges on them."""
    size = theme.style().sizes["small"]
    for placed in events.placed:
        base = plot_top - 4 - placed.row * events.row_height
        if events.numbered:
            at = x.at(placed.event.at)
            sheet.dots([at], [base - BADGE], "ink", BADGE, rim="paper")
            sheet.text(at, base - BADGE + 4, placed.lines[0], "paper", size=11, weight=700, anchor="center")
        else:
            first = base - events.row_height + LINE
            sheet.lines_of_text(placed.left, first - 1, placed.lines, "ink", size=size)


def draw_list(sheet: Sheet, events: Events, left: float, top: float) -> None:
    """What the numbers stand for."""
    size = theme.style().sizes["small"]
    y = top + 12 + 8
    for number, lines in enumerate(events.listed, start=1):
        sheet.dots([left + BADGE], [y - 4], "ink", BADGE - 0.5, rim=None)
        sheet.text(left + BADGE, y, str(number), "paper", size=11, weight=700, anchor="center")
        sheet.lines_of_text(left + 24, y, lines, "ink", size=size, leading=LINE / size)
        y += LINE * len(lines) + 4
