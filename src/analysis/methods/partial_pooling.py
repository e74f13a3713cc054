"""Comparing many groups of unequal size without ranking noise: partial pooling.

A small bureau's mean is mostly luck. A mixed model estimates how much groups really
differ and pulls each towards the overall value, the more the less is known about it
(Laird and Ware 1982, Biometrics 38:963-974). What is left of the differences after the
pull is what may be talked about. Fitted by restricted maximum likelihood with the criterion
that R's lme4 minimises (Bates et al. 2015, J Stat Softw 67(1)): the general fitter of statsmodels was seen
to run away on unequal groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, stats

from analysis.methods.estimate import Estimate
from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

FEWEST_GROUPS = 5


@dataclass(frozen=True, eq=False)
class PartialPooling:
    """Groups pulled towards the overall value, in units of the outcome.

    ``groups``, indexed by group: n, raw (mean of the outcome), pooled (what the model expects of
    the group at average covariates), lower, upper, kept (share of the raw difference that
    is left, 0 to 1), differs (from the overall value, beyond the interval), and with a slope also slope,
    slope_lower, slope_upper. ``fixed``, indexed by term: coefficient, error. ``between``: covariance
    of intercepts (and slopes) between groups, ``within``: variance inside them, ``overall``: the
    value of an average group. ``effects``: predicted deviation of each group from ``fixed``.
    ``criterion``: minus twice the restricted log likelihood.
    """

    groups: pd.DataFrame
    fixed: pd.DataFrame
    between: pd.DataFrame
    within: float
    overall: Estimate
    effects: pd.DataFrame
    criterion: float
    cautions: tuple[str, ...]

    @property
    def share_between(self) -> float:
        """Share of the variance that lies between groups (intraclass correlation), 0 to 1."""
        spread = float(self.between.to_numpy()[0, 0])
        return spread / (spread + self.within)


@dataclass(frozen=True, eq=False)
class _Data:
    """Observations in order of their groups: design of fixed effects, of group effects, outcome, slices."""

    names: tuple[str, ...]
    design: Floats
    own: Floats
    values: Floats
    parts: tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class _Fit:
    coefficients: Floats
    covariance: Floats
    between: Floats
    within: float
    criterion: float


def partial_pooling(
    frame: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    covariates: Sequence[str] = (),
    slope: str | None = None,
    level: float = 0.95,
) -> PartialPooling:
    """Fit a mixed model with an intercept (and, if asked, the slope of one covariate) for each group.

    ``frame``: one row an observation. ``slope`` names a covariate whose effect may differ between
    groups; it is then also a covariate. Covariates enter as they are; ``pooled`` is taken at
    their means. Intervals join the uncertainty of a group's own effect with that of the overall value.

    Raises AnalysisError for missing values, or fewer than five groups.

    >>> rng = np.random.default_rng(0)
    >>> bureau = np.repeat(np.arange(30), 12)
    >>> frame = pd.DataFrame({"bureau": bureau, "days": 20 + rng.normal(0, 3, 30)[bureau] + rng.normal(0, 6, 360)})
    >>> found = partial_pooling(frame, outcome="days", group="bureau")
    >>> 0.05 < found.share_between < 0.4
    True
    """
    names = list(dict.fromkeys([*covariates, *([slope] if slope else [])]))
    data = _arranged(frame, outcome, group, names, slope)
    fit = _fitted(data)
    terms = ["intercept", *names]
    own_terms = ["intercept"] if slope is None else ["intercept", slope]
    fixed = pd.DataFrame({"coefficient": fit.coefficients, "error": np.sqrt(np.diag(fit.covariance))}, index=terms)
    rows, effects = {}, {}
    at = None if slope is None else terms.index(slope)
    for name, part in zip(data.names, data.parts, strict=True):
        effect, left, gain = _effect(data, fit, part)
        rows[name] = _row(data, fit, part, effect, left, gain, at, level)
        effects[name] = dict(zip(own_terms, effect, strict=True))
    groups = pd.DataFrame.from_dict(rows, orient="index")
    centre = data.design.mean(axis=0)
    middle, error = float(centre @ fit.coefficients), float(np.sqrt(centre @ fit.covariance @ centre))
    width = float(stats.norm.ppf((1 + level) / 2)) * error
    return PartialPooling(
        groups,
        fixed,
        pd.DataFrame(fit.between, own_terms, own_terms),
        fit.within,
        Estimate(middle, middle - width, middle + width, level, len(data.values)),
        pd.DataFrame.from_dict(effects, orient="index"),
        fit.criterion,
        _cautions(groups, fit),
    )


def _arranged(frame: pd.DataFrame, outcome: str, group: str, names: list[str], slope: str | None) -> _Data:
    rows = frame[[outcome, group, *names]]
    if rows.isna().to_numpy().any():
        raise AnalysisError(f"partial pooling: missing values in {', '.join(rows.columns[rows.isna().any()])}")
    labels = rows[group].astype(str).to_numpy()
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    if len(found) < FEWEST_GROUPS:
        raise AnalysisError(f"partial pooling: {len(found)} groups, at least {FEWEST_GROUPS} are needed")
    ends = [*starts[1:], len(rows)]
    table = rows.iloc[order]
    ones = np.ones(len(rows))
    design = np.column_stack([ones, table[names].to_numpy(dtype=float)])
    own = ones[:, None] if slope is None else np.column_stack([ones, table[slope].to_numpy(dtype=float)])
    parts = tuple(slice(int(first), int(last)) for first, last in zip(starts, ends, strict=True))
    return _Data(tuple(map(str, found)), design, own, table[outcome].to_numpy(dtype=float), parts)


def _fitted(data: _Data) -> _Fit:
    """Minimise the restricted criterion over the relative covariance factor; the rest follows from it."""
    size = data.own.shape[1]
    places = np.tril_indices(size)
    # Sums of products are all that the criterion needs of a group.
    whole = np.column_stack([data.design, data.values])
    squares = np.stack([data.own[p].T @ data.own[p] for p in data.parts])
    crosses = np.stack([data.own[p].T @ whole[p] for p in data.parts])
    products = whole.T @ whole

    def solved(theta: Floats) -> tuple[float, Floats, Floats, float]:
        factor = np.zeros((size, size))
        factor[places] = theta
        # All groups at once: a thousand tracts would else cost a thousand small solutions a step.
        inner = np.eye(size) + factor.T @ squares @ factor
        moved = factor.T @ crosses
        total = products - np.einsum("gij,gik->jk", moved, np.linalg.solve(inner, moved))
        size_log = float(np.linalg.slogdet(inner)[1].sum())
        left, right = total[:-1, :-1], total[:-1, -1]
        coefficients: Floats = np.asarray(np.linalg.solve(left, right), dtype=np.float64)
        freedom = len(data.values) - len(right)
        within = float(total[-1, -1] - right @ coefficients) / freedom
        criterion = size_log + float(np.linalg.slogdet(left)[1]) + freedom * (1 + np.log(2 * np.pi * within))
        return float(criterion), coefficients, left, within

    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000}
    starts = [np.eye(size)[places] * scale for scale in (0.3, 1.5)]
    tries = [optimize.minimize(lambda t: solved(t)[0], s, method="Nelder-Mead", options=options) for s in starts]
    best = min(tries, key=lambda one: float(one.fun)).x
    criterion, coefficients, left, within = solved(best)
    factor = np.zeros((size, size))
    factor[places] = best
    covariance = np.asarray(within * np.linalg.inv(left), dtype=np.float64)
    return _Fit(coefficients, covariance, within * factor @ factor.T, within, criterion)


def _effect(data: _Data, fit: _Fit, part: slice) -> tuple[Floats, Floats, Floats]:
    """Predicted effect of one group, its covariance if the fixed part were known, and the weights that give it."""
    own = data.own[part]
    total = own @ fit.between @ own.T + fit.within * np.eye(len(own))
    gain = np.linalg.solve(total, own @ fit.between).T
    effect = gain @ (data.values[part] - data.design[part] @ fit.coefficients)
    return np.asarray(effect), np.asarray(fit.between - gain @ own @ fit.between), np.asarray(gain)


def _row(
    data: _Data, fit: _Fit, part: slice, effect: Floats, left: Floats, gain: Floats, at: int | None, level: float
) -> dict[str, float | int | bool]:
    z = float(stats.norm.ppf((1 + level) / 2))
    centre, own = data.design.mean(axis=0), data.own.mean(axis=0)
    carried = own @ gain @ data.design[part]
    pooled = float(centre @ fit.coefficients + own @ effect)
    # A fixed part that is too high is partly made up for by a group effect that is too low.
    open_part = float(own @ left @ own)
    width = z * float(np.sqrt(open_part + (centre - carried) @ fit.covariance @ (centre - carried)))
    apart = z * float(np.sqrt(open_part + carried @ fit.covariance @ carried))
    spread = float(own @ fit.between @ own)
    row: dict[str, float | int | bool] = {"n": part.stop - part.start, "raw": float(data.values[part].mean())}
    row |= {"pooled": pooled, "lower": pooled - width, "upper": pooled + width}
    row["kept"] = 1 - open_part / spread if spread > 1e-12 else 0.0
    row["differs"] = spread > 1e-12 and abs(float(own @ effect)) > apart
    if at is not None:
        away = np.eye(len(centre))[at] - gain[1] @ data.design[part]
        error = z * float(np.sqrt(left[1, 1] + away @ fit.covariance @ away))
        value = float(fit.coefficients[at] + effect[1])
        row |= {"slope": value, "slope_lower": value - error, "slope_upper": value + error}
    return row


def _cautions(groups: pd.DataFrame, fit: _Fit) -> tuple[str, ...]:
    found = []
    if fit.between[0, 0] < 1e-6 * fit.within:
        found.append("no difference between groups beyond chance was found: all are pulled to the overall value")
    if len(groups) < 10:
        found.append(f"{len(groups)} groups say little about how much groups differ: intervals are too narrow")
    return tuple(found)
