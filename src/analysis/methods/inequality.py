"""How unequally an amount is shared: Gini, Theil, Hoover, Atkinson.

"Theil" names two measures that differ by a tenth on the same data, so both are
offered under their own names and nothing is called Theil alone: T weighs the top
(mean of share times log share), L, the mean log deviation, weighs the bottom.
All are computed over weighted units: ``values`` is the amount per member of a
unit (income per person), ``weights`` the members (persons).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def gini(values: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, normalised: bool = False) -> float:
    """Gini coefficient, 0 (all equal) to 1 (one has everything); unitless.

    ``normalised`` multiplies by n / (n - 1), so that a small group in which one
    has everything reaches 1; only for unweighted values. Source: Gini 1912; Damgaard and Weiner 2000.

    >>> round(gini([20, 50, 20, 10]), 4), round(gini([20, 50, 20, 10], normalised=True), 4)
    (0.3, 0.4)
    """
    value, weight = _checked(values, weights)
    order = np.argsort(value, kind="stable")
    value, weight = value[order], weight[order]
    share, amount = weight / weight.sum(), value * weight / (value * weight).sum()
    held = np.concatenate([[0.0], np.cumsum(amount)])
    raw = 1 - float((share * (held[1:] + held[:-1])).sum())
    if not normalised:
        return raw
    if weights is not None:
        raise AnalysisError("gini: the small-sample correction is defined for unweighted values only")
    return raw * len(value) / (len(value) - 1)


def theil_t(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Theil's T, 0 (all equal) to the log of the number of members; in nats. Zeros count as 0 log 0 = 0.

    Source: Theil 1967. PySAL calls this Theil.

    >>> round(theil_t([10, 10, 10, 20, 50]), 6)
    0.250201
    """
    value, weight = _checked(values, weights)
    share = weight / weight.sum()
    relative = value / (share * value).sum()
    logs = np.log(relative, out=np.zeros_like(relative), where=relative > 0)
    return float((share * relative * logs).sum())


def theil_l(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Theil's L, the mean log deviation, from 0 (all equal) upwards; in nats.

    Raises AnalysisError for a zero, for which it is infinite. Source: Theil 1967. REAT calls this Theil.

    >>> round(theil_l([10, 10, 10, 20, 50]), 6)
    0.23263
    """
    value, weight = _checked(values, weights)
    if (value == 0).any():
        raise AnalysisError(
            "theil_l: a value is zero, for which the mean log deviation is infinite; use theil_t or gini"
        )
    share = weight / weight.sum()
    return float(-(share * np.log(value / (share * value).sum())).sum())


def hoover(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Hoover's index: the share (0 to 1) of the total that would have to move to make all equal.

    Source: Hoover 1936.

    >>> round(hoover([20, 50, 20, 10]), 4)
    0.25
    """
    value, weight = _checked(values, weights)
    people, amount = weight / weight.sum(), value * weight / (value * weight).sum()
    return float(np.abs(amount - people).sum() / 2)


def atkinson(values: npt.ArrayLike, aversion: float, weights: npt.ArrayLike | None = None) -> float:
    """Atkinson's index: the share (0 to 1) of the total a society would give up for equality.

    ``aversion`` above 0 says how much it minds; at 1 and above a single zero makes it 1.
    Raises AnalysisError for an aversion that is not positive. Source: Atkinson 1970.

    >>> round(atkinson([10, 10, 10, 20, 50], 0.5), 4)
    0.1155
    """
    if not aversion > 0:
        raise AnalysisError(f"atkinson: the aversion to inequality must be positive, not {aversion}")
    value, weight = _checked(values, weights)
    share = weight / weight.sum()
    relative = value / (share * value).sum()
    if aversion >= 1 and (relative == 0).any():
        return 1.0
    if aversion == 1:
        return float(1 - np.exp((share * np.log(relative)).sum()))
    return float(1 - (share * relative ** (1 - aversion)).sum() ** (1 / (1 - aversion)))


def _checked(values: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    value = np.asarray(values, dtype=float)
    weight = np.ones(value.shape) if weights is None else np.asarray(weights, dtype=float)
    if value.ndim != 1 or value.shape != weight.shape or value.size == 0:
        raise AnalysisError(f"inequality: needs one weight a value, got {value.size} values and {weight.size} weights")
    if not ((value >= 0).all() and (weight >= 0).all()):
        raise AnalysisError("inequality: a value or weight is negative or missing; leave such units out and say so")
    value, weight = value[weight > 0], weight[weight > 0]
    if not (value * weight).sum() > 0:
        raise AnalysisError("inequality: the total is zero, so there is nothing to share")
    return value, weight
