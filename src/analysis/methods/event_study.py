"""Did a place change more than others after an event, period by period, when only one or a few places are treated?

Each place is held against its own base periods, then the treated against the others. Assumption: without the
event, or had it struck all alike, the treated would have moved as the others did. Where everybody is struck, as in
March 2020, the effect is the difference from the others and not the whole effect of the event.

With one or a few treated places a clustered error is far too small. So each of the others takes the part of the
treated in turn, and the spread of these placebo effects is the uncertainty (Conley and Taber 2011, Review of
Economics and Statistics 93:113-125): it assumes that places are alike in how much they stray. With fewer than 39
others their spread gives t limits, which assumes as well that strays are normal (Donald and Lang 2007, Review of
Economics and Statistics 89:221-233). With many on both sides, errors clustered by place do (t after Welch).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ASSUMPTION = "assumes that without the event the treated would have moved as the others did"
FEWEST_CLUSTERED = 10
DRAWS = 999


@dataclass(frozen=True, eq=False)
class EventStudy:
    """Difference between the treated and the others, by period, in units of the outcome.

    ``table``, one row a period: period, event (0 is the first period after), treated and others (means, change
    since the base), effect (their difference), lower, upper (one period alone), band_lower, band_upper (all periods
    together), base (whether the period is part of the base), after. ``pretest``: probability that places alike would
    stray as far before the event as the treated did; small means that trends already differed.
    ``probability``: the same for the mean effect after the event (randomisation test).
    ``placebos`` (rows placebos, columns periods) are the effects of those who were not treated.
    """

    table: pd.DataFrame
    average: Estimate
    probability: float
    pretest: float
    inference: str
    treated: tuple[str, ...]
    others: tuple[str, ...]
    placebos: Floats
    cautions: tuple[str, ...]

    def during(self, first: Any, last: Any) -> Estimate:
        """Mean effect over the periods from ``first`` to ``last``, both included.

        Raises AnalysisError when no period lies between them.
        """
        keep = self.table["period"].between(first, last).to_numpy()
        if not keep.any():
            raise AnalysisError(f"event study: there is no period from {first} to {last}")
        value = float(self.table.loc[keep, "effect"].mean())
        return _interval(value, self.placebos[:, keep].mean(axis=1), self.inference, self.average.level, self._sizes)

    @property
    def _sizes(self) -> tuple[int, int]:
        return len(self.treated), len(self.others)


def event_study(
    panel: pd.DataFrame,
    *,
    treated: Sequence[str],
    event: Any,
    base: int | None = None,
    gap: int = 0,
    inference: str = "placebo",
    level: float = 0.95,
    seed: int = 0,
) -> EventStudy:
    """Effects by period for one or several treated places.

    ``panel``: outcome, one row a period (sorted index) and one column a place, without gaps. ``event``: first
    period after. ``base``: number of periods before the event to which all are compared (default: all of them),
    not counting ``gap`` periods just before it, in which it may have been foreseen. ``inference``: "placebo" (few
    treated), "t" (few on both sides; cautious for several treated) or "clustered" (ten or more on either side); see
    :func:`suited`.

    Raises AnalysisError for gaps, unknown places, an event without periods on both sides, or too few others for
    the level: a placebo interval of 95 percent needs 39 of them.

    >>> noise = np.random.default_rng(1).normal(0, 1, (12, 40))
    >>> panel = pd.DataFrame(noise, index=range(12), columns=[f"c{n:02}" for n in range(40)])
    >>> panel.loc[6:, "c00"] -= 8
    >>> found = event_study(panel, treated=["c00"], event=6)
    >>> round(found.average.value), found.average.upper < 0, round(found.probability, 3)
    (-9, True, 0.025)
    """
    inside, before = _checked(panel, list(treated), event, gap)
    outcome = panel.to_numpy(dtype=float)
    size = int(before.sum()) if base is None else base
    if not 1 <= size <= before.sum():
        raise AnalysisError(f"event study: a base of {size} periods, but {int(before.sum())} lie before the event")
    of_base = before & (np.cumsum(before[::-1])[::-1] <= size)
    change = outcome - outcome[of_base].mean(axis=0)
    one, two = change[:, inside].mean(axis=1), change[:, ~inside].mean(axis=1)
    placebos = _placebos(change, inside, inference, seed)
    after = np.asarray(panel.index >= event)
    table = _table(panel.index, one, two, placebos, after, of_base, (inference, level, inside))
    effect = table["effect"].to_numpy()
    sizes = (int(inside.sum()), int((~inside).sum()))
    average = _interval(float(effect[after].mean()), placebos[:, after].mean(axis=1), inference, level, sizes)
    swapped = _swapped(change, inside, seed)
    return EventStudy(
        table, average, _rank(np.abs(swapped[:, after].mean(axis=1))), _strays(swapped[:, ~after]), inference,
        tuple(map(str, panel.columns[inside])), tuple(map(str, panel.columns[~inside])), placebos,
        _cautions(sizes, inference),
    )  # fmt: skip


def suited(treated: int, others: int, *, level: float = 0.95) -> str:
    """Kind of inference that so many places allow at this level.

    >>> suited(1, 52), suited(1, 14), suited(20, 30)
    ('placebo', 't', 'clustered')
    """
    if min(treated, others) >= FEWEST_CLUSTERED:
        return "clustered"
    return "placebo" if others + 1 >= 2 / (1 - level) - 1e-9 else "t"


def _checked(panel: pd.DataFrame, treated: list[str], event: Any, gap: int) -> tuple[Flags, Flags]:
    """Which places are treated, and which periods may serve as base."""
    unknown = sorted(set(treated) - set(panel.columns))
    if unknown or not treated:
        raise AnalysisError(f"event study: {', '.join(map(str, unknown)) or 'nobody'} is not a place of the panel")
    if panel.isna().any(axis=None):
        hole = panel.columns[panel.isna().any()][0]
        raise AnalysisError(f"event study: {hole} lacks a period; leave the place or the period out and say so")
    if not panel.index.is_monotonic_increasing or panel.index.has_duplicates:
        raise AnalysisError("event study: the periods must be sorted and unique")
    inside = np.asarray(panel.columns.isin(treated))
    before = np.asarray(panel.index < event)
    if gap:
        before[np.flatnonzero(before)[-gap:]] = False
    if not before.any() or not np.asarray(panel.index >= event).any():
        raise AnalysisError(f"event study: {event} needs periods before (and before the gap) and after it")
    return inside, before


def _placebos(change: Floats, inside: Flags, inference: str, seed: int) -> Floats:
    """Effects of untreated places that take the part of the treated, or each place's part in the error."""
    others, count = change[:, ~inside].T, int(inside.sum())
    total = len(others)
    if inference == "clustered":
        if min(count, total) < FEWEST_CLUSTERED:
            raise AnalysisError(f"event study: errors by place need ten on either side, not {count} and {total}")
        treated = change[:, inside].T
        return np.vstack([treated - treated.mean(axis=0), others - others.mean(axis=0)])
    if inference not in ("placebo", "t"):
        raise AnalysisError(f"event study: inference is 'placebo', 't' or 'clustered', not {inference!r}")
    if total < 2 * count + 1:
        raise AnalysisError(f"event study: {total} others are too few to stand in for {count} treated")
    # A placebo is held against fewer others than the treated are; its spread is brought to theirs.
    scale = np.sqrt((1 / count + 1 / total) / (1 / count + 1 / (total - count)))
    return np.asarray(scale * _contrasts(others, _choices(total, count, seed)))


