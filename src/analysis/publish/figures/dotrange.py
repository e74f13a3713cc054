"""Estimates with their intervals, one row each, against a reference: the forest plot and the ranged dot plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked, row_status, truth, withheld
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.numbers import Scribe, capitalized, counted, scribe
from analysis.publish.figures.rows import (
    Grid,
    draw_axis,
    draw_header,
    draw_names,
    draw_reference,
    draw_shades,
    grid,
    header_height,
    reference_height,
)
from analysis.publish.figures.scales import Bools, Floats, Scale, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.units import plural
from analysis.publish.wording import said, told

Harm = Literal["higher", "lower"]


@dataclass(frozen=True)
class Estimates:
    """The rows of a dot plot in drawing order, before they have a size."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    value: Floats
    low: Floats
    high: Floats
    apart: Bools
    tokens: tuple[str, ...]
    status: tuple[str, ...]
    highlight: tuple[bool, ...]
    scribe: Scribe
    unit: str
    label: str
    reference: tuple[float, str] | None
    reference_interval: tuple[float, float] | None
    limits: tuple[float, float]
    keys: tuple[Entry, ...]
    plus: bool


@spoken("axis", "range_name", "reference")
def dotrange(
    frame: pd.DataFrame,
    label: str,
    value: str,
    *,
    unit: str,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    range_name: str = "",
    axis: str = "",
    group: str | None = None,
    reference: tuple[float, str] | None = None,
    reference_interval: tuple[float, float] | None = None,
    measurable: str | None = None,
    harm: Harm | None = None,
    status: str | None = None,
    highlight: Sequence[str] = (),
    sort: Literal["value", "given"] = "value",
    zero: bool | None = None,
    limits: tuple[float, float] | None = None,
    plus: bool = False,
    noun: str = "place",
) -> Drawing:
    """Draw one dot with its interval per row of ``frame``, named by the column ``label``.

    A row is drawn strong where it is measurably different from ``reference``: where the true-or-false column
    ``measurable`` says so, else where its interval at ``level`` excludes the reference; every other row is grey.
    ``range_name`` says what ``low`` and ``high`` are where they are no interval at a level, such as a range over
    choices.
    ``harm`` says which side of the reference harms people; only those rows may be red. A missing value is shown as
    its ``status`` (``no_data`` by default), never as zero. ``group`` makes headings; ``axis`` names the measure;
    ``noun`` is what a row is, for the description.

    >>> frame = pd.DataFrame({"d": ["A", "B", "C"], "v": [30, 20, 12], "lo": [27, 17, 9], "hi": [33, 23, 15]})
    >>> dotrange(frame, "d", "v", unit="percent", low="lo", high="hi", reference=(21, "City"), noun="district").alt
    'Dot plot of three districts with 95 percent intervals, from 12 to 30 percent. Measurably above City (21 percent):
    A. Measurably below: C. One district cannot be told apart from it.'
    """
    used = [c for c in (group, label, value, low, high, status, measurable) if c]
    data = picked(frame, used, numbers=[c for c in (value, low, high) if c], bounds=(low, value, high))
    data = withheld(data, [c for c in (value, low, high) if c], status)
    data = _ordered(data, label, value, group, sort)
    columns = {c: data[c].to_numpy(dtype=float) for c in (value, low, high) if c}
    bounds = [columns[c] if c else np.full(len(data), np.nan) for c in (low, high)]
    apart = _apart(columns[value], bounds, reference, truth(data[measurable]) if measurable else None)
    names = tuple(str(n) for n in data[label])
    estimates = Estimates(
        names=names,
        groups=tuple("" if group is None else str(g) for g in (data[group] if group else names)),
        value=columns[value],
        low=bounds[0],
        high=bounds[1],
        apart=apart,
        tokens=_tokens(columns[value], apart, reference, harm),
        status=row_status(data, value, status),
        highlight=tuple(n in set(map(str, highlight)) for n in names),
        scribe=scribe(unit, columns[value], (bounds[1] - bounds[0]) / 2, plus=plus),
        unit=unit,
        label=axis,
        reference=reference,
        reference_interval=reference_interval,
        limits=_limits(columns[value], bounds, reference, zero, limits),
        keys=_keys(apart, range_name or (level if low else None), reference, measurable is not None, harm),
        plus=plus,
    )
    alt = _alt(estimates, noun, range_name or (level if low else None))
    return both("dotrange", lambda layout: _draw(estimates, layout), data[used], alt)


