"""Stages of a process and who is still there at each: widths are counts, and what leaves between two bends away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, theme
from analysis.publish.figures.columns import bounds_of, picked, row_status, withheld
from analysis.publish.figures.keys import Entry
from analysis.publish.figures.numbers import Scribe, counted, scribe
from analysis.publish.figures.rows import draw_header, header_height
from analysis.publish.figures.scales import Floats
from analysis.publish.figures.sheet import Box, Drawing, Layout, Sheet, both
from analysis.publish.figures.spoken import spoken
from analysis.publish.policy import current_policy
from analysis.publish.units import unit_named
from analysis.publish.wording import said, told

LINE = 15.0
BAR, FLOW = 26.0, 42.0
BEND, BEND_ACROSS = 26.0, 16.0
MOST_STAGES, MOST_GROUPS = 8, 6
GAP = 36.0


@dataclass(frozen=True)
class Stage:
    """One stage of one group: who is there (NaN where that may not be shown), and the share that came this far.

    ``went_on`` is the percent of the stage before, with its interval; ``of_first`` the percent of the first stage.
    """

    name: str
    count: float
    lost: float
    went_on: tuple[float, float, float]
    of_first: float
    status: str


@dataclass(frozen=True)
class Funnel:
    """All groups with their stages in order, before they have a size."""

    groups: tuple[str, ...]
    stages: tuple[tuple[Stage, ...], ...]
    counts: Scribe
    percent: Scribe
    label: str
    level: float | None


@spoken("axis")
def funnel(
    frame: pd.DataFrame,
    stage: str,
    count: str,
    *,
    group: str | None = None,
    low: str | None = None,
    high: str | None = None,
    level: float = 0.95,
    unit: str = "people",
    status: str | None = None,
    axis: str = "",
) -> Drawing:
    """Draw one bar per stage (rows in order), as wide as its count, and between two stages who went on and who left.

    Each stage says its share of the stage before and of the first; ``low`` and ``high`` bound the share of the stage
    before, in percent, at ``level`` (nothing in the first row). ``group`` sets several funnels side by side, each as
    wide at its first stage, so that shares can be compared. A stage whose ``status`` is not ``ok`` is written, never
    drawn, and no share or loss that would give it away is. Counts of people are held to the policy: the data have a
    column of who left, and neither it nor ``count`` may be small.

    Raises :class:`AnalysisError` for a first stage that is missing, a stage with more than the one before, small counts
    of people, and more than eight stages or six groups.

    >>> frame = pd.DataFrame({"stage": ["Applied", "Tested", "Hired"], "n": [1000, 600, 150]})
    >>> funnel(frame, "stage", "n").alt
    'Funnel of three stages. Applied: 1,000 people. Tested: 600 people, 60 percent of the stage before, 60 percent of
    the first. Hired: 150 people, 25 percent of the stage before, 15 percent of the first. Most are lost before Hired:
    75 percent.'
    """
    used = [c for c in (group, stage, count, low, high, status) if c]
    numbers = [c for c in (count, low, high) if c]
    data = withheld(picked(frame, used, numbers=numbers), numbers, status)
    if (low is None) != (high is None):
        raise AnalysisError("funnel: give both `low` and `high`, or neither")
    groups = {"": data} if group is None else {str(k): rows for k, rows in data.groupby(group, sort=False)}
    if len(groups) > MOST_GROUPS:
        raise AnalysisError(f"funnel: {len(groups)} groups do not fit; draw {MOST_GROUPS} at most, or use share_bars")
    states = pd.Series(row_status(data, count, status), index=data.index)
    stages = tuple(_stages(name, rows, states, stage, (count, low, high), unit) for name, rows in groups.items())
    shown = [s for each in stages for s in each]
    halves = [(s.went_on[2] - s.went_on[1]) / 2 for s in shown]
    found = Funnel(
        tuple(groups), stages, scribe(unit, [s.count for s in shown]),
        scribe("percent", [s.went_on[0] for s in shown], halves), axis, level if low else None,
    )  # fmt: skip
    kept = data[used].assign(left=[s.lost for s in shown], share_of_first=[s.of_first for s in shown])
    return both("funnel", lambda layout: _draw(found, layout), kept, _alt(found))


def _stages(
    group: str, rows: pd.DataFrame, states: pd.Series, stage: str, columns: tuple[str, str | None, str | None],
    unit: str,
) -> tuple[Stage, ...]:  # fmt: skip
    """The stages of one group, checked."""
    count = rows[columns[0]].to_numpy(dtype=float)
    names = tuple(str(name) for name in rows[stage])
    where = f"funnel{f' of {group}' if group else ''}"
    if not 2 <= len(names) <= MOST_STAGES:
        raise AnalysisError(f"{where}: {len(names)} stages; a funnel has 2 to {MOST_STAGES}: join stages, or use bars")
    if len(set(names)) < len(names):
        raise AnalysisError(f"{where}: a stage is named twice; give one row a stage, and `group` for several funnels")
    if not count[0] > 0:
        raise AnalysisError(f"{where}: {names[0]!r}, the first stage, has no count; all shares are of it")
    before = np.concatenate([[np.nan], count[:-1]])
    grown = np.flatnonzero((count > before) | (count < 0) | (count > pd.Series(count).cummin().ffill().to_numpy()))
    if len(grown):
        raise AnalysisError(
            f"{where}: {names[grown[0]]!r} has more than a stage before it: a funnel only narrows; use bars for stages "
            "that people may join later"
        )
    lost = before - count
    _check_small(where, names, count, lost, unit)
    low, high = (bounds_of(rows, c) for c in columns[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 100 * count / before
    outside = np.flatnonzero((low > share + 1e-6) | (high < share - 1e-6))
    if len(outside):
        raise AnalysisError(f"{where}: the share of {names[outside[0]]!r} lies outside its own interval, in percent")
    return tuple(
        Stage(
            name=name,
            count=float(count[i]),
            lost=float(lost[i]),
            went_on=(float(share[i]), float(low[i]), float(high[i])),
            of_first=float(100 * count[i] / count[0]),
            status=str(state),
        )
        for i, (name, state) in enumerate(zip(names, states.loc[rows.index], strict=True))
    )


def _check_small(where: str, names: Sequence[str], count: Floats, lost: Floats, unit: str) -> None:
    """Refuse counts of people, staying or leaving, that the policy suppresses."""
    least = current_policy().minimum_count
    if not unit_named(unit).people:
        return
    for kind, numbers in (("there at", count), ("lost before", lost)):
        small = np.flatnonzero((numbers > 0) & (numbers < least))
        if len(small):
            raise AnalysisError(
                f"{where}: {numbers[small[0]]:g} people are {kind} {names[small[0]]!r}, fewer than {least}: join it "
                "with the next stage, or give it a status of 'suppressed'"
            )


@dataclass(frozen=True)
class Row:
    """One stage as placed: its words, the words of who went on to it, and the edges of its bar."""

    name: tuple[str, ...]
    share: tuple[str, ...]
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """The height of the bar's middle."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Column:
    """Where one funnel stands: its left edge and top, the right edge of its words, and its rows from bar to bar."""

    left: float
    top: float
    start: float
    widest: float
    named: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def bottom(self) -> float:
        """The foot of the last row."""
        last = self.rows[-1]
        return max(last.bottom, last.middle + LINE * len(last.name) / 2)