def _choices(total: int, count: int, seed: int) -> Flags:
    """Which places play the treated, one row a turn: each in its turn, or random groups of ``count``."""
    if count == 1:
        return np.eye(total, dtype=bool)
    return np.asarray(np.random.default_rng(seed).random((DRAWS, total)).argsort(axis=1) < count)


def _contrasts(places: Floats, chosen: Flags) -> Floats:
    count = int(chosen[0].sum())
    return np.asarray(chosen @ places / count - ~chosen @ places / (len(places) - count))


def _swapped(change: Floats, inside: Flags, seed: int) -> Floats:
    """Effects if any of all places had been the treated; the first row is what happened.

    Under no effect all rows are alike, so the rank of the first is a test whatever the noise.
    """
    chosen = _choices(len(inside), int(inside.sum()), seed)
    chosen = chosen[(chosen != inside).any(axis=1)]
    return _contrasts(change.T, np.vstack([inside, chosen]))


def _interval(value: float, spread: Floats, inference: str, level: float, sizes: tuple[int, int]) -> Estimate:
    """Interval of an effect whose placebos, or whose places' parts, are ``spread``."""
    if inference == "clustered":
        half = _welch(spread, level, sizes)
        return Estimate(value, value - half, value + half, level, sum(sizes))
    if inference == "t":
        freedom = sizes[1] // sizes[0] - 1
        # Single places have one mean among them; random groups are many, but few of them are independent.
        count = freedom if sizes[0] == 1 else len(spread)
        half = float(stats.t.ppf((1 + level) / 2, freedom) * np.sqrt((spread**2).sum() / count))
        return Estimate(value, value - half, value + half, level, sum(sizes))
    low, high = _ends(spread, level)
    return Estimate(value, value - high, value - low, level, sum(sizes))


