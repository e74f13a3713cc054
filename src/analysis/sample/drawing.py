"""How a sample of households becomes published figures: counts, medians, brackets, margins.

Margins are drawn from the very distribution that the estimates are drawn from, so a
90 percent margin covers the truth in about 90 of 100 tracts, as it should.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.sample.calibration import Z90, Codes
from analysis.sample.randomness import Flags, Floats, Ints, Rough, settled

NO_ESTIMATE, NO_MARGIN, CODED_MARGIN = -666_666_666, -222_222_222, -333_333_333
"""What the Census API writes for a median that cannot be computed, its margin, and the margin of a coded median."""
FEWEST_ANSWERS = 4
"""A median needs this many sampled households."""
REPLICATES = 79
"""Margins of the survey come from 80 replicate weights and scatter accordingly."""


@dataclass(frozen=True)
class Median:
    """A sample median, its standard error as the survey would estimate it, and what it rests on.

    ``quantile`` is where the sample median lies in the true distribution; brackets
    of the same sample are drawn given it.
    """

    value: Floats
    error: Floats
    quantile: Floats
    answers: Ints


def margin(variance: Rough, draw: np.random.Generator) -> Ints:
    """Published 90 percent margins for a true sampling variance; never below that of a zero estimate."""
    scatter = settled(np.sqrt(draw.chisquare(REPLICATES, np.shape(variance)) / REPLICATES))
    published: Ints = np.maximum(np.rint(settled(Z90 * np.sqrt(variance) * scatter, 6)), 12).astype(np.int64)
    return published


def apportioned(total: Ints, counts: Ints) -> Ints:
    """Whole numbers in the proportion of ``counts`` (tract by class) that add up to ``total``."""
    sums = counts.cumsum(axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ends = np.rint(settled(sums * total[:, None], 6)).astype(np.int64)
    return np.diff(ends, axis=1, prepend=0)


def classes(draw: np.random.Generator, answers: Ints, shares: Floats) -> Ints:
    """How many of the sampled fall in each class (tract by class)."""
    fair = settled(np.clip(shares, 0.0, 1.0), 9)
    fair[:, -1] = np.maximum(1.0 - fair[:, :-1].sum(axis=1), 0.0)
    drawn: Ints = draw.multinomial(answers, fair / fair.sum(axis=1, keepdims=True))
    return drawn


def sample_median(draw: np.random.Generator, middle: Floats, spread: float, answers: Ints) -> Median:
    """The median of ``answers`` draws from a lognormal distribution with median ``middle``."""
    n = np.maximum(answers, 1)
    quantile = settled(np.clip(draw.beta((n + 1) / 2, (n + 1) / 2), 1e-6, 1 - 1e-6), 9)
    value = settled(middle * np.exp(spread * ndtri(quantile)), 4)
    # One over twice the density at the median, over the root of n + 2: the variance of a middle order statistic.
    scatter = np.sqrt(draw.chisquare(REPLICATES, len(n)) / REPLICATES)
    error = settled(value * spread * np.sqrt(np.pi / 2 / (n + 2)) * scatter, 4)
    return Median(value, error, quantile, answers)


def brackets(draw: np.random.Generator, middle: Floats, spread: float, median: Median, lows: tuple[int, ...]) -> Ints:
    """Sampled households by bracket, given where the sample median fell: half lie below it."""
    below = settled(ndtr(np.log(np.array(lows[1:])[None, :] / np.maximum(middle, 1.0)[:, None]) / spread), 9)
    edges = np.column_stack([np.zeros(len(middle)), below, np.ones(len(middle))])
    half = median.answers // 2
    low = np.minimum(edges, median.quantile[:, None]) / median.quantile[:, None]
    high = np.maximum(edges - median.quantile[:, None], 0.0) / (1.0 - median.quantile[:, None])
    under = classes(draw, half, np.diff(low, axis=1))
    over = classes(draw, median.answers - half, np.diff(high, axis=1))
    return under + over


def coded(median: Median, codes: Codes) -> tuple[Ints, Ints]:
    """Median and margin as the survey publishes them: top and bottom codes, sentinels where too few answered."""
    value = (np.rint(settled(median.value / codes.step, 6)) * codes.step).astype(np.int64)
    error = np.maximum(np.rint(settled(Z90 * median.error, 4)), 1).astype(np.int64)
    top, bottom = value >= codes.top, value <= codes.bottom
    value = np.where(top, codes.top, np.where(bottom, codes.bottom, value))
    error = np.where(top | bottom, CODED_MARGIN, error)
    none = median.answers < FEWEST_ANSWERS
    return np.where(none, NO_ESTIMATE, value), np.where(none, NO_MARGIN, error)


def coded_census(median: Median, codes: Codes, fewest: int) -> Ints:
    """Median as the long form publishes it: a missing one is 0, indistinguishable from no money."""
    value = (np.rint(settled(median.value / codes.step, 6)) * codes.step).astype(np.int64)
    value = np.where(value >= codes.top, codes.top, np.where(value <= codes.bottom, codes.bottom, value))
    none: Flags = median.answers < fewest
    return np.where(none, 0, value)
