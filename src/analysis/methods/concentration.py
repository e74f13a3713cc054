"""How concentrated are counts over places, beyond what chance makes?

Fifty people dealt at random over a hundred tracts leave most tracts empty, and a Gini coefficient near one half. So
the raw figures are compared with random allocation (Bernasco and Steenbeek 2017, J Quant Criminol 33:451-467; Mohler et
al. 2019, 35:747-765): units (a person, a family, a camp of several) are dealt over places in proportion to residents.
And because a ranking by one count flatters that count, the share that the top places of one year hold in the *next*
year is given as well: what outreach that follows last year's list would meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.methods.inequality import gini
from analysis.methods.tract_disclosure import revealing
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST_PLACES = 10
FEWEST_IN_TOP = 11
"""The top must be able to hold so many people: fewer would be a small cell."""
_FEW = "too few places or people to say where they concentrate"


@dataclass(frozen=True)
class Concentration:
    """Concentration of a count over places.

    ``gini``: of the count against the places' weights (0 spread as residents are, 1 all in one place), with an
    interval over places. ``chance``: the same under random allocation, mean and middle 95 percent of allocations.
    ``top``: percent of the count in the ``share`` of places with the highest rates, ``top_chance`` likewise.
    Each estimate's ``n`` is the number of places, since that of people may be withheld elsewhere.
    ``p``: share of allocations at least as concentrated, counting the observed one.
    """

    gini: Estimate
    chance: Estimate
    top: Estimate
    top_chance: Estimate
    p: float
    places: int

    @property
    def beyond_chance(self) -> bool:
        """More concentrated than all but one in twenty random allocations."""
        return self.p <= 0.05


def concentration(
    counts: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    clump: float = 1.0,
    share: float = 0.1,
    draws: int = 499,
    seed: int = 1905,
    level: float = 0.95,
) -> Concentration:
    """Gini coefficient and top share of a count, beside what random allocation gives.

    ``counts`` and ``weights`` (residents, above 0): one value a place. ``clump``: people who come together
    as one unit, 1 and more; the larger, the more concentrated chance alone looks. ``share``: of places, by weight,
    that counts as the top. Intervals: bootstrap over places, on the scale of log odds.

    Raises AnalysisError for negative or missing counts, weights that are not positive, a clump below 1.
    Fewer than ten places or 11 people give ``not_applicable``; so does the top where it could hold fewer than 11, and
    it is ``suppressed`` where it, or what it leaves, is 1 to 10 people.

    >>> rng = np.random.default_rng(3)
    >>> few = concentration(rng.multinomial(60, np.full(100, 0.01)), np.ones(100))
    >>> few.gini.value > 0.5, few.beyond_chance
    (True, False)
    """
    count, weight = _checked(counts, weights, clump)
    if len(count) < FEWEST_PLACES or count.sum() < FEWEST_IN_TOP:
        none = Estimate.empty("not_applicable", _FEW, level=level)
        return Concentration(none, none, none, none, float("nan"), len(count))
    rng = np.random.default_rng(seed)
    units = max(1, round(count.sum() / clump))
    dealt = rng.multinomial(units, weight / weight.sum(), size=draws).astype(float)
    random = np.array([_both(row, weight, share) for row in dealt])
    picks = rng.integers(0, len(count), (draws, len(count)))
    again = np.array([_both(count[pick], weight[pick], share) for pick in picks if count[pick].sum() > 0])
    found = _both(count, weight, share)
    p = (1 + int((random[:, 0] >= found[0] - 1e-12).sum())) / (draws + 1)
    n = len(count)
    return Concentration(
        _resampled(found[0], again[:, 0], level, n, 1.0, rests_on=n),
        _middle_of(float(random[:, 0].mean()), random[:, 0], level, n),
        _top(found[1], again[:, 1], level, count, share),
        _middle_of(float(random[:, 1].mean()), random[:, 1], level, n),
        p,
        len(count),
    )


def top_share(counts: npt.ArrayLike, weights: npt.ArrayLike, share: float, by: npt.ArrayLike | None = None) -> float:
    """Percent of a count in the ``share`` of places, by weight, that come first in ``by`` (else in the rate itself).

    The place in which the limit falls counts in part, so that the share does not jump.

    >>> top_share([8, 1, 1], [1, 1, 2], 0.25)
    80.0
    >>> top_share([8, 1, 1], [1, 1, 2], 0.25, by=[0, 9, 0])
    10.0
    """
    count, weight = np.asarray(counts, dtype=float), np.asarray(weights, dtype=float)
    rank = count / weight if by is None else np.asarray(by, dtype=float)
    order = np.argsort(-rank, kind="stable")
    held = np.concatenate([[0.0], np.cumsum(weight[order])]) / weight.sum()
    amount = np.concatenate([[0.0], np.cumsum(count[order])])
    return min(100.0, float(100 * np.interp(share, held, amount) / count.sum()))


def persistent_share(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    share: float = 0.1,
    by: npt.ArrayLike | None = None,
    draws: int = 499,
    seed: int = 1905,
    level: float = 0.95,
) -> Estimate:
    """Percent of the later count in the places that led the earlier one (or that lead in ``by``), with an interval.

    Free of the flattery of a ranking by the same count. Bootstrap over places. ``not_applicable`` as above;
    ``suppressed`` where it would tell of 1 to 10 people.

    >>> round(persistent_share([9, 1, 0, 0] * 5, [40, 40, 10, 10] * 5, np.ones(20), share=0.25).value)
    40
    """
    one, weight = _checked(before, weights, 1.0)
    two, _ = _checked(after, weights, 1.0)
    if len(one) < FEWEST_PLACES or min(one.sum(), two.sum()) < FEWEST_IN_TOP / share:
        return Estimate.empty("not_applicable", _FEW, level=level)
    rank = one / weight if by is None else np.asarray(by, dtype=float)
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(one), (draws, len(one)))
    again = np.array([top_share(two[k], weight[k], share, rank[k]) for k in picks if two[k].sum() > 0])
    return _top(top_share(two, weight, share, rank), again, level, two, share)


def relative_share(
    by: npt.ArrayLike,
    other: npt.ArrayLike,
    counts: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    share: float = 0.1,
    draws: int = 499,
    seed: int = 1905,
    level: float = 0.95,
) -> Estimate:
    """Of the people whom a list by ``other`` would meet, how many percent a list by ``by`` would; both of one size.

    Lists hold the places that lead in a measure, up to ``share`` of the weights; the two are compared on the same
    redrawn places, so that what they have in common cancels. ``not_applicable`` as in :func:`persistent_share`.

    >>> round(relative_share([3, 2, 1, 0] * 5, [0, 1, 2, 3] * 5, [10, 20, 30, 40] * 5, np.ones(20), share=0.25).value)
    25
    """
    count, weight = _checked(counts, weights, 1.0)
    one, two = np.asarray(by, dtype=float), np.asarray(other, dtype=float)
    if len(count) < FEWEST_PLACES or count.sum() < FEWEST_IN_TOP / share:
        return Estimate.empty("not_applicable", _FEW, level=level)
    met = [top_share(count, weight, share, rank) / 100 * count.sum() for rank in (one, two)]
    if any(revealing(part, count.sum()) for part in met) or met[1] <= 0:
        return Estimate.empty("suppressed", "it would tell of fewer than 11 people", level=level)
    picks = np.random.default_rng(seed).integers(0, len(count), (draws, len(count)))
    pairs = [(top_share(count[k], weight[k], share, one[k]), top_share(count[k], weight[k], share, two[k]))
             for k in picks if count[k].sum() > 0]  # fmt: skip
    again = np.array([100 * mine / theirs for mine, theirs in pairs if theirs > 0])
    value = 100 * met[0] / met[1]
    return _resampled(value, again, level, len(count), np.inf, rests_on=round(share * len(count)))


def _both(count: Floats, weight: Floats, share: float) -> tuple[float, float]:
    return gini(count / weight, weight), top_share(count, weight, share)


def _top(value: float, draws: Floats, level: float, counts: Floats, share: float) -> Estimate:
    people = float(counts.sum())
    if people < FEWEST_IN_TOP / share:
        return Estimate.empty("not_applicable", _FEW, level=level)
    if revealing(value / 100 * people, people):
        return Estimate.empty("suppressed", "it would tell of fewer than 11 people", level=level)
    return _resampled(value, draws, level, len(counts), 100.0, rests_on=round(share * len(counts)))


def _middle_of(value: float, draws: Floats, level: float, n: int) -> Estimate:
    """The middle part of random allocations, around their mean."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value), level, n)


