"""From numbers to a few colours: where the classes begin, what they are called, which class a place is in.

Breaks are rounded before places are put into classes, so a legend never says
anything but what was done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError
from analysis.publish.figures.numbers import axis_label
from analysis.publish.wording import said, told

Scheme = Literal["quantile", "equal", "natural"]
Floats = npt.NDArray[np.float64]
FEWEST, MOST = 2, 7


@dataclass(frozen=True)
class Class:
    """One colour of a map: its token, what the legend says, and its bounds (lower included, upper not).

    ``low`` and ``high`` are minus and plus infinity at the ends, NaN for classes that are not of numbers.
    """

    token: str
    label: str
    low: float = math.nan
    high: float = math.nan


def breaks_of(values: Floats, classes: int, scheme: Scheme) -> list[float]:
    """Inner breaks of ``classes`` classes, rounded to readable numbers; fewer where values are too alike.

    ``quantile``: as many places in each class; ``equal``: classes of one width; ``natural``: least variance within
    classes (Fisher 1958, exact by dynamic programming).

    >>> breaks_of(np.arange(1.0, 101.0), 4, "quantile")
    [26.0, 50.0, 75.0]
    >>> breaks_of(np.array([1.0, 2, 3, 50, 51, 52, 90, 91]), 3, "natural")
    [50.0, 90.0]
    """
    known = np.sort(values[np.isfinite(values)])
    if not FEWEST <= classes <= MOST:
        raise AnalysisError(f"a map of {classes} classes: use {FEWEST} to {MOST}, more cannot be told apart")
    if known.size == 0:
        raise AnalysisError("a map needs at least one number; every value given is missing")
    if scheme == "quantile":
        raw = [float(q) for q in np.quantile(known, np.arange(1, classes) / classes)]
    elif scheme == "equal":
        raw = [float(b) for b in np.linspace(known[0], known[-1], classes + 1)[1:-1]]
    elif scheme == "natural":
        raw = _natural(known, classes)
    else:
        raise AnalysisError(f"map scheme {scheme!r}: use quantile, equal or natural")
    distinct = sorted({b for b in raw if known[0] < b <= known[-1]})
    return rounded_breaks(distinct, float(known[0]), float(known[-1]))


def _natural(known: Floats, classes: int) -> list[float]:
    """Fisher's exact optimum: the first value of each class but the first."""
    n = len(known)
    classes = min(classes, len(np.unique(known)))
    sums, squares = np.concatenate([[0], np.cumsum(known)]), np.concatenate([[0], np.cumsum(known**2)])
    ends = np.arange(1, n + 1)
    best = squares[1:] - sums[1:] ** 2 / ends
    starts = np.zeros((classes, n), dtype=int)
    for k in range(1, classes):
        cost = np.full(n, np.inf)
        for end in range(k, n):
            first = np.arange(k, end + 1)
            size = end + 1 - first
            within = squares[end + 1] - squares[first] - (sums[end + 1] - sums[first]) ** 2 / size
            total = best[first - 1] + within
            at = int(np.argmin(total))
            cost[end], starts[k, end] = total[at], first[at]
        best = cost
    found, end = [], n - 1
    for k in range(classes - 1, 0, -1):
        found.append(float(known[starts[k, end]]))
        end = int(starts[k, end]) - 1
    return found[::-1]


def rounded_breaks(breaks: Sequence[float], low: float, high: float) -> list[float]:
    """Breaks with as few digits as keep them apart and within a tenth of the narrowest class of where they were.

    >>> rounded_breaks([1034.2, 1498.7, 2110.9], 324, 3501)
    [1000.0, 1500.0, 2100.0]
    """
    if not breaks:
        return []
    edges = [low, *breaks, high]
    narrowest = min((b - a for a, b in pairwise(edges) if b > a), default=1.0)
    first = -math.floor(math.log10(max(high - low, 1e-300)))
    for decimals in range(first, first + 12):
        found = [round(b, decimals) + 0.0 for b in breaks]
        moved = max(abs(a - b) for a, b in zip(found, breaks, strict=True))
        inside = found[0] > low and found[-1] <= high
        if len(set(found)) == len(found) and moved <= 0.1 * narrowest and inside:
            return found
    return list(breaks)


