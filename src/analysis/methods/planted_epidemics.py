"""Does the epidemic toolbox find what was planted? Small experiments that a whitepaper runs while it is built.

Each returns a share in percent with its Wilson interval, over invented epidemics or places whose truth is known.
They use the intervals that the whitepaper prints: reports as clumped as those of a large city, places with
coordinates whose surplus is shared with their neighbors. The full experiments, with more runs and more designs,
are in the tests.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.methods.health_inequity import Places, example_places, gradient
from analysis.methods.reproduction_number import reproduction_number, sars_cov_2_intervals, simulate_cases
from analysis.methods.shares import share

PLANTED_RATIO = 1.25
# Variance of a place's rate beyond chance, relative to its square: about that of the places of Los Angeles in 2020.
SURPLUS = 0.15
# Clumping of a day's infections. With it the dispersion per case that the estimator finds in an invented epidemic is
# that of the City of Los Angeles from May 2020 to April 2021: 0.012 in the middle window of 14 days.
CLUMPING = 6.0


def reproduction_coverage(runs: int = 60, *, window: int = 14, clumping: float = CLUMPING) -> Estimate:
    """Percent of invented epidemics whose last 95 percent interval of the reproduction number held the planted one.

    The number rises or falls from 1 to 1.3 or 0.9 and stays; reports are clumped (smaller ``clumping``: more so)
    and follow the week.

    >>> found = reproduction_coverage(runs=8)
    >>> found.n, found.value >= 75
    (8, True)
    """
    interval = sars_cov_2_intervals()["nishiura"]
    held = []
    for seed in range(runs):
        planted = 1.3 if seed % 2 else 0.9
        cases = simulate_cases([1.0] * 40 + [planted] * 45, interval, seed=seed, size=clumping)
        last = reproduction_number(cases, interval, window=window).latest
        held.append(last.lower <= planted <= last.upper)
    return share(held)


def planted_places(like: Places, *, seed: int, ratio: float, shared_km: float, surplus: float = SURPLUS) -> Places:
    """The places of ``like`` with invented events: their people, coordinates and disadvantage, a planted gradient.

    The rate grows by ``ratio`` per 10 percentage points from the overall rate of ``like``; beyond chance it varies by
    ``surplus`` (variance over the square of the mean), and neighbors within about ``shared_km`` kilometers share that.

    >>> like = example_places(seed=1, count=40, shared_km=5)
    >>> planted_places(like, seed=2, ratio=1.25, shared_km=5).events.shape
    (40,)
    """
    rng = np.random.default_rng(seed)
    count = len(like.names)
    spots = np.zeros((count, 2)) if like.kilometres is None else np.nan_to_num(like.kilometres)
    apart = np.sqrt(((spots[:, None, :] - spots[None, :, :]) ** 2).sum(axis=2))
    root = np.linalg.cholesky(np.exp(-apart / shared_km) + 1e-9 * np.eye(count))
    extra = stats.gamma.ppf(stats.norm.cdf(root @ rng.normal(size=count)), 1 / surplus, scale=surplus)
    shape = like.people * ratio ** (like.disadvantage / 10) * extra
    return replace(like, events=rng.poisson(shape * like.events.sum() / shape.sum()).astype(float))


def gradient_coverage(runs: int = 100, *, like: Places | None = None, shared_km: float = 5.0) -> Estimate:
    """Percent of invented epidemics whose interval of the rate ratio per ten points held the planted 1.25.

    Each is planted into the places of ``like`` (without it, into an invented county); neighbors within about
    ``shared_km`` kilometers share their surplus, and the interval is the spatial one.

    >>> gradient_coverage(runs=10).value >= 70
    True
    """
    found = _ratios(runs, 0, PLANTED_RATIO, like, shared_km)
    return share([ratio.lower <= PLANTED_RATIO <= ratio.upper for ratio in found])


def gradient_false_alarms(runs: int = 100, *, like: Places | None = None, shared_km: float = 5.0) -> Estimate:
    """Percent of invented epidemics without any gradient in which one was found at the 95 percent level.

    Places and surplus as in ``gradient_coverage``.

    >>> gradient_false_alarms(runs=10).value <= 30
    True
    """
    found = _ratios(runs, 10_000, 1.0, like, shared_km)
    return share([not ratio.lower <= 1 <= ratio.upper for ratio in found])


def _ratios(runs: int, first_seed: int, ratio: float, like: Places | None, shared_km: float) -> list[Estimate]:
    found = []
    for seed in range(first_seed, first_seed + runs):
        if like is None:
            one = example_places(seed=seed, count=140, ratio=ratio, shared_km=shared_km)
        else:
            one = planted_places(like, seed=seed, ratio=ratio, shared_km=shared_km)
        found.append(gradient(one).ratio)
    return found
