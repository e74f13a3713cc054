"""Is acting on a probability better than acting everywhere or nowhere? Net benefit over the possible costs.

Whoever acts from probability t on accepts (1 - t) / t wasted actions for one that was needed. Net benefit counts
needed actions minus wasted ones at that rate, per place. Source: Vickers and Elkin 2006, Medical Decision Making
26:565-574.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.block_bootstrap import DRAWS, block_weights, ends_of_draws
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def threshold_of_costs(wasted: float, missed: float) -> float:
    """The probability from which acting costs less than not acting, by the cost of a wasted and of a missed action.

    Unit of both costs: the same, any. Raises AnalysisError unless both are positive.

    >>> threshold_of_costs(1.0, 4.0)
    0.2
    """
    if not (wasted > 0 and missed > 0):
        raise AnalysisError("decision curve: the costs of a wasted and of a missed action must be positive")
    return wasted / (wasted + missed)


def misses_per_waste(threshold: float) -> float:
    """How many wasted actions weigh as much as one miss at this threshold (0 to 1).

    >>> misses_per_waste(0.2)
    4.0
    """
    _check(threshold)
    return (1 - threshold) / threshold


def net_benefit(
    happened: npt.ArrayLike,
    chance: npt.ArrayLike,
    threshold: float,
    *,
    size: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Net benefit of acting where the probability is at least ``threshold`` (0 to 1), per unit of ``size``.

    ``size``: what an action in the place counts, such as its renter households; 1 where left out.
    ``weights``: one a place, as from draws of blocks. Raises AnalysisError for a threshold outside 0 to 1.

    >>> net_benefit([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], 0.5), net_benefit([1, 1, 0, 0], [0.9, 0.8, 0.3, 0.1], 0.5)
    (0.0, 0.5)
    """
    _check(threshold)
    truth, guess = np.asarray(happened, dtype=float), np.asarray(chance, dtype=float)
    count = np.ones(len(truth)) if size is None else np.asarray(size, dtype=float)
    count = count if weights is None else count * np.asarray(weights, dtype=float)
    acted = guess >= threshold
    gain = (count * truth * acted).sum() - threshold / (1 - threshold) * (count * (1 - truth) * acted).sum()
    return float(gain / count.sum())


def decision_curve(
    happened: npt.ArrayLike,
    rules: Mapping[str, npt.ArrayLike],
    blocks: npt.ArrayLike,
    *,
    thresholds: npt.ArrayLike,
    size: npt.ArrayLike | None = None,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 2018,
) -> pd.DataFrame:
    """Net benefit of each rule, of acting everywhere and of acting nowhere, over thresholds, with intervals.

    ``rules``: probabilities by name. One row a threshold and strategy: threshold, strategy, benefit, lower, upper (over
    draws of blocks), and ``gain``, ``gain_lower``, ``gain_upper``: benefit beyond the better of everywhere and nowhere.

    Raises AnalysisError for a threshold outside 0 to 1, and as ``block_weights``.
    """
    truth = np.asarray(happened, dtype=float)
    count = np.ones(len(truth)) if size is None else np.asarray(size, dtype=float)
    weights = np.vstack([np.ones(len(truth)), block_weights(blocks, draws=draws, seed=seed)]) * count
    number = len(np.unique(np.asarray(blocks)))
    strategies = {"everywhere": np.ones(len(truth)), **{k: np.asarray(v, dtype=float) for k, v in rules.items()}}
    rows = []
    for threshold in np.asarray(thresholds, dtype=float):
        _check(float(threshold))
        found = {name: _benefits(truth, chance, float(threshold), weights) for name, chance in strategies.items()}
        found["nowhere"] = np.zeros(len(weights))
        better = np.maximum(found["everywhere"], 0.0)
        for name, benefit in found.items():
            ends = (_ends(values, number, level) for values in (benefit, benefit - better))
            rows.append((float(threshold), name, *chain.from_iterable(ends)))
    columns = ["threshold", "strategy", "benefit", "lower", "upper", "gain", "gain_lower", "gain_upper"]
    return pd.DataFrame(rows, columns=columns)


def _benefits(truth: Floats, chance: Floats, threshold: float, weights: Floats) -> Floats:
    acted = chance >= threshold
    worth = np.where(truth == 1, 1.0, -threshold / (1 - threshold)) * acted
    return np.asarray(weights @ worth / weights.sum(axis=1), dtype=float)


def _ends(values: Floats, blocks: int, level: float) -> tuple[float, float, float]:
    """The figure itself, and its interval over the draws that follow it."""
    lower, upper = ends_of_draws(values[1:], blocks, level=level)
    return float(values[0]), float(min(lower, values[0])), float(max(upper, values[0]))


def _check(threshold: float) -> None:
    if not 0 < threshold < 1:
        raise AnalysisError(f"decision curve: the threshold {threshold} must lie between 0 and 1, such as 0.2")
