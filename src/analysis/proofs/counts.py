"""Trials of what the report on homelessness prints: counts and their change, concentration, rates, requests, distances.

Truths come from the arithmetic of the invented world, or from a city so large that chance has left it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.concentration import concentration, persistent_share, relative_share, top_share
from analysis.methods.inequality import gini
from analysis.methods.planted_counts import (
    AVERAGES_ERROR,
    alike,
    asked,
    clumped,
    lasting_counts,
    two_counts,
    with_island,
)
from analysis.methods.proxy_validity import rank_agreement, reporting_bias
from analysis.methods.service_distance import rate_ratio_of_groups, share_beyond
from analysis.methods.spatial_autocorrelation import SpatialWeights, hot_spots, lattice
from analysis.methods.street_count import CountError, change
from analysis.methods.tract_rates import pooled_rates, skill
from analysis.proofs.world import Trial, World

Floats = npt.NDArray[np.float64]

GROWTH = 1.3
TRACTS = 120
ENDLESS = 200_000
RHO, POWER, TIMES = 0.5, 0.6, 1.5
DRAWS = 199


def rise(seed: int) -> World:
    """Change between two counts with all three errors, with a rise and without."""
    grown, steady = (change(one, two, CountError(AVERAGES_ERROR, noise))
                     for one, two, noise in (two_counts(seed, GROWTH), two_counts(seed + 500_000, 1.0)))  # fmt: skip
    return World.of(grown.value, grown.lower <= _rise() <= grown.upper, grown.lower > 0, steady.excludes(0.0))


def _rise() -> float:
    return 100 * (GROWTH - 1)


def beyond_chance(seed: int) -> World:
    """Gini coefficient where rates differ, and people dealt at random, which must not seem concentrated."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(2000, 6000, TRACTS)
    even = 2.0 * rng.multinomial(TRACTS * 8, people / people.sum())
    quiet = concentration(even, people, clump=2.0, draws=39, seed=seed)
    lasting = concentration(lasting_counts(rng, TRACTS)[0], np.ones(TRACTS), clump=2.0, draws=DRAWS, seed=seed)
    found = lasting.gini
    return World.of(found.value, found.lower <= _gini() <= found.upper, lasting.beyond_chance, quiet.beyond_chance)


@cache
def _gini() -> float:
    return float(gini(lasting_counts(np.random.default_rng(77), ENDLESS)[0]))


def next_year(seed: int) -> World:
    """Share of the later count in the tracts that led the earlier one; and lists by lot, which hold only their size."""
    rng = np.random.default_rng(seed)
    one, two = lasting_counts(rng, TRACTS)
    found, luck = (
        persistent_share(by, two, np.ones(TRACTS), draws=DRAWS, seed=seed) for by in (one, rng.permutation(one))
    )
    return World.of(found.value, found.lower <= _share() <= found.upper, found.lower > 10, luck.lower > 10)


@cache
def _share() -> float:
    one, two = lasting_counts(np.random.default_rng(77), ENDLESS)
    return top_share(two, np.ones(ENDLESS), 0.1, by=one)


def _lists(rng: np.random.Generator, tracts: int) -> tuple[Floats, Floats, Floats]:
    """Requests, last year's count and this year's."""
    mean = rng.gamma(1.0, 25.0, tracts)
    return (
        clumped(mean * np.exp(rng.normal(0, 0.5, tracts)), 3.0, rng),
        clumped(mean, 3.0, rng),
        clumped(mean, 3.0, rng),
    )


def met(seed: int) -> World:
    """People met by a list from requests against one from last year's count; surely above its own truth is an alarm."""
    requests, last, now = _lists(np.random.default_rng(seed), 400)
    found = relative_share(requests, last, now, np.ones(400), draws=DRAWS, seed=seed)
    return World.of(found.value, found.lower <= _met() <= found.upper, alarm=found.lower > _met())


@cache
def _met() -> float:
    requests, last, now = _lists(np.random.default_rng(77), ENDLESS)
    ones = np.ones(ENDLESS)
    return 100 * top_share(now, ones, 0.1, by=requests) / top_share(now, ones, 0.1, by=last)


def rates(seed: int) -> World:
    """Intervals of pooled rates; of tracts truly above twice the mean, those named, and of those named, others."""
    rng = np.random.default_rng(seed)
    truth, residents = rng.gamma(1.2, 4.0, 150), rng.uniform(2.5, 5.5, 150)
    counts = {year: clumped(truth * residents, 4.0, rng) / residents for year in (2016, 2017)}
    found = pooled_rates(pd.DataFrame(counts))
    mark = 2 * truth.mean()
    named, above = (found.above(mark) >= 0.9).to_numpy(), truth > mark
    return World.of(
        held=((found.table["lower"] <= truth) & (truth <= found.table["upper"])).mean(),
        found=named[above].mean() if above.any() else None,
        alarm=1 - above[named].mean() if named.any() else 0.0,
    )


