"""Invented counts of people outdoors, requests and distances with a known truth, for the trials of the methods.

Nothing here is data. What the methods make of it is in :mod:`analysis.proofs.counts`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.spatial_autocorrelation import SpatialWeights
from analysis.methods.street_count import COVERAGE, DWELLINGS, dispersion

Floats = npt.NDArray[np.float64]

SHARES = np.array([0.40, 0.10, 0.10, 0.18, 0.10, 0.12])
"""Of people outdoors: seen alone or as families, then by kind of dwelling."""
CLUMP = 5.0
AVERAGES_ERROR = 0.07


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


def lasting_counts(rng: np.random.Generator, tracts: int) -> tuple[Floats, Floats]:
    """Two counts of tracts whose expected numbers differ and stay."""
    mean = rng.gamma(1.0, 25.0, tracts)
    return clumped(mean, 3.0, rng), clumped(mean, 3.0, rng)


def alike(rng: np.random.Generator, block: pd.Series, share: float = 0.3) -> Floats:
    """Standard normal, of which ``share`` of the variance is common to a block."""
    common = rng.standard_normal(block.nunique())[block.to_numpy()]
    mixed: Floats = np.sqrt(share) * common + np.sqrt(1 - share) * rng.standard_normal(len(block))
    return mixed


def asked(rng: np.random.Generator, block: pd.Series, power: float) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Requests that rise with income to a ``power``, two noisy counts of the need, and incomes."""
    size = len(block)
    wealth = alike(rng, block)
    income = np.exp(11.0 + 0.4 * wealth)
    truth = np.exp(2.2 - 0.3 * wealth + 0.8 * alike(rng, block))
    need = pd.DataFrame({year: clumped(truth, 3.0, rng) for year in (2016, 2017)})
    wave = np.exp(0.4 * alike(rng, block) - 0.08)
    made = rng.poisson(1.2 * (truth + 0.5) ** 0.75 * (income / np.exp(11.0)) ** power * wave)
    return pd.Series(made), need, pd.Series(income, index=range(size))


def with_island(weights: SpatialWeights) -> SpatialWeights:
    """The same neighbours and one place more that has none."""
    size = len(weights.ids)
    grown = weights.matrix.copy()
    grown.resize((size + 1, size + 1))
    return SpatialWeights((*weights.ids, "island"), grown)
