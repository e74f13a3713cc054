"""Medians: of weighted values, of published brackets, and of tracts with their uncertainty.

Three different things are called "the median" in a city report, and they are
three functions here: the median of values that stand for different numbers of
people (:func:`weighted_quantile`), the median household of an area known only by
brackets (:func:`median_from_brackets`), and the median tract
(:func:`median_across_tracts`), which says what a typical tract did and not what
a typical household did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.methods.estimate import Estimate
from analysis.methods.margins_of_error import standard_error
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]


def weighted_quantile(values: npt.ArrayLike, weights: npt.ArrayLike, quantile: float = 0.5) -> float:
    """The value below which a share ``quantile`` (0 to 1) of the weight lies, in the unit of the values.

    Linear between the middles of the weights, so equal weights give the ordinary
    median. Missing values and zero weights are left out with their weight.

    Raises AnalysisError for negative or missing weights, or when nothing is left.
    Source: Hyndman and Fan 1996, definition 5, with weights.

    >>> weighted_quantile([10, 20, 30], [1, 1, 8])
    27.77777777777778
    >>> weighted_quantile([3, 1, 2, 4], [1, 1, 1, 1])
    2.5
    """
    if not 0 <= quantile <= 1:
        raise AnalysisError(f"weighted quantile: {quantile} must lie between 0 and 1, such as 0.5 for the median")
    value, weight = np.broadcast_arrays(np.asarray(values, dtype=float), np.asarray(weights, dtype=float))
    value, weight = value.ravel(), weight.ravel()
    if not (weight >= 0).all():
        raise AnalysisError("weighted quantile: a weight is negative or missing; weights are people or households")
    used = np.isfinite(value) & (weight > 0)
    if not used.any():
        raise AnalysisError("weighted quantile: no value with a positive weight")
    # Ties in order of their weight, so that the result does not depend on the order of the rows.
    order = np.lexsort((weight[used], value[used]))
    sorted_value, sorted_weight = value[used][order], weight[used][order]
    middles = np.cumsum(sorted_weight) - sorted_weight / 2
    return float(np.interp(quantile * sorted_weight.sum(), middles, sorted_value))


def weighted_median(values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Median of values that stand for ``weights`` people, homes or households; see :func:`weighted_quantile`.

    >>> weighted_median([100, 200], [1, 1])
    150.0
    """
    return weighted_quantile(values, weights, 0.5)


def below(low: npt.ArrayLike, high: npt.ArrayLike, counts: npt.ArrayLike, limit: float) -> Floats:
    """How many are below ``limit``, from counts in brackets spread evenly inside each bracket.

    ``low`` and ``high`` have one entry a bracket (``high`` NaN for the open one);
    ``counts`` has the brackets in its last axis. The result is in the unit of the
    counts and has their shape without the last axis.

    Raises AnalysisError when the limit lies in the open bracket, whose inside is unknown.

    >>> below([0, 10_000, 20_000], [10_000, 20_000, np.nan], [[30, 40, 30]], 15_000).tolist()
    [50.0]
    """
    start, end = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    opened = ~np.isfinite(end)
    if (opened & (start < limit)).any():
        raise AnalysisError(f"brackets: {limit:,.0f} lies in the open bracket from {start[opened].min():,.0f} on")
    with np.errstate(invalid="ignore"):
        share = np.clip((limit - start) / (end - start), 0.0, 1.0)
    share = np.where(opened, 0.0, share)
    return np.asarray((np.asarray(counts, dtype=float) * share).sum(axis=-1), dtype=float)


def median_from_brackets(low: npt.ArrayLike, high: npt.ArrayLike, counts: npt.ArrayLike) -> float:
    """Median of an area known by counts in brackets (one entry a bracket), linear inside the median's bracket.

    Unit: that of the bounds. Raises AnalysisError when all counts are zero or the
    median falls into the open bracket. Source: Census Bureau, ACS design report, ch. 11.

    >>> round(median_from_brackets([0, 10_000, 20_000], [10_000, 20_000, np.nan], [30, 40, 30]))
    15000
    """
    start, end, count = (np.asarray(part, dtype=float) for part in (low, high, counts))
    order = np.argsort(start, kind="stable")
    start, end, count = start[order], end[order], count[order]
    total = count.sum()
    if not total > 0:
        raise AnalysisError("brackets: no one is counted in them, so there is no median")
    upto = np.cumsum(count)
    inside = int(np.searchsorted(upto, total / 2))
    if not np.isfinite(end[inside]):
        raise AnalysisError(f"brackets: the median lies in the open bracket from {start[inside]:,.0f} on")
    missing = total / 2 - (upto[inside] - count[inside])
    return float(start[inside] + (end[inside] - start[inside]) * missing / count[inside])