def _share_words(funnel: Funnel, stage: Stage) -> str:
    """The share of the stage before that went on to this one, with its interval."""
    value, low, high = stage.went_on
    if not np.isfinite(value):
        return ""
    span = ""
    if np.isfinite(low) and np.isfinite(high):
        ends = [funnel.percent.label(v).removesuffix("%") for v in (low, high)]
        span = f" ({said('span').format(low=ends[0], high=ends[1])})"
    return funnel.percent.label(value) + span


def _beside(funnel: Funnel, stage: Stage, first: bool) -> str:
    """What is written right of a bar."""
    if stage.status != "ok" or first:
        return ""
    return told("{share} of the first", share=funnel.percent.label(stage.of_first))


def _left_words(funnel: Funnel, stage: Stage) -> str:
    """How many left before a stage."""
    return told("{n} left", n=funnel.counts.label(stage.lost)) if np.isfinite(stage.lost) else ""


def _draw(funnel: Funnel, layout: Layout) -> Sheet:
    width = theme.style().sizes[layout]
    across = 2 if layout == "wide" and len(funnel.groups) > 1 else 1
    each = (width - GAP * (across - 1)) / across
    keys = _keys(funnel)
    columns: list[Column] = []
    y = header_height(funnel.label, keys, width) + 8
    for start in range(0, len(funnel.groups), across):
        places = range(start, min(start + across, len(funnel.groups)))
        columns += [_column(funnel, place, (place - start) * (each + GAP), y, each) for place in places]
        y = max(columns[place].bottom for place in places) + GAP
    sheet = Sheet(layout, y - GAP + 6)
    draw_header(sheet, funnel.label, keys)
    for place, column in enumerate(columns):
        _draw_funnel(sheet, funnel, place, column)
    return sheet