def _ordered(data: pd.DataFrame, label: str, value: str, group: str | None, sort: str) -> pd.DataFrame:
    """Rows in drawing order: groups as given, within them by falling value, missing ones last."""
    if data[label].isna().any():
        raise AnalysisError(f"figure: column {label!r} names the rows and has {int(data[label].isna().sum())} gaps")
    ranks = {g: i for i, g in enumerate(dict.fromkeys(data[group]))} if group else {}
    data = data.assign(__group=data[group].map(ranks) if group else 0, __name=data[label].astype(str))
    by = ["__group", value, "__name"] if sort == "value" else ["__group"]
    falling = [True, False, True] if sort == "value" else [True]
    return data.sort_values(by, ascending=falling, kind="stable", na_position="last").reset_index(drop=True)


def _apart(value: Floats, bounds: Sequence[Floats], reference: tuple[float, str] | None, told: Bools | None) -> Bools:
    if told is not None:
        return told & np.isfinite(value)
    if reference is None or not np.isfinite(bounds[0]).any():
        return np.isfinite(value)
    return (bounds[0] > reference[0]) | (bounds[1] < reference[0])


def _tokens(value: Floats, apart: Bools, reference: tuple[float, str] | None, harm: Harm | None) -> tuple[str, ...]:
    if harm and reference is None:
        raise AnalysisError("figure: `harm` needs a `reference` to be on one side of")
    middle = reference[0] if reference else 0.0
    harmful = {"higher": value > middle, "lower": value < middle}.get(harm or "", np.zeros(len(value), dtype=bool))
    return tuple("neutral" if not a else "harm" if h else "navy" for a, h in zip(apart, harmful, strict=True))


def _limits(
    value: Floats,
    bounds: Sequence[Floats],
    reference: tuple[float, str] | None,
    zero: bool | None,
    limits: tuple[float, float] | None,
) -> tuple[float, float]:
    low, high = extent(value, [reference[0]] if reference else None)
    if limits:
        if low < limits[0] or high > limits[1]:
            raise AnalysisError(f"limits {limits} cut off values, which run from {low:g} to {high:g}: widen them")
        return limits
    return lines.with_zero(*extent([low, high], *bounds), zero)


def _keys(
    apart: Bools, level: float | str | None, reference: tuple[float, str] | None, told: bool, harm: Harm | None
) -> tuple[Entry, ...]:
    words = theme.words()["keys"]
    entries = []
    if (reference or told) and not apart.all():
        name = reference[1] if reference and not _plain(reference) else ""
        ending = "_from" if name else ""
        if harm:
            sides = {"harm": harm, "navy": "lower" if harm == "higher" else "higher"}
            entries += [
                Entry("dot", token, words[f"{side}{ending}"].format(reference=name)) for token, side in sides.items()
            ]
        elif apart.any():
            entries.append(Entry("dot", "navy", words[f"measurable{ending}"].format(reference=name)))
        entries.append(Entry("dot", "neutral", words[f"not_measurable{ending}"].format(reference=name)))
    if isinstance(level, str):
        entries.append(Entry("line", "neutral", level))
    elif level is not None:
        entries.append(Entry("line", "neutral", words["interval"].format(level=f"{100 * level:g}")))
    return tuple(entries)


def _plain(reference: tuple[float, str]) -> bool:
    """Whether the reference is a point of no difference, whose name says its number."""
    return reference[0] in {0.0, 1.0}


