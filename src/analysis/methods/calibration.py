"""Do probabilities mean what they say? Brier score and its parts, the curve, and the chance to sort a pair rightly.

A probability is calibrated when it happens in 20 of 100 places that were given 20 percent. Intervals come from draws of
blocks of land, since neighbors fail together. Slope, intercept and the test of Hosmer and Lemeshow are in
:mod:`analysis.methods.predictive_fairness`. Sources: Brier 1950, Monthly Weather Review 78:1-3; Murphy 1973, Journal
of Applied Meteorology 12:595-600; Stephenson, Coelho and Jolliffe 2008, Weather and Forecasting 23:752-757.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.block_bootstrap import DRAWS, block_weights, ends_of_draws
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def brier(happened: npt.ArrayLike, chance: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean squared distance of probabilities (0 to 1) from what happened (0 or 1); 0 is perfect.

    ``weights``: one a place, as from draws of blocks. Whoever says the base rate p everywhere scores p (1 - p).

    Raises AnalysisError for outcomes other than 0 and 1, probabilities outside 0 to 1, or unequal lengths.

    >>> brier([1, 0], [0.75, 0.5])
    0.15625
    """
    truth, guess, weight = _checked(happened, chance, weights)
    return float(np.average((truth - guess) ** 2, weights=weight))


