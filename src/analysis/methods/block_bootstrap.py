"""Intervals for figures of places that resemble their neighbors: blocks of land are drawn again, not tracts.

Drawing tracts one by one treats neighbors as independent and gives intervals that are too narrow. Here whole blocks
are drawn with replacement, and a block drawn twice counts twice: every statistic takes one weight a tract. Two rules
judged on the same draws give the interval of their difference. Source: Lahiri 2003, Resampling Methods for Dependent
Data, chapter 2; percentile intervals as in Efron and Tibshirani 1993, chapter 13, expanded for the number of blocks
(Hesterberg 2015, The American Statistician 69:371-386): plain percentiles are those of a normal interval that divides
by the number of blocks and not by one less, and were seen to hold the truth too seldom.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Figures as a function of weights of shape (draws, rows): one a draw; weights of 1 give the figure itself."""

FEWEST_BLOCKS = 8
DRAWS = 500


def block_weights(blocks: npt.ArrayLike, *, draws: int = DRAWS, seed: int = 2018) -> Floats:
    """How often each row is drawn when blocks are drawn with replacement; shape (draws, rows).

    Raises AnalysisError for fewer than eight blocks (an interval from fewer is a guess) or fewer than two draws.

    >>> block_weights(list("aabcdefgh"), draws=2, seed=4)[:, :3].tolist()
    [[3.0, 3.0, 1.0], [0.0, 0.0, 2.0]]
    """
    codes, names = pd.factorize(np.asarray(blocks), sort=True)
    if len(names) < FEWEST_BLOCKS or draws < 2:
        raise AnalysisError(
            f"block bootstrap: {len(names)} blocks and {draws} draws; it needs {FEWEST_BLOCKS} blocks and two draws"
        )
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return np.asarray(times[:, codes], dtype=float)


def ends_of_draws(found: npt.ArrayLike, blocks: int, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Expanded percentile interval of figures over draws (first axis) of ``blocks`` blocks; no draw may be missing.

    Percentiles lie at p (draws + 1), so that few draws make no interval narrower.

    >>> low, high = ends_of_draws(np.arange(1.0, 200.0), 1_000_000)
    >>> round(float(low), 2), round(float(high), 2)
    (5.0, 195.0)
    >>> float(ends_of_draws(np.arange(1.0, 200.0), 20)[0])
    3.17...
    """
    beyond = float(stats.t.ppf((1 + level) / 2, blocks - 1)) * np.sqrt(blocks / (blocks - 1))
    tail = float(stats.norm.sf(beyond))
    low, high = np.quantile(np.asarray(found, dtype=float), [tail, 1 - tail], axis=0, method="weibull")
    return np.asarray(low), np.asarray(high)


def block_bootstrap(
    statistic: Statistic, blocks: npt.ArrayLike, *, draws: int = DRAWS, level: float = 0.95, seed: int = 2018
) -> Estimate:
    """A statistic with its percentile interval over draws of blocks, in the statistic's unit.

    A draw in which the statistic cannot be computed (NaN) is left out; with more than a tenth of such draws the
    result is ``not_applicable``, and with fewer than eight blocks ``no_data``.

    >>> values = np.arange(40.0)
    >>> found = block_bootstrap(lambda w: w @ values / w.sum(axis=1), np.arange(40) // 2)
    >>> found.value, found.lower < 19.5 < found.upper
    (19.5, True)
    """
    rows = np.asarray(blocks)
    if len(np.unique(rows)) < FEWEST_BLOCKS:
        return Estimate.empty("no_data", f"only {len(np.unique(rows))} blocks of land", level=level, n=len(rows))
    value = float(statistic(np.ones((1, len(rows))))[0])
    found = statistic(block_weights(rows, draws=draws, seed=seed))
    known = found[np.isfinite(found)]
    if not np.isfinite(value) or len(known) < 0.9 * draws:
        return Estimate.empty("not_applicable", "it cannot be computed in most draws", level=level, n=len(rows))
    lower, upper = ends_of_draws(known, len(np.unique(rows)), level=level)
    return Estimate(value, float(lower), float(upper), level, len(rows))


def block_difference(
    first: Statistic,
    second: Statistic,
    blocks: npt.ArrayLike,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 2018,
) -> Estimate:
    """First minus second, judged on the same draws of blocks; unit and empty results as :func:`block_bootstrap`.

    >>> low, high = np.zeros(40), np.tile([1.0, 2.0], 20)
    >>> mean = lambda values: lambda w: w @ values / w.sum(axis=1)
    >>> block_difference(mean(high), mean(low), np.arange(40) // 2).excludes(0.0)
    True
    """
    return block_bootstrap(lambda w: first(w) - second(w), blocks, draws=draws, level=level, seed=seed)
