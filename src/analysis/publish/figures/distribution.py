"""How a measure is spread within each group: one dot a tract, or a ridge, with the median and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.numbers import Scribe, capitalized, counted, scribe
from analysis.publish.figures.rows import (
    Band,
    draw_axis,
    draw_header,
    draw_names,
    draw_reference,
    draw_shades,
    grid,
    header_height,
    reference_height,
)
from analysis.publish.figures.scales import Floats, Scale, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.units import plural
from analysis.publish.wording import told

# Few values make a ridge a fiction; they are shown as dots.
FEWEST_FOR_RIDGE = 20


@dataclass(frozen=True)
class Group:
    """One row: its values, and the summary of it with bounds (NaN where none)."""

    name: str
    values: Floats
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Spreads:
    """All rows in drawing order."""

    groups: tuple[Group, ...]
    kind: str
    highlight: tuple[bool, ...]
    scribe: Scribe
    unit: str
    label: str
    reference: tuple[float, str] | None
    reference_interval: tuple[float, float] | None
    limits: tuple[float, float]
    beyond: int
    keys: tuple[Entry, ...]


@spoken("axis", "reference")
def distribution(
    frame: pd.DataFrame,
    value: str,
    group: str,
    *,
    unit: str,
    kind: Literal["strip", "ridge"] = "strip",
    summary: pd.DataFrame | None = None,
    level: float = 0.95,
    axis: str = "",
    reference: tuple[float, str] | None = None,
    reference_interval: tuple[float, float] | None = None,
    highlight: Sequence[str] = (),
    sort: Literal["median", "given"] = "median",
    limits: tuple[float, float] | None = None,
    of: str = "tract",
    noun: str = "place",
) -> Drawing:
    """Draw the values of each group in one row, with the group's median.

    ``summary``: a frame with the columns ``group``, ``median``, ``low``, ``high`` that replaces the plain median
    (weighted, with its interval at ``level``). ``of`` is what a value belongs to. ``limits`` cuts long tails; how
    many values lie beyond is written. Missing values are counted in the description, never drawn.

    >>> frame = pd.DataFrame({"d": ["A"] * 3 + ["B"] * 3, "v": [1, 2, 3, 5, 6, 10]})
    >>> distribution(frame, "v", "d", unit="index").alt
    'Spread of six tracts in two places. Medians run from 2 to 6, single tracts from 1 to 10.'
    """
    data = picked(frame, [group, value], numbers=[value])
    known = data[data[value].notna()]
    if known.empty:
        raise AnalysisError(f"distribution of {value!r}: every value is missing")
    groups = _groups(known, value, group, summary, sort)
    shown_low, shown_high = limits or extent(known[value])
    words = theme.words()["keys"]
    shown = Spreads(
        groups=tuple(groups),
        kind=kind,
        highlight=tuple(g.name in set(map(str, highlight)) for g in groups),
        scribe=scribe(
            unit, [g.middle for g in groups] + [shown_low, shown_high], [(g.high - g.low) / 2 for g in groups]
        ),
        unit=unit,
        label=axis,
        reference=reference,
        reference_interval=reference_interval,
        limits=(shown_low, shown_high),
        beyond=int(((known[value] < shown_low) | (known[value] > shown_high)).sum()),
        keys=(
            Entry("speck", "blue", words["one"].format(noun=of))
            if kind == "strip"
            else Entry("block", "sky", words["share"].format(nouns=plural(of))),
            Entry("dot", "navy", words["median"]),
            *(
                (Entry("line", "navy", words["interval"].format(level=f"{100 * level:g}")),)
                if summary is not None
                else ()
            ),
        ),
    )
    alt = _alt(shown, known[value], int(data[value].isna().sum()), of, noun)
    return both("distribution", lambda layout: _draw(shown, layout), data, alt)


def _groups(known: pd.DataFrame, value: str, group: str, summary: pd.DataFrame | None, sort: str) -> list[Group]:
    given = None
    if summary is not None:
        given = picked(summary, ["group", "median", "low", "high"], numbers=["median", "low", "high"],
                       bounds=("low", "median", "high")).astype({"group": str}).set_index("group")  # fmt: skip
    found = []
    for name, rows in known.groupby(group, sort=False, observed=True):
        values = np.sort(rows[value].to_numpy(dtype=float))
        if given is None:
            found.append(Group(str(name), values, float(np.median(values)), np.nan, np.nan))
        elif str(name) not in given.index:
            raise AnalysisError(f"distribution: `summary` has no row for group {name!r}")
        else:
            row = given.loc[[str(name)], ["median", "low", "high"]].to_numpy(dtype=float)[0]
            found.append(Group(str(name), values, float(row[0]), float(row[1]), float(row[2])))
    if sort == "median":
        found.sort(key=lambda g: (-g.middle, g.name))
    return found


def _draw(shown: Spreads, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    texts = [shown.scribe.bearing((g.high - g.low) / 2).label(g.middle) for g in shown.groups]
    room = max(fonts.text_width(t, 13, 500) for t in texts) + 14
    header = header_height(shown.label, shown.keys, width)
    names = [g.name for g in shown.groups]
    top = header + (reference_height(_reference_words(shown), width) if shown.reference else 4)
    placed = grid(
        names, [""] * len(names), layout, top=top, right=room,
        height=34 if shown.kind == "strip" else 40,
    )  # fmt: skip
    note = theme.words()["keys"]["beyond"][shown.beyond > 1].format(n=shown.beyond) if shown.beyond else ""
    sheet = Sheet(layout, placed.box.bottom + 24 + (18 if note else 0))
    x = Scale(*shown.limits, placed.box.left + 8, placed.box.right - 8)
    draw_shades(sheet, placed, shown.highlight)
    draw_header(sheet, shown.label, shown.keys)
    if shown.reference_interval:
        left, right = x(np.clip(shown.reference_interval, x.low, x.high)).tolist()
        sheet.block(Box(left, placed.box.top, right, placed.box.bottom), "ice")
    draw_axis(sheet, placed, x, lines.value_axis(*shown.limits, shown.unit, 4 if narrow else 6).within(*shown.limits))
    for group, band, text in zip(shown.groups, placed.bands, texts, strict=True):
        _draw_group(sheet, shown, group, band, x)
        sheet.text(width, band.middle + 4.5, text, "navy", weight=500, anchor="right")
    if shown.reference:
        draw_reference(sheet, placed, x.at(shown.reference[0]), _reference_words(shown))
    for group, band in zip(shown.groups, placed.bands, strict=True):
        _draw_middle(sheet, group, band, x, shown.kind)
    draw_names(sheet, placed, shown.highlight)
    sheet.text(placed.box.right, placed.box.bottom + 36, note, "soft", size=12, anchor="right")
    return sheet


def _reference_words(shown: Spreads) -> str:
    assert shown.reference is not None
    return f"{shown.reference[1]} {shown.scribe.label(shown.reference[0])}"


def _draw_group(sheet: Sheet, shown: Spreads, group: Group, band: Band, x: Scale) -> None:
    inside = group.values[(group.values >= x.low) & (group.values <= x.high)]
    if shown.kind == "ridge" and len(inside) >= FEWEST_FOR_RIDGE:
        _draw_ridge(sheet, inside, band, x)
        return
    radius = 1.7 if sheet.narrow else 2.1
    pixels = x(inside)
    offsets = swarm(pixels, 2 * radius * 0.9, (band.bottom - band.top) / 2 - radius - 1)
    sheet.dots(pixels, band.middle + offsets, "blue", radius, rim=None, alpha=0.55)


def _draw_ridge(sheet: Sheet, values: Floats, band: Band, x: Scale) -> None:
    """A density ridge with Scott's bandwidth, ending where the data end."""
    from scipy.stats import gaussian_kde

    if float(np.ptp(values)) == 0:
        sheet.line([x.at(values[0])] * 2, [band.top + 6, band.bottom - 2], "sky", 3)
        return
    at = np.linspace(values[0], values[-1], 48)
    density = gaussian_kde(values)(at)
    base = band.bottom - 3
    heights = base - density / density.max() * (band.bottom - band.top - 6)
    xs = x(at)
    sheet.area([*xs, xs[-1], xs[0]], [*heights, base, base], "sky", alpha=0.55)
    sheet.line(xs, heights, "blue", 1.2)


