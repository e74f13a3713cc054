"""Noisy figures of many places: how much of their spread is real, and what each place's truth may be.

The largest and smallest of many noisy figures are largest and smallest partly by
luck. The remedy is old (James and Stein 1961; Morris 1983): estimate how far the
truths spread, and pull each figure towards the middle by the share of its
variance that is noise. Draws from what then remains possible are the honest
basis for "is this place among the top fifth?".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posterior:
    """What remains possible for each place, in the unit of the figures.

    ``mean`` and ``sd`` by place; ``centre`` and ``spread`` are mean and standard
    deviation of the truths; ``reliability`` is the share (0 to 1) of the figures'
    variance that is real, averaged over places. Places without a figure are NaN.
    """

    mean: Floats
    sd: Floats
    centre: float
    spread: float
    reliability: float

    def draws(self, number: int, rng: np.random.Generator) -> Floats:
        """Possible truths; shape (number, places)."""
        return self.mean + self.sd * rng.standard_normal((number, len(self.mean)))


def posterior(values: npt.ArrayLike, errors: npt.ArrayLike) -> Posterior:
    """Shrink figures with known standard errors towards their common centre.

    ``errors`` are standard errors in the unit of the values; a missing one counts
    as zero (nothing is known against the figure). The spread of the truths is the one
    for which the standardised squares add up to their expectation (Paule and Mandel 1982).

    Raises AnalysisError for fewer than three figures or a negative error.

    >>> found = posterior([0.0, 2.0, 4.0, 6.0, 8.0], [1.0] * 5)
    >>> found.mean.round(2).tolist(), round(found.reliability, 2)
    ([0.4, 2.2, 4.0, 5.8, 7.6], 0.9)
    """
    x, error = np.asarray(values, dtype=float), np.nan_to_num(np.asarray(errors, dtype=float), nan=0.0)
    if (error < 0).any():
        raise AnalysisError("empirical Bayes: a standard error is negative")
    known = np.isfinite(x)
    if known.sum() < 3:
        raise AnalysisError(f"empirical Bayes: {int(known.sum())} figures are too few to learn how far truths spread")
    variance = _between(x[known], error[known] ** 2)
    weight = _weights(variance, error[known] ** 2)
    centre = float((weight * x[known]).sum() / weight.sum())
    with np.errstate(invalid="ignore"):
        total = variance + error**2
        keep = np.divide(variance, total, out=np.ones_like(total), where=total > 0)
    mean = np.where(known, centre + keep * (x - centre), np.nan)
    sd = np.where(known, np.sqrt(keep) * error, np.nan)
    return Posterior(mean, sd, centre, float(np.sqrt(variance)), float(keep[known].mean()))


@dataclass(frozen=True, eq=False)
class JointPosterior:
    """What remains possible for several related figures of each place.

    ``mean`` has shape (places, figures); ``root`` (places, figures, figures) times its
    transpose is the covariance; ``covariance`` is that of the truths across places;
    ``reliability`` gives by figure the share (0 to 1) of its variance that is real.
    """

    mean: Floats
    root: Floats
    covariance: Floats
    reliability: Floats

    def draws(self, number: int, rng: np.random.Generator) -> Floats:
        """Possible truths; shape (number, places, figures)."""
        noise = rng.standard_normal((number, *self.mean.shape))
        return np.asarray(self.mean + np.einsum("pij,npj->npi", self.root, noise))


def joint_posterior(
    values: npt.ArrayLike, errors: npt.ArrayLike, error_correlation: npt.ArrayLike | None = None
) -> JointPosterior:
    """Shrink several figures of each place together, so that each lends strength to the others.

    Shape of both: (places, figures), without gaps in the values. Truths may be
    correlated; so may errors, by ``error_correlation`` (figures, figures), the same
    everywhere; independent when left out. Shrinking correlated figures one by one and
    adding them up afterwards would pull their sum in too far.

    Raises AnalysisError as :func:`posterior`, and for missing values. Source: Efron and Morris 1972.

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.standard_normal((2000, 1)) * [1.0, 1.0]
    >>> found = joint_posterior(truth + rng.standard_normal((2000, 2)), np.ones((2000, 2)))
    >>> found.covariance.round(1).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    x, error = np.asarray(values, dtype=float), np.nan_to_num(np.asarray(errors, dtype=float), nan=0.0)
    if not np.isfinite(x).all():
        raise AnalysisError("empirical Bayes: a figure is missing; leave the place out and say so")
    single = [posterior(x[:, j], error[:, j]) for j in range(x.shape[1])]
    spread = np.array([part.spread for part in single])
    together = np.eye(len(spread)) if error_correlation is None else np.asarray(error_correlation, dtype=float)
    noise = error[:, :, None] * error[:, None, :] * together
    truths = np.cov(x, rowvar=False).reshape(len(spread), len(spread)) - noise.mean(axis=0)
    np.fill_diagonal(truths, spread**2)
    truths = _nearest_covariance(truths, float(x.var(axis=0).max()))
    centre = np.array([part.centre for part in single])
    gain = np.linalg.solve(truths + noise, np.broadcast_to(truths, noise.shape)).transpose(0, 2, 1)
    mean = centre + np.einsum("pij,pj->pi", gain, x - centre)
    left = truths - gain @ truths
    left = (left + left.transpose(0, 2, 1)) / 2
    # Cholesky and not eigenvectors: their signs differ between processors, and with them the draws.
    jitter = 1e-10 * float(np.trace(truths)) * np.eye(len(spread))
    root = np.asarray(np.linalg.cholesky(left + jitter), dtype=float)
    return JointPosterior(mean, root, truths, np.array([part.reliability for part in single]))


def _nearest_covariance(matrix: Floats, scale: float) -> Floats:
    """The matrix with negative eigenvalues lifted to nearly zero: estimated covariances may contradict each other."""
    values, vectors = np.linalg.eigh(matrix)
    lifted: Floats = (vectors * np.maximum(values, 1e-9 * max(scale, 1e-300))) @ vectors.T
    return lifted


def _between(x: Floats, error_variance: Floats) -> float:
    """Variance of the truths, by bisection; zero when noise alone explains the spread."""

    def excess(variance: float) -> float:
        weight = _weights(variance, error_variance)
        centre = (weight * x).sum() / weight.sum()
        return float((weight * (x - centre) ** 2).sum() - (len(x) - 1))

    low, high = 0.0, float(x.var(ddof=1))
    if high == 0 or excess(0.0) <= 0:
        return 0.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _weights(variance: float, error_variance: Floats) -> Floats:
    """Inverse variances; an exact figure among noisy ones must not make them infinite."""
    total = variance + error_variance
    largest = float(total.max())
    if largest == 0:
        return np.ones(len(total))
    floored: Floats = np.maximum(total / largest, 1e-9)
    return 1 / (floored * largest)
