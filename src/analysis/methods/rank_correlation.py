"""Do the places that are high in one measure tend to be high in another, and how little can so few places show?

Spearman's coefficient with an interval and a permutation test. With fifteen places only strong
ties can be told from none, so the smallest coefficient that would probably be found is given beside it.

Sources: Bonett and Wright 2000, Psychometrika 65:23-28 (error of the coefficient); a permutation of the
ranks is an exact test of no association when places are exchangeable. Neighbouring places are not,
so a small probability is a weaker proof than it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST = 6


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's coefficient, minus 1 to 1, unitless.

    ``coefficient`` with its interval; ``probability`` of one as far from 0 by shuffling; ``left_out``: places that
    lack a measure; ``detectable``: the least true coefficient that such a test finds four times in five.
    """

    coefficient: Estimate
    probability: float
    left_out: int
    detectable: float

    @property
    def word(self) -> str:
        """``together``, ``opposite`` or ``unclear``, by the interval."""
        if self.coefficient.lower > 0:
            return "together"
        return "opposite" if self.coefficient.upper < 0 else "unclear"


def rank_correlation(
    one: npt.ArrayLike, two: npt.ArrayLike, *, level: float = 0.95, permutations: int = 4_999, seed: int = 0
) -> RankCorrelation:
    """Spearman's rank correlation of two measures of the same places, in the same order; NaN where missing.

    Raises AnalysisError for fewer than six complete places, or a measure that is the same everywhere.

    >>> found = rank_correlation(range(15), [3, 1, 2, 4, 6, 5, 8, 7, 10, 9, 11, 14, 12, 15, 13])
    >>> round(found.coefficient.value, 2), found.word, found.detectable > 0.6
    (0.96, 'together', True)
    """
    first, second = np.asarray(one, dtype=float), np.asarray(two, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise AnalysisError(f"rank correlation: one value a place in both, not {first.shape} and {second.shape}")
    known = np.isfinite(first) & np.isfinite(second)
    count = int(known.sum())
    if count < FEWEST:
        raise AnalysisError(f"rank correlation: {count} places have both measures; {FEWEST} are the fewest")
    ranks = [_standard(stats.rankdata(values[known])) for values in (first, second)]
    value = float(np.clip(ranks[0] @ ranks[1], -1, 1))
    rng = np.random.default_rng(seed)
    shuffled = ranks[0] @ rng.permuted(np.tile(ranks[1], (permutations, 1)), axis=1).T
    further = int((np.abs(shuffled) >= abs(value) - 1e-12).sum())
    low, high = interval(value, count, level)
    return RankCorrelation(
        Estimate(value, low, high, level, count), (1 + further) / (permutations + 1),
        int((~known).sum()), detectable(count, level=level),
    )  # fmt: skip


def across_choices(
    ones: Mapping[str, pd.Series], twos: Mapping[str, pd.Series], *, level: float = 0.95, permutations: int = 999
) -> pd.DataFrame:
    """Rank correlation of every version of one measure with every version of another.

    Each mapping gives a name and a series indexed by place; places that lack one are left out of that pair.
    Returns, one row a pair: one, two, value, lower, upper, probability, places.

    >>> places = pd.Series(range(8), index=list("abcdefgh"))
    >>> across_choices({"jobs": places, "shops": -places}, {"rent": places})["value"].round(9).tolist()
    [1.0, -1.0]
    """
    rows = []
    for one, first in ones.items():
        for two, second in twos.items():
            both = pd.concat([first, second], axis=1, join="inner").dropna()
            found = rank_correlation(both.iloc[:, 0], both.iloc[:, 1], level=level, permutations=permutations)
            estimate = found.coefficient
            rows.append((one, two, estimate.value, estimate.lower, estimate.upper, found.probability, len(both)))
    return pd.DataFrame(rows, columns=["one", "two", "value", "lower", "upper", "probability", "places"])


def agreement(table: pd.DataFrame) -> str:
    """What all versions of :func:`across_choices` say together, by their intervals.

    ``together`` or ``opposite`` where every interval lies on that side of 0, ``unclear`` where every one holds 0,
    else ``depends``.

    >>> agreement(pd.DataFrame({"lower": [0.1, -0.2], "upper": [0.9, 0.8]}))
    'depends'
    """
    above, below = table["lower"] > 0, table["upper"] < 0
    if above.all() or below.all():
        return "together" if above.all() else "opposite"
    return "depends" if (above | below).any() else "unclear"


def _standard(ranks: Floats) -> Floats:
    away = ranks - ranks.mean()
    length = float(np.sqrt((away**2).sum()))
    if length == 0:
        raise AnalysisError("rank correlation: a measure is the same everywhere")
    return np.asarray(away / length)


def interval(value: float, count: int, level: float = 0.95) -> tuple[float, float]:
    """Limits of a rank correlation of ``count`` places (Fisher's z, Bonett and Wright's error).

    >>> tuple(round(end, 2) for end in interval(0.5, 15))
    (-0.05, 0.82)
    """
    if abs(value) >= 1:
        # Perfect order in few places: Fisher's z is infinite, so the next possible coefficient is taken.
        value = float(np.sign(value)) * (1 - 6 / (count * (count**2 - 1)))
    centre, error = np.arctanh(value), np.sqrt((1 + value**2 / 2) / (count - 3))
    width = float(stats.norm.ppf((1 + level) / 2)) * error
    return float(np.tanh(centre - width)), float(np.tanh(centre + width))


@cache
def detectable(count: int, *, level: float = 0.95, power: float = 0.8) -> float:
    """Least true coefficient whose test finds it with this ``power`` among ``count`` places (Fisher's z).

    >>> round(detectable(15), 2), round(detectable(500), 2)
    (0.68, 0.13)
    """
    beyond, sure = float(stats.norm.ppf((1 + level) / 2)), float(stats.norm.ppf(power))
    low, high = 0.0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        # The test measures by the error under no tie, the estimate strays by that under this one.
        needed = (beyond + sure * np.sqrt(1 + middle**2 / 2)) / np.sqrt(count - 3)
        enough = np.arctanh(middle) >= needed
        low, high = (low, middle) if enough else (middle, high)
    return high
