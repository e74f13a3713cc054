"""How well does something easy to get stand for something hard to count? Requests to the city as a proxy.

Requests about encampments tell where people ask, not only where people are. Three questions: do both rank places alike
(rank correlation, beside the one of two counts of the same thing, which is what could be hoped for); who asks more at
equal need (a count model with the need held equal); and which places ask more or less than their need explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.methods.estimate import Estimate
from analysis.methods.spatial_autocorrelation import benjamini_hochberg
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST_PLACES = 20
FEWEST_BLOCKS = 8
STEPS = 60
LEAST_KEPT = 0.3
"""Where less of the spread of two counts repeats, correcting for noise would mostly make some up."""


def grid_blocks(points: npt.ArrayLike, side: float) -> pd.Series:
    """Squares of a grid: the label of the square each point (x, y) lies in, for resampling neighbours together.

    ``side`` in the unit of the points.

    >>> grid_blocks([[0.0, 0.0], [2.9, 1.0], [3.1, 1.0]], 3.0).tolist()
    ['0:0', '0:0', '1:0']
    """
    cells = np.floor(np.asarray(points, dtype=float) / side).astype(int)
    return pd.Series([f"{x}:{y}" for x, y in cells])


def rank_agreement(proxy: pd.Series, need: pd.Series, blocks: pd.Series, *, level: float = 0.95) -> Estimate:
    """Spearman's rank correlation (−1 to 1) with an interval that lets neighbours be alike.

    Whole blocks of places are left out in turn (block jackknife: Kunsch 1989, Annals of Statistics 17:1217-1241), and
    the spread of Fisher's z gives the interval. The three series share their index; places with a missing value are
    left out. Fewer than 20 places or 8 blocks: ``not_applicable``.

    >>> rng = np.random.default_rng(1)
    >>> need = pd.Series(rng.gamma(1.0, 10.0, 400)); blocks = pd.Series(np.arange(400) // 4)
    >>> found = rank_agreement(pd.Series(rng.poisson(need)), need, blocks)
    >>> found.value > 0.8, found.lower < found.value < found.upper
    (True, True)
    """
    frame = pd.DataFrame({"proxy": proxy, "need": need, "block": blocks}).dropna()
    label, names = pd.factorize(frame["block"], sort=True)
    if len(frame) < FEWEST_PLACES or len(names) < FEWEST_BLOCKS:
        reason = f"{len(frame)} places in {len(names)} blocks are too few"
        return Estimate.empty("not_applicable", reason, level=level, n=len(frame))
    values = frame[["proxy", "need"]].to_numpy(dtype=float)
    if (np.ptp(values, axis=0) == 0).any():
        return Estimate.empty(
            "not_applicable", "all places are alike, so they have no order", level=level, n=len(frame)
        )
    value, count = _spearman(values), len(names)
    # The rest is ranked anew each time: with the ranks of all, intervals were seen to hold the truth too seldom.
    rest = np.array([_spearman(values[label != one]) for one in range(count)])
    z = np.arctanh(np.clip(rest, -0.999999, 0.999999))
    error = float(np.sqrt((count - 1) / count * ((z - z.mean()) ** 2).sum()))
    # A handful of blocks says little about its own spread: Student's quantile instead of the normal one.
    half = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    middle = float(np.arctanh(np.clip(value, -0.999999, 0.999999)))
    return Estimate(value, float(np.tanh(middle - half)), float(np.tanh(middle + half)), level, len(frame))


def _spearman(values: Floats) -> float:
    """Correlation of the ranks of two columns."""
    ranks = stats.rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = float(np.sqrt((ranks**2).sum(axis=0).prod()))
    return float(ranks[:, 0] @ ranks[:, 1]) / length if length > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class ReportingBias:
    """Who asks more at equal need.

    ``bias``: times the requests that go with a doubling of the trait (income), need held equal; ``need``: times the
    requests that go with a doubling of the need. ``table`` by place: requests, expected, ratio, z (standardised
    residual), q (after false-discovery control), label (more, fewer, as expected). ``dispersion``: variance over mean.
    """

    bias: Estimate
    need: Estimate
    table: pd.DataFrame
    dispersion: float


def reporting_bias(
    requests: pd.Series, needs: pd.DataFrame, trait: pd.Series, blocks: pd.Series, *, level: float = 0.95,
    false_discovery: float = 0.05, calibrate: bool = True,
) -> ReportingBias:  # fmt: skip
    """Quasi-Poisson regression of requests on the logarithms of need and of a trait, errors by a jackknife over blocks.

    ``needs``: two or more counts of the same need (people outdoors), one column each. One noisy count would weaken the
    slope of need and let it leak into that of the trait, so the counts are calibrated first: what is expected of the
    need, given all counts and the trait (regression calibration with replicates; Carroll et al. 2006, Measurement Error
    in Nonlinear Models, section 4.4); ``calibrate=False`` shows what that does. ``trait``: for example household
    income, above zero. All share one index; rows with a gap are left out. Fewer than 30 places or 8 blocks, or counts
    that hardly repeat: ``not_applicable``, and every label is "not judged".
    Sources: McCullagh and Nelder 1989, chapter 9 (the regression); Kunsch 1989 (the jackknife).

    Raises AnalysisError for a trait that is not positive, a negative need or fewer than two counts of it.

    >>> rng = np.random.default_rng(2)
    >>> need, income = rng.gamma(2.0, 8.0, 500), rng.lognormal(11, 0.4, 500)
    >>> asked = pd.Series(rng.poisson(need * np.sqrt(income / 60_000)))
    >>> counts = pd.DataFrame({year: rng.poisson(need) for year in (2016, 2017)})
    >>> found = reporting_bias(asked, counts, pd.Series(income), pd.Series(np.arange(500) // 5))
    >>> found.bias.lower < 2**0.5 < found.bias.upper
    True
    """
    if needs.shape[1] < 2 or (needs < 0).any(axis=None) or (trait <= 0).any():
        raise AnalysisError("reporting bias: needs two counts of the need, none negative, and a trait above zero")
    frame = (
        pd.DataFrame({"requests": requests, "trait": trait, "block": blocks}).join(needs.add_prefix("need ")).dropna()
    )
    if len(frame) < 30 or frame["block"].nunique() < FEWEST_BLOCKS or frame["requests"].sum() < FEWEST_PLACES:
        reason = f"{len(frame)} places in {frame['block'].nunique()} blocks are too few"
        none = Estimate.empty("not_applicable", reason, level=level, n=len(frame))
        return ReportingBias(none, none, _unjudged(frame), float("nan"))
    events, trait_of = frame["requests"].to_numpy(float), np.log2(frame["trait"].to_numpy(float))
    logs = np.log2(frame.filter(like="need ").to_numpy(float) + 1.0)
    label, names = pd.factorize(frame["block"], sort=True)
    if calibrate and calibrated(logs, trait_of)[1] < LEAST_KEPT:
        none = Estimate.empty("not_applicable", "the counts do not repeat enough to hold need equal", level=level)
        return ReportingBias(none, none, _unjudged(frame), float("nan"))
    slopes, expected = _quasi_poisson(events, logs, trait_of, calibrate)
    # The whole procedure is repeated without each block: what calibrating adds to the error is in it.
    left = (label != one for one in range(len(names)))
    rest = np.array([_quasi_poisson(events[k], logs[k], trait_of[k], calibrate, slopes)[0] for k in left])
    errors = np.sqrt((len(names) - 1) / len(names) * ((rest - rest.mean(axis=0)) ** 2).sum(axis=0))
    quantile = float(stats.t.ppf((1 + level) / 2, len(names) - 1))
    found = []
    for at in (2, 1):
        half = quantile * float(errors[at])
        value, low, high = (float(np.exp(slopes[at] + side * half)) for side in (0, -1, 1))
        found.append(Estimate(value, low, high, level, len(frame)))
    table, dispersion = _judged(frame, expected, false_discovery)
    return ReportingBias(found[0], found[1], table, dispersion)


def calibrated(counts: Floats, trait: Floats) -> tuple[Floats, float]:
    """What is expected of a quantity measured several times (columns), given its mean and a trait; and the share kept.

    Pulls each mean towards the line through the trait by the share of its variance that the repeats show to be noise.

    >>> found, kept = calibrated(np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]), np.zeros(3))
    >>> found.tolist(), kept
    ([1.0, 2.0, 4.0], 1.0)
    """
    times = counts.shape[1]
    mean = counts.mean(axis=1)
    own = counts - counts.mean(axis=0)
    noise = float(own.var(axis=1, ddof=1).mean())
    line = np.column_stack([np.ones(len(trait)), trait])
    expected = line @ np.linalg.lstsq(line, mean, rcond=None)[0]
    left = float(((mean - expected) ** 2).sum() / max(len(mean) - 2, 1))
    keep = max(0.0, 1 - noise / times / left) if left > 0 else 0.0
    return np.asarray(expected + keep * (mean - expected), dtype=np.float64), keep


def _quasi_poisson(
    events: Floats, logs: Floats, trait: Floats, calibrate: bool, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """Coefficients (constant, need, trait) and expected numbers, by Newton's method from ``start``.

    Raises AnalysisError when the likelihood has no peak.
    """
    need = calibrated(logs, trait)[0] if calibrate else logs.mean(axis=1)
    design = np.column_stack([np.ones(len(events)), need, trait])
    design[:, 1:] -= design[:, 1:].mean(axis=0)
    slopes = np.array([np.log(max(events.mean(), 1e-9)), 0.0, 0.0]) if start is None else start
    for _ in range(STEPS):
        expected = np.exp(np.clip(design @ slopes, -50.0, 50.0))
        step = np.linalg.lstsq(design.T @ (design * expected[:, None]), design.T @ (events - expected), rcond=None)[0]
        slopes = slopes + step
        if np.abs(step).max() < 1e-9:
            return slopes, np.exp(design @ slopes)
    raise AnalysisError("reporting bias: the regression of requests found no peak; are all of them in one place?")


def _judged(frame: pd.DataFrame, expected: Floats, false_discovery: float) -> tuple[pd.DataFrame, float]:
    """Residuals with the overdispersion that the fit leaves: variance = expected + expected² / size."""
    events = frame["requests"].to_numpy(float)
    extra = max(0.0, float((((events - expected) ** 2 - expected) / expected**2).mean()))
    z = (events - expected) / np.sqrt(expected + extra * expected**2)
    q = benjamini_hochberg(2 * stats.norm.sf(np.abs(z)))
    table = pd.DataFrame({"requests": events, "expected": expected, "ratio": events / expected, "z": z, "q": q},
                         index=frame.index)  # fmt: skip
    table["label"] = np.select(
        [(q <= false_discovery) & (z > 0), q <= false_discovery], ["more", "fewer"], "as expected"
    )
    return table, float(((events - expected) ** 2 / expected).mean())


def _unjudged(frame: pd.DataFrame) -> pd.DataFrame:
    empty = pd.DataFrame(np.nan, index=frame.index, columns=["expected", "ratio", "z", "q"])
    empty.insert(0, "requests", frame["requests"])
    return empty.assign(label="not judged")