def _keys(funnel: Funnel) -> tuple[Entry, ...]:
    words = theme.words()["keys"]
    entries = [Entry("block", "navy", words["stage"]), Entry("block", "ice", words["went_on"])]
    entries.append(Entry("band", "neutral", words["left_before"]))
    if funnel.level:
        entries.append(Entry("sign", "soft", words["interval"].format(level=f"{100 * funnel.level:g}"), "( )"))
    return tuple(entries)


def _column(funnel: Funnel, place: int, left: float, top: float, room: float) -> Column:
    """One funnel laid out: all of them have one edge between words and bars, so that bars can be compared."""
    limit = 0.34 * room
    everyone = [(s, i == 0) for each in funnel.stages for i, s in enumerate(each)]
    names = [line for s, _ in everyone for line in _name(funnel, s, limit)]
    shares = [line for s, _ in everyone for line in fonts.wrap(_share_words(funnel, s), limit, 12)]
    start = max(fonts.text_width(line, 12, 700) for line in (*names, *shares)) + 10
    bent = max(fonts.text_width(_left_words(funnel, s), 12, 500) + BEND_ACROSS + 6 for s, _ in everyone)
    margin = max(bent, *(fonts.text_width(_beside(funnel, *pair), 12) + 8 for pair in everyone))
    named = tuple(fonts.wrap(funnel.groups[place], room, 13, 700)) if funnel.groups[place] else ()
    y = top + 20 * len(named)
    rows = []
    for i, stage in enumerate(funnel.stages[place]):
        words = tuple(_name(funnel, stage, start - 10))
        share = tuple(fonts.wrap(_share_words(funnel, stage), start - 10, 12)) if i else ("",)
        if i:
            y += max(FLOW, LINE * len(share) + 10)
        height = max(BAR, LINE * len(words))
        rows.append(Row(words, share, y + (height - BAR) / 2, y + (height + BAR) / 2))
        y += height
    return Column(left, top, left + start, room - start - margin, named, tuple(rows))


def _name(funnel: Funnel, stage: Stage, limit: float) -> list[str]:
    """A stage's name, and its count below."""
    count = [funnel.counts.label(stage.count)] if stage.status == "ok" else []
    return [*fonts.wrap(stage.name, limit, 12, 500), *count]


def _draw_funnel(sheet: Sheet, funnel: Funnel, place: int, column: Column) -> None:
    sheet.lines_of_text(column.left, column.top + 11, column.named, "ink", weight=700, leading=20 / 13)
    stages = funnel.stages[place]
    for i, (stage, row) in enumerate(zip(stages, column.rows, strict=True)):
        if i and stages[i - 1].status == stage.status == "ok":
            _draw_flow(sheet, funnel, (stages[i - 1], stage), column, (column.rows[i - 1].bottom, row.top))
    for i, (stage, row) in enumerate(zip(stages, column.rows, strict=True)):
        _draw_stage(sheet, funnel, stage, row, column, first=i == 0)
        if i:
            gap = (column.rows[i - 1].bottom + row.top) / 2
            first = gap - LINE * len(row.share) / 2 + 11
            sheet.lines_of_text(column.start - 10, first, row.share, "soft", size=12, anchor="right", leading=LINE / 12)


