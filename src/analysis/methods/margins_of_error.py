"""Margins of error of the American Community Survey, carried through arithmetic.

The Census Bureau publishes a margin of error with each estimate: half the width
of a 90 percent interval, 1.645 standard errors. The rules for sums, shares,
ratios, products and differences are those of the Bureau's handbook
("Understanding and Using American Community Survey Data", 2020, chapter 8) and
of "Worked Examples for Approximating Margins of Error" (2020). They ignore the
covariance between estimates, so they are approximations. Medians are not sums:
no rule here combines margins of medians.

A missing margin (NaN) gives a missing margin. Sentinels such as -222222222 are
refused, never squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike

Z_ACS = 1.645
"""Standard errors in a published margin: the Bureau's rounded 90 percent point."""

# The Bureau's sentinels (-222222222, -333333333, -555555555, ...) are all far below any real number.
SENTINEL = -100_000_000


def standard_error(margin: Numbers) -> Floats:
    """Standard error behind a published margin, in the unit of the margin.

    Raises AnalysisError for a sentinel or a negative margin.
    Source: ACS handbook 2020, ch. 7: SE = margin / 1.645.

    >>> float(standard_error(5070).round(3))
    3082.067
    """
    return _result(_margins(margin) / Z_ACS)


def margin(standard_error: Numbers) -> Floats:
    """Margin at 90 percent, as the Bureau publishes it, from a standard error in the same unit.

    >>> float(margin(100.0))
    164.5
    """
    return _result(np.asarray(standard_error, dtype=float) * Z_ACS)


def at_level(margin: Numbers, level: float) -> Floats:
    """Half-width of a normal interval at another level (0 to 1), from a published 90 percent margin.

    >>> float(at_level(1.645, 0.95).round(2))
    1.96
    """
    if not 0 < level < 1:
        raise AnalysisError(f"margins of error: level {level} must lie between 0 and 1, such as 0.95")
    return _result(standard_error(margin) * stats.norm.ppf(0.5 + level / 2))


def of_sum(margins: Numbers, estimates: Numbers | None = None, *, axis: int = -1) -> Floats:
    """Margin of a sum of estimates: root of the sum of squares along ``axis``.

    When ``estimates`` are given, of all parts estimated as zero only the largest
    margin is counted, once: the Bureau gives each such part the same model-based
    margin, and adding them all would overstate the error of the sum.

    Unit: that of the margins. Shape: that of the input without ``axis``. A
    missing part makes the result missing. Raises AnalysisError for sentinels.
    Source: ACS handbook 2020, ch. 8 (sums; rule for zero estimates).

    >>> float(of_sum([3860, 2642, 1957]).round())
    5070.0
    >>> float(of_sum([10.0, 12.0, 13.0], [100, 0, 0]).round(2)) == round(float(np.hypot(10, 13)), 2)
    True
    """
    squares = _margins(margins) ** 2
    if estimates is None:
        return _result(np.sqrt(squares.sum(axis=axis)))
    zero = np.broadcast_to(np.asarray(estimates, dtype=float) == 0, squares.shape)
    largest_zero = np.where(zero, squares, 0.0).max(axis=axis, initial=0.0)
    return _result(np.sqrt(np.where(zero, 0.0, squares).sum(axis=axis) + largest_zero))


def of_proportion(
    numerator: Numbers, denominator: Numbers, numerator_margin: Numbers, denominator_margin: Numbers
) -> Floats:
    """Margin of a share whose numerator is part of its denominator; unit: share (0 to 1).

    Where the quantity under the root is negative the handbook's fallback, the
    ratio formula, is used. A zero denominator gives a missing margin.
    Source: ACS handbook 2020, ch. 8.

    >>> float(of_proportion(203119, 630498, 5070, 831).round(5))
    0.00803
    """
    top, base = _numbers(numerator), _numbers(denominator)
    top_margin, base_margin = _margins(numerator_margin), _margins(denominator_margin)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = top / base
        under = top_margin**2 - share**2 * base_margin**2
        under = np.where(under < 0, top_margin**2 + share**2 * base_margin**2, under)
        return _result(np.where(base == 0, np.nan, np.sqrt(under) / np.abs(base)))


