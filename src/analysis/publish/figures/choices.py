"""Every defensible choice at once: the specification curve, sorted, with the choices in a matrix below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures import lines
from analysis.publish.figures.columns import picked, truth
from analysis.publish.figures.keys import BAND, Entry
from analysis.publish.figures.lines import Frame
from analysis.publish.figures.numbers import Scribe, capitalized, counted, in_words, scribe
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Floats, Scale, extent
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.wording import term, told

ROW = 18.0
MOST = 2000


@dataclass(frozen=True)
class Option:
    """One choice that could be made: its name, the decision it belongs to, and which specifications made it."""

    name: str
    decision: str
    chosen: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """All specifications, sorted by their estimate."""

    value: Floats
    low: Floats
    high: Floats
    ours: npt.NDArray[np.bool_]
    options: tuple[Option, ...]
    scribe: Scribe
    unit: str
    label: str
    reference: tuple[float, str]
    limits: tuple[float, float]
    keys: tuple[Entry, ...]
    plus: bool

    @property
    def apart(self) -> npt.NDArray[np.bool_]:
        """Estimates whose interval excludes the reference (all of them where there are no intervals)."""
        if not np.isfinite(self.low).any():
            return np.ones(len(self.value), dtype=bool)
        return np.asarray((self.low > self.reference[0]) | (self.high < self.reference[0]), dtype=bool)


@spoken("axis", "reference")
def multiverse(
    frame: pd.DataFrame,
    estimate: str,
    choices: Sequence[str],
    *,
    unit: str,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    ours: str | None = None,
    reference: tuple[float, str] = (0.0, ""),
    axis: str = "",
    plus: bool = False,
) -> Drawing:
    """Draw one dot per specification (row), sorted, and below it which option of each decision it took.

    ``choices`` are the columns of the decisions. ``ours`` is a true-or-false column that marks the published
    specification. An estimate whose interval includes ``reference`` is grey.

    >>> frame = pd.DataFrame({"e": [3, 5, 4], "weights": ["equal", "none", "equal"], "lo": [-1, 2, 1], "hi": [7, 8, 7]})
    >>> multiverse(frame, "e", ["weights"], unit="percent", low="lo", high="hi").alt
    'Three estimates under every combination of one decision, sorted, from 3 to 5 percent. Two lie measurably above
    zero, none measurably below, and one cannot be told apart from it.'
    """
    used = [*choices, *[c for c in (estimate, low, high, ours) if c]]
    data = picked(frame, used, numbers=[c for c in (estimate, low, high) if c], bounds=(low, estimate, high))
    if data[estimate].isna().any():
        raise AnalysisError(
            f"multiverse: {int(data[estimate].isna().sum())} specifications have no estimate; drop or repair"
        )
    if len(data) > MOST:
        raise AnalysisError(f"multiverse: {len(data)} specifications are more than {MOST}, the most that can be drawn")
    if ours and int(truth(data[ours]).sum()) != 1:
        raise AnalysisError(
            f"multiverse: {ours!r} must be true for one specification, it is for {int(truth(data[ours]).sum())}"
        )
    data = data.sort_values([estimate, *choices], kind="stable").reset_index(drop=True)
    value = data[estimate].to_numpy(dtype=float)
    bounds = [data[c].to_numpy(dtype=float) if c else np.full(len(data), np.nan) for c in (low, high)]
    words = theme.words()["keys"]
    curve = Curve(
        value=value,
        low=bounds[0],
        high=bounds[1],
        ours=truth(data[ours]) if ours else np.zeros(len(data), dtype=bool),
        options=_options(frame, data, choices),
        scribe=scribe(unit, value, (bounds[1] - bounds[0]) / 2, plus=plus),
        unit=unit,
        label=axis,
        reference=reference,
        limits=lines.with_zero(*extent(value, *bounds, [reference[0]]), None),
        keys=(
            *((Entry("dot", "navy", words["headline"]),) if ours else ()),
            Entry("speck", "blue", words["measurable"]) if low else Entry("speck", "blue", words["specification"]),
            *((Entry("speck", "neutral", words["not_measurable"]),) if low else ()),
            *((Entry("band", "neutral", words["interval"].format(level=f"{100 * level:g}")),) if low else ()),
        ),
        plus=plus,
    )
    return both("multiverse", lambda layout: _draw(curve, layout), data, _alt(curve, len(choices)))


def _options(frame: pd.DataFrame, data: pd.DataFrame, choices: Sequence[str]) -> tuple[Option, ...]:
    """Options in the order in which the caller's frame first names them."""
    found = []
    for decision in choices:
        for name in dict.fromkeys(str(v) for v in frame[decision].dropna()):
            found.append(Option(name, decision, (data[decision].astype(str) == name).to_numpy()))
    return tuple(found)


