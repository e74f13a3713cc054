"""The line above a figure that says what its marks mean, where they cannot be named in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analysis.publish import fonts, theme
from analysis.publish.figures.sheet import Box, Sheet

Mark = Literal["dot", "ring", "diamond", "triangle", "speck", "tick", "sign", "line", "dashes", "rule", "interval",
               "band", "block", "blank"]  # fmt: skip
ROW = 20.0


@dataclass(frozen=True)
class Entry:
    """One mark and its meaning; ``sign`` is the text that is the mark itself."""

    mark: Mark
    token: str
    words: str
    sign: str = ""


def _mark_width(entry: Entry) -> float:
    return 10.0 if entry.mark in {"dot", "ring", "triangle", "speck", "tick", "sign", "diamond"} else 18.0


def key_rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """The entries in as many rows as they need at ``width`` pixels."""
    size = theme.style().sizes["small"]
    rows: list[list[Entry]] = []
    used = 0.0
    for entry in (part for whole in entries for part in _wrapped(whole, width, size)):
        room = _mark_width(entry) + 6 + fonts.text_width(entry.words, size) + 18
        if not rows or used + room - 18 > width:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += room
    return rows


def _wrapped(entry: Entry, width: float, size: float) -> list[Entry]:
    """An entry whose words need more than one line, as one entry a line."""
    first, *more = fonts.wrap(entry.words, width - 24, size)
    return [replace(entry, words=first), *(Entry("blank", entry.token, line) for line in more)]


def draw_key(sheet: Sheet, entries: Sequence[Entry], left: float, top: float, width: float) -> float:
    """Draw the key; returns the height it took."""
    size = theme.style().sizes["small"]
    rows = key_rows(entries, width)
    for at, row in enumerate(rows):
        x, middle = left, top + at * ROW + ROW / 2
        for entry in row:
            room = _mark_width(entry)
            _draw_mark(sheet, entry, x, middle, room)
            box = sheet.text(x + room + 6, middle + 4.2, entry.words, "soft", size=size)
            x = box.right + 18
    return len(rows) * ROW


def _draw_mark(sheet: Sheet, entry: Entry, x: float, y: float, room: float) -> None:
    middle = x + room / 2
    if entry.mark == "blank":
        return
    if entry.mark == "dot":
        sheet.dots([middle], [y], entry.token, 4.5)
    elif entry.mark == "ring":
        sheet.dots([middle], [y], "paper", 4, rim=entry.token)
    elif entry.mark == "speck":
        sheet.dots([middle], [y], entry.token, 2, rim=None)
    elif entry.mark == "line":
        sheet.line([x, x + room], [y, y], entry.token, 2)
    elif entry.mark == "dashes":
        sheet.line([x, x + room], [y, y], entry.token, 2, dashes=(3, 3))
    elif entry.mark == "rule":
        sheet.line([x, x + room], [y, y], entry.token, 1.2, dashes=(5, 3))
    elif entry.mark == "tick":
        sheet.line([middle, middle], [y - 6, y + 6], entry.token, 2)
    elif entry.mark == "interval":
        sheet.line([x, x + room], [y, y], entry.token, 2, alpha=0.55)
        sheet.dots([middle], [y], entry.token, 3.5)
    elif entry.mark == "band":
        sheet.block(Box(x, y - 5, x + room, y + 5), entry.token, alpha=2 * BAND if entry.token == "neutral" else BAND)
    elif entry.mark == "block":
        sheet.block(Box(x, y - 5, x + room, y + 5), entry.token)
    elif entry.mark == "sign":
        sheet.text(middle, y + 4.2, entry.sign, entry.token, weight=700, anchor="center")
    elif entry.mark == "diamond":
        draw_diamond(sheet, middle, y, entry.token)
    else:
        draw_triangle(sheet, middle, y, entry.token)


# How strongly an uncertainty ribbon covers the page.
BAND = 0.2


def draw_triangle(sheet: Sheet, x: float, y: float, token: str) -> None:
    """A small triangle that points down, hollow."""
    sheet.line([x - 3.5, x + 3.5, x, x - 3.5], [y - 3, y - 3, y + 3, y - 3], token, 1.2)


def draw_diamond(sheet: Sheet, x: float, y: float, token: str, reach: float = 6.5) -> None:
    """A filled diamond with a rim in the colour of the page."""
    for room, colour in ((reach + 2, "paper"), (reach, token)):
        sheet.area([x - room, x, x + room, x], [y, y - room, y, y + room], colour)