def grid_blocks(x: npt.ArrayLike, y: npt.ArrayLike, size: float) -> npt.NDArray[np.int64]:
    """Number of the square of side ``size`` that each point lies in (same unit as x and y: projected metres or feet).

    Neighbouring tracts are alike; drawing whole blocks keeps that in a bootstrap.

    >>> grid_blocks([0, 1, 11], [0, 1, 0], 10).tolist()
    [0, 0, 1]
    """
    if not size > 0:
        raise AnalysisError(f"grid blocks: the side must be positive, not {size}")
    east, north = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise AnalysisError("grid blocks: a point has no coordinates")
    cells = np.stack([np.floor((east - east.min()) / size), np.floor((north - north.min()) / size)], axis=1)
    return np.unique(cells, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


@dataclass(frozen=True)
class MedianChange:
    """The median tract before and after, in the unit of the values, and two kinds of change.

    ``difference`` (unit of the values) and ``percent`` compare the two medians;
    ``typical`` is the median of the tracts' own percent changes. The two are different
    questions and can differ by points. Only tracts known both times count; ``left_out``
    are the others. ``sources`` names what the intervals contain.
    """

    before: Estimate
    after: Estimate
    difference: Estimate
    percent: Estimate
    typical: Estimate
    n: int
    left_out: int
    sources: tuple[str, ...]


def median_across_tracts(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    before_margin: npt.ArrayLike | None = None,
    after_margin: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    blocks: npt.ArrayLike | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 20180101,
) -> MedianChange:
    """Change of the median across tracts, with an interval by bootstrap.

    The interval contains the accident of which tracts (or, with ``blocks``, which
    parts of the city) are looked at, and, where 90 percent margins are given, an
    extra draw of the survey's own error, less the shift that noise on top of noise
    makes; a tract without a margin gets none. ``weights`` makes it the median
    weighted by, say, households.

    Raises AnalysisError for arrays of different length, fewer than ten usable
    tracts, or values before that are not positive.
    Source: Efron and Tibshirani 1993, ch. 13 (percentile); Lahiri 2003, ch. 12 (blocks in space).

    >>> rng = np.random.default_rng(0)
    >>> old = rng.normal(1000, 200, 400)
    >>> change = median_across_tracts(old, old * 1.4, draws=200)
    >>> round(change.percent.value), change.percent.lower <= 40 <= change.percent.upper
    (40, True)
    """
    first, last = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if first.shape != last.shape or first.ndim != 1:
        raise AnalysisError(f"median across tracts: before has {first.size} values and after {last.size}")
    used = np.isfinite(first) & np.isfinite(last)
    weight = np.ones(first.shape) if weights is None else np.asarray(weights, dtype=float)
    used &= np.isfinite(weight) & (weight > 0)
    if used.sum() < 10:
        raise AnalysisError(f"median across tracts: {int(used.sum())} tracts have both values; ten are needed")
    if not (first[used] > 0).all():
        raise AnalysisError("median across tracts: a value before is zero or negative, so it has no percent change")
    errors = [_errors(margins, first.shape)[used] for margins in (before_margin, after_margin)]
    groups = np.arange(first.size) if blocks is None else np.asarray(blocks)
    simulated = _bootstrap(first[used], last[used], errors, weight[used], groups[used], draws, seed)
    point = _medians(first[used], last[used], weight[used])
    sources = ["which tracts" if blocks is None else "which parts of the area"]
    sources += ["sampling error of the survey"] * any(error.any() for error in errors)
    return _median_change(point, simulated, level, int(used.sum()), int((~used).sum()), tuple(sources))


def _median_change(
    point: Floats, simulated: Floats, level: float, n: int, left_out: int, sources: tuple[str, ...]
) -> MedianChange:
    def estimate(value: float, draws: Floats) -> Estimate:
        lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        return Estimate(float(value), float(lower), float(upper), level, n)

    before, after, typical = point
    old, new, own = simulated.T
    return MedianChange(
        estimate(before, old),
        estimate(after, new),
        estimate(after - before, new - old),
        estimate(100 * (after / before - 1), 100 * (new / old - 1)),
        estimate(typical, own),
        n,
        left_out,
        sources,
    )


def _medians(first: Floats, last: Floats, weight: Floats) -> Floats:
    """Median before, median after, median of the own percent changes."""
    columns = np.stack([first, last, 100 * (last / first - 1)])
    if (weight == weight[0]).all():
        return np.asarray(np.median(columns, axis=1), dtype=float)
    return np.array([weighted_median(column, weight) for column in columns])


def _errors(margins: npt.ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    if margins is None:
        return np.zeros(shape)
    return np.nan_to_num(np.broadcast_to(standard_error(margins), shape), nan=0.0)


def _bootstrap(
    first: Floats,
    last: Floats,
    errors: list[Floats],
    weight: Floats,
    groups: npt.NDArray[np.int64],
    draws: int,
    seed: int,
) -> Floats:
    """The three medians in each draw of whole groups; shape (draws, 3)."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    alone = len(members) == len(first)
    noisy = any(error.any() for error in errors)
    medians, shift = np.empty((draws, 3)), np.zeros(3)
    for draw in range(draws):
        chosen = rng.integers(len(members), size=len(members))
        rows = chosen if alone else np.concatenate([members[i] for i in chosen])
        medians[draw] = _medians(first[rows], last[rows], weight[rows])
        if noisy:
            old, new = (
                np.maximum(values[rows] + error[rows] * rng.standard_normal(len(rows)), 1e-9)
                for values, error in zip((first, last), errors, strict=True)
            )
            shaken = _medians(old, new, weight[rows])
            shift += (shaken - medians[draw]) / draws
            medians[draw] = shaken
    return medians - shift