def _draw_middle(sheet: Sheet, group: Group, band: Band, x: Scale, kind: str) -> None:
    y = band.middle if kind == "strip" else band.bottom - 3
    ends = x(np.clip([group.low, group.high], x.low, x.high))
    if np.isfinite(ends).all():
        sheet.line(ends.tolist(), [y, y], "navy", 2.6, round_ends=True)
    sheet.dots([x.at(float(np.clip(group.middle, x.low, x.high)))], [y], "navy", 5)


def swarm(pixels: Floats, step: float, most: float) -> Floats:
    """Vertical offsets that keep dots ``step`` pixels apart, no further than ``most`` from the middle.

    Dots go left to right, each to the free place nearest the middle; where there is none they overlap at the place
    of greatest distance. No chance is involved.

    >>> swarm(np.array([0.0, 1.0, 50.0]), 4, 20).tolist()
    [0.0, 4.0, 0.0]
    """
    sides = range(1, int(most // step) + 1)
    levels = [0.0, *(sign * n * step for n in sides for sign in (1, -1))]
    return _settled(pixels, levels, step)


def _settled(pixels: Floats, levels: Sequence[float], step: float) -> Floats:
    order = np.argsort(pixels, kind="stable")
    ends = dict.fromkeys(levels, -np.inf)
    offsets = np.zeros(len(pixels))
    for i in order:
        here = float(pixels[i])
        free = next((level for level in levels if ends[level] + step <= here), None)
        level = free if free is not None else min(levels, key=lambda v: (ends[v], abs(v), v))
        ends[level] = here
        offsets[i] = level
    return offsets


def _alt(shown: Spreads, values: pd.Series, missing: int, of: str, noun: str) -> str:
    middles = [g.middle for g in shown.groups]
    write = shown.scribe
    sentences = [
        told("Spread of {many} in {groups}.", many=counted(len(values), of), groups=counted(len(shown.groups), noun)),
        told(
            "Medians run from {medians}, single {ones} from {values}.",
            medians=write.span(min(middles), max(middles)),
            ones=plural(of),
            values=write.span(float(values.min()), float(values.max())),
        ),
    ]
    if shown.reference:
        level, name = shown.reference
        bounded = any(np.isfinite(g.low) for g in shown.groups)
        above = sum((g.low if bounded else g.middle) > level for g in shown.groups)
        below = sum((g.high if bounded else g.middle) < level for g in shown.groups)
        adverb = "measurably " if bounded else ""
        has = "has" if above == 1 else "have"
        sentences.append(
            told(
                f"{{name}}: {{level}}; {{above}} {has} a median {adverb}above it, {{below}} {adverb}below.",
                name=name,
                level=write.words(level),
                above=counted(above, noun),
                below=counted(below, noun),
            )
        )
    if missing:
        sentences.append(told("{many} without a value.", many=capitalized(counted(missing, of))))
    return " ".join(sentences)
