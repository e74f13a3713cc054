"""Errors of a fitted curve whose residuals carry over from one period to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


HIGHEST = 0.97
LONG = 300


@dataclass(frozen=True, eq=False)
class SerialErrors:
    """Covariance of the coefficients, and what it assumes.

    ``dispersion`` is variance over mean of the observations (variance itself where ``weights``
    were 1), ``carried`` the correlation of neighbouring residuals (0 to 0.97), ``freedom`` the
    degrees of freedom that remain, fewer when neighbours say the same twice.
    """

    covariance: Floats
    dispersion: float
    carried: float
    freedom: float


def first_order(design: Floats, weights: Floats, residuals: Floats, times: Floats) -> SerialErrors:
    """Errors under first-order autocorrelation with ``carried ** gap`` between two times.

    ``design``: rows by coefficients. ``weights``: expected variance of each row up to a factor
    (fitted mean of a Poisson model; ones for least squares). ``residuals``: observed minus fitted
    over root of weight. ``times``: period numbers, gaps allowed. The estimated correlation
    is corrected for what fitting takes away, and dispersion for the correlation (expected
    sum of squares of the residuals).

    >>> x = np.column_stack([np.ones(40), np.arange(40.0)])
    >>> alternating = np.tile([1.0, -1.0], 20)
    >>> first_order(x, np.ones(40), alternating, np.arange(40.0)).carried
    0.0
    """
    squares = float((residuals**2).sum())
    count = len(times)
    root = design * np.sqrt(weights)[:, None]
    bread = np.linalg.inv(root.T @ root)
    left = np.eye(count) - root @ bread @ root.T
    carried = _carried(residuals, left, times) if squares > 1e-9 else 0.0
    inside = carried ** np.abs(times[:, None] - times[None, :])
    dispersion = squares / float(np.trace(left @ inside))
    covariance = dispersion * (bread @ (root.T @ inside @ root) @ bread)
    freedom = max(2.0, (count - design.shape[1]) * (1 - carried) / (1 + carried))
    return SerialErrors(covariance, dispersion, carried, freedom)


def _carried(residuals: Floats, left: Floats, times: Floats) -> float:
    """Correlation of neighbours whose expected value in the fitted residuals is the one seen.

    Fitting takes correlation away: the more coefficients, the more. For each candidate the
    expected ratio of neighbouring products to squares follows from the projection ``left``.
    """
    neighbours = np.diff(times) == 1
    seen = float((residuals[1:] * residuals[:-1])[neighbours].sum()) / float((residuals**2).sum())
    if len(times) > LONG:
        # In long series the loss is small and known: about (2 + 4 rho) / n with a trend (Kendall 1954).
        return float(np.clip(seen + (2 + 4 * seen) / len(times), 0.0, HIGHEST))
    apart = np.abs(times[:, None] - times[None, :])
    candidates = np.linspace(0.0, HIGHEST, 25)
    expected = []
    for candidate in candidates:
        spread = left @ candidate**apart @ left
        expected.append(float(np.diag(spread, 1)[neighbours].sum() / np.trace(spread)))
    return float(np.interp(seen, np.maximum.accumulate(expected), candidates))