def area_under_curve(happened: npt.ArrayLike, chance: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Chance that, of one place where it happened and one where not, the first has the higher probability (0 to 1).

    Ties count half; 0.5 is sorting by lot. Also called AUC or c-statistic. NaN when it happened everywhere or nowhere.
    Source: Hanley and McNeil 1982, Radiology 143:29-36. Raises AnalysisError as :func:`brier`.

    >>> area_under_curve([1, 0, 1, 0], [0.9, 0.1, 0.5, 0.5])
    0.875
    """
    truth, guess, weight = _checked(happened, chance, weights)
    _, place = np.unique(guess, return_inverse=True)
    yes = np.bincount(place, weights=weight * truth)
    no = np.bincount(place, weights=weight * (1 - truth))
    pairs = yes.sum() * no.sum()
    if pairs == 0:
        return float("nan")
    return float((yes * (np.cumsum(no) - no / 2)).sum() / pairs)


def briers(happened: npt.ArrayLike, chance: npt.ArrayLike, weights: Floats) -> Floats:
    """Brier score of each draw; ``weights`` of shape (draws, places). For ``block_bootstrap``.

    >>> briers([1, 0], [0.75, 0.5], np.array([[1.0, 1.0], [2.0, 0.0]])).tolist()
    [0.15625, 0.0625]
    """
    truth, guess, _ = _checked(happened, chance, None)
    return np.asarray(weights @ (truth - guess) ** 2 / weights.sum(axis=1), dtype=float)


def areas_under_curve(happened: npt.ArrayLike, chance: npt.ArrayLike, weights: Floats) -> Floats:
    """AUC of each draw; ``weights`` of shape (draws, places). For ``block_bootstrap``.

    >>> areas_under_curve([1, 0, 1, 0], [0.9, 0.1, 0.5, 0.5], np.array([[1.0, 1, 1, 1], [1, 1, 0, 1]])).tolist()
    [0.875, 1.0]
    """
    truth, guess, _ = _checked(happened, chance, None)
    _, place = np.unique(guess, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    yes = np.add.reduceat((weights * truth)[:, order], starts, axis=1)
    no = np.add.reduceat((weights * (1 - truth))[:, order], starts, axis=1)
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    won = (yes * (np.cumsum(no, axis=1) - no / 2)).sum(axis=1)
    return np.asarray(np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0), dtype=float)


@dataclass(frozen=True)
class BrierParts:
    """The Brier score taken apart: score = reliability - resolution + uncertainty + within, exactly.

    ``reliability``: how far probabilities are from what happened at that probability (0 is calibrated).
    ``resolution``: how far groups of equal probability differ from the whole (more is better). ``uncertainty``: the
    score of saying the base rate. ``within``: what grouping into bins hides.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def skill(self) -> float:
        """One minus score over uncertainty; 0 is no better than the base rate, below 0 is worse."""
        return 1 - self.score / self.uncertainty


def brier_parts(happened: npt.ArrayLike, chance: npt.ArrayLike, *, bins: int = 10) -> BrierParts:
    """Take the Brier score apart over ``bins`` bins with equally many places.

    Raises AnalysisError as :func:`brier`, or when it happened everywhere or nowhere.

    >>> parts = brier_parts([1, 0, 0, 0, 1, 1, 1, 0], [0.25] * 4 + [0.75] * 4, bins=2)
    >>> parts.score, parts.reliability, parts.resolution, parts.uncertainty
    (0.1875, 0.0, 0.0625, 0.25)
    """
    truth, guess, _ = _checked(happened, chance, None)
    base = truth.mean()
    if base in (0.0, 1.0):
        raise AnalysisError("Brier parts: it has to have happened in some places and not in others")
    place = equal_bins(guess, bins)
    size = np.bincount(place)
    seen, said = (np.bincount(place, weights=values) / size for values in (truth, guess))
    share = size / len(truth)
    reliability = float((share * (said - seen) ** 2).sum())
    resolution = float((share * (seen - base) ** 2).sum())
    score = float(((truth - guess) ** 2).mean())
    uncertainty = float(base * (1 - base))
    return BrierParts(score, reliability, resolution, uncertainty, score - reliability + resolution - uncertainty)


def equal_bins(chance: npt.ArrayLike, bins: int) -> npt.NDArray[np.int64]:
    """Bin of each place, 0 on, with about equally many places in each; equal probabilities stay together.

    >>> equal_bins([0.1, 0.4, 0.2, 0.9], 2).tolist()
    [0, 1, 0, 1]
    """
    guess = np.asarray(chance, dtype=float)
    edges = np.unique(np.quantile(guess, np.linspace(0, 1, bins + 1)))
    found = np.clip(np.searchsorted(edges, guess, side="right") - 1, 0, max(len(edges) - 2, 0))
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def calibration_curve(
    happened: npt.ArrayLike,
    chance: npt.ArrayLike,
    blocks: npt.ArrayLike,
    *,
    bins: int = 8,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 2018,
) -> pd.DataFrame:
    """What was said and what happened, in bins of equally many places; one row a bin, from the lowest.

    Columns: bin, places, expected and observed (0 to 1), lower and upper (interval of observed over draws of blocks).
    Raises AnalysisError as :func:`brier` and as ``block_weights``.
    """
    truth, guess, _ = _checked(happened, chance, None)
    place = equal_bins(guess, bins)
    weights, count = block_weights(blocks, draws=draws, seed=seed), len(np.unique(np.asarray(blocks)))
    rows = []
    for number in range(int(place.max()) + 1):
        inside = place == number
        drawn = weights[:, inside].sum(axis=1)
        found = (weights[:, inside] @ truth[inside])[drawn > 0] / drawn[drawn > 0]
        lower, upper = map(float, ends_of_draws(found, count, level=level))
        seen, said = truth[inside].mean(), guess[inside].mean()
        rows.append((number + 1, int(inside.sum()), said, seen, min(lower, seen), max(upper, seen)))
    return pd.DataFrame(rows, columns=["bin", "places", "expected", "observed", "lower", "upper"])


def _checked(
    happened: npt.ArrayLike, chance: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    truth, guess = np.asarray(happened, dtype=float), np.asarray(chance, dtype=float)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=float)
    if not len(truth) == len(guess) == len(weight) or len(truth) == 0:
        raise AnalysisError("calibration: what happened, probabilities and weights need one value each a place")
    if not np.isin(truth, (0.0, 1.0)).all() or not ((guess >= 0) & (guess <= 1)).all():
        raise AnalysisError("calibration: outcomes are 0 or 1 and probabilities between 0 and 1, none missing")
    return truth, guess, weight
