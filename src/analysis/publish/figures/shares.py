"""Parts of a whole: bars that add up to one hundred percent, and one hundred squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures.columns import picked
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.numbers import counted, scribe
from analysis.publish.figures.rows import draw_header, draw_names, grid, header_height
from analysis.publish.figures.scales import Floats
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.units import unit_named
from analysis.publish.wording import told

LINE = 17.0


@dataclass(frozen=True)
class Shares:
    """Rows of parts; each row of ``percent`` adds up to 100."""

    names: tuple[str, ...]
    parts: tuple[str, ...]
    percent: Floats
    highlight: tuple[bool, ...]
    label: str


@spoken("axis")
def share_bars(
    frame: pd.DataFrame,
    label: str,
    part: str,
    value: str,
    *,
    parts: Sequence[str] | None = None,
    axis: str = "",
    highlight: Sequence[str] = (),
    noun: str = "place",
) -> Drawing:
    """Draw one bar of parts per ``label``; amounts are made shares of their row. ``parts`` sets order and colour.

    A row whose amounts are missing or add up to nothing is an error: leave it out and say so.

    >>> frame = pd.DataFrame({"d": ["A", "A"], "who": ["Renters", "Owners"], "n": [60, 40]})
    >>> share_bars(frame, "d", "who", "n").alt
    'Shares of two parts in one place. Renters: 60 percent. Owners: 40 percent.'
    """
    data = picked(frame, [label, part, value], numbers=[value])
    shares = _shares(data, label, part, value, parts, axis, highlight)
    return both("share_bars", lambda layout: _draw_bars(shares, layout), data, _alt(shares, noun))


def _shares(
    data: pd.DataFrame,
    label: str,
    part: str,
    value: str,
    parts: Sequence[str] | None,
    axis: str,
    highlight: Sequence[str],
) -> Shares:
    wanted = [str(p) for p in (parts if parts is not None else dict.fromkeys(data[part]))]
    most = len(theme.style().parts)
    if len(wanted) > most:
        raise AnalysisError(
            f"{len(wanted)} parts cannot be told apart: join the smallest so that at most {most} remain"
        )
    unknown = sorted(set(map(str, data[part])) - set(wanted))
    if unknown:
        raise AnalysisError(f"shares: the data hold parts that `parts` does not name: {', '.join(unknown)}")
    names = [str(n) for n in dict.fromkeys(data[label])]
    table = data.assign(_row=data[label].astype(str), _part=data[part].astype(str))
    if table.duplicated(["_row", "_part"]).any():
        raise AnalysisError(f"shares: {label!r} and {part!r} name some rows twice; add them up first")
    amounts = table.pivot(index="_row", columns="_part", values=value).reindex(index=names, columns=wanted)
    bad = amounts.isna().any(axis=1) | (amounts < 0).any(axis=1) | (amounts.sum(axis=1) <= 0)
    if bad.any():
        raise AnalysisError(f"shares: no complete amounts for {', '.join(amounts.index[bad][:5])}; leave such rows out")
    percent = amounts.div(amounts.sum(axis=1), axis=0).to_numpy(dtype=float) * 100
    marked = tuple(n in set(map(str, highlight)) for n in names)
    return Shares(tuple(names), tuple(wanted), percent, marked, axis)


def _keys(shares: Shares) -> tuple[Entry, ...]:
    return tuple(Entry("block", t, p) for p, t in zip(shares.parts, theme.style().parts, strict=False))


def _draw_bars(shares: Shares, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    keys = _keys(shares)
    top = header_height(shares.label, keys, width) + 6
    placed = grid(shares.names, [""] * len(shares.names), layout, top=top, right=2, height=30)
    sheet = Sheet(layout, placed.box.bottom + 4)
    draw_header(sheet, shares.label, keys)
    across = placed.box.right - placed.box.left
    for row, band in zip(shares.percent, placed.bands, strict=True):
        x = placed.box.left
        for share, token in zip(row.tolist(), theme.style().parts, strict=False):
            end = x + across * share / 100
            sheet.block(Box(x, band.middle - 11, end, band.middle + 11), token)
            text = f"{share:.0f}%"
            if fonts.text_width(text, 12, 500) + 8 < end - x:
                sheet.text((x + end) / 2, band.middle + 4.2, text, theme.style().text_on[token], size=12, weight=500,
                           anchor="center")  # fmt: skip
            x = end
    for row, band in zip(shares.percent, placed.bands, strict=True):
        for edge in np.cumsum(row)[:-1].tolist():
            at = placed.box.left + across * edge / 100
            sheet.line([at, at], [band.middle - 11, band.middle + 11], "paper", 1)
    draw_names(sheet, placed, shares.highlight)
    return sheet


def _alt(shares: Shares, noun: str) -> str:
    parts, places = counted(len(shares.parts), "part"), counted(len(shares.names), noun)
    opening = told("Shares of {parts} in {places}.", parts=parts, places=places)
    write = scribe("percent", np.round(shares.percent.ravel()))
    each = []
    for i, part in enumerate(shares.parts):
        column = shares.percent[:, i]
        low, high = float(column.min()), float(column.max())
        each.append(f"{part}: {write.words(low) if len(column) == 1 else write.span(low, high)}.")
    return " ".join([opening, *each])


@spoken("axis", "of")
def waffle(
    frame: pd.DataFrame,
    part: str,
    value: str,
    *,
    low: str | None = None,
    high: str | None = None,
    unit: str = "people",
    axis: str = "",
    of: str = "100",
) -> Drawing:
    """Draw one hundred squares, coloured by part in the order of the rows, with the shares beside them.

    ``value`` holds amounts, or percents that add up to 100; ``low`` and ``high`` bound the *percent* of each part.
    Squares are shared out by largest remainder, so they always add up to one hundred. ``of`` names what the hundred
    squares are ("100 renter households").

    >>> frame = pd.DataFrame({"who": ["Pays more than half", "Pays less"], "share": [26.4, 73.6]})
    >>> waffle(frame, "who", "share", of="100 renter households").alt
    'Of 100 renter households: Pays more than half, 26 (26 percent); Pays less, 74 (74 percent).'
    """
    used = [c for c in (part, value, low, high) if c]
    data = picked(frame, used, numbers=[c for c in (value, low, high) if c])
    unit_named(unit)
    shares = _shares(data.assign(_all="all"), "_all", part, value, None, axis, ())
    squares = hundred(shares.percent[0])
    spans = [""] * len(squares)
    write = scribe("percent", shares.percent[0], ((data[high] - data[low]) / 2).tolist() if low and high else ())
    if low and high:
        spans = [f" ({write.span(a, b)})" for a, b in zip(data[low], data[high], strict=True)]
    each = "; ".join(
        f"{p}, {n} ({s.strip(' ()') or write.words(v)})"
        for p, n, v, s in zip(shares.parts, squares, shares.percent[0].tolist(), spans, strict=True)
    )
    texts = [f"{write.label(v)}{s}" for v, s in zip(shares.percent[0].tolist(), spans, strict=True)]
    alt = told("Of {hundred}: {parts}.", hundred=of, parts=each)
    return both("waffle", lambda layout: _draw_waffle(shares, squares, texts, layout), data, alt)


def hundred(percent: Sequence[float] | Floats) -> list[int]:
    """Whole numbers that add up to 100, nearest to the shares (largest remainder, ties to the first).

    >>> hundred([33.4, 33.3, 33.3])
    [34, 33, 33]
    """
    exact = np.asarray(percent, dtype=float)
    whole = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: 100 - int(whole.sum())]] += 1
    return [int(n) for n in whole]


def _draw_waffle(shares: Shares, squares: Sequence[int], texts: Sequence[str], layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    step, top = (22.0, 0.0) if not narrow else (20.0, 0.0)
    head = header_height(shares.label, (), width) + (6 if shares.label else 0)
    side = 10 * step
    room = width - (side + 32) if not narrow else width - 22
    wrapped = [fonts.wrap(p, room - 22, 13) for p in shares.parts]
    listed = sum(LINE * (len(w) + 1) + 12 for w in wrapped)
    sheet = Sheet(layout, head + top + (max(side, listed) if not narrow else side + 16 + listed))
    draw_header(sheet, shares.label, ())
    tokens = [t for t, n in zip(theme.style().parts, squares, strict=False) for _ in range(n)]
    for i, token in enumerate(tokens):
        x, y = (i % 10) * step, head + (i // 10) * step
        sheet.block(Box(x, y, x + step - 3, y + step - 3), token)
    x, y = (side + 32, head + 2) if not narrow else (0.0, head + side + 14)
    for token, lines, text in zip(theme.style().parts, wrapped, texts, strict=False):
        sheet.block(Box(x, y + 1, x + 13, y + 14), token)
        sheet.text(x + 22, y + 12, text, "ink", weight=700)
        sheet.lines_of_text(x + 22, y + 12 + LINE, lines, "soft", leading=LINE / 13)
        y += LINE * (len(lines) + 1) + 12
    return sheet
