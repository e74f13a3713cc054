"""Rates of small places from repeated counts: partial pooling, and how well it foretells the next count.

A tract's count of one night is mostly chance. Here two or more counts of each tract enter a mixed model on the scale of
the square root of the rate, where counts of any size are about equally noisy (Bartlett 1936): the repeats show how much
of the spread stays, and each tract is pulled to the overall level by what does not
(:func:`analysis.methods.partial_pooling.partial_pooling`; reference case: the sleep study of Bates et al. 2015).
Squared back, the value is a median: half of the tracts of which as much is known lie above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.block_bootstrap import ends_of_draws
from analysis.methods.empirical_bayes import posterior
from analysis.methods.estimate import Estimate
from analysis.methods.partial_pooling import partial_pooling
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TractRates:
    """Pooled rates by place, in the unit of the rates given.

    ``table``: rate (median of what remains possible), lower, upper (95 percent), spread (upper minus lower over the
    rate: how uncertain, unitless), kept (0 to 1: share of the raw difference that is left), root and root_error (on
    the scale of the square root). ``reliability``: share of the variance of one count that lies between places.
    """

    table: pd.DataFrame
    overall: float
    reliability: float

    def above(self, mark: float) -> pd.Series:
        """Probability (0 to 1), by place, that the rate lies above ``mark``."""
        gap = (self.table["root"] - np.sqrt(mark)) / self.table["root_error"].clip(lower=1e-9)
        return pd.Series(stats.norm.cdf(gap), index=self.table.index)


def pooled_rates(rates: pd.DataFrame, *, level: float = 0.95) -> TractRates:
    """Pull repeated rates of each place towards the overall level.

    ``rates``: one row a place, one column a count; missing cells are left out. Differences between counts
    that all places share are taken out first. Raises AnalysisError for negative rates or fewer than two counts.

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.gamma(2.0, 2.0, 300)
    >>> noisy = pd.DataFrame({year: rng.poisson(truth * 4) / 4 for year in (2016, 2017)})
    >>> found = pooled_rates(noisy)
    >>> 0.5 < found.reliability < 0.9, bool((found.table["kept"] < 1).all())
    (True, True)
    """
    if rates.shape[1] < 2:
        raise AnalysisError(f"pooled rates: {rates.shape[1]} count cannot show what stays; give two or more")
    if (rates < 0).any(axis=None):
        raise AnalysisError("pooled rates: a rate is negative")
    roots = pd.DataFrame(np.sqrt(rates.to_numpy(dtype=float)), rates.index, rates.columns)
    long = roots.melt(ignore_index=False, var_name="count", value_name="root").dropna()
    times = [f"is_{name}" for name in rates.columns[1:]]
    dummies = {
        name: (long["count"] == column).astype(float) for name, column in zip(times, rates.columns[1:], strict=True)
    }
    frame = long.assign(**dummies).reset_index(names="place")
    found = partial_pooling(frame, outcome="root", group="place", covariates=times, level=level)
    groups = found.groups.reindex(rates.dropna(how="all").index.astype(str))
    z = float(stats.norm.ppf((1 + level) / 2))
    root = groups["pooled"].clip(lower=0.0)
    table = pd.DataFrame({"rate": root**2, "lower": groups["lower"].clip(lower=0.0) ** 2,
                          "upper": groups["upper"].clip(lower=0.0) ** 2})  # fmt: skip
    table["spread"] = (table["upper"] - table["lower"]) / table["rate"].where(table["rate"] > 0)
    table["kept"], table["root"] = groups["kept"], groups["pooled"]
    table["root_error"] = (groups["upper"] - groups["lower"]) / (2 * z)
    return TractRates(table, max(found.overall.value, 0.0) ** 2, found.share_between)


def shrunken_once(rates: pd.Series, exposure: pd.Series, dispersion: float) -> TractRates:
    """The same from one count, with noise assumed instead of learned: empirical Bayes on the root scale.

    ``exposure`` in the unit that makes rates times exposure a count; ``dispersion`` is that of the counts
    (variance over mean), so a root has the standard error half the root of dispersion over exposure.
    Source: Morris 1983, by :func:`analysis.methods.empirical_bayes.posterior`.

    >>> one = shrunken_once(pd.Series([0.0, 4.0, 9.0, 16.0]), pd.Series([4.0] * 4), 2.0)
    >>> bool(one.table["rate"].iloc[0] > 0)
    True
    """
    error = 0.5 * np.sqrt(dispersion / exposure.to_numpy(dtype=float))
    found = posterior(np.sqrt(rates.to_numpy(dtype=float)), error)
    low, high = (np.clip(found.mean + sign * 1.96 * found.sd, 0.0, None) for sign in (-1, 1))
    rate = np.clip(found.mean, 0.0, None) ** 2
    table = pd.DataFrame({"rate": rate, "lower": low**2, "upper": high**2}, index=rates.index)
    table["spread"] = (table["upper"] - table["lower"]) / table["rate"].where(table["rate"] > 0)
    table["kept"] = 1 - (found.sd / max(found.spread, 1e-9)) ** 2
    table["root"], table["root_error"] = found.mean, found.sd
    return TractRates(table, max(found.centre, 0.0) ** 2, found.reliability)


def mean_miss(predicted: pd.Series, observed: pd.Series) -> float:
    """Mean absolute difference, in the unit of both, over the places that both know.

    >>> mean_miss(pd.Series({"a": 3.0, "b": 1.0}), pd.Series({"a": 5.0, "b": 1.0, "c": 9.0}))
    1.0
    """
    gap = (predicted - observed).abs().dropna()
    if gap.empty:
        raise AnalysisError("mean miss: the two share no place")
    return float(gap.mean())


def skill(
    predicted: pd.Series, naive: pd.Series, observed: pd.Series, *, draws: int = 499, seed: int = 1936,
    level: float = 0.95,
) -> Estimate:  # fmt: skip
    """By how many percent a forecast misses less than a naive one; below zero it misses more. Bootstrap over places.

    >>> skill(pd.Series([1.0] * 20), pd.Series([2.0] * 20), pd.Series([0.0] * 20)).value
    50.0
    """
    frame = pd.DataFrame({"ours": (predicted - observed).abs(), "naive": (naive - observed).abs()}).dropna()
    if len(frame) < 10 or frame["naive"].sum() <= 0:
        return Estimate.empty("not_applicable", "fewer than ten places can be compared", level=level)
    ours, theirs = frame["ours"].to_numpy(), frame["naive"].to_numpy()
    picks = np.random.default_rng(seed).integers(0, len(frame), (draws, len(frame)))
    sums = theirs[picks].sum(axis=1)
    again = 100 * (1 - ours[picks].sum(axis=1) / np.where(sums > 0, sums, np.nan))
    low, high = ends_of_draws(again[np.isfinite(again)], len(frame), level=level)
    value = float(100 * (1 - ours.sum() / theirs.sum()))
    return Estimate(value, min(float(low), value), max(float(high), value), level, len(frame))