def _ends(placebos: Floats, level: float) -> tuple[float, float]:
    """The outermost placebos that leave out (1 - level) / 2 on either side, never fewer (order statistics)."""
    place = int(np.floor((len(placebos) + 1) * (1 - level) / 2 + 1e-9))
    if place < 1:
        needed = int(np.ceil(2 / (1 - level))) - 1
        raise AnalysisError(
            f"event study: {len(placebos)} others cannot give an interval of {level:.0%}; {needed} or a lower level can"
        )
    ordered = np.sort(placebos)
    return float(ordered[place - 1]), float(ordered[-place])


def _welch(parts: Floats, level: float, sizes: tuple[int, int]) -> float:
    one, two = parts[: sizes[0]], parts[sizes[0] :]
    squares = np.array([(part**2).sum() / (len(part) - 1) / len(part) for part in (one, two)])
    if squares.sum() == 0:
        return 0.0
    freedom = squares.sum() ** 2 / (squares**2 / (np.array(sizes) - 1)).sum()
    return float(stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(squares.sum()))


def _table(
    periods: pd.Index, one: Floats, two: Floats, placebos: Floats, after: Flags, base: Flags,
    how: tuple[str, float, Flags],
) -> pd.DataFrame:  # fmt: skip
    inference, level, inside = how
    sizes = (int(inside.sum()), int((~inside).sum()))
    effect = one - two
    ends = [_interval(value, placebos[:, at], inference, level, sizes) for at, value in enumerate(effect)]
    table = pd.DataFrame({"period": periods, "event": np.arange(len(periods)) - int(np.flatnonzero(after)[0])})
    table["treated"], table["others"], table["effect"] = one, two, effect
    table["lower"], table["upper"] = [end.lower for end in ends], [end.upper for end in ends]
    width = _band(placebos, (table["upper"] - table["lower"]).to_numpy() / 2, inference, level, sizes)
    table["band_lower"], table["band_upper"] = effect - width, effect + width
    table["base"], table["after"] = base, after
    return table


def _band(placebos: Floats, half: Floats, inference: str, level: float, sizes: tuple[int, int]) -> Floats:
    """Half width that holds all periods together: largest standardised stray, at least the single half width."""
    if inference == "clustered":
        signs = 2.0 * np.random.default_rng(0).integers(0, 2, size=(DRAWS, len(placebos))) - 1
        weights = np.concatenate([np.full(size, 1 / np.sqrt(size * (size - 1))) for size in sizes])
        placebos = signs @ (placebos * weights[:, None])
    total = (placebos**2).sum(axis=0)
    # Each stray is measured by the spread of the rest, as the treated is by that of all placebos.
    rest = np.sqrt(np.maximum(total - placebos**2, 1e-300) / (len(placebos) - 1))
    largest = np.sort((np.abs(placebos) / rest).max(axis=1))
    place = min(len(largest), int(np.ceil((len(largest) + 1) * level)))
    stretch = float(largest[place - 1])
    if inference != "placebo":
        return np.asarray(half * max(1.0, stretch / float(stats.norm.ppf((1 + level) / 2))))
    if sizes[0] > 1:
        # Random groups overlap: no more than others / treated of them are independent.
        stretch *= float(stats.t.ppf((1 + level) / 2, sizes[1] // sizes[0] - 1) / stats.norm.ppf((1 + level) / 2))
    return np.asarray(np.maximum(half, stretch * np.sqrt(total / len(placebos))))


def _rank(strays: Floats) -> float:
    """Share of turns, the first (what happened) among them, that stray at least as far as the first."""
    return float((strays >= strays[0] - 1e-12).mean())


def _strays(effects: Floats) -> float:
    """Probability of a largest standardised stray before the event as large as that of the treated."""
    if effects.shape[1] < 2:
        return float("nan")
    error = np.maximum(np.sqrt((effects**2).mean(axis=0)), 1e-300)
    return _rank((np.abs(effects) / error).max(axis=1))


def _cautions(sizes: tuple[int, int], inference: str) -> tuple[str, ...]:
    found = [ASSUMPTION]
    if inference != "clustered":
        found.append(f"the least probability that {sizes[1]} others can show is {1 / (sizes[1] + 1):.3f}")
        found.append("assumes that places are alike in how much they stray from each other")
    return tuple(found)