def of_ratio(
    numerator: Numbers, denominator: Numbers, numerator_margin: Numbers, denominator_margin: Numbers
) -> Floats:
    """Margin of a ratio whose numerator is not part of its denominator; unit: that of the ratio.

    A zero denominator gives a missing margin. Source: ACS handbook 2020, ch. 8.

    >>> float(of_ratio(200, 100, 30, 10).round(4))
    0.3606
    """
    top, base = _numbers(numerator), _numbers(denominator)
    top_margin, base_margin = _margins(numerator_margin), _margins(denominator_margin)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(top_margin**2 + (top / base) ** 2 * base_margin**2)
        return _result(np.where(base == 0, np.nan, root / np.abs(base)))


def of_product(first: Numbers, second: Numbers, first_margin: Numbers, second_margin: Numbers) -> Floats:
    """Margin of a product of two estimates, in the product of their units.

    Source: ACS handbook 2020, ch. 8.

    >>> float(of_product(10, 20, 1, 2).round(3))
    28.284
    """
    one, two = _numbers(first), _numbers(second)
    return _result(np.sqrt(one**2 * _margins(second_margin) ** 2 + two**2 * _margins(first_margin) ** 2))


def of_difference(first_margin: Numbers, second_margin: Numbers) -> Floats:
    """Margin of a difference of two independent estimates, in their unit.

    >>> float(of_difference(3, 4))
    5.0
    """
    return _result(np.hypot(_margins(first_margin), _margins(second_margin)))


def of_percent_change(before: Numbers, after: Numbers, before_margin: Numbers, after_margin: Numbers) -> Floats:
    """Margin, in percent, of the percent change between two independent estimates.

    The change is the ratio of after to before, less one, so its margin is the
    ratio's. A zero ``before`` gives a missing margin. Source: ACS handbook 2020, ch. 8.

    >>> float(of_percent_change(100, 200, 10, 30).round(2))
    36.06
    """
    return _result(100.0 * of_ratio(after, before, after_margin, before_margin))


@dataclass(frozen=True, eq=False)
class Difference:
    """``after`` minus ``before`` with its test; all arrays have the shape of the input.

    ``value`` and ``margin`` are in the unit of the estimates (``margin`` at 90
    percent), ``z`` is in standard errors, ``p`` is two-sided, and ``significant``
    says whether the interval at ``level`` lies on one side of zero (False where unknown).
    """

    value: Floats
    margin: Floats
    z: Floats
    p: Floats
    significant: npt.NDArray[np.bool_]
    level: float