def _resampled(value: float, draws: Floats, level: float, n: int, whole: float, *, rests_on: int) -> Estimate:
    """Interval by the spread of redrawn places, on the log odds of a share of ``whole`` or the log of a ratio.

    Percentiles of the draws themselves were seen to hold the truth too seldom where few places hold much, and so was
    a normal interval: ``rests_on``, the number of places that make the figure, gives Student's quantile.
    """
    inside = draws[(draws > 0) & (draws < whole)]
    if not 0 < value < whole or len(inside) < len(draws) / 2:
        return _middle_of(value, draws, level, n)

    def to(x: Floats | float) -> Floats:
        return np.log(x) if np.isinf(whole) else np.log(np.asarray(x) / (whole - np.asarray(x)))

    half = float(stats.t.ppf((1 + level) / 2, max(rests_on - 1, 1))) * float(np.std(to(inside), ddof=1))
    ends = np.exp(float(to(value)) + np.array([-half, half]))
    low, high = ends if np.isinf(whole) else whole * ends / (1 + ends)
    return Estimate(value, float(low), float(high), level, n)


def _checked(counts: npt.ArrayLike, weights: npt.ArrayLike, clump: float) -> tuple[Floats, Floats]:
    count, weight = np.asarray(counts, dtype=float), np.asarray(weights, dtype=float)
    if count.shape != weight.shape or count.ndim != 1:
        raise AnalysisError(f"concentration: {count.size} counts and {weight.size} weights; one of each a place")
    if not ((count >= 0).all() and (weight > 0).all() and np.isfinite(weight).all()):
        raise AnalysisError(
            "concentration: counts must not be negative or missing and weights must be positive; leave out places "
            "that nobody counted or where nobody lives, and say so"
        )
    if clump < 1:
        raise AnalysisError(f"concentration: a clump of {clump:g} people is no unit; use 1 or more")
    return count, weight