def _draw(curve: Curve, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    narrow = layout == "narrow"
    axis = lines.value_axis(*curve.limits, curve.unit, 4 if narrow else 5, plus=curve.plus)
    limit = 118.0 if narrow else 190.0
    names = max(fonts.text_width(line, 12) for o in curve.options for line in fonts.wrap(o.name, limit, 12)) + 12
    left = max(names, axis.width + 8)
    head = header_height(curve.label, curve.keys, width) + 8
    bottom = head + (170 if narrow else 210)
    sheet = Sheet(layout, bottom + 14 + _matrix_height(curve, limit))
    x = Scale(0, max(len(curve.value) - 1, 1), left + 8, width - 8)
    frame = Frame(Box(left, head, width, bottom), x, Scale(axis.ticks[0], axis.ticks[-1], bottom, head))
    draw_header(sheet, curve.label, curve.keys)
    lines.draw_values(sheet, frame, axis)
    _draw_ours(sheet, curve, frame)
    _draw_estimates(sheet, curve, frame)
    _draw_matrix(sheet, curve, frame, bottom + 14, limit)
    return sheet


def _matrix_height(curve: Curve, limit: float) -> float:
    decisions = len({o.decision for o in curve.options})
    return decisions * 24 + sum(max(ROW, 14.0 * len(fonts.wrap(o.name, limit, 12)) + 4) for o in curve.options)


def _draw_ours(sheet: Sheet, curve: Curve, frame: Frame) -> None:
    for place in np.flatnonzero(curve.ours):
        x = frame.x.at(float(place))
        sheet.line([x, x], [frame.box.top, sheet.height - 2], "ice", 7)


def _draw_estimates(sheet: Sheet, curve: Curve, frame: Frame) -> None:
    xs, ys = frame.x(np.arange(len(curve.value))), frame.y(curve.value)
    step = float(xs[1] - xs[0]) if len(xs) > 1 else 8.0
    _draw_intervals(sheet, curve, frame, xs, float(np.clip(0.6 * step, 0.6, 4)))
    radius = float(np.clip(step / 2, 1.2, 3.6))
    apart = curve.apart & ~curve.ours
    for mask, token in ((~curve.apart & ~curve.ours, "neutral"), (apart, "blue")):
        sheet.dots(xs[mask], ys[mask], token, round(radius, 1), rim=None)
    if curve.reference[0] != 0:
        y = frame.y.at(curve.reference[0])
        sheet.line([frame.box.left, frame.box.right], [y, y], "soft", 1.2, dashes=(5, 3))
    for place in np.flatnonzero(curve.ours):
        sheet.dots([xs[place]], [ys[place]], "navy", 5)
        text = curve.scribe.label(float(curve.value[place]))
        right = xs[place] < frame.box.right - 60
        above = ys[place] - 10 if ys[place] - 24 > frame.box.top else ys[place] + 20
        sheet.text(
            xs[place] + (6 if right else -6),
            above,
            text,
            "navy",
            weight=700,
            anchor="left" if right else "right",
            halo=True,
        )


def _draw_intervals(sheet: Sheet, curve: Curve, frame: Frame, xs: Floats, width: float) -> None:
    known = np.isfinite(curve.low) & np.isfinite(curve.high)
    gaps = np.full(int(known.sum()), np.nan)
    across = np.column_stack([xs[known], xs[known], gaps]).ravel()
    down = np.column_stack([frame.y(curve.low[known]), frame.y(curve.high[known]), gaps]).ravel()
    if known.any():
        sheet.line(across, down, "neutral", round(width, 1), alpha=BAND * 1.5)


def _draw_matrix(sheet: Sheet, curve: Curve, frame: Frame, top: float, limit: float) -> None:
    y, before = top, ""
    step = (frame.x.end - frame.x.start) / max(len(curve.value) - 1, 1)
    for option in curve.options:
        if option.decision != before:
            sheet.text(0, y + 16, term(option.decision), "ink", size=12, weight=700)
            sheet.line([0, sheet.width], [y + 1, y + 1], "grid")
            y += 24
            before = option.decision
        wrapped = fonts.wrap(option.name, limit, 12)
        height = max(ROW, 14.0 * len(wrapped) + 4)
        sheet.lines_of_text(
            frame.box.left - 10,
            y + height / 2 - 7 * len(wrapped) + 11,
            wrapped,
            "soft",
            size=12,
            anchor="right",
            leading=14 / 12,
        )
        xs = frame.x(np.flatnonzero(option.chosen))
        middle = y + height / 2
        token_width = float(np.clip(step * 0.7, 0.8, 5))
        ticks = np.column_stack([xs, xs, np.full(len(xs), np.nan)]).ravel()
        heights = np.tile([middle - 5.5, middle + 5.5, np.nan], len(xs))
        sheet.line(ticks, heights, "blue", round(token_width, 1))
        y += height


def _alt(curve: Curve, decisions: int) -> str:
    write, (level, name) = curve.scribe, curve.reference
    n = len(curve.value)
    spanned = write.span(float(curve.value[0]), float(curve.value[-1]))
    choices = counted(decisions, "decision")
    opening = told(
        "{n} estimates under every combination of {choices}, sorted, from {span}.",
        n=capitalized(in_words(n)),
        choices=choices,
        span=spanned,
    )
    above, below = (int((curve.apart & side).sum()) for side in (curve.value > level, curve.value < level))
    rest = n - above - below
    against = name or (told("zero") if level == 0 else write.words(level))
    bounded = "measurably " if np.isfinite(curve.low).any() else ""
    lie = "lies" if above == 1 else "lie"
    sentence = told(
        f"{{above}} {lie} {bounded}above {{reference}}, {{below}} {bounded}below",
        above=capitalized(in_words(above)),
        reference=against,
        below=in_words(below),
    )
    sentence += told(", and {many} cannot be told apart from it.", rest, many=in_words(rest)) if rest else "."
    each = [sentence]
    if curve.ours.any():
        place = int(np.flatnonzero(curve.ours)[0])
        value = write.interval(*(float(c[place]) for c in (curve.value, curve.low, curve.high)))
        each.append(told("Our choice: {value}, place {place} of {n} from below.", value=value, place=place + 1, n=n))
    return " ".join([opening, *each])