def difference(
    before: Numbers,
    after: Numbers,
    before_margin: Numbers,
    after_margin: Numbers,
    *,
    level: float = 0.90,
    years: Sequence[tuple[int, int]] | None = None,
) -> Difference:
    """Test whether two estimates differ.

    ``years`` are the first and last year of data behind ``before`` and ``after``;
    give them for five-year estimates. Where they overlap the two share
    respondents, the formula for independent samples is wrong, and the call is refused.

    Raises AnalysisError for overlapping years, sentinels or a bad level.
    Source: ACS handbook 2020, ch. 7 (statistical testing) and ch. 5 (overlapping periods).

    >>> found = difference(100.0, 120.0, 8.0, 6.0, years=[(2008, 2012), (2014, 2018)])
    >>> bool(found.significant), float(found.z.round(2))
    (True, 3.29)
    """
    if years is not None:
        (start, end), (later_start, later_end) = years
        if start <= later_end and later_start <= end:
            raise AnalysisError(
                f"margins of error: {start}-{end} and {later_start}-{later_end} overlap and share respondents; "
                "compare periods without a common year"
            )
    value = _numbers(after) - _numbers(before)
    both = of_difference(before_margin, after_margin)
    half_width = at_level(both, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = value / standard_error(both)
        significant = np.abs(value) > half_width
    p = 2 * stats.norm.sf(np.abs(z))
    return Difference(_result(value), both, _result(z), _result(p), np.asarray(significant)[()], level)


def coefficient_of_variation(estimate: Numbers, margin: Numbers) -> Floats:
    """Standard error as percent of the estimate; missing where the estimate is zero.

    Under 12 percent is commonly read as reliable, 12 to 40 with care, above 40 as
    unreliable (Esri, "The American Community Survey", 2014, after the National Research Council 2007).

    >>> float(coefficient_of_variation(100, 16.45).round(3))
    10.0
    """
    value = _numbers(estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _result(np.where(value == 0, np.nan, 100 * standard_error(margin) / np.abs(value)))


def design_factor(share: Numbers, base: Numbers, share_margin: Numbers) -> float:
    """Variance of published shares over that of a simple random sample of the whole base; unitless.

    A generalised variance function: for tables published without margins, the
    variance of a share p of a base of N is about ``factor * p (1 - p) / N``, with
    the factor learnt from a table of the same survey that has margins. The median
    over rows is returned, so that odd rows do not count. Rows with a missing or
    zero margin, an empty base, or a share at or below 1 percent or at or above 99 are left out.

    Raises AnalysisError when no row is left. Source: Wolter, Introduction to
    Variance Estimation, 2nd ed., 2007, ch. 7.

    >>> round(design_factor([0.5, 0.4], [1000, 1500], [0.06, 0.05]), 1)
    5.5
    """
    p, n, error = _numbers(share), _numbers(base), standard_error(share_margin)
    usable = np.isfinite(p) & np.isfinite(error) & (error > 0) & (n > 0) & (p > 0.01) & (p < 0.99)
    if not usable.any():
        raise AnalysisError("design factor: no row has a share between 1 and 99 percent with a margin and a base")
    p, n, error = p[usable], n[usable], error[usable]
    return float(np.median(error**2 * n / (p * (1 - p))))


def of_share_without_margin(share: Numbers, base: Numbers, factor: float) -> Floats:
    """Approximate 90 percent margin of a share (0 to 1) of a base, by a design factor.

    Shares of 0 and 1 get the margin of half a person, since a sample that found
    none does not prove that there are none. An empty base gives a missing margin.

    >>> float(of_share_without_margin(0.5, 1000, 5.5).round(3))
    0.061
    """
    p, n = np.broadcast_arrays(_numbers(share), _numbers(base))
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.clip(p, 0.5 / n, 1 - 0.5 / n)
        return _result(np.where(n > 0, Z_ACS * np.sqrt(factor * inside * (1 - inside) / n), np.nan))


def simulate(estimates: Numbers, margins: Numbers, *, draws: int, seed: int, floor: float | None = None) -> Floats:
    """Draws of what the survey might have found: normal around each estimate, independent of each other.

    Returns an array of shape ``(draws, *estimates.shape)`` in the unit of the
    estimates. Draws below ``floor`` are set to it (0 for counts and dollars). A
    missing estimate or margin gives missing draws; a margin of zero gives no spread.

    >>> simulate([50.0, 80.0], [0.0, 16.45], draws=3, seed=1).shape
    (3, 2)
    """
    centre = _numbers(estimates)
    spread = standard_error(margins)
    noise = np.random.default_rng(seed).standard_normal((draws, *np.broadcast_shapes(centre.shape, spread.shape)))
    found = centre + spread * noise
    return found if floor is None else np.maximum(found, floor)


def _numbers(values: Numbers) -> Floats:
    found = np.asarray(values, dtype=float)
    _refuse_sentinels(found, "estimates")
    return found


def _margins(values: Numbers) -> Floats:
    found = np.asarray(values, dtype=float)
    _refuse_sentinels(found, "margins")
    if (found < 0).any():
        raise AnalysisError(f"margins of error: a margin is negative, first {found[found < 0].flat[0]:g}")
    return found


def _refuse_sentinels(values: Floats, name: str) -> None:
    bad = values[values <= SENTINEL]
    if bad.size:
        raise AnalysisError(
            f"margins of error: {bad.size} {name} are Census sentinels, first {bad.flat[0]:.0f}; "
            "turn them into missing values (and keep the reason) before calculating"
        )


def _result(values: Any) -> Floats:
    """An array stays one; a scalar comes back as a numpy scalar."""
    found: Floats = np.asarray(values, dtype=float)[()]
    return found