def _draw_stage(sheet: Sheet, funnel: Funnel, stage: Stage, row: Row, column: Column, *, first: bool) -> None:
    top = row.middle - LINE * len(row.name) / 2 + 11
    for i, line in enumerate(row.name):
        count = stage.status == "ok" and i == len(row.name) - 1
        sheet.text(
            column.start - 10, top + i * LINE, line, "ink", size=12, weight=700 if count else 500, anchor="right"
        )
    if stage.status != "ok":
        words = fonts.wrap(said("status", stage.status), column.widest, 12)
        start = row.middle - LINE * len(words) / 2 + 11
        sheet.lines_of_text(column.start + 6, start, words, "soft", size=12, leading=LINE / 12)
        return
    wide = column.widest * stage.of_first / 100
    sheet.block(Box(column.start, row.top, column.start + max(wide, 1.0), row.bottom), "navy")
    sheet.text(column.start + wide + 8, row.middle + 4.2, _beside(funnel, stage, first), "soft", size=12)


def _draw_flow(
    sheet: Sheet, funnel: Funnel, pair: tuple[Stage, Stage], column: Column, ends: tuple[float, float]
) -> None:
    """Who went on, straight down; who left, bending away to the right, with how many."""
    wide, stays = (column.widest * stage.of_first / 100 for stage in pair)
    edge, inner = column.start + wide, column.start + stays
    if stays > 0:
        sheet.block(Box(column.start, ends[0], inner, ends[1]), "ice")
    if pair[1].lost == 0:
        return
    t = np.linspace(0, 1, 13)
    down, shift = ends[0] + BEND * t, BEND_ACROSS * t * t * (3 - 2 * t)
    sheet.area([*(inner + shift), *(edge + shift)[::-1]], [*down, *down[::-1]], "neutral", alpha=0.4)
    sheet.text(edge + BEND_ACROSS + 5, ends[0] + BEND - 4, _left_words(funnel, pair[1]), "soft", size=12, weight=500)


def _alt(funnel: Funnel) -> str:
    stages = max(len(each) for each in funnel.stages)
    opening = told("Funnel of {stages}.", stages=counted(stages, "stage"))
    sentences = [f"{funnel.label}: {opening}" if funnel.label else opening]
    for name, each in zip(funnel.groups, funnel.stages, strict=True):
        if name:  # several funnels: their ends
            sentences.append(f"{name}. {_sentence(funnel, each[0])} {_sentence(funnel, each[-1], of_first=True)}")
        else:
            sentences += [_sentence(funnel, s, of_first=i > 0, of_last=i > 0) for i, s in enumerate(each)]
        losses = [(100 - s.went_on[0], s.name) for s in each[1:] if np.isfinite(s.went_on[0])]
        if losses:
            most = max(losses, key=lambda loss: loss[0])
            words = funnel.percent.words(most[0])
            sentences.append(told("Most are lost before {stage}: {share}.", stage=most[1], share=words))
    return " ".join(sentences)


def _sentence(funnel: Funnel, stage: Stage, *, of_first: bool = False, of_last: bool = False) -> str:
    if stage.status != "ok":
        return f"{stage.name}: {said('status', stage.status)}."
    parts = [funnel.counts.words(stage.count)]
    if of_last and np.isfinite(stage.went_on[0]):
        parts.append(told("{share} of the stage before", share=funnel.percent.interval(*stage.went_on)))
    if of_first:
        parts.append(told("{share} of the first", share=funnel.percent.words(stage.of_first)))
    return f"{stage.name}: {', '.join(parts)}."