def symmetric_breaks(values: Floats, middle: float, arms: int) -> list[float]:
    """Breaks at equal distances on both sides of ``middle``: ``arms`` classes a side, without the middle itself.

    >>> symmetric_breaks(np.array([-9.0, -4, -1, 2, 3, 8, 12]), 0, 2)
    [-4.0, 4.0]
    """
    away = np.abs(values[np.isfinite(values)] - middle)
    if not away.size or away.max() == 0:
        return []
    steps = np.quantile(away, np.arange(1, arms) / arms) if arms > 1 else np.array([])
    positive = rounded_breaks(sorted({float(s) for s in steps if s > 0}), 0.0, float(away.max()))
    return [middle - s for s in reversed(positive)] + [middle + s for s in positive]


def sequential_classes(breaks: Sequence[float], unit: str, low: float, high: float) -> list[Class]:
    """Classes from least to most between the breaks.

    >>> [c.label for c in sequential_classes([20, 30], "percent", 5, 45)]
    ['under 20%', '20 to 30%', '30% and over']
    """
    edges = [-math.inf, *breaks, math.inf]
    count = len(edges) - 1
    if count > MOST:
        raise AnalysisError(f"a map of {count} classes: give at most {MOST - 1} breaks, more cannot be told apart")
    tokens = [f"seq{max(count, 2)}-{i + (count == 1)}" for i in range(count)]
    labels = _labels(edges, unit, (low, high))
    return [Class(token, label, a, b) for token, label, a, b in zip(tokens, labels, edges, edges[1:], strict=False)]


# Which steps of an arm are used for one, two or three classes a side, from the middle outwards.
_ARM = {1: (2,), 2: (1, 3), 3: (1, 2, 3)}


def diverging_classes(
    breaks: Sequence[float], middle: float, unit: str, low: float, high: float, *, still: str | None
) -> list[Class]:
    """Classes on both sides of ``middle``; ``still`` names the class of places without a measurable difference.

    >>> [(c.token, c.label) for c in diverging_classes([-4, 4], 0, "points", -9, 12, still="No measurable change")]
    [('fall-3', 'under −4'), ('fall-1', '−4 to 0'), ('middle', 'No measurable change'), ('rise-1', '0 to +4'),
     ('rise-3', '+4 and over')]
    """
    below = sorted(b for b in breaks if b < middle)
    above = sorted(b for b in breaks if b > middle)
    arms = max(len(below), len(above)) + 1
    if arms not in _ARM:
        raise AnalysisError("a diverging map has at most three classes a side: give at most two breaks on each")
    edges = [-math.inf, *below, middle, *above, math.inf]
    labels = _labels(edges, unit, (low, high), plus=middle == 0)
    steps = _ARM[arms]
    falls = [f"fall-{steps[arms - 1 - i]}" for i in range(arms - len(below) - 1, arms)]
    rises = [f"rise-{steps[i]}" for i in range(len(above) + 1)]
    classes = [
        Class(token, label, a, b)
        for token, label, a, b in zip([*falls, *rises], labels, edges, edges[1:], strict=False)
    ]
    if still is not None:
        classes.insert(len(below) + 1, Class("middle", still))
    return classes


def group_classes(names: Sequence[str]) -> list[Class]:
    """Classes of named groups, in the order given."""
    if len(names) > 8:
        raise AnalysisError(f"{len(names)} groups cannot be told apart on a map: join them to eight at most")
    return [Class(f"group-{i}", name) for i, name in enumerate(names, start=1)]


def class_of(values: Floats, classes: Sequence[Class]) -> npt.NDArray[np.int64]:
    """Place of each value's class, −1 for a missing value.

    >>> class_of(np.array([5.0, 20, 44, np.nan]), sequential_classes([20, 30], "percent", 5, 44)).tolist()
    [0, 1, 2, -1]
    """
    found = np.full(len(values), -1)
    for place, held in enumerate(classes):
        if not math.isnan(held.low):
            found[(values >= held.low) & (values < held.high)] = place
    return found


def _labels(edges: Sequence[float], unit: str, span: tuple[float, float], *, plus: bool = False) -> list[str]:
    inner = list(edges[1:-1])
    shown = [axis_label(unit, inner, e, plus=plus) for e in inner]
    if not shown:
        ends = list(span)
        low, high = (axis_label(unit, ends, e) for e in ends)
        return [str(said("span")).format(low=low, high=high)]
    pairs = [(a.removesuffix("%"), b.removeprefix("$")) for a, b in pairwise(shown)]
    middle = [str(said("span")).format(low=low, high=high) for low, high in pairs]
    return [told("under {limit}", limit=shown[0]), *middle, told("{limit} and over", limit=shown[-1])]
