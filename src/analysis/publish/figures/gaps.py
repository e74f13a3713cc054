"""Periods without a number in a plot over time: a shaded column, with the symbol that tables use for the reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.publish.figures.keys import Entry
from analysis.publish.figures.lines import Frame
from analysis.publish.figures.numbers import capitalized, counted
from analysis.publish.figures.scales import Floats
from analysis.publish.figures.sheet import Box, Sheet
from analysis.publish.wording import said


def gap_keys(status: Sequence[str]) -> tuple[Entry, ...]:
    """One entry for each kind of emptiness that occurs.

    >>> [entry.words for entry in gap_keys(["ok", "suppressed", "suppressed"])]
    ['suppressed to protect people']
    """
    found = dict.fromkeys(s for s in status if s != "ok")
    return tuple(Entry("sign", "soft", said("status", s), said("symbols", s)[0]) for s in found)


def gap_sentences(status: Sequence[str], noun: str) -> list[str]:
    """How many periods are empty, by kind.

    >>> gap_sentences(["ok", "suppressed", "no_data"], "week")
    ['One week: suppressed to protect people.', 'One week: no data.']
    """
    kinds = dict.fromkeys(s for s in status if s != "ok")
    return [f"{capitalized(counted(list(status).count(s), noun))}: {said('status', s)}." for s in kinds]


def step_of(frame: Frame, x: Floats) -> float:
    """The usual distance between neighbouring periods in pixels."""
    apart = np.diff(np.unique(frame.x(x)))
    return float(np.median(apart)) if apart.size else 24.0


def draw_gaps(sheet: Sheet, frame: Frame, x: Floats, status: Sequence[str]) -> None:
    """A shaded column from top to bottom where there is no number, its symbol at the foot; to be drawn first."""
    half = min(max(step_of(frame, x) / 2, 2.0), 14.0)
    free = float("-inf")
    for at, kind in zip(frame.x(x).tolist(), status, strict=True):
        if kind == "ok":
            continue
        sheet.block(Box(at - half, frame.box.top, at + half, frame.box.bottom), "grid", alpha=0.7)
        if at >= free:
            sheet.text(at, frame.box.bottom - 6, said("symbols", kind)[0], "soft", anchor="center", weight=700)
            free = at + 12
