"""Hazards when what surrounds a subject changes while it goes on: time-varying covariates, delayed entry, areas.

Each subject is cut into spells (start, stop] of its own age in which every covariate is constant, and is at risk in
a spell only then (the counting process form of Andersen and Gill 1982, Annals of Statistics 10:1100-1120). A business
seen only from some age on enters at that age. A covariate of an area is shared by all in it, so errors are clustered
by area (Lin and Wei 1989, JASA 84:1074-1078); otherwise a hundred businesses in one tract count as a hundred tracts.

A value must be known from its date on: a change measured over a later period would look into the future.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

DAYS_A_YEAR = 365.25
FEW_CLUSTERS = 40
STEPS = 40
FURTHEST = 15.0
"""Log ratio of one standard deviation beyond which a likelihood has no peak: a factor of three million."""


def split_spells(
    subjects: pd.DataFrame,
    history: pd.DataFrame,
    *,
    born: str,
    entry: str,
    leave: str,
    place: str,
    since: str,
    covariates: Sequence[str],
) -> pd.DataFrame:
    """Cut subjects at the dates on which the covariates of their place change.

    ``subjects``: one row a subject with dates ``born``, ``entry`` (seen from, not before it was born) and ``leave``
    (ended or last seen), ``place``, and any other columns, which are kept. ``history``: ``place``, ``since`` (date
    from which the values hold) and ``covariates``; until the first date of a place they are missing.

    Returns one row a spell: the columns of ``subjects``, ``subject`` (its index), ``start`` and ``stop`` (age in
    years), ``last`` (whether the subject leaves at ``stop``; an end is ``last`` and ended) and the covariates.

    Raises AnalysisError for subjects that leave before or when they enter, for columns named as the new ones, or a
    history with two values at a date.

    >>> shop = pd.DataFrame({"born": ["2001-01-01"], "seen": ["2003-01-01"], "left": ["2011-01-01"]})
    >>> shop = shop.apply(pd.to_datetime).assign(tract="a")
    >>> past = pd.DataFrame({"tract": "a", "since": pd.to_datetime(["2000-01-01", "2006-01-01"]), "rent": [1.0, 2.0]})
    >>> dates = {"born": "born", "entry": "seen", "leave": "left", "since": "since"}
    >>> found = split_spells(shop, past, place="tract", covariates=["rent"], **dates)
    >>> found[["start", "stop", "last", "rent"]].round(1).values.tolist()
    [[2.0, 5.0, False, 1.0], [5.0, 10.0, True, 2.0]]
    """
    if subjects.empty:
        raise AnalysisError("spells: there is no subject to split")
    wrong = subjects.index[~((subjects[leave] > subjects[entry]) & (subjects[entry] >= subjects[born]))]
    if len(wrong):
        raise AnalysisError(f"spells: {len(wrong)} subjects leave when or before they enter (first {wrong[0]!r})")
    taken = sorted({"subject", "start", "stop", "last", *covariates} & set(subjects.columns))
    if taken:
        raise AnalysisError(f"spells: the subjects have columns {', '.join(taken)}, which are made here; rename them")
    if history.duplicated([place, since]).any():
        raise AnalysisError(f"spells: {place} and {since} do not identify the rows of the history")
    known = history.pivot(index=since, columns=place, values=list(covariates)).sort_index().ffill()
    edges = [subjects[entry].min(), *known.index, subjects[leave].max()]
    parts = []
    for number, (low, high) in enumerate(pairwise(edges)):
        start = subjects[entry].where(subjects[entry] > low, low) if number else subjects[entry]
        stop = subjects[leave].where(subjects[leave] < high, high) if number < len(known) else subjects[leave]
        rows = subjects[stop > start]
        part = rows.assign(subject=rows.index, start=start[rows.index], stop=stop[rows.index])
        for name in covariates:
            values = known[name].iloc[number - 1] if number else pd.Series(dtype=float)
            part[name] = part[place].map(values).astype(float)
        if len(part):
            parts.append(part)
    spells = pd.concat(parts, ignore_index=True)
    spells["last"] = spells["stop"] == spells[leave]
    for end in ("start", "stop"):
        spells[end] = (spells[end] - spells[born]).dt.days / DAYS_A_YEAR
    return spells.sort_values(["subject", "start"], ignore_index=True)


@dataclass(frozen=True, eq=False)
class HazardModel:
    """Hazard ratios: factor on the rate of ending per unit of each covariate, others and age held equal.

    ``table``, indexed by covariate: coefficient, error (clustered if clusters were given), plain_error (every
    row for itself), ratio, lower, upper, probability, proportional (probability of a change with age this strong if
    the ratio were the same at every age, rows taken as independent; Grambsch and Therneau 1994).
    ``log_likelihood`` without and with the covariates (ties after Efron). ``left_out``: rows with a missing value.
    """

    table: pd.DataFrame
    log_likelihood: tuple[float, float]
    rows: int
    ends: int
    clusters: int | None
    left_out: int
    level: float
    cautions: tuple[str, ...]


def hazard_model(
    spells: pd.DataFrame,
    *,
    start: str,
    stop: str,
    ended: str,
    covariates: Sequence[str],
    cluster: str | None = None,
    strata: str | None = None,
    level: float = 0.95,
) -> HazardModel:
    """Cox regression on spells (start, stop] with ties after Efron.

    ``ended``: whether the spell stops with the end that is studied; for one of several competing ways of ending this
    gives the rate of that way among those still going on. ``strata``: groups with each its own rate by age, such as
    industries. ``cluster``: rows that are not independent, such as a tract; errors use t with clusters - 1 degrees.

    Raises AnalysisError without complete rows or ends, or for a covariate that does not vary.

    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"x": rng.normal(size=400), "zero": 0.0})
    >>> frame["time"], frame["end"] = rng.exponential(np.exp(-0.7 * frame["x"])), True
    >>> found = hazard_model(frame, start="zero", stop="time", ended="end", covariates=["x"])
    >>> round(float(found.table.loc["x", "ratio"]), 1)
    2.0
    """
    columns = list(dict.fromkeys([start, stop, ended, *covariates, *filter(None, (cluster, strata))]))
    rows = spells[columns].dropna()
    design = rows[list(covariates)].to_numpy(dtype=float)
    event = rows[ended].astype(bool).to_numpy()
    _check(rows, start, stop, event, design, list(covariates))
    middle, scale = design.mean(axis=0), design.std(axis=0)
    groups = np.zeros(len(rows)) if strata is None else rows[strata].to_numpy()
    ages = rows[start].to_numpy(dtype=float), rows[stop].to_numpy(dtype=float)
    parts = [
        _Stratum.of(ages[0][one], ages[1][one], event[one], ((design - middle) / scale)[one], np.flatnonzero(one))
        for one in (groups == name for name in pd.unique(groups))
        if event[one].any()
    ]
    coefficient, information, fits = _fit(parts, design.shape[1])
    plain: Floats = np.linalg.inv(information).astype(float)
    members = None if cluster is None else pd.factorize(rows[cluster])[0]
    robust = plain if members is None else _sandwich(parts, coefficient, plain, members)
    count = None if members is None else int(members.max()) + 1
    errors = np.sqrt(np.diag(robust)) / scale, np.sqrt(np.diag(plain)) / scale
    table = _ratios(coefficient / scale, errors, count, level).set_axis(list(covariates))
    table["proportional"] = _proportional(parts, coefficient)
    return HazardModel(
        table, fits, len(rows), int(event.sum()), count, len(spells) - len(rows), level, _cautions(count, event, scale)
    )


def _check(rows: pd.DataFrame, start: str, stop: str, event: Flags, design: Floats, names: list[str]) -> None:
    if rows.empty or not event.any():
        raise AnalysisError("hazard model: no complete rows, or nothing ended")
    wrong = np.flatnonzero(~(rows[stop] > rows[start]).to_numpy())
    if len(wrong):
        raise AnalysisError(f"hazard model: {len(wrong)} spells have no length (first at row {rows.index[wrong[0]]})")
    still = design.std(axis=0) == 0
    if still.any():
        raise AnalysisError(f"hazard model: {names[int(np.argmax(still))]} is the same in every row")


def _cautions(clusters: int | None, event: Flags, scale: Floats) -> tuple[str, ...]:
    found = []
    if clusters is not None and clusters < FEW_CLUSTERS:
        found.append(f"only {clusters} clusters: errors are rough and probably too small")
    if event.sum() < 10 * len(scale):
        found.append(f"{int(event.sum())} ends for {len(scale)} covariates: fewer than ten each")
    return tuple(found)


def _ratios(coefficient: Floats, errors: tuple[Floats, Floats], clusters: int | None, level: float) -> pd.DataFrame:
    law = stats.norm if clusters is None else stats.t(clusters - 1)
    width = float(law.ppf((1 + level) / 2)) * errors[0]
    table = pd.DataFrame({"coefficient": coefficient, "error": errors[0], "plain_error": errors[1]})
    table["ratio"] = np.exp(coefficient)
    table["lower"], table["upper"] = np.exp(coefficient - width), np.exp(coefficient + width)
    table["probability"] = 2 * law.sf(np.abs(coefficient / errors[0]))
    return table


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Spells that share one rate by age, ordered for sums over risk sets.

    ``turn`` has one entry an end: its moment, and the share of ends at that moment that left before it (Efron's ties).
    """

    design: Floats
    event: Flags
    rows: Places  # places in the whole table
    by_start: Places
    by_stop: Places
    first_start: Places  # for each moment: place in by_start of the first spell that starts at it or later
    first_stop: Places
    moment: Places  # for each end, its moment
    turn: Places  # for each end in the order of moments, the moment
    gone: Floats
    span: tuple[Places, Places]  # for each row, moments passed by its start and by its stop

    @classmethod
    def of(cls, start: Floats, stop: Floats, event: Flags, design: Floats, rows: Places) -> _Stratum:
        moments, which, repeats = np.unique(stop[event], return_inverse=True, return_counts=True)
        by_start, by_stop = np.argsort(start, kind="stable"), np.argsort(stop, kind="stable")
        within = np.concatenate([np.arange(count) for count in repeats])
        span = (np.searchsorted(moments, start, side="right"), np.searchsorted(moments, stop, side="right"))
        return cls(
            design, event, rows, by_start, by_stop, np.searchsorted(start[by_start], moments),
            np.searchsorted(stop[by_stop], moments), which, np.repeat(np.arange(len(moments)), repeats),
            within / np.repeat(repeats, repeats), span,
        )  # fmt: skip

    def at_risk(self, values: Floats) -> Floats:
        """Sum of ``values`` over the risk set of each moment: still there, less those not yet there."""
        there, yet = (
            np.concatenate([np.cumsum(values[order][::-1], axis=0)[::-1], np.zeros((1, *values.shape[1:]))])[first]
            for order, first in ((self.by_stop, self.first_stop), (self.by_start, self.first_start))
        )
        return np.asarray(there - yet)

    def ending(self, values: Floats) -> Floats:
        """Sum of ``values`` over the ends at each moment."""
        total = np.zeros((len(self.first_stop), *values.shape[1:]))
        np.add.at(total, self.moment, values[self.event])
        return total

    def clock(self) -> Floats:
        """One minus survival just before each end in turn."""
        risk, ends = self.at_risk(np.ones(len(self.event))), np.bincount(self.moment)
        return np.asarray(1 - np.concatenate([[1.0], np.cumprod(1 - ends / risk)[:-1]]))[self.turn]

    def sums(self, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """For each end in turn: weight of its risk set, mean of the covariates, and mean of their products."""
        square = self.design[:, :, None] * self.design[:, None, :]
        found = []
        for values in (np.ones(len(weight)), self.design, square):
            each = weight.reshape(-1, *[1] * (values.ndim - 1)) * values
            share = self.gone.reshape(-1, *[1] * (values.ndim - 1))
            found.append(self.at_risk(each)[self.turn] - share * self.ending(each)[self.turn])
        total = found[0]
        return total, found[1] / total[:, None], found[2] / total[:, None, None]


def _likelihood(parts: Sequence[_Stratum], coefficient: Floats) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, its slope and minus its curvature."""
    value, size = 0.0, len(coefficient)
    slope, information = np.zeros(size), np.zeros((size, size))
    for part in parts:
        risk = part.design @ coefficient
        top = float(risk.max())
        total, mean, square = part.sums(np.exp(risk - top))
        value += float((risk[part.event] - top).sum() - np.log(total).sum())
        slope += part.design[part.event].sum(axis=0) - mean.sum(axis=0)
        information += square.sum(axis=0) - mean.T @ mean
    return value, slope, information


def _fit(parts: Sequence[_Stratum], size: int) -> tuple[Floats, Floats, tuple[float, float]]:
    """Newton's method with halving; raises when the likelihood has no peak (a covariate that parts the ends)."""
    coefficient = np.zeros(size)
    value, slope, information = _likelihood(parts, coefficient)
    nothing = value
    for _ in range(STEPS):
        step = np.linalg.lstsq(information, slope, rcond=None)[0]
        further = _likelihood(parts, coefficient + step)
        while further[0] < value - 1e-9 and np.abs(step).max() > 1e-10:
            step = step / 2
            further = _likelihood(parts, coefficient + step)
        coefficient, gain = coefficient + step, further[0] - value
        value, slope, information = further
        if np.abs(coefficient).max() > FURTHEST:
            break
        if abs(gain) < 1e-10 * (1 + abs(value)) and np.abs(step).max() < 1e-7:
            return coefficient, information, (nothing, value)
    raise AnalysisError("hazard model: no finite estimate; a covariate separates those that ended from the others")


def _proportional(parts: Sequence[_Stratum], coefficient: Floats) -> Floats:
    """Score test of each ratio changing with one minus survival (R ``cox.zph``)."""
    size = len(coefficient)
    score, plain, crossed, squared = np.zeros(size), *np.zeros((3, size, size))
    clocks = [part.clock() for part in parts]
    centre = float(np.concatenate(clocks).mean())
    for part, clock in zip(parts, clocks, strict=True):
        _, mean, square = part.sums(np.exp(part.design @ coefficient))
        tick = clock - centre
        spread = square - mean[:, :, None] * mean[:, None, :]
        # Covariates of the ends in the order of their moments, as the turns are.
        ends = part.design[part.event][np.argsort(part.moment, kind="stable")]
        score += tick @ (ends - mean)
        plain += spread.sum(axis=0)
        crossed += np.tensordot(tick, spread, axes=1)
        squared += np.tensordot(tick**2, spread, axes=1)
    left = squared - crossed @ np.linalg.inv(plain) @ crossed
    return np.asarray(stats.chi2.sf(score**2 / np.diag(left), 1))


def _sandwich(parts: Sequence[_Stratum], coefficient: Floats, plain: Floats, members: Places) -> Floats:
    """Covariance from sums of score residuals by cluster, with the small-sample factor G / (G - 1)."""
    scores = np.zeros((int(members.max()) + 1, len(coefficient)))
    for part in parts:
        np.add.at(scores, members[part.rows], _residuals(part, coefficient))
    count = len(scores)
    return np.asarray(plain @ (scores.T @ scores) @ plain * count / (count - 1))


def _residuals(part: _Stratum, coefficient: Floats) -> Floats:
    """What each spell contributes to the slope, at the estimate."""
    risk = part.design @ coefficient
    weight = np.exp(risk - risk.max())
    total, mean, _ = part.sums(weight)
    moments = len(part.first_stop)
    rate, tied = np.zeros((2, moments))
    rate_mean, tied_mean, middle = np.zeros((3, moments, mean.shape[1]))
    repeats = np.bincount(part.turn, minlength=moments)
    for sink, values in (
        (rate, 1 / total), (rate_mean, mean / total[:, None]), (tied, part.gone / total),
        (tied_mean, mean * (part.gone / total)[:, None]), (middle, mean / repeats[part.turn][:, None]),
    ):  # fmt: skip
        np.add.at(sink, part.turn, values)
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    passed_mean = np.concatenate([np.zeros((1, mean.shape[1])), np.cumsum(rate_mean, axis=0)])
    low, high = part.span
    found = -weight[:, None] * (
        part.design * (passed[high] - passed[low])[:, None] - (passed_mean[high] - passed_mean[low])
    )
    own, at = part.event, part.moment
    found[own] += part.design[own] - middle[at]
    # At its own moment an end was at risk only for its part of the tie.
    found[own] += weight[own][:, None] * (part.design[own] * tied[at][:, None] - tied_mean[at])
    return np.asarray(found)