def agreement(seed: int) -> World:
    """Rank correlation of two measures whose neighbours are alike, with a tie and without."""
    rng, block = np.random.default_rng(seed), pd.Series(np.arange(288) // 6)
    one, other, own = (alike(rng, block) for _ in range(3))
    tied = rank_agreement(pd.Series(RHO * one + np.sqrt(1 - RHO**2) * other), pd.Series(one), block)
    free = rank_agreement(pd.Series(own), pd.Series(one), block)
    return World.of(tied.value, tied.lower <= _rank() <= tied.upper, tied.lower > 0, free.excludes(0.0))


def _rank() -> float:
    return float(6 / np.pi * np.arcsin(RHO / 2))


def requests(seed: int) -> World:
    """Requests that rise with income at equal need, or do not; need is seen only through two noisy counts."""
    block = pd.Series(np.arange(300) // 6)
    found, quiet = (
        reporting_bias(*asked(np.random.default_rng(seed), block, power), block).bias for power in (POWER, 0.0)
    )
    return World.of(found.value, found.lower <= _times() <= found.upper, found.lower > 1, quiet.excludes(1.0))


def _times() -> float:
    return float(2**POWER)


def spots(seed: int) -> World:
    """Skewed root rates over a chessboard with an island: a hot block, and none.

    With fewer permutations to a tract no single tract could be called, and the trial would flatter.
    """
    board, block = _board()
    rng = np.random.default_rng(seed)
    mean = rng.gamma(1.0, 4.0, len(block))
    quiet, loud = (
        hot_spots(np.sqrt(clumped(level, 3.0, rng)), board, permutations=4_999, seed=seed).table["label"]
        for level in (mean, mean + 12.0 * block)
    )
    return World.of(found=(loud.to_numpy()[block] == "hot").mean(), alarm=quiet.isin(["hot", "cold"]).any())


@cache
def _board() -> tuple[SpatialWeights, npt.NDArray[np.bool_]]:
    block = np.zeros((12, 12), dtype=bool)
    block[4:8, 4:8] = True
    return with_island(lattice(12, 12)), np.append(block.ravel(), False)


def forecast(seed: int) -> World:
    """By how much a forecast misses less than a worse one, and than one as good."""
    rng = np.random.default_rng(seed)
    truth = pd.Series(rng.normal(0, 1, 150))
    guesses = [truth + rng.normal(0, size, 150) for size in (0.8, 1.0, 0.8)]
    better, same = (skill(guesses[0], other, truth, draws=DRAWS, seed=seed) for other in guesses[1:])
    return World.of(better.value, better.lower <= _skill() <= better.upper, better.lower > 0, same.excludes(0.0))


def _skill() -> float:
    return 20.0


def far(seed: int) -> World:
    """Share of people further than a limit from a service, where distances are alike within blocks."""
    rng, block = np.random.default_rng(seed), pd.Series(np.arange(300) // 6)
    distance = pd.Series(alike(rng, block, share=0.6))
    found = share_beyond(
        distance, pd.Series(clumped(rng.gamma(1.0, 10.0, 300), 3.0, rng)), 0.5244, block, draws=DRAWS, seed=seed
    )
    return World.of(found.value, found.lower <= _far() <= found.upper)


def _far() -> float:
    return 30.0


def groups(seed: int) -> World:
    """Rate of a fifth of tracts against that of the others, one and a half times as high, and alike."""
    rng, block = np.random.default_rng(seed), pd.Series(np.arange(400) // 5)
    group, residents = pd.Series(rng.random(400) < 0.2), pd.Series(rng.uniform(2.5, 5.5, 400))
    usual = np.exp(alike(rng, block, share=0.5)) * residents.to_numpy()
    raised, even = (
        rate_ratio_of_groups(pd.Series(clumped(np.asarray(usual * np.where(group, times, 1.0), dtype=np.float64), 4.0,
                                               rng)),
                             residents, group, block, draws=DRAWS, seed=seed)
        for times in (TIMES, 1.0)
    )  # fmt: skip
    return World.of(raised.value, raised.lower <= TIMES <= raised.upper, raised.lower > 1, even.excludes(1.0))


def _ratio() -> float:
    return TIMES


TRIALS: tuple[Trial, ...] = (
    Trial(
        "counts_rise",
        "Change between two counts, percent",
        "150 tracts counted with all three errors; no change",
        rise,
        _rise,
    ),
    Trial(
        "counts_concentration",
        "Concentration (Gini) beyond chance",
        "120 tracts; people dealt at random",
        beyond_chance,
        _gini,
        reference="Gini coefficient of the R package ineq, to 1e-12",
    ),
    Trial(
        "counts_next_year",
        "Share that a list from last year holds, percent",
        "120 tracts whose rates last; a list by lot",
        next_year,
        _share,
        allowed=2.5,
    ),
    Trial(
        "counts_met",
        "Requests against last year's count, percent",
        "400 tracts; a mark at the truth",
        met,
        _met,
        allowed=2.5,
    ),
    Trial(
        "counts_rates",
        "Pooled rates, and tracts named",
        "150 tracts counted twice; tracts below the mark",
        rates,
        allowed=10.0,
        reference="sleep study of the R package lme4: the mixed model, to 1e-3",
    ),
    Trial("counts_agreement", "Rank correlation", "288 tracts in blocks of alike neighbors; no tie", agreement, _rank),
    Trial(
        "counts_requests",
        "Requests by income, times for a doubling",
        "300 tracts, need counted twice; incomes play no part",
        requests,
        _times,
    ),
    Trial(
        "counts_spots",
        "Hot spots",
        "144 tracts and an island; no block of high rates",
        spots,
        reference="Columbus, R package spdep: 49 statistics to 1e-8",
    ),
    Trial("counts_skill", "Forecast against a simple guess, percent", "150 tracts; a guess as good", forecast, _skill),
    Trial("counts_far", "Share further than a mile, percent", "300 tracts in blocks at like distances", far, _far),
    Trial(
        "counts_groups",
        "Rate of a group against others, times",
        "400 tracts in blocks of alike rates; no difference",
        groups,
        _ratio,
    ),
)
"""The trials of the report, in the order of its table."""
