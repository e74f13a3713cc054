"""An index of neighbourhood change: six measures, one score, and how far it can be trusted.

After the Los Angeles Index of Neighborhood Change of the City's Innovation Team
(2016). The weights of the original were never published; here all six count the
same, and :mod:`analysis.methods.multiverse` shows what other choices would say.
The score has no unit and says only which tracts changed more than others, in the
direction that the six signs define. It is not a verdict, and it does not say what a change was due to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.change_measures import ChangeMeasures
from analysis.methods.empirical_bayes import joint_posterior
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# Equal scores must stay equal whatever the order of the additions on a processor.
DECIMALS = 9
NORMALISATIONS = ("percentile", "z", "robust_z", "min_max")


@dataclass(frozen=True, eq=False)
class Scale:
    """Brings one measure's changes to a common scale, fixed by the changes it was made from.

    ``percentile``: share of places below, 0 to 100; ``z``: standard deviations from
    the mean; ``robust_z``: from the median, in 1.4826 median absolute deviations;
    ``min_max``: 0 at the smallest and 100 at the largest change.
    """

    how: str
    ordered: Floats
    centre: float
    width: float

    def __call__(self, values: npt.ArrayLike) -> Floats:
        """The values on the scale; missing stays missing."""
        x = np.asarray(values, dtype=float)
        if self.how != "percentile":
            return np.asarray((x - self.centre) / self.width, dtype=float)
        low, high = (np.searchsorted(self.ordered, x, side=side) for side in ("left", "right"))
        return np.where(np.isnan(x), np.nan, 100 * (low + high) / 2 / len(self.ordered))


def fit_scale(values: npt.ArrayLike, how: str) -> Scale:
    """Make a scale from the changes of all places; missing ones are left out.

    Raises AnalysisError for an unknown normalisation, or changes that are all equal.

    >>> fit_scale([1.0, 2.0, 3.0, 4.0], "percentile")([1.0, 2.5, 9.0]).tolist()
    [12.5, 50.0, 100.0]
    """
    if how not in NORMALISATIONS:
        raise AnalysisError(f"index: normalisation {how!r} is not one of {', '.join(NORMALISATIONS)}")
    x = np.asarray(values, dtype=float)
    x = np.sort(x[np.isfinite(x)])
    if x.size < 3 or x[0] == x[-1]:
        raise AnalysisError("index: a measure has the same change everywhere, so it cannot tell places apart")
    if how == "min_max":
        return Scale(how, x, float(x[0]), float(x[-1] - x[0]) / 100)
    if how == "robust_z":
        middle = float(np.median(x))
        width = 1.4826 * float(np.median(np.abs(x - middle)))
        return Scale(how, x, middle, width if width > 0 else float(x.std()))
    return Scale(how, x, float(x.mean()), float(x.std()))


def equal_weights(keys: pd.Index | list[str]) -> dict[str, float]:
    """The same weight for each measure, adding up to one.

    >>> equal_weights(["a", "b"])
    {'a': 0.5, 'b': 0.5}
    """
    return {str(key): 1 / len(keys) for key in keys}


def scores(oriented: pd.DataFrame, normalisation: str, weights: Mapping[str, float]) -> pd.Series:
    """Weighted mean of the normalised measures by place; missing where a measure with weight is.

    Unit: percentile points, standard deviations or 0 to 100, by the normalisation.
    Raises AnalysisError for weights that are negative, all zero, or of unknown measures.

    >>> changes = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 5.0, 9.0]})
    >>> scores(changes, "min_max", {"a": 1, "b": 1}).tolist()
    [0.0, 50.0, 100.0]
    """
    share = _shares(oriented, weights)
    parts = pd.DataFrame({key: fit_scale(oriented[key], normalisation)(oriented[key]) for key in share})
    total = parts.to_numpy() @ np.array(list(share.values()))
    return pd.Series(total.round(DECIMALS), index=oriented.index, name="score")


@dataclass(frozen=True, eq=False)
class ChangeIndex:
    """Score of every tract.

    ``table`` (index: geoid) has score (NaN where not scored), rank (1: most
    change), score_percentile (0 to 100 among scored tracts), top (whether in the top
    ``top_share``), ``part_<measure>`` (the normalised measures), status and reason as
    in the measures. ``top_share`` is a share (0 to 1) of the scored tracts.
    """

    table: pd.DataFrame
    normalisation: str
    weights: Mapping[str, float]
    top_share: float
    cutoff: float

    @property
    def top(self) -> tuple[str, ...]:
        """Tracts in the top share, in order of their code."""
        return tuple(str(code) for code in sorted(self.table.index[self.table["top"]]))


def change_index(
    measures: ChangeMeasures,
    *,
    normalisation: str = "percentile",
    weights: Mapping[str, float] | None = None,
    top_share: float = 0.2,
) -> ChangeIndex:
    """Score tracts by the change in six measures.

    ``weights`` by measure, any positive numbers; equal when left out. A tract with a
    missing measure gets no score, never a middling one. Among ties at the cut-off
    all are in the top. Raises AnalysisError as :func:`fit_scale` and for weights of unknown measures.
    """
    _check_share(top_share)
    oriented = measures.oriented
    chosen = dict(weights) if weights is not None else equal_weights(oriented.columns)
    score = scores(oriented, normalisation, chosen)
    table = pd.DataFrame({"score": score, "rank": score.rank(ascending=False, method="min")})
    table["score_percentile"] = 100 * (score.rank() - 0.5) / score.notna().sum()
    table["top"] = table["rank"] <= top_count(int(score.notna().sum()), top_share)
    cutoff = float(score[table["top"]].min())
    for key in oriented:
        table[f"part_{key}"] = fit_scale(oriented[key], normalisation)(oriented[key])
    table[["status", "reason"]] = measures.table[["status", "reason"]]
    return ChangeIndex(table, normalisation, _shares(oriented, chosen), top_share, cutoff)


@dataclass(frozen=True, eq=False)
class IndexUncertainty:
    """What the sampling error of the surveys leaves possible.

    ``table`` (index: geoid, scored tracts only) has score (as computed from the
    estimates), expected (the score to be expected, pulled in from luck), lower and
    upper (interval around it at ``level``), rank_lower and rank_upper, top_probability
    (0 to 1, of being in the top share) and group: "surely in" and "surely out" where
    that probability is beyond ``sure`` or below 1 - ``sure``, else "cannot be told".
    ``reliability`` gives by measure the share (0 to 1) of the spread that is real.
    """

    table: pd.DataFrame
    level: float
    sure: float
    draws: int
    reliability: pd.Series

    @property
    def counts(self) -> pd.Series:
        """Number of tracts by group."""
        return self.table["group"].value_counts().reindex(["surely in", "cannot be told", "surely out"], fill_value=0)


def index_uncertainty(
    measures: ChangeMeasures,
    index: ChangeIndex,
    *,
    draws: int = 1000,
    level: float = 0.90,
    sure: float = 0.90,
    seed: int = 20180101,
) -> IndexUncertainty:
    """Carry the sampling errors of the six changes into score, rank and membership of the top share.

    The truths of the measures are drawn from what their noisy figures leave possible
    (empirical Bayes: figures are pulled in by the share of their variance that is
    noise, correlated measures together), brought to the index's own scale, and
    ranked anew in each draw. Without that pull the noise would count twice.
    Errors of different measures are independent but for the two of income.

    Raises AnalysisError for fewer than 50 draws.
    """
    if draws < 50:
        raise AnalysisError(f"index uncertainty: {draws} draws are too few for an interval; use 200 or more")
    oriented = measures.oriented.dropna()
    errors = measures.errors.reindex(oriented.index)
    rng = np.random.default_rng(seed)
    keys = list(index.weights)
    left = joint_posterior(oriented[keys], errors[keys], measures.error_correlation.loc[keys, keys])
    truths = left.draws(draws, rng)
    total = np.zeros((draws, len(oriented)))
    for place, (key, weight) in enumerate(index.weights.items()):
        total += weight * fit_scale(oriented[key], index.normalisation)(truths[:, :, place])
    ranks = (-total).argsort(axis=1).argsort(axis=1) + 1
    inside = (ranks <= top_count(len(oriented), index.top_share)).mean(axis=0)
    ends = [(1 - level) / 2, (1 + level) / 2]
    table = pd.DataFrame({"score": index.table["score"].reindex(oriented.index)})
    table["expected"] = total.mean(axis=0)
    table["lower"], table["upper"] = np.quantile(total, ends, axis=0)
    table["rank_lower"], table["rank_upper"] = np.quantile(ranks, ends, axis=0, method="nearest")
    table["top_probability"] = inside
    table["group"] = np.select([inside >= sure, inside <= 1 - sure], ["surely in", "surely out"], "cannot be told")
    return IndexUncertainty(table, level, sure, draws, pd.Series(left.reliability, index=keys, name="reliability"))


def top_count(scored: int, top_share: float) -> int:
    """How many of the scored places make the top share, at least one.

    >>> top_count(957, 0.2)
    191
    """
    return max(1, round(top_share * scored))


def _shares(oriented: pd.DataFrame, weights: Mapping[str, float]) -> dict[str, float]:
    unknown = sorted(set(weights) - set(oriented.columns))
    if unknown:
        raise AnalysisError(f"index: weights for {', '.join(unknown)}, which is not a measure")
    total = sum(weights.values())
    if min(weights.values(), default=-1) < 0 or not total > 0:
        raise AnalysisError("index: weights must not be negative and not all zero")
    return {key: value / total for key, value in weights.items() if value > 0}


def _check_share(top_share: float) -> None:
    if not 0 < top_share < 1:
        raise AnalysisError(f"index: the top share {top_share} must lie between 0 and 1, such as 0.2 for a fifth")