def _draw(shown: Estimates, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    texts = [shown.scribe.label(v) for v in shown.value]
    spans = ["" if narrow else _span(shown, i) for i in range(len(texts))]
    room = max(fonts.text_width(t, 13, 500) for t in texts) + 10
    span_room = max(fonts.text_width(s, 12) for s in spans) + (8 if any(spans) else 0)
    header = header_height(shown.label, shown.keys, width)
    top = header + (reference_height(_reference_words(shown), width) if shown.reference else 4)
    placed = grid(
        shown.names, shown.groups, layout, top=top, right=room + span_room + 6, height=26 if not narrow else 25
    )
    sheet = Sheet(layout, placed.box.bottom + 24)
    axis = lines.value_axis(*shown.limits, shown.unit, 4 if narrow else 6, plus=shown.plus).within(*shown.limits)
    x = Scale(*shown.limits, placed.box.left + 6, placed.box.right - 6)
    draw_shades(sheet, placed, shown.highlight)
    draw_header(sheet, shown.label, shown.keys)
    _draw_reference(sheet, shown, placed, x)
    draw_axis(sheet, placed, x, axis)
    if shown.reference:
        draw_reference(sheet, placed, x.at(shown.reference[0]), _reference_words(shown))
    _draw_rows(sheet, shown, placed, x)
    draw_names(sheet, placed, shown.highlight)
    for i, band in enumerate(placed.bands):
        token = "soft" if shown.tokens[i] == "neutral" else theme.text_token(shown.tokens[i])
        sheet.text(width - span_room, band.middle + 4.5, texts[i], token, weight=500, anchor="right")
        sheet.text(width, band.middle + 4.2, spans[i], "soft", size=12, anchor="right")
    return sheet


def _reference_words(shown: Estimates) -> str:
    assert shown.reference is not None
    level, name = shown.reference
    if name and _plain(shown.reference):
        return name
    return f"{name} {shown.scribe.label(level)}" if name else shown.scribe.label(level)


def _draw_reference(sheet: Sheet, shown: Estimates, placed: Grid, x: Scale) -> None:
    if shown.reference_interval:
        left, right = x(np.clip(shown.reference_interval, x.low, x.high))
        sheet.block(Box(float(left), placed.box.top, float(right), placed.box.bottom), "ice")


def _span(shown: Estimates, i: int) -> str:
    """The interval in figures, as a table would show it."""
    low, high = shown.low[i], shown.high[i]
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    ends = shown.scribe.label(low).removesuffix("%"), shown.scribe.label(high).removeprefix("$")
    return str(said("span")).format(low=ends[0], high=ends[1])


def _draw_rows(sheet: Sheet, shown: Estimates, placed: Grid, x: Scale) -> None:
    for i, band in enumerate(placed.bands):
        if shown.status[i] != "ok":
            sheet.text(
                placed.box.left + 14, band.middle + 4.2, said("status", shown.status[i]), "soft", size=12, halo=True
            )
            continue
        ends = x(np.clip([shown.low[i], shown.high[i]], x.low, x.high))
        if np.isfinite(ends).all():
            sheet.line(ends.tolist(), [band.middle] * 2, shown.tokens[i], 2.4, alpha=0.6, round_ends=True)
        sheet.dots([x.at(float(shown.value[i]))], [band.middle], shown.tokens[i], 5)


def _alt(shown: Estimates, noun: str, level: float | str | None) -> str:
    ok = np.isfinite(shown.value)
    many = counted(len(shown.names), noun)
    at = f"{100 * level:g}" if isinstance(level, float) else ""
    ends = level if isinstance(level, str) else told("{level} percent intervals", level=at) if level else ""
    opening = told("Dot plot of {many}", many=many)
    opening += told(" with {ends}", ends=ends[0].lower() + ends[1:]) if ends else ""
    low, high = float(np.nanmin(shown.value)), float(np.nanmax(shown.value))
    sentences = [opening + told(", from {span}", span=shown.scribe.span(low, high)) + "."]
    if shown.reference:
        sentences += _sides(shown, noun)
    marked = [i for i, strong in enumerate(shown.highlight) if strong and ok[i]]
    for i in marked[:MOST_NAMED]:
        sentences.append(
            f"{shown.names[i]}: {shown.scribe.interval(*(float(c[i]) for c in (shown.value, shown.low, shown.high)))}."
        )
    for status in dict.fromkeys(s for s in shown.status if s != "ok"):
        count = shown.status.count(status)
        sentences.append(f"{capitalized(counted(count, noun))}: {said('status', status)}.")
    assert ok.any()
    return " ".join(sentences)


MOST_NAMED = 6


def _sides(shown: Estimates, noun: str) -> list[str]:
    assert shown.reference is not None
    level, name = shown.reference
    ok = np.isfinite(shown.value)
    above, below = (shown.apart & ok & side for side in (shown.value > level, shown.value < level))
    rest = int((ok & ~shown.apart).sum())
    said_reference = f"{name} ({shown.scribe.words(level)})" if name else shown.scribe.words(level)
    sentences = [
        told("Measurably above {reference}: {who}.", reference=said_reference, who=_who(shown, above, noun)),
        told("Measurably below: {who}.", who=_who(shown, below, noun)),
    ]
    if rest:
        sentences.append(told("{many} cannot be told apart from it.", rest, many=capitalized(counted(rest, noun))))
    return sentences


def _who(shown: Estimates, mask: Bools, noun: str) -> str:
    names = [n for n, m in zip(shown.names, mask, strict=True) if m]
    if not names:
        return told("none")
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} {plural(noun)}"
