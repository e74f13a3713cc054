"""Invented counts of people outdoors with a known truth, to see whether the methods find it and keep quiet else.

Nothing here is data. Each trial draws from the seeds 0, 1, 2, ... and returns shares of runs, 0 to 1: how often what
was planted is found, how often an interval holds the truth, how often something is announced that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.concentration import concentration, persistent_share, top_share
from analysis.methods.proxy_validity import rank_agreement, reporting_bias
from analysis.methods.spatial_autocorrelation import SpatialWeights, hot_spots, lattice
from analysis.methods.street_count import COVERAGE, DWELLINGS, CountError, change, dispersion
from analysis.methods.tract_rates import pooled_rates

Floats = npt.NDArray[np.float64]

SHARES = np.array([0.40, 0.10, 0.10, 0.18, 0.10, 0.12])
"""Of people outdoors: seen alone or as families, then by kind of dwelling."""
CLUMP = 5.0
AVERAGES_ERROR = 0.07


@dataclass(frozen=True)
class Trial:
    """Shares of runs, 0 to 1; NaN where a share makes no sense. ``n``: runs."""

    n: int
    found: float = float("nan")
    coverage: float = float("nan")
    false_alarms: float = float("nan")


def clumped(mean: Floats, clump: float, rng: np.random.Generator) -> Floats:
    """Counts with that mean whose variance is ``clump`` times the mean.

    >>> float(clumped(np.full(9, 0.0), 5.0, np.random.default_rng(0)).sum())
    0.0
    """
    counts: Floats = np.asarray(clump * rng.poisson(mean / clump), dtype=np.float64)
    return counts


def two_counts(seed: int, growth: float, tracts: int = 150) -> tuple[pd.Series, pd.Series, float]:
    """Two counts of one city: by how people live, before and after, and the dispersion read from the tracts.

    Each year finds another share of people and multiplies dwellings by averages with an error of their own.
    """
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.8, 25.0, tracts)
    kinds, totals = [], []
    for factor in (1.0, growth):
        found = clumped(mean * factor * rng.uniform(*COVERAGE), CLUMP, rng)
        error = np.concatenate([[0.0], rng.normal(0.0, AVERAGES_ERROR, len(DWELLINGS))])
        kinds.append(pd.Series(found.sum() * SHARES * np.exp(error), index=["seen", *DWELLINGS]))
        totals.append(found)
    return kinds[0], kinds[1], dispersion(totals[0], totals[1])


def street_count_trial(seeds: int, growth: float = 1.3) -> Trial:
    """Does the interval of a change hold the planted one, and does it stay with zero where nothing changed?

    >>> trial = street_count_trial(40)
    >>> trial.coverage > 0.8, trial.false_alarms < 0.2
    (True, True)
    """
    held, found, alarms = [], [], []
    for seed in range(seeds):
        before, after, noise = two_counts(seed, growth)
        one = change(before, after, CountError(AVERAGES_ERROR, noise))
        held.append(one.lower <= 100 * (growth - 1) <= one.upper)
        found.append(one.lower > 0)
        before, after, noise = two_counts(seed, 1.0)
        alarms.append(change(before, after, CountError(AVERAGES_ERROR, noise)).excludes(0.0))
    return Trial(seeds, float(np.mean(found)), float(np.mean(held)), float(np.mean(alarms)))


def concentration_trial(seeds: int, tracts: int = 120, draws: int = 39) -> Trial:
    """Random allocation against rates that differ; and does the interval of the persistent share hold its limit?

    Coverage is over four times as many runs.

    >>> trial = concentration_trial(20)
    >>> trial.found > 0.9, trial.false_alarms < 0.3
    (True, True)
    """
    truth = _persistent_limit()
    found, held, alarms = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        people = rng.uniform(2000, 6000, tracts)
        even = 2.0 * rng.multinomial(tracts * 8, people / people.sum())
        alarms.append(concentration(even, people, clump=2.0, draws=draws, seed=seed).beyond_chance)
        one, _ = _lasting_counts(rng, tracts)
        found.append(concentration(one, np.ones(tracts), clump=2.0, draws=draws, seed=seed).beyond_chance)
    # Coverage needs more runs to be told, and costs less.
    for seed in range(4 * seeds):
        one, two = _lasting_counts(np.random.default_rng(seed), tracts)
        share = persistent_share(one, two, np.ones(tracts), draws=199, seed=seed)
        held.append(share.lower <= truth <= share.upper)
    return Trial(seeds, float(np.mean(found)), float(np.mean(held)), float(np.mean(alarms)))


def _lasting_counts(rng: np.random.Generator, tracts: int) -> tuple[Floats, Floats]:
    mean = rng.gamma(1.0, 25.0, tracts)
    return clumped(mean, 3.0, rng), clumped(mean, 3.0, rng)


def _persistent_limit() -> float:
    """The share in a city without end, to which the estimate tends."""
    one, two = _lasting_counts(np.random.default_rng(77), 200_000)
    return top_share(two, np.ones(len(one)), 0.1, by=one)


def tract_rates_trial(seeds: int, tracts: int = 150, times: float = 2.0, sure: float = 0.9) -> Trial:
    """Coverage of pooled rates; of tracts truly above the mark the share named; of the named the share that is not.

    >>> trial = tract_rates_trial(5)
    >>> trial.coverage > 0.85, trial.false_alarms < 0.2
    (True, True)
    """
    held, named, right, above = [], 0, 0, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        truth = rng.gamma(1.2, 4.0, tracts)
        residents = rng.uniform(2.5, 5.5, tracts)
        rates = pd.DataFrame({year: clumped(truth * residents, 4.0, rng) / residents for year in (2016, 2017)})
        found = pooled_rates(rates)
        held.append(((found.table["lower"] <= truth) & (truth <= found.table["upper"])).mean())
        mark = times * truth.mean()
        called = (found.above(mark) >= sure).to_numpy()
        named, right, above = (
            named + called.sum(),
            right + (called & (truth > mark)).sum(),
            above + (truth > mark).sum(),
        )
    return Trial(seeds, float(right / max(above, 1)), float(np.mean(held)), float((named - right) / max(named, 1)))


def rank_agreement_trial(seeds: int, rho: float = 0.5, side: int = 12) -> Trial:
    """Coverage of a planted rank correlation, and alarms without one, where neighbours within blocks are alike.

    >>> trial = rank_agreement_trial(20)
    >>> trial.coverage > 0.7
    True
    """
    block = pd.Series(np.arange(side * 6 * 4) // 6)
    limit = 6 / np.pi * np.arcsin(rho / 2)
    held, found, alarms = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        one, other, own = (_alike(rng, block) for _ in range(3))
        tied = rank_agreement(pd.Series(rho * one + np.sqrt(1 - rho**2) * other), pd.Series(one), block)
        held.append(tied.lower <= limit <= tied.upper)
        found.append(tied.lower > 0)
        alarms.append(rank_agreement(pd.Series(own), pd.Series(one), block).excludes(0.0))
    return Trial(seeds, float(np.mean(found)), float(np.mean(held)), float(np.mean(alarms)))


def _alike(rng: np.random.Generator, block: pd.Series, share: float = 0.3) -> Floats:
    """Standard normal, of which ``share`` of the variance is common to a block."""
    common = rng.standard_normal(block.nunique())[block.to_numpy()]
    mixed: Floats = np.sqrt(share) * common + np.sqrt(1 - share) * rng.standard_normal(len(block))
    return mixed


def reporting_bias_trial(seeds: int, power: float = 0.6, tracts: int = 300) -> Trial:
    """Requests that rise with income to a planted power, need seen only through two noisy counts.

    >>> trial = reporting_bias_trial(5)
    >>> trial.found > 0.5
    True
    """
    block = pd.Series(np.arange(tracts) // 6)
    held, found, alarms = [], [], []
    for seed in range(seeds):
        for planted in (power, 0.0):
            asked, need, income = _asked(np.random.default_rng(seed), block, planted)
            bias = reporting_bias(asked, need, income, block).bias
            if planted:
                held.append(bias.lower <= 2**planted <= bias.upper)
                found.append(bias.lower > 1)
            else:
                alarms.append(bias.excludes(1.0))
    return Trial(seeds, float(np.mean(found)), float(np.mean(held)), float(np.mean(alarms)))


def _asked(rng: np.random.Generator, block: pd.Series, power: float) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    size = len(block)
    wealth = _alike(rng, block)
    income = np.exp(11.0 + 0.4 * wealth)
    truth = np.exp(2.2 - 0.3 * wealth + 0.8 * _alike(rng, block))
    need = pd.DataFrame({year: clumped(truth, 3.0, rng) for year in (2016, 2017)})
    wave = np.exp(0.4 * _alike(rng, block) - 0.08)
    asked = rng.poisson(1.2 * (truth + 0.5) ** 0.75 * (income / np.exp(11.0)) ** power * wave)
    return pd.Series(asked), need, pd.Series(income, index=range(size))


def hot_spots_trial(seeds: int, side: int = 12, permutations: int = 4_999) -> Trial:
    """Skewed root rates over a chessboard with one island: alarms without a hot block, share of it found with one.

    With fewer permutations to a tract no single tract could be called, and the trial would flatter.

    >>> trial = hot_spots_trial(3)
    >>> round(trial.found, 2), trial.false_alarms
    (0.27, 0.0)
    """
    board = _with_island(lattice(side, side))
    block = np.zeros((side, side), dtype=bool)
    block[4:8, 4:8] = True
    inside = np.append(block.ravel(), False)
    found, alarms = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        mean = rng.gamma(1.0, 4.0, len(inside))
        quiet = hot_spots(np.sqrt(clumped(mean, 3.0, rng)), board, permutations=permutations, seed=seed).table
        alarms.append(quiet["label"].isin(["hot", "cold"]).any())
        loud = hot_spots(np.sqrt(clumped(mean + 12.0 * inside, 3.0, rng)), board, permutations=permutations, seed=seed)
        found.append((loud.table["label"].to_numpy()[inside] == "hot").mean())
    return Trial(seeds, found=float(np.mean(found)), false_alarms=float(np.mean(alarms)))


def _with_island(weights: SpatialWeights) -> SpatialWeights:
    size = len(weights.ids)
    grown = weights.matrix.copy()
    grown.resize((size + 1, size + 1))
    return SpatialWeights((*weights.ids, "island"), grown)
